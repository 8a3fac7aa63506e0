"""The errors that clients raise: what they say, that they travel, and that they give nothing away."""

from __future__ import annotations

import copy
import inspect
import pickle
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sagemaker_runtime
from sagemaker_runtime import (
    AWSError,
    ConnectError,
    ConnectTimeout,
    Credentials,
    InvalidInput,
    InvalidResponse,
    ModelError,
    ProtocolError,
    ReadTimeout,
    SageMakerRuntime,
    SageMakerRuntimeError,
    ServiceError,
    StreamError,
    TransportError,
    errors,
)
from sagemaker_runtime._runtime import errors as base_errors
from sagemaker_runtime.testing import StubTransport

ERRORS: list[type[AWSError]] = sorted(
    {
        value
        for module in (base_errors, errors)
        for value in vars(module).values()
        if inspect.isclass(value)
        and issubclass(value, AWSError)
        # Exported by clients of services with waiters, and tested there.
        and not issubclass(value, base_errors.WaiterError)
    },
    key=lambda error: error.__name__,
)
SERVICE_ERRORS = [error for error in ERRORS if issubclass(error, ServiceError)]


def test_every_error_is_public() -> None:
    for error in ERRORS:
        assert getattr(sagemaker_runtime, error.__name__) is error
        assert error.__name__ in sagemaker_runtime.__all__


def test_the_tree() -> None:
    assert [error for error in ERRORS if not issubclass(error, ServiceError)] == [
        AWSError,
        sagemaker_runtime.CallTimeout,
        sagemaker_runtime.ChecksumMismatch,
        ConnectError,
        ConnectTimeout,
        sagemaker_runtime.CredentialsError,
        InvalidInput,
        InvalidResponse,
        sagemaker_runtime.ItemTooLarge,
        ProtocolError,
        ReadTimeout,
        StreamError,
        TransportError,
        sagemaker_runtime.TruncatedStream,
        sagemaker_runtime.WriteTimeout,
    ]
    assert issubclass(ModelError, SageMakerRuntimeError)
    assert issubclass(InvalidInput, ValueError)
    assert not issubclass(StreamError, TransportError)


@pytest.mark.parametrize("error", [each for each in ERRORS if issubclass(each, TransportError)])
def test_only_connecting_fails_before_sending(error: type[TransportError]) -> None:
    assert error("x").sent is not issubclass(error, ConnectError)


def complete(cls: type[ServiceError]) -> ServiceError:
    members: dict[str, Any] = {
        attribute: 7 if "int" in str(kind) else "text" for attribute, kind in cls.wire_members.values()
    }
    return cls("said", operation="InvokeEndpoint", status=424, request_id="id", attempts=2, retryable=True, **members)


@pytest.mark.parametrize("cls", ERRORS)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_every_error_can_be_pickled_and_copied(cls: type[AWSError], protocol: int) -> None:
    error = complete(cls) if issubclass(cls, ServiceError) else cls("said")
    error.add_note("seen by a test")
    for twin in (pickle.loads(pickle.dumps(error, protocol)), copy.copy(error), copy.deepcopy(error)):
        assert type(twin) is cls
        assert (str(twin), repr(twin), twin.args, vars(twin)) == (str(error), repr(error), error.args, vars(error))


def test_errors_reach_another_process() -> None:
    sent = [complete(cls) for cls in SERVICE_ERRORS]
    program = (
        "import pickle, sys\n"
        "errors = pickle.load(sys.stdin.buffer)\n"
        "sys.stdout.buffer.write(pickle.dumps([(type(e).__name__, str(e), vars(e)) for e in errors]))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        input=pickle.dumps(sent),
        capture_output=True,
        check=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    assert pickle.loads(run.stdout) == [(type(error).__name__, str(error), vars(error)) for error in sent]


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ServiceError(), "ServiceError"),
        (ServiceError(code="Novel"), "Novel"),
        (ModelError(), "ModelError"),
        (ModelError("no luck"), "ModelError: no luck"),
        (ModelError("no luck", status=424), "ModelError: no luck (HTTP 424)"),
        (
            ModelError("no luck", operation="InvokeEndpoint", status=424, request_id="id", attempts=3),
            "ModelError: no luck (InvokeEndpoint, HTTP 424, request id id, 3 attempts)",
        ),
        (ModelError(operation="InvokeEndpoint", attempts=1), "ModelError (InvokeEndpoint, 1 attempt)"),
    ],
)
def test_text(error: ServiceError, text: str) -> None:
    assert str(error) == text


