"""pyreqwest clients, requests and errors: what its sync and its async transport share."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from pyreqwest.client import BaseClientBuilder
from pyreqwest.exceptions import PoolTimeoutError, PyreqwestError, RequestTimeoutError
from pyreqwest.http import HeaderMap, Url
from pyreqwest.proxy import ProxyBuilder
from pyreqwest.request import BaseRequestBuilder

from ..errors import InvalidInput, TransportError
from ..message.http import Headers, HTTPRequest, Timeout
from .base import Attempt, Proxies, check_request, remake
from .forks import fork_lock, inherited
from .transport import MAX_CONNECTIONS

Builder = TypeVar("Builder", bound=BaseRequestBuilder)
Key = tuple[int, str | None, float | None, float | None]

# The Rust runtimes do not survive fork(). There are two, so a process and its child can each have one.
_runtime_owner: dict[bool, int] = {}


def _usable_runtime() -> bool | None:
    """Whether this process must use the multithreaded runtime; None if it can use neither."""
    with fork_lock:
        for multithreaded in (False, True):
            if _runtime_owner.setdefault(multithreaded, os.getpid()) == os.getpid():
                return multithreaded
    return None


def _as_url(request: HTTPRequest) -> Url | None:
    """The request's URL, or None where pyreqwest would send another target than the one signed."""
    host = f"[{request.host}]" if ":" in request.host and "[" not in request.host else request.host
    port = "" if request.port is None else f":{request.port}"
    try:
        url = Url(f"{request.scheme}://{host}{port}{request.target}")
    except ValueError:
        return None
    query = "" if url.query_string is None else f"?{url.query_string}"
    return url if url.path + query == request.target else None


def prepare(builder: Builder, request: HTTPRequest, total: float) -> Builder:
    """Put the request into a builder; ``total`` seconds end it in any case."""
    builder.headers(request.headers)
    builder.streamed_read_buffer_limit(0).timeout(timedelta(seconds=total))
    if isinstance(request.body, bytes) and request.body:
        builder.body_bytes(request.body)
    return builder


def head_limit(request: HTTPRequest, timeout: Timeout) -> float | None:
    """Return the seconds that the head of the response may take, sending included; None: no limit."""
    if timeout.read is None:
        return timeout.total
    is_large = not isinstance(request.body, bytes) or len(request.body) > 65536
    write = (timeout.write or 0) if is_large else 0
    limit = timeout.read + (timeout.connect or 0) + (timeout.pool or 0) + write
    return limit if timeout.total is None else min(limit, timeout.total)


def read_headers(headers: HeaderMap) -> Headers:
    """Return the headers; those whose value pyreqwest cannot decode are left out."""
    pairs: list[tuple[str, str]] = []
    for name in dict.fromkeys(headers.keys()):
        try:
            pairs.extend((name, value) for value in headers.getall(name))
        except ValueError:
            continue
    return Headers(pairs)


def translate(attempt: Attempt, total: float, cause: Exception) -> TransportError:
    """Our error for one of theirs, by its causes: its class may be wrong, and its text has the URL."""
    if not isinstance(cause, PyreqwestError):
        return attempt.read_timeout() if isinstance(cause, TimeoutError) else attempt.broken(str(cause))
    if isinstance(cause, PoolTimeoutError):
        return attempt.pool_timeout()
    details: dict[str, Any] = getattr(cause, "details", None) or {}
    causes = [each["message"] for each in details.get("causes") or ()]
    reason = causes[-1] if causes and "url (" not in causes[-1] else cause.message
    if "client error (Connect)" in causes:
        timed_out = isinstance(cause, RequestTimeoutError)
        return attempt.connect_timeout() if timed_out else attempt.unreachable(reason)
    if isinstance(cause, RequestTimeoutError):
        return attempt.read_timeout(f"the call to {attempt.origin} took longer than total_timeout, {total} s")
    return attempt.broken(reason)


