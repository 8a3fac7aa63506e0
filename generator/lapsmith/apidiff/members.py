"""Members as callers see them: keyword arguments of methods, attributes of outputs, structures, events and errors."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass, field

from lapsmith.apidiff.model import Impact, Kind, Log
from lapsmith.apidiff.pairing import Pairs, likely_renames, pair
from lapsmith.apidiff.types import Relation, Types, formats, judge, texts
from lapsmith.diagnostics import Span
from lapsmith.ir import model as ir
from lapsmith.python.view import Parameter

_ANNOTATED = re.compile(r"Annotated\[datetime, \w+\]")
_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Scope:
    """What the members belong to. ``subject`` spells one of them; ``sent`` and ``read`` are what callers do with it.

    ``built`` has the wire names that whoever builds the structure must give. ``mapped``: callers may give a plain
    mapping with the names on the wire.
    """

    subject: Callable[[str], str]
    sent: bool = False
    read: bool = False
    is_call: bool = False
    mapped: bool = False
    old_built: frozenset[str] = field(default_factory=frozenset)
    new_built: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Enums:
    """The names of each side's enums, whose changes are told once and not of each member that has them."""

    old: Set[str]
    new: Set[str]

    def tells(self, before: ir.StringType, after: ir.StringType) -> bool:
        """Whether all that changed of a text is that its enum changed, is new, or is gone."""
        if before.name is not None and after.name is not None:
            return before.name == after.name
        added = not before.enum and after.name is not None and after.name not in self.old
        return added or (not after.enum and before.name is not None and before.name not in self.new)


