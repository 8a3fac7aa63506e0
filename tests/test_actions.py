"""Generation as actions of a build system: each is run where there is nothing but its declared inputs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from documentation import block
from golden_cases import GOLDEN, runtime_project, shared_project
from lapsmith.cli import main
from lapsmith.output.manifest import blob_id, digest_of

LAPSMITH = Path(sys.executable).with_name("lapsmith")


def inspect(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["inspect", *arguments, "--stage", "files"], prog_name="lapsmith")


def actions(*arguments: str) -> list[dict[str, Any]]:
    result = inspect(*arguments, "--format", "json")
    assert result.exit_code == 0, result.output
    found: list[dict[str, Any]] = json.loads(result.stdout)["actions"]
    return found


def files(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with two clients that share a runtime and one of its own; it is the working directory."""
    root = tmp_path / "project"
    shared_project(root, chat="event_stream_json", tables="json_rpc")
    shutil.copytree(GOLDEN / "url_and_headers", root / "specs" / "urls", ignore=shutil.ignore_patterns("expected"))
    with (root / "pyproject.toml").open("a") as file:
        file.write('[tool.lapsmith.clients.urls]\nspec = "specs/urls"\noutput = "src/urls"\n')
    (root / "src" / "host" / "other.py").write_text("nobody declared this\n")
    monkeypatch.chdir(root)
    return root


def run_alone(action: dict[str, Any], source: Path, sandbox: Path) -> dict[str, bytes]:
    """Run an action where only its inputs are, and read-only; returns what is there afterwards."""
    for name, blob in action["inputs"].items():
        assert ".." not in name
        content = (source / name).read_bytes()
        assert blob_id(content) == blob
        (sandbox / name).parent.mkdir(parents=True, exist_ok=True)
        (sandbox / name).write_bytes(content)
        (sandbox / name).chmod(0o444)
    program, *arguments = action["arguments"]
    assert program == "lapsmith"
    home = sandbox.parent / "home"
    home.mkdir(exist_ok=True)
    environment = {"PATH": os.defpath, "HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([LAPSMITH, *arguments], cwd=sandbox, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return files(sandbox)


def test_each_action_needs_its_inputs_alone_and_writes_its_outputs_alone(project: Path, tmp_path: Path) -> None:
    found = actions()
    assert [action["clients"] for action in found] == [["chat", "tables"], ["urls"]]
    written = set()
    for number, action in enumerate(found):
        sandbox = tmp_path / f"sandbox{number}"
        sandbox.mkdir()
        there = run_alone(action, project, sandbox)
        assert set(there) == {*action["inputs"], *action["outputs"]}
        assert {name: digest_of(there[name]) for name in action["outputs"]} == action["outputs"]
        assert action["mnemonic"] == "LapsmithGenerate"
        assert action["requirements"] == ["httptools>=0.6.3", "msgspec>=0.21", "truststore>=0.10.5"]
        assert not written & action["outputs"].keys()
        written |= action["outputs"].keys()
    assert "src/host/clients/_runtime/errors.py" in written
    assert "src/host/clients/__init__.py" in found[0]["inputs"]


def test_actions_are_the_same_before_and_after_generation(project: Path) -> None:
    before = actions()
    assert CliRunner().invoke(main, ["generate"]).exit_code == 0
    assert actions() == before
    assert actions("tables", "--config", "pyproject.toml") == before[:1]


def test_the_action_of_a_spec_runs_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, sandbox = tmp_path / "source", tmp_path / "sandbox"
    shutil.copytree(
        GOLDEN / "json_rpc", source / "specs" / "tables", ignore=shutil.ignore_patterns("expected", "*.txt")
    )
    (source / "pyproject.toml").touch()
    sandbox.mkdir()
    monkeypatch.chdir(source)
    (action,) = actions("specs/tables", "--operation", "List*")
    assert action["arguments"][1:] == ["generate", "specs/tables", "-o", "tables", "--operation", "List*"]
    assert set(action["inputs"]) == {
        "pyproject.toml",
        *(f"specs/tables/{name}" for name in ("bindings.yaml", "spec.lap", "types.lap")),
    }
    there = run_alone(action, source, sandbox)
    assert {name: digest_of(there[name]) for name in action["outputs"]} == action["outputs"]
    assert set(there) == {*action["inputs"], *action["outputs"]}


def test_people_read_a_table(project: Path) -> None:
    result = inspect()
    assert result.exit_code == 0
    assert result.stdout.startswith("$ lapsmith generate --config pyproject.toml chat tables\n")
    lines = [line.split() for line in result.stdout.splitlines()]
    assert ["specs/urls/spec.lap", "read"] in [line[:2] for line in lines]
    assert ["src/urls/_sync.py", "written"] in [line[:2] for line in lines]


def test_what_cannot_be_an_action(project: Path) -> None:
    assert "clients set them in pyproject.toml" in inspect("urls", "--strict", "--format", "json").stderr
    missing = CliRunner().invoke(main, ["inspect"], prog_name="lapsmith")
    assert (missing.exit_code, "name a SPEC or a CLIENT" in missing.stderr) == (2, True)
    (project / "specs" / "urls" / "bindings.yaml").write_text("nonsense\n")
    broken = inspect()
    assert (broken.exit_code, broken.stdout) == (2, "")
    assert "specs/urls/bindings.yaml:1:1: error" in broken.stderr


def test_the_documented_example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = block("console", "$ lapsmith inspect --stage files --format json\n").partition("\n")[2]
    (shown,) = json.loads(said)["actions"]
    runtime_project(tmp_path)
    monkeypatch.chdir(tmp_path)
    (action,) = actions()
    same = ("mnemonic", "clients", "arguments", "requirements")
    assert {key: action[key] for key in same} == {key: shown[key] for key in same}
    assert list(action["inputs"]) == list(shown["inputs"])
    assert list(action["outputs"])[:2] == list(shown["outputs"])[:2]
