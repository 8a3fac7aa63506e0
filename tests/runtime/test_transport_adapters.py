"""What is special to the httpx2 and pyreqwest transports; test_transport.py runs over them too."""

from __future__ import annotations

import asyncio
import pickle
import signal
import threading
import time
from collections.abc import Iterator

import anyio
import httpx2
import pytest
import trio
from msgspec.structs import replace
from runtime.call.deadline import Deadline
from runtime.errors import ConnectTimeout, ReadTimeout
from runtime.message.http import Timeout
from runtime.wire.httpx2_adapter import AsyncHTTPX2Transport, HTTPX2Transport
from runtime.wire.pyreqwest_adapter import AsyncPyreqwestTransport, PyreqwestTransport

from .loopback import PATIENCE, Peer, Server, answering, chunk, echo_path, response
from .transport_drivers import TIMEOUT, finished, post, python, without_proxies


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    without_proxies(monkeypatch)


# httpx2


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


# pyreqwest


@pytest.fixture
def transport() -> Iterator[PyreqwestTransport]:
    transport = PyreqwestTransport()
    yield transport
    transport.close()


def test_pyreqwest_leaves_dot_segments_to_the_default_transport(transport: PyreqwestTransport) -> None:
    request = post(0, "/a/../b", extra=[("X-lower-CASE", "1")])
    with Server(answering(response(b"x"))) as server:
        assert transport.send(replace(request, port=server.port), TIMEOUT).read() == b"x"
        assert transport.send(replace(request, port=server.port, target="/b"), TIMEOUT).read() == b"x"
        transport.close()
    assert server.connections == 2
    assert server.requests[0].startswith(b"POST /a/../b HTTP/1.1\r\n")
    # Only the default transport spells header names as they are given.
    assert [b"X-lower-CASE" in request for request in server.requests] == [True, False]


def test_pyreqwest_leaves_trio_to_the_default_transport() -> None:
    async def main() -> None:
        transport = AsyncPyreqwestTransport()
        assert await (await transport.send(post(server.port), TIMEOUT)).read() == b"x"
        await transport.aclose()

    with Server(answering(response(b"x"))) as server:
        trio.run(main)


GENERATIONS = """
import warnings
# Python 3.12 warns of every fork beside threads, pyreqwest's too.
warnings.simplefilter("ignore", DeprecationWarning)
from runtime.wire.pyreqwest_adapter import PyreqwestTransport
transport.close()
transport = PyreqwestTransport()
def generation(number):
    assert send(f"/{number}") == f"/{number}"
    if number < 3:
        child = os.fork()
        if child == 0:
            generation(number + 1)
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
    assert send(f"/{number}/again") == f"/{number}/again"
generation(0)
transport.close()
"""


def test_pyreqwest_works_in_children_and_grandchildren() -> None:
    with Server(echo_path) as server:
        finished(python(GENERATIONS, server.port))
    paths = sorted(request.split(b" ")[1] for request in server.requests)
    assert paths == sorted(f"/{number}{again}".encode() for number in range(4) for again in ("", "/again"))
    assert server.connections == 4
    # pyreqwest adds an Accept header: it serves a process and its child, the default transport all further ones.
    by_pyreqwest = {request[5:6] for request in server.requests if b"ccept" in request}
    assert by_pyreqwest == {b"0", b"1"}


