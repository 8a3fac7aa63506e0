"""Which service models have the operations of a spec, whatever they are called."""

from __future__ import annotations

from pathlib import Path

from lapsmith.bind import model, sources, spelling
from lapsmith.bind.errors import BindError
from lapsmith.bind.members import place
from lapsmith.lap.tree import Document

_LIKE = 0.8
"""So much of the members of an endpoint and an operation is the same, of all that either has."""
_ENOUGH = 0.5
"""So many of a spec's endpoints are like an operation, if the model may be its service's."""
_Look = tuple[tuple[str, str], frozenset[str]]


def share(document: Document, path: Path) -> float:
    """How many of a spec's endpoints are like an operation of the model at ``path``, as a share; 0 where few are."""
    try:
        found = model.load(sources.read(path))
    except BindError:
        return 0.0
    endpoints, operations = _of_spec(document), _of_model(found)
    like = sum(any(_is_like(endpoint, other) for other in operations) for endpoint in endpoints)
    known = like / len(endpoints) if endpoints else 0.0
    return known if known >= _ENOUGH else 0.0


def _is_like(a: _Look, b: _Look) -> bool:
    return a[0] == b[0] and len(a[1] & b[1]) >= _LIKE * len(a[1] | b[1])


def _of_spec(document: Document) -> list[_Look]:
    return [
        (
            place(endpoint.method, endpoint.path.raw),
            frozenset(f"in {field.name}" for field in (*endpoint.required, *endpoint.optional))
            | frozenset(f"out {field.name}" for returns in endpoint.returns for field in returns.fields or ()),
        )
        for endpoint in document.endpoints
    ]


def _of_model(found: model.Model) -> list[_Look]:
    return [
        (
            place(operation.method, operation.uri),
            frozenset(f"in {name}" for name in spelling.inputs(operation))
            | frozenset(f"out {name}" for name in spelling.outputs(operation)),
        )
        for operation in found.operations.values()
    ]
