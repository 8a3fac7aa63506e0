"""``--all``: the spec with the operations and members of the model that it lacks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from lapsmith import lap
from lapsmith.bind import members, spelling
from lapsmith.bind.errors import BindError
from lapsmith.bind.matching import ADDED, Match, Matching
from lapsmith.bind.model import Operation
from lapsmith.bind.spelling import Spelled
from lapsmith.lap.tree import Document, Endpoint, ErrorCase, Field, Path, Placeholder, Returns

_PLACEHOLDER = re.compile(r"\{([^{}+]*)(\+?)\}")


def extend(document: Document, matching: Matching, comment: str) -> tuple[str, Document, Matching]:
    """The text of the extended spec, what it says, and which operation each of its endpoints is.

    Operations that an unbound endpoint of the spec may be are not added: they would be there twice.
    """
    prose = any(endpoint.desc for endpoint in document.endpoints)
    known = {id(match.endpoint): match for match in matching.matches}
    endpoints = [_completed(endpoint, known.get(id(endpoint))) for endpoint in document.endpoints]
    open_names = {name for item in matching.unbound for name in item.candidates}
    added = [operation for operation in matching.missing if operation.name not in open_names]
    endpoints += [_endpoint(operation, prose) for operation in added]
    extended = replace(
        document,
        endpoints=tuple(endpoints),
        declared_endpoints=len(endpoints),
        toc=(),
        comments=(comment, *(line for line in document.comments if line != comment)),
    )
    text = lap.write(extended)
    found = lap.parse(text, document.span.file)
    if found.has_errors or len(found.document.endpoints) != len(endpoints):
        raise BindError("the spec cannot be written with all that the model has", "leave out --all")
    return text, found.document, _moved(document, found.document, matching, added)


def _moved(old: Document, new: Document, matching: Matching, added: Iterable[Operation]) -> Matching:
    """The matching, of the endpoints as they were read back."""
    place = {id(endpoint): index for index, endpoint in enumerate(old.endpoints)}
    matches = [replace(item, endpoint=new.endpoints[place[id(item.endpoint)]]) for item in matching.matches]
    rest = new.endpoints[len(old.endpoints) :]
    matches += [Match(endpoint, operation, ADDED) for endpoint, operation in zip(rest, added, strict=True)]
    unbound = [replace(item, endpoint=new.endpoints[place[id(item.endpoint)]]) for item in matching.unbound]
    taken = {match.operation.name for match in matches}
    missing = [operation for operation in matching.missing if operation.name not in taken]
    return Matching(tuple(matches), tuple(unbound), tuple(missing))


def _completed(endpoint: Endpoint, match: Match | None) -> Endpoint:
    """An endpoint with the members of its operation that it lacks."""
    if match is None:
        return endpoint
    operation = match.operation
    here = {field.name for field in (*endpoint.required, *endpoint.optional)}
    present = {member.name for member in members.inputs(operation, endpoint).values()}
    lacking = [item for item in _lacking(spelling.inputs(operation), present) if item.name not in here]
    answered = {member.name for member in members.outputs(operation, endpoint).values()}
    returned = _returns(endpoint.returns, _lacking(spelling.outputs(operation), answered))
    return replace(
        endpoint,
        required=(*endpoint.required, *(_field(item) for item in lacking if item.required)),
        optional=(*endpoint.optional, *(_field(item) for item in lacking if not item.required)),
        returns=returned,
    )


def _lacking(known: Mapping[str, Spelled], present: set[str]) -> list[Spelled]:
    return [item for item in known.values() if item.member.name not in present]


def _returns(returns: tuple[Returns, ...], lacking: list[Spelled]) -> tuple[Returns, ...]:
    if not lacking:
        return returns
    fields = tuple(_field(item, nullable=not item.required) for item in lacking)
    for index, item in enumerate(returns):
        if item.fields is not None and item.status.startswith("2"):
            whole = replace(item, fields=(*item.fields, *fields))
            return (*returns[:index], whole, *returns[index + 1 :])
    return (*returns, Returns("200", fields, None))


def _field(item: Spelled, *, nullable: bool = False) -> Field:
    return Field(item.name, replace(spelling.type_of(item.member.shape), nullable=nullable))


def _endpoint(operation: Operation, prose: bool) -> Endpoint:
    """An endpoint as lapsh writes it."""
    inputs = list(spelling.inputs(operation).values())
    path, _, query = operation.uri.partition("?")
    labels = tuple(Placeholder(name, bool(greedy)) for name, greedy in _PLACEHOLDER.findall(path))
    errors = ("400" if "Client" in error.name else "500" for error in operation.errors)
    return Endpoint(
        method=operation.method,
        path=Path(operation.uri, path, query or None, None, labels),
        desc=spelling.description(operation) or None if prose else None,
        required=tuple(_field(item) for item in inputs if item.required),
        optional=tuple(_field(item) for item in inputs if not item.required),
        returns=_returns((), list(spelling.outputs(operation).values())),
        errors=tuple(
            ErrorCase(status, error.name, None) for status, error in zip(errors, operation.errors, strict=True)
        ),
    )
