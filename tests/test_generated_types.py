"""Type checkers look at all committed clients as a package that ships them would have them looked at."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent
GENERATED = REPOSITORY / "generated"
DOCUMENTED = re.findall(
    r"^```python\n(.*?)^```$", (REPOSITORY / "docs" / "dynamodb.md").read_text(), re.MULTILINE | re.DOTALL
)
CLIENTS = sorted(path.parent.name for path in GENERATED.glob("*/lapsmith.json"))

USE = '''\
"""What an application does with a client."""

from array import array
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from typing_extensions import assert_type

from host.aws.bedrock_runtime import UnknownMember
from host.aws.dynamodb import AttributeValue, DynamoDB
from host.aws.kinesis import AsyncKinesis, Kinesis, PutRecordsRequestEntry


def put(client: DynamoDB, item: Mapping[str, Any]) -> dict[str, Any]:
    client.put_item(table_name="t", item=AttributeValue.item_from_plain(item))
    client.put_item(table_name="t", item={"pk": {"S": "x"}, "data": AttributeValue(b=b"x")})
    value = AttributeValue.from_plain(Decimal("30.4"))
    assert_type(value, AttributeValue)
    assert_type(value.b, bytes | None)
    assert_type(value.unknown_member is None, bool)
    found = client.get_item(table_name="t", key={"pk": value}).item
    return AttributeValue.item_to_plain(found) if found is not None else {}


def name(member: UnknownMember) -> str:
    return member.name


def send(client: Kinesis, data: bytearray) -> None:
    client.put_record(data=data, partition_key="k")
    client.put_record(data=memoryview(array("B", data)), partition_key="k")
    client.put_records(records=[PutRecordsRequestEntry(data=memoryview(data), partition_key="k")])


async def send_async(client: AsyncKinesis, data: bytearray) -> None:
    await client.put_record(data=data, partition_key="k")
'''


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    package = folder / "src" / "host"
    (package / "aws").mkdir(parents=True)
    for path in (package / "__init__.py", package / "aws" / "__init__.py", package / "py.typed"):
        path.touch()
    for client in CLIENTS:
        shutil.copytree(GENERATED / client, package / "aws" / client, ignore=shutil.ignore_patterns("__pycache__"))
    (package / "use.py").write_text(USE)
    (package / "documented.py").write_text("".join(DOCUMENTED).replace("from dynamodb", "from host.aws.dynamodb"))
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["standard", "strict"])
def test_pyright_finds_nothing_in_any_committed_client(project: Path, mode: str) -> None:
    settings = {"include": ["src"], "extraPaths": ["src"], "typeCheckingMode": mode, "pythonVersion": "3.11"}
    (project / "pyrightconfig.json").write_text(json.dumps(settings))
    run = [sys.executable, "-m", "pyright", "-p", str(project), "--pythonpath", sys.executable, "--outputjson"]
    found = json.loads(subprocess.run(run, cwd=project, capture_output=True, text=True).stdout)
    assert found["generalDiagnostics"] == []
    modules = sum(1 for _ in (project / "src").rglob("*.py"))
    assert found["summary"]["filesAnalyzed"] == modules > 100
    assert len(DOCUMENTED) == 1
