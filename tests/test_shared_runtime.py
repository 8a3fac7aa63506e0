"""Clients of one package that share a runtime: what is imported, what is written, and what goes wrong."""

from __future__ import annotations

import importlib
import json
import pickle
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from click.testing import CliRunner, Result
from golden_cases import importable, shared_project
from lapsmith.cli import main

SETTINGS: dict[str, Any] = {"region": "eu-west-1"}


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(main, list(arguments), prog_name="lapsmith")
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a package that holds two clients, ``chat`` (with event streams) and ``tables`` (JSON-RPC)."""
    project = tmp_path_factory.mktemp("shared") / "project"
    shared_project(project, chat="event_stream_json", tables="json_rpc")
    result = run("generate", "--config", str(project / "pyproject.toml"))
    assert result.exit_code == 0, result.output
    return project


@pytest.fixture
def clients(generated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the clients in a copy of the project, which is the working directory."""
    project = tmp_path / "project"
    shutil.copytree(generated, project)
    monkeypatch.chdir(project)
    return project / "src" / "host" / "clients"


@pytest.fixture
def packages(clients: Path) -> Iterator[tuple[ModuleType, ModuleType]]:
    with importable(clients.parents[1]):
        yield importlib.import_module("host.clients.chat"), importlib.import_module("host.clients.tables")


def modules(folder: Path) -> set[str]:
    return {path.relative_to(folder).with_suffix("").as_posix().replace("/", ".") for path in folder.rglob("*.py")}


def test_the_runtime_is_one_package_and_the_clients_have_none(packages: tuple[ModuleType, ModuleType]) -> None:
    chat, tables = packages
    assert chat.ServiceError is tables.ServiceError
    assert chat.ServiceError.__module__ == "host.clients._runtime.errors"
    assert issubclass(chat.ChatError, chat.ServiceError)
    assert issubclass(tables.TablesError, tables.ServiceError)
    assert not issubclass(tables.TablesError, chat.ChatError)
    for package in packages:
        for name in package.__all__:
            assert getattr(package, name) is not None
        assert package.__file__ is not None
        assert not (Path(package.__file__).parent / "_runtime").exists()


def test_both_are_called_with_the_stubs_of_their_own(packages: tuple[ModuleType, ModuleType]) -> None:
    chat, tables = packages
    credentials = chat.Credentials("AKID", "secret")
    events = importlib.import_module("host.clients.chat.testing").StubTransport()
    events.stream([])
    with chat.Chat(**SETTINGS, credentials=credentials, transport=events) as client:
        assert list(client.converse(room="a", text="b")) == []
    answers = importlib.import_module("host.clients.tables.testing").StubTransport()
    answers.respond(b'{"TableNames": ["a", "b"]}')
    with tables.Tables(**SETTINGS, credentials=credentials, transport=answers) as client:
        assert client.list_tables(limit=3).table_names == ["a", "b"]
    assert json.loads(answers.requests[0].body) == {"Limit": 3}


def test_clients_and_errors_are_pickled(packages: tuple[ModuleType, ModuleType]) -> None:
    _, tables = packages
    client = tables.Tables(**SETTINGS, credentials=tables.Credentials("AKID", "secret"))
    assert type(pickle.loads(pickle.dumps(client))) is tables.Tables
    error = pickle.loads(pickle.dumps(tables.TableNotFound("gone", request_id="r")))
    assert (type(error), error.request_id) == (tables.TableNotFound, "r")


def test_the_runtime_is_what_the_clients_need_together(clients: Path, tmp_path: Path) -> None:
    together = modules(clients / "_runtime")
    alone = {}
    for name in ("chat", "tables"):
        assert run("generate", f"specs/{name}", "-o", str(tmp_path / name)).exit_code == 0
        alone[name] = modules(tmp_path / name / "_runtime")
    assert alone["chat"] | alone["tables"] == together
    assert alone["chat"] < together
    assert "codec.json" in together - alone["chat"]


