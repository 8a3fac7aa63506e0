"""The ``xml`` of members and operations: how a value is written where that is not the protocol's default."""

from __future__ import annotations

import re

from lapsmith.bindings.model import Fact, XmlBinding
from lapsmith.bindings.reader import Section, word
from lapsmith.bindings.yaml_nodes import MappingNode, Node

_PARTS = ("name", "namespace", "item", "key", "value", "flat")
_MEMBER = (*_PARTS, "attribute", "query")
_OPERATION = ("name", "namespace", "wrapper")
_NAME = re.compile(r"(?:[A-Za-z_][A-Za-z0-9_.-]*:)?[A-Za-z_][A-Za-z0-9_.-]*")
_PREFIX = re.compile(r"(?:[A-Za-z_][A-Za-z0-9_.-]*)?")


def read_xml(inner: Section) -> XmlBinding | None:
    """The ``xml`` of a member."""
    return _read(inner, "xml", _MEMBER)


def read_operation_xml(inner: Section) -> XmlBinding | None:
    """The ``xml`` of an operation: its root element, or the element around its output."""
    return _read(inner, "xml", _OPERATION)


def _read(inner: Section, key: str, keys: tuple[str, ...]) -> XmlBinding | None:
    node = inner.node(key)
    if node is None:
        return None
    where = f"'{key}' of {inner.where}"
    if not isinstance(node, MappingNode):
        # A name alone, for short.
        return XmlBinding(node.span, name=_checked(inner, word(node, where, inner.diagnostics), _NAME, "a name in XML"))
    parts = Section.of(node, where, keys, inner.diagnostics)
    names = {name: _checked(inner, parts.word(name), _NAME, "a name in XML") for name in ("name", "query", "wrapper")}
    return XmlBinding(
        span=node.span,
        **names,
        namespace=_namespace(parts),
        attribute=parts.boolean("attribute"),
        flat=parts.boolean("flat"),
        item=_read(parts, "item", _PARTS),
        key=_read(parts, "key", _PARTS),
        value=_read(parts, "value", _PARTS),
    )


def _checked(inner: Section, fact: Fact[str] | None, form: re.Pattern[str], what: str) -> Fact[str] | None:
    if fact is not None and not form.fullmatch(fact.value):
        message = f"'{fact.value}' of {inner.where} cannot be {what}"
        inner.diagnostics.error(
            fact.span, "bad-value", message, "use letters, digits, '_', '-' and '.', a letter first"
        )
        return None
    return fact


def _namespace(parts: Section) -> Fact[tuple[str, str]] | None:
    """A namespace: its URI, or its prefix and URI."""
    node: Node | None = parts.node("namespace")
    if node is None:
        return None
    if not isinstance(node, MappingNode):
        uri = parts.text("namespace")
        return Fact(("", uri.value), uri.span) if uri else None
    inner = Section.of(node, f"'namespace' of {parts.where}", ("prefix", "uri"), parts.diagnostics)
    uri = inner.text("uri") if inner.require("uri") else None
    prefix = _checked(inner, inner.word("prefix"), _PREFIX, "a prefix")
    return Fact((prefix.value if prefix else "", uri.value), node.span) if uri else None
