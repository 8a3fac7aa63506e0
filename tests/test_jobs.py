"""Many clients in one run: in several processes, with what is wrong with each, and what an unchanged one costs."""

from __future__ import annotations

import os
import pty
import shutil
import signal
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from corpus import models
from corpus.lean import compile_lean
from golden_cases import GOLDEN
from lapsmith.generation import batch, pipeline
from lapsmith.generation.batch import Failure, Plans
from lapsmith.generation.pipeline import Plan
from lapsmith.output.folder import Change, Difference
from lapsmith.output.manifest import Manifest
from lapsmith.project import config
from lapsmith.project.config import ClientConfig

CASES = ("body_members", "json_rpc", "payloads", "url_and_headers")


def lay_out(root: Path, cases: tuple[str, ...] = CASES) -> Path:
    """A project with a client of each case, and nothing generated."""
    lines = []
    for name in cases:
        (root / "specs" / name).mkdir(parents=True)
        for path in (GOLDEN / name).glob("*.*"):
            shutil.copy(path, root / "specs" / name)
        lines += [f"[tool.lapsmith.clients.{name}]", f'spec = "specs/{name}"', f'output = "src/{name}"']
    (root / "pyproject.toml").write_text("\n".join(lines) + "\n")
    return root


def lapsmith(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "lapsmith", *arguments], cwd=root, capture_output=True, text=True)


