"""Pins under AWS's own edits: written for an old model's spec, read against the installed one's.

The truth is known for both. No binding may land on another operation's endpoint, and most must still be placed. Only
where an operation is taken away that has one or two members, and AWS has put a new one with the same members beside it,
its binding goes there, with a warning that the prose is another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pytest
from bind.old_models import FEW, MODES, VERSIONS, Case, case, pairs, read
from corpus import models
from lapsmith import bindings
from lapsmith.bind import yaml
from lapsmith.bind.matching import NAMES, Match, Matching
from lapsmith.bind.model import Operation, load
from lapsmith.bind.pins import Pins
from lapsmith.bind.sources import read as read_files
from lapsmith.bindings.model import OperationBinding
from lapsmith.ir.pins import Fit
from lapsmith.ir.placing import Group

# So many of the pinned operations that are still there must be placed, with prose and without.
LEAST = {True: 0.75, False: 0.7}


def pinned(spec: Case, operations: Mapping[str, Operation]) -> list[OperationBinding]:
    """The operations at ``POST /``, bound as they truly are."""
    matches = (Match(endpoint, operations[spec.truth[id(endpoint)]], NAMES) for endpoint in spec.document.endpoints)
    matching = Matching(tuple(matches), (), ())
    pins = Pins(spec.document, matching)
    entries = {
        match.operation.name: {"at": "POST /", "pin": pins.of(match.endpoint, match.by)}
        for match in matching.matches
        if match.endpoint.path.raw == "/"
    }
    text = yaml.dump({"lapsmith": 1, "operations": entries}, ("operations",))
    loaded = bindings.loads(text.encode(), "bindings.yaml")
    assert loaded.bindings is not None, loaded.diagnostics
    return list(loaded.bindings.operations.values())


def check(services: tuple[str, ...], version: str, *, prose: bool) -> None:
    """Place the old pins on the new specs, whole, without a tenth of the endpoints, and shuffled."""
    counts: Counter[str] = Counter()
    shifted: list[str] = []
    old = {service: path for service, path, _ in pairs(version)}
    for service in services:
        before = case(read(old[service]), prose=prose)
        model = load(read_files(old[service]), service)
        operations = pinned(before, model.operations)
        after = case(read(models.path(service)), prose=prose)
        for mode in MODES:
            spec = after.edited(mode, service)
            endpoints = [endpoint for endpoint in spec.document.endpoints if endpoint.path.raw == "/"]
            there = {spec.truth[id(endpoint)] for endpoint in endpoints}
            group = Group(endpoints, operations)
            group.run()
            failed = [name for name in (*group.left, *(binding.name for binding, _ in group.stuck)) if name in there]
            counts[f"{mode} placed"] += len(group.claims)
            counts[f"{mode} failed"] += len(failed)
            wrong = [
                f"{service} {mode}: {binding.name} on {spec.truth[id(endpoint)]}"
                for binding, endpoint, grade in group.claims
                if binding.name != spec.truth[id(endpoint)] and not (mode != "plain" and _is_warned_of(binding, grade))
            ]
            # Without prose, two operations may have swapped facts; then others are refused, and generation with them.
            shifted += wrong if prose or not failed else []
    for mode in MODES:
        placed, failed = counts[f"{mode} placed"], counts[f"{mode} failed"]
        print(f"{version} {'prose' if prose else 'lean'} {mode}: {placed} placed, {failed} refused")
        assert placed >= LEAST[prose] * (placed + failed), mode
    assert shifted == []


def _is_warned_of(binding: OperationBinding, grade: Fit) -> bool:
    pin = binding.pin
    return grade is Fit.REWORDED and pin is not None and len(pin.input or ()) + len(pin.output or ()) <= 2


@pytest.mark.parametrize("prose", [pytest.param(True, marks=pytest.mark.slow), False])
@pytest.mark.parametrize("version", [pytest.param(VERSIONS[0], marks=pytest.mark.slow), *VERSIONS[1:]])
def test_few_services(version: str, prose: bool) -> None:
    check(FEW, version, prose=prose)


@pytest.mark.full
@pytest.mark.parametrize("prose", [True, False])
@pytest.mark.parametrize("version", VERSIONS)
def test_every_service(version: str, prose: bool) -> None:
    check(tuple(service for service, _, _ in pairs(version)), version, prose=prose)
