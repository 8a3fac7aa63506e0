"""One blocking face for every transport, so that one suite can run over all of them."""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest
import runtime
from anyio.from_thread import BlockingPortal, start_blocking_portal
from runtime.message.http import Headers, HTTPRequest, Timeout
from runtime.wire.transport import AsyncHTTPTransport, HTTPTransport

from .loopback import PATIENCE

TIMEOUT = Timeout(connect=10, read=10, write=10, pool=10)


PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


def without_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take this machine's proxy settings out of the environment."""
    for name in PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def post(port: int, target: str = "/", body: bytes = b"", **changes: Any) -> HTTPRequest:
    """A plain POST to 127.0.0.1, or what ``changes`` make of it; ``extra`` are further headers."""
    host = changes.get("host", "127.0.0.1")
    headers = [
        ("Host", f"{host}:{port}"),
        ("User-Agent", "suite"),
        ("Accept", "*/*"),
        *changes.pop("extra", ()),
    ]
    if body or changes.get("method", "POST") not in ("GET", "HEAD", "DELETE"):
        headers.append(("Content-Length", str(len(body))))
    fields: dict[str, Any] = {
        "method": "POST",
        "scheme": "http",
        "host": "127.0.0.1",
        "headers": headers,
    } | changes
    return HTTPRequest(port=port, target=target, body=body, **fields)


class Opened:
    """A response whose body is read by blocking calls, whatever the transport."""

    def __init__(self, response: Any, portal: BlockingPortal | None) -> None:
        self._response = response
        self._portal = portal
        self._iterator: Any = aiter(response) if portal else iter(response)

    @property
    def status(self) -> int:
        return int(self._response.status)

    @property
    def headers(self) -> Headers:
        headers = self._response.headers
        assert isinstance(headers, Headers)
        return headers

    def next(self) -> bytes | None:
        """The next chunk, or None at the end of the body."""
        try:
            got = self._portal.call(self._iterator.__anext__) if self._portal else next(self._iterator)
        except (StopIteration, StopAsyncIteration):
            return None
        assert isinstance(got, bytes)
        assert got
        return got

    def read(self) -> bytes:
        got = self._portal.call(self._response.read) if self._portal else self._response.read()
        assert isinstance(got, bytes)
        return got

    def close(self) -> None:
        if self._portal:
            self._portal.call(self._response.aclose)
        else:
            self._response.close()


class Driver:
    """A transport and, if it is async, the event loop that it runs in."""

    def __init__(self, name: str, make: Callable[..., Any], backend: str | None) -> None:
        self.name = name
        self.library = name.partition("-")[0]
        self._make = make
        self._backend = backend
        self._settings: dict[str, Any] = {}
        self._stack = ExitStack()

    def connections(self, requests: int) -> int:
        """How many connections that many requests take, one after another: httpx2's are used once."""
        return requests if self.library == "httpx2" else 1

    def configure(self, **settings: Any) -> None:
        """Set ``ca_bundle``, ``proxies`` or ``max_connections`` before the first request."""
        self._settings = settings

    def __enter__(self) -> Driver:
        self._portal = self._stack.enter_context(start_blocking_portal(self._backend)) if self._backend else None
        self._transport: Any = None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._stack:
            self.close()

    def send(self, request: HTTPRequest, timeout: Timeout = TIMEOUT) -> Opened:
        """Send a request and return its open response."""
        if self._transport is None:
            self._transport = self._make(**self._settings)
        if self._portal:
            return Opened(self._portal.call(self._transport.send, request, timeout), self._portal)
        return Opened(self._transport.send(request, timeout), None)

    def fetch(self, request: HTTPRequest, timeout: Timeout = TIMEOUT) -> tuple[int, Headers, bytes]:
        """Send a request and read its response."""
        opened = self.send(request, timeout)
        return opened.status, opened.headers, opened.read()

    def close(self) -> None:
        if self._transport is not None:
            if self._portal:
                self._portal.call(self._transport.aclose)
            else:
                self._transport.close()


def _httpx2(*, is_async: bool, ca_bundle: str | None = None, proxies: bool = True, max_connections: int = 100) -> Any:
    import httpx2
    from runtime.wire.httpx2_adapter import AsyncHTTPX2Transport, HTTPX2Transport

    settings: dict[str, Any] = {
        "verify": ssl.create_default_context(cafile=ca_bundle) if ca_bundle else True,
        "trust_env": proxies,
        "limits": httpx2.Limits(max_connections=max_connections),
        # All of these a signed request must not get from the client.
        "headers": {"X-Default": "unsigned", "User-Agent": "default"},
        "cookies": {"session": "unsigned"},
        "params": {"added": "unsigned"},
        "auth": ("user", "password"),
        "follow_redirects": True,
    }
    if is_async:
        return AsyncHTTPX2Transport(httpx2.AsyncClient(**settings))
    return HTTPX2Transport(httpx2.Client(**settings))


def make_driver(name: str) -> Driver:
    """A driver by its name, ``<library>-<sync|asyncio|trio>``."""
    library, _, mode = name.partition("-")
    is_async = mode != "sync"

    def make(**settings: Any) -> Any:
        if library == "httpx2":
            return _httpx2(is_async=is_async, **settings)
        return AsyncHTTPTransport(**settings) if is_async else HTTPTransport(**settings)

    return Driver(name, make, mode if is_async else None)


DEFAULT = ("default-sync", "default-asyncio", "default-trio")
EVERY = (*DEFAULT, "httpx2-sync", "httpx2-asyncio", "httpx2-trio")


def python(script: str, port: int, *, first: str = "") -> subprocess.Popen[str]:
    """Run a script in another process. It has ``transport``, ``request(path)`` and ``send(path)``, its body.

    What ``first`` says runs before anything is imported.
    """
    prelude = (
        f"{first}\n"
        + """
import os, signal, sys, threading
from runtime.message.http import HTTPRequest, Timeout
from runtime.wire.transport import AsyncHTTPTransport, HTTPTransport
# A shell's background jobs, and so the tests in one, are started with this signal ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
port = int(sys.argv[1])
def request(path="/"):
    return HTTPRequest("GET", "http", "127.0.0.1", port, path, [("Host", "h")], b"")
def send(path="/"):
    return transport.send(request(path), Timeout()).read().decode()
transport = HTTPTransport()
"""
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(runtime.__file__).parent.parent)}
    return subprocess.Popen(
        [sys.executable, "-X", "dev", "-c", prelude + script, str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )


def finished(process: subprocess.Popen[str]) -> str:
    """Wait for the end of the process and return its output. It must not fail or warn."""
    output, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    assert "Warning" not in errors, errors
    return output
