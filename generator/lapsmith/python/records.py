"""What an operation's record says, and the protocols whose operations are nothing but records."""

from __future__ import annotations

from collections.abc import Mapping

from lapsmith.ir import jmespath
from lapsmith.ir import model as ir
from lapsmith.python.jmespath.compiler import over_input
from lapsmith.python.text import literal
from lapsmith.python.view import RPCView

_FORMS = {ir.Protocol.QUERY: "QueryRPC", ir.Protocol.EC2: "EC2RPC"}
_JSON_VERSIONS = {ir.Protocol.JSON_1_0: "1.0", ir.Protocol.JSON_1_1: "1.1"}


def rpc_view(service: ir.Service, base_error: str) -> RPCView | None:
    """Return the protocol of a service that sends every operation in one way; None for REST."""
    errors = (("errors", "ERRORS"), ("service_error", base_error))
    compatible = (("query_compatible", "True"),) if service.query_compatible else ()
    if service.protocol in _JSON_VERSIONS:
        version = literal(_JSON_VERSIONS[service.protocol])
        arguments = (("target", literal(service.target)), ("version", version), *errors, *compatible)
        return RPCView("codec.json", "JSONRPC", arguments)
    if service.protocol is ir.Protocol.RPC_V2_CBOR:
        return RPCView("codec.cbor", "CBORRPC", (("service", literal(service.target)), *errors, *compatible))
    if service.protocol in _FORMS:
        tables = (("structures", "STRUCTURES"), ("inputs", "INPUTS"))
        arguments = (("version", literal(service.api_version)), *tables, *errors)
        return RPCView("codec.query", _FORMS[service.protocol], arguments)
    return None


def record_options(op: ir.Operation, protocol: ir.Protocol) -> tuple[tuple[str, str], ...]:
    """Return the keyword arguments of an operation's record that are not the same for all."""
    options = {
        "retry_safe": "True" if op.retry_safe else None,
        "streaming": literal(op.streams.value) if op.streams else None,
        "auth": literal(op.auth.value) if op.auth else None,
        "compress": "True" if op.compress else None,
        "long_poll": "True" if op.long_poll else None,
        "is_error": "is_error" if protocol is ir.Protocol.REST_XML and _is_document(op) else None,
        "wrapper": literal(op.wrapper) if op.wrapper else None,
    }
    return tuple((name, value) for name, value in options.items() if value is not None)


def _is_document(op: ir.Operation) -> bool:
    """Whether a response can be read as a document of the protocol, and is no stream, bytes or text."""
    payloads = op.output_at(ir.Location.PAYLOAD)
    return op.streams is None and all(isinstance(member.type, ir.StructureRef) for member in payloads)


def host_prefix(op: ir.Operation, parameters: Mapping[str, str]) -> str | None:
    """Return the expression of what goes before the host; ``parameters`` maps members to arguments."""
    if not op.host_prefix:
        return None
    if all(isinstance(part, str) for part in op.host_prefix):
        return literal("".join(str(part) for part in op.host_prefix))
    parts = (
        part if isinstance(part, str) else f"{{host_label({parameters[part.name]}, '{parameters[part.name]}')}}"
        for part in op.host_prefix
    )
    return f'f"{"".join(parts)}"'


def endpoint_parameters(
    op: ir.Operation, shapes: Mapping[str, ir.Shape], parameters: Mapping[str, str]
) -> tuple[tuple[str, str], ...]:
    """Return the parameters of the endpoint rules that this operation sets, each with its expression."""
    return tuple((entry.name, _endpoint_value(entry, op, shapes, parameters)) for entry in op.endpoint_parameters)


def _endpoint_value(
    entry: ir.EndpointParameter, op: ir.Operation, shapes: Mapping[str, ir.Shape], parameters: Mapping[str, str]
) -> str:
    if entry.path is not None:
        node = jmespath.read(entry.path, op.input, shapes)
        return over_input(node, lambda member: parameters[member.name])
    if isinstance(entry.literal, tuple):
        return f"[{', '.join(map(literal, entry.literal))}]"
    return literal(entry.literal)
