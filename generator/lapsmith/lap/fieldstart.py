"""Does a new field begin here? The question that decides how far a comment or a default reaches.

LAP has no quoting: ``{a: str # one, two, b: int}`` has a comment with a comma and a second field. What follows a comma
is taken for a field when it has the shape ``name: type`` with a type that prose would not have there.
"""

from __future__ import annotations

import re

_STRONG = r"(?:str|int|num|bool|bytes)"
_WEAK = (
    r"(?:any|map|float|file|date|list|array|object|enum|binary|id|number|string|integer|boolean|double|long|null)"
)
_ENDS = r"(?=[?({<=,}]|:[ ]?any\b|[ \t]*(?:\n|\Z|\#))"
_TYPE = rf"""
    (?:(?P<sure>{_STRONG}{_ENDS} | map[<{{] | enum\( | \[+(?:{_STRONG}|{_WEAK}|[A-Z][\w.]*)[\](<{{?])
     | (?P<weak>{_WEAK}{_ENDS})
     | (?P<named>[A-Z][\w.]*){_ENDS})
"""
_CHARACTER = r"(?:[\w$@\[\]./+\-~&*?%=()|!<>:\#]|,(?![ \t\n]))"
_WORD = rf"[\w$@\[.\-/+~&*(]{_CHARACTER}{{0,120}}?"
_NAME = rf"(?P<name>{_WORD}(?:[ ]{_WORD}){{0,4}}?)!?:[ \t\n]+"

_AFTER_COMMA = re.compile(rf",[ \t\n]*{_NAME}{_TYPE}", re.VERBOSE)
_NEXT_LINE = re.compile(rf"\n[ \t\n]*{_NAME}{_TYPE}", re.VERBOSE)
_OWN_LINE = re.compile(rf",[ \t]*\n[ \t\n]*(?:\#[ \t]|\}}|{_WORD}!?:[ \t])", re.VERBOSE)

_MARKED = re.compile(r"[?({<=]|[ \t]+#")
_HUMPS = re.compile(r"[A-Z]+[a-z0-9]+[A-Z]\w*|[A-Z]\w*\.\w")
_PROSE_TYPES = frozenset("None True False Yes No Null Optional Required Default String Integer Boolean".split())
_PROSE_LABELS = frozenset(
    "default defaults example examples e.g. eg i.e. note format value values option options one see range max min "
    "minimum maximum possible allowed valid order".split()
)

_KNOWN = re.compile(r"^[ \t]*@type[ \t]+([A-Z][\w.]*)|\{[\w.$-]+!?: \[*([A-Z][\w.]*)(?=[\]?{},])", re.MULTILINE)


def known_types(text: str) -> frozenset[str]:
    """Collect the type names that a document certainly uses: defined, or of the first field in some braces."""
    return frozenset(match.group(1) or match.group(2) for match in _KNOWN.finditer(text))


def starts_field(text: str, offset: int, stop: int, known: frozenset[str]) -> bool:
    """Tell whether a field starts after the comma or line end at ``offset``."""
    if text[offset] == "\n":
        match = _NEXT_LINE.match(text, offset, stop)
    else:
        if _OWN_LINE.match(text, offset, stop):
            return True
        match = _AFTER_COMMA.match(text, offset, stop)
    if match is None:
        return False
    if match["sure"]:
        return True
    several = " " in match["name"]
    label = match["name"].rsplit(" ", 1)[-1].lower()
    marked = _MARKED.match(text, match.end(), stop) is not None
    if match["weak"]:
        return not several or (label not in _PROSE_LABELS and (marked or match["weak"] in ("any", "map")))
    if several:
        return marked and _HUMPS.match(match["named"]) is not None
    return _is_type_name(match["named"], label, marked, known)


def _is_type_name(name: str, label: str, marked: bool, known: frozenset[str]) -> bool:
    if name in known or _HUMPS.match(name):
        return True
    if name in _PROSE_TYPES or label in _PROSE_LABELS or name.endswith("."):
        return False
    return marked or not name.isupper()
