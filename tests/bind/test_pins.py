"""What pins do when a spec is edited: ordinary edits pass, and no binding is shifted to a neighbour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lapsmith import bindings, lap
from lapsmith.bind import yaml
from lapsmith.bind.matching import NAMES, Match, Matching
from lapsmith.bind.model import Operation
from lapsmith.bind.pins import Pins
from lapsmith.bindings.model import OperationBinding
from lapsmith.ir.placing import Group
from lapsmith.ir.pins import Fit
from lapsmith.lap.tree import Document, Endpoint

LEAN = """
@endpoint POST /
@required {Name: str}
@optional {Force: bool}
@returns(200) {Thing: Thing?}
@errors {400:Gone}

@endpoint POST /
@required {Name: str}
@optional {Tags: [str]}
@returns(200) {Thing: Thing?}
@errors {400:Gone, 400:Exists}

@endpoint POST /
@required {Name: str}

@endpoint POST /
@required {Name: str}

@endpoint POST /
@optional {Next: str, Max: int}
@returns(200) {Things: [Thing]?, Next: str?}
"""
NAMED = ("DeleteThing", "CreateThing", "StartThing", "StopThing", "ListThings")
PROSE = ("Deletes a thing.", "Creates a thing.", "Starts a thing.", "Stops a thing.", "Lists all things.")


def parse(text: str) -> Document:
    return lap.parse(f"@lap v0.3\n@api Tiny\n{text}\n@end\n", "spec").document


def with_prose(document: Document) -> Document:
    described = zip(document.endpoints, PROSE, strict=True)
    return replace(document, endpoints=tuple(replace(endpoint, desc=text) for endpoint, text in described))


def pinned(document: Document, names: Sequence[str]) -> list[OperationBinding]:
    """Bind the endpoints of a spec, in its order, and read the pins back."""
    operations = [Operation(name, "POST", "/", 200, None, None, (), "", {}) for name in names]
    matches = tuple(Match(e, operation, NAMES) for e, operation in zip(document.endpoints, operations, strict=True))
    pins = Pins(document, Matching(matches, (), ()))
    entries = {m.operation.name: {"at": "POST /", "pin": pins.of(m.endpoint, m.by)} for m in matches}
    text = yaml.dump({"lapsmith": 1, "operations": entries}, ("operations",))
    loaded = bindings.loads(text.encode(), "bindings.yaml")
    assert loaded.bindings is not None, loaded.diagnostics
    return list(loaded.bindings.operations.values())


def placed(endpoints: Sequence[Endpoint], operations: Sequence[OperationBinding]) -> dict[str, tuple[int, Fit]]:
    """Which endpoint each operation is found at, and how well it fits."""
    group = Group(endpoints, operations)
    group.run()
    index = {id(endpoint): at for at, endpoint in enumerate(endpoints)}
    return {binding.name: (index[id(endpoint)], grade) for binding, endpoint, grade in group.claims}


def places(endpoints: Sequence[Endpoint], operations: Sequence[OperationBinding]) -> dict[str, int]:
    return {name: at for name, (at, _) in placed(endpoints, operations).items()}


ALL = {name: at for at, name in enumerate(NAMED)}
DOCUMENTS = {"lean": parse(LEAN), "prose": with_prose(parse(LEAN))}


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_nothing_changed(kind: str) -> None:
    document = DOCUMENTS[kind]
    assert places(document.endpoints, pinned(document, NAMED)) == ALL


@pytest.mark.parametrize("kind", DOCUMENTS)
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("{Force: bool}", "{Force: bool, Reason: str}"),
        ("@optional {Force: bool}\n", ""),
        ("{Next: str, Max: int}", "{Next: str}"),
        ("Things: [Thing]?, Next: str?", "Things: [Thing]?, Next: str?, Count: int?"),
        ("@errors {400:Gone, 400:Exists}", "@errors {400:Gone, 400:Exists, 500:Broken}"),
    ],
)
def test_an_ordinary_edit_of_one_endpoint_passes(kind: str, old: str, new: str) -> None:
    assert LEAN.count(old) == 1
    edited = parse(LEAN.replace(old, new))
    edited = with_prose(edited) if kind == "prose" else edited
    expected = dict(ALL)
    if kind == "lean" and "Force" in old and not new:
        # Nothing is left of what told it from CreateThing.
        del expected["DeleteThing"]
    assert places(edited.endpoints, pinned(DOCUMENTS[kind], NAMED)) == expected


@pytest.mark.parametrize("at", range(5))
def test_new_prose_of_one_endpoint_passes(at: int) -> None:
    document = DOCUMENTS["prose"]
    endpoints = list(document.endpoints)
    endpoints[at] = replace(endpoints[at], desc="Something else is said of it now.")
    found = placed(endpoints, pinned(document, NAMED))
    assert {name: place for name, (place, _) in found.items()} == ALL
    assert found[NAMED[at]][1] is Fit.REWORDED


def test_order_does_not_matter_where_there_is_prose() -> None:
    document = DOCUMENTS["prose"]
    turned = document.endpoints[::-1]
    assert places(turned, pinned(document, NAMED)) == {name: 4 - at for name, at in ALL.items()}


def test_what_only_order_tells_holds_as_long_as_its_surroundings() -> None:
    document = DOCUMENTS["lean"]
    operations = pinned(document, NAMED)
    delete, create, start, stop, listing = document.endpoints
    told = {"DeleteThing", "CreateThing", "ListThings"}
    assert set(places((delete, create, stop, listing), operations)) == told
    assert set(places((delete, create, start, stop, start, listing), operations)) == told
    assert set(places((create, delete, start, stop, listing), operations)) == told
    assert set(places((start, delete, create, stop, listing), operations)) == told
    new = replace(create, required=parse("@endpoint POST /\n@required {Kind: str}").endpoints[0].required)
    assert set(places((delete, create, start, new, stop, listing), operations)) == set(NAMED)


def test_a_new_twin_takes_nobody_s_place() -> None:
    document = DOCUMENTS["prose"]
    operations = pinned(document, NAMED)
    delete, create, start, stop, listing = document.endpoints
    pause = replace(stop, desc="Pauses a thing.")
    assert places((delete, pause, create, start, stop, listing), operations)["StopThing"] == 4
    # Gone, with another in its place that has the same members: the count of those alike says nothing, the prose does.
    without = places((delete, create, start, listing), operations)
    assert "StopThing" not in without
    assert without["StartThing"] == 2


def test_one_that_came_in_place_of_several_is_none_of_them() -> None:
    document = DOCUMENTS["prose"]
    delete, _, start, stop, listing = document.endpoints
    drop = replace(delete, desc="Drops a thing.")
    assert set(places((drop, start, stop, listing), pinned(document, NAMED))) == {
        "StartThing",
        "StopThing",
        "ListThings",
    }


def test_what_fits_two_alike_does_not_go_to_a_third() -> None:
    document = DOCUMENTS["lean"]
    delete, create, start, stop, listing = document.endpoints
    grown = replace(delete, optional=(*delete.optional, *listing.optional))
    assert Fit.GREW is placed((grown, create, start, stop, listing), pinned(document, NAMED))["DeleteThing"][1]
    both = (delete, replace(delete), grown, create, start, stop, listing)
    assert "DeleteThing" not in places(both, pinned(document, NAMED))


def test_other_types_are_another_operation() -> None:
    document = DOCUMENTS["prose"]
    other = parse(
        "@endpoint POST /\n@desc Lists all users.\n@optional {Next: str}\n@returns(200) {Things: [User]?, Next: str?}"
    )
    assert "ListThings" not in places((*document.endpoints[:4], *other.endpoints), pinned(document, NAMED))


FIELDS = st.lists(st.sampled_from(["A: str", "B: int", "C: [str]"]), unique=True, max_size=2)


@st.composite
def endpoints(draw: st.DrawFn, prose: bool) -> str:
    """The text of an endpoint; few names, so that there are twins."""
    required, optional, returned = draw(FIELDS), draw(FIELDS), draw(FIELDS)
    lines = ["@endpoint POST /"]
    if prose and draw(st.booleans()):
        lines.append(f"@desc {draw(st.sampled_from(['Gets', 'Sets', 'Lists']))} it.")
    lines.append(f"@required {{{', '.join(required)}}}")
    lines.append(f"@optional {{{', '.join(item for item in optional if item not in required)}}}")
    lines.append(f"@returns(200) {{{', '.join(f'{item}?' for item in returned)}}}")
    lines.append(
        f"@errors {{{', '.join(draw(st.lists(st.sampled_from(['400:X', '500:Y']), unique=True, max_size=1)))}}}"
    )
    return "\n".join(line for line in lines if "{}" not in line)


@given(st.data(), st.booleans(), st.booleans())
def test_inserting_or_removing_never_shifts_a_binding(data: st.DataObject, prose: bool, removing: bool) -> None:
    before = data.draw(st.lists(endpoints(prose), min_size=1, max_size=7))
    document = parse("\n".join(before))
    names = [f"Operation{number}" for number in range(len(before))]
    operations = pinned(document, names)
    whole = list(enumerate(document.endpoints))
    if removing:
        after = [item for item in whole if data.draw(st.booleans())]
    else:
        after = list(whole)
        for text in data.draw(st.lists(endpoints(prose), max_size=3)):
            after.insert(data.draw(st.integers(0, len(after))), (-1, parse(text).endpoints[0]))
    found = places([endpoint for _, endpoint in after], operations)
    assert {name: after[at][0] for name, at in found.items()} == {
        name: int(name.removeprefix("Operation")) for name in found
    }


@given(st.data(), st.booleans())
def test_every_pin_finds_its_endpoint_in_the_spec_that_it_was_made_from(data: st.DataObject, prose: bool) -> None:
    before = data.draw(st.lists(endpoints(prose), min_size=1, max_size=7))
    document = parse("\n".join(before))
    names = [f"Operation{number}" for number in range(len(before))]
    assert places(document.endpoints, pinned(document, names)) == {name: at for at, name in enumerate(names)}
