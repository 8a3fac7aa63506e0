"""The engine for event loops: what :mod:`.sync` does for threads, over the connections of asyncio or of trio."""

from __future__ import annotations

import os
import ssl
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import suppress
from typing import Any, Protocol

from ..errors import InvalidInput, TransportError
from ..message.http import HTTPRequest, Timeout
from .clock import Clock, Until
from .failures import Failures, Gone, TimedOut
from .forks import inherited
from .h1 import ResponseReader, abody_pieces, encode_head, is_small
from .pool import Kept, Pool, Route
from .proxy import Proxies
from .sync import after_close, check_process, close_own


class Connection(Kept, Protocol):
    """A connection of an event loop."""

    interrupted: bool

    async def open(self, context: ssl.SSLContext | None, until: Until) -> None:
        """Connect, through the proxy if there is one, and shake hands."""
        ...

    async def send(self, data: bytes, reader: ResponseReader, clock: Clock) -> None:
        """Send a few bytes; the reader is for what comes from now on."""
        ...

    async def read_into(self, reader: ResponseReader, clock: Clock) -> None:
        """Wait for the next bytes, or the end, and have the reader take them."""
        ...

    async def await_continue(self, reader: ResponseReader, clock: Clock) -> None:
        """Wait a moment for ``100 Continue`` or a final response."""
        ...

    async def upload(self, pieces: AsyncGenerator[bytes | memoryview], reader: ResponseReader, clock: Clock) -> bool:
        """Send a body, and return whether it was sent whole: a final response may come before its end."""
        ...

    def close_soon(self, close: Callable[[], object]) -> None:
        """Have the event loop call ``close``, from any thread."""
        ...