@dataclass(frozen=True, slots=True)
class Members:
    """Compares members; ``classes`` maps the old names of classes to new ones."""

    log: Log
    types: Types
    classes: dict[str, str]
    enums: Enums

    def compare(self, scope: Scope, old: Sequence[Parameter], new: Sequence[Parameter]) -> None:
        """Compare all members of one method or class."""
        pairs = pair(old, new, lambda item: item.name, lambda item: item.member.name)
        for before, after in pairs.same:
            self._renamed(scope, before, after)
            self._needed(scope, before, after)
            self._type(scope, before, after)
            self._values(scope, before, after)
            self._default(scope, before, after)
            self._wire(scope, before, after)
            self._documentation(scope, before, after)
        self._one_sided(scope, pairs)

    def _one_sided(self, scope: Scope, pairs: Pairs[Parameter]) -> None:
        guesses = likely_renames(pairs.removed, pairs.added, lambda item: item.name, self._alike)
        became = {old.name: new.name for old, new in guesses}
        was = {new.name: old.name for old, new in guesses}
        removed, added = (
            (Kind.PARAMETER_REMOVED, Kind.PARAMETER_ADDED)
            if scope.is_call
            else (Kind.ATTRIBUTE_REMOVED, Kind.ATTRIBUTE_ADDED)
        )
        for item in pairs.removed:
            why = "calls that give it raise TypeError" if scope.is_call else "code that uses it raises AttributeError"
            note = f"perhaps renamed to '{became[item.name]}'" if item.name in became else None
            what = "keyword removed" if scope.is_call else "attribute removed"
            self.log.add(removed, Impact.MAJOR, scope.subject(item.name), what, why, _span(item), None, note=note)
        for item in pairs.added:
            note = f"perhaps '{was[item.name]}' under a new name" if item.name in was else None
            needed = item.required if scope.is_call else item.wire_name in scope.new_built
            severity, what, why = _added(scope, needed)
            self.log.add(added, severity, scope.subject(item.name), what, why, None, _span(item), note=note)

    def _alike(self, old: Parameter, new: Parameter) -> float:
        """How much two members could be the same one: the same type, and as much needed."""
        if self.types.relate(old.member.type, new.member.type) is not Relation.SAME:
            return 0.0
        return 0.9 if old.required == new.required and old.member.location is new.member.location else 0.7

    def _renamed(self, scope: Scope, old: Parameter, new: Parameter) -> None:
        if old.name != new.name:
            kind = Kind.PARAMETER_RENAMED if scope.is_call else Kind.ATTRIBUTE_RENAMED
            what = f"{old.member.name} is now spelled '{new.name}'"
            why = "code that uses the old spelling fails"
            self.log.add(kind, Impact.MAJOR, scope.subject(old.name), what, why, _span(old), _span(new))

    def _needed(self, scope: Scope, old: Parameter, new: Parameter) -> None:
        """Whether callers must give the member, and whether those who read it must expect None."""
        spans = _fact(old, "required"), _fact(new, "required")
        kind = Kind.PARAMETER_REQUIRED if scope.is_call else Kind.ATTRIBUTE_REQUIRED
        subject = scope.subject(new.name)
        before = old.required if scope.is_call else old.wire_name in scope.old_built
        after = new.required if scope.is_call else new.wire_name in scope.new_built
        told = False
        if scope.sent and before != after:
            told = True
            if after:
                why = "calls without it fail" if scope.is_call else "structures built without it are refused"
                self.log.add(kind, Impact.MAJOR, subject, "optional, now required", why, *spans)
            else:
                self.log.add(kind, Impact.MINOR, subject, "required, now optional", "it can be left out", *spans)
        if scope.read and _nullable(old) != _nullable(new):
            told = True
            if _nullable(new):
                why = "code that reads it must expect None"
                self.log.add(kind, Impact.MAJOR, subject, "always there, now may be None", why, *spans)
            else:
                why = "it is never None any more"
                self.log.add(kind, Impact.MINOR, subject, "could be None, now always there", why, *spans)
        if not told and old.member.required != new.member.required:
            words = "optional, now required" if new.member.required else "required, now optional"
            why = "the generated code is the same either way"
            self.log.add(kind, Impact.PATCH, subject, f"{words} in the spec", why, *spans)

    def _type(self, scope: Scope, old: Parameter, new: Parameter) -> None:
        relation = self.types.relate(old.member.type, new.member.type)
        before, after = self._spelled(old), _spelled(new)
        if relation is Relation.SAME and _base(before) != _base(after):
            relation = Relation.OTHER
        if relation is Relation.SAME:
            return
        kind = Kind.PARAMETER_TYPE if scope.is_call else Kind.ATTRIBUTE_TYPE
        severity, why = judge(relation, sent=scope.sent, read=scope.read)
        what = f"type {_base(_spelled(old))}, now {_base(after)}"
        spans = _fact(old, "type"), _fact(new, "type")
        self.log.add(kind, severity, scope.subject(new.name), what, why, *spans)

    def _spelled(self, item: Parameter) -> str:
        """The annotation, with the names that classes have on the new side."""
        return re.sub(r"\w+", lambda word: self.classes.get(word[0], word[0]), _spelled(item))

    def _values(self, scope: Scope, old: Parameter, new: Parameter) -> None:
        spans = tuple(fact_span(item.member.origins, "enum", "type", "name") for item in (old, new))
        for before, after in texts(old.member.type, new.member.type):
            if self.enums.tells(before, after):
                continue
            for severity, what, why in value_changes(scope, before, after):
                self.log.add(Kind.ENUM, severity, scope.subject(new.name), what, why, *spans)

    def _default(self, scope: Scope, old: Parameter, new: Parameter) -> None:
        before, after = old.member.default, new.member.default
        if before == after:
            return
        what = f"default {_value(before)}, now {_value(after)}"
        why = "the service does something else for calls that leave it out"
        severity = Impact.MINOR
        if not scope.sent:
            severity, why = Impact.PATCH, "what the service leaves out is told, not filled in"
        self.log.add(Kind.DEFAULT, severity, scope.subject(new.name), what, why, _span(old), _span(new))

    def _wire(self, scope: Scope, old: Parameter, new: Parameter) -> None:
        """What only the wire shows. Callers' code stays as it is, unless it gives plain mappings with wire names."""
        subject, a, b = scope.subject(new.name), old.member, new.member
        why = "calls are written as before, and the service is spoken to as it wants"
        if a.wire_name != b.wire_name and scope.mapped:
            what = f"called '{a.wire_name}' on the wire, now '{b.wire_name}'"
            mapped = "callers who give a plain mapping use this name"
            spans = _fact(old, "wire_name"), _fact(new, "wire_name")
            self.log.add(Kind.WIRE, Impact.MAJOR, subject, what, mapped, *spans)
        elif a.wire_name != b.wire_name:
            what = f"called '{a.wire_name}' on the wire, now '{b.wire_name}'"
            spans = _fact(old, "wire_name"), _fact(new, "wire_name")
            self.log.add(Kind.WIRE, Impact.PATCH, subject, what, why, *spans)
        if a.location is not b.location:
            spans = _fact(old, "location"), _fact(new, "location")
            what = f"travels as {a.location}, now as {b.location}"
            self.log.add(Kind.WIRE, Impact.PATCH, subject, what, why, *spans)
        for was, now in formats(a.type, b.type):
            what = f"{was} on the wire, now {now}"
            self.log.add(Kind.WIRE, Impact.PATCH, subject, what, why, _fact(old, "type"), _fact(new, "type"))
        if a.json_value != b.json_value and type(a.type) is type(b.type):
            what = "its text is now read and written as JSON" if b.json_value else "its text is no longer read as JSON"
            self.log.add(Kind.WIRE, Impact.MAJOR, subject, what, "the value is another", _span(old), _span(new))
        if a.token != b.token:
            what = "a fresh token is sent where none is given" if b.token else "no token is made up any more"
            self.log.add(Kind.WIRE, Impact.PATCH, subject, what, why, _span(old), _span(new))

    def _documentation(self, scope: Scope, old: Parameter, new: Parameter) -> None:
        if old.member.sensitive != new.member.sensitive and not scope.is_call:
            what = "now sensitive" if new.member.sensitive else "no longer sensitive"
            why = "its value is no longer printed" if new.member.sensitive else "its value is printed"
            self.log.add(Kind.DOCUMENTATION, Impact.PATCH, scope.subject(new.name), what, why, _span(old), _span(new))
        if _prose(old.member) != _prose(new.member):
            what = "documentation reworded" if _prose(old.member) and _prose(new.member) else "documentation"
            if not _prose(old.member):
                what = "documented"
            elif not _prose(new.member):
                what = "no longer documented"
            why = "only the docstring changes"
            self.log.add(Kind.DOCUMENTATION, Impact.PATCH, scope.subject(new.name), what, why, _span(old), _span(new))


