"""Cross-checks of one operation: what its bindings say against what its endpoint has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace

from lapsmith.bindings.model import MemberBinding, OperationBinding
from lapsmith.diagnostics import Span, suggest
from lapsmith.ir.context import Context
from lapsmith.ir.placing import Bound
from lapsmith.ir.model import Location, Member, Operation
from lapsmith.ir.pins import output_names
from lapsmith.ir.uri import Target
from lapsmith.ir.wire import describe, fits, is_token
from lapsmith.lap.tree import Endpoint

# The client sets these itself; the signing ones only where it signs.
_OWN_HEADERS = frozenset({"connection", "content-length", "host", "transfer-encoding"})
_SIGNING_HEADERS = frozenset(
    {"amz-sdk-invocation-id", "amz-sdk-request", "authorization", "x-amz-date", "x-amz-security-token"}
)
_RPC_LOCATIONS = (Location.BODY, Location.EVENTS)
_WHOLE_BODY = (Location.PAYLOAD, Location.EVENTS)


def check_names(ctx: Context, bound: Bound) -> bool:
    """Report members that a binding names and its endpoint lacks. False when the binding is another
    endpoint's.
    """
    binding = bound.binding
    if binding is None:
        return True
    binding = replace(binding, input=_without_hints(ctx, binding.input), output=_without_hints(ctx, binding.output))
    inputs, outputs = input_names(ctx, bound.endpoint), output_names(bound.endpoint)
    missing = [name for name in binding.input if name not in inputs]
    missing += [name for name in binding.output if name not in outputs]
    if not missing:
        return True
    owner = _owner(ctx, binding, bound.endpoint)
    if owner is not None:
        message = (
            f"operation {binding.name} would land on {binding.at}, but the members that it names "
            f"({', '.join(missing)} ...) belong to {owner.method} {owner.path.raw}"
        )
        hint = f"bind it at '{owner.method} {owner.path.raw}' ({owner.span})"
        ctx.diagnostics.error(binding.at.span, "wrong-endpoint", message, hint)
        return False
    _report_unknown(ctx, binding.input, inputs, f"{binding.name}", "parameter", bound.endpoint)
    _report_unknown(ctx, binding.output, outputs, f"{binding.name}", "return field", bound.endpoint)
    return True


def _without_hints(ctx: Context, members: Mapping[str, MemberBinding]) -> Mapping[str, MemberBinding]:
    """Leave out members of which ``bind`` wrote only known values, or that they are sensitive: specs may lose those."""
    if not ctx.is_derived or ctx.bindings is None:
        return members
    file = ctx.bindings.file
    return {
        name: entry
        for name, entry in members.items()
        if entry.span.file != file or replace(entry, enum=None, sensitive=None) != MemberBinding(entry.span)
    }


def input_names(ctx: Context, endpoint: Endpoint) -> set[str]:
    """The names that ``in`` of a binding can have for this endpoint."""
    names = {field.name for field in (*endpoint.required, *endpoint.optional, *ctx.document.common_fields)}
    for source in (ctx.types, ctx.document):
        for definition in source.types if source and endpoint.body else ():
            if definition.name == endpoint.body:
                names |= {field.name for field in definition.fields}
    return names | ({endpoint.body} if endpoint.body else set())


def _owner(ctx: Context, binding: OperationBinding, endpoint: Endpoint) -> Endpoint | None:
    """The only other endpoint that has every member that the binding names."""
    fitting = [
        other
        for other in ctx.document.endpoints
        if other is not endpoint
        and set(binding.input) <= input_names(ctx, other)
        and set(binding.output) <= output_names(other)
    ]
    return fitting[0] if len(fitting) == 1 else None


def _report_unknown(
    ctx: Context,
    bindings: Mapping[str, MemberBinding],
    known: Set[str],
    name: str,
    kind: str,
    endpoint: Endpoint,
) -> None:
    for key, entry in bindings.items():
        if key not in known:
            message = f"operation {name}: the spec has no {kind} '{key}' at {endpoint.method} {endpoint.path.raw}"
            hint = suggest(key, known) or f"the endpoint is at {endpoint.span}; bind it anew if the spec changed"
            ctx.diagnostics.error(entry.span, "unknown-member", message, hint)


def check_operation(ctx: Context, operation: Operation, target: Target, span: Span) -> None:
    """Report members that cannot travel as they are bound, and messages that cannot be built from them."""
    _check_labels(ctx, operation, target, span)
    for side, members in (("input", operation.input), ("output", operation.output)):
        _check_distinct(ctx, operation.name, members, span)
        _check_body(ctx, f"{operation.name}, {side}", members, span)
        for member in members:
            _check_member(ctx, f"{operation.name}.{member.name}", member, span, side)
    for member in operation.input_at(Location.EVENTS):
        message = f"operation {operation.name} sends an event stream, which cannot be generated yet"
        hint = f"leave it out: {ctx.advice.leave_out(operation.name)}"
        ctx.diagnostics.error(_place(member, "location", span), "input-event-stream", message, hint)


def _place(member: Member, fact: str, fallback: Span) -> Span:
    """Where a fact was stated; where none did, the place of the member's name."""
    for origin in (member.origins[fact], member.origins["name"]):
        if origin.span is not None:
            return origin.span
    return fallback


