"""How deep the smallest value of a shape is: what ends the recursion when values are drawn."""

from __future__ import annotations

from typing import Any

# Amazon DynamoDB API Reference, "AttributeValue": AWS's models do not mark it as the union that it is.
_ATTRIBUTE_VALUE = frozenset({"S", "N", "B", "SS", "NS", "BS", "M", "L", "NULL", "BOOL"})


def is_union(shape: Any) -> bool:
    """Whether exactly one member of a structure is set."""
    return bool(shape.is_tagged_union) or shape.members.keys() >= _ATTRIBUTE_VALUE


class Depths:
    """The depth of the smallest value of each shape, each computed once."""

    def __init__(self) -> None:
        self._known: dict[str, float] = {}

    def of(self, shape: Any) -> float:
        """Return how many structures deep the smallest value of a shape is; infinite inside a recursion."""
        if shape.type_name != "structure" or shape.is_document_type:
            return 0
        if shape.name not in self._known:
            self._known[shape.name] = float("inf")
            members = shape.members
            if is_union(shape):
                needed = min((self.of(member) for member in members.values()), default=0)
            else:
                needed = max((self.of(members[name]) for name in shape.required_members if name in members), default=0)
            self._known[shape.name] = 1 + needed
        return self._known[shape.name]
