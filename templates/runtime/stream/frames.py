"""What a frame of an event stream holds besides a structure: values in its headers, and text.

Source: Smithy 2.0, "Event streams" (eventHeader and eventPayload).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from ..errors import InvalidResponse
from .eventstream import EventHeaders, HeaderValue, Timestamp

T = TypeVar("T")


def text_of_event(payload: bytes) -> str:
    """Return an event's payload that is text. Raises :class:`InvalidResponse` when it is not UTF-8."""
    try:
        return payload.decode()
    except UnicodeDecodeError as error:
        raise InvalidResponse(f"the payload of an event is not UTF-8: {error.reason}") from error


def bool_event_header(headers: EventHeaders, name: str) -> bool | None:
    """Return the header ``name`` of an event, or None; so do the other functions here.

    Raises :class:`InvalidResponse` when the header is of another kind.
    """
    return _header(headers, name, bool)


def int_event_header(headers: EventHeaders, name: str) -> int | None:
    """Return a header that is a whole number of 8 to 64 bits, or None."""
    value = _header(headers, name, int)
    if isinstance(value, bool | Timestamp):
        raise _wrong(name, value)
    return None if value is None else int(value)


def bytes_event_header(headers: EventHeaders, name: str) -> bytes | None:
    """Return a header that is bytes, or None."""
    return _header(headers, name, bytes)


def text_event_header(headers: EventHeaders, name: str) -> str | None:
    """Return a header that is text, or None; a UUID reads as its text."""
    value = headers.get(name)
    return str(value) if isinstance(value, UUID) else _header(headers, name, str)


def timestamp_event_header(headers: EventHeaders, name: str) -> datetime | None:
    """Return a header that is a timestamp, or None."""
    return _header(headers, name, datetime)


def _header(headers: EventHeaders, name: str, kind: type[T]) -> T | None:
    value: Any = headers.get(name)
    if value is None or isinstance(value, kind):
        return value
    raise _wrong(name, value)


def _wrong(name: str, value: HeaderValue) -> InvalidResponse:
    return InvalidResponse(f"the header {name} of an event is a {type(value).__name__}: {str(value)[:80]!r}")