def files(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = lay_out(tmp_path_factory.mktemp("jobs") / "project")
    done = lapsmith(root, "generate", "--jobs", "1")
    assert done.returncode == 0, done.stderr
    return root


@pytest.mark.slow
def test_what_is_written_and_said_does_not_depend_on_the_number_of_processes(generated: Path, tmp_path: Path) -> None:
    root = lay_out(tmp_path / "project")
    done = lapsmith(root, "generate", "--jobs", "3")
    assert done.returncode == 0, done.stderr
    assert files(root) == files(generated)
    alone = lay_out(tmp_path / "alone")
    assert lapsmith(alone, "generate", "--jobs", "1").stdout == done.stdout
    assert [line.split(":")[0] for line in done.stdout.splitlines()[: len(CASES)]] == list(CASES)
    checked = lapsmith(root, "check", "--full", "--jobs", "2")
    assert (checked.returncode, checked.stdout) == (0, "4 clients up to date\n")


def test_what_is_wrong_with_one_does_not_hide_what_is_wrong_with_another(tmp_path: Path) -> None:
    root = lay_out(tmp_path / "project")
    for name in ("body_members", "url_and_headers"):
        with (root / "specs" / name / "bindings.yaml").open("a") as file:
            file.write(f"nonsense_{name}: 1\n")
    (root / "specs" / "json_rpc" / "bindings.yaml").unlink()
    one, several = (lapsmith(root, "generate", "--jobs", count) for count in ("1", "3"))
    assert (one.returncode, one.stdout, one.stderr) == (several.returncode, several.stdout, several.stderr)
    assert one.returncode == 2
    places = [one.stderr.index(text) for text in ("nonsense_body_members: 1", "json_rpc/spec.lap", "nonsense_url_and_")]
    assert places == sorted(places)
    assert not (root / "src").exists()


def test_processes_are_used_only_for_what_has_changed(generated: Path, tmp_path: Path) -> None:
    root = tmp_path / "project"
    shutil.copytree(generated, root)
    code = (
        "import sys; from lapsmith.cli import main; main(['generate', '--jobs', '4'], standalone_mode=False)\n"
        "heavy = {'black', 'jinja2', 'concurrent.futures', 'multiprocessing', 'lapsmith.python', 'lapsmith.ir',\n"
        "         'lapsmith.lap', 'lapsmith.bindings', 'yaml'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(": unchanged\n") == 4
    assert done.stdout.endswith("[]\n")


@pytest.mark.parametrize("several", [20])
def test_an_unchanged_client_costs_little(generated: Path, several: int) -> None:
    """Under 50 ms each, measured in processor time, because other tests may keep the machine busy."""
    clients = tuple(config.load(generated / "pyproject.toml").clients.values())
    list(batch.plan_each(clients))
    started = time.process_time()
    outcomes = list(batch.plan_each(clients * several))
    spent = (time.process_time() - started) / len(outcomes)
    assert all(isinstance(outcome, Plan) and outcome.difference is None for outcome in outcomes)
    assert spent < 0.05


def test_only_a_few_plans_are_in_memory(generated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of these clients lacks a file of a megabyte; all of them together must not be in memory at once."""
    client = replace(next(iter(config.load(generated / "pyproject.toml").clients.values())), name="big")
    monkeypatch.setattr(pipeline, "plan", lambda client, **_: large(client))
    tracemalloc.start()
    try:
        with Plans(in_memory_bytes=1 << 20) as plans:
            for outcome in batch.plan_each([client] * 40, trust_manifest=False, jobs=1):
                assert isinstance(outcome, Plan)
                plans.append(outcome)
            assert len(plans) == 40
            assert [len(plan.difference.changes[0].after or b"") for plan in plans if plan.difference] == [1 << 20] * 40
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 12 << 20


def large(client: ClientConfig) -> Plan:
    manifest = Manifest(lapsmith="1", black="26", digest="d", options={}, inputs={}, outputs={})
    return Plan(client, manifest, Difference(client.output, manifest, (Change("a.py", None, bytes(1 << 20)),)))


def test_failures_and_plans_come_from_other_processes_as_they_are(tmp_path: Path) -> None:
    root = lay_out(tmp_path / "project", ("payloads", "json_rpc"))
    (root / "specs" / "payloads" / "bindings.yaml").write_text("nonsense\n")
    clients = tuple(config.load(root / "pyproject.toml").clients.values())
    here, there = (list(batch.plan_each(clients, jobs=jobs)) for jobs in (1, 2))
    assert isinstance(here[0], Failure)
    assert isinstance(there[0], Failure)
    assert str(here[0].error) == str(there[0].error) != ""
    assert type(here[0].error) is type(there[0].error)
    assert here[1] == there[1]


def test_the_order_is_kept_when_there_is_more_work_than_processes(tmp_path: Path) -> None:
    root = lay_out(tmp_path / "project", ("json_rpc",))
    (root / "specs" / "json_rpc" / "bindings.yaml").write_text("nonsense\n")
    (client,) = config.load(root / "pyproject.toml").clients.values()
    names = [f"client{number}" for number in range(12)]
    outcomes = batch.plan_each([replace(client, name=name) for name in names], jobs=2)
    assert [outcome.client.name for outcome in outcomes] == names


@pytest.fixture
def slow_project(tmp_path: Path) -> Path:
    """A project whose clients take a while: they are generated by a process that sleeps before each."""
    root = lay_out(tmp_path / "project")
    (root / "sitecustomize.py").write_text(
        "import os, time\n"
        "if os.environ.get('SLOWLY'):\n"
        "    from lapsmith.generation import pipeline\n"
        "    plan = pipeline.plan\n"
        "    def slowly(*args, **options):\n"
        "        open(os.path.join(os.path.dirname(__file__), 'started'), 'w').close()\n"
        "        time.sleep(float(os.environ['SLOWLY']))\n"
        "        return plan(*args, **options)\n"
        "    pipeline.plan = slowly\n"
    )
    return root


def environment(root: Path, seconds: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(root), "SLOWLY": seconds}


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    ours, theirs = pty.openpty()
    yield ours, theirs
    os.close(ours)


def test_a_terminal_gets_a_progress_bar_and_messages_above_it(slow_project: Path, terminal: tuple[int, int]) -> None:
    with (slow_project / "specs" / "url_and_headers" / "bindings.yaml").open("a") as file:
        file.write("nonsense: 1\n")
    ours, theirs = terminal
    command = [sys.executable, "-m", "lapsmith", "generate", "--jobs", "1"]
    process = subprocess.Popen(
        command, cwd=slow_project, env=environment(slow_project, "0.3"), stdout=subprocess.PIPE, stderr=theirs
    )
    os.close(theirs)
    shown = b"".join(iter(lambda: read(ours), b""))
    assert process.wait() == 2
    assert process.stdout is not None
    process.stdout.close()
    assert b"] " in shown
    assert b"3/4" in shown
    assert b"json_rpc" in shown
    assert b"\r\x1b[2Kspecs/url_and_headers/bindings.yaml:" in shown


def read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 4096)
    except OSError:
        return b""


def test_without_a_terminal_there_is_no_bar(slow_project: Path) -> None:
    command = [sys.executable, "-m", "lapsmith", "generate", "--jobs", "1"]
    done = subprocess.run(
        command, cwd=slow_project, env=environment(slow_project, "0.3"), capture_output=True, text=True
    )
    assert done.returncode == 0
    assert "/4" not in done.stderr
    assert "\x1b" not in done.stderr


def test_an_interrupt_ends_all_processes_at_once_and_without_tracebacks(slow_project: Path) -> None:
    command = [sys.executable, "-m", "lapsmith", "generate", "--jobs", "3"]
    process = subprocess.Popen(
        command,
        cwd=slow_project,
        env=environment(slow_project, "60"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    started = time.monotonic()
    while not (slow_project / "started").exists():
        assert time.monotonic() - started < 50
        time.sleep(0.1)
    started = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    _, stderr = process.communicate(timeout=50)
    assert process.returncode == 130
    assert stderr.strip() == "lapsmith: interrupted"
    assert time.monotonic() - started < 40
    assert not (slow_project / "src").exists()


def test_the_number_of_processes_must_be_one(generated: Path) -> None:
    done = lapsmith(generated, "generate", "--jobs", "0")
    assert done.returncode == 2
    assert "--jobs" in done.stderr


@pytest.mark.slow
def test_the_largest_services_do_not_take_minutes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """QuickSight has the most code of all clients. Processor time, because other tests may keep the machine busy."""
    monkeypatch.chdir(tmp_path)
    spec = tmp_path / "specs" / "quicksight"
    (spec / "references").mkdir(parents=True)
    (spec / "references" / "api-spec.lap").write_text(compile_lean(models.load("quicksight")))
    bound = lapsmith(tmp_path, "bind", "specs/quicksight", "--model", "botocore:quicksight")
    assert bound.returncode == 0, bound.stderr
    client = config.single_client(spec, tmp_path / "quicksight", operations=("*",), strict=False)
    started = time.process_time()
    plan = pipeline.plan(client)
    spent = time.process_time() - started
    assert plan.difference is not None
    assert sum(len(change.after or b"") for change in plan.difference.changes) > 2 << 20
    assert spent < 60
