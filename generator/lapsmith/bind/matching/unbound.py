"""What there is to say of endpoints that no strategy could pair."""

from __future__ import annotations

from lapsmith.bind.matching import evidence
from lapsmith.bind.matching.board import Board
from lapsmith.bind.matching.by_members import MARGIN
from lapsmith.bind.matching.evidence import Change, Signature
from lapsmith.bind.matching.found import Unbound
from lapsmith.bind.matching.verdict import is_denied
from lapsmith.bind.members import place
from lapsmith.bind.model import Operation

_TELLING = 2
"""With fewer members than that, many operations have the same."""


def unbound(board: Board) -> tuple[Unbound, ...]:
    """All endpoints that are left, with the operations that they may be."""
    found = []
    for index in range(len(board.endpoints)):
        if board.is_free(index):
            candidates = _candidates(board, index)
            found.append(Unbound(board.endpoints[index], candidates, None if candidates else _moved(board, index)))
    return tuple(found)


def _candidates(board: Board, endpoint: int) -> tuple[str, ...]:
    operations = board.group_of(endpoint).operations
    costs = sorted((board.distance(endpoint, index), board.operations[index].name, index) for index in operations)
    look = board.endpoint(endpoint)
    near = tuple(
        name
        for cost, name, index in costs
        if cost < board.alone(endpoint) and not is_denied(look, board.operation(index))
    )
    # Another description, for instance with a notice in front, must not hide the operation from the person who decides.
    return near or tuple(name for _, name, index in costs if _has_the_members_of(look, board.operation(index)))


def _has_the_members_of(endpoint: Signature, operation: Signature) -> bool:
    """Whether both have the same members, and enough of them to say something."""
    told = len(endpoint.inputs) + len(endpoint.outputs) >= _TELLING
    return told and evidence.change(endpoint, operation) is Change.NONE


def _moved(board: Board, endpoint: int) -> Operation | None:
    """The only operation elsewhere that the endpoint is near to."""
    look = board.endpoint(endpoint)
    at = board.endpoints[endpoint]
    here = place(at.method, at.path.raw)
    elsewhere = (
        index
        for index, operation in enumerate(board.operations)
        if index not in board.taken and place(operation.method, operation.uri) != here
    )
    costs = ((evidence.distance(look, board.operation(index)), index) for index in elsewhere)
    near = sorted(item for item in costs if item[0] < board.alone(endpoint))
    alone = near and (len(near) == 1 or near[1][0] - near[0][0] >= MARGIN)
    return board.operations[near[0][1]] if alone else None
