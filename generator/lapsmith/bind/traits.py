"""Traits of service models that hold for more than the shape that carries them."""

from __future__ import annotations

from collections.abc import Mapping

from lapsmith.bind.model import Member, Shape

# Amazon DynamoDB API Reference, "AttributeValue". AWS's models do not mark it as the union that it is.
_ATTRIBUTE_VALUE: Mapping[str, str] = {
    "S": "string",
    "N": "string",
    "B": "blob",
    "SS": "list of string",
    "NS": "list of string",
    "BS": "list of blob",
    "M": "map of itself",
    "L": "list of itself",
    "NULL": "boolean",
    "BOOL": "boolean",
}


def is_attribute_value(shape: Shape) -> bool:
    """Whether a structure is DynamoDB's union of typed values."""
    found = {name: _spelled(shape, member) for name, member in shape.members.items()}
    return _ATTRIBUTE_VALUE.items() <= found.items()


def _spelled(holder: Shape, member: Member) -> str:
    shape = member.shape
    if shape.item is None:
        return shape.type
    item = shape.item.shape
    return f"{shape.type} of {'itself' if item is holder else item.type}"


def is_sensitive(holder: Shape | None, member: Member) -> bool:
    """Whether the value of a member must not be printed.

    The trait may stand on the member, on its shape or on what holds it, or on items, keys or values of lists and maps.
    A structure's own members say it for themselves.
    """
    if holder is not None and holder.traits.get("sensitive") is True:
        return True
    seen: set[str] = set()
    waiting = [member]
    while waiting:
        part = waiting.pop()
        says_so = part.shape.type == "structure" and not part.shape.is_document
        if (part.traits if says_so else {**part.shape.traits, **part.traits}).get("sensitive") is True:
            return True
        if part.shape.name not in seen and part.shape.type in ("list", "map"):
            seen.add(part.shape.name)
            waiting += part.shape.references
    return False
