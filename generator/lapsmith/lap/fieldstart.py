"""Does a new field begin here? The question that decides how far a comment or a default reaches.

LAP has no quoting: ``{a: str # one, two, b: int}`` has a comment with a comma and a second field. What follows a comma
is taken for a field when it has the shape ``name: type`` with a type that prose would not have there.
"""

from __future__ import annotations

import re

_STRONG = r"(?:str|int|num|bool|bytes)"
_WEAK = r"(?:any|map|float|file)"
_RARE = (
    r"(?:date|date-time|datetime|time|timestamp|list|array|object|enum|binary|byte|id|number|decimal|double|long|string"
    r"|text|integer|boolean|null|uuid|url|uri|email|json|dict|hash|mixed|u?int(?:8|16|32|64)|char|blob|set|password"
    r"|base64)(?:\[\])?"
)
_ENDS = r"(?=[?({<=,}]|:[ ]?any\b|[ \t]*(?:\n|\Z|\#))"
_TYPE = rf"""
    (?:(?P<sure>{_STRONG}{_ENDS} | map[<{{] | enum\( | \[+(?:{_STRONG}|{_WEAK}|{_RARE}|[A-Z][\w.]*)[\](<{{?])
     | (?P<weak>{_WEAK}{_ENDS})
     | (?P<rare>(?:{_RARE}|\#/[\w./\-]+){_ENDS})
     | (?P<named>[A-Z][\w.]*){_ENDS}
     | (?P<odd>[^\s,{{}}\#]+[ \t]\#[ \t]))
"""
_CHARACTER = r"(?:[\w$@\[\]./+\-~&*?%=()|!<>:\#]|,(?![ \t\n]))"
_WORD = rf"[\w$@\[.\-/+~&*(]{_CHARACTER}{{0,120}}?"
_NAME = rf"(?P<name>{_WORD}(?:[ ]{_WORD}){{0,9}}?)!?:[ \t\n]+"
_MAX_WORDS = 5
"""How many words a name may have before a type that prose could have there too."""

_AFTER_COMMA = re.compile(rf",[ \t\n]*{_NAME}{_TYPE}", re.VERBOSE)
_ODD_NAME = re.compile(rf",[ \t\n]*(?P<name>[^\s,]{{1,200}}?)!?:[ \t\n]+{_TYPE}", re.VERBOSE)
_NEXT_LINE = re.compile(rf"\n[ \t\n]*{_NAME}{_TYPE}", re.VERBOSE)
_OWN_LINE = re.compile(rf",[ \t]*\n[ \t\n]*(?:\#(?=[ \t\n])|\}}|{_WORD}!?:[ \t])", re.VERBOSE)

_ANY_FIELD = re.compile(r",[ \t\n]*[\w$@.\[\]\-]+!?:(?=[ \t\n,}]|\Z)")

_MARKED = re.compile(r"[?({<=]|[ \t]+#")
_HUMPS = re.compile(r"[A-Z]+[a-z0-9]+[A-Z]\w*|[A-Z]\w*\.\w")
_ACRONYM = re.compile(r"UU?ID|GUID|UR[IL]|JSON")
_PROSE_TYPE = re.compile(r"None|True|False|Yes|No|Null|Optional|Required|Default")
_PROSE_LABEL = re.compile(
    r"defaults?|examples?|e\.?g\.?|i\.e\.|notes?|formats?|values?|options?|one|see|range|order|max|min|maximum|minimum"
    r"|possible|allowed|valid"
)

_KNOWN = re.compile(r"^[ \t]*@type[ \t]+([A-Z][\w.]*)|\{[\w.$-]+!?: \[*([A-Z][\w.]*)(?=[\]?{},])", re.MULTILINE)


def known_types(text: str) -> frozenset[str]:
    """Collect the type names that a document certainly uses: defined, or of the first field in some braces."""
    return frozenset(match.group(1) or match.group(2) for match in _KNOWN.finditer(text))


def starts_odd_field(text: str, offset: int, stop: int) -> bool:
    """Tell whether ``, name:`` stands at ``offset``: enough for a field where no prose is to be expected."""
    return _ANY_FIELD.match(text, offset, stop) is not None


def starts_field(text: str, offset: int, stop: int, known: frozenset[str]) -> bool:
    """Tell whether a field starts after the comma or line end at ``offset``."""
    if text[offset] == "\n":
        match = _NEXT_LINE.match(text, offset, stop)
    else:
        if _OWN_LINE.match(text, offset, stop):
            return True
        match = _AFTER_COMMA.match(text, offset, stop)
        if match is None:
            match = _ODD_NAME.match(text, offset, stop)
            return (
                match is not None and match["sure"] is not None and match["name"].count("{") == match["name"].count("}")
            )
    if match is None:
        return False
    if match["sure"]:
        return True
    several = " " in match["name"]
    if match["name"].count(" ") >= _MAX_WORDS:
        return False
    label = match["name"].rsplit(" ", 1)[-1].lower()
    marked = _MARKED.match(text, match.end(), stop) is not None
    if match["weak"]:
        return not several or (_PROSE_LABEL.fullmatch(label) is None and (marked or match["weak"] in ("any", "map")))
    if match["odd"]:
        return not several
    if match["rare"]:
        return (marked or not several) and _PROSE_LABEL.fullmatch(label) is None
    if several:
        return marked and _HUMPS.match(match["named"]) is not None
    return _is_type_name(match["named"], label, marked, known)


def _is_type_name(name: str, label: str, marked: bool, known: frozenset[str]) -> bool:
    if name in known or _HUMPS.match(name):
        return True
    if _PROSE_TYPE.fullmatch(name) or _PROSE_LABEL.fullmatch(label) or name.endswith("."):
        return False
    return marked or not name.isupper() or _ACRONYM.fullmatch(name) is not None
