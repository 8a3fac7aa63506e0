"""Event streams, sync and async: typed events, or the payload that they carry as bytes, text, lines, JSON or SSE."""

from __future__ import annotations

import warnings
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Generator, Iterator, Mapping
from functools import partial
from types import TracebackType
from typing import Any, ClassVar, Generic, Self, TypeVar

import msgspec

from .codec_rest_json import build_error, error_document
from .errors import InvalidResponse, ServiceError, StreamError, TransportError
from .eventstream import EventStreamDecoder, Message
from .payload import BytesDecoder, Decoder, JSONDecoder, LineDecoder, ServerSentEvent, SSEDecoder, TextDecoder
from .shapes import Output, ResponseMetadata, UnknownEvent
from .transport import AsyncTransportResponse, TransportResponse

Out = TypeVar("Out", bound=Output)
Event = TypeVar("Event")
Item = TypeVar("Item")
Stream = TypeVar("Stream", bound="AsyncEventStream[Any, Any]")


class EventShape(msgspec.Struct, frozen=True, kw_only=True):
    """What a stream carries: a parser for each event type, a class for each modelled error, one for all others."""

    events: Mapping[str, Callable[[Message], Any]]
    errors: Mapping[str, type[ServiceError]]
    service_error: type[ServiceError]

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
            return build_error(self.errors.get(code, self.service_error), error_document(message.payload), code=code)
        code = str(message.headers.get(":error-code", ""))
        return self.service_error(str(message.headers.get(":error-message", "")), code=code)


class _StreamBase(Generic[Out, Event]):
    """What both kinds of stream share: all but the waiting."""

    _operation: ClassVar[str]
    _shape: ClassVar[EventShape]
    _closed = True  # Until the connection is known, there is nothing to close.

    def __init__(self, output: Out) -> None:
        self.output = output
        self._decoder = EventStreamDecoder()
        self._messages: deque[Message] = deque()
        self._ended = False
        self._decoding = False
        self._closed = False
        self._payload_ended = False

    @property
    def metadata(self) -> ResponseMetadata:
        """The request id, status, headers and number of attempts of the response that opened the stream."""
        return self.output.metadata

    def _check_open(self) -> None:
        if self._closed and not self._ended:
            raise StreamError("the stream is closed: read it inside its `with` block, before close()")

    def _check_open_after(self, error: BaseException) -> None:
        if self._closed and isinstance(error, TransportError):
            raise StreamError("the stream was closed while it was being read") from error

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

    def _next_event(self) -> Event:
        try:
            event: Event = self._shape.read(self._messages.popleft())
        except (ServiceError, InvalidResponse) as error:
            error.operation, error.request_id = self._operation, self.metadata.request_id
            if isinstance(error, ServiceError):
                error.attempts = self.metadata.attempts
            raise
        return event

    def _start_closing(self) -> bool:
        """Mark the stream closed; False when it is already."""
        was_open, self._closed = not self._closed, True
        self._messages.clear()
        return was_open

    def _start_decoding(self) -> None:
        if self._decoding:
            raise StreamError("the payload is being read by an iter_ method already: go on with its iterator")
        self._decoding = True

    def _warn_unclosed(self) -> None:
        warnings.warn(f"unclosed {self!r}: use it in a `with` block", ResourceWarning, stacklevel=3, source=self)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {'closed' if self._closed else 'open'} {self.output!r}>"