def test_ctrl_c_ends_a_pyreqwest_call_in_the_main_thread() -> None:
    arrived = threading.Event()

    def silent(peer: Peer) -> None:
        peer.read_request()
        arrived.set()
        peer.wait_for_close()

    script = """
from runtime.wire.pyreqwest_adapter import PyreqwestTransport
transport = PyreqwestTransport()
try:
    send()
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""
    with Server(silent) as server:
        process = python(script, server.port)
        assert arrived.wait(PATIENCE)
        process.send_signal(signal.SIGINT)
        assert finished(process) == "interrupted\n"


def two_parts_of(peer: Peer) -> None:
    peer.read_request()
    peer.send(response(headers=[("Transfer-Encoding", "chunked")], length=False) + chunk(b"one"))
    peer.wait_for_close()


def test_a_pyreqwest_read_that_timed_out_does_not_hold_up_close(transport: PyreqwestTransport) -> None:
    with Server(two_parts_of) as server:
        opened = transport.send(post(server.port), TIMEOUT)
        assert next(opened) == b"one"
        hurried = transport.send(post(server.port), replace(TIMEOUT, read=0.1))
        assert next(hurried) == b"one"
        started = time.monotonic()
        with pytest.raises(ReadTimeout, match=r"for 0\.1 s"):
            hurried.read()
        hurried.close()
        opened.close()
        transport.close()
        assert time.monotonic() - started < PATIENCE / 2


def test_pyreqwest_waits_for_a_connection_only_so_long() -> None:
    transport = PyreqwestTransport(max_connections=1)
    with Server(two_parts_of) as server:
        hurried = replace(TIMEOUT, pool=0.2)
        first = transport.send(post(server.port), hurried)
        assert next(first) == b"one"
        with pytest.raises(ConnectTimeout, match=r"became free within 0\.2 s") as caught:
            transport.send(post(server.port), hurried)
        assert not caught.value.sent
        first.close()
        transport.close()


def test_pyreqwest_reuses_connections_whatever_is_left_of_the_time(transport: PyreqwestTransport) -> None:
    with Server(echo_path) as server:
        for _ in range(5):
            limits = Deadline(5).within(Timeout())
            assert transport.send(post(server.port, "/x"), limits).read() == b"/x"
        transport.close()
    assert server.connections == 1


def test_pyreqwest_begins_within_the_whole_time(transport: PyreqwestTransport) -> None:
    def silent(peer: Peer) -> None:
        peer.read_request()
        peer.wait_for_close()

    with Server(silent) as server:
        begun = time.monotonic()
        with pytest.raises(ReadTimeout):
            transport.send(post(server.port), replace(TIMEOUT, total=0.2))
        assert time.monotonic() - begun < 5
        transport.close()


def test_pyreqwest_ends_a_call_after_its_total_timeout() -> None:
    transport = PyreqwestTransport(total_timeout=0.2)
    with Server(two_parts_of) as server:
        opened = transport.send(post(server.port), Timeout(read=None))
        with pytest.raises(ReadTimeout, match=r"longer than total_timeout, 0\.2 s"):
            opened.read()
        transport.close()


def test_pyreqwest_leaves_out_headers_that_it_cannot_read(transport: PyreqwestTransport) -> None:
    odd = [("X-Latin", "caf\xe9"), ("X-Plain", "1"), ("x-plain", "2")]
    with Server(answering(response(b"x", headers=odd))) as server:
        opened = transport.send(post(server.port), TIMEOUT)
        assert opened.headers.get("x-latin") is None
        assert opened.headers["X-Plain"] == "1, 2"
        assert opened.read() == b"x"


@pytest.mark.parametrize("kind", [PyreqwestTransport, AsyncPyreqwestTransport])
def test_pyreqwest_transports_pickle_by_their_settings(kind: type[PyreqwestTransport]) -> None:
    made = kind(ca_bundle="absent.pem", proxies=False, max_connections=3, total_timeout=60)
    copy = pickle.loads(pickle.dumps(made))
    assert type(copy) is kind
    assert copy.__reduce__() == made.__reduce__()
    assert copy.__reduce__()[1][1]["total_timeout"] == 60


def test_asyncio_loops_share_an_async_pyreqwest_transport() -> None:
    transport = AsyncPyreqwestTransport()

    async def main(path: str) -> bytes:
        return await (await transport.send(post(server.port, path), TIMEOUT)).read()

    with Server(echo_path) as server:
        assert [asyncio.run(main(f"/{number}")) for number in range(3)] == [b"/0", b"/1", b"/2"]
        asyncio.run(transport.aclose())


@pytest.mark.parametrize("way", ["task", "scope"])
@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"], ids=["head", "body"])
def test_pyreqwest_hands_a_cancellation_on_as_it_came(sent: bytes, way: str) -> None:
    arrived, closed = threading.Event(), threading.Event()

    def script(peer: Peer) -> None:
        peer.read_request()
        peer.send(sent)
        arrived.set()
        peer.wait_for_close()
        closed.set()

    async def call(transport: AsyncPyreqwestTransport) -> None:
        await (await transport.send(post(server.port), TIMEOUT)).read()

    async def cancelled_by_its_task(transport: AsyncPyreqwestTransport) -> None:
        task = asyncio.create_task(call(transport))
        assert await asyncio.to_thread(arrived.wait, PATIENCE)
        await asyncio.sleep(0.1)
        task.cancel("enough")
        with pytest.raises(asyncio.CancelledError, match="enough"):
            await task
        assert task.cancelled()

    async def cancelled_by_a_scope(transport: AsyncPyreqwestTransport) -> None:
        with anyio.move_on_after(0.5) as scope:
            await call(transport)
        assert scope.cancelled_caught
        current = asyncio.current_task()
        assert current
        assert not current.cancelling()

    async def main() -> None:
        transport = AsyncPyreqwestTransport()
        await (cancelled_by_its_task if way == "task" else cancelled_by_a_scope)(transport)
        # Before the head has come, the connection lives on until the service answers.
        assert not sent or await asyncio.to_thread(closed.wait, PATIENCE)
        await transport.aclose()

    with Server(script) as server:
        asyncio.run(main())
