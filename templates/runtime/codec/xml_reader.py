"""Elements to values: readers compiled from types, and from what is said of how they are written.

A reader is a function of one element. Those of structures are compiled when they are first needed. They read what is as
it should be without a second look; what is not goes to :mod:`lenient`, which reads everything as AWS asks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any, TypeAlias, get_args, get_origin
from xml.etree.ElementTree import Element

import msgspec

from ..shapes import lenient
from ..shapes.kinds import has_null, is_structure, not_null
from ..shapes.lenient import Unreadable
from ..shapes.structures import Union, UnknownMember, hide_keys
from ..shapes.timestamps import read_timestamp
from .xml_names import PLAIN, Structures, Xml, facts, local_name, members_of

Read: TypeAlias = Callable[[Element], Any]
_Put: TypeAlias = Callable[[dict[str, Any], Element], None]
_Slot: TypeAlias = Any
"""An attribute, what reads its value, and what adds to it where elements of one name are its items; of text, the
attribute alone."""

_KEY, _VALUE = Xml("key"), Xml("value")
_MOST_TAGS = 1000


def _text(element: Element) -> str:
    return element.text or ""


def _integer(element: Element) -> int | None:
    text = element.text
    if not text or text.isspace():
        return None
    try:
        return int(text)
    except ValueError:
        found: int = lenient.read(text, int)
        return found


def _number(element: Element) -> float | None:
    text = element.text
    if not text or text.isspace():
        return None
    try:
        return float(text)
    except ValueError:
        raise Unreadable("a number", text) from None


def _boolean(element: Element) -> bool | None:
    text = element.text
    if text == "true":
        return True
    if text == "false":
        return False
    return None if not text or text.isspace() else lenient.read(text, bool)


def _blob(element: Element) -> bytes:
    found: bytes = lenient.read(element.text or "", bytes)
    return found


def _timestamp(element: Element) -> datetime | None:
    text = element.text
    if not text or text.isspace():
        return None
    try:
        if text[4:5] == "-":
            found = datetime.fromisoformat(text)
            return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
    except ValueError:
        pass
    try:
        return read_timestamp(text)
    except ValueError:
        raise Unreadable("a timestamp", text) from None


def _any(element: Element) -> Any:
    """Read what has no description: text, or the elements in it by name."""
    if not len(element):
        return element.text or ""
    found: dict[str, Any] = {}
    for child in element:
        name, value = local_name(child.tag), _any(child)
        if name in found:
            before = found[name]
            found[name] = [*before, value] if isinstance(before, list) else [before, value]
        else:
            found[name] = value
    return found


_SCALARS: Mapping[Any, Read] = {
    str: _text,
    int: _integer,
    float: _number,
    bool: _boolean,
    bytes: _blob,
    datetime: _timestamp,
    Any: _any,
}


class Readers:
    """The readers of one service; ``structures`` says how their members are written."""

    def __init__(self, structures: Structures) -> None:
        self._names = structures
        self._compiled: dict[Any, StructureReader] = {}

    def reader(self, kind: Any, xml: Xml = PLAIN) -> Read:
        """Return the reader of a type."""
        kind = not_null(kind)
        if get_origin(kind) is Annotated:
            kind = get_args(kind)[0]
        if kind in _SCALARS:
            return _SCALARS[kind]
        origin = get_origin(kind)
        if origin is list:
            item = get_args(kind)[0]
            return partial(_read_list, self.reader(item, xml.item or PLAIN), has_null(item))
        if origin is dict:
            return partial(_read_map, self.entry(kind, xml))
        if is_structure(kind):
            return self.structure(kind).read
        raise RuntimeError(f"no member of a response can be {kind!r}")

    def structure(self, cls: type[msgspec.Struct]) -> StructureReader:
        """Return the reader of a structure."""
        found = self._compiled.get(cls)
        if found is None:
            found = self._compiled[cls] = StructureReader(cls, self, members_of(self._names, cls))
        return found

    def entry(self, kind: Any, xml: Xml) -> _Put:
        """Return what adds an entry of a map."""
        value = get_args(kind)[1]
        key, item = xml.key or _KEY, xml.value or _VALUE
        names = key.name or "key", item.name or "value"
        return partial(_put_entry, *names, self.reader(value, item), has_null(value))


def _read_list(read: Read, nulls: bool, element: Element) -> list[Any]:
    items: list[Any] = []
    try:
        for child in element:
            value = read(child)
            if value is not None or nulls:
                items.append(value)
    except Unreadable as error:
        error.path.append(f"[{len(items)}]")
        raise
    return items


def _read_map(put: _Put, element: Element) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for child in element:
        put(found, child)
    return found


def _put_entry(
    key_name: str, value_name: str, read: Read, nulls: bool, found: dict[str, Any], element: Element
) -> None:
    key, value = "", None
    try:
        for child in element:
            name = local_name(child.tag)
            if name == key_name:
                key = child.text or ""
            elif name == value_name:
                value = read(child)
    except Unreadable as error:
        error.path.append(f"[{key!r}]")
        raise
    if value is not None or nulls:
        found[key] = value


class StructureReader:
    """Reads a structure from an element: members by name, wherever they stand; those that it does not know are ignored.

    An empty element is an empty text, blob, list, map or structure, and no number, boolean or timestamp.
    """

    def __init__(self, cls: type[msgspec.Struct], readers: Readers, names: Mapping[str, str | Xml]) -> None:
        self._cls = cls
        self._readers = readers
        self._names = names
        self._slots: _Slots | None = None
        self._attributes: dict[str, tuple[str, Read]] = {}
        self._is_union = issubclass(cls, Union)

    def _compile(self) -> _Slots:
        slots: dict[str, _Slot] = {}
        for field in msgspec.structs.fields(self._cls):
            xml = facts(self._names, field.encode_name)
            name = xml.name or field.encode_name
            kind = not_null(field.type)
            if xml.attribute:
                self._attributes[name.rpartition(":")[2]] = field.name, self._readers.reader(kind)
            elif xml.flat and get_origin(kind) is list:
                item = xml.item or PLAIN
                slots[item.name or name] = field.name, None, self._put_item(field.name, kind, item)
            elif xml.flat and get_origin(kind) is dict:
                slots[name] = field.name, None, partial(_put_in, field.name, self._readers.entry(kind, xml))
            else:
                read = self._readers.reader(kind, xml)
                slots[name] = field.name if read is _text else (field.name, read, None)
        self._slots = _Slots(slots)
        return self._slots

    def _put_item(self, name: str, kind: Any, item: Xml) -> _Put:
        inner = get_args(kind)[0]
        return partial(_put_item, name, self._readers.reader(inner, item), has_null(inner))

    def read(self, element: Element) -> Any:
        """Read the structure. Raises :class:`Unreadable`."""
        slots = self._slots or self._compile()
        members: dict[str, Any] = {}
        name = ""
        try:
            for child in element:
                slot = slots[child.tag]
                if slot.__class__ is str:
                    members[slot] = child.text or ""
                elif slot is not None:
                    name, read, put = slot
                    if read is None:
                        put(members, child)
                    elif (value := read(child)) is not None:
                        members[name] = value
            if self._attributes:
                self._read_attributes(element, members)
            structure = self._cls(**members)
        except Unreadable as error:
            if name in getattr(self._cls, "_sensitive", ()):
                hide_keys(error.path)
            error.path.append(f".{self._encoded(name)}")
            raise
        except TypeError:
            raise Unreadable(f"the required members of {self._cls.__name__}", members) from None
        if self._is_union and not members:
            _tell_unknown(structure, element)
        return structure

    def _read_attributes(self, element: Element, members: dict[str, Any]) -> None:
        for tag, text in element.attrib.items():
            found = self._attributes.get(local_name(tag))
            if found is not None and found[0] not in members:
                holder = Element("")
                holder.text = text
                members[found[0]] = found[1](holder)

    def _encoded(self, name: str) -> str:
        return next(each.encode_name for each in msgspec.structs.fields(self._cls) if each.name == name)


def _tell_unknown(structure: Any, element: Element) -> None:
    """Tell of the member of a union that its class does not have."""
    for child in element:
        structure.with_unknown_member(UnknownMember(name=local_name(child.tag), value=_any(child)))


class _Slots(dict[str, _Slot]):
    """The slots of a structure by tag, for any namespace: what a service adds to a tag is looked up once."""

    def __missing__(self, tag: str) -> _Slot:
        name = local_name(tag)
        slot = self.get(name) if name != tag else None
        if len(self) < _MOST_TAGS:
            self[tag] = slot
        return slot


def _put_in(name: str, put: _Put, members: dict[str, Any], element: Element) -> None:
    put(members.setdefault(name, {}), element)


def _put_item(name: str, read: Read, nulls: bool, members: dict[str, Any], element: Element) -> None:
    items: list[Any] = members.setdefault(name, [])
    try:
        value = read(element)
    except Unreadable as error:
        error.path.append(f"[{len(items)}]")
        raise
    if value is not None or nulls:
        items.append(value)
