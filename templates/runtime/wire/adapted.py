"""What the adapters of other HTTP libraries share: their responses, and our errors for theirs."""

from __future__ import annotations

import os
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from types import AsyncGeneratorType
from typing import Any, cast

from ..errors import InvalidInput, TransportError
from ..message.http import Headers, HTTPRequest, Timeout
from .failures import Failures, Phase, TimedOut, forget_locals, origin, reason
from .forks import inherited
from .loops import LoopCloser

# httpx2 names these errors as httpcore2 does. They are raised before a request is written.
_NOT_SENT = frozenset({"ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError", "UnsupportedProtocol"})


def raw_headers(request: HTTPRequest) -> list[tuple[bytes, bytes]]:
    """The request's headers as the bytes to send."""
    return [(name.encode("ascii"), value.encode("ascii")) for name, value in request.headers]


def timeout_extension(timeout: Timeout) -> dict[str, float | None]:
    """The time limits as httpcore2 and httpx2 take them."""
    return {"connect": timeout.connect, "read": timeout.read, "write": timeout.write, "pool": timeout.pool}


def decode_headers(pairs: Iterable[tuple[bytes, bytes]]) -> Headers:
    """Response headers as text: Latin-1, in which every byte is a character (RFC 9110, section 5.5)."""
    return Headers((name.decode("latin-1"), value.decode("latin-1")) for name, value in pairs)


class Attempt(Failures):
    """One request on its way: how far it got, and our error for what stopped it.

    ``trace`` and ``atrace`` are httpcore2 trace callbacks. They tell a proxy's CONNECT from the request
    itself; the library's errors do not. They also end a connection when its response is over: h11 takes what follows
    a response for the beginning of the next one, and there is no way to ask whether anything did.
    """

    __slots__ = ("_body", "_sent", "stream")

    def __init__(self, request: HTTPRequest, timeout: Timeout) -> None:
        super().__init__(origin(request.scheme, request.host, request.port), timeout)
        self._body = request.body
        self._sent: bool | None = None
        self.stream: Any = None

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Note an event of a sync request."""
        if event.endswith("send_request_headers.started"):
            request = info["request"]
            self._sent = request.method != b"CONNECT"
        elif event == "http11.response_closed.started":
            self._end_connection()
        elif event.endswith("send_request_headers.failed") and isinstance(info["exception"].__cause__, OSError):
            # The connection was gone: a head that did not leave whole is no request.
            self._sent = False
        elif self._sent is None:
            self._sent = False

    def _end_connection(self) -> None:
        # Not closed, which would keep the library from noticing: to it, the server has gone.
        sock: Any = None if self.stream is None else self.stream.get_extra_info("socket")
        if sock is not None:
            # An SSLSocket's own would only forget the TLS.
            kind = cast("Any", socket.socket if isinstance(sock, socket.socket) else type(sock))
            with suppress(OSError):
                kind.shutdown(sock, socket.SHUT_RDWR)

    async def atrace(self, event: str, info: Mapping[str, Any]) -> None:
        """Note an event of an async request."""
        self.trace(event, info)

    def error(self, cause: Exception) -> TransportError:
        """Return our error for an httpcore2 or httpx2 error that ended this request.

        What reading the request's body raised is raised as it is: it is the caller's own.
        """
        if not isinstance(self._body, bytes) and self._body.failure is not None:
            raise self._body.failure
        forget_locals(cause)
        kinds = {base.__name__ for base in type(cause).__mro__}
        timed_out = "TimeoutException" in kinds
        if "PoolTimeout" in kinds:
            return self.pool_timeout()
        if self._sent is False or not kinds.isdisjoint(_NOT_SENT):
            return self.connect_timeout() if timed_out else self.connect_error(cause, proxy="ProxyError" in kinds)
        if timed_out:
            phase: Phase = "write" if "WriteTimeout" in kinds else "read"
            return self.broken_off(TimedOut(phase), sent=phase == "read")
        return self.broken(reason(cause))


class StreamedResponse:
    """A response whose head has been read; its body is read here, chunk by chunk as it arrives.

    It must be read to its end or closed, or its connection stays taken.
    """

    def __init__(
        self,
        status: int,
        headers: Headers,
        chunks: Iterator[bytes],
        close: Callable[[], None],
        error: Callable[[Exception], TransportError],
    ) -> None:
        self.status = status
        self.headers = headers
        self._chunks = chunks
        self._close = close
        self._error = error
        self._pid = os.getpid()
        self._closed = self._ended = False

    def read(self) -> bytes:
        """Read the rest of the body and close. Raises :class:`TransportError` when it does not come whole."""
        return b"".join(self)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._closed:
            raise _after_close(self._ended)
        _check_process(self._pid)
        try:
            chunk = next(self._chunks)
            while not chunk:
                chunk = next(self._chunks)
        except StopIteration:
            self._ended = True
            self.close()
            raise
        except Exception as error:
            self.close()
            raise self._error(error) from error
        except BaseException:
            self.close()
            raise
        return chunk

    def close(self) -> None:
        """Give the connection back after a whole body, else close it. May be called again, and from any thread."""
        if not self._closed:
            self._closed = True
            if _is_own(self._pid, self._chunks, self._close):
                self._close()


class AsyncStreamedResponse:
    """The async twin of :class:`StreamedResponse`."""

    _closed = True  # Until its parts are known, there is nothing to close.

    def __init__(
        self,
        status: int,
        headers: Headers,
        chunks: AsyncIterator[bytes],
        close: Callable[[], Awaitable[None]],
        error: Callable[[Exception], TransportError],
    ) -> None:
        self.status = status
        self.headers = headers
        self._chunks = chunks
        self._close = close
        self._error = error
        self._pid = os.getpid()
        self._closer = LoopCloser()
        self._closed = self._ended = False

    async def read(self) -> bytes:
        """Read the rest of the body and close. Raises :class:`TransportError` when it does not come whole."""
        return b"".join([chunk async for chunk in self])

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if self._closed:
            raise _after_close(self._ended, StopAsyncIteration)
        _check_process(self._pid)
        try:
            chunk = await anext(self._chunks)
            while not chunk:
                chunk = await anext(self._chunks)
        except StopAsyncIteration:
            self._ended = True
            await self.aclose()
            raise
        except Exception as error:
            await self.aclose()
            raise self._error(error) from error
        except BaseException:
            await self.aclose()
            raise
        return chunk

    async def aclose(self) -> None:
        """Give the connection back after a whole body, else close it. May be called again."""
        if not self._closed:
            self._closed = True
            if _is_own(self._pid, self._chunks, self._close):
                await self._close()

    def __del__(self) -> None:
        # One that was dropped would keep its place in the pool for good.
        if not self._closed:
            self._closer.close(self._close)


def _check_process(pid: int) -> None:
    if pid != os.getpid():
        raise InvalidInput("the response belongs to the process that this one was forked from: make the call here")


def _is_own(pid: int, *parts: object) -> bool:
    """Whether this process opened a response. If not, its parts are kept, for the parent reads it or will."""
    if pid == os.getpid():
        return True
    inherited.append(parts)
    return False


def _after_close(ended: bool, end: type[Exception] = StopIteration) -> Exception:
    if ended:
        return end()
    return InvalidInput("the response was closed before its end: read it before closing the stream")


async def finish(generator: AsyncGenerator[bytes]) -> None:
    """Close a generator, unless another task is reading from it: that read fails when the connection is closed."""
    if not (isinstance(generator, AsyncGeneratorType) and generator.ag_running):
        await generator.aclose()
