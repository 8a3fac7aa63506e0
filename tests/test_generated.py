"""``generated/`` is what the generator writes now, and good code: documented, in small modules, well typed."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from documentation import blocks
from golden_cases import undocumented
from lapsmith.cli import main

REPOSITORY = Path(__file__).parent.parent
CLIENT = REPOSITORY / "generated" / "sagemaker_runtime"
MODULES = sorted(CLIENT.rglob("*.py"))
# A client that a page adds to a project of its own is in that project alone.
EXAMPLES = [block for block in blocks("python") if "from host." not in block]


def test_generated_clients_are_up_to_date(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPOSITORY)
    result = CliRunner().invoke(main, ["check", "--full"])
    assert result.exit_code == 0, result.output


def test_no_module_is_long() -> None:
    written = [*(REPOSITORY / "generator").rglob("*.py"), *(REPOSITORY / "templates").rglob("*.py"), *MODULES]
    lengths = {path.relative_to(REPOSITORY).as_posix(): len(path.read_text().splitlines()) for path in written}
    assert len(lengths) > 50
    assert {path: length for path, length in lengths.items() if length > 500} == {}


@pytest.mark.parametrize("path", sorted(CLIENT.glob("*.py")), ids=lambda path: path.name)
def test_everything_public_is_documented(path: Path) -> None:
    tree = ast.parse(path.read_text())
    assert ast.get_docstring(tree)
    assert undocumented(tree) == []


@pytest.mark.slow
def test_mypy_finds_nothing() -> None:
    config = ["--strict", "--python-version", "3.11", "--config-file", ""]
    check([sys.executable, "-m", "mypy", *config, "-p", CLIENT.name], cwd=CLIENT.parent)
    assert not any("type: ignore" in path.read_text() for path in CLIENT.glob("*.py"))


@pytest.mark.slow
def test_pyright_finds_nothing() -> None:
    check([sys.executable, "-m", "pyright", "--pythonpath", sys.executable], cwd=REPOSITORY)
    assert not any("pyright:" in path.read_text() for path in MODULES)


def test_the_documentation_has_examples() -> None:
    assert any("for event in stream" in block for block in EXAMPLES)
    for block in EXAMPLES:
        compile(block, "documentation", "exec")


@pytest.mark.slow
@pytest.mark.parametrize("block", EXAMPLES, ids=lambda block: block.split("\n", 1)[0])
def test_documented_examples_are_well_typed(block: str, tmp_path: Path) -> None:
    example = tmp_path / "example.py"
    example.write_text(block)
    config = ["--strict", "--python-version", "3.11", "--config-file", ""]
    check([sys.executable, "-m", "mypy", *config, str(example)], cwd=CLIENT.parent)


def check(command: list[str], cwd: Path) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
