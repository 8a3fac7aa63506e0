"""Values in the frames of event streams: headers of each kind, text, structures and errors."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from runtime.errors import InvalidResponse, ServiceError
from runtime.shapes.structures import Structure
from runtime.stream.event_json import decode_event, read_error
from runtime.stream.eventstream import Byte, EventHeaders, EventStreamDecoder, Long, Short, Timestamp, encode_message
from runtime.stream.frames import (
    bool_event_header,
    bytes_event_header,
    int_event_header,
    text_event_header,
    text_of_event,
    timestamp_event_header,
)

NOON = datetime(2026, 1, 1, 12, 0, 0, 250_000, tzinfo=UTC)
ID = UUID("01234567-89ab-cdef-0123-456789abcdef")
HEADERS: dict[str, Any] = {
    "yes": True,
    "no": False,
    "byte": Byte(-1),
    "short": Short(-300),
    "int": 70_000,
    "long": Long(1 << 40),
    "bytes": b"\x00\xff",
    "text": "é",
    "time": NOON,
    "uuid": ID,
}
Read = Callable[[EventHeaders, str], Any]


def sent(**headers: Any) -> EventHeaders:
    """Headers as they come off the wire."""
    (message,) = EventStreamDecoder().feed(encode_message(headers))
    return message.headers


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        (bool_event_header, {"yes": True, "no": False}),
        (int_event_header, {"byte": -1, "short": -300, "int": 70_000, "long": 1 << 40}),
        (bytes_event_header, {"bytes": b"\x00\xff"}),
        (text_event_header, {"text": "é", "uuid": str(ID)}),
        (timestamp_event_header, {"time": NOON}),
    ],
)
def test_headers_read_as_their_own_kind_and_as_no_other(read: Read, expected: dict[str, Any]) -> None:
    headers = sent(**HEADERS)
    for name in HEADERS:
        if name in expected:
            value = read(headers, name)
            assert value == expected[name]
            assert type(value) is type(expected[name])
        else:
            with pytest.raises(InvalidResponse, match=f"the header {name} of an event is a "):
                read(headers, name)
    assert read(headers, "missing") is None


def test_times_beyond_the_calendar_are_no_timestamps() -> None:
    headers = sent(time=Timestamp(1 << 60))
    for read in (timestamp_event_header, int_event_header):
        with pytest.raises(InvalidResponse):
            read(headers, "time")


class Part(Structure):
    """An event."""

    Name: str = ""


def test_payloads() -> None:
    assert decode_event(b'{"Name": "x"}', Part) == Part(Name="x")
    assert decode_event(b"", Part) == Part()
    assert text_of_event("é".encode()) == "é"
    with pytest.raises(InvalidResponse, match="not UTF-8"):
        text_of_event(b"\xff")
    with pytest.raises(InvalidResponse):
        decode_event(b"[", Part)


def test_errors_have_their_members_whatever_else_came() -> None:
    class Broken(ServiceError):
        wire_members = {"Why": ("why", str | None)}  # noqa: RUF012 - as generated code has it
        why: str | None = None

    error = read_error(b'{"message": "m", "Why": "w", "New": 1}', Broken, "broken")
    assert (type(error), error.code, error.message, vars(error)["why"]) == (Broken, "broken", "m", "w")
    assert read_error(b"<html>", Broken, "broken").message == ""
