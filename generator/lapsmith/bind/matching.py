"""Which operation of the model each endpoint of the spec is.

Method and path come first: they are unique for nearly every REST operation. Endpoints that share them (every RPC
endpoint is ``POST /``) are told apart by their prose, then by the names and types of their members, and an operation
is only taken where every other explanation is far less likely (:mod:`lapsmith.bind.evidence`). What is left may be
settled by order, where the spec is in the model's order and its neighbours leave one choice. All else stays unbound.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from lapsmith.bind import evidence
from lapsmith.bind.assignment import assign
from lapsmith.bind.evidence import Signature
from lapsmith.bind.members import place
from lapsmith.bind.model import Model, Operation
from lapsmith.lap.tree import Document, Endpoint

PATH, DESCRIPTION, NAMES, ORDER, HAND, ADDED = "path", "description", "names", "order", "hand", "model"
MARGIN = 2.3
"""How much dearer every other explanation of all endpoints must be (see :func:`evidence.distance`)."""
ALONE, ALONE_WITH_PROSE = 5.0, 8.0
"""The price of saying that the model does not have an endpoint's operation, by whether the endpoint has prose."""
SLACK = 1.0
"""Order may settle what is nearer than that price by so much."""
CHANCE = 1e-4
"""The model's order counts if endpoints in any order would have it less often than that."""


@dataclass(frozen=True, slots=True)
class Match:
    """An endpoint and its operation. ``by``: the evidence that told it from all others, or ``hand`` (a person's
    decision) or ``model`` (the endpoint was made of the operation).

    ``confidence``: ``certain`` (a place, or prose, of its own), ``high`` (members of its own), ``review`` (order only).
    """

    endpoint: Endpoint
    operation: Operation
    by: str

    @property
    def confidence(self) -> str:
        return {NAMES: "high", ORDER: "review"}.get(self.by, "certain")


@dataclass(frozen=True, slots=True)
class Unbound:
    """An endpoint that no operation was found for, and those it may be, nearest first.

    ``moved`` is the operation that it looks like most and that the model has at another method or path.
    """

    endpoint: Endpoint
    candidates: tuple[str, ...]
    moved: Operation | None = None


@dataclass(frozen=True, slots=True)
class Matching:
    """All endpoints of a spec, in its order; ``missing`` are operations that the spec lacks.

    Endpoints that a person has bound to an operation that the model lacks are in neither of the first two.
    """

    matches: tuple[Match, ...]
    unbound: tuple[Unbound, ...]
    missing: tuple[Operation, ...]


def match(document: Document, model: Model, decided: Mapping[int, str] | None = None) -> Matching:
    """Match a spec with a model. ``decided`` has operations' names by the index of their endpoint."""
    matcher = _Matcher(document, model)
    matcher.settle(decided or {})
    matcher.run()
    return matcher.result()


@dataclass(slots=True)
class _Group:
    """Endpoints and operations of one method and path; indices into the spec and the model."""

    endpoints: list[int] = field(default_factory=list)
    operations: list[int] = field(default_factory=list)


