"""What cannot be generated yet. Each gap is an error that names the operation to exclude, never a wrong client."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from lapsmith.diagnostics import Diagnostics, Span
from lapsmith.ir import jmespath
from lapsmith.ir import model as ir
from lapsmith.ir.advice import Advice
from lapsmith.ir.jmespath import ExpressionError
from lapsmith.python.annotations import references
from lapsmith.python.jmespath.compiler import check

_Gap = tuple[ir.Member, str]

# msgspec writes a field's name as it is given, so it takes none that JSON would have to escape.
_ESCAPED_IN_JSON = re.compile(r'["\\\x00-\x1f\ud800-\udfff]')


def unsupported(service: ir.Service, fallback: Span, advice: Advice | None = None) -> Diagnostics:
    """Return an error for everything in ``service`` that no template covers; ``fallback`` is where to point at last."""
    found = Diagnostics()
    leave_out = (advice or Advice()).leave_out
    if not service.operations:
        found.error(fallback, "no-operations", "there is no operation to generate", "check the spec's endpoints")
    for operation in service.operations:
        gaps = [*_input_gaps(operation), *_output_gaps(operation), *_shape_gaps(service, operation)]
        gaps += _stream_gaps(service, operation)
        for member, what in gaps:
            hint = f"leave the operation out: {leave_out(operation.name)}"
            message = f"{operation.name}: '{member.name}' {what}, which cannot be generated yet"
            found.error(_span(member.origins, "type", fallback), "unsupported-member", message, hint)
    for where, path, span in _expressions(service, fallback):
        try:
            check(path)
        except ExpressionError as error:
            found.error(span, "unsupported-expression", f"{where}: {error.message}", "take a simpler expression")
    return found


def _expressions(service: ir.Service, fallback: Span) -> Iterator[tuple[str, jmespath.Node, Span]]:
    """Yield the expressions over outputs: where each belongs, what it is, and the place to point at."""
    operations = {operation.name: operation for operation in service.operations}
    for operation in service.operations:
        pages = operation.pages
        if pages is None:
            continue
        for path in filter(None, (*pages.outputs, *pages.items, pages.more)):
            node = jmespath.read(path, operation.output, service.shapes)
            yield f"pages of {operation.name}", node, _span(pages.origins, "pages", fallback)
    for waiter in service.waiters.values():
        for acceptor in waiter.acceptors:
            if acceptor.argument is not None:
                node = jmespath.read(acceptor.argument, operations[waiter.operation].output, service.shapes)
                yield f"waiter {waiter.name}", node, _span(acceptor.origins, "acceptor", fallback)


def _span(origins: ir.Origins, fact: str, fallback: Span) -> Span:
    origin = origins.get(fact)
    return origin.span if origin is not None and origin.span is not None else fallback


def _input_gaps(operation: ir.Operation) -> Iterator[_Gap]:
    yield from _payload_gaps(operation.input)
    for member in operation.input_at(ir.Location.EVENTS):
        yield member, "is an event stream that is sent"


def _output_gaps(operation: ir.Operation) -> Iterator[_Gap]:
    yield from _payload_gaps(operation.output)
    for member in operation.output:
        if member.location is ir.Location.BODY:
            yield from _name_gaps(member)
        elif member.location is ir.Location.HEADER_MAP and not _is_text_map(member.type):
            yield member, "is a map of response headers to something else than text"


def _is_text_map(kind: ir.Type) -> bool:
    match kind:
        case ir.MapType(ir.StringType(), ir.StringType(), False):
            return True
        case _:
            return False


def _payload_gaps(members: Iterable[ir.Member]) -> Iterator[_Gap]:
    for member in members:
        if member.location is ir.Location.PAYLOAD and not isinstance(
            member.type, ir.BlobType | ir.StringType | ir.StructureRef | ir.DocumentType
        ):
            yield member, "is a payload that is neither a blob, text, a structure nor a document"


def _shape_gaps(service: ir.Service, operation: ir.Operation) -> Iterator[_Gap]:
    for shape in _reached(service, (member.type for member in operation.input)):
        for member in shape.members:
            yield from _name_gaps(member)
    returned = (member.type for member in operation.output)
    for shape in _reached(service, returned):
        for member in shape.members:
            if member.location is ir.Location.BODY:
                yield from _name_gaps(member)


def _stream_gaps(service: ir.Service, operation: ir.Operation) -> Iterator[_Gap]:
    """Yield what is an event stream in one place and a plain structure in another."""
    types = [member.type for member in (*operation.input, *operation.output)]
    held = (member for shape in _reached(service, types) for member in shape.members)
    for member in (*operation.input, *operation.output, *held):
        streams = [isinstance(service.shapes.get(name), ir.EventUnion) for name in references(member.type)]
        if member.location is ir.Location.EVENTS and not all(streams):
            yield member, "is an event stream here and a structure elsewhere"
        elif member.location is not ir.Location.EVENTS and any(streams):
            yield member, "is a structure here and an event stream elsewhere"


def _reached(service: ir.Service, roots: Iterable[ir.Type]) -> Iterator[ir.Structure]:
    """Yield the structures that types mention, directly, through each other or as events."""
    seen: set[str] = set()
    waiting = [name for kind in roots for name in references(kind)]
    while waiting:
        name = waiting.pop()
        shape = service.shapes.get(name)
        if name in seen:
            continue
        seen.add(name)
        if isinstance(shape, ir.EventUnion):
            waiting += shape.events.values()
        elif isinstance(shape, ir.Structure):
            yield shape
            waiting += [found for member in shape.members for found in references(member.type)]


def _name_gaps(member: ir.Member) -> Iterator[_Gap]:
    if _ESCAPED_IN_JSON.search(member.wire_name):
        yield member, "has a name in JSON with quotes, backslashes or control characters"