class EventStream(_StreamBase[Out, Event]):
    """Events as they arrive. A context manager and an iterator; reaching the end or leaving the block disconnects.

    Iterating raises the errors that the service sends in the stream as their classes, :class:`ChecksumMismatch` and
    :class:`TruncatedStream` for damaged data, and :class:`TransportError` when the connection breaks. Events that came
    before the damage are delivered first. Any error ends the stream.

    It is for one thread at a time.
    """

    def __init__(self, connection: TransportResponse, output: Out) -> None:
        super().__init__(output)
        self._connection = connection
        self._chunks = iter(connection)

    def __iter__(self) -> Iterator[Event]:
        return self

    def __next__(self) -> Event:
        try:
            while not self._messages:
                if not self._may_read():
                    raise StopIteration
                self._feed(next(self._chunks, None))
            return self._next_event()
        except BaseException as error:
            self._check_open_after(error)
            self.close()
            raise

    def close(self) -> None:
        """End the connection. Closing twice does nothing."""
        if self._start_closing():
            self._connection.close()

    def __del__(self) -> None:
        if not self._closed:
            self.close()
            self._warn_unclosed()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class PayloadStream(EventStream[Out, Event]):
    """An event stream whose events carry pieces of one payload, which can be read as such.

    One ``iter_`` method may be used, once; it reads on from where iteration has come to.
    """

    _payload: Callable[[Event], bytes]

    def _decode(self, decoder: Decoder[Item]) -> Iterator[Item]:
        self._start_decoding()
        return _Items(partial(self._next_item, decoder, deque()))

    def _next_item(self, decoder: Decoder[Item], ready: deque[Item]) -> Item:
        try:
            self._check_open()
            while not ready:
                if self._payload_ended:
                    raise StopIteration
                event = next(self, None)
                self._payload_ended = event is None
                ready.extend(decoder.close() if event is None else decoder.feed(self._payload(event)))
            return ready.popleft()
        except BaseException:
            self.close()
            raise

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
        self._chunks = aiter(connection)

    def __aiter__(self) -> AsyncIterator[Event]:
        return self

    async def __anext__(self) -> Event:
        try:
            while not self._messages:
                if not self._may_read():
                    raise StopAsyncIteration
                self._feed(await anext(self._chunks, None))
            return self._next_event()
        except BaseException as error:
            self._check_open_after(error)
            await self.aclose()
            raise

    async def aclose(self) -> None:
        """End the connection. Closing twice does nothing."""
        if self._start_closing():
            await self._connection.aclose()

    def __del__(self) -> None:
        if not self._closed:
            self._warn_unclosed()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


class AsyncPayloadStream(AsyncEventStream[Out, Event]):
    """An async event stream whose events carry pieces of one payload; otherwise as :class:`PayloadStream`."""

    _payload: Callable[[Event], bytes]

    def _decode(self, decoder: Decoder[Item]) -> AsyncIterator[Item]:
        self._start_decoding()
        return _AsyncItems(partial(self._next_item, decoder, deque()))

    async def _next_item(self, decoder: Decoder[Item], ready: deque[Item]) -> Item:
        try:
            self._check_open()
            while not ready:
                if self._payload_ended:
                    raise StopAsyncIteration
                event = await anext(self, None)
                self._payload_ended = event is None
                ready.extend(decoder.close() if event is None else decoder.feed(self._payload(event)))
            return ready.popleft()
        except BaseException:
            await self.aclose()
            raise

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


class _Items(Iterator[Item]):
    def __init__(self, advance: Callable[[], Item]) -> None:
        self._advance = advance

    def __next__(self) -> Item:
        return self._advance()


class _AsyncItems(AsyncIterator[Item]):
    """Not an async generator: event loops complain of those that are left early."""

    def __init__(self, advance: Callable[[], Awaitable[Item]]) -> None:
        self._advance = advance

    def __anext__(self) -> Awaitable[Item]:
        return self._advance()


class AsyncStreamCall(Generic[Stream]):
    """A streaming call that has not been sent yet: ``await`` it, or enter it with ``async with``, once."""

    def __init__(self, start: Callable[[], Coroutine[Any, Any, Stream]]) -> None:
        self._start: Callable[[], Coroutine[Any, Any, Stream]] | None = start
        self._stream: Stream | None = None

    def _begin(self) -> Coroutine[Any, Any, Stream]:
        start, self._start = self._start, None
        if start is None:
            raise RuntimeError("this call has been made already: call the client's method again")
        return start()

    def __await__(self) -> Generator[Any, Any, Stream]:
        return self._begin().__await__()

    async def __aenter__(self) -> Stream:
        self._stream = await self._begin()
        return self._stream

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stream is not None:
            await self._stream.aclose()
