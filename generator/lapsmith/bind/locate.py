"""Which service model a spec is of: by ``--model``, else by the spec's name and version."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lapsmith.bind import sources
from lapsmith.bind.errors import BindError
from lapsmith.diagnostics import suggest
from lapsmith.lap.tree import Document

_PREFIX = "botocore:"
_LISTED = 20


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model of the installed botocore, by its name and API version."""

    name: str
    api_version: str
    path: Path
    names: tuple[str, ...]

    @property
    def origin(self) -> str:
        return f"botocore/{sources.botocore_version()}/{self.name}/{self.api_version}"

    def __str__(self) -> str:
        return f"--model botocore:{self.name}/{self.api_version}  ({self.names[0]})"


def find(document: Document, model: str | None) -> tuple[Path, str | None]:
    """The path of the service model's file, and what the bindings call it; None leaves that to what is in the file.

    ``model`` is ``botocore:NAME``, ``botocore:NAME/API-VERSION``, or the path of a file or of the folder that holds it.
    """
    if model is None:
        chosen = _by_spec(document)
        return chosen.path, chosen.origin
    if model.startswith(_PREFIX):
        chosen = _by_name(document, model.removeprefix(_PREFIX))
        return chosen.path, chosen.origin
    return _by_path(document, Path(model)), None


def _by_path(document: Document, path: Path) -> Path:
    if not path.is_dir():
        if not path.exists():
            hint = "give the path of a service-2.json, or botocore:NAME"
            raise BindError(f"there is no service model at {path}", hint)
        return path
    file = sources.service_file(path)
    folders = [] if file else [inner for inner in sorted(path.iterdir()) if sources.service_file(inner)]
    versions = [inner for inner in folders if inner.name == document.version] or folders
    if file is None and len(versions) == 1:
        file = sources.service_file(versions[0])
    if file is None:
        held = f" (API versions: {', '.join(inner.name for inner in folders)}; name one)" if folders else ""
        raise BindError(f"{path} does not hold a service-2.json or service-2.json.gz{held}")
    return file


def _by_name(document: Document, name: str) -> Candidate:
    folder = sources.data_folder()
    name, _, wanted = name.partition("/")
    known = {path.name for path in folder.iterdir() if path.is_dir()}
    if name not in known:
        raise BindError(f"the installed botocore has no service '{name}'", suggest(name, known))
    versions = _versions(folder / name)
    if not versions:
        raise BindError(f"the installed botocore has no service model of '{name}'")
    by_version = {item.api_version: item for item in versions}
    if wanted and wanted not in by_version:
        raise BindError(f"botocore's {name} has no API version {wanted}", "it has: " + ", ".join(by_version))
    return by_version.get(wanted or document.version or "") or versions[-1]


def _by_spec(document: Document) -> Candidate:
    api = (document.api or "").strip()
    if not api:
        raise BindError("the spec has no @api line to find its service by", "give --model botocore:NAME or a path")
    everything = [item for folder in sorted(sources.data_folder().iterdir()) for item in _versions(folder)]
    # The full name first; the service id and the abbreviation only if nothing has that full name.
    for rank in range(3):
        named = [item for item in everything if _folded(api) == _folded(item.names[rank])]
        if named:
            return _of_version(document, api, named)
    close = [item for item in everything if _folded(api) in (_folded(name) for name in item.names)]
    return _refuse(f"no service model is called '{api}'", close or _similar(api, everything))


def _of_version(document: Document, api: str, named: Sequence[Candidate]) -> Candidate:
    fitting = [item for item in named if item.api_version == document.version]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        return _refuse(f"{len(fitting)} service models are called '{api}' and have version {document.version}", fitting)
    if document.version is None and len(named) == 1:
        return named[0]
    has = f"the spec is of version {document.version}" if document.version else "the spec does not say its version"
    return _refuse(f"the service '{api}' is there, but {has}", named)


def _refuse(message: str, candidates: Sequence[Candidate]) -> Candidate:
    listed = "".join(f"\n    {item}" for item in candidates[:_LISTED])
    raise BindError(message, f"choose one:{listed}" if listed else "give --model botocore:NAME or --model PATH")


def _similar(api: str, everything: Sequence[Candidate]) -> list[Candidate]:
    words = _words(api)
    return [item for item in everything if words and words <= _words(" ".join(item.names))]


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z0-9]+", text.lower())) - {"amazon", "aws", "service"}


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def _versions(folder: Path) -> list[Candidate]:
    """The models of one service, oldest API version first."""
    found = []
    for inner in sorted(folder.iterdir()) if folder.is_dir() else ():
        path = sources.service_file(inner)
        if path is None:
            continue
        metadata = sources.peek(path)
        keys = ("serviceFullName", "serviceId", "serviceAbbreviation")
        names = tuple(str(metadata.get(key, "")) for key in keys)
        version = str(metadata.get("apiVersion", inner.name))
        found.append(Candidate(folder.name, version, path, names))
    return found
