"""Which binding belongs to which endpoint of the spec.

An operation is found by method and path. Where several endpoints share them (every RPC service has only
``POST /``), the operation's pin decides: the required input members and the output members that the endpoint
had when the binding was written. A pin must fit exactly one endpoint, so that an edited spec cannot shift a
binding onto a neighbour.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from lapsmith.bindings.model import At, Fact, OperationBinding
from lapsmith.diagnostics import suggest
from lapsmith.ir.context import Context
from lapsmith.lap.tree import Endpoint

BIND = "run `lapsmith bind` to match the operations anew"


@dataclass(frozen=True, slots=True)
class Bound:
    """An endpoint and the binding that names it, if any."""

    endpoint: Endpoint
    binding: OperationBinding | None


class Fit(IntEnum):
    """How well a pin fits an endpoint."""

    NONE = 0
    GREW = 1
    EXACT = 2


def description_digest(desc: str | None) -> str:
    """The ``desc`` of a pin: the first 8 hex digits of SHA-256 of the description, white space folded."""
    return hashlib.sha256(" ".join((desc or "").split()).encode("utf-8", "replace")).hexdigest()[:8]


def match(ctx: Context) -> list[Bound]:
    """Pair the spec's endpoints, in file order, with bindings. Bindings that land nowhere are reported."""
    endpoints = _by_target(ctx)
    claims: dict[int, OperationBinding] = {}
    groups: dict[tuple[str, str], list[OperationBinding]] = {}
    for binding in (ctx.bindings.operations if ctx.bindings else {}).values():
        groups.setdefault((binding.at.method, binding.at.path), []).append(binding)
    for key, bindings in groups.items():
        if key in endpoints:
            _assign(ctx, bindings, endpoints[key], claims)
        else:
            _report_unknown(ctx, bindings, endpoints)
    return [Bound(endpoint, claims.get(id(endpoint))) for endpoint in ctx.document.endpoints]


def _by_target(ctx: Context) -> dict[tuple[str, str], list[Endpoint]]:
    targets: dict[tuple[str, str], list[Endpoint]] = {}
    for endpoint in ctx.document.endpoints:
        targets.setdefault((endpoint.method, endpoint.path.raw), []).append(endpoint)
    return targets


def _report_unknown(
    ctx: Context, bindings: Sequence[OperationBinding], endpoints: dict[tuple[str, str], list[Endpoint]]
) -> None:
    known = [f"{method} {path}" for method, path in endpoints]
    for binding in bindings:
        message = f"operation {binding.name} is bound to {binding.at}, which the spec does not have"
        ctx.diagnostics.error(binding.at.span, "unknown-endpoint", message, suggest(str(binding.at), known))


def _assign(
    ctx: Context,
    bindings: Sequence[OperationBinding],
    endpoints: Sequence[Endpoint],
    claims: dict[int, OperationBinding],
) -> None:
    if len(bindings) > len(endpoints):
        _report_crowd(ctx, bindings, endpoints)
        return
    left = []
    for binding in bindings:
        if binding.pin is not None:
            left.append(binding)
        elif len(endpoints) == 1:
            claims[id(endpoints[0])] = binding
        else:
            message = f"operation {binding.name} needs a pin: {len(endpoints)} endpoints are at {binding.at}"
            ctx.diagnostics.error(binding.at.span, "needs-pin", message, BIND)
    for grade in (Fit.EXACT, Fit.GREW):
        left = _claim(ctx, left, endpoints, claims, grade)
    for binding in left:
        _report_unfit(ctx, binding, endpoints, claims)


