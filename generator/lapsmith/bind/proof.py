"""What was derived is read back before it is written, and every pin must find its own endpoint in the spec."""

from __future__ import annotations

from collections.abc import Mapping

from lapsmith import bindings, lap
from lapsmith.bind.errors import BindError
from lapsmith.bind.matching import Matching
from lapsmith.bindings.model import OperationBinding
from lapsmith.ir.placing import Group
from lapsmith.lap.tree import Document, Endpoint
from lapsmith.project.inputs import BINDINGS, TYPES

_REPORT = "this is an error of lapsmith's; please report it with the spec"
_NAMED = 5


def prove(contents: Mapping[str, bytes], document: Document, matching: Matching) -> None:
    """Raise BindError unless all can be read, and the pins of the bindings lead to the endpoints of ``matching``."""
    loaded = bindings.loads(contents[BINDINGS], BINDINGS)
    typed = lap.parse_types(contents[TYPES], TYPES)
    wrong = next((item for item in (*loaded.diagnostics, *typed.diagnostics)), None)
    if loaded.bindings is None or wrong is not None:
        told = f": {wrong.span}: {wrong.message}" if wrong else ""
        raise BindError(f"what was derived cannot be read{told}", _REPORT)
    places: dict[tuple[str, str], list[Endpoint]] = {}
    for endpoint in document.endpoints:
        places.setdefault((endpoint.method, endpoint.path.raw), []).append(endpoint)
    meant = {match.operation.name: match.endpoint for match in matching.matches}
    pinned = [operation for operation in loaded.bindings.operations.values() if operation.pin]
    lost = [name for place, endpoints in places.items() for name in _lost(place, endpoints, pinned, meant)]
    if lost:
        names = ", ".join(lost[:_NAMED])
        raise BindError(f"the pins of {len(lost)} operations do not find their endpoints: {names}", _REPORT)


def _lost(
    place: tuple[str, str],
    endpoints: list[Endpoint],
    pinned: list[OperationBinding],
    meant: dict[str, Endpoint],
) -> list[str]:
    here = [operation for operation in pinned if (operation.at.method, operation.at.path) == place]
    group = Group(endpoints, here)
    group.run()
    found = {operation.name: endpoint for operation, endpoint, _ in group.claims}
    return [operation.name for operation in here if found.get(operation.name) is not meant[operation.name]]
