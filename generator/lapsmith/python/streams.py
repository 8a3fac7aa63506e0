"""What the templates print of event streams."""

from __future__ import annotations

from lapsmith.ir import model as ir
from lapsmith.python import docs, text
from lapsmith.python.shapes import Shapes
from lapsmith.python.spelling import Spelling
from lapsmith.python.view import ClassView, EventView, Parameter, Property, StreamView, UnionView


class Streams:
    """Lowers the event streams of one service."""

    def __init__(self, service: ir.Service, spelling: Spelling, shapes: Shapes) -> None:
        self._service = service
        self._spelling = spelling
        self._shapes = shapes

    def stream(self, op: ir.Operation, output: ClassView) -> StreamView:
        """Lower an operation's event stream."""
        (member,) = op.output_at(ir.Location.EVENTS)
        assert isinstance(member.type, ir.StructureRef)
        union = self._service.shapes[member.type.name]
        assert isinstance(union, ir.EventUnion)
        return StreamView(
            name=self._spelling.streams[op.name],
            operation=op.name,
            union=self._union(union),
            output=output,
            properties=tuple(_property(field) for field in output.fields),
            docstring=text.docstring(docs.stream(op, output.fields), 4),
        )

    def _union(self, union: ir.EventUnion) -> UnionView:
        events = tuple(self._event(wire, name) for wire, name in union.events.items())
        carriers = [
            (e.class_name, e.payload) for e in events if e.payload and isinstance(e.payload.member.type, ir.BlobType)
        ]
        return UnionView(
            alias=self._spelling.unions[union.name],
            constant=self._spelling.union_constants[union.name],
            payload_function=self._spelling.payload_functions[union.name],
            events=events,
            errors=tuple((wire, self._spelling.errors[name]) for wire, name in union.errors.items()),
            payload=carriers[0] if len(carriers) == 1 else None,
        )

    def _event(self, wire_name: str, shape_name: str) -> EventView:
        shape = self._service.shapes[shape_name]
        assert isinstance(shape, ir.Structure)
        return EventView(
            wire_name=wire_name,
            class_name=self._spelling.structures[shape_name],
            parser=self._spelling.event_parsers[shape_name],
            fields=self._shapes.structure(shape).fields,
        )


def _property(field: Parameter) -> Property:
    said = docs.attribute(field)
    return Property(field.name, field.annotation, text.docstring([said[:1].upper() + said[1:]], 8))
