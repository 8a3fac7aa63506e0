"""How a host name becomes a connection, without I/O but for the name service: order of addresses, and head starts.

RFC 8305 (happy eyeballs): address families take turns, and an address that does not answer soon gets company.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from itertools import chain, zip_longest
from typing import Any, NoReturn

HEAD_START = 0.25
"""Seconds after which the next address is tried besides those that have not answered yet."""

Address = tuple[socket.AddressFamily, Any]
"""An address family and a socket address."""

_KEEPALIVE_SECONDS = 60

_lookups: dict[tuple[int, str, int], Lookup] = {}


class Lookup:
    """A question to the name service, asked in a thread of its own, since it cannot be interrupted.

    All who ask the same at the same time share one.
    """

    def __init__(self, key: tuple[int, str, int]) -> None:
        self._key = key
        self._lock = threading.Lock()
        self._waiting: list[Callable[[], object]] = []
        self.done = False
        self._found: list[Address] = []
        self._failure: BaseException | None = None

    def then(self, call: Callable[[], object]) -> None:
        """Have ``call`` called when the answer is there, in any thread."""
        with self._lock:
            if not self.done:
                self._waiting.append(call)
                return
        call()

    def forget(self, call: Callable[[], object]) -> None:
        """Do not call ``call`` any more."""
        with self._lock, suppress(ValueError):
            self._waiting.remove(call)

    def result(self) -> list[Address]:
        """Return the addresses in the order to try them. Raises what the name service did."""
        if self._failure is not None:
            raise type(self._failure)(*self._failure.args)
        return self._found

    def answer(self, found: list[Address]) -> None:
        """Note an answer that nobody had to wait for."""
        self._found, self.done = found, True

    def ask(self) -> None:
        """Ask, and tell all who wait."""
        try:
            self._found = _addresses(self._key[1], self._key[2], 0)
        except BaseException as error:
            self._failure = error
        finally:
            _lookups.pop(self._key, None)
            with self._lock:
                self.done = True
            for call in self._waiting:
                call()


def lookup(host: str, port: int) -> Lookup:
    """Look a host name up; an address is an answer of its own."""
    key = os.getpid(), host, port
    new = Lookup(key)
    with suppress(OSError):
        new.answer(_addresses(host, port, socket.AI_NUMERICHOST))
        return new
    asked = _lookups.setdefault(key, new)
    if asked is new:
        try:
            threading.Thread(target=new.ask, name=f"getaddrinfo {host}", daemon=True).start()
        except BaseException:
            _lookups.pop(key, None)
            raise
    return asked


def _addresses(host: str, port: int, flags: int) -> list[Address]:
    # As bytes, or Python would import a codec for it.
    found = socket.getaddrinfo(host.strip("[]").encode("ascii"), port, 0, socket.SOCK_STREAM, 0, flags)
    return take_turns([(family, address) for family, _, _, _, address in found])


def take_turns(addresses: list[Address]) -> list[Address]:
    """Put addresses in the order to try them: families take turns, beginning with that of the first."""
    families = list(dict.fromkeys(family for family, _ in addresses))
    lines = [[each for each in addresses if each[0] == family] for family in families]
    return list(dict.fromkeys(each for each in chain(*zip_longest(*lines)) if each is not None))


class Race:
    """Which address is tried when: one after another, the next one when a head start is over or another has failed."""

    def __init__(self, addresses: list[Address]) -> None:
        self._addresses = addresses[::-1]
        self._next_at = 0.0
        self._failure: OSError | None = None
        self.running = 0

    def start(self, now: float) -> Address | None:
        """Return an address to try now, if one's turn has come."""
        if not self._addresses or now < self._next_at:
            return None
        self._next_at = now + HEAD_START
        self.running += 1
        return self._addresses.pop()

    def failed(self, error: OSError) -> None:
        """Note that a try failed; the next address's turn has come. Raises the first failure where none is left."""
        self.lost(error)
        if not self._addresses and not self.running:
            self.give_up()

    def lost(self, error: OSError) -> None:
        """Note that a try failed; the next address's turn has come."""
        self.running -= 1
        self._next_at = 0.0
        self._failure = self._failure or error

    def give_up(self) -> NoReturn:
        """Raise the first failure."""
        raise self._failure or OSError("there is no address")

    def wait(self, now: float) -> float | None:
        """Return the seconds until the next address's turn; None when there is no other."""
        return max(0.0, self._next_at - now) if self._addresses else None


def check_connected(sock: socket.socket) -> None:
    """Raise what kept a socket from connecting, if something did."""
    if code := sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
        raise OSError(code, os.strerror(code))


def new_socket(family: socket.AddressFamily) -> socket.socket:
    """Make a socket that does not block, sends at once, and finds out when the other end is gone."""
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        # By default, the first probe comes after two hours; NAT gateways forget connections after minutes.
        for option in ("TCP_KEEPIDLE", "TCP_KEEPALIVE", "TCP_KEEPINTVL"):
            if hasattr(socket, option):
                with suppress(OSError):
                    sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), _KEEPALIVE_SECONDS)
    except BaseException:
        sock.close()
        raise
    return sock
