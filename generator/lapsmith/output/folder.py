"""A file map to disk: compare, show, write.

Files that lapsmith did not write, or that were edited since, are only touched when forced. A write that fails
leaves everything as it was; after one that was killed, the manifest still tells lapsmith's files from the user's.
"""

from __future__ import annotations

import contextlib
import difflib
import re
import secrets
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from lapsmith.diagnostics import LapsmithError
from lapsmith.output import manifest as manifests
from lapsmith.output.layout import fingerprint
from lapsmith.output.manifest import FILE_NAME, Manifest, digest_of, path_problems, with_lf

_TEMPORARY = re.compile(r"\.lapsmith-[0-9a-f]{16}\.tmp")
_ABANDONED_SECONDS = 3600


class OutputError(LapsmithError):
    """The folder cannot be written as asked."""


@dataclass(frozen=True, slots=True)
class Change:
    """One file that differs. ``before`` None: not on disk; ``after`` None: to be deleted."""

    path: str
    before: bytes | None
    after: bytes | None


@dataclass(frozen=True, slots=True)
class Difference:
    """What a folder lacks to be the file map.

    ``edited`` are files of lapsmith that were changed by hand, ``foreign`` those that it never wrote and that are
    in the way: both need force. ``blocked`` says what force does not help against. ``reformatted`` are files of
    lapsmith that a formatter has gone over and nobody has edited: they are written again without force.
    ``line_ends`` are files that differ in nothing but their line ends.
    """

    folder: Path
    manifest: Manifest
    changes: tuple[Change, ...]
    edited: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()
    reformatted: tuple[str, ...] = ()
    line_ends: tuple[str, ...] = ()


def read_manifest(folder: Path, display: str) -> Manifest | None:
    """The folder's manifest, or None. Raises DiagnosticError for a malformed one, OutputError for no file."""
    try:
        raw = _content(folder, FILE_NAME, limit=manifests.MAX_MANIFEST_BYTES + 1)
    except _BlockedError as error:
        raise OutputError(f"{display}: {error}") from None
    return None if raw is None else manifests.load(raw, f"{display}/{FILE_NAME}")


def is_current(folder: Path, expected: Manifest) -> bool:
    """Whether the folder holds exactly the manifest ``expected`` and every file in it, unchanged but for line ends."""
    return converted(folder, expected) is not None


def converted(folder: Path, expected: Manifest) -> tuple[str, ...] | None:
    """The files of a current folder whose line ends are others, as git's autocrlf makes them; None if not current."""
    found: list[str] = []
    wanted = {FILE_NAME: digest_of(expected.dump()), **expected.outputs}
    try:
        for path, digest in wanted.items():
            content = _content(folder, path)
            if content is None:
                return None
            if digest_of(content) != digest:
                if digest_of(with_lf(content)) != digest:
                    return None
                found.append(path)
    except (_BlockedError, OSError):
        return None
    return tuple(found)


def compare(folder: Path, files: Mapping[str, bytes], manifest: Manifest, old: Manifest | None) -> Difference:
    """Hold a file map (without the manifest) against a folder. ``manifest`` is the new one, ``old`` the folder's.

    Raises OutputError for a file map that is not safe to write.
    """
    if problems := path_problems({*files, FILE_NAME}):
        raise OutputError(f"refusing to write: {'; '.join(problems)}")
    changes: list[Change] = []
    edited: list[str] = []
    foreign: list[str] = []
    blocked: list[str] = []
    reformatted: list[str] = []
    line_ends: list[str] = []
    for path in sorted({*files, *(old.paths if old else ())}):
        after = files.get(path)
        try:
            before = _content(folder, path)
        except _BlockedError as error:
            blocked.append(str(error))
            continue
        if before == after:
            continue
        changes.append(Change(path, before, after))
        if before is not None and with_lf(before) == after:
            line_ends.append(path)
        if before is None or _is_ours(path, before, old):
            continue
        if old and path in old.layouts and fingerprint(before) == old.layouts[path]:
            reformatted.append(path)
        else:
            (edited if old and path in old.paths else foreign).append(path)
    try:
        recorded = _content(folder, FILE_NAME)
        if recorded != manifest.dump():
            changes.append(Change(FILE_NAME, recorded, manifest.dump()))
            if recorded is not None and with_lf(recorded) == manifest.dump():
                line_ends.append(FILE_NAME)
    except _BlockedError as error:
        blocked.append(str(error))
    return Difference(
        folder,
        manifest,
        tuple(changes),
        edited=tuple(edited),
        foreign=tuple(foreign),
        blocked=tuple(blocked),
        reformatted=tuple(reformatted),
        line_ends=tuple(line_ends),
    )


