"""Host name templates of the ``endpoint`` key."""

from __future__ import annotations

import re

from lapsmith.bindings.model import Fact, HostBinding
from lapsmith.bindings.reader import text, wrong_type
from lapsmith.bindings.yaml_nodes import MappingNode, Node, ScalarNode
from lapsmith.diagnostics import Diagnostics, suggest

PLACEHOLDERS = ("region", "dnsSuffix", "dualStackDnsSuffix")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})+")
_PARTITION = re.compile(r"\*|[a-z][a-z0-9-]*")


def read_host(node: Node, key: str, diagnostics: Diagnostics) -> HostBinding | None:
    """One template for all partitions, or a mapping of partition id or ``*`` to template."""
    if isinstance(node, ScalarNode):
        fact = _template(node, f"'{key}' of endpoint", diagnostics)
        return HostBinding(node.span, {"*": fact}) if fact else None
    if not isinstance(node, MappingNode):
        wrong_type(
            node,
            f"'{key}' of endpoint",
            "a host template, or a mapping of partitions to templates",
            diagnostics,
        )
        return None
    if not node.entries:
        diagnostics.error(
            node.span, "missing-key", f"'{key}' of endpoint has no partition", 'write one such as aws, or "*"'
        )
    templates: dict[str, Fact[str]] = {}
    for partition, (name, value) in node.entries.items():
        if not _PARTITION.fullmatch(partition):
            message = f"'{partition}' is not a partition id"
            diagnostics.error(name.span, "bad-value", message, 'write one such as aws, aws-cn, aws-us-gov, or "*"')
        fact = _template(value, f"'{key}' of endpoint for {partition}", diagnostics)
        if fact:
            templates[partition] = fact
    return HostBinding(node.span, templates)


def _template(node: Node, where: str, diagnostics: Diagnostics) -> Fact[str] | None:
    fact = text(node, where, diagnostics)
    if fact is None:
        return None
    unknown = [name for name in _PLACEHOLDER.findall(fact.value) if name not in PLACEHOLDERS]
    if unknown:
        allowed = "only {region}, {dnsSuffix} and {dualStackDnsSuffix} can be filled in"
        message = f"the host template has an unknown placeholder {{{unknown[0]}}}"
        diagnostics.error(fact.span, "bad-host", message, suggest(unknown[0], PLACEHOLDERS) or allowed)
        return None
    host = _PLACEHOLDER.sub("x", fact.value)
    if len(host) > 200 or not _HOST.fullmatch(host):
        message = f"'{fact.value}' does not look like a host name"
        hint = "write only the host, in lower case: no scheme, port or path"
        diagnostics.error(fact.span, "bad-host", message, hint)
        return None
    return fact
