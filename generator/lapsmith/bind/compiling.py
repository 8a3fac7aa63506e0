"""An AWS service model as a LAP document: the spec that LAP's registry would have of it.

The rules are those of the registry's own compiler (lapsh): an endpoint for each operation, members by the names of
:mod:`.spelling`, outputs with the structures in them down to a depth, errors with a status that is only a placeholder,
and the model's prose without its HTML.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from dataclasses import replace

from lapsmith import lap
from lapsmith.bind import spelling
from lapsmith.bind.errors import BindError
from lapsmith.bind.matching import ADDED, Match, Matching
from lapsmith.bind.model import Model, Operation, Shape
from lapsmith.bind.spelling import Spelled
from lapsmith.lap.tree import Document, Endpoint, ErrorCase, Field, Named, Path, Placeholder, Returns, TocEntry

_PREAMBLE = "Machine-readable API spec. Each @endpoint block is one API call."
_PLACEHOLDER = re.compile(r"\{([^{}+]*)(\+?)\}")
_VERSION = re.compile(r"v\d+")
_TAG = re.compile(r"<[^>]+>")
_MANY_ENDPOINTS = 20
_DEEPEST = 3
"""How many structures deep the registry writes an output inline."""
_SIGV4 = "AWS SigV4"


def compile_model(model: Model, *, prose: bool = True) -> tuple[str, Document, Matching]:
    """Return the LAP text of a model, what it says, and which operation each endpoint is.

    Without ``prose`` the text has facts only. Raises BindError where the model has no operations, or what LAP cannot
    write.
    """
    operations = list(model.operations.values())
    if not operations:
        raise BindError(f"{model.origin} has no operations", "choose another model")
    document = _document(model, operations, prose)
    text = lap.write(document)
    found = lap.parse(text, "api-spec.lap")
    if found.has_errors or len(found.document.endpoints) != len(operations):
        raise BindError(f"{model.origin} cannot be written as a LAP spec", "report this model as a bug of lapsmith")
    pairs = zip(found.document.endpoints, operations, strict=True)
    return text, found.document, Matching(tuple(Match(endpoint, item, ADDED) for endpoint, item in pairs), (), ())


def _document(model: Model, operations: list[Operation], prose: bool) -> Document:
    groups = Counter(_group(operation) for operation in operations)
    endpoints = (_endpoint(operation, prose) for operation in operations)
    if len(groups) > 1:
        named = zip(endpoints, operations, strict=True)
        endpoints = (replace(endpoint, group=_group(operation)) for endpoint, operation in named)
    signs = model.metadata.get("signatureVersion") == "v4" or "aws.auth#sigv4" in model.metadata.get("auth", ())
    return Document(
        lap="v0.3",
        api=model.text("serviceFullName") or model.text("serviceId"),
        version=model.text("apiVersion"),
        auth=_SIGV4 if signs else None,
        declared_endpoints=len(operations),
        hint="download_for_search" if len(operations) > _MANY_ENDPOINTS else None,
        toc=tuple(TocEntry(name, count) for name, count in groups.items()),
        endpoints=tuple(endpoints),
        comments=(_PREAMBLE,),
        ended=True,
    )


def _group(operation: Operation) -> str:
    """The first part of the path that is not a version."""
    parts = [part for part in operation.uri.strip("/").split("/") if part]
    if not parts:
        return "root"
    return next((part for part in parts if not _VERSION.fullmatch(part)), parts[0])


def _endpoint(operation: Operation, prose: bool) -> Endpoint:
    path, _, query = operation.uri.partition("?")
    labels = tuple(Placeholder(name, bool(greedy)) for name, greedy in _PLACEHOLDER.findall(path))
    inputs = sorted(spelling.inputs(operation).values(), key=_is_in_body)
    return Endpoint(
        method=operation.method,
        path=Path(operation.uri, path, query or None, None, labels),
        desc=spelling.description(operation) or None if prose else None,
        required=tuple(_field(item) for item in inputs if item.required),
        optional=tuple(_field(item) for item in inputs if not item.required),
        returns=_returns(operation.output),
        errors=tuple(_error(error, prose) for error in operation.errors),
    )


def _is_in_body(item: Spelled) -> bool:
    """Members of the URL and the headers come before those of the body."""
    return not item.in_path and item.member.location not in ("querystring", "header")


def _field(item: Spelled) -> Field:
    return Field(item.name, spelling.type_of(item.member.shape))


def _returns(output: Shape | None) -> tuple[Returns, ...]:
    fields = _fields(output, 0, frozenset()) if output else ()
    return (Returns("200", fields, None),) if fields else ()


def _fields(shape: Shape, depth: int, seen: frozenset[str]) -> tuple[Field, ...]:
    """The members of an output structure, with those of the structures in it."""
    if depth > _DEEPEST or shape.name in seen or shape.type != "structure":
        return ()
    found = []
    for name, member in shape.members.items():
        kind = replace(spelling.type_of(member.shape, seen=seen), nullable=name not in shape.required)
        children = _fields(member.shape, depth + 1, seen | {shape.name})
        if children and isinstance(kind, Named):
            kind = replace(kind, children=children)
        found.append(Field(name, kind))
    return tuple(found)


def _error(error: Shape, prose: bool) -> ErrorCase:
    text = spelling.fold(_TAG.sub("", html.unescape(str(error.traits.get("documentation") or "")))) if prose else ""
    return ErrorCase("400" if "Client" in error.name else "500", error.name, text or None)
