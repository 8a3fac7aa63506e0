"""Damage that early tools did to files of the public registry, and its repair."""

from __future__ import annotations

import pytest
from lap.documents import codes, endpoint, fields, places, read
from lapsmith.diagnostics import Severity
from lapsmith.lap.tree import Field, Named, Scalar


@pytest.mark.parametrize(
    ("damaged", "meant", "repairs"),
    [
        ("map<str, X>?: any", "map<str,X>?", 1),
        ("map<str, X>: any", "map<str,X>", 1),
        ("map<str, num(f64)>?: any", "map<str,num(f64)>?", 1),
        ("map<str, [str]>?: any", "map<str,[str]>?", 1),
        ("[map<str, X>]?: any", "[map<str,X>]?", 1),
        ("[[map<str, X>]]: any", "[[map<str,X>]]", 1),
        ("map<str, map<str, X>>?: any", "map<str,map<str,X>>?", 1),
        ("map<str, map<str: any, X>>?: any", "map<str,map<str,X>>?", 2),
        ("map<str, [map<str: any, X>]>?: any", "map<str,[map<str,X>]>?", 2),
        ("map<str, map<str: any, map<str: any, X>>>?: any", "map<str,map<str,map<str,X>>>?", 3),
        ("map<str, X>?: any: any", "map<str,X>?", 2),
        ("Shape?{inner: map<str, X>?: any}", "Shape?{inner: map<str,X>?}", 1),
        (
            "A{b: B?{c: map<str, C>?: any, d: [map<str, D>]: any}}",
            "A{b: B?{c: map<str,C>?, d: [map<str,D>]}}",
            2,
        ),
        ("str(^[0-9]{1: any, 19}$): any}", "str(^[0-9]{1,19}$)", 1),
        ("str(^[0-9]{1: any, 19}$)?: any}", "str(^[0-9]{1,19}$)?", 1),
        ("str(^[A-Z]{8}$): any}", "str(^[A-Z]{8}$)", 1),
        ("map{a: str(^b{8}$): any}}", "map{a: str(^b{8}$)}", 1),
    ],
)
@pytest.mark.parametrize("directive", ["@returns(200) ", "@required "])
def test_damaged_type(damaged: str, meant: str, repairs: int, directive: str) -> None:
    def block(text: str) -> tuple[Field, ...]:
        found = endpoint(f"{directive}{{before: str, it: {text}, after: map{{x: int}}}}")
        return found.required or found.returns[0].fields or ()

    assert block(damaged) == block(meant)
    parsed = read(f"{directive}{{before: str, it: {damaged}, after: int}}")
    assert codes(parsed) == ["repaired-type"] * repairs
    assert {item.severity for item in parsed.diagnostics} == {Severity.NOTE}
    assert codes(read(f"{directive}{{before: str, it: {meant}, after: int}}")) == []


@pytest.mark.parametrize(
    "inside",
    [
        "filter[x]: str(^[a-z]{1,3}$): any",
        "a: map{filter[x]: str(^[a-z]{1,3}$): any}",
        "filter[x]: str(^[a-z]{3}$): any, b: int",
    ],
)  # fmt: skip
@pytest.mark.parametrize("directive", ["@required", "@returns(200)"])
def test_a_closing_brace_is_no_damage(inside: str, directive: str) -> None:
    meant = endpoint(f"{directive} {{{inside.replace(': any', '')}}}")
    assert endpoint(f"{directive} {{{inside}}}") == meant
    assert codes(read(f"{directive} {{{inside}}}")) == ["repaired-type"]


def test_a_name_with_a_space_after_its_colon() -> None:
    found = fields("jcr: content/cq:distribute: bool, x: Foo")
    assert [(item.name, item.type) for item in found] == [
        ("jcr:content/cq:distribute", Scalar("bool")),
        ("x", Named("Foo")),
    ]


def test_each_repair_is_noted_at_its_place() -> None:
    parsed = read("@returns(200) {a: map<str, X>?: any,\n b: map<str, Y>: any}")
    assert places(parsed, "repaired-type") == [(6, 31), (7, 16)]


def test_names_that_the_tools_could_not_read() -> None:
    found = fields(
        "page[number]: int=1: any # Page, from 1, filter[id]: str(uuid): any, Big Name: Tag?{a: str}: any # Big, z: any"
    )
    assert [(item.name, item.default, item.comment) for item in found] == [
        ("page[number]", "1", "Page, from 1"),
        ("filter[id]", None, None),
        ("Big Name", None, "Big"),
        ("z", None, None),
    ]
    assert found[1].type == Scalar("str", format="uuid")
    assert found[3].type == Scalar("any")


def test_damaged_default_is_noted() -> None:
    parsed = read("@required {sort[]: [str]=['a', 'b']: any}")
    assert parsed.document.endpoints[0].required[0].default == "['a', 'b']"
    assert [(item.severity, item.code) for item in parsed.diagnostics] == [(Severity.NOTE, "repaired-default")]


def test_a_default_that_was_damaged_twice() -> None:
    parsed = read("@required {page[number]: int=1: any: any}")
    assert parsed.document.endpoints[0].required[0].default == "1"
    assert codes(parsed) == ["repaired-default"]


def test_any_is_no_damage_by_itself() -> None:
    parsed = read("@required {a: any, b: any # text, c: [any], d: map<str,any>, e: any=any}")
    assert codes(parsed) == []
    assert parsed.document.endpoints[0].required[4].default == "any"
