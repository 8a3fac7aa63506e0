"""Values of directives: text over several lines, braced lists, and what may follow them."""

from __future__ import annotations

import re
from os.path import commonprefix

from lapsmith.diagnostics import Diagnostics, Span, suggest
from lapsmith.lap.directives import KNOWN, RawDirective
from lapsmith.lap.fields import read_block
from lapsmith.lap.source import Source
from lapsmith.lap.tree import Field

_COMMENT_LINE = re.compile(r"([ \t]*)#[ \t]?(.*)")
_INDENT = re.compile(r"[ \t]*")


def text_value(text: str, start: int, stop: int, indent: int) -> tuple[str, list[str]]:
    """Read a value that may run over several lines; return it and the comment lines among them.

    Later lines lose the indentation that they have in common; blank lines around the value are dropped.
    """
    first, newline, rest = text[start:stop].partition("\n")
    if not newline or not rest.strip(" \t\n"):
        return first.strip(" \t"), []
    lines: list[str] = []
    comments: list[str] = []
    for line in rest.split("\n"):
        comment = _COMMENT_LINE.fullmatch(line)
        if comment is not None and len(comment[1]) <= indent:
            comments.append(comment[2].rstrip(" \t"))
        else:
            lines.append(line.rstrip(" \t"))
    margin = len(commonprefix([_indentation(line) for line in lines if line]))
    value = "\n".join([first.strip(" \t"), *(line[margin:] for line in lines)])
    return value.strip("\n"), comments


def _indentation(line: str) -> str:
    match = _INDENT.match(line)
    return "" if match is None else match.group()


def trim_comments(text: str, start: int, stop: int) -> tuple[int, list[str]]:
    """Return the end of ``text[start:stop]`` without the blank and comment lines at its end, and those comments."""
    comments: list[str] = []
    while (line_start := text.rfind("\n", start, stop)) >= 0:
        line = text[line_start + 1 : stop]
        comment = _COMMENT_LINE.fullmatch(line)
        if comment is not None:
            comments.append(comment[2].rstrip(" \t"))
        elif line.strip(" \t"):
            break
        stop = line_start
    return stop, comments[::-1]


def comment_lines(text: str) -> list[str]:
    """Return the texts of comment lines, without their ``#``."""
    lines = (line.strip(" \t") for line in text.split("\n"))
    return [line.removeprefix("#").removeprefix(" ") for line in lines if line]


def report_unknown(diagnostics: Diagnostics, place: Span, name: str) -> None:
    """Say that LAP has no such directive."""
    hint = suggest(f"@{name[:60]}", (f"@{known}" for known in KNOWN))
    diagnostics.note(place, "unknown-directive", f"LAP v0.3 has no directive '@{name[:60]}'; it is kept as it is", hint)


def read_braced(
    source: Source, raw: RawDirective, offset: int, known: frozenset[str], diagnostics: Diagnostics
) -> tuple[tuple[Field, ...], int, list[str]]:
    """Read a directive whose value, at ``offset``, is a braced list of fields.

    Return the fields, the offset after them, and the comments that follow.
    """
    text = source.text
    stop, comments = trim_comments(text, raw.argument, raw.stop)
    while offset < stop and text[offset] in " \t\n":
        offset += 1
    if not text.startswith("{", offset, stop):
        report_missing_braces(source, raw, stop, diagnostics)
        return (), stop, comments
    found, end = read_block(source, offset, stop, known, diagnostics)
    return found, end, after_block(source, end, stop, diagnostics) + comments


def report_missing_braces(source: Source, raw: RawDirective, stop: int, diagnostics: Diagnostics) -> None:
    """Say that a directive needs a braced list."""
    place = source.span(raw.start, max(stop, raw.argument))
    hint = f"write it as '@{raw.name} {'Name ' if raw.name == 'type' else ''}{{name: type}}'"
    diagnostics.error(place, "missing-braces", f"'@{raw.name}' needs a list in braces", hint)


def after_block(source: Source, start: int, stop: int, diagnostics: Diagnostics) -> list[str]:
    """Return the comments that follow a braced list; report any other text there."""
    rest = source.text[start:stop].strip(" \t\n")
    if rest.startswith("#"):
        return comment_lines(rest)
    if rest:
        message = f"'{rest[:60]}' after the closing brace is ignored"
        hint = "fields stand inside the braces, comments after '#'"
        diagnostics.warning(source.span(start, stop), "stray-text", message, hint)
    return []
