"""The ``operations`` key, and the member bindings that operations share with shapes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from lapsmith.bindings import model
from lapsmith.bindings.enums import read_use
from lapsmith.bindings.model import (
    At,
    EndpointParameter,
    Fact,
    MemberBinding,
    OperationBinding,
    Pages,
    Pin,
    StreamEnd,
)
from lapsmith.bindings.reader import Section, boolean, integer, mapping, text, words
from lapsmith.bindings.xml import read_operation_xml, read_xml
from lapsmith.bindings.yaml_nodes import MappingNode, Node, ScalarNode, SequenceNode
from lapsmith.diagnostics import Diagnostics

_REQUEST = ("host", "auth", "compress", "body", "url", "endpoint", "xml")
_OPERATION = ("at", "pin", *_REQUEST, "in", "out", "errors", "retry", "poll", "status", "pages")
_WIRE = ("member", "in", "name", "timestamp", "streaming", "token", "json", "sparse", "sized", "xml")
_MEMBER = (*_WIRE, "base64", "last_segment", "sensitive", "enum", "end")
_PIN = ("in", "opt", "out", "types", "desc", "text", "alike", "nth", "after", "before", "by")
_END = ("code", "message")
_PAGES = ("in", "out", "items", "limit", "more")
_AT = re.compile(r"([A-Z]+) (/\S*)")


def read_operation(key: ScalarNode, value: Node, diagnostics: Diagnostics) -> OperationBinding | None:
    """One entry of ``operations``; None when it is not said where it lands."""
    where = f"operation {key.text}"
    inner = Section.of(value, where, _OPERATION, diagnostics)
    at = _at(inner, diagnostics) if inner.require("at") else None
    if at is None:
        return None
    return OperationBinding(
        name=key.text,
        span=key.span,
        at=at,
        pin=_pin(inner, where, diagnostics),
        input=_members(inner, "in", where, model.INPUT_LOCATIONS, diagnostics),
        output=_members(inner, "out", where, model.OUTPUT_LOCATIONS, diagnostics),
        errors=inner.words("errors"),
        errors_span=inner.key_span("errors") if "errors" in inner.entries else None,
        retry=inner.choice("retry", model.OPERATION_RETRIES),
        poll=inner.choice("poll", model.OPERATION_POLLS),
        status=inner.integer("status", 200, 299),
        pages=_pages(inner, where, diagnostics),
        host=inner.text("host"),
        auth=inner.choice("auth", model.OPERATION_AUTHS),
        compress=inner.choice("compress", model.COMPRESSIONS),
        body=inner.choice("body", model.OPERATION_BODIES),
        url=inner.word("url"),
        endpoint=_endpoint(inner, where, diagnostics),
        xml=read_operation_xml(inner),
    )


def _at(inner: Section, diagnostics: Diagnostics) -> At | None:
    fact = inner.text("at")
    if fact is None:
        return None
    found = _AT.fullmatch(fact.value)
    if found is None:
        hint = "write the method and the path as in the spec, such as: POST /endpoints/{Name}"
        diagnostics.error(fact.span, "bad-value", f"'at' of {inner.where} is not METHOD /path", hint)
        return None
    return At(found[1], found[2], fact.span)


def _members(
    inner: Section, key: str, where: str, locations: Sequence[str], diagnostics: Diagnostics
) -> Mapping[str, MemberBinding]:
    node = inner.node(key)
    return {} if node is None else read_members(node, f"'{key}' of {where}", locations, diagnostics)


def read_members(
    node: Node, where: str, locations: Sequence[str], diagnostics: Diagnostics
) -> Mapping[str, MemberBinding]:
    """Bindings by the members' names in the spec, each with the place of its key.

    ``Name: query`` is short for ``Name: {in: query}``.
    """
    members: dict[str, MemberBinding] = {}
    for name, (key, entry) in mapping(node, where, diagnostics).items():
        short = isinstance(entry, ScalarNode)
        described = MappingNode({"in": (key, entry)}, entry.span) if short else entry
        inner = Section.of(described, f"member {name}", _MEMBER, diagnostics)
        location = inner.choice("in", locations)
        prefixed = location is not None and location.value == "header-map"
        members[name] = MemberBinding(
            span=key.span,
            member=inner.word("member"),
            location=location,
            name=inner.prefix("name") if prefixed else inner.word("name"),
            timestamp=inner.choice("timestamp", model.TIMESTAMP_FORMATS),
            streaming=inner.boolean("streaming"),
            token=inner.boolean("token"),
            json=inner.boolean("json"),
            sparse=inner.boolean("sparse"),
            sized=inner.boolean("sized"),
            base64=inner.boolean("base64"),
            last_segment=inner.boolean("last_segment"),
            sensitive=inner.boolean("sensitive"),
            enum=read_use(inner),
            end=_end(inner),
            xml=read_xml(inner),
        )
    return members


def _end(inner: Section) -> StreamEnd | None:
    node = inner.node("end")
    if node is None:
        return None
    end = Section.of(node, f"'end' of {inner.where}", _END, inner.diagnostics)
    return StreamEnd(inner.key_span("end"), end.word("code"), end.word("message"))


def _pin(inner: Section, where: str, diagnostics: Diagnostics) -> Pin | None:
    node = inner.node("pin")
    if node is None:
        return None
    pin = Section.of(node, f"'pin' of {where}", _PIN, diagnostics)
    return Pin(
        span=inner.key_span("pin"),
        input=pin.words("in"),
        output=pin.words("out"),
        desc=pin.word("desc"),
        by=pin.word("by"),
        optional=pin.words("opt"),
        types=pin.word("types"),
        text=pin.word("text"),
        alike=pin.integer("alike", 1, 100_000),
        nth=_nth(pin, diagnostics),
        after=pin.word("after"),
        before=pin.word("before"),
    )


def _nth(pin: Section, diagnostics: Diagnostics) -> Fact[tuple[int, int]] | None:
    node = pin.node("nth")
    if node is None:
        return None
    items = node.items if isinstance(node, SequenceNode) else ()
    facts = [integer(item, f"an entry of 'nth' of {pin.where}", diagnostics) for item in items]
    numbers = [fact.value for fact in facts if fact]
    if len(items) == len(numbers) == 2 and 1 <= numbers[0] <= numbers[1]:
        return Fact((numbers[0], numbers[1]), node.span)
    if len(facts) == len(numbers):
        message = f"'nth' of {pin.where} must be a place and how many there are"
        diagnostics.error(node.span, "bad-value", message, "such as [1, 2]")
    return None


def _pages(inner: Section, where: str, diagnostics: Diagnostics) -> Pages | None:
    node = inner.node("pages")
    if node is None:
        return None
    pages = Section.of(node, f"'pages' of {where}", _PAGES, diagnostics)
    pages.require("in", "out")
    tokens_in, tokens_out = pages.words("in") or (), pages.words("out") or ()
    if len(tokens_in) != len(tokens_out):
        message = f"'pages' of {where} has {len(tokens_in)} tokens going in and {len(tokens_out)} coming out"
        diagnostics.error(inner.key_span("pages"), "bad-value", message, "each token needs both ends")
    items = pages.words("items") or ()
    return Pages(inner.key_span("pages"), tokens_in, tokens_out, items, pages.word("limit"), pages.text("more"))


def _endpoint(inner: Section, where: str, diagnostics: Diagnostics) -> Mapping[str, EndpointParameter]:
    node = inner.node("endpoint")
    parameters: dict[str, EndpointParameter] = {}
    for name, (key, entry) in mapping(node, f"'endpoint' of {where}", diagnostics).items() if node else ():
        what = f"endpoint parameter {name} of {where}"
        one = Section.of(entry, what, ("is", "from"), diagnostics)
        if ("is" in one.entries) == ("from" in one.entries):
            hint = "'is' gives its value, 'from' the member (or JMESPath over the input) that has it"
            diagnostics.error(key.span, "missing-key", f"{what} needs 'is' or 'from'", hint)
            continue
        literal = one.node("is")
        read = None if literal is None else _literal(literal, f"'is' of {what}", diagnostics)
        parameters[name] = EndpointParameter(name, key.span, read, one.text("from"))
    return parameters


def _literal(node: Node, where: str, diagnostics: Diagnostics) -> Fact[str | bool | tuple[str, ...]] | None:
    if isinstance(node, SequenceNode):
        facts = words(node, where, diagnostics) or ()
        return Fact(tuple(fact.value for fact in facts), node.span)
    if isinstance(node, ScalarNode) and node.kind == "bool":
        return boolean(node, where, diagnostics)
    return text(node, where, diagnostics)
