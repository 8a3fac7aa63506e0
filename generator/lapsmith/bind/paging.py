"""Paginators and waiters of a model, as far as the spec has the members that they speak of."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set

from lapsmith.bind.sources import Json

Entry = dict[str, object]
_MATCHERS = {"path": "path", "pathAll": "all", "pathAny": "any", "status": "status", "error": "error"}
_STATES = ("success", "retry", "failure")
_FIRST = re.compile(r'\s*(?:[a-z_]+\()*\s*(?:"([^"]+)"|([A-Za-z_][A-Za-z0-9_]*))')


def pages(described: Json | None, inputs: Set[str], outputs: Set[str]) -> Entry | None:
    """The ``pages`` of an operation; ``inputs`` and ``outputs`` are the members that are generated."""
    if described is None:
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
    if limit in inputs:
        entry["limit"] = limit
    if more is not None and _is_known(more, outputs):
        entry["more"] = more
    return entry


def waiters(described: Json, outputs: Mapping[str, Set[str]]) -> dict[str, Entry]:
    """The ``waiters`` whose operations are bound; ``outputs`` has the generated output members of each of those."""
    found = {}
    for name, waiter in sorted(described.items()):
        operation = waiter["operation"]
        if operation not in outputs:
            continue
        accept = [_acceptor(item, outputs[operation]) for item in waiter["acceptors"]]
        if accept and all(item is not None for item in accept):
            facts = {"operation": operation, "delay": waiter.get("delay"), "attempts": waiter.get("maxAttempts")}
            found[name] = {key: value for key, value in facts.items() if value} | {"accept": accept}
    return found


def _acceptor(described: Json, outputs: Set[str]) -> Entry | None:
    """One acceptor; None where it looks at a member that is not generated, or is of an unknown kind."""
    matcher, expected, state = _MATCHERS.get(described["matcher"]), described["expected"], described["state"]
    if matcher is None or state not in _STATES:
        return None
    if matcher in ("status", "error"):
        entry: Entry = {matcher: expected}
    else:
        argument = described.get("argument")
        if argument is None or not _is_known(argument, outputs):
            return None
        entry = {matcher: argument, "is": expected}
    return entry if state == "success" else entry | {"state": state}


def _texts(value: str | list[str] | None) -> list[str]:
    return [value] if isinstance(value, str) else value or []


def _is_known(path: str, members: Set[str]) -> bool:
    """Whether the first member that a JMESPath names is there. Paths that begin otherwise are taken as they are."""
    first = _FIRST.match(path)
    return first is None or (first[1] or first[2]) in members
