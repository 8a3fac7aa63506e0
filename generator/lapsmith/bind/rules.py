"""The service's endpoint rule set as a file, and what its parameters are for an operation."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Set

from lapsmith.bind.model import Operation
from lapsmith.bind.sources import Json

_WIDTH = 120
_FIRST = re.compile(r'\s*(?:[a-z_]+\()*\s*(?:"([^"]+)"|([A-Za-z_][A-Za-z0-9_]*))')


def write(rules: Json) -> bytes:
    """A rule set as JSON, without prose: what fits is on one line, the order is the model's."""
    return ("".join(_lines(_facts(rules), "", "")) + "\n").encode()


def _facts(value: object) -> object:
    if isinstance(value, dict):
        return {key: _facts(item) for key, item in value.items() if key != "documentation"}
    return [_facts(item) for item in value] if isinstance(value, list) else value


def _lines(value: object, margin: str, tail: str) -> Iterator[str]:
    short = json.dumps(value, separators=(", ", ": "))
    if len(margin) + len(short) + len(tail) <= _WIDTH or not isinstance(value, dict | list) or not value:
        yield short
        return
    inner = margin + " "
    opener, closer = ("{", "}") if isinstance(value, dict) else ("[", "]")
    items = list(value.items()) if isinstance(value, dict) else [(None, item) for item in value]
    yield opener
    for index, (key, item) in enumerate(items):
        head = "" if key is None else f"{json.dumps(key)}: "
        yield f"\n{inner}{head}"
        yield from _lines(item, inner, head)
        yield "," if index < len(items) - 1 else ""
    yield f"\n{margin}{closer}"


def parameters(operation: Operation, inputs: Set[str]) -> dict[str, object]:
    """The parameters of the rule set that an operation sets; ``inputs`` are its members that are generated."""
    found: dict[str, object] = {}
    for name, traits in operation.traits.get("staticContextParams", {}).items():
        found[name] = {"is": traits["value"]}
    for name, traits in operation.traits.get("operationContextParams", {}).items():
        first = _FIRST.match(traits["path"])
        if first and (first[1] or first[2]) in inputs:
            found[name] = {"from": traits["path"]}
    for member in operation.input.members.values() if operation.input else ():
        if "contextParam" in member.traits and member.name in inputs:
            found[member.traits["contextParam"]["name"]] = {"from": member.name}
    return found
