"""Which service model a spec is of: by ``--model``, else by the spec's name and version."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lapsmith.bind import agreement, sources
from lapsmith.bind.errors import BindError
from lapsmith.diagnostics import suggest
from lapsmith.lap.tree import Document

_PREFIX = "botocore:"
_LISTED = 20
_RETIRED = (
    "older releases of botocore have services that AWS has retired: pip install --target OLD --no-deps 'botocore<1.36',"
    " then --model OLD/botocore/data/NAME"
)


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


@dataclass(frozen=True, slots=True)
class Located:
    """A service model's file. ``origin`` is what the bindings call it; None leaves that to what is in the file.

    ``newer`` is the latest API version of the service, for ``--model``, where this is another.
    """

    path: Path
    origin: str | None = None
    newer: str | None = None


def find(document: Document, model: str | None) -> Located:
    """Find the service model of a spec.

    ``model`` is ``botocore:NAME``, ``botocore:NAME/API-VERSION``, or the path of a file or of the folder that holds it.
    """
    if model is None:
        return _located(_by_spec(document))
    if model.startswith(_PREFIX):
        return _located(_by_name(document, model.removeprefix(_PREFIX)))
    return Located(_by_path(document, Path(model)))


def _located(chosen: Candidate) -> Located:
    newest = _versions(chosen.path.parent.parent)[-1]
    newer = f"{_PREFIX}{newest.name}/{newest.api_version}" if newest.api_version > chosen.api_version else None
    return Located(chosen.path, chosen.origin, newer)


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
    message = f"no service model of the installed botocore is called '{api}'"
    agreeing = _agreeing(document, everything)
    if agreeing:
        return _refuse(f"{message}, but the spec's operations are those of another", agreeing)
    return _refuse(message, _similar(api, everything))


def _agreeing(document: Document, everything: Sequence[Candidate]) -> list[Candidate]:
    """Models of the spec's API version that have its operations, the most alike first: AWS renames services."""
    shares = ((agreement.share(document, c.path), c) for c in everything if c.api_version == document.version)
    return [candidate for share, candidate in sorted(shares, key=lambda item: -item[0]) if share]


def _of_version(document: Document, api: str, named: Sequence[Candidate]) -> Candidate:
    fitting = [item for item in named if item.api_version == document.version]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        return _refuse(f"{len(fitting)} service models are called '{api}' and have version {document.version}", fitting)
    if document.version is None and len({item.name for item in named}) == 1:
        return max(named, key=lambda item: item.api_version)
    has = f"the spec is of version {document.version}" if document.version else "the spec does not say its version"
    return _refuse(f"the service '{api}' is there, but {has}", named)


def _refuse(message: str, candidates: Sequence[Candidate]) -> Candidate:
    """Raise an error that lists candidates, of each service the newest API version first."""
    order = {name: at for at, name in enumerate(dict.fromkeys(item.name for item in candidates))}
    newest = sorted(candidates, key=lambda item: item.api_version, reverse=True)
    ordered = sorted(newest, key=lambda item: order[item.name])
    listed = "".join(f"\n    {item}" for item in ordered[:_LISTED])
    raise BindError(
        message, f"choose one:{listed}" if listed else f"give --model botocore:NAME or --model PATH; {_RETIRED}"
    )


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
