"""What the transports share: the last check of a request, the responses, and our errors for theirs.

Nothing here imports an HTTP library, so the adapters cost nothing until one of them is used.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from types import AsyncGeneratorType
from typing import Any

from ..errors import (
    ConnectError,
    ConnectTimeout,
    InvalidInput,
    ProtocolError,
    ReadTimeout,
    TransportError,
    WriteTimeout,
)
from ..message.http import Headers, HTTPRequest, Timeout, check_header
from .forks import fork_lock, inherited
from .loops import LoopCloser

_METHOD = re.compile("[A-Za-z-]+")
_HOST = re.compile(r"[A-Za-z0-9._~-]+|[0-9A-Fa-f:.]+|\[[0-9A-Fa-f:.]+\]")
_TARGET = re.compile(r"/[\x21\x22\x24-\x7e]*")

# httpcore2 and httpx2 name their errors alike. These are raised before a request is written.
_NOT_SENT = frozenset({"ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError", "UnsupportedProtocol"})


def check_request(request: HTTPRequest) -> None:
    """Refuse a request that would not arrive as it was signed.

    Raises :class:`InvalidInput` for a method, host, target or header that cannot be sent as it is, for a Host
    that is missing or doubled, and for a Content-Length that is not the length of the body.
    """
    if not _METHOD.fullmatch(request.method):
        raise InvalidInput(f"{request.method!r} is not an HTTP method")
    if request.scheme not in ("http", "https"):
        raise InvalidInput(f"the endpoint's scheme must be http or https, not {request.scheme!r}")
    if not _HOST.fullmatch(request.host):
        raise InvalidInput(f"{request.host!r} is not a host name: check the region and endpoint_url")
    if request.port is not None and not 0 < request.port < 65536:
        raise InvalidInput(f"{request.port} is not a port number: check endpoint_url")
    if not _TARGET.fullmatch(request.target):
        raise InvalidInput("the request target must start with '/' and be percent-encoded ASCII without '#'")
    names = [name.lower() for name, _ in request.headers]
    for name, value in request.headers:
        check_header(name, value, f"header {name!r}")
    if names.count("host") != 1:
        raise InvalidInput(f"a request needs one Host header, this one has {names.count('host')}")
    length = len(request.body) if isinstance(request.body, bytes) else request.body.length
    if length is None:
        _check_chunked(request, names)
        return
    if "transfer-encoding" in names:
        raise InvalidInput("Transfer-Encoding is not supported: a body of known length has a Content-Length")
    _check_length(request, names, length)


def _check_chunked(request: HTTPRequest, names: list[str]) -> None:
    codings = [value for name, value in request.headers if name.lower() == "transfer-encoding"]
    if codings != ["chunked"] or "content-length" in names:
        raise InvalidInput("a body of unknown length needs Transfer-Encoding: chunked, and no Content-Length")


def _check_length(request: HTTPRequest, names: list[str], length: int) -> None:
    if "content-length" not in names and not request.body:
        return
    lengths = [value for name, value in request.headers if name.lower() == "content-length"]
    if lengths != [str(length)]:
        given = ", ".join(lengths) or "none"
        raise InvalidInput(f"the body has {length} bytes, so Content-Length must say so once; given: {given}")


def remake(cls: type[Any], arguments: dict[str, Any]) -> Any:
    """Make a pickled transport again."""
    return cls(**arguments)


def raw_headers(request: HTTPRequest) -> list[tuple[bytes, bytes]]:
    """The request's headers as the bytes to send."""
    return [(name.encode("ascii"), value.encode("ascii")) for name, value in request.headers]


def timeout_extension(timeout: Timeout) -> dict[str, float | None]:
    """The time limits as httpcore2 and httpx2 take them."""
    return {"connect": timeout.connect, "read": timeout.read, "write": timeout.write, "pool": timeout.pool}


def decode_headers(pairs: Iterable[tuple[bytes, bytes]]) -> Headers:
    """Response headers as text: Latin-1, in which every byte is a character (RFC 9110, section 5.5)."""
    return Headers((name.decode("latin-1"), value.decode("latin-1")) for name, value in pairs)


