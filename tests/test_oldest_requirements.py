"""The lower bounds of a client's requirements: the oldest versions that the runtime's tests pass with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from downstream import run

ROOT = Path(__file__).parents[1]
PROVED = "import importlib.metadata, sys; print(*(f'{n}=={importlib.metadata.version(n)}' for n in sys.argv[1:]))"


def oldest() -> list[str]:
    """The requirements of all committed clients, each at its lower bound."""
    manifests = (json.loads(path.read_text()) for path in sorted((ROOT / "generated").glob("*/lapsmith.json")))
    stated = sorted({requirement for manifest in manifests for requirement in manifest["requirements"]})
    assert [requirement.partition(">=")[0] for requirement in stated] == ["cbor2", "httptools", "msgspec", "truststore"]
    return [requirement.replace(">=", "==") for requirement in stated]


def test_the_demo_asks_for_no_other_versions() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    stated = {*extras["demo"], *extras["dev"]}
    assert {pinned.replace("==", ">=") for pinned in oldest()} <= stated


@pytest.mark.slow
def test_the_runtime_passes_its_tests_with_the_oldest_requirements(tmp_path: Path) -> None:
    # Found before those of the environment, whose test tools stay the same.
    folder = tmp_path / "oldest"
    pinned = [requirement if requirement.count(".") == 2 else f"{requirement}.0" for requirement in oldest()]
    run(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", folder, *pinned, cwd=tmp_path)
    environment = os.environ | {"PYTHONPATH": str(folder)}
    names = [requirement.partition("==")[0] for requirement in pinned]
    found = subprocess.run([sys.executable, "-c", PROVED, *names], env=environment, capture_output=True, text=True)
    assert found.stdout.split() == pinned, found.stderr
    command = [sys.executable, "-m", "pytest", "tests/runtime", "-q", "-m", "not slow and not full"]
    done = subprocess.run(
        [*command, "-n", "2", "--dist", "loadfile", "-p", "no:cacheprovider"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr
