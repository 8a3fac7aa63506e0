"""The clients that the tests compare with botocore's: kept below pytest's cache until the generator changes."""

from __future__ import annotations

import fcntl
import importlib
import shutil
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from corpus import clients
from corpus.services import Target
from differential import each
from differential.oracle import Oracle
from differential.subject import Subject

Pair = tuple[Subject, Oracle]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how much was compared."""
    if each.COUNTS["cases"]:
        terminalreporter.write_line(
            "compared with botocore: {subjects} operations and errors in {cases} cases".format(**each.COUNTS)
        )


def compiled(source: str, filename: str) -> str:
    """Stand in for black, which takes most of the time and changes only how modules look."""
    compile(source, filename, "exec", dont_inherit=True)
    return source


@pytest.fixture(scope="session")
def folder(request: pytest.FixtureRequest) -> Iterator[Path]:
    """The folder of the clients, from which they can be imported."""
    kept = Path(request.config.cache.mkdir("clients")) if request.config.cache else None
    assert kept is not None
    current = kept / clients.digest()
    for old in set(kept.iterdir()) - {current}:
        shutil.rmtree(old, ignore_errors=True)
    current.mkdir(exist_ok=True)
    sys.path.insert(0, str(current))
    yield current
    sys.path.remove(str(current))


def client_of(target: Target, folder: Path) -> clients.Names:
    """Make the client of a service, unless it is there; other processes may want the same one."""
    with (folder / "lock").open("w") as lock, pytest.MonkeyPatch.context() as patch:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # By its full name: the package has a function render, too.
        patch.setattr(importlib.import_module("lapsmith.python.render"), "format_source", compiled)
        return clients.client_of(target, folder)


@pytest.fixture(scope="session")
def pair(folder: Path) -> Iterator[Callable[[Target], Pair]]:
    """Gives a service's generated client and botocore's; the modules of the one before it are forgotten."""
    current: list[tuple[Target, Pair]] = []
    failures: dict[Target, str] = {}

    def make(target: Target) -> Pair:
        if target in failures:
            pytest.fail(failures[target], pytrace=False)
        if not current or current[0][0] != target:
            forget(current[0][0] if current else None)
            try:
                names = client_of(target, folder)
            except Exception as error:
                failures[target] = f"{target}: {type(error).__name__}: {error}"
                raise
            importlib.invalidate_caches()
            current[:] = [(target, (Subject(target, names), Oracle(target)))]
        return current[0][1]

    yield make
    forget(current[0][0] if current else None)


def forget(target: Target | None) -> None:
    """Drop the modules of a client: hundreds of them would fill the memory."""
    for name in [name for name in sys.modules if target and name.partition(".")[0] == target.package]:
        del sys.modules[name]


@pytest.fixture(autouse=True)
def _one_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let both clients invent the same idempotency token."""
    token = uuid.UUID("12345678-1234-4234-8234-123456789012")
    monkeypatch.setattr(uuid, "uuid4", lambda: token)
