"""Fields between braces: ``{name: type=default # comment, other!: type}``, on one line or on many."""

from __future__ import annotations

import re
from dataclasses import replace

from lapsmith.diagnostics import Diagnostics, Span
from lapsmith.lap.scanner import MAX_DEPTH, TooDeep, one_line
from lapsmith.lap.source import Source
from lapsmith.lap.tree import Field, Scalar, Type
from lapsmith.lap.types import TypeParser

_GAP = re.compile(r"[ \t\n,]*")
_NAME = re.compile(r"([^\s,{}()#]{1,200}?)(!?):(?=[ \t\n])")
_NAME_BREAK = re.compile(r"[,{}(\[]|[ \t\n]#(?=[ \t\n]|\Z)")
_TIGHT_NAME = re.compile(r"([^\s,{}()#:\[\]]+):(?=\[*(?:str|int|num|bool|any|bytes|map|float|enum|[A-Z]\w*)(?!\w))")
_PLAIN_DEFAULT = re.compile(
    r"""[ \t]*([^\s{}()\[\]'"#,]*(?:,[^\s{}()\[\]'"#,]+|,[ ][+-]?[0-9][0-9.]*)*)"""
    r"""(?=[ \t\n]*(?:,[ \t\n]|\}|\Z)|[ \t]+#)"""
)
_STRAY = re.compile(r"\}[ \t\n]*,")

_SPLIT_NAME = re.compile(
    r"[ \t]([^\s,{}()<>#]+):(?=[ \t](?:(?:str|int|num|bool|bytes)(?=[?({=,} \t\n]|\Z)|map[<{]|\[\w+[\]?({]))"
)

_TYPE_WORD = re.compile(r"[^\W\d][\w.$-]*")

_PLAIN = frozenset({"int", "num", "bool", "float"})


