"""Options of the whole suite: ``--update-golden``, ``--fail-on-skip``, and the profile of the long campaigns."""

from __future__ import annotations

import difflib
import gc
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import hypothesis
import pytest

CheckGolden = Callable[[Path, bytes], None]
CheckGoldenTree = Callable[[Path, Mapping[str, bytes]], None]

COMMITTED = frozenset(path.name for path in (Path(__file__).parents[1] / "generated").glob("*"))
"""The packages of the committed clients."""

hypothesis.settings.register_profile("full", max_examples=5000, deadline=None)
if "HYPOTHESIS_PROFILE" in os.environ:
    hypothesis.settings.load_profile(os.environ["HYPOTHESIS_PROFILE"])


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("lapsmith")
    group.addoption("--update-golden", action="store_true", help="rewrite golden files (refused when CI is set)")
    group.addoption("--fail-on-skip", action="store_true", help="fail the run if any test was skipped")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--update-golden") and os.environ.get("CI"):
        raise pytest.UsageError(
            "--update-golden is refused when CI is set: update on your machine and commit the result"
        )
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # A shell has what it starts in the background ignore Ctrl-C, which the commands under test would inherit.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if config.getoption("--fail-on-skip"):
        config.pluginmanager.register(SkipGuard(), "skip-guard")


def pytest_collection_finish() -> None:
    """Keep what was imported and collected out of every later garbage collection, of which many tests ask for one."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True, scope="module")
def committed_clients_stay() -> Iterator[None]:
    """Fail the file that leaves another module in a committed client's place: later files would fail in odd ways."""
    before = {name: module for name, module in sys.modules.items() if name.partition(".")[0] in COMMITTED}
    yield
    replaced = [name for name, module in before.items() if sys.modules.get(name) is not module]
    assert not replaced, f"the tests of this file replaced {replaced}: give their packages other names"


class SkipGuard:
    """Fails a run in which a test was skipped: what is meant to be tested somewhere must be tested there."""

    def __init__(self) -> None:
        self._skipped: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped and not hasattr(report, "wasxfail"):
            self._skipped.append(report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.skipped:
            self._skipped.append(report.nodeid)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self._skipped and session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._skipped:
            terminalreporter.section("skipped, and --fail-on-skip is given", red=True)
            terminalreporter.write_line("\n".join(self._skipped))


@pytest.fixture
def check_golden_tree(request: pytest.FixtureRequest) -> CheckGoldenTree:
    """``check_golden_tree(folder, files)`` compares files by relative path with all that the folder holds.

    Under ``--update-golden`` the folder is made to hold exactly those files.
    """
    update = bool(request.config.getoption("--update-golden"))

    def check(folder: Path, actual: Mapping[str, bytes]) -> None:
        expected = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
        differing = sorted(path for path in {*expected, *actual} if expected.get(path) != actual.get(path))
        if not differing:
            return
        if not update:
            diffs = [_diff(path, expected.get(path, b""), actual.get(path, b"")) for path in differing]
            command = f"pytest --update-golden {request.path.relative_to(request.config.rootpath).as_posix()}"
            pytest.fail(f"{folder} differs:\n" + "\n".join([*diffs, f"To accept this: {command}"]), pytrace=False)
        for path in differing:
            (folder / path).unlink(missing_ok=True)
            if path in actual:
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_bytes(actual[path])

    return check


@pytest.fixture
def check_golden(request: pytest.FixtureRequest) -> CheckGolden:
    """``check_golden(path, actual)`` compares bytes with a golden file, or writes it under ``--update-golden``."""
    update = bool(request.config.getoption("--update-golden"))

    def check(path: Path, actual: bytes) -> None:
        expected = path.read_bytes() if path.is_file() else b""
        if actual == expected:
            return
        if update:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(actual)
            return
        command = f"pytest --update-golden '{request.node.nodeid}'"
        pytest.fail(f"{path} differs:\n{_diff(path.name, expected, actual)}\nTo accept this: {command}", pytrace=False)

    return check


def _diff(name: str, expected: bytes, actual: bytes) -> str:
    """A unified diff; carriage returns and other bytes that do not print are shown as escapes."""
    old, new = (data.decode("utf-8", "backslashreplace").split("\n") for data in (expected, actual))
    lines = difflib.unified_diff(old, new, f"{name} (expected)", f"{name} (actual)", lineterm="")
    return "\n".join(line.replace("\r", "\\r") for line in lines)