class Response:
    """A response whose head has been read; its body is read here, chunk by chunk as it arrives.

    It must be read to its end or closed, or its connection stays taken.
    """

    __slots__ = (
        "__weakref__",
        "_clock",
        "_closed",
        "_connection",
        "_ended",
        "_engine",
        "_reader",
        "headers",
        "status",
    )

    def __init__(self, reader: ResponseReader, connection: Connection, engine: AsyncEngine, clock: Clock) -> None:
        self._connection: Connection | None = connection
        self.status = reader.status
        self.headers = reader.headers
        self._reader = reader
        self._engine = engine  # Whose connections close when nobody uses it any more.
        self._clock = clock
        self._closed = self._ended = False
        if reader.complete:
            self._give_back()

    async def read(self) -> bytes:
        """Read the rest of the body and close. Raises :class:`TransportError` when it does not come whole."""
        if self._connection is None and not self._closed:
            self._closed = self._ended = True
            return self._reader.take()
        return b"".join([chunk async for chunk in self])

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if self._closed:
            raise after_close(self._ended, StopAsyncIteration)
        reader = self._reader
        while not (chunk := reader.take()) and not reader.complete:
            await self._read_more()
        # The rest may have come while nobody waited for it.
        if reader.complete and self._connection is not None:
            self._give_back()
        if not chunk:
            self._closed = self._ended = True
            raise StopAsyncIteration
        return chunk

    async def _read_more(self) -> None:
        connection = self._connection
        assert connection is not None
        check_process(self._engine.pool.pid)
        try:
            await connection.read_into(self._reader, self._clock)
        except Exception as cause:
            error = _broken_off(connection, self._clock.timeout, cause, sent=True)
            self._close()
            raise error from cause
        except BaseException:
            self._close()
            raise

    def _give_back(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            self._engine.pool.give_back(connection, self._reader.reusable)

    async def aclose(self) -> None:
        """Close the connection unless the body was read to its end. May be called again."""
        self._close()

    def _close(self) -> None:
        self._closed = True
        connection, self._connection = self._connection, None
        if connection is None:
            return
        if self._engine.pool.pid != os.getpid():
            inherited.append(connection)  # The parent reads it, or will.
        else:
            connection.interrupt()  # Another task may be reading.
            self._engine.pool.discard(connection)

    def __del__(self) -> None:
        # One that was dropped would keep its place in the pool for good.
        connection, self._connection = self._connection, None
        if connection is None:
            return
        if self._engine.pool.pid != os.getpid():
            inherited.append(connection)
        else:
            pool = self._engine.pool
            with suppress(RuntimeError):  # The loop is over, and has closed it.
                connection.close_soon(lambda: pool.discard(connection))


class AsyncEngine:
    """Sends requests from coroutines, over the connections of one event loop."""

    closer: AsyncGenerator[None] | None = None

    def __init__(
        self, loop: object, on_trio: bool, limit: int, proxies: Proxies, trust: Callable[[], ssl.SSLContext]
    ) -> None:
        self.loop = weakref.ref(loop)
        self._on_trio = on_trio
        self._driver = _driver(on_trio)
        self._trust = trust
        self.pool: Pool[Connection] = Pool(limit, proxies)

    def is_over(self) -> bool:
        """Return whether the loop has ended."""
        loop: Any = self.loop()
        return loop is None or (not self._on_trio and loop.is_closed())

    async def send(self, request: HTTPRequest, timeout: Timeout) -> Response:
        """Send one request, once, and return when the head of the response has come."""
        pool = self.pool
        route = pool.routes.get((request.scheme, request.host, request.port)) or pool.add_route(request)
        head = encode_head(request, route.prefix, route.headers)
        clock = Clock(timeout)
        reader = ResponseReader(request.method)
        connection = None
        sent = False
        try:
            connection = pool.take(route) or await self._open(route, clock)
            if is_small(request):
                await connection.send(head + request.body if request.body else head, reader, clock)  # type: ignore[operator]
            else:
                await self._upload(connection, request, head, reader, clock)
            sent = True
            while not reader.status:
                await connection.read_into(reader, clock)
        except Exception as cause:
            if connection is None:
                raise
            pool.discard(connection)
            if not isinstance(request.body, bytes) and request.body.failure is not None:
                raise request.body.failure from None
            raise _broken_off(connection, timeout, cause, sent=sent) from cause
        except BaseException:
            request.note_cut_short(not sent)
            if connection is not None:
                pool.discard(connection)
            raise
        finally:
            head = b""  # Keeps secrets out of tracebacks that show local variables.
        return Response(reader, connection, self, clock)

    async def _upload(
        self, connection: Connection, request: HTTPRequest, head: bytes, reader: ResponseReader, clock: Clock
    ) -> None:
        await connection.send(head, reader, clock)
        if request.expect_continue:
            await connection.await_continue(reader, clock)
        pieces = abody_pieces(request)
        try:
            reader.cut_short = bool(reader.status) or not await connection.upload(pieces, reader, clock)
        except OSError:
            # The server may have answered before it closed.
            reader.cut_short = True
            if not reader.status:
                raise
        finally:
            await pieces.aclose()

    async def _open(self, route: Route, clock: Clock) -> Connection:
        pool = self.pool
        try:
            context = self._trust() if route.uses_tls else None
            connection = None if pool.may_open() else await self._wait(route, clock)
            if connection is not None:
                return connection
            new: Connection = self._driver.Connection(route)
            try:
                pool.add(new)
                await new.open(context, clock.until("connect"))
            except BaseException as error:
                pool.discard(new)
                if new.interrupted and isinstance(error, Exception):
                    raise Gone from None
                raise
        except InvalidInput:
            raise
        except Exception as cause:
            raise _failures(route, clock.timeout).unopened(cause) from cause
        return new

    async def _wait(self, route: Route, clock: Clock) -> Connection | None:
        waiter = self._driver.Waiter(route)
        self.pool.line_up(waiter)
        try:
            came = await waiter.wait(clock.seconds("pool"))
        except BaseException:
            self.pool.leave(waiter)
            raise
        if not came:
            self.pool.leave(waiter)
            raise TimedOut("pool")
        if isinstance(waiter.got, Exception):
            raise waiter.got
        connection: Connection | None = waiter.got
        return connection

    async def aclose(self) -> None:
        """Close all connections, and end what tasks do with them. Those of another process are left alone."""
        close_own(self.pool)
        await self._driver.settle()


def _driver(on_trio: bool) -> Any:
    if on_trio:
        from . import trio_connection

        return trio_connection
    from . import asyncio_connection

    return asyncio_connection


def _broken_off(connection: Connection, timeout: Timeout, cause: Exception, *, sent: bool) -> TransportError:
    # Whatever an interrupted wait ended with.
    return _failures(connection.route, timeout).broken_off(Gone() if connection.interrupted else cause, sent=sent)


def _failures(route: Route, timeout: Timeout) -> Failures:
    return Failures(route.origin, timeout, proxied=route.proxy is not None)
