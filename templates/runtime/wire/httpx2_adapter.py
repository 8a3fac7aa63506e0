"""Transports over an httpx2 client of your own, with its proxies, certificates, limits and event hooks.

>>> transport = HTTPX2Transport(httpx2.Client(verify=my_context))
>>> client = SageMakerRuntime(region="eu-west-1", transport=transport)

A connection serves one request, but for HTTP/2: httpx2 cannot tell whether more came than the response, which it would
take for the next one. The client's default headers, cookies, authentication and redirects are left out, because the
request is signed as it is; time limits come from the caller too. Closing the transport closes the httpx2 client.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from typing import Any, NoReturn

import httpx2

from ..errors import InvalidInput
from ..message.body import Body
from ..message.http import HTTPRequest, Timeout
from .adapted import (
    AsyncStreamedResponse,
    Attempt,
    StreamedResponse,
    decode_headers,
    finish,
    raw_headers,
    timeout_extension,
)
from .checks import check_request


def _to_httpx(request: HTTPRequest, timeout: Timeout, trace: Callable[..., Any]) -> httpx2.Request:
    port = "" if request.port is None else f":{request.port}"
    host = f"[{request.host}]" if ":" in request.host and "[" not in request.host else request.host
    try:
        url = httpx2.URL(f"{request.scheme}://{host}{port}{request.target}")
    except httpx2.InvalidURL as error:
        raise InvalidInput(f"httpx2 cannot take this request: {error}") from error
    # A stream, unlike content, brings no headers of its own; the URL is normalised, but "target" is what is
    # sent.
    extensions: dict[str, Any] = {
        "timeout": timeout_extension(timeout),
        "target": request.target.encode("ascii"),
        "trace": trace,
    }
    return httpx2.Request(
        request.method,
        url,
        headers=raw_headers(request),
        stream=httpx2.ByteStream(request.body) if isinstance(request.body, bytes) else _Piecewise(request.body),
        extensions=extensions,
    )


class _Piecewise(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    """A body as httpx2 takes it."""

    def __init__(self, body: Body) -> None:
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._body)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return aiter(self._body)


async def _one(content: bytes) -> AsyncGenerator[bytes, None]:
    yield content


class _Base:
    def __reduce__(self) -> NoReturn:
        raise TypeError(
            f"a {type(self).__name__} cannot be pickled, because an httpx2 client cannot: make it in the "
            "process that uses it"
        )


def _check(request: HTTPRequest, closed: bool) -> None:
    if closed:
        raise InvalidInput("the transport is closed: its httpx2 client was closed")
    check_request(request)


class HTTPX2Transport(_Base):
    """Sends through a given :class:`httpx2.Client`."""

    def __init__(self, client: httpx2.Client) -> None:
        self._client = client

    def send(self, request: HTTPRequest, timeout: Timeout) -> StreamedResponse:
        """Send one request, once, and return when the head of the response has come.

        Raises :class:`~.errors.TransportError` and :class:`~.errors.InvalidInput`.
        """
        _check(request, self._client.is_closed)
        attempt = Attempt(request, timeout)
        message = _to_httpx(request, timeout, attempt.trace)
        try:
            response = self._client.send(message, stream=True, auth=None, follow_redirects=False)
        except Exception as error:
            raise attempt.error(error) from error
        attempt.stream = response.extensions.get("network_stream")
        headers = decode_headers(response.headers.raw)
        # An event hook or a mock transport may have read the body already.
        chunks = iter((response.content,)) if response.is_stream_consumed else response.iter_raw()
        return StreamedResponse(response.status_code, headers, chunks, response.close, attempt.error)

    def close(self) -> None:
        """Close the httpx2 client. May be called again."""
        self._client.close()


class AsyncHTTPX2Transport(_Base):
    """Sends through a given :class:`httpx2.AsyncClient`, which belongs to one event loop."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self._client = client

    async def send(self, request: HTTPRequest, timeout: Timeout) -> AsyncStreamedResponse:
        """Send one request, once, and return when the head of the response has come.

        Raises :class:`~.errors.TransportError` and :class:`~.errors.InvalidInput`.
        """
        _check(request, self._client.is_closed)
        attempt = Attempt(request, timeout)
        message = _to_httpx(request, timeout, attempt.atrace)
        try:
            response = await self._client.send(message, stream=True, auth=None, follow_redirects=False)
        except Exception as error:
            raise attempt.error(error) from error
        chunks = _one(response.content) if response.is_stream_consumed else response.aiter_raw()

        async def close() -> None:
            try:
                await finish(chunks)
            finally:
                await response.aclose()

        attempt.stream = response.extensions.get("network_stream")
        headers = decode_headers(response.headers.raw)
        return AsyncStreamedResponse(response.status_code, headers, chunks, close, attempt.error)

    async def aclose(self) -> None:
        """Close the httpx2 client. May be called again."""
        await self._client.aclose()
