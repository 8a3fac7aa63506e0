"""What bindings say of a member's wire form, checked against its type."""

from __future__ import annotations

import re
from dataclasses import replace

from lapsmith.bindings.model import Fact, MemberBinding
from lapsmith.ir.context import Context
from lapsmith.ir.model import (
    BlobType,
    BooleanType,
    DocumentType,
    FloatType,
    IntegerType,
    ListType,
    Location,
    MapType,
    Origin,
    StringType,
    StructureRef,
    TimestampFormat,
    TimestampType,
    Type,
)

SCALARS = (StringType, IntegerType, FloatType, BooleanType, TimestampType)
# RFC 9110 section 5.6.2.
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")


def wire_name(ctx: Context, bound: MemberBinding | None, name: str, stated: Origin) -> tuple[str, Origin]:
    """The name on the wire: the bindings', else the spec's."""
    if bound is not None and bound.name is not None:
        return bound.name.value, ctx.of(bound.name)
    return name, stated


def refine(
    ctx: Context, where: str, kind: Type, location: Location, bound: MemberBinding, stated: Origin
) -> tuple[Type, Origin]:
    """Apply ``base64``, ``timestamp``, ``sparse``, ``streaming``, ``sized`` and ``json`` of a binding to a type.

    Those that make no sense for it are reported, and so is ``end``.
    """
    origin = stated
    if bound.end is not None:
        message = f"'{where}' is not an event, so it cannot end a stream"
        ctx.diagnostics.error(bound.end.span, "not-an-event", message, "remove 'end'")
    if bound.base64 is not None and bound.base64.value:
        if isinstance(kind, StringType | BlobType) and location is Location.BODY:
            kind, origin = BlobType(), ctx.of(bound.base64)
        else:
            message = f"'{where}' is {describe(kind)}, and only text in a body can be base64"
            ctx.diagnostics.error(bound.base64.span, "wrong-kind", message, "remove 'base64'")
    if bound.timestamp is not None:
        timed = _with_format(kind, TimestampFormat(bound.timestamp.value))
        if timed == kind and not _has_timestamp(kind):
            message = f"'{where}' is {describe(kind)}, so it has no timestamp format"
            ctx.diagnostics.error(bound.timestamp.span, "wrong-kind", message, "remove 'timestamp'")
        kind, origin = timed, ctx.of(bound.timestamp)
    if bound.sparse is not None and bound.sparse.value:
        if isinstance(kind, ListType | MapType):
            kind, origin = replace(kind, sparse=True), ctx.of(bound.sparse)
        else:
            message = f"'{where}' is {describe(kind)}, and only lists and maps can be sparse"
            ctx.diagnostics.error(bound.sparse.span, "wrong-kind", message, "remove 'sparse'")
    if bound.json is not None and bound.json.value:
        if isinstance(kind, StringType | DocumentType):
            # Elsewhere AWS's SDKs leave such text to the caller.
            kind = DocumentType() if location is Location.HEADER else kind
        else:
            message = f"'{where}' is {describe(kind)}, and only text can hold JSON"
            ctx.diagnostics.error(bound.json.span, "wrong-kind", message, "remove 'json'")
    if bound.streaming is not None and bound.streaming.value:
        if isinstance(kind, BlobType) and location is Location.PAYLOAD:
            kind, origin = replace(kind, streaming=True), ctx.of(bound.streaming)
        else:
            message = f"'{where}' cannot be streamed: only bytes that are the payload can"
            ctx.diagnostics.error(bound.streaming.span, "wrong-kind", message, "remove 'streaming'")
    if bound.sized is not None and bound.sized.value:
        if isinstance(kind, BlobType) and kind.streaming:
            kind, origin = replace(kind, sized=True), ctx.of(bound.sized)
        else:
            message = f"'{where}' is not streamed, so its length is always known"
            ctx.diagnostics.error(bound.sized.span, "wrong-kind", message, "remove 'sized'")
    return kind, origin


def _with_format(kind: Type, form: TimestampFormat) -> Type:
    match kind:
        case TimestampType():
            return TimestampType(form)
        case ListType(item):
            return replace(kind, item=_with_format(item, form))
        case MapType(_, value):
            return replace(kind, value=_with_format(value, form))
        case _:
            return kind


def _has_timestamp(kind: Type) -> bool:
    match kind:
        case ListType(item) | MapType(_, item):
            return _has_timestamp(item)
        case _:
            return isinstance(kind, TimestampType)


def flag(ctx: Context, name: str, fact: Fact[bool] | None, origins: dict[str, Origin]) -> bool:
    """A yes/no fact of a binding, with its origin where it is stated; no where it is not."""
    if fact is None:
        return False
    origins[name] = ctx.of(fact)
    return fact.value


def is_token(name: str) -> bool:
    """Whether ``name`` can be a header's name (RFC 9110)."""
    return _TOKEN.fullmatch(name) is not None


def fits(kind: Type, location: Location) -> bool:
    """Whether a value of this type can travel there."""
    if location is Location.LABEL:
        return isinstance(kind, SCALARS)
    if location in (Location.QUERY, Location.HEADER):
        return isinstance(kind, SCALARS) or (isinstance(kind, ListType) and isinstance(kind.item, SCALARS))
    if location is Location.STATUS:
        return isinstance(kind, IntegerType)
    if location in (Location.QUERY_MAP, Location.HEADER_MAP):
        return isinstance(kind, MapType)
    if location is Location.EVENT_HEADER:
        return isinstance(kind, (*SCALARS, BlobType)) and not isinstance(kind, FloatType)
    if location in (Location.PAYLOAD, Location.EVENT_PAYLOAD):
        return isinstance(kind, StringType | BlobType | StructureRef | DocumentType)
    return True


def describe(kind: Type) -> str:
    """A type in words, for messages."""
    words: dict[type, str] = {
        StringType: "text",
        IntegerType: "a whole number",
        FloatType: "a number",
        BooleanType: "true or false",
        BlobType: "bytes",
        TimestampType: "a timestamp",
        DocumentType: "any value",
        ListType: "a list",
        MapType: "a map",
        StructureRef: "a structure",
    }
    return words[type(kind)]
