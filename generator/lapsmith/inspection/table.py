"""Aligned columns in plain text."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

_GAP = "  "
_LEAST = 12


@dataclass(frozen=True, slots=True)
class Column:
    """A heading, and whether the cells stand at the right edge."""

    title: str
    right: bool = False


def visible(text: str) -> str:
    """``text`` with every character that a terminal could act on written as an escape."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def table(columns: Sequence[Column], rows: Sequence[Sequence[str]], *, width: int, indent: str = "") -> list[str]:
    """Lay out rows under their headings, in at most ``width`` characters a line.

    Cells that are too wide are wrapped: at blanks as long as that is enough, else inside words too. Trailing blanks
    are not written.
    """
    cells = [[visible(cell) for cell in row] for row in rows]
    titles = [column.title for column in columns]
    every = [titles, *cells]
    natural = [max(len(row[at]) for row in every) for at in range(len(columns))]
    words = [max(_longest_word(row[at]) for row in every) for at in range(len(columns))]
    available = width - len(indent) - len(_GAP) * (len(columns) - 1)
    widths = _fit(_fit(natural, words, available), [min(_LEAST, word) for word in words], available)
    lines: list[str] = []
    for row in every:
        lines += _row(columns, row, widths, indent)
    return lines


def _longest_word(text: str) -> int:
    return max((len(word) for word in text.split()), default=0)


def _fit(widths: list[int], least: list[int], available: int) -> list[int]:
    """Take from the widest column that can give until all fit, or none can give."""
    widths = list(widths)
    while sum(widths) > available:
        can_give = [at for at, width in enumerate(widths) if width > least[at]]
        if not can_give:
            break
        first, *others = sorted(can_give, key=lambda at: widths[at], reverse=True)
        lead = widths[first] - max([least[first], *(widths[at] for at in others)])
        widths[first] -= max(1, min(lead, sum(widths) - available))
    return widths


def _row(columns: Sequence[Column], row: Sequence[str], widths: Sequence[int], indent: str) -> list[str]:
    wrapped = [wrap(cell, width) for cell, width in zip(row, widths, strict=True)]
    height = max(len(cell) for cell in wrapped)
    lines = []
    for at in range(height):
        parts = []
        for column, cell, width in zip(columns, wrapped, widths, strict=True):
            text = cell[at] if at < len(cell) else ""
            parts.append(text.rjust(width) if column.right else text.ljust(width))
        lines.append((indent + _GAP.join(parts)).rstrip())
    return lines


def wrap(text: str, width: int) -> list[str]:
    """Break at blanks, and inside words that are wider than the column."""
    if len(text) <= width:
        return [text]
    return textwrap.wrap(text, max(width, 1), break_on_hyphens=False) or [""]


def paragraph(label: str, text: str, *, width: int, indent: str) -> list[str]:
    """``label`` and a text that hangs beside it."""
    head = indent + label
    room = max(width - len(head), 20)
    lines = wrap(visible(text), room)
    return [head + lines[0], *(" " * len(head) + line for line in lines[1:])]


def heading(first: str, second: str, width: int) -> list[str]:
    """An underlined heading of two parts: on one line if they fit, else on a line each or more."""
    both = visible(f"{first}  {second}")
    if len(both) <= width:
        return [both, "-" * len(both)]
    lines = [*wrap(visible(first), width), *paragraph("", second, width=width, indent="  ")]
    return [*lines, "-" * width]
