"""The hooks, run by their backends in the environment of the tests; ``tests/build`` builds in isolation."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from downstream import example, lay_out
from lapsmith.api.generating import Generated, Generation
from lapsmith.buildhooks.project import HookError, Project, check_requirements, is_skipped

HATCHLING = example("[tool.hatch.build.hooks.lapsmith]")
SETUPTOOLS = example('build-backend = "setuptools.build_meta"')
CLIENT = "src/host/sagemaker_runtime"


def build(backend: str, root: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    code = f"import {backend} as backend; backend.build_wheel('dist')"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LAPSMITH")}
    (root / "dist").mkdir(exist_ok=True)
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=root, env={**kept, **environment}, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("backend", "pyproject"), [("hatchling.build", HATCHLING), ("setuptools.build_meta", SETUPTOOLS)]
)
def test_a_wheel_has_the_client(backend: str, pyproject: str, tmp_path: Path) -> None:
    root = lay_out(tmp_path / "project", pyproject)
    refused = build(backend, root, LAPSMITH_SKIP="1")
    assert refused.returncode != 0
    assert f"LAPSMITH_SKIP is set, and '{CLIENT}' is not there to be shipped" in refused.stderr
    assert "Traceback" not in refused.stderr
    done = build(backend, root)
    assert done.returncode == 0, done.stderr
    (wheel,) = (root / "dist").glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    generated = {path.relative_to(root / "src").as_posix() for path in (root / CLIENT).rglob("*.*") if path.is_file()}
    assert generated <= set(names)
    assert len(names) == len(set(names))


def test_the_parts_of_a_project(tmp_path: Path) -> None:
    root = lay_out(tmp_path / "project", HATCHLING, shared=True)
    project = Project.at(root)
    assert project is not None
    assert project.folders() == tuple(f"src/host/aws/{name}" for name in ("_runtime", "sagemaker_runtime", "tables"))
    assert set(project.files()) == set()
    assert project.sources() == (
        "specs/sagemaker-runtime/bindings.yaml",
        "specs/sagemaker-runtime/references/api-spec.lap",
        "specs/sagemaker-runtime/types.lap",
        "specs/tables/bindings.yaml",
        "specs/tables/spec.lap",
        "specs/tables/types.lap",
    )
    with pytest.raises(HookError, match="LAPSMITH_SKIP is set, and 'src/host/aws/_runtime' is not there"):
        project.require_files()
    assert project.generate() is not None
    project.require_files()
    assert "src/host/aws/tables/py.typed" in set(project.files())


def test_a_folder_without_clients_is_no_project(tmp_path: Path) -> None:
    assert Project.at(tmp_path) is None
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\n')
    assert Project.at(tmp_path) is None
    (tmp_path / "pyproject.toml").write_text("[tool.lapsmith]\nclient = 1\n")
    with pytest.raises(HookError, match=r"cannot read its configuration:\npyproject\.toml:2:1: error\[config\]"):
        Project.at(tmp_path)


@pytest.mark.parametrize(("value", "skipped"), [(None, False), ("", False), ("0", False), ("1", True), ("yes", True)])
def test_the_switch(value: str | None, skipped: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LAPSMITH_SKIP", raising=False)
    if value is not None:
        monkeypatch.setenv("LAPSMITH_SKIP", value)
    assert is_skipped() is skipped


def test_requirements_are_compared_by_name(tmp_path: Path) -> None:
    client = Generated("a", tmp_path, (), (), (), (), ("httptools>=0.6.3", "msgspec>=0.21", "truststore>=0.10.5"))
    check_requirements(Generation((client,)), ["HTTPtools[extra]", "msgspec ; python_version > '3'", "truststore"])
    with pytest.raises(HookError, match=r'lack what a needs; add: "msgspec>=0\.21"'):
        check_requirements(Generation((client,)), ["httptools", "truststore"])
