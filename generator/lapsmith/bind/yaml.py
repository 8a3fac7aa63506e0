"""Plain data to YAML that is read by people: short things on one line, long ones a line each, comments kept.

Only what ``bindings.yaml`` needs: mappings with text keys, lists of words, texts, numbers, yes and no.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

WIDTH = 120
# What YAML 1.1 takes for something other than text, where it is not quoted.
_WORD = re.compile(r"(?!(?:y|n|yes|no|on|off|true|false|null)\Z)[A-Za-z_$/][A-Za-z0-9_$/.+*@-]*", re.I)
_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_/.+{}()|?=&@*'`$<>!~-]*(?: [A-Za-z0-9_/.+{}()|?=&@*$<>!~-]+)*")


class Word(str):
    """A text whose reader takes it by its spelling, so that it needs no quotes: a digest of digits only, say."""


@dataclass(frozen=True, slots=True)
class Noted:
    """A value with a comment behind it."""

    value: object
    comment: str


def dump(document: Mapping[str, object], blocks: Sequence[str]) -> str:
    """Write a mapping. The entries of each key in ``blocks`` get lines of their own even where they are short.

    Raises TypeError for data that is not plain.
    """
    lines: list[str] = []
    for key, value in document.items():
        if isinstance(value, Mapping) and value and key in blocks:
            lines += ["", f"{key}:"]
            for name, entry in value.items():
                lines += _entry(name, entry, "  ", spread=key == blocks[0])
        else:
            lines += _entry(key, value, "")
    return "\n".join(lines) + "\n"


def entries(mapping: Mapping[str, object]) -> Iterator[str]:
    """The lines of a mapping whose entries have lines of their own."""
    for key, value in mapping.items():
        yield from _entry(key, value, "", spread=True)


def _entry(key: str, value: object, margin: str, *, spread: bool = False) -> Iterator[str]:
    """Yield the lines of one entry of a mapping."""
    noted = value if isinstance(value, Noted) else None
    value, comment = (noted.value, f"  # {noted.comment}") if noted else (value, "")
    head = f"{margin}{_key(key)}:"
    if isinstance(value, Mapping) and (spread or _has_notes(value)) and value:
        yield head + comment
        for name, inner in value.items():
            yield from _entry(name, inner, margin + "  ")
        return
    line = f"{head} {_flow(value, block=True)}{comment}"
    if len(line) <= WIDTH or isinstance(value, str) or not isinstance(value, Mapping | list | tuple) or not value:
        yield line
    elif isinstance(value, Mapping):
        yield head + comment
        for name, inner in value.items():
            yield from _entry(name, inner, margin + "  ")
    else:
        yield from _list(head, value, margin + "  ")


def _list(head: str, items: Sequence[object], margin: str) -> Iterator[str]:
    """A list of words in lines filled to the width; of anything else, an item a line."""
    if any(isinstance(item, Mapping | Noted) for item in items):
        yield head
        yield from (f"{margin}- {_flow(item)}" for item in items)
        return
    line = f"{head} ["
    for index, item in enumerate(items):
        text = _flow(item) + ("]" if index == len(items) - 1 else ",")
        if len(line) + len(text) + 1 > WIDTH and line.strip():
            yield line.rstrip()
            line = margin
        line += text + " "
    yield line.rstrip()


def _has_notes(value: object) -> bool:
    if isinstance(value, Mapping):
        return any(_has_notes(inner) for inner in value.values())
    return isinstance(value, Noted)


def _flow(value: object, *, block: bool = False) -> str:
    """A value on one line. ``block``: outside of brackets, where more texts need no quotes."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(key)}: {_flow(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, Word):
        return str(value)
    if isinstance(value, str):
        plain = _WORD.fullmatch(value) or (block and _PLAIN.fullmatch(value) and " " in value)
        return value if plain else _quoted(value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    raise TypeError(f"{type(value).__name__} cannot be written as YAML")


def _key(name: str) -> str:
    return name if _WORD.fullmatch(name) else _quoted(name)


def _quoted(text: str) -> str:
    """A text in double quotes; what YAML does not allow, or nobody can see, is escaped."""
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
