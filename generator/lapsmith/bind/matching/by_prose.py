"""The description, where it is the same on both sides and no other endpoint or operation has it."""

from __future__ import annotations

from collections import defaultdict

from lapsmith.bind.matching.board import Board, Pair
from lapsmith.bind.matching.verdict import Ground, ground


def by_prose(board: Board) -> list[Pair]:
    """Pair what has the same description, no other has, and has members that do not speak against it."""
    found = []
    for group in board.open_groups():
        endpoints: dict[str, list[int]] = defaultdict(list)
        operations: dict[str, list[int]] = defaultdict(list)
        for index in group.endpoints:
            endpoints[board.endpoint(index).description].append(index)
        for index in group.operations:
            operations[board.operation(index).description].append(index)
        for text in endpoints.keys() & operations.keys() - {""}:
            here, there = endpoints[text], operations[text]
            if len(here) == len(there) == 1 and _fits(board, here[0], there[0]):
                found.append((here[0], there[0]))
    return found


def _fits(board: Board, endpoint: int, operation: int) -> bool:
    if board.distance(endpoint, operation) >= board.alone(endpoint):
        return False
    return ground(board.endpoint(endpoint), board.operation(operation)) is Ground.DESCRIPTION
