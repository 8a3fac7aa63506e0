"""Bringing a client's spec up to date: fetch it again, bind it, and write what changed."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lapsmith.acquire import acquire, binding, lock
from lapsmith.acquire.found import Found, SourceError
from lapsmith.acquire.lock import FILE, Lock
from lapsmith.project.config import ClientConfig
from lapsmith.project.inputs import OVERRIDES, folder_of

if TYPE_CHECKING:
    from lapsmith.api.comparing import ApiDiff


@dataclass(frozen=True, slots=True)
class Update:
    """What a source gives now for a client.

    ``changed`` are the files of its folder with their new contents, the lock included; empty where there is nothing
    new. ``before`` and ``after`` are the versions that the source had and has. ``notes`` say what binding decided.
    """

    client: ClientConfig
    folder: Path
    before: Lock
    after: Lock
    changed: Mapping[str, bytes]
    notes: tuple[str, ...]


class NoSource(SourceError):
    """The spec came from a file: there is nowhere to look for a newer one."""


def look_up(client: ClientConfig, *, registry_url: str | None = None, force: bool = False) -> Update:
    """Fetch a client's spec again from where its lock says that it came from.

    Raises NoSource if the spec came from a file, and SourceError if there is no lock, if the source no longer has the
    spec, or if the files were edited since (unless ``force``).
    """
    folder = folder_of(client)
    known = lock.read(folder) if folder else None
    if folder is None or known is None:
        raise SourceError(
            f"{client.name}: its spec has no {lock.FILE_NAME}", "only specs made by `lapsmith add` have one"
        )
    if known.origin == FILE:
        raise NoSource(f"{client.name}: its spec came from a file, so there is nowhere to look for a newer one")
    if not force and (edited := known.edited(folder)):
        raise SourceError(
            f"{client.name}: edited since the spec was fetched: {', '.join(edited)}",
            f"move the edits into {OVERRIDES}, or discard them with --force",
        )
    found = acquire(known.origin, registry_url=registry_url, protocol=known.protocol)
    return _compared(client, folder, known, found)


def _compared(client: ClientConfig, folder: Path, known: Lock, found: Found) -> Update:
    overrides = folder / OVERRIDES
    decided = overrides.read_bytes() if overrides.is_file() else None
    files, notes = binding.bound(found, protocol=known.protocol, overrides=decided)
    after = lock.of(found, known.protocol)
    wanted = {**files, lock.FILE_NAME: lock.text(after)}
    changed = {name: data for name, data in wanted.items() if _content(folder / name) != data}
    return Update(client, folder, known, after, changed if changed.keys() - {lock.FILE_NAME} else {}, notes)


def compare(update: Update) -> ApiDiff:
    """Say what the update changes in the API, for code that calls the client."""
    from lapsmith.api.comparing import diff

    with tempfile.TemporaryDirectory() as scratch:
        newer = Path(scratch) / update.folder.name
        for path in update.folder.rglob("*"):
            if path.is_file():
                _put(newer / path.relative_to(update.folder), path.read_bytes())
        for name, data in update.changed.items():
            _put(newer / name, data)
        return diff(str(update.folder), str(newer), operations=update.client.operations)


@contextlib.contextmanager
def written(update: Update) -> Iterator[None]:
    """Write what changed for the length of a block, and for good if the block ends well."""
    before = {name: _content(update.folder / name) for name in update.changed}
    try:
        for name, data in update.changed.items():
            _put(update.folder / name, data)
        yield
    except BaseException:
        for name, content in before.items():
            path = update.folder / name
            path.unlink(missing_ok=True) if content is None else path.write_bytes(content)
        raise


def _put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None
