"""Whatever the parser can read, the IR can be built from, or not, but never with a traceback."""

from __future__ import annotations

import time

from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from ir.building import SPEC_FOLDER, build, errors
from lapsmith import bindings, inspection, ir, lap
from lapsmith.diagnostics import render

SPEC = (SPEC_FOLDER / "references/api-spec.lap").read_text()
TYPES = (SPEC_FOLDER / "types.lap").read_text()
BINDINGS = (SPEC_FOLDER / "bindings.yaml").read_bytes()
ROOT = "@base https://e.example\n@endpoint POST /a\n"

PIECES = [
    "",
    "?",
    "{",
    "}",
    "[",
    "]",
    ": str",
    ", ",
    "map{x: int}",
    "Body: any",
    "PayloadPart",
    "\n",
    "@endpoint GET /",
    "{x}",
    "#",
    "&=",
    "[[map]]",
]


@given(
    st.integers(0, len(SPEC)), st.integers(0, 80), st.sampled_from(PIECES), st.integers(0, len(TYPES)), st.booleans()
)
@settings(max_examples=examples(150), deadline=None)
def test_damaged_specs(at: int, cut: int, put: str, types_at: int, bound: bool) -> None:
    parsed = lap.parse(SPEC[:at] + put + SPEC[at + cut :], "spec")
    typed = lap.parse_types(TYPES[:types_at] + put + TYPES[types_at + cut :], "types")
    loaded = bindings.loads(BINDINGS, "bindings")
    built = ir.build(parsed.document, loaded.bindings if bound else None, typed.document)
    render(built.diagnostics, {"spec": parsed.source, "types": typed.source, "bindings": loaded.source})
    if built.service is not None:
        inspection.ir(built.service)
        inspection.ir(built.service, "json")
    inspection.tree(parsed.document)


@given(st.lists(st.tuples(st.sampled_from(["GET", "POST"]), st.text("ab{}?#&=/+.", max_size=12)), max_size=4))
@settings(max_examples=examples(150), deadline=None)
def test_odd_paths(endpoints: list[tuple[str, str]]) -> None:
    lines = [f"@endpoint {method} /{path}\n@required {{a: str, b: [int]}}" for method, path in endpoints]
    parsed = lap.parse("@lap v0.3\n@api E\n" + "\n".join(lines) + "\n@end\n", "spec")
    built = ir.build(parsed.document)
    if built.service is not None:
        names = [operation.name for operation in built.service.operations]
        assert len(set(names)) == len(names)


def test_deep_types_are_refused_or_built_but_never_raise() -> None:
    for kind in ("[" * 60 + "str" + "]" * 60, "map<str," * 60 + "int" + ">" * 60, "map{a: " * 60 + "int" + "}" * 60):
        parsed = lap.parse(f"@lap v0.3\n@api E\n{ROOT}@required {{x: {kind}, y: int}}\n@end\n", "spec")
        built = ir.build(parsed.document)
        if built.service is not None:
            inspection.ir(built.service, "json")


def test_many_structures_take_linear_time() -> None:
    fields = ", ".join(f"m{i}: T{i % 500}{{A: str, B: T{(i + 1) % 500}?}}" for i in range(5000))
    start = time.monotonic()
    built = build(ROOT + f"@required {{{fields}}}")
    assert len(built.require().shapes) == 500
    assert time.monotonic() - start < 10


def test_many_placeholders_take_reasonable_time() -> None:
    path = "".join(f"/{{p{i}}}" for i in range(300))
    start = time.monotonic()
    built = build(f"@base https://e.example\n@endpoint GET {path}")
    assert len(built.require().operations[0].input) == 300
    assert time.monotonic() - start < 10


def test_same_names_everywhere() -> None:
    spec = ROOT + "@required {PostA: PostA{PostA: PostA}, Errors: Errors{PostA: str}}\n@errors {400:PostA: x}"
    service = build(spec).require()
    assert set(service.shapes) == {"Errors", "PostA"}
    assert set(service.errors) == {"PostA"}
    assert errors(build(spec)) == []
