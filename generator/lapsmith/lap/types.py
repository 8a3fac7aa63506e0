"""Type expressions: ``[map<str,Tag?>]?``, ``int(i64)``, ``str(a/b)``, ``map{a: str}``, and damaged ones.

Early tools of the registry split types at commas and wrote the pieces back as fields of type ``any``, so that
``x: map<str,X>?`` became ``x: map<str, X>?: any`` and ``str(^a{1,9}$)`` became ``str(^a{1: any, 9}$): any}``. Both are
read as what they were, with a note.
"""

from __future__ import annotations

import re
from dataclasses import replace

from lapsmith.lap.scanner import Scanner, one_line
from lapsmith.lap.tree import Field, ListOf, MapOf, Named, Scalar, Type

_WORD = re.compile(r"[^\W\d][\w$.\-]*")
_BRACE_AHEAD = re.compile(r"[ \t]*\{")
_ANY = re.compile(r"[ \t]*:[ ]?any(?=[ \t\n]*(?:[,}>\]]|\Z)|[ \t]+#|[ \t]*:[ ]?any)")
_ANY_BRACE = re.compile(r"\??:[ ]?any\}")
_GROUP_END = re.compile(r"\)(?=[?({\],>}=]|[ \t\n]*(?:\Z|[,}#])|:[ ]?any)")
_PIECE = re.compile(r":[ ]?any,[ ]?")

_Suffixes = tuple[str | None, tuple[str, ...], tuple[Field, ...] | None, bool, int]


