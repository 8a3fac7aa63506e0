"""Event streams, sync and async: typed events, or the payload that they carry."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, ClassVar, Generic, Self, TypeVar

from ..errors import ProtocolError, StreamError, TransportError, TruncatedStream
from ..shapes.structures import Output
from ..wire.interfaces import AsyncTransportResponse, TransportResponse
from .base import AsyncStream, OpenStream, SyncStream
from .event_shape import EventShape, LastEvent, Opening
from .eventstream import FrameDecoder
from .reader import AsyncPayloadReader, PayloadReader

Out = TypeVar("Out", bound=Output)
Event = TypeVar("Event")


class _Events(OpenStream[Out], Generic[Out, Event]):
    """What both kinds of event stream share: all but the waiting."""

    _shape: ClassVar[EventShape]
    _initial: Callable[[bytes], Any] | None = None
    """Reads the output from the payload of the frame that opens the stream, where it has members there."""

    def __init__(self, connection: Any, output: Out, **context: Any) -> None:
        super().__init__(connection, output, **context)
        self._decoder: FrameDecoder[Any] = FrameDecoder(self._shape.reader)
        self._ready: Iterator[Event] = iter(())
        self._opening: Opening | None = None
        self._had_last = False

    def _may_read(self) -> bool:
        """Whether there may be more to read. Raises what is wrong with the stream so far."""
        self._check_open()
        if self._ended:
            return False
        if self._decoder.error is not None and not self._had_last:
            raise self._decoder.error
        return True

    def _read(self, chunk: bytes | None) -> list[Event]:
        """Take what came next, and return the events that are complete; None is the end."""
        self._check_not_closed_meanwhile()
        if self._had_last:
            # Nothing belongs to the stream any more. It was read on for the connection's sake, which is used again
            # where its end has come.
            self._ended = True
            return []
        if chunk is None:
            self._decoder.close()
            if self._shape.last is not None:
                raise TruncatedStream(f"the stream ended without the event {self._shape.last.type}")
            self._ended = True
            return []
        self._received += len(chunk)
        events = self._decoder.feed(chunk)
        if isinstance(last := self._decoder.error, LastEvent):
            self._had_last = True
            events.append(last.event)
        if self._shape.initial:
            events = [event for event in events if not self._is_opening(event)]
        if events and self._watch is not None:
            self._watch.arrived(len(events))
        return events

    def _is_opening(self, event: Any) -> bool:
        if not isinstance(event, Opening):
            return False
        self._opening = self._opening or event
        return True

    def _is_over(self, error: BaseException) -> bool:
        """Whether a connection broke that had nothing more to bring."""
        if not self._had_last or self._closed or not isinstance(error, TransportError):
            return False
        self._ended = True
        return True

    def _explain(self, error: BaseException) -> None:
        """Say what a failure means for the stream: a connection that breaks inside a frame has cut it off."""
        super()._explain(error)
        if isinstance(error, ProtocolError) and self._decoder.error is None:
            try:
                self._decoder.close()
            except TruncatedStream as cut:
                raise cut from error

    def _awaits_opening(self) -> bool:
        """Whether the frame that opens the stream is still to come. An error in its place is raised when it is read."""
        error = self._decoder.error
        return self._opening is None and (error is None or isinstance(error, StreamError)) and self._may_read()

    def _take_opening(self) -> None:
        """Complete the output from the frame that opens the stream."""
        if self._opening is not None and self._initial is not None:
            output: Out = self._initial(self._opening.payload)
            self.output = output.with_metadata(self.metadata)

    def _forget(self) -> None:
        self._ready = iter(())
        self._decoder.forget()


class EventStream(_Events[Out, Event], SyncStream[Out]):
    """Events as they arrive. A context manager and an iterator; reaching the end or leaving the block disconnects.

    Iterating raises the errors that the service sends in the stream as their classes, :class:`ChecksumMismatch` and
    :class:`TruncatedStream` for damaged data, a connection that breaks inside a frame and a stream that ends without
    its last event, where it has one, and :class:`TransportError` where the connection breaks between two frames of a
    response that says that there is more. Events that came before the damage are delivered first. Any error ends the
    stream.

    It is for one thread at a time.
    """

    @classmethod
    def opened(cls, connection: TransportResponse, output: Out, **context: Any) -> Self:
        """Make the stream of a response whose head has been read; wait for the output members that come in a frame."""
        stream = cls(connection, output, **context)
        if cls._initial is None:
            return stream
        try:
            events: list[Event] = []
            while not events and stream._awaits_opening():
                events = stream._read(next(stream._chunks, None))
            stream._ready = iter(events)
            stream._take_opening()
        except BaseException as error:
            stream._fail(error)
            raise
        return stream

    def __iter__(self) -> Iterator[Event]:
        return self

    def __next__(self) -> Event:
        for event in self._ready:
            return event
        return self._read_on()

    def _read_on(self) -> Event:
        """Wait for more events, and return the first of them."""
        try:
            while self._may_read():
                for event in (ready := iter(self._read(next(self._chunks, None)))):
                    self._ready = ready
                    return event
        except BaseException as error:
            if not self._is_over(error):
                self._fail(error)
                raise
        self.close()
        raise StopIteration


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
    async def opened(cls, connection: AsyncTransportResponse, output: Out, **context: Any) -> Self:
        """Make the stream of a response whose head has been read; wait for the output members that come in a frame."""
        stream = cls(connection, output, **context)
        if cls._initial is None:
            return stream
        try:
            events: list[Event] = []
            while not events and stream._awaits_opening():
                events = stream._read(await anext(stream._chunks, None))
            stream._ready = iter(events)
            stream._take_opening()
        except BaseException as error:
            await stream._fail(error)
            raise
        return stream

    def __aiter__(self) -> AsyncIterator[Event]:
        return self

    async def __anext__(self) -> Event:
        for event in self._ready:
            return event
        return await self._read_on()

    async def _read_on(self) -> Event:
        """Wait for more events, and return the first of them."""
        try:
            while self._may_read():
                for event in (ready := iter(self._read(await anext(self._chunks, None)))):
                    self._ready = ready
                    return event
        except BaseException as error:
            if not self._is_over(error):
                await self._fail(error)
                raise
        await self.aclose()
        raise StopAsyncIteration


class AsyncPayloadStream(AsyncEventStream[Out, Event], AsyncPayloadReader[Out]):
    """An async event stream whose events carry pieces of one payload; otherwise as :class:`PayloadStream`."""

    _payload: Callable[[Event], bytes]

    async def _next_piece(self) -> bytes | None:
        event = await anext(self, None)
        return None if event is None else self._payload(event)
