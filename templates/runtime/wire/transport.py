"""Sending one request: the protocols that a transport follows, and the default transports.

A transport sends what :class:`~.message.http.HTTPRequest` says, byte for byte, and nothing else: no added headers, no
redirects, no decompression, no cookies. One liberty remains: Host goes first, where RFC 9110, section 7.2
wants it. It raises :class:`~.errors.TransportError` and its subclasses, and :class:`~.errors.InvalidInput`
for what cannot be sent.

The default transports stand on httpcore2, which is imported by the first request.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from ..errors import InvalidInput, TransportError
from ..message.http import Headers, HTTPRequest, Timeout
from .base import (
    AsyncStreamedResponse,
    Attempt,
    Proxies,
    StreamedResponse,
    check_request,
    decode_headers,
    finish,
    remake,
)
from .forks import fork_lock, inherited
from .loops import running_loop

if TYPE_CHECKING:
    import ssl

    from .pools import AsyncPool, Pool

MAX_CONNECTIONS = 100


class TransportResponse(Protocol):
    """A response whose head has been read and whose body has not. Read it to its end or close it."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        ...

    @property
    def headers(self) -> Headers:
        """The response headers."""
        ...

    def read(self) -> bytes:
        """Return the whole body and close."""
        ...

    def __iter__(self) -> Iterator[bytes]:
        """Yield the body in chunks as they arrive: none is empty, and none waits for more to come."""
        ...

    def close(self) -> None:
        """Give the connection back after a whole body, else close it. May be called again."""
        ...


class AsyncTransportResponse(Protocol):
    """The async twin of :class:`TransportResponse`."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        ...

    @property
    def headers(self) -> Headers:
        """The response headers."""
        ...

    async def read(self) -> bytes:
        """Return the whole body and close."""
        ...

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the body in chunks as they arrive: none is empty, and none waits for more to come."""
        ...

    async def aclose(self) -> None:
        """Give the connection back after a whole body, else close it. May be called again."""
        ...


class Transport(Protocol):
    """Sends requests. Safe to use from several threads."""

    def send(self, request: HTTPRequest, timeout: Timeout) -> TransportResponse:
        """Send one request, once, and return when the head of the response has come."""
        ...

    def close(self) -> None:
        """Close all connections. May be called again."""
        ...


class AsyncTransport(Protocol):
    """Sends requests from coroutines, under asyncio or trio."""

    async def send(self, request: HTTPRequest, timeout: Timeout) -> AsyncTransportResponse:
        """Send one request, once, and return when the head of the response has come."""
        ...

    async def aclose(self) -> None:
        """Close the connections of the running event loop. May be called again."""
        ...


