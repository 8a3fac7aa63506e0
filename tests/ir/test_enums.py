"""Known values that bindings tell: on which types they go, what the spec's own mean to them, and what is refused."""

from __future__ import annotations

from ir.building import BOUND, build, errors, only, service
from lapsmith.bindings import loads
from lapsmith.ir.model import IntegerType, ListType, MapType, Source, StringType, Type

SPEC = """
@base https://echo.example
@endpoint POST /a
@required {Hue: str, Own: str(red/blue), Differs: str(up/down), Hues: [[str]], By: map<str,[str]>, N: int, Any: any}
@returns(200) {Part: Part{Hue: str, Count: map<str,int>}}
"""
ENUMS = "enums: {Hue: [blue, red], Loose: [x]}\n"
HUE = StringType(("blue", "red"), "Hue")
STR = StringType()


def bound(inputs: str, rest: str = ENUMS) -> str:
    return f"{BOUND}operations:\n  Do: {{at: POST /a, in: {{{inputs}}}}}\n{rest}"


def kind(member: str, use: str) -> Type:
    found = only(SPEC, bound(f"{member}: {{in: body, enum: {use}}}"))
    return next(item.type for item in found.input if item.name == member)


def test_texts_lists_and_maps() -> None:
    assert kind("Hue", "Hue") == HUE
    assert kind("Hues", "Hue") == ListType(ListType(HUE))
    assert kind("By", "Hue") == MapType(STR, ListType(HUE))
    assert kind("By", "{keys: Hue}") == MapType(HUE, ListType(STR))
    assert kind("By", "{keys: Loose, values: Hue}") == MapType(StringType(("x",), "Loose"), ListType(HUE))


def test_the_values_of_the_spec_stay() -> None:
    assert kind("Own", "Hue") == HUE
    assert kind("Differs", "Hue") == StringType(("up", "down"))
    told = build(SPEC, bound("Differs: {in: body, enum: Hue}")).diagnostics
    assert [item.span.line for item in told if item.code == "enum-differs"] == [5]


def test_any_value_may_be_such_a_text() -> None:
    found = service(SPEC, bound("Any: {in: body, enum: Hue}"))
    assert found.enums == {}


def test_structures_and_what_is_kept_of_it() -> None:
    found = service(
        SPEC, bound("Hues: {in: body, enum: Hue}", f"shapes: {{Part: {{Count: {{enum: {{keys: Hue}}}}}}}}\n{ENUMS}")
    )
    part = found.shapes["Part"].members  # type: ignore[union-attr]
    assert [member.type for member in part] == [STR, MapType(HUE, IntegerType())]
    assert {name: enum.values for name, enum in found.enums.items()} == {"Hue": ("blue", "red")}
    hues = next(member for member in found.operations[0].input if member.name == "Hues")
    origins = {fact: (hues.origins[fact].source, hues.origins[fact].span) for fact in ("type", "enum")}
    assert [(source, span and span.line) for source, span in origins.values()] == [
        (Source.SPEC, 5),
        (Source.BINDINGS, 5),
    ]
    defined = found.enums["Hue"].origins["values"]
    assert (defined.source, defined.span and defined.span.line) == (Source.BINDINGS, 7)


def test_what_cannot_be() -> None:
    cases = {
        "N: {in: body, enum: Hue}": "wrong-kind",
        "N: {in: body, enum: {keys: Hue}}": "wrong-kind",
        "Hue: {in: body, enum: {keys: Hue}}": "wrong-kind",
        "Hue: {in: body, enum: Hues}": "unknown-enum",
        "By: {in: body, enum: {keys: Hues}}": "unknown-enum",
    }
    for inputs, code in cases.items():
        ((place, found),) = errors(build(SPEC, bound(inputs)))
        assert (place.rpartition(":")[0], found) == ("bindings:5", code), inputs
    told = next(
        item for item in build(SPEC, bound("Hue: {in: body, enum: Hues}")).diagnostics if item.code == "unknown-enum"
    )
    assert told.hint == "did you mean 'Hue'?"


def test_bindings_that_cannot_be_read() -> None:
    cases = {
        "enums: {A: []}": ["bad-value"],
        "enums: {A: x}": ["wrong-type"],
        "enums: {A: [x, x]}": ["duplicate-name"],
        'enums: {A: [""]}': ["wrong-type"],
        "shapes: {S: {M: {enum: [A]}}}": ["wrong-type"],
        "shapes: {S: {M: {enum: {key: A}}}}": ["unknown-key"],
    }
    for text, codes in cases.items():
        found = loads(f"lapsmith: 1\n{text}\n".encode(), "b.yaml").diagnostics
        assert [item.code for item in found] == codes, text


def test_overrides_have_the_last_word() -> None:
    over = "enums: {Hue: [green]}\noperations: {Do: {in: {Own: {enum: null}}}}\n"
    found = build(SPEC, bound("Hue: {in: body, enum: Hue}, Own: {in: body, enum: Hue}"), over=over).require()
    kinds = {member.name: member.type for member in found.operations[0].input}
    assert (kinds["Hue"], kinds["Own"]) == (StringType(("green",), "Hue"), StringType(("red", "blue")))
