"""``lapsmith.json``, the record in a client's folder of what it was made from and which files belong to it.

It answers two questions: whether there is anything to generate at all, and which files on disk are as lapsmith
left them. A manifest may come from anywhere, so its paths are checked before anything believes them.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lapsmith.diagnostics import Diagnostic, DiagnosticError, Severity, Span

FILE_NAME = "lapsmith.json"
SCHEMA = 1
MAX_MANIFEST_BYTES = 8 << 20
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What ``lapsmith.json`` holds.

    ``options`` are the client's settings, ``inputs`` maps display paths to git blob ids, ``outputs`` maps paths
    in the client's folder to SHA-256 digests. ``replacing`` is there only while files are being replaced, and
    after a run that was killed: the digests of those files before the run, which still count as lapsmith's own.
    ``layouts`` has what formatters leave alone of each Python file: see :func:`lapsmith.output.layout.fingerprint`.
    ``runtime_modules`` are what a client needs of a runtime that it shares; one with its own has it in ``outputs``.
    """

    lapsmith: str
    black: str
    digest: str
    options: Mapping[str, Any]
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    requirements: tuple[str, ...] = ()
    replacing: Mapping[str, str] = field(default_factory=dict)
    layouts: Mapping[str, str] = field(default_factory=dict)
    runtime_modules: tuple[str, ...] = ()

    def dump(self) -> bytes:
        """JSON with sorted keys and a final newline: the same manifest is always the same bytes."""
        content: dict[str, Any] = {
            "schema": SCHEMA,
            "lapsmith": self.lapsmith,
            "black": self.black,
            "digest": self.digest,
            "options": dict(self.options),
            "inputs": dict(self.inputs),
            "outputs": dict(self.outputs),
            "requirements": list(self.requirements),
        }
        if self.runtime_modules:
            content["runtime_modules"] = list(self.runtime_modules)
        if self.layouts:
            content["layouts"] = dict(self.layouts)
        if self.replacing:
            content["replacing"] = dict(self.replacing)
        return (json.dumps(content, indent=2, sort_keys=True) + "\n").encode()

    def owns(self, path: str, digest: str) -> bool:
        """Whether lapsmith wrote the file at ``path`` with this content."""
        return digest in (self.outputs.get(path), self.replacing.get(path))

    @property
    def paths(self) -> frozenset[str]:
        """Every file that belongs to the client, the manifest itself excepted."""
        return frozenset((*self.outputs, *self.replacing))


def load(raw: bytes, display: str) -> Manifest:
    """Read a manifest. Raises DiagnosticError for one that cannot be believed."""
    try:
        return _load(raw)
    except _MalformedError as error:
        span = Span(display, error.line, error.column, error.line, error.column)
        hint = "restore it from version control, or pass --force to write the client anew"
        found = Diagnostic(Severity.ERROR, span, "manifest", f"not a manifest of lapsmith: {error}", hint)
        raise DiagnosticError([found], {}) from None


def digest_of(content: bytes) -> str:
    """SHA-256 of a file's content, as in ``outputs``."""
    return hashlib.sha256(content).hexdigest()


def with_lf(content: bytes) -> bytes:
    """A file as git stores it where its line ends are converted on checkout."""
    return content.replace(b"\r\n", b"\n")


def blob_id(content: bytes) -> str:
    """The id that git gives the content (``git hash-object``), so that an old input can be had from git."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def path_problems(paths: Iterable[str]) -> list[str]:
    """What is wrong with paths inside a client's folder; nothing if they are safe to write everywhere."""
    problems: list[str] = []
    seen: dict[str, str] = {}
    folders: set[str] = set()
    for path in sorted(paths):
        parts = path.split("/")
        if "__pycache__" in parts or not all(_PART.fullmatch(part) and part[-1] != "." for part in parts):
            problems.append(f"{path!r} is no plain relative path")
        folded = path.casefold()
        if folded in seen:
            problems.append(f"{path!r} and {seen[folded]!r} differ only in case")
        seen[folded] = path
        folders.update("/".join(parts[:end]).casefold() for end in range(1, len(parts)))
    problems += [f"{seen[folder]!r} is both a file and a folder" for folder in sorted(folders & seen.keys())]
    return problems


class _MalformedError(Exception):
    def __init__(self, message: str, line: int = 1, column: int = 1) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


def _load(raw: bytes) -> Manifest:
    if len(raw) > MAX_MANIFEST_BYTES:
        raise _MalformedError(f"larger than {MAX_MANIFEST_BYTES >> 20} MiB")
    try:
        content = json.loads(raw.decode("utf-8"))
    except json.JSONDecodeError as error:
        raise _MalformedError(f"no JSON ({error.msg})", error.lineno, error.colno) from None
    except (UnicodeDecodeError, RecursionError, ValueError):
        raise _MalformedError("no JSON") from None
    if not isinstance(content, dict):
        raise _MalformedError("no JSON object")
    if content.get("schema") != SCHEMA:
        raise _MalformedError(f"its schema is {content.get('schema')!r}, and this lapsmith knows {SCHEMA}")
    outputs, replacing = (_mapping(content, key) for key in ("outputs", "replacing"))
    if problems := path_problems({*outputs, *replacing, FILE_NAME}):
        raise _MalformedError(problems[0])
    if FILE_NAME in outputs or FILE_NAME in replacing:
        raise _MalformedError("it lists itself")
    if bad := [digest for digest in (*outputs.values(), *replacing.values()) if not _SHA256.fullmatch(digest)]:
        raise _MalformedError(f"{bad[0]!r} is no SHA-256 digest")
    options = content.get("options")
    if not isinstance(options, dict):
        raise _MalformedError("'options' must be an object")
    return Manifest(
        lapsmith=_text(content, "lapsmith"),
        black=_text(content, "black"),
        digest=_text(content, "digest"),
        options=options,
        inputs=_mapping(content, "inputs"),
        outputs=outputs,
        requirements=_texts(content, "requirements"),
        replacing=replacing,
        layouts=_mapping(content, "layouts"),
        runtime_modules=_texts({"runtime_modules": [], **content}, "runtime_modules"),
    )


def _text(content: Mapping[str, Any], key: str) -> str:
    value = content.get(key)
    if not isinstance(value, str):
        raise _MalformedError(f"'{key}' must be a string")
    return value


def _texts(content: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = content.get(key)
    if not (isinstance(value, list) and all(isinstance(item, str) for item in value)):
        raise _MalformedError(f"'{key}' must be a list of strings")
    return tuple(value)


def _mapping(content: Mapping[str, Any], key: str) -> dict[str, str]:
    value = content.get(key, {} if key in ("replacing", "layouts") else None)
    if not (isinstance(value, dict) and all(isinstance(item, str) for item in value.values())):
        raise _MalformedError(f"'{key}' must be an object of strings")
    return value
