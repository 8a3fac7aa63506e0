"""The ``waiters`` key."""

from __future__ import annotations

from lapsmith.bindings import model
from lapsmith.bindings.model import Acceptor, WaiterBinding
from lapsmith.bindings.reader import Section, wrong_type
from lapsmith.bindings.yaml_nodes import Node, ScalarNode, SequenceNode
from lapsmith.diagnostics import Diagnostics

_WAITER = ("operation", "delay", "attempts", "accept")
_PATHS = ("path", "all", "any")
_MATCHERS = (*_PATHS, "status", "error")


def read_waiter(key: ScalarNode, value: Node, diagnostics: Diagnostics) -> WaiterBinding | None:
    """One entry of ``waiters``; None when it does not name its operation."""
    where = f"waiter {key.text}"
    inner = Section.of(value, where, _WAITER, diagnostics)
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
    found = (_acceptor(item, f"an acceptor of {where}", diagnostics) for item in node.items)
    return tuple(acceptor for acceptor in found if acceptor)


def _acceptor(node: Node, where: str, diagnostics: Diagnostics) -> Acceptor | None:
    entry = Section.of(node, where, (*_MATCHERS, "is", "state"), diagnostics)
    matchers = [name for name in _MATCHERS if name in entry.entries]
    if len(matchers) != 1:
        wanted = ", ".join(_MATCHERS)
        diagnostics.error(node.span, "missing-key", f"{where} needs one of: {wanted}", "it says what to look at")
        return None
    matcher = matchers[0]
    state = entry.choice("state", model.WAITER_STATES)
    argument = entry.text(matcher) if matcher in _PATHS else None
    if matcher in _PATHS and not entry.require("is"):
        return None
    expected = entry.value("is") if matcher in _PATHS else entry.value(matcher)
    if expected is None or (matcher in _PATHS and argument is None):
        return None
    if matcher == "status" and type(expected.value) is not int:
        diagnostics.error(expected.span, "wrong-type", f"'status' of {where} must be a whole number", "such as 404")
        return None
    return Acceptor(node.span, matcher, argument, expected, state.value if state else "success")
