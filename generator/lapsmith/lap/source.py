"""Text of a LAP file: decoding, line ends, and the way from offsets to places."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate

from lapsmith.diagnostics import Diagnostic, Diagnostics, Span

MAX_BYTES = 32 * 1024 * 1024
"""Files above this size are refused before anything else is done with them."""

MAX_REPEATS = 1000
"""How many diagnostics of one code a file gets before the rest is only counted."""

_BLOCK = 4096
_SPACE = " \t\n"
_NOT_SPACE = re.compile(r"[^ \t\n]")
_SURROGATE = re.compile("[\ud800-\udfff]")


class Source:
    """A decoded file with ``\\n`` line ends (LF, CRLF and lone CR all end a line; nothing else does).

    A byte order mark is dropped. Problems with the bytes themselves are in ``problems``.
    """

    def __init__(self, text: str | bytes, filename: str) -> None:
        self.filename = filename
        self.text = ""
        self.too_large = False
        self._counts: list[int] | None = None
        self._line = (0, -1, 0)
        self.problems = Diagnostics()
        size = len(text)
        if isinstance(text, str) and MAX_BYTES >= size > MAX_BYTES // 4 and not text.isascii():
            size = len(text.encode("utf-8", "surrogatepass"))
        if size > MAX_BYTES:
            self.too_large = True
            place = Span(filename, 1, 1, 1, 1)
            limit = MAX_BYTES // (1024 * 1024)
            message = f"the file is larger than {limit} MiB and was not read"
            self.problems.error(place, "file-too-large", message, "split the description into several files")
            return
        decoded = self._decode(text) if isinstance(text, bytes) else text
        self.text = decoded.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
        self._check_characters()

    def _decode(self, data: bytes) -> str:
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as problem:
            good = data[: problem.start].decode("utf-8").removeprefix("\ufeff")
            lines = good.replace("\r\n", "\n").replace("\r", "\n").split("\n")
            line, column = len(lines), len(lines[-1]) + 1
            hint = "save the file as UTF-8"
            if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
                hint = "this looks like UTF-16: save the file as UTF-8"
            bad = f"byte 0x{data[problem.start]:02X}"
            place = Span(self.filename, line, column, line, column + 1)
            self.problems.error(place, "invalid-utf8", f"the file is not valid UTF-8 ({bad})", hint)
            return data.decode("utf-8", "replace")

    def _check_characters(self) -> None:
        at = self.text.find("\0")
        if at >= 0:
            count = self.text.count("\0")
            more = f" ({count} in the file)" if count > 1 else ""
            self.problems.error(self.span(at, at + 1), "nul", f"a NUL character is not text{more}", "remove it")
        if (lone := _SURROGATE.search(self.text)) is not None:
            message = "a lone surrogate cannot be written as UTF-8"
            self.problems.error(self.span(*lone.span()), "invalid-utf8", message, "remove the character")

    @property
    def _lines_before(self) -> list[int]:
        """How many lines end before each block of the text: a few bytes a block, where a list of lines is 36 a line."""
        if self._counts is None:
            blocks = range(0, len(self.text), _BLOCK)
            self._counts = [0, *accumulate(self.text.count("\n", at, at + _BLOCK) for at in blocks)]
        return self._counts

    def position(self, offset: int) -> tuple[int, int]:
        """Return (line, column), both from 1, of an offset into ``text``."""
        line, begin, end = self._line
        if not begin <= offset < end:
            block = offset // _BLOCK
            line = self._lines_before[block] + self.text.count("\n", block * _BLOCK, offset) + 1
            begin = self.text.rfind("\n", 0, offset) + 1
            end = self.text.find("\n", offset) + 1 or len(self.text) + 1
            self._line = (line, begin, end)
        return line, offset - begin + 1

    def span(self, start: int, end: int) -> Span:
        """Return the place of ``text[start:end]``."""
        line, column = self.position(start)
        if end < self._line[2]:
            return Span(self.filename, line, column, line, column + end - start)
        end_line, end_column = self.position(end)
        return Span(self.filename, line, column, end_line, end_column)


def start_of_text(text: str, start: int, stop: int) -> int:
    """Where the white space at the start of ``text[start:stop]`` ends."""
    match = _NOT_SPACE.search(text, start, stop)
    return max(start, stop) if match is None else match.start()


def end_of_text(text: str, start: int, stop: int) -> int:
    """Where the white space at the end of ``text[start:stop]`` begins."""
    size = 1
    while stop > start:
        begin = max(start, stop - size)
        if left := len(text[begin:stop].rstrip(_SPACE)):
            return begin + left
        stop, size = begin, min(2 * size, _BLOCK)
    return stop


class NextFinder:
    """Finds the next match of a pattern at or after an offset, in amortised linear time over rising offsets."""

    __slots__ = ("_found", "_from", "_pattern", "_stop", "_text")

    def __init__(self, pattern: re.Pattern[str], text: str, stop: int) -> None:
        self._pattern, self._text, self._stop = pattern, text, stop
        self._from, self._found = 0, -1

    def __call__(self, offset: int) -> int:
        """Return where the next match starts, or the end of the searched text."""
        if self._from <= offset <= self._found:
            return self._found
        match = self._pattern.search(self._text, offset, self._stop)
        self._from, self._found = offset, self._stop if match is None else match.start()
        return self._found


def capped(items: list[Diagnostic]) -> Iterator[Diagnostic]:
    """Yield diagnostics, of each code at most ``MAX_REPEATS``; the last of a longer series says how many follow."""
    counts: dict[str, int] = {}
    for item in items:
        counts[item.code] = counts.get(item.code, 0) + 1
    seen: dict[str, int] = {}
    for item in items:
        seen[item.code] = count = seen.get(item.code, 0) + 1
        if count < MAX_REPEATS or counts[item.code] == MAX_REPEATS:
            yield item
        elif count == MAX_REPEATS:
            more = f"{item.message} (and {counts[item.code] - MAX_REPEATS} more of this kind)"
            yield Diagnostic(item.severity, item.span, item.code, more, item.hint)
