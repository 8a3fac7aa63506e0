"""Specs compiled from AWS service models: botocore's by name, or a file of botocore's form or of Smithy's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lapsmith.acquire.found import Found, SourceError, folder_name
from lapsmith.project.inputs import USUAL


def is_model(document: Mapping[str, Any]) -> bool:
    """Whether a JSON document is an AWS service model."""
    return ("smithy" in document and "shapes" in document) or ("metadata" in document and "operations" in document)


def from_botocore(name: str, protocol: str | None = None) -> Found:
    """The spec of the service that the installed botocore calls ``name`` (``bedrock-runtime``, or ``NAME/VERSION``)."""
    return _compiled(f"botocore:{name}", name.partition("/")[0], f"aws:{name}", protocol)


def from_file(path: Path | None, shown: str, protocol: str | None = None) -> Found:
    """The spec of the service whose model lies at ``path``."""
    if path is None:
        raise SourceError(f"{shown} is an AWS service model, which is read from a file", "save it, and give its path")
    return _compiled(str(path), None, None, protocol)


def _compiled(model: str, name: str | None, origin: str | None, protocol: str | None) -> Found:
    from lapsmith import bind

    try:
        compiled = bind.compile_service(model, protocol=protocol)
    except bind.BindError as error:
        raise SourceError(str(error)) from error
    title = compiled.document.api or "client"
    files = {**compiled.contents, "SKILL.md": _page(title, compiled.origin, compiled.document.version or "unknown")}
    assert USUAL in files
    return Found(name or folder_name(title), dict(sorted(files.items())), origin, compiled.origin, bound=True)


def _page(title: str, origin: str, version: str) -> bytes:
    return (
        f"---\nname: {folder_name(title)}\ndescription: {title}\n---\n\n# {title}\nAPI version: {version}\n\n"
        f"Compiled by lapsmith from AWS's service model {origin}. The whole API is in {USUAL}.\n"
    ).encode()
