"""The ``operations`` and ``waiters`` keys, and the member bindings that operations share with shapes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from lapsmith.bindings import model
from lapsmith.bindings.model import Acceptor, At, MemberBinding, OperationBinding, Pages, Pin, WaiterBinding
from lapsmith.bindings.reader import Section, mapping, wrong_type
from lapsmith.bindings.yaml_nodes import Node, ScalarNode, SequenceNode
from lapsmith.diagnostics import Diagnostics

_OPERATION = ("at", "pin", "in", "out", "errors", "retry", "status", "pages")
_MEMBER = ("member", "in", "name", "timestamp", "streaming")
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
        status=inner.integer("status", 200, 299),
        pages=_pages(inner, where, diagnostics),
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
    """Bindings by the members' names in the spec, each with the place of its key."""
    members: dict[str, MemberBinding] = {}
    for name, (key, value) in mapping(node, where, diagnostics).items():
        inner = Section.of(value, f"member {name}", _MEMBER, diagnostics)
        members[name] = MemberBinding(
            span=key.span,
            member=inner.word("member"),
            location=inner.choice("in", locations),
            name=inner.word("name"),
            timestamp=inner.choice("timestamp", model.TIMESTAMP_FORMATS),
            streaming=inner.boolean("streaming"),
        )
    return members


def _pin(inner: Section, where: str, diagnostics: Diagnostics) -> Pin | None:
    node = inner.node("pin")
    if node is None:
        return None
    pin = Section.of(node, f"'pin' of {where}", ("in", "out", "desc", "by"), diagnostics)
    return Pin(inner.key_span("pin"), pin.words("in"), pin.words("out"), pin.word("desc"), pin.word("by"))


def _pages(inner: Section, where: str, diagnostics: Diagnostics) -> Pages | None:
    node = inner.node("pages")
    if node is None:
        return None
    pages = Section.of(node, f"'pages' of {where}", ("in", "out", "items"), diagnostics)
    pages.require("in", "out")
    tokens_in, tokens_out = pages.words("in") or (), pages.words("out") or ()
    if len(tokens_in) != len(tokens_out):
        message = f"'pages' of {where} has {len(tokens_in)} tokens going in and {len(tokens_out)} coming out"
        diagnostics.error(inner.key_span("pages"), "bad-value", message, "each token needs both ends")
    return Pages(inner.key_span("pages"), tokens_in, tokens_out, pages.words("items") or ())


def read_waiter(key: ScalarNode, value: Node, diagnostics: Diagnostics) -> WaiterBinding | None:
    """One entry of ``waiters``; None when it does not name its operation."""
    where = f"waiter {key.text}"
    inner = Section.of(value, where, ("operation", "delay", "attempts", "accept"), diagnostics)
    inner.require("operation", "accept")
    operation = inner.word("operation")
    if operation is None:
        return None
    return WaiterBinding(
        name=key.text,
        span=key.span,
        operation=operation,
        delay=inner.seconds("delay"),
        attempts=inner.integer("attempts", 1, 10_000),
        accept=_acceptors(inner, where, diagnostics),
    )


def _acceptors(inner: Section, where: str, diagnostics: Diagnostics) -> tuple[Acceptor, ...]:
    node = inner.node("accept")
    if not isinstance(node, SequenceNode):
        if node is not None:
            wrong_type(node, f"'accept' of {where}", "a list of mappings", diagnostics)
        return ()
    acceptors = []
    for item in node.items:
        entry = Section.of(item, f"an acceptor of {where}", ("path", "is"), diagnostics)
        entry.require("path", "is")
        path, equals = entry.text("path"), entry.word("is")
        if path and equals:
            acceptors.append(Acceptor(item.span, path, equals))
    return tuple(acceptors)
