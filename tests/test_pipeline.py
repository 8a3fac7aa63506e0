"""Which files belong to a spec, and what they mean together."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from lapsmith.diagnostics import DiagnosticError, Severity
from lapsmith.generation import pipeline
from lapsmith.generation.analysis import analyse
from lapsmith.output import folder as output
from lapsmith.output import manifest as manifests
from lapsmith.project.config import ClientConfig, ConfigError, single_client, spec_only
from lapsmith.project.inputs import read_inputs


def client_of(spec: Path) -> ClientConfig:
    return spec_only(spec, operations=("*",), strict=False)


def lay_out(*names: str) -> None:
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(name)


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("spec", ["s", "s/references/api-spec.lap"])
def test_a_skill_folder(spec: str) -> None:
    lay_out("s/references/api-spec.lap", "s/bindings.yaml", "s/overrides.yaml", "s/types.lap", "s/SKILL.md")
    inputs = read_inputs(client_of(Path(spec)))
    assert dict(inputs.files) == {
        name: name.encode()
        for name in ("s/references/api-spec.lap", "s/bindings.yaml", "s/overrides.yaml", "s/types.lap")
    }
    assert (inputs.spec, inputs.source) == ("s/references/api-spec.lap", spec)
    assert (inputs.bindings, inputs.overrides, inputs.types) == (
        "s/bindings.yaml",
        "s/overrides.yaml",
        "s/types.lap",
    )


@pytest.mark.parametrize("spec", ["s", "s/a.lap"])
def test_the_only_spec_in_a_folder(spec: str) -> None:
    lay_out("s/a.lap", "s/types.lap", "s/bindings.yaml")
    inputs = read_inputs(client_of(Path(spec)))
    assert (inputs.spec, inputs.types, inputs.bindings) == ("s/a.lap", "s/types.lap", "s/bindings.yaml")


def test_one_of_several_specs_has_no_bindings_and_says_so() -> None:
    lay_out("s/a.lap", "s/b.lap", "s/bindings.yaml")
    inputs = read_inputs(client_of(Path("s/a.lap")))
    assert (inputs.bindings, list(inputs.files)) == (None, ["s/a.lap"])
    (found,) = inputs.diagnostics
    assert (found.severity, found.message.split()[0]) == (Severity.WARNING, "bindings.yaml")


def test_a_folder_of_several_specs_is_ambiguous() -> None:
    lay_out("s/a.lap", "s/b.lap")
    with pytest.raises(ConfigError, match=r"several \.lap files: a\.lap, b\.lap; name one"):
        read_inputs(client_of(Path("s")))


def test_a_name_that_could_break_out_of_a_comment_is_refused() -> None:
    lay_out("s/a\nimport os.lap")
    with pytest.raises(ConfigError, match="must be printable"):
        read_inputs(client_of(Path("s")))


def test_a_spec_beside_the_project_is_named_without_its_path(tmp_path: Path) -> None:
    lay_out("elsewhere/s/references/api-spec.lap", "elsewhere/s/bindings.yaml", "project/pyproject.toml")
    client = single_client(Path("elsewhere/s"), Path("project/out/c"), operations=("*",), strict=False)
    inputs = read_inputs(client)
    assert (inputs.source, inputs.bindings) == ("references/api-spec.lap", "bindings.yaml")


def test_a_file_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    lay_out("s/a.lap")

    def refuse(self: Path, *args: object) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ConfigError, match=r"cannot read 's/a\.lap': Permission denied"):
        read_inputs(client_of(Path("s/a.lap")))


SPEC = Path(__file__).parent.parent / "specs" / "sagemaker-runtime"


@pytest.fixture
def seed(tmp_path: Path) -> ClientConfig:
    """A project that generates the real spec with the real generator."""
    shutil.copytree(SPEC, tmp_path / "project" / "specs" / "runtime")
    (tmp_path / "project" / "pyproject.toml").write_text("[tool.black]\nline-length = 20\n")
    folder = tmp_path / "project" / "out" / "runtime_client"
    return single_client(tmp_path / "project/specs/runtime", folder, operations=("*",), strict=False)


def in_new_process(client: ClientConfig, setup: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    arguments = ["generate", str(client.spec), "-o", str(client.output)]
    code = f"import sys; {setup}\nfrom lapsmith.cli import main; main({arguments!r})"
    env = {**os.environ, **environment}
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=env, cwd=client.root
    )


def test_the_real_client_is_the_same_bytes_whatever_the_environment(seed: ClientConfig) -> None:
    written = []
    for seed_of_hashes, language in (("1", "C"), ("2", "C.UTF-8")):
        shutil.rmtree(seed.output, ignore_errors=True)
        done = in_new_process(seed, PYTHONHASHSEED=seed_of_hashes, LANG=language, LC_ALL=language)
        assert done.returncode == 0, done.stderr
        written.append({path.name: path.read_bytes() for path in seed.output.rglob("*") if path.is_file()})
    assert written[0] == written[1]
    assert {"__init__.py", "_sync.py", "_async.py", "types.py", "sigv4.py", "lapsmith.json"} <= written[0].keys()
    for content in written[0].values():
        assert str(seed.root).encode() not in content
        assert b"\r" not in content
    assert max(map(len, written[0]["_sync.py"].splitlines())) > 60, "the project's [tool.black] must not matter"

    assert pipeline.plan(seed).difference is None
    assert pipeline.plan(seed, trust_manifest=False).difference == output.Difference(
        seed.output, manifests.load(written[0]["lapsmith.json"], "m"), ()
    )


@pytest.mark.parametrize("package", ["jinja2", "black"])
def test_a_missing_package_is_named(seed: ClientConfig, package: str) -> None:
    done = in_new_process(seed, f"sys.modules[{package!r}] = None")
    assert done.returncode == 2
    assert f"{package} is not installed" in done.stderr
    assert "Traceback" not in done.stderr
    assert not seed.output.exists()


def test_errors_of_every_input_come_together_and_sorted(seed: ClientConfig) -> None:
    for name in ("references/api-spec.lap", "bindings.yaml", "types.lap"):
        path = seed.spec / name
        path.write_bytes(b"@type Broken {a: {\n" + path.read_bytes())
    (seed.spec / "overrides.yaml").write_text("nonsense: 1\n")
    with pytest.raises(DiagnosticError) as caught:
        pipeline.plan(seed)
    found = caught.value.diagnostics
    errors = {item.span.file for item in found if item.severity is Severity.ERROR}
    prefix = "specs/runtime/"
    assert errors >= {prefix + "bindings.yaml", prefix + "types.lap", prefix + "references/api-spec.lap"}
    assert list(found) == sorted(found, key=lambda item: item.sort_key)
    assert set(caught.value.sources) >= errors


def test_overrides_are_laid_over_the_bindings(seed: ClientConfig) -> None:
    (seed.spec / "overrides.yaml").write_text("service: {class: Renamed}\n")
    inputs = read_inputs(seed)
    assert analyse(seed, inputs).require().class_name == "Renamed"


def test_a_dangling_link_is_an_error(seed: ClientConfig) -> None:
    (seed.spec / "overrides.yaml").symlink_to("nowhere.yaml")
    with pytest.raises((ConfigError, DiagnosticError), match=r"cannot read '.*overrides\.yaml'"):
        pipeline.plan(seed)


def test_overrides_of_nothing_are_an_error(seed: ClientConfig) -> None:
    (seed.spec / "bindings.yaml").rename(seed.spec / "overrides.yaml")
    spec = seed.spec / "references/api-spec.lap"
    spec.write_text(spec.read_text().replace("@auth AWS SigV4\n", ""))
    with pytest.raises(DiagnosticError, match=r"overrides\.yaml:1:1: error\[overrides\]: there is no bindings\.yaml"):
        pipeline.plan(seed)


def test_what_no_template_covers_is_an_error(seed: ClientConfig) -> None:
    spec, bindings = seed.spec / "references/api-spec.lap", seed.spec / "bindings.yaml"
    spec.write_text(spec.read_text().replace("CustomAttributes: str?", "CustomAttributes: map<str,int>?"))
    given = "CustomAttributes: {in: header, name: X-Amzn-SageMaker-Custom-Attributes"
    assert given in bindings.read_text()
    bindings.write_text(bindings.read_text().replace(given, "CustomAttributes: {in: header-map, name: X-Custom-"))
    analysis = analyse(seed, inputs := read_inputs(seed))
    with pytest.raises(DiagnosticError, match=r"error\[unsupported-member\]"):
        pipeline.render(analysis, inputs, seed)


def test_only_the_wanted_operations_are_generated(seed: ClientConfig) -> None:
    client = replace(seed, operations=("InvokeEndpoint",))
    analysis = analyse(client, read_inputs(client))
    assert [operation.name for operation in analysis.require().operations] == ["InvokeEndpoint"]
