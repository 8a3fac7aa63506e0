"""IR -> view: every Python name, annotation and docstring of a client is decided here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote

from lapsmith.ir import model as ir
from lapsmith.python import docs, names, text
from lapsmith.python.annotations import annotation, correction, optional, references
from lapsmith.python.expressions import payload_content_type, payload_value
from lapsmith.python.public import GENERATED_NAMES, RUNTIME_NAMES, public_names
from lapsmith.python.view import ClassView, ClientView, EventView, OperationView, Parameter, StreamView, UnionView

_PATH_CHARACTERS = "/-._~!$&'()*+,;=:@%"
"""What RFC 3986 lets stand in a path, and the percent sign of what is encoded already."""


class Lowering:
    """Lowers one service. The class names of shapes are decided first, since everything refers to them."""

    def __init__(self, service: ir.Service) -> None:
        self.service = service
        self.client = names.free(names.pascal_case(service.class_name), RUNTIME_NAMES)
        taken = {self.client, f"Async{self.client}"}
        self.base_error = names.free(f"{self.client}Error", RUNTIME_NAMES | taken)
        taken.add(self.base_error)
        self.methods = names.member_names((op.name for op in service.operations), names.METHOD_NAMES)
        self.outputs = {op.name: _claim(f"{names.pascal_case(op.name)}Output", taken) for op in service.operations}
        self.streams = {
            op.name: _claim_stream(op.name, taken) for op in service.operations if op.output_at(ir.Location.EVENTS)
        }
        unions = [name for name, shape in service.shapes.items() if isinstance(shape, ir.EventUnion)]
        self.unions = {name: _claim(f"{names.pascal_case(name)}Event", taken) for name in unions}
        self.errors = _claim_all(service.errors, taken)
        structures = [name for name, shape in service.shapes.items() if isinstance(shape, ir.Structure)]
        self.structures = names.class_names(structures, GENERATED_NAMES | taken)
        self.returned = frozenset(self._reachable())

    def client_view(self, *, package: str, source: str) -> ClientView:
        """Lower the whole service."""
        operations = tuple(self.operation(op) for op in self.service.operations)
        structures = tuple(
            self.structure(shape)
            for name, shape in sorted(self.service.shapes.items())
            if isinstance(shape, ir.Structure) and name not in self.service.errors
        )
        errors = tuple(self.error(error) for _, error in sorted(self.service.errors.items()))
        streams = tuple(op.stream for op in operations if op.stream)
        outputs = tuple(op.output for op in operations)
        return ClientView(
            service=self.service,
            source=source,
            package=package,
            class_name=self.client,
            base_error=self.base_error,
            user_agent_name=re.sub("[^a-z0-9]+", "-", self.service.id.lower()).strip("-"),
            title=" ".join(text.paragraphs(self.service.name)),
            structures=structures,
            outputs=outputs,
            errors=errors,
            operations=operations,
            streams=streams,
            public=public_names(self.client, self.base_error, structures, outputs, errors, streams),
            docstrings=(
                text.docstring(docs.client(self.service, asynchronous=False), 4),
                text.docstring(docs.client(self.service, asynchronous=True), 4),
            ),
        )

    def _reachable(self) -> Iterable[str]:
        """Yield the structures that some output holds: those must be read leniently."""
        roots = [m.type for op in self.service.operations for m in op.output]
        roots += [
            ir.StructureRef(e)
            for s in self.service.shapes.values()
            if isinstance(s, ir.EventUnion)
            for e in s.events.values()
        ]
        seen: set[str] = set()
        waiting = [name for kind in roots for name in references(kind)]
        while waiting:
            name = waiting.pop()
            if name not in seen:
                seen.add(name)
                shape = self.service.shapes.get(name)
                if isinstance(shape, ir.Structure):
                    waiting += [found for m in shape.members for found in references(m.type)]
        return seen

    def fields(self, members: Iterable[ir.Member], reserved: frozenset[str], *, lenient: bool) -> tuple[Parameter, ...]:
        """Lower members to attributes; ``lenient`` gives required ones the value that stands in when they are missing."""
        members = tuple(members)
        spelled = names.member_names((m.name for m in members), reserved)
        return tuple(self._field(m, spelled[m.name], lenient) for m in members)

    def _field(self, member: ir.Member, name: str, lenient: bool) -> Parameter:
        kind = annotation(member.type, self.structures)
        default: str | None = None
        if member.location is ir.Location.EVENT_PAYLOAD and isinstance(member.type, ir.BlobType):
            default = correction(member.type)
        elif not member.required:
            kind, default = optional(kind), "None"
        elif lenient:
            default = correction(member.type)
            if default is None:
                kind, default = optional(kind), "None"
        return Parameter(name, kind, member.required, member.wire_name, member, default)

    def structure(self, shape: ir.Structure) -> ClassView:
        """Lower a structure."""
        fields = self.fields(shape.members, names.ANNOTATION_NAMES, lenient=shape.name in self.returned)
        blocks = text.paragraphs(shape.doc) or [f"The structure ``{shape.name.replace('`', chr(39))}``."]
        return ClassView(self.structures[shape.name], text.docstring(docs.attributes(blocks, fields), 4), fields)

    def error(self, shape: ir.Error) -> ClassView:
        """Lower a modelled error; its message is every error's ``message`` already."""
        members = [m for m in shape.members if m.name.lower() != "message"]
        fields = self.fields(members, names.ERROR_NAMES, lenient=True)
        fields = tuple(
            Parameter(
                f.name, optional(annotation(f.member.type, self.structures)), False, f.wire_name, f.member, "None"
            )
            for f in fields
        )
        return ClassView(
            self.errors[shape.name],
            text.docstring(docs.error(shape, fields), 4),
            fields,
            docs.error_summary(shape),
            code=shape.code,
            retry=shape.retry.value if shape.retry else None,
            status=shape.status,
        )

    def operation(self, op: ir.Operation) -> OperationView:
        """Lower an operation."""
        spelled = names.member_names((m.name for m in op.input), names.PARAMETER_NAMES)
        parameters = tuple(
            Parameter(
                spelled[m.name],
                annotation(m.type, self.structures) if m.required else optional(annotation(m.type, self.structures)),
                m.required,
                m.wire_name,
                m,
                None if m.required else "None",
            )
            for m in sorted(op.input, key=lambda member: not member.required)
        )
        payload = next((p for p in parameters if p.member.location is ir.Location.PAYLOAD), None)
        content_type = next(
            (
                p
                for p in parameters
                if p.member.location is ir.Location.HEADER and p.wire_name.lower() == "content-type"
            ),
            None,
        )
        json = payload is not None and isinstance(payload.member.type, ir.BlobType) and content_type is not None
        output = self.output(op)
        stream = self.stream(op, output) if op.name in self.streams else None
        errors = [self.error(self.service.errors[name]) for name in op.errors]
        return OperationView(
            name=op.name,
            method=self.methods[op.name],
            constant=self.methods[op.name].upper(),
            http_method=op.method,
            path=self._path(op, spelled),
            static_query=op.uri.query,
            parameters=parameters,
            query=_at(parameters, ir.Location.QUERY),
            query_maps=_at(parameters, ir.Location.QUERY_MAP),
            headers=_at(parameters, ir.Location.HEADER),
            header_maps=_at(parameters, ir.Location.HEADER_MAP),
            body=_at(parameters, ir.Location.BODY),
            payload=payload,
            json=json,
            content_type=content_type,
            output=output,
            payload_source=payload_value(payload, json=json) if payload else "",
            payload_content_type=payload_content_type(payload) if payload else "",
            retry_safe=op.retry_safe,
            stream=stream,
            docstring=text.docstring(
                docs.operation(
                    op,
                    parameters,
                    json=json,
                    returns=stream.name if stream else output.name,
                    errors=errors,
                    base=self.base_error,
                ),
                8,
            ),
        )

    def _path(self, op: ir.Operation, spelled: Mapping[str, str]) -> str:
        """Return the path as Python source: a literal, or an f-string that quotes its labels."""
        labels = {m.wire_name: m.name for m in op.input_at(ir.Location.LABEL)}
        if not any(isinstance(segment, ir.Label) for segment in op.uri.segments):
            return text.literal(quote("".join(str(segment) for segment in op.uri.segments), safe=_PATH_CHARACTERS))
        parts = []
        for segment in op.uri.segments:
            if isinstance(segment, ir.Label):
                name = spelled[labels[segment.name]]
                greedy = ", greedy=True" if segment.greedy else ""
                parts.append(f"{{quote_label({name}, '{name}'{greedy})}}")
            else:
                parts.append(quote(segment, safe=_PATH_CHARACTERS))
        return f'f"{"".join(parts)}"'

    def output(self, op: ir.Operation) -> ClassView:
        """Lower an operation's output; the events of a stream are no member of it."""
        reserved = names.STREAM_NAMES if op.name in self.streams else names.OUTPUT_NAMES
        members = [m for m in op.output if m.location is not ir.Location.EVENTS]
        fields = self.fields(members, reserved, lenient=True)
        payload = next((f for f in fields if f.member.location is ir.Location.PAYLOAD), None)
        blocks = docs.attributes([f"What ``{op.name}`` returns."], fields)
        return ClassView(
            self.outputs[op.name],
            text.docstring(blocks, 4),
            fields,
            json_payload=payload.name if payload and isinstance(payload.member.type, ir.BlobType) else None,
        )

    def stream(self, op: ir.Operation, output: ClassView) -> StreamView:
        """Lower an operation's event stream."""
        (member,) = op.output_at(ir.Location.EVENTS)
        assert isinstance(member.type, ir.StructureRef)
        union = self.service.shapes[member.type.name]
        assert isinstance(union, ir.EventUnion)
        return StreamView(
            name=self.streams[op.name],
            operation=op.name,
            union=self.union(union),
            output=output,
            docstring=text.docstring(docs.stream(op, output.fields), 4),
        )

    def union(self, union: ir.EventUnion) -> UnionView:
        """Lower the union of a stream's events."""
        spelled = names.snake_case(self.unions[union.name])
        events = tuple(self._event(wire, name) for wire, name in union.events.items())
        carriers = [
            (e.class_name, e.payload) for e in events if e.payload and isinstance(e.payload.member.type, ir.BlobType)
        ]
        return UnionView(
            alias=self.unions[union.name],
            constant=f"_{spelled.upper()}S",
            payload_function=f"_payload_of_{spelled}",
            events=events,
            errors=tuple((wire, self.errors[name]) for wire, name in union.errors.items()),
            payload=carriers[0] if len(carriers) == 1 else None,
        )

    def _event(self, wire_name: str, shape_name: str) -> EventView:
        shape = self.service.shapes[shape_name]
        assert isinstance(shape, ir.Structure)
        return EventView(
            wire_name=wire_name,
            class_name=self.structures[shape_name],
            parser=f"_{names.snake_case(self.structures[shape_name])}",
            fields=self.structure(shape).fields,
        )


def _at(parameters: Iterable[Parameter], location: ir.Location) -> tuple[Parameter, ...]:
    return tuple(p for p in parameters if p.member.location is location)


def _claim(name: str, taken: set[str]) -> str:
    chosen = names.free(name, RUNTIME_NAMES | taken)
    taken.add(chosen)
    return chosen


def _claim_stream(operation: str, taken: set[str]) -> str:
    """A stream class is called as its operation, with ``Stream`` at the end; two names are taken for it."""
    stem = names.pascal_case(operation).removesuffix("Stream") + "Stream"
    while not {stem, f"Async{stem}"}.isdisjoint(RUNTIME_NAMES | taken):
        stem += "_"
    taken |= {stem, f"Async{stem}"}
    return stem


def _claim_all(wanted: Iterable[str], taken: set[str]) -> dict[str, str]:
    given = names.class_names(wanted, RUNTIME_NAMES | taken)
    taken.update(given.values())
    return given
