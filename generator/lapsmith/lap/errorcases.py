"""The entries of ``@errors``: ``500: text``, ``500:Name: text``, ``500:Name``, ``500``, in any mixture.

Text is free and may contain commas and numbers. A comma ends an entry only where a status follows, and after that a
colon, the end, or another entry (``{400: bad, 401, 404: gone}``).
"""

from __future__ import annotations

import re
from itertools import pairwise

from lapsmith.lap.brackets import pair_parens
from lapsmith.lap.scanner import one_line
from lapsmith.lap.source import Source
from lapsmith.lap.tree import ErrorCase

_STATUS = r"(?:[1-9][0-9]{2}(?:-[1-9][0-9]{2})?|[1-9][0-9xX]{2}|(?<=[, ])0(?=[ \t]*:)|default)"
_ENTRY = re.compile(rf"(?:,[ \t\n]*|(?<![ \t\n])[ \t]*\n[ \t\n]*)({_STATUS})(?=[ \t]*(?:(:)|(,)|\Z|\n))")
_COMMA = re.compile(r",|\n")
_HEAD = re.compile(r"([^:,]*)(?:(:)|\Z)")
_NAME = re.compile(r"(`?[^\W\d][\w.#$/-]*`?|\$[\w.#$/-]+)(?::(?=[ \t\n]|\Z)|\Z)")
_SPLIT_URL = re.compile(r"(?<=http|ttps): (?=//)")


def read_errors(source: Source, start: int, stop: int) -> tuple[ErrorCase, ...]:
    """Read the entries in ``source.text[start:stop]``, the text between the braces."""
    text = source.text
    # Without a colon there is no prose, so every comma counts.
    prose = text.find(":", start, stop) >= 0
    inner = _entries(text, start, stop) if prose else list(_COMMA.finditer(text, start, stop))
    bounds = [start, *(match.start() for match in inner), stop]
    cases = (_case(source, begin, end) for begin, end in pairwise(bounds))
    return tuple(case for case in cases if case is not None)


def _entries(text: str, start: int, stop: int) -> list[re.Match[str]]:
    """Find where entries after the first start. Whether a bare status is one depends on what follows: go backwards."""
    found = _outside_parens(text, start, stop, list(_ENTRY.finditer(text, start, stop)))
    entries: list[re.Match[str]] = []
    follower = stop
    for match in reversed(found):
        if match[2] is not None or _skip(text, match.end(), stop) == follower:
            entries.append(match)
            follower = match.start()
    return entries[::-1]


def _outside_parens(text: str, start: int, stop: int, found: list[re.Match[str]]) -> list[re.Match[str]]:
    """Leave out what stands in parentheses, unless it is on a line of its own."""
    close = pair_parens(text, start, stop).close if found else {}
    outside, end = [], start
    openers = sorted(close)
    number = 0
    for match in found:
        while number < len(openers) and openers[number] < match.start():
            end = max(end, close[openers[number]])
            number += 1
        if match.start() >= end or "\n" in match.group():
            outside.append(match)
    return outside


def _skip(text: str, offset: int, stop: int) -> int:
    while offset < stop and text[offset] in " \t":
        offset += 1
    return offset


def _case(source: Source, start: int, stop: int) -> ErrorCase | None:
    text = source.text
    while start < stop and text[start] in " \t\n,":
        start += 1
    while stop > start and text[stop - 1] in " \t\n":
        stop -= 1
    if stop > start and text[stop - 1] == "," and text.startswith("\n", stop):
        stop -= 1
    if start == stop:
        return None
    span = source.span(start, stop)
    head = _HEAD.match(text, start, stop)
    if head is None:
        return ErrorCase(one_line(text[start:stop]), None, None, span)
    status = one_line(head[1])
    if head[2] is None:
        return ErrorCase(status, None, None, span)
    name = _NAME.match(text, head.end(), stop)
    if name is None:
        said = one_line(text[head.end() : stop])
        if not text.startswith((" ", "\t", "\n"), head.end()):
            # Early tools took the text before a colon for a name.
            said = _SPLIT_URL.sub(":", said, count=1)
        return ErrorCase(status, None, said or None, span)
    return ErrorCase(status, name[1], one_line(text[name.end() : stop]) or None, span)
