"""Waiting for inputs to change, by looking at them.

A client has a handful of inputs, so looking twice a second costs next to nothing, needs no package, and works where
notifications of the operating system do not arrive: network folders, containers, virtual machines.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from lapsmith.project.config import ClientConfig
from lapsmith.project.inputs import COMPANIONS, USUAL

State = Mapping[Path, tuple[int, int, int]]

POLL_SECONDS = 0.3
QUIET_SECONDS = 0.25


def state(paths: Iterable[Path]) -> State:
    """What tells that a file is another one: its time, size and identity. Files that are not there are left out."""
    found = {}
    for path in paths:
        try:
            facts = path.stat()
        except OSError:
            continue
        found[path] = (facts.st_mtime_ns, facts.st_size, facts.st_ino)
    return found


def inputs_of(clients: Iterable[ClientConfig]) -> Iterator[Path]:
    """The files that clients are, or may come to be, generated from: those that do not exist yet included."""
    for client in clients:
        if client.spec.suffix == ".lap":
            yield client.spec
        folders = [client.spec] if client.spec.is_dir() else [client.spec.parent, client.spec.parent.parent]
        for folder in folders:
            yield from (folder / name for name in (USUAL, *COMPANIONS))
            yield from sorted(folder.glob("*.lap"))


def changes(
    look: Callable[[], State],
    *,
    poll: float = POLL_SECONDS,
    quiet: float = QUIET_SECONDS,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[tuple[Path, ...]]:
    """Yield the files that changed, each time that some have and then nothing has for ``quiet`` seconds.

    An editor that saves a file in several steps, or a checkout of a branch, is one change. What changes while the
    caller works on what was yielded is yielded next.
    """
    known = look()
    while True:
        sleep(poll)
        seen = look()
        if seen == known:
            continue
        while True:
            sleep(quiet)
            again = look()
            if again == seen:
                break
            seen = again
        changed = sorted(path for path in {*known, *seen} if known.get(path) != seen.get(path))
        known = seen
        if changed:
            yield tuple(changed)


def shown(path: Path, root: Path) -> str:
    """A path as people know it: from the project's folder, if it lies there."""
    return os.path.relpath(path, root) if path.is_relative_to(root) else str(path)
