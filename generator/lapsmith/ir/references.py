"""References inside the bindings: shapes, waiters' operations, members of pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lapsmith.bindings.model import Bindings, Fact, OperationBinding
from lapsmith.diagnostics import suggest
from lapsmith.ir.context import Context
from lapsmith.ir.definitions import Definition
from lapsmith.ir.model import Member


def check_references(ctx: Context, definitions: Mapping[str, Definition]) -> None:
    """Report names that nothing bears, and note what the bindings offer that is not generated yet."""
    bindings = ctx.bindings
    if bindings is None:
        return
    for name, shape in bindings.shapes.items():
        if name not in definitions:
            message = f"no shape is called '{name}' in spec or types.lap"
            hint = suggest(name, definitions) or "define it in types.lap, or remove it here"
            ctx.diagnostics.error(shape.span, "unknown-shape", message, hint)
    _check_waiters(ctx, bindings)
    for operation in bindings.operations.values():
        if operation.pages:
            message = f"pages of {operation.name} are not generated yet: callers pass the tokens on themselves"
            ctx.diagnostics.note(operation.pages.span, "not-generated", message)


def _check_waiters(ctx: Context, bindings: Bindings) -> None:
    for waiter in bindings.waiters.values():
        if waiter.operation.value not in bindings.operations:
            message = f"waiter {waiter.name} calls '{waiter.operation.value}', which is not under 'operations'"
            hint = suggest(waiter.operation.value, bindings.operations)
            ctx.diagnostics.error(waiter.operation.span, "unknown-operation", message, hint)
        message = f"waiter {waiter.name} is not generated yet: callers poll {waiter.operation.value} themselves"
        ctx.diagnostics.note(waiter.span, "not-generated", message)


def check_pages(
    ctx: Context, binding: OperationBinding | None, inputs: Iterable[Member], outputs: Iterable[Member]
) -> None:
    """Report page tokens and items that the operation's members do not include."""
    if binding is None or binding.pages is None:
        return
    _known(ctx, binding.name, binding.pages.input, {member.name for member in inputs})
    results = (*binding.pages.output, *binding.pages.items)
    _known(ctx, binding.name, results, {member.name for member in outputs})


def _known(ctx: Context, name: str, facts: Iterable[Fact[str]], known: set[str]) -> None:
    for fact in facts:
        head = fact.value.partition(".")[0].partition("[")[0]
        if head not in known:
            message = f"pages of {name} name '{fact.value}', which the operation does not have"
            ctx.diagnostics.error(fact.span, "unknown-member", message, suggest(head, known))
