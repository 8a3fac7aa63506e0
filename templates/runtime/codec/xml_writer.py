"""Structures as elements, compiled from types and from what is said of how they are written.

Elements stand in the order of the class, whatever the order in which their values were given.
Source: Smithy 2.0, "XML bindings".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, Any, TypeAlias, get_args, get_origin

import msgspec

from ..shapes.kinds import is_structure, not_null
from ..shapes.members import write_value
from ..shapes.writers import Refused
from .text_form import TextForm
from .xml_names import PLAIN, Structures, Xml, facts, members_of
from .xml_names import Members as Names

Put: TypeAlias = Callable[[list[str], str, Any], None]
"""Adds the elements of a value to a list, under a name."""

_ESCAPES = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    "\r": "&#xD;",
    "\n": "&#xA;",
    "\x85": "&#x85;",
    "\u2028": "&#x2028;",
}
_ESCAPED = re.compile("[&<>\r\n\x85\u2028]")
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _escape(text: str) -> str:
    found = _NO_XML.search(text)
    if found:
        raise Refused(f"has the character U+{ord(found[0]):04X}, which XML cannot hold")
    return _ESCAPED.sub(lambda match: _ESCAPES[match[0]], text)


FORM = TextForm(_escape)


class Writers:
    """The writers of one service; ``structures`` says how their members are written."""

    def __init__(self, structures: Structures) -> None:
        self._names = structures
        self._compiled: dict[type[msgspec.Struct], Content] = {}

    def document(self, kind: Any, value: Any, root: Xml = PLAIN) -> bytes:
        """Write a structure as a document, whose root is called after its class where ``root`` says nothing else.

        Raises :class:`InvalidInput`, saying where, for what does not fit.
        """
        parts: list[str] = []
        written = write_value(kind, value, FORM, "the payload")
        self.writer(kind, root)(parts, root.name or kind.__name__, written)
        return "".join(parts).encode()

    def content(self, types: Mapping[str, Any], names: Names) -> Content:
        """Return the writer of what stands in an element that has these members."""
        return Content(types, names, self)

    def writer(self, kind: Any, xml: Xml = PLAIN) -> Put:
        """Return the writer of a type."""
        kind, declared = not_null(kind), _declared(xml)
        origin = get_origin(kind)
        if origin is list:
            inner = xml.item or PLAIN
            if xml.flat and inner.namespace is None:
                inner = msgspec.structs.replace(inner, namespace=xml.namespace)
            write = self.writer(get_args(kind)[0], inner)
            return _put_items(write) if xml.flat else partial(_put_list, inner.name or "member", write, declared)
        if origin is dict:
            return self._map(get_args(kind)[1], xml, declared)
        if origin is not Annotated and is_structure(kind):
            return partial(_put_structure, self._structure(kind), declared)
        return partial(_put_text, declared)

    def _map(self, value: Any, xml: Xml, declared: str) -> Put:
        key, item = xml.key or PLAIN, xml.value or PLAIN
        put_key = partial(_put_text, _declared(key), name=key.name or "key")
        write = self.writer(value, item)
        entry = partial(_put_entry, put_key, item.name or "value", write)
        return partial(_put_entries, entry) if xml.flat else partial(_put_map, entry, declared)

    def _structure(self, cls: type[msgspec.Struct]) -> Content:
        found = self._compiled.get(cls)
        if found is None:
            # A structure may hold itself, so its members are compiled when they are first needed.
            found = self._compiled[cls] = Content(None, members_of(self._names, cls), self, cls)
        return found


class Content:
    """Writes the attributes of an element, and the elements in it."""

    def __init__(
        self, types: Mapping[str, Any] | None, names: Names, writers: Writers, cls: type[msgspec.Struct] | None = None
    ) -> None:
        self._types, self._names, self._writers, self._cls = types, names, writers, cls
        self._attributes: list[tuple[str, str]] = []
        self._members: list[tuple[str, str, Put]] | None = None

    def _compile(self) -> list[tuple[str, str, Put]]:
        types = self._types
        if types is None:
            fields = msgspec.structs.fields(self._cls) if self._cls else ()
            types = {field.encode_name: field.type for field in fields}
        members: list[tuple[str, str, Put]] = []
        for name, kind in types.items():
            xml = facts(self._names, name)
            if xml.attribute:
                self._attributes.append((name, xml.name or name))
            else:
                members.append((name, xml.name or name, self._writers.writer(kind, xml)))
        self._members = members
        return members

    def document(self, root: Xml, values: Mapping[str, Any]) -> bytes:
        """Return a document with the element as its root."""
        parts: list[str] = []
        self.put(parts, root.name or "", _declared(root), values)
        return "".join(parts).encode()

    def put(self, parts: list[str], name: str, declared: str, values: Mapping[str, Any]) -> None:
        """Add the element."""
        members = self._compile() if self._members is None else self._members
        attributes = "".join(
            f' {attribute}="{_quotable(values[member])}"' for member, attribute in self._attributes if member in values
        )
        parts.append(f"<{name}{declared}{attributes}>")
        for member, element, write in members:
            if member in values:
                write(parts, element, values[member])
        parts.append(f"</{name}>")


def _quotable(text: str) -> str:
    return text.replace('"', "&quot;").replace("\t", "&#9;")


def _declared(xml: Xml) -> str:
    """Return the declaration of a namespace, as it stands in a start tag."""
    if xml.namespace is None:
        return ""
    prefix, uri = xml.namespace
    return f' xmlns{":" if prefix else ""}{prefix}="{_quotable(_escape(uri))}"'


def _put_text(declared: str, parts: list[str], name: str, value: Any) -> None:
    parts.append(f"<{name}{declared}>{value}</{name}>")


def _put_structure(content: Content, declared: str, parts: list[str], name: str, value: Any) -> None:
    content.put(parts, name, declared, value)


def _put_items(write: Put) -> Put:
    def put(parts: list[str], name: str, items: Any) -> None:
        for item in items:
            write(parts, name, item)

    return put


def _put_list(item_name: str, write: Put, declared: str, parts: list[str], name: str, items: Any) -> None:
    parts.append(f"<{name}{declared}>")
    for item in items:
        write(parts, item_name, item)
    parts.append(f"</{name}>")


def _put_entry(
    put_key: Callable[..., None], value_name: str, write: Put, parts: list[str], name: str, key: str, value: Any
) -> None:
    parts.append(f"<{name}>")
    put_key(parts, value=key)
    write(parts, value_name, value)
    parts.append(f"</{name}>")


def _put_entries(entry: Callable[..., None], parts: list[str], name: str, entries: Any) -> None:
    for key, value in entries.items():
        entry(parts, name, key, value)


def _put_map(entry: Callable[..., None], declared: str, parts: list[str], name: str, entries: Any) -> None:
    parts.append(f"<{name}{declared}>")
    _put_entries(entry, parts, "entry", entries)
    parts.append(f"</{name}>")
