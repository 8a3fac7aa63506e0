"""The engine for threads: one exchange at a time on each connection, each in the thread that makes the call."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from ..errors import InvalidInput, TransportError
from ..message.http import HTTPRequest, Timeout
from .clock import Clock
from .failures import Failures, Gone, TimedOut
from .forks import inherited
from .h1 import ResponseReader, body_pieces, encode_head, is_small
from .pool import Pool, Route
from .proxy import Proxies
from .sync_connection import Connection

if TYPE_CHECKING:
    import ssl


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
        "_reading",
        "headers",
        "status",
    )

    def __init__(self, reader: ResponseReader, connection: Connection, engine: Engine, clock: Clock) -> None:
        self._connection: Connection | None = connection
        self.status = reader.status
        self.headers = reader.headers
        self._reader = reader
        self._engine = engine  # Whose connections close when nobody uses it any more.
        self._clock = clock
        self._closed = self._ended = self._reading = False
        if reader.complete:
            self._give_back()

    def read(self) -> bytes:
        """Read the rest of the body and close. Raises :class:`TransportError` when it does not come whole."""
        if self._connection is None and not self._closed:
            self._closed = self._ended = True
            return self._reader.take()
        return b"".join(self)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._closed:
            raise after_close(self._ended)
        reader = self._reader
        while not (chunk := reader.take()):
            if reader.complete:
                self._closed = self._ended = True
                raise StopIteration
            self._read_more()
        return chunk

    def _read_more(self) -> None:
        connection = self._connection
        assert connection is not None
        check_process(self._engine.pool.pid)
        self._reading = True
        try:
            self._reader.feed_or_end(connection.read(self._clock))
        except Exception as cause:
            self._reading = False
            error = _broken_off(connection, self._clock.timeout, cause, sent=True)
            self.close()
            raise error from cause
        except BaseException:
            self._reading = False
            self.close()
            raise
        self._reading = False
        if self._reader.complete:
            self._give_back()

    def _give_back(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            self._engine.pool.give_back(connection, self._reader.reusable)

    def close(self) -> None:
        """Close the connection unless the body was read to its end. May be called again, and from any thread."""
        self._closed = True
        connection = self._connection
        if connection is None:
            return
        if self._reading and self._engine.pool.pid == os.getpid():
            connection.interrupt()  # Another thread, which closes it.
            return
        self._connection = None
        if self._engine.pool.pid != os.getpid():
            inherited.append(connection)  # The parent reads it, or will.
        else:
            self._engine.pool.discard(connection)

    def __del__(self) -> None:
        if self._connection is not None:
            self.close()


def check_process(pid: int) -> None:
    """Refuse to read what another process reads."""
    if pid != os.getpid():
        raise InvalidInput("the response belongs to the process that this one was forked from: make the call here")


def after_close(ended: bool, end: type[Exception] = StopIteration) -> Exception:
    """Return what reading after the end, or after a close before it, raises."""
    if ended:
        return end()
    return InvalidInput("the response was closed before its end: read it before closing the stream")


class Waiter:
    """A thread that waits for a connection."""

    __slots__ = ("_lock", "got", "route")

    def __init__(self, route: Route) -> None:
        self.route = route
        self.got: Any = None
        self._lock = threading.Lock()
        self._lock.acquire()

    def hand(self, got: Any) -> None:
        """Give a connection, None for the right to open one, or an exception."""
        self.got = got
        self._lock.release()

    def wait(self, seconds: float | None) -> bool:
        """Wait for one, and return whether it was given."""
        return self._lock.acquire(timeout=-1 if seconds is None else min(seconds, threading.TIMEOUT_MAX))


class Engine:
    """Sends requests from threads, over the connections of this process."""

    def __init__(self, limit: int, proxies: Proxies, trust: Callable[[], ssl.SSLContext]) -> None:
        self._trust = trust
        self.pool: Pool[Connection] = Pool(limit, proxies)
        weakref.finalize(self, close_own, self.pool)

    def send(self, request: HTTPRequest, timeout: Timeout) -> Response:
        """Send one request, once, and return when the head of the response has come."""
        pool = self.pool
        route = pool.routes.get((request.scheme, request.host, request.port)) or pool.add_route(request)
        head = encode_head(request, route.prefix, route.headers)
        clock = Clock(timeout)
        reader = ResponseReader(request.method)
        connection = None
        sent = False
        try:
            connection = pool.take(route) or self._open(route, clock)
            if is_small(request):
                connection.send(head + request.body if request.body else head, clock)  # type: ignore[operator]
            else:
                self._upload(connection, request, head, reader, clock)
            sent = True
            while not reader.status:
                reader.feed_or_end(connection.read(clock))
        except Exception as cause:
            if connection is None:
                raise
            pool.discard(connection)
            if not isinstance(request.body, bytes) and request.body.failure is not None:
                raise request.body.failure from None
            raise _broken_off(connection, timeout, cause, sent=sent) from cause
        except BaseException:
            if connection is not None:
                pool.discard(connection)
            raise
        finally:
            head = b""  # Keeps secrets out of tracebacks that show local variables.
        return Response(reader, connection, self, clock)

    def _upload(
        self, connection: Connection, request: HTTPRequest, head: bytes, reader: ResponseReader, clock: Clock
    ) -> None:
        connection.send(head, clock)
        if request.expect_continue:
            connection.await_continue(reader, clock)
        pieces = body_pieces(request)
        try:
            reader.cut_short = bool(reader.status) or not connection.upload(pieces, reader, clock)
        except ConnectionError:
            # The server may have answered before it closed.
            reader.cut_short = True
            if not connection.answer_came(reader, clock):
                raise
        finally:
            pieces.close()

    def _open(self, route: Route, clock: Clock) -> Connection:
        pool = self.pool
        try:
            context = self._trust() if route.uses_tls else None
            connection = None if pool.may_open() else self._wait(route, clock)
            if connection is not None:
                return connection
            connection = Connection(route)
            try:
                pool.add(connection)
                connection.open(context, clock.until("connect"))
            except BaseException:
                pool.discard(connection)
                connection.raise_if_gone()
                raise
        except InvalidInput:
            raise
        except Exception as cause:
            raise _failures(route, clock.timeout).unopened(cause) from cause
        return connection

    def _wait(self, route: Route, clock: Clock) -> Connection | None:
        waiter = Waiter(route)
        self.pool.line_up(waiter)
        try:
            came = waiter.wait(clock.seconds("pool"))
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

    def close(self) -> None:
        """Close all connections, and end what threads do with them. Those of another process are left alone."""
        close_own(self.pool)


def close_own(pool: Pool[Any]) -> None:
    """Close a pool's connections, unless they are another process's."""
    if pool.pid == os.getpid():
        pool.close()
    else:
        inherited.append(pool)


def _broken_off(connection: Connection, timeout: Timeout, cause: Exception, *, sent: bool) -> TransportError:
    # Whatever an interrupted wait ended with.
    return _failures(connection.route, timeout).broken_off(Gone() if connection.interrupted else cause, sent=sent)


def _failures(route: Route, timeout: Timeout) -> Failures:
    return Failures(route.origin, timeout, proxied=route.proxy is not None)
