"""Members as expressions: what goes into a request, and how it is read from a response or an event."""

from __future__ import annotations

from lapsmith.ir import model as ir
from lapsmith.python.annotations import SCALARS, header_reader, timestamp
from lapsmith.python.text import literal
from lapsmith.python.view import Parameter


def label(parameter: Parameter, *, greedy: bool) -> str:
    """Return the expression of a path label; without double quotes, since it stands in an f-string."""
    name, kind = parameter.name, text_kind(parameter)
    of_kind = "" if kind == "str" else f", {kind}"
    value = f"last_segment({name})" if parameter.member.last_segment else name
    return f"quote_label({value}, '{name}'{of_kind}{', greedy=True' if greedy else ''})"


def request_value(parameter: Parameter) -> str:
    """Return the expression of a query, header or body member of a request."""
    name, member = parameter.name, parameter.member
    if member.token:
        return f"token_or_new({name})"
    value = f'required({name}, "{name}")' if member.required else name
    if member.last_segment:
        return f"last_segment({value})"
    if member.json_value and member.location is ir.Location.HEADER:
        return f'json_header({value}, "{name}")'
    return value


def text_kind(parameter: Parameter) -> str:
    """Return the type of a member of the path, the query or a header, as the runtime checks it; of a map, that of its
    values."""
    member = parameter.member
    if member.json_value and member.location is ir.Location.HEADER:
        return "str"
    kind = member.type.value if isinstance(member.type, ir.MapType) else member.type
    if isinstance(kind, ir.ListType):
        return f"list[{_scalar_kind(kind.item, member.location)}]"
    return _scalar_kind(kind, member.location)


def _scalar_kind(kind: ir.Type, location: ir.Location) -> str:
    match kind:
        case ir.TimestampType(form):
            default = ir.TimestampFormat.HTTP_DATE if location is ir.Location.HEADER else ir.TimestampFormat.DATE_TIME
            return timestamp(form or default, default=ir.TimestampFormat.DATE_TIME)
        case ir.StringType() | ir.IntegerType() | ir.FloatType() | ir.BooleanType():
            return SCALARS[type(kind)]
        case _:
            return "Any"


def payload_value(parameter: Parameter, *, json: bool, union: bool, function: str, root: str | None = None) -> str:
    """Return the expression of a request's payload; a ``union`` that is not given has no empty form to send.

    ``function`` writes structures, from their type, their value and, in XML, the ``root`` element.
    """
    name, member = parameter.name, parameter.member
    match member.type:
        case ir.BlobType(streaming=True, sized=sized):
            arguments = [name, literal(name), *(["json"] if json else [])]
            options = [*([] if member.required else ["optional=True"]), *(["sized=True"] if sized else [])]
            return f"blob_source({', '.join(arguments + options)})"
        case ir.BlobType():
            arguments = [name, literal(name), *(["json"] if json else [])]
            arguments += [] if member.required else ["optional=True"]
            return f"blob_payload({', '.join(arguments)})"
        case ir.StringType():
            return f'text_payload(required({name}, "{name}"))' if member.required else f"text_payload({name})"
        case _:
            given = f'required({name}, "{name}")' if member.required else name
            written = f"{function}({parameter.wire_annotation}, {given}{f', {root}' if root else ''})"
            return f'b"" if {name} is None else {written}' if union and not member.required else written


def payload_content_type(parameter: Parameter, *, union: bool, structure: str) -> str:
    """Return the expression of the Content-Type that the protocol gives a payload; ``structure`` is that of structures.

    Bytes, text and unions that are not given have none; other JSON is never missing, only empty.
    """
    match parameter.member.type:
        case ir.BlobType():
            spelled = literal("application/octet-stream")
        case ir.StringType():
            spelled = literal("text/plain")
        case _ if union:
            spelled = literal(structure)
        case _:
            return literal(structure)
    return spelled if parameter.member.required else f"None if {parameter.name} is None else {spelled}"


def response_value(field: Parameter) -> str:
    """Return the expression that reads an output member from ``response`` (and ``body``, its decoded JSON)."""
    member = field.member
    match member.location:
        case ir.Location.HEADER:
            read = f"{header_reader(member)}(response.headers, {literal(field.wire_name)})"
            return f"{read} or {field.default}" if member.required and field.default != "None" else read
        case ir.Location.HEADER_MAP:
            return f"prefixed_headers(response.headers, {literal(field.wire_name)})"
        case ir.Location.STATUS:
            return "response.status"
        case ir.Location.PAYLOAD:
            return _payload(field)
        case _:
            return f"body.{field.name}"


def _payload(field: Parameter) -> str:
    match field.member.type:
        case ir.BlobType():
            return "response.body"
        case ir.StringType():
            return "text_body(response)"
        case ir.StructureRef():
            read = f"decode_body(response, {field.annotation.removesuffix(' | None')})"
            return read if field.member.required else f"{read} if response.body else None"
        case _:
            return "decode_json(response.body) if response.body else None"


def event_value(field: Parameter) -> str:
    """Return the expression that reads a member of an event from its ``headers`` or its ``payload``."""
    member = field.member
    if member.location is ir.Location.EVENT_HEADER:
        read = f"{_event_header_reader(member.type)}(headers, {literal(field.wire_name)})"
        return f"{read} or {field.default}" if member.required and field.default != "None" else read
    match member.type:
        case ir.BlobType():
            return "payload"
        case ir.StringType():
            return "text_of_event(payload)"
        case _:
            return f"decode_event(payload, {field.annotation.removesuffix(' | None')})"


def _event_header_reader(kind: ir.Type) -> str:
    match kind:
        case ir.BooleanType():
            return "bool_event_header"
        case ir.IntegerType():
            return "int_event_header"
        case ir.BlobType():
            return "bytes_event_header"
        case ir.TimestampType():
            return "timestamp_event_header"
        case _:
            return "text_event_header"
