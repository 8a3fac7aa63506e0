"""``lapsmith watch``: a real process, and the loop that it waits in."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from diff.api import BINDINGS, FILES, SPEC, write
from lapsmith.project import watching
from lapsmith.project.config import ClientConfig

PYPROJECT = """[project]
name = "host"
dependencies = ["httptools", "truststore", "msgspec"]

[tool.lapsmith.clients.shop]
spec = "specs/shop"
output = "src/shop"
"""


class Watch:
    """A running ``lapsmith watch``, and what it has printed."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-m", "lapsmith", "watch", *arguments],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._lines: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self._lines.extend(self.process.stdout)

    @property
    def output(self) -> str:
        return "".join(self._lines)

    def wait_for(self, text: str, times: int = 1) -> None:
        deadline = time.monotonic() + 60
        while self.output.count(text) < times:
            assert self.process.poll() is None, self.output
            assert time.monotonic() < deadline, f"no {text!r} in:\n{self.output}"
            time.sleep(0.02)

    def stop(self, number: int = signal.SIGINT) -> int:
        self.process.send_signal(number)
        code = self.process.wait(30)
        self._reader.join(30)
        return code


@pytest.fixture
def project(tmp_path: Path) -> Path:
    write(tmp_path / "specs" / "shop", FILES)
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    return tmp_path


@pytest.fixture
def watch(project: Path) -> Iterator[Watch]:
    running = Watch(project)
    try:
        yield running
    finally:
        running.process.kill()
        running.process.wait()
        running._reader.join()
        assert running.process.stdout is not None
        running.process.stdout.close()


def test_it_generates_on_change_shows_errors_and_ends_with_ctrl_c(project: Path, watch: Watch) -> None:
    watch.wait_for("Ctrl-C ends it")
    assert "shop: wrote" in watch.output
    types = project / "src/shop/types.py"

    (project / "specs/shop/spec.lap").write_text(SPEC.replace("Raw: any?", "Raw: any?, More: str?"))
    watch.wait_for("changed: specs/shop/spec.lap")
    watch.wait_for("shop: wrote", 2)
    assert "more: str | None" in types.read_text()

    good = types.read_text()
    (project / "specs/shop/bindings.yaml").write_text(BINDINGS.replace("retry: safe", "retri: safe"))
    line = BINDINGS[: BINDINGS.index("retry: safe")].count("\n") + 1
    watch.wait_for(f"specs/shop/bindings.yaml:{line}:5: error[unknown-key]")
    assert types.read_text() == good

    (project / "specs/shop/bindings.yaml").write_text(BINDINGS)
    (project / "specs/shop/overrides.yaml").write_text("lapsmith: 1\nservice: {class: Store}\n")
    watch.wait_for("specs/shop/overrides.yaml")
    watch.wait_for("shop: wrote", 3)
    assert "class Store(" in (project / "src/shop/_sync.py").read_text()

    (project / "pyproject.toml").write_text(PYPROJECT.replace("output =", "outputs ="))
    watch.wait_for("unknown key 'outputs'")
    (project / "pyproject.toml").write_text(PYPROJECT + 'operations = ["*", "!Watch"]\n')
    watch.wait_for("shop: wrote", 4)
    assert not (project / "src/shop/events.py").exists()

    assert watch.stop() == 0, watch.output
    assert watch.output.endswith("\nstopped\n")
    assert "Traceback" not in watch.output


def test_edited_files_are_refused_and_the_watch_goes_on(project: Path, watch: Watch) -> None:
    watch.wait_for("Ctrl-C ends it")
    (project / "src/shop/types.py").write_text("edited = 1\n")
    (project / "specs/shop/spec.lap").write_text(SPEC.replace("Raw: any?", "Raw: any?, More: str?"))
    watch.wait_for("src/shop: edited since they were generated: types.py")
    assert (project / "src/shop/types.py").read_text() == "edited = 1\n"
    assert watch.stop() == 0


def test_without_a_project_it_is_an_error(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "lapsmith", "watch", "--config", "gone.toml"]
    done = subprocess.run([*command[:4]], cwd="/", capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr.startswith("lapsmith: error: no pyproject.toml here or above")


class Clock:
    """Time that passes only in sleeps; at given moments something happens."""

    def __init__(self, events: dict[float, Callable[[], object]], end: float) -> None:
        self.now = 0.0
        self._events = sorted(events.items())
        self._end = end

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        if self.now > self._end:
            raise KeyboardInterrupt
        while self._events and self._events[0][0] <= self.now:
            self._events.pop(0)[1]()


def seen(folder: Path, events: dict[float, Callable[[], object]]) -> list[tuple[float, list[str]]]:
    """What the loop yields, and when, for files ``a`` and ``b`` of a folder."""
    clock = Clock(events, end=10)
    paths = [folder / "a", folder / "b"]
    found: list[tuple[float, list[str]]] = []
    with suppress(KeyboardInterrupt):
        for changed in watching.changes(lambda: watching.state(paths), poll=0.5, quiet=0.2, sleep=clock.sleep):
            found.append((round(clock.now, 1), [path.name for path in changed]))
    return found


class TestLoop:
    def test_nothing_changes(self, tmp_path: Path) -> None:
        assert seen(tmp_path, {}) == []

    def test_changes_close_together_are_one(self, tmp_path: Path) -> None:
        a, b = tmp_path / "a", tmp_path / "b"
        events = {0.5: lambda: a.write_text("1"), 0.6: lambda: b.write_text("1"), 0.8: lambda: a.write_text("22")}
        assert seen(tmp_path, events) == [(1.1, ["a", "b"])]

    def test_changes_far_apart_are_two(self, tmp_path: Path) -> None:
        a = tmp_path / "a"
        assert seen(tmp_path, {1: lambda: a.write_text("1"), 4: lambda: a.unlink()}) == [(1.2, ["a"]), (4.4, ["a"])]

    def test_a_file_replaced_by_one_of_the_same_size_and_time(self, tmp_path: Path) -> None:
        a, b = tmp_path / "a", tmp_path / "c"
        a.write_text("1")
        b.write_text("2")
        facts = a.stat()
        os.utime(b, ns=(facts.st_atime_ns, facts.st_mtime_ns))
        assert seen(tmp_path, {1: lambda: b.replace(a)}) == [(1.2, ["a"])]

    def test_what_is_undone_at_once_is_no_change(self, tmp_path: Path) -> None:
        a = tmp_path / "a"
        assert seen(tmp_path, {0.5: lambda: a.write_text("1"), 0.6: lambda: a.unlink()}) == []


def test_the_inputs_of_a_client_include_those_that_may_come(project: Path) -> None:
    client = ClientConfig("shop", project, project / "specs" / "shop", project / "src" / "shop")
    names = {path.relative_to(project / "specs" / "shop").as_posix() for path in watching.inputs_of([client])}
    assert names == {
        "references/api-spec.lap",
        "spec.lap",
        "types.lap",
        "bindings.yaml",
        "overrides.yaml",
        "endpoint-rules.json",
    }
