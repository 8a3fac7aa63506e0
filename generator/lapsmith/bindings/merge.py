"""Lay ``overrides.yaml`` over ``bindings.yaml``: mappings are merged key by key, null deletes, all else
replaces.
"""

from __future__ import annotations

from lapsmith.bindings.yaml_nodes import MappingNode, Node, ScalarNode
from lapsmith.diagnostics import Diagnostics, suggest


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
