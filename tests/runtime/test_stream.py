"""Event streams of the generated client: order, errors, decoders, and every way to stop reading."""

from __future__ import annotations

import gc
import threading
import time
import warnings
import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import anyio
import pytest
from e2e.drivers import connector
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from sagemaker_runtime import (
    AsyncSageMakerRuntime,
    ChecksumMismatch,
    Credentials,
    Headers,
    InternalStreamFailure,
    InvalidResponse,
    ModelError,
    ModelStreamError,
    PayloadPart,
    ProtocolError,
    ReadTimeout,
    SageMakerRuntime,
    SageMakerRuntimeError,
    StreamError,
    Timeout,
    TruncatedStream,
    UnknownEvent,
)
from sagemaker_runtime._runtime.stream.eventstream import encode_message
from sagemaker_runtime.testing import AsyncStubTransport, StubTransport

from .loopback import PATIENCE, Peer, Server, answering, chunk, response

SETTINGS: dict[str, Any] = {"region": "eu-west-1", "credentials": Credentials("AKID", "secret")}
CALL: dict[str, Any] = {"endpoint_name": "llm", "body": b"in"}
HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
BACKENDS = ["asyncio", "trio"]
Open = Callable[..., Any]


def part(data: bytes) -> PayloadPart:
    return PayloadPart(bytes_=data)


def frame(data: bytes = b"", **headers: str) -> bytes:
    """A frame with these headers; the underscore at a name's start is a colon, the others are hyphens."""
    names = {":" + name[1:].replace("_", "-"): value for name, value in headers.items()}
    return encode_message(names or {":message-type": "event", ":event-type": "PayloadPart"}, data)


@pytest.fixture(params=["sync", *BACKENDS])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def stub(kind: str) -> StubTransport | AsyncStubTransport:
    return StubTransport() if kind == "sync" else AsyncStubTransport()


@pytest.fixture
def opened(kind: str, stub: StubTransport | AsyncStubTransport) -> Iterator[Open]:
    """Open a stream of these events with the sync client, or with the async one on either event loop."""
    with connector(kind, SETTINGS | {"transport": stub}) as connect:
        client = connect()

        def open_stream(*events: Any, **headers: str) -> Any:
            stub.stream(events, headers={name.replace("_", "-"): value for name, value in headers.items()})
            return client.invoke_endpoint_with_response_stream(**CALL)

        yield open_stream


def read_until_error(stream: Any, error: type[Exception]) -> tuple[list[Any], Any]:
    seen: list[Any] = []
    with pytest.raises(error) as caught:
        seen.extend(stream)
    return seen, caught.value


# Reading on, and stopping.


def test_after_the_end_there_is_nothing_more(opened: Open, stub: StubTransport) -> None:
    with opened(part(b"a"), part(b"b")) as stream:
        assert list(stream) == [part(b"a"), part(b"b")]
        assert stub.responses[0].closed
        assert list(stream) == []
        assert list(stream.iter_text()) == []
    assert list(stream) == []


def test_after_closing_reading_is_an_error_every_time(opened: Open, stub: StubTransport) -> None:
    with opened(part(b"a"), frame(b"b") + frame(b"c"), part(b"d")) as stream:
        events = iter(stream)
        assert [next(events), next(events)] == [part(b"a"), part(b"b")]
    assert stub.responses[0].closed
    for _ in range(2):
        assert read_until_error(stream, StreamError)[0] == []
    with pytest.raises(StreamError, match="the stream is closed: read it inside its `with` block"):
        next(stream.iter_text())


def test_closing_twice_does_nothing() -> None:
    stub = StubTransport()
    stub.stream([part(b"a")])
    with SageMakerRuntime(**SETTINGS, transport=stub).invoke_endpoint_with_response_stream(**CALL) as stream:
        stream.close()
        assert repr(stream).startswith("<InvokeEndpointWithResponseStream closed InvokeEndpoint")
        stream.close()
    stream.close()
    assert stub.responses[0].closed


def test_a_stream_that_is_not_read_is_closed(opened: Open, stub: StubTransport) -> None:
    with opened(part(b"a")):
        assert not stub.responses[0].closed
    assert stub.responses[0].closed


