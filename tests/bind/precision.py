"""How many endpoints of specs ``bind`` gets right, wrong, or leaves unbound, where model and spec are not of one day.

``python -m bind.precision`` (with ``tests`` as PYTHONPATH) prints the counts over every service, for each condition.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field

from bind.old_models import ALL_MODES, VERSIONS, Case, case, old_model, pairs, read
from corpus import models
from lapsmith.bind import matching
from lapsmith.bind.model import Model

Condition = tuple[str, str]
"""``prose``, ``lean`` (none) or ``public`` (prose, and no errors, as in the public registry), and the mode."""
KINDS = ("prose", "lean", "public")
Tally = dict[Condition, Counter[str]]


@dataclass
class Found:
    """Counts of ``right``, ``wrong``, ``unbound`` (the model has the operation) and ``absent`` (it does not)."""

    tally: Tally = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def add(self, other: Found) -> None:
        """Add what was found for another service."""
        for condition, counts in other.tally.items():
            self.tally.setdefault(condition, Counter()).update(counts)
        self.wrong += other.wrong


def newer_spec(service: str, version: str) -> Found:
    """Bind the spec of a service's newest model to an old model, in every condition."""
    model = old_model(service, version)
    raw = read(models.path(service))
    found = Found()
    for kind in KINDS:
        whole = case(raw, prose=kind != "lean", errors=kind != "public")
        for mode in ALL_MODES:
            counts = found.tally.setdefault((kind, mode), Counter())
            for spec in whole.edits(mode, service):
                _count(spec, model, counts, found.wrong, f"{version} {service} {kind} {mode}")
    return found


def _count(spec: Case, model: Model, counts: Counter[str], wrong: list[str], told: str) -> None:
    got = matching.match(spec.document, model)
    for match in got.matches:
        truth = spec.truth[id(match.endpoint)]
        is_right = truth == match.operation.name
        counts["right" if is_right else "wrong"] += 1
        if not is_right:
            there = "" if truth in model.operations else ", which the model lacks,"
            wrong.append(f"{told}: {truth}{there} is {match.operation.name} by {match.by}")
    for item in got.unbound:
        counts["unbound" if spec.truth[id(item.endpoint)] in model.operations else "absent"] += 1


def measure(version: str, services: Iterable[str], jobs: int = 1) -> Found:
    """Add up :func:`newer_spec` over services."""
    names = sorted(services)
    total = Found()
    if jobs == 1:
        for service in names:
            total.add(newer_spec(service, version))
        return total
    with ProcessPoolExecutor(jobs) as pool:
        for found in pool.map(newer_spec, names, [version] * len(names)):
            total.add(found)
    return total


def lines(version: str, found: Found) -> Iterator[str]:
    """The counts as a table."""
    for (kind, mode), counts in found.tally.items():
        told = ", ".join(f"{counts[key]} {key}" for key in ("right", "wrong", "unbound", "absent"))
        yield f"{version} {kind} {mode}: {told}"


def main() -> None:
    """Print the counts over every service for each version, and what is bound wrongly."""
    for version in VERSIONS:
        found = measure(version, [service for service, _, _ in pairs(version)], jobs=2)
        print("\n".join(lines(version, found)), flush=True)
        print("\n".join(found.wrong), file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
