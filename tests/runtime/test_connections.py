"""What becomes of connections when something else ends: responses, clients, streams, processes, interrupted waits."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import anyio
import pytest
import sagemaker_runtime
from e2e.drivers import connector
from sagemaker_runtime import (
    AsyncHTTPTransport,
    AsyncSageMakerRuntime,
    AWSError,
    Credentials,
    HTTPTransport,
    InvalidInput,
    PayloadPart,
    SageMakerRuntime,
    Timeout,
)
from sagemaker_runtime._runtime.stream.eventstream import encode_message

from .loopback import PATIENCE, Peer, Script, Server, answering, chunk, response
from .transport_drivers import without_proxies

BACKENDS = ["asyncio", "trio"]
SETTINGS: dict[str, Any] = {"region": "eu-west-1", "credentials": Credentials("AKID", "secret")}
CALL: dict[str, Any] = {"endpoint_name": "llm", "body": b"in"}
HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
FORKS = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork()")
FORKS_ON_PURPOSE = pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """Whatever a test leaves to the garbage collector, it complains of in this test."""
    yield
    gc.collect()


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    without_proxies(monkeypatch)


@pytest.fixture(params=["sync", *BACKENDS])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def at(server: Server, scheme: str = "http", **options: Any) -> dict[str, Any]:
    return SETTINGS | {"endpoint_url": f"{scheme}://127.0.0.1:{server.port}", "timeout": PATIENCE} | options


def event(data: bytes) -> bytes:
    return chunk(encode_message({":message-type": "event", ":event-type": "PayloadPart"}, data))


# After a response

RESPONSES = {
    "no content": b"HTTP/1.1 204 No Content\r\n\r\n",
    "length": response(b"first"),
    "chunks": response(headers=[("Transfer-Encoding", "chunked")], length=False) + chunk(b"first") + chunk(b""),
}


@pytest.mark.parametrize("name", RESPONSES)
def test_what_follows_a_response_does_not_answer_the_next_call(kind: str, name: str) -> None:
    def too_much(peer: Peer) -> None:
        if peer.read_request() is not None:
            peer.send(RESPONSES[name] + response(b"stale"))
            peer.wait_for_close()

    with Server(too_much) as server, connector(kind, at(server)) as connect:
        client = connect()
        bodies = [client.invoke_endpoint(**CALL).body for _ in range(2)]
    assert bodies == [b"" if name == "no content" else b"first"] * 2
    assert server.connections == 2


# Closing a client that is used


def silent(arrived: Callable[[], None], closed: Callable[[], None], *, sent: bytes = b"", tls: bool = False) -> Script:
    """A script that answers with ``sent`` or nothing, and tells when the request came and when the client left."""

    def script(peer: Peer) -> None:
        if (peer.read_some() if tls else peer.read_request()) is None:
            return
        peer.send(sent)
        arrived()
        peer.wait_for_close()
        closed()

    return script


WAITS = {"head": b"", "body": b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", "events": HEAD, "handshake": b""}


def use(client: Any, waiting: str) -> None:
    if waiting == "events":
        with client.invoke_endpoint_with_response_stream(**CALL) as stream:
            list(stream)
    else:
        client.invoke_endpoint(**CALL)


@pytest.mark.parametrize("waiting", WAITS)
def test_closing_a_client_ends_the_calls_of_other_threads(waiting: str) -> None:
    arrived, closed = threading.Event(), threading.Event()
    script = silent(arrived.set, closed.set, sent=WAITS[waiting], tls=waiting == "handshake")
    failures: list[Exception] = []
    with Server(script) as server:
        client = SageMakerRuntime(**at(server, "https" if waiting == "handshake" else "http", timeout=600))

        def work() -> None:
            try:
                use(client, waiting)
            except Exception as error:
                failures.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        assert arrived.wait(PATIENCE)
        client.close()
        # A TLS handshake would end by itself after 10 s.
        thread.join(PATIENCE / 4)
        assert not thread.is_alive()
        assert closed.wait(PATIENCE)
    (failure,) = failures
    assert isinstance(failure, AWSError)
    assert "closed" in str(failure)


@pytest.mark.parametrize("waiting", WAITS)
@pytest.mark.parametrize("backend", BACKENDS)
def test_closing_a_client_ends_the_calls_of_other_tasks(backend: str, waiting: str) -> None:
    arrived, closed = threading.Event(), threading.Event()
    script = silent(arrived.set, closed.set, sent=WAITS[waiting], tls=waiting == "handshake")
    failures: list[Exception] = []

    async def main() -> None:
        client = AsyncSageMakerRuntime(**at(server, "https" if waiting == "handshake" else "http", timeout=600))

        async def work() -> None:
            try:
                if waiting == "events":
                    async with client.invoke_endpoint_with_response_stream(**CALL) as stream:
                        async for _ in stream:
                            pass
                else:
                    await client.invoke_endpoint(**CALL)
            except Exception as error:
                failures.append(error)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(work)
            assert await anyio.to_thread.run_sync(arrived.wait, PATIENCE)
            # A TLS handshake would end by itself after 10 s.
            tasks.cancel_scope.deadline = anyio.current_time() + PATIENCE / 4
            await client.aclose()
        assert failures
        assert await anyio.to_thread.run_sync(closed.wait, PATIENCE)

    with Server(script) as server:
        anyio.run(main, backend=backend)
    (failure,) = failures
    assert isinstance(failure, AWSError)
    assert "closed" in str(failure)


def test_calls_that_wait_for_a_connection_end_when_the_client_is_closed() -> None:
    arrived = threading.Event()
    failures: list[str] = []

    def work(client: SageMakerRuntime) -> None:
        try:
            client.invoke_endpoint(**CALL)
        except AWSError as error:
            failures.append(str(error))

    def close_amid_calls() -> None:
        transport = HTTPTransport(max_connections=1)
        client = SageMakerRuntime(**at(server, timeout=600), transport=transport)
        threads = [threading.Thread(target=work, args=(client,)) for _ in range(5)]
        for thread in threads:
            thread.start()
        assert arrived.wait(PATIENCE)
        transport.close()
        for thread in threads:
            thread.join(PATIENCE)

    with Server(silent(arrived.set, lambda: None)) as server, warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        close_amid_calls()
        gc.collect()
    assert len(failures) == 5
    assert all("closed" in failure for failure in failures)
    assert len(server.requests) == 1
    assert [str(each.message) for each in warned] == []


# Streams that nobody reads


def one_event(peer: Peer) -> None:
    if peer.read_request() is not None:
        peer.send(HEAD + event(b"one"))
        peer.wait_for_close()


@pytest.mark.filterwarnings("ignore:unclosed <Async:ResourceWarning")
@pytest.mark.parametrize("read", [False, True])
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_forgotten_async_stream_gives_its_connection_back(backend: str, read: bool) -> None:
    async def open_and_forget(client: AsyncSageMakerRuntime) -> None:
        stream = await client.invoke_endpoint_with_response_stream(**CALL)
        if read:
            assert await anext(stream) == PayloadPart(bytes_=b"one")

    async def main() -> None:
        transport = AsyncHTTPTransport(max_connections=1)
        client = AsyncSageMakerRuntime(**at(server), transport=transport)
        for _ in range(3):
            await open_and_forget(client)
            gc.collect()
        await transport.aclose()

    with Server(one_event) as server:
        anyio.run(main, backend=backend)
        gc.collect()
    assert server.connections == 3


# trio complains of an async client that nobody closes.
@pytest.mark.filterwarnings("ignore:Async generator:ResourceWarning")
def test_a_stream_outlives_its_client(kind: str) -> None:
    go_on = threading.Event()

    def two_events(peer: Peer) -> None:
        if peer.read_request() is not None:
            peer.send(HEAD + event(b"one"))
            assert go_on.wait(PATIENCE)
            peer.send(event(b"two") + chunk(b""))

    async def main() -> list[bytes]:
        stream = await AsyncSageMakerRuntime(**at(server)).invoke_endpoint_with_response_stream(**CALL)
        gc.collect()
        await anyio.sleep(0.05)
        go_on.set()
        return [found async for found in stream.iter_bytes()]

    with Server(two_events) as server:
        if kind == "sync":
            stream = SageMakerRuntime(**at(server)).invoke_endpoint_with_response_stream(**CALL)
            gc.collect()
            go_on.set()
            assert list(stream.iter_bytes()) == [b"one", b"two"]
        else:
            assert anyio.run(main, backend=kind) == [b"one", b"two"]


# Forks


@FORKS
@FORKS_ON_PURPOSE
@pytest.mark.parametrize("use", ["leave", "forget", "read"])
def test_a_child_leaves_its_parents_stream_alone(use: str) -> None:
    gone = threading.Event()

    def two_events(peer: Peer) -> None:
        if peer.read_request() is not None:
            peer.send(HEAD + event(b"one"))
            assert gone.wait(PATIENCE)
            peer.send(event(b"two") + chunk(b""))

    with Server(two_events) as server, SageMakerRuntime(**at(server)) as client:
        stream: Any = client.invoke_endpoint_with_response_stream(**CALL)
        assert next(stream) == PayloadPart(bytes_=b"one")
        child = os.fork()
        if child == 0:
            outcome = 1
            with suppress(BaseException), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                if use == "read":
                    with pytest.raises(InvalidInput, match="belongs to the process that this one was forked from"):
                        next(stream)
                else:
                    if use == "leave":
                        stream.close()
                    del stream
                    gc.collect()
                outcome = 0
            os._exit(outcome)
        assert wait_for(child) == 0
        gone.set()
        assert list(stream) == [PayloadPart(bytes_=b"two")]


def wait_for(child: int) -> int:
    """Wait for the end of a child process, and return its status; one that hangs is killed."""
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return status
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1]


AMID_THE_IMPORT = """
import os, sys, threading, warnings
warnings.simplefilter("ignore", DeprecationWarning)
from sagemaker_runtime import *
client = SageMakerRuntime(region="eu-west-1", credentials=Credentials("AKID", "secret"), endpoint_url=sys.argv[1])

