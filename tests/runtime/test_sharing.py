"""One client for many threads, tasks and processes, over real connections; and its end."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import multiprocessing
import operator
import os
import threading
import warnings
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import anyio
import pytest
from sagemaker_runtime import (
    AsyncSageMakerRuntime,
    Credentials,
    InvalidInput,
    ModelError,
    PayloadPart,
    SageMakerRuntime,
    Timeout,
)

from .loopback import PATIENCE, Peer, Server, answering, echo_path, response

KEYS = Credentials("AKID", "secret")
CALL: dict[str, Any] = {"endpoint_name": "llm", "body": b"in"}
FORKS = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork()")
FORKS_ON_PURPOSE = pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")


def at(server: Server) -> dict[str, Any]:
    url = f"http://127.0.0.1:{server.port}"
    return {"region": "eu-west-1", "credentials": KEYS, "endpoint_url": url, "timeout": PATIENCE}


def path(name: str) -> bytes:
    return f"/endpoints/{name}/invocations".encode()


def test_64_threads_share_a_client() -> None:
    start = threading.Barrier(64)
    with Server(echo_path) as server, SageMakerRuntime(**at(server)) as client:

        def work(number: int) -> list[bytes]:
            start.wait(PATIENCE)
            return [client.invoke_endpoint(endpoint_name=f"e{number}", body=b"").body for _ in range(20)]

        with ThreadPoolExecutor(64) as threads:
            for number, bodies in enumerate(threads.map(work, range(64))):
                assert bodies == [path(f"e{number}")] * 20
    assert server.connections <= 64


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_2000_tasks_share_a_client(backend: str) -> None:
    got: dict[int, bytes] = {}

    async def main() -> None:
        async with AsyncSageMakerRuntime(**at(server)) as client, anyio.create_task_group() as tasks:

            async def work(number: int) -> None:
                got[number] = (await client.invoke_endpoint(endpoint_name=f"e{number}", body=b"")).body

            for number in range(2000):
                tasks.start_soon(work, number)

    with Server(echo_path) as server:
        anyio.run(main, backend=backend)
    assert got == {number: path(f"e{number}") for number in range(2000)}


def test_many_calls_wait_for_a_connection_as_long_as_for_an_answer() -> None:
    """Twenty calls for each connection, each of three seconds: none of them fails for having had to wait."""
    assert Timeout().pool == Timeout().read


# Processes


def _invoke(client: SageMakerRuntime, answers: Any) -> None:
    answers.put(client.invoke_endpoint(**CALL).body)


def _invoke_async(client: AsyncSageMakerRuntime, answers: Any) -> None:
    async def main() -> bytes:
        return (await client.invoke_endpoint(**CALL)).body

    answers.put(asyncio.run(main()))


def _close(client: SageMakerRuntime, answers: Any) -> None:
    client.close()
    answers.put(b"closed")


def in_fork(target: Any, *arguments: Any) -> bytes:
    """Run ``target`` in a forked child, and return what it puts into its last argument; a child that hangs fails."""
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()
    child = context.Process(target=target, args=(*arguments, answers))
    child.start()
    child.join(PATIENCE)
    hangs = child.is_alive()
    child.kill()
    child.join()
    assert not hangs
    assert child.exitcode == 0
    found = answers.get()
    assert isinstance(found, bytes)
    return found


@FORKS
@FORKS_ON_PURPOSE
def test_a_forked_child_uses_the_client_that_the_parent_uses() -> None:
    with Server(answering(response(b"ok"))) as server, SageMakerRuntime(**at(server)) as client:
        client.invoke_endpoint(**CALL)
        assert in_fork(_invoke, client) == b"ok"
        assert client.invoke_endpoint(**CALL).body == b"ok"
    assert server.connections == 2


@FORKS
@FORKS_ON_PURPOSE
def test_a_forked_child_uses_the_async_client_that_the_parent_uses() -> None:
    async def main() -> bytes:
        return (await client.invoke_endpoint(**CALL)).body

    with Server(answering(response(b"ok"))) as server:
        client = AsyncSageMakerRuntime(**at(server))
        assert asyncio.run(main()) == b"ok"
        assert in_fork(_invoke_async, client) == b"ok"
        assert asyncio.run(main()) == b"ok"


@FORKS
@FORKS_ON_PURPOSE
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_child_that_is_made_inside_an_event_loop(backend: str) -> None:
    """trio's goes on there; in place of asyncio's, the child starts another. Neither takes the parent's connections."""

    async def child(client: AsyncSageMakerRuntime) -> None:
        if backend == "trio":
            assert (await client.invoke_endpoint(endpoint_name="child", body=b"")).body == path("child")
            await client.aclose()
        else:
            with pytest.raises(InvalidInput, match="start another there"):
                await client.invoke_endpoint(**CALL)

    async def main() -> None:
        async with AsyncSageMakerRuntime(**at(server)) as client:
            assert (await client.invoke_endpoint(endpoint_name="parent", body=b"")).body == path("parent")
            pid = os.fork()
            if pid == 0:
                outcome = 1
                with contextlib.suppress(BaseException):
                    await child(client)
                    if backend == "asyncio":
                        asyncio.run(go_on(client))
                    outcome = 0
                os._exit(outcome)
            assert os.waitpid(pid, 0)[1] == 0
            assert (await client.invoke_endpoint(endpoint_name="again", body=b"")).body == path("again")

    async def go_on(client: AsyncSageMakerRuntime) -> None:
        assert (await client.invoke_endpoint(endpoint_name="child", body=b"")).body == path("child")
        await client.aclose()

    with Server(echo_path) as server:
        anyio.run(main, backend=backend)
        assert server.connections == 2


