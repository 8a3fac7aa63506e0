"""Lines to directives: where each ``@name`` starts, and how far its text reaches.

A directive reaches to the line of the next one, so values may run over several lines. A ``#`` line in between is a
comment, unless it is indented deeper than the directive: then it belongs to the directive's text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lapsmith.diagnostics import Diagnostics
from lapsmith.lap.source import Source, end_of_text

PREAMBLE = frozenset(["lap", "api", "base", "version", "common_fields", "endpoints", "hint", "toc", "type"])
STRUCTURE = frozenset(["group", "endgroup", "endpoint", "end"])
ENDPOINT = frozenset(["desc", "body", "required", "optional", "returns", "errors", "example_request"])
KNOWN = PREAMBLE | STRUCTURE | ENDPOINT | {"auth"}
"""Every directive of LAP v0.3; ``auth`` stands in the preamble and in endpoints."""

_BRACED = frozenset(["common_fields", "type", "required", "optional", "returns", "errors"])

_START = re.compile(r"^([ \t]*)@([A-Za-z_]\w*)(?=[ \t({:]|$)", re.MULTILINE)
_SYNTAX = (
    r"@(required(?=[ \t]*\{)|optional(?=[ \t]*\{)|errors(?=[ \t]*\{)|returns(?=\()|endpoint(?=[ \t]+[A-Z-]+[ \t]+\S)"
    r"|example_request(?=[ \t])|group(?=[ \t]+\S+[ \t]*(?:@|$))|(?:endgroup|end)(?=[ \t]*(?:@|$)))"
)
_JOINED = re.compile(rf"\}}[ \t]+(?={_SYNTAX})", re.MULTILINE)
_PIECE = re.compile(rf"(?<=[ \t]){_SYNTAX}", re.MULTILINE)

_AT_LINE_END = re.compile(r"[ \t]*$", re.MULTILINE)
_START_OF_LINE = re.compile(_START.pattern)


def starts_directive(line: str) -> bool:
    """Tell whether a line starts a directive, known or unknown."""
    match = _START_OF_LINE.match(line)
    return match is not None and (match[2] in KNOWN or not line.startswith(":", match.end()))


def joins_directive(block: str) -> bool:
    """Tell whether a braced list would be cut short, because it seems to have another directive on its first line."""
    line_end = block.find("\n")
    return _JOINED.search(block, 0, len(block) if line_end < 0 else line_end) is not None


@dataclass(frozen=True, slots=True)
class RawDirective:
    """``text[start:stop]`` of the source is one directive with everything that follows it.

    ``argument`` is the offset right after the name, ``indent`` how far its line is indented.
    """

    name: str
    start: int
    argument: int
    stop: int
    indent: int


def split_directives(source: Source, diagnostics: Diagnostics) -> Iterator[RawDirective]:
    """Yield the directives of a file in order."""
    text = source.text
    current: re.Match[str] | None = None
    counted, balance = 0, 0
    for match in _START.finditer(text):
        if current is not None and current[2] in _BRACED:
            balance += text.count("{", counted, match.start()) - text.count("}", counted, match.start())
        counted = match.start()
        inside = balance > 0 and not _ends_with_brace(text, match.start())
        odd = match[2] not in KNOWN or text.startswith(":", match.end())
        odd = odd or (match[2] in ("end", "endgroup") and not _AT_LINE_END.match(text, match.end()))
        if odd and (inside or (match[2] not in KNOWN and text.startswith(":", match.end()))):
            continue
        if current is not None:
            yield from _pieces(source, current, match.start(), diagnostics)
        current, balance = match, 0
    if current is not None:
        yield from _pieces(source, current, len(text), diagnostics)


def _ends_with_brace(text: str, stop: int) -> bool:
    stop = end_of_text(text, 0, stop)
    return stop > 0 and text[stop - 1] == "}"


def _pieces(source: Source, match: re.Match[str], stop: int, diagnostics: Diagnostics) -> Iterator[RawDirective]:
    """Yield the directive of ``match``, and those that damage has put on its line."""
    text, argument = source.text, match.end()
    indent = len(match[1])
    if text.startswith(":", argument):
        place = source.span(match.end(2), argument + 1)
        diagnostics.warning(place, "directive-colon", f"'@{match[2]}' takes no colon", f"write '@{match[2]} …'")
        argument += 1
    start = match.end(1)
    line_end = text.find("\n", argument, stop)
    line_end = stop if line_end < 0 else line_end
    joined = _JOINED.search(text, argument, line_end) if match[2] in _BRACED else None
    if joined is None:
        yield RawDirective(match[2], start, argument, stop, indent)
        return
    yield RawDirective(match[2], start, argument, joined.start() + 1, indent)
    found = list(_PIECE.finditer(text, joined.end(), line_end))
    for number, piece in enumerate(found):
        place = source.span(*piece.span())
        if piece[1] not in ENDPOINT:
            message = f"text from '@{piece[1]}' on, on the line of '@{match[2]}', is ignored"
            diagnostics.warning(place, "joined-lines", message, "start each directive on a line of its own")
            return
        diagnostics.note(place, "joined-lines", f"'@{piece[1]}' stands on the line of another directive")
        end = found[number + 1].start() if number + 1 < len(found) else stop
        yield RawDirective(piece[1], piece.start(), piece.end(), end, indent)
