"""A run's figures as Markdown tables, which the terminal shows too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from .responses import payloads
from .results import Figure, Run, cpu, first, resident, wall
from .scenarios import PEERS, RIVALS, Load, loads, starts

NAMES = {"bare": "bare socket"}
"""What a client is called in tables and charts, where it is not its own name."""


@dataclass(frozen=True)
class Row:
    """A scenario's figures: what stands in its cells, and what its ratios compare."""

    title: str
    scenario: str
    mode: str
    figures: tuple[Figure, ...]
    """Each with less as the better."""
    net: bool = False
    """Whether the share of Python alone is taken off."""

    def minus(self, run: Run, figure: Figure) -> float:
        return run.spread("python", "bare", figure).median if self.net else 0.0


@dataclass(frozen=True)
class Table:
    """Rows with cells of the same kind."""

    title: str
    cells: str
    """What a cell says."""
    rows: tuple[Row, ...]
    formats: tuple[tuple[str, float], ...]
    """For each figure its format and its factor; a negative factor takes the figure's inverse."""


def tables() -> list[Table]:
    """Return the tables of a whole run."""
    calls = [load for load in loads() if load.action == "call"]
    alone = tuple(_calls(load) for load in calls if load.width == 1)
    many = tuple(_calls(load) for load in calls if load.width > 1)
    timed = [start for start in starts() if start.name != "python"]
    return [
        Table("One call at a time", "µs for a call / µs of CPU", alone, ((",.0f", 1e6), (",.0f", 1e6))),
        Table("Many calls at a time, one client", "calls per second / µs of CPU", many, ((",.0f", -1), (",.0f", 1e6))),
        Table("Small events", "thousand events per second / µs of CPU for an event", _events("small"), _SMALL),
        Table("Events of 128 KiB", "MB per second / ms of CPU for 100 MB", _events("large"), _LARGE),
        Table("First event", "ms from the call to its first event", _events("first"), ((".2f", 1e3),)),
        Table(
            "Start of a process, less Python's own",
            "ms / ms of CPU",
            tuple(Row(start.title, start.name, start.mode, (wall, cpu), net=True) for start in timed),
            ((",.0f", 1e3), (",.0f", 1e3)),
        ),
        Table(
            "Resident memory, Python's own included",
            "MiB",
            tuple(Row(start.title, start.name, start.mode, (resident,)) for start in timed),
            ((".1f", 1 / (1 << 20)),),
        ),
    ]


_SMALL = ((",.0f", -1e-3), (".2f", 1e6))
_LARGE = ((",.0f", -1e-6), (",.1f", 1e11))


def _calls(load: Load) -> Row:
    return Row(load.title, load.name, load.mode, (wall, cpu))


def _events(action: str) -> tuple[Row, ...]:
    events, size = payloads()[action]
    units = {"small": events, "large": size, "first": 1}[action]

    def each(figure: Figure) -> Figure:
        return lambda sample: figure(sample) / units

    figures = (first,) if action == "first" else (each(wall), each(cpu))
    return tuple(Row(load.mode, load.name, load.mode, figures) for load in loads() if load.action == action)


def markdown(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table, first column to the left, padded so that it reads as plain text too."""
    lines = [header, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join(f"| {' | '.join(_padded(line, widths))} |" for line in (header, rule, *lines[1:]))


def _padded(line: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    for column, (cell, width) in enumerate(zip(line, widths, strict=True)):
        yield cell.rjust(width) if column else cell.ljust(width)


def figures(run: Run, table: Table) -> str:
    """Return the medians of a table, or an empty string where the run has none of its rows."""
    rows = [row for row in table.rows if row.scenario in run.samples]
    peers = [peer for peer in PEERS if any(run.has(row.scenario, peer) for row in rows)]
    if not rows or any(row.net and not run.has("python", "bare") for row in rows):
        return ""
    return markdown(
        ["", *(NAMES.get(peer, peer) for peer in peers)],
        [[row.title, *(_cell(run, table, row, peer) for peer in peers)] for row in rows],
    )


def _cell(run: Run, table: Table, row: Row, peer: str) -> str:
    if not run.has(row.scenario, peer):
        return ""
    cells = []
    for figure, (form, factor) in zip(row.figures, table.formats, strict=True):
        median = run.spread(row.scenario, peer, figure).median - row.minus(run, figure)
        cells.append(format(median * factor if factor > 0 else -factor / median, form))
    return " / ".join(cells)


def ratios(run: Run) -> str:
    """Return how many times a rival's figure is lapsmith's, with the least and the greatest of all rounds."""
    rows = [
        [_subject(table, row), rival, *_ratios(run, row, rival, "lapsmith")]
        for table in tables()
        for row in table.rows
        for rival in RIVALS[row.mode]
        if run.has(row.scenario, rival) and run.has(row.scenario, "lapsmith")
    ]
    return markdown(["", "against", "wall", "(rounds)", "CPU", "(rounds)"], rows)


def limits(run: Run) -> str:
    """Return how many times a call of lapsmith takes as much as the same bytes through a bare socket."""
    rows = [
        [row.title, *_ratios(run, row, "lapsmith", "bare")]
        for table in tables()
        for row in table.rows
        if row.scenario.startswith("call-") and run.has(row.scenario, "lapsmith") and run.has(row.scenario, "bare")
    ]
    return markdown(["", "wall", "(rounds)", "CPU", "(rounds)"], rows) if rows else ""


def _subject(table: Table, row: Row) -> str:
    return row.title if row.scenario.startswith("call-") else f"{table.title.partition(',')[0]}: {row.title}"


def _ratios(run: Run, row: Row, more: str, less: str) -> list[str]:
    cells: list[str] = []
    for figure in row.figures:
        spread = run.ratio(row.scenario, figure, more, less, minus=row.minus(run, figure))
        cells += [f"{spread.median:.2f}x", f"{spread.low:.2f} to {spread.high:.2f}"]
    return cells if len(cells) == 4 else [*cells, "", ""]


def company(run: Run) -> str:
    """Return the CPU time of a call among many against that of the same call alone, for each client."""
    many = [load for load in loads() if load.action == "call" and load.width in (64, 256)]
    rows = [load for load in many if load.name in run.samples and _alone(load) in run.samples]
    peers = [peer for peer in PEERS if any(run.has(load.name, peer) for load in rows)]
    if not rows:
        return ""
    return markdown(
        ["", *(NAMES.get(peer, peer) for peer in peers)],
        [[load.title, *(_company(run, load, peer) for peer in peers)] for load in rows],
    )


def _alone(load: Load) -> str:
    return f"call-{load.mode}-1"


def _company(run: Run, load: Load, peer: str) -> str:
    if not run.has(load.name, peer):
        return ""
    return f"{run.spread(load.name, peer, cpu).median / run.spread(_alone(load), peer, cpu).median:.2f}x"


def printed(run: Run) -> str:
    """Return all tables for a terminal."""
    parts = [f"{table.title} ({table.cells})\n{shown}" for table in tables() if (shown := figures(run, table))]
    if grown := company(run):
        parts.append(f"CPU of a call among many, against the same call alone\n{grown}")
    if above := limits(run):
        parts.append(f"How many times as much lapsmith takes as a bare socket\n{above}")
    return "\n\n".join([*parts, f"How many times as much others take as lapsmith\n{ratios(run)}"])
