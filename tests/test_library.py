"""lapsmith used from Python."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import lapsmith
import pytest
from documentation import block
from golden_cases import GOLDEN, runtime_project, shared_project
from lapsmith import (
    ConfigError,
    DiagnosticError,
    GenerationError,
    LapsmithError,
    OutputError,
    generate,
    load,
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of two clients with one runtime that lacks one of their requirements; nothing is generated yet."""
    shared_project(tmp_path / "project", urls="url_and_headers", tables="json_rpc")
    pyproject = tmp_path / "project" / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace(', "msgspec>=0.21"', ""))
    return tmp_path / "project"


def test_a_project_is_generated_and_then_it_is_current(project: Path) -> None:
    clients = project / "src" / "host" / "clients"
    done = generate(project)
    assert [item.name for item in done.folders] == ["urls", "tables", "_runtime"]
    assert [item.name for item in done.clients] == ["urls", "tables"]
    assert not done.is_current
    urls, tables, runtime = done.folders
    assert (urls.folder, runtime.folder) == (clients / "urls", clients / "_runtime")
    assert runtime.serves == ("urls", "tables")
    assert tables.inputs == ("specs/tables/bindings.yaml", "specs/tables/spec.lap", "specs/tables/types.lap")
    assert tables.requirements == ("httptools>=0.6.3", "msgspec>=0.21", "truststore>=0.10.5")
    assert tables.missing == ("msgspec>=0.21",)
    for item in done.folders:
        there = {path.relative_to(item.folder).as_posix() for path in item.folder.rglob("*") if path.is_file()}
        assert set(item.files) == {change.path for change in item.changes} == there
        assert all(change.before is None and change.after is not None for change in item.changes)

    again = generate(project / "pyproject.toml")
    assert again.is_current
    assert [item.changes for item in again.folders] == [(), (), ()]
    assert [(item.name, item.files, item.inputs, item.requirements, item.missing) for item in again.folders] == [
        (item.name, item.files, item.inputs, item.requirements, item.missing) for item in done.folders
    ]


def test_one_spec_and_the_nearest_project(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = generate(project / "specs" / "tables", tmp_path / "out" / "tables", operations=["ListTables"])
    (tables,) = done.folders
    assert tables.missing == ()
    assert "def list_tables" in (tmp_path / "out" / "tables" / "_sync.py").read_text()
    assert "def get_item" not in (tmp_path / "out" / "tables" / "_sync.py").read_text()
    monkeypatch.chdir(project / "specs")
    assert [item.name for item in generate(clients=["urls"], dry_run=True).clients] == ["urls", "tables"]
    assert not (project / "src" / "host" / "clients" / "urls").exists()


def test_failures_of_all_clients_come_together_and_nothing_is_written(project: Path) -> None:
    for name in ("urls", "tables"):
        with (project / "specs" / name / "bindings.yaml").open("a") as file:
            file.write(f"nonsense_{name}: 1\n")
    with pytest.raises(GenerationError) as caught:
        generate(project)
    assert [failure.client.name for failure in caught.value.failures] == ["urls", "tables"]
    assert all(isinstance(failure.error, DiagnosticError) for failure in caught.value.failures)
    for name in ("urls", "tables"):
        assert f"specs/{name}/bindings.yaml" in str(caught.value)
        assert f"nonsense_{name}: 1\n  ^^^^" in str(caught.value)
    assert not (project / "src" / "host" / "clients" / "urls").exists()


def test_edited_files_are_not_lost(project: Path) -> None:
    generate(project)
    path = project / "src" / "host" / "clients" / "urls" / "types.py"
    path.write_text("# mine\n")
    with pytest.raises(GenerationError, match=r"urls: edited since they were generated: types\.py") as caught:
        generate(project)
    assert isinstance(caught.value.failures[0].error, OutputError)
    assert path.read_text() == "# mine\n"
    would = generate(project, dry_run=True).folders[0]
    assert [(change.path, change.before) for change in would.changes] == [("types.py", b"# mine\n")]
    assert path.read_text() == "# mine\n"
    generate(project, force=True)
    assert path.read_text() != "# mine\n"


def test_a_spec_is_loaded_with_the_origin_of_each_fact() -> None:
    service = load(GOLDEN / "json_rpc")
    assert service.id == "Tables"
    names = [operation.name for operation in service.operations]
    assert names == ["ListTables", "GetItem", "WriteItems", "DeleteTable"]
    span = service.operations[0].input[0].origins["type"].span
    assert span is not None
    assert Path(span.file).name == "spec.lap"
    assert [operation.name for operation in load(GOLDEN / "json_rpc", operations=["Get*"]).operations] == ["GetItem"]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: load("nowhere"), ConfigError, "there is no spec at 'nowhere'"),
        (lambda: load(GOLDEN / "errors_cross_checked"), DiagnosticError, "error"),
        (lambda: generate("nowhere"), ConfigError, "there is no 'nowhere'"),
        (lambda: generate(output="x"), ConfigError, "an output folder goes with a spec"),
        (lambda: generate(), ConfigError, r"no pyproject\.toml here or above"),
        (lambda: generate("nowhere", "out/x"), GenerationError, "there is no spec at 'nowhere'"),
    ],
)
def test_mistakes_are_errors_of_one_family(
    call: object, error: type[Exception], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("lapsmith.project.config.find", lambda start: None)
    assert callable(call)
    with pytest.raises(error, match=message) as caught:
        call()
    assert isinstance(caught.value, LapsmithError)


def test_what_is_public_is_documented_and_listed() -> None:
    for name in lapsmith.__all__:
        assert getattr(lapsmith, name).__doc__
        assert name in dir(lapsmith)
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        lapsmith.nonsense  # noqa: B018


def test_importing_lapsmith_imports_no_more_than_it_must() -> None:
    code = "import sys, lapsmith; print(sorted(name for name in sys.modules if name.startswith('lapsmith')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['lapsmith', 'lapsmith.version']"


def test_the_types_are_those_that_mypy_sees(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from lapsmith import GenerationError, generate, load\n"
        "try:\n"
        "    for client in generate('pyproject.toml', jobs=2).clients:\n"
        "        for change in client.changes:\n"
        "            reveal_type(change.after)\n"
        "        reveal_type(client.missing)\n"
        "except GenerationError as error:\n"
        "    reveal_type(error.failures[0].client.name)\n"
        "reveal_type(load('specs/x').operations[0].name)\n"
    )
    root = Path(__file__).parents[1]
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file", "", str(script)]
    environment = {**os.environ, "MYPYPATH": str(root / "generator")}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    revealed = [line.split('"')[1] for line in done.stdout.splitlines() if "Revealed type" in line]
    assert [kind.replace("builtins.", "") for kind in revealed] == ["bytes | None", "tuple[str, ...]", "str", "str"]


def test_the_documented_example(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    example = block("python", "import LapsmithError, generate, load")
    runtime_project(tmp_path)
    monkeypatch.chdir(tmp_path)
    exec(compile(example, "library.md", "exec"), {})
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "['InvokeEndpoint', 'InvokeEndpointAsync', 'InvokeEndpointWithResponseStream']"
    assert said[1].startswith("sagemaker_runtime ['__init__.py', ")
    (tmp_path / "specs" / "sagemaker-runtime" / "bindings.yaml").write_text("nonsense\n")
    with pytest.raises(SystemExit, match=r"bindings\.yaml:1:1: error"):
        exec(
            compile(
                f"from lapsmith import LapsmithError, generate\n{example[example.index('try:') :]}",
                "library.md",
                "exec",
            ),
            {},
        )
