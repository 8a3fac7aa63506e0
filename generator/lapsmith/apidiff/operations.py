"""Operations: their methods, what goes in, what comes out, and what of a call only shows on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lapsmith.apidiff.members import Members, Scope, fact_span
from lapsmith.apidiff.model import Impact, Kind, Log
from lapsmith.apidiff.pairing import Pairs, likely_renames, overlap, pair
from lapsmith.diagnostics import Span
from lapsmith.ir import model as ir
from lapsmith.python.view import ClassView, EventStreamView, OperationView, StreamView

_SAME_CALLS = "calls are written as before, and the service is spoken to as it wants"


@dataclass(frozen=True, slots=True)
class Side:
    """An operation of one side: the IR and what is generated of it."""

    op: ir.Operation
    view: OperationView

    def span(self, *facts: str) -> Span | None:
        """Where the first of the facts is stated; else where the operation is."""
        return fact_span(self.op.origins, *facts, "uri", "name")

    @property
    def call(self) -> str:
        return f"{self.view.method}()"


@dataclass(frozen=True, slots=True)
class Operations:
    """Compares operations; ``errors`` maps old errors' names to new ones."""

    log: Log
    members: Members
    errors: Mapping[str, str]

    def compare(self, pairs: Pairs[Side]) -> None:
        """Compare all operations of a service."""
        self._one_sided(pairs)
        for old, new in pairs.same:
            self._method(old, new)
            self._parameters(old, new)
            self._output(old.view.output, new.view.output, old, new)
            self._stream(old, new)
            self._auth(old, new)
            self._retry(old, new)
            self._errors(old, new)
            self._wire(old, new)
            if _words(old.op.doc) != _words(new.op.doc):
                what, why = "description reworded", "only the docstring changes"
                self.log.add(Kind.DOCUMENTATION, Impact.PATCH, new.call, what, why, old.span("doc"), new.span("doc"))

    def _one_sided(self, pairs: Pairs[Side]) -> None:
        guesses = likely_renames(pairs.removed, pairs.added, lambda side: side.view.method, _alike)
        became = {old.view.method: new.view.method for old, new in guesses}
        was = {new.view.method: old.view.method for old, new in guesses}
        for side in pairs.removed:
            guess = became.get(side.view.method)
            note = f"perhaps renamed to '{guess}'" if guess else None
            why = "calls of it raise AttributeError"
            self.log.add(
                Kind.OPERATION_REMOVED, Impact.MAJOR, side.call, "operation removed", why, side.span(), None, note=note
            )
        for side in pairs.added:
            guess = was.get(side.view.method)
            note = f"perhaps '{guess}' under a new name" if guess else None
            why = "no code calls it yet"
            self.log.add(
                Kind.OPERATION_ADDED, Impact.MINOR, side.call, "operation added", why, None, side.span(), note=note
            )

    def _method(self, old: Side, new: Side) -> None:
        if old.view.method != new.view.method:
            what = f"{old.op.name} is now spelled '{new.view.method}'"
            why = "calls by the old spelling raise AttributeError"
            self.log.add(Kind.OPERATION_RENAMED, Impact.MAJOR, old.call, what, why, old.span(), new.span())

    def _parameters(self, old: Side, new: Side) -> None:
        method = new.view.method
        scope = Scope(lambda name: f"{method}({name}=)", sent=True, is_call=True)
        self.members.compare(scope, old.view.parameters, new.view.parameters)
        if old.view.json != new.view.json:
            severity = Impact.MINOR if new.view.json else Impact.MAJOR
            kind = Kind.PARAMETER_ADDED if new.view.json else Kind.PARAMETER_REMOVED
            what = "the payload can be given as json=, too" if new.view.json else "the payload cannot be given as json="
            why = "calls need not give it" if new.view.json else "calls that give it raise TypeError"
            self.log.add(kind, severity, f"{method}(json=)", what, why, old.span(), new.span())

    def _output(self, old: ClassView, new: ClassView, before: Side, after: Side) -> None:
        if old.name != new.name:
            what, why = f"now called {new.name}", "imports of the old name fail"
            self.log.add(Kind.CLASS_RENAMED, Impact.MAJOR, old.name, what, why, before.span(), after.span())
        scope = Scope(lambda name: f"{new.name}.{name}", read=True)
        self.members.compare(scope, old.fields, new.fields)
        if bool(old.json_payload) != bool(new.json_payload):
            severity = Impact.MINOR if new.json_payload else Impact.MAJOR
            kind = Kind.ATTRIBUTE_ADDED if new.json_payload else Kind.ATTRIBUTE_REMOVED
            what = "method added" if new.json_payload else "method removed"
            why = "code need not use it" if new.json_payload else "code that calls it raises AttributeError"
            self.log.add(kind, severity, f"{new.name}.json()", what, why, before.span(), after.span())

    def _stream(self, old: Side, new: Side) -> None:
        before, after = old.view.stream, new.view.stream
        spans = old.span(), new.span()
        if type(before) is not type(after):
            what = f"returned {_result(before)}, now {_result(after)}"
            why = "the method's result is another object"
            self.log.add(Kind.STREAM, Impact.MAJOR, new.call, what, why, *spans)
            return
        if before is None or after is None:
            return
        names = [(before.name, after.name)]
        if isinstance(before, EventStreamView) and isinstance(after, EventStreamView):
            names.append((before.union.alias, after.union.alias))
            self._carried(before, after, spans)
        for was, now in names:
            if was != now:
                what, why = f"now called {now}", "imports of the old name fail"
                self.log.add(Kind.CLASS_RENAMED, Impact.MAJOR, was, what, why, *spans)

    def _carried(self, old: EventStreamView, new: EventStreamView, spans: tuple[Span | None, Span | None]) -> None:
        """Whether what the events carry can be read as one sequence of bytes."""
        had, has = old.union.payload is not None, new.union.payload is not None
        if had != has:
            what = f"iter_bytes() and its kin {'added' if has else 'removed'}"
            why = "code need not use it" if has else "code that calls them fails"
            severity = Impact.MINOR if has else Impact.MAJOR
            self.log.add(Kind.STREAM, severity, new.name, what, why, *spans)

    def _auth(self, old: Side, new: Side) -> None:
        was, now = old.op.auth, new.op.auth
        if was is now:
            return
        what = f"signed as {was or 'usual'}, now as {now or 'usual'}"
        severity, why = Impact.PATCH, _SAME_CALLS
        if was is ir.OperationAuth.NONE:
            severity, why = Impact.MAJOR, "calls now need credentials"
        elif now is ir.OperationAuth.NONE:
            severity, why = Impact.MINOR, "calls no longer need credentials"
        self.log.add(Kind.AUTH, severity, new.call, what, why, old.span("auth"), new.span("auth"))

    def _retry(self, old: Side, new: Side) -> None:
        if old.op.retry_safe == new.op.retry_safe:
            return
        what = "is now safe to repeat" if new.op.retry_safe else "is no longer safe to repeat"
        why = (
            "a request whose answer was lost is sent again, where callers saw the error"
            if new.op.retry_safe
            else "callers see the error of a lost answer, where the request was sent again"
        )
        spans = old.span("retry_safe"), new.span("retry_safe")
        self.log.add(Kind.RETRY_SAFETY, Impact.MINOR, new.call, what, why, *spans)

    def _errors(self, old: Side, new: Side) -> None:
        before = {self.errors.get(name, name) for name in old.op.errors}
        spans = old.span("errors"), new.span("errors")
        for name in sorted(set(new.op.errors) - before):
            what, why = f"may raise {name}", "callers may meet an error that they do not expect here"
            self.log.add(Kind.OPERATION_ERRORS, Impact.MINOR, new.call, what, why, *spans)
        for name in sorted(before - set(new.op.errors)):
            what, why = f"no longer lists {name}", "code that catches it still runs"
            self.log.add(Kind.OPERATION_ERRORS, Impact.PATCH, new.call, what, why, *spans)

    def _wire(self, old: Side, new: Side) -> None:
        facts: dict[str, tuple[object, object]] = {
            "method": (old.op.method, new.op.method),
            "uri": (target(old.op.uri), target(new.op.uri)),
            "status": (old.op.status, new.op.status),
            "host_prefix": (_host(old.op), _host(new.op)),
            "compress": (old.op.compress, new.op.compress),
            "bodiless": (old.op.bodiless, new.op.bodiless),
            "long_poll": (old.op.long_poll, new.op.long_poll),
            "url_member": (old.op.url_member, new.op.url_member),
            "endpoint_parameters": (_parameters(old.op), _parameters(new.op)),
        }
        for fact, (before, after) in facts.items():
            if before != after:
                what = f"{fact.replace('_', ' ')} {_told(before)}, now {_told(after)}"
                spans = old.span(fact), new.span(fact)
                self.log.add(Kind.WIRE, Impact.PATCH, new.call, what, _SAME_CALLS, *spans)


