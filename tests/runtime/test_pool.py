"""The waiting line of a pool, without sockets."""

from __future__ import annotations

from typing import Any

import pytest
from runtime.message.http import HTTPRequest
from runtime.wire.failures import Gone
from runtime.wire.pool import Pool, Route
from runtime.wire.proxy import Proxies


class Kept:
    """A connection that is quiet until it is closed."""

    idle_since = 0.0

    def __init__(self, route: Route) -> None:
        self.route = route
        self.closed = self.interrupted = False

    def is_quiet(self) -> bool:
        return not self.closed

    def close(self) -> None:
        self.closed = True

    def interrupt(self) -> None:
        self.interrupted = True


class Waiting:
    """Somebody in the line."""

    got: Any = "nothing"

    def __init__(self, route: Route) -> None:
        self.route = route

    def hand(self, got: Any) -> None:
        self.got = got


@pytest.fixture
def pool() -> Pool[Kept]:
    return Pool(1, Proxies(False))


def route(pool: Pool[Kept], host: str = "h") -> Route:
    return pool.add_route(HTTPRequest("GET", "http", host, 80, "/", [("Host", host)], b""))


def opened(pool: Pool[Kept], to: Route) -> Kept:
    assert pool.may_open()
    pool.add(connection := Kept(to))
    return connection


def lined_up(pool: Pool[Kept], to: Route) -> Waiting:
    pool.line_up(waiter := Waiting(to))
    return waiter


def test_what_is_given_back_goes_to_the_first_in_line(pool: Pool[Kept]) -> None:
    connection = opened(pool, here := route(pool))
    assert not pool.may_open()
    first, second = lined_up(pool, here), lined_up(pool, here)
    pool.give_back(connection, True)
    assert (first.got, second.got) == (connection, "nothing")
    pool.give_back(connection, False)
    assert (second.got, connection.closed) == (None, True)


def test_another_endpoint_gets_the_slot_and_not_the_connection(pool: Pool[Kept]) -> None:
    connection = opened(pool, route(pool))
    waiter = lined_up(pool, route(pool, "other"))
    pool.give_back(connection, True)
    assert (waiter.got, connection.closed) == (None, True)


def test_whoever_gives_up_after_all_hands_on_what_it_was_given(pool: Pool[Kept]) -> None:
    connection = opened(pool, here := route(pool))
    late, next_one, gone = lined_up(pool, here), lined_up(pool, here), lined_up(pool, here)
    pool.leave(gone)
    pool.give_back(connection, True)
    pool.leave(late)
    assert (next_one.got, gone.got) == (connection, "nothing")
    pool.discard(connection)
    slot = lined_up(pool, here)
    assert slot.got is None
    assert not pool.may_open()
    pool.leave(slot)
    assert pool.may_open()


def test_a_waiter_that_comes_as_a_connection_is_given_back_gets_it(pool: Pool[Kept]) -> None:
    connection = opened(pool, here := route(pool))
    pool.give_back(connection, True)
    assert lined_up(pool, here).got is connection


def test_close_ends_all(pool: Pool[Kept]) -> None:
    busy = opened(pool, here := route(pool))
    waiter = lined_up(pool, here)
    pool.close()
    assert isinstance(waiter.got, Gone)
    assert (busy.interrupted, busy.closed) == (True, False)
    pool.give_back(busy, True)
    assert busy.closed
    with pytest.raises(Gone):
        pool.line_up(Waiting(here))
    with pytest.raises(Gone):
        pool.add(Kept(here))


def test_close_closes_what_is_idle(pool: Pool[Kept]) -> None:
    connection = opened(pool, route(pool))
    pool.give_back(connection, True)
    pool.close()
    assert (connection.closed, connection.interrupted) == (True, False)
