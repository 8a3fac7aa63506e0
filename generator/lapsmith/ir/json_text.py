"""JSON text to plain values, and back from a place in the values to a place in the text.

Reading is the standard library's. Only where something is wrong is the text walked once more, to point at it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from lapsmith.diagnostics import Diagnostics, Span

MAX_BYTES = 16 * 1024 * 1024

_SPACE = re.compile(r"[ \t\r\n]*")


class _Duplicate(ValueError):
    """A key that is in an object twice."""


def read_json(data: bytes, file: str, diagnostics: Diagnostics) -> tuple[str, Any]:
    """Return the text and its value. After an error has been reported, the value is None."""
    start = Span(file, 1, 1, 1, 1)
    if len(data) > MAX_BYTES:
        diagnostics.error(start, "file-too-large", f"this file is larger than {MAX_BYTES // 2**20} MiB")
        return "", None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        good = data[: error.start].decode("utf-8-sig")
        diagnostics.error(_span(good, len(good), file), "not-utf-8", "this byte is not UTF-8 text")
        return "", None
    try:
        return text, json.loads(text, object_pairs_hook=_unique)
    except json.JSONDecodeError as error:
        diagnostics.error(_span(text, error.pos, file), "json-syntax", f"not valid JSON: {error.msg}")
    except _Duplicate as error:
        diagnostics.error(start, "duplicate-key", f"the key '{error}' is in one object twice")
    except RecursionError:
        diagnostics.error(start, "json-depth", "this JSON is nested too deep")
    except ValueError:
        # The reader of numbers refuses some thousands of digits.
        diagnostics.error(start, "json-syntax", "not usable JSON: a number is too long")
    return text, None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise _Duplicate(next(key for key in keys if keys.count(key) > 1))
    return found


def locate(text: str, path: Sequence[str | int], file: str) -> Span:
    """Return where in ``text``, which is valid JSON, the value at ``path`` is: keys of objects, indexes of arrays."""
    at = _skip(text, 0)
    try:
        for step in path:
            at = _enter(text, at, step)
        _, end = json.JSONDecoder().raw_decode(text, at)
    except (KeyError, ValueError, RecursionError):
        end = at
    first, last = _span(text, at, file), _span(text, end, file)
    return Span(file, first.line, first.column, last.line, last.column)


def _enter(text: str, at: int, step: str | int) -> int:
    """Return the start of the member ``step`` of the collection that starts at ``at``."""
    decoder = json.JSONDecoder()
    position, index = _skip(text, at + 1), 0
    while text[position] not in "]}":
        key: str | int = index
        if text[at] == "{":
            key, position = decoder.raw_decode(text, position)
            position = _skip(text, _skip(text, position) + 1)
        if key == step:
            return position
        _, position = decoder.raw_decode(text, position)
        position = _skip(text, position)
        if text[position] == ",":
            position = _skip(text, position + 1)
        index += 1
    raise KeyError(step)


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _span(text: str, index: int, file: str) -> Span:
    line = text.count("\n", 0, index) + 1
    column = index - (text.rfind("\n", 0, index) + 1) + 1
    return Span(file, line, column, line, column + 1)
