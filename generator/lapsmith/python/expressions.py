"""Members as expressions: what goes into a request, and how it is read from a response or an event."""

from __future__ import annotations

from lapsmith.ir import model as ir
from lapsmith.python.annotations import header_reader
from lapsmith.python.text import literal
from lapsmith.python.view import Parameter


def request_value(parameter: Parameter) -> str:
    """Return the expression of a query, header or body member of a request."""
    name, member = parameter.name, parameter.member
    if isinstance(member.type, ir.TimestampType):
        spelled = _timestamp(name, member.type.format, member.location)
        if spelled != name:
            return spelled
    return f'required({name}, "{name}")' if member.required else name


def _timestamp(name: str, form: ir.TimestampFormat | None, location: ir.Location) -> str:
    if location is ir.Location.BODY:
        return name
    default = ir.TimestampFormat.HTTP_DATE if location is ir.Location.HEADER else ir.TimestampFormat.DATE_TIME
    match form or default:
        case ir.TimestampFormat.HTTP_DATE:
            return f'http_date({name}, "{name}")'
        case ir.TimestampFormat.EPOCH:
            return f'epoch_seconds({name}, "{name}")'
        case _:
            return name


def payload_value(parameter: Parameter, *, json: bool) -> str:
    """Return the expression of a request's payload."""
    name, member = parameter.name, parameter.member
    match member.type:
        case ir.BlobType():
            arguments = [name, *(["json"] if json else []), *([] if member.required else ["optional=True"])]
            return f"blob_payload({', '.join(arguments)})"
        case ir.StringType():
            return f"text_payload({name})"
        case _:
            return f"json_payload({name})"


def payload_content_type(parameter: Parameter) -> str:
    """Return the Content-Type that the protocol gives a payload where no member sets one."""
    match parameter.member.type:
        case ir.BlobType():
            return "application/octet-stream"
        case ir.StringType():
            return "text/plain"
        case _:
            return "application/json"


def response_value(field: Parameter) -> str:
    """Return the expression that reads an output member from ``response`` (and ``body``, its decoded JSON)."""
    member = field.member
    match member.location:
        case ir.Location.HEADER:
            read = f"{header_reader(member.type)}(response.headers, {literal(field.wire_name)})"
            return f"{read} or {field.default}" if member.required and field.default != "None" else read
        case ir.Location.HEADER_MAP:
            return f"prefixed_headers(response.headers, {literal(field.wire_name)})"
        case ir.Location.STATUS:
            return "response.status"
        case ir.Location.PAYLOAD:
            return _payload_of("response", field)
        case _:
            return f"body.{field.name}"


def event_value(field: Parameter) -> str:
    """Return the expression that reads an event member from ``message``."""
    if isinstance(field.member.type, ir.BlobType):
        return "message.payload"
    return "text_of_event(message)"


def _payload_of(response: str, field: Parameter) -> str:
    match field.member.type:
        case ir.BlobType():
            return f"{response}.body"
        case ir.StringType():
            return f"text_body({response})"
        case ir.StructureRef():
            return f"decode_body({response}, {field.annotation.removesuffix(' | None')})"
        case _:
            return f"decode_json({response}.body) if {response}.body else None"