def _claim(
    ctx: Context,
    bindings: Sequence[OperationBinding],
    endpoints: Sequence[Endpoint],
    claims: dict[int, OperationBinding],
    grade: Fit,
) -> list[OperationBinding]:
    """Give each binding the only endpoint that it fits, unless another binding fits that one as well."""
    free = [endpoint for endpoint in endpoints if id(endpoint) not in claims]
    wanted = {binding.name: _candidates(binding, free, grade) for binding in bindings}
    counts: dict[int, int] = {}
    for candidates in wanted.values():
        for endpoint in candidates:
            counts[id(endpoint)] = counts.get(id(endpoint), 0) + 1
    left = []
    for binding in bindings:
        candidates = wanted[binding.name]
        if len(candidates) == 1 and counts[id(candidates[0])] == 1:
            claims[id(candidates[0])] = binding
            if grade is Fit.GREW:
                _note_growth(ctx, binding, candidates[0])
        else:
            left.append(binding)
    return left


def _candidates(binding: OperationBinding, endpoints: Sequence[Endpoint], grade: Fit) -> list[Endpoint]:
    fitting = [endpoint for endpoint in endpoints if fit(binding, endpoint) is grade]
    if len(fitting) > 1 and binding.pin and binding.pin.desc:
        digest = binding.pin.desc.value
        return [endpoint for endpoint in fitting if description_digest(endpoint.desc) == digest] or fitting
    return fitting


def fit(binding: OperationBinding, endpoint: Endpoint) -> Fit:
    """Compare a binding's pin with an endpoint's member names. No pin fits nothing."""
    pin = binding.pin
    if pin is None:
        return Fit.NONE
    required = {field.name for field in endpoint.required}
    inputs = required | {field.name for field in endpoint.optional}
    outputs = output_names(endpoint)
    return min(_fit(pin.input, required, inputs), _fit(pin.output, outputs, outputs))


def _fit(pinned: tuple[Fact[str], ...] | None, exact: set[str], known: set[str]) -> Fit:
    if pinned is None:
        return Fit.EXACT
    names = {fact.value for fact in pinned}
    if names in (exact, known):
        return Fit.EXACT
    return Fit.GREW if names <= known else Fit.NONE


def output_names(endpoint: Endpoint) -> set[str]:
    """The names of all members that the endpoint's answers have."""
    return {field.name for returns in endpoint.returns for field in returns.fields or ()}


def _report_crowd(ctx: Context, bindings: Sequence[OperationBinding], endpoints: Sequence[Endpoint]) -> None:
    at: At = bindings[0].at
    places = "one endpoint" if len(endpoints) == 1 else f"{len(endpoints)} endpoints"
    for binding in bindings[len(endpoints) :]:
        message = f"{len(bindings)} operations are bound to {at}, but the spec has {places} there"
        hint = f"the first is {bindings[0].name} at {bindings[0].at.span}; each operation needs its own endpoint"
        ctx.diagnostics.error(binding.at.span, "endpoint-bound-twice", message, hint)


def _report_unfit(
    ctx: Context,
    binding: OperationBinding,
    endpoints: Sequence[Endpoint],
    claims: dict[int, OperationBinding],
) -> None:
    free = [endpoint for endpoint in endpoints if id(endpoint) not in claims]
    fitting = [endpoint for endpoint in free if fit(binding, endpoint) is not Fit.NONE]
    span = binding.pin.span if binding.pin else binding.span
    if fitting:
        lines = ", ".join(str(endpoint.span.line) for endpoint in fitting[:5])
        message = f"the pin of {binding.name} cannot be told apart: it fits the endpoints on spec lines {lines}"
        ctx.diagnostics.error(span, "pin-ambiguous", message, BIND)
    else:
        message = f"the pin of {binding.name} fits no endpoint at {binding.at}: the spec has changed"
        ctx.diagnostics.error(span, "pin-mismatch", message, BIND)


def _note_growth(ctx: Context, binding: OperationBinding, endpoint: Endpoint) -> None:
    pin = binding.pin
    if pin is None:
        return
    pinned = {fact.value for fact in (*(pin.input or ()), *(pin.output or ()))}
    names = {field.name for field in endpoint.required} if pin.input is not None else set()
    names |= output_names(endpoint) if pin.output is not None else set()
    added = ", ".join(sorted(names - pinned)) or "none is required now"
    message = f"the endpoint of {binding.name} has other members than its pin ({added}); it is still the only fit"
    ctx.diagnostics.note(pin.span, "pin-grew", message, BIND)
