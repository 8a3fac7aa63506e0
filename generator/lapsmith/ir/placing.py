"""Places bindings: which endpoint of the spec each belongs to.

An operation is found by method and path. Where several endpoints share them (every RPC service has only
``POST /``), the operation's pin decides (:mod:`lapsmith.ir.pins`). A pin must fit exactly one endpoint, and no other
pin fit that one as well, so that an edited spec cannot shift a binding onto a neighbour.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from lapsmith.bindings.model import OperationBinding, Pin
from lapsmith.diagnostics import Span, suggest
from lapsmith.ir.context import Context
from lapsmith.ir.pins import Fit, Traits, fit, is_one_of, needs_pin, pinned, traits
from lapsmith.ir.presume import presume
from lapsmith.lap.tree import Endpoint

_FEW = 2
_BY_HAND = "bind the operations anew: correct 'at' and 'pin' of this one"


@dataclass(frozen=True, slots=True)
class Bound:
    """An endpoint and the binding that names it, if any."""

    endpoint: Endpoint
    binding: OperationBinding | None


def bind_hint(ctx: Context) -> str:
    """What to do about operations that are not bound as the spec is now."""
    by_hand = ctx.bindings is not None and ctx.bindings.derived is None
    return _BY_HAND if by_hand else ctx.advice.bind_again


def unbound_hint(ctx: Context, endpoint: Endpoint) -> str:
    """How to say which operation an endpoint is that no binding names."""
    if ctx.bindings is None:
        return ctx.advice.bind_again
    snippet = _snippet(ctx, endpoint)
    if ctx.bindings.derived is None:
        return f"bind it in bindings.yaml: {snippet}" if snippet else "bind it in bindings.yaml, with 'at' and 'pin'"
    if snippet is None:
        return f"{ctx.advice.bind_again}, which says what to put into overrides.yaml where it cannot tell"
    return f"{ctx.advice.bind_again}; where the model lacks the operation, say what it is in overrides.yaml: {snippet}"


def _snippet(ctx: Context, endpoint: Endpoint) -> str | None:
    """An entry to be filled in with a name; None where nothing but order tells the endpoint from others."""
    place = (endpoint.method, endpoint.path.raw)
    here = [other for other in ctx.document.endpoints if (other.method, other.path.raw) == place]
    looks = traits(here)
    look = next(found for other, found in zip(here, looks, strict=True) if other is endpoint)
    if look.nth[1] > 1:
        return None
    entry: dict[str, object] = {"at": " ".join(place)}
    if needs_pin(endpoint, looks):
        entry["pin"] = pinned(look, looks) | {"by": "hand"}
    return f"operations: {{NAME: {_flow(entry)}}}"


def _flow(value: object) -> str:
    """A value of a pin as YAML on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(inner)}" for key, inner in value.items()) + "}"
    return json.dumps(value)


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
        for binding in self._bindings():
            groups.setdefault((binding.at.method, binding.at.path), []).append(binding)
        dropped: set[int] = set()
        for key, bindings in groups.items():
            if key not in targets:
                self._report_unknown(bindings, [f"{method} {path}" for method, path in targets])
                continue
            misfits = self._assign(bindings, targets[key])
            free = [endpoint for endpoint in targets[key] if id(endpoint) not in self.claims]
            dropped |= {id(endpoint) for endpoint in free} if len(free) <= misfits else set()
        return dropped

    def _bindings(self) -> Iterator[OperationBinding]:
        """Those of the bindings, and of operations that were removed: their endpoints are nobody else's."""
        bindings = self._ctx.bindings
        if bindings is not None:
            yield from bindings.operations.values()
            yield from (item.binding for item in bindings.removed.values() if item.binding)

    def _assign(self, bindings: Sequence[OperationBinding], endpoints: Sequence[Endpoint]) -> int:
        """Place the bindings of one method and path; return how many found no place."""
        unpinned = [binding for binding in bindings if binding.pin is None]
        if unpinned and len(endpoints) == 1:
            return self._assign_one(bindings, unpinned, endpoints[0])
        for binding in unpinned:
            message = f"operation {binding.name} needs a pin: {len(endpoints)} endpoints are at {binding.at}"
            self._report(binding, binding.at.span, "needs-pin", message, bind_hint(self._ctx))
        pinned = [binding for binding in bindings if binding.pin is not None]
        group = Group(endpoints, pinned)
        group.run()
        for binding, endpoint, grade in group.claims:
            self.claims[id(endpoint)] = binding
            self._note(binding, endpoint, grade)
        for binding, candidates in group.stuck:
            self._report_ambiguous(binding, candidates)
        for binding in group.left.values():
            message = f"the pin of {binding.name} fits no endpoint at {binding.at}: the spec has changed"
            self._report(binding, _pin_span(binding), "pin-mismatch", message, bind_hint(self._ctx))
        lost = [binding for binding in group.left.values() if self._wanted(binding.name)]
        self.claims |= {id(endpoint): binding for binding, endpoint in presume(lost, endpoints, self.claims)}
        return len(bindings) - len(group.claims)

    def _assign_one(
        self, bindings: Sequence[OperationBinding], unpinned: Sequence[OperationBinding], endpoint: Endpoint
    ) -> int:
        """Give an endpoint that is alone to the only binding that it can have."""
        if len(bindings) == 1:
            self.claims[id(endpoint)] = bindings[0]
            return 0
        first = bindings[0]
        message = f"{len(bindings)} operations are bound to {first.at}, but the spec has one endpoint there"
        hint = f"the first is {first.name} at {first.at.span}; each operation needs its own endpoint"
        for binding in bindings[1:]:
            self._report(binding, binding.at.span, "endpoint-bound-twice", message, hint)
        return len(bindings)

    def _report(self, binding: OperationBinding, span: Span, code: str, message: str, hint: str | None) -> None:
        if self._wanted(binding.name):
            self._ctx.diagnostics.error(span, code, message, hint)
        else:
            self._ctx.diagnostics.note(span, code, message, hint)

    def _report_unknown(self, bindings: Sequence[OperationBinding], known: Sequence[str]) -> None:
        for binding in bindings:
            message = f"operation {binding.name} is bound to {binding.at}, which the spec does not have"
            hint = suggest(str(binding.at), known) or bind_hint(self._ctx)
            self._report(binding, binding.at.span, "unknown-endpoint", message, hint)

    def _report_ambiguous(self, binding: OperationBinding, candidates: Sequence[Endpoint]) -> None:
        lines = ", ".join(str(endpoint.span.line) for endpoint in candidates[:5])
        places = f"lines {lines}" if len(candidates) > 1 else f"line {lines}, and so do others"
        message = f"the pin of {binding.name} cannot be told apart: it fits what is on spec {places}"
        self._report(binding, _pin_span(binding), "pin-ambiguous", message, bind_hint(self._ctx))

    def _note(self, binding: OperationBinding, endpoint: Endpoint, grade: Fit) -> None:
        """Say what has changed since the pin was written."""
        if binding.pin is None or (grade >= Fit.NAMES and grade is not Fit.PROSE_GREW):
            return
        where = f"the endpoint of {binding.name} ({endpoint.span})"
        if grade is Fit.REWORDED:
            code, message = "pin-reworded", f"{where} has another description than when it was bound"
        else:
            changed = ", ".join(_changed(binding, endpoint)) or "what is required"
            code, message = "pin-grew", f"{where} has other members than its pin ({changed})"
        hint = f"it is still the only fit; {bind_hint(self._ctx)}"
        # It is the last one left of its twins, or has so few members that another may have come in its place.
        few = len(binding.pin.input or ()) + len(binding.pin.output or ()) <= _FEW
        if grade is Fit.REWORDED and (few or binding.pin.text is not None):
            self._ctx.diagnostics.warning(binding.pin.span, code, message, hint)
        else:
            self._ctx.diagnostics.note(binding.pin.span, code, message, hint)