def test_events_first_and_then_text(opened: Open) -> None:
    with opened(part(b"a"), frame(b"b") + frame("é".encode()[:1]), part("é".encode()[1:])) as stream:
        for event in stream:
            assert event == part(b"a")
            break
        assert list(stream.iter_text()) == ["b", "é"]


def test_leaving_a_loop_does_not_lose_what_was_decoded(opened: Open) -> None:
    with opened(part(b"1\n2\n3\n"), part(b"4")) as stream:
        lines = stream.iter_lines()
        for line in lines:
            assert line == "1"
            break
        assert list(lines) == ["2", "3", "4"]


def test_one_decoder_reads_a_stream(opened: Open) -> None:
    with opened(part(b"1\n2\n")) as stream:
        assert next(stream.iter_lines()) == "1"
        with pytest.raises(StreamError, match="is being read by an iter_ method already"):
            stream.iter_text()


def test_decoded_items_end_with_the_stream(opened: Open, stub: StubTransport) -> None:
    with opened(part(b"1\n2\n3\n")) as stream:
        lines = stream.iter_lines()
        assert next(lines) == "1"
    with pytest.raises(StreamError, match="closed"):
        next(lines)


@pytest.mark.parametrize(
    ("method", "items"),
    [
        ("iter_bytes", None),
        ("iter_text", None),
        ("iter_lines", ['data: {"t": "é"}', "", "data: [1]", "", "data: 東"]),
        ("iter_sse", ['{"t": "é"}', "[1]"]),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_decoders_do_not_care_where_parts_are_cut(
    opened: Open, method: str, items: list[str] | None, size: int
) -> None:
    payload = 'data: {"t": "é"}\n\ndata: [1]\r\n\r\ndata: 東'.encode()
    parts = [part(payload[start : start + size]) for start in range(0, len(payload), size)]
    with opened(*parts) as stream:
        found = list(getattr(stream, method)())
    if method == "iter_sse":
        found = [event.data for event in found]
    if items is None:
        empty = b"" if method == "iter_bytes" else ""
        assert empty.join(found) == (payload if method == "iter_bytes" else payload.decode())
    else:
        assert found == items


@pytest.mark.parametrize("size", [1, 5, 100])
def test_json_values_of_a_stream(opened: Open, size: int) -> None:
    payload = '{"a": "é"}\n[1, 2] "x"\n7'.encode()
    parts = [part(payload[start : start + size]) for start in range(0, len(payload), size)]
    with opened(*parts) as stream:
        assert list(stream.iter_json()) == [{"a": "é"}, [1, 2], "x", 7]


def test_a_payload_that_cannot_be_decoded_ends_the_stream(opened: Open, stub: StubTransport) -> None:
    with opened(part(b'{"a": 1} }'), part(b"{}")) as stream:
        values, error = read_until_error(stream.iter_json(), StreamError)
        assert values == [{"a": 1}]
        assert "is not JSON" in str(error)
        assert stub.responses[0].closed


def test_a_payload_that_ends_too_early(opened: Open) -> None:
    with opened(part(b'{"a": ')) as stream:
        assert read_until_error(stream.iter_json(), TruncatedStream)[0] == []


def test_decoders_pass_unknown_events_over(opened: Open) -> None:
    with opened(part(b"a"), UnknownEvent(type="New", headers={}, payload=b"?"), part(b"b")) as stream:
        assert "".join(stream.iter_text()) == "ab"


# Events and errors.


def test_the_output_is_there_before_the_first_event(opened: Open) -> None:
    with opened(x_Amzn_Invoked_Production_Variant="blue", x_amzn_RequestId="id") as stream:
        assert (stream.invoked_production_variant, stream.content_type) == ("blue", None)
        assert (stream.metadata.request_id, stream.metadata.status, stream.metadata.attempts) == ("id", 200, 1)
        assert stream.output.invoked_production_variant == "blue"
        assert list(stream) == []


def test_unknown_events_are_delivered(opened: Open) -> None:
    with opened(frame(b"?", _message_type="event", _event_type="New"), part(b"a")) as stream:
        unknown, known = stream
    assert isinstance(unknown, UnknownEvent)
    assert (unknown.type, unknown.payload, len(unknown.headers)) == ("New", b"?", 2)
    assert known == part(b"a")


def test_a_message_of_an_unknown_type_is_an_error(opened: Open) -> None:
    with (
        opened(frame(b"?", _message_type="novel", _event_type="New"), part(b"a")) as stream,
        pytest.raises(StreamError, match=":message-type must be event"),
    ):
        list(stream)


TEXT = st.text(max_size=8)
NOT_TEXT = st.one_of(st.booleans(), st.integers(-(2**63), 2**63 - 1), st.binary(max_size=8), st.uuids())
SAYING = {
    "event": (":event-type",),
    "exception": (":exception-type",),
    "error": (":error-code", ":error-message"),
}


@settings(max_examples=examples(200), deadline=None)
@given(st.data())
def test_a_frame_that_does_not_say_what_it_is_ends_the_stream(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(sorted(SAYING)))
    headers: dict[str, Any] = {":message-type": kind, **{name: data.draw(TEXT) for name in SAYING[kind]}}
    wrong = data.draw(st.sampled_from(sorted(headers)))
    if wrong in (":message-type", ":event-type") and data.draw(st.booleans()):
        del headers[wrong]
        said = "is missing"
    else:
        headers[wrong] = data.draw(NOT_TEXT)
        said = "must be a string, not "
    script = StubTransport()
    script.stream([part(b"a"), encode_message(headers, b"{}"), part(b"never")])
    client = SageMakerRuntime(**SETTINGS, transport=script)
    with client.invoke_endpoint_with_response_stream(**CALL) as stream:
        seen, error = read_until_error(stream, StreamError)
    assert seen == [part(b"a")]
    assert str(error).startswith(f"the header {wrong} {said}")
    assert "in the event stream frame at byte " in str(error)
    assert script.responses[0].closed


MODELLED = {"_message_type": "exception", "_exception_type": "ModelStreamError"}


@pytest.mark.parametrize(
    ("bad", "cls", "code", "message"),
    [
        (
            frame(b'{"Message": "m"}', **MODELLED),
            ModelStreamError,
            "ModelStreamError",
            "m",
        ),
        (frame(b"not json", **MODELLED), ModelStreamError, "ModelStreamError", ""),
        (
            frame(b"{}", _message_type="exception", _exception_type="InternalStreamFailure"),
            InternalStreamFailure,
            "InternalStreamFailure",
            "",
        ),
        (
            frame(b'{"message": "m"}', _message_type="exception", _exception_type="Novel"),
            SageMakerRuntimeError,
            "Novel",
            "m",
        ),
        (frame(_message_type="exception"), SageMakerRuntimeError, "SageMakerRuntimeError", ""),
        (
            frame(_message_type="error", _error_code="Internal", _error_message="broke"),
            SageMakerRuntimeError,
            "Internal",
            "broke",
        ),
        (frame(_message_type="error"), SageMakerRuntimeError, "SageMakerRuntimeError", ""),
    ],
)
def test_errors_in_the_stream(
    opened: Open, stub: StubTransport, bad: bytes, cls: type[SageMakerRuntimeError], code: str, message: str
) -> None:
    with opened(part(b"a"), bad + frame(b"never"), part(b"never"), x_amzn_RequestId="id") as stream:
        events, error = read_until_error(stream, SageMakerRuntimeError)
        assert read_until_error(stream, StreamError)[0] == []
    assert events == [part(b"a")]
    assert type(error) is cls
    assert isinstance(error, SageMakerRuntimeError)
    assert (error.code, error.message) == (code, message)
    assert (error.operation, error.request_id, error.attempts) == ("InvokeEndpointWithResponseStream", "id", 1)
    assert (error.status, error.retryable) == (None, False)
    assert stub.responses[0].closed
    assert len(stub.requests) == 1


def test_the_attempts_of_the_call_are_told(opened: Open, stub: StubTransport, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sagemaker_runtime._runtime.call.retry.Backoff.delay", lambda *_: 0.0)
    stub.respond(status=503)
    with opened(ModelStreamError("x")) as stream:
        assert read_until_error(stream, ModelStreamError)[1].attempts == 2


GOOD = frame(b"good")
DAMAGED = GOOD[:-1] + bytes([GOOD[-1] ^ 1])


@pytest.mark.parametrize(
    ("chunks", "error", "good"),
    [
        ([GOOD + DAMAGED, GOOD], ChecksumMismatch, 1),
        ([GOOD, DAMAGED], ChecksumMismatch, 1),
        ([GOOD + GOOD, b"\xff" * 12 + GOOD], ChecksumMismatch, 2),
        ([GOOD + GOOD[:20]], TruncatedStream, 1),
        ([GOOD[:5]], TruncatedStream, 0),
        ([GOOD, GOOD[:20], ProtocolError("reset")], TruncatedStream, 1),
        ([GOOD, ProtocolError("reset")], ProtocolError, 1),
    ],
)
def test_damage_comes_after_the_good_events(
    opened: Open, stub: StubTransport, chunks: list[Any], error: type[Exception], good: int
) -> None:
    with opened(*chunks) as stream:
        events, raised = read_until_error(stream, error)
        assert (len(events), type(raised)) == (good, error)
        assert stub.responses[0].closed
        assert read_until_error(stream, StreamError)[0] == []


def test_damage_is_known_before_more_comes(kind: str) -> None:
    def script(peer: Peer) -> None:
        if peer.read_request() is not None:
            peer.send(HEAD + chunk(GOOD + DAMAGED))
            peer.wait_for_close()

    with (
        Server(script) as server,
        connector(kind, at(server)) as connect,
        connect().invoke_endpoint_with_response_stream(**CALL) as stream,
    ):
        events, _ = read_until_error(stream, ChecksumMismatch)
    assert events == [part(b"good")]


FRAMINGS = {
    "chunked": (HEAD, chunk, chunk(b"")),
    "until close": (b"HTTP/1.1 200 OK\r\n\r\n", bytes, b""),
}


@pytest.mark.parametrize(
    ("framing", "sent", "error"),
    [
        ("until close", GOOD, None),
        ("until close", GOOD + GOOD[:20], TruncatedStream),
        ("chunked", GOOD, ProtocolError),
        ("chunked", GOOD + GOOD[:20], TruncatedStream),
    ],
)
def test_a_server_that_closes_the_connection(
    kind: str, framing: str, sent: bytes, error: type[Exception] | None
) -> None:
    head, frame, _ = FRAMINGS[framing]

    def script(peer: Peer) -> None:
        if peer.read_request() is not None:
            peer.send(head + frame(sent))

    with (
        Server(script) as server,
        connector(kind, at(server)) as connect,
        connect().invoke_endpoint_with_response_stream(**CALL) as stream,
    ):
        if error is None:
            assert list(stream) == [part(b"good")]
        else:
            events, raised = read_until_error(stream, error)
            assert events == [part(b"good")]
            assert type(raised) is error
            if error is TruncatedStream:
                assert f"the stream ended 20 bytes into a frame of {len(GOOD)} bytes" in str(raised)


def test_a_server_that_stalls_between_frames(kind: str) -> None:
    gone = threading.Event()

    def script(peer: Peer) -> None:
        if peer.read_request() is not None:
            peer.send(HEAD + chunk(GOOD))
            peer.wait_for_close()
            gone.set()

    with (
        Server(script) as server,
        connector(kind, at(server) | {"timeout": Timeout(read=0.2)}) as connect,
        connect().invoke_endpoint_with_response_stream(**CALL) as stream,
    ):
        assert read_until_error(stream, ReadTimeout)[0] == [part(b"good")]
        assert gone.wait(PATIENCE)


def test_an_error_in_place_of_a_stream_is_raised_as_its_class(kind: str) -> None:
    refusal = response(
        b'{"Message": "no"}',
        headers=[("x-amzn-ErrorType", "ModelError"), ("Content-Type", "application/json")],
    )
    with Server(answering(refusal)) as server, connector(kind, at(server)) as connect:
        client = connect()
        with pytest.raises(ModelError, match="no"), client.invoke_endpoint_with_response_stream(**CALL):
            pass


def at(server: Server) -> dict[str, Any]:
    return SETTINGS | {"endpoint_url": f"http://127.0.0.1:{server.port}", "timeout": PATIENCE}


def test_an_interrupted_read_closes_the_connection() -> None:
    class Interrupted:
        status, headers, closed = 200, Headers(), False

        def __iter__(self) -> Iterator[bytes]:
            yield GOOD
            raise KeyboardInterrupt

        def read(self) -> bytes:
            return b""

        def close(self) -> None:
            self.closed = True

    class Transport(StubTransport):
        def send(self, *_: object) -> Any:
            return response

    response = Interrupted()
    client = SageMakerRuntime(**SETTINGS, transport=Transport())
    stream = client.invoke_endpoint_with_response_stream(**CALL)
    assert next(stream) == part(b"good")
    with pytest.raises(KeyboardInterrupt):
        next(stream)
    assert response.closed


# What is left open.


def test_a_forgotten_stream_is_closed_with_a_warning() -> None:
    stub = StubTransport()
    stub.stream([part(b"a")])
    client = SageMakerRuntime(**SETTINGS, transport=stub)
    with pytest.warns(ResourceWarning, match="unclosed <InvokeEndpointWithResponseStream open .* in a `with` block"):
        client.invoke_endpoint_with_response_stream(**CALL)
    assert stub.responses[0].closed


def test_a_forgotten_stream_gives_its_connection_back() -> None:
    def script(peer: Peer) -> None:
        if peer.read_request() is not None:
            peer.send(HEAD + chunk(GOOD))
            peer.wait_for_close()

    from sagemaker_runtime import HTTPTransport

    with Server(script) as server:
        transport = HTTPTransport(max_connections=1)
        client = SageMakerRuntime(**at(server), transport=transport)
        for _ in range(3):
            with pytest.warns(ResourceWarning, match="unclosed"):
                assert next(client.invoke_endpoint_with_response_stream(**CALL)) == part(b"good")
        transport.close()


def test_a_stream_that_is_read_to_the_end_leaves_nothing_behind() -> None:
    stub = StubTransport()
    stub.stream([part(b"a")])
    client = SageMakerRuntime(**SETTINGS, transport=stub)
    gc.disable()
    try:
        stream = client.invoke_endpoint_with_response_stream(**CALL)
        assert list(stream.iter_text()) == ["a"]
        watched = weakref.ref(stream)
        del stream
        assert watched() is None
    finally:
        gc.enable()


def run_async(backend: str, main: Callable[[AsyncSageMakerRuntime, AsyncStubTransport], Any]) -> None:
    """Run ``main`` with a client; anything that is left for the event loop or the collector to complain of fails."""

    async def with_client() -> None:
        stub = AsyncStubTransport()
        async with AsyncSageMakerRuntime(**SETTINGS, transport=stub) as client:
            await main(client, stub)
        gc.collect()

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        anyio.run(with_client, backend=backend)
        gc.collect()


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("method", ["__aiter__", "iter_bytes", "iter_lines"])
def test_leaving_an_async_loop_leaves_nothing_behind(backend: str, method: str) -> None:
    async def main(client: AsyncSageMakerRuntime, stub: AsyncStubTransport) -> None:
        stub.stream([part(b"a\n")] * 3)
        async with client.invoke_endpoint_with_response_stream(**CALL) as stream:
            async for _ in getattr(stream, method)():
                break
        assert stub.responses[0].closed

    run_async(backend, main)


@pytest.mark.parametrize("backend", BACKENDS)
def test_leaving_an_async_loop_over_a_connection_leaves_nothing_behind(backend: str) -> None:
    def script(peer: Peer) -> None:
        if peer.read_request() is not None:
            peer.send(HEAD + chunk(GOOD))
            peer.wait_for_close()

    async def main() -> None:
        async with AsyncSageMakerRuntime(**at(server)) as client:
            async with client.invoke_endpoint_with_response_stream(**CALL) as stream:
                async for event in stream:
                    assert event == part(b"good")
                    break
            with anyio.move_on_after(0.05):
                async with client.invoke_endpoint_with_response_stream(**CALL) as stream:
                    async for _ in stream.iter_text():
                        pass

    with Server(script) as server:
        anyio.run(main, backend=backend)
        gc.collect()


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_streaming_call_is_awaited_or_entered_once(backend: str) -> None:
    async def main(client: AsyncSageMakerRuntime, stub: AsyncStubTransport) -> None:
        for _ in range(2):
            stub.stream([part(b"a")])
        call = client.invoke_endpoint_with_response_stream(**CALL)
        stream = await call
        assert [event async for event in stream] == [part(b"a")]
        with pytest.raises(RuntimeError, match="this call has been made already"):
            await call
        with pytest.raises(RuntimeError, match="this call has been made already"):
            await call.__aenter__()
        call = client.invoke_endpoint_with_response_stream(**CALL)
        async with call as stream:
            with pytest.raises(RuntimeError, match="this call has been made already"):
                async with call:
                    pass
        assert len(stub.requests) == 2

    run_async(backend, main)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_stream_that_was_awaited_closes_with_its_block(backend: str) -> None:
    async def main(client: AsyncSageMakerRuntime, stub: AsyncStubTransport) -> None:
        stub.stream([part(b"a"), part(b"b")])
        stream = await client.invoke_endpoint_with_response_stream(**CALL)
        async with stream:
            assert await anext(stream) == part(b"a")
        assert stub.responses[0].closed
        with pytest.raises(StreamError, match="the stream is closed"):
            await anext(stream)

    run_async(backend, main)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_streaming_call_that_is_never_awaited_sends_nothing(backend: str) -> None:
    async def main(client: AsyncSageMakerRuntime, stub: AsyncStubTransport) -> None:
        client.invoke_endpoint_with_response_stream(**CALL)
        assert stub.requests == []

    run_async(backend, main)


@pytest.mark.parametrize("backend", BACKENDS)
def test_streaming_calls_can_be_gathered(backend: str) -> None:
    async def main(client: AsyncSageMakerRuntime, stub: AsyncStubTransport) -> None:
        texts: list[str] = []

        async def read(name: str) -> None:
            async with client.invoke_endpoint_with_response_stream(endpoint_name=name, body=b"") as stream:
                texts.extend([text async for text in stream.iter_text()])

        for _ in range(20):
            stub.stream([part(b"a")])
        async with anyio.create_task_group() as group:
            for index in range(20):
                group.start_soon(read, f"e{index}")
        assert texts == ["a"] * 20

    run_async(backend, main)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_forgotten_async_stream_is_warned_of(backend: str) -> None:
    async def main() -> None:
        stub = AsyncStubTransport()
        stub.stream([part(b"a")])
        client = AsyncSageMakerRuntime(**SETTINGS, transport=stub)
        with pytest.warns(ResourceWarning, match="unclosed <Async.* open .* in an `async with` block"):
            await client.invoke_endpoint_with_response_stream(**CALL)

    anyio.run(main, backend=backend)


class Waiting:
    """A response that sends nothing until it is closed, and then breaks as a connection does."""

    status, headers = 200, Headers()

    def __init__(self) -> None:
        self.closed = anyio.Event()

    async def read(self) -> bytes:
        return b""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        await self.closed.wait()
        raise ProtocolError("closed under the reader")
        yield b""

    async def aclose(self) -> None:
        self.closed.set()


@pytest.mark.parametrize("backend", BACKENDS)
def test_closing_while_another_task_reads(backend: str) -> None:
    class Transport(AsyncStubTransport):
        async def send(self, *_: object) -> Any:
            return Waiting()

    async def main() -> None:
        client = AsyncSageMakerRuntime(**SETTINGS, transport=Transport())
        async with client.invoke_endpoint_with_response_stream(**CALL) as stream:

            async def read() -> None:
                with pytest.raises(StreamError, match="the stream was closed while it was being read"):
                    await anext(stream)

            async with anyio.create_task_group() as group:
                group.start_soon(read)
                await anyio.wait_all_tasks_blocked()
                await stream.aclose()

    anyio.run(main, backend=backend)


def test_one_thread_after_another_may_read_a_stream() -> None:
    stub = StubTransport()
    stub.stream([part(b"a"), part(b"b")])
    seen: list[Any] = []
    with SageMakerRuntime(**SETTINGS, transport=stub).invoke_endpoint_with_response_stream(**CALL) as stream:
        seen.append(next(stream))
        thread = threading.Thread(target=lambda: seen.append(next(stream)))
        thread.start()
        thread.join()
    assert seen == [part(b"a"), part(b"b")]


@pytest.mark.parametrize("content_type", ["text/html; charset=utf-8", "application/json"])
def test_what_is_no_event_stream_is_named(
    kind: str, stub: StubTransport | AsyncStubTransport, content_type: str
) -> None:
    stub.respond(b"<html>", headers={"Content-Type": content_type, "x-amzn-RequestId": "r-1"})
    with (
        connector(kind, SETTINGS | {"transport": stub}) as connect,
        pytest.raises(InvalidResponse) as caught,
        connect().invoke_endpoint_with_response_stream(**CALL),
    ):
        pytest.fail("a stream was opened")
    assert str(caught.value).startswith(f"the response is {content_type}, not an event stream")
    assert str(caught.value).endswith("(InvokeEndpointWithResponseStream, HTTP 200, request id r-1, 1 attempt)")
    assert stub.responses[0].closed


def test_errors_of_the_service_keep_their_class_in_a_stream(opened: Open) -> None:
    with opened(ModelError("failed", original_status_code=500)) as stream:
        _, error = read_until_error(stream, ModelError)
    assert error.original_status_code == 500


def test_closing_ends_a_read_in_another_thread() -> None:
    def script(peer: Peer) -> None:
        if peer.read_request() is not None:
            peer.send(HEAD + chunk(GOOD + GOOD[:5]))
            peer.wait_for_close()

    with Server(script) as server, SageMakerRuntime(**at(server)) as client:
        stream = client.invoke_endpoint_with_response_stream(**CALL)
        assert next(stream) == part(b"good")
        raised: list[BaseException] = []

        def read() -> None:
            try:
                next(stream)
            except StreamError as error:
                raised.append(error)

        reader = threading.Thread(target=read)
        started = time.monotonic()
        reader.start()
        time.sleep(0.1)
        stream.close()
        reader.join(PATIENCE)
        assert not reader.is_alive()
        assert time.monotonic() - started < PATIENCE / 2
    assert "closed" in str(raised[0])


@pytest.mark.parametrize("backend", BACKENDS)
def test_closing_ends_a_read_in_another_task(backend: str) -> None:
    def script(peer: Peer) -> None:
        if peer.read_request() is not None:
            peer.send(HEAD + chunk(GOOD + GOOD[:5]))
            peer.wait_for_close()

    raised: list[BaseException] = []

    async def main() -> None:
        async with AsyncSageMakerRuntime(**at(server)) as client:
            stream = await client.invoke_endpoint_with_response_stream(**CALL)
            assert await anext(stream) == part(b"good")

            async def read() -> None:
                try:
                    await anext(stream)
                except StreamError as error:
                    raised.append(error)

            with anyio.fail_after(PATIENCE / 2):
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(read)
                    await anyio.sleep(0.1)
                    await stream.aclose()

    with Server(script) as server:
        anyio.run(main, backend=backend)
    assert "closed" in str(raised[0])


@pytest.mark.parametrize("sent", [GOOD, GOOD[:20], b""])
def test_an_end_that_comes_from_closing_is_no_end(sent: bytes) -> None:
    """Another thread closes the stream, and the transport says so as if the response had ended."""

    class Closed(StubTransport):
        def send(self, request: Any, timeout: Any) -> Any:
            response = super().send(request, timeout)
            response.__class__ = type("ClosedResponse", (type(response),), {"__iter__": lambda _: chunks()})
            return response

    def chunks() -> Iterator[bytes]:
        yield GOOD + sent
        opened.close()

    script = Closed()
    script.stream([])
    opened = SageMakerRuntime(**SETTINGS, transport=script).invoke_endpoint_with_response_stream(**CALL)
    events, error = read_until_error(opened, StreamError)
    assert events == [part(b"good")] * (1 + (sent == GOOD))
    assert str(error).startswith("the stream was closed while it was being read")
