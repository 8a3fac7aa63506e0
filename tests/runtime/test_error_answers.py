"""What errors tell of the answer and of the call, for every protocol, through the clients."""

from __future__ import annotations

import importlib
import itertools
import json
import pickle
from collections.abc import Callable
from typing import Any

import cbor2
import pytest
from e2e.drivers import connector
from sagemaker_runtime import (
    AWSError,
    CallTimeout,
    ChecksumMismatch,
    ConnectError,
    InvalidResponse,
    ModelStreamError,
    PayloadPart,
    ReadTimeout,
    StreamError,
    Timeout,
    TruncatedStream,
)

# Package: class, an operation and its required members, a code that the service models and its class.
CLIENTS: dict[str, tuple[str, str, dict[str, Any], str, str]] = {
    "dynamodb": ("DynamoDB", "list_tables", {}, "InternalServerError", "InternalServerError"),
    "kinesis": ("Kinesis", "list_streams", {}, "LimitExceededException", "LimitExceededException"),
    "aws_lambda": ("Lambda", "list_functions", {}, "TooManyRequestsException", "TooManyRequestsException"),
    "sagemaker_runtime": (
        "SageMakerRuntime",
        "invoke_endpoint",
        {"endpoint_name": "e", "body": b""},
        "ModelError",
        "ModelError",
    ),
    "partnercentral_revenue_measurement": (
        "PartnerCentralRevenueMeasurementAPI",
        "list_marketplace_revenue_shares",
        {"catalog": "AWS"},
        "ValidationException",
        "ValidationException",
    ),
}
KINDS = ("sync", "asyncio", "trio")


class Wire:
    """One client of one package, with its stub."""

    def __init__(self, package: str, kind: str, connect: Any) -> None:
        self.package = importlib.import_module(package)
        name, self.operation, self.arguments, self.code, self.error = CLIENTS[package]
        testing = importlib.import_module(f"{package}.testing")
        self.stub = testing.StubTransport() if kind == "sync" else testing.AsyncStubTransport()
        self.client = connect(transport=self.stub)
        self.base = getattr(self.package, f"{name}Error")
        self.is_cbor = package.startswith("partnercentral")

    def body(self, **members: Any) -> bytes:
        return cbor2.dumps(members) if self.is_cbor else json.dumps(members).encode()

    def fail(self) -> Any:
        with pytest.raises(self.base) as caught:
            getattr(self.client, self.operation)(**self.arguments)
        return caught.value


@pytest.fixture(params=[(package, kind) for package in CLIENTS for kind in KINDS], ids="-".join)
def wire(request: pytest.FixtureRequest) -> Any:
    package, kind = request.param
    module = importlib.import_module(package)
    name = CLIENTS[package][0]
    settings = {"region": "eu-west-1", "credentials": module.Credentials("AKID", "secret"), "max_attempts": 1}
    with connector(kind, settings, (getattr(module, name), getattr(module, f"Async{name}"))) as connect:
        yield Wire(package, kind, connect)


FORMS = ["{}", "com.amazon.x#{}", "{}:http://internal.amazon.com/coral/", "a.b#{}:http://x/#y", " {} "]


PLACES = ["header", "__type", "code", "Code"]


def test_codes_lose_their_namespaces_and_suffixes(wire: Wire) -> None:
    known, novel = (wire.code, getattr(wire.package, wire.error)), ("NovelProblem", wire.base)
    for where, form, (code, expected) in itertools.product(PLACES, FORMS, (known, novel)):
        sent = form.format(code)
        members = {} if where == "header" else {where: sent}
        headers = {"x-amzn-ErrorType": sent.strip()} if where == "header" else {}
        wire.stub.respond(wire.body(message="no", **members), status=400, headers=headers)
        error = wire.fail()
        assert (type(error), error.code, error.message) == (expected, code, "no")


