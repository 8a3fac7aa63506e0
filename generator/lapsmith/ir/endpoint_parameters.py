"""What operations set in the endpoint rules, checked against the rules and against the operations' input."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from lapsmith.bindings import model as bindings
from lapsmith.diagnostics import Span, suggest
from lapsmith.ir import jmespath
from lapsmith.ir.context import Context
from lapsmith.ir.model import (
    BooleanType,
    EndpointParameter,
    ListType,
    Operation,
    Shape,
    StringType,
    Type,
)
from lapsmith.ir.rules import Kind

_LITERALS = {Kind.STRING: str, Kind.BOOLEAN: bool, Kind.STRINGS: tuple}
_TYPES: Mapping[Kind, Type] = {
    Kind.STRING: StringType(),
    Kind.BOOLEAN: BooleanType(),
    Kind.STRINGS: ListType(StringType()),
}


def with_endpoint_parameters(
    ctx: Context, operations: Iterable[Operation], shapes: Mapping[str, Shape]
) -> tuple[Operation, ...]:
    """The operations with those of their endpoint parameters that can be had.

    What is wrong is an error in a file that a person writes. In a derived one a path names what the spec lacks and the
    service's model has: the parameter is then left out, with a warning.
    """
    bound = ctx.bindings.operations if ctx.bindings else {}
    kinds = {each.name: each.kind for each in ctx.rules.parameters} if ctx.rules else {}
    checked = []
    for operation in operations:
        binding = bound.get(operation.name)
        entries = binding.endpoint if binding else {}
        kept = tuple(
            parameter
            for parameter in operation.endpoint_parameters
            if _is_good(ctx, operation, parameter, entries[parameter.name], kinds, shapes)
        )
        checked.append(replace(operation, endpoint_parameters=kept))
    return tuple(checked)


def _is_good(
    ctx: Context,
    operation: Operation,
    parameter: EndpointParameter,
    entry: bindings.EndpointParameter,
    kinds: Mapping[str, Kind],
    shapes: Mapping[str, Shape],
) -> bool:
    kind = kinds.get(parameter.name)
    if kind is None and ctx.rules is not None:
        message = f"the endpoint rules have no parameter '{parameter.name}'"
        ctx.diagnostics.error(entry.span, "unknown-parameter", message, suggest(parameter.name, kinds))
        return False
    if entry.path is None:
        fits = kind is None or isinstance(parameter.literal, _LITERALS[kind])
        if not fits:
            span = entry.literal.span if entry.literal else entry.span
            ctx.diagnostics.error(span, "wrong-type", f"'{parameter.name}' is a {kind} in the endpoint rules")
        return fits
    try:
        found = jmespath.read(entry.path.value, operation.input, shapes).type
    except jmespath.ExpressionError as error:
        return _left_out(ctx, entry.path.span, "bad-expression", f"{operation.name}: {error.message}", error.hint)
    if kind is None or jmespath.same(found, _TYPES[kind]):
        return True
    message = f"{operation.name}: '{entry.path.value}' is {jmespath.describe(found)}, and '{parameter.name}' a {kind}"
    return _left_out(ctx, entry.path.span, "wrong-type", message, None)


def _left_out(ctx: Context, span: Span, code: str, message: str, hint: str | None) -> bool:
    bound = ctx.bindings
    if bound is not None and bound.derived is not None and span.file == bound.file:
        again = f"if the spec changed since it was bound, {ctx.advice.bind_again}"
        ctx.diagnostics.warning(span, code, f"{message}; the endpoint parameter is left out", again)
    else:
        ctx.diagnostics.error(span, code, message, hint)
    return False
