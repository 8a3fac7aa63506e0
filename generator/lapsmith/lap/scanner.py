"""One braced block of a directive: its text, its brackets, and where prose inside of it ends.

Two readings exist of a block whose comments contain lone braces. The first trusts brackets to pair up, inside comments
too; the second (``literal``) takes every brace in prose for a character. ``fields.read_block`` picks the better one.
"""

from __future__ import annotations

import re
from functools import cached_property

from lapsmith.diagnostics import Diagnostics
from lapsmith.lap.brackets import Pairs, pair_braces, pair_parens
from lapsmith.lap.fieldstart import starts_field, starts_odd_field
from lapsmith.lap.source import NextFinder, Source, end_of_text

MAX_DEPTH = 64
"""How deep braces, lists and maps may be nested."""

_SPACE = re.compile(r"[ \t\n]*")
_PROSE = re.compile(r"[,{}]|\n[ \t\n]*")
_LOOSE = re.compile(r"[,{}(]|\n[ \t\n]*|[ \t]#(?=[ \t\n]|\Z)")
_COMMENT = re.compile(r"[ \t]#[ \t]")
_COLON = re.compile(r":(?=[ \t\n,}]|\Z)")
_FIRST_LINE = re.compile(r"[ \t]{0,80}\n")
_SQUARE = re.compile(r"\]")
_BLOCK_END = re.compile(r"\}[ \t]*(?:#|\n|\Z)")
_PLAUSIBLE_END = re.compile(r"\}[?\])>]*(?=[ \t\n]*(?:,|\}|=|\Z)|[ \t]+#|:[ ]?any)")
_CONTINUATION = re.compile(r"[ \t]*\n[ \t\n]*(?:#[ \t]+)?")


class TooDeep(Exception):
    """Nesting beyond ``MAX_DEPTH``; ``offset`` is where it goes too far."""

    def __init__(self, offset: int) -> None:
        super().__init__(offset)
        self.offset = offset


def one_line(text: str) -> str:
    """Join the lines of a value that LAP writes on one line, and strip it."""
    return (_CONTINUATION.sub(" ", text) if "\n" in text else text).strip(" \t\n")


class Scanner:
    """Text of one block: ``source.text[start:stop]`` with ``{`` at ``start``.

    ``tail_text`` says that the directive may go on after the block (``@returns(200) {…} # text``).
    """

    def __init__(
        self, source: Source, start: int, stop: int, *, known: frozenset[str], tail_text: bool, literal: bool
    ) -> None:
        self.source, self.text, self.start = source, source.text, start
        self.known, self.tail_text, self.literal = known, tail_text, literal
        self.stop = stop = end_of_text(self.text, start, stop)
        self.reserved = stop - 1 if self.text[stop - 1] == "}" else -1
        self.last_close = self.text.rfind("}", start, stop)
        self.diagnostics = Diagnostics()
        self.openers: list[int] = []
        self.depth = 0
        self.unclosed = False
        self._next_comment = NextFinder(_COMMENT, self.text, stop)
        self.next_colon = NextFinder(_COLON, self.text, stop)
        self.next_square = NextFinder(_SQUARE, self.text, stop)

    @cached_property
    def braces(self) -> Pairs:
        stop = self.reserved if self.reserved >= 0 else self.stop
        return pair_braces(self.text, self.start + 1, stop, MAX_DEPTH)

    @cached_property
    def surplus(self) -> int:
        """How many more ``}`` than ``{`` the block has."""
        return self.text.count("}", self.start, self.stop) - self.text.count("{", self.start, self.stop)

    @cached_property
    def parens(self) -> Pairs:
        return pair_parens(self.text, self.start + 1, self.stop)

    def enter(self, offset: int) -> None:
        """Go one level deeper; raise ``TooDeep`` beyond the limit."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise TooDeep(offset)

    def leave(self) -> None:
        self.depth -= 1

    def skip_space(self, offset: int) -> int:
        match = _SPACE.match(self.text, offset, self.stop)
        return offset if match is None else match.end()

    def note(self, start: int, end: int, code: str, message: str, hint: str | None = None) -> None:
        self.diagnostics.note(self.source.span(start, end), code, message, hint)

    def warn(self, start: int, end: int, code: str, message: str, hint: str | None = None) -> None:
        self.diagnostics.warning(self.source.span(start, end), code, message, hint)

    def starts_field(self, offset: int) -> bool:
        if self.text[offset] == "\n" and not self._spread(offset):
            return False
        return starts_field(self.text, offset, self.stop, self.known)

    def _spread(self, line_end: int) -> bool:
        """Tell whether fields without a comma between them stand on lines of their own, so that this is no prose."""
        return self.text[line_end + 1 : line_end + 2] in (" ", "\t") or (
            _FIRST_LINE.match(self.text, self.openers[-1] + 1, self.stop) is not None
        )

    def prose_closes(self, at: int) -> bool:
        """Tell whether the ``}`` at ``at``, met in a comment or odd text, closes the current braces."""
        if at == self.reserved:
            return True
        if len(self.openers) == 1:
            if self.tail_text and _BLOCK_END.match(self.text, at, self.stop):
                return self.literal or at not in self.braces.open
            return not self.literal and at == self.last_close and at not in self.braces.open
        if self.literal:
            return _PLAUSIBLE_END.match(self.text, at, self.stop) is not None
        return self.braces.open.get(at) == self.openers[-1]

    def group_end(self, at: int) -> int | None:
        """Return where the bracket that opens at ``at`` in prose closes, if that is before the next comment."""
        if self.text[at] == "{":
            partner = None if self.literal else self.braces.close.get(at)
        else:
            partner = self.parens.close.get(at)
        return partner if partner is not None and partner <= self._next_comment(at) else None

    def comment_end(self, offset: int) -> int:
        """Return where the comment that starts at ``offset`` ends: at a field, at a closing brace, or at ``stop``."""
        lone = -1
        stop = self.stop
        while (match := _PROSE.search(self.text, offset, self.stop)) is not None:
            at, what = match.start(), match.group()
            offset = match.end()
            if what == "{":
                end = self.group_end(at)
                if end is not None:
                    offset = end + 1
                    continue
            elif self.prose_closes(at) if what == "}" else self.starts_field(at):
                stop = at
                break
            if lone < 0 and what in ("{", "}"):
                lone = at
        if lone >= 0:
            message = f"this '{self.text[lone]}' has no partner; it is taken as part of the comment"
            self.note(lone, lone + 1, "lone-brace", message)
        return stop

    def loose_end(self, offset: int, *, type_: bool = False) -> int:
        """Return where text that follows no grammar (a default, an odd type) ends: as comments do, or at a comment."""
        while (match := _LOOSE.search(self.text, offset, self.stop)) is not None:
            at, what = match.start(), match.group()
            offset = match.end()
            if what in ("{", "("):
                end = self.group_end(at)
                offset = offset if end is None else end + 1
            elif what == "}":
                if self.prose_closes(at):
                    return at
            elif what[-1] == "#" or self.starts_field(at) or (type_ and starts_odd_field(self.text, at, self.stop)):
                return at
        return self.stop
