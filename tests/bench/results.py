"""A run's samples: what the runner writes, and the medians and ratios that reports take from them."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from .measure import Sample

SCHEMA = 1
Figure = Callable[[Sample], float]
"""What a sample says, where less is better."""


@dataclass(frozen=True)
class Spread:
    """The median of some rounds, with the least and the greatest."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        return cls(statistics.median(values), min(values), max(values))


@dataclass(frozen=True)
class Run:
    """All that one run measured, and where."""

    date: str
    quick: bool
    rounds: int
    seconds: float
    machine: dict[str, str]
    versions: dict[str, dict[str, str]]
    samples: dict[str, dict[str, list[Sample]]]
    """Samples by scenario and client; those at the same index were taken in the same round."""

    def doubts(self) -> list[str]:
        """Return why the figures are rough, if they are."""
        doubts = ["it was a quick run"] if self.quick else []
        if float(self.machine["load"]) > int(self.machine["cores"]) / 2:
            doubts.append(f"the machine was busy before it began (load {self.machine['load']})")
        return doubts

    def has(self, scenario: str, peer: str) -> bool:
        return bool(self.samples.get(scenario, {}).get(peer))

    def spread(self, scenario: str, peer: str, figure: Figure) -> Spread:
        """Return a figure of one client over the rounds."""
        return Spread.of([figure(sample) for sample in self.samples[scenario][peer]])

    def ratio(self, scenario: str, figure: Figure, more: str, less: str, *, minus: float = 0.0) -> Spread:
        """Return how many times one client's figure is another's, round by round, both less ``minus``."""
        pairs = zip(self.samples[scenario][more], self.samples[scenario][less], strict=True)
        return Spread.of([(figure(one) - minus) / (figure(other) - minus) for one, other in pairs])


def wall(sample: Sample) -> float:
    """Seconds by the clock for one call, event stream or start."""
    return sample["wall"] / sample["count"]


def cpu(sample: Sample) -> float:
    """Seconds of the client's CPU time for one call, event stream or start."""
    return sample["cpu"] / sample["count"]


def first(sample: Sample) -> float:
    """Seconds from a call to its first event."""
    return sample["first"] / sample["count"]


def resident(sample: Sample) -> float:
    """Bytes of memory that the process had resident."""
    return sample["rss"]


def save(run: Run, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"schema": SCHEMA, **asdict(run)}, indent=1, sort_keys=True) + "\n")


def load(path: Path) -> Run:
    """Return the run that was saved there."""
    try:
        data = json.loads(path.read_text())
    except FileNotFoundError:
        raise SystemExit(f"{path} does not exist; run `make bench` first") from None
    if data.pop("schema", None) != SCHEMA:
        raise SystemExit(f"{path} was written by another version of the benchmarks; run `make bench` again")
    return Run(**data)
