"""Members and prose together: the cheapest assignment, where every other explanation is far dearer."""

from __future__ import annotations

from lapsmith.bind.matching.assignment import assign
from lapsmith.bind.matching.board import Board, Group, Pair
from lapsmith.bind.matching.verdict import ground

MARGIN = 2.3
"""How much dearer every other explanation of all endpoints must be (see :func:`evidence.distance`)."""


def by_members(board: Board) -> list[Pair]:
    """Pair what is in the cheapest assignment, not in any nearly as cheap, and has grounds of its own."""
    return [pair for group in board.open_groups() for pair in _sure(board, group)]


def _sure(board: Board, group: Group) -> list[Pair]:
    older = board.is_older()
    alone = {e: board.alone(e) for e in group.endpoints}
    near = {e: {o: d for o in group.operations if (d := board.distance(e, o)) < alone[e]} for e in group.endpoints}
    return [
        (e, found.operation)
        for e, found in assign(near, alone).items()
        if found.margin >= MARGIN and ground(board.endpoint(e), board.operation(found.operation), older=older)
    ]
