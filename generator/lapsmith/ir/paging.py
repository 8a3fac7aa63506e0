"""Pagination and waiters: what the bindings say of them, checked against the members that it names.

A mistake in a file that a person writes is an error. In a derived file it means that the spec lacks what the service's
model has, and only leaves the paginator or waiter out, with a warning.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from lapsmith.bindings import model as bindings
from lapsmith.bindings.model import Fact, WaiterBinding
from lapsmith.diagnostics import Span, suggest
from lapsmith.ir import jmespath
from lapsmith.ir.context import Context
from lapsmith.ir.model import (
    Acceptor,
    BooleanType,
    IntegerType,
    ListType,
    Matcher,
    Operation,
    Pages,
    Shape,
    StringType,
    Type,
    Waiter,
    WaiterState,
)

_DELAY = 15.0
_ATTEMPTS = 40
_EXPECTED: Mapping[type[object], Type] = {str: StringType(), bool: BooleanType(), int: IntegerType()}


def with_pages(ctx: Context, operations: Iterable[Operation], shapes: Mapping[str, Shape]) -> tuple[Operation, ...]:
    """The operations with what the bindings say of their pages."""
    bound = ctx.bindings.operations if ctx.bindings else {}
    paged = []
    for operation in operations:
        binding = bound.get(operation.name)
        pages = binding.pages if binding else None
        paged.append(replace(operation, pages=_Pages(ctx, operation, shapes).read(pages)) if pages else operation)
    return tuple(paged)


class _Pages:
    """Reads the pages of one operation."""

    def __init__(self, ctx: Context, operation: Operation, shapes: Mapping[str, Shape]) -> None:
        self._ctx = ctx
        self._operation = operation
        self._shapes = shapes
        self._is_good = True

    def read(self, pages: bindings.Pages) -> Pages | None:
        """Return the pages, or None after a complaint."""
        if self._operation.streams:
            self._complain(pages.span, "wrong-kind", "the operation answers with a stream, which has no pages")
        inputs = {member.name: member.type for member in self._operation.input}
        for token, source in zip(pages.input, pages.output, strict=False):
            self._check_token(token, source, inputs)
        if pages.limit is not None and pages.limit.value not in inputs:
            self._unknown(pages.limit, inputs)
        for items in pages.items:
            found = self._expression(items)
            if found is not None and isinstance(found.type, jmespath.Root | jmespath.Mixed | jmespath.Null):
                self._complain(items.span, "wrong-kind", f"'{items.value}' is {jmespath.describe(found.type)}")
        more = self._expression(pages.more) if pages.more else None
        if pages.more and more and not isinstance(more.type, BooleanType):
            what = f"'{pages.more.value}' is {jmespath.describe(more.type)}, and whether there is more is true or false"
            self._complain(pages.more.span, "wrong-kind", what)
        if not self._is_good:
            return None
        return Pages(
            inputs=tuple(fact.value for fact in pages.input),
            outputs=tuple(fact.value for fact in pages.output),
            items=tuple(fact.value for fact in pages.items),
            limit=pages.limit.value if pages.limit else None,
            more=pages.more.value if pages.more else None,
            origins={"pages": self._ctx.origin(pages.span)},
        )

    def _check_token(self, token: Fact[str], source: Fact[str], inputs: Mapping[str, Type]) -> None:
        if token.value not in inputs:
            self._unknown(token, inputs)
        found = self._expression(source)
        if found is None or token.value not in inputs:
            return
        if not jmespath.same(found.type, inputs[token.value]):
            kinds = f"{jmespath.describe(found.type)}, and '{token.value}' {jmespath.describe(inputs[token.value])}"
            self._complain(source.span, "wrong-kind", f"'{source.value}' is {kinds}")

    def _expression(self, fact: Fact[str]) -> jmespath.Node | None:
        try:
            return jmespath.read(fact.value, self._operation.output, self._shapes)
        except jmespath.ExpressionError as error:
            self._complain(fact.span, "bad-expression", error.message, error.hint)
            return None

    def _unknown(self, fact: Fact[str], known: Iterable[str]) -> None:
        message = f"the operation has no input member '{fact.value}'"
        self._complain(fact.span, "unknown-member", message, suggest(fact.value, known))

    def _complain(self, span: Span, code: str, message: str, hint: str | None = None) -> None:
        self._is_good = False
        _report(self._ctx, span, code, f"pages of {self._operation.name}: {message}", hint)


def build_waiters(ctx: Context, operations: Iterable[Operation], shapes: Mapping[str, Shape]) -> Mapping[str, Waiter]:
    """The waiters that poll one of ``operations``, by name."""
    known = {operation.name: operation for operation in operations}
    bound = ctx.bindings.waiters.values() if ctx.bindings else ()
    built = (_waiter(ctx, waiter, known, shapes) for waiter in bound)
    return {waiter.name: waiter for waiter in built if waiter}


def _waiter(
    ctx: Context, waiter: WaiterBinding, operations: Mapping[str, Operation], shapes: Mapping[str, Shape]
) -> Waiter | None:
    operation = operations.get(waiter.operation.value)
    if operation is None:
        _report_unpolled(ctx, waiter)
        return None
    reader = _Acceptors(ctx, waiter.name, operation, shapes)
    acceptors = tuple(acceptor for item in waiter.accept if (acceptor := reader.read(item)))
    if not reader.is_good:
        return None
    if all(acceptor.state is not WaiterState.SUCCESS for acceptor in acceptors):
        message = f"waiter {waiter.name} has no acceptor that can succeed"
        _report(ctx, waiter.span, "no-success", message, "add one with 'state: success', or remove the waiter")
        return None
    return Waiter(
        name=waiter.name,
        operation=waiter.operation.value,
        delay=waiter.delay.value if waiter.delay else _DELAY,
        attempts=waiter.attempts.value if waiter.attempts else _ATTEMPTS,
        acceptors=acceptors,
        origins={"name": ctx.origin(waiter.span)},
    )


def _report_unpolled(ctx: Context, waiter: WaiterBinding) -> None:
    name = waiter.operation.value
    bound = ctx.bindings.operations if ctx.bindings else {}
    if name in bound or (ctx.bindings and name in ctx.bindings.removed):
        message = f"waiter {waiter.name} is left out, since {name} is not generated"
        ctx.diagnostics.note(waiter.span, "not-generated", message)
    else:
        message = f"waiter {waiter.name} calls '{name}', which is not under 'operations'"
        _report(ctx, waiter.operation.span, "unknown-operation", message, suggest(name, bound))


class _Acceptors:
    """Reads the acceptors of one waiter. ``is_good`` says whether there was no complaint."""

    def __init__(self, ctx: Context, waiter: str, operation: Operation, shapes: Mapping[str, Shape]) -> None:
        self._ctx = ctx
        self._waiter = waiter
        self._operation = operation
        self._shapes = shapes
        self.is_good = True

    def read(self, item: bindings.Acceptor) -> Acceptor | None:
        """Return the acceptor; None after a complaint, and where it can never match."""
        matcher = Matcher(item.matcher)
        if item.argument is not None and not self._can_match(item, matcher, item.argument):
            return None
        origins = {"acceptor": self._ctx.origin(item.span)}
        argument = item.argument.value if item.argument else None
        return Acceptor(matcher, argument, item.expected.value, WaiterState(item.state), origins)

    def _can_match(self, item: bindings.Acceptor, matcher: Matcher, argument: Fact[str]) -> bool:
        try:
            kind = jmespath.read(argument.value, self._operation.output, self._shapes).type
        except jmespath.ExpressionError as error:
            self.is_good = False
            message = f"waiter {self._waiter}: {error.message}"
            _report(self._ctx, argument.span, "bad-expression", message, error.hint)
            return False
        wanted = _EXPECTED[type(item.expected.value)]
        if matcher is not Matcher.PATH:
            # AWS's SDKs take it that nothing matches where there is no list; a model of EC2 relies on it.
            if not isinstance(kind, ListType):
                return self._never(argument, f"is {jmespath.describe(kind)} and no list")
            kind = kind.item
        if not jmespath.same(kind, wanted):
            return self._never(argument, f"is {jmespath.describe(kind)}, never {jmespath.describe(wanted)}")
        return True

    def _never(self, argument: Fact[str], why: str) -> bool:
        message = f"waiter {self._waiter}: an acceptor is left out that can never match: '{argument.value}' {why}"
        self._ctx.diagnostics.warning(argument.span, "never-matches", message)
        return False


def _report(ctx: Context, span: Span, code: str, message: str, hint: str | None = None) -> None:
    """Report a mistake: an error where a person made it, else a warning that something is left out."""
    bound = ctx.bindings
    if bound is not None and bound.derived is not None and span.file == bound.file:
        again = f"if the spec changed since it was bound, {ctx.advice.bind_again}"
        ctx.diagnostics.warning(span, code, f"{message}; it is left out", again)
    else:
        ctx.diagnostics.error(span, code, message, hint)
