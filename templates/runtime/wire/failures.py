"""What can go wrong with a request, and our errors for it: what is wrong, in which phase, and what to do.

The drivers raise :class:`Malformed`, :class:`TimedOut`, :class:`Refused`, :class:`Gone` and what the operating system
and ``ssl`` raise; :class:`Failures` makes the errors of them that callers see.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Literal

from ..errors import ConnectError, ConnectTimeout, ProtocolError, ReadTimeout, TransportError, WriteTimeout
from ..message.http import Timeout

Phase = Literal["pool", "connect", "read", "write"]

CLOSED = "the client was closed"


class Malformed(Exception):
    """What came is not a response that can be taken."""


class Refused(Exception):
    """A proxy does not connect; the text says what it answered."""


class Gone(Exception):
    """The transport was closed meanwhile."""

    def __init__(self) -> None:
        super().__init__(CLOSED)


class TimedOut(Exception):
    """A wait took too long."""

    def __init__(self, phase: Phase) -> None:
        super().__init__(f"the {phase} timeout is over")
        self.phase = phase


def origin(scheme: str, host: str, port: int | None) -> str:
    """Return host and port as an error names them; IPv6 addresses are in brackets."""
    bare = host.strip("[]")
    return f"{f'[{bare}]' if ':' in bare else bare}:{port or (443 if scheme == 'https' else 80)}"


class Failures:
    """The errors of one request: where it goes, its time limits, and whether it goes through a proxy."""

    __slots__ = ("origin", "proxied", "timeout")

    def __init__(self, origin: str, timeout: Timeout, *, proxied: bool = False) -> None:
        self.origin = origin
        self.timeout = timeout
        self.proxied = proxied

    def unopened(self, cause: Exception) -> ConnectError:
        """Return the error for what kept a connection from being there."""
        forget_locals(cause)
        if isinstance(cause, TimedOut):
            return self.pool_timeout() if cause.phase == "pool" else self.connect_timeout()
        return self.connect_error(cause, proxy=isinstance(cause, Refused))

    def broken_off(self, cause: Exception, *, sent: bool) -> TransportError:
        """Return the error for what ended an exchange; ``sent`` says whether the service may have seen the request."""
        forget_locals(cause)
        if isinstance(cause, TimedOut):
            late: TransportError = self.write_timeout() if cause.phase == "write" else self.read_timeout()
            late.sent = sent
            return late
        why = str(cause) if isinstance(cause, (Malformed, Gone)) else reason(cause)
        if sent:
            return self.broken(why)
        error = ProtocolError(f"the connection to {self.origin} failed before the request was sent whole: {why}")
        error.sent = False
        return error

    def pool_timeout(self) -> ConnectTimeout:
        """Say that no connection became free in time."""
        return ConnectTimeout(
            f"no connection to {self.origin} became free within {self.timeout.pool} s: close streams that "
            "are no longer read, or raise max_connections or the pool timeout"
        )

    def connect_timeout(self) -> ConnectTimeout:
        """Say that connecting took too long."""
        return ConnectTimeout(
            f"could not connect to {self.origin} within {self.timeout.connect} s: check the network, the "
            "endpoint and the proxy settings, or raise the connect timeout"
        )

    def read_timeout(self) -> ReadTimeout:
        """Say that nothing came in time."""
        return ReadTimeout(
            f"nothing came from {self.origin} for {self.timeout.read} s. The request was sent and may "
            "still be processed; raise the read timeout if the answer takes longer"
        )

    def write_timeout(self) -> WriteTimeout:
        """Say that sending took too long."""
        return WriteTimeout(
            f"{self.origin} took no data for {self.timeout.write} s while the request was sent; raise the "
            "write timeout if the network is slow"
        )

    def broken(self, reason: str) -> ProtocolError:
        """Say that the connection failed after the request was sent."""
        return ProtocolError(f"the connection to {self.origin} failed after the request was sent: {reason}")

    def unreachable(self, reason: str) -> ConnectError:
        """Say that there is no connection."""
        if self.proxied:
            return ConnectError(
                f"could not connect to the proxy on the way to {self.origin}: {reason}: check HTTPS_PROXY and NO_PROXY"
            )
        return ConnectError(f"could not connect to {self.origin}: {reason}")

    def connect_error(self, cause: BaseException, *, proxy: bool = False) -> ConnectError:
        """Say why there is no connection: the proxy, the name, the certificate, TLS, or the network."""
        import socket
        import ssl

        if proxy:
            return ConnectError(
                f"the proxy refused to connect to {self.origin} ({cause}): check HTTPS_PROXY and NO_PROXY"
            )
        causes = list(_causes(cause))
        for each in causes:
            if isinstance(each, ssl.SSLCertVerificationError):
                return ConnectError(
                    f"the TLS certificate of {self.origin} was not accepted ({each.verify_message}): if a "
                    "private CA or a proxy that inspects TLS signed it, set AWS_CA_BUNDLE to a file with the "
                    "certificates of that CA"
                )
            if isinstance(each, ssl.SSLError):
                return ConnectError(f"no TLS with {self.origin} ({reason(each)}): check that it is an https endpoint")
            if isinstance(each, (socket.gaierror, UnicodeError)) and not self.proxied:
                return ConnectError(
                    f"the host name of {self.origin} was not found ({reason(each)}): check the region, the "
                    "endpoint URL and the name service"
                )
        failed = next((each for each in causes if isinstance(each, OSError) and each.strerror), cause)
        return self.unreachable(reason(failed))


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error, what it was raised from or made of, and the members of groups among them."""
    # Not __context__: that may be an error that the caller was handling at the time.
    waiting: list[BaseException] = [error]
    seen: set[int] = set()
    while waiting:
        each = waiting.pop(0)
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        members: tuple[BaseException, ...] = getattr(each, "exceptions", ())
        waiting.extend(members)
        waiting.extend(linked for linked in (each.__cause__, *each.args) if isinstance(linked, BaseException))


def forget_locals(cause: BaseException) -> None:
    """Empty the frames that an error came through: among them are those that hold the request's headers."""
    from traceback import clear_frames

    for each in _causes(cause):
        clear_frames(each.__traceback__)


def reason(error: BaseException) -> str:
    """Say in short why something failed."""
    # What follows a colon may quote bytes of the message, so it stays in the chained error.
    if isinstance(error, OSError) and error.strerror:
        # asyncio puts words of its own there; name service and TLS errors have numbers of their own.
        numbered = type(error).__module__ == "builtins" and error.errno
        return os.strerror(numbered) if numbered else error.strerror
    return str(error).partition(": ")[0] or type(error).__name__
