"""Two APIs compared, in terms of callers of the generated Python client. Pure: two services in, changes out.

Names are those of the generated code, so a member that is called otherwise on the wire but spelled the same in Python
is a change of the wire alone. Arguments are keywords, and text with known values is ``str``.
"""

from __future__ import annotations

from dataclasses import replace

from lapsmith.apidiff.enums import compare_enums
from lapsmith.apidiff.members import Enums, Members, fact_span
from lapsmith.apidiff.model import Change, Impact, Kind, Log, verdict
from lapsmith.apidiff.operations import Operations, Side, by_method
from lapsmith.apidiff.paging import Paging
from lapsmith.apidiff.service import Header
from lapsmith.apidiff.shapes import Shapes, Spans, classes, failures, pair_classes, pair_failures
from lapsmith.apidiff.types import Types
from lapsmith.diagnostics import Span
from lapsmith.ir import model as ir
from lapsmith.python.lower import lower
from lapsmith.python.view import ClientView, UnionView

__all__ = ["Change", "Impact", "Kind", "compare", "verdict"]


def compare(old: ir.Service, new: ir.Service) -> tuple[Change, ...]:
    """Return what changed from ``old`` to ``new``, the gravest first; nothing where callers cannot tell them apart."""
    log = Log()
    # Without the names of enums, what is annotated with one is text, as it is to those who run the code.
    before, after = (lower(replace(service, enums={}), package="client", source="") for service in (old, new))
    structures = pair_classes(classes(old, before), classes(new, after))
    errors = pair_failures(failures(old, before), failures(new, after))
    operations = by_method(_sides(old, before), _sides(new, after))
    same_shapes = {was.shape.name: now.shape.name for was, now in structures.same}
    same_shapes |= {name: name for name in _unions(old) & _unions(new)}
    renamed = {was.view.name: now.view.name for was, now in structures.same}
    renamed |= {was.view.name: now.view.name for was, now in errors.same}
    members = Members(log, Types(same_shapes), renamed, Enums(old.enums.keys(), new.enums.keys()))
    Header(log, old, new, after.class_name).compare(before, after)
    same_errors = {was.error.name: now.error.name for was, now in errors.same}
    Operations(log, members, same_errors).compare(operations)
    Paging(log, old, new).compare(before, after)
    shapes = Shapes(log, members)
    shapes.structures(structures)
    shapes.errors(errors)
    compare_enums(log, old, new)
    shapes.events(_by_alias(before), _by_alias(after), Spans(_places(old, before), _places(new, after)))
    _exports(log, before, after, (fact_span(old.origins, "name"), fact_span(new.origins, "name")))
    return log.sorted()


def _sides(service: ir.Service, view: ClientView) -> dict[str, Side]:
    pairs = zip(service.operations, view.operations, strict=True)
    return {op.name: Side(op, seen) for op, seen in pairs}


def _unions(service: ir.Service) -> set[str]:
    return {name for name, shape in service.shapes.items() if isinstance(shape, ir.EventUnion)}


def _by_alias(view: ClientView) -> dict[str, UnionView]:
    return {union.alias: union for union in view.unions}


def _places(service: ir.Service, view: ClientView) -> dict[str, Span | None]:
    """Where each class is defined, by its name in Python."""
    structures = {item.view.name: item.span for item in classes(service, view)}
    return structures | {item.view.name: item.span() for item in failures(service, view)}


def _exports(log: Log, old: ClientView, new: ClientView, spans: tuple[Span | None, Span | None]) -> None:
    """Report what can no longer be imported from the package's root though it still exists, or is the runtime's."""
    kept = {name for name, _ in new.public}
    classes = {view.name for view in (*new.structures, *new.outputs)}
    for name, module in old.public:
        if name not in kept and (module.startswith("_runtime.") or name in classes):
            what = "no longer exported at the package's root"
            log.add(Kind.EXPORT_REMOVED, Impact.MAJOR, name, what, "imports of the name fail", *spans)
