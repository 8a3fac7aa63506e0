from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import lapsmith
import pytest
from click.testing import CliRunner, Result
from lapsmith import cli
from lapsmith.diagnostics import Diagnostic, Severity, Span
from lapsmith.generation import pipeline
from lapsmith.generation.analysis import Analysis
from lapsmith.generation.pipeline import Rendered
from lapsmith.project.config import ClientConfig
from lapsmith.project.inputs import Inputs

PYPROJECT = """[project]
name = "host"
dependencies = ["msgspec"]

[tool.lapsmith.clients.alpha]
spec = "specs/alpha"
output = "src/alpha"

[tool.lapsmith.clients.beta]
spec = "specs/beta.lap"
output = "src/beta"
operations = ["Get*"]
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of two clients, with a generator in place of the real one that turns spec lines into files."""
    root = tmp_path / "project"
    (root / "specs" / "alpha" / "references").mkdir(parents=True)
    (root / "pyproject.toml").write_text(PYPROJECT)
    (root / "specs" / "alpha" / "references" / "api-spec.lap").write_text("first\nsecond\n")
    (root / "specs" / "alpha" / "bindings.yaml").write_text("lapsmith: 1\n")
    (root / "specs" / "beta.lap").write_text("only\n")
    monkeypatch.chdir(root)
    monkeypatch.setattr(pipeline, "analyse", analyse)
    monkeypatch.setattr(pipeline, "render", render)
    return root


def analyse(client: ClientConfig, inputs: Inputs) -> Analysis:
    """Every line of the spec that begins with a severity is a diagnostic of it."""
    text = inputs.files[inputs.spec].decode()
    found = [
        Diagnostic(Severity(word), Span(inputs.spec, number, 1, number, len(line) + 1), "fake", line)
        for number, line in enumerate(text.split("\n"), 1)
        if (word := line.partition(" ")[0]) in list(Severity)
    ]
    failed = any(item.severity is Severity.ERROR for item in found)
    service = None if failed else text.split()
    return Analysis(cast("Any", text), cast("Any", service), tuple(found), {inputs.spec: text})


def render(analysis: Analysis, inputs: Inputs, client: ClientConfig) -> Rendered:
    names = cast("list[str]", analysis.require())
    files = {f"{name}.py": f"# {inputs.source}\n{client.package} = {name!r}\n".encode() for name in names}
    return Rendered(files, ("httptools>=0.6.3", "msgspec>=0.21", "truststore>=0.10.5"))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.main, list(arguments), prog_name="lapsmith")


