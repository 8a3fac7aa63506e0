"""Which operation of the model each endpoint of the spec is.

Four strategies, the surest first: method and path, prose, members, order. A spec and a model are rarely of one day, so
an endpoint may well be an operation that the model does not have yet. So likeness is not enough: what no other
operation fits must also be the operation by all that is said of it (:mod:`lapsmith.bind.matching.verdict`). All else
stays unbound.
"""

from __future__ import annotations

from collections.abc import Mapping

from lapsmith.bind.matching.board import Board
from lapsmith.bind.matching.by_members import by_members
from lapsmith.bind.matching.by_order import by_order
from lapsmith.bind.matching.by_path import by_path
from lapsmith.bind.matching.by_prose import by_prose
from lapsmith.bind.matching.found import ADDED, DESCRIPTION, HAND, NAMES, ORDER, PATH, Match, Matching, Unbound
from lapsmith.bind.matching.unbound import unbound
from lapsmith.bind.model import Model
from lapsmith.lap.tree import Document

__all__ = ["ADDED", "DESCRIPTION", "HAND", "NAMES", "ORDER", "PATH", "Match", "Matching", "Unbound", "match"]

_STRATEGIES = ((PATH, by_path), (DESCRIPTION, by_prose), (NAMES, by_members), (ORDER, by_order))


def match(document: Document, model: Model, decided: Mapping[int, str] | None = None) -> Matching:
    """Match a spec with a model. ``decided`` has operations' names by the index of their endpoint."""
    board = Board(document.endpoints, model)
    board.settle(decided or {})
    for by, strategy in _STRATEGIES:
        # What one round finds leaves less to choose from in the next.
        while pairs := strategy(board):
            for endpoint, operation in pairs:
                board.take(endpoint, operation, by)
    matches = tuple(
        Match(endpoint, board.operations[board.found[at][0]], board.found[at][1])
        for at, endpoint in enumerate(board.endpoints)
        if at in board.found
    )
    missing = tuple(operation for at, operation in enumerate(board.operations) if at not in board.taken)
    return Matching(matches, unbound(board), missing)
