"""IR -> view: every Python name, annotation and docstring of a client is decided here and in what this uses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from urllib.parse import quote

from lapsmith.ir import model as ir
from lapsmith.python import docs, names, reserved, text
from lapsmith.python.annotations import Annotations, optional
from lapsmith.python.bodies import codec_of
from lapsmith.python.expressions import label, payload_content_type, payload_value
from lapsmith.python.paging import Paging
from lapsmith.python.public import public_names
from lapsmith.python.records import endpoint_parameters, host_prefix, record_options, rpc_view
from lapsmith.python.shapes import Shapes
from lapsmith.python.spelling import Spelling
from lapsmith.python.streams import Streams
from lapsmith.python.view import ClassView, ClientView, EnumView, ErrorView, OperationView, Parameter, StreamView
from lapsmith.python.xml import expression, members_arguments, payload_root, xml_view

_PATH_CHARACTERS = "/-._~!$&'()*+,;=:@%"
"""What RFC 3986 lets stand in a path, and the percent sign of what is encoded already."""


def lower(service: ir.Service, *, package: str, source: str, transports: tuple[str, ...] = ()) -> ClientView:
    """Lower a whole service."""
    spelling = Spelling(service)
    annotations = Annotations(spelling.structures, spelling.enums, service.protocol)
    shapes = Shapes(service, spelling, annotations)
    structures, errors = shapes.structures(), shapes.errors()
    lowering = _Operations(service, spelling, annotations, shapes, Streams(service, spelling, shapes), errors)
    operations = tuple(lowering.operation(op) for op in service.operations)
    outputs = tuple(op.output for op in operations)
    streams = tuple(op.stream for op in operations if op.stream)
    paging = Paging(service, spelling, annotations, shapes, operations)
    pages, waiters = paging.pages(), paging.waiters()
    enums = tuple(EnumView(spelling.enums[name], enum.values) for name, enum in service.enums.items())
    return ClientView(
        service=service,
        rpc=rpc_view(service, spelling.base_error),
        source=source,
        package=package,
        class_name=spelling.client,
        base_error=spelling.base_error,
        user_agent_name=_slug(service.id) or _slug(spelling.client),
        title=" ".join(text.paragraphs(service.name)) or spelling.client,
        enums=enums,
        structures=structures,
        outputs=outputs,
        errors=errors,
        operations=operations,
        streams=streams,
        public=public_names(
            spelling.client,
            spelling.base_error,
            [*(view.name for view in (*outputs, *structures)), *(view.name for view in enums)],
            errors,
            streams,
            transports,
            sends_blobs=any(ir.is_streamed(member) for op in service.operations for member in op.input),
            has_pages=bool(pages),
            has_waiters=bool(waiters),
            has_unions=any(isinstance(shape, ir.Structure) and shape.union for shape in service.shapes.values()),
        ),
        docstring=text.docstring(docs.client(service, asynchronous=False), 4),
        async_docstring=text.docstring(docs.client(service, asynchronous=True), 4),
        bodies=codec_of(service.protocol),
        pages=pages,
        waiters=waiters,
        xml=xml_view(service, spelling),
    )


def _slug(name: str) -> str:
    return re.sub("[^a-z0-9]+", "-", name.lower()).strip("-")


class _Operations:
    def __init__(
        self,
        service: ir.Service,
        spelling: Spelling,
        annotations: Annotations,
        shapes: Shapes,
        streams: Streams,
        errors: Iterable[ErrorView],
    ) -> None:
        self._service = service
        self._spelling = spelling
        self._bodies = codec_of(service.protocol)
        self._is_rpc = rpc_view(service, spelling.base_error) is not None
        self._annotations = annotations
        self._shapes = shapes
        self._streams = streams
        self._errors = dict(zip(sorted(service.errors), errors, strict=True))

    def operation(self, op: ir.Operation) -> OperationView:
        """Lower an operation."""
        builder = self._spelling.builders[op.name]
        spelled = names.member_names((m.name for m in op.input), reserved.PARAMETER_NAMES | {builder})
        parameters = self._parameters(op, spelled)
        payload = next(iter(_at(parameters, ir.Location.PAYLOAD)), None)
        headers = _at(parameters, ir.Location.HEADER)
        content_type = next((p for p in headers if p.wire_name.lower() == "content-type"), None)
        json = payload is not None and isinstance(payload.member.type, ir.BlobType) and content_type is not None
        union = payload is not None and self._is_union(payload.member.type)
        by_member = {p.member.name: p.name for p in parameters}
        output = self._shapes.output(op)
        stream = self._streams.stream(op, output) if op.name in self._spelling.streams else None
        return OperationView(
            name=op.name,
            method=self._spelling.methods[op.name],
            builder=builder,
            parser=self._spelling.parsers[op.name],
            constant=self._spelling.constants[op.name],
            http_method=op.method,
            path=_path(op, parameters),
            static_query=op.uri.query,
            parameters=parameters,
            query=_at(parameters, ir.Location.QUERY),
            query_maps=_at(parameters, ir.Location.QUERY_MAP),
            headers=headers,
            header_maps=_at(parameters, ir.Location.HEADER_MAP),
            body=self._body(op, parameters),
            payload=payload,
            json=json,
            content_type=content_type,
            output=output,
            payload_source=self._payload(payload, json=json, union=union) if payload else "",
            default_type=None if content_type else self._default_type(op, payload, union=union),
            retry_safe=op.retry_safe,
            stream=stream,
            docstring=self._docstring(op, parameters, output, stream, json=json, asynchronous=False),
            async_docstring=self._docstring(op, parameters, output, stream, json=json, asynchronous=True),
            body_constant=self._spelling.body_constants[op.name],
            body_arguments=members_arguments(op) if self._service.protocol in ir.XML_PROTOCOLS else "",
            host_prefix=host_prefix(op, by_member),
            endpoint_url=by_member[op.url_member] if op.url_member else None,
            endpoint_parameters=endpoint_parameters(op, self._service.shapes, by_member),
            options=record_options(op, self._service.protocol),
            is_record=self._is_rpc,
            bodiless=op.bodiless,
        )

    def _body(self, op: ir.Operation, parameters: Iterable[Parameter]) -> tuple[Parameter, ...]:
        """Return the members of a body; elements have an order that is not that of arguments."""
        body = _at(parameters, ir.Location.BODY)
        if self._service.protocol is not ir.Protocol.REST_XML:
            return body
        order = [member.name for member in op.input]
        return tuple(sorted(body, key=lambda parameter: order.index(parameter.member.name)))

    def _payload(self, payload: Parameter, *, json: bool, union: bool) -> str:
        root = expression(payload_root(payload.member)) if self._service.protocol in ir.XML_PROTOCOLS else None
        return payload_value(payload, json=json, union=union, function=self._bodies.function, root=root)

    def _default_type(self, op: ir.Operation, payload: Parameter | None, *, union: bool) -> str | None:
        if payload is not None:
            return payload_content_type(payload, union=union, structure=self._bodies.content_type)
        return text.literal(self._bodies.content_type) if op.input_at(ir.Location.BODY) else None

    def _is_union(self, kind: ir.Type) -> bool:
        shape = self._service.shapes.get(kind.name) if isinstance(kind, ir.StructureRef) else None
        return isinstance(shape, ir.Structure) and shape.union

    def _parameters(self, op: ir.Operation, spelled: Mapping[str, str]) -> tuple[Parameter, ...]:
        """Required arguments first; the payload last among them, since it may be given in two ways."""
        members = [replace(m, required=False) if m.token else m for m in op.input]
        ordered = sorted(members, key=lambda m: (not m.required, m.required and m.location is ir.Location.PAYLOAD))
        return tuple(self._parameter(member, spelled[member.name]) for member in ordered)

    def _parameter(self, member: ir.Member, name: str) -> Parameter:
        kind, wire = self._annotations.argument(member.type), self._annotations.wire(member.type)
        if member.required:
            return Parameter(name, kind, True, member.wire_name, member, wire_annotation=wire)
        return Parameter(name, optional(kind), False, member.wire_name, member, "None", wire_annotation=wire)

    def _docstring(
        self,
        op: ir.Operation,
        parameters: tuple[Parameter, ...],
        output: ClassView,
        stream: StreamView | None,
        *,
        json: bool,
        asynchronous: bool,
    ) -> str:
        returns = docs.returned(output.name)
        if stream:
            returns = docs.returned_stream(stream, asynchronous=asynchronous)
        blocks = docs.operation(
            op,
            parameters,
            json=json,
            returns=returns,
            errors=[self._errors[name] for name in op.errors],
            base=self._spelling.base_error,
            signed=self._service.signing is not None,
        )
        return text.docstring(blocks, 8)


def _path(op: ir.Operation, parameters: Iterable[Parameter]) -> str:
    """Return the path as Python source: a literal, or an f-string that quotes its labels."""
    labels = {p.wire_name: p for p in _at(parameters, ir.Location.LABEL)}
    if not labels:
        return text.literal("".join(_quoted(segment) for segment in op.uri.segments if isinstance(segment, str)))
    parts = [
        f"{{{label(labels[s.name], greedy=s.greedy)}}}" if isinstance(s, ir.Label) else _quoted(s)
        for s in op.uri.segments
    ]
    return f'f"{"".join(parts)}"'


def _quoted(segment: str) -> str:
    return quote(segment, safe=_PATH_CHARACTERS, errors="replace")


def _at(parameters: Iterable[Parameter], location: ir.Location) -> tuple[Parameter, ...]:
    return tuple(p for p in parameters if p.member.location is location)
