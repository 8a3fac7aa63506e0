"""The entries of ``@errors``: ``500: text``, ``500:Name: text``, ``500:Name``, ``500``, in any mixture.

Text is free and may contain commas and numbers. A comma ends an entry only where a status follows that is itself followed
by a colon, or by the end, or by nothing but such entries (``{400: bad, 401, 404: gone}``).
"""

from __future__ import annotations

import re

from lapsmith.lap.scanner import one_line
from lapsmith.lap.source import Source
from lapsmith.lap.tree import ErrorCase

_STATUS = r"(?:[1-9][0-9]{2}|[1-9][xX]{2}|default)"
_ENTRY = re.compile(rf"(?:,[ \t\n]*|\n[ \t\n]*)({_STATUS})(?=[ \t]*(?:(:)|(,)|\Z|\n))")
_HEAD = re.compile(r"[ \t\n]*([^:,\n]*?)[ \t\n]*(?:(:)|\Z)")
_NAME = re.compile(r"([^\s:,]+)(?::(?=[ \t\n]|\Z)|\Z)")


def read_errors(source: Source, start: int, stop: int) -> tuple[ErrorCase, ...]:
    """Read the entries in ``source.text[start:stop]``, the text between the braces."""
    bounds = [start, *(match.start() for match in _entries(source.text, start, stop)), stop]
    cases = (_case(source, begin, end) for begin, end in zip(bounds, bounds[1:], strict=False))
    return tuple(case for case in cases if case is not None)


def _entries(text: str, start: int, stop: int) -> list[re.Match[str]]:
    """Find where entries after the first start. Whether a bare status is one depends on what follows: go backwards."""
    found = list(_ENTRY.finditer(text, start, stop))
    entries: list[re.Match[str]] = []
    follower = stop
    for match in reversed(found):
        if match[2] is not None or _skip(text, match.end(), stop) == follower:
            entries.append(match)
            follower = match.start()
    return entries[::-1]


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
    if head[2] is None:
        return ErrorCase(head[1], None, None, span)
    name = _NAME.match(text, head.end(), stop)
    if name is None:
        return ErrorCase(head[1], None, one_line(text[head.end() : stop]) or None, span)
    return ErrorCase(head[1], name[1], one_line(text[name.end() : stop]) or None, span)
