"""What ``lapsmith bind`` says: what was matched and how, what is left open, and what to do next."""

from __future__ import annotations

import keyword
from collections import Counter
from collections.abc import Iterator

from lapsmith.bind import Bound, yaml
from lapsmith.bind.matching import ADDED, DESCRIPTION, HAND, NAMES, ORDER, PATH, Unbound
from lapsmith.bind.pins import Pins
from lapsmith.bind.yaml import Noted
from lapsmith.project.inputs import RULES

_WAYS = {
    PATH: "by method and path",
    DESCRIPTION: "by description",
    NAMES: "by their members",
    ORDER: "by order alone",
    HAND: "as overrides.yaml says",
    ADDED: "added from the model",
}
_LISTED = 20
_NAMED = 6


def lines(bound: Bound) -> Iterator[str]:
    """The report on what was found, line by line."""
    found = bound.matching
    yield f"model: {bound.shown}, protocol {bound.protocol}"
    total = len(found.matches) + len(found.unbound)
    ways = Counter(match.by for match in found.matches)
    told = ", ".join(f"{ways[by]} {way}" for by, way in _WAYS.items() if ways[by])
    yield f"bound: {len(found.matches)} of {total} endpoints ({told})"
    if ways[ORDER]:
        names = [match.operation.name for match in found.matches if match.by == ORDER]
        yield f"  please check in bindings.yaml what only order tells: {_some(names)}"
    yield from _unbound(bound)
    yield from _unknown(bound)
    if bound.derived.guessed:
        count = len(bound.derived.guessed)
        yield f"retry: {_count(count, 'operation')} taken for safe to send again by the name, marked in bindings.yaml"
    if RULES not in bound.contents:
        host = bound.derived.content["endpoint"]["host"].value
        yield f"endpoint: there are no endpoint rules beside the model, so it is {host} in every Region; please check"
    if found.missing or bound.derived.absent:
        lacking = f"{_count(len(found.missing), 'operation')} and {_count(bound.derived.absent, 'member')}"
        yield f"the model has {lacking} that the spec lacks; they are not generated (--all adds them)"


def _unbound(bound: Bound) -> Iterator[str]:
    found = bound.matching
    if not found.unbound:
        return
    yield f"not bound: {_count(len(found.unbound), 'endpoint')}"
    for item in found.unbound[:_LISTED]:
        here = f"{item.endpoint.method} {item.endpoint.path.raw} ({item.endpoint.span})"
        yield f"  {here}: {_guess(item)}"
    if len(found.unbound) > _LISTED:
        yield f"  and {len(found.unbound) - _LISTED} more"
    yield from _decisions(bound)


def _guess(item: Unbound) -> str:
    if item.candidates:
        return f"may be {_some(item.candidates)}"
    if item.moved is None:
        return "nothing like it"
    return f"nothing like it there, but {item.moved.name} is now at {item.moved.method} {item.moved.uri}"


def _decisions(bound: Bound) -> Iterator[str]:
    """What to put into ``overrides.yaml`` for endpoints that nothing but a person can tell."""
    pins = Pins(bound.document, bound.matching)
    yield "to decide what they are, put this into overrides.yaml with the right names:"
    yield "  operations:"
    for item in bound.matching.unbound[:_LISTED]:
        names = item.candidates or ([item.moved.name] if item.moved else [])
        choice = "" if len(names) < 2 else f"one of {', '.join(names)}; "
        entry: dict[str, object] = {"at": f"{item.endpoint.method} {item.endpoint.path.raw}"}
        pin = pins.of(item.endpoint, HAND)
        if pin is not None:
            entry["pin"] = pin
        name = names[0] if len(names) == 1 else "NAME"
        yield from (f"    {line}" for line in yaml.entries({name: Noted(entry, f"{choice}{item.endpoint.span}")}))


def _unknown(bound: Bound) -> Iterator[str]:
    unknown = bound.derived.unknown
    if not unknown:
        return
    count = sum(len(names) for _, _, names in unknown)
    yield f"inferred: {_count(count, 'member')} of the spec that the model does not have"
    for operation, side, names in unknown[:_LISTED]:
        yield f"  {operation}, {side}: {_some(names)}"
    if len(unknown) > _LISTED:
        yield f"  and of {_count(len(unknown) - _LISTED, 'more operation')}"


def _some(names: tuple[str, ...] | list[str]) -> str:
    rest = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def next_step(bound: Bound, spec: str, client: str | None) -> str:
    """The command to run next. ``spec`` is the folder that has the bindings, ``client`` the one that is made of it."""
    pins = Pins(bound.document, bound.matching)
    if any(pins.of(item.endpoint, HAND) for item in bound.matching.unbound):
        return f"next: settle what is not bound in overrides.yaml, then lapsmith bind {spec} again"
    if client:
        return f"next: lapsmith generate {client}"
    # As botocore calls the service.
    name = bound.origin.split("/")[-2].replace("-", "_")
    name = name if name.isidentifier() and not keyword.iskeyword(name) else f"aws_{name}"
    return f"next: lapsmith generate {spec} -o generated/{name}"
