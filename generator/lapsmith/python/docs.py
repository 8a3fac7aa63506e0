"""Docstrings of generated code: the spec's prose, then what each argument is and which errors to expect."""

from __future__ import annotations

from collections.abc import Sequence

from lapsmith.ir import model as ir
from lapsmith.python import text
from lapsmith.python.view import ClassView, Parameter

_PLACES = {
    ir.Location.LABEL: "part of the request path",
    ir.Location.QUERY: "sent as the query parameter ``{wire}``",
    ir.Location.QUERY_MAP: "sent as query parameters",
    ir.Location.HEADER: "sent as the header ``{wire}``",
    ir.Location.HEADER_MAP: "sent as headers that begin with ``{wire}``",
    ir.Location.BODY: "``{wire}`` in the request body",
    ir.Location.PAYLOAD: "the request body",
}


def operation(
    op: ir.Operation,
    parameters: Sequence[Parameter],
    *,
    json: bool,
    returns: str,
    errors: Sequence[ClassView],
    base: str,
) -> list[str]:
    """Return the blocks of a method's docstring."""
    blocks = text.paragraphs(op.doc) or [f"Call ``{op.name}``."]
    arguments = [(p.name, argument(p)) for p in parameters]
    if json:
        at = next(i for i, p in enumerate(parameters) if p.member.location is ir.Location.PAYLOAD)
        sent = "a value to send as JSON instead of a body; the Content-Type is then application/json, unless given."
        arguments.insert(at + 1, ("json", sent))
    if arguments:
        blocks.append(text.section("Args", arguments))
    blocks.append(text.section("Returns", [(returns, "the output's members, and ``metadata`` of the response.")]))
    raised = [(error.name, error.summary) for error in errors]
    raised.append((base, "the service answered with any other error."))
    raised.append(("InvalidInput", "an argument was refused; nothing was sent."))
    raised.append(("TransportError", "no usable answer came."))
    blocks.append(text.section("Raises", raised))
    return blocks


def argument(parameter: Parameter) -> str:
    """Say what an argument is: the spec's words, else where it goes."""
    place = _PLACES[parameter.member.location].format(wire=_code(parameter.wire_name))
    said = " ".join(text.paragraphs(parameter.member.doc)).rstrip(".")
    return f"{said} ({place})." if said else f"{place}."


def attributes(blocks: list[str], fields: Sequence[Parameter]) -> list[str]:
    """Add an ``Attributes:`` section to the blocks of a class's docstring."""
    entries = [(field.name, _attribute(field)) for field in fields]
    return [*blocks, text.section("Attributes", entries)] if entries else blocks


def _attribute(field: Parameter) -> str:
    said = " ".join(text.paragraphs(field.member.doc)).rstrip(".")
    name = _code(field.wire_name)
    place = {
        ir.Location.HEADER: f"the response header ``{name}``",
        ir.Location.PAYLOAD: "the response body",
        ir.Location.EVENT_PAYLOAD: "the event's payload",
        ir.Location.STATUS: "the HTTP status",
    }.get(field.member.location, f"``{name}``")
    return f"{said} ({place})." if said else f"{place}."


def error(shape: ir.Error, fields: Sequence[Parameter]) -> list[str]:
    """Return the blocks of an error class's docstring."""
    status = "in an event stream" if shape.status is None else f"HTTP {shape.status}"
    blocks = text.paragraphs(shape.doc) or [f"The service's error ``{_code(shape.code)}``."]
    sent = {
        ir.RetryKind.NEVER: "It is never retried.",
        ir.RetryKind.THROTTLE: "The request was turned away, so it is retried.",
        ir.RetryKind.TRANSIENT: "It is retried where the operation is safe to repeat.",
    }
    retries = f" {sent[shape.retry]}" if shape.retry else ""
    blocks.append(f"Sent as ``{_code(shape.code)}``, {status}.{retries}")
    return attributes(blocks, fields)


def error_summary(shape: ir.Error) -> str:
    """Return what a ``Raises:`` section says of an error: its first paragraph and its status."""
    status = "in an event stream" if shape.status is None else f"HTTP {shape.status}"
    said = next(iter(text.paragraphs(shape.doc)), "")
    return f"{said.rstrip('.')} ({status})." if said else f"{status}."


def _code(name: str) -> str:
    return name.replace("`", "'")


def client(service: ir.Service, *, asynchronous: bool) -> list[str]:
    """Return the blocks of a client class's docstring."""
    title = " ".join(text.paragraphs(service.name)) or service.class_name
    version = f" (API version {' '.join(text.paragraphs(service.api_version))})" if service.api_version else ""
    blocks = [f"{title}{version}.", *text.paragraphs(service.doc)]
    if asynchronous:
        return [*blocks, "For asyncio and trio. Use it in ``async with``, or call ``aclose()`` when done."]
    return [*blocks, "Use it in ``with``, or call ``close()`` when done. It can be shared by threads."]


def stream(op: ir.Operation, fields: Sequence[Parameter]) -> list[str]:
    """Return the blocks of a stream class's docstring."""
    return attributes([f"The events that ``{_code(op.name)}`` returns, and what came before them."], fields)