def test_an_unknown_error_has_everything_that_the_answer_said(wire: Wire) -> None:
    body = wire.body(__type="ns#NovelProblem", Message="no luck", Reason="full moon")
    headers = {"x-amzn-RequestId": "id-1", "X-Hint": "wait"}
    wire.stub.respond(body, status=418, headers=headers)
    error = wire.fail()
    assert type(error) is wire.base
    assert (error.code, error.message, error.status, error.request_id) == ("NovelProblem", "no luck", 418, "id-1")
    assert (error.body, error.headers["x-hint"], error.attempts, error.retryable) == (body, "wait", 1, False)
    called = "".join(part.capitalize() for part in wire.operation.split("_"))
    assert str(error) == f"NovelProblem: no luck ({called}, HTTP 418, request id id-1, 1 attempt)"
    twin = pickle.loads(pickle.dumps(error))
    assert (str(twin), twin.body, twin.headers) == (str(error), body, error.headers)


OTHER = ": the response body is not a service error (text/html): '"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<html><h1>502 Bad\nGateway</h1></html>", f"{OTHER}<html><h1>502 Bad Gateway</h1></html>' ("),
        (b"", " ("),
        (b"\x00\xff\xfe\x1b[31m", rf"{OTHER}\x00\xff\xfe\x1b[31m' ("),
        (b"[" * 5000, f"{OTHER}[[["),
        (b"null", ""),
    ],
)
def test_what_is_no_error_document(wire: Wire, body: bytes, said: str) -> None:
    wire.stub.respond(body, status=502, headers={"Content-Type": "text/html", "x-amz-request-id": "r"})
    error = wire.fail()
    assert type(error) is wire.base
    assert str(error).startswith(f"HTTP502{said}")
    assert str(error).endswith("HTTP 502, request id r, 1 attempt)")
    assert error.body == body


def test_messages_are_fit_for_logs(wire: Wire) -> None:
    """What a service says is whole in the error; its text cannot steer a terminal or flood a log."""
    message = "line\n\ttab \x1b[2J\r\x9b1m\u202eé" + "x" * 5_000_000
    wire.stub.respond(wire.body(message=message, code="Odd\x07"), status=400, headers={"x-amzn-RequestId": "r\x9b"})
    error = wire.fail()
    assert (error.message, error.code) == (message, "Odd\x07")
    said = r"line{}tab \x1b[2J\r\x9b1m\u202eé".format("\n\t")
    assert str(error).startswith(rf"Odd\x07: {said}xxx")
    called = "".join(part.capitalize() for part in wire.operation.split("_"))
    rest = f"{len(error.code + ': ' + message) - 2000:,}"
    assert str(error).endswith(rf"xxx... ({rest} more characters) ({called}, HTTP 400, request id r\x9b, 1 attempt)")
    assert len(str(error)) < 2300
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


# Whatever ends a call says which call it was.


