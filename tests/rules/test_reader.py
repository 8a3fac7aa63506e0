"""Rule sets that are wrong: every fault is a diagnostic at its place, and nothing is ever a traceback."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lapsmith.diagnostics import render
from lapsmith.ir.rules import Attribute, Condition, EndpointRule, Item, Kind, Need, Reference, Template
from lapsmith.ir.rules_reader import read_rules

from .services import file_of, raw

REGION = {"builtIn": "AWS::Region", "type": "string", "required": False}
URL = {"url": "https://example.com"}
DYNAMODB: Any = json.loads(raw(file_of("dynamodb")))


def rule_set(*rules: Any, **parameters: Any) -> dict[str, Any]:
    return {"version": "1.0", "parameters": {"Region": REGION} | parameters, "rules": list(rules)}


def endpoint(*conditions: Any, **content: Any) -> dict[str, Any]:
    return {"type": "endpoint", "conditions": list(conditions), "endpoint": URL | content}


def call(fn: str, *argv: Any, assign: str | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {"fn": fn, "argv": list(argv)}
    return found | ({"assign": assign} if assign else {})


def ref(name: str) -> dict[str, str]:
    return {"ref": name}


def codes(value: Any) -> list[str]:
    """The codes that there are for a rule set; its text is indented, so that each value has a line of its own."""
    data = value if isinstance(value, bytes) else json.dumps(value, indent=1).encode()
    found = read_rules(data, "rules.json")
    assert (found.rules is None) == bool(found.diagnostics)
    assert render(found.diagnostics, {"rules.json": found.source}) or not found.diagnostics
    return [item.code for item in found.diagnostics]


def place(value: Any) -> tuple[str, str]:
    """The source that the only diagnostic points at, and its message."""
    found = read_rules(json.dumps(value).encode(), "rules.json")
    (item,) = found.diagnostics
    assert item.span.line == item.span.end_line == 1
    return found.source[item.span.column - 1 : item.span.end_column - 1], item.message


PARTITION = call("aws.partition", ref("Region"), assign="P")


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (b"\xff", "not-utf-8"),
        (b"{", "json-syntax"),
        (b"[" * 100_000, "json-depth"),
        (b'{"version": ' + b"9" * 5000 + b"}", "json-syntax"),
        (b'{"version": "1.0", "version": "1.0"}', "duplicate-key"),
        (b" " * (16 * 2**20 + 1), "file-too-large"),
        ([], "wrong-type"),
        ({"version": "1.0", "rules": []}, "missing-key"),
        (rule_set(endpoint()) | {"version": "2.0"}, "rules-version"),
        (rule_set(endpoint()) | {"version": 1}, "rules-version"),
        (rule_set(endpoint()) | {"parameters": []}, "wrong-type"),
        (rule_set(endpoint(), X={"type": "number"}), "bad-value"),
        (rule_set(endpoint(), X={"type": ["string"]}), "bad-value"),
        (rule_set(endpoint(), X={}), "missing-key"),
        (rule_set(endpoint(), X="string"), "wrong-type"),
        (rule_set(endpoint(), **{"X Y": {"type": "string"}}), "bad-name"),
        (rule_set(endpoint(), X={"type": "string", "default": True}), "wrong-type"),
        (rule_set(endpoint(), X={"type": "boolean", "default": "true"}), "wrong-type"),
        (rule_set(endpoint(), X={"type": "stringArray", "default": ["a", 1]}), "wrong-type"),
        (rule_set(endpoint(), X={"type": "string", "builtIn": 1}), "wrong-type"),
        (rule_set(endpoint(), X={"type": "string", "required": "yes"}), "wrong-type"),
        (rule_set(), "no-rules"),
        (rule_set("rule"), "wrong-type"),
        (rule_set({"type": "leaf"}), "bad-value"),
        (rule_set({"type": {}}), "bad-value"),
        (rule_set({"type": "endpoint"}), "missing-key"),
        (rule_set({"type": "endpoint", "endpoint": {}}), "missing-key"),
        (rule_set({"type": "error", "error": True}), "wrong-type"),
        (rule_set({"type": "tree", "rules": {}}), "wrong-type"),
        (rule_set({"type": "endpoint", "conditions": {}, "endpoint": URL}), "wrong-type"),
        (rule_set(endpoint("isSet")), "wrong-type"),
        (rule_set(endpoint({"argv": []})), "missing-key"),
        (rule_set(endpoint(call("isset", ref("Region")))), "unknown-function"),
        (rule_set(endpoint(call("isSet", ref("region")))), "unknown-name"),
        (rule_set(endpoint(call("isSet"))), "bad-call"),
        (rule_set(endpoint({"fn": "isSet"})), "wrong-type"),
        (rule_set(endpoint(call("stringEquals", "a"))), "bad-call"),
        (rule_set(endpoint(call("stringEquals", "a", True))), "wrong-type"),
        (rule_set(endpoint(call("booleanEquals", "true", True))), "wrong-type"),
        (rule_set(endpoint(call("isSet", None))), "wrong-type"),
        (rule_set(endpoint(call("isSet", {"name": "Region"}))), "wrong-type"),
        (rule_set(endpoint(call("isSet", 1.5))), "wrong-type"),
        (rule_set(endpoint(call("stringEquals", call("substring", "abc", 0, 1, False), "a"))), "maybe-missing"),
        (rule_set(endpoint(call("getAttr", call("parseURL", "https://x"), "path", assign="x"))), "maybe-missing"),
        (rule_set(endpoint(PARTITION, call("getAttr", ref("P"), "names"))), "unknown-attribute"),
        (rule_set(endpoint(PARTITION, call("getAttr", ref("P"), "name[0]"))), "bad-path"),
        (rule_set(endpoint(PARTITION, call("getAttr", ref("P"), ""))), "wrong-type"),
        (rule_set(endpoint(PARTITION, call("getAttr", ref("P"), "name."))), "bad-path"),
        (rule_set(endpoint(PARTITION, call("getAttr", ref("P"), "name", "x"))), "bad-call"),
        (rule_set(endpoint(PARTITION, PARTITION)), "duplicate-name"),
        (rule_set(endpoint(call("aws.partition", ref("Region"), assign="Region"))), "duplicate-name"),
        (rule_set(endpoint(call("isSet", ref("Region")) | {"assign": "x y"})), "bad-name"),
        (rule_set(endpoint(call("isSet", ref("Region")) | {"assign": 3})), "bad-name"),
        (rule_set(endpoint(call("coalesce", ref("Region"), assign="x"))), "bad-call"),
        (rule_set(endpoint(call("coalesce", ref("Region"), True, assign="x"))), "wrong-type"),
        (rule_set(endpoint(call("ite", True, "a", assign="x"))), "bad-call"),
        (rule_set(endpoint(call("ite", "a", "a", "b", assign="x"))), "wrong-type"),
        (rule_set(endpoint(call("split", "a", "b", -1, assign="x"))), "bad-call"),
        (rule_set(endpoint(call("split", "a", "", 0, assign="x"))), "bad-call"),
        (rule_set(endpoint(url="https://{")), "bad-template"),
        (rule_set(endpoint(url="https://}")), "bad-template"),
        (rule_set(endpoint(url="https://{}")), "unknown-name"),
        (rule_set(endpoint(PARTITION, url="https://{P}")), "wrong-type"),
        (rule_set(endpoint(PARTITION, url="https://{P#supportsFIPS}")), "wrong-type"),
        (rule_set(endpoint(url=ref("Regio"))), "unknown-name"),
        (rule_set(endpoint(properties=[])), "wrong-type"),
        (rule_set(endpoint(properties={"x": None})), "wrong-type"),
        (rule_set(endpoint(properties={"x": 1.5})), "wrong-type"),
        (rule_set(endpoint(headers={"x": "y"})), "wrong-type"),
        (rule_set(endpoint(headers={"x": [True]})), "wrong-type"),
    ],
)
def test_faults(value: Any, code: str) -> None:
    assert codes(value) == [code]


def test_what_is_assigned_in_one_rule_is_unknown_in_the_next() -> None:
    assert codes(rule_set(endpoint(PARTITION), endpoint(url="https://{P#name}"))) == ["unknown-name"]


def test_several_faults_are_told_at_once() -> None:
    broken = [endpoint(url="{A}"), {"type": "tree", "rules": [endpoint(url="{B}"), endpoint()]}, endpoint(url="{C}")]
    assert codes(rule_set(*broken)) == ["unknown-name"] * 3


@pytest.mark.parametrize("depth", [20, 60])
def test_depth_is_bounded(depth: int) -> None:
    rule: Any = endpoint()
    for _ in range(depth):
        rule = {"type": "tree", "rules": [rule]}
    assert codes(rule_set(rule)) == []
    for _ in range(60):
        rule = {"type": "tree", "rules": [rule]}
    assert codes(rule_set(rule)) == ["rules-depth"]
    value: Any = call("isSet", ref("Region"))
    for _ in range(80):
        value = call("not", value)
    assert codes(rule_set(endpoint(value))) == ["rules-depth"]
    value = "x"
    for _ in range(80):
        value = [value]
    assert codes(rule_set(endpoint(properties={"x": value}))) == ["rules-depth"]


def test_diagnostics_point_at_the_value() -> None:
    assert place(rule_set(endpoint(), endpoint(call("isSet", ref("Regoin"))))) == (
        '{"ref": "Regoin"}',
        "nothing is called 'Regoin' here",
    )
    assert place(rule_set(endpoint(url="https://{Regoin}")))[0] == '"https://{Regoin}"'
    assert place(rule_set(endpoint(call("isset", ref("Region")))))[0] == '"isset"'
    assert place(rule_set(endpoint(), X={"type": "number"}))[0] == '"number"'


def test_syntax_errors_have_line_and_column() -> None:
    (item,) = read_rules(b'{"version": "1.0",\n  "rules": [}', "rules.json").diagnostics
    assert (item.span.line, item.span.column) == (2, 13)


def test_parameters_that_may_be_missing_are_needed() -> None:
    found = read_rules(json.dumps(rule_set(endpoint(url="https://{Region}.x"))).encode(), "r").rules
    assert found is not None
    (rule,) = found.rules
    assert rule.conditions == (Need(Reference("Region", Kind.STRING, optional=True)),)
    assert isinstance(rule, EndpointRule)
    assert rule.url == Template(("https://", Reference("Region", Kind.STRING), ".x"))


def test_paths_and_templates() -> None:
    conditions = (
        call("isSet", ref("Region")),
        call("aws.parseArn", ref("Region"), assign="arn"),
        call("getAttr", ref("arn"), "resourceId[-1]", assign="last"),
    )
    found = read_rules(json.dumps(rule_set(endpoint(*conditions, url="{{{last}}}/{arn#region}"))).encode(), "r").rules
    assert found is not None
    (rule,) = found.rules
    arn = Reference("arn", Kind.ARN)
    assert rule.conditions[2] == Condition(Item(Attribute(arn, "resourceId", Kind.STRINGS), -1), "last")
    assert isinstance(rule, EndpointRule)
    last = Reference("last", Kind.STRING)
    assert rule.url == Template(("{", last, "}/", Attribute(arn, "region", Kind.STRING)))


def nodes(value: Any) -> list[tuple[Any, Any]]:
    """Every container in a JSON value with one of its keys."""
    found: list[tuple[Any, Any]] = []
    waiting = [value]
    while waiting:
        node = waiting.pop()
        keys = list(node) if isinstance(node, dict) else list(range(len(node))) if isinstance(node, list) else []
        found += [(node, key) for key in keys]
        waiting += [node[key] for key in keys]
    return found


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(("fn", "ref", "argv", "x")), inner),
    max_leaves=4,
)


@settings(deadline=None)
@given(st.data())
def test_damaged_rules_are_read_or_refused(data: st.DataObject) -> None:
    damaged = copy.deepcopy(DYNAMODB)
    for _ in range(data.draw(st.integers(1, 3))):
        places = nodes(damaged)
        node, key = places[data.draw(st.integers(0, len(places) - 1))]
        if data.draw(st.booleans()):
            del node[key]
        else:
            node[key] = data.draw(JUNK)
    codes(damaged)


@given(st.binary(max_size=40) | JUNK.map(lambda value: json.dumps(value).encode()))
def test_junk_is_refused(data: bytes) -> None:
    assert codes(data)
