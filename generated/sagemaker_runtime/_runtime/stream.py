"""Event streams, sync and async: typed events, or the payload that they carry as bytes, text, lines, JSON or SSE."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Generator, Iterator, Mapping
from dataclasses import dataclass
from types import AsyncGeneratorType, TracebackType
from typing import Any, ClassVar, Generic, Self, TypeVar

from .codec_rest_json import build_error, error_document
from .errors import ServiceError, StreamError
from .eventstream import EventStreamDecoder, Message
from .payload import BytesDecoder, Decoder, JSONDecoder, LineDecoder, ServerSentEvent, SSEDecoder, TextDecoder
from .shapes import Output, ResponseMetadata, UnknownEvent
from .transport import AsyncTransportResponse, TransportResponse

Out = TypeVar("Out", bound=Output)
Event = TypeVar("Event")
Item = TypeVar("Item")
Stream = TypeVar("Stream", bound="AsyncEventStream[Any, Any]")


@dataclass(frozen=True, slots=True, kw_only=True)
class EventShape:
    """What a stream carries: a parser for each event type, a class for each modelled error, one for all others."""

    events: Mapping[str, Callable[[Message], Any]]
    errors: Mapping[str, type[ServiceError]]
    service_error: type[ServiceError]

    def read(self, message: Message) -> Any:
        """Return the event in ``message``, or raise the error in it."""
        headers = message.headers
        kind = headers.get(":message-type", "event")
        if kind == "event":
            event_type = str(headers.get(":event-type", ""))
            parse = self.events.get(event_type)
            if parse is not None:
                return parse(message)
            return UnknownEvent(type=event_type, headers=dict(headers), payload=message.payload)
        raise self._error(message, str(kind))

    def _error(self, message: Message, kind: str) -> ServiceError:
        if kind == "exception":
            code = str(message.headers.get(":exception-type", ""))
            return build_error(self.errors.get(code, self.service_error), error_document(message.payload), code=code)
        code = str(message.headers.get(":error-code", ""))
        return self.service_error(str(message.headers.get(":error-message", "")), code=code)


class _StreamBase(Generic[Out, Event]):
    """What both kinds of stream share: the shape, the output that came first, and which events carry payload."""

    _operation: ClassVar[str]
    _shape: ClassVar[EventShape]

    def __init__(self, output: Out) -> None:
        self.output = output
        self._closed = False

    @property
    def metadata(self) -> ResponseMetadata:
        """The request id, status, headers and number of attempts of the response that opened the stream."""
        return self.output.metadata

    def _complete(self, error: ServiceError) -> None:
        """Add what only the call knows to an error that came in the stream."""
        error.operation = self._operation
        error.request_id = self.metadata.request_id
        error.attempts = self.metadata.attempts

    def _check_open(self) -> None:
        if self._closed:
            raise StreamError("the stream is closed: read it inside its `with` block, before close()")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {'closed' if self._closed else 'open'} {self.output!r}>"


class EventStream(_StreamBase[Out, Event]):
    """Events as they arrive. A context manager and an iterator; reaching the end or leaving the block disconnects.

    Iterating raises the errors that the service sends in the stream as their classes, :class:`ChecksumMismatch` and
    :class:`TruncatedStream` for damaged data, and :class:`TransportError` when the connection breaks. Events that came
    before the damage are delivered first.
    """

    def __init__(self, connection: TransportResponse, output: Out) -> None:
        super().__init__(output)
        self._connection = connection
        self._events = self._read()

    def __iter__(self) -> Iterator[Event]:
        return self

    def __next__(self) -> Event:
        return next(self._events)

    def _read(self) -> Iterator[Event]:
        self._check_open()
        decoder = EventStreamDecoder()
        read = self._shape.read
        try:
            for chunk in self._connection:
                for message in decoder.feed(chunk):
                    yield read(message)
                    self._check_open()
            decoder.close()
        except ServiceError as error:
            self._complete(error)
            raise
        finally:
            self.close()

    def close(self) -> None:
        """End the connection. Closing twice does nothing."""
        if not self._closed:
            self._closed = True
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class PayloadStream(EventStream[Out, Event]):
    """An event stream whose events carry pieces of one payload, which can be read as such.

    Each ``iter_`` method reads to the end and closes the stream, also when it is left early.
    """

    _payload: Callable[[Event], bytes]

    def _decode(self, decoder: Decoder[Item]) -> Iterator[Item]:
        payload = self._payload
        try:
            for event in self._events:
                yield from decoder.feed(payload(event))
            yield from decoder.close()
        finally:
            self.close()

    def iter_bytes(self) -> Iterator[bytes]:
        """Yield the payload of each part as it arrives."""
        return self._decode(BytesDecoder())

    def iter_text(self) -> Iterator[str]:
        """Yield the payload as text (UTF-8); a character that is split over parts is yielded whole."""
        return self._decode(TextDecoder())

    def iter_lines(self) -> Iterator[str]:
        """Yield the payload's lines without their LF or CRLF, wherever the parts are cut."""
        return self._decode(LineDecoder())

    def iter_json(self) -> Iterator[Any]:
        """Yield the payload's JSON values: JSON Lines, or values one after another."""
        return self._decode(JSONDecoder())

    def iter_sse(self) -> Iterator[ServerSentEvent]:
        """Yield the payload's server-sent events (HTML standard, section 9.2)."""
        return self._decode(SSEDecoder())