def _alike(old: Side, new: Side) -> float:
    """How much two operations could be the same one: one address that is theirs alone, or members in common."""
    if (old.op.method, target(old.op.uri)) == (new.op.method, target(new.op.uri)) and target(old.op.uri) != "/":
        return 1.0
    sides = ((old, new), (new, old))
    inputs, outputs = ([{m.name for m in getattr(side.op, part)} for side, _ in sides] for part in ("input", "output"))
    return 0.9 * ((overlap(*inputs) + overlap(*outputs)) / 2 if any(outputs) else overlap(*inputs))


def target(uri: ir.Uri) -> str:
    """The request target as bindings write it."""
    path = "".join(
        part if isinstance(part, str) else f"{{{part.name}{'+' if part.greedy else ''}}}" for part in uri.segments
    )
    query = "&".join(name if value is None else f"{name}={value}" for name, value in uri.query)
    return f"{path}?{query}" if query else path


def by_method(old: Mapping[str, Side], new: Mapping[str, Side]) -> Pairs[Side]:
    """Pair the operations of two services."""
    return pair(old.values(), new.values(), lambda side: side.view.method, lambda side: side.op.name)


def _result(stream: StreamView | None) -> str:
    if stream is None:
        return "an output"
    return "an event stream" if isinstance(stream, EventStreamView) else "a stream of bytes"


def _host(op: ir.Operation) -> str:
    return "".join(part if isinstance(part, str) else f"{{{part.name}}}" for part in op.host_prefix)


def _parameters(op: ir.Operation) -> str:
    return ", ".join(f"{entry.name}={entry.path or entry.literal}" for entry in op.endpoint_parameters)


def _told(value: object) -> str:
    return f"'{value}'" if isinstance(value, str) and value else "none" if value == "" else str(value).lower()


def _words(doc: str | None) -> list[str]:
    return (doc or "").split()
