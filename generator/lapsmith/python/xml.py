"""What a client knows of XML: how members are written whose elements are not simply called as they are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

from lapsmith.ir import model as ir
from lapsmith.python.spelling import Spelling
from lapsmith.python.text import literal

Entries = tuple[tuple[str, str], ...]
"""Members by name, each with the expression that tells how it is written."""


@dataclass(frozen=True, slots=True)
class XMLView:
    """The tables of a client: ``structures`` by the names of classes, ``inputs`` by those of operations.

    ``merged`` are the parts of a large client whose structures come on top.
    """

    structures: tuple[tuple[str, Entries], ...]
    inputs: tuple[tuple[str, Entries], ...]
    merged: tuple[str, ...] = ()


def xml_view(service: ir.Service, spelling: Spelling) -> XMLView | None:
    """Return the tables of a client that speaks XML."""
    if service.protocol not in ir.XML_PROTOCOLS:
        return None
    shapes = [
        (spelling.structures[name], entries(shape.members))
        for name, shape in service.shapes.items()
        if isinstance(shape, ir.Structure)
    ]
    shapes += [(spelling.errors[name], entries(error.members)) for name, error in service.errors.items()]
    shapes += [(body_class(op, spelling), entries(op.output)) for op in service.operations]
    inputs = [(op.name, entries(op.input)) for op in service.operations]
    return XMLView(_stated(shapes), _stated(inputs) if service.protocol is not ir.Protocol.REST_XML else ())


def _stated(tables: Iterable[tuple[str, Entries]]) -> tuple[tuple[str, Entries], ...]:
    return tuple((name, table) for name, table in sorted(tables) if table)


def body_class(op: ir.Operation, spelling: Spelling) -> str:
    """Return the class that the body of an answer is read into: the output's, or that of its members in the body."""
    output = spelling.outputs[op.name]
    in_body = len(op.output_at(ir.Location.BODY))
    return f"_{output}Body" if 0 < in_body < len(op.output) else output


def entries(members: Iterable[ir.Member]) -> Entries:
    """Return the entries of those members of a body that are not simply called as they are."""
    return tuple((m.wire_name, _entry(m.xml)) for m in members if m.location is ir.Location.BODY and m.xml)


def _entry(xml: ir.Xml) -> str:
    return literal(xml.name) if xml == ir.Xml(xml.name) else expression(xml)


def expression(xml: ir.Xml) -> str:
    """Return the expression that tells how a value is written."""
    arguments = [] if xml.name is None else [literal(xml.name)]
    for part in fields(xml)[1:]:
        value = getattr(xml, part.name)
        if isinstance(value, ir.Xml):
            arguments.append(f"{part.name}={expression(value)}")
        elif isinstance(value, tuple):
            arguments.append(f"{part.name}=({', '.join(map(literal, value))})")
        elif value:
            arguments.append(f"{part.name}={literal(value)}")
    return f"Xml({', '.join(arguments)})"


def root(op: ir.Operation) -> ir.Xml:
    """Return the root element of a request's body."""
    stated = op.root or ir.Xml()
    return ir.Xml(stated.name or f"{op.name}Request", stated.namespace)


def payload_root(member: ir.Member) -> ir.Xml:
    """Return the root element of a body that is a structure: called after the structure, if nothing else is said."""
    stated = member.xml or ir.Xml()
    name = member.type.name if isinstance(member.type, ir.StructureRef) else member.name
    return ir.Xml(stated.name or name, stated.namespace)


def members_arguments(op: ir.Operation) -> str:
    """Return the arguments that tell, after the types of the members of a body, how it is written."""
    named = ", ".join(f"{literal(name)}: {value}" for name, value in entries(op.input))
    return f", {expression(root(op))}" + (f", {{{named}}}" if named else "")
