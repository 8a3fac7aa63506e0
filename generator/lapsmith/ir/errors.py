"""Modelled errors: the bindings', and those that the spec names beyond them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from lapsmith.bindings.model import ErrorBinding, OperationBinding
from lapsmith.diagnostics import suggest
from lapsmith.ir.context import Context, default
from lapsmith.ir.model import Error, Member, Origin, RetryKind
from lapsmith.ir.placing import Bound
from lapsmith.ir.shapes import Shapes
from lapsmith.lap.tree import Endpoint, ErrorCase


def named_cases(endpoints: Iterable[Endpoint]) -> dict[str, ErrorCase]:
    """The errors that the spec gives a name to: the first case of each."""
    cases: dict[str, ErrorCase] = {}
    for endpoint in endpoints:
        for case in endpoint.errors:
            if case.name:
                cases.setdefault(case.name, case)
    return cases


def build_errors(ctx: Context, shapes: Shapes, bounds: Sequence[Bound]) -> dict[str, Error]:
    """Every error of the bindings, and every error that the chosen endpoints name; sorted by name."""
    _note_unnamed(ctx, bounds)
    cases = named_cases(item.endpoint for item in bounds)
    bound = ctx.bindings.errors if ctx.bindings else {}
    errors = {name: _bound_error(ctx, shapes, entry, cases.get(name)) for name, entry in bound.items()}
    for name, case in cases.items():
        if name not in errors:
            errors[name] = _spec_error(ctx, shapes, name, case)
    _report_same_codes(ctx, errors, bound)
    return dict(sorted(errors.items()))


def _bound_error(ctx: Context, shapes: Shapes, entry: ErrorBinding, case: ErrorCase | None) -> Error:
    members, origin = _members(ctx, shapes, entry.name)
    origins = {
        "code": ctx.of(entry.code) if entry.code else ctx.origin(entry.span),
        "status": ctx.of(entry.status) if entry.status else default("no-status"),
        "retry": ctx.of(entry.retry) if entry.retry else default("retry-by-status"),
        "members": origin,
    }
    return Error(
        name=entry.name,
        code=entry.code.value if entry.code else entry.name,
        status=entry.status.value if entry.status else None,
        retry=RetryKind(entry.retry.value) if entry.retry else None,
        members=members,
        doc=entry.doc.value if entry.doc else case.text if case else None,
        origins=origins,
    )


def _spec_error(ctx: Context, shapes: Shapes, name: str, case: ErrorCase) -> Error:
    """AWS specs have placeholders for statuses, so theirs are not believed; others say what they mean."""
    members, origin = _members(ctx, shapes, name)
    stated = ctx.origin(case.span)
    believed = not ctx.is_sigv4 and len(case.status) == 3 and case.status.isdecimal()
    origins = {
        "code": stated,
        "status": stated if believed else default("no-status"),
        "retry": default("retry-by-status"),
        "members": origin,
    }
    status = int(case.status) if believed else None
    return Error(name, name, status, None, members, case.text, origins)


def _members(ctx: Context, shapes: Shapes, name: str) -> tuple[tuple[Member, ...], Origin]:
    definition = shapes.definitions.get(name)
    if definition is None:
        return (), default("no-definition")
    return shapes.members(definition), ctx.origin(definition.span)


def _note_unnamed(ctx: Context, bounds: Sequence[Bound]) -> None:
    """Say what becomes of nameless errors, unless the bindings list the operation's errors."""
    silent = [item.endpoint for item in bounds if item.binding is None or item.binding.errors is None]
    cases = [case for endpoint in silent for case in endpoint.errors if not case.name]
    if cases:
        count = f"{len(cases)} entries" if len(cases) > 1 else "1 entry"
        message = f"{count} of @errors without a name: such errors are raised as the service's base error"
        hint = f"list the operation's errors in {ctx.editable} to give them classes"
        ctx.diagnostics.note(cases[0].span, "unnamed-error", message, hint)


def _report_same_codes(ctx: Context, errors: Mapping[str, Error], bound: Mapping[str, ErrorBinding]) -> None:
    codes: dict[str, str] = {}
    for name, error in errors.items():
        other = codes.setdefault(error.code, name)
        if other != name and name in bound:
            message = f"errors {other} and {name} both have the code '{error.code}'"
            ctx.diagnostics.error(bound[name].span, "duplicate-code", message, "keep one of them")


def operation_errors(
    ctx: Context, binding: OperationBinding | None, endpoint: Endpoint, known: Mapping[str, Error]
) -> tuple[tuple[str, ...], Origin]:
    """The names of an operation's errors: the bindings' list, then what only the spec names."""
    named = named_cases((endpoint,))
    names = dict.fromkeys(named)
    origin = ctx.origin(next(iter(named.values())).span) if named else default("none-stated")
    if binding is None or binding.errors is None:
        return tuple(names), origin
    listed: dict[str, None] = {}
    for fact in binding.errors:
        if fact.value in known:
            listed[fact.value] = None
            continue
        message = f"operation {binding.name} lists the error '{fact.value}', which is not under 'errors'"
        hint = suggest(fact.value, known) or f"add it under 'errors' in {ctx.editable}, with its status"
        ctx.diagnostics.error(fact.span, "unknown-error", message, hint)
    return tuple(listed | names), ctx.origin(binding.errors_span or binding.span)