class _Matcher:
    def __init__(self, document: Document, model: Model) -> None:
        self._endpoints = document.endpoints
        self._operations = list(model.operations.values())
        self._found: dict[int, tuple[int, str]] = {}
        self._taken: set[int] = set()
        # Endpoints of operations that the model does not have, as a person says.
        self._elsewhere: set[int] = set()
        self._groups: dict[tuple[str, str], _Group] = defaultdict(_Group)
        for index, endpoint in enumerate(self._endpoints):
            self._groups[place(endpoint.method, endpoint.path.raw)].endpoints.append(index)
        for index, operation in enumerate(self._operations):
            self._groups[place(operation.method, operation.uri)].operations.append(index)
        self._of_endpoint: dict[int, Signature] = {}
        self._of_operation: dict[int, Signature] = {}
        self._distances: dict[tuple[int, int], float] = {}

    def settle(self, decided: Mapping[int, str]) -> None:
        """Take what a person has decided for granted."""
        known = {operation.name: index for index, operation in enumerate(self._operations)}
        for endpoint, name in decided.items():
            if name in known:
                self._take(endpoint, known[name], HAND)
            else:
                self._elsewhere.add(endpoint)

    def run(self) -> None:
        shared = []
        for group in self._groups.values():
            if not group.endpoints or not group.operations:
                continue
            self._byplace(group)
            if all(self._left(group)):
                shared.append(group)
                self._sign(group)
                self._by_prose(group)
        for group in shared:
            self._by_distance(group)
        if self._in_order(shared):
            for group in shared:
                self._by_order(group)

    def _byplace(self, group: _Group) -> None:
        """Pair what is alone with its method and path, to the letter; then what is left alone with them.

        The places of RPC protocols say nothing.
        """
        endpoints: dict[str, list[int]] = defaultdict(list)
        operations: dict[str, list[int]] = defaultdict(list)
        for index in group.endpoints:
            endpoints[self._endpoints[index].path.raw].append(index)
        for index in group.operations:
            operations[self._operations[index].uri].append(index)
        for path, here in endpoints.items():
            there = operations.get(path, [])
            if path != "/" and len(here) == 1 and len(there) == 1 and self._is_free(here[0], there[0]):
                self._take(here[0], there[0], PATH)
        here, there = self._left(group)
        if len(here) == 1 and len(there) == 1 and self._endpoints[here[0]].path.raw != "/":
            self._take(here[0], there[0], PATH)

    def _is_free(self, endpoint: int, operation: int) -> bool:
        return endpoint not in self._found and endpoint not in self._elsewhere and operation not in self._taken

    def _sign(self, group: _Group) -> None:
        self._of_endpoint |= {index: evidence.of_endpoint(self._endpoints[index]) for index in group.endpoints}
        self._of_operation |= {index: evidence.of_operation(self._operations[index]) for index in group.operations}

    def _take(self, endpoint: int, operation: int, by: str) -> None:
        self._found[endpoint] = (operation, by)
        self._taken.add(operation)

    def _left(self, group: _Group) -> tuple[list[int], list[int]]:
        endpoints = [index for index in group.endpoints if index not in self._found and index not in self._elsewhere]
        return endpoints, [index for index in group.operations if index not in self._taken]

    def _by_prose(self, group: _Group) -> None:
        """Pair what has the same description, no other has, and has members that do not speak against it."""
        endpoints: dict[str, list[int]] = defaultdict(list)
        operations: dict[str, list[int]] = defaultdict(list)
        here, there = self._left(group)
        for index in here:
            endpoints[self._of_endpoint[index].description].append(index)
        for index in there:
            operations[self._of_operation[index].description].append(index)
        for text in endpoints.keys() & operations.keys() - {""}:
            here, there = endpoints[text], operations[text]
            if len(here) == 1 and len(there) == 1 and self._distance(here[0], there[0]) < self._alone(here[0]):
                self._take(here[0], there[0], DESCRIPTION)

    def _distance(self, endpoint: int, operation: int) -> float:
        key = (endpoint, operation)
        if key not in self._distances:
            self._distances[key] = evidence.distance(self._of_endpoint[endpoint], self._of_operation[operation])
        return self._distances[key]

    def _alone(self, endpoint: int) -> float:
        return ALONE_WITH_PROSE if self._of_endpoint[endpoint].description else ALONE

    def _by_distance(self, group: _Group) -> None:
        """Pair what is in the cheapest assignment and not in any nearly as cheap; again, as that leaves less choice."""
        while True:
            endpoints, operations = self._left(group)
            alone = {e: self._alone(e) for e in endpoints}
            near = {e: {o: d for o in operations if (d := self._distance(e, o)) < alone[e]} for e in endpoints}
            sure = [(e, found) for e, found in assign(near, alone).items() if found.margin >= MARGIN]
            if not sure:
                return
            for e, found in sure:
                self._take(e, found.operation, self._evidence(e, found.operation))

    def _evidence(self, endpoint: int, operation: int) -> str:
        a, b = self._of_endpoint[endpoint], self._of_operation[operation]
        return DESCRIPTION if a.description and evidence.prose(a, b) < 0 else NAMES

    def _in_order(self, groups: Iterable[_Group]) -> bool:
        """Whether the spec has the model's order, and that can hardly be by chance.

        Endpoints that are known must come in the order of their operations, those that are not in that of some
        operation they may be. Those that may be the same ones can change places among themselves; all others cannot.
        """
        possible = {endpoint: frozenset((operation,)) for endpoint, (operation, _) in self._found.items()}
        for group in groups:
            endpoints, operations = self._left(group)
            possible |= {e: frozenset(o for o in operations if self._may_be(e, o)) for e in endpoints}
        order = [possible[endpoint] for endpoint in sorted(possible) if possible[endpoint]]
        chance = sum(math.lgamma(count + 1) for count in Counter(order).values()) - math.lgamma(len(order) + 1)
        if chance > math.log(CHANCE):
            return False
        at = -1
        for choice in order:
            at = min((operation for operation in choice if operation > at), default=-1)
            if at < 0:
                return False
        return True

    def _may_be(self, endpoint: int, operation: int) -> bool:
        return self._distance(endpoint, operation) < self._alone(endpoint) - SLACK

    def _by_order(self, group: _Group) -> None:
        """Pair runs of endpoints with the operations between their neighbours', where only one way is in order."""
        endpoints, operations = self._left(group)
        anchors = sorted((endpoint, operation) for endpoint, (operation, _) in self._found.items())
        runs: dict[int, list[int]] = defaultdict(list)
        for endpoint in endpoints:
            runs[bisect_left(anchors, (endpoint, -1))].append(endpoint)
        for at, run in runs.items():
            low = anchors[at - 1][1] if at else -1
            high = anchors[at][1] if at < len(anchors) else len(self._operations)
            between = [index for index in operations if low < index < high]
            for endpoint, operation in self._only_way(run, between):
                self._take(endpoint, operation, ORDER)

    def _only_way(self, run: Sequence[int], between: Sequence[int]) -> Iterable[tuple[int, int]]:
        """The pairs of the only assignment of all of ``run`` that keeps the order; none if there are several.

        An operation that may have changed beyond what would be taken is still one more way.
        """
        if not run or len(run) > len(between):
            return ()
        fits = [[self._distance(e, o) < self._alone(e) + MARGIN for o in between] for e in run]
        first = _leftmost(fits)
        last = _leftmost([row[::-1] for row in fits[::-1]])
        if first is None or last is None:
            return ()
        if first != [len(between) - 1 - column for column in reversed(last)]:
            return ()
        pairs = [(e, between[column]) for e, column in zip(run, first, strict=True)]
        return pairs if all(self._may_be(e, o) for e, o in pairs) else ()

    def result(self) -> Matching:
        matches, unbound = [], []
        for index, endpoint in enumerate(self._endpoints):
            found = self._found.get(index)
            if found:
                matches.append(Match(endpoint, self._operations[found[0]], found[1]))
            elif index not in self._elsewhere:
                candidates = self._candidates(index)
                unbound.append(Unbound(endpoint, candidates, None if candidates else self._moved(index)))
        missing = (operation for index, operation in enumerate(self._operations) if index not in self._taken)
        return Matching(tuple(matches), tuple(unbound), tuple(missing))

    def _moved(self, endpoint: int) -> Operation | None:
        """The only operation elsewhere that the endpoint is near to."""
        look = evidence.of_endpoint(self._endpoints[endpoint])
        most = ALONE_WITH_PROSE if look.description else ALONE
        elsewhere = (operation for index, operation in enumerate(self._operations) if index not in self._taken)
        costs = [(evidence.distance(look, evidence.of_operation(operation)), operation) for operation in elsewhere]
        near = sorted((item for item in costs if item[0] < most), key=lambda item: item[0])
        alone = near and (len(near) == 1 or near[1][0] - near[0][0] >= MARGIN)
        return near[0][1] if alone else None

    def _candidates(self, endpoint: int) -> tuple[str, ...]:
        here = self._endpoints[endpoint]
        group = self._groups[place(here.method, here.path.raw)]
        if endpoint not in self._of_endpoint:
            return ()
        free = (index for index in group.operations if index not in self._taken)
        costs = sorted((self._distance(endpoint, index), self._operations[index].name) for index in free)
        return tuple(name for cost, name in costs if cost < self._alone(endpoint))


def _leftmost(fits: Sequence[Sequence[bool]]) -> list[int] | None:
    """For each row the first column that fits and is right of the row before's; None where there is none."""
    chosen: list[int] = []
    at = -1
    for row in fits:
        following = (column for column in range(at + 1, len(row)) if row[column])
        at = next(following, -1)
        if at < 0:
            return None
        chosen.append(at)
    return chosen
