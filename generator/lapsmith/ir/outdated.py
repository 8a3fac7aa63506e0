"""Bindings that no longer fit their spec. Derived ones give one error that says so, and not one for each place in a
file that nobody edits; hand-written ones keep their errors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from lapsmith.bindings.model import ErrorBinding, OperationBinding, ShapeBinding
from lapsmith.diagnostics import Diagnostic, Severity, Span
from lapsmith.ir.context import Context

_LISTED = 6
_FOLLOWS = frozenset(("unbound-endpoint",))
"""What an operation is reported for that lost its binding."""
_DISAGREES = frozenset(
    (
        "duplicate-label",
        "duplicate-member",
        "duplicate-wire-name",
        "endpoint-bound-twice",
        "label-not-in-path",
        "needs-pin",
        "not-an-event",
        "not-an-event-stream",
        "payload-and-body",
        "pin-ambiguous",
        "pin-mismatch",
        "two-payloads",
        "unknown-endpoint",
        "unknown-error",
        "unknown-member",
        "unknown-shape",
        "wrong-endpoint",
        "wrong-kind",
    )
)
"""Errors of bindings and spec that do not fit each other. Derived bindings had none when they were written: each was
checked against its spec then.
"""


def report_outdated(ctx: Context) -> bool:
    """Replace the errors inside derived bindings by one that names the command to run; the details become notes.

    Returns whether bindings that do not fit their spec, derived or not, are all that is wrong.
    """
    stale = [item for item in ctx.diagnostics.items if _is_stale(ctx, item)]
    if not stale:
        return ctx.diagnostics.has_errors and _is_misfit_alone(ctx)
    # Where overrides.yaml is what does not fit, its own errors say so.
    items = [_as_note(item) if _is_inside(ctx, item) or _follows(item) else item for item in ctx.diagnostics.items]
    ctx.diagnostics.items[:] = items
    is_alone = _is_misfit_alone(ctx)
    span = Span(ctx.document.span.file, 1, 1, 1, 1)
    message = f"the spec changed since it was bound; {ctx.advice.bind_again}"
    ctx.diagnostics.error(span, "spec-changed", message, f"no longer as it was bound: {_listed(ctx, stale)}")
    return is_alone


def _is_misfit_alone(ctx: Context) -> bool:
    """Whether no error is about anything else."""
    errors = (item for item in ctx.diagnostics.items if item.severity is Severity.ERROR)
    return ctx.bindings is not None and all(item.code in _DISAGREES | _FOLLOWS for item in errors)


def _is_stale(ctx: Context, item: Diagnostic) -> bool:
    return _is_inside(ctx, item) and item.severity is Severity.ERROR


def _is_inside(ctx: Context, item: Diagnostic) -> bool:
    """Whether it is about what derived bindings and their spec disagree on."""
    inside = ctx.is_derived and ctx.bindings is not None and item.span.file == ctx.bindings.file
    return inside and (item.severity is Severity.WARNING or item.code in _DISAGREES)


def _follows(item: Diagnostic) -> bool:
    return item.severity is Severity.ERROR and item.code in _FOLLOWS


def _as_note(item: Diagnostic) -> Diagnostic:
    return replace(item, severity=Severity.NOTE, hint=None)


def _listed(ctx: Context, stale: list[Diagnostic]) -> str:
    """The operations, shapes and errors that the diagnostics are about, each once: the entries that they lie in."""
    bindings = ctx.bindings
    assert bindings is not None
    groups: tuple[Mapping[str, OperationBinding | ShapeBinding | ErrorBinding], ...] = (
        bindings.operations,
        bindings.shapes,
        bindings.errors,
    )
    places = (pair for group in groups for pair in group.items())
    starts = sorted((entry.span.line, name) for name, entry in places if entry.span.file == bindings.file)
    found: dict[str, None] = {}
    for item in sorted(stale, key=lambda item: item.sort_key):
        above = [name for line, name in starts if line <= item.span.line]
        found[above[-1] if above else f"line {item.span.line}"] = None
    listed = list(found)
    rest = len(listed) - _LISTED
    return ", ".join(listed[:_LISTED]) + (f" and {rest} more" if rest > 0 else "") + " (--notes has the details)"
