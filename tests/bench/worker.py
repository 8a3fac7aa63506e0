"""One client in a process of its own: ``python -m bench.worker PEER URL BODY`` takes orders from its standard input.

An order is a line of JSON, the arguments of ``Worker.sample``, and the answer is another, the sample. An order with
``versions`` asks which versions of these distributions are installed. BODY is what every call must return.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
from importlib.metadata import PackageNotFoundError, version
from time import monotonic
from typing import Any

from . import measure
from .measure import Sample

SYNC_CONNECTIONS = 64
ASYNC_CONNECTIONS = 256
IDLE = 2.0
"""Seconds after which some clients close connections, or soon will."""


class Worker:
    """Drives one peer's clients: one for threads, one for each event loop."""

    def __init__(self, peer: str, url: str, body: bytes) -> None:
        self._module: Any = importlib.import_module(f"bench.peers.{peer}")
        self._url = url
        self._body = body
        self._sync: Any = None
        self._loops: dict[str, tuple[asyncio.Runner, Any]] = {}
        self._counts: dict[tuple[str, str, int], int] = {}
        self._used = 0.0

    def sample(self, mode: str, action: str, width: int, each: int, seconds: float) -> Sample:
        """Return a sample that takes about this many seconds.

        Args:
            mode: sync, asyncio or uvloop.
            action: call, or the name of a stream to read.
            width: how many threads or tasks share the client.
            each: the least number of calls that each of them makes, where they are many.
            seconds: sets the number of calls, once for each kind of order.
        """
        key = (mode, action, width)
        if key not in self._counts:
            self._counts[key] = self._calibrate(mode, action, width, each, seconds)
        elif action == "call" and monotonic() - self._used > IDLE:
            # Connections that the client closed meanwhile are opened again here, not in the sample.
            self._run(mode, action, width, width)
        sample = self._run(mode, action, width, self._counts[key])
        self._used = monotonic()
        return sample

    def _calibrate(self, mode: str, action: str, width: int, each: int, seconds: float) -> int:
        count = width
        self._run(mode, action, width, count)
        while True:
            wall = self._run(mode, action, width, count)["wall"]
            if wall >= seconds / 4:
                return max(_least(action, width, each), round(count * seconds / wall))
            count *= 2

    def _run(self, mode: str, action: str, width: int, count: int) -> Sample:
        if mode == "sync":
            peer = self._synchronous()
            return measure.call(peer, width, count) if action == "call" else measure.read(peer, action, count)
        runner, peer = self._asynchronous(mode)
        return runner.run(measure.acall(peer, width, count) if action == "call" else measure.aread(peer, action, count))

    def _synchronous(self) -> Any:
        if self._sync is None:
            self._sync = self._module.Sync(self._url, SYNC_CONNECTIONS)
            self._check(self._sync.call())
        return self._sync

    def _asynchronous(self, mode: str) -> tuple[asyncio.Runner, Any]:
        if mode not in self._loops:
            factory = None
            if mode == "uvloop":
                import uvloop

                factory = uvloop.new_event_loop
            runner = asyncio.Runner(loop_factory=factory)

            async def start() -> Any:
                peer = self._module.Async(self._url, ASYNC_CONNECTIONS)
                await peer.open()
                self._check(await peer.call())
                return peer

            self._loops[mode] = runner, runner.run(start())
        return self._loops[mode]

    def _check(self, body: bytes) -> None:
        if body != self._body:
            raise SystemExit(f"the response's body was read as {body!r}")

    def close(self) -> None:
        if self._sync is not None:
            self._sync.close()
        for runner, peer in self._loops.values():
            runner.run(peer.aclose())
            runner.close()


def _least(action: str, width: int, each: int) -> int:
    if action == "call":
        return max(32, width * each)
    return 8 if action == "first" else 1


def versions(distributions: list[str]) -> dict[str, str]:
    """Return the versions of the distributions that are installed here."""
    found = {}
    for name in distributions:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def main() -> None:
    peer, url, body = sys.argv[1:]
    worker = Worker(peer, url, body.encode())
    for line in sys.stdin:
        order = json.loads(line)
        answer = versions(order["versions"]) if "versions" in order else worker.sample(**order)
        print(json.dumps(answer), flush=True)
    worker.close()


if __name__ == "__main__":
    main()
