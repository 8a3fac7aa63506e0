"""The values that a service model lists for texts: which members have which, and what each list is called."""

from __future__ import annotations

from lapsmith.bind.model import Member, Shape

# Far more than any model has; a list may hold itself.
_DEEPEST = 8


class Enums:
    """Collects the enums of one service: ``found`` has those that were met, by name."""

    def __init__(self) -> None:
        self.found: dict[str, list[str]] = {}

    def of(self, holder: Shape, member: Member, depth: int = 0) -> object:
        """The ``enum`` of a member: a name, or the names of a map's keys and values; None where there are none."""
        shape = member.shape
        if depth > _DEEPEST:
            return None
        if shape.type == "string":
            return self._text(holder, member)
        below = self.of(shape, shape.item, depth + 1) if shape.item else None
        keys = self._text(shape, shape.key) if shape.key else None
        if shape.type != "map" or (keys is None and isinstance(below, str)):
            return below
        parts = {"keys": keys, "values": below}
        return {part: name for part, name in parts.items() if name is not None} or None

    def _text(self, holder: Shape, member: Member) -> str | None:
        """The name of a text's enum: that of its shape, or of the member that restricts a shape of any text."""
        values = [value for value in dict.fromkeys(member.trait("enum") or ()) if value]
        if not values:
            return None
        # No shape has a dot in its name.
        name = f"{holder.name}.{member.name}" if "enum" in member.traits else member.shape.name
        self.found[name] = values
        return name
