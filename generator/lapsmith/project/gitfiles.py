"""Inputs out of git's object database: the work tree is neither read nor touched.

``git`` itself is asked, as a subprocess; it is found on the PATH as anyone's git is.
"""

from __future__ import annotations

import posixpath
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from lapsmith.project.config import ConfigError
from lapsmith.project.inputs import COMPANIONS, MAX_INPUT_BYTES, USUAL, Inputs, spec_names

PREFIX = "git:"
_OBJECT = re.compile(r"[0-9a-f]{40}")
_TIMEOUT = 60


def read_revision(address: str, folder: Path) -> Inputs:
    """Read the spec at ``git:REV:PATH`` in the repository that ``folder`` lies in.

    PATH is that of a folder or a .lap file, from the root of the repository, or from ``folder`` if it begins with
    ``./`` or ``../``. Raises ConfigError if there is no such thing.
    """
    revision, _, path = address.removeprefix(PREFIX).partition(":")
    if not revision or not path or revision.startswith("-"):
        raise ConfigError(f"'{address}' is not of the form git:REV:PATH, such as git:HEAD~1:specs/sagemaker-runtime")
    tree = _Tree(folder, revision)
    path = tree.normal(path)
    match tree.kind(path):
        case "tree":
            return _inputs(tree, path, _only(address, tree.specs(path)))
        case "blob":
            for above in (posixpath.dirname(posixpath.dirname(path)), posixpath.dirname(path)):
                if [posixpath.join(above, name) for name in tree.specs(above)] == [path]:
                    return _inputs(tree, above, posixpath.relpath(path, above or "."))
            shown = tree.display(path)
            return Inputs.of(shown, shown, {shown: tree.read(path)}, {})
    raise ConfigError(f"there is no '{path}' in {revision}")


def read_blobs(names: Mapping[str, str], folder: Path) -> Inputs | None:
    """The inputs that a manifest lists, file names to blob ids, from the repository that ``folder`` lies in.

    None where that is not possible: no git, no repository, or a content that was never added to it.
    """
    companions = {base: name for name in names for base in COMPANIONS if posixpath.basename(name) == base}
    specs = [name for name in names if name not in companions.values()]
    if len(specs) != 1:
        return None
    files: dict[str, bytes] = {}
    for name, identity in names.items():
        if not _OBJECT.fullmatch(identity):
            return None
        try:
            content = _git(folder, "cat-file", "blob", identity)
        except ConfigError:
            return None
        if content is None:
            return None
        files[name] = content
    return Inputs.of(specs[0], specs[0], files, companions)


class _Tree:
    """The files of one revision."""

    def __init__(self, folder: Path, revision: str) -> None:
        self._folder = folder
        self._revision = revision
        if _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}") is None:
            raise ConfigError(f"git knows no revision '{revision}' here")
        prefix = _git(folder, "rev-parse", "--show-prefix") or b""
        self._prefix = prefix.decode("utf-8", "surrogateescape").strip("\n")

    def normal(self, path: str) -> str:
        """The path from the root of the repository, without dots; empty for the root itself."""
        if path.startswith(("./", "../")) or path in (".", ".."):
            path = posixpath.join(self._prefix, path)
        path = posixpath.normpath(path).strip("/")
        if path.split("/")[0] == "..":
            raise ConfigError(f"'{path}' leaves the repository")
        return "" if path == "." else path

    def display(self, path: str) -> str:
        """How spans name a file: with the revision, so that the two sides of a comparison can be told apart."""
        return f"{PREFIX}{self._revision}:{path}"

    def kind(self, path: str) -> str | None:
        """``tree``, ``blob`` or None."""
        found = _git(self._folder, "cat-file", "-t", self._object(path))
        return found.decode().strip() if found else None

    def specs(self, path: str) -> list[str]:
        """The .lap files that a folder can be read for."""
        names = [USUAL] if self.kind(posixpath.join(path, USUAL)) == "blob" else []
        listed = _git(self._folder, "ls-tree", "--full-tree", "-z", self._object(path)) or b""
        entries = (entry.partition(b"\t") for entry in listed.split(b"\0"))
        plain = (name for meta, _, name in entries if b" blob " in meta)
        return spec_names([*names, *(name.decode("utf-8", "surrogateescape") for name in plain)])

    def read(self, path: str) -> bytes:
        """A file's content, no more of it than any input may have."""
        content = _git(self._folder, "cat-file", "blob", self._object(path))
        if content is None:
            raise ConfigError(f"git cannot read '{path}' of {self._revision}")
        return content[:MAX_INPUT_BYTES]

    def _object(self, path: str) -> str:
        return f"{self._revision}:{path}"


def _only(address: str, found: list[str]) -> str:
    if not found:
        raise ConfigError(f"'{address}' holds neither {USUAL} nor another .lap file")
    if len(found) > 1:
        raise ConfigError(f"'{address}' holds several .lap files: {', '.join(found)}; name one of them")
    return found[0]


def _inputs(tree: _Tree, folder: str, spec: str) -> Inputs:
    paths = {name: posixpath.join(folder, name) for name in COMPANIONS}
    there = {name: path for name, path in paths.items() if tree.kind(path) == "blob"}
    main = posixpath.join(folder, spec)
    files = {tree.display(path): tree.read(path) for path in (main, *there.values())}
    companions = {name: tree.display(path) for name, path in there.items()}
    return Inputs.of(tree.display(main), tree.display(folder), files, companions)


def _git(folder: Path, *arguments: str) -> bytes | None:
    """What git prints; None if it fails. Raises ConfigError where there is no git to ask."""
    # A promisor remote would be asked for objects that are missing here; a comparison works offline.
    command = ["git", "-C", str(folder), "--no-replace-objects", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_TIMEOUT, check=False, stdin=subprocess.DEVNULL)
    except FileNotFoundError:
        raise ConfigError("git is not installed, and it is needed to read an old revision") from None
    except subprocess.TimeoutExpired:
        raise ConfigError(f"git did not answer within {_TIMEOUT} s") from None
    return done.stdout if done.returncode == 0 else None
