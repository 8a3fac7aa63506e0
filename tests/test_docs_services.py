"""The documented examples of binding, calling, watching and testing: run as they stand."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from documentation import REPOSITORY, block
from dynamodb import Credentials, DynamoDB
from dynamodb.testing import StubTransport as DynamoStub
from lapsmith.cli import main
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from sagemaker_runtime import ConnectError, ModelError, ModelStreamError, PayloadPart, SageMakerRuntime
from sagemaker_runtime.testing import StubTransport


def test_binding_a_spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = tmp_path / "specs" / "dynamodb" / "references"
    spec.mkdir(parents=True)
    shutil.copy(REPOSITORY / "specs/dynamodb/references/api-spec.lap", spec)
    monkeypatch.chdir(tmp_path)
    shown = block("console", "lapsmith bind")
    commands = [line[2:] for line in shown.splitlines() if line.startswith("$ lapsmith")]
    assert len(commands) == 2
    for command in commands:
        result = CliRunner().invoke(main, shlex.split(command)[1:])
        assert result.exit_code == 0, result.output
        said = shown.partition(f"$ {command}\n")[2].partition("\n$ ")[0]
        if " bind " in command:
            assert said == result.output.strip()
        assert all(line in result.output for line in said.splitlines() if line)
    assert (tmp_path / "src/dynamodb/_sync.py").is_file()


def test_calling_dynamodb(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    stub = DynamoStub()
    stub.respond(b"{}")
    stub.respond(b'{"Item": {"pages": {"N": "211"}}}')
    stub.respond(b'{"Items": [{"isbn": {"S": "a"}}], "LastEvaluatedKey": {"isbn": {"S": "a"}}}')
    stub.respond(b'{"Items": [{"isbn": {"S": "b"}}]}')
    stub.respond(b'{"Table": {"TableStatus": "ACTIVE"}}')

    def stubbed(region: str) -> DynamoDB:
        return DynamoDB(region=region, credentials=Credentials("AKID", "secret"), transport=stub)

    code = block("python", "ResourceNotFoundException").replace(
        "from dynamodb import AttributeValue, DynamoDB, ", "from dynamodb import AttributeValue, "
    )
    exec(compile(code, "documentation", "exec"), {"DynamoDB": stubbed})
    assert capsys.readouterr().out == "211\na\nb\n"
    stub.assert_done()


def test_tracing(monkeypatch: pytest.MonkeyPatch) -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "get_tracer", provider.get_tracer)
    names: dict[str, Any] = {}
    exec(compile(block("python", "opentelemetry"), "documentation", "exec"), names)
    stub = StubTransport()
    stub.fail(ConnectError("refused"))
    stub.respond(b"fine", headers={"x-amzn-RequestId": "r-1"})
    stub.respond_error(ModelError("broken"))
    monkeypatch.setattr("sagemaker_runtime._runtime.call.retry.Backoff.delay", lambda *_: 0.0)
    keys = sys.modules["sagemaker_runtime"].Credentials("AKID", "secret")
    client = SageMakerRuntime(region="eu-west-1", credentials=keys, transport=stub, hooks=names["Tracing"]())
    client.invoke_endpoint(endpoint_name="llm", body=b"")
    with pytest.raises(ModelError):
        client.invoke_endpoint(endpoint_name="llm", body=b"")
    for last in (PayloadPart(bytes_=b"x"), ModelStreamError("broke")):
        stub.stream([PayloadPart(bytes_=b"x"), last])
        with client.invoke_endpoint_with_response_stream(endpoint_name="llm", body=b"") as stream:
            before = len(exporter.get_finished_spans())
            with suppress(ModelStreamError):
                list(stream)
            assert len(exporter.get_finished_spans()) == before + 1
    *spans, streamed, broken = exporter.get_finished_spans()
    assert (streamed.status.status_code, broken.status.status_code) == (StatusCode.OK, StatusCode.ERROR)
    assert dict(streamed.attributes or {})["aws.stream.events"] == 2
    assert [span.status.status_code for span in spans] == [StatusCode.ERROR, StatusCode.OK, StatusCode.ERROR]
    assert [dict(span.attributes or {}).get("aws.attempt") for span in spans] == [1, 2, 1]
    assert dict(spans[1].attributes or {})["aws.request_id"] == "r-1"
    assert dict(spans[2].attributes or {})["http.response.status_code"] == 424


def test_testing_with_pytest(tmp_path: Path) -> None:
    test = tmp_path / "test_answers.py"
    test.write_text(block("python", "def test_answer"))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), str(test)]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "generated")}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert "2 passed" in done.stdout, done.stdout + done.stderr