def _added(scope: Scope, needed: bool) -> tuple[Impact, str, str]:
    if scope.is_call and needed:
        return Impact.MAJOR, "required keyword added", "calls without it raise TypeError"
    if scope.is_call:
        return Impact.MINOR, "optional keyword added", "calls need not give it"
    if scope.sent and needed:
        return Impact.MAJOR, "required attribute added", "structures built without it are refused"
    return Impact.MINOR, "attribute added", "code need not use it"


def value_changes(scope: Scope, old: ir.StringType, new: ir.StringType) -> Iterable[tuple[Impact, str, str]]:
    """Values are open in Python (``str``), so only what the service stops taking breaks callers."""
    before, after = old.enum, new.enum
    if not before and new.name is not None:
        yield Impact.MINOR, f"known values {listed(after)}", "any text is taken as before"
        return
    if not before or not after:
        what = f"now one of {listed(after)}" if after else f"any text, no longer one of {listed(before)}"
        narrowed = scope.sent and bool(after)
        why = "the service may refuse other values" if narrowed else "the type stays str"
        yield (Impact.MAJOR if narrowed else Impact.MINOR if before else Impact.PATCH), what, why
        return
    if gone := [value for value in before if value not in after]:
        severity = Impact.MAJOR if scope.sent else Impact.PATCH
        why = "the service may refuse it" if scope.sent else "it is not returned any more"
        yield severity, f"no longer takes {listed(gone)}" if scope.sent else f"no longer {listed(gone)}", why
    if come := [value for value in after if value not in before]:
        yield Impact.MINOR, f"may also be {listed(come)}", "values are open: the type stays str"


def listed(values: Sequence[str]) -> str:
    shown = ", ".join(repr(value) for value in values[:_SHOWN])
    return shown if len(values) <= _SHOWN else f"{shown} and {len(values) - _SHOWN} more"


def _value(default: str | None) -> str:
    return "none" if default is None else repr(default)


def _prose(member: ir.Member) -> str:
    """The member's documentation without its default, which is a fact of its own."""
    text = member.doc or ""
    if member.default is not None:
        text = text.removesuffix(f"Default: {member.default}")
    return " ".join(text.split())


def _spelled(item: Parameter) -> str:
    # The same type in all its spellings: which of them depends on what else uses the structure.
    return _ANNOTATED.sub("datetime", item.annotation).replace("BytesLike", "bytes")


def _base(annotation: str) -> str:
    return annotation.removesuffix(" | None")


def _nullable(item: Parameter) -> bool:
    return item.annotation.endswith(" | None") or item.default == "None"


def _span(item: Parameter) -> Span | None:
    return _fact(item, "name")


def _fact(item: Parameter, fact: str) -> Span | None:
    return fact_span(item.member.origins, fact, "name", "type")


def fact_span(origins: ir.Origins, *facts: str) -> Span | None:
    """Where the first of the facts that has a place is stated."""
    found = (origins[fact].span for fact in facts if fact in origins)
    return next((span for span in found if span is not None), None)
