"""Lay ``overrides.yaml`` over ``bindings.yaml``: mappings are merged key by key, null deletes, all else
replaces.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lapsmith.bindings.yaml_nodes import MappingNode, Node, ScalarNode
from lapsmith.diagnostics import Diagnostics, suggest


@dataclass(frozen=True, slots=True)
class Removal:
    """An operation that overrides remove: the key that says so, and the entry that it removes, if there is one."""

    key: ScalarNode
    entry: tuple[ScalarNode, Node] | None


def merge(base: MappingNode, over: MappingNode, diagnostics: Diagnostics) -> MappingNode:
    """Return ``base`` with ``over`` laid on it. Each node keeps the span of the file that it came from."""
    entries = dict(base.entries)
    for name, (key, value) in over.entries.items():
        if _is_null(value):
            if entries.pop(name, None) is None:
                message = f"there is no '{name}' to delete"
                diagnostics.error(key.span, "unknown-key", message, suggest(name, base.entries))
            continue
        entries[name] = _merged(entries.get(name), key, value, diagnostics)
    return MappingNode(entries, base.span)


def split_operations(
    base: MappingNode, over: MappingNode, diagnostics: Diagnostics
) -> tuple[MappingNode, Mapping[str, Removal]]:
    """Take the removals of whole operations out of ``over``; return the rest of it, and them by name.

    What a removed operation was bound to is still known, so that its endpoint is not taken for one without a binding.
    Operations that ``base`` lacks are reported unless they say where they are: such names are misspelt.
    """
    found = over.entries.get("operations")
    if found is None or not isinstance(found[1], MappingNode):
        return over, {}
    inner = base.entries.get("operations")
    known = inner[1].entries if inner and isinstance(inner[1], MappingNode) else {}
    kept: dict[str, tuple[ScalarNode, Node]] = {}
    removed: dict[str, Removal] = {}
    for name, (key, value) in found[1].entries.items():
        if _is_null(value):
            removed[name] = Removal(key, known.get(name))
        elif name in known or not isinstance(value, MappingNode) or "at" in value.entries:
            kept[name] = (key, value)
        else:
            hint = suggest(name, known) or "to bind an operation that it lacks, say where it is: {at: METHOD /path}"
            message = f"{base.span.file} has no operation '{name}'"
            diagnostics.error(key.span, "unknown-operation", message, hint)
    rest = MappingNode(kept, found[1].span)
    return MappingNode({**over.entries, "operations": (found[0], rest)}, over.span), removed


def _merged(
    old: tuple[ScalarNode, Node] | None, key: ScalarNode, value: Node, diagnostics: Diagnostics
) -> tuple[ScalarNode, Node]:
    if not isinstance(value, MappingNode):
        return key, value
    if old is not None and isinstance(old[1], MappingNode):
        return old[0], merge(old[1], value, diagnostics)
    return key, merge(MappingNode({}, value.span), value, diagnostics)


def _is_null(node: Node) -> bool:
    return isinstance(node, ScalarNode) and node.kind == "null"
