"""The sockets under httpcore2's connections, which end when they are told to, whoever waits for them.

httpcore2's own go on waiting when another thread closes them, stay open when a TLS handshake is interrupted, and
limit each read and write but not all of them together.
"""

from __future__ import annotations

import select
import socket
import ssl
from collections.abc import Iterable
from contextlib import suppress
from importlib import import_module
from time import monotonic
from typing import Any, cast

import httpcore2

from ..message.http import Timeout
from .base import timeout_extension

# Connecting imports it, which must not be under way when another thread forks.
import_module("encodings.idna")

_PIECE = 256 * 1024
"""How many bytes are written before the time is looked at again."""

_CLOSED = "the client was closed"


class _Limit(float):
    """A time limit in seconds that does not reach beyond ``end``, a time of :func:`time.monotonic`."""

    end: float


def limits(timeout: Timeout) -> dict[str, float | None]:
    """Return time limits for httpcore2; with ``timeout.total``, this attempt's end in each of them."""
    found = timeout_extension(timeout)
    if timeout.total is None:
        return found
    end = monotonic() + timeout.total
    limited: dict[str, float | None] = {}
    for name, seconds in found.items():
        limit = limited[name] = _Limit(timeout.total if seconds is None else seconds)
        limit.end = end
    return limited


def _left(timeout: float | None, over: type[Exception]) -> float | None:
    """Return the seconds that one wait may take. Raises ``over`` when there are none left."""
    if not isinstance(timeout, _Limit):
        return timeout
    left = timeout.end - monotonic()
    if left <= 0:
        raise over("the time for all is over")
    return min(timeout, left)


class Backend(httpcore2.NetworkBackend):
    """Opens the sockets of one pool, and closes them; none is opened once it is ``closed``."""

    def __init__(self) -> None:
        self._inner = httpcore2.SyncBackend()
        self._open: set[_Stream] = set()
        self.closed = False

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """Connect. Raises :class:`httpcore2.ConnectError` also where it is closed."""
        limit = _left(timeout, httpcore2.ConnectTimeout)
        stream = _Stream(self._inner.connect_tcp(host, port, limit, local_address, socket_options), self._open)
        if self.closed:
            stream.close()
            raise httpcore2.ConnectError(_CLOSED)
        return stream

    def close(self) -> None:
        """Close every socket, whatever other threads do with it."""
        self.closed = True
        for stream in list(self._open):
            stream.close()


class _Stream(httpcore2.NetworkStream):
    def __init__(self, inner: httpcore2.NetworkStream, siblings: set[_Stream]) -> None:
        self._inner = inner
        self._siblings = siblings
        self.socket: socket.socket = inner.get_extra_info("socket")
        siblings.add(self)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(timeout, httpcore2.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        rest = memoryview(buffer)
        while rest:
            self._inner.write(cast("bytes", rest[:_PIECE]), _left(timeout, httpcore2.WriteTimeout))
            rest = rest[_PIECE:]

    def close(self) -> None:
        self._siblings.discard(self)
        # Closing alone would leave another thread waiting in its read. (SSLSocket's own would end only the TLS.)
        with suppress(OSError):
            socket.socket.shutdown(self.socket, socket.SHUT_RDWR)
        self.socket.close()
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        context: Any = _Handshake(ssl_context, self)
        try:
            self._inner = self._inner.start_tls(context, server_hostname, _left(timeout, httpcore2.ConnectTimeout))
        except BaseException:
            self.close()
            raise
        return self

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Handshake:
    """An SSL context as httpcore2 uses it, which tells a stream its socket before the handshake, not after."""

    def __init__(self, context: ssl.SSLContext, stream: _Stream) -> None:
        self._context = context
        self._stream = stream
        self.wrap_bio = context.wrap_bio

    def wrap_socket(self, sock: socket.socket, server_hostname: str | None) -> ssl.SSLSocket:
        wrapped = self._context.wrap_socket(sock, server_hostname=server_hostname, do_handshake_on_connect=False)
        self._stream.socket = wrapped
        wrapped.do_handshake()
        return wrapped


class AsyncBackend(httpcore2.AsyncNetworkBackend):
    """The async twin of :class:`Backend`."""

    def __init__(self, *, on_trio: bool) -> None:
        self._inner: Any = httpcore2.TrioBackend() if on_trio else httpcore2.AnyIOBackend()
        self._open: set[_AsyncStream] = set()
        self.closed = False

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Connect. Raises :class:`httpcore2.ConnectError` also where it is closed."""
        stream = _AsyncStream(
            await self._inner.connect_tcp(host, port, timeout, local_address, socket_options), self._open
        )
        if self.closed:
            await stream.aclose()
            raise httpcore2.ConnectError(_CLOSED)
        return stream

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await self._inner.sleep(seconds)

    async def aclose(self) -> None:
        """Close every socket, whatever other tasks do with it."""
        self.closed = True
        for stream in list(self._open):
            await stream.aclose()


class _AsyncStream(httpcore2.AsyncNetworkStream):
    def __init__(self, inner: httpcore2.AsyncNetworkStream, siblings: set[_AsyncStream]) -> None:
        self._inner = inner
        self._siblings = siblings
        self._socket: socket.socket = inner.get_extra_info("socket")
        siblings.add(self)

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return await self._inner.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        self._siblings.discard(self)
        await self._inner.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.AsyncNetworkStream:
        try:
            self._inner = await self._inner.start_tls(ssl_context, server_hostname, timeout)
        except BaseException:
            await self.aclose()
            raise
        return self

    def get_extra_info(self, info: str) -> Any:
        # A pool asks this of every idle connection, twice in a call, and anyio looks up both addresses to tell.
        return _is_readable(self._socket) if info == "is_readable" else self._inner.get_extra_info(info)


def _is_readable(sock: socket.socket) -> bool:
    """Whether there is something to read: data, the end, or an error."""
    if sock.fileno() < 0:
        return True
    if not hasattr(select, "poll"):
        return bool(select.select([sock], [], [], 0)[0])
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))
