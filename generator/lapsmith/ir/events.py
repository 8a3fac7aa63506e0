"""Event streams: a structure whose members are the events, and the errors that can end the stream."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lapsmith.bindings.model import Fact, MemberBinding
from lapsmith.diagnostics import Span, suggest
from lapsmith.ir.check import check_shape_body
from lapsmith.ir.context import Context, type_name
from lapsmith.ir.definitions import Definition
from lapsmith.ir.model import (
    DocumentType,
    EventUnion,
    Location,
    Origin,
    Shape,
    StreamEnd,
    StringType,
    Structure,
    Type,
)
from lapsmith.ir.shapes import Shapes
from lapsmith.ir.wire import describe
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
            hint = "an event stream is a structure whose members are the events"
            if isinstance(node, Named):
                hint += f"; {self.ctx.define(node.name)}"
            self.ctx.diagnostics.error(node.span, "not-an-event-stream", message, hint)
            return DocumentType()
        events: dict[str, str] = {}
        errors: dict[str, str] = {}
        for item in definition.fields.values():
            self._sort(definition.name, item, events, errors)
        origin = self.ctx.origin(definition.span)
        facts = dict.fromkeys(("name", "events", "errors"), origin)
        end = self._end(definition, events, facts)
        return self.shapes.add_union(EventUnion(definition.name, events, errors, facts, end))

    def _end(self, union: Definition, events: Mapping[str, str], facts: dict[str, Origin]) -> StreamEnd | None:
        """The event that the bindings say ends the stream."""
        found: StreamEnd | None = None
        for name, entry in self._bound(union.name).items():
            if entry.end is None:
                continue
            if name not in events:
                message = f"the event stream {union.name} has no event '{name}'"
                self.ctx.diagnostics.error(entry.span, "unknown-member", message, suggest(name, events))
            elif found is not None:
                message = f"{union.name}: '{found.event}' ends the stream already, so '{name}' cannot"
                self.ctx.diagnostics.error(entry.end.span, "two-ends", message, "keep one 'end'")
            else:
                code, text = self._said(events[name], entry.end.code), self._said(events[name], entry.end.message)
                found, facts["end"] = StreamEnd(name, code, text), self.ctx.origin(entry.end.span)
        return found

    def _said(self, event: str, member: Fact[str] | None) -> str | None:
        """The member of an event that tells a failure; it must be text."""
        if member is None:
            return None
        fields = self.shapes.definitions[event].fields
        item = fields.get(member.value)
        if item is None:
            message = f"the event {event} has no member '{member.value}'"
            self.ctx.diagnostics.error(member.span, "unknown-member", message, suggest(member.value, fields))
            return None
        kind = self.shapes.resolve(item.type, event)
        if not isinstance(kind, StringType):
            message = f"'{event}.{member.value}' is {describe(kind)}, but what tells a failure is a string"
            self.ctx.diagnostics.error(member.span, "wrong-kind", message, "name a member that is a string")
            return None
        bound = self._bound(event).get(member.value)
        return bound.member.value if bound and bound.member else member.value

    def _bound(self, shape: str) -> Mapping[str, MemberBinding]:
        binding = self.ctx.bindings.shapes.get(shape) if self.ctx.bindings else None
        return binding.members if binding else {}

    def _sort(self, union: str, item: Field, events: dict[str, str], errors: dict[str, str]) -> None:
        node = item.type
        if isinstance(node, Named) and node.name in self.errors:
            errors[item.name] = node.name
            return
        definition = self.shapes.definitions.get(node.name) if isinstance(node, Named) else None
        if definition is None:
            message = f"the event '{union}.{item.name}' is {type_name(node)}, but events are structures"
            hint = "give the event a structure of its own"
            if isinstance(node, Named):
                hint = suggest(node.name, self.errors) or self.ctx.define(node.name)
            self.ctx.diagnostics.error(node.span, "event-not-structure", message, hint)
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
