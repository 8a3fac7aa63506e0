"""The ``enums`` key, and the ``enum`` of members: which texts a service knows, and where they are."""

from __future__ import annotations

from lapsmith.bindings.model import EnumBinding, EnumUse
from lapsmith.bindings.reader import Section, word, words
from lapsmith.bindings.yaml_nodes import MappingNode, Node, ScalarNode, SequenceNode
from lapsmith.diagnostics import Diagnostics


def read_enum(key: ScalarNode, value: Node, diagnostics: Diagnostics) -> EnumBinding:
    """One entry of ``enums``."""
    where = f"enum {key.text}"
    values = words(value, where, diagnostics)
    if isinstance(value, SequenceNode) and not value.items:
        diagnostics.error(value.span, "bad-value", f"{where} has no values", "list some, or delete it")
    return EnumBinding(key.text, key.span, values or ())


def read_use(inner: Section) -> EnumUse | None:
    """The ``enum`` of a member: a name, or ``{keys: NAME, values: NAME}`` for the texts of a map."""
    node = inner.node("enum")
    return None if node is None else _use(node, f"'enum' of {inner.where}", inner.diagnostics)


def _use(node: Node, where: str, diagnostics: Diagnostics) -> EnumUse:
    if not isinstance(node, MappingNode):
        return EnumUse(node.span, text=word(node, where, diagnostics))
    parts = Section.of(node, where, ("keys", "values"), diagnostics)
    values = parts.node("values")
    return EnumUse(
        span=node.span,
        keys=parts.word("keys"),
        values=None if values is None else _use(values, f"'values' of {where}", diagnostics),
    )
