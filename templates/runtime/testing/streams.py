"""Scripted event streams, for tests of code that reads them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import msgspec

from ..errors import InvalidInput, ServiceError, TransportError
from ..shapes.structures import Output, Structure, UnknownEvent
from ..stream.eventstream import encode_message
from .stub import StubScript


class EventForm(msgspec.Struct, frozen=True):
    """How an event travels: its type on the wire, header -> attribute, and what its payload is.

    ``payload`` is the attribute that is the whole payload. Where an event has headers besides a structure's members,
    ``body`` maps those members on the wire to attributes.
    """

    type: str
    payload: str | None = None
    body: Mapping[str, str] = {}
    headers: Mapping[str, str] = {}


class EventScript(StubScript):
    """A script that can answer with event streams.

    Attributes:
        event_forms: event class -> how it travels.
        error_types: class of an error in streams -> its exception type on the wire; its code, where it is none of them.
        event_ends: event class -> class of the event that ends the streams which carry it, where there is such.
        initial: whether the protocol's streams begin with a frame that holds the other output members.
    """

    event_forms: ClassVar[Mapping[Any, EventForm]] = {}
    error_types: ClassVar[Mapping[Any, str]] = {}
    event_ends: ClassVar[Mapping[Any, Any]] = {}
    initial: ClassVar[bool] = False

    def stream(
        self,
        events: Iterable[Structure | UnknownEvent | ServiceError | TransportError | bytes],
        *,
        headers: Mapping[str, str] | None = None,
        output: Output | None = None,
        operation: str | None = None,
        ended: bool = True,
    ) -> None:
        """Answer the next request with an event stream.

        ``events`` are events of the service or unknown to it, errors of it (sent as exceptions in the stream),
        transport errors (the connection breaks there), or bytes to send as they are, such as half a frame.
        ``output`` has the other output members; given one, the next request must be for that operation.
        Where the service ends such a stream with an event, ``events`` that are all of other classes are followed by an
        empty one of that; with ``ended=False`` they are not, so the stream is truncated.
        """
        events = list(events)
        if ended:
            events += self._ending(events)
        opening = (self._message("event", "initial-response", output or Output()),) if self.initial else ()
        chunks = tuple(event if isinstance(event, TransportError) else self._frame(event) for event in events)
        form = self._form(output) if output is not None else None
        sent = form.write(output, _no_body)[1] if form and not self.initial else ()
        given = {"Content-Type": "application/vnd.amazon.eventstream", **dict(sent), **(headers or {})}
        self._answer(200, given, (*opening, *chunks), form.operation if form else operation)

    def _ending(self, events: Iterable[object]) -> list[Structure]:
        """Return the event that ends the stream of such events, where they lack it and nothing else ends the stream."""
        classes = {type(event) for event in events} - {UnknownEvent}
        ends: set[Any] = {self.event_ends.get(cls) for cls in classes}
        return [] if None in ends or ends & classes else [end() for end in ends]

    def _frame(self, event: Structure | UnknownEvent | ServiceError | bytes) -> bytes:
        if isinstance(event, bytes):
            return event
        if isinstance(event, UnknownEvent):
            return encode_message({**event.headers, ":message-type": "event", ":event-type": event.type}, event.payload)
        if isinstance(event, ServiceError):
            code = self.error_types.get(type(event), event.code)
            return self._message("exception", code, self._error_body(event))
        form = self.event_forms.get(type(event))
        if form is None:
            raise InvalidInput(f"{type(event).__name__} is not an event of this service")
        given = {wire: getattr(event, attribute) for wire, attribute in form.headers.items()}
        headers = {wire: value for wire, value in given.items() if value is not None}
        if form.payload is not None:
            return self._message("event", form.type, getattr(event, form.payload), headers)
        if form.headers:
            members = {wire: getattr(event, attribute) for wire, attribute in form.body.items()}
            return self._message("event", form.type, self._encoded(members, type(event)) if members else b"", headers)
        return self._message("event", form.type, event)

    def _message(self, kind: str, name: str, payload: Any, headers: Mapping[str, Any] | None = None) -> bytes:
        """Encode a frame; ``payload`` is bytes, text or a structure."""
        if isinstance(payload, str):
            payload = payload.encode()
        body = payload if isinstance(payload, bytes) else self._encoded(payload)
        return encode_message({":message-type": kind, f":{kind}-type": name, **(headers or {})}, body)


def _no_body(kind: Any, value: Any) -> bytes:
    """Encode nothing: the body is the stream."""
    return b""