@pytest.fixture(params=KINDS)
def connect(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Make a client of SageMaker Runtime with a stub."""
    package = importlib.import_module("sagemaker_runtime")
    monkeypatch.setattr("sagemaker_runtime._runtime.call.retry.Backoff.delay", lambda *_: 0.0)
    settings = {"region": "eu-west-1", "credentials": package.Credentials("AKID", "secret")}
    with connector(request.param, settings) as made:

        def make(**options: Any) -> tuple[Any, Any]:
            testing = importlib.import_module("sagemaker_runtime.testing")
            stub = testing.StubTransport() if request.param == "sync" else testing.AsyncStubTransport()
            return made(transport=stub, **options), stub

        yield make


def test_errors_of_transports(connect: Any) -> None:
    client, stub = connect()
    for _ in range(3):
        stub.fail(ConnectError("refused"))
    with pytest.raises(ConnectError) as caught:
        client.invoke_endpoint(endpoint_name="e", body=b"")
    assert (caught.value.operation, caught.value.attempts) == ("InvokeEndpoint", 3)
    assert str(caught.value) == "refused (InvokeEndpoint, 3 attempts)"
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_the_end_of_a_call_s_time(connect: Any) -> None:
    client, _ = connect(timeout=Timeout(total=1e-9))
    with pytest.raises(CallTimeout, match=r"\(InvokeEndpoint\)$"):
        client.invoke_endpoint(endpoint_name="e", body=b"")


HTML = b"<html>\n<title>\x1b[1mM\xc3\xa4int\xff</title>" + b"x" * 500
UNREADABLE = [
    (HTML, "text/html", rf"text/html, 533 bytes: <html>\n<title>\x1b[1mMäint\xff</title>{'x' * 45}..."),
    (b"OK", "text/plain", "text/plain, 2 bytes: OK"),
    (b"OK", "", "2 bytes"),
    ('\ufeff{"Secret": "hunter2"}'.encode(), "application/json", "application/json, 24 bytes"),
    (b'"hunter2"', "application/json", "application/json, 9 bytes"),
    (b'{"Secret": "hunter2"', "text/plain", "text/plain, 20 bytes"),
    ('{"Secret": "hunter2"'.encode("utf-16"), "text/plain", "text/plain, 42 bytes"),
    (b'{"SecretString": "hunter2', "application/json", "application/json, 25 bytes"),
    (b'{"InferenceId": ["hunter2"]}', "application/json", "application/json, 28 bytes"),
]


@pytest.mark.parametrize(("body", "content_type", "came"), UNREADABLE)
def test_answers_that_cannot_be_read(connect: Any, body: bytes, content_type: str, came: str) -> None:
    """The error says what came instead, but shows no members, as these may be secrets."""
    client, stub = connect()
    headers = {"Content-Type": content_type} if content_type else {}
    stub.respond(body, headers={"x-amzn-RequestId": "r", **headers})
    with pytest.raises(InvalidResponse, match=r"^the response body cannot be read: ") as caught:
        client.invoke_endpoint_async(endpoint_name="e", input_location="s3://a/b")
    context = "(InvokeEndpointAsync, HTTP 200, request id r, 1 attempt)"
    assert str(caught.value).endswith(f" ({came}) {context}")
    assert "hunter2" not in str(caught.value)


def test_outputs_that_are_no_json(connect: Any) -> None:
    client, stub = connect()
    stub.respond(b"Internal error\x00")
    output = client.invoke_endpoint(endpoint_name="e", body=b"")
    with pytest.raises(InvalidResponse, match=r"^the payload is not JSON: .* \(15 bytes\)$"):
        output.json()


def _flip(frame: bytes) -> bytes:
    return frame[:-1] + bytes([frame[-1] ^ 1])


ENDS: list[tuple[Any, type[AWSError], Callable[[Any], Any]]] = [
    (ReadTimeout("gone"), ReadTimeout, list),
    (b"\x00\x00", TruncatedStream, list),
    (_flip, ChecksumMismatch, list),
    (ModelStreamError("x", error_code="StreamBroken"), ModelStreamError, list),
    (PayloadPart(bytes_=b"{]"), StreamError, lambda stream: list(stream.iter_json())),
    (PayloadPart(bytes_=b"\xff"), StreamError, lambda stream: list(stream.iter_text())),
]


@pytest.mark.parametrize(("last", "error", "read"), ENDS, ids=[end[1].__name__ for end in ENDS])
def test_ends_of_streams(connect: Any, last: Any, error: type[AWSError], read: Callable[[Any], Any]) -> None:
    client, stub = connect()
    if last is _flip:
        last = _flip(stub._frame(PayloadPart(bytes_=b"x")))
    stub.fail(ConnectError("refused"))
    stub.stream([PayloadPart(bytes_=b"1 "), last], headers={"x-amzn-RequestId": "r"})
    call = client.invoke_endpoint_with_response_stream(endpoint_name="e", body=b"")
    with call as stream, pytest.raises(error) as caught:
        read(stream)
    assert str(caught.value).endswith("(InvokeEndpointWithResponseStream, request id r, 2 attempts)")


@pytest.mark.parametrize("broken", [False, True])
def test_the_end_of_a_byte_stream(archive: Any, broken: bool) -> None:
    from byte_streams.testing import StubTransport

    stub = StubTransport()
    end = [archive.ProtocolError("the connection broke")] if broken else []
    stub.respond([b"abc", *end], headers={"Content-Length": "10", "x-amzn-RequestId": "r"})
    client = archive.Archive(region="eu-west-1", credentials=archive.Credentials("AKID", "secret"), transport=stub)
    with client.get_object(key="k") as stream, pytest.raises(archive.TruncatedStream) as caught:
        stream.read()
    assert str(caught.value) == "the body ended after 3 of 10 bytes (GetObject, request id r, 1 attempt)"