def refusal(difference: Difference, *, force: bool = False) -> str | None:
    """Why the difference must not be written, or None."""
    if difference.blocked:
        return "; ".join(difference.blocked)
    reasons = []
    if difference.edited:
        reasons.append(f"edited since they were generated: {', '.join(difference.edited)}")
    if difference.foreign:
        reasons.append(f"not written by lapsmith: {', '.join(difference.foreign)}")
    if reasons and not force:
        return f"{'; '.join(reasons)}. Move your changes elsewhere, or pass --force to lose them"
    return None


def write(difference: Difference, *, force: bool = False) -> None:
    """Make the folder the file map. Raises OutputError, and then nothing has changed."""
    if reason := refusal(difference, force=force):
        raise OutputError(f"{difference.folder}: {reason}")
    if not difference.changes:
        return
    transaction = _Transaction(difference)
    try:
        transaction.stage()
        transaction.commit()
    except BaseException as error:
        outcome = transaction.roll_back()
        if isinstance(error, OSError):
            raise OutputError(f"cannot write to {difference.folder}: {error.strerror or error}; {outcome}") from error
        raise
    finally:
        transaction.clean_up()


def unified_diff(difference: Difference, display: str) -> Iterator[str]:
    """Lines of a unified diff from what is on disk to what would be generated, without control characters."""
    for change in difference.changes:
        name = f"{display}/{change.path}"
        yield from difflib.unified_diff(
            _lines(change.before),
            _lines(change.after),
            "/dev/null" if change.before is None else f"a/{name}",
            "/dev/null" if change.after is None else f"b/{name}",
            lineterm="",
        )


class _BlockedError(Exception):
    """Something other than a plain file or folder is where one is needed."""


class _Transaction:
    """All temporary files first, then all replacements; what was done is undone when one fails."""

    def __init__(self, difference: Difference) -> None:
        self._folder = difference.folder
        self._changes = difference.changes
        self._manifest = difference.manifest
        self._staged: list[tuple[Path, Change]] = []
        self._made: list[Path] = []
        self._undo: list[Callable[[], None]] = []

    def stage(self) -> None:
        """Write everything beside where it goes: an unwritable folder or a full disk shows before any change."""
        before = next((change.before for change in self._changes if change.path == FILE_NAME), self._manifest.dump())
        digests = {change.path: digest_of(change.before) for change in self._files if change.before is not None}
        if self._files:
            # Says which contents are lapsmith's, should this process be killed between two replacements.
            journal = replace(self._manifest, replacing=digests).dump()
            self._stage(Change(FILE_NAME, before, journal))
            before = journal
        for change in self._files:
            if change.after is not None:
                self._stage(change)
        self._stage(Change(FILE_NAME, before, self._manifest.dump()))

    def commit(self) -> None:
        journal_first, last = self._staged[:-1], self._staged[-1]
        for temporary, change in journal_first:
            self._replace(temporary, change)
        for change in self._files:
            if change.after is None:
                self._delete(change)
        self._replace(*last)
        self._undo.clear()
        self._made.clear()
        for change in self._files:
            if change.after is None:
                _remove_traces(self._folder, change.path)

    def roll_back(self) -> str:
        """Undo in reverse, the journal last: it vouches for whatever cannot be restored. Returns what to tell."""
        outcome = "nothing was changed"
        try:
            for undo in reversed(self._undo):
                undo()
        except OSError:
            outcome = "not all of it could be undone: repair the cause and generate again"
        self._remove_temporaries()
        for folder in reversed(self._made):
            with contextlib.suppress(OSError):
                folder.rmdir()
        return outcome

    def clean_up(self) -> None:
        """Remove the temporary files of this run, and those that a killed one left long ago."""
        self._remove_temporaries()
        old = time.time() - _ABANDONED_SECONDS
        for folder in {(self._folder / change.path).parent for change in self._changes}:
            with contextlib.suppress(OSError):
                for path in folder.iterdir():
                    if _TEMPORARY.fullmatch(path.name) and path.lstat().st_mtime < old:
                        path.unlink()

    @property
    def _files(self) -> list[Change]:
        return [change for change in self._changes if change.path != FILE_NAME]

    def _stage(self, change: Change) -> None:
        target = self._folder / change.path
        self._make_folder(target.parent)
        temporary = _temporary_beside(target)
        self._staged.append((temporary, change))
        _create(temporary, change.after or b"")

    def _make_folder(self, folder: Path) -> None:
        missing = [folder, *folder.parents]
        missing = [path for path in missing if not path.is_dir()]
        for path in reversed(missing):
            path.mkdir()
            self._made.append(path)

    def _replace(self, temporary: Path, change: Change) -> None:
        target = self._folder / change.path
        self._undo.append(lambda: _restore(target, change.before))
        temporary.replace(target)

    def _delete(self, change: Change) -> None:
        target = self._folder / change.path
        self._undo.append(lambda: _restore(target, change.before))
        target.unlink(missing_ok=True)

    def _remove_temporaries(self) -> None:
        for temporary, _ in self._staged:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)


