"""Event streams: a structure whose members are the events, and the errors that can end the stream."""

from __future__ import annotations

from dataclasses import dataclass, field

from lapsmith.diagnostics import Span, suggest
from lapsmith.ir.check import check_shape_body
from lapsmith.ir.context import Context, type_name
from lapsmith.ir.model import DocumentType, EventUnion, Location, Shape, Structure, Type
from lapsmith.ir.shapes import Shapes
from lapsmith.lap.tree import Field, Named

_IN_EVENTS = (Location.EVENT_HEADER, Location.EVENT_PAYLOAD)


@dataclass(slots=True)
class Streams:
    """Builds the union of each event stream once. ``errors`` has the names of all modelled errors."""

    ctx: Context
    shapes: Shapes
    errors: frozenset[str]
    places: dict[str, Span] = field(default_factory=dict)

    def resolve(self, stream: Field, operation: str) -> Type:
        """The type of an output member that is an event stream."""
        node = stream.type
        definition = self.shapes.definitions.get(node.name) if isinstance(node, Named) else None
        if definition is None:
            message = f"{operation}: '{stream.name}' is {type_name(node)}, which cannot be an event stream"
            hint = "an event stream is a structure whose members are the events; define it in types.lap"
            self.ctx.diagnostics.error(node.span, "not-an-event-stream", message, hint)
            return DocumentType()
        events: dict[str, str] = {}
        errors: dict[str, str] = {}
        for item in definition.fields.values():
            self._sort(definition.name, item, events, errors)
        origin = self.ctx.origin(definition.span)
        facts = dict.fromkeys(("name", "events", "errors"), origin)
        return self.shapes.add_union(EventUnion(definition.name, events, errors, facts))

    def _sort(self, union: str, item: Field, events: dict[str, str], errors: dict[str, str]) -> None:
        node = item.type
        if isinstance(node, Named) and node.name in self.errors:
            errors[item.name] = node.name
            return
        definition = self.shapes.definitions.get(node.name) if isinstance(node, Named) else None
        if definition is None:
            message = f"the event '{union}.{item.name}' is {type_name(node)}, but events are structures"
            hint = suggest(node.name, self.errors) if isinstance(node, Named) else None
            self.ctx.diagnostics.error(
                node.span, "event-not-structure", message, hint or "define its fields in types.lap"
            )
            return
        events[item.name] = self.shapes.reach(definition).name
        self.places[definition.name] = definition.span


def check_events(ctx: Context, shapes: dict[str, Shape], streams: Streams) -> None:
    """Check what events carry, and that only events carry it."""
    for name, shape in shapes.items():
        if not isinstance(shape, Structure):
            continue
        if name in streams.places:
            check_shape_body(ctx, name, shape.members, streams.places[name])
            continue
        for member in shape.members:
            span = member.origins["location"].span
            if member.location in _IN_EVENTS and span:
                message = f"{name} is not an event, so '{member.name}' cannot travel as {member.location}"
                ctx.diagnostics.error(span, "not-an-event", message, "bind the stream's member: {in: events}")
            if member.location is Location.HEADER and span:
                message = f"{name} is not an error, so '{member.name}' cannot travel as a header"
                ctx.diagnostics.error(span, "not-an-error", message, "bind it where an operation has it")
