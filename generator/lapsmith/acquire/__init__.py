"""Where a spec comes from: a folder, a file, standard input, LAP's registry, or an AWS service model.

``acquire`` turns what a person names into the files of a spec's folder. It writes nothing.
"""

from __future__ import annotations

import sys
from pathlib import Path

from lapsmith.acquire import models, registry, skills
from lapsmith.acquire.found import Found, SourceError

__all__ = ["Found", "SourceError", "acquire"]

STDIN = "-"


def acquire(source: str, *, registry_url: str | None = None, protocol: str | None = None) -> Found:
    """Return the spec that ``source`` names, with the files that belong into its folder.

    ``source`` is ``aws:NAME[/API-VERSION]``, ``registry:NAME``, a path (a skill's folder, a plugin's folder, a skill
    as JSON, a ``.lap`` file, a Smithy model or a ``service-2.json``), ``-`` for standard input, or else a plain name,
    which is looked up in the registry. ``protocol`` is the one to use of those that a model offers.

    Raises SourceError where there is no such spec, or where it is not what it should be.
    """
    kind, _, name = source.partition(":")
    if kind == "aws" and name:
        return models.from_botocore(name, protocol)
    if kind == "registry" and name:
        return registry.fetch(name, registry_url)
    if source == STDIN:
        return _of_bytes(sys.stdin.buffer.read(skills.MAX_BYTES + 1), "standard input", None, protocol)
    path = Path(source)
    if path.is_dir():
        return skills.from_folder(path)
    if path.exists():
        return _of_bytes(skills.read(path), source, path, protocol)
    if _looks_like_path(source):
        raise SourceError(f"there is no file or folder '{source}'", "name a spec's folder, a .lap file or a .json file")
    return registry.fetch(source, registry_url)


def _of_bytes(data: bytes, shown: str, path: Path | None, protocol: str | None) -> Found:
    """A file by what is in it: JSON is a skill or a model, anything else must be LAP."""
    if data.lstrip()[:1] != b"{":
        return skills.from_lap(data, shown, path)
    document = skills.parse_json(data, shown)
    if "files" in document:
        return skills.from_json(document, shown)
    if models.is_model(document):
        return models.from_file(path, shown, protocol)
    raise SourceError(
        f"{shown} is JSON, but neither a LAP skill nor an AWS service model",
        "a skill has 'files', a Smithy model 'smithy' and 'shapes', a service-2.json 'metadata' and 'operations'",
    )


def _looks_like_path(source: str) -> bool:
    return "/" in source or "\\" in source or source.endswith((".lap", ".json", ".gz"))