class FieldParser(TypeParser):
    """Reads the fields of one block."""

    def fields(self, opener: int) -> tuple[tuple[Field, ...], int]:
        self.enter(opener)
        self.openers.append(opener)
        found: list[Field] = []
        pending = ""
        offset = opener + 1
        while True:
            gap = offset
            match = _GAP.match(self.text, offset, self.stop)
            offset = offset if match is None else match.end()
            if offset >= self.stop:
                self._report_unclosed(opener)
                break
            if self.text[offset] == "}":
                offset += 1
                if self._closes(offset - 1):
                    break
            elif self._at_comment(offset):
                comment, end = self._free_comment(offset + 1)
                if found and "\n" not in self.text[gap:offset]:
                    found[-1] = replace(found[-1], comment=_join(found[-1].comment, comment))
                else:
                    pending = _join(pending, comment) or ""
                offset = end
            else:
                field, offset = self._field(offset)
                found.append(replace(field, comment=_join(pending, field.comment)) if pending else field)
                pending = ""
        if pending:
            self._keep_pending(found, pending, opener)
        self.openers.pop()
        self.leave()
        return tuple(found), offset

    def _keep_pending(self, found: list[Field], pending: str, opener: int) -> None:
        if found:
            found[-1] = replace(found[-1], comment=_join(found[-1].comment, pending))
        else:
            message = f"the comment '{pending[:60]}' belongs to no field; it is left out"
            self.note(opener, opener + 1, "loose-comment", message)

    def _report_unclosed(self, opener: int) -> None:
        if not self.unclosed:
            self.unclosed = True
            place = self.source.span(opener, opener + 1)
            hint = "close it with '}', or fetch the file again if it was cut off"
            self.diagnostics.error(place, "unclosed-brace", "this '{' is never closed", hint)

    def _closes(self, at: int) -> bool:
        """Tell whether the ``}`` at ``at``, met where a field could start, closes the current braces."""
        if len(self.openers) > 1 or at == self.last_close or not _STRAY.match(self.text, at, self.stop):
            return True
        self.warn(at, at + 1, "stray-brace", "this '}' closes nothing; it is ignored", "remove it")
        return False

    def _at_comment(self, offset: int) -> bool:
        return self.text[offset] == "#" and self.text[offset + 1 : offset + 2] in ("", " ", "\t", "\n")

    def _free_comment(self, offset: int) -> tuple[str, int]:
        """Read a comment that stands where a field could: to the end of its line, if the block has several."""
        end = self.text.find("\n", offset, self.stop)
        if end < 0:
            end = self.comment_end(offset)
        return one_line(self.text[offset:end]), end

    def _field(self, start: int) -> tuple[Field, int]:
        match = _NAME.match(self.text, start, self.stop)
        if match is not None:
            name, marked, name_end = match[1], bool(match[2]), match.end() - 1
            offset: int | None = match.end()
            # Early tools put a space after the first colon of a name.
            rest = _SPLIT_NAME.match(self.text, match.end(), self.stop)
            if rest is not None:
                name, name_end, offset = f"{name}:{rest[1]}", rest.end() - 1, rest.end()
        else:
            name, marked, name_end, offset = self._odd_name(start)
        type_: Type
        if offset is None:
            type_, end = self._missing_type(start, name_end), name_end
        else:
            type_, end = self._field_type(offset)
        default, comment = None, None
        offset = self.skip_space(end)
        if self.text.startswith("=", offset, self.stop):
            default, end = self._default(offset + 1, type_)
            offset = self.skip_space(end)
        if self.text.startswith("#", offset, self.stop):
            end = self.comment_end(offset + 1)
            comment = one_line(self.text[offset + 1 : end]) or None
        span = self.source.span(start, max(end, name_end))
        return Field(name, type_, default, comment, marked, span, self.source.span(start, name_end)), end

    def _odd_name(self, start: int) -> tuple[str, bool, int, int | None]:
        """Read a name with spaces or brackets in it, or text without a type.

        Return the name, whether it is marked required, its end, and where its type starts (None: no type).
        """
        colon = self.next_colon(start)
        end = self._name_end(start, colon)
        if end == colon < self.stop:
            name = one_line(self.text[start:colon])
            return name.removesuffix("!"), name.endswith("!"), colon, colon + 1
        tight = _TIGHT_NAME.match(self.text, start, end)
        if tight is not None:
            name = tight[1]
            return name.removesuffix("!"), name.endswith("!"), tight.end() - 1, tight.end()
        while end > start + 1 and self.text[end - 1] in " \t\n":
            end -= 1
        return one_line(self.text[start:end]), False, end, None

    def _name_end(self, start: int, colon: int) -> int:
        """Return ``colon``, or the place before it where the text turns out to hold no name for that colon."""
        offset = start
        while (match := _NAME_BREAK.search(self.text, offset, colon)) is not None:
            at, what = match.start(), match.group()
            offset = match.end()
            partner = None
            if what == "{":
                partner = self.braces.close.get(at)
            elif what == "(":
                partner = self.parens.close.get(at)
            elif what == "[":
                partner = self.next_square(at)
            elif what == "}":
                if len(self.openers) > 1 or at in (self.reserved, self.last_close):
                    return at
            elif what[-1] == "#" or self.text[at + 1 : at + 2] in ("", " ", "\t", "\n") or colon == self.stop:
                return at
            if partner is not None and partner < colon:
                offset = partner + 1
        return colon

    def _missing_type(self, start: int, end: int) -> Scalar:
        message = "a field without a type; it is read as 'any'"
        self.warn(start, end, "missing-type", message, "write it as 'name: type'")
        return Scalar("any", span=self.source.span(end, end))

    def _field_type(self, offset: int) -> tuple[Type, int]:
        begin = self.skip_space(offset)
        ends = begin >= self.stop or self.text[begin] in ",}=#"
        if ends and not self.text.startswith("#/", begin, self.stop):
            return self._missing_type(offset - 1, offset), offset
        before = len(self.diagnostics.items)
        found = self.type(begin)
        if found is not None:
            end = self.drop_any(found[1])
            if self._at_tail(end) or self.unclosed:
                return found[0], end
            del self.diagnostics.items[before:]
        return self._odd_type(begin)

    def _at_tail(self, offset: int) -> bool:
        """Tell whether a field's type may end here."""
        ahead = self.skip_space(offset)
        if ahead >= self.stop or self.text[ahead] in ",}=#":
            return True
        line_end = self.text.find("\n", offset, ahead)
        return line_end >= 0 and self.starts_field(line_end)

    def _odd_type(self, begin: int) -> tuple[Scalar, int]:
        end = self.loose_end(begin, type_=True)
        text = self.text[begin:end].rstrip(" \t\n")
        raw = one_line(text)
        kept = raw[: _without_any(raw)] or raw
        message = f"'{kept[:60]}' is not a LAP type; it is kept as written and read as 'any'"
        self.warn(begin, begin + max(1, len(text)), "odd-type", message)
        return Scalar(kept, span=self.source.span(begin, begin + len(text))), end

    def _default(self, offset: int, type_: Type) -> tuple[str, int]:
        if isinstance(type_, Scalar) and type_.name in _PLAIN and not type_.enum:
            plain = _PLAIN_DEFAULT.match(self.text, offset, self.stop)
            if plain is not None:
                return plain[1], plain.end()
        end = self.loose_end(offset)
        raw = one_line(self.text[offset:end])
        kept = _without_any(raw)
        if kept < len(raw):
            message = "': any' after a default is damage from an earlier tool; it is left out"
            self.note(end - len(raw) + kept, end, "repaired-default", message)
        return raw[:kept], end


