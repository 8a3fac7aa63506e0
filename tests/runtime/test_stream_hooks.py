"""Hooks and the log are told of the end of every stream, and of what failed after its headers."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import ModuleType
from typing import Any

import pytest
import sagemaker_runtime
from msgspec import structs
from sagemaker_runtime import (
    AWSError,
    CallEvent,
    ChecksumMismatch,
    Credentials,
    HTTPRequest,
    ModelStreamError,
    PayloadPart,
    ProtocolError,
    ReadTimeout,
    SageMakerRuntime,
    StreamError,
    StreamStats,
    Timeout,
    TruncatedStream,
)
from sagemaker_runtime._runtime.stream.eventstream import encode_message
from sagemaker_runtime._runtime.testing.stub import StubResponse
from sagemaker_runtime.testing import StubTransport

from .stream_clients import connected, stub

CALL: dict[str, Any] = {"endpoint_name": "llm", "body": b"the body"}
SETTINGS: dict[str, Any] = {"region": "eu-west-1", "credentials": Credentials("AKID", "secret")}


class Told:
    """Keeps what it is told, as a hook of any client."""

    def __init__(self) -> None:
        self.told: list[tuple[str, CallEvent]] = []

    def before_send(self, event: CallEvent) -> None:
        self.told.append(("before_send", event))

    def after_response(self, event: CallEvent) -> None:
        self.told.append(("after_response", event))

    def on_error(self, event: CallEvent) -> None:
        self.told.append(("on_error", event))

    def on_stream_end(self, event: CallEvent) -> None:
        self.told.append(("on_stream_end", event))

    @property
    def names(self) -> list[str]:
        return [f"{name} {event.attempt}" for name, event in self.told]


def recorder_of(package: ModuleType) -> Any:
    return type("Recorder", (Told, package.Hooks), {})()


KINDS = ["sync", "asyncio", "trio"]
OPENED = ["before_send 1", "after_response 1"]
SIZE = len(encode_message({":message-type": "event", ":event-type": "PayloadPart"}, b"x"))


def stream_told(
    kind: str, events: list[Any], use: Callable[[Any], object], caplog: pytest.LogCaptureFixture
) -> tuple[list[str], CallEvent, str]:
    """What hooks and the log are told of a stream that is used in some way."""
    recorder, script = recorder_of(sagemaker_runtime), stub(kind, sagemaker_runtime)
    script.stream(events)
    with (
        caplog.at_level(logging.DEBUG, "sagemaker_runtime"),
        connected(kind, sagemaker_runtime, transport=script, hooks=recorder) as client,
        suppress(AWSError, ZeroDivisionError),
        client.invoke_endpoint_with_response_stream(**CALL) as stream,
    ):
        assert recorder.names == OPENED
        assert recorder.told[-1][1].stream == StreamStats()
        use(stream)
    (record,) = [record for record in caplog.records if ": stream " in record.getMessage()]
    return recorder.names[2:], recorder.told[-1][1], record.getMessage()


@pytest.mark.parametrize("use", [list, lambda stream: list(stream.iter_text())])
@pytest.mark.parametrize("kind", KINDS)
def test_the_end_of_a_stream_is_told(kind: str, use: Any, caplog: pytest.LogCaptureFixture) -> None:
    part = PayloadPart(bytes_=b"x")
    names, event, line = stream_told(kind, [part, part, part], use, caplog)
    assert names == ["on_stream_end 1"]
    assert (event.operation, event.error) == ("InvokeEndpointWithResponseStream", None)
    assert event.stream is not None
    assert event.stream.time_to_first_event is not None
    assert 0 < event.stream.time_to_first_event <= event.duration
    stats = structs.replace(event.stream, time_to_first_event=None)
    assert stats == StreamStats(bytes=3 * SIZE, events=3, complete=True)
    assert "attempt 1: stream complete after " in line
    assert f"3 events, {3 * SIZE} bytes, the first after " in line


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("last", "method", "error"),
    [
        (ModelStreamError("broke"), "__iter__", ModelStreamError),
        (ReadTimeout("late"), "__iter__", ReadTimeout),
        (ProtocolError("reset"), "iter_bytes", ProtocolError),
        (b"\0" * 12, "__iter__", ChecksumMismatch),
        (b"half", "__iter__", TruncatedStream),
        (PayloadPart(bytes_=b"\xff"), "iter_text", StreamError),
        (PayloadPart(bytes_=b"["), "iter_json", TruncatedStream),
    ],
)
def test_a_stream_that_fails_is_told(
    kind: str, last: Any, method: str, error: type[AWSError], caplog: pytest.LogCaptureFixture
) -> None:
    events = [PayloadPart(bytes_=b"1"), last]
    names, event, line = stream_told(kind, events, lambda stream: list(getattr(stream, method)()), caplog)
    assert names == ["on_error 1", "on_stream_end 1"]
    assert type(event.error) is error
    assert event.error.operation == "InvokeEndpointWithResponseStream"
    assert event.stream is not None
    assert not event.stream.complete
    assert event.stream.events == 1 + isinstance(last, PayloadPart)
    assert "attempt 1: stream broken off after " in line


@pytest.mark.parametrize("kind", KINDS)
def test_a_stream_that_is_left_early_is_told(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    events = [PayloadPart(bytes_=b"x")] * 2
    names, event, line = stream_told(kind, events, lambda stream: 1 / 0, caplog)
    assert (names, event.error, event.stream) == (["on_stream_end 1"], None, StreamStats())
    assert "stream closed early after " in line
    assert line.endswith("nothing came")


def test_a_stream_that_is_interrupted_or_forgotten_is_told() -> None:
    recorder, script = recorder_of(sagemaker_runtime), Interrupting()
    script.stream([PayloadPart(bytes_=b"x")])
    client = SageMakerRuntime(**SETTINGS, transport=script, hooks=recorder)
    with pytest.raises(KeyboardInterrupt), client.invoke_endpoint_with_response_stream(**CALL) as stream:
        list(stream)
    assert recorder.names[2:] == ["on_error 1", "on_stream_end 1"]
    assert [event.error for _, event in recorder.told] == [None] * 4
    recorder.told.clear()
    script.stream([])
    with pytest.warns(ResourceWarning, match="unclosed"):
        client.invoke_endpoint_with_response_stream(**CALL)
    assert recorder.names[2:] == ["on_stream_end 1"]


class Interrupting(StubTransport):
    """Interrupts who reads the first response."""

    def send(self, request: HTTPRequest, timeout: Timeout) -> StubResponse:
        response = super().send(request, timeout)
        if len(self.requests) == 1:
            response.__class__ = type("Interrupted", (StubResponse,), {"__iter__": _interrupted})
        return response


def _interrupted(_response: StubResponse) -> Iterator[bytes]:
    raise KeyboardInterrupt
    yield b""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("pieces", "length", "names"),
    [
        ([b"ab", b"c"], 3, ["on_stream_end 1"]),
        ([b"ab", b"c"], 4, ["on_error 1", "on_stream_end 1"]),
    ],
)
def test_bodies_are_told_as_event_streams_are(
    archive: ModuleType, kind: str, pieces: list[bytes], length: int, names: list[str]
) -> None:
    recorder, script = recorder_of(archive), stub(kind, archive)
    script.respond(pieces, headers={"Content-Length": str(length)})
    with (
        connected(kind, archive, transport=script, hooks=recorder) as client,
        suppress(archive.TruncatedStream),
        client.get_object(key="k") as stream,
    ):
        list(stream)
    assert recorder.names == [*OPENED, *names]
    stats = recorder.told[-1][1].stream
    assert (stats.bytes, stats.events, stats.complete) == (3, 0, length == 3)
    assert stats.time_to_first_event > 0


def test_hooks_without_a_method_are_not_told_of_it(caplog: pytest.LogCaptureFixture) -> None:
    class Older:
        __module__ = "older._runtime.settings.hooks"

        def before_send(self, event: CallEvent) -> None: ...

        after_response = on_retry = on_error = before_send

    script = StubTransport()
    script.stream([])
    hooks: Any = Older()
    with (
        SageMakerRuntime(transport=script, hooks=hooks, **SETTINGS) as client,
        client.invoke_endpoint_with_response_stream(**CALL) as stream,
    ):
        assert list(stream) == []
    assert caplog.records == []
