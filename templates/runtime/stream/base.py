"""What all streams share: the output that came first, the connection, and every way to end it."""

from __future__ import annotations

import warnings
from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Iterator
from types import TracebackType
from typing import Any, ClassVar, Generic, NoReturn, Self, TypeVar

from ..call.retry import is_retryable
from ..errors import AWSError, ServiceError, StreamError, TransportError
from ..settings.hooks import StreamWatch
from ..shapes.structures import Output, ResponseMetadata
from ..wire.interfaces import AsyncTransportResponse, TransportResponse

Out = TypeVar("Out", bound=Output)
Stream = TypeVar("Stream", bound="AsyncStream[Any]")


class OpenStream(Generic[Out]):
    """The body of a response, while it is read. Use the streams that a client returns, not this class.

    Attributes:
        output: the output members that came before the stream.
    """

    _operation: ClassVar[str]
    _block: ClassVar[str] = "a `with`"
    _closed = True  # Until the connection is known, there is nothing to close.

    def __init__(
        self, connection: Any, output: Out, *, retry_safe: bool = False, watch: StreamWatch | None = None
    ) -> None:
        self.output = output
        self._connection = connection
        self._retry_safe = retry_safe
        self._watch = watch
        self._received: int = 0
        self._closed = False
        self._ended = False
        self._decoding = False
        self._payload_ended = False

    @property
    def metadata(self) -> ResponseMetadata:
        """The request id, status, headers and number of attempts of the response that opened the stream."""
        return self.output.metadata

    def _check_open(self) -> None:
        if self._closed and not self._ended:
            raise StreamError("the stream is closed: read it inside its `with` block, before close()")

    def _note(self, error: BaseException) -> None:
        """Let an error of ours say which call it belongs to."""
        if isinstance(error, AWSError) and not error.operation:
            error.operation, error.request_id = self._operation, self.metadata.request_id
            error.attempts = self.metadata.attempts
        if isinstance(error, ServiceError) and error.status is None:
            # What can be tried again is told by the status, too: that which the error has outside streams.
            error.status = error.http_status
            error.retryable = is_retryable(error, retry_safe=self._retry_safe)
            error.status = None

    def _explain(self, error: BaseException) -> None:
        """Raise what a failure means for the stream, where that is something else than the error itself."""
        self._note(error)
        if self._closed and isinstance(error, TransportError):
            raise _closed_while_read() from error

    def _check_not_closed_meanwhile(self) -> None:
        """Refuse what a connection gives after another thread or task has closed the stream: an end is not its end."""
        if self._closed:
            raise _closed_while_read()

    def _start_closing(self, error: BaseException | None) -> bool:
        """Mark the stream closed; False when it is already. ``error`` is what ends it."""
        was_open, self._closed = not self._closed, True
        self._forget()
        # A payload that is being decoded can still turn out to be truncated: its reader tells.
        if was_open and (error is not None or not self._ended or not self._decoding):
            self._tell_end(error)
        return was_open

    def _tell_end(self, error: BaseException | None) -> None:
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.ended(self._received, error, complete=self._ended and error is None)

    def _forget(self) -> None:
        """Drop what has come and was not read."""

    def _start_decoding(self) -> None:
        if self._decoding:
            raise StreamError("the payload is being read by an iter_ method already: go on with its iterator")
        self._decoding = True

    def _warn_unclosed(self) -> None:
        text = f"unclosed {self!r}: use it in {self._block} block"
        warnings.warn(text, ResourceWarning, stacklevel=3, source=self)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {'closed' if self._closed else 'open'} {self.output!r}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            f"a {type(self).__name__} cannot be pickled or copied, because its connection cannot: read it in the "
            "process that opened it, and pass on what came, or its output"
        )


def _closed_while_read() -> StreamError:
    return StreamError("the stream was closed while it was being read")


class SyncStream(OpenStream[Out]):
    """A stream that is read with blocking calls. A context manager; leaving the block disconnects."""

    def __init__(self, connection: TransportResponse, output: Out, **context: Any) -> None:
        super().__init__(connection, output, **context)
        self._chunks: Iterator[bytes] = iter(connection)

    @classmethod
    def opened(cls, connection: TransportResponse, output: Out, **context: Any) -> Self:
        """Make the stream of a response whose head has been read; ``context`` is what the call has for its stream."""
        return cls(connection, output, **context)

    def close(self) -> None:
        """End the connection. Closing twice does nothing."""
        self._disconnect(None)

    def _disconnect(self, error: BaseException | None) -> None:
        if self._start_closing(error):
            self._connection.close()

    def _fail(self, error: BaseException) -> None:
        """End the stream because of ``error``. Raises what that means, where it is something else."""
        try:
            self._explain(error)
        except StreamError as meant:
            self._note(meant)
            self._disconnect(meant)
            raise
        self._disconnect(error)

    def __del__(self) -> None:
        if not self._closed:
            try:
                self._warn_unclosed()
            finally:
                self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncStream(OpenStream[Out]):
    """A stream that is read with ``await``. An async context manager; leaving the block disconnects."""

    _block = "an `async with`"

    def __init__(self, connection: AsyncTransportResponse, output: Out, **context: Any) -> None:
        super().__init__(connection, output, **context)
        self._chunks: AsyncIterator[bytes] = aiter(connection)

    @classmethod
    async def opened(cls, connection: AsyncTransportResponse, output: Out, **context: Any) -> Self:
        """Make the stream of a response whose head has been read; ``context`` is what the call has for its stream."""
        return cls(connection, output, **context)

    async def aclose(self) -> None:
        """End the connection. Closing twice does nothing."""
        await self._disconnect(None)

    async def _disconnect(self, error: BaseException | None) -> None:
        if self._start_closing(error):
            await self._connection.aclose()

    async def _fail(self, error: BaseException) -> None:
        """End the stream because of ``error``. Raises what that means, where it is something else."""
        try:
            self._explain(error)
        except StreamError as meant:
            self._note(meant)
            await self._disconnect(meant)
            raise
        await self._disconnect(error)

    def __del__(self) -> None:
        if not self._closed:
            self._warn_unclosed()
            self._start_closing(None)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


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