@FORKS
@FORKS_ON_PURPOSE
def test_a_child_that_closes_the_client_leaves_the_parents_connections_open() -> None:
    with Server(answering(response(b"ok"))) as server, SageMakerRuntime(**at(server)) as client:
        client.invoke_endpoint(**CALL)
        assert in_fork(_close, client) == b"closed"
        client.invoke_endpoint(**CALL)
        assert server.connections == 1


@FORKS
@FORKS_ON_PURPOSE
@pytest.mark.parametrize("source", ["function", "session"])
def test_a_fork_amid_a_search_for_credentials_does_not_block_the_child(source: str) -> None:
    searching, go_on = threading.Event(), threading.Event()
    parent = os.getpid()

    def search() -> Credentials:
        if os.getpid() == parent:
            searching.set()
            go_on.wait(PATIENCE)
        return KEYS

    class Session:
        def get_credentials(self) -> Any:
            found = search()
            return SimpleNamespace(access_key=found.access_key_id, secret_key=found.secret_access_key, token=None)

    given: Any = search if source == "function" else Session()
    with (
        Server(answering(response(b"ok"))) as server,
        SageMakerRuntime(**at(server) | {"credentials": given}) as client,
        ThreadPoolExecutor(1) as thread,
    ):
        call = thread.submit(client.invoke_endpoint, **CALL)
        assert searching.wait(PATIENCE)
        assert in_fork(_invoke, client) == b"ok"
        go_on.set()
        assert call.result(PATIENCE).body == b"ok"


@FORKS
@FORKS_ON_PURPOSE
def test_a_fork_amid_a_call_does_not_block_the_child() -> None:
    """The parent's connection waits for an answer, and its retry quota is held, while the child is made."""
    waiting, answer = threading.Event(), threading.Event()

    def script(peer: Peer) -> None:
        peer.read_request()
        if not waiting.is_set():
            waiting.set()
            answer.wait(PATIENCE)
        peer.send(response(b"ok"))

    with Server(script) as server, SageMakerRuntime(**at(server)) as client, ThreadPoolExecutor(1) as thread:
        call = thread.submit(client.invoke_endpoint, **CALL)
        assert waiting.wait(PATIENCE)
        quota = client._state.quota
        assert quota.acquire(throttled=False) is not None
        with quota._own_lock():
            assert in_fork(_invoke, client) == b"ok"
        answer.set()
        assert call.result(PATIENCE).body == b"ok"


def test_clients_outputs_and_errors_go_through_spawned_processes() -> None:
    invoke = operator.methodcaller("invoke_endpoint", **CALL)
    refusal = response(b'{"Message": "no"}', "424 Failed Dependency", [("x-amzn-ErrorType", "ModelError")])
    with (
        Server(answering(response(b"ok", headers=[("x-amzn-RequestId", "id")]), refusal)) as server,
        SageMakerRuntime(**at(server)) as client,
        ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool,
    ):
        output = pool.submit(invoke, client).result(PATIENCE * 2)
        assert (output.body, output.metadata.request_id) == (b"ok", "id")
        assert client.invoke_endpoint(**CALL).body == b"ok"
        with pytest.raises(ModelError, match="no") as caught:
            invoke(client)
        event = PayloadPart(bytes_=b"part")
        assert pool.submit(operator.itemgetter(0), [event]).result(PATIENCE) == event
        there = pool.submit(operator.itemgetter(0), [caught.value]).result(PATIENCE)
        assert (type(there), str(there), there.attempts) == (ModelError, str(caught.value), 1)
        client_there = pool.submit(operator.itemgetter(0), [AsyncSageMakerRuntime(**at(server))]).result(PATIENCE)
        assert repr(client_there) == repr(AsyncSageMakerRuntime(**at(server)))


# The end


@pytest.fixture
def no_warnings() -> Any:
    """Whatever the garbage collector finds, nobody warns of it."""
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        yield
        gc.collect()
    assert [str(each.message) for each in seen] == []


def test_a_client_may_be_closed_again(no_warnings: None) -> None:
    with Server(answering(response(b"ok"))) as server:
        with SageMakerRuntime(**at(server)) as client:
            client.close()
            client.close()
        client = SageMakerRuntime(**at(server))
        client.invoke_endpoint(**CALL)
        for _ in range(3):
            client.close()
        del client
        gc.collect()


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_an_async_client_may_be_closed_again(backend: str, no_warnings: None) -> None:
    async def main() -> None:
        async with AsyncSageMakerRuntime(**at(server)) as client:
            await client.invoke_endpoint(**CALL)
            await client.aclose()
            await client.aclose()
        del client
        gc.collect()

    with Server(answering(response(b"ok"))) as server:
        anyio.run(main, backend=backend)


def test_a_client_that_is_dropped_is_no_ones_concern(no_warnings: None) -> None:
    with Server(answering(response(b"ok"))) as server:
        client = SageMakerRuntime(**at(server))
        client.invoke_endpoint(**CALL)
        del client
        gc.collect()
