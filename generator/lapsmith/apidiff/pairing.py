"""Which thing of the old API is which of the new one."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

_ALIKE = 0.6


@dataclass(frozen=True, slots=True)
class Pairs(Generic[T]):
    """``same``: on both sides, in the new order; ``removed`` and ``added``: on one side only."""

    same: tuple[tuple[T, T], ...]
    removed: tuple[T, ...]
    added: tuple[T, ...]


def pair(old: Iterable[T], new: Iterable[T], python: Callable[[T], str], name: Callable[[T], str]) -> Pairs[T]:
    """Pair by what callers write (``python``); what is left over by the service's own ``name``.

    The second is no guess: the service says that it is the same thing, only its spelling in Python is another.
    """
    left, right = list(old), list(new)
    found: dict[int, T] = {}
    for key in (python, name):
        by_key = {key(item): item for item in left}
        for index, item in enumerate(right):
            if index not in found and (other := by_key.pop(key(item), None)) is not None:
                found[index] = other
                left = [rest for rest in left if rest is not other]
    same = tuple((found[index], item) for index, item in enumerate(right) if index in found)
    return Pairs(same, tuple(left), tuple(item for index, item in enumerate(right) if index not in found))


def likely_renames(
    removed: Sequence[T], added: Sequence[T], name: Callable[[T], str], alike: Callable[[T, T], float]
) -> tuple[tuple[T, T], ...]:
    """Guess which removed thing became which added one, each used once.

    ``alike`` is from 0 (no) to 1 (surely the same). Below that the names must be alike, too, unless there is no other.
    """
    alone = len(removed) == len(added) == 1
    scored = [
        ((alike(old, new) + _similarity(name(old), name(new))) / 2, name(old), name(new), old, new)
        for old in removed
        for new in added
        if alike(old, new) >= _ALIKE
    ]
    chosen: list[tuple[T, T]] = []
    used: set[tuple[bool, str]] = set()
    for score, old_name, new_name, old, new in sorted(scored, key=lambda item: (-item[0], item[1], item[2])):
        keys = {(False, old_name), (True, new_name)}
        if (score >= _ALIKE or alone or alike(old, new) == 1.0) and used.isdisjoint(keys):
            used |= keys
            chosen.append((old, new))
    return tuple(chosen)


def overlap(old: Iterable[str], new: Iterable[str]) -> float:
    """The share of names that two sets have in common; two empty sets tell nothing, so theirs is 0."""
    left, right = set(old), set(new)
    return len(left & right) / len(left | right) if left | right else 0.0


def _similarity(old: str, new: str) -> float:
    return difflib.SequenceMatcher(None, old.casefold(), new.casefold(), autojunk=False).ratio()
