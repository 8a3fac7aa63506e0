"""Large clients in parts: the same client as in one piece, but that a program imports only what it uses."""

from __future__ import annotations

import builtins
import importlib
import json
import pickle
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest
from golden_cases import CASES, GOLDEN, client_class, generate, importable
from lapsmith import python

SPECS = Path(__file__).parents[2] / "specs"
CLIENTS = tuple(case for case in CASES if (GOLDEN / case / "expected").is_dir())
SOURCES = {case: GOLDEN / case for case in CLIENTS} | {"sts": SPECS / "sts", "dynamodb": SPECS / "dynamodb"}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The clients in one piece, and those in parts."""
    pieces, parts = tmp_path_factory.mktemp("pieces"), tmp_path_factory.mktemp("parts")
    for name, source in SOURCES.items():
        assert generate(source, pieces / name).code == 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(python, "render", partial(python.render, large=0))
        for name, source in SOURCES.items():
            assert generate(source, parts / name).code == 0
    return pieces, parts


@pytest.fixture
def parts(folders: tuple[Path, Path]) -> Iterator[Path]:
    with importable(folders[1]):
        yield folders[1]


def modules(folder: Path) -> list[str]:
    paths = [path.relative_to(folder.parent).with_suffix("") for path in folder.rglob("*.py")]
    return sorted(".".join(path.parts).removesuffix(".__init__") for path in paths)


def shapes(folder: Path, name: str) -> dict[str, Any]:
    """Return what can be imported from the root and from ``types``, with the members of structures."""
    with importable(folder):
        package, types = importlib.import_module(name), importlib.import_module(f"{name}.types")
        classes = {key: value for key in dir(types) if isinstance(value := getattr(types, key), type)}
        own = {key: value for key, value in classes.items() if value.__module__.startswith(f"{name}.types")}
        found: dict[str, Any] = {key: msgspec.inspect.type_info(value) for key, value in own.items()}
        members = {key: [(f.name, f.encode_name, f.required) for f in info.fields] for key, info in found.items()}
        return {"root": package.__all__, "types": members}


@pytest.mark.parametrize("name", SOURCES)
def test_a_client_in_parts_has_what_one_in_one_piece_has(folders: tuple[Path, Path], name: str) -> None:
    assert shapes(folders[1], name) == shapes(folders[0], name)


@pytest.mark.parametrize("name", SOURCES)
def test_every_module_can_be_imported_first(parts: Path, name: str) -> None:
    own = [module for module in modules(parts / name) if "._runtime" not in module]
    script = "import importlib, sys\n" + "".join(
        f"importlib.import_module({module!r})\n"
        f"for found in [n for n in sys.modules if n.startswith({name!r})]: del sys.modules[found]\n"
        for module in own
    )
    subprocess.run([sys.executable, "-c", script], cwd=parts, check=True)


def loaded(folder: Path, script: str) -> list[list[str]]:
    """Run a script that prints lists of modules, one a line."""
    run = subprocess.run([sys.executable, "-c", script], cwd=folder, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return [json.loads(line) for line in run.stdout.splitlines()]


@pytest.mark.parametrize("prefix", ["", "Async"])
def test_a_call_imports_its_own_part_alone(parts: Path, prefix: str) -> None:
    awaited = "asyncio.run(call)" if prefix else "call"
    script = f"""
import asyncio, json, sys
from sts import {prefix}STS, Credentials

class Transport:
    {"async " if prefix else ""}def send(self, request, timeout):
        raise OSError("no network")
    {"async def aclose" if prefix else "def close"}(self): pass

def show():
    packages = ("sts.types.", "sts._operations.", "sts._xml.")
    print(json.dumps(sorted(name for name in sys.modules if name.startswith(packages))))

client = {prefix}STS(region="eu-west-1", credentials=Credentials("a", "b"), transport=Transport(), max_attempts=1)
show()
try:
    call = client.get_session_token()
    {awaited}
except Exception as error:
    assert "no network" in str(error), error
show()
from sts import GetCallerIdentityOutput
show()
"""
    before, after, named = loaded(parts, script)
    own = ["sts._operations.session", "sts._xml.session", "sts._xml.shared", "sts.types.session", "sts.types.shared"]
    assert before == []
    assert after == own
    assert named == sorted([*own, "sts.types.caller"])


def connect(package: ModuleType, *, asynchronous: bool = False) -> tuple[Any, Any]:
    testing = importlib.import_module(f"{package.__name__}.testing")
    stub = testing.AsyncStubTransport() if asynchronous else testing.StubTransport()
    made = client_class(package, asynchronous=asynchronous)
    return made(region="eu-west-1", credentials=package.Credentials("AKID", "secret"), transport=stub), stub


def test_calls_pages_and_waiters(parts: Path) -> None:
    package = importlib.import_module("dynamodb")
    client, stub = connect(package)
    description = importlib.import_module("dynamodb.types").TableDescription(table_status="ACTIVE")
    stub.respond_output(package.ListTablesOutput(table_names=["a"], last_evaluated_table_name="a"))
    stub.respond_output(package.ListTablesOutput(table_names=["b"]))
    stub.respond_output(package.DescribeTableOutput(table=description))
    assert list(client.paginate_list_tables().items()) == ["a", "b"]
    assert client.wait_until_table_exists(table_name="t").table == description


def test_xml_of_a_part_and_of_what_it_shares(parts: Path) -> None:
    package, types = importlib.import_module("sts"), importlib.import_module("sts.types")
    client, stub = connect(package)
    credentials = types.Credentials(access_key_id="A", secret_access_key="S", session_token="T")
    stub.respond_output(package.GetSessionTokenOutput(credentials=credentials))
    assert client.get_session_token().credentials.access_key_id == "A"


def test_structures_are_pickled(parts: Path) -> None:
    package = importlib.import_module("dynamodb")
    output = package.DescribeTableOutput(
        table=importlib.import_module("dynamodb.types").TableDescription(table_name="t")
    )
    content = pickle.dumps(output)
    script = "import pickle, sys; print(pickle.loads(sys.stdin.buffer.read()).table.table_name)"
    run = subprocess.run([sys.executable, "-c", script], cwd=parts, input=content, capture_output=True, check=True)
    assert run.stdout.decode().strip() == "t"


def test_small_clients_stay_in_one_piece(folders: tuple[Path, Path]) -> None:
    for name in SOURCES:
        assert (folders[0] / name / "types.py").is_file()
        assert not (folders[0] / name / "types").exists()


def test_no_part_hides_a_builtin(parts: Path) -> None:
    found = {path.stem for path in parts.rglob("types/*.py")}
    assert "list_" in found
    assert found.isdisjoint(dir(builtins))


@pytest.mark.slow
def test_mypy_finds_nothing(parts: Path) -> None:
    run = [sys.executable, "-m", "mypy", "--strict", "--python-version", "3.11", *SOURCES]
    done = subprocess.run(run, cwd=parts, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_pyright_finds_nothing(parts: Path) -> None:
    settings = {"include": [*SOURCES], "ignore": ["**/_runtime"], "typeCheckingMode": "strict", "pythonVersion": "3.11"}
    (parts / "pyrightconfig.json").write_text(json.dumps(settings))
    run = [sys.executable, "-m", "pyright", "-p", str(parts), "--pythonpath", sys.executable]
    done = subprocess.run(run, cwd=parts, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
