"""``bind`` against specs of older models: nothing is bound wrongly, and most is bound."""

from __future__ import annotations

import functools
from collections import Counter

import pytest
from bind.old_models import FEW, MODES, VERSIONS, case, new_model, pairs, read
from corpus import models
from lapsmith.bind import matching
from lapsmith.bind.matching import Matching

Tally = Counter[tuple[str, str, str]]

# Of the endpoints whose operation is still at its place, so many must be bound (by version, prose, mode). Where an
# older model's words and members fit no operation alone, none is bound.
LEAST = {
    "1.29": {
        ("prose", "plain"): 0.92,
        ("prose", "dropped"): 0.91,
        ("prose", "shuffled"): 0.91,
        ("lean", "plain"): 0.78,
        ("lean", "dropped"): 0.72,
        ("lean", "shuffled"): 0.68,
    },
    "1.34": {
        ("prose", "plain"): 0.94,
        ("prose", "dropped"): 0.94,
        ("prose", "shuffled"): 0.93,
        ("lean", "plain"): 0.88,
        ("lean", "dropped"): 0.83,
        ("lean", "shuffled"): 0.77,
    },
}


@functools.cache
def tally(service: str, version: str) -> tuple[Tally, tuple[str, ...]]:
    """How the endpoints of a service's old specs were bound, and what was bound wrongly."""
    counts: Tally = Counter()
    wrong: list[str] = []
    (old,) = (old for name, old, _ in pairs(version) if name == service)
    raw, model = read(old), new_model(service)
    for prose in ("prose", "lean"):
        whole = case(raw, prose=prose == "prose")
        for mode in MODES:
            spec = whole.edited(mode, service)
            found = matching.match(spec.document, model)
            for match in found.matches:
                counts[prose, mode, match.by] += 1
                if spec.truth[id(match.endpoint)] != match.operation.name:
                    wrong.append(
                        f"{service} {prose} {mode}: {spec.truth[id(match.endpoint)]} is {match.operation.name}"
                    )
            for item in _still_there(found, spec.truth, read(models.path(service))):
                counts[prose, mode, "unbound"] += 1
                assert item
    return counts, tuple(wrong)


def _still_there(found: Matching, truth: dict[int, str], new: models.Model) -> list[str]:
    """Unbound endpoints whose operation the new model has, at the same method and path."""
    there = {name: (o["http"]["method"], o["http"]["requestUri"]) for name, o in new["operations"].items()}
    places = ((truth[id(i.endpoint)], (i.endpoint.method, i.endpoint.path.raw)) for i in found.unbound)
    return [name for name, place in places if there.get(name) == place]


def check(services: tuple[str, ...], version: str) -> None:
    """No endpoint is bound wrongly, and enough are bound; prints how many by what."""
    counts: Tally = Counter()
    wrong: list[str] = []
    for service in services:
        found, errors = tally(service, version)
        counts += found
        wrong += errors
    for (prose, mode), least in LEAST[version].items():
        here = {by: count for (p, m, by), count in counts.items() if (p, m) == (prose, mode)}
        bound = sum(here.values()) - here.get("unbound", 0)
        told = ", ".join(f"{by} {count}" for by, count in sorted(here.items()))
        print(f"{version} {prose} {mode}: {bound} of {sum(here.values())} bound ({told})")
        assert bound >= least * sum(here.values()), (prose, mode)
    assert wrong == []


@pytest.mark.parametrize("version", [pytest.param(VERSIONS[0], marks=pytest.mark.slow), *VERSIONS[1:]])
def test_few_services(version: str) -> None:
    there = {service for service, _, _ in pairs(version)}
    assert there.issuperset(FEW)
    check(FEW, version)


@pytest.mark.full
@pytest.mark.parametrize("version", VERSIONS)
def test_every_service(version: str) -> None:
    services = tuple(service for service, _, _ in pairs(version))
    assert len(services) > 300
    check(services, version)
