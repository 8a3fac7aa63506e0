"""httpcore2 connection pools: trust, proxies, and clean ends. Imported by the first request, not before."""

from __future__ import annotations

import os
import ssl
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote, urlsplit

import httpcore2

from ..errors import InvalidInput
from ..message.http import HTTPRequest, Timeout
from .base import raw_headers
from .streams import AsyncBackend, Backend, limits

# Shorter than NAT gateways and load balancers on the way keep an idle connection (AWS: 350 s), before they
# drop it silently.
KEEPALIVE_SECONDS = 45.0


def ssl_context(ca_bundle: str | None) -> ssl.SSLContext:
    """A client's TLS settings: the system's trust store, or the certificates in ``ca_bundle`` and no others.

    ``ca_bundle`` is a file of PEM certificates or an OpenSSL directory of them. Raises :class:`InvalidInput`
    when it is missing or is neither.
    """
    if ca_bundle is None:
        return httpcore2.default_ssl_context()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        if os.path.isdir(ca_bundle):
            context.load_verify_locations(capath=ca_bundle)
        else:
            context.load_verify_locations(cafile=ca_bundle)
    except OSError as error:
        reason = error.strerror if type(error) is not ssl.SSLError else "it has no PEM certificates"
        raise InvalidInput(f"cannot use the CA bundle {ca_bundle!r} (AWS_CA_BUNDLE or ca_bundle): {reason}") from error
    return context


def _proxy(url: str, trust: Callable[[], ssl.SSLContext]) -> httpcore2.Proxy:
    scheme = url.partition("://")[0].lower()
    if scheme not in ("http", "https"):
        raise InvalidInput(
            f"the environment sets a {scheme} proxy, and only http and https proxies can be used: set "
            "HTTPS_PROXY to one of those, exempt the endpoint with NO_PROXY, or give a transport of your own"
        )
    place = _host_and_port(url)
    if place is None:
        raise InvalidInput("the proxy in the environment is not a URL with a host: check HTTPS_PROXY and HTTP_PROXY")
    return httpcore2.Proxy(
        httpcore2.URL(scheme=scheme, host=place[0], port=place[1], target="/"),
        auth=_user_and_password(url),
        ssl_context=trust() if scheme == "https" else None,
    )


def _host_and_port(url: str) -> tuple[str, int | None] | None:
    try:
        parts = urlsplit(url)
        return (parts.hostname, parts.port) if parts.hostname else None
    except ValueError:
        return None


def _user_and_password(url: str) -> tuple[bytes, bytes] | None:
    parts = urlsplit(url)
    if parts.username is None:
        return None
    return unquote(parts.username).encode(), unquote(parts.password or "").encode()


def pool_settings(scheme: str, proxy: str | None, size: int, trust: Callable[[], ssl.SSLContext]) -> dict[str, Any]:
    """What a pool of connections to endpoints of one scheme, through one proxy or none, is made of.

    Raises :class:`InvalidInput` for a proxy that cannot be used.
    """
    return {
        "ssl_context": trust() if scheme == "https" else None,
        "proxy": None if proxy is None else _proxy(proxy, trust),
        "max_connections": size,
        "keepalive_expiry": KEEPALIVE_SECONDS,
    }


class _Messages:
    """What the two kinds of pools share."""

    proxied: bool

    def message(self, request: HTTPRequest, timeout: Timeout, trace: Callable[..., Any]) -> httpcore2.Request:
        """The request for httpcore2: the same target, headers and body, and the time limits of this attempt."""
        host = request.host.strip("[]")
        extensions: dict[str, Any] = {"timeout": limits(timeout), "trace": trace}
        if self.proxied and ":" in host:
            extensions["sni_hostname"] = host
            host = f"[{host}]"
        return httpcore2.Request(
            request.method,
            httpcore2.URL(scheme=request.scheme, host=host, port=request.port, target=request.target),
            headers=raw_headers(request),
            content=request.body,
            extensions=extensions,
        )


class Pool(_Messages, httpcore2.ConnectionPool):
    """The connections of one process with one :func:`pool_settings`."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self._backend = Backend()
        super().__init__(**settings, network_backend=self._backend)
        self.proxied = settings["proxy"] is not None

    def create_connection(self, origin: httpcore2.Origin) -> httpcore2.ConnectionInterface:
        """Make a connection that leaves the pool when it fails to open."""
        connection = super().create_connection(origin)
        _expire_with_leftovers(connection)
        if self.proxied:
            _close_on_failure(connection)
        return connection

    def close(self) -> None:
        """Close all connections. Calls that are under way fail, at whatever they wait for."""
        self._backend.closed = True  # First, or a call that waits for a connection would open another one.
        super().close()
        self._backend.close()


def _close_on_failure(connection: httpcore2.ConnectionInterface) -> None:
    """Close a tunnel whose TLS handshake fails; httpcore2 leaves it open, and its place in the pool taken."""
    send = connection.handle_request

    def handle_request(request: httpcore2.Request) -> httpcore2.Response:
        try:
            return send(request)
        except httpcore2.ConnectionNotAvailable:
            raise
        except BaseException:
            connection.close()
            raise

    vars(connection)["handle_request"] = handle_request


class AsyncPool(_Messages, httpcore2.AsyncConnectionPool):
    """The connections of one event loop with one :func:`pool_settings`."""

    def __init__(self, settings: dict[str, Any], *, on_trio: bool) -> None:
        self._backend = AsyncBackend(on_trio=on_trio)
        super().__init__(**settings, network_backend=self._backend)
        self.proxied = settings["proxy"] is not None

    def create_connection(self, origin: httpcore2.Origin) -> httpcore2.AsyncConnectionInterface:
        """Make a connection that leaves the pool when it fails to open."""
        connection = super().create_connection(origin)
        _expire_with_leftovers(connection)
        if self.proxied:
            _aclose_on_failure(connection)
        return connection

    async def aclose(self) -> None:
        """Close all connections. Calls that are under way fail, at whatever they wait for."""
        self._backend.closed = True
        await super().aclose()
        await self._backend.aclose()


def _aclose_on_failure(connection: httpcore2.AsyncConnectionInterface) -> None:
    send: Callable[[httpcore2.Request], Awaitable[httpcore2.Response]] = connection.handle_async_request

    async def handle_async_request(request: httpcore2.Request) -> httpcore2.Response:
        try:
            return await send(request)
        except httpcore2.ConnectionNotAvailable:
            raise
        except BaseException:
            await connection.aclose()
            raise

    vars(connection)["handle_async_request"] = handle_async_request


def _expire_with_leftovers(connection: Any) -> None:
    """Never use a connection again on which more came than the response: it would be read as the next one."""
    has_expired: Callable[[], bool] = connection.has_expired
    vars(connection)["has_expired"] = lambda: has_expired() or _has_leftovers(connection)


def _has_leftovers(connection: Any) -> bool:
    while (inner := getattr(connection, "_connection", None)) is not None:
        connection = inner
    state = getattr(connection, "_h11_state", None)
    return state is not None and bool(state.trailing_data[0])
