"""Values of directives: text over several lines, braced lists, and what may follow them."""

from __future__ import annotations

import re
from functools import lru_cache

from lapsmith.diagnostics import MISSPELT, Diagnostics, Span, misspelt, suggest
from lapsmith.lap.directives import KNOWN, RawDirective
from lapsmith.lap.fields import read_block
from lapsmith.lap.source import Source, end_of_text, start_of_text
from lapsmith.lap.tree import Field

_BLANK = " \t"
_COMMENT_LINES = re.compile(r"^([ \t]*)#[ \t]?(.*)\n", re.MULTILINE)
_INDENTATION = re.compile(r"^[ \t]*(?=[^ \t\n])", re.MULTILINE)
_TRAILING = re.compile(r"(?<![ \t])[ \t]+$", re.MULTILINE)
_COMMENT_LINE = re.compile(r"([ \t]*)#[ \t]?(.*)")


def text_value(text: str, start: int, stop: int, indent: int) -> tuple[str, list[str]]:
    """Read a value that may run over several lines; return it and the comment lines among them.

    Later lines lose the indentation that they have in common; blank lines around the value are dropped.
    """
    line_end = text.find("\n", start, stop)
    last = end_of_text(text, start, stop)
    first = text[start : stop if line_end < 0 else line_end]
    if line_end < 0 or last <= line_end:
        return first.strip(" \t"), []
    comments: list[str] = []

    def take(line: re.Match[str]) -> str:
        if len(line[1]) > indent:
            return line[0]
        comments.append(line[2].rstrip(" \t"))
        return ""

    # Whole texts in place of lists of lines, which take many times their size where lines are short.
    rest = _COMMENT_LINES.sub(take, text[line_end + 1 : last] + "\n")
    rest = _TRAILING.sub("", rest).rstrip("\n")
    head = first.strip(" \t")
    if not head:
        head, _, rest = rest.lstrip("\n").partition("\n")
    margin = min((len(match[0]) for match in _INDENTATION.finditer(rest)), default=0)
    if margin:
        rest = re.sub(rf"^[ \t]{{{margin}}}", "", rest, flags=re.MULTILINE)
    return f"{head.strip(_BLANK)}\n{rest}".rstrip("\n"), comments


def trim_comments(text: str, start: int, stop: int) -> tuple[int, list[str]]:
    """Return the end of ``text[start:stop]`` without the blank and comment lines at its end, and those comments."""
    comments: list[str] = []
    while True:
        blank = text.find("\n", end_of_text(text, start, stop), stop)
        stop = stop if blank < 0 else blank
        line_start = text.rfind("\n", start, stop)
        comment = _COMMENT_LINE.fullmatch(text, line_start + 1, stop) if line_start >= 0 else None
        if comment is None:
            return stop, comments[::-1]
        comments.append(comment[2].rstrip(" \t"))
        stop = line_start


def block_end(text: str, start: int, stop: int) -> tuple[int, list[str]]:
    """Return as ``trim_comments`` does, for a directive with a braced list: its last line may look like a comment.

    A comment line that closes a brace left open before it is part of the list.
    """
    end, comments = trim_comments(text, start, stop)
    depth, line = _balance(text, start, end), end
    while depth > 0 and line < stop:
        line_end = text.find("\n", line + 1, stop)
        line_end = stop if line_end < 0 else line_end
        depth += _balance(text, line, line_end)
        if depth <= 0:
            return trim_comments(text, text.rfind("}", line, line_end), stop)
        line = line_end
    return end, comments


def _balance(text: str, start: int, stop: int) -> int:
    return text.count("{", start, stop) - text.count("}", start, stop)


def comment_lines(text: str) -> list[str]:
    """Return the texts of comment lines, without their ``#``."""
    lines = (line.strip(" \t") for line in text.split("\n"))
    return [line.removeprefix("#").removeprefix(" ") for line in lines if line]


def report_unknown(diagnostics: Diagnostics, place: Span, name: str) -> None:
    """Say that LAP has no such directive; as a warning where it is a misspelt one, whose meaning is lost."""
    if meant := misspelt(name, KNOWN):
        message = f"LAP has no directive '@{name}', so what it says is not used"
        diagnostics.warning(place, f"{MISSPELT}directive", message, f"did you mean '@{meant}'?")
        return
    message = f"LAP v0.3 has no directive '@{name[:60]}'; it is kept as it is"
    diagnostics.note(place, "unknown-directive", message, _suggestion(name[:60]))


@lru_cache(maxsize=256)
def _suggestion(name: str) -> str | None:
    return suggest(f"@{name}", (f"@{known}" for known in KNOWN))


def read_braced(
    source: Source, raw: RawDirective, offset: int, known: frozenset[str], diagnostics: Diagnostics
) -> tuple[tuple[Field, ...], int, list[str]]:
    """Read a directive whose value, at ``offset``, is a braced list of fields.

    Return the fields, the offset after them, and the comments that follow.
    """
    text = source.text
    stop, comments = block_end(text, raw.argument, raw.stop)
    offset = start_of_text(text, offset, stop)
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