def test_a_client_that_goes_takes_its_part_of_the_runtime_along(clients: Path) -> None:
    text = Path("pyproject.toml").read_text()
    before = modules(clients / "_runtime")
    Path("pyproject.toml").write_text(text.partition("[tool.lapsmith.clients.tables]")[0])
    result = run("generate")
    assert result.exit_code == 0
    assert result.stdout.startswith("chat: unchanged\n_runtime: wrote 1 file, deleted ")
    assert before - modules(clients / "_runtime") >= {"codec.json"}
    assert "tables:1: shares a runtime, and is no client of the configuration any more; run: rm -r " in result.stderr
    shutil.rmtree(clients / "tables")
    assert run("check").exit_code == 0


def test_naming_one_client_makes_them_all(clients: Path) -> None:
    shutil.rmtree(clients / "tables")
    shutil.rmtree(clients / "_runtime")
    result = run("generate", "chat")
    assert result.exit_code == 0
    assert (clients / "tables" / "_sync.py").is_file()
    assert run("check").stdout == "2 clients up to date\n"


def test_an_unchanged_run_writes_nothing(clients: Path) -> None:
    times = {path: path.stat().st_mtime_ns for path in clients.rglob("*")}
    result = run("generate")
    assert "chat: unchanged\ntables: unchanged\n_runtime: unchanged\n" in result.stdout
    assert {path: path.stat().st_mtime_ns for path in clients.rglob("*")} == times


def test_check_sees_the_runtime(clients: Path) -> None:
    path = clients / "_runtime" / "errors.py"
    path.write_text("# mine\n" + path.read_text())
    result = run("check")
    assert result.exit_code == 1
    assert "src/host/clients/_runtime/errors.py" in result.output
    assert "lapsmith generate chat tables" in result.output
    refused = run("generate")
    assert refused.exit_code == 2
    assert "edited since they were generated: errors.py" in refused.stderr
    assert run("generate", "--force").exit_code == 0
    assert run("check").exit_code == 0


def test_from_embedded_to_shared_and_back(clients: Path) -> None:
    text = Path("pyproject.toml").read_text()
    shared = {path.relative_to(clients): path.read_bytes() for path in clients.rglob("*") if path.is_file()}
    Path("pyproject.toml").write_text(text.replace('runtime = "shared"', 'runtime = "embedded"'))
    assert run("generate").exit_code == 0
    assert (clients / "chat" / "_runtime" / "errors.py").is_file()
    assert "from ._runtime.errors import" in (clients / "chat" / "errors.py").read_text()
    Path("pyproject.toml").write_text(text)
    assert run("generate").exit_code == 0
    assert {path.relative_to(clients): path.read_bytes() for path in clients.rglob("*") if path.is_file()} == shared


def test_a_folder_that_is_no_package_is_an_error_with_a_place(clients: Path) -> None:
    (clients / "__init__.py").unlink()
    result = run("generate")
    assert result.exit_code == 2
    assert 'pyproject.toml:5:1: error[spec]: runtime = "shared" needs a package around the clients' in result.stderr
    assert "'src/host/clients' has no __init__.py" in result.stderr


def test_what_is_wrong_with_one_client_leaves_all_as_they_were(clients: Path) -> None:
    before = {path: path.read_bytes() for path in clients.rglob("*") if path.is_file()}
    with Path("specs/chat/bindings.yaml").open("a") as file:
        file.write("nonsense: 1\n")
    with Path("specs/tables/spec.lap").open("a") as file:
        file.write("\n# another\n")
    assert run("generate").exit_code == 2
    assert {path: path.read_bytes() for path in clients.rglob("*") if path.is_file()} == before


@pytest.mark.slow
def test_mypy_and_pyright_find_nothing(clients: Path) -> None:
    source = clients.parents[1]
    config = ["--strict", "--python-version", "3.11", "--config-file", ""]
    mypy = subprocess.run(
        [sys.executable, "-m", "mypy", *config, "-p", "host"], cwd=source, capture_output=True, text=True
    )
    assert mypy.returncode == 0, mypy.stdout
    settings = {"include": ["host"], "typeCheckingMode": "strict", "pythonVersion": "3.11"}
    (source / "pyrightconfig.json").write_text(json.dumps(settings))
    command = [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, "-p", str(source)]
    pyright = subprocess.run(command, cwd=source, capture_output=True, text=True)
    assert pyright.returncode == 0, pyright.stdout
