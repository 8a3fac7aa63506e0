"""The default transports: an HTTP/1.1 engine over sockets, which is imported by the first request."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from ..errors import InvalidInput
from .forks import fork_lock
from .loops import running_loop
from .proxy import Proxies

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncGenerator

    from ..message.http import HTTPRequest, Timeout
    from .aio import AsyncEngine
    from .interfaces import AsyncTransportResponse, TransportResponse
    from .sync import Engine

MAX_CONNECTIONS = 100


class _Trust:
    """Makes the TLS settings of a transport when they are first needed."""

    def __init__(self, ca_bundle: str | None, context: ssl.SSLContext | None) -> None:
        self._ca_bundle = ca_bundle
        self._context = context

    def __call__(self) -> ssl.SSLContext:
        if self._context is None:
            with fork_lock:
                from .tls import ssl_context

            self._context = ssl_context(self._ca_bundle)
        return self._context


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
        self._max_connections = max_connections
        self._given_context = ssl_context
        self._trust = _Trust(ca_bundle, ssl_context)
        self._proxies = Proxies(proxies)
        self._closed = False
        self._start()

    def _start(self) -> None:
        raise NotImplementedError

    def _check_open(self) -> None:
        if self._closed:
            raise InvalidInput("the transport is closed: make a new client, or close it after its last call")

    def __reduce__(self) -> tuple[Any, ...]:
        if self._given_context is not None:
            raise TypeError(
                f"a {type(self).__name__} with an ssl_context cannot be pickled: give ca_bundle instead, or "
                "make the transport in the process that uses it"
            )
        return _remake, (type(self), self._arguments)


def _remake(cls: type[Any], arguments: dict[str, Any]) -> Any:
    """Make a pickled transport again."""
    return cls(**arguments)


class HTTPTransport(_DefaultTransport):
    """The default transport: HTTP/1.1, thread-safe, fork-safe."""

    def _start(self) -> None:
        self._engines: dict[int, Engine] = {}

    def send(self, request: HTTPRequest, timeout: Timeout) -> TransportResponse:
        """Send one request, once, and return when the head of the response has come.

        Raises :class:`~.errors.TransportError` (``sent`` says whether the service may have seen the request)
        and :class:`~.errors.InvalidInput`.
        """
        self._check_open()
        engine = self._engines.get(os.getpid()) or self._new_engine()
        return engine.send(request, timeout)

    def _new_engine(self) -> Engine:
        # No lock, which a fork() in another thread would leave taken in the child: setdefault is atomic.
        with fork_lock:
            from .sync import Engine

        return self._engines.setdefault(os.getpid(), Engine(self._max_connections, self._proxies, self._trust))

    def close(self) -> None:
        """Close all connections of this process. May be called again."""
        self._closed = True
        engine = self._engines.pop(os.getpid(), None)
        if engine is not None:
            engine.close()


async def _close_at_end(engine: AsyncEngine) -> AsyncGenerator[None]:
    try:
        yield
    finally:
        await engine.aclose()


class AsyncHTTPTransport(_DefaultTransport):
    """The default async transport: HTTP/1.1, for asyncio and trio, one event loop or many."""

    def _start(self) -> None:
        self._engines: dict[tuple[int, int], AsyncEngine] = {}

    async def send(self, request: HTTPRequest, timeout: Timeout) -> AsyncTransportResponse:
        """Send one request, once, and return when the head of the response has come.

        Raises :class:`~.errors.TransportError` (``sent`` says whether the service may have seen the request)
        and :class:`~.errors.InvalidInput`. Cancelling it closes the connection.
        """
        self._check_open()
        loop, on_trio = running_loop()
        engine = self._engines.get((os.getpid(), id(loop)))
        if engine is None or engine.loop() is not loop:
            engine = await self._new_engine(loop, on_trio)
        return await engine.send(request, timeout)

    async def _new_engine(self, loop: Any, on_trio: bool) -> AsyncEngine:
        for key, engine in list(self._engines.items()):
            if engine.is_over():
                self._engines.pop(key, None)
        with fork_lock:
            from .aio import AsyncEngine

            engine = AsyncEngine(loop, on_trio, self._max_connections, self._proxies, self._trust)
        self._engines[os.getpid(), id(loop)] = engine
        # The connections close with the loop if nobody closes them earlier: asyncio and trio finish async generators
        # before a loop ends (PEP 525).
        engine.closer = _close_at_end(engine)
        await anext(engine.closer)
        return engine

    async def aclose(self) -> None:
        """Close the running loop's connections; other loops' close with those loops. May be called again."""
        self._closed = True
        engine = self._engines.pop((os.getpid(), id(running_loop()[0])), None)
        if engine is not None and engine.closer is not None:
            await engine.closer.aclose()