class TypeParser(Scanner):
    """Reads type expressions; braces after a type are left to ``fields``."""

    def fields(self, opener: int) -> tuple[tuple[Field, ...], int]:
        """Read the fields between the ``{`` at ``opener`` and its ``}``; return them and the offset after it."""
        raise NotImplementedError

    def type(self, offset: int) -> tuple[Type, int] | None:
        """Read a type expression; return it and the offset after it, or None where there is none."""
        self.enter(offset)
        try:
            if self.text.startswith("[", offset, self.stop):
                return self._list(offset)
            word = _WORD.match(self.text, offset, self.stop)
            if word is None:
                return None
            if word.group() == "map" and self.text.startswith("<", word.end(), self.stop):
                return self._map(offset, word.end() + 1)
            return self._word(word.group(), offset, word.end())
        finally:
            self.leave()

    def drop_any(self, offset: int) -> int:
        """Skip the ``: any`` that damage left behind a type, and say so."""
        while (match := _ANY.match(self.text, offset, self.stop)) is not None:
            self._repaired(offset, match.end())
            offset = match.end()
        return offset

    def _repaired(self, start: int, end: int) -> None:
        message = "': any' after a type is damage from an earlier tool; the type before it is kept"
        self.note(start, end, "repaired-type", message)

    def _inner(self, offset: int, closer: str) -> tuple[Type, int] | None:
        """Read a type inside brackets and the character after it, which must be ``closer``."""
        found = self.type(self.skip_space(offset))
        if found is None:
            return None
        end = self.skip_space(self.drop_any(found[1]))
        return (found[0], end + 1) if self.text.startswith(closer, end, self.stop) else None

    def _list(self, offset: int) -> tuple[Type, int] | None:
        inner = self._inner(offset + 1, "]")
        if inner is None:
            return None
        suffixes = self._suffixes(inner[1])
        if suffixes is None:
            return None
        form, enum, children, nullable, end = suffixes
        item = _describe(inner[0], form, enum, children)
        return None if item is None else (ListOf(item, nullable, self.source.span(offset, end)), end)

    def _map(self, offset: int, inside: int) -> tuple[Type, int] | None:
        key = self._inner(inside, ",")
        value = None if key is None else self._inner(key[1], ">")
        suffixes = None if value is None else self._suffixes(value[1])
        if key is None or value is None or suffixes is None:
            return None
        form, enum, children, nullable, end = suffixes
        described = _describe(value[0], form, enum, children)
        if described is None:
            return None
        return MapOf(key[0], described, nullable, self.source.span(offset, end)), end

    def _word(self, word: str, offset: int, after: int) -> tuple[Type, int] | None:
        suffixes = self._suffixes(after, enum_only=word == "enum")
        if suffixes is None:
            return None
        form, enum, children, nullable, end = suffixes
        kind = Named if word.rpartition(".")[2][:1].isupper() else Scalar
        return kind(word, form, enum, children, nullable, self.source.span(offset, end)), end

    def _suffixes(self, offset: int, *, enum_only: bool = False) -> _Suffixes | None:
        """Read ``?``, ``(…)`` and ``{…}`` in any order. None when there are more of them than a type has."""
        nullable = False
        groups: list[str] = []
        children: tuple[Field, ...] | None = None
        while offset < self.stop:
            character = self.text[offset]
            if character == "?":
                nullable, offset = True, offset + 1
            elif character == "(":
                end = self._group_end(offset)
                if end is None or len(groups) == 2:
                    return None
                content, offset, marked = self._group(offset, end)
                groups.append(content)
                nullable = nullable or marked
            elif (brace := _BRACE_AHEAD.match(self.text, offset, self.stop)) is not None:
                if children is not None:
                    return None
                children, offset = self.fields(brace.end() - 1)
            else:
                break
        form, enum = _format_and_enum(groups, enum_only)
        return form, enum, children, nullable, offset

    def _group_end(self, offset: int) -> int | None:
        """Return where the parenthesis at ``offset`` closes. Enum values may contain lone parentheses."""
        end = self.parens.close.get(offset)
        if end is not None and _GROUP_END.match(self.text, end, self.stop):
            return end
        match = _GROUP_END.search(self.text, offset, self.loose_end(offset + 1))
        return None if match is None else match.start()

    def _group(self, offset: int, end: int) -> tuple[str, int, bool]:
        """Return the text in parentheses, the offset after them, and whether a ``?`` was part of repaired damage."""
        content = one_line(self.text[offset + 1 : end])
        damage = _ANY_BRACE.match(self.text, end + 1, self.stop) if "{" in content else None
        if damage is None or not self._is_surplus(damage.end() - 1, content):
            return content, end + 1, False
        self._repaired(offset, damage.end())
        return _PIECE.sub(",", content), damage.end(), damage.group().startswith("?")

    def _is_surplus(self, at: int, content: str) -> bool:
        """Tell whether the ``}`` at ``at`` was left by damage, and is not needed to close the braces around it."""
        return at != self.reserved and (_PIECE.search(content) is not None or self.surplus > 0)


def _format_and_enum(groups: list[str], enum_only: bool) -> tuple[str | None, tuple[str, ...]]:
    """``(a/b)`` is an enum, ``(x)`` a format, ``(x)(a/b)`` both. In ``enum(…)`` the last group is always the enum."""
    if not groups:
        return None, ()
    if len(groups) == 1 and "/" not in groups[0] and not enum_only:
        return groups[0], ()
    enum = tuple(value.strip(" \t") for value in groups[-1].split("/"))
    return (groups[0] if len(groups) == 2 else None), enum


def _describe(item: Type, form: str | None, enum: tuple[str, ...], children: tuple[Field, ...] | None) -> Type | None:
    """Move what follows ``[T]`` or ``map<K,V>`` to the type that it describes. None if that has its own already."""
    if form is None and not enum and children is None:
        return item
    if isinstance(item, ListOf):
        inner = _describe(item.item, form, enum, children)
        return None if inner is None else replace(item, item=inner)
    if isinstance(item, MapOf):
        inner = _describe(item.value, form, enum, children)
        return None if inner is None else replace(item, value=inner)
    if children is not None:
        if item.children is not None:
            return None
        item = replace(item, children=children)
    if form is None and not enum:
        return item
    if enum and form is None and not item.enum:
        return replace(item, enum=enum)
    return replace(item, format=form, enum=enum) if item.format is None and not item.enum else None
