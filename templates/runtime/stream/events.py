"""Event streams, sync and async: typed events, or the payload that they carry."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any, ClassVar, Generic, Self, TypeVar

import msgspec

from ..errors import ProtocolError, ServiceError, StreamError
from ..shapes.structures import Output, UnknownEvent
from ..wire.transport import AsyncTransportResponse, TransportResponse
from .base import AsyncStream, OpenStream, SyncStream
from .eventstream import EventStreamDecoder, Message
from .reader import AsyncPayloadReader, PayloadReader

Out = TypeVar("Out", bound=Output)
Event = TypeVar("Event")

_INITIAL = "initial-response"


class EventShape(msgspec.Struct, frozen=True, kw_only=True):
    """What a stream carries: a parser for each event type, a class for each modelled error, one for all others.

    ``read_error`` builds an error of a class from a frame's payload, in the protocol's own format. With ``initial``
    the protocol opens its streams with a frame that holds the other output members; it is no event.
    """

    events: Mapping[str, Callable[[Message], Any]]
    errors: Mapping[str, type[ServiceError]]
    service_error: type[ServiceError]
    read_error: Callable[[bytes, type[ServiceError], str], ServiceError]
    initial: bool = False

    def is_initial(self, message: Message) -> bool:
        """Whether ``message`` is the frame that opens the stream."""
        return self.initial and message.headers.get(":event-type") == _INITIAL

    def read(self, message: Message) -> Any:
        """Return the event in ``message``, or raise the error in it."""
        headers = message.headers
        kind = headers.get(":message-type")
        if kind in ("exception", "error"):
            raise self._error(message, is_modelled=kind == "exception")
        event_type = str(headers.get(":event-type", ""))
        parse = self.events.get(event_type)
        if parse is not None:
            return parse(message)
        return UnknownEvent(type=event_type, headers=dict(headers), payload=message.payload)

    def _error(self, message: Message, *, is_modelled: bool) -> ServiceError:
        if is_modelled:
            code = str(message.headers.get(":exception-type", ""))
            error = self.read_error(message.payload, self.errors.get(code, self.service_error), code)
        else:
            code = str(message.headers.get(":error-code", ""))
            error = self.service_error(str(message.headers.get(":error-message", "")), code=code)
        error.body = message.payload
        return error


class _Events(OpenStream[Out], Generic[Out, Event]):
    """What both kinds of event stream share: all but the waiting."""

    _shape: ClassVar[EventShape]
    _initial: Callable[[Message], Any] | None = None
    """Reads the output from the frame that opens the stream, where it has members there."""

    def __init__(self, connection: Any, output: Out) -> None:
        super().__init__(connection, output)
        self._decoder = EventStreamDecoder()
        self._messages: deque[Message] = deque()

    def _may_read(self) -> bool:
        """Whether there may be more to read. Raises what is wrong with the stream so far."""
        self._check_open()
        if self._decoder.error is not None:
            raise self._decoder.error
        return not self._ended

    def _feed(self, chunk: bytes | None) -> None:
        """Take what came next; None is the end."""
        if chunk is None:
            self._decoder.close()
            self._ended = True
        else:
            self._messages.extend(self._decoder.feed(chunk))

    def _check_cut(self, error: BaseException) -> None:
        """Say what a failure means for the stream: a connection that breaks inside a frame has cut it off."""
        self._tell(error)
        self._check_open_after(error)
        if isinstance(error, ProtocolError):
            try:
                self._decoder.close()
            except StreamError as cut:
                self._tell(cut)
                raise cut from error

    def _next_message(self) -> Message | None:
        """Return the next frame that is an event or error; None where more must be read first."""
        while self._messages:
            message = self._messages.popleft()
            if not self._shape.is_initial(message):
                return message
        return None

    def _read(self, message: Message) -> Event:
        event: Event = self._shape.read(message)
        return event

    def _take_initial(self) -> None:
        """Complete the output from the first frame, if that is the one that opens the stream."""
        initial = type(self)._initial
        if initial is not None and self._messages and self._shape.is_initial(self._messages[0]):
            output: Out = initial(self._messages.popleft())
            self.output = output.with_metadata(self.metadata)

    def _forget(self) -> None:
        self._messages.clear()


class EventStream(_Events[Out, Event], SyncStream[Out]):
    """Events as they arrive. A context manager and an iterator; reaching the end or leaving the block disconnects.

    Iterating raises the errors that the service sends in the stream as their classes, :class:`ChecksumMismatch` and
    :class:`TruncatedStream` for damaged data and a connection that breaks inside a frame, and :class:`TransportError`
    where it breaks between two frames of a response that says that there is more. Events that came before the damage
    are delivered first. Any error ends the stream.

    It is for one thread at a time.
    """

    @classmethod
    def opened(cls, connection: TransportResponse, output: Out) -> Self:
        """Make the stream of a response whose head has been read; wait for the output members that come in a frame."""
        stream = cls(connection, output)
        if cls._initial is None:
            return stream
        try:
            while not stream._messages and stream._may_read():
                stream._feed(next(stream._chunks, None))
            stream._take_initial()
        except BaseException as error:
            try:
                stream._check_cut(error)
            finally:
                stream.close()
            raise
        return stream

    def __iter__(self) -> Iterator[Event]:
        return self

    def __next__(self) -> Event:
        try:
            while (message := self._next_message()) is None:
                if not self._may_read():
                    raise StopIteration
                self._feed(next(self._chunks, None))
            return self._read(message)
        except BaseException as error:
            try:
                self._check_cut(error)
            finally:
                self.close()
            raise


class PayloadStream(EventStream[Out, Event], PayloadReader[Out]):
    """An event stream whose events carry pieces of one payload, which can be read as such.

    One ``iter_`` method may be used, once; it reads on from where iteration has come to.
    """

    _payload: Callable[[Event], bytes]

    def _next_piece(self) -> bytes | None:
        event = next(self, None)
        return None if event is None else self._payload(event)


class AsyncEventStream(_Events[Out, Event], AsyncStream[Out]):
    """Events as they arrive. An async context manager and an async iterator; otherwise as :class:`EventStream`."""

    @classmethod
    async def opened(cls, connection: AsyncTransportResponse, output: Out) -> Self:
        """Make the stream of a response whose head has been read; wait for the output members that come in a frame."""
        stream = cls(connection, output)
        if cls._initial is None:
            return stream
        try:
            while not stream._messages and stream._may_read():
                stream._feed(await anext(stream._chunks, None))
            stream._take_initial()
        except BaseException as error:
            try:
                stream._check_cut(error)
            finally:
                await stream.aclose()
            raise
        return stream

    def __aiter__(self) -> AsyncIterator[Event]:
        return self

    async def __anext__(self) -> Event:
        try:
            while (message := self._next_message()) is None:
                if not self._may_read():
                    raise StopAsyncIteration
                self._feed(await anext(self._chunks, None))
            return self._read(message)
        except BaseException as error:
            try:
                self._check_cut(error)
            finally:
                await self.aclose()
            raise


class AsyncPayloadStream(AsyncEventStream[Out, Event], AsyncPayloadReader[Out]):
    """An async event stream whose events carry pieces of one payload; otherwise as :class:`PayloadStream`."""

    _payload: Callable[[Event], bytes]

    async def _next_piece(self) -> bytes | None:
        event = await anext(self, None)
        return None if event is None else self._payload(event)