class _DefaultTransport:
    """What the two default transports share: their settings, by which they also pickle."""

    def __init__(
        self,
        *,
        ca_bundle: str | None = None,
        proxies: bool = True,
        max_connections: int = MAX_CONNECTIONS,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        """Nothing is opened, loaded or imported before the first request.

        Args:
            ca_bundle: a file (or OpenSSL directory) of PEM certificates to trust instead of the system's.
            proxies: whether to take proxies from the environment (``HTTPS_PROXY``, ``NO_PROXY``) or the system.
            max_connections: the most connections at a time; further requests wait ``Timeout.pool`` seconds.
            ssl_context: TLS settings of your own, for instance with a client certificate.
        """
        if ca_bundle is not None and ssl_context is not None:
            raise InvalidInput("give ca_bundle or ssl_context, not both: the context can load the certificates")
        if max_connections < 1:
            raise InvalidInput(f"max_connections must be at least 1, not {max_connections}")
        self._arguments: dict[str, Any] = {
            "ca_bundle": ca_bundle,
            "proxies": proxies,
            "max_connections": max_connections,
        }
        self._ca_bundle = ca_bundle
        self._max_connections = max_connections
        self._given_context = self._context = ssl_context
        self._proxies = Proxies(proxies)
        self._closed = False
        self._start()

    def _start(self) -> None:
        raise NotImplementedError

    def _trust(self) -> ssl.SSLContext:
        if self._context is None:
            from .pools import ssl_context

            self._context = ssl_context(self._ca_bundle)
        return self._context

    def _check(self, request: HTTPRequest) -> None:
        if self._closed:
            raise InvalidInput("the transport is closed: make a new client, or close it after its last call")
        check_request(request)

    def _failed(self, attempt: Attempt, cause: Exception) -> TransportError:
        error = attempt.error(cause)
        return attempt.broken("the client was closed") if self._closed and error.sent else error

    def __reduce__(self) -> tuple[Any, ...]:
        if self._given_context is not None:
            raise TypeError(
                f"a {type(self).__name__} with an ssl_context cannot be pickled: give ca_bundle instead, or "
                "make the transport in the process that uses it"
            )
        return remake, (type(self), self._arguments)


_PoolKey = tuple[int, str, str | None]


def _close_pools(pools: dict[_PoolKey, Pool]) -> None:
    for key in list(pools):
        if key[0] == os.getpid():
            pools.pop(key).close()
        else:
            inherited.append(pools.pop(key))


class HTTPTransport(_DefaultTransport):
    """The default transport, over httpcore2: HTTP/1.1, thread-safe, fork-safe."""

    def _start(self) -> None:
        self._pools: dict[_PoolKey, Pool] = {}
        weakref.finalize(self, _close_pools, self._pools)

    def send(self, request: HTTPRequest, timeout: Timeout) -> StreamedResponse:
        """Send one request, once, and return when the head of the response has come.

        Raises :class:`~.errors.TransportError` (``sent`` says whether the service may have seen the request)
        and :class:`~.errors.InvalidInput`.
        """
        self._check(request)
        pool = self._pool(request)
        attempt = Attempt(request, timeout, proxied=pool.proxied)
        message = pool.message(request, timeout, attempt.trace)
        try:
            response = pool.handle_request(message)
        except Exception as cause:
            raise self._failed(attempt, cause) from cause
        headers, error = decode_headers(response.headers), partial(self._failed, attempt)
        return StreamedResponse(response.status, headers, response.iter_stream(), response.close, error)

    def _pool(self, request: HTTPRequest) -> Pool:
        # No lock, which a fork() in another thread would leave taken in the child: setdefault is atomic.
        key = os.getpid(), request.scheme, self._proxies.find(request)
        pool = self._pools.get(key)
        if pool is None:
            with fork_lock:
                from .pools import Pool, pool_settings

            new = Pool(pool_settings(key[1], key[2], self._max_connections, self._trust))
            pool = self._pools.setdefault(key, new)
        return pool

    def close(self) -> None:
        """Close all connections of this process. May be called again."""
        self._closed = True
        _close_pools(self._pools)


async def _close_at_end(pools: dict[tuple[str, str | None], AsyncPool]) -> AsyncGenerator[None]:
    try:
        yield
    finally:
        while pools:
            await pools.popitem()[1].aclose()


class _LoopPools:
    """The pools of one event loop.

    They close with the loop if nobody closes them earlier: ``closer`` is an async generator, and asyncio and
    trio finish those (PEP 525) before a loop ends.
    """

    def __init__(self, loop: object, on_trio: bool) -> None:
        self.loop = weakref.ref(loop)
        self.on_trio = on_trio
        self.pools: dict[tuple[str, str | None], AsyncPool] = {}
        self.closer = _close_at_end(self.pools)

    @property
    def over(self) -> bool:
        """Whether the loop has ended."""
        loop: Any = self.loop()
        return loop is None or (not self.on_trio and loop.is_closed())


class AsyncHTTPTransport(_DefaultTransport):
    """The default async transport, over httpcore2: HTTP/1.1, for asyncio and trio, one event loop or many."""

    def _start(self) -> None:
        self._loops: dict[tuple[int, int], _LoopPools] = {}

    async def send(self, request: HTTPRequest, timeout: Timeout) -> AsyncStreamedResponse:
        """Send one request, once, and return when the head of the response has come.

        Raises :class:`~.errors.TransportError` (``sent`` says whether the service may have seen the request)
        and :class:`~.errors.InvalidInput`. Cancelling it closes the connection.
        """
        self._check(request)
        pool = await self._pool(request)
        attempt = Attempt(request, timeout, proxied=pool.proxied)
        message = pool.message(request, timeout, attempt.atrace)
        try:
            response = await pool.handle_async_request(message)
        except Exception as cause:
            raise self._failed(attempt, cause) from cause
        chunks = response.aiter_stream()

        async def close() -> None:
            try:
                await finish(chunks)
            finally:
                await response.aclose()

        headers, error = decode_headers(response.headers), partial(self._failed, attempt)
        return AsyncStreamedResponse(response.status, headers, chunks, close, error)

    async def _pool(self, request: HTTPRequest) -> AsyncPool:
        loop, on_trio = running_loop()
        key = os.getpid(), id(loop)
        here = self._loops.get(key)
        if here is None or here.loop() is not loop:
            self._forget_ended_loops()
            here = self._loops[key] = _LoopPools(loop, on_trio)
            await anext(here.closer)
        route = request.scheme, self._proxies.find(request)
        if route not in here.pools:
            with fork_lock:
                from .pools import AsyncPool, pool_settings

            settings = pool_settings(*route, self._max_connections, self._trust)
            here.pools[route] = AsyncPool(settings, on_trio=on_trio)
        return here.pools[route]

    def _forget_ended_loops(self) -> None:
        for key, entry in list(self._loops.items()):
            if entry.over:
                self._loops.pop(key, None)

    async def aclose(self) -> None:
        """Close the running loop's connections; other loops' close with those loops. May be called again."""
        self._closed = True
        here = self._loops.pop((os.getpid(), id(running_loop()[0])), None)
        if here is not None:
            await here.closer.aclose()