def _check_labels(ctx: Context, operation: Operation, target: Target, span: Span) -> None:
    seen: dict[str, Member] = {}
    for member in operation.input_at(Location.LABEL):
        at = _place(member, "location", span)
        if member.wire_name not in target.labels:
            message = f"{operation.name}: the path has no placeholder {{{member.wire_name}}} for '{member.name}'"
            known = "the path's placeholders: " + (", ".join(target.labels) or "none")
            ctx.diagnostics.error(at, "label-not-in-path", message, suggest(member.wire_name, target.labels) or known)
        elif member.wire_name in seen:
            message = f"{operation.name}: '{member.name}' and '{seen[member.wire_name].name}' fill one placeholder"
            ctx.diagnostics.error(at, "duplicate-label", message, "bind one of them elsewhere")
        seen[member.wire_name] = member


def _check_distinct(ctx: Context, name: str, members: Sequence[Member], span: Span) -> None:
    names: dict[str, Member] = {}
    wires: dict[tuple[Location, str], Member] = {}
    for member in members:
        if member.name in names:
            first = _place(names[member.name], "name", span)
            message = f"{name} has two members called '{member.name}'"
            ctx.diagnostics.error(_place(member, "name", span), "duplicate-member", message, f"the first is at {first}")
        names.setdefault(member.name, member)
        folded = member.wire_name.casefold() if member.location is Location.HEADER else member.wire_name
        key = (member.location, folded)
        if key in wires and member.location is not Location.LABEL:
            message = (
                f"{name}: '{member.name}' and '{wires[key].name}' are both the {member.location} {member.wire_name}"
            )
            first = _place(wires[key], "wire_name", span)
            ctx.diagnostics.error(_place(member, "wire_name", span), "duplicate-wire-name", message, f"see {first}")
        wires.setdefault(key, member)


def _check_body(ctx: Context, where: str, members: Sequence[Member], span: Span) -> None:
    whole = [member for member in members if member.location in _WHOLE_BODY]
    for member in whole[1:]:
        message = f"{where}: '{whole[0].name}' is the whole body already, so '{member.name}' cannot be"
        hint = f"the first is at {_place(whole[0], 'location', span)}"
        ctx.diagnostics.error(_place(member, "location", span), "two-payloads", message, hint)
    # RPC protocols send the other members in the first frame of an event stream.
    has_no_body = bool(whole) and not (ctx.is_rpc and whole[0].location is Location.EVENTS)
    for member in members if has_no_body else ():
        if member.location is Location.BODY:
            message = f"{where}: '{member.name}' has no place in the body, since '{whole[0].name}' is all of it"
            hint = "bind it to a header, for instance: {in: header, name: ...}"
            ctx.diagnostics.error(_place(member, "location", span), "payload-and-body", message, hint)


def _check_member(ctx: Context, where: str, member: Member, span: Span, side: str = "") -> None:
    at = _place(member, "location", span)
    if side and ctx.is_rpc and member.location not in _RPC_LOCATIONS:
        message = f"'{where}' cannot travel as {member.location}: {ctx.protocol} has only a body"
        ctx.diagnostics.error(at, "rest-location", message, "remove 'in', or say another 'protocol'")
    if member.location is not Location.EVENTS and not member.json_value and not fits(member.type, member.location):
        message = f"'{where}' is {describe(member.type)}, which cannot travel as {member.location}"
        origin = member.origins["type"]
        hint = f"its type is at {origin.span}" if origin.span else None
        ctx.diagnostics.error(at, "wrong-kind", message, hint)
    if member.location is Location.HEADER and not is_token(member.wire_name):
        message = f"'{member.wire_name}' cannot be the name of a header"
        at = _place(member, "wire_name", span)
        hint = "RFC 9110 allows letters, digits and !#$%&'*+-.^_`|~"
        ctx.diagnostics.error(at, "bad-header-name", message, hint)
    if side == "input" and member.location is Location.HEADER and is_own_header(ctx, member.wire_name):
        message = f"'{where}' cannot travel in the header {member.wire_name}, which the client sets itself"
        ctx.diagnostics.error(_place(member, "wire_name", span), "reserved-header", message, "bind it elsewhere")


def is_own_header(ctx: Context, name: str) -> bool:
    """Whether the client sets this request header itself."""
    return name.lower() in _OWN_HEADERS or (ctx.is_sigv4 and name.lower() in _SIGNING_HEADERS)


def check_shape_body(ctx: Context, name: str, members: Sequence[Member], span: Span) -> None:
    """An event has one payload or body members, not both."""
    payload = [member for member in members if member.location is Location.EVENT_PAYLOAD]
    for member in payload[1:]:
        message = f"{name}: '{payload[0].name}' is the event's payload already, so '{member.name}' cannot be"
        ctx.diagnostics.error(_place(member, "location", span), "two-payloads", message, "keep one event-payload")
    for member in members if payload else ():
        if member.location is Location.BODY:
            message = f"{name}: '{member.name}' has no place, since '{payload[0].name}' is the event's payload"
            at = _place(member, "location", span)
            ctx.diagnostics.error(at, "payload-and-body", message, "bind it: {in: event-header}")
    for member in members:
        _check_member(ctx, f"{name}.{member.name}", member, span)
