"""LAP skills and specs on disk: a folder, a plugin's folder, a skill as JSON, a bare ``.lap`` file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from lapsmith import lap
from lapsmith.acquire.found import Found, SourceError, folder_name
from lapsmith.project.inputs import BINDINGS, TYPES, USUAL

MAX_BYTES = 64 << 20
"""The largest source that is read."""

_MAX_FILES = 200
_DEEPEST = 6
_UNNAMED = ("api-spec", "spec", "api")


def read(path: Path) -> bytes:
    """Return the bytes of a file. Raises SourceError where it cannot be read or is too large."""
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise SourceError(f"cannot read '{path}': {error.strerror or error}") from error
    if len(data) > MAX_BYTES:
        raise SourceError(f"'{path}' is larger than {MAX_BYTES >> 20} MiB", "name a LAP spec or an AWS service model")
    return data


def parse_json(data: bytes, shown: str) -> dict[str, Any]:
    """Return the JSON object in ``data``. Raises SourceError naming ``shown`` and the place of what is wrong."""
    if len(data) > MAX_BYTES:
        raise SourceError(f"{shown} is larger than {MAX_BYTES >> 20} MiB", "name a LAP skill or an AWS service model")
    try:
        document = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise SourceError(f"{shown} is not UTF-8 text (byte {error.start})") from None
    except json.JSONDecodeError as error:
        raise SourceError(f"{shown}:{error.lineno}:{error.colno}: not JSON: {error.msg}", "is it complete?") from None
    except RecursionError:
        raise SourceError(f"{shown} is nested too deeply") from None
    if not isinstance(document, dict):
        raise SourceError(f"{shown} must hold a JSON object, not {type(document).__name__}")
    return document


def from_json(document: Mapping[str, Any], shown: str) -> Found:
    """The skill in ``{"files": {path: text}}``."""
    files = document["files"]
    if not isinstance(files, dict) or not files:
        raise SourceError(f"{shown}: 'files' must map paths to texts")
    if len(files) > _MAX_FILES:
        raise SourceError(f"{shown}: a skill has at most {_MAX_FILES} files, and this one has {len(files)}")
    found = {}
    for name, text in files.items():
        _check_name(name, shown)
        if not isinstance(text, str):
            raise SourceError(f"{shown}: the file '{name}' must be a string, not {type(text).__name__}")
        try:
            found[name] = text.encode()
        except UnicodeEncodeError:
            raise SourceError(f"{shown}: the file '{name}' is not Unicode text") from None
    return _skill(found, shown, None)


def from_folder(path: Path) -> Found:
    """The skill in a folder, or the one skill of a plugin's folder."""
    roots = _roots(path)
    if len(roots) != 1:
        if not roots:
            raise SourceError(f"the folder '{path}' holds no LAP spec", f"a skill has {USUAL}, or one .lap file")
        listed = ", ".join(str(root) for root in roots[:10])
        raise SourceError(f"the folder '{path}' holds {len(roots)} specs: {listed}", "name one of them")
    root = roots[0]
    kept = sorted(item for item in root.rglob("*") if item.is_file() and not _is_hidden(item.relative_to(root)))
    if len(kept) > _MAX_FILES:
        raise SourceError(f"a skill has at most {_MAX_FILES} files, and '{root}' has {len(kept)}")
    files = {item.relative_to(root).as_posix(): read(item) for item in kept}
    return _skill(files, str(path), root.name)


def from_lap(data: bytes, shown: str, path: Path | None) -> Found:
    """A bare spec. ``path`` is where it lies, if it lies anywhere."""
    if path is not None and path.name == TYPES:
        raise SourceError(f"'{shown}' goes with a spec and is none", "name the spec, or the folder that holds both")
    return _skill({USUAL: data}, shown, None if path is None or path.stem in _UNNAMED else path.stem)


def _roots(path: Path) -> list[Path]:
    """The folders below ``path`` that are a spec's: itself, or those of the skills in a plugin."""
    if _is_root(path):
        return [path]
    deep = (item.parent.parent for item in path.rglob(USUAL) if len(item.relative_to(path).parts) <= _DEEPEST)
    return sorted(item for item in deep if not _is_hidden(item.relative_to(path)))


def _is_root(path: Path) -> bool:
    return (path / USUAL).is_file() or len([item for item in path.glob("*.lap") if item.name != TYPES]) == 1


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") or part == "__pycache__" for part in path.parts)


def _check_name(name: str, shown: str) -> None:
    """Refuse a path that leads out of the folder, or that some file system takes for another one."""
    path = PurePosixPath(name)
    bad = path.is_absolute() or ".." in path.parts or not path.parts or any(sign in name for sign in '\\:\0<>|?*"')
    if bad or not name.isprintable() or path.as_posix() != name or len(path.parts) > _DEEPEST:
        raise SourceError(f"{shown}: {name!r} cannot be the path of a file in a skill", "paths must be relative")


def _skill(files: dict[str, bytes], shown: str, folder: str | None) -> Found:
    """Check that there is one spec among the files, and name the whole after its API."""
    specs = [name for name in files if name == USUAL] or [
        name for name in files if name.endswith(".lap") and "/" not in name and name != TYPES
    ]
    if len(specs) != 1:
        raise SourceError(f"{shown} has no {USUAL}" if not specs else f"{shown} has several specs: {', '.join(specs)}")
    api = check_lap(files[specs[0]], shown)
    return Found(folder_name(folder or api), dict(sorted(files.items())), bound=BINDINGS in files)


def check_lap(data: bytes, shown: str) -> str:
    """Return the name of the API that a LAP text describes. Raises SourceError where it is no LAP, or a part of it."""
    if data.lstrip()[:1] == b"<":
        raise SourceError(f"{shown} is HTML or XML, not LAP", "a LAP spec begins with @lap")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError(f"{shown} is not UTF-8 text (byte {error.start})") from None
    parsed = lap.parse(text, shown)
    if parsed.document.api is None or not parsed.document.endpoints:
        raise SourceError(f"{shown} is not a whole LAP spec: it has no @api line or no endpoints", "is it complete?")
    declared = parsed.document.declared_endpoints
    if declared is not None and declared != len(parsed.document.endpoints):
        count = len(parsed.document.endpoints)
        raise SourceError(f"{shown} declares {declared} endpoints, but has {count}", "download it again")
    return parsed.document.api
