"""Smithy JSON models, as AWS publishes them, read as the service models that botocore ships.

The rest of ``bind`` knows one form of model. This room translates Smithy's shapes and traits into it: the service
(``service-2.json``), its paginators, its waiters and its endpoint rule set. What that form cannot say is left out.

Source: Smithy 2.0, https://smithy.io/2.0/ (JSON AST, HTTP bindings, protocol traits, waiters, AWS traits).
"""

from __future__ import annotations

import json

from lapsmith.bind.errors import BindError
from lapsmith.bind.smithy.ast import Ast, is_smithy
from lapsmith.bind.smithy.operations import operations
from lapsmith.bind.smithy.paging import paginators, waiters
from lapsmith.bind.smithy.service import metadata, rules
from lapsmith.bind.smithy.shapes import Shapes
from lapsmith.bind.sources import File, Files, Json

__all__ = ["is_smithy", "read", "translate"]


def translate(document: Json, name: str) -> dict[str, Json]:
    """Translate the Smithy model ``document``; returns the four parts by the names that botocore gives their files.

    ``name`` is the file's, for messages. Raises BindError where the model does not describe one service, or refers to
    shapes that it lacks.
    """
    ast = Ast(document, name)
    shapes = Shapes(ast)
    described = operations(ast, shapes)
    service: Json = {
        "version": "2.0",
        "metadata": metadata(ast),
        "operations": described,
        "shapes": dict(sorted(shapes.translated().items())),
    }
    return {
        "service-2": service,
        "paginators-1": paginators(ast),
        "waiters-2": waiters(ast),
        "endpoint-rule-set-1": rules(ast),
    }


def read(files: Files) -> Files:
    """Return the files of a model, translated where they are a Smithy model; others as they are."""
    document, path = files.service.content, files.service.path
    if not is_smithy(document):
        return files
    try:
        parts = translate(document, str(path))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise BindError(f"{path} is not a whole Smithy model: {error}", "is it as AWS publishes it?") from error
    service, paging, waiting, ruling = (
        File(path, part, json.dumps(part).encode() if part else b"") for part in parts.values()
    )
    return Files(files.sha256, service, paging, waiting, ruling)
