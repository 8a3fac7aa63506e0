"""Members as ``key=value`` pairs, as the Query and EC2 protocols have them, compiled from types and names.

Source: Smithy 2.0, "AWS query protocol" and "AWS EC2 query protocol".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, Any, TypeAlias, get_args, get_origin
from urllib.parse import quote_plus

import msgspec

from ..shapes.kinds import is_structure, not_null
from ..shapes.writers import Refused
from .text_form import TextForm
from .xml_names import PLAIN, Structures, Xml, facts, members_of
from .xml_names import Members as Names

Flatten: TypeAlias = Callable[[list[str], str, Any], None]
"""Adds the pairs of a value to a list, under a key."""

_SAFE = re.compile(r"[A-Za-z0-9_.~-]*+")


def _escape(text: str) -> str:
    if (text.isascii() and text.isalnum()) or _SAFE.fullmatch(text):
        return text
    try:
        return quote_plus(text)
    except UnicodeEncodeError as error:
        raise Refused(f"cannot be encoded as UTF-8: {error.reason}") from error


FORM = TextForm(_escape)


class Flattening:
    """Writes members of one service as pairs.

    In the EC2 protocol all lists are flat, and leave no trace when they are empty; names begin with a capital letter.
    """

    def __init__(self, structures: Structures, *, ec2: bool = False) -> None:
        self._names = structures
        self._ec2 = ec2
        self._structures: dict[type[msgspec.Struct], _Structure] = {}

    def members(self, types: Mapping[str, Any], names: Names) -> Mapping[str, tuple[str, Flatten | None]]:
        """Return the key and the writer of each member, whose value is text already where there is none."""
        compiled: dict[str, tuple[str, Flatten | None]] = {}
        for name, kind in types.items():
            xml = facts(names, name)
            compiled[name] = quote_plus(self._key(xml, name)), self._writer(not_null(kind), xml)
        return compiled

    def _key(self, xml: Xml, name: str) -> str:
        called = xml.name or name
        if self._ec2:
            return xml.query or (name if called == name else called[:1].upper() + called[1:])
        return called

    def _writer(self, kind: Any, xml: Xml) -> Flatten | None:
        origin = get_origin(kind)
        if origin is Annotated:
            return None
        if origin is list:
            return self._list(not_null(get_args(kind)[0]), xml)
        if origin is dict:
            return self._map(not_null(get_args(kind)[1]), xml)
        return self._structure(kind).write if is_structure(kind) else None

    def _list(self, item: Any, xml: Xml) -> Flatten:
        inner = xml.item or PLAIN
        write = self._writer(item, inner)
        if self._ec2:
            return partial(_write_list, "", None, write)
        if not xml.flat:
            return partial(_write_list, f".{quote_plus(inner.name or 'member')}", "", write)
        return (
            partial(_write_renamed, quote_plus(inner.name), write)
            if inner.name
            else partial(_write_list, "", "", write)
        )

    def _map(self, value: Any, xml: Xml) -> Flatten:
        part = "" if xml.flat else ".entry"
        key, item = xml.key or PLAIN, xml.value or PLAIN
        names = quote_plus(key.name or "key"), quote_plus(item.name or "value")
        return partial(_write_map, part, *names, self._writer(value, item))

    def _structure(self, cls: type[msgspec.Struct]) -> _Structure:
        found = self._structures.get(cls)
        if found is None:
            found = self._structures[cls] = _Structure(cls, self, members_of(self._names, cls))
        return found


class _Structure:
    """Writes the members of a structure; they are compiled when they are first needed."""

    def __init__(self, cls: type[msgspec.Struct], owner: Flattening, names: Names) -> None:
        self._cls, self._owner, self._names = cls, owner, names
        self._members: Mapping[str, tuple[str, Flatten | None]] | None = None

    def write(self, pairs: list[str], key: str, value: Mapping[str, Any]) -> None:
        """Add the pairs of the structure's members."""
        members = self._members
        if members is None:
            types = {field.encode_name: field.type for field in msgspec.structs.fields(self._cls)}
            members = self._members = self._owner.members(types, self._names)
        write_pairs(members, pairs, f"{key}.", value)


def write_pairs(
    members: Mapping[str, tuple[str, Flatten | None]], pairs: list[str], prefix: str, values: Mapping[str, Any]
) -> None:
    """Add the pairs of members to a list."""
    for name, value in values.items():
        part, write = members[name]
        if write is None:
            pairs.append(f"{prefix}{part}={value}")
        else:
            write(pairs, prefix + part, value)


def _write_list(part: str, empty: str | None, write: Flatten | None, pairs: list[str], key: str, items: Any) -> None:
    if not items:
        if empty is not None:
            pairs.append(f"{key}={empty}")
        return
    start = f"{key}{part}."
    if write is None:
        pairs += [f"{start}{number}={item}" for number, item in enumerate(items, 1)]
        return
    for number, item in enumerate(items, 1):
        write(pairs, f"{start}{number}", item)


def _write_renamed(name: str, write: Flatten | None, pairs: list[str], key: str, items: Any) -> None:
    """Write a flat list whose items have a name of their own, in the place of the list's."""
    _write_list("", "", write, pairs, key[: key.rfind(".") + 1] + name if items else key, items)


def _write_map(
    part: str, key_name: str, value_name: str, write: Flatten | None, pairs: list[str], key: str, entries: Any
) -> None:
    for number, (name, value) in enumerate(entries.items(), 1):
        start = f"{key}{part}.{number}."
        pairs.append(f"{start}{key_name}={name}")
        if write is None:
            pairs.append(f"{start}{value_name}={value}")
        else:
            write(pairs, start + value_name, value)
