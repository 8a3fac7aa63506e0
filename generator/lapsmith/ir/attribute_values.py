"""DynamoDB's attribute values: the union that says of each value which type it has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lapsmith.diagnostics import Span
from lapsmith.ir.context import Context
from lapsmith.ir.model import BlobType, BooleanType, ListType, MapType, Member, StringType, StructureRef, Type


def members_of(name: str) -> Mapping[str, Type]:
    """Return the members of an attribute value whose structure is called ``name``, by their names on the wire.

    Source: Amazon DynamoDB API Reference, "AttributeValue".
    """
    return {
        "S": StringType(),
        "N": StringType(),
        "B": BlobType(),
        "SS": ListType(StringType()),
        "NS": ListType(StringType()),
        "BS": ListType(BlobType()),
        "M": MapType(StringType(), StructureRef(name)),
        "L": ListType(StructureRef(name)),
        "NULL": BooleanType(),
        "BOOL": BooleanType(),
    }


def check_attribute_value(ctx: Context, span: Span, name: str, members: Sequence[Member]) -> None:
    """Report what a structure lacks that is bound as an attribute value."""
    found = {member.wire_name: member.type for member in members}
    wrong = [wire for wire, kind in members_of(name).items() if found.get(wire) != kind]
    if wrong:
        message = f"shape {name} is no attribute value: {', '.join(wrong)} must have the types that DynamoDB gives them"
        ctx.diagnostics.error(span, "wrong-kind", message, "remove 'attribute_value'")
