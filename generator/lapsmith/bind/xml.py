"""What a service model says of XML, as the ``xml`` of members and operations in bindings."""

from __future__ import annotations

from collections.abc import Mapping

from lapsmith.bind.model import Member, Operation, Shape
from lapsmith.ir.model import XML_PROTOCOLS

Entry = dict[str, object]


def speaks_xml(protocol: str) -> bool:
    """Whether bodies of a protocol are XML, or forms that are written like it."""
    return protocol in XML_PROTOCOLS


def of_member(member: Member, place: str, protocol: str) -> object:
    """The ``xml`` of a member; None where the protocol's defaults hold.

    The name of a body member's element is the ``name`` of its binding; a payload's is here.
    """
    entry = _entry(member, protocol, frozenset())
    if place == "payload":
        name = member.trait("locationName")
        entry = {"name": name} | entry if name else entry
    elif place == "body" and protocol == "ec2" and member.trait("queryName"):
        entry["query"] = member.trait("queryName")
    elif place != "body":
        return None
    return _shortened(entry)


def in_order(shape: Shape, members: Mapping[str, Member]) -> dict[str, Member]:
    """Members of a structure in the model's order."""
    order = list(shape.members)
    return dict(sorted(members.items(), key=lambda item: order.index(item[1].name)))


def _entry(member: Member, protocol: str, seen: frozenset[str]) -> Entry:
    entry: Entry = {}
    if protocol == "rest-xml" and (namespace := _namespace(member.trait("xmlNamespace"))):
        entry["namespace"] = namespace
    if member.trait("xmlAttribute") is True:
        entry["attribute"] = True
    if member.trait("flattened") is True:
        entry["flat"] = True
    shape = member.shape
    if shape.name in seen or shape.type not in ("list", "map"):
        return entry
    inner = seen | {shape.name}
    if shape.type == "list" and shape.item:
        # Items are read whatever they are called, and EC2's requests have no names for them.
        is_named = protocol != "ec2" or "flat" in entry
        entry |= _part("item", shape.item, "member", protocol, inner, named=is_named)
    elif shape.key and shape.item:
        entry |= _part("key", shape.key, "key", protocol, inner)
        entry |= _part("value", shape.item, "value", protocol, inner)
    return entry


def _part(key: str, part: Member, usual: str, protocol: str, seen: frozenset[str], *, named: bool = True) -> Entry:
    """The entry of a list's items, or of a map's keys or values, ``usual`` if nothing else is said."""
    name = part.trait("locationName")
    entry: Entry = {"name": name} if named and name and name != usual else {}
    entry |= _entry(part, protocol, seen)
    return {key: _shortened(entry)} if entry else {}


def _namespace(trait: object) -> object:
    if isinstance(trait, str):
        return trait
    if isinstance(trait, dict):
        return {"prefix": trait["prefix"], "uri": trait["uri"]} if trait.get("prefix") else trait["uri"]
    return None


def _shortened(entry: Entry) -> object:
    return (entry["name"] if list(entry) == ["name"] else entry) or None


def of_operation(operation: Operation, protocol: str) -> Entry:
    """The ``xml`` of an operation: its root element, or what is around its output."""
    if protocol == "rest-xml" and operation.input is not None and _has_body(operation.input):
        return _root(operation)
    if protocol == "query" and operation.output is not None:
        wrapper = (operation.output.traits | operation.traits["output"]).get("resultWrapper")
        return {"wrapper": wrapper} if wrapper not in (None, f"{operation.name}Result") else {}
    return {}


def _root(operation: Operation) -> Entry:
    assert operation.input is not None
    traits = {**operation.input.traits, **operation.traits["input"]}
    entry: Entry = {}
    if traits.get("locationName") not in (None, f"{operation.name}Request"):
        entry["name"] = traits["locationName"]
    if namespace := _namespace(traits.get("xmlNamespace")):
        entry["namespace"] = namespace
    return entry


def _has_body(shape: Shape) -> bool:
    return shape.payload is None and any(member.location is None for member in shape.members.values())