@dataclass(slots=True)
class Group:
    """The endpoints of one method and path, and the pinned bindings for them.

    After :meth:`run`, ``stuck`` are bindings whose pins fit several endpoints alike, ``left`` those that fit none.
    """

    endpoints: Sequence[Endpoint]
    bindings: Sequence[OperationBinding]
    claims: list[tuple[OperationBinding, Endpoint, Fit]] = field(default_factory=list)
    stuck: list[tuple[OperationBinding, list[Endpoint]]] = field(default_factory=list)
    left: dict[str, OperationBinding] = field(default_factory=dict)
    _fits: dict[str, list[Fit]] = field(default_factory=dict)
    _gone: set[int] = field(default_factory=set)

    def run(self) -> None:
        """Claim the best fits first. What fits several alike goes nowhere: a worse fit cannot be what it means."""
        looks: list[Traits] = traits(self.endpoints)
        self.left = {binding.name: binding for binding in self.bindings}
        prose = Counter(binding.pin.desc.value for binding in self.bindings if binding.pin and binding.pin.desc)
        for binding in self.bindings:
            desc = binding.pin.desc if binding.pin else None
            shared = desc is not None and prose[desc.value] > 1
            self._fits[binding.name] = [fit(binding.pin, look, shared=shared) for look in looks]
        for index, look in enumerate(looks):
            self._reserve(index, look)
        for grade in sorted(Fit, reverse=True)[:-1]:
            while self._claim(grade):
                pass
            self._set_aside(grade)
        self._check_places()

    def _reserve(self, index: int, look: Traits) -> None:
        """Keep twins that only order tells from going to others that fit them less than fully."""
        owners = {binding.name for binding in self.bindings if is_one_of(binding.pin, look)}
        for name, fits in self._fits.items() if owners else ():
            if name not in owners and fits[index] not in (Fit.EXACT, Fit.FACTS):
                fits[index] = Fit.NONE

    def _check_places(self) -> None:
        """Take back all that order alone has told, if the order is another now at any of the places."""
        index = {id(endpoint): at for at, endpoint in enumerate(self.endpoints)}
        known = sorted((index[id(e)], b.name) for b, e, _ in self.claims if b.pin and b.pin.nth is None)
        ordered = [claim for claim in self.claims if claim[0].pin and claim[0].pin.nth]
        if all(_is_between(binding.pin, index[id(endpoint)], known) for binding, endpoint, _ in ordered):
            return
        for claim in ordered:
            self.claims.remove(claim)
            self.left[claim[0].name] = claim[0]

    def _candidates(self, grade: Fit) -> dict[str, list[int]]:
        free = [index for index in range(len(self.endpoints)) if index not in self._gone]
        return {name: [index for index in free if self._fits[name][index] is grade] for name in self.left}

    def _claim(self, grade: Fit) -> bool:
        """Give each binding the only endpoint that it fits so well, unless another one fits that as well."""
        candidates = self._candidates(grade)
        counts = Counter(index for found in candidates.values() for index in found)
        sure = [(name, found[0]) for name, found in candidates.items() if len(found) == 1 and counts[found[0]] == 1]
        for name, index in sure:
            self.claims.append((self.left.pop(name), self.endpoints[index], grade))
            self._gone.add(index)
        return bool(sure)

    def _set_aside(self, grade: Fit) -> None:
        """Take out what cannot be decided, with everything that it may be about."""
        for name, found in self._candidates(grade).items():
            if found:
                self.stuck.append((self.left.pop(name), [self.endpoints[index] for index in found]))
                self._gone.update(found)


def _is_between(pin: Pin | None, at: int, known: Sequence[tuple[int, str]]) -> bool:
    """Whether the nearest endpoints that are like no other are those of the operations that the pin names."""
    ahead = next((name for place, name in reversed(known) if place < at), None)
    behind = next((name for place, name in known if place > at), None)
    if pin is None or (pin.after is None and pin.before is None):
        return True
    return (pin.after.value if pin.after else None, pin.before.value if pin.before else None) == (ahead, behind)


def _pin_span(binding: OperationBinding) -> Span:
    return binding.pin.span if binding.pin else binding.span


def _changed(binding: OperationBinding, endpoint: Endpoint) -> list[str]:
    """Names that are in the pin and not in the endpoint, and the reverse."""
    (look,) = traits((endpoint,))
    pin = binding.pin
    inputs = {fact.value for fact in pin.input or ()} if pin else set()
    outputs = {fact.value for fact in pin.output or ()} if pin else set()
    names = (inputs ^ look.required) if pin and pin.input is not None else set()
    return sorted(names | (outputs ^ look.outputs if pin and pin.output is not None else set()))
