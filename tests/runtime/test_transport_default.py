"""The default transports in processes, threads and event loops: forks, cancellation, interrupts, pickles, leaks."""

from __future__ import annotations

import asyncio
import gc
import pickle
import signal
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import anyio
import pytest
import trio
from msgspec.structs import replace
from runtime.errors import ConnectTimeout, InvalidInput, ProtocolError, TransportError
from runtime.message.http import Headers
from runtime.wire.adapted import AsyncStreamedResponse, StreamedResponse
from runtime.wire.interfaces import AsyncTransport, Transport
from runtime.wire.transport import AsyncHTTPTransport, HTTPTransport

from .loopback import PATIENCE, Peer, Server, answering, chunk, echo_path, response
from .transport_drivers import TIMEOUT, finished, post, python, without_proxies

Main = Callable[[], Coroutine[Any, Any, Any]]
RUN: dict[str, Callable[[Main], Any]] = {"asyncio": lambda main: asyncio.run(main()), "trio": trio.run}


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    without_proxies(monkeypatch)


@pytest.fixture(params=RUN)
def run(request: pytest.FixtureRequest) -> Callable[[Main], Any]:
    return RUN[request.param]


@pytest.fixture
def unclosed() -> Iterator[None]:
    """Leave no garbage of earlier tests to this one, and none of this one to later tests."""
    gc.collect()
    yield
    gc.collect()


def test_they_are_transports() -> None:
    transport: Transport = HTTPTransport()
    asynchronous: AsyncTransport = AsyncHTTPTransport()
    transport.close()
    asyncio.run(asynchronous.aclose())


def test_nothing_heavy_is_imported_before_the_first_request() -> None:
    script = """
import asyncio
AsyncHTTPTransport()
heavy = {"httptools", "trio", "urllib.request"} & set(sys.modules)
assert not heavy, heavy
"""
    assert finished(python(script, 1)) == ""


FORK = """
assert send("/parent") == "/parent"
reader, writer = os.pipe()
child = os.fork()
if child == 0:
    os.write(writer, (send("/child") + send("/child")).encode())
    transport.close()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
assert os.read(reader, 100) == b"/child/child"
assert send("/again") == "/again"
transport.close()
"""


def test_a_forked_child_has_connections_of_its_own() -> None:
    with Server(echo_path) as server:
        finished(python(FORK, server.port))
        assert [request.split(b" ")[1] for request in server.requests] == [
            b"/parent",
            b"/child",
            b"/child",
            b"/again",
        ]
    assert server.connections == 2


FORK_IN_A_STREAM = """
response = transport.send(request(), Timeout())
chunks = iter(response)
assert next(chunks) == b"one"
child = os.fork()
if child == 0:
    import gc
    del transport
    gc.collect()
    transport = HTTPTransport()
    assert transport.send(request(), Timeout()).status == 200
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
print("child is gone", flush=True)
assert b"".join(chunks) == b"two"
transport.close()
"""


def test_a_child_that_drops_the_transport_leaves_the_parents_stream_alone() -> None:
    go_on = threading.Event()

    def two_parts(peer: Peer) -> None:
        if peer.read_request() is not None:
            peer.send(response(headers=[("Transfer-Encoding", "chunked")], length=False) + chunk(b"one"))
            assert go_on.wait(PATIENCE)
            peer.send(chunk(b"two") + chunk(b""))

    with Server(two_parts) as server:
        process = python(FORK_IN_A_STREAM, server.port)
        assert process.stdout
        assert process.stdout.readline() == "child is gone\n"
        go_on.set()
        finished(process)


INTERRUPTED = {
    "sync": "send()",
    "asyncio": """
import asyncio
async def main():
    await AsyncHTTPTransport().send(request(), Timeout())
asyncio.run(main())
""",
}


