"""The built distributions work elsewhere: other folder, clean environment, other interpreters."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from downstream import CONSTRAINTS, ROOT, run

pytestmark = pytest.mark.slow


def interpreters() -> Iterator[str]:
    """The running interpreter, and the other supported ones that this machine has."""
    yield sys.executable
    for minor in (11, 12, 13):
        if minor == sys.version_info.minor:
            continue
        pyenv = [str(path) for path in sorted(Path.home().glob(f".pyenv/versions/3.{minor}.*/bin/python"))]
        found = pyenv[-1] if pyenv else shutil.which(f"python3.{minor}")
        if found and subprocess.run([found, "-c", "import venv"], capture_output=True).returncode == 0:
            yield found


def install(wheel: Path, folder: Path, *, extra: str = "", python: str = sys.executable) -> Path:
    run(python, "-m", "venv", folder / "venv", cwd=folder)
    bin_ = folder / "venv" / "bin"
    run(bin_ / "pip", "install", "--quiet", f"{wheel}{extra}", "--constraint", CONSTRAINTS, cwd=folder)
    return bin_


def test_the_wheel_holds_the_templates_the_demo_spec_and_nothing_of_the_tests(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "lapsmith/_templates/client/types.py.jinja" in names
    assert "lapsmith/_templates/runtime/call/attempts.py" in names
    assert "lapsmith/demo/_spec/references/api-spec.lap" in names
    assert "lapsmith/buildhooks/hatch.py" in names
    assert "lapsmith/py.typed" in names
    assert {name.split("/")[0].split("-")[0] for name in names} == {"lapsmith"}


def test_an_installed_lapsmith_generates_the_committed_client_from_another_folder(wheel: Path, tmp_path: Path) -> None:
    bin_ = install(wheel, tmp_path)
    project = tmp_path / "project"
    shutil.copytree(ROOT / "specs", project / "specs")
    (project / "pyproject.toml").write_text(
        '[tool.lapsmith.clients.sagemaker_runtime]\nspec = "specs/sagemaker-runtime"\n'
        'output = "generated/sagemaker_runtime"\ntransports = ["httpx2"]\n',
        encoding="utf-8",
    )
    run(bin_ / "lapsmith", "generate", cwd=project)
    committed = ROOT / "generated" / "sagemaker_runtime"
    expected = {p.relative_to(committed) for p in committed.rglob("*") if p.is_file() and p.suffix != ".pyc"}
    written = project / "generated" / "sagemaker_runtime"
    assert {p.relative_to(written) for p in written.rglob("*") if p.is_file()} == expected
    for path in expected:
        assert (written / path).read_bytes() == (committed / path).read_bytes(), path
    run(bin_ / "lapsmith", "check", cwd=project)


def test_without_the_extra_the_demo_says_how_to_get_it(wheel: Path, tmp_path: Path) -> None:
    bin_ = install(wheel, tmp_path)
    done = subprocess.run([bin_ / "lapsmith", "demo"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2
    assert "pip install 'lapsmith[demo]'" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("python", list(interpreters()), ids=lambda path: Path(path).resolve().name)
def test_the_demo_runs_from_the_wheel_and_leaves_nothing_behind(wheel: Path, tmp_path: Path, python: str) -> None:
    bin_ = install(wheel, tmp_path, extra="[demo]", python=python)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    empty = tmp_path / "empty"
    empty.mkdir()
    done = subprocess.run(
        [bin_ / "python", "-W", "error", "-m", "lapsmith", "demo"],
        cwd=empty,
        env={"PATH": os.environ["PATH"], "HOME": str(empty), "TMPDIR": str(temporary)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "8 signatures verified by botocore, 1 refused" in done.stdout
    assert done.stderr == ""
    assert list(temporary.iterdir()) == list(empty.iterdir()) == []


def test_a_client_needs_only_what_generate_says(wheel: Path, tmp_path: Path) -> None:
    lapsmith = install(wheel, tmp_path)
    shutil.copytree(ROOT / "specs" / "sagemaker-runtime", tmp_path / "spec")
    said = run(lapsmith / "lapsmith", "generate", "spec", "-o", "client/sagemaker_runtime", cwd=tmp_path).stdout
    needs = said.partition(" needs: ")[2].split("\n")[0].split(", ")
    other = tmp_path / "other"
    other.mkdir()
    run(sys.executable, "-m", "venv", other / "venv", cwd=other)
    bin_ = other / "venv" / "bin"
    run(bin_ / "pip", "install", "--quiet", *needs, "mypy", "--constraint", CONSTRAINTS, cwd=other)
    run(bin_ / "mypy", "--strict", "-p", "sagemaker_runtime", cwd=tmp_path / "client")
    script = "from sagemaker_runtime import *; SageMakerRuntime(region='eu-west-1', credentials=Credentials('a', 'b'))"
    run(bin_ / "python", "-W", "error", "-c", script, cwd=tmp_path / "client")
