"""Paginators and waiters of a model, as far as the spec has the members that they speak of."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from typing import Any

from lapsmith.bind.sources import Json

Entry = dict[str, object]
_MATCHERS = {"path": "path", "pathAll": "all", "pathAny": "any", "status": "status", "error": "error"}
_STATES = ("success", "retry", "failure")
_FIRST = re.compile(r'\s*(?:[a-z_]+\()*\s*(?:"([^"]+)"|([A-Za-z_][A-Za-z0-9_]*))')


def pages(described: object, inputs: Set[str], outputs: Set[str]) -> Entry | None:
    """The ``pages`` of an operation; ``inputs`` and ``outputs`` are the members that are generated."""
    if not isinstance(described, dict):
        return None
    tokens_in, tokens_out = _texts(described.get("input_token")), _texts(described.get("output_token"))
    items = [path for path in _texts(described.get("result_key")) if _is_known(path, outputs)]
    if not tokens_in or len(tokens_in) != len(tokens_out):
        return None
    if not set(tokens_in) <= inputs or not all(_is_known(path, outputs) for path in tokens_out):
        return None
    entry: Entry = {"in": tokens_in, "out": tokens_out}
    if items:
        entry["items"] = items
    limit, more = described.get("limit_key"), described.get("more_results")
    if isinstance(limit, str) and limit in inputs:
        entry["limit"] = limit
    if isinstance(more, str) and _is_known(more, outputs):
        entry["more"] = more
    return entry


def waiters(described: Json, outputs: Mapping[str, Set[str]]) -> dict[str, Entry]:
    """The ``waiters`` whose operations are bound; ``outputs`` has the generated output members of each of those."""
    found = {}
    for name, waiter in sorted(described.items()):
        operation = waiter.get("operation") if isinstance(waiter, dict) else None
        if not isinstance(operation, str) or operation not in outputs:
            continue
        accept = [_acceptor(item, outputs[operation]) for item in waiter.get("acceptors", ())]
        if accept and all(item is not None for item in accept):
            facts = {"operation": operation, "delay": waiter.get("delay"), "attempts": waiter.get("maxAttempts")}
            found[name] = {key: value for key, value in facts.items() if value} | {"accept": accept}
    return found


def _acceptor(described: Any, outputs: Set[str]) -> Entry | None:
    """One acceptor; None where it looks at a member that is not generated, or is of an unknown kind."""
    matcher = _MATCHERS.get(str(described.get("matcher"))) if isinstance(described, dict) else None
    expected = described.get("expected") if matcher else None
    if matcher is None or not isinstance(expected, str | bool | int):
        return None
    if matcher in ("status", "error"):
        entry: Entry = {matcher: expected}
    else:
        argument = described.get("argument")
        if not isinstance(argument, str) or not _is_known(argument, outputs):
            return None
        entry = {matcher: argument, "is": expected}
    state = described.get("state")
    if state not in _STATES:
        return None
    return entry if state == "success" else entry | {"state": state}


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [item for item in value if isinstance(item, str)] if isinstance(value, Sequence) else []


def _is_known(path: str, members: Set[str]) -> bool:
    """Whether the first member that a JMESPath names is there. Paths that begin otherwise are taken as they are."""
    first = _FIRST.match(path)
    return first is None or (first[1] or first[2]) in members
