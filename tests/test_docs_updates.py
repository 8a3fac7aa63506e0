"""The examples of the page on updates: run as they stand, in a project with a changed spec."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from documentation import REPOSITORY, text
from lapsmith.cli import main

PAGE = REPOSITORY / "docs" / "updating.md"
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", text(PAGE), re.MULTILINE | re.DOTALL)
CONSOLES = [found for language, found in BLOCKS if language == "console"]
PYPROJECT = """[project]
name = "host"
version = "1.0"
dependencies = ["httptools>=0.6.3", "msgspec>=0.21", "truststore>=0.10.5"]

[tool.lapsmith.clients.sagemaker_runtime]
spec = "specs/sagemaker-runtime"
output = "src/host/sagemaker_runtime"
"""
EDITS = {"FailureLocation: str?}": "FailureLocation: str}", "RequestTTLSeconds: int,": "RequestTTLSeconds: str,"}


def blocks(language: str) -> list[Any]:
    read = yaml.safe_load if language == "yaml" else tomllib.loads
    return [read(found) for name, found in BLOCKS if name == language]


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.com", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A committed project, whose spec has been edited since."""
    root = tmp_path / "checkout"
    shutil.copytree(REPOSITORY / "specs" / "sagemaker-runtime", root / "specs" / "sagemaker-runtime")
    (root / "pyproject.toml").write_text(PYPROJECT)
    (root / ".gitignore").write_text("__pycache__/\n")
    monkeypatch.chdir(root)
    assert CliRunner().invoke(main, ["generate"]).exit_code == 0
    git(root, "init", "--quiet", "--initial-branch=main")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message=A client")
    spec = root / "specs/sagemaker-runtime/references/api-spec.lap"
    text = spec.read_text()
    for old, new in EDITS.items():
        assert text.count(old) == 1
        text = text.replace(old, new)
    spec.write_text(text)
    return root


@pytest.mark.parametrize("console", CONSOLES, ids=lambda console: console.partition("\n")[0])
def test_a_console_shows_what_the_command_prints(console: str, project: Path) -> None:
    command, _, expected = console.removeprefix("$ ").partition("\n")
    program, *arguments = shlex.split(command)
    assert program == "lapsmith"
    assert CliRunner().invoke(main, arguments).stdout == expected


def test_the_library_says_the_same(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = [found for language, found in BLOCKS if language == "python"]
    exec(compile(example, "updating.md", "exec"), {})
    assert capsys.readouterr().out == "major ['invoke_endpoint_async(request_ttl_seconds=)']\n"


def test_the_excludes_keep_formatters_away(project: Path) -> None:
    (excludes,) = [found for language, found in BLOCKS if language == "toml"]
    (project / "pyproject.toml").write_text(f"{PYPROJECT}\n{excludes}")
    git(project, "add", "--all")
    for command in (["ruff", "format", "--line-length", "60"], ["black", "-l", "60"], ["isort", "--line-length", "60"]):
        subprocess.run([sys.executable, "-m", *command, "."], check=True, capture_output=True)
        assert git(project, "diff", "--name-only") == ""


def test_the_attributes_keep_line_ends(project: Path) -> None:
    (attributes,) = [found for language, found in BLOCKS if language == "text"]
    (project / ".gitattributes").write_text(attributes)
    assert git(project, "check-attr", "eol", "src/host/sagemaker_runtime/types.py").endswith("eol: lf")


def test_the_hook_is_one_that_lapsmith_has() -> None:
    config, _ = blocks("yaml")
    (entry,) = config["repos"][0]["hooks"]
    hooks = {hook["id"]: hook for hook in yaml.safe_load((REPOSITORY / ".pre-commit-hooks.yaml").read_text())}
    hook = hooks[entry["id"]]
    assert hook["language"] == "python"
    assert not hook["pass_filenames"]
    program, *arguments = shlex.split(hook["entry"])
    assert program == "lapsmith"
    assert main.get_command(None, arguments[0]) is not None  # type: ignore[arg-type]


class TestWorkflow:
    @pytest.fixture
    def workflow(self) -> Any:
        return blocks("yaml")[1]

    def test_its_jobs_are_for_its_triggers(self, workflow: Any) -> None:
        # YAML 1.1 takes the key `on` for true.
        assert set(workflow[True]) == {"pull_request", "push"}
        assert set(workflow["permissions"].values()) == {"write"}
        for job in workflow["jobs"].values():
            assert job["if"].removeprefix("github.event_name == ").strip("'") in workflow[True]
            assert all(("uses" in step) != ("run" in step) for step in job["steps"])

    def run(self, script: str, project: Path, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a step as a runner does, with programs in place of those that talk to the world."""
        programs = project.parent / "bin"
        programs.mkdir(exist_ok=True)
        for name in ("pip", "gh"):
            (programs / name).write_text(f'#!/bin/sh\necho "{name} $@" >> "$RUNNER_TEMP/calls"\n')
            (programs / name).chmod(0o755)
        lapsmith = programs / "lapsmith"
        lapsmith.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m lapsmith "$@"\n')
        lapsmith.chmod(0o755)
        environment = os.environ | {"PATH": f"{programs}:{os.environ['PATH']}", "RUNNER_TEMP": str(project.parent)}
        return subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", script],
            cwd=project,
            env=environment | variables,
            capture_output=True,
            text=True,
        )

    def test_a_push_opens_a_pull_request_with_the_entry(self, workflow: Any, project: Path) -> None:
        git(project.parent, "init", "--quiet", "--bare", "origin")
        git(project, "remote", "add", "origin", str(project.parent / "origin"))
        before = git(project, "rev-parse", "HEAD")
        git(project, "commit", "--quiet", "--all", "--message=Another spec")
        for step in workflow["jobs"]["regenerate"]["steps"]:
            if "run" in step:
                done = self.run(step["run"], project, BEFORE=before, GITHUB_RUN_ID="7")
                assert done.returncode == 0, done.stdout + done.stderr
        assert "**Breaking:** `invoke_endpoint_async(request" in (project.parent / "entry.md").read_text()
        calls = (project.parent / "calls").read_text().splitlines()
        assert calls[0] == "pip install lapsmith"
        entry = project.parent / "entry.md"
        assert calls[1] == f"gh pr create --base main --title Regenerate clients --body-file {entry}"
        assert git(project, "rev-parse", "HEAD") == git(project.parent / "origin", "rev-parse", "clients-7")
        assert CliRunner().invoke(main, ["check"]).exit_code == 0

    def test_a_push_that_changes_nothing_opens_none(self, workflow: Any, project: Path) -> None:
        git(project, "checkout", "--quiet", ".")
        done = self.run(workflow["jobs"]["regenerate"]["steps"][-1]["run"], project, BEFORE="HEAD", GITHUB_RUN_ID="7")
        assert (done.returncode, git(project, "branch", "--list", "clients-7")) == (0, "")

    def test_a_pull_request_is_checked(self, workflow: Any, project: Path) -> None:
        git(project, "update-ref", "refs/remotes/origin/main", "HEAD")
        codes = [
            self.run(step["run"], project, GITHUB_BASE_REF="main").returncode
            for step in workflow["jobs"]["check"]["steps"]
            if "run" in step
        ]
        assert codes == [0, 1, 1]
        git(project, "checkout", "--quiet", ".")
        scripts = [step["run"] for step in workflow["jobs"]["check"]["steps"] if "run" in step]
        assert [self.run(script, project, GITHUB_BASE_REF="main").returncode for script in scripts] == [0, 0, 0]
