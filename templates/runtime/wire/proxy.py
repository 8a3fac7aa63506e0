"""Proxies: which one a request goes through, what is sent to it, and the credentials for it."""

from __future__ import annotations

import os
import sys

from ..errors import InvalidInput
from .forks import fork_lock


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

    def find(self, scheme: str, host: str, port: int | None) -> ProxyURL | None:
        """The URL of the proxy for an endpoint, looked up once for each."""
        if not self._enabled:
            return None
        endpoint = scheme, host, port
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


class Proxy:
    """A proxy to connect to.

    Attributes:
        scheme: ``http``, or ``https`` for one that is spoken to in TLS.
        host: its name or address.
        port: its port.
        headers: its credentials, as the header that carries them; else none.
    """

    __slots__ = ("headers", "host", "port", "scheme")

    def __init__(self, url: str) -> None:
        """Read the URL. Raises :class:`InvalidInput` for a proxy that cannot be used."""
        self.scheme = url.partition("://")[0].lower()
        if self.scheme not in ("http", "https"):
            raise InvalidInput(
                f"the environment sets a {self.scheme} proxy, and only http and https proxies can be used: set "
                "HTTPS_PROXY to one of those, exempt the endpoint with NO_PROXY, or give a transport of your own"
            )
        place = _host_and_port(url)
        if place is None:
            raise InvalidInput(
                "the proxy in the environment is not a URL with a host: check HTTPS_PROXY and HTTP_PROXY"
            )
        self.host: str = place[0]
        self.port: int = place[1] or (443 if self.scheme == "https" else 80)
        self.headers: tuple[tuple[str, str], ...] = _credentials(url)

    def connect_head(self, origin: str) -> bytes:
        """Return the request for a tunnel to ``origin``, a host and a port."""
        lines = [f"CONNECT {origin} HTTP/1.1", f"Host: {origin}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")


def _host_and_port(url: str) -> tuple[str, int | None] | None:
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        return (parts.hostname, parts.port) if parts.hostname else None
    except ValueError:
        return None


def _credentials(url: str) -> tuple[tuple[str, str], ...]:
    from base64 import b64encode
    from urllib.parse import unquote, urlsplit

    parts = urlsplit(url)
    if parts.username is None:
        return ()
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
    return (("Proxy-Authorization", f"Basic {b64encode(pair).decode()}"),)
