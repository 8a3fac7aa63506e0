"""Where service models are: the data folder of the installed botocore, or a path.

Only the folder is botocore's: files are read here, so that a path works the same way. The layout is
``NAME/API-VERSION/service-2.json[.gz]`` with ``paginators-1``, ``waiters-2`` and ``endpoint-rule-set-1`` beside it, and
``*.sdk-extras.json`` files that are merged into those.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.metadata
import importlib.util
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lapsmith.bind.errors import BindError

Json = dict[str, Any]

SERVICE = "service-2"
_BESIDE = ("paginators-1", "waiters-2", "endpoint-rule-set-1")
_SUFFIXES = (".json", ".json.gz")
# The largest model of all is below 15 MiB; this only keeps a hostile archive from filling the memory.
_MAX_BYTES = 128 << 20
_MAY_BE_HALVED = re.compile(rb"\\u[dD][89a-fA-F]")
_MISSING = "AWS service models come with botocore, which is not installed"
_INSTALL = "pip install 'lapsmith[bind]', or give --model PATH of a service-2.json"


@dataclass(frozen=True, slots=True)
class File:
    """One file of a model, as it was read, and with its extras laid over it. Empty where there is none."""

    path: Path
    content: Json
    data: bytes


@dataclass(frozen=True, slots=True)
class Files:
    """A model as it was read. ``sha256`` is of all files together."""

    sha256: str
    service: File
    paginators: File
    waiters: File
    rules: File


def data_folder() -> Path:
    """The folder of the installed botocore's models."""
    found = importlib.util.find_spec("botocore")
    if found is None or not found.submodule_search_locations:
        raise BindError(_MISSING, _INSTALL)
    folder = Path(found.submodule_search_locations[0]) / "data"
    if not folder.is_dir():
        raise BindError(f"the installed botocore has no service models: there is no folder {folder}", _INSTALL)
    return folder


def botocore_version() -> str:
    """The version of the installed botocore."""
    try:
        return importlib.metadata.version("botocore")
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


def service_file(folder: Path) -> Path | None:
    """The service model in a folder, or None."""
    return _file(folder, SERVICE)


def _file(folder: Path, kind: str) -> Path | None:
    paths = (folder / f"{kind}{suffix}" for suffix in _SUFFIXES)
    return next((path for path in paths if path.is_file()), None)


def read(path: Path) -> Files:
    """Read the service model at ``path`` (a file) and what lies beside it. Raises BindError, naming the file."""
    digest = hashlib.sha256()
    service = _with_extras(path, SERVICE, digest)
    beside = ((kind, _file(path.parent, kind)) for kind in _BESIDE)
    others = [_with_extras(file, kind, digest) if file else File(path, {}, b"") for kind, file in beside]
    return Files(digest.hexdigest(), service, *others)


def _with_extras(path: Path, kind: str, digest: Any) -> File:
    document, data = _load(path, kind, digest)
    for extra in sorted(path.parent.glob(f"{kind}.*extras.json*")):
        merge = _load(extra, extra.name, digest)[0].get("merge", {})
        if not isinstance(merge, dict):
            raise BindError(f"{extra}: merge must be an object, with what is laid over {path.name}")
        try:
            _merge(document, merge)
        except RecursionError:
            raise BindError(f"{extra}: nested deeper than any service model") from None
    return File(path, document, data)


def _merge(base: Json, extra: Mapping[str, Any]) -> None:
    """Lay ``extra`` over ``base``: objects key by key, anything else replaces."""
    for key, value in extra.items():
        old = base.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            _merge(old, value)
        else:
            base[key] = value


def _load(path: Path, kind: str, digest: Any) -> tuple[Json, bytes]:
    data = _bytes(path)
    digest.update(f"{kind}\0{len(data)}\0".encode())
    digest.update(data)
    try:
        document = json.loads(data.decode("utf-8-sig"))
        if _MAY_BE_HALVED.search(data):
            json.dumps(document, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise BindError(f"{path}: not Unicode text: it has one half of a surrogate pair without the other") from None
    except UnicodeDecodeError as error:
        raise BindError(f"{path}: not UTF-8 text (byte {error.start})") from None
    except json.JSONDecodeError as error:
        raise BindError(f"{path}:{error.lineno}:{error.colno}: not JSON: {error.msg}") from None
    except RecursionError:
        raise BindError(f"{path}: nested deeper than any service model") from None
    except ValueError as error:
        raise BindError(f"{path}: not JSON that can be read: {error}") from None
    if not isinstance(document, dict):
        raise BindError(f"{path}: not a service model: the file must hold a JSON object")
    return document, data


def _bytes(path: Path) -> bytes:
    try:
        if path.suffix != ".gz":
            with path.open("rb") as plain:
                data = plain.read(_MAX_BYTES + 1)
        else:
            with gzip.open(path, "rb") as packed:
                data = packed.read(_MAX_BYTES + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise BindError(f"{path}: not a whole gzip file: {error}", "copy or install it again") from None
    except OSError as error:
        raise BindError(f"cannot read {path}: {error.strerror or error}") from None
    if len(data) > _MAX_BYTES:
        raise BindError(f"{path}: larger than {_MAX_BYTES >> 20} MiB, so it is no service model")
    return data


def peek(path: Path) -> Json:
    """The ``metadata`` of one of botocore's service models, mostly without reading all of it; empty for none."""
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8") as file:
            head = file.read(1 << 14)
            found, _ = json.JSONDecoder().raw_decode(head, head.index("{", head.index('"metadata"')))
    except (EOFError, zlib.error, OSError, ValueError, RecursionError):
        found = _load(path, SERVICE, hashlib.sha256())[0].get("metadata")
    return found if isinstance(found, dict) else {}
