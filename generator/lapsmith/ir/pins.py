"""What identifies an endpoint among others of its method and path, and how well a pin still fits after an edit.

A pin is written when an operation is bound. It has the endpoint's required input and its output members, and of its
prose and its facts (names, types, errors) a digest each where that helps. An edit changes some of this; the rest still
tells which endpoint is meant. What could as well be another endpoint fits nothing.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from lapsmith.bindings.model import Fact, Pin
from lapsmith.lap.tree import Endpoint, Field, ListOf, MapOf, Type

_TELLING = 2
"""With fewer names than that, names alone say little."""


class Fit(IntEnum):
    """How well a pin fits an endpoint; the better fit is claimed first."""

    NONE = 0
    # The prose is the same, but members have been taken away.
    SHRANK = 1
    # Members were added, or other facts have changed.
    GREW = 2
    # All that is pinned is the same but for the prose.
    REWORDED = 3
    NAMES = 4
    FACTS = 5
    # Prose and names are the same, and (the last) all facts.
    PROSE_GREW = 6
    PROSE = 7
    EXACT = 8


@dataclass(frozen=True, slots=True)
class Traits:
    """What an endpoint looks like to a pin. Digests are 8 hex digits; ``prose`` None: no description.

    ``alike`` counts the endpoints (of its method and path) with the same required input and output, itself included;
    ``nth`` is its place among those with the same prose and facts, from 1, and how many of them there are.
    """

    required: frozenset[str]
    optional: frozenset[str]
    outputs: frozenset[str]
    prose: str | None
    facts: str
    types: Mapping[str, str]
    alike: int = 1
    nth: tuple[int, int] = (1, 1)

    @property
    def inputs(self) -> frozenset[str]:
        return self.required | self.optional


def traits(endpoints: Sequence[Endpoint]) -> list[Traits]:
    """The traits of all endpoints of one method and path, in the order of the spec."""
    found = [_traits(endpoint) for endpoint in endpoints]
    twins = Counter((item.prose, item.facts) for item in found)
    alike = Counter((item.required, item.outputs) for item in found)
    seen: Counter[tuple[str | None, str]] = Counter()
    placed = []
    for item in found:
        key = (item.prose, item.facts)
        seen[key] += 1
        count = alike[(item.required, item.outputs)]
        placed.append(replace(item, alike=count, nth=(seen[key], twins[key])))
    return placed


def _traits(endpoint: Endpoint) -> Traits:
    return Traits(
        required=frozenset(field.name for field in endpoint.required),
        optional=frozenset(field.name for field in endpoint.optional),
        outputs=output_names(endpoint),
        prose=description_digest(endpoint.desc) if (endpoint.desc or "").strip() else None,
        facts=facts_digest(endpoint),
        types=_types(endpoint),
    )


def _types(endpoint: Endpoint) -> dict[str, str]:
    returned = [field for returns in endpoint.returns for field in returns.fields or ()]
    types = {f"in {field.name}": _spell(field.type, deep=False) for field in (*endpoint.required, *endpoint.optional)}
    return types | {f"out {field.name}": _spell(field.type, deep=False) for field in returned}


def types_digest(look: Traits, inputs: Iterable[str], outputs: Iterable[str]) -> str:
    """The ``types`` of a pin: a digest of the types of the members that it names, without what is in structures."""
    keys = [*(f"in {name}" for name in sorted(inputs)), *(f"out {name}" for name in sorted(outputs))]
    return _digest("\n".join(f"{key}: {look.types.get(key)}" for key in keys))


def needs_pin(endpoint: Endpoint, neighbours: Sequence[Traits]) -> bool:
    """Whether method and path do not tell an endpoint; ``neighbours`` are all at its place, itself included."""
    return len(neighbours) > 1 or endpoint.path.raw == "/"


def pinned(look: Traits, neighbours: Sequence[Traits]) -> dict[str, object]:
    """What a pin has that tells an endpoint from its ``neighbours``, but for its place among twins."""
    # A pin's names also fit an endpoint for which they are all that it takes, required or not.
    alike = [o for o in neighbours if o.outputs == look.outputs and look.required in (o.required, o.inputs)]
    told = look.prose is not None and [other.prose for other in alike].count(look.prose) == 1
    pin: dict[str, object] = {"in": sorted(look.required)}
    # Prose tells twins apart; without it, every fact may be needed.
    vague = look.prose is None and len(look.required) + len(look.outputs) < _TELLING
    if vague or (len(alike) > 1 and not told):
        pin["opt"] = sorted(look.optional)
    pin["out"] = sorted(look.outputs)
    pin["types"] = types_digest(look, look.required, look.outputs)
    if look.prose is not None:
        pin["desc"] = look.prose
    if vague or len(alike) > 1:
        pin["text"] = look.facts
    if look.alike > 1:
        pin["alike"] = look.alike
    return pin


def output_names(endpoint: Endpoint) -> frozenset[str]:
    """The names of all members that the endpoint's answers have."""
    return frozenset(field.name for returns in endpoint.returns for field in returns.fields or ())


def description_digest(desc: str | None) -> str:
    """The ``desc`` of a pin: the first 8 hex digits of SHA-256 of the description, white space folded."""
    return _digest(" ".join((desc or "").split()))


def facts_digest(endpoint: Endpoint) -> str:
    """The ``text`` of a pin: a digest of all but the prose, whatever order members and errors are in."""
    lines = [f"required {item}" for item in _spelled(endpoint.required)]
    lines += [f"optional {item}" for item in _spelled(endpoint.optional)]
    for returns in endpoint.returns:
        lines += [f"returns {returns.status} {item}" for item in _spelled(returns.fields or ())]
    lines += [f"error {case.name}" for case in endpoint.errors if case.name]
    return _digest("\n".join(sorted(lines)))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:8]


