"""Times one action of a client: in a loop, in threads or in tasks, by the wall clock and by the process's CPU time."""

from __future__ import annotations

import asyncio
import threading
from time import perf_counter, process_time

from .peers import Async, Sync

Sample = dict[str, float]
"""``count`` of calls or reads, ``wall`` and ``cpu`` seconds for all of them; ``first`` seconds to first events."""


def call(peer: Sync, width: int, count: int) -> Sample:
    """Make ``count`` calls in ``width`` threads that share the client."""
    each = max(1, count // width)
    if width == 1:
        cpu, started = process_time(), perf_counter()
        for _ in range(each):
            peer.call()
        return {"count": each, "wall": perf_counter() - started, "cpu": process_time() - cpu}
    gate = threading.Barrier(width + 1)
    failures: list[BaseException] = []

    def work() -> None:
        gate.wait()
        try:
            for _ in range(each):
                peer.call()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(width)]
    for thread in threads:
        thread.start()
    gate.wait()
    cpu, started = process_time(), perf_counter()
    for thread in threads:
        thread.join()
    sample = {"count": each * width, "wall": perf_counter() - started, "cpu": process_time() - cpu}
    if failures:
        raise failures[0]
    return sample


def read(peer: Sync, endpoint: str, count: int) -> Sample:
    """Read ``count`` streams, one after another."""
    sample = {"count": float(count), "wall": 0.0, "cpu": 0.0, "first": 0.0, "bytes": 0.0}
    for _ in range(count):
        cpu, started = process_time(), perf_counter()
        first, total = peer.read(endpoint)
        sample["wall"] += perf_counter() - started
        sample["cpu"] += process_time() - cpu
        sample["first"] += first - started
        sample["bytes"] += total
    return sample


async def acall(peer: Async, width: int, count: int) -> Sample:
    """Make ``count`` calls in ``width`` tasks that share the client."""
    each = max(1, count // width)

    async def work() -> None:
        for _ in range(each):
            await peer.call()

    cpu, started = process_time(), perf_counter()
    if width == 1:
        await work()
    else:
        await asyncio.gather(*(work() for _ in range(width)))
    return {"count": each * width, "wall": perf_counter() - started, "cpu": process_time() - cpu}


async def aread(peer: Async, endpoint: str, count: int) -> Sample:
    """Read ``count`` streams, one after another."""
    sample = {"count": float(count), "wall": 0.0, "cpu": 0.0, "first": 0.0, "bytes": 0.0}
    for _ in range(count):
        cpu, started = process_time(), perf_counter()
        first, total = await peer.read(endpoint)
        sample["wall"] += perf_counter() - started
        sample["cpu"] += process_time() - cpu
        sample["first"] += first - started
        sample["bytes"] += total
    return sample
