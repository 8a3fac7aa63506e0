"""What ``lapsmith bind`` says: what was matched and how, what is left open, and what to do next."""

from __future__ import annotations

import keyword
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from lapsmith.bind import Bound, yaml
from lapsmith.bind.derive import Members
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
T = TypeVar("T")


def lines(bound: Bound, *, notes: bool = False) -> Iterator[str]:
    """The report on what was found, line by line. With ``notes`` nothing is left out of its lists."""
    found = bound.matching
    listed = _Lists(None if notes else _LISTED, None if notes else _NAMED)
    yield f"model: {bound.shown}, protocol {bound.protocol}"
    if bound.newer:
        yield f"  there is a newer API version of the service: --model {bound.newer}"
    total = len(found.matches) + len(found.unbound)
    ways = Counter(match.by for match in found.matches)
    told = ", ".join(f"{ways[by]} {way}" for by, way in _WAYS.items() if ways[by])
    yield f"bound: {len(found.matches)} of {total} endpoints ({told})"
    if ways[ORDER]:
        names = [match.operation.name for match in found.matches if match.by == ORDER]
        yield f"  please check in bindings.yaml what only order tells: {_some(names)}"
    yield from _unbound(bound)
    yield from _differences(bound, listed, notes=notes)
    if bound.derived.guessed:
        count = len(bound.derived.guessed)
        yield f"retry: {_count(count, 'operation')} taken for safe to send again by the name, marked in bindings.yaml"
    if RULES not in bound.contents:
        host = bound.derived.content["endpoint"]["host"].value
        yield f"endpoint: there are no endpoint rules beside the model, so it is {host} in every Region; please check"
    yield from _missing(bound, listed)


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


def _differences(bound: Bound, listed: _Lists, *, notes: bool) -> Iterator[str]:
    """Where the spec says something else than the model."""
    derived = bound.derived
    if derived.unknown:
        yield f"inferred: {_total(derived.unknown)} of the spec that the model does not have"
        yield from listed.members(derived.unknown)
    if derived.unnamed:
        yield (
            f"warning: {_total(derived.unnamed)} of these sent by the name in the spec, because the operation's other"
            " members follow no rule; say another 'name' in overrides.yaml if the service expects it"
        )
        yield from listed.members(derived.unnamed)
    if derived.slashes:
        count = _count(len(derived.slashes), "path")
        yield f"warning: {count} of the spec and the model differ in the slash at the end; the spec's are sent"
        yield from (f"  {operation.name}: the model has {operation.uri}" for operation in listed.cut(derived.slashes))
    if derived.loosened:
        yield f"required by the spec, optional in the model: {_total(derived.loosened)}{'' if notes else ' (--notes)'}"
        yield from listed.members(derived.loosened) if notes else ()


def _missing(bound: Bound, listed: _Lists) -> Iterator[str]:
    """What the model has and the spec lacks."""
    missing, absent = bound.matching.missing, bound.derived.absent
    if missing:
        names = listed.names([operation.name for operation in missing])
        yield f"missing from the spec: {_count(len(missing), 'operation')} of the model: {names}"
    if absent:
        yield f"missing from the spec: {_total(absent)} of the model"
        yield from listed.members(absent)
    if missing or absent:
        yield "  they are not generated; --all adds them"


@dataclass(frozen=True, slots=True)
class _Lists:
    """How long lists are: so many ``lines``, and so many ``words`` on one; None: all."""

    lines: int | None
    words: int | None

    def members(self, found: Sequence[Members]) -> Iterator[str]:
        for operation, side, names in found[: self.lines]:
            yield f"  {operation}, {side}: {self.names(names)}"
        if len(self.cut(found)) < len(found):
            yield f"  and of {_count(len(found) - len(self.cut(found)), 'more operation')}; --notes lists them"

    def cut(self, found: Sequence[T]) -> Sequence[T]:
        return found[: self.lines]

    def names(self, names: Sequence[str]) -> str:
        rest = len(names) - len(names[: self.words])
        return ", ".join(names[: self.words]) + (f" and {rest} more" if rest else "")


def _total(found: Sequence[Members]) -> str:
    return _count(sum(len(names) for _, _, names in found), "member")


def _some(names: tuple[str, ...] | list[str]) -> str:
    rest = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def next_step(bound: Bound, spec: str, client: str | None) -> str:
    """The command to run next. ``spec`` is the folder that has the bindings, ``client`` the one that is made of it."""
    pins = Pins(bound.document, bound.matching)
    gaps = any(pins.of(item.endpoint, HAND) for item in bound.matching.unbound)
    tail = (
        f"; to have what is not bound, settle it in overrides.yaml and run lapsmith bind {spec} again" if gaps else ""
    )
    if client:
        return f"next: lapsmith generate {client}{tail}"
    # As botocore calls the service.
    name = bound.origin.split("/")[-2].replace("-", "_")
    name = name if name.isidentifier() and not keyword.iskeyword(name) else f"aws_{name}"
    return f"next: lapsmith generate {spec} -o generated/{name}{tail}"
