"""Writes ``docs/benchmarks.md`` and its chart from a run: ``python -m bench.report``."""

from __future__ import annotations

import argparse
from pathlib import Path

from .chart import chart
from .install import ROOT
from .results import Run, load
from .runner import RESULTS
from .table import NAMES, company, figures, limits, markdown, ratios, tables

PAGE = "benchmarks.md"
CHART = "benchmarks.svg"

_HEAD = """\
<!-- Written by `make bench-report`. Do not edit. -->
# Benchmarks

![lapsmith beside other clients](benchmarks.svg)

Each client makes the same calls of SageMaker Runtime to the same server on 127.0.0.1, and signs them. The table shows
how many times as much others take as lapsmith: above 1, lapsmith takes less. *Rounds* are the least and the greatest
ratio of all rounds.
"""
_METHOD = """\
## How it is measured

- All figures come from one run. Each client runs in a process and a virtual environment of its own, with the versions
  below. They take turns: in each of the {rounds} rounds every client gives one sample of about {milliseconds:.0f} ms.
- Figures are medians over the rounds. Ratios are taken round by round, so that both sides met the same machine.
- Wall time is what a caller waits. CPU time is that of the client's process, system calls included.
- The server runs in a process of its own and costs as little as Python allows: it sends responses that were built
  before it started, looks at the target and the length of a request, and verifies no signature.
- Threads and tasks share one client. Every client may open 64 connections for threads and 256 for tasks; boto3 and
  aiobotocore have `max_pool_connections` set accordingly, because their default is 10.
- *Start* is from the start of a process until its client is ready, or has its first response, less what Python alone
  takes to start. Bytecode caches are warm.
- *First event* is from the call to the first event. The server sends the rest of the stream 2 ms later.
- httpx2 sends a signed request without an AWS library. The bare socket sends one too, but parses nothing: what it
  takes is the system's, the server's and Python's own, and no client takes less.
- capo's sync client sends head and body apart on a socket without `TCP_NODELAY`, so that each call waits for the
  server's delayed acknowledgement, about 40 ms.

To run it, you need `python3`, `make` and a package index. `make bench` takes up to eight minutes, and
`make bench ARGS=--quick` up to one. `make bench-report` writes this page from the last whole run. Close whatever else
uses the processor.
"""


def page(run: Run) -> str:
    """Return the page, in Markdown."""
    parts = [_HEAD]
    if doubts := run.doubts():
        parts.append(f"**The figures of this run are rough: {', and '.join(doubts)}.**\n")
    parts.append(ratios(run) + "\n")
    if above := limits(run):
        parts.append(f"## Above the bare socket\n\nHow many times as much a call of lapsmith takes.\n\n{above}\n")
    parts += [f"## {table.title}\n\n{table.cells}\n\n{shown}\n" for table in tables() if (shown := figures(run, table))]
    if grown := company(run):
        parts.append(f"## A call among many\n\nIts CPU time, against that of the same call alone.\n\n{grown}\n")
    parts.append(_METHOD.format(rounds=run.rounds, milliseconds=run.seconds * 1000))
    parts.append(f"## Machine and versions\n\n{_machine(run)}\n\n{_versions(run)}\n")
    return "\n".join(parts)


def _machine(run: Run) -> str:
    return markdown(["", run.date], [[name, value] for name, value in run.machine.items()])


def _versions(run: Run) -> str:
    told = [
        [NAMES.get(peer, peer), ", ".join(f"{name} {version}" for name, version in found.items())]
        for peer, found in run.versions.items()
    ]
    return markdown(["client", "versions"], told)


def write(run: Run, folder: Path) -> None:
    """Write page and chart into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / PAGE).write_text(page(run), encoding="utf-8")
    (folder / CHART).write_text(chart(run), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.report", description="Write the page of the last run.")
    parser.add_argument("--run", type=Path, default=RESULTS, help="the JSON file of the run (default: %(default)s)")
    parser.add_argument("--output", type=Path, help="the folder to write to (default: docs, for whole runs only)")
    given = parser.parse_args()
    run = load(given.run)
    if run.quick and given.output is None:
        parser.error("the last run was a quick one, whose figures are too rough to publish; run `make bench`")
    folder = given.output or ROOT / "docs"
    write(run, folder)
    print(f"wrote {folder / PAGE} and {folder / CHART}")


if __name__ == "__main__":
    main()
