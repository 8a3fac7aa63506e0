"""The transports for users' tests: what the client sees of a script, and what the script sees of the client."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import anyio
import msgspec
import pytest
from aws_lambda import Credentials as LambdaCredentials
from aws_lambda import Lambda, TooManyRequestsException
from aws_lambda.testing import StubTransport as LambdaStub
from runtime.codec.rest_json import json_payload
from runtime.message.http import HTTPRequest, Timeout
from runtime.shapes.structures import Structure
from runtime.testing.streams import EventForm, EventScript
from runtime.testing.stub import StubTransport as PlainStub
from sagemaker_runtime import (
    AsyncSageMakerRuntime,
    AWSError,
    Credentials,
    InvalidInput,
    ModelError,
    ModelStreamError,
    PayloadPart,
    ReadTimeout,
    SageMakerRuntime,
    SageMakerRuntimeError,
    ServiceError,
    TruncatedStream,
    UnknownEvent,
    ValidationError,
)
from sagemaker_runtime.testing import AsyncStubTransport, StubTransport

SETTINGS: dict[str, Any] = {"region": "eu-west-1", "credentials": Credentials("AKID", "secret")}


@pytest.fixture
def stub() -> StubTransport:
    return StubTransport()


@pytest.fixture
def client(stub: StubTransport) -> SageMakerRuntime:
    return SageMakerRuntime(**SETTINGS, transport=stub)


def invoke(client: SageMakerRuntime) -> Any:
    return client.invoke_endpoint(endpoint_name="llm", body=b"in")


def test_answers_are_given_in_order_and_requests_kept(stub: StubTransport, client: SageMakerRuntime) -> None:
    stub.respond(b"one", headers={"Content-Type": "text/plain", "x-amzn-RequestId": "id-1"})
    stub.respond(b"two", status=201)
    first, second = invoke(client), invoke(client)
    assert (first.body, first.content_type, first.metadata.request_id) == (b"one", "text/plain", "id-1")
    assert (second.body, second.metadata.status) == (b"two", 201)
    assert [request.target for request in stub.requests] == ["/endpoints/llm/invocations"] * 2
    assert [response.closed for response in stub.responses] == [True, True]


def test_errors_come_as_the_service_sends_them(stub: StubTransport, client: SageMakerRuntime) -> None:
    stub.respond_error(ModelError("no luck", original_status_code=500, original_message="traceback", request_id="id"))
    with pytest.raises(ModelError) as caught:
        invoke(client)
    error = caught.value
    assert (error.message, error.original_status_code, error.original_message) == ("no luck", 500, "traceback")
    assert (error.status, error.request_id, error.log_stream_arn) == (424, "id", None)


@pytest.mark.parametrize(
    ("error", "given", "status"),
    [
        (ValidationError("x"), None, 400),
        (ValidationError("x"), 422, 422),
        (ValidationError("x", status=409), None, 409),
        (SageMakerRuntimeError("x", code="Novel"), None, 400),
    ],
)
def test_the_status_of_an_error(
    stub: StubTransport, client: SageMakerRuntime, error: ServiceError, given: int | None, status: int
) -> None:
    stub.respond_error(error, status=given)
    with pytest.raises(type(error)) as caught:
        invoke(client)
    assert (caught.value.status, caught.value.code) == (status, error.code)


def test_members_of_errors_that_are_headers() -> None:
    stub = LambdaStub()
    sent = TooManyRequestsException("slow down", retry_after_seconds="5", reason="ConcurrentInvocationLimitExceeded")
    stub.respond_error(sent, headers={"X-More": "1"})
    keys = LambdaCredentials("AKID", "secret")
    client = Lambda(region="eu-west-1", credentials=keys, transport=stub, max_attempts=1)
    with pytest.raises(TooManyRequestsException) as caught:
        client.list_functions()
    assert (caught.value.retry_after_seconds, caught.value.reason) == ("5", "ConcurrentInvocationLimitExceeded")
    assert caught.value.headers is not None
    assert caught.value.headers["X-More"] == "1"


ANSWERS = [
    lambda stub, operation: stub.respond(b"fine", operation=operation),
    lambda stub, operation: stub.respond_error(ModelError("x"), operation=operation),
    lambda stub, operation: stub.fail(ReadTimeout("gone"), operation=operation),
    lambda stub, operation: stub.stream([], operation=operation),
]


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_for_no_operation_of_the_service(stub: StubTransport, answer: Any) -> None:
    with pytest.raises(
        InvalidInput, match="no operation 'InvokeEndpont': it is one of InvokeEndpoint, InvokeEndpointA"
    ):
        answer(stub, "InvokeEndpont")
    stub.assert_done()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda stub: stub.respond("text"), "body must be bytes, or pieces of bytes, not text"),
        (lambda stub: stub.respond({"a": 1}), "body must be bytes, or pieces of bytes, not a mapping"),
        (lambda stub: stub.respond([b"a", "b"]), "pieces of a body are bytes or a TransportError, not 'b'"),
        (lambda stub: stub.respond_error(ValueError("x")), "the error must be one of the service"),
        (lambda stub: stub.fail("gone"), "the error must be a TransportError"),
        (lambda stub: stub.fail(ReadTimeout), "the error must be a TransportError"),
    ],
)
def test_what_is_no_answer_is_refused_at_once(stub: StubTransport, answer: Any, reason: str) -> None:
    with pytest.raises(InvalidInput, match=reason):
        answer(stub)
    stub.assert_done()


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_can_be_for_one_operation(stub: StubTransport, client: SageMakerRuntime, answer: Any) -> None:
    answer(stub, "InvokeEndpointAsync")
    with pytest.raises(AssertionError, match="was to answer InvokeEndpointAsync next, but InvokeEndpoint was called"):
        invoke(client)
    with pytest.raises(AssertionError, match="1 answers were not asked for"):
        stub.assert_done()


@pytest.mark.parametrize("answer", ANSWERS)
def test_the_operation_of_an_answer_is_called(stub: StubTransport, client: SageMakerRuntime, answer: Any) -> None:
    answer(stub, "InvokeEndpoint")
    with suppress(AWSError):
        invoke(client)
    stub.assert_done()


def test_a_request_can_fail(stub: StubTransport, client: SageMakerRuntime) -> None:
    stub.fail(ReadTimeout("gone"))
    with pytest.raises(ReadTimeout, match="gone"):
        invoke(client)
    assert len(stub.requests) == 1


def test_a_request_that_nobody_expects_fails_the_test(stub: StubTransport, client: SageMakerRuntime) -> None:
    with pytest.raises(AssertionError, match="no answer left for InvokeEndpoint: add one") as caught:
        invoke(client)
    assert not isinstance(caught.value, AWSError)


EVENTS: list[Any] = [PayloadPart(bytes_=b"a"), PayloadPart(), UnknownEvent(type="New", headers={"x": 1}, payload=b"p")]


def test_streams(stub: StubTransport, client: SageMakerRuntime) -> None:
    stub.stream(EVENTS, headers={"X-Amzn-SageMaker-Content-Type": "text/plain"})
    with client.invoke_endpoint_with_response_stream(endpoint_name="llm", body=b"in") as stream:
        first, empty, unknown = stream
    assert (first, empty) == (EVENTS[0], EVENTS[1])
    assert isinstance(unknown, UnknownEvent)
    assert (unknown.type, unknown.headers["x"], unknown.payload) == ("New", 1, b"p")
    assert stream.content_type == "text/plain"
    assert stream.metadata.headers["Content-Type"] == "application/vnd.amazon.eventstream"


@pytest.mark.parametrize(
    ("last", "error"),
    [
        (ModelStreamError("slow", error_code="ModelInvocationTimeExceeded"), ModelStreamError),
        (SageMakerRuntimeError("x", code="Novel"), SageMakerRuntimeError),
        (ReadTimeout("gone"), ReadTimeout),
        (b"\x00\x00", TruncatedStream),
    ],
)
def test_streams_can_break_off(stub: StubTransport, client: SageMakerRuntime, last: Any, error: type) -> None:
    stub.stream([*EVENTS, last])
    seen: list[Any] = []
    with (
        client.invoke_endpoint_with_response_stream(endpoint_name="llm", body=b"in") as stream,
        pytest.raises(error) as caught,
    ):
        seen.extend(stream)
    assert len(seen) == len(EVENTS)
    if isinstance(caught.value, ModelStreamError):
        assert caught.value.error_code == "ModelInvocationTimeExceeded"
    assert stub.responses[0].closed


def test_only_events_of_the_service_can_be_streamed(stub: StubTransport) -> None:
    class Other(Structure):
        name: str = ""

    with pytest.raises(InvalidInput, match="Other is not an event of this service"):
        stub.stream([Other()])  # type: ignore[list-item]


def test_events_without_a_payload_member_are_json() -> None:
    class Tick(Structure):
        ratio: float = msgspec.field(name="Ratio")

    class TickStub(EventScript, PlainStub):
        encode = staticmethod(json_payload)
        event_forms = {Tick: EventForm("Tick")}  # noqa: RUF012 - as generated code has it

    stub = TickStub()
    stub.stream([Tick(ratio=float("nan"))])
    request = HTTPRequest("GET", "https", "host", None, "/", [], b"")
    frame = stub.send(request, Timeout()).read()
    assert b'{"Ratio":"NaN"}' in frame


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_the_async_stub(backend: str) -> None:
    async def main() -> None:
        stub = AsyncStubTransport()
        stub.respond(b"one")
        stub.stream(EVENTS)
        stub.respond_error(ModelError("x"))
        async with AsyncSageMakerRuntime(**SETTINGS, transport=stub) as client:
            assert (await client.invoke_endpoint(endpoint_name="llm", body=b"")).body == b"one"
            async with client.invoke_endpoint_with_response_stream(endpoint_name="llm", body=b"") as stream:
                assert len([event async for event in stream]) == len(EVENTS)
            with pytest.raises(ModelError):
                await client.invoke_endpoint(endpoint_name="llm", body=b"")
        assert [response.closed for response in stub.responses] == [True] * 3

    anyio.run(main, backend=backend)
