"""Runs every benchmark in alternating rounds, and writes the samples: ``python -m bench.runner [--quick]``.

In each round of a scenario every client takes its turn, one after another, and the order moves by one from round to
round: what the machine does meanwhile meets all of them alike.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from . import responses, starts
from .install import ROOT, pythons
from .machine import describe
from .measure import Sample
from .results import Run, save
from .scenarios import DISTRIBUTIONS, Load, Start, everything
from .scenarios import loads as all_loads
from .scenarios import starts as all_starts
from .table import printed

RESULTS = ROOT / "build" / "bench.json"
Samples = dict[str, list[Sample]]


@dataclass(frozen=True)
class Extent:
    """How much is measured."""

    rounds: int
    seconds: float
    """About what a sample takes."""
    each: int
    """The least number of calls that a thread or task makes in a sample."""


FULL = Extent(rounds=9, seconds=0.2, each=4)
QUICK = Extent(rounds=3, seconds=0.02, each=1)


@contextmanager
def server() -> Iterator[str]:
    """Run the server in a process of its own; yields its URL."""
    command = [sys.executable, str(Path(__file__).with_name("server.py")), str(responses.SMALL_EVENTS)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


class Client:
    """A worker process, which is asked for one sample at a time."""

    def __init__(self, peer: str, python: Path, url: str) -> None:
        self._peer = peer
        command = [str(python), "-m", "bench.worker", peer, url, responses.ANSWER.decode()]
        environment = starts.environment(f"{ROOT / 'tests'}:{ROOT / 'generated'}")
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, **order: object) -> Any:
        """Return the worker's answer to an order."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"the worker of {self._peer} ended at {order}; its traceback is above")
        return json.loads(line)

    def close(self) -> None:
        self._process.communicate()


def rounds_of(peers: Sequence[str], count: int, take: Callable[[str], Sample]) -> Samples:
    """Take a sample of each client in each round; the first round's first client moves to the end in the next."""
    samples: Samples = {peer: [] for peer in peers}
    for number in range(count):
        turn = number % len(peers)
        for peer in (*peers[turn:], *peers[:turn]):
            samples[peer].append(take(peer))
    return samples


def measure_load(load: Load, clients: Mapping[str, Client], extent: Extent) -> Samples:
    """Return the samples of a load; reading a stream wrongly ends the run."""

    def take(peer: str) -> Sample:
        sample: Sample = clients[peer].ask(
            mode=load.mode, action=load.action, width=load.width, each=extent.each, seconds=extent.seconds
        )
        if load.action != "call":
            check_bytes(load, peer, sample)
        return sample

    return rounds_of(load.peers, extent.rounds, take)


def check_bytes(load: Load, peer: str, sample: Sample) -> None:
    _, payload = responses.payloads()[load.action]
    read = sample.pop("bytes") / sample["count"]
    # A bare socket sees frames and chunk sizes too.
    if read < payload if peer == "bare" else read != payload:
        raise SystemExit(f"{peer} read {read:.0f} bytes of the stream {load.action!r}, which holds {payload}")


def measure_start(start: Start, python: Mapping[str, Path], url: str, rounds: int) -> Samples:
    """Return the samples of a start, after one that writes bytecode caches and is not counted."""
    environment = starts.environment(str(ROOT / "generated"))

    def take(peer: str) -> Sample:
        return starts.sample(python[peer], starts.program(start.name, peer, url), environment, ROOT)

    for peer in start.peers:
        take(peer)
    return rounds_of(start.peers, rounds, take)


def measure(
    python: Mapping[str, Path], loads: Sequence[Load], begun: Sequence[Start], extent: Extent, *, progress: bool = True
) -> Run:
    """Measure these scenarios, and return the run."""
    machine, date = describe(ROOT), datetime.now(UTC).strftime("%Y-%m-%d")
    samples: dict[str, Samples] = {}
    with server() as url, ExitStack() as stack:
        clients: dict[str, Client] = {}
        for peer in sorted({peer for load in loads for peer in load.peers}):
            clients[peer] = Client(peer, python[peer], url)
            stack.callback(clients[peer].close)
        versions = {peer: client.ask(versions=DISTRIBUTIONS[peer]) for peer, client in clients.items()}
        for number, load in enumerate(loads, 1):
            _tell(progress, f"[{number}/{len(loads) + len(begun)}] {load.title}")
            samples[load.name] = measure_load(load, clients, extent)
    with server() as url:
        for number, start in enumerate(begun, len(loads) + 1):
            _tell(progress, f"[{number}/{len(loads) + len(begun)}] {start.title}")
            samples[start.name] = measure_start(start, python, url, extent.rounds)
    return Run(date, extent == QUICK, extent.rounds, extent.seconds, machine, versions, samples)


def _tell(progress: bool, text: str) -> None:
    if progress:
        print(text, file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.runner", description="Measure the generated client beside others.")
    parser.add_argument(
        "--quick", action="store_true", help="fewer and shorter rounds: under a minute, for a first look"
    )
    parser.add_argument("--only", default="", metavar="TEXT", help="scenarios whose name contains this text")
    parser.add_argument("--output", type=Path, default=RESULTS, help="the JSON file to write (default: %(default)s)")
    given = parser.parse_args()
    loads = [load for load in all_loads() if given.only in load.name and not (given.quick and load.mode == "uvloop")]
    begun = [start for start in all_starts() if given.only in start.name]
    if begun and all(start.name != "python" for start in begun):
        begun.insert(0, all_starts()[0])
    if not loads and not begun:
        names = ", ".join(scenario.name for scenario in everything())
        parser.error(f"no scenario has {given.only!r} in its name; there are {names}")
    run = measure(pythons(), loads, begun, QUICK if given.quick else FULL)
    save(run, given.output)
    print(printed(run))
    for doubt in run.doubts():
        print(f"these figures are rough: {doubt}", file=sys.stderr)


if __name__ == "__main__":
    main()