def test_members_are_attributes() -> None:
    error = ModelError("x", original_status_code=500)
    assert (error.original_status_code, error.original_message, error.code) == (500, None, "ModelError")
    with pytest.raises(TypeError, match="ModelError has no member 'original_status'"):
        ModelError("x", original_status=500)


# Nothing that a client raises may hold the secret or the token.

SECRET = "SECRETwJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLE"
TOKEN = "TOKENIQoJb3JpZ2luX2VjEJr3wEXAMPLE"


def failing_calls() -> Iterator[tuple[str, Callable[[SageMakerRuntime, StubTransport], object]]]:
    def stream(client: SageMakerRuntime, stub: StubTransport, *events: Any) -> object:
        stub.stream(events)
        with client.invoke_endpoint_with_response_stream(endpoint_name="a", body=b"") as opened:
            return list(opened)

    def invoke(client: SageMakerRuntime, **changes: Any) -> object:
        return client.invoke_endpoint(**{"endpoint_name": "a", "body": b""} | changes)

    def answered(client: SageMakerRuntime, stub: StubTransport, **answer: Any) -> object:
        stub.respond(**answer)
        return client.invoke_endpoint_async(endpoint_name="a", input_location="s3://b/c")

    def failed(client: SageMakerRuntime, stub: StubTransport, error: TransportError) -> object:
        stub.fail(error)
        return invoke(client)

    yield "service error", lambda client, stub: answered(client, stub, status=403, body=b'{"message": "no"}')
    yield "no json", lambda client, stub: answered(client, stub, body=b"<html>")
    yield "no script", lambda client, stub: invoke(client)
    yield "transport", lambda client, stub: failed(client, stub, ReadTimeout("x"))
    yield "label", lambda client, stub: invoke(client, endpoint_name="..")
    yield "header", lambda client, stub: invoke(client, accept="a\r\nb")
    yield "body", lambda client, stub: invoke(client, body="text")
    yield "json", lambda client, stub: invoke(client, body=None, json=object())
    yield "stream error", lambda client, stub: stream(client, stub, ModelError("x"))
    yield "bad frame", lambda client, stub: stream(client, stub, b"x" * 100)
    yield "cut frame", lambda client, stub: stream(client, stub, b"x" * 5)
    yield "extra header", lambda client, stub: client.with_options(extra_headers={"Host": "x"})
    yield "timeout", lambda client, stub: client.with_options(timeout=-1)


@pytest.mark.parametrize(("name", "fail"), list(failing_calls()))
def test_no_error_shows_a_secret(name: str, fail: Callable[[SageMakerRuntime, StubTransport], object]) -> None:
    stub = StubTransport()
    client = SageMakerRuntime(region="eu-west-1", credentials=Credentials("AKID", SECRET, TOKEN), transport=stub)
    with pytest.raises((AWSError, AssertionError)) as caught:
        fail(client, stub)
    report = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    shown = [str(caught.value), repr(caught.value), report, repr(client), repr(stub.requests)]
    if isinstance(caught.value, AWSError):
        shown.append(repr(pickle.dumps(caught.value)))
    for text in shown:
        assert SECRET not in text
        assert TOKEN not in text
        assert "Signature=" not in text


def test_the_secret_would_have_been_seen() -> None:
    stub = StubTransport()
    stub.respond()
    client = SageMakerRuntime(region="eu-west-1", credentials=Credentials("AKID", SECRET, TOKEN), transport=stub)
    client.invoke_endpoint(endpoint_name="a", body=b"")
    headers = dict(stub.requests[0].headers)
    assert headers["X-Amz-Security-Token"] == TOKEN
    assert "Signature=" in headers["Authorization"]
    assert headers["Authorization"] not in repr(stub.requests)


def test_a_code_is_one_line_of_a_log() -> None:
    error = ServiceError("one\ntwo", code="Odd\nERROR root: forged\t\x1b[2J")
    assert str(error) == "Odd\\nERROR root: forged\\t\\x1b[2J: one\ntwo"
    assert str(ServiceError(code="A\nB")) == "A\\nB"
    assert error.code == "Odd\nERROR root: forged\t\x1b[2J"