class Slow:
    '''Holds up the first import of httptools until a child was made, or is being made.'''
    def find_spec(self, name, path=None, target=None):
        if name == "httptools":
            importing.set()
            forked.wait(0.5)

sys.meta_path.insert(0, Slow())
importing, forked = threading.Event(), threading.Event()
call = threading.Thread(target=client.invoke_endpoint, kwargs={"endpoint_name": "llm", "body": b"thread"})
call.start()
importing.wait()
child = os.fork()
forked.set()
if child == 0:
    client.invoke_endpoint(endpoint_name="llm", body=b"child")
    os._exit(0)
call.join()
sys.exit(os.waitpid(child, 0)[1])
"""


@FORKS
def test_a_child_that_is_made_amid_the_first_call_can_call_too() -> None:
    with Server(answering(response(b"ok"))) as server, program(AMID_THE_IMPORT, server.port) as process:
        assert process.wait(PATIENCE) == 0
    assert sorted(request[request.index(b"\r\n\r\n") + 4 :] for request in server.requests) == [b"child", b"thread"]


class program:  # noqa: N801 - used like a function
    """A program of its own that imports the client, and is given the URL of a local port; ended with the block."""

    def __init__(self, source: str, port: int, *arguments: str) -> None:
        paths = [str(Path(sagemaker_runtime.__file__).parents[1]), *sys.path]
        self._command = [sys.executable, "-c", source, f"http://127.0.0.1:{port}", *arguments]
        self._environment = {"PYTHONPATH": os.pathsep.join(paths)}

    def __enter__(self) -> subprocess.Popen[str]:
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self._process = subprocess.Popen(
            self._command, env=self._environment, text=True, start_new_session=True, **pipes
        )
        return self._process

    def __exit__(self, *_: object) -> None:
        # Its children too, of which one may hang.
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate()


# Ctrl-C

INTERRUPTED = """
import asyncio, signal, sys, time
# A shell's background jobs, and so the tests in one, are started with this signal ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
from sagemaker_runtime import *
url, where, kind = sys.argv[1:]

