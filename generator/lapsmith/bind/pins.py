"""Pins: what an endpoint looked like when it was bound, as far as that tells it from others at its place."""

from __future__ import annotations

from collections.abc import Sequence

from lapsmith.bind.matching import Matching
from lapsmith.bind.yaml import Word
from lapsmith.ir.pins import Traits, needs_pin, pinned, traits
from lapsmith.lap.tree import Document, Endpoint

Entry = dict[str, object]


class Pins:
    """The pins of a spec's endpoints, of which it is known which operations they are."""

    def __init__(self, document: Document, matching: Matching) -> None:
        names = {id(match.endpoint): match.operation.name for match in matching.matches}
        places: dict[tuple[str, str], list[Endpoint]] = {}
        for endpoint in document.endpoints:
            places.setdefault((endpoint.method, endpoint.path.raw), []).append(endpoint)
        self._looks: dict[int, Traits] = {}
        self._neighbours: dict[int, list[Traits]] = {}
        self._around: dict[int, Entry] = {}
        for endpoints in places.values():
            looks = traits(endpoints)
            for at, (endpoint, look) in enumerate(zip(endpoints, looks, strict=True)):
                self._looks[id(endpoint)] = look
                self._neighbours[id(endpoint)] = looks
                if look.nth[1] > 1:
                    told = [names.get(id(e)) if t.nth[1] == 1 else None for e, t in zip(endpoints, looks, strict=True)]
                    self._around[id(endpoint)] = _around(told, at)

    def of(self, endpoint: Endpoint, by: str) -> Entry | None:
        """The pin of an endpoint; None where its method and path are its own."""
        look, neighbours = self._looks[id(endpoint)], self._neighbours[id(endpoint)]
        if not needs_pin(endpoint, neighbours):
            return None
        pin: Entry = {
            key: Word(value) if isinstance(value, str) else value for key, value in pinned(look, neighbours).items()
        }
        if look.nth[1] > 1:
            pin |= {"nth": list(look.nth)} | self._around[id(endpoint)]
        return pin | {"by": by}


def _around(names: Sequence[str | None], at: int) -> Entry:
    """The operations of the nearest endpoints ahead and behind that are like no other."""
    ahead = next((name for name in reversed(names[:at]) if name), None)
    behind = next((name for name in names[at:] if name), None)
    return {key: name for key, name in (("after", ahead), ("before", behind)) if name}
