"""Transports of another generated client: of the same shape, but with errors of their own, which this translates.

Loaded when such a transport is passed to a client.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any, NoReturn

from .. import errors
from ..errors import AWSError, foreign
from ..message.http import Headers, HTTPRequest, Timeout


def _raise(error: Exception) -> NoReturn:
    """Raise this client's error of the same name in place of the other's; anything else as it is."""
    if foreign(error) is not None:
        for base in type(error).__mro__:
            kind = vars(errors).get(base.__name__)
            if isinstance(kind, type) and issubclass(kind, AWSError):
                raise kind(*error.args) from error
    raise error


class _Response:
    def __init__(self, response: Any) -> None:
        self.status: int = response.status
        self.headers = Headers(response.headers)
        self._response = response


class ForeignResponse(_Response):
    """A response of another client's transport."""

    def read(self) -> bytes:
        """Return the whole body and close."""
        try:
            return bytes(self._response.read())
        except Exception as error:
            _raise(error)

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._response
        except Exception as error:
            _raise(error)

    def close(self) -> None:
        """Close the response."""
        self._response.close()


class AsyncForeignResponse(_Response):
    """The async twin of :class:`ForeignResponse`."""

    async def read(self) -> bytes:
        """Return the whole body and close."""
        try:
            return bytes(await self._response.read())
        except Exception as error:
            _raise(error)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._response:
                yield chunk
        except Exception as error:
            _raise(error)

    async def aclose(self) -> None:
        """Close the response."""
        await self._response.aclose()


class _Transport:
    def __init__(self, transport: Any) -> None:
        self._transport = transport

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._transport,)


class ForeignTransport(_Transport):
    """A sync transport of another client."""

    def send(self, request: HTTPRequest, timeout: Timeout) -> ForeignResponse:
        """Send one request, once, and return when the head of the response has come."""
        try:
            return ForeignResponse(self._transport.send(request, timeout))
        except Exception as error:
            _raise(error)

    def close(self) -> None:
        """Close all connections."""
        self._transport.close()


class AsyncForeignTransport(_Transport):
    """The async twin of :class:`ForeignTransport`."""

    async def send(self, request: HTTPRequest, timeout: Timeout) -> AsyncForeignResponse:
        """Send one request, once, and return when the head of the response has come."""
        try:
            return AsyncForeignResponse(await self._transport.send(request, timeout))
        except Exception as error:
            _raise(error)

    async def aclose(self) -> None:
        """Close the connections of the running event loop."""
        await self._transport.aclose()
