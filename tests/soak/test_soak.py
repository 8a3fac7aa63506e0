"""Many calls through one client: no descriptor, thread or memory is left behind."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sagemaker_runtime import AsyncSageMakerRuntime, Credentials, PayloadPart, SageMakerRuntime

pytestmark = pytest.mark.slow

EVENTS = 1_000
MANY = 100_000
MANY_ASYNC = 30_000  # they take three times as long
KEYS = Credentials("AKID", "secret")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    script = Path(__file__).resolve().parents[1] / "bench" / "server.py"
    with subprocess.Popen([sys.executable, script, str(EVENTS)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.terminate()


Held = tuple[int, set[threading.Thread]]


def held() -> Held:
    """Return how many descriptors this process has, and its threads."""
    gc.collect()
    return len(os.listdir("/proc/self/fd")), set(threading.enumerate())


def assert_held_no_more(before: Held) -> None:
    """What was held ``before`` is all that is held; a thread that an earlier test left may have ended meanwhile."""
    descriptors, threads = held()
    assert descriptors == before[0]
    assert threads <= before[1]


def assert_flat(rounds: Callable[[int], None]) -> None:
    """Run some rounds to warm up, then many more: what is held must stay the same, and memory within 256 KiB."""
    rounds(20)
    before = held()
    tracemalloc.start()
    rounds(20)
    gc.collect()
    base, _ = tracemalloc.get_traced_memory()
    rounds(400)
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - base
    tracemalloc.stop()
    assert_held_no_more(before)
    assert grown < 256 * 1024


def test_calls_whole_streams_and_streams_left_early_hold_nothing(url: str) -> None:
    with SageMakerRuntime(region="eu-west-1", endpoint_url=url, credentials=KEYS) as client:

        def rounds(count: int) -> None:
            for number in range(count):
                assert client.invoke_endpoint(endpoint_name="llm", body=b"{}").json() == {"generated_text": "ok"}
                with client.invoke_endpoint_with_response_stream(endpoint_name="llm", body=b"{}") as stream:
                    for seen, event in enumerate(stream, 1):
                        assert isinstance(event, PayloadPart)
                        if number % 2 and seen == 3:
                            break
                    else:
                        assert seen == EVENTS

        assert_flat(rounds)


def test_async_calls_and_streams_hold_nothing(url: str) -> None:
    async def use(client: AsyncSageMakerRuntime, count: int) -> None:
        for number in range(count):
            await client.invoke_endpoint(endpoint_name="llm", body=b"{}")
            async with client.invoke_endpoint_with_response_stream(endpoint_name="llm", body=b"{}") as stream:
                async for _ in stream.iter_bytes():
                    if number % 2:
                        break

    with asyncio.Runner() as runner:
        client = AsyncSageMakerRuntime(region="eu-west-1", endpoint_url=url, credentials=KEYS)
        assert_flat(lambda count: runner.run(use(client, count)))
        runner.run(client.aclose())


def memory() -> tuple[int, int]:
    """Return how many bytes this process has resident, and how many objects the garbage collector knows."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE"), len(gc.get_objects())


def assert_flat_over_many(calls: Callable[[int], None], count: int) -> None:
    """Make calls to warm up, then ``count``: resident memory stays within 2 MiB, objects within a hundred."""
    calls(5_000)
    resident, objects = memory()
    before = held()
    calls(count)
    grown, more = (after - before for after, before in zip(memory(), (resident, objects), strict=True))
    assert_held_no_more(before)
    assert (grown < 2 << 20, more < 100) == (True, True), f"{grown} bytes and {more} objects more"


def test_a_hundred_thousand_calls_hold_nothing(url: str) -> None:
    with SageMakerRuntime(region="eu-west-1", endpoint_url=url, credentials=KEYS) as client:

        def calls(count: int) -> None:
            for _ in range(count):
                assert client.invoke_endpoint(endpoint_name="llm", body=b"{}").metadata.attempts == 1

        assert_flat_over_many(calls, MANY)


def test_many_async_calls_hold_nothing(url: str) -> None:
    async def task(client: AsyncSageMakerRuntime, count: int) -> None:
        for _ in range(count):
            assert (await client.invoke_endpoint(endpoint_name="llm", body=b"{}")).metadata.attempts == 1

    async def use(client: AsyncSageMakerRuntime, count: int) -> None:
        await asyncio.gather(*(task(client, count // 10) for _ in range(10)))

    with asyncio.Runner() as runner:
        client = AsyncSageMakerRuntime(region="eu-west-1", endpoint_url=url, credentials=KEYS)
        assert_flat_over_many(lambda count: runner.run(use(client, count)), MANY_ASYNC)
        runner.run(client.aclose())


def test_threads_share_a_client(url: str) -> None:
    with SageMakerRuntime(region="eu-west-1", endpoint_url=url, credentials=KEYS) as client:
        failures: list[BaseException] = []

        def work() -> None:
            try:
                for _ in range(50):
                    assert client.invoke_endpoint(endpoint_name="llm", body=b"{}").json() == {"generated_text": "ok"}
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=work) for _ in range(32)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
