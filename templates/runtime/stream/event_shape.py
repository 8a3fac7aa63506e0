"""What an event stream carries, and what the headers of its frames say.

Source: Smithy 2.0, "Amazon event stream specification".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NoReturn

import msgspec

from ..errors import ServiceError, StreamError
from ..shapes.structures import UnknownEvent
from .eventstream import EventHeaders

_INITIAL = "initial-response"


class LastEvent(Exception):
    """Ends decoding with the event that ends its stream."""

    def __init__(self, event: Any) -> None:
        super().__init__()
        self.event = event


class Opening(msgspec.Struct, frozen=True):
    """The frame that opens a stream. It is not an event."""

    payload: bytes


class EventEnd(msgspec.Struct, frozen=True):
    """The event that ends a stream, without which it is truncated.

    Attributes:
        type: its type on the wire.
        code: the attribute that holds an error code when the operation has failed; None where none does.
        message: the attribute that is the message of that error.
    """

    type: str
    code: str | None = None
    message: str | None = None


class EventShape(msgspec.Struct, frozen=True, kw_only=True):
    """What a stream carries: a parser for each event type, a class for each modelled error, one for all others.

    ``read_error`` builds an error of a class from a frame's payload, in the protocol's own format. With ``initial``
    the protocol opens its streams with a frame that holds the other output members; it is no event. ``last`` is the
    event that ends the stream, where there is one.
    """

    events: Mapping[str, Callable[[EventHeaders, bytes], Any]]
    errors: Mapping[str, type[ServiceError]]
    service_error: type[ServiceError]
    read_error: Callable[[bytes, type[ServiceError], str], ServiceError]
    initial: bool = False
    last: EventEnd | None = None

    def reader(self, headers: EventHeaders) -> Callable[[bytes], Any]:
        """Return what makes an event of a frame's payload, or raises the error in it.

        Raises :class:`StreamError` when the headers do not say what the frame is.
        """
        kind = _stated(headers, ":message-type")
        if kind == "exception":
            return partial(self._raise_exception, _code(headers, ":exception-type"))
        if kind == "error":
            return partial(self._raise_error, _code(headers, ":error-code"), _text(headers, ":error-message"))
        if kind != "event":
            raise StreamError(f"the header :message-type must be event, exception or error, not {kind[:80]!r}")
        event_type = _stated(headers, ":event-type")
        if self.initial and event_type == _INITIAL:
            return Opening
        parse = self.events.get(event_type)
        if parse is None:
            return partial(_unknown, event_type, headers)
        if self.last is not None and event_type == self.last.type:
            return partial(self._raise_last, self.last, parse, headers)
        return partial(parse, headers)

    def _raise_exception(self, name: str, payload: bytes) -> NoReturn:
        cls = self._class(name)
        # As over HTTP, where the code and not the name of the stream's member is sent.
        self._raise(self.read_error(payload, cls, cls.wire_code or name), payload)

    def _raise_error(self, code: str, message: str, payload: bytes) -> NoReturn:
        cls = self._class(code)
        self._raise(cls(message, code=cls.wire_code or code), payload)

    def _raise_last(
        self, last: EventEnd, parse: Callable[[EventHeaders, bytes], Any], headers: EventHeaders, payload: bytes
    ) -> NoReturn:
        event = parse(headers, payload)
        code = getattr(event, last.code) if last.code else None
        if not code:
            raise LastEvent(event)
        message = getattr(event, last.message) if last.message else None
        error = self._class(code)(message or "", code=code)
        error.event = event
        self._raise(error, payload)

    def _raise(self, error: ServiceError, payload: bytes) -> NoReturn:
        error.body = payload
        raise error

    def _class(self, code: str) -> type[ServiceError]:
        return self.errors.get(code, self.service_error)


def _unknown(event_type: str, headers: EventHeaders, payload: bytes) -> UnknownEvent:
    return UnknownEvent(type=event_type, headers=dict(headers), payload=payload)


def _stated(headers: EventHeaders, name: str) -> str:
    if name not in headers:
        raise StreamError(f"the header {name} is missing")
    return _text(headers, name)


def _code(headers: EventHeaders, name: str) -> str:
    """Return an error code without its namespace; the empty string where it is missing."""
    return _text(headers, name).rpartition("#")[2]


def _text(headers: EventHeaders, name: str) -> str:
    """Return a header that must be a string; the empty string where it is missing."""
    value = headers.get(name, "")
    if not isinstance(value, str):
        raise StreamError(f"the header {name} must be a string, not {type(value).__name__}")
    return value
