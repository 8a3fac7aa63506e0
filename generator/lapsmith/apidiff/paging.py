"""Paginators and waiters: methods of the client that call other methods."""

from __future__ import annotations

from dataclasses import dataclass

from lapsmith.apidiff.members import fact_span
from lapsmith.apidiff.model import Impact, Kind, Log
from lapsmith.apidiff.pairing import pair
from lapsmith.diagnostics import Span
from lapsmith.ir import model as ir
from lapsmith.python.view import ClientView, PagesView, WaiterView


@dataclass(frozen=True, slots=True)
class Paging:
    """Compares the paginators and waiters of two services, by their expressions in Python: those do not show names
    that only the wire knows.
    """

    log: Log
    old: ir.Service
    new: ir.Service

    def compare(self, old: ClientView, new: ClientView) -> None:
        """Compare all of both."""
        self._paginators(old, new)
        self._waiters(old, new)

    def _paginators(self, old: ClientView, new: ClientView) -> None:
        before, after = _pages_spans(self.old), _pages_spans(self.new)
        pairs = pair(old.pages, new.pages, lambda item: item.method, lambda item: item.operation.name)
        for item in pairs.removed:
            span = before.get(item.operation.name)
            self._gone(Kind.PAGES, item.method, "paginator", span)
        for item in pairs.added:
            span = after.get(item.operation.name)
            self._come(Kind.PAGES, item.method, "paginator", span)
        for was, now in pairs.same:
            self._pages(was, now, (before.get(was.operation.name), after.get(now.operation.name)))

    def _pages(self, old: PagesView, new: PagesView, spans: tuple[Span | None, Span | None]) -> None:
        self._renamed(Kind.PAGES, new.method, ((old.method, new.method), (old.resume, new.resume)), spans)
        if (old.items, old.item) != (new.items, new.item):
            what = f"items are {_items(old)}, now {_items(new)}"
            why = "the paginator yields other items"
            self.log.add(Kind.PAGES, Impact.MAJOR, f"{new.method}()", what, why, *spans)
        elif self._following(old, self.old) != self._following(new, self.new):
            what, why = "pages are asked for or followed by other members", "it yields the same items"
            self.log.add(Kind.PAGES, Impact.PATCH, f"{new.method}()", what, why, *spans)

    def _following(self, view: PagesView, service: ir.Service) -> tuple[object, ...]:
        """How one page leads to the next, and which argument sets its size."""
        pages = next(op.pages for op in service.operations if op.name == view.operation.name)
        limit = next((p.name for p in view.operation.parameters if pages and p.member.name == pages.limit), None)
        return view.tokens, view.next, view.more, limit

    def _waiters(self, old: ClientView, new: ClientView) -> None:
        before, after = _waiter_spans(self.old), _waiter_spans(self.new)
        pairs = pair(old.waiters, new.waiters, lambda item: item.method, lambda item: item.name)
        for item in pairs.removed:
            self._gone(Kind.WAITER, item.method, "waiter", before.get(item.name))
        for item in pairs.added:
            self._come(Kind.WAITER, item.method, "waiter", after.get(item.name))
        for was, now in pairs.same:
            self._waiter(was, now, (before.get(was.name), after.get(now.name)))

    def _waiter(self, old: WaiterView, new: WaiterView, spans: tuple[Span | None, Span | None]) -> None:
        names = (
            (old.method, new.method),
            (old.delay_name, new.delay_name),
            (old.attempts_name, new.attempts_name),
        )
        self._renamed(Kind.WAITER, new.method, names, spans)
        if old.operation.method != new.operation.method:
            what = f"calls {new.operation.method}(), no longer {old.operation.method}()"
            why = "it takes the arguments of another operation"
            self.log.add(Kind.WAITER, Impact.MAJOR, f"{new.method}()", what, why, *spans)
        elif old.last != new.last:
            what, why = f"returned {old.last}, now {new.last}", "the method's result is of another type"
            self.log.add(Kind.WAITER, Impact.MAJOR, f"{new.method}()", what, why, *spans)
        if old.acceptors != new.acceptors:
            what, why = "ends on other conditions", "the same call may return, fail or wait where it did not"
            self.log.add(Kind.WAITER, Impact.MINOR, f"{new.method}()", what, why, *spans)
        if (old.delay, old.attempts) != (new.delay, new.attempts):
            what = f"{_rhythm(old)}, now {_rhythm(new)}"
            why = "it waits longer or shorter before it gives up"
            self.log.add(Kind.WAITER, Impact.MINOR, f"{new.method}()", what, why, *spans)

    def _gone(self, kind: Kind, method: str, what: str, span: Span | None) -> None:
        why = "calls of it raise AttributeError"
        self.log.add(kind, Impact.MAJOR, f"{method}()", f"{what} removed", why, span, None)

    def _come(self, kind: Kind, method: str, what: str, span: Span | None) -> None:
        self.log.add(kind, Impact.MINOR, f"{method}()", f"{what} added", "no code calls it yet", None, span)

    def _renamed(
        self,
        kind: Kind,
        method: str,
        names: tuple[tuple[str, str], ...],
        spans: tuple[Span | None, Span | None],
    ) -> None:
        for was, now in names:
            if was != now:
                what, why = f"'{was}' is now spelled '{now}'", "code that uses the old spelling fails"
                self.log.add(kind, Impact.MAJOR, f"{method}()", what, why, *spans)


def _pages_spans(service: ir.Service) -> dict[str, Span | None]:
    return {op.name: fact_span(op.pages.origins, "pages") for op in service.operations if op.pages}


def _waiter_spans(service: ir.Service) -> dict[str, Span | None]:
    return {name: fact_span(waiter.origins, "name") for name, waiter in service.waiters.items()}


def _items(pages: PagesView) -> str:
    return f"{pages.item} from {pages.items}" if pages.items else "none"


def _rhythm(waiter: WaiterView) -> str:
    return f"{waiter.attempts} attempts {waiter.delay} s apart"
