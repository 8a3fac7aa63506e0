"""What holds of any two APIs."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from diff.api import FILES
from diff.edits import EDITS
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from lapsmith import bindings, ir, lap
from lapsmith.apidiff import Change, Impact, Kind, compare, verdict
from lapsmith.ir.model import Service

EDITED = {edit.name: edit for edit in EDITS}
OPPOSITES = {"-added": "-removed", "-removed": "-added"}


def service(files: dict[str, str]) -> Service | None:
    """The service of an API's files; None where they have errors."""
    loaded = bindings.loads(files["bindings.yaml"].encode(), "bindings.yaml")
    types = lap.parse_types(files["types.lap"], "types.lap")
    return ir.build(lap.parse(files["spec.lap"], "spec.lap").document, loaded.bindings, types.document).service


def together(names: Iterable[str]) -> Service | None:
    """The service after several edits, one after the other; None where they do not go together."""
    files = dict(FILES)
    for name in names:
        for file, old, new in EDITED[name].edits:
            if files[file].count(old) != 1:
                return None
            files[file] = files[file].replace(old, new)
    return service(files)


def ends(changes: Iterable[Change], end: str) -> set[tuple[str, str]]:
    found = {(change.kind.removesuffix(end), change.subject) for change in changes if change.kind.endswith(end)}
    return {item for item in found if item[0] != "export"}


several = st.lists(st.sampled_from(sorted(EDITED)), unique=True, max_size=4)


@settings(deadline=None, max_examples=examples(30))
@given(several)
def test_an_api_is_the_same_as_itself(names: list[str]) -> None:
    if api := together(names):
        again = together(names)
        assert again is not None
        assert compare(api, again) == ()
        assert verdict(()) is None


@settings(deadline=None, max_examples=examples(30))
@given(several, several)
def test_what_one_direction_removes_the_other_adds(one: list[str], other: list[str]) -> None:
    old, new = together(one), together(other)
    if old and new:
        there, back = compare(old, new), compare(new, old)
        for end, opposite in OPPOSITES.items():
            assert ends(there, end) == ends(back, opposite)
        assert bool(there) == bool(back)


@settings(deadline=None, max_examples=examples(10))
@given(several)
def test_another_edit_never_makes_the_verdict_milder(names: list[str]) -> None:
    """Every edit of the table is about something else, so what one does is still told beside the others."""
    old = together(())
    assert old is not None
    for end in range(len(names)):
        fewer, more = together(names[:end]), together(names[: end + 1])
        if fewer and more:
            before, after = (verdict(compare(old, item)) for item in (fewer, more))
            assert rank(after) >= rank(before)


@settings(deadline=None, max_examples=examples(30))
@given(several)
def test_changes_are_in_one_order_and_say_where_and_why(names: list[str]) -> None:
    old, api = together(()), together(names)
    if old and api:
        found = compare(old, api)
        assert found == tuple(sorted(found, key=lambda change: change.sort_key))
        assert len(set(found)) == len(found)
        for change in found:
            assert change.what
            assert change.why
            assert change.subject
            assert change.old or change.new
        assert [change.severity.rank for change in found] == sorted((c.severity.rank for c in found), reverse=True)


def rank(severity: Impact | None) -> int:
    return severity.rank if severity else 0


@pytest.mark.parametrize("impact", Impact)
def test_the_verdict_is_the_gravest(impact: Impact) -> None:
    milder = [item for item in Impact if item.rank <= impact.rank]
    changes = [Change(Kind.WIRE, item, "Shop", "what", "why") for item in milder]
    assert verdict(changes) is impact