def _content(folder: Path, path: str, limit: int = -1) -> bytes | None:
    """A file's content, None if there is none. Follows no symbolic link and reads nothing but plain files."""
    parts = path.split("/")
    for end in range(1, len(parts) + 1):
        target = folder.joinpath(*parts[:end])
        try:
            mode = target.lstat().st_mode
        except FileNotFoundError:
            return None
        except NotADirectoryError:
            raise _BlockedError("it is a file, or lies below one; a folder is needed") from None
        shown = "/".join(parts[:end])
        if stat.S_ISLNK(mode):
            raise _BlockedError(f"{shown} is a symbolic link, which is not followed; remove it")
        if end < len(parts) and not stat.S_ISDIR(mode):
            raise _BlockedError(f"{shown} is a file where a folder is needed; remove it")
        if end == len(parts) and not stat.S_ISREG(mode):
            raise _BlockedError(f"{shown} is no plain file; remove it")
    with folder.joinpath(*parts).open("rb") as stream:
        return stream.read(limit)


def _is_ours(path: str, content: bytes, old: Manifest | None) -> bool:
    if old is None:
        return False
    # git's autocrlf changes line endings on checkout, which is no edit of anyone's.
    return old.owns(path, digest_of(content)) or old.owns(path, digest_of(with_lf(content)))


def _temporary_beside(target: Path) -> Path:
    return target.with_name(f".lapsmith-{secrets.token_hex(8)}.tmp")


def _create(path: Path, content: bytes) -> None:
    """A new file whose mode follows the umask, as any source file's does (tempfile would make it private)."""
    with path.open("xb") as stream:
        stream.write(content)


def _restore(target: Path, content: bytes | None) -> None:
    if content is None:
        target.unlink(missing_ok=True)
        return
    temporary = _temporary_beside(target)
    try:
        _create(temporary, content)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def _remove_traces(folder: Path, path: str) -> None:
    """Remove a deleted module's bytecode, and the folders that are empty without it."""
    target = folder / path
    cache = target.parent / "__pycache__"
    with contextlib.suppress(OSError):
        for compiled in cache.glob(f"{target.stem}.*.pyc"):
            compiled.unlink()
        for empty in (cache, *target.parents):
            if empty == folder:
                return
            if empty.is_dir() and not any(empty.iterdir()):
                empty.rmdir()


def _lines(content: bytes | None) -> list[str]:
    text = (content or b"").decode("utf-8", "replace")
    shown = "".join(c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in text)
    return shown.split("\n") if content else []
