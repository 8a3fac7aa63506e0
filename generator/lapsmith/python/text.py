"""The filters through which foreign text enters Python source: literals, docstrings and the comment in the header.

Spec text is untrusted. A literal is always a ``repr``; prose is stripped of control characters, escaped and wrapped, so
that it cannot end the string that it stands in.
"""

from __future__ import annotations

import re
import textwrap
from math import isfinite

LINE_LENGTH = 100

_WHITESPACE = re.compile(r"\s+")
_SENTENCE_GAP = re.compile(r"(?<=[.!?:])\s{2,}(?=[A-Z*])|\s{3,}")
_QUOTES = re.compile(r'"{2,}|"\Z')
_CODING = re.compile(r"(coding)([:=])")


def literal(value: object) -> str:
    """Return the Python literal of a str, bytes, finite number, bool or None; always ASCII."""
    if not isinstance(value, str | bytes | int | float | None) or (isinstance(value, float) and not isfinite(value)):
        raise TypeError(f"no literal for {value!r}")
    return ascii(value)


def comment(text: str) -> str:
    """Return text that can stand in a comment of a file's first line: it must not declare an encoding (PEP 263)."""
    printable = "".join(c if c.isprintable() else " " for c in text)
    return _CODING.sub(r"\1 \2", " ".join(printable.split()))


def paragraphs(prose: str | None) -> list[str]:
    """Split a spec's one-line prose into paragraphs.

    LAP keeps the paragraph breaks of the source as runs of spaces; a run of two after a sentence, or of three anywhere,
    is one.
    """
    if not prose:
        return []
    clean = "".join(c if c.isprintable() or c == " " else " " for c in prose.replace("\n", "   "))
    return [part for piece in _SENTENCE_GAP.split(clean) if (part := _WHITESPACE.sub(" ", piece).strip())]


def docstring(blocks: list[str], indent: int) -> str:
    """Render paragraphs and preformatted blocks as a docstring's source, without the leading indentation.

    A block that contains a line break is kept line by line; all others are wrapped to the line length.
    """
    width = LINE_LENGTH - indent
    rendered = [_block(_escape(block), width) for block in blocks]
    text = "\n\n".join(rendered)
    pad = " " * indent
    one_line = "\n" not in text and len(text) + 6 <= width
    body = textwrap.indent(text, pad).strip(" ")
    return f'"""{body}"""' if one_line else f'"""{body}\n{pad}"""'


def section(title: str, entries: list[tuple[str, str]]) -> str:
    """Render a docstring section such as ``Args:``; each entry is wrapped with a hanging indent."""
    lines = [f"{title}:"]
    for name, text in entries:
        lines += textwrap.wrap(
            f"{name}: {' '.join(text.split())}",
            width=LINE_LENGTH - 8,
            initial_indent="    ",
            subsequent_indent="        ",
            break_long_words=False,
            break_on_hyphens=False,
        )
    return "\n".join(lines)


def _block(text: str, width: int) -> str:
    if "\n" in text:
        return text
    return textwrap.fill(text, width=width, break_long_words=False, break_on_hyphens=False)


def _escape(text: str) -> str:
    """Make text safe inside triple quotes: no quote run, no escape sequence, no quote or backslash at its end."""
    printable = "".join(c if c.isprintable() or c == "\n" else " " for c in text)
    return _QUOTES.sub(lambda found: '\\"' * len(found[0]), printable.replace("\\", "\\\\"))
