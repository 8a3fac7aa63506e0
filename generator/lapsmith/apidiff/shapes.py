"""Classes of a client besides its outputs: structures, errors, and the events of streams."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lapsmith.apidiff.members import Members, Scope, fact_span
from lapsmith.apidiff.model import Impact, Kind, Log
from lapsmith.apidiff.pairing import Pairs, likely_renames, overlap, pair
from lapsmith.diagnostics import Span
from lapsmith.ir import model as ir
from lapsmith.python.annotations import references
from lapsmith.python.view import ClassView, ClientView, ErrorView, EventEndView, UnionView

_IMPORTS = "imports of the name fail"


@dataclass(frozen=True, slots=True)
class Class:
    """A structure of one side; ``sent`` and ``read``: whether operations take it, and whether they return it."""

    shape: ir.Structure
    view: ClassView
    sent: bool
    read: bool

    @property
    def span(self) -> Span | None:
        return fact_span(self.shape.origins, "name")

    @property
    def built(self) -> frozenset[str]:
        """The wire names of the members that whoever builds one must give."""
        fields = self.view.fields
        without_default = {item.wire_name for item in fields if item.default is None and item.factory is None}
        return frozenset(without_default.union(self.view.required))


@dataclass(frozen=True, slots=True)
class Failure:
    """A modelled error of one side."""

    error: ir.Error
    view: ErrorView

    def span(self, fact: str = "code") -> Span | None:
        """Where the fact is stated."""
        return fact_span(self.error.origins, fact, "code")


def classes(service: ir.Service, view: ClientView) -> list[Class]:
    """The structures of a service with what is generated of them."""
    unions = [shape for shape in service.shapes.values() if isinstance(shape, ir.EventUnion)]
    events: list[ir.Type] = [ir.StructureRef(name) for union in unions for name in union.events.values()]
    sent = reach(service, (member.type for op in service.operations for member in op.input))
    read = reach(service, [*events, *(member.type for op in service.operations for member in op.output)])
    shapes = [shape for _, shape in sorted(service.shapes.items()) if isinstance(shape, ir.Structure)]
    return [
        Class(shape, seen, shape.name in sent, shape.name in read)
        for shape, seen in zip(shapes, view.structures, strict=True)
    ]


def reach(service: ir.Service, roots: Iterable[ir.Type]) -> set[str]:
    """The names of the structures that types mention, directly or through each other."""
    seen: set[str] = set()
    waiting = [name for kind in roots for name in references(kind)]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            shape = service.shapes.get(name)
            members = shape.members if isinstance(shape, ir.Structure) else ()
            waiting += [found for member in members for found in references(member.type)]
    return seen


def failures(service: ir.Service, view: ClientView) -> list[Failure]:
    """The errors of a service with what is generated of them."""
    errors = [error for _, error in sorted(service.errors.items())]
    return [Failure(error, seen) for error, seen in zip(errors, view.errors, strict=True)]


def pair_classes(old: list[Class], new: list[Class]) -> Pairs[Class]:
    """Pair structures."""
    return pair(old, new, lambda item: item.view.name, lambda item: item.shape.name)


def pair_failures(old: list[Failure], new: list[Failure]) -> Pairs[Failure]:
    """Pair errors."""
    return pair(old, new, lambda item: item.view.name, lambda item: item.error.name)


@dataclass(frozen=True, slots=True)
class Shapes:
    """Compares classes."""

    log: Log
    members: Members

    def structures(self, pairs: Pairs[Class]) -> None:
        """Compare structures: what callers do with the old ones decides what a change means to them."""
        guesses = likely_renames(pairs.removed, pairs.added, lambda item: item.view.name, _alike)
        became = {old.view.name: new.view.name for old, new in guesses}
        was = {new.view.name: old.view.name for old, new in guesses}
        for item in pairs.removed:
            note = f"perhaps renamed to {became[item.view.name]}" if item.view.name in became else None
            self.log.add(
                Kind.CLASS_REMOVED, Impact.MAJOR, item.view.name, "class removed", _IMPORTS, item.span, None, note=note
            )
        for item in pairs.added:
            note = f"perhaps {was[item.view.name]} under a new name" if item.view.name in was else None
            why = "no code uses it yet"
            self.log.add(Kind.CLASS_ADDED, Impact.MINOR, item.view.name, "class added", why, None, item.span, note=note)
        for old, new in pairs.same:
            self._structure(old, new)

    def _structure(self, old: Class, new: Class) -> None:
        name = new.view.name
        if old.view.name != name:
            what = f"{old.shape.name} is now called {name}"
            self.log.add(Kind.CLASS_RENAMED, Impact.MAJOR, old.view.name, what, _IMPORTS, old.span, new.span)
        if old.shape.union != new.shape.union:
            self._union(old, new)
        scope = Scope(
            lambda attribute: f"{name}.{attribute}",
            sent=old.sent,
            read=old.read,
            mapped=old.sent,
            old_built=old.built,
            new_built=new.built,
        )
        self.members.compare(scope, old.view.fields, new.view.fields)
        if (old.shape.doc or "").split() != (new.shape.doc or "").split():
            what, why = "description reworded", "only the docstring changes"
            self.log.add(Kind.DOCUMENTATION, Impact.PATCH, name, what, why, old.span, new.span)

    def _union(self, old: Class, new: Class) -> None:
        spans = (fact_span(item.shape.origins, "union", "name") for item in (old, new))
        if new.shape.union:
            severity = Impact.MAJOR if old.sent else Impact.MINOR
            why = "those with none or several members set are refused" if old.sent else "just one member is set"
            self.log.add(Kind.UNION, severity, new.view.name, "is now a union", why, *spans)
        else:
            severity = Impact.MAJOR if old.read else Impact.MINOR
            why = "none or several members may be set" if old.read else "what was accepted still is"
            self.log.add(Kind.UNION, severity, new.view.name, "is no longer a union", why, *spans)

    def errors(self, pairs: Pairs[Failure]) -> None:
        """Compare errors."""
        guesses = likely_renames(pairs.removed, pairs.added, lambda item: item.view.name, _alike_errors)
        became = {old.view.name: new.view.name for old, new in guesses}
        was = {new.view.name: old.view.name for old, new in guesses}
        for item in pairs.removed:
            note = f"perhaps renamed to {became[item.view.name]}" if item.view.name in became else None
            why = f"{_IMPORTS}, and code that catches it"
            self.log.add(
                Kind.ERROR_REMOVED, Impact.MAJOR, item.view.name, "error removed", why, item.span(), None, note=note
            )
        for item in pairs.added:
            note = f"perhaps {was[item.view.name]} under a new name" if item.view.name in was else None
            why = "it was raised as the service's base error, which it is, too"
            self.log.add(
                Kind.ERROR_ADDED, Impact.MINOR, item.view.name, "error added", why, None, item.span(), note=note
            )
        for old, new in pairs.same:
            self._error(old, new)

    def _error(self, old: Failure, new: Failure) -> None:
        name = new.view.name
        if old.view.name != name:
            what = f"{old.error.name} is now called {name}"
            self.log.add(Kind.ERROR_RENAMED, Impact.MAJOR, old.view.name, what, _IMPORTS, old.span(), new.span())
        if old.error.code != new.error.code:
            what = f"code '{old.error.code}', now '{new.error.code}'"
            why = "except clauses hold; code that compares error.code meets another text"
            self.log.add(Kind.ERROR_CODE, Impact.MINOR, name, what, why, old.span(), new.span())
        if old.error.retry is not new.error.retry:
            what = f"retried as {old.error.retry or 'its status says'}, now as {new.error.retry or 'its status says'}"
            why = "the client gives up sooner or later than before"
            spans = old.span("retry"), new.span("retry")
            self.log.add(Kind.ERROR_RETRY, Impact.MINOR, name, what, why, *spans)
        if old.error.status != new.error.status:
            what = f"status {old.error.status or 'unknown'}, now {new.error.status or 'unknown'}"
            why = "error.status is what the service sends"
            spans = old.span("status"), new.span("status")
            self.log.add(Kind.WIRE, Impact.PATCH, name, what, why, *spans)
        scope = Scope(lambda attribute: f"{name}.{attribute}", read=True)
        self.members.compare(scope, old.view.fields, new.view.fields)
        if (old.error.doc or "").split() != (new.error.doc or "").split():
            what, why = "description reworded", "only the docstring changes"
            self.log.add(Kind.DOCUMENTATION, Impact.PATCH, name, what, why, old.span(), new.span())

    def events(self, old: Mapping[str, UnionView], new: Mapping[str, UnionView], spans: Spans) -> None:
        """Compare the event unions that both sides have, by their names in Python."""
        for alias in sorted(old.keys() & new.keys()):
            self._events(old[alias], new[alias], spans)
            self._stream_errors(old[alias], new[alias], spans)
            self._end(old[alias], new[alias], spans)

    def _events(self, old: UnionView, new: UnionView, spans: Spans) -> None:
        pairs = pair(old.events, new.events, lambda event: event.class_name, lambda event: event.wire_name)
        for event in pairs.removed:
            what, why = f"no longer carries {event.class_name}", "code that waits for it waits for ever"
            old_span = spans.old.get(event.class_name)
            self.log.add(Kind.EVENT_REMOVED, Impact.MAJOR, new.alias, what, why, old_span, None)
        for event in pairs.added:
            what, why = f"may carry {event.class_name}", "it came as UnknownEvent before"
            new_span = spans.new.get(event.class_name)
            self.log.add(Kind.EVENT_ADDED, Impact.MINOR, new.alias, what, why, None, new_span)
        for before, after in pairs.same:
            both = spans.old.get(before.class_name), spans.new.get(after.class_name)
            if self.members.classes.get(before.class_name, before.class_name) != after.class_name:
                what = f"event '{after.wire_name}' is now a {after.class_name}, not a {before.class_name}"
                why = "code that looks for the old class does not find it"
                self.log.add(Kind.STREAM, Impact.MAJOR, new.alias, what, why, *both)
            elif before.wire_name != after.wire_name:
                what = f"{after.class_name} is called '{before.wire_name}' on the wire, now '{after.wire_name}'"
                self.log.add(Kind.WIRE, Impact.PATCH, new.alias, what, "events are the same classes", *both)

    def _stream_errors(self, old: UnionView, new: UnionView, spans: Spans) -> None:
        before = {self.members.classes.get(name, name) for _, name in old.errors}
        after = {name for _, name in new.errors}
        for name in sorted(after - before):
            what, why = f"may end with {name}", "callers may meet an error that they do not expect here"
            self.log.add(Kind.OPERATION_ERRORS, Impact.MINOR, new.alias, what, why, None, spans.new.get(name))
        for name in sorted(before - after):
            what, why = f"no longer ends with {name}", "code that catches it still runs"
            self.log.add(Kind.OPERATION_ERRORS, Impact.PATCH, new.alias, what, why, spans.old.get(name), None)

    def _end(self, old: UnionView, new: UnionView, spans: Spans) -> None:
        """Compare the events that end the streams, and what in them is raised as an error."""
        before, after = _told_by(old.end), _told_by(new.end)
        if before == after:
            return
        what = f"ends with {after}" if after else "ends with no event of its own"
        what += f"; before, with {before}" if before else ""
        why = "streams without it are truncated" if after else "a stream that is cut off may look complete"
        event = spans.new.get(new.end.event.class_name) if new.end else None
        self.log.add(Kind.STREAM, Impact.MINOR, new.alias, what, why, None, event)


def _told_by(end: EventEndView | None) -> str:
    if end is None:
        return ""
    return f"{end.event.class_name}, raised if its {end.code.name} is set" if end.code else end.event.class_name


@dataclass(frozen=True, slots=True)
class Spans:
    """Where each class of the two sides is defined, by its name in Python."""

    old: Mapping[str, Span | None]
    new: Mapping[str, Span | None]


def _alike(old: Class, new: Class) -> float:
    return 0.9 * overlap((item.name for item in old.shape.members), (item.name for item in new.shape.members))


def _alike_errors(old: Failure, new: Failure) -> float:
    """Errors have few members or none, so the code and the status count."""
    if old.error.code == new.error.code:
        return 1.0
    members = overlap((item.name for item in old.error.members), (item.name for item in new.error.members))
    same_status = old.error.status is not None and old.error.status == new.error.status
    return (members + 0.9) / 2 if same_status else members / 2
