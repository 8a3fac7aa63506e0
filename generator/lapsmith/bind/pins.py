"""Pins: what an endpoint looked like when it was bound, as far as that tells it from others at its place."""

from __future__ import annotations

from lapsmith.bind.yaml import Word
from lapsmith.ir.pins import Traits, traits
from lapsmith.lap.tree import Document, Endpoint

Entry = dict[str, object]
_FEW = 2
"""With fewer names than that, names alone say little."""


class Pins:
    """The pins of a spec's endpoints."""

    def __init__(self, document: Document) -> None:
        places: dict[tuple[str, str], list[Endpoint]] = {}
        for endpoint in document.endpoints:
            places.setdefault((endpoint.method, endpoint.path.raw), []).append(endpoint)
        self._looks: dict[int, Traits] = {}
        self._neighbours: dict[int, list[Traits]] = {}
        for endpoints in places.values():
            looks = traits(endpoints)
            for endpoint, look in zip(endpoints, looks, strict=True):
                self._looks[id(endpoint)] = look
                self._neighbours[id(endpoint)] = looks

    def of(self, endpoint: Endpoint, by: str) -> Entry | None:
        """The pin of an endpoint; None where its method and path are its own."""
        look, neighbours = self._looks[id(endpoint)], self._neighbours[id(endpoint)]
        if len(neighbours) == 1 and endpoint.path.raw != "/":
            return None
        alike = [other for other in neighbours if (other.required, other.outputs) == (look.required, look.outputs)]
        told = look.prose is not None and [other.prose for other in alike].count(look.prose) == 1
        pin: Entry = {"in": sorted(look.required)}
        # Prose tells twins apart; without it, every fact may be needed.
        if not told and (len(alike) > 1 or len(look.required) + len(look.outputs) < _FEW):
            pin["opt"] = sorted(look.optional)
        pin["out"] = sorted(look.outputs)
        if look.prose is not None:
            pin["desc"] = Word(look.prose)
        if len(alike) > 1 or look.prose is None:
            pin["text"] = Word(look.facts)
        if look.nth[1] > 1:
            pin["nth"] = list(look.nth)
        return pin | {"by": by}
