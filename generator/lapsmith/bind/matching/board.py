"""The endpoints of a spec and the operations of a model, and which of them are matched so far."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from lapsmith.bind.matching import evidence
from lapsmith.bind.matching.evidence import Change, Signature
from lapsmith.bind.matching.found import HAND
from lapsmith.bind.members import place
from lapsmith.bind.model import Model, Operation
from lapsmith.bind.quirks import TWINS
from lapsmith.lap.tree import Endpoint

ALONE, ALONE_WITH_PROSE = 5.0, 8.0
"""The price of saying that the model does not have an endpoint's operation, by whether the endpoint has prose."""
_SOME, _MOSTLY = 3, 4
"""A spec is older than its model if at least so many endpoints lack members, and so many times more than have new ones.
"""

Pair = tuple[int, int]
"""The index of an endpoint in the spec and that of an operation in the model."""


@dataclass(slots=True)
class Group:
    """Endpoints and operations of one method and path."""

    endpoints: list[int] = field(default_factory=list)
    operations: list[int] = field(default_factory=list)


class Board:
    """What strategies read, and what they found. ``found`` has the operation and the evidence for it."""

    def __init__(self, endpoints: Sequence[Endpoint], model: Model) -> None:
        self.endpoints = endpoints
        self.operations: list[Operation] = list(model.operations.values())
        self.found: dict[int, tuple[int, str]] = {}
        self.taken: set[int] = set()
        # Endpoints of operations that the model does not have, as a person says.
        self.elsewhere: set[int] = set()
        self._groups: dict[tuple[str, str], Group] = defaultdict(Group)
        for index, endpoint in enumerate(endpoints):
            self._groups[place(endpoint.method, endpoint.path.raw)].endpoints.append(index)
        for index, operation in enumerate(self.operations):
            self._groups[place(operation.method, operation.uri)].operations.append(index)
        self._signatures: dict[int, Signature] = {}
        self._operations: dict[int, Signature] = {}
        self._twins = TWINS.get(model.text("serviceId") or "", frozenset())
        self._distances: dict[Pair, float] = {}

    def settle(self, decided: Mapping[int, str]) -> None:
        """Take what a person has decided for granted."""
        known = {operation.name: index for index, operation in enumerate(self.operations)}
        for endpoint, name in decided.items():
            if name in known:
                self.take(endpoint, known[name], HAND)
            else:
                self.elsewhere.add(endpoint)

    def take(self, endpoint: int, operation: int, by: str) -> None:
        self.found[endpoint] = (operation, by)
        self.taken.add(operation)

    def is_free(self, endpoint: int) -> bool:
        return endpoint not in self.found and endpoint not in self.elsewhere

    def is_older(self) -> bool:
        """Whether the spec is older than the model, by what was found: members are added far more than removed."""
        pairs = ((self.endpoint(at), self.operation(found)) for at, (found, _) in self.found.items())
        changes = Counter(evidence.change(here, there) for here, there in pairs)
        shrank, grew = changes[Change.SHRANK], changes[Change.GREW]
        return shrank >= _SOME and shrank > _MOSTLY * grew

    def open_groups(self) -> Iterator[Group]:
        """What is left, of places where both sides have something left."""
        for group in self._groups.values():
            left = self.left(group)
            if left.endpoints and left.operations:
                yield left

    def left(self, group: Group) -> Group:
        endpoints = [index for index in group.endpoints if self.is_free(index)]
        return Group(endpoints, [index for index in group.operations if index not in self.taken])

    def group_of(self, endpoint: int) -> Group:
        """What is left at an endpoint's place."""
        here = self.endpoints[endpoint]
        return self.left(self._groups[place(here.method, here.path.raw)])

    def endpoint(self, index: int) -> Signature:
        if index not in self._signatures:
            self._signatures[index] = evidence.of_endpoint(self.endpoints[index])
        return self._signatures[index]

    def operation(self, index: int) -> Signature:
        if index not in self._operations:
            operation = self.operations[index]
            look = evidence.of_operation(operation)
            self._operations[index] = replace(look, is_twin=True) if operation.name in self._twins else look
        return self._operations[index]

    def distance(self, endpoint: int, operation: int) -> float:
        key = (endpoint, operation)
        if key not in self._distances:
            self._distances[key] = evidence.distance(self.endpoint(endpoint), self.operation(operation))
        return self._distances[key]

    def alone(self, endpoint: int) -> float:
        return ALONE_WITH_PROSE if self.endpoint(endpoint).description else ALONE
