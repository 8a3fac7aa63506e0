"""What matching finds."""

from __future__ import annotations

from dataclasses import dataclass

from lapsmith.bind.model import Operation
from lapsmith.lap.tree import Endpoint

PATH, DESCRIPTION, NAMES, ORDER, HAND, ADDED = "path", "description", "names", "order", "hand", "model"


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