def files(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


class TestGenerate:
    def test_all_clients_of_the_nearest_project(self, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(project / "specs" / "alpha")
        result = run("generate")
        assert result.exit_code == 0, result.output
        assert "alpha: wrote 3 files in src/alpha\nbeta: wrote 2 files in src/beta\n" in result.stdout
        assert set(files(project / "src")) == {
            "alpha/first.py",
            "alpha/second.py",
            "alpha/lapsmith.json",
            "beta/only.py",
            "beta/lapsmith.json",
        }
        assert (project / "src/alpha/first.py").read_text() == "# specs/alpha\nalpha = 'first'\n"
        assert (project / "src/beta/only.py").read_text() == "# specs/beta.lap\nbeta = 'only'\n"

    def test_one_client_by_name(self, project: Path) -> None:
        assert run("generate", "beta").exit_code == 0
        assert not (project / "src" / "alpha").exists()

    def test_a_client_whose_name_is_also_a_folder_is_a_client(self, project: Path) -> None:
        (project / "beta").mkdir()
        assert run("generate", "beta").exit_code == 0

    def test_the_manifest_holds_what_was_read(self, project: Path) -> None:
        run("generate")
        alpha, beta = (json.loads((project / f"src/{name}/lapsmith.json").read_text()) for name in ("alpha", "beta"))
        assert set(alpha["inputs"]) == {"specs/alpha/references/api-spec.lap", "specs/alpha/bindings.yaml"}
        assert set(beta["inputs"]) == {"specs/beta.lap"}
        assert beta["options"] == {
            "operations": ["Get*"],
            "package": "beta",
            "runtime": "embedded",
            "source": "specs/beta.lap",
            "strict": False,
            "transports": [],
        }
        assert alpha["lapsmith"] == lapsmith.__version__
        assert alpha["requirements"] == ["httptools>=0.6.3", "msgspec>=0.21", "truststore>=0.10.5"]

    def test_the_same_inputs_give_the_same_bytes_anywhere(self, project: Path, tmp_path: Path) -> None:
        run("generate")
        elsewhere = tmp_path / "a longer name" / "checkout"
        elsewhere.parent.mkdir()
        before = files(project / "src")
        project.rename(elsewhere)
        for path in (elsewhere / "src").rglob("*.py"):
            path.unlink()
        assert run("generate", "--config", str(elsewhere / "pyproject.toml")).exit_code == 0
        assert files(elsewhere / "src") == before
        assert not any(str(tmp_path).encode() in content for content in before.values())

    def test_an_unchanged_client_is_neither_rendered_nor_written(
        self, project: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run("generate")
        monkeypatch.setattr(pipeline, "render", None)
        monkeypatch.setattr(pipeline, "analyse", None)
        times = {path: path.stat().st_mtime_ns for path in (project / "src").rglob("*")}
        result = run("generate")
        assert result.exit_code == 0, result.output
        assert "alpha: unchanged\nbeta: unchanged\n" in result.stdout
        assert "alpha, beta need: httptools>=0.6.3, msgspec>=0.21, truststore>=0.10.5" in result.stdout
        assert {path: path.stat().st_mtime_ns for path in (project / "src").rglob("*")} == times

    @pytest.mark.parametrize("change", ["spec", "bindings", "options", "output", "digest", "version", "black"])
    def test_every_change_is_rendered(self, project: Path, monkeypatch: pytest.MonkeyPatch, change: str) -> None:
        run("generate")
        if change == "spec":
            (project / "specs/alpha/references/api-spec.lap").write_text("first\nthird\n")
        elif change == "bindings":
            (project / "specs/alpha/overrides.yaml").write_text("lapsmith: 1\n")
        elif change == "options":
            (project / "pyproject.toml").write_text(PYPROJECT.replace('"src/alpha"', '"src/alpha"\nstrict = true'))
        elif change == "output":
            (project / "src/alpha/first.py").unlink()
        elif change == "digest":
            monkeypatch.setattr("lapsmith.generation.identity.generator_digest", lambda: "another")
        elif change == "version":
            monkeypatch.setattr("lapsmith.generation.pipeline.__version__", "9.9")
        else:
            monkeypatch.setattr("lapsmith.generation.identity.black_version", lambda: "99")
        rendered: list[str] = []

        def spy(analysis: Analysis, inputs: Inputs, client: ClientConfig) -> Rendered:
            rendered.append(client.package)
            return render(analysis, inputs, client)

        monkeypatch.setattr(pipeline, "render", spy)
        assert run("generate", "alpha").exit_code == 0
        assert rendered == ["alpha"]
        assert run("generate", "alpha").exit_code == 0
        assert rendered == ["alpha"]

    def test_what_is_no_longer_generated_is_deleted(self, project: Path) -> None:
        run("generate")
        (project / "specs/alpha/references/api-spec.lap").write_text("first\n")
        assert "alpha: wrote 1 file, deleted 1 file in src/alpha" in run("generate", "alpha").stdout
        assert set(files(project / "src/alpha")) == {"first.py", "lapsmith.json"}

    def test_edited_files_are_refused_and_no_other_client_is_written(self, project: Path) -> None:
        run("generate")
        (project / "src/alpha/first.py").write_text("edited\n")
        (project / "specs/alpha/references/api-spec.lap").write_text("first\nnew\n")
        (project / "specs/beta.lap").write_text("changed\n")
        before = files(project / "src")
        result = run("generate")
        assert result.exit_code == 2
        assert "lapsmith: error: src/alpha: edited since they were generated: first.py" in result.stderr
        assert "--force" in result.stderr
        assert files(project / "src") == before

        assert run("generate", "--force").exit_code == 0
        assert "edited" not in (project / "src/alpha/first.py").read_text()

    def test_an_error_of_any_client_stops_all_and_everything_is_shown(self, project: Path) -> None:
        (project / "specs/alpha/references/api-spec.lap").write_text("warning one\nerror two\nnote three\nerror four\n")
        (project / "specs/beta.lap").write_text("error five\n")
        result = run("generate")
        assert result.exit_code == 2
        headings = [line for line in result.stderr.split("\n") if "[fake]" in line]
        assert headings == [
            "specs/alpha/references/api-spec.lap:1:1: warning[fake]: warning one",
            "specs/alpha/references/api-spec.lap:2:1: error[fake]: error two",
            "specs/alpha/references/api-spec.lap:4:1: error[fake]: error four",
            "specs/beta.lap:1:1: error[fake]: error five",
        ]
        assert "alpha: 1 note (--notes shows them)\n" in result.stderr
        assert "^^^^" in result.stderr
        assert not (project / "src").exists()

    def test_notes_are_shown_when_asked_for(self, project: Path) -> None:
        (project / "specs/beta.lap").write_text("note a\nnote b\n")
        assert "note[fake]" not in run("generate", "beta", "--diff").stderr
        shown = run("generate", "beta", "--diff", "--notes").stderr
        assert shown.count("note[fake]") == 2
        assert "--notes" not in shown

    def test_diff_shows_and_writes_nothing(self, project: Path) -> None:
        result = run("generate", "--diff")
        assert result.exit_code == 0
        assert "+++ b/src/alpha/first.py" in result.stdout
        assert not (project / "src").exists()

    def test_a_malformed_manifest_needs_force(self, project: Path) -> None:
        run("generate")
        (project / "src/alpha/lapsmith.json").write_text("{<<<<<<<\n")
        (project / "specs/alpha/references/api-spec.lap").write_text("first\n")
        result = run("generate", "alpha")
        assert result.exit_code == 2
        assert "src/alpha/lapsmith.json:1:2: error[manifest]" in result.stderr
        assert run("generate", "alpha", "--force").exit_code == 0

    def test_missing_requirements_are_pointed_out(self, project: Path) -> None:
        result = run("generate", "alpha")
        assert "alpha needs: httptools>=0.6.3, msgspec>=0.21, truststore>=0.10.5" in result.stdout
        assert 'add to [project] dependencies: "httptools>=0.6.3", "truststore>=0.10.5"\n' in result.stderr

    def test_what_several_clients_need_is_said_once(self, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def with_cbor(analysis: Analysis, inputs: Inputs, client: ClientConfig) -> Rendered:
            rendered = render(analysis, inputs, client)
            return (
                replace(rendered, requirements=("cbor2>=5.6", *rendered.requirements))
                if "04" in client.name
                else rendered
            )

        names = [f"c{number:02}" for number in range(11)]
        monkeypatch.setattr(pipeline, "render", with_cbor)
        tables = (f'[tool.lapsmith.clients.{name}]\nspec = "specs/beta.lap"\noutput = "src/{name}"\n' for name in names)
        (project / "pyproject.toml").write_text(f"[project]\ndependencies = ['msgspec', 'cbor2']\n{''.join(tables)}")
        result = run("generate", "--jobs", "1")
        assert [line for line in result.stdout.splitlines() if "need" in line] == [
            "c00, c01, c02, c03, c05, c06, c07 and 3 others need: httptools>=0.6.3, msgspec>=0.21, truststore>=0.10.5",
            "c04 needs: cbor2>=5.6, httptools>=0.6.3, msgspec>=0.21, truststore>=0.10.5",
        ]
        lacking = '"httptools>=0.6.3", "truststore>=0.10.5"'
        assert result.stderr.splitlines() == [
            f"lapsmith: pyproject.toml lacks what {needing}; add to [project] dependencies: {lacking}"
            for needing in ("c00, c01, c02, c03, c05, c06, c07 and 3 others need", "c04 needs")
        ]

    def test_a_configured_spec_that_is_gone_is_blamed_on_the_configuration(self, project: Path) -> None:
        (project / "specs/beta.lap").unlink()
        result = run("generate")
        assert result.exit_code == 2
        assert "pyproject.toml:10:1: error[spec]: there is no spec at 'specs/beta.lap'" in result.stderr


class TestGenerateSpec:
    def test_a_folder_into_a_folder(self, project: Path, tmp_path: Path) -> None:
        result = run("generate", "specs/alpha", "-o", "src/mine")
        assert result.exit_code == 0, result.output
        assert (project / "src/mine/first.py").read_text() == "# specs/alpha\nmine = 'first'\n"

    def test_outside_any_project_no_path_of_the_host_is_written(
        self, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("lapsmith.project.config.find", lambda start: None)
        assert run("generate", str(project / "specs/alpha"), "-o", str(tmp_path / "x")).exit_code == 0
        assert (tmp_path / "x/first.py").read_text() == "# references/api-spec.lap\nx = 'first'\n"
        inputs = json.loads((tmp_path / "x/lapsmith.json").read_text())["inputs"]
        assert set(inputs) == {"references/api-spec.lap", "bindings.yaml"}

    @pytest.mark.parametrize("spec", ["specs/alpha", "specs/alpha/references/api-spec.lap", "specs/beta.lap"])
    def test_a_pyproject_that_comes_later_changes_no_byte(self, project: Path, spec: str) -> None:
        (project / "pyproject.toml").unlink()
        assert run("generate", spec, "-o", "src/host/one").exit_code == 0
        before = files(project / "src/host/one")
        assert before["lapsmith.json"].count(b"specs/") > 1
        table = f'[tool.lapsmith.clients.one]\nspec = "{spec}"\noutput = "src/host/one"\n'
        (project / "pyproject.toml").write_text(table)
        assert "one: unchanged\n" in run("generate", spec, "-o", "src/host/one").stdout
        assert "one: unchanged\n" in run("generate").stdout
        assert files(project / "src/host/one") == before

    def test_the_working_directory_makes_no_difference(
        self, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run("generate", "specs/alpha", "-o", "src/mine")
        before = files(project / "src/mine")
        monkeypatch.chdir(tmp_path)
        result = run("generate", "project/specs/alpha", "-o", "project/src/mine")
        assert "mine: unchanged" in result.stdout
        assert files(project / "src/mine") == before

    @pytest.mark.parametrize(
        ("package", "hidden"),
        [
            ("json", "Python's own module 'json'"),
            ("typing", "Python's own module 'typing'"),
            ("msgspec", "the library 'msgspec', which clients import"),
        ],
    )
    def test_a_name_that_hides_a_module_is_warned_of(self, project: Path, package: str, hidden: str) -> None:
        result = run("generate", "specs/alpha", "-o", f"src/{package}")
        assert result.exit_code == 0, result.output
        said = f"with the folder around it on sys.path, the package '{package}' hides {hidden}; give it another name"
        assert result.stderr == f"lapsmith: warning: {package}: {said}\n"
        (project / "src/__init__.py").touch()
        assert run("generate", "specs/alpha", "-o", f"src/{package}").stderr == ""

    def test_operations_and_strict_are_options(self, project: Path) -> None:
        arguments = (
            "generate",
            "specs/beta.lap",
            "-o",
            "out/b",
            "--operation",
            "A*",
            "--operation",
            "B",
            "--strict",
        )
        assert run(*arguments).exit_code == 0
        options = json.loads((project / "out/b/lapsmith.json").read_text())["options"]
        assert (options["operations"], options["strict"]) == (["A*", "B"], True)

    @pytest.mark.parametrize(
        ("arguments", "why"),
        [
            (["specs/alpha"], "is a SPEC, which needs -o DIR"),
            (["specs/beta.lap", "alpha"], "is a SPEC, which needs -o DIR"),
            (["gone.lap"], "is a SPEC, which needs -o DIR"),
            (["-o", "x"], "-o DIR goes with exactly one SPEC, and there are 0"),
            (["specs/alpha", "specs/beta.lap", "-o", "x"], "exactly one SPEC, and there are 2"),
            (["specs/alpha", "-o", "x", "--config", "pyproject.toml"], "--config goes with the clients"),
            (["alpha", "--strict"], "go with SPEC -o DIR"),
            (["alpha", "--operation", "A"], "go with SPEC -o DIR"),
            (["alhpa"], "did you mean 'alpha'"),
            (["specs/alpha", "-o", "my-client"], "use 'my_client'"),
            (["specs/alpha", "-o", "specs"], "-o specs: the spec 'specs/alpha' lies in the output folder"),
            (["specs/gone", "-o", "x"], "there is no spec at 'specs/gone'"),
            (["src-empty", "-o", "x"], "holds neither references/api-spec.lap nor another .lap file"),
            (["pipe.lap", "-o", "x"], "'pipe.lap' is no plain file"),
            (["/dev/null", "-o", "x"], "'/dev/null' is no plain file"),
            (["specs/alpha/bindings.yaml", "-o", "x"], "'specs/alpha/bindings.yaml' goes with a spec and is none"),
            (["loop", "-o", "x"], "cannot read 'loop': Too many levels of symbolic links"),
            (["loops", "-o", "x"], "cannot read 'loops/references/api-spec.lap': Too many levels of symbolic links"),
            (["bound", "-o", "x"], "cannot read 'bound/bindings.yaml': Too many levels of symbolic links"),
            (["specs/alpha", "-o", "loop/x"], "Too many levels of symbolic links: "),
            (["specs/alpha", "-o", "pyproject.toml/x"], "pyproject.toml/x: it is a file, or lies below one"),
            (["specs/alpha", "-o", "/dev/null"], "/dev/null: it is a file, or lies below one; a folder is needed"),
            (["--config", "gone.toml"], "No such file or directory: gone.toml"),
            (["--config", "specs"], "Is a directory: specs"),
        ],
    )
    def test_what_is_refused(self, project: Path, arguments: list[str], why: str) -> None:
        (project / "src-empty").mkdir()
        os.mkfifo(project / "pipe.lap")
        shutil.copytree(project / "specs/alpha", project / "bound")
        (project / "bound/bindings.yaml").unlink()
        (project / "loops/references").mkdir(parents=True)
        for path in ("loop", "loops/references/api-spec.lap", "bound/bindings.yaml"):
            (project / path).symlink_to(project / path)
        result = run("generate", *arguments)
        assert result.exit_code == 2
        assert why in result.stderr
        assert isinstance(result.exception, SystemExit), "no traceback"
        assert not (project / "x").exists()

    def test_no_project_at_all(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("lapsmith.cli.clients.find", lambda start: None)
        result = run("generate")
        assert result.exit_code == 2
        assert result.stderr.startswith("lapsmith: error: no pyproject.toml here or above")

    def test_a_project_without_clients(self, project: Path) -> None:
        (project / "pyproject.toml").write_text("")
        assert "has no [tool.lapsmith.clients]" in run("generate").stderr


class TestProcess:
    """What only shows in a process of its own."""

    def python(self, code: str, *, cwd: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-c", code], cwd=cwd, capture_output=True, text=True, check=False)

    def test_an_unchanged_client_imports_neither_jinja2_nor_black(self, project: Path) -> None:
        run("generate")
        code = (
            "import sys; from lapsmith.cli import main; main(['generate'], standalone_mode=False);"
            "print(sorted({'jinja2', 'black', 'yaml', 'lapsmith.python', 'lapsmith.ir'} & sys.modules.keys()))"
        )
        done = self.python(code, cwd=project)
        assert done.stdout.endswith("[]\n"), done.stdout + done.stderr
        assert "beta: unchanged" in done.stdout

    def test_it_runs_as_a_module(self, project: Path) -> None:
        command = [sys.executable, "-m", "lapsmith", "--version"]
        done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=True)
        assert done.stdout == f"lapsmith, version {lapsmith.__version__}\n"

    def test_a_closed_pipe_is_no_traceback(self, project: Path) -> None:
        (project / "specs/beta.lap").write_text("\n".join(f"file{number}" for number in range(3000)))
        script = project / "piped.py"
        script.write_text(
            f"import sys\nsys.path[:0] = {[str(Path(__file__).parent), *sys.path]!r}\n"
            "import test_cli\nfrom lapsmith import cli\nfrom lapsmith.generation import pipeline\n"
            "pipeline.analyse, pipeline.render = test_cli.analyse, test_cli.render\n"
            "cli.main(['generate', '--diff', 'beta'])\n"
        )
        shell = f"'{sys.executable}' piped.py 2>err.txt | head -1"
        subprocess.run(shell, shell=True, cwd=project, capture_output=True, check=True)
        complaints = (project / "err.txt").read_text()
        assert "missing" in complaints
        assert "Traceback" not in complaints
        assert "Broken pipe" not in complaints


def test_an_interrupt_is_tidy(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(pipeline, "plan", interrupt)
    result = run("generate")
    assert (result.exit_code, result.stderr.strip()) == (130, "lapsmith: interrupted")


def test_an_unwritable_output_is_an_error_without_a_traceback(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, *args: object, **kwargs: object) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "mkdir", refuse)
    result = run("generate")
    assert result.exit_code == 2
    assert "lapsmith: error: cannot write to" in result.stderr
    assert "Permission denied; nothing was changed" in result.stderr


class TestDemo:
    def test_its_exit_code_is_ours(self, monkeypatch: pytest.MonkeyPatch) -> None:
        fake = ModuleType("lapsmith.demo")
        cast("Any", fake).run = lambda: 3
        monkeypatch.setitem(sys.modules, "lapsmith.demo", fake)
        assert run("demo").exit_code == 3

    def test_without_the_extra_it_says_what_to_install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def needs_more() -> int:
            raise ModuleNotFoundError("No module named 'httptools.x'", name="httptools.x")

        fake = ModuleType("lapsmith.demo")
        cast("Any", fake).run = needs_more
        monkeypatch.setitem(sys.modules, "lapsmith.demo", fake)
        result = run("demo")
        assert result.exit_code == 2
        assert result.stderr == "lapsmith: error: the demo needs httptools: pip install 'lapsmith[demo]'\n"


@pytest.mark.parametrize(
    "arguments", [["frobnicate"], ["generate", "--nope"], ["inspect"], ["inspect", "x", "--stage", "y"]]
)
def test_usage_errors_are_two(arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert "Usage: lapsmith" in result.stderr


def test_diagnostic_errors_outside_the_pipeline_are_shown(project: Path) -> None:
    (project / "pyproject.toml").write_text("[tool.lapsmith.clients.x]\nspecs = 1\n")
    result = run("check")
    assert result.exit_code == 2
    assert "error[config]: [tool.lapsmith.clients.x]: unknown key 'specs'\n  specs = 1\n  ^" in result.stderr
    assert "did you mean 'spec'?" in result.stderr
