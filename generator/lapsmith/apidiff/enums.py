"""Enums of a client, each once: the values of the texts that many members may have."""

from __future__ import annotations

from dataclasses import dataclass

from lapsmith.apidiff.members import Scope, fact_span, listed, value_changes
from lapsmith.apidiff.model import Impact, Kind, Log
from lapsmith.apidiff.pairing import pair
from lapsmith.apidiff.shapes import reach
from lapsmith.diagnostics import Span
from lapsmith.ir import model as ir
from lapsmith.ir.enums import named
from lapsmith.python.spelling import Spelling


@dataclass(frozen=True, slots=True)
class Known:
    """An enum of one side, what it is called in Python, and whether operations take it."""

    enum: ir.Enum
    alias: str
    sent: bool

    @property
    def span(self) -> Span | None:
        return fact_span(self.enum.origins, "values")

    @property
    def text(self) -> ir.StringType:
        return ir.StringType(self.enum.values, self.enum.name)


def compare_enums(log: Log, old: ir.Service, new: ir.Service) -> None:
    """Compare all enums."""
    pairs = pair(_known(old), _known(new), lambda item: item.alias, lambda item: item.enum.name)
    for item in pairs.removed:
        what, why = f"no longer has known values ({listed(item.enum.values)})", "imports of the name fail"
        log.add(Kind.ENUM_REMOVED, Impact.MAJOR, item.alias, what, why, item.span, None)
    for item in pairs.added:
        what, why = f"known values {listed(item.enum.values)}", "any text is taken as before"
        log.add(Kind.ENUM_ADDED, Impact.MINOR, item.alias, what, why, None, item.span)
    for before, after in pairs.same:
        spans = before.span, after.span
        if before.alias != after.alias:
            what, why = f"now called {after.alias}", "imports of the old name fail"
            log.add(Kind.CLASS_RENAMED, Impact.MAJOR, before.alias, what, why, *spans)
        scope = Scope(str, sent=before.sent)
        for severity, what, why in value_changes(scope, before.text, after.text):
            log.add(Kind.ENUM, severity, after.alias, what, why, *spans)


def _known(service: ir.Service) -> list[Known]:
    spelled = Spelling(service).enums
    types = [member.type for op in service.operations for member in op.input]
    for name in reach(service, types):
        shape = service.shapes.get(name)
        types += [member.type for member in shape.members] if isinstance(shape, ir.Structure) else []
    sent = {name for kind in types for name in named(kind)}
    return [Known(enum, spelled[name], name in sent) for name, enum in service.enums.items()]