class Told(Hooks):
    def on_retry(self, event):
        print("waiting", flush=True)

def keys():
    if where == "credentials":
        print("waiting", flush=True)
        time.sleep(60)
    return Credentials("AKID", "secret")

settings = {"region": "eu-west-1", "credentials": keys, "timeout": 600, "hooks": Told(),
            "endpoint_url": url.replace("http:", "https:") if where == "handshake" else url}
call = {"endpoint_name": "llm", "body": bytes(50 << 20) if where == "send" else b""}

async def main():
    client = AsyncSageMakerRuntime(**settings)
    if where == "events":
        async with client.invoke_endpoint_with_response_stream(**call) as stream:
            async for _ in stream:
                pass
    await client.invoke_endpoint(**call)

try:
    if kind == "async":
        asyncio.run(main())
    elif where == "events":
        with SageMakerRuntime(**settings).invoke_endpoint_with_response_stream(**call) as stream:
            list(stream)
    else:
        client = SageMakerRuntime(**settings)
        client.invoke_endpoint(**call)
except KeyboardInterrupt:
    print("interrupted", flush=True)
    # The traceback lives on, and the process too.
    sys.stdin.read()
"""


@pytest.mark.parametrize("where", ["credentials", "handshake", "send", "head", "body", "events", "pause"])
@pytest.mark.parametrize("kind", ["sync", "async"])
def test_ctrl_c_ends_whatever_a_call_waits_for(kind: str, where: str) -> None:
    arrived, closed = threading.Event(), threading.Event()

    def script(peer: Peer) -> None:
        if where == "send":
            peer.read_head()
            arrived.set()
            closed.wait(PATIENCE)
            return
        if where == "pause":
            answering(response(b"", "503 Slow Down", [("Retry-After", "20")]))(peer)
            closed.set()
            return
        silent(arrived.set, closed.set, sent=WAITS[where], tls=where == "handshake")(peer)

    with Server(script) as server, program(INTERRUPTED, server.port, where, kind) as process:
        assert process.stdout
        if where in ("credentials", "pause"):
            assert process.stdout.readline() == "waiting\n"
            time.sleep(0.1)
        else:
            assert arrived.wait(PATIENCE)
            time.sleep(0.1)
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "interrupted\n"
        assert time.monotonic() - begun < PATIENCE / 4
        if where == "send":
            closed.set()
        elif where not in ("credentials", "pause"):
            assert closed.wait(PATIENCE)


# Cancelled tasks


@pytest.mark.parametrize("where", ["handshake", "send", "head", "body", "events", "queue", "pause"])
@pytest.mark.parametrize("backend", BACKENDS)
def test_cancelling_frees_the_connection_whatever_a_call_waits_for(backend: str, where: str) -> None:
    arrived, closed = threading.Event(), threading.Event()
    calm = threading.Event()

    def script(peer: Peer) -> None:
        if calm.is_set():
            answering(response(b"ok"))(peer)
        elif where == "send":
            peer.read_head()
            arrived.set()
            calm.wait(PATIENCE)
            peer.wait_for_close()
            closed.set()
        elif where == "pause":
            peer.read_request()
            peer.send(response(b"", "503 Slow Down", [("Retry-After", "20"), ("Connection", "close")]))
            closed.set()
            arrived.set()
        else:
            silent(arrived.set, closed.set, sent=WAITS.get(where, b""), tls=where == "handshake")(peer)

    async def call(client: AsyncSageMakerRuntime) -> None:
        if where == "events":
            async with client.invoke_endpoint_with_response_stream(**CALL) as stream:
                async for _ in stream:
                    pass
        await client.invoke_endpoint(**CALL | ({"body": bytes(50 << 20)} if where == "send" else {}))

    async def main() -> None:
        transport = AsyncHTTPTransport(max_connections=1)
        scheme = "https" if where == "handshake" else "http"
        client = AsyncSageMakerRuntime(**at(server, scheme), transport=transport)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(call, client)
            assert await anyio.to_thread.run_sync(arrived.wait, PATIENCE)
            if where == "queue":
                tasks.start_soon(call, client)
            await anyio.sleep(0.1)
            tasks.cancel_scope.cancel()
        calm.set()
        assert await anyio.to_thread.run_sync(closed.wait, PATIENCE)
        if scheme == "http":
            hurried = client.with_options(timeout=Timeout(pool=2))
            assert (await hurried.invoke_endpoint(**CALL)).body == b"ok"
        await transport.aclose()

    with Server(script) as server:
        anyio.run(main, backend=backend)
