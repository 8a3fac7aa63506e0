"""The model's order, where the spec has it and its neighbours leave one choice."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from lapsmith.bind.matching.board import Board, Group, Pair
from lapsmith.bind.matching.evidence import Change, change
from lapsmith.bind.matching.verdict import is_denied

SLACK = 1.0
"""Order may settle what is nearer than the price of having no operation by so much."""
CHANCE = 1e-4
"""The model's order counts if endpoints in any order would have it less often than that."""


def by_order(board: Board) -> list[Pair]:
    """Pair runs of endpoints with the operations between their neighbours', where there are as many of both; or all
    endpoints with all operations, where they are the same one by one.
    """
    if _is_the_same(board):
        return [(index, index) for index in range(len(board.endpoints)) if board.is_free(index)]
    groups = list(board.open_groups())
    return [pair for group in groups for pair in _runs(board, group)] if _in_order(board, groups) else []


def _is_the_same(board: Board) -> bool:
    """Whether the spec says the very things of its endpoints that the model says of its operations, in their order."""
    if len(board.endpoints) != len(board.operations):
        return False
    for index, operation in enumerate(board.operations):
        here, there = board.endpoint(index), board.operation(index)
        at, is_at = board.endpoints[index], (operation.method, operation.uri)
        if (at.method, at.path.raw) != is_at or change(here, there) is not Change.NONE or is_denied(here, there):
            return False
        if here.errors != there.errors or board.found.get(index, (index, ""))[0] != index:
            return False
    return True


def _in_order(board: Board, groups: Sequence[Group]) -> bool:
    """Whether the spec has the model's order, and that can hardly be by chance.

    Endpoints that are known must come in the order of their operations, those that are not in that of some operation
    they may be. Those that may be the same ones can change places among themselves; all others cannot.
    """
    possible = {endpoint: frozenset((operation,)) for endpoint, (operation, _) in board.found.items()}
    for group in groups:
        possible |= {e: frozenset(o for o in group.operations if _may_be(board, e, o)) for e in group.endpoints}
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


def _may_be(board: Board, endpoint: int, operation: int) -> bool:
    if board.distance(endpoint, operation) >= board.alone(endpoint) - SLACK:
        return False
    return not is_denied(board.endpoint(endpoint), board.operation(operation))


def _runs(board: Board, group: Group) -> Iterator[Pair]:
    """Runs of endpoints between two that are known, in the same order as as many operations between those two."""
    anchors = sorted((endpoint, operation) for endpoint, (operation, _) in board.found.items())
    runs: dict[int, list[int]] = defaultdict(list)
    for endpoint in group.endpoints:
        runs[bisect_left(anchors, (endpoint, -1))].append(endpoint)
    for at, run in runs.items():
        low = anchors[at - 1][1] if at else -1
        high = anchors[at][1] if at < len(anchors) else len(board.operations)
        pairs = list(zip(run, [index for index in group.operations if low < index < high], strict=False))
        count = sum(low < index < high for index in group.operations)
        if len(run) == count and all(_may_be(board, e, o) for e, o in pairs):
            yield from pairs