def _spelled(fields: Iterable[Field]) -> list[str]:
    return [f"{field.name}: {_spell(field.type)}" for field in fields]


def _spell(kind: Type, *, deep: bool = True) -> str:
    """A type as one text; without ``deep``, neither what is in it nor whether it may be missing."""
    null = "?" if kind.nullable and deep else ""
    if isinstance(kind, ListOf):
        return f"[{_spell(kind.item, deep=deep)}]{null}"
    if isinstance(kind, MapOf):
        return f"map<{_spell(kind.key, deep=deep)},{_spell(kind.value, deep=deep)}>{null}"
    children = "" if kind.children is None or not deep else "{" + ", ".join(sorted(_spelled(kind.children))) + "}"
    return f"{kind.name}({kind.format or ''})({'/'.join(kind.enum)}){null}{children}"


def fit(pin: Pin | None, endpoint: Traits, *, shared: bool = False) -> Fit:
    """Compare a pin with an endpoint. No pin fits nothing. ``shared``: other operations have the same prose."""
    if pin is None or not _is_nth(pin, endpoint):
        return Fit.NONE
    same_prose = _same_prose(pin, endpoint)
    same_facts = None if pin.text is None else pin.text.value == endpoint.facts
    # By hand, all input members may be listed.
    known = endpoint.inputs if pin.by is None else endpoint.required
    same_names = _names(pin.input, endpoint.required, known) and _names(pin.output, endpoint.outputs, endpoint.outputs)
    if same_prose:
        if shared and not (same_names and (same_facts is not False or _is_whole(pin, endpoint))):
            return Fit.NONE
        return _with_prose(pin, endpoint, same_names, same_facts)
    if pin.types is not None and pin.types.value != types_digest(endpoint, _values(pin.input), _values(pin.output)):
        return Fit.NONE
    if same_names and same_facts is not False:
        if same_prose is False:
            # Prose is what told it from those that are alike; it is the last one left only if all of them are there.
            return Fit.REWORDED if _is_whole(pin, endpoint) else Fit.NONE
        return Fit.FACTS if same_facts else Fit.NAMES
    # Of prose and facts, one may change at a time where it takes both to tell the endpoint from others.
    if same_prose is False and same_facts is False:
        return Fit.NONE
    if same_names and not _is_whole(pin, endpoint):
        return Fit.NONE
    loosened = endpoint.required != _values(pin.input)
    if same_prose is False and loosened and pin.by is not None:
        return Fit.NONE
    return Fit.GREW if _grew(pin, endpoint) else Fit.NONE


def _is_whole(pin: Pin, endpoint: Traits) -> bool:
    """Whether there are as many endpoints with these members as there were."""
    return pin.alike is None or pin.alike.value == endpoint.alike


def _same_prose(pin: Pin, endpoint: Traits) -> bool | None:
    """None where the pin does not speak of prose: by hand that means nothing, in a derived pin that there was none."""
    if pin.desc is not None:
        return pin.desc.value == endpoint.prose
    return None if pin.by is None or endpoint.prose is None else False


def is_one_of(pin: Pin | None, endpoint: Traits) -> bool:
    """Whether an endpoint is one of the twins among which the pin has its place, whichever."""
    if pin is None or pin.nth is None or pin.text is None or pin.text.value != endpoint.facts:
        return False
    return (pin.desc.value if pin.desc else None) == endpoint.prose


def _is_nth(pin: Pin, endpoint: Traits) -> bool:
    """Whether the endpoint has the pinned place among its twins, of which there must be as many as there were."""
    return pin.nth is None or (is_one_of(pin, endpoint) and pin.nth.value == endpoint.nth)


def _with_prose(pin: Pin, endpoint: Traits, same_names: bool, same_facts: bool | None) -> Fit:
    if same_names:
        return Fit.PROSE if same_facts is False else Fit.EXACT
    inputs, outputs = _values(pin.input), _values(pin.output)
    if inputs <= endpoint.inputs and outputs <= endpoint.outputs:
        return Fit.PROSE_GREW
    if not (endpoint.required <= inputs and endpoint.outputs <= outputs):
        return Fit.NONE
    kept = len(inputs & endpoint.inputs) + len(outputs & endpoint.outputs)
    return Fit.SHRANK if 2 * kept >= len(inputs) + len(outputs) else Fit.NONE


def _names(pinned: tuple[Fact[str], ...] | None, exact: frozenset[str], known: frozenset[str]) -> bool:
    return pinned is None or _values(pinned) in (exact, known)


def _grew(pin: Pin, endpoint: Traits) -> bool:
    """Whether the endpoint is what the pin says with members added to it.

    AWS never asks for more than it did, and hardly ever gives an answer where there was none; so a derived pin, which
    must do without a person's eye, does not fit an endpoint where that is so.
    """
    inputs, outputs = _values(pin.input), _values(pin.output)
    if not (inputs <= endpoint.inputs and outputs <= endpoint.outputs):
        return False
    if pin.by is None:
        return True
    if pin.optional is not None:
        optional = _values(pin.optional)
        if not (optional <= endpoint.optional or optional >= endpoint.optional) or not optional & endpoint.optional:
            return False
    return endpoint.required <= inputs and bool(outputs or not endpoint.outputs)


def _values(facts: tuple[Fact[str], ...] | None) -> frozenset[str]:
    return frozenset(fact.value for fact in facts or ())
