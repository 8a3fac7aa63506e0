"""What the stubs for users' tests must know: how each output travels."""

from __future__ import annotations

from collections.abc import Iterable

from lapsmith.ir import model as ir
from lapsmith.python.text import literal
from lapsmith.python.view import OperationView, Parameter


def output_form(op: OperationView, protocol: ir.Protocol) -> str:
    """Return the expression of the form in which an operation's output is sent."""
    fields = op.output.fields
    headers = _at(fields, ir.Location.HEADER)
    parts = {
        "elements": _elements(op, protocol),
        "payload": next((literal(f.name) for f in _at(fields, ir.Location.PAYLOAD)), None),
        "body": _body(op),
        "headers": _table(f for f in headers if not f.member.json_value),
        "json_headers": _table(f for f in headers if f.member.json_value),
        "prefixes": _table(_at(fields, ir.Location.HEADER_MAP)),
        "status": next((literal(f.name) for f in _at(fields, ir.Location.STATUS)), None),
    }
    arguments = [literal(op.name), *(f"{name}={value}" for name, value in parts.items() if value is not None)]
    return f"OutputForm({', '.join(arguments)})"


def _elements(op: OperationView, protocol: ir.Protocol) -> str | None:
    """Return the names of the elements around the members, where the protocol says what they are."""
    root = literal(f"{op.name}Response")
    if protocol is ir.Protocol.QUERY:
        return f"({root}, {dict(op.options).get('wrapper') or literal(f'{op.name}Result')})"
    return f"({root},)" if protocol is ir.Protocol.EC2 else None


def _body(op: OperationView) -> str | None:
    """Return the members that are in the body where others are not, or None where all are."""
    elsewhere = len(op.output.fields) > len(op.output_body)
    has_payload = bool(_at(op.output.fields, ir.Location.PAYLOAD))
    return (_table(op.output_body) or "{}") if elsewhere and not has_payload else None


def _at(fields: Iterable[Parameter], location: ir.Location) -> list[Parameter]:
    return [field for field in fields if field.member.location is location]


def _table(fields: Iterable[Parameter]) -> str | None:
    pairs = [f"{literal(field.wire_name)}: {literal(field.name)}" for field in fields]
    return f"{{{', '.join(pairs)}}}" if pairs else None
