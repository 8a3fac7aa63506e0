"""Docstrings of generated code: the spec's prose, then what each argument is and which errors to expect."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lapsmith.ir import model as ir
from lapsmith.python import text
from lapsmith.python.view import ErrorView, EventEndView, EventStreamView, Parameter, StreamView

_SENT = {
    ir.Location.LABEL: "part of the request path",
    ir.Location.QUERY: "sent as the query parameter ``{wire}``",
    ir.Location.QUERY_MAP: "sent as query parameters",
    ir.Location.HEADER: "sent as the header ``{wire}``",
    ir.Location.HEADER_MAP: "sent as headers that begin with ``{wire}``",
    ir.Location.BODY: "``{wire}`` in the request body",
}
_READ = {
    ir.Location.HEADER: "the response header ``{wire}``",
    ir.Location.HEADER_MAP: "the response headers that begin with ``{wire}``",
    ir.Location.PAYLOAD: "the response body",
    ir.Location.EVENT_PAYLOAD: "the event's payload",
    ir.Location.EVENT_HEADER: "the event's header ``{wire}``",
    ir.Location.STATUS: "the HTTP status",
    ir.Location.BODY: "``{wire}``",
}
_SHOWN_VALUES = 12
ATTRIBUTE_VALUE = (
    "``from_plain`` makes one of a str, int, Decimal, bool, None, bytes, set, list or dict, and ``to_plain`` returns "
    "such a value. ``item_from_plain`` and ``item_to_plain`` do the same with whole items.",
)
"""What is said of DynamoDB's union of typed values."""


def operation(
    op: ir.Operation,
    parameters: Sequence[Parameter],
    *,
    json: bool,
    returns: tuple[str, str],
    errors: Sequence[ErrorView],
    base: str,
    signed: bool,
) -> list[str]:
    """Return the blocks of a method's docstring; ``returns`` is the class of the result and what is said of it."""
    blocks = text.paragraphs(op.doc) or [f"Call ``{code(op.name)}``."]
    arguments: list[tuple[str, str]] = []
    for p in parameters:
        arguments.append((p.name, argument(p)))
        if json and p.member.location is ir.Location.PAYLOAD:
            sent = f"a value to send as JSON instead of ``{p.name}``"
            arguments.append(("json", f"{sent}; the Content-Type is then application/json, unless given."))
    if arguments:
        blocks.append(text.section("Args", arguments))
    blocks.append(text.section("Returns", [returns]))
    blocks.append(text.section("Raises", _raised(op, errors, base, signed)))
    return blocks


def _raised(op: ir.Operation, errors: Sequence[ErrorView], base: str, signed: bool) -> list[tuple[str, str]]:
    raised = [(error.name, error.summary) for error in errors]
    raised.append((base, "the service answered with any other error."))
    raised.append(("InvalidInput", "an argument was refused; nothing was sent."))
    if signed:
        raised.append(("CredentialsError", "no credentials were found; nothing was sent."))
    raised.append(("TransportError", "no usable answer came."))
    if op.streams:
        raised.append(("StreamError", "the stream was damaged or cut short; raised while it is read."))
    return raised


def returned(output: str) -> tuple[str, str]:
    """Say what a call returns that is no stream."""
    return output, "the output's members, and ``metadata`` of the response."


def returned_stream(stream: StreamView, *, asynchronous: bool) -> tuple[str, str]:
    """Say what a streaming call returns."""
    if not isinstance(stream, EventStreamView):
        said = "the open body. Loop over it for its chunks as they arrive, ``read()`` or ``save()`` it, or loop over "
        said += "``iter_lines()`` and the like."
    elif stream.union.payload:
        said = "the open stream. Loop over it for the events as they arrive, or over ``iter_text()`` and the like for "
        said += "what they carry."
    else:
        said = "the open stream. Loop over it for the events as they arrive."
    use = " Enter it with ``async with``, or ``await`` it." if asynchronous else " Use it in ``with``."
    return f"Async{stream.name}" if asynchronous else stream.name, said + use


def argument(parameter: Parameter) -> str:
    """Say what an argument is: the spec's words, then where it goes."""
    place = _payload(parameter) or _SENT[parameter.member.location].format(wire=code(parameter.wire_name))
    return _entry(parameter.member, place)


def _payload(parameter: Parameter) -> str | None:
    if parameter.member.location is not ir.Location.PAYLOAD:
        return None
    kinds: dict[type[object], str] = {ir.BlobType: ", as bytes", ir.StringType: ", as text"}
    if ir.is_streamed(parameter.member):
        return "the request body, as bytes, as a binary file or as an iterable of bytes"
    return f"the request body{kinds.get(type(parameter.member.type), '')}"


