"""What the tests of builds share: the wheel of lapsmith itself, and environments that have it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from downstream import CONSTRAINTS, ROOT, run


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the sdist and, from it, the wheel, both in isolation."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", folder, ROOT, cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def constraints(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Constraints with which an isolated build gets the wheel of this checkout, and nobody else's lapsmith."""
    path = tmp_path_factory.mktemp("constraints") / "constraints.txt"
    path.write_text(CONSTRAINTS.read_text() + f"lapsmith @ {wheel.as_uri()}\n")
    return path


@pytest.fixture(scope="session")
def builder(wheel: Path, constraints: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of an environment with lapsmith, what clients need, and build backends: quicker than isolation."""
    folder = tmp_path_factory.mktemp("builder")
    run(sys.executable, "-m", "venv", folder / "venv", cwd=folder)
    bin_ = folder / "venv" / "bin"
    backends = ["hatchling", "editables", "setuptools", "flit_core"]
    packages = ["lapsmith", "build", *backends, "httptools", "msgspec", "truststore"]
    run(bin_ / "pip", "install", "--quiet", *packages, "--constraint", constraints, cwd=folder)
    return bin_
