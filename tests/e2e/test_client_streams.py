"""Streams of the generated client against the Node double, whose frames AWS's own codec encodes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from e2e.servers import NodeDouble, endpoint_name
from sagemaker_runtime import (
    ChecksumMismatch,
    InternalStreamFailure,
    ModelStreamError,
    PayloadPart,
    ReadTimeout,
    SageMakerRuntimeError,
    TruncatedStream,
    UnknownEvent,
)

Make = Callable[..., Any]
TOKENS = [b"Once", b" upon", b" a", b" time", b"."]


def open_stream(client: Any, name: str, body: bytes = b"{}") -> Any:
    return client.invoke_endpoint_with_response_stream(endpoint_name=name, body=body)


@pytest.mark.parametrize("behaviour", ["stream-tokens", "stream-cut-frames", "stream-joined-frames"])
def test_events_arrive_whole_however_they_are_cut(connect: Make, behaviour: str) -> None:
    client = connect()
    with open_stream(client, behaviour) as stream:
        events = list(stream)
    assert all(type(event) is PayloadPart for event in events)
    assert [event.bytes_ for event in events] == TOKENS
    with open_stream(client, behaviour) as stream:
        assert list(stream.iter_bytes()) == TOKENS


def test_an_empty_stream_has_no_events(connect: Make) -> None:
    with open_stream(connect(), "stream-empty") as stream:
        assert list(stream) == []


def test_an_empty_part_is_an_event(connect: Make) -> None:
    with open_stream(connect(), "stream-empty-part") as stream:
        assert [event.bytes_ for event in stream] == [b"a", b"", b"b"]


def test_many_small_events(connect: Make) -> None:
    with open_stream(connect(), "stream-many", b"2345") as stream:
        text = b"".join(stream.iter_bytes()).decode()
    assert text == "".join(f"{number}," for number in range(2345))


def test_text_is_whole_characters(connect: Make) -> None:
    client = connect()
    with open_stream(client, "stream-text") as stream:
        pieces = list(stream.iter_text())
    assert "".join(pieces) == "naïve café — 東京 🗼 done"
    assert "\ufffd" not in "".join(pieces)
    with open_stream(client, "stream-text") as stream:
        assert list(stream.iter_lines()) == ["naïve café — 東京 🗼 done"]


def test_json_lines(connect: Make) -> None:
    client = connect()
    values = [{"token": "été", "index": 0}, {"token": "東", "index": 1}, {"token": "last", "index": 2}]
    with open_stream(client, "stream-jsonl") as stream:
        assert list(stream.iter_json()) == values
    with open_stream(client, "stream-jsonl") as stream:
        assert [line[:8] for line in stream.iter_lines()] == ['{"token"'] * 3


def test_server_sent_events(connect: Make) -> None:
    with open_stream(connect(), "stream-sse") as stream:
        events = list(stream.iter_sse())
    assert [event.data for event in events] == ["first", "two\nlines é", "[DONE]"]
    assert [event.event for event in events] == ["token", "message", "message"]
    assert [event.id for event in events] == ["7", "7", "7"]


def test_the_first_event_is_read_before_the_server_has_sent_the_last(connect: Make, double: NodeDouble) -> None:
    name = endpoint_name("stream-gated")
    with open_stream(connect(), name) as stream:
        events = iter(stream)
        assert next(events).bytes_ == b"first"
        (request,) = double.requests(name)
        assert (request.sent, request.finished) == (1, None)
        double.release(name)
        assert [event.bytes_ for event in events] == [b"last"]
    assert double.wait_closed(name) is True


@pytest.mark.parametrize("decoder", ["iter_bytes", "iter_text"])
def test_decoders_do_not_wait_for_more(connect: Make, double: NodeDouble, decoder: str) -> None:
    name = endpoint_name("stream-gated")
    with open_stream(connect(), name) as stream:
        pieces = getattr(stream, decoder)()
        assert next(pieces) in ("first", b"first")
        assert double.requests(name)[0].finished is None
        double.release(name)
        assert list(pieces) in (["last"], [b"last"])


def test_leaving_early_ends_the_connection(connect: Make, double: NodeDouble) -> None:
    name = endpoint_name("stream-gated")
    client = connect()
    with open_stream(client, name) as stream:
        for event in stream:
            assert event.bytes_ == b"first"
            break
    assert double.wait_closed(name) is False
    assert client.invoke_endpoint(endpoint_name="echo", body=b"next").body == b"next"


def test_an_error_in_the_block_ends_the_connection(connect: Make, double: NodeDouble) -> None:
    name = endpoint_name("stream-gated")
    with pytest.raises(ZeroDivisionError), open_stream(connect(), name) as stream:
        1 / len(next(stream.iter_text()).strip("first"))
    assert double.wait_closed(name) is False


def test_a_stream_that_is_not_read_is_closed(connect: Make, double: NodeDouble) -> None:
    name = endpoint_name("stream-gated")
    with open_stream(connect(), name):
        pass
    assert double.wait_closed(name) is False


def read_until_error(stream: Any, error: type[BaseException]) -> tuple[list[Any], Any]:
    """The events before the error, and the error."""
    events: list[Any] = []
    with pytest.raises(error) as caught:
        events.extend(stream)  # keeps what came before the error
    return events, caught.value


@pytest.mark.parametrize(
    ("behaviour", "error", "code", "message", "before"),
    [
        ("stream-model-error", ModelStreamError, "ModelStreamError", "out of time", [b"one", b"two"]),
        (
            "stream-internal-failure",
            InternalStreamFailure,
            "InternalStreamFailure",
            "unknown failure",
            [b"one"],
        ),
        ("stream-unknown-error", SageMakerRuntimeError, "BrandNewFailure", "not in the model yet", [b"one"]),
        ("stream-error-frame", SageMakerRuntimeError, "InternalError", "It broke", [b"one"]),
        ("stream-null-error", ModelStreamError, "ModelStreamError", "", []),
    ],
)
def test_errors_in_the_stream_are_raised_as_their_class(
    connect: Make,
    double: NodeDouble,
    behaviour: str,
    error: type[SageMakerRuntimeError],
    code: str,
    message: str,
    before: list[bytes],
) -> None:
    name = endpoint_name(behaviour)
    with open_stream(connect(), name) as stream:
        events, raised = read_until_error(stream, SageMakerRuntimeError)
        request_id = stream.metadata.request_id
    assert [event.bytes_ for event in events] == before
    assert type(raised) is error
    assert (raised.code, raised.message, raised.status) == (code, message, None)
    assert raised.operation == "InvokeEndpointWithResponseStream"
    assert raised.request_id == request_id
    if isinstance(raised, ModelStreamError) and message:
        assert raised.error_code == "ModelInvocationTimeExceeded"
    assert len(double.requests(name)) == 1


def test_a_stream_error_comes_through_the_decoders(connect: Make) -> None:
    with open_stream(connect(), "stream-model-error") as stream:
        pieces = stream.iter_text()
        assert [next(pieces), next(pieces)] == ["one", "two"]
        with pytest.raises(ModelStreamError):
            next(pieces)


@pytest.mark.parametrize(
    ("behaviour", "error", "before"),
    [
        ("stream-bad-crc", ChecksumMismatch, [b"one", b"good"]),
        ("stream-bad-prelude", ChecksumMismatch, [b"one"]),
        ("stream-truncated", TruncatedStream, [b"one"]),
        ("stream-cut-connection", TruncatedStream, [b"one"]),
    ],
)
def test_damage_is_raised_after_the_events_before_it(
    connect: Make, double: NodeDouble, behaviour: str, error: type[Exception], before: list[bytes]
) -> None:
    name = endpoint_name(behaviour)
    client = connect()
    with open_stream(client, name) as stream:
        events, _ = read_until_error(stream, error)
    assert [event.bytes_ for event in events] == before
    assert len(double.requests(name)) == 1
    assert client.invoke_endpoint(endpoint_name="echo", body=b"still works").body == b"still works"


def test_an_unknown_event_is_delivered(connect: Make) -> None:
    client = connect()
    with open_stream(client, "stream-unknown-event") as stream:
        first, unknown, last = stream
    assert (first.bytes_, last.bytes_) == (b"one", b"two")
    assert type(unknown) is UnknownEvent
    assert (unknown.type, unknown.payload) == ("Telemetry", b'{"latency": 3}')
    with open_stream(client, "stream-unknown-event") as stream:
        assert list(stream.iter_bytes()) == [b"one", b"two"]


def test_a_stream_that_stalls_times_out_and_is_not_invoked_again(connect: Make, double: NodeDouble) -> None:
    name = endpoint_name("stream-gated")
    with open_stream(connect(timeout=0.3), name) as stream:
        events, _ = read_until_error(stream, ReadTimeout)
    assert [event.bytes_ for event in events] == [b"first"]
    assert double.wait_closed(name) is False
    assert len(double.requests(name)) == 1
