"""The responses that the benchmarks' server sends, built before it starts, and what is in them."""

from __future__ import annotations

from lapsmith.demo import frames

ANSWER = b'{"generated_text":"ok"}'
"""The body of every plain response."""
SMALL_EVENT = b'{"token": "abc"}'
LARGE_EVENT = bytes(range(256)) * 512  # 128 KiB
SMALL_EVENTS = 10_000
LARGE_EVENTS = 128
FIRST_EVENTS = 10
PAUSE = 0.002
"""Seconds that the server waits after the first event of the stream called ``first``."""

_STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.amazon.eventstream\r\nx-amzn-RequestId: bench\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n"
)
PLAIN = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nx-amzn-RequestId: bench\r\n"
    b"Content-Length: %d\r\n\r\n%b" % (len(ANSWER), ANSWER)
)


def small(events: int) -> bytes:
    """Return a response of so many small events, a hundred in each chunk."""
    return _STREAM_HEAD + _chunk(_event(SMALL_EVENT) * 100) * (events // 100) + _chunk(b"")


def large(events: int) -> bytes:
    """Return a response of so many events of 128 KiB, one in each chunk."""
    return _STREAM_HEAD + _chunk(_event(LARGE_EVENT)) * events + _chunk(b"")


def first() -> tuple[bytes, bytes]:
    """Return a response in two parts: up to the first event, and the rest."""
    one = _chunk(_event(SMALL_EVENT))
    return _STREAM_HEAD + one, one * (FIRST_EVENTS - 1) + _chunk(b"")


def targets(small_events: int) -> dict[bytes, tuple[bytes, bytes]]:
    """Return the response for each request target, as what is sent at once and what follows after ``PAUSE``."""
    few = (small(small_events), b"")
    streams = {"llm": few, "small": few, "large": (large(LARGE_EVENTS), b""), "first": first()}
    return {f"/endpoints/{name}/invocations-response-stream".encode(): parts for name, parts in streams.items()}


def payloads() -> dict[str, tuple[int, int]]:
    """Return for each stream its number of events, and of the bytes in their payloads."""
    return {
        "small": (SMALL_EVENTS, SMALL_EVENTS * len(SMALL_EVENT)),
        "large": (LARGE_EVENTS, LARGE_EVENTS * len(LARGE_EVENT)),
        "first": (FIRST_EVENTS, FIRST_EVENTS * len(SMALL_EVENT)),
    }


def _event(payload: bytes) -> bytes:
    return frames.event("PayloadPart", payload)


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)
