"""What operations most likely are whose pins fit nothing any more.

Only for telling what changed: a spec with such operations is not generated until it is bound again.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence

from lapsmith.bindings.model import Fact, OperationBinding
from lapsmith.ir.pins import Traits, is_one_of, traits
from lapsmith.lap.tree import Endpoint

_LIKE = 1 / 3


def presume(
    bindings: Sequence[OperationBinding], endpoints: Sequence[Endpoint], taken: Container[int]
) -> Iterator[tuple[OperationBinding, Endpoint]]:
    """Pair bindings with endpoints that are each other's most alike, the same prose counting most.

    ``endpoints`` are all of a method and path, and ``taken`` the ids of those that are out of the question.
    """
    looks = [look for endpoint, look in zip(endpoints, traits(endpoints), strict=True) if id(endpoint) not in taken]
    endpoints = [endpoint for endpoint in endpoints if id(endpoint) not in taken]
    scores = [[_likeness(binding, look) for look in looks] for binding in bindings]
    for row, binding in enumerate(bindings):
        best = max(scores[row], default=0.0)
        if best < _LIKE or scores[row].count(best) > 1:
            continue
        column = scores[row].index(best)
        if sum(others[column] >= best for others in scores) == 1:
            yield binding, endpoints[column]


def _likeness(binding: OperationBinding, look: Traits) -> float:
    pin = binding.pin
    if pin is None:
        return 0.0
    pinned = {f"in {name}" for name in _names(pin.input)} | {f"out {name}" for name in _names(pin.output)}
    found = {f"in {name}" for name in look.required} | {f"out {name}" for name in look.outputs}
    shared = len(pinned & found) / len(pinned | found) if pinned | found else 0.0
    same_prose = pin.desc is not None and pin.desc.value == look.prose
    same_place = pin.nth is not None and pin.nth.value == look.nth and is_one_of(pin, look)
    return shared + same_prose + same_place


def _names(facts: tuple[Fact[str], ...] | None) -> Iterator[str]:
    return (fact.value for fact in facts or ())
