"""Pagination and waiters: what the bindings say of them, as the IR has it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from lapsmith.bindings.model import OperationBinding, WaiterBinding
from lapsmith.ir.context import Context
from lapsmith.ir.model import Acceptor, Matcher, Pages, Waiter, WaiterState

_DELAY = 15.0
_ATTEMPTS = 40


def build_pages(ctx: Context, binding: OperationBinding | None) -> Pages | None:
    """How an operation is paginated, if it is."""
    if binding is None or binding.pages is None:
        return None
    pages = binding.pages
    return Pages(
        inputs=tuple(fact.value for fact in pages.input),
        outputs=tuple(fact.value for fact in pages.output),
        items=tuple(fact.value for fact in pages.items),
        limit=pages.limit.value if pages.limit else None,
        more=pages.more.value if pages.more else None,
        origins={"pages": ctx.origin(pages.span)},
    )


def build_waiters(ctx: Context, operations: Collection[str]) -> Mapping[str, Waiter]:
    """The waiters that poll one of ``operations``, by name."""
    bound = ctx.bindings.waiters.values() if ctx.bindings else ()
    return {waiter.name: _waiter(ctx, waiter) for waiter in bound if waiter.operation.value in operations}


def _waiter(ctx: Context, waiter: WaiterBinding) -> Waiter:
    return Waiter(
        name=waiter.name,
        operation=waiter.operation.value,
        delay=waiter.delay.value if waiter.delay else _DELAY,
        attempts=waiter.attempts.value if waiter.attempts else _ATTEMPTS,
        acceptors=tuple(
            Acceptor(
                Matcher(item.matcher),
                item.argument.value if item.argument else None,
                item.expected.value,
                WaiterState(item.state),
                {"acceptor": ctx.origin(item.span)},
            )
            for item in waiter.accept
        ),
        origins={"name": ctx.origin(waiter.span)},
    )
