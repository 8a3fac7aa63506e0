"""What is special to the httpx2 transports; test_transport.py runs over them too."""

from __future__ import annotations

import asyncio
import pickle
import threading

import httpx2
import pytest
from runtime.wire.httpx2_adapter import AsyncHTTPX2Transport, HTTPX2Transport

from .loopback import PATIENCE, Peer, Server
from .transport_drivers import TIMEOUT, post, without_proxies


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    without_proxies(monkeypatch)


def test_an_httpx2_client_keeps_its_transport_and_hooks() -> None:
    seen: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(201, headers={"X-A": "b"}, content=request.content[::-1])

    client = httpx2.Client(transport=httpx2.MockTransport(answer), event_hooks={"request": [seen.append]})
    transport = HTTPX2Transport(client)
    opened = transport.send(post(443, "/a?b=c", b"abc", scheme="https", host="service.test"), TIMEOUT)
    assert (opened.status, opened.headers["x-a"], opened.read()) == (201, "b", b"cba")
    assert [str(request.url) for request in seen] == ["https://service.test/a?b=c"]
    transport.close()
    assert client.is_closed


def test_an_async_httpx2_client_may_be_mocked() -> None:
    async def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, content=request.content[::-1])

    async def main() -> None:
        transport = AsyncHTTPX2Transport(httpx2.AsyncClient(transport=httpx2.MockTransport(answer)))
        assert await (await transport.send(post(80, body=b"abc"), TIMEOUT)).read() == b"cba"
        await transport.aclose()

    asyncio.run(main())


def test_httpx2_transports_do_not_pickle() -> None:
    transport = HTTPX2Transport(httpx2.Client())
    with pytest.raises(TypeError, match="make it in the process that uses it"):
        pickle.dumps(transport)
    transport.close()


def test_cancelling_an_httpx2_call_closes_its_connection() -> None:
    arrived, closed = threading.Event(), threading.Event()

    def silent(peer: Peer) -> None:
        peer.read_request()
        arrived.set()
        peer.wait_for_close()
        closed.set()

    async def main() -> None:
        transport = AsyncHTTPX2Transport(httpx2.AsyncClient())
        call = asyncio.create_task(transport.send(post(server.port), TIMEOUT))
        assert await asyncio.to_thread(arrived.wait, PATIENCE)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert await asyncio.to_thread(closed.wait, PATIENCE)
        await transport.aclose()

    with Server(silent) as server:
        asyncio.run(main())