def _without_any(text: str) -> int:
    """Return where ``text`` ends without the ``: any`` that damage has put after it, once or more."""
    end = len(text)
    while (tail := next((tail for tail in (": any", ":any") if text.endswith(tail, 0, end)), None)) is not None:
        end -= len(tail)
        while end and text[end - 1] in " \t":
            end -= 1
    return end


def has_types(fields: tuple[Field, ...]) -> bool:
    """Tell whether any of the fields has a type that LAP could have, so that this is no prose in braces."""
    return any(
        not isinstance(item.type, Scalar)
        or (_TYPE_WORD.fullmatch(item.type.name) is not None and not _is_empty(item.type.span))
        for item in fields
    )


def _is_empty(span: Span) -> bool:
    return (span.line, span.column) == (span.end_line, span.end_column)


def _join(first: str | None, second: str | None) -> str | None:
    return " ".join(part for part in (first, second) if part) or None


def read_block(
    source: Source,
    start: int,
    stop: int,
    known: frozenset[str],
    diagnostics: Diagnostics,
    *,
    tail_text: bool = False,
) -> tuple[tuple[Field, ...], int]:
    """Read the fields of ``source.text[start:stop]``, which starts with ``{``; return them and the offset after ``}``.

    Unbalanced braces in comments make some blocks ambiguous: of the two readings, the one with fewer complaints wins.
    """
    best = _read(source, start, stop, known, tail_text, literal=False)
    if _complaints(best[2]) and "#" in source.text[start:stop]:
        other = _read(source, start, stop, known, tail_text, literal=True)
        if _complaints(other[2]) < _complaints(best[2]):
            best = other
    diagnostics.items += best[2].items
    return best[0], best[1]


def _complaints(diagnostics: Diagnostics) -> tuple[int, int]:
    errors = sum(item.severity == "error" for item in diagnostics.items)
    return errors, sum(item.severity == "warning" for item in diagnostics.items)


def _read(
    source: Source, start: int, stop: int, known: frozenset[str], tail_text: bool, *, literal: bool
) -> tuple[tuple[Field, ...], int, Diagnostics]:
    parser = FieldParser(source, start, stop, known=known, tail_text=tail_text, literal=literal)
    try:
        if source.text.count("{", start, stop) > MAX_DEPTH and parser.braces.too_deep is not None:
            raise TooDeep(parser.braces.too_deep)
        fields, end = parser.fields(start)
    except TooDeep as problem:
        place = source.span(problem.offset, problem.offset + 1)
        message = f"nested deeper than {MAX_DEPTH} levels"
        parser.diagnostics.error(
            place, "too-deep", message, "define inner structures with @type and refer to them by name"
        )
        return (), parser.stop, parser.diagnostics
    return fields, end, parser.diagnostics