class AsyncEventStream(_StreamBase[Out, Event]):
    """Events as they arrive. An async context manager and an async iterator; otherwise as :class:`EventStream`."""

    def __init__(self, connection: AsyncTransportResponse, output: Out) -> None:
        super().__init__(output)
        self._connection = connection
        self._events = self._read()

    def __aiter__(self) -> AsyncIterator[Event]:
        return self

    async def __anext__(self) -> Event:
        return await anext(self._events)

    async def _read(self) -> AsyncGenerator[Event]:
        self._check_open()
        decoder = EventStreamDecoder()
        read = self._shape.read
        try:
            async for chunk in self._connection:
                for message in decoder.feed(chunk):
                    yield read(message)
                    self._check_open()
            decoder.close()
        except ServiceError as error:
            self._complete(error)
            raise
        finally:
            await self._disconnect()

    async def _disconnect(self) -> None:
        if not self._closed:
            self._closed = True
            await self._connection.aclose()

    async def aclose(self) -> None:
        """End the connection. Closing twice does nothing."""
        await self._disconnect()
        await _finish(self._events)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


class AsyncPayloadStream(AsyncEventStream[Out, Event]):
    """An async event stream whose events carry pieces of one payload; otherwise as :class:`PayloadStream`."""

    _payload: Callable[[Event], bytes]
    _items: AsyncGenerator[Any] | None = None

    def _decode(self, decoder: Decoder[Item]) -> AsyncIterator[Item]:
        self._items = items = self._decode_items(decoder)
        return items

    async def _decode_items(self, decoder: Decoder[Item]) -> AsyncGenerator[Item]:
        payload = self._payload
        try:
            async for event in self._events:
                for item in decoder.feed(payload(event)):
                    yield item
            for item in decoder.close():
                yield item
        finally:
            await self._disconnect()

    async def aclose(self) -> None:
        """End the connection. Closing twice does nothing."""
        await super().aclose()
        if self._items is not None:
            await _finish(self._items)

    def iter_bytes(self) -> AsyncIterator[bytes]:
        """Yield the payload of each part as it arrives."""
        return self._decode(BytesDecoder())

    def iter_text(self) -> AsyncIterator[str]:
        """Yield the payload as text (UTF-8); a character that is split over parts is yielded whole."""
        return self._decode(TextDecoder())

    def iter_lines(self) -> AsyncIterator[str]:
        """Yield the payload's lines without their LF or CRLF, wherever the parts are cut."""
        return self._decode(LineDecoder())

    def iter_json(self) -> AsyncIterator[Any]:
        """Yield the payload's JSON values: JSON Lines, or values one after another."""
        return self._decode(JSONDecoder())

    def iter_sse(self) -> AsyncIterator[ServerSentEvent]:
        """Yield the payload's server-sent events (HTML standard, section 9.2)."""
        return self._decode(SSEDecoder())


async def _finish(generator: AsyncGenerator[Any]) -> None:
    """Close a suspended generator now, so that no event loop finds it later; one that another task runs is left."""
    if not (isinstance(generator, AsyncGeneratorType) and generator.ag_running):
        await generator.aclose()


class AsyncStreamCall(Generic[Stream]):
    """A streaming call that has not been sent yet: ``await`` it, or enter it with ``async with``."""

    def __init__(self, start: Callable[[], Coroutine[Any, Any, Stream]]) -> None:
        self._start = start
        self._stream: Stream | None = None

    def __await__(self) -> Generator[Any, Any, Stream]:
        return self._start().__await__()

    async def __aenter__(self) -> Stream:
        self._stream = await self._start()
        return self._stream

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stream is not None:
            await self._stream.aclose()
