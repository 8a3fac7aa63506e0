"""``lapsmith inspect``, with the real stages on the real spec."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from lapsmith import cli

SPEC = str(Path(__file__).parent.parent / "specs" / "sagemaker-runtime")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.main, list(arguments), prog_name="lapsmith")


@pytest.mark.parametrize(
    ("stage", "shown"),
    [
        ("tree", "POST /endpoints/{EndpointName}/invocations"),
        ("ir", "InvokeEndpointWithResponseStream"),
        ("files", "_runtime/signing/sigv4.py"),
    ],
)
def test_every_stage_has_a_table_and_json(stage: str, shown: str) -> None:
    table = run("inspect", SPEC, "--stage", stage)
    assert table.exit_code == 0, table.stderr
    assert shown in table.stdout
    as_json = run("inspect", SPEC, "--stage", stage, "--format", "json")
    assert as_json.exit_code == 0
    assert isinstance(json.loads(as_json.stdout), dict)


def test_a_client_is_inspected_by_name_with_its_options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(SPEC, "spec")
    Path("pyproject.toml").write_text(
        '[tool.lapsmith.clients.runtime]\nspec = "spec"\noutput = "out/runtime"\noperations = ["*Async"]\n'
    )
    Path("runtime").mkdir()
    assert "InvokeEndpointWithResponseStream" not in run("inspect", "runtime").stdout
    assert "InvokeEndpointAsync" in run("inspect", "runtime").stdout
    wider = run("inspect", "runtime", "--operation", "*Stream")
    assert "InvokeEndpointWithResponseStream" in wider.stdout
    unknown = run("inspect", "runtimes")
    assert (unknown.exit_code, "did you mean 'runtime'" in unknown.stderr) == (2, True)


def test_errors_are_shown_with_the_tree_and_give_two(tmp_path: Path) -> None:
    broken = tmp_path / "broken.lap"
    broken.write_text("@lap v0.3\n@api Broken\n@base https://example.com\n@endpoint GET /a\n@required {a: str\n@end\n")
    result = run("inspect", str(broken), "--stage", "tree")
    assert result.exit_code == 2
    assert "Broken" in result.stdout
    assert "broken.lap:5:" in result.stderr
    assert run("inspect", str(broken)).stdout == ""


def test_a_tree_needs_no_bindings(tmp_path: Path) -> None:
    spec = tmp_path / "rpc.lap"
    spec.write_text("@lap v0.3\n@api Rpc\n@endpoint POST /\n@desc A\n@endpoint POST /\n@desc B\n@end\n")
    assert run("inspect", str(spec), "--stage", "tree").exit_code == 0
    assert run("inspect", str(spec), "--stage", "ir").exit_code == 2


def test_strict_makes_inferences_errors(tmp_path: Path) -> None:
    spec = tmp_path / "plain.lap"
    spec.write_text(
        "@lap v0.3\n@api Plain\n@base https://example.com\n@endpoint GET /a/{Id}\n@required {Id: str}\n"
        "@returns(200) {Name: str?}\n@end\n"
    )
    relaxed = run("inspect", str(spec))
    assert relaxed.exit_code == 0, relaxed.stderr
    assert "note[" in relaxed.stderr
    assert run("inspect", str(spec), "--strict").exit_code == 2


def test_what_is_no_spec(tmp_path: Path) -> None:
    result = run("inspect", str(tmp_path / "gone.lap"))
    assert (result.exit_code, result.stderr) == (2, f"lapsmith: error: there is no spec at '{tmp_path}/gone.lap'\n")
