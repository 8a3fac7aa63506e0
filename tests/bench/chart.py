"""A run's headline figures as an SVG chart of horizontal bars, readable on light and on dark pages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from .responses import payloads
from .results import Figure, Run, Spread, cpu, resident, wall
from .scenarios import ASYNC_PEERS, SYNC_PEERS
from .table import NAMES

WIDTH, MARGIN, GAP = 880, 16, 32
LABEL, VALUE = 88, 64
"""Room for a client's name on the left of its bar, and for its figure on the right."""
BAR, STEP, HEAD = 14, 20, 46

_STYLE = """
text { font: 12px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #1f2328 }
.title { font-weight: 600; font-size: 13px }
.dim { fill: #59636e }
.ours { fill: #0969da }
.other { fill: #afb8c1 }
.limit { fill: #d8dee4 }
.page { fill: #ffffff }
.spread { stroke: #59636e; stroke-width: 1 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .dim { fill: #9198a1 }
  .ours { fill: #4493f8 }
  .other { fill: #656c76 }
  .limit { fill: #3d444d }
  .page { fill: #0d1117 }
  .spread { stroke: #9198a1 }
}
"""


@dataclass(frozen=True)
class Panel:
    """One comparison: a bar for each client."""

    title: str
    unit: str
    scenario: str
    figure: Figure
    factor: float
    """Of the figure in the unit; a negative one takes the figure's inverse, where more is better."""
    peers: tuple[str, ...]
    form: str = ",.0f"
    net: bool = False

    def shown(self, run: Run, peer: str) -> Spread:
        """Return what the bar shows, with the least and the greatest of all rounds."""
        spread = run.spread(self.scenario, peer, self.figure)
        minus = run.spread("python", "bare", self.figure).median if self.net else 0.0
        ends = [_scaled(value - minus, self.factor) for value in (spread.low, spread.high)]
        return Spread(_scaled(spread.median - minus, self.factor), min(ends), max(ends))


def _scaled(value: float, factor: float) -> float:
    return value * factor if factor > 0 else -factor / value


def _per_event(action: str, unit: int) -> Figure:
    units = payloads()[action][unit]
    return lambda sample: wall(sample) / units


def panels() -> list[Panel]:
    """Return the panels of a whole run, from left to right and from top to bottom."""
    readers = ("lapsmith", "boto3", "capo")
    # Next to a bare socket's throughput no client's bar could be read.
    threads, tasks = ([peer for peer in peers if peer != "bare"] for peers in (SYNC_PEERS, ASYNC_PEERS))
    return [
        Panel("One call at a time, sync", "µs of CPU", "call-sync-1", cpu, 1e6, SYNC_PEERS),
        Panel("One call at a time, asyncio", "µs of CPU", "call-asyncio-1", cpu, 1e6, ASYNC_PEERS),
        Panel("64 threads, one client", "calls per second", "call-sync-64", wall, -1, tuple(threads)),
        Panel("256 asyncio tasks, one client", "calls per second", "call-asyncio-256", wall, -1, tuple(tasks)),
        Panel("Small events", "thousand per second", "small-sync", _per_event("small", 0), -1e-3, readers),
        Panel("Events of 128 KiB", "MB per second", "large-sync", _per_event("large", 1), -1e-6, readers),
        Panel("Start to first response, less Python's", "ms", "answer", wall, 1e3, readers, net=True),
        Panel("Resident memory after it", "MiB", "answer", resident, 1 / (1 << 20), readers, ".1f"),
    ]


def chart(run: Run) -> str:
    """Return the chart as SVG; panels that the run has no figures for are left out."""
    shown = [panel for panel in panels() if panel.scenario in run.samples]
    column = (WIDTH - 2 * MARGIN - GAP) // 2
    parts: list[str] = ['<rect class="page" width="100%" height="100%" rx="6"/>']
    top = MARGIN
    for start in range(0, len(shown), 2):
        pair = shown[start : start + 2]
        for place, panel in enumerate(pair):
            parts += _panel(run, panel, MARGIN + place * (column + GAP), top, column)
        top += HEAD + STEP * max(len(panel.peers) for panel in pair) + 8
    machine = run.machine
    note = f"{run.date}, {machine['processor']}, {machine['cores']} cores, {machine['python']}; {run.rounds} rounds"
    rough = " Rough figures." if run.doubts() else ""
    parts.append(_text(MARGIN, top + 8, f"{note}. Lines span the rounds.{rough}", "dim"))
    height = top + 20
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'role="img" aria-label="lapsmith beside other clients">\n<style>{_STYLE}</style>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def _panel(run: Run, panel: Panel, left: int, top: int, width: int) -> Iterator[str]:
    better = "more" if panel.factor < 0 else "less"
    yield _text(left, top + 14, panel.title, "title")
    yield _text(left, top + 30, f"{panel.unit}, {better} is better", "dim")
    bars = {peer: panel.shown(run, peer) for peer in panel.peers if run.has(panel.scenario, peer)}
    room = width - LABEL - VALUE
    scale = room / max(spread.high for spread in bars.values())
    for number, (peer, spread) in enumerate(bars.items()):
        y = top + HEAD + number * STEP - 6
        start, length = left + LABEL, max(1.0, spread.median * scale)
        middle = y + BAR / 2
        kind = {"lapsmith": "ours", "bare": "limit"}.get(peer, "other")
        yield _text(left, y + 11, NAMES.get(peer, peer), "")
        yield f'<rect class="{kind}" x="{start}" y="{y}" width="{length:.1f}" height="{BAR}" rx="2"/>'
        low, high = (start + value * scale for value in (spread.low, spread.high))
        yield f'<line class="spread" x1="{low:.1f}" x2="{high:.1f}" y1="{middle}" y2="{middle}"/>'
        yield _text(max(start + length, high) + 6, y + 11, format(spread.median, panel.form), "dim")


def _text(x: float, y: float, text: str, kind: str) -> str:
    style = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}"{style}>{escape(text)}</text>'
