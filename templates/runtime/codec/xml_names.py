"""How XML names what types hold, where that is not what a protocol takes for granted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec


class Xml(msgspec.Struct, frozen=True):
    """How a value is written.

    Attributes:
        name: the name of its element, or of its attribute.
        namespace: the namespace that the element declares: its prefix, which may be empty, and its URI.
        attribute: whether the value is an attribute of the element around it.
        flat: whether the items of a list or map stand in the element around it, without one of their own.
        query: the name in requests of the EC2 protocol, as it stands.
        item: how the items of a list are written.
        key: how the keys of a map are written.
        value: how the values of a map are written.
    """

    name: str | None = None
    namespace: tuple[str, str] | None = None
    attribute: bool = False
    flat: bool = False
    query: str | None = None
    item: Xml | None = None
    key: Xml | None = None
    value: Xml | None = None


PLAIN = Xml()
"""Everything as the protocol has it."""

Members = Mapping[str, "str | Xml"]
"""What there is to say of the members of one structure, by their names in the API."""

Structures = Mapping[str, Members]
"""The same of all structures, by the names of their classes."""


def facts(members: Members, name: str) -> Xml:
    """Return how a member is written; its element has its own name where nothing else is said."""
    found = members.get(name)
    if found is None:
        return Xml(name)
    if isinstance(found, str):
        return Xml(found)
    return found if found.name is not None else msgspec.structs.replace(found, name=name)


def members_of(structures: Structures, cls: Any) -> Members:
    """Return what there is to say of the members of a structure's class."""
    return structures.get(cls.__name__, {})


def local_name(tag: str) -> str:
    """Return an element's name without its namespace."""
    return tag.rpartition("}")[2]
