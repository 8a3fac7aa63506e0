"""Which bracket closes which, for text where not every bracket has a partner (prose in comments, odd defaults)."""

from __future__ import annotations

import re
from dataclasses import dataclass

_BRACES = re.compile(r"[{}]")
_PARENS = re.compile(r"[()]")


@dataclass(frozen=True, slots=True)
class Pairs:
    """Partners of the brackets of one kind: ``close[open]`` and ``open[close]``; brackets without one are missing."""

    close: dict[int, int]
    open: dict[int, int]
    too_deep: int | None
    """Where a bracket opens that has more than the allowed number of pairs inside one another, if any does."""


def pair_braces(text: str, start: int, stop: int, max_depth: int) -> Pairs:
    """Pair ``{`` with ``}`` in ``text[start:stop]``, innermost first."""
    return _pair(_BRACES, "{", text, start, stop, max_depth)


def pair_parens(text: str, start: int, stop: int) -> Pairs:
    """Pair ``(`` with ``)`` in ``text[start:stop]``, innermost first."""
    return _pair(_PARENS, "(", text, start, stop, stop)


def _pair(pattern: re.Pattern[str], opener: str, text: str, start: int, stop: int, max_depth: int) -> Pairs:
    close: dict[int, int] = {}
    opened: dict[int, int] = {}
    stack: list[int] = []
    heights: list[int] = []
    too_deep = None
    for match in pattern.finditer(text, start, stop):
        at = match.start()
        if match.group() == opener:
            stack.append(at)
            heights.append(0)
        elif stack:
            begin = stack.pop()
            height = heights.pop() + 1
            close[begin], opened[at] = at, begin
            if height > max_depth:
                too_deep = begin
            if heights and height > heights[-1]:
                heights[-1] = height
    return Pairs(close, opened, too_deep)
