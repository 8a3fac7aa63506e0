"""Which binding belongs to which endpoint of the spec.

An operation is found by method and path. Where several endpoints share them (every RPC service has only
``POST /``), the operation's pin decides: the required input members and the output members that the endpoint
had when the binding was written. A pin must fit exactly one endpoint, so that an edited spec cannot shift a
binding onto a neighbour.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from lapsmith.bindings.model import Fact, OperationBinding
from lapsmith.diagnostics import Span, suggest
from lapsmith.ir.context import Context
from lapsmith.lap.tree import Endpoint

BIND = "bind the operations anew: correct 'at' and 'pin' of this one"


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


def match(ctx: Context, wanted: Callable[[str], bool]) -> list[Bound]:
    """Pair the spec's endpoints, in file order, with bindings.

    Bindings that land nowhere are reported: as errors where ``wanted`` takes the operation's name, else as notes. The
    endpoints that they may have been meant for are left out.
    """
    matcher = _Matcher(ctx, wanted)
    dropped = matcher.run()
    return [
        Bound(endpoint, matcher.claims.get(id(endpoint)))
        for endpoint in ctx.document.endpoints
        if id(endpoint) not in dropped
    ]


class _Matcher:
    def __init__(self, ctx: Context, wanted: Callable[[str], bool]) -> None:
        self._ctx = ctx
        self._wanted = wanted
        self.claims: dict[int, OperationBinding] = {}

    def run(self) -> set[int]:
        """Claim endpoints for bindings; return those that unplaced bindings may have been meant for."""
        targets: dict[tuple[str, str], list[Endpoint]] = {}
        for endpoint in self._ctx.document.endpoints:
            targets.setdefault((endpoint.method, endpoint.path.raw), []).append(endpoint)
        groups: dict[tuple[str, str], list[OperationBinding]] = {}
        for binding in (self._ctx.bindings.operations if self._ctx.bindings else {}).values():
            groups.setdefault((binding.at.method, binding.at.path), []).append(binding)
        dropped: set[int] = set()
        for key, bindings in groups.items():
            if key not in targets:
                self._report_unknown(bindings, [f"{method} {path}" for method, path in targets])
                continue
            misfits = self._assign(bindings, targets[key])
            free = self._free(targets[key])
            dropped |= {id(endpoint) for endpoint in free} if len(free) <= misfits else set()
        return dropped

    def _free(self, endpoints: Sequence[Endpoint]) -> list[Endpoint]:
        return [endpoint for endpoint in endpoints if id(endpoint) not in self.claims]

    def _assign(self, bindings: Sequence[OperationBinding], endpoints: Sequence[Endpoint]) -> int:
        """Place the bindings of one method and path; return how many found no place."""
        if len(bindings) > len(endpoints):
            self._report_crowd(bindings, endpoints)
            return len(bindings)
        left = []
        unpinned = 0
        for binding in bindings:
            if binding.pin is not None:
                left.append(binding)
            elif len(endpoints) == 1:
                self.claims[id(endpoints[0])] = binding
            else:
                unpinned += 1
                message = f"operation {binding.name} needs a pin: {len(endpoints)} endpoints are at {binding.at}"
                self._report(binding, binding.at.span, "needs-pin", message, BIND)
        for grade in (Fit.EXACT, Fit.GREW):
            left = self._claim(left, endpoints, grade)
        for binding in left:
            self._report_unfit(binding, endpoints)
        return unpinned + len(left)

    def _claim(
        self, bindings: Sequence[OperationBinding], endpoints: Sequence[Endpoint], grade: Fit
    ) -> list[OperationBinding]:
        """Give each binding the only endpoint that it fits, unless another binding fits that one as well."""
        free = self._free(endpoints)
        candidates = {binding.name: _candidates(binding, free, grade) for binding in bindings}
        counts = Counter(id(endpoint) for found in candidates.values() for endpoint in found)
        left = []
        for binding in bindings:
            found = candidates[binding.name]
            if len(found) == 1 and counts[id(found[0])] == 1:
                self.claims[id(found[0])] = binding
                if grade is Fit.GREW:
                    _note_growth(self._ctx, binding, found[0])
            else:
                left.append(binding)
        return left

    def _report(self, binding: OperationBinding, span: Span, code: str, message: str, hint: str | None) -> None:
        if self._wanted(binding.name):
            self._ctx.diagnostics.error(span, code, message, hint)
        else:
            self._ctx.diagnostics.note(span, code, message, hint)

    def _report_unknown(self, bindings: Sequence[OperationBinding], known: Sequence[str]) -> None:
        for binding in bindings:
            message = f"operation {binding.name} is bound to {binding.at}, which the spec does not have"
            self._report(binding, binding.at.span, "unknown-endpoint", message, suggest(str(binding.at), known))

    def _report_crowd(self, bindings: Sequence[OperationBinding], endpoints: Sequence[Endpoint]) -> None:
        first = bindings[0]
        places = "one endpoint" if len(endpoints) == 1 else f"{len(endpoints)} endpoints"
        message = f"{len(bindings)} operations are bound to {first.at}, but the spec has {places} there"
        hint = f"the first is {first.name} at {first.at.span}; each operation needs its own endpoint"
        for binding in bindings[len(endpoints) :]:
            self._report(binding, binding.at.span, "endpoint-bound-twice", message, hint)

    def _report_unfit(self, binding: OperationBinding, endpoints: Sequence[Endpoint]) -> None:
        fitting = [endpoint for endpoint in self._free(endpoints) if fit(binding, endpoint) is not Fit.NONE]
        span = binding.pin.span if binding.pin else binding.span
        if fitting:
            lines = ", ".join(str(endpoint.span.line) for endpoint in fitting[:5])
            message = f"the pin of {binding.name} cannot be told apart: it fits the endpoints on spec lines {lines}"
            self._report(binding, span, "pin-ambiguous", message, BIND)
        else:
            message = f"the pin of {binding.name} fits no endpoint at {binding.at}: the spec has changed"
            self._report(binding, span, "pin-mismatch", message, BIND)


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
