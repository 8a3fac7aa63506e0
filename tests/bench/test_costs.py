"""What calls and starts cost, in counts that a busy machine does not change, against those that were recorded."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bench import costs
from bench.runner import server

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with server() as url:
        yield url


def test_all_counts_are_recorded() -> None:
    recorded = costs.read()
    for kind in ("functions", "instructions"):
        counts = recorded[kind]
        assert isinstance(counts, dict)
        assert list(counts) == list(costs.NAMES)
        assert all(isinstance(count, int) and count > 0 for count in counts.values())


def test_a_count_is_the_same_every_time(url: str) -> None:
    once, again = costs.functions("sync", url), costs.functions("sync", url)
    assert once == again > 0


def test_costs_are_those_recorded(url: str) -> None:
    """Counts of another Python's, and of instructions where there is no valgrind, are not compared."""
    recorded = costs.read()
    changed = []
    for kind in costs.comparable():
        counts = recorded[kind]
        assert isinstance(counts, dict)
        for name, before in counts.items():
            now = costs.count(kind, name, url)
            if abs(now / before - 1) > costs.ALLOWED:
                changed.append(f"{kind} of {name}: {before:,} recorded, now {now:,} ({now / before - 1:+.1%})")
    assert not changed, "\n".join([*changed, "If that is meant, record it: make bench-costs"])
