"""Connections that are kept: which one may be used again, how many there may be, and whose turn it is.

One rule for all drivers. Nothing here waits; the drivers' waiters do.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
from collections import deque
from time import monotonic
from typing import Any, Generic, Protocol, TypeVar

from .failures import Gone, origin
from .proxy import Proxies, Proxy

KEEPALIVE_SECONDS = 45.0
"""How long an idle connection is kept: less than NAT gateways and load balancers do (AWS: 350 s), which then drop it
silently."""

_TCP_INFO: int | None = getattr(socket, "TCP_INFO", None) if sys.platform == "linux" else None
_ESTABLISHED = 1
_BYTES_RECEIVED = slice(128, 136)
_DONT_WAIT: int = getattr(socket, "MSG_DONTWAIT", 0)


class Route:
    """One endpoint, as it is reached: directly or through a proxy.

    Attributes:
        prefix: what goes before the target on the request line, for a proxy that is asked to pass a request on.
        headers: what that proxy gets besides the request's own headers.
        tunnel: whether a proxy is asked for a tunnel.
        uses_tls: whether the endpoint or the proxy is spoken to in TLS.
        idle: the connections that nobody uses, the last used one on the right.
    """

    __slots__ = ("headers", "host", "idle", "origin", "port", "prefix", "proxy", "scheme", "tunnel", "uses_tls")

    def __init__(self, scheme: str, host: str, port: int | None, proxies: Proxies) -> None:
        url = proxies.find(scheme, host, port)
        self.scheme = scheme
        self.host = host.strip("[]")
        self.port = port or (443 if scheme == "https" else 80)
        self.origin = origin(scheme, host, port)
        self.proxy = None if url is None else Proxy(url)
        self.tunnel = self.proxy is not None and scheme == "https"
        self.uses_tls = scheme == "https" or (self.proxy is not None and self.proxy.scheme == "https")
        self.prefix = ""
        self.headers: tuple[tuple[str, str], ...] = ()
        if self.proxy is not None and not self.tunnel:
            named = self.origin if port else self.origin.rpartition(":")[0]
            self.prefix, self.headers = f"{scheme}://{named}", self.proxy.headers
        self.idle: deque[Any] = deque()


class Kept(Protocol):
    """What a pool knows of a connection."""

    route: Route
    idle_since: float

    def is_quiet(self) -> bool:
        """Whether nothing came since the last response, neither bytes nor the end. Does not wait."""
        ...

    def close(self) -> None:
        """Close it; nobody uses it."""
        ...

    def interrupt(self) -> None:
        """End whatever another thread or task does with it."""
        ...


class Waiter(Protocol):
    """Somebody who waits for a connection; ``got`` is what was handed over."""

    route: Route
    got: Any

    def hand(self, got: Any) -> None:
        """Give a connection, None for the right to open one, or an exception. Called with the pool's lock held."""
        ...


C = TypeVar("C", bound=Kept)


