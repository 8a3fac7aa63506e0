"""The suite's own options, run on small suites of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

GOLDEN_TEST = """
from pathlib import Path

def test_golden(check_golden):
    check_golden(Path({path!r}), b"new\\r\\nline\\n")
"""


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.delenv("CI", raising=False)
    pytester.makeconftest((Path(__file__).parent / "conftest.py").read_text())
    return pytester


def test_a_skip_fails_the_run_only_when_asked(suite: pytest.Pytester) -> None:
    suite.makepyfile("import pytest\n\ndef test_a(): pass\n\ndef test_b(): pytest.skip('no node')\n")
    assert suite.runpytest().ret == pytest.ExitCode.OK
    strict = suite.runpytest("--fail-on-skip")
    assert strict.ret == pytest.ExitCode.TESTS_FAILED
    strict.stdout.fnmatch_lines(["*test_b*"])


def test_a_module_that_skips_itself_fails_the_run_too(suite: pytest.Pytester) -> None:
    suite.makepyfile("import pytest\n\npytest.importorskip('no_such_module')\n")
    assert suite.runpytest("--fail-on-skip").ret == pytest.ExitCode.TESTS_FAILED


def test_without_skips_the_run_passes(suite: pytest.Pytester) -> None:
    suite.makepyfile("import pytest\n\ndef test_a(): pass\n\n@pytest.mark.xfail\ndef test_b(): assert False\n")
    assert suite.runpytest("--fail-on-skip").ret == pytest.ExitCode.OK


def test_a_golden_file_that_differs_prints_the_diff_and_the_command(suite: pytest.Pytester) -> None:
    path = suite.path / "golden.txt"
    path.write_bytes(b"old\nline\n")
    suite.makepyfile(GOLDEN_TEST.format(path=str(path)))
    result = suite.runpytest()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*-old", "*+new\\r", "*pytest --update-golden*test_golden*"])
    assert path.read_bytes() == b"old\nline\n"


def test_golden_files_are_updated_when_asked(suite: pytest.Pytester) -> None:
    path = suite.path / "new" / "golden.txt"
    suite.makepyfile(GOLDEN_TEST.format(path=str(path)))
    assert suite.runpytest("--update-golden").ret == pytest.ExitCode.OK
    assert path.read_bytes() == b"new\r\nline\n"
    assert suite.runpytest().ret == pytest.ExitCode.OK


def test_golden_files_are_not_updated_in_ci(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    path = suite.path / "golden.txt"
    suite.makepyfile(GOLDEN_TEST.format(path=str(path)))
    assert suite.runpytest("--update-golden").ret == pytest.ExitCode.USAGE_ERROR
    assert not path.exists()
