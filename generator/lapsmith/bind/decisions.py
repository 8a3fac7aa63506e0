"""What a person has decided in ``overrides.yaml``: which operation an endpoint is that nothing else tells.

An operation there that says ``at`` is such a decision. It is pinned like any other, so it holds as long as its pin.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lapsmith.bindings.model import OperationBinding
from lapsmith.bindings.operations import read_operation
from lapsmith.bindings.yaml_nodes import MappingNode, decode, read_nodes
from lapsmith.diagnostics import DiagnosticError, Diagnostics
from lapsmith.ir.placing import Group
from lapsmith.lap.tree import Document, Endpoint


def read(data: bytes, display: str) -> list[OperationBinding]:
    """The operations of an ``overrides.yaml`` that say where they are. Raises DiagnosticError for a malformed file."""
    diagnostics = Diagnostics()
    text = decode(data, display, diagnostics)
    root = read_nodes(text, display, diagnostics) if text is not None else None
    entries = root.entries.get("operations") if root else None
    found = []
    if entries is not None and isinstance(entries[1], MappingNode):
        for key, value in entries[1].entries.values():
            if isinstance(value, MappingNode) and "at" in value.entries:
                operation = read_operation(key, value, diagnostics)
                found += [operation] if operation else []
    if diagnostics.has_errors:
        raise DiagnosticError(diagnostics.sorted(), {display: text or ""})
    return found


def place(decided: Sequence[OperationBinding], document: Document) -> Mapping[int, str]:
    """Find the endpoints that are meant: their index in the spec, to the operation's name.

    A decision whose pin fits no endpoint any more, or several, has no effect; generation reports it.
    """
    places: dict[tuple[str, str], list[Endpoint]] = {}
    for endpoint in document.endpoints:
        places.setdefault((endpoint.method, endpoint.path.raw), []).append(endpoint)
    index = {id(endpoint): at for at, endpoint in enumerate(document.endpoints)}
    found: dict[int, str] = {}
    for key, endpoints in places.items():
        here = [operation for operation in decided if (operation.at.method, operation.at.path) == key]
        if len(here) == 1 and here[0].pin is None and len(endpoints) == 1:
            found[index[id(endpoints[0])]] = here[0].name
            continue
        group = Group(endpoints, [operation for operation in here if operation.pin])
        group.run()
        found |= {index[id(endpoint)]: operation.name for operation, endpoint, _ in group.claims}
    return found
