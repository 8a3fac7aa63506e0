"""One connection of an asyncio event loop: a protocol that hands what comes to the reader of the response."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from typing import Any, cast

from .asyncio_dial import connect, look_up
from .clock import Clock, Until
from .failures import Gone, Phase, TimedOut
from .h1 import CONTINUE_SECONDS, ResponseReader, check_tunnel
from .pool import Route, is_quiet
from .tls import TLS

READ_AHEAD = 256 * 1024
"""How many bytes of a body are read before somebody asks for them."""


class Connection(asyncio.Protocol):
    """A connection to one route."""

    def __init__(self, route: Route) -> None:
        self.route = route
        self.idle_since = 0.0
        self.interrupted = False
        self._loop = asyncio.get_running_loop()
        self._sock: socket.socket = cast("socket.socket", None)
        self._transport: asyncio.Transport = cast("asyncio.Transport", None)
        self._connected = False
        self._tls: TLS | None = None
        self._reader: ResponseReader | None = None
        self._inbox: list[bytes] = []
        self._received = 0
        self._ahead = 0
        self._news = False
        self._paused = False
        self._writable = True
        self._failure: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._phase: Phase = "read"
        self._due: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._opening: asyncio.Timeout | None = None

    # Opening

    async def open(self, context: ssl.SSLContext | None, until: Until) -> None:
        """Connect, through the proxy if there is one, and shake hands. Raises :class:`TimedOut` and what failed."""
        opening = self._opening = asyncio.timeout(until.left())
        try:
            async with opening:
                await self._open(context)
        except TimeoutError:
            if self.interrupted:
                raise Gone from None
            if opening.expired():
                raise TimedOut("connect") from None
            raise
        finally:
            self._opening = None

    async def _open(self, context: ssl.SSLContext | None) -> None:
        route, proxy = self.route, self.route.proxy
        host, port = (route.host, route.port) if proxy is None else (proxy.host, proxy.port)
        sock = await connect(await look_up(host, port))
        try:
            await self._loop.create_connection(lambda: self, sock=sock)
        except BaseException:
            sock.close()
            raise
        self._sock = sock
        if context is not None and proxy is not None and proxy.scheme == "https":
            await self._start_tls(context, proxy.host)
        if proxy is not None and route.tunnel:
            self._write(proxy.connect_head(route.origin))
            reader = ResponseReader("CONNECT")
            while not reader.status:
                reader.feed_or_end(await self._next())
            check_tunnel(reader)
        if context is not None and route.scheme == "https":
            await self._start_tls(context, route.host)

    async def _start_tls(self, context: ssl.SSLContext, host: str) -> None:
        tls = TLS(context, host)
        while not tls.handshake():
            self._write(tls.outgoing())
            tls.incoming(await self._next())
        self._write(tls.outgoing())
        self._tls = tls.inside(self._tls)

    async def _next(self) -> bytes:
        """Return the next bytes of what is not a response; empty at the end."""
        while not self._inbox:
            if self._failure is not None:
                raise self._failure
            if self._transport.is_closing():
                return b""
            await self._wait("connect", None)
        data = b"".join(self._inbox)
        self._inbox.clear()
        return data

    # What the event loop tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._connected = True
        # Whoever writes waits until all is written, so that nothing overtakes it.
        self._transport.set_write_buffer_limits(high=0)

    def data_received(self, data: bytes) -> None:
        self._received += len(data)
        tls = self._tls
        if tls is not None:
            try:
                tls.incoming(data)
                data = tls.decrypt()
                if out := tls.outgoing():
                    self._transport.write(out)
            except ssl.SSLError as error:
                self._fail(error)
                return
            if not data:
                if tls.ended:
                    self._end(None)
                return
        self._take(data)
        if tls is not None and tls.ended:
            self._end(None)

    def _take(self, data: bytes) -> None:
        reader = self._reader
        if reader is None or reader.complete:
            self._inbox.append(data)
        else:
            try:
                reader.feed(data)
            except Exception as error:
                self._fail(error)
                return
            self._ahead += len(data)
            if self._ahead > READ_AHEAD and not self._paused and not reader.complete:
                self._paused = True
                self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> bool:
        self._end(None)
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is not None:
            # What came before the connection failed may be an answer; the event loop does not read it any more.
            with suppress(OSError):
                while data := self._sock.recv(READ_AHEAD):
                    self.data_received(data)
        self._end(exc)
        self._writable = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def pause_writing(self) -> None:
        self._writable = False

    def resume_writing(self) -> None:
        self._writable = True
        if self._phase == "write":
            self._wake()

    def _end(self, error: Exception | None) -> None:
        reader = self._reader
        if reader is not None and error is None:
            try:
                reader.end()
            except Exception as found:
                error = found
        self._fail(error or ConnectionResetError("the connection was closed"))

    def _fail(self, error: Exception) -> None:
        if self._failure is None:
            self._failure = error
        self._wake()

    # Waiting

    def _wake(self) -> None:
        self._news = True
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    async def _wait(self, phase: Phase, seconds: float | None) -> None:
        """Wait for news. Raises :class:`TimedOut`."""
        self._phase = phase
        if seconds is None:
            self._due = None
        else:
            # One timer serves all waits of a connection: most are over long before it goes off.
            self._due = due = self._loop.time() + seconds
            if self._timer is None or self._timer.when() > due:
                if self._timer is not None:
                    self._timer.cancel()
                self._timer = self._loop.call_at(due, self._tick)
        waiter = self._waiter = self._loop.create_future()
        try:
            await waiter
        finally:
            self._waiter = None
            self._news = False

    def _tick(self) -> None:
        self._timer = None
        waiter, due = self._waiter, self._due
        if waiter is None or waiter.done() or due is None:
            return
        if due > self._loop.time():
            self._timer = self._loop.call_at(due, self._tick)
        else:
            waiter.set_exception(TimedOut(self._phase))

    # Exchanging

    def _write(self, data: bytes) -> None:
        if not data:
            return
        if self._tls is not None:
            data = self._tls.encrypt(data)
        if self._transport.is_closing():
            raise self._failure or BrokenPipeError("the connection is closed")
        if self._writable:
            # Without the event loop's help, what was sent is known, and what failed.
            with suppress(BlockingIOError):
                sent = self._sock.send(data)
                if sent == len(data):
                    return
                data = data[sent:]
        self._transport.write(data)

    async def _drain(self, reader: ResponseReader, clock: Clock) -> None:
        """Wait until all is sent, or a final response is there."""
        while not self._writable and not reader.status:
            await self._wait("write", clock.seconds("write"))
            if self._failure is not None and not reader.status:
                raise self._failure

    async def send(self, data: bytes, reader: ResponseReader, clock: Clock) -> None:
        """Send a few bytes; the reader is for what comes from now on. Raises :class:`TimedOut` and :class:`OSError`."""
        self._reader = reader
        self._failure = None
        self._news = False
        self._ahead = 0
        self._write(data)
        if not self._writable:
            await self._drain(reader, clock)

    async def read_into(self, reader: ResponseReader, clock: Clock) -> None:
        """Wait for the next bytes, or the end, and have the reader take them."""
        self._ahead = 0
        if self._paused:
            self._paused = False
            self._transport.resume_reading()
        if not self._news and self._failure is None:
            await self._wait("read", clock.seconds("read"))
        self._news = False
        if self._failure is not None and not reader.complete and not reader.pieces:
            raise self._failure

    async def await_continue(self, reader: ResponseReader, clock: Clock) -> None:
        """Wait a moment for ``100 Continue`` or a final response."""
        limit = clock.seconds("read")
        with suppress(TimedOut):
            while not (reader.continued or reader.status) and self._failure is None:
                await self._wait("read", CONTINUE_SECONDS if limit is None else min(CONTINUE_SECONDS, limit))

    async def upload(self, pieces: AsyncGenerator[bytes | memoryview], reader: ResponseReader, clock: Clock) -> bool:
        """Send a body, and return whether it was sent whole: a final response may come before its end.

        Raises :class:`TimedOut` and :class:`OSError`.
        """
        async for piece in pieces:
            if reader.status:
                return False
            if self._failure is not None:
                raise self._failure
            try:
                self._write(cast("bytes", piece))
            except OSError as error:
                self.connection_lost(error)
                raise
            await self._drain(reader, clock)
        return self._writable

    # Ending

    def is_quiet(self) -> bool:
        """Whether nothing came since the last response, neither bytes nor the end. Does not wait."""
        self._reader = None
        if self._inbox or self._failure is not None or self._transport.is_closing():
            return False
        return is_quiet(self._sock, self._received)

    def close(self) -> None:
        """Close it; nobody uses it."""
        if self._connected:
            self._transport.abort()

    def interrupt(self) -> None:
        """End whatever another task does with it."""
        self.interrupted = True
        if self._opening is not None:
            with suppress(RuntimeError):
                self._opening.reschedule(self._loop.time())
        self._fail(Gone())
        self.close()

    def close_soon(self, close: Callable[[], object]) -> None:
        """Have the event loop call ``close``, from any thread."""
        self._loop.call_soon_threadsafe(close)


class Waiter:
    """A task that waits for a connection."""

    __slots__ = ("_future", "got", "route")

    def __init__(self, route: Route) -> None:
        self.route = route
        self.got: Any = None
        self._future: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def hand(self, got: Any) -> None:
        """Give a connection, None for the right to open one, or an exception."""
        self.got = got
        if not self._future.done():
            self._future.set_result(None)

    async def wait(self, seconds: float | None) -> bool:
        """Wait for one, and return whether it was given."""
        done, _ = await asyncio.wait([self._future], timeout=seconds)
        return bool(done)


async def settle() -> None:
    """Let the event loop finish what closing began."""
    await asyncio.sleep(0)
