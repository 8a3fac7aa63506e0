"""What cannot be generated yet. Each gap is an error that names the operation to exclude, never a wrong client."""

from __future__ import annotations

from collections.abc import Iterator

from lapsmith.diagnostics import Diagnostics, Span
from lapsmith.ir import model as ir


def unsupported(service: ir.Service, fallback: Span) -> Diagnostics:
    """Return an error for everything in ``service`` that no template covers; ``fallback`` is where to point at last."""
    found = Diagnostics()
    if service.protocol is not ir.Protocol.REST_JSON:
        span = _span(service.origins, "protocol", fallback)
        found.error(
            span,
            "unsupported-protocol",
            f"the protocol {service.protocol} cannot be generated yet",
            "rest-json is the one that can",
        )
        return found
    for operation in service.operations:
        for origins, what in _gaps(operation):
            hint = f'exclude the operation: operations = ["*", "!{operation.name}"]'
            found.error(_span(origins, "type", fallback), "unsupported-member", f"{operation.name}: {what}", hint)
    return found


def _span(origins: ir.Origins, fact: str, fallback: Span) -> Span:
    origin = origins.get(fact)
    return origin.span if origin is not None and origin.span is not None else fallback


def _gaps(operation: ir.Operation) -> Iterator[tuple[ir.Origins, str]]:
    for member in (*operation.input, *operation.output):
        if isinstance(member.type, ir.BlobType) and member.type.streaming:
            yield member.origins, f"the streaming blob {member.name} cannot be generated yet"
        if member.location is ir.Location.PAYLOAD and not isinstance(
            member.type, ir.BlobType | ir.StringType | ir.StructureRef | ir.DocumentType
        ):
            yield member.origins, f"the payload {member.name} is neither a blob, text, a structure nor a document"
    for member in operation.input_at(ir.Location.EVENTS):
        yield member.origins, f"the input event stream {member.name} cannot be generated yet"
    for member in operation.input_at(ir.Location.BODY):
        if isinstance(member.type, ir.TimestampType) and member.type.format not in (None, ir.TimestampFormat.EPOCH):
            yield member.origins, f"the body member {member.name} has the timestamp format {member.type.format}"
