"""What the templates print of structures, outputs and errors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lapsmith.ir import model as ir
from lapsmith.python import docs, names, reserved, text
from lapsmith.python.annotations import Annotations, correction, factory, optional, references
from lapsmith.python.spelling import Spelling
from lapsmith.python.view import ClassView, ErrorView, Parameter

# A blob or text that is a whole payload is never missing, only empty.
_PAYLOADS = (ir.Location.PAYLOAD, ir.Location.EVENT_PAYLOAD)


class Shapes:
    """Lowers the shapes of one service."""

    def __init__(self, service: ir.Service, spelling: Spelling, annotations: Annotations) -> None:
        self._service = service
        self._spelling = spelling
        self._annotations = annotations
        unions = [shape for shape in service.shapes.values() if isinstance(shape, ir.EventUnion)]
        self._streamed = {name for union in unions for name in union.errors.values()}
        events = [ir.StructureRef(name) for union in unions for name in union.events.values()]
        raised = [m.type for error in service.errors.values() for m in error.members]
        self._returned = self._reach([*events, *raised, *(m.type for op in service.operations for m in op.output)])
        self._sent = self._reach([m.type for op in service.operations for m in op.input])

    def _reach(self, roots: Iterable[ir.Type]) -> frozenset[str]:
        """Return the shapes that types mention, directly or through each other."""
        seen: set[str] = set()
        waiting = [name for kind in roots for name in references(kind)]
        while waiting:
            name = waiting.pop()
            if name not in seen:
                seen.add(name)
                waiting += self._mentioned(name)
        return frozenset(seen)

    def _mentioned(self, name: str) -> Iterator[str]:
        shape = self._service.shapes.get(name)
        for member in shape.members if isinstance(shape, ir.Structure) else ():
            yield from references(member.type)

    def structures(self) -> tuple[ClassView, ...]:
        """Lower all structures, by name."""
        shapes = sorted(self._service.shapes.items())
        return tuple(self.structure(shape) for _, shape in shapes if isinstance(shape, ir.Structure))

    def structure(self, shape: ir.Structure) -> ClassView:
        """Lower a structure. One that outputs hold is read leniently, so its required members have stand-ins."""
        taken = reserved.UNION_NAMES if shape.union else reserved.STRUCTURE_NAMES
        spelled = names.member_names((m.name for m in shape.members), taken)
        lenient, sent = shape.name in self._returned, shape.name in self._sent
        fields = tuple(self._field(m, spelled[m.name], lenient=lenient, sent=sent) for m in shape.members)
        blocks = text.paragraphs(shape.doc) or [f"The structure ``{docs.code(shape.name)}``."]
        if shape.attribute_value:
            blocks += docs.ATTRIBUTE_VALUE
        docstring = text.docstring(docs.attributes(blocks, fields), 4)
        stood_in = [f.wire_name for f in fields if f.member.required and f.default is not None]
        return ClassView(
            self._spelling.structures[shape.name],
            docstring,
            fields,
            base="AttributeValueUnion" if shape.attribute_value else "Union" if shape.union else "Structure",
            required=tuple(stood_in) if sent and not shape.union else (),
        )

    def output(self, op: ir.Operation) -> ClassView:
        """Lower an operation's output; what is read from a stream is no member of it."""
        taken = reserved.STREAM_NAMES if op.name in self._spelling.streams else reserved.OUTPUT_NAMES
        members = [m for m in op.output if m.location is not ir.Location.EVENTS and not ir.is_streamed(m)]
        spelled = names.member_names((m.name for m in members), taken)
        fields = tuple(self._field(m, spelled[m.name], lenient=True, sent=False) for m in members)
        payload = next((f for f in fields if f.member.location is ir.Location.PAYLOAD), None)
        return ClassView(
            self._spelling.outputs[op.name],
            text.docstring(docs.attributes([f"What ``{docs.code(op.name)}`` returns."], fields), 4),
            fields,
            json_payload=payload.name if payload and isinstance(payload.member.type, ir.BlobType) else None,
        )

    def _field(self, member: ir.Member, name: str, *, lenient: bool, sent: bool) -> Parameter:
        """Lower a member to an attribute.

        ``lenient`` gives a required one the value that stands in when the service leaves it out. Where it can be
        ``sent``, that value comes from a factory: msgspec leaves out a member that is its default, and it is required.
        """
        kind = self._annotations.wire(member.type)
        # Sent, it would pass for a date that the caller gave.
        stand_in = None if sent and isinstance(member.type, ir.TimestampType) else correction(member.type)
        if member.location in _PAYLOADS and isinstance(member.type, ir.BlobType | ir.StringType):
            return Parameter(name, kind, member.required, member.wire_name, member, stand_in)
        if sent and not lenient and isinstance(member.type, ir.BlobType):
            kind = "BytesLike"
        if member.required and not lenient:
            return Parameter(name, kind, True, member.wire_name, member)
        if not member.required or stand_in is None:
            return Parameter(name, optional(kind), member.required, member.wire_name, member, "None")
        made = factory(member.type) if sent else None
        return Parameter(name, kind, True, member.wire_name, member, stand_in, made)

    def errors(self) -> tuple[ErrorView, ...]:
        """Lower all modelled errors, by name."""
        return tuple(self.error(error) for _, error in sorted(self._service.errors.items()))

    def error(self, shape: ir.Error) -> ErrorView:
        """Lower a modelled error; its message is every error's ``message`` already."""
        members = [m for m in shape.members if m.name.lower() != "message"]
        spelled = names.member_names((m.name for m in members), reserved.ERROR_NAMES)
        kinds = {m.name: optional(self._annotations.wire(m.type)) for m in members}
        fields = tuple(Parameter(spelled[m.name], kinds[m.name], False, m.wire_name, m, "None") for m in members)
        streamed = shape.name in self._streamed
        return ErrorView(
            self._spelling.errors[shape.name],
            text.docstring(docs.error(shape, fields, streamed=streamed), 4),
            fields,
            summary=docs.error_summary(shape, streamed=streamed),
            code=shape.code,
            retry=shape.retry.value if shape.retry else None,
            status=shape.status,
        )