def _proxy(url: str) -> ProxyBuilder:
    try:
        return ProxyBuilder.all(url)
    except ValueError:
        # Its own message quotes the URL, which may hold a password.
        raise InvalidInput("pyreqwest cannot use the proxy in the environment: check HTTPS_PROXY") from None


class PyreqwestBase:
    """What both transports share: settings, clients, and when to step aside."""

    def __init__(
        self,
        *,
        ca_bundle: str | None = None,
        proxies: bool = True,
        max_connections: int = MAX_CONNECTIONS,
        total_timeout: float = 900.0,
    ) -> None:
        """Nothing is opened or started before the first request.

        Args:
            ca_bundle: a file of PEM certificates to trust besides the built-in ones.
            proxies: whether to take proxies from the environment.
            max_connections: the most requests at a time; further ones wait for ``Timeout.pool`` seconds.
            total_timeout: seconds after which a call ends, its streamed response included.
        """
        self._arguments: dict[str, Any] = {
            "ca_bundle": ca_bundle,
            "proxies": proxies,
            "max_connections": max_connections,
        }
        self._total = total_timeout
        self._closed = False
        self._proxies = Proxies(proxies)
        self._clients: dict[Key, Any] = {}
        self._start()

    def _start(self) -> None:
        raise NotImplementedError

    def _client(self, build: Callable[[], Any], request: HTTPRequest, timeout: Timeout, multithreaded: bool) -> Any:
        """This process's client with this proxy and these time limits: pyreqwest takes both per client."""
        # What is left of a call's time differs each time; it is limited by `head_limit`, not by another client.
        connect, pool = (None if timeout.total == limit else limit for limit in (timeout.connect, timeout.pool))
        key = os.getpid(), self._proxies.find(request), connect, pool
        with fork_lock:
            if key not in self._clients:
                self._clients[key] = self._configure(build(), key, multithreaded).build()
            return self._clients[key]

    def _configure(self, builder: Any, key: Key, multithreaded: bool) -> Any:
        _, proxy, connect, pool = key
        plain: BaseClientBuilder = builder
        plain.gzip(False).brotli(False).zstd(False).deflate(False).follow_redirects(False)
        plain.http1_only().runtime_multithreaded(multithreaded).no_proxy()
        plain.max_connections(self._arguments["max_connections"])
        if connect is not None:
            plain.connect_timeout(timedelta(seconds=connect))
        if pool is not None:
            plain.pool_timeout(timedelta(seconds=pool))
        if proxy is not None:
            plain.proxy(_proxy(proxy))
        if (bundle := self._arguments["ca_bundle"]) is not None:
            try:
                with open(bundle, "rb") as file:
                    plain.add_root_certificate_pem(file.read())
            except OSError as error:
                raise InvalidInput(
                    f"cannot read the CA bundle {bundle!r} (AWS_CA_BUNDLE or ca_bundle): {error.strerror}"
                ) from error
        return builder

    def _route(self, request: HTTPRequest) -> tuple[Url, bool] | None:
        """The URL and the runtime for a request, or None if the default transport must send it."""
        if self._closed:
            raise InvalidInput("the transport is closed: make a new client, or close it after its last call")
        check_request(request)
        # It cuts a body that is too long without a word, and one that blocks holds up the other clients.
        url = _as_url(request) if isinstance(request.body, bytes) else None
        multithreaded = None if url is None else _usable_runtime()
        return None if url is None or multithreaded is None else (url, multithreaded)

    def __reduce__(self) -> tuple[Any, ...]:
        return remake, (type(self), {**self._arguments, "total_timeout": self._total})


def disown(clients: dict[Key, Any]) -> None:
    """Drop the clients of this process, which closes them.

    What came through fork() is kept, neither used nor closed.
    """
    for key in list(clients):
        client = clients.pop(key)
        if key[0] != os.getpid():
            inherited.append(client)
