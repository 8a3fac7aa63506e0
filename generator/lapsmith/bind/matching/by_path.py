"""Method and path: they are unique for nearly every REST operation. The places of RPC protocols say nothing."""

from __future__ import annotations

from collections import defaultdict

from lapsmith.bind.matching.board import Board, Group, Pair


def by_path(board: Board) -> list[Pair]:
    """Pair what is alone with its method and path, to the letter; else what is left alone with them."""
    groups = [group for group in board.open_groups() if board.endpoints[group.endpoints[0]].path.raw != "/"]
    exact = [pair for group in groups for pair in _to_the_letter(board, group)]
    if exact:
        return exact
    alone = (group for group in groups if len(group.endpoints) == len(group.operations) == 1)
    return [(group.endpoints[0], group.operations[0]) for group in alone]


def _to_the_letter(board: Board, group: Group) -> list[Pair]:
    endpoints: dict[str, list[int]] = defaultdict(list)
    operations: dict[str, list[int]] = defaultdict(list)
    for index in group.endpoints:
        endpoints[board.endpoints[index].path.raw].append(index)
    for index in group.operations:
        operations[board.operations[index].uri].append(index)
    pairs = ((here, operations.get(path, [])) for path, here in endpoints.items())
    return [(here[0], there[0]) for here, there in pairs if len(here) == len(there) == 1]