@pytest.mark.parametrize("mode", INTERRUPTED)
def test_ctrl_c_ends_a_call_at_once_and_closes_its_connection(mode: str) -> None:
    arrived, closed = threading.Event(), threading.Event()

    def silent(peer: Peer) -> None:
        peer.read_request()
        arrived.set()
        peer.wait_for_close()
        closed.set()

    body = INTERRUPTED[mode].replace("\n", "\n    ")
    script = f"""
try:
    {body}
except KeyboardInterrupt:
    print("interrupted", flush=True)
    sys.stdin.read()
"""
    with Server(silent) as server:
        process = python(script, server.port)
        assert arrived.wait(PATIENCE)
        process.send_signal(signal.SIGINT)
        assert process.stdout
        assert process.stdout.readline() == "interrupted\n"
        assert closed.wait(PATIENCE)
        finished(process)


def silent_server(arrived: Callable[[], None], closed: threading.Event, head: bytes = b"") -> Callable[[Peer], None]:
    def script(peer: Peer) -> None:
        peer.read_request()
        peer.send(head)
        arrived()
        peer.wait_for_close()
        closed.set()

    return script


@pytest.mark.parametrize("head", [b"", response(headers=[("Content-Length", "9")], length=False)])
def test_cancelling_closes_the_connection(run: Callable[[Main], Any], head: bytes, unclosed: None) -> None:
    arrived, closed = threading.Event(), threading.Event()
    with Server(silent_server(arrived.set, closed, head)) as server:

        async def call(transport: AsyncHTTPTransport) -> None:
            await (await transport.send(post(server.port), TIMEOUT)).read()

        async def main() -> None:
            transport = AsyncHTTPTransport(max_connections=1)
            for _ in range(2):
                async with anyio.create_task_group() as group:
                    group.start_soon(call, transport)
                    await anyio.to_thread.run_sync(arrived.wait, PATIENCE)
                    group.cancel_scope.cancel()
                assert await anyio.to_thread.run_sync(closed.wait, PATIENCE)
                arrived.clear()
                closed.clear()
            await transport.aclose()

        run(main)
    assert server.connections == 2


def test_cancelling_a_tls_handshake_closes_the_connection(run: Callable[[Main], Any], unclosed: None) -> None:
    arrived, closed = threading.Event(), threading.Event()

    def no_handshake(peer: Peer) -> None:
        peer.read_some()
        arrived.set()
        peer.wait_for_close()
        closed.set()

    with Server(no_handshake) as server:

        async def main() -> None:
            transport = AsyncHTTPTransport()
            async with anyio.create_task_group() as group:
                group.start_soon(transport.send, post(server.port, scheme="https"), TIMEOUT)
                await anyio.to_thread.run_sync(arrived.wait, PATIENCE)
                group.cancel_scope.cancel()
            assert await anyio.to_thread.run_sync(closed.wait, PATIENCE)
            await transport.aclose()

        run(main)


def test_connections_are_reused_until_the_server_closes_them_where_there_is_no_poll(
    run: Callable[[Main], Any], monkeypatch: pytest.MonkeyPatch, unclosed: None
) -> None:
    """As on Windows."""
    monkeypatch.delattr("select.poll")
    gone = threading.Event()

    def two_answers_then_close(peer: Peer) -> None:
        for _ in range(2):
            peer.read_request()
            peer.send(response(b"x"))
        peer.close()
        gone.set()

    async def main() -> None:
        transport = AsyncHTTPTransport()
        for number in range(3):
            assert await (await transport.send(post(server.port), TIMEOUT)).read() == b"x"
            assert number == 0 or gone.wait(PATIENCE)
        await transport.aclose()

    with Server(two_answers_then_close) as server:
        run(main)
    assert server.connections == 2


def test_one_transport_in_one_event_loop_after_another(unclosed: None) -> None:
    transport = AsyncHTTPTransport()
    with Server(answering(response(b"x"))) as server:

        async def main() -> bytes:
            bodies = [await (await transport.send(post(server.port), TIMEOUT)).read() for _ in range(2)]
            return b"".join(bodies)

        # Nobody closes the transport: each loop closes its connections when it ends.
        assert [RUN[name](main) for name in ("asyncio", "asyncio", "trio", "asyncio", "trio")] == [b"xx"] * 5

        async def last() -> None:
            assert await main() == b"xx"
            await transport.aclose()

        asyncio.run(last())
    assert server.connections == 6