class ProxyURL(str):
    """The URL of a proxy. Its repr shows nothing of it, as it may hold a password."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


class Proxies:
    """The proxies of endpoints, from the environment (``HTTPS_PROXY``, ``NO_PROXY``) or the system, or none."""

    def __init__(self, enabled: bool) -> None:
        self._enabled = enabled
        self._found: dict[tuple[str, str, int | None], ProxyURL | None] = {}

    def find(self, request: HTTPRequest) -> ProxyURL | None:
        """The URL of the proxy for a request, looked up once per endpoint."""
        if not self._enabled:
            return None
        endpoint = request.scheme, request.host, request.port
        if endpoint not in self._found:
            self._found[endpoint] = _find_proxy(*endpoint)
        return self._found[endpoint]


def _find_proxy(scheme: str, host: str, port: int | None) -> ProxyURL | None:
    by_system = sys.platform in ("darwin", "win32")
    if not by_system and not any(name.lower().endswith("_proxy") for name in os.environ):
        return None
    with fork_lock:
        from urllib.request import getproxies, proxy_bypass

    proxies = getproxies()
    url = proxies.get(scheme) or proxies.get("all")
    bare = host.strip("[]")
    if not url or proxy_bypass(bare) or (port is not None and proxy_bypass(f"{bare}:{port}")):
        return None
    return ProxyURL(url if "://" in url else f"http://{url}")


class Attempt:
    """One request on its way: how far it got, and our error for what stopped it.

    ``trace`` and ``atrace`` are httpcore2 trace callbacks. They tell a proxy's CONNECT from the request
    itself; the library's errors do not. ``proxied`` says that it goes through a proxy of the environment.
    """

    __slots__ = ("_body", "_proxied", "_sent", "origin", "timeout")

    def __init__(self, request: HTTPRequest, timeout: Timeout, *, proxied: bool = False) -> None:
        self._proxied = proxied
        self._body = request.body
        self.origin = f"{request.host}:{request.port or (443 if request.scheme == 'https' else 80)}"
        self.timeout = timeout
        self._sent: bool | None = None

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Note an event of a sync request."""
        if event.endswith("send_request_headers.started"):
            request = info["request"]
            self._sent = request.method != b"CONNECT"
            if self._sent:
                # All that may follow is this event's failure, which is told all the same.
                request.extensions.pop("trace", None)
        elif event.endswith("send_request_headers.failed") and isinstance(info["exception"].__cause__, OSError):
            # The connection was gone: a head that did not leave whole is no request.
            self._sent = False
        elif self._sent is None:
            self._sent = False

    async def atrace(self, event: str, info: Mapping[str, Any]) -> None:
        """Note an event of an async request."""
        self.trace(event, info)

    def error(self, cause: Exception) -> TransportError:
        """Return our error for an httpcore2 or httpx2 error that ended this request.

        What reading the request's body raised is raised as it is: it is the caller's own.
        """
        if not isinstance(self._body, bytes) and self._body.failure is not None:
            raise self._body.failure
        _forget_locals(cause)
        kinds = {base.__name__ for base in type(cause).__mro__}
        timed_out = "TimeoutException" in kinds
        if "PoolTimeout" in kinds:
            return self.pool_timeout()
        if self._sent is False or not kinds.isdisjoint(_NOT_SENT):
            return self.connect_timeout() if timed_out else self.connect_error(cause, proxy="ProxyError" in kinds)
        if timed_out:
            return self.write_timeout() if "WriteTimeout" in kinds else self.read_timeout()
        return self.broken(_reason(cause))

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

    def read_timeout(self, reason: str = "") -> ReadTimeout:
        """Say that nothing came in time, for ``reason`` if there is a better one."""
        return ReadTimeout(
            reason
            or f"nothing came from {self.origin} for {self.timeout.read} s. The request was sent and may "
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
        if self._proxied:
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
                return ConnectError(f"no TLS with {self.origin} ({_reason(each)}): check that it is an https endpoint")
            if isinstance(each, (socket.gaierror, UnicodeError)) and not self._proxied:
                return ConnectError(
                    f"the host name of {self.origin} was not found ({_reason(each)}): check the region, the "
                    "endpoint URL and the name service"
                )
        failed = next((each for each in causes if isinstance(each, OSError) and each.strerror), cause)
        return self.unreachable(_reason(failed))


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


def _forget_locals(cause: BaseException) -> None:
    """Empty the frames that an error came through: among them are those that hold the request's headers."""
    from traceback import clear_frames

    for each in _causes(cause):
        clear_frames(each.__traceback__)


def _reason(error: BaseException) -> str:
    # What follows a colon may quote bytes of the message, so it stays in the chained error.
    if isinstance(error, OSError) and error.strerror:
        # asyncio and anyio put words of their own there; name service and TLS errors have numbers of their own.
        numbered = type(error).__module__ == "builtins" and error.errno
        return os.strerror(numbered) if numbered else error.strerror
    return str(error).partition(": ")[0] or type(error).__name__


class StreamedResponse:
    """A response whose head has been read; its body is read here, chunk by chunk as it arrives.

    It must be read to its end or closed, or its connection stays taken.
    """

    def __init__(
        self,
        status: int,
        headers: Headers,
        chunks: Iterator[bytes],
        close: Callable[[], None],
        error: Callable[[Exception], TransportError],
    ) -> None:
        self.status = status
        self.headers = headers
        self._chunks = chunks
        self._close = close
        self._error = error
        self._pid = os.getpid()
        self._closed = self._ended = False

    def read(self) -> bytes:
        """Read the rest of the body and close. Raises :class:`TransportError` when it does not come whole."""
        return b"".join(self)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._closed:
            raise _after_close(self._ended)
        _check_process(self._pid)
        try:
            chunk = next(self._chunks)
            while not chunk:
                chunk = next(self._chunks)
        except StopIteration:
            self._ended = True
            self.close()
            raise
        except Exception as error:
            self.close()
            raise self._error(error) from error
        except BaseException:
            self.close()
            raise
        return chunk

    def close(self) -> None:
        """Give the connection back after a whole body, else close it. May be called again, and from any thread."""
        if not self._closed:
            self._closed = True
            if _is_own(self._pid, self._chunks, self._close):
                self._close()


class AsyncStreamedResponse:
    """The async twin of :class:`StreamedResponse`."""

    _closed = True  # Until its parts are known, there is nothing to close.

    def __init__(
        self,
        status: int,
        headers: Headers,
        chunks: AsyncIterator[bytes],
        close: Callable[[], Awaitable[None]],
        error: Callable[[Exception], TransportError],
    ) -> None:
        self.status = status
        self.headers = headers
        self._chunks = chunks
        self._close = close
        self._error = error
        self._pid = os.getpid()
        self._closer = LoopCloser()
        self._closed = self._ended = False

    async def read(self) -> bytes:
        """Read the rest of the body and close. Raises :class:`TransportError` when it does not come whole."""
        return b"".join([chunk async for chunk in self])

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if self._closed:
            raise _after_close(self._ended, StopAsyncIteration)
        _check_process(self._pid)
        try:
            chunk = await anext(self._chunks)
            while not chunk:
                chunk = await anext(self._chunks)
        except StopAsyncIteration:
            self._ended = True
            await self.aclose()
            raise
        except Exception as error:
            await self.aclose()
            raise self._error(error) from error
        except BaseException:
            await self.aclose()
            raise
        return chunk

    async def aclose(self) -> None:
        """Give the connection back after a whole body, else close it. May be called again."""
        if not self._closed:
            self._closed = True
            if _is_own(self._pid, self._chunks, self._close):
                await self._close()

    def __del__(self) -> None:
        # One that was dropped would keep its place in the pool for good.
        if not self._closed:
            self._closer.close(self._close)


def _check_process(pid: int) -> None:
    if pid != os.getpid():
        raise InvalidInput("the response belongs to the process that this one was forked from: make the call here")


def _is_own(pid: int, *parts: object) -> bool:
    """Whether this process opened a response. If not, its parts are kept, for the parent reads it or will."""
    if pid == os.getpid():
        return True
    inherited.append(parts)
    return False


def _after_close(ended: bool, end: type[Exception] = StopIteration) -> Exception:
    if ended:
        return end()
    return InvalidInput("the response was closed before its end: read it before closing the stream")


async def finish(generator: AsyncGenerator[bytes]) -> None:
    """Close a generator, unless another task is reading from it: that read fails when the connection is closed."""
    if not (isinstance(generator, AsyncGeneratorType) and generator.ag_running):
        await generator.aclose()