class Pool(Generic[C]):
    """The connections of one process, or of one event loop in it."""

    def __init__(self, limit: int, proxies: Proxies) -> None:
        self.pid = os.getpid()
        self.closed = False
        self.routes: dict[tuple[str, str, int | None], Route] = {}
        self._limit = limit
        self._proxies = proxies
        self._slots = 0
        self._busy: set[Any] = set()
        self._line: deque[Waiter] = deque()
        self._lock = threading.Lock()

    def route(self, scheme: str, host: str, port: int | None) -> Route:
        """Return how an endpoint is reached. Raises :class:`InvalidInput` for a proxy that cannot be used."""
        key = scheme, host, port
        return self.routes.get(key) or self.routes.setdefault(key, Route(*key, self._proxies))

    def take(self, route: Route) -> C | None:
        """Return an idle connection that may be used again.

        It may, when the response before was read to its end, said that the connection stays, and was all that came
        (:attr:`ResponseReader.reusable <.h1.ResponseReader.reusable>`, at :meth:`give_back`); when nothing has come
        since, not even the end; and when it was not idle for too long.
        """
        idle = route.idle
        while idle:
            try:
                connection: C = idle.pop()
            except IndexError:
                return None
            if monotonic() - connection.idle_since < KEEPALIVE_SECONDS and connection.is_quiet():
                self._busy.add(connection)
                return connection
            self._drop(connection)
        return None

    def may_open(self) -> bool:
        """Return whether another connection may be opened; :meth:`add` or :meth:`release` it."""
        with self._lock:
            spare = self._slot()
        if spare is not None and spare is not True:
            spare.close()
        return spare is not None

    def _slot(self) -> Any:
        """Take a slot: True for a free one, an idle connection to close for it, or None."""
        if self._slots < self._limit:
            self._slots += 1
            return True
        found = [route for route in list(self.routes.values()) if route.idle]
        for route in sorted(found, key=lambda each: _age(each.idle)):
            try:
                return route.idle.popleft()
            except IndexError:
                continue
        return None

    def line_up(self, waiter: Waiter) -> None:
        """Have a waiter handed a connection, or the right to open one, when its turn comes."""
        with self._lock:
            if self.closed:
                raise Gone
            self._line.append(waiter)
        self._serve()

    def leave(self, waiter: Waiter) -> None:
        """Take a waiter that gave up out of the line, and what it was handed back."""
        with self._lock:
            if waiter in self._line:
                self._line.remove(waiter)
                return
        if waiter.got is None:
            self.release()
        elif not isinstance(waiter.got, Exception):
            self.give_back(waiter.got, True)

    def add(self, connection: C) -> None:
        """Note a connection that is being opened, in its slot. Raises :class:`Gone` when the pool is closed."""
        self._busy.add(connection)
        if self.closed:
            raise Gone

    def give_back(self, connection: C, reusable: bool) -> None:
        """Take back a connection that was used; it is kept if ``reusable``."""
        if not reusable or self.closed:
            self.discard(connection)
            return
        self._busy.discard(connection)
        idle = connection.route.idle
        connection.idle_since = now = monotonic()
        idle.append(connection)
        if now - idle[0].idle_since > KEEPALIVE_SECONDS:
            self._drop_oldest(idle)
        # Whoever lined up, or closed the pool, before the append is seen here; who did so after it sees the connection.
        if self._line:
            self._serve()
        if self.closed:
            self._close_idle()

    def _drop_oldest(self, idle: deque[C]) -> None:
        try:
            oldest = idle.popleft()
        except IndexError:
            return
        if monotonic() - oldest.idle_since > KEEPALIVE_SECONDS:
            self._drop(oldest)
        else:
            idle.appendleft(oldest)

    def discard(self, connection: C) -> None:
        """Close a connection that was used or is being opened."""
        self._busy.discard(connection)
        self._drop(connection)

    def _drop(self, connection: C) -> None:
        connection.close()
        self.release()

    def release(self) -> None:
        """Give a slot back."""
        with self._lock:
            self._slots -= 1
        if self._line:
            self._serve()

    def _serve(self) -> None:
        """Hand out what is there to those who wait, in their order."""
        spare: list[C] = []
        with self._lock:
            while self._line:
                waiter = self._line[0]
                got = self._for(waiter.route, spare)
                if got is None:
                    break
                self._line.popleft()
                waiter.hand(None if got is True else got)
        for connection in spare:
            connection.close()

    def _for(self, route: Route, spare: list[C]) -> Any:
        """Return a connection for a route, or True for a slot; what is to be closed for it goes to ``spare``."""
        while route.idle:
            try:
                connection: C = route.idle.pop()
            except IndexError:
                break
            if connection.is_quiet():
                self._busy.add(connection)
                return connection
            spare.append(connection)
            return True
        slot = self._slot()
        if slot is not None and slot is not True:
            spare.append(slot)
        return None if slot is None else True

    def close(self) -> None:
        """Close all connections; whoever uses or waits for one fails."""
        with self._lock:
            self.closed = True
            waiting, self._line = self._line, deque()
            for waiter in waiting:
                waiter.hand(Gone())
        self._close_idle()
        for connection in list(self._busy):
            connection.interrupt()

    def _close_idle(self) -> None:
        for route in list(self.routes.values()):
            while route.idle:
                try:
                    route.idle.pop().close()
                except IndexError:
                    break


def _age(idle: deque[Any]) -> float:
    try:
        since: float = idle[0].idle_since
    except IndexError:
        return 0.0
    return since


def is_quiet(sock: socket.socket, received: int) -> bool:
    """Return whether nothing came on a socket since ``received`` bytes were read: neither bytes nor the end."""
    if _TCP_INFO is not None:
        # Unlike reading, this does not let go of the interpreter's lock, for which busy threads would queue again.
        try:
            info = sock.getsockopt(socket.IPPROTO_TCP, _TCP_INFO, _BYTES_RECEIVED.stop)
        except OSError:
            return False
        if info and info[0] != _ESTABLISHED:
            return False
        if int.from_bytes(info[_BYTES_RECEIVED], sys.byteorder) == received:
            return True
    return nothing_to_read(sock)


def nothing_to_read(sock: socket.socket) -> bool:
    """Return whether there is nothing to read on a socket, neither bytes nor the end nor an error."""
    timeout = sock.gettimeout()
    flags = socket.MSG_PEEK
    try:
        if timeout is None and _DONT_WAIT:
            flags |= _DONT_WAIT
        elif timeout != 0:
            sock.settimeout(0)
        sock.recv(1, flags)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        if sock.gettimeout() != timeout:
            sock.settimeout(timeout)
    return False