def test_a_loop_in_the_place_of_one_that_is_gone(unclosed: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.wire.transport.id", lambda _: 1, raising=False)
    transport = AsyncHTTPTransport()
    with Server(answering(response(b"x"))) as server:

        async def main() -> bytes:
            return await (await transport.send(post(server.port), TIMEOUT)).read()

        assert [asyncio.run(main()) for _ in range(3)] == [b"x"] * 3
        gc.collect()
    assert server.connections == 3


def test_event_loops_in_several_threads_share_a_transport(unclosed: None) -> None:
    transport = AsyncHTTPTransport()
    with Server(echo_path) as server:

        def work(number: int) -> list[bytes]:
            async def call(path: str) -> bytes:
                return await (await transport.send(post(server.port, path, method="GET"), TIMEOUT)).read()

            async def main() -> list[bytes]:
                return [await call(f"/{number}/{turn}") for turn in range(20)]

            return asyncio.run(main())

        with ThreadPoolExecutor(4) as threads:
            for number, bodies in enumerate(threads.map(work, range(4))):
                assert bodies == [f"/{number}/{turn}".encode() for turn in range(20)]


def test_tasks_share_a_transport(run: Callable[[Main], Any], unclosed: None) -> None:
    got: dict[str, bytes] = {}
    with Server(echo_path) as server:

        async def call(transport: AsyncHTTPTransport, path: str) -> None:
            got[path] = await (await transport.send(post(server.port, path, method="GET"), TIMEOUT)).read()

        async def main() -> None:
            transport = AsyncHTTPTransport(max_connections=5)
            async with anyio.create_task_group() as group:
                for number in range(100):
                    group.start_soon(call, transport, f"/{number}")
            await transport.aclose()

        run(main)
    assert got == {f"/{number}": f"/{number}".encode() for number in range(100)}
    assert server.connections <= 5


def test_threads_share_a_transport() -> None:
    transport = HTTPTransport(max_connections=5)

    def work(number: int) -> bytes:
        return transport.send(post(server.port, f"/{number}", method="GET"), TIMEOUT).read()

    with Server(echo_path) as server:
        with ThreadPoolExecutor(16) as threads:
            assert list(threads.map(work, range(300))) == [f"/{number}".encode() for number in range(300)]
        transport.close()
    assert server.connections <= 5


def test_a_dropped_transport_closes_its_connections(unclosed: None) -> None:
    closed = threading.Event()

    def script(peer: Peer) -> None:
        answering(response(b"x"))(peer)
        closed.set()

    with Server(script) as server:
        transport = HTTPTransport()
        transport.send(post(server.port), TIMEOUT).read()
        del transport
        gc.collect()
        assert closed.wait(PATIENCE)


def test_a_dropped_async_transport_closes_its_connections(unclosed: None) -> None:
    closed = threading.Event()

    def script(peer: Peer) -> None:
        answering(response(b"x"))(peer)
        closed.set()

    with Server(script) as server:

        async def use() -> None:
            transport = AsyncHTTPTransport()
            await (await transport.send(post(server.port), TIMEOUT)).read()

        async def main() -> None:
            await use()
            gc.collect()
            assert await asyncio.to_thread(closed.wait, PATIENCE)

        asyncio.run(main())


def test_connections_are_closed_by_close(run: Callable[[Main], Any], unclosed: None) -> None:
    closed = threading.Event()

    def script(peer: Peer) -> None:
        answering(response(b"x"))(peer)
        closed.set()

    with Server(script) as server:

        async def main() -> None:
            transport = AsyncHTTPTransport()
            await (await transport.send(post(server.port), TIMEOUT)).read()
            await transport.aclose()
            assert await anyio.to_thread.run_sync(closed.wait, PATIENCE)

        run(main)


def test_a_stream_read_after_close_of_its_transport_fails_as_ours(run: Callable[[Main], Any]) -> None:
    head = response(headers=[("Content-Length", "9")], length=False)
    with Server(silent_server(lambda: None, threading.Event(), head)) as server:

        async def main() -> None:
            transport = AsyncHTTPTransport()
            opened = await transport.send(post(server.port), TIMEOUT)
            await transport.aclose()
            with pytest.raises(ProtocolError):
                await opened.read()

        run(main)


class Interrupted(BaseException):
    """Stands for KeyboardInterrupt and for cancellation."""


@pytest.mark.parametrize(
    ("failure", "expected"), [(ValueError("x"), ProtocolError), (Interrupted(), Interrupted), (None, None)]
)
def test_the_end_of_a_body_gives_the_connection_back(
    failure: BaseException | None, expected: type[BaseException] | None
) -> None:
    closed: list[str] = []

    def chunks() -> Iterator[bytes]:
        yield b"one"
        if failure is not None:
            raise failure

    async def achunks() -> AsyncIterator[bytes]:
        for each in chunks():
            yield each

    async def aclose() -> None:
        closed.append("async")

    def ours(error: Exception) -> TransportError:
        return ProtocolError(str(error))

    response = StreamedResponse(200, Headers(), chunks(), lambda: closed.append("sync"), ours)

    async def aread() -> bytes:
        return await AsyncStreamedResponse(200, Headers(), achunks(), aclose, ours).read()

    if expected is None:
        assert response.read() == b"one"
        assert asyncio.run(aread()) == b"one"
    else:
        with pytest.raises(expected):
            response.read()
        with pytest.raises(expected):
            asyncio.run(aread())
    assert closed == ["sync", "async"]


# Pickling and settings


@pytest.mark.parametrize("kind", [HTTPTransport, AsyncHTTPTransport])
def test_pickles_by_its_settings(kind: type[HTTPTransport], tmp_path: Path) -> None:
    transport = kind(ca_bundle=str(tmp_path / "absent.pem"), proxies=False, max_connections=3)
    copy = pickle.loads(pickle.dumps(transport))
    assert type(copy) is kind
    assert copy.__reduce__() == transport.__reduce__()
    assert copy.__reduce__()[1][1] == {
        "ca_bundle": str(tmp_path / "absent.pem"),
        "proxies": False,
        "max_connections": 3,
    }


def test_a_pickled_transport_sends() -> None:
    with Server(answering(response(b"x"))) as server:
        used = HTTPTransport()
        used.send(post(server.port), TIMEOUT).read()
        copy = pickle.loads(pickle.dumps(used))
        used.close()
        assert copy.send(post(server.port), TIMEOUT).read() == b"x"
        copy.close()
    assert server.connections == 2


@pytest.mark.parametrize("kind", [HTTPTransport, AsyncHTTPTransport])
def test_one_with_an_ssl_context_does_not_pickle(kind: type[HTTPTransport]) -> None:
    with pytest.raises(TypeError, match=r"ssl_context cannot be pickled: give ca_bundle instead"):
        pickle.dumps(kind(ssl_context=ssl.create_default_context()))


def test_contradictory_settings() -> None:
    with pytest.raises(InvalidInput, match="not both"):
        HTTPTransport(ca_bundle="x.pem", ssl_context=ssl.create_default_context())
    with pytest.raises(InvalidInput, match="at least 1"):
        AsyncHTTPTransport(max_connections=0)


def test_a_connection_that_cannot_be_made_in_time() -> None:
    # A full backlog: the kernel drops further connection attempts.
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(3)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(full.getsockname())
        transport = HTTPTransport()
        with pytest.raises(ConnectTimeout) as caught:
            transport.send(post(full.getsockname()[1]), replace(TIMEOUT, connect=0.2))
        assert not caught.value.sent
        transport.close()
        for each in waiting:
            each.close()
