"""Endpoint paths: ``/a/{b}/{c+}?d=e#f``."""

from __future__ import annotations

import re

from lapsmith.lap.source import Source
from lapsmith.lap.tree import Path, Placeholder

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_SPLIT = re.compile(r"\{[^{}]*\}|[?#]")
_GREEDY = re.compile(r"\+([\w.$\-]+)|([\w.$\-]+)[+*]")


def read_path(source: Source, start: int, stop: int) -> Path:
    """Read the path that stands at ``source.text[start:stop]``.

    ``{x+}``, ``{x*}`` and ``{+x}`` are greedy. ``{{x}}`` is the placeholder ``x`` as well.
    """
    raw = source.text[start:stop]
    cut, mark = len(raw), ""
    for match in _SPLIT.finditer(raw):
        if match.group() in ("?", "#"):
            cut, mark = match.start(), match.group()
            break
    query, fragment = None, None
    if mark == "?":
        query, hash_, after = raw[cut + 1 :].partition("#")
        fragment = after if hash_ else None
    elif mark == "#":
        fragment = raw[cut + 1 :]
    found = tuple(_placeholder(source, start, match) for match in _PLACEHOLDER.finditer(raw, 0, cut))
    return Path(raw, raw[:cut], query, fragment, found, source.span(start, stop))


def _placeholder(source: Source, offset: int, match: re.Match[str]) -> Placeholder:
    name = match[1]
    greedy = _GREEDY.fullmatch(name)
    span = source.span(offset + match.start(), offset + match.end())
    return Placeholder(name if greedy is None else greedy[1] or greedy[2], greedy is not None, span)
