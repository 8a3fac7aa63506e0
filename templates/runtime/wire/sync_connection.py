"""One connection of a thread: a socket that blocks, and TLS on it. Any thread can end it."""

from __future__ import annotations

import math
import select
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, cast

from . import dial
from .clock import Clock, Until
from .failures import Gone, Malformed, Phase, TimedOut
from .forks import fork_lock
from .h1 import CONTINUE_SECONDS, ResponseReader, check_tunnel
from .pool import Route, is_quiet

if TYPE_CHECKING:
    import ssl

    from .tls import TLS

READ_SIZE = 64 * 1024

_KERNEL_LIMITS = sys.platform in ("linux", "darwin") and struct.calcsize("P") == 8
"""Whether time limits are left to the operating system. Python's own ask it, before each read, whether there is
something: another system call, and another queue for the interpreter's lock."""


class Connection:
    """A connection to one route. The thread that uses it closes it; others interrupt it."""

    __slots__ = (
        "_by_kernel",
        "_connected",
        "_limits",
        "_opening",
        "_received",
        "_sock",
        "_tls",
        "_wake",
        "idle_since",
        "interrupted",
        "route",
        "used",
    )

    def __init__(self, route: Route) -> None:
        self.route = route
        self.idle_since = 0.0
        self.used = False
        self.interrupted = False
        self._sock: socket.socket = cast("socket.socket", None)
        self._connected = False
        self._opening: dict[int, socket.socket] = {}
        self._wake: threading.Lock | None = None
        self._tls: TLS | None = None
        self._by_kernel = False
        self._received = 0
        self._limits: dict[int, float | None] = {}

    # Opening

    def open(self, context: ssl.SSLContext | None, until: Until) -> None:
        """Connect, through the proxy if there is one, and shake hands. Raises :class:`TimedOut` and what failed."""
        route, proxy = self.route, self.route.proxy
        host, port = (route.host, route.port) if proxy is None else (proxy.host, proxy.port)
        self._connect(self._look_up(host, port, until), until)
        if context is not None and proxy is not None and proxy.scheme == "https":
            self._start_tls(context, proxy.host, until)
        if proxy is not None and route.tunnel:
            self._send(proxy.connect_head(route.origin), until.left())
            reader = ResponseReader("CONNECT")
            while not reader.status:
                reader.feed_or_end(self._read_until(until))
            check_tunnel(reader)
        if context is not None and route.scheme == "https":
            self._start_tls(context, route.host, until)

    def _look_up(self, host: str, port: int, until: Until) -> list[dial.Address]:
        asked = dial.lookup(host, port)
        if not asked.done:
            self._wake = wake = threading.Lock()
            wake.acquire()
            asked.then(self._wake_up)
            left = until.left()
            try:
                if not wake.acquire(timeout=-1 if left is None else left):
                    raise TimedOut("connect")
            finally:
                asked.forget(self._wake_up)
                self._wake = None
            self.raise_if_gone()
        return asked.result()

    def _wake_up(self) -> None:
        wake = self._wake
        with suppress(RuntimeError):  # Both the answer and the end of the pool may have come.
            if wake is not None:
                wake.release()

    def _connect(self, addresses: list[dial.Address], until: Until) -> None:
        race = dial.Race(addresses)
        running = self._opening
        try:
            while not self._connected:
                self.raise_if_gone()
                now = monotonic()
                while (address := race.start(now)) is not None:
                    self._try(race, address)
                if running:
                    waits = [each for each in (until.left(), race.wait(now)) if each is not None]
                    for fileno, _ in wait_for(running, min(waits, default=None), write=True):
                        self._tried(race, running[fileno])
        finally:
            for fileno in list(running):
                running.pop(fileno).close()

    def _try(self, race: dial.Race, address: dial.Address) -> None:
        try:
            sock = dial.new_socket(address[0])
        except OSError as error:
            race.failed(error)
            return
        self._opening[sock.fileno()] = sock
        try:
            sock.connect(address[1])
        except BlockingIOError:
            pass
        except OSError as error:
            self._opening.pop(sock.fileno()).close()
            race.failed(error)

    def _tried(self, race: dial.Race, sock: socket.socket) -> None:
        self.raise_if_gone()
        del self._opening[sock.fileno()]
        try:
            dial.check_connected(sock)
        except OSError as error:
            sock.close()
            race.failed(error)
            return
        if self._connected:
            sock.close()
            return
        # Libraries that replace socket.socket wait in ways of their own, of which the operating system knows nothing.
        self._by_kernel = _KERNEL_LIMITS and type(sock).__module__ == "socket"
        if self._by_kernel:
            sock.setblocking(True)
        self._sock = sock
        self._connected = True
        self.raise_if_gone()

    def _start_tls(self, context: ssl.SSLContext, host: str, until: Until) -> None:
        with fork_lock:
            from .tls import TLS

        tls = TLS(context, host)
        while not tls.handshake():
            self._send(tls.outgoing(), until.left())
            tls.incoming(self._read_until(until))
        self._send(tls.outgoing(), until.left())
        self._tls = tls.inside(self._tls)

    def _read_until(self, until: Until) -> bytes:
        return self._decrypted(until.left)

    def raise_if_gone(self) -> None:
        """Raise :class:`Gone` where another thread ended it."""
        if self.interrupted:
            raise Gone

    # Waiting

    def _limit(self, phase: Phase, seconds: float | None) -> None:
        option = socket.SO_RCVTIMEO if phase == "read" else socket.SO_SNDTIMEO
        if not self._by_kernel:
            self._sock.settimeout(seconds)
        elif self._limits.get(option, -1) != seconds:
            # Zero means no limit.
            whole, micros = divmod(0 if seconds is None else max(1, int(seconds * 1e6)), 1_000_000)
            self._sock.setsockopt(socket.SOL_SOCKET, option, struct.pack("ll", whole, micros))
            self._limits[option] = seconds

    def _receive(self, seconds: float | None) -> bytes:
        self._limit("read", seconds)
        try:
            data = self._sock.recv(READ_SIZE)
        except BlockingIOError:
            raise TimedOut("read") from None
        except TimeoutError as error:
            if error.errno is not None:
                raise
            raise TimedOut("read") from None
        self._received += len(data)
        if not data:
            self.raise_if_gone()
        return data

    def _decrypted(self, seconds: Callable[[], float | None]) -> bytes:
        tls = self._tls
        if tls is None:
            return self._receive(seconds())
        while not (data := tls.decrypt()) and not tls.ended:
            tls.incoming(self._receive(seconds()))
        if out := tls.outgoing():
            self._send_plain(out, seconds())
        return data

    def _send(self, data: bytes, seconds: float | None) -> None:
        self._send_plain(data if self._tls is None else self._tls.encrypt(data), seconds)

    def _send_plain(self, data: bytes, seconds: float | None) -> None:
        self._limit("write", seconds)
        try:
            sent = self._sock.send(data)
            while sent < len(data):
                sent += self._sock.send(memoryview(data)[sent:])
        except BlockingIOError:
            raise TimedOut("write") from None
        except TimeoutError as error:
            if error.errno is not None:
                raise
            raise TimedOut("write") from None

    # Exchanging

    def send(self, data: bytes, clock: Clock) -> None:
        """Send a few bytes. Raises :class:`TimedOut` and :class:`OSError`."""
        self.used = True
        self._send(data, clock.seconds("write"))

    def read(self, clock: Clock) -> bytes:
        """Return the next bytes; empty at the end. Raises :class:`TimedOut` and :class:`OSError`."""
        if self._tls is None:
            return self._receive(clock.seconds("read"))
        return self._decrypted(lambda: clock.seconds("read"))

    def await_continue(self, reader: ResponseReader, clock: Clock) -> None:
        """Wait a moment for ``100 Continue`` or a final response."""
        until = monotonic() + CONTINUE_SECONDS
        while not (reader.continued or reader.status):
            left = until - monotonic()
            limit = clock.seconds("read")
            if left <= 0 or not wait_for([self._sock.fileno()], left if limit is None else min(left, limit), read=True):
                return
            self._feed(reader)

    def upload(self, pieces: Iterator[bytes | memoryview], reader: ResponseReader, clock: Clock) -> bool:
        """Send a body, and return whether it was sent whole: a final response may come before its end.

        Raises :class:`TimedOut` and :class:`OSError`.
        """
        for piece in pieces:
            self._sock.setblocking(False)
            try:
                data = memoryview(piece if self._tls is None else self._tls.encrypt(piece))
                while data:
                    ready = wait_for([self._sock.fileno()], clock.seconds("write"), read=True, write=True)
                    if not ready:
                        raise TimedOut("write")
                    if ready[0][1]:
                        self._feed(reader)
                        if reader.status:
                            return False
                    with suppress(BlockingIOError):
                        data = data[self._sock.send(data) :]
            finally:
                if self._by_kernel:
                    self._sock.setblocking(True)
        return True

    def answer_came(self, reader: ResponseReader, clock: Clock) -> bool:
        """Return whether a final response is there although nothing more can be sent."""
        with suppress(OSError, TimedOut, Malformed):
            while not reader.status:
                reader.feed_or_end(self.read(clock))
        return bool(reader.status)

    def _feed(self, reader: ResponseReader) -> None:
        """Hand what has come to a reader, without waiting."""
        blocks = self._sock.gettimeout()
        self._sock.setblocking(False)
        try:
            data = self._sock.recv(READ_SIZE)
        except BlockingIOError:
            return
        finally:
            self._sock.settimeout(blocks)
        self._received += len(data)
        if self._tls is not None:
            self._tls.incoming(data)
            if not (data := self._tls.decrypt()) and not self._tls.ended:
                return
        if not data:
            self.raise_if_gone()
        reader.feed_or_end(data)

    # Ending

    def is_quiet(self) -> bool:
        """Whether nothing came since the last response, neither bytes nor the end. Does not wait."""
        return is_quiet(self._sock, self._received)

    def close(self) -> None:
        """Close it; nobody uses it."""
        if self._connected:
            self._sock.close()

    def interrupt(self) -> None:
        """End whatever another thread does with it, which then closes it."""
        self.interrupted = True
        self._wake_up()
        for sock in [*([self._sock] if self._connected else []), *list(self._opening.values())]:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)


def wait_for(
    filenos: Iterable[int], seconds: float | None, *, read: bool = False, write: bool = False
) -> list[tuple[int, bool]]:
    """Wait until sockets can be read or written, and return which, and whether there is something to read."""
    if hasattr(select, "poll"):
        poll = select.poll()
        for fileno in filenos:
            poll.register(fileno, (select.POLLIN if read else 0) | (select.POLLOUT if write else 0))
        found = poll.poll(None if seconds is None else math.ceil(seconds * 1000))
        return [(fileno, bool(event & ~select.POLLOUT)) for fileno, event in found]
    wanted = list(filenos)
    readable, writable, failed = select.select(wanted if read else [], wanted if write else [], wanted, seconds)
    return [(fileno, fileno not in writable or fileno in readable) for fileno in {*readable, *writable, *failed}]
