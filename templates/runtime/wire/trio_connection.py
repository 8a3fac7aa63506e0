"""One connection of a trio event loop. Imported where trio runs."""

from __future__ import annotations

import socket
import ssl
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from functools import partial
from importlib import import_module
from time import monotonic
from typing import Any, cast

from . import dial
from .clock import Clock, Until
from .failures import Gone, Malformed, Phase, TimedOut
from .h1 import CONTINUE_SECONDS, ResponseReader, check_tunnel
from .pool import Route, is_quiet
from .tls import TLS

# Clients do not require trio, and type checkers need not find it: this module is loaded where it runs.
trio: Any = import_module("trio")

READ_SIZE = 64 * 1024


class Connection:
    """A connection to one route."""

    def __init__(self, route: Route) -> None:
        self.route = route
        self.idle_since = 0.0
        self.interrupted = False
        self._sock: socket.socket = cast("socket.socket", None)
        self._connected = False
        self._tls: TLS | None = None
        self._received = 0
        self._token = trio.lowlevel.current_trio_token()
        self._opening: Any = None

    # Opening

    async def open(self, context: ssl.SSLContext | None, until: Until) -> None:
        """Connect, through the proxy if there is one, and shake hands. Raises :class:`TimedOut` and what failed."""
        left = until.left()
        with trio.CancelScope() as self._opening:
            if left is not None:
                self._opening.deadline = trio.current_time() + left
            await self._open(context)
        opened, self._opening = not self._opening.cancelled_caught, None
        if self.interrupted:
            raise Gone
        if not opened:
            raise TimedOut("connect")

    async def _open(self, context: ssl.SSLContext | None) -> None:
        route, proxy = self.route, self.route.proxy
        host, port = (route.host, route.port) if proxy is None else (proxy.host, proxy.port)
        self._sock = await connect(await look_up(host, port))
        self._connected = True
        if context is not None and proxy is not None and proxy.scheme == "https":
            await self._start_tls(context, proxy.host)
        if proxy is not None and route.tunnel:
            await self._send(proxy.connect_head(route.origin))
            reader = ResponseReader("CONNECT")
            while not reader.status:
                reader.feed_or_end(await self._next())
            check_tunnel(reader)
        if context is not None and route.scheme == "https":
            await self._start_tls(context, route.host)

    async def _start_tls(self, context: ssl.SSLContext, host: str) -> None:
        tls = TLS(context, host)
        while not tls.handshake():
            await self._send(tls.outgoing())
            tls.incoming(await self._next())
        await self._send(tls.outgoing())
        self._tls = tls.inside(self._tls)

    # Bytes

    async def _receive(self) -> bytes:
        while True:
            with suppress(BlockingIOError):
                data = self._sock.recv(READ_SIZE)
                self._received += len(data)
                return data
            await trio.lowlevel.wait_readable(self._sock)

    async def _next(self) -> bytes:
        """Return the next bytes; empty at the end."""
        tls = self._tls
        if tls is None:
            return await self._receive()
        while not (data := tls.decrypt()) and not tls.ended:
            tls.incoming(await self._receive())
        if out := tls.outgoing():
            await self._send_plain(out)
        return data

    async def _send(self, data: bytes) -> None:
        if data:
            await self._send_plain(data if self._tls is None else self._tls.encrypt(data))

    async def _send_plain(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[self._sock.send(rest) :]
            except BlockingIOError:
                await trio.lowlevel.wait_writable(self._sock)

    # Exchanging

    async def send(self, data: bytes, reader: ResponseReader, clock: Clock) -> None:
        """Send a few bytes. Raises :class:`TimedOut` and :class:`OSError`."""
        await trio.lowlevel.checkpoint_if_cancelled()
        await within("write", clock.seconds("write"), partial(self._send, data))

    async def read_into(self, reader: ResponseReader, clock: Clock) -> None:
        """Wait for the next bytes, or the end, and have the reader take them."""
        data = await within("read", clock.seconds("read"), self._next)
        if not data and self.interrupted:
            raise Gone
        reader.feed_or_end(data)

    async def await_continue(self, reader: ResponseReader, clock: Clock) -> None:
        """Wait a moment for ``100 Continue`` or a final response."""
        end = monotonic() + CONTINUE_SECONDS
        with suppress(TimedOut):
            while not (reader.continued or reader.status):
                limit, left = clock.seconds("read"), max(0.0, end - monotonic())
                data = await within("read", left if limit is None else min(left, limit), self._next)
                reader.feed_or_end(data)

    async def upload(self, pieces: AsyncGenerator[bytes | memoryview], reader: ResponseReader, clock: Clock) -> bool:
        """Send a body, and return whether it was sent whole: a final response may come before its end.

        Raises :class:`TimedOut` and :class:`OSError`.
        """
        try:
            async for piece in pieces:
                rest = memoryview(piece if self._tls is None else self._tls.encrypt(piece))
                while rest:
                    self._take(reader)
                    if reader.status:
                        return False
                    try:
                        rest = rest[self._sock.send(rest) :]
                    except BlockingIOError:
                        await within("write", clock.seconds("write"), self._ready)
        except OSError:
            # The server may have answered before it closed.
            with suppress(OSError, Malformed):
                while not reader.status:
                    self._take(reader, wait=False)
            raise
        return True

    def _take(self, reader: ResponseReader, *, wait: bool = True) -> None:
        """Hand what has come to the reader; nothing may have come, unless it is not worth waiting for."""
        try:
            data = self._sock.recv(READ_SIZE)
        except BlockingIOError:
            if wait:
                return
            raise
        self._received += len(data)
        if self._tls is not None:
            self._tls.incoming(data)
            if not (data := self._tls.decrypt()) and not self._tls.ended:
                return
        if not data and self.interrupted:
            raise Gone
        reader.feed_or_end(data)

    async def _ready(self) -> None:
        """Wait until the socket can be written or read."""
        async with trio.open_nursery() as nursery:

            async def until(wait: Callable[[socket.socket], Any]) -> None:
                await wait(self._sock)
                nursery.cancel_scope.cancel()

            nursery.start_soon(until, trio.lowlevel.wait_readable)
            nursery.start_soon(until, trio.lowlevel.wait_writable)

    # Ending

    def is_quiet(self) -> bool:
        """Whether nothing came since the last response, neither bytes nor the end. Does not wait."""
        return is_quiet(self._sock, self._received)

    def close(self) -> None:
        """Close it; nobody uses it."""
        if self._connected and self._sock.fileno() >= 0:
            trio.lowlevel.notify_closing(self._sock)
            self._sock.close()

    def interrupt(self) -> None:
        """End whatever another task does with it."""
        self.interrupted = True
        if self._opening is not None:
            self._opening.cancel()
        elif self._connected and self._sock.fileno() >= 0:
            trio.lowlevel.notify_closing(self._sock)
            with suppress(OSError):
                self._sock.shutdown(socket.SHUT_RDWR)

    def close_soon(self, close: Callable[[], object]) -> None:
        """Have the event loop call ``close``, from any thread."""
        self._token.run_sync_soon(close)


async def within(phase: Phase, seconds: float | None, work: Callable[[], Any]) -> Any:
    """Await what ``work`` returns. Raises :class:`TimedOut`, and :class:`Gone` where the socket is closed meanwhile."""
    try:
        if seconds is None:
            return await work()
        with trio.move_on_after(seconds):
            return await work()
    except trio.ClosedResourceError:
        raise Gone from None
    raise TimedOut(phase)


async def look_up(host: str, port: int) -> list[dial.Address]:
    """Ask the name service, in a thread."""
    asked = dial.lookup(host, port)
    if not asked.done:
        token = trio.lowlevel.current_trio_token()
        answered = trio.Event()

        def tell() -> None:
            with suppress(trio.RunFinishedError):
                token.run_sync_soon(answered.set)

        asked.then(tell)
        try:
            await answered.wait()
        finally:
            asked.forget(tell)
    return asked.result()


async def connect(addresses: list[dial.Address]) -> socket.socket:
    """Connect to the first address that answers."""
    race = dial.Race(addresses)
    won: list[socket.socket] = []
    failures: list[OSError] = []
    changed = trio.Event()

    async def attempt(address: dial.Address, nursery: Any) -> None:
        try:
            sock = await _try(address)
        except OSError as error:
            failures.append(error)
            changed.set()
        else:
            won.append(sock)
            nursery.cancel_scope.cancel()

    try:
        async with trio.open_nursery() as nursery:
            while (address := race.start(trio.current_time())) is not None or race.running:
                if address is not None:
                    nursery.start_soon(attempt, address, nursery)
                    continue
                wait = race.wait(trio.current_time())
                with trio.move_on_after(float("inf") if wait is None else wait):
                    await changed.wait()
                changed = trio.Event()
                while failures:
                    race.lost(failures.pop(0))
        if not won:
            race.give_up()
        return won.pop(0)
    finally:
        for sock in won:
            sock.close()


async def _try(address: dial.Address) -> socket.socket:
    sock = dial.new_socket(address[0])
    try:
        with suppress(BlockingIOError):
            sock.connect(address[1])
            return sock
        await trio.lowlevel.wait_writable(sock)
        dial.check_connected(sock)
    except BaseException:
        sock.close()
        raise
    return sock


class Waiter:
    """A task that waits for a connection."""

    __slots__ = ("_event", "got", "route")

    def __init__(self, route: Route) -> None:
        self.route = route
        self.got: Any = None
        self._event = trio.Event()

    def hand(self, got: Any) -> None:
        """Give a connection, None for the right to open one, or an exception."""
        self.got = got
        self._event.set()

    async def wait(self, seconds: float | None) -> bool:
        """Wait for one, and return whether it was given."""
        with trio.move_on_after(float("inf") if seconds is None else seconds):
            await self._event.wait()
        return bool(self._event.is_set())


async def settle() -> None:
    """Let the event loop finish what closing began: nothing here."""
