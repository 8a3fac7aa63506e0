"""The protocols that a transport follows.

A transport sends what :class:`~.message.http.HTTPRequest` says, byte for byte, and nothing else: no added headers, no
redirects, no decompression, no cookies; headers keep their order and case. It raises
:class:`~.errors.TransportError` and its subclasses, and :class:`~.errors.InvalidInput` for what cannot be sent.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Protocol

from ..message.http import Headers, HTTPRequest, Timeout


class TransportResponse(Protocol):
    """A response whose head has been read and whose body has not. Read it to its end or close it."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        ...

    @property
    def headers(self) -> Headers:
        """The response headers."""
        ...

    def read(self) -> bytes:
        """Return the whole body and close."""
        ...

    def __iter__(self) -> Iterator[bytes]:
        """Yield the body in chunks as they arrive: none is empty, and none waits for more to come."""
        ...

    def close(self) -> None:
        """Give the connection back after a whole body, else close it. May be called again."""
        ...


class AsyncTransportResponse(Protocol):
    """The async twin of :class:`TransportResponse`."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        ...

    @property
    def headers(self) -> Headers:
        """The response headers."""
        ...

    async def read(self) -> bytes:
        """Return the whole body and close."""
        ...

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the body in chunks as they arrive: none is empty, and none waits for more to come."""
        ...

    async def aclose(self) -> None:
        """Give the connection back after a whole body, else close it. May be called again."""
        ...


class Transport(Protocol):
    """Sends requests. Safe to use from several threads."""

    def send(self, request: HTTPRequest, timeout: Timeout) -> TransportResponse:
        """Send one request, once, and return when the head of the response has come."""
        ...

    def close(self) -> None:
        """Close all connections. May be called again."""
        ...


class AsyncTransport(Protocol):
    """Sends requests from coroutines, under asyncio or trio."""

    async def send(self, request: HTTPRequest, timeout: Timeout) -> AsyncTransportResponse:
        """Send one request, once, and return when the head of the response has come."""
        ...

    async def aclose(self) -> None:
        """Close the connections of the running event loop. May be called again."""
        ...
