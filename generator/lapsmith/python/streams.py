"""What the templates print of streams: events, and bodies that are read piecewise."""

from __future__ import annotations

from collections.abc import Iterable

from lapsmith.ir import model as ir
from lapsmith.python import docs, text
from lapsmith.python.shapes import Shapes
from lapsmith.python.spelling import Spelling
from lapsmith.python.view import (
    ClassView,
    EventEndView,
    EventStreamView,
    EventView,
    Parameter,
    Property,
    StreamView,
    UnionView,
)


class Streams:
    """Lowers the streams of one service."""

    def __init__(self, service: ir.Service, spelling: Spelling, shapes: Shapes) -> None:
        self._service = service
        self._spelling = spelling
        self._shapes = shapes
        self._is_rpc = service.protocol not in (ir.Protocol.REST_JSON, ir.Protocol.REST_XML)

    def stream(self, op: ir.Operation, output: ClassView) -> StreamView:
        """Lower what an operation streams."""
        name = self._spelling.streams[op.name]
        properties = tuple(_property(field) for field in output.fields)
        if op.streams is ir.StreamKind.BYTES:
            docstring = text.docstring(docs.stream(op, output.fields), 4)
            return StreamView(name, op.name, output, properties, docstring)
        (member,) = op.output_at(ir.Location.EVENTS)
        assert isinstance(member.type, ir.StructureRef)
        union = self._service.shapes[member.type.name]
        assert isinstance(union, ir.EventUnion)
        initial = self._spelling.initial_parsers[op.name] if self._is_rpc and output.fields else None
        lowered = self._union(union)
        docstring = text.docstring(docs.stream(op, output.fields, lowered.end), 4)
        return EventStreamView(name, op.name, output, properties, docstring, lowered, initial)

    def _union(self, union: ir.EventUnion) -> UnionView:
        events = tuple(self._event(wire, name) for wire, name in union.events.items())
        return UnionView(
            alias=self._spelling.unions[union.name],
            constant=self._spelling.union_constants[union.name],
            payload_function=self._spelling.payload_functions[union.name],
            events=events,
            errors=tuple((wire, self._spelling.errors[name]) for wire, name in union.errors.items()),
            payload=_carrier(events),
            end=_end(union.end, events) if union.end else None,
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


def _end(end: ir.StreamEnd, events: Iterable[EventView]) -> EventEndView:
    event = next(event for event in events if event.wire_name == end.event)
    fields = {f.member.name: f for f in event.fields}
    return EventEndView(
        event,
        code=fields[end.code] if end.code else None,
        message=fields[end.message] if end.message else None,
    )


def _carrier(events: tuple[EventView, ...]) -> tuple[str, Parameter] | None:
    """Return the only event whose payload is bytes, or holds nothing else, and the member that they are."""
    wholes = [(event, event.payload or (event.body[0] if len(event.body) == 1 else None)) for event in events]
    carried = [(event.class_name, f) for event, f in wholes if f and isinstance(f.member.type, ir.BlobType)]
    return carried[0] if len({name for name, _ in carried}) == 1 else None


def _property(field: Parameter) -> Property:
    said = docs.attribute(field)
    return Property(field.name, field.annotation, text.docstring([said[:1].upper() + said[1:]], 8))
