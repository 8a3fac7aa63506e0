"""How members are written in XML: what the bindings say, checked against the types."""

from __future__ import annotations

from dataclasses import replace

from lapsmith.bindings.model import Fact, MemberBinding, OperationBinding, XmlBinding
from lapsmith.ir.context import Context
from lapsmith.ir.model import XML_PROTOCOLS, ListType, Location, MapType, Member, Protocol, StructureRef, Type, Xml
from lapsmith.ir.wire import describe

_PLAIN = Xml()


def with_xml(ctx: Context, where: str, member: Member, bound: MemberBinding | None) -> Member:
    """A member with what its binding says of XML. That of a body goes by its own name in every other way."""
    stated = bound.xml if bound else None
    if ctx.protocol not in XML_PROTOCOLS:
        if stated is not None:
            message = f"'{where}' has 'xml', but the protocol {ctx.protocol} has none"
            ctx.diagnostics.error(stated.span, "xml-unused", message, "remove it")
        return member
    if member.location not in (Location.BODY, Location.PAYLOAD):
        return member
    xml = _xml(ctx, where, member.type, stated) if stated else _PLAIN
    if member.location is Location.BODY and member.wire_name != member.name:
        xml = replace(xml, name=member.wire_name)
    origins = {**member.origins, "xml": ctx.origin(stated.span)} if stated else member.origins
    name = member.name if member.location is Location.BODY else member.wire_name
    return replace(member, wire_name=name, xml=xml if xml != _PLAIN else None, origins=origins)


def _xml(ctx: Context, where: str, kind: Type, stated: XmlBinding) -> Xml:
    _check(ctx, where, kind, stated)
    item = kind.item if isinstance(kind, ListType) else kind
    key, value = (kind.key, kind.value) if isinstance(kind, MapType) else (kind, kind)
    return Xml(
        name=_value(stated.name),
        namespace=stated.namespace.value if stated.namespace else None,
        attribute=bool(stated.attribute and stated.attribute.value),
        flat=bool(stated.flat and stated.flat.value),
        query=_value(stated.query),
        item=_xml(ctx, f"{where}[]", item, stated.item) if stated.item else None,
        key=_xml(ctx, f"{where}.key", key, stated.key) if stated.key else None,
        value=_xml(ctx, f"{where}.value", value, stated.value) if stated.value else None,
    )


def _value(fact: Fact[str] | None) -> str | None:
    return fact.value if fact else None


def _check(ctx: Context, where: str, kind: Type, stated: XmlBinding) -> None:
    has_items = isinstance(kind, ListType | MapType)
    wrong = {
        "flat": (stated.flat, has_items, "only lists and maps can be flat"),
        "attribute": (stated.attribute, not has_items and not isinstance(kind, StructureRef), "only text can be one"),
        "item": (stated.item, isinstance(kind, ListType), "only lists have items"),
        "key": (stated.key, isinstance(kind, MapType), "only maps have keys"),
        "value": (stated.value, isinstance(kind, MapType), "only maps have values"),
    }
    for name, (fact, fits, why) in wrong.items():
        if fact is not None and not fits:
            message = f"'{where}' is {describe(kind)}, and {why}"
            ctx.diagnostics.error(fact.span, "wrong-kind", message, f"remove '{name}'")


def in_order(ctx: Context, members: tuple[Member, ...], binding: OperationBinding | None) -> tuple[Member, ...]:
    """The members of an input in the order of their bindings, where they are elements: services may insist on it."""
    if binding is None or ctx.protocol is not Protocol.REST_XML:
        return members
    order = {entry.member.value if entry.member else name: at for at, (name, entry) in enumerate(binding.input.items())}
    return tuple(sorted(members, key=lambda member: order.get(member.name, len(order))))


def root_of(binding: OperationBinding | None) -> Xml | None:
    """The element that is the body of an operation's requests, where the bindings say something of it."""
    stated = binding.xml if binding else None
    if stated is None or not (stated.name or stated.namespace):
        return None
    return Xml(name=_value(stated.name), namespace=stated.namespace.value if stated.namespace else None)


def wrapper_of(binding: OperationBinding | None) -> str | None:
    """The element around an operation's output, where the bindings name one."""
    return _value(binding.xml.wrapper) if binding and binding.xml else None