def attributes(blocks: list[str], fields: Sequence[Parameter]) -> list[str]:
    """Add an ``Attributes:`` section to the blocks of a class's docstring."""
    entries = [(field.name, attribute(field)) for field in fields]
    return [*blocks, text.section("Attributes", entries)] if entries else blocks


def attribute(field: Parameter) -> str:
    """Say what an attribute is: the spec's words, then where it was."""
    return _entry(field.member, _READ[field.member.location].format(wire=code(field.wire_name)))


def _entry(member: ir.Member, place: str) -> str:
    said = " ".join(text.paragraphs(member.doc)).rstrip(".")
    known = "".join(f" Known {what}: {_values(values)}." for what, values in _known(member.type))
    return f"{said} ({place}).{known}" if said else f"{place}.{known}"


def _known(kind: ir.Type, what: str = "values") -> Iterator[tuple[str, Sequence[str]]]:
    """Yield the known texts of a type, and whether they are keys of maps or values."""
    match kind:
        case ir.ListType(item):
            yield from _known(item, what)
        case ir.MapType(key, value):
            yield from _known(key, "keys")
            yield from _known(value, what)
        case ir.StringType(values) if values:
            yield what, values


def _values(values: Sequence[str]) -> str:
    shown = ", ".join(f"``{code(value)}``" for value in values[:_SHOWN_VALUES])
    rest = len(values) - _SHOWN_VALUES
    return f"{shown} and {rest} more" if rest > 0 else shown


def error(shape: ir.Error, fields: Sequence[Parameter], *, streamed: bool) -> list[str]:
    """Return the blocks of an error class's docstring; ``streamed`` says that it can end an event stream."""
    blocks = text.paragraphs(shape.doc) or [f"The service's error ``{code(shape.code)}``."]
    sent = {
        ir.RetryKind.NEVER: "It is never retried.",
        ir.RetryKind.THROTTLE: "The request was turned away, so it is retried.",
        ir.RetryKind.TRANSIENT: "It is retried where the operation is safe to repeat.",
    }
    parts = [f"Sent as ``{code(shape.code)}``", _where(shape, streamed=streamed)]
    retries = f" {sent[shape.retry]}" if shape.retry else ""
    blocks.append(f"{', '.join(filter(None, parts))}.{retries}")
    return attributes(blocks, fields)


def error_summary(shape: ir.Error, *, streamed: bool) -> str:
    """Return what a ``Raises:`` section says of an error: its first paragraph and its status."""
    where = _where(shape, streamed=streamed)
    said = next(iter(text.paragraphs(shape.doc)), "").rstrip(".")
    if said:
        return f"{said} ({where})." if where else f"{said}."
    sent = [f"sent as ``{code(shape.code)}``"] if shape.code != shape.name else []
    return f"{', '.join([*sent, *filter(None, [where])]) or 'an error of the service'}."


def _where(shape: ir.Error, *, streamed: bool) -> str:
    """Say how an error arrives, as far as it is known."""
    return f"HTTP {shape.status}" if shape.status is not None else "in the event stream" if streamed else ""


def code(name: str) -> str:
    """Return a name of the spec as it can stand between double backticks."""
    return " ".join(text.paragraphs(name)).replace("`", "'")


_ITEMS = (
    "Items are mappings of attribute values. ``AttributeValue.item_from_plain`` makes one of plain Python values, and "
    "``AttributeValue.item_to_plain`` returns the plain values of one."
)


def client(service: ir.Service, *, asynchronous: bool) -> list[str]:
    """Return the blocks of a client class's docstring."""
    title = " ".join(text.paragraphs(service.name)) or service.class_name
    version = f" (API version {' '.join(text.paragraphs(service.api_version))})" if service.api_version else ""
    blocks = [f"{title}{version}.", *text.paragraphs(service.doc)]
    if any(isinstance(shape, ir.Structure) and shape.attribute_value for shape in service.shapes.values()):
        blocks.append(_ITEMS)
    if asynchronous:
        return [*blocks, "For asyncio and trio. Use it in ``async with``, or call ``aclose()`` when done."]
    return [*blocks, "Use it in ``with``, or call ``close()`` when done. It can be shared by threads."]


def stream(op: ir.Operation, fields: Sequence[Parameter], end: EventEndView | None = None) -> list[str]:
    """Return the blocks of a stream class's docstring."""
    if op.streams is ir.StreamKind.BYTES:
        return attributes([f"The body that ``{code(op.name)}`` returns, and what came before it."], fields)
    blocks = [f"The events that ``{code(op.name)}`` returns, and what came before them."]
    return attributes(blocks + ([_end(end)] if end else []), fields)


def _end(end: EventEndView) -> str:
    name = end.event.class_name
    said = f"The stream ends with a ``{name}``; without it, TruncatedStream is raised."
    if end.code is not None:
        said += f" One whose ``{end.code.name}`` is set is not returned, but raised as an error with that code, which"
        said += " holds it as its ``event``."
    return said
