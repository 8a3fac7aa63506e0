"""A socket that sends the bytes of a signed request and waits for the bytes of the response, and reads none of them.

No client can be faster: what it takes is the system's, the server's and Python's own share.
"""

from __future__ import annotations

import asyncio
import socket
from time import perf_counter
from typing import cast
from urllib.parse import urlsplit

HEADERS = {
    "User-Agent": "lapsmith api/sagemaker-runtime#2017-05-13 lang/python#3.11.7 os/linux",
    "X-Amz-Date": "20260101T000000Z",
    "Authorization": (
        "AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-1/sagemaker/aws4_request, "
        "SignedHeaders=content-length;host;x-amz-date, Signature=" + "0" * 64
    ),
}
_BUFFER = 1 << 18
_STREAM_END = b"\r\n0\r\n\r\n"
_ANSWER_END = b'"ok"}'


def _request(url: str, target: str) -> bytes:
    headers = "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items())
    host = urlsplit(url).netloc
    return f"POST {target} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 2\r\n{headers}\r\n{{}}".encode()


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or 80


class Sync:
    """A connection for each call that is under way, kept for later ones."""

    def __init__(self, url: str, connections: int) -> None:
        self._url = url
        self._idle: list[socket.socket] = []
        self._request = _request(url, "/endpoints/llm/invocations")

    def call(self) -> bytes:
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._connect()
        connection.sendall(self._request)
        data = connection.recv(65536)
        self._idle.append(connection)
        return data[data.find(b"\r\n\r\n") + 4 :]

    def read(self, endpoint: str) -> tuple[float, int]:
        with self._connect() as connection:
            connection.sendall(_request(self._url, f"/endpoints/{endpoint}/invocations-response-stream"))
            buffer, first, total, end = bytearray(_BUFFER), 0.0, 0, b""
            while end != _STREAM_END:
                size = connection.recv_into(buffer)
                first = first or perf_counter()
                total += size
                end = (end + buffer[max(0, size - 7) : size])[-7:]
            return first, total

    def close(self) -> None:
        for connection in self._idle:
            connection.close()

    def _connect(self) -> socket.socket:
        connection = socket.create_connection(_address(self._url))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection


class _Connection(asyncio.Protocol):
    """One exchange at a time, whose response ends with these bytes."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._response: asyncio.Future[tuple[float, int, bytes]] | None = None
        self._ending = b""
        self._first, self._total, self._last = 0.0, 0, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is not a subclass

    def data_received(self, data: bytes) -> None:
        self._first = self._first or perf_counter()
        self._total += len(data)
        self._last = data if len(data) > 64 else self._last + data
        if self._last.endswith(self._ending) and self._response:
            self._response.set_result((self._first, self._total, self._last))

    async def exchange(self, request: bytes, ending: bytes) -> tuple[float, int, bytes]:
        assert self._transport
        self._ending, self._first, self._total, self._last = ending, 0.0, 0, b""
        self._response = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._response

    def close(self) -> None:
        if self._transport:
            self._transport.close()


class Async:
    """A connection for each call that is under way, kept for later ones."""

    def __init__(self, url: str, connections: int) -> None:
        self._url = url
        self._idle: list[_Connection] = []
        self._request = _request(url, "/endpoints/llm/invocations")

    async def open(self) -> None:
        pass

    async def call(self) -> bytes:
        connection = self._idle.pop() if self._idle else await self._connect()
        _, _, data = await connection.exchange(self._request, _ANSWER_END)
        self._idle.append(connection)
        return data[data.find(b"\r\n\r\n") + 4 :]

    async def read(self, endpoint: str) -> tuple[float, int]:
        connection = self._idle.pop() if self._idle else await self._connect()
        target = f"/endpoints/{endpoint}/invocations-response-stream"
        first, total, _ = await connection.exchange(_request(self._url, target), _STREAM_END)
        self._idle.append(connection)
        return first, total

    async def aclose(self) -> None:
        for connection in self._idle:
            connection.close()

    async def _connect(self) -> _Connection:
        _, connection = await asyncio.get_running_loop().create_connection(_Connection, *_address(self._url))
        return connection
