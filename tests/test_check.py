"""``lapsmith check``, and what ``generate`` says of the API: a downstream project with a real client."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from diff.api import BINDINGS, TYPES, write
from diff.api import FILES as BARE
from diff.api import SPEC as BARE_SPEC
from lapsmith.cli import main
from lapsmith.generation import pipeline
from lapsmith.output.layout import fingerprint
from lapsmith.output.manifest import digest_of

REPOSITORY = Path(__file__).parent.parent
SPEC = BARE_SPEC.replace("\n\n@endpoint GET", "\n@endpoints 5\n\n@endpoint GET")
FILES = BARE | {"spec.lap": SPEC}
PYPROJECT = """[project]
name = "host"
dependencies = ["httptools", "truststore", "msgspec"]

[tool.lapsmith.clients.shop]
spec = "specs/shop"
output = "src/shop"
"""
GENERATE = "run: lapsmith generate shop"


def run(*arguments: str, code: int | None = None) -> Result:
    result = CliRunner().invoke(main, list(arguments))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert code is None or result.exit_code == code, result.output
    return result


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of a project whose client is up to date."""
    root = tmp_path_factory.mktemp("fresh")
    write(root / "specs" / "shop", FILES)
    (root / "pyproject.toml").write_text(PYPROJECT)
    run("generate", "--config", str(root / "pyproject.toml"), code=0)
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.fixture
def project(fresh: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for path, content in fresh.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)
    return tmp_path


def contents(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def found(code: int = 1, *options: str) -> list[str]:
    """The lines of a check that fails."""
    return run("check", *options, code=code).stdout.splitlines()


class TestFindings:
    def test_a_client_that_is_up_to_date(self, project: Path) -> None:
        assert found(0) == ["1 client up to date"]
        assert found(0, "--full") == ["1 client up to date"]
        assert "::error" not in run("check", "--format", "github", code=0).stdout
        assert json.loads(run("check", "--format", "json", code=0).stdout) == {
            "schema": 1,
            "clients": 1,
            "findings": [],
        }

    def test_a_missing_file(self, project: Path) -> None:
        (project / "src/shop/types.py").unlink()
        assert found() == [f"src/shop/types.py:1: missing; {GENERATE}"]

    def test_an_edited_file(self, project: Path) -> None:
        path = project / "src/shop/errors.py"
        lines = path.read_text().split("\n")
        lines[4] += "  # mine"
        path.write_text("\n".join(lines))
        before = contents(project)
        message = "edited since it was generated; move the changes elsewhere, they will be lost"
        assert found() == [f"src/shop/errors.py:5: {message}; {GENERATE} --force"]
        assert contents(project) == before

    def test_an_unchanged_client_is_not_rendered(self, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*_: object) -> None:
            raise AssertionError("rendered")

        monkeypatch.setattr(pipeline, "render", refuse)
        assert found(0) == ["1 client up to date"]
        with pytest.raises(AssertionError, match="rendered"):
            CliRunner().invoke(main, ["check", "--full", "--jobs", "1"], catch_exceptions=False)

    @pytest.mark.parametrize("options", [(), ("--full",)])
    def test_line_ends_are_not_compared_and_named(self, project: Path, options: tuple[str, ...]) -> None:
        """A checkout of Windows, where git's autocrlf is on."""
        for path in (*(project / "src").rglob("*"), *(project / "specs").rglob("*")):
            if path.is_file():
                path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
        checked = run("check", *options, code=0)
        assert checked.stdout == "1 client up to date\n"
        assert "files with CRLF line ends, which are not compared" in checked.stderr
        assert "put 'src/shop/** text eol=lf' into .gitattributes" in checked.stderr
        edited = project / "src/shop/errors.py"
        edited.write_bytes(edited.read_bytes() + b"x = 1\r\n")
        assert [line.partition(":")[0] for line in found(1, *options)] == ["src/shop/errors.py"]

    def test_a_file_of_which_the_manifest_lies(self, project: Path) -> None:
        path, record = project / "src/shop/errors.py", project / "src/shop/lapsmith.json"
        old, new = digest_of(path.read_bytes()), digest_of(b"tampered\n")
        path.write_bytes(b"tampered\n")
        record.write_text(record.read_text().replace(old, new))
        # The manifest vouches for the files, and only rendering them shows that it lies.
        assert found(0) == ["1 client up to date"]
        assert found(1, "--full") == [
            f"src/shop/errors.py:1: not what would be generated, though the manifest says so; {GENERATE} --force"
        ]
        # As docs/updating.md says, such a file is taken for lapsmith's own.
        (project / "specs/shop/spec.lap").write_text(SPEC.replace("Raw: any?", "Raw: any?, More: str?"))
        run("generate", code=0)
        assert digest_of(path.read_bytes()) == old

    def test_a_changed_spec(self, project: Path) -> None:
        (project / "specs/shop/spec.lap").write_text(SPEC.replace("Raw: any?", "Raw: any?, More: str?"))
        assert found() == [f"specs/shop/spec.lap:1: changed since shop was generated; {GENERATE}"]

    def test_new_and_removed_inputs(self, project: Path) -> None:
        (project / "specs/shop/overrides.yaml").write_text("lapsmith: 1\n")
        assert found() == [f"specs/shop/overrides.yaml:1: is new since shop was generated; {GENERATE}"]
        run("generate", code=0)
        (project / "specs/shop/overrides.yaml").unlink()
        assert found() == [f"specs/shop/overrides.yaml:1: is gone since shop was generated; {GENERATE}"]

    def test_changed_options(self, project: Path) -> None:
        (project / "pyproject.toml").write_text(PYPROJECT + 'operations = ["*", "!Watch"]\n')
        lines = found()
        assert lines == [
            f"pyproject.toml:6: options of shop changed since it was generated: operations; {GENERATE}",
        ]

    def test_another_lapsmith(self, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = "src/shop/lapsmith.json:1: generated by"
        monkeypatch.setattr("lapsmith.generation.identity.generator_digest", lambda: "another")
        assert found() == [f"{path} another build of lapsmith 0.1.0; {GENERATE}"]
        monkeypatch.setattr("lapsmith.generation.identity.black_version", lambda: "99")
        assert found() == [f"{path} lapsmith with black 26, and this is black 99; {GENERATE}"]
        monkeypatch.setattr("lapsmith.generation.pipeline.__version__", "9.9")
        assert found()[0] == f"{path} lapsmith 0.1.0, and this is 9.9; {GENERATE}"

    def test_a_file_that_is_no_longer_generated(self, project: Path) -> None:
        record = project / "src/shop/lapsmith.json"
        content = json.loads(record.read_text())
        (project / "src/shop/old.py").write_text("x = 1\n")
        content["outputs"]["old.py"] = digest_of(b"x = 1\n")
        record.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n")
        assert found(1, "--full") == [
            f"src/shop/old.py:1: not generated, though the manifest lists it; {GENERATE} --force"
        ]
        run("generate", "--force", code=0)
        assert not (project / "src/shop/old.py").exists()

    def test_a_generated_file_that_nothing_lists(self, project: Path) -> None:
        (project / "src/shop/_left_over.py").write_text("# Generated by lapsmith from x. Do not edit.\n")
        (project / "src/shop/by_hand.py").write_text("# Mine.\n")
        message = "generated once, and listed nowhere"
        assert found() == [f"src/shop/_left_over.py:1: {message}; run: rm src/shop/_left_over.py"]

    def test_a_shared_runtime_that_no_client_uses_any_more(self, project: Path) -> None:
        (project / "src/__init__.py").touch()
        pyproject = project / "pyproject.toml"
        pyproject.write_text(PYPROJECT + 'runtime = "shared"\n')
        run("generate", code=0)
        run("check", code=0)
        pyproject.write_text(PYPROJECT)
        run("generate", code=0)
        message = "the runtime that clients shared once, and none does any more"
        assert found() == [f"src/_runtime:1: {message}; run: rm -r src/_runtime"]
        shutil.rmtree(project / "src/_runtime")
        (project / "src/_runtime").mkdir()
        (project / "src/_runtime/__init__.py").write_text("# Mine.\n")
        run("check", code=0)

    def test_a_client_that_is_configured_no_more_and_shares_a_runtime(self, project: Path) -> None:
        (project / "src/__init__.py").touch()
        pyproject = project / "pyproject.toml"
        one = PYPROJECT + 'runtime = "shared"\n'
        table = one.partition("\n\n")[2]
        pyproject.write_text(one + table.replace("shop", "bazaar").replace("specs/bazaar", "specs/shop"))
        run("generate", code=0)
        run("check", code=0)
        pyproject.write_text(one)
        message = "shares a runtime, and is no client of the configuration any more"
        line = f"src/bazaar:1: {message}; run: rm -r src/bazaar"
        assert f"lapsmith: {line}\n" in run("generate", code=0).stderr
        assert found() == [line]
        shutil.rmtree(project / "src/bazaar")
        run("check", code=0)

    def test_a_foreign_file_in_the_way(self, project: Path) -> None:
        record = project / "src/shop/lapsmith.json"
        content = json.loads(record.read_text())
        del content["outputs"]["types.py"]
        record.write_text(json.dumps(content))
        (project / "src/shop/types.py").write_text("mine = 1\n")
        message = "not written by lapsmith, and in the way of a file that is"
        assert found() == [f"src/shop/types.py:1: {message}; {GENERATE} --force"]

    def test_files_of_the_users_own_are_named_and_left_alone(self, project: Path) -> None:
        own = {"helpers.py": "mine = 1\n", "_runtime/notes.txt": "mine\n", ".gitignore": "*.tmp\n"}
        for path, text in own.items():
            (project / "src/shop" / path).write_text(text)
        checked = run("check", code=0)
        assert checked.stdout == "1 client up to date\n"
        named = "_runtime/notes.txt, helpers.py"
        said = f"lapsmith: src/shop also holds what lapsmith did not write and leaves alone: {named}\n"
        assert said in checked.stderr
        (project / "specs/shop/spec.lap").write_text(SPEC.replace("Raw: any?", "Raw: any?, More: str?"))
        run("generate", code=0)
        run("generate", "--force", code=0)
        assert {path: (project / "src/shop" / path).read_text() for path in own} == own
        assert said in run("check", code=0).stderr

    def test_a_manifest_that_alone_is_stale(self, project: Path) -> None:
        record = project / "src/shop/lapsmith.json"
        record.write_text(json.dumps(json.loads(record.read_text())))
        message = "not what lapsmith would write; the files that it lists are"
        assert found() == [f"src/shop/lapsmith.json:1: {message}; {GENERATE}"]

    def test_a_client_that_was_never_generated(self, project: Path) -> None:
        for path in sorted((project / "src").rglob("*"), reverse=True):
            path.unlink() if path.is_file() else path.rmdir()
        assert found() == [f"src/shop:1: not generated yet; {GENERATE}"]

    def test_a_pattern_that_matches_no_operation(self, project: Path) -> None:
        (project / "pyproject.toml").write_text(PYPROJECT + 'operations = ["!Nothing"]\n')
        message = "the pattern '!Nothing' matches no operation"
        assert run("check", code=2).stderr.startswith(f"pyproject.toml:8:1: error[no-such-operation]: {message}")

    def test_an_obstacle(self, project: Path) -> None:
        (project / "src/shop/types.py").unlink()
        (project / "src/shop/types.py").symlink_to(project / "pyproject.toml")
        assert found()[0] == "src/shop:1: types.py is a symbolic link, which is not followed; remove it"

    def test_an_undeclared_requirement(self, project: Path) -> None:
        (project / "pyproject.toml").write_text(PYPROJECT.replace(', "msgspec"', ""))
        wanted = 'lacks what shop needs; add to [project] dependencies: "msgspec>=0.21"'
        assert found() == [f"pyproject.toml:3: {wanted}"]

    def test_the_command_of_each_finding_mends_it(self, project: Path) -> None:
        (project / "src/shop/types.py").unlink()
        (project / "src/shop/errors.py").write_text("edited = 1\n")
        (project / "src/shop/_left_over.py").write_text("# Generated by lapsmith from x. Do not edit.\n")
        (project / "specs/shop/spec.lap").write_text(SPEC.replace("Raw: any?", "Raw: any?, More: str?"))
        for item in json.loads(run("check", "--format", "json", code=1).stdout)["findings"]:
            program, *arguments = item["command"].split()
            if program == "lapsmith":
                run(*arguments)
            else:
                subprocess.run([program, *arguments], cwd=project, check=True)
        assert found(0) == ["1 client up to date"]


class TestFormats:
    def test_the_diff_on_request(self, project: Path) -> None:
        (project / "src/shop/errors.py").write_text("edited = 1\n")
        assert "-edited = 1" not in run("check", code=1).stdout
        shown = run("check", "--diff", code=1).stdout
        assert "--- a/src/shop/errors.py" in shown
        assert "-edited = 1" in shown

    def test_json(self, project: Path) -> None:
        (project / "src/shop/types.py").unlink()
        assert json.loads(run("check", "--format", "json", code=1).stdout)["findings"] == [
            {
                "kind": "missing",
                "client": "shop",
                "path": "src/shop/types.py",
                "line": 1,
                "message": "missing",
                "command": "lapsmith generate shop",
            }
        ]

    def test_annotations(self, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (project / "src/shop/types.py").unlink()
        line = f"line=1,title=lapsmith missing::missing; {GENERATE}\n"
        assert run("check", "--format", "github", code=1).stdout.endswith(f"::error file=src/shop/types.py,{line}")
        monkeypatch.setenv("GITHUB_WORKSPACE", str(project.parent))
        shown = run("check", "--format", "github", code=1).stdout
        assert shown.endswith(f"::error file={project.name}/src/shop/types.py,{line}")

    def test_errors_are_annotations_too(self, project: Path) -> None:
        (project / "specs/shop/bindings.yaml").write_text(BINDINGS.replace("retry: safe", "retri: safe, 100%"))
        result = run("check", "--format", "github", code=2)
        assert result.stdout.startswith(
            "::error file=specs/shop/bindings.yaml,line=21,endLine=21,col=5,title=lapsmith "
        )
        (project / "specs/shop/spec.lap").unlink()
        assert "::error file=pyproject.toml,line=6," in run("check", "--format", "github", code=2).stdout

    def test_what_would_end_an_annotation_is_escaped(self) -> None:
        from lapsmith.cli.annotations import workflow_command

        assert workflow_command("error", "a%b\nc::d", file="x,y:z") == "::error file=x%2Cy%3Az::a%25b%0Ac::d"


class TestApi:
    def test_what_changed_since_the_manifest(self, project: Path) -> None:
        git(project, "init", "--quiet")
        git(project, "add", "specs")
        (project / "specs/shop/spec.lap").write_text(SPEC.replace("Raw: any?", "Raw: any?, More: str?"))
        (project / "specs/shop/types.lap").write_text(TYPES.replace(", Note: str?", ""))
        assert found() == [
            f"specs/shop/{name}:1: changed since shop was generated (API: major); {GENERATE}"
            for name in ("spec.lap", "types.lap")
        ]
        preview = run("generate", "--diff", code=0).stdout
        shown = run("generate", code=0).stdout
        for text in (preview, shown):
            assert "shop: the API changed since the client was generated:" in text
            assert "major\n  Part.note: attribute removed; code that uses it raises AttributeError" in text
            assert "minor\n  GetItemOutput.more: attribute added; code need not use it" in text
            assert "verdict: major (1 major, 1 minor)" in text
        assert preview.index("verdict: major") < preview.index("--- a/src/shop")
        assert "API" not in run("generate", code=0).stdout

    def test_options_count_as_well(self, project: Path) -> None:
        git(project, "init", "--quiet")
        git(project, "add", "specs")
        (project / "pyproject.toml").write_text(PYPROJECT + 'operations = ["*", "!DeleteItem"]\n')
        assert "major\n  delete_item(): operation removed" in run("generate", code=0).stdout

    def test_a_change_that_callers_do_not_see(self, project: Path) -> None:
        git(project, "init", "--quiet")
        git(project, "add", "specs")
        (project / "specs/shop/spec.lap").write_text(SPEC.replace("@end", "# Nothing more.\n@end"))
        assert "shop: verdict: no change to the API" in run("generate", code=0).stdout

    @pytest.mark.parametrize("repository", [False, True])
    def test_what_git_does_not_have_is_not_known(self, project: Path, repository: bool) -> None:
        if repository:
            git(project, "init", "--quiet")
        (project / "specs/shop/spec.lap").write_text(SPEC.replace("Raw: any?", "Raw: any?, More: str?"))
        reason = "what the client was generated from is not in git's history here"
        assert f"shop: what changed in the API is not known: {reason}" in run("generate", code=0).stdout


class TestFormatters:
    FORMATTERS = (
        ["ruff", "format", "--line-length", "79"],
        ["isort", "--profile", "black", "--force-sort-within-sections", "--line-length", "79"],
        ["black", "--line-length", "60", "--skip-magic-trailing-comma"],
        ["ruff", "check", "--fix", "--select", "ALL", "--exit-zero", "--quiet"],
    )

    def format(self, command: list[str], *arguments: str) -> None:
        done = subprocess.run([sys.executable, "-m", *command, *arguments], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

    def test_documented_excludes_keep_them_away(self, project: Path) -> None:
        excludes = (
            '\n[tool.ruff]\nextend-exclude = ["src/shop"]\n'
            '\n[tool.black]\nextend-exclude = "^/src/shop/"\n'
            '\n[tool.isort]\nextend_skip = ["src/shop"]\n'
        )
        (project / "pyproject.toml").write_text(PYPROJECT + excludes)
        (project / "src/mine.py").write_text("import sys\nimport os\nprint( sys,os )\n")
        before = contents(project / "src/shop")
        for command in self.FORMATTERS:
            self.format(command, ".")
        assert contents(project / "src/shop") == before
        assert (project / "src/mine.py").read_text() != "import sys\nimport os\nprint( sys,os )\n"
        assert found(0) == ["1 client up to date"]

    @pytest.mark.parametrize(
        "command",
        [pytest.param(each, marks=[] if each[0] == "ruff" else pytest.mark.slow) for each in FORMATTERS],
        ids=lambda command: " ".join(command[:2]),
    )
    def test_without_them_files_are_laid_out_anew_and_not_edited(self, project: Path, command: list[str]) -> None:
        before = contents(project / "src/shop")
        self.format(command, ".")
        changed = [path for path, content in contents(project / "src/shop").items() if content != before.get(path)]
        if command[:2] != ["ruff", "check"]:
            assert len(changed) > 10
        lines = found(1 if changed else 0)
        assert all("laid out anew by a formatter; let it leave the folder alone" in line for line in lines if changed)
        assert len(lines) == (len(changed) or 1)
        shown = run("generate", code=0).stdout
        if changed:
            assert f"shop: {len(changed)} files had been laid out anew by a formatter: let it leave src/shop" in shown
        assert contents(project / "src/shop") == before

    def test_an_edit_beside_the_layout_is_still_an_edit(self, project: Path) -> None:
        self.format(["ruff", "format", "--line-length", "79"], ".")
        path = project / "src/shop/types.py"
        path.write_text(path.read_text().replace("class Price(", "class Cost("))
        assert "src/shop: edited since they were generated: types.py." in run("generate", code=2).stderr
        assert any("types.py" in line and "edited since" in line for line in found())

    def test_a_layout_of_old_files_is_no_edit_when_the_spec_changes(self, project: Path) -> None:
        self.format(["ruff", "format", "--line-length", "60"], ".")
        (project / "specs/shop/spec.lap").write_text(SPEC.replace("Raw: any?", "Raw: any?, More: str?"))
        assert "shop: wrote" in run("generate", code=0).stdout
        assert found(0) == ["1 client up to date"]


LAYOUTS = {
    "x = (1)\n": "x = 1\n",
    "import b\nimport a\nx = 1\n": "import a, b\n\nx = 1\n",
    "from a import (c, b,)\n": "from a import b\nfrom a import c\n",
    'def f():\n    """A.\n\n       B.\n    """\n': "def f():\n\n    '''A.\n\n    B.'''\n",
    "f(1,2,)  #x\n": "f(\n    1,\n    2,\n)  # x\n",
    "x = 'a' \"b\"\n": 'x = "ab"\n',
}


@pytest.mark.parametrize(("one", "other"), LAYOUTS.items())
def test_a_layout_changes_nothing_of_a_fingerprint(one: str, other: str) -> None:
    assert fingerprint(one.encode()) == fingerprint(other.encode()) is not None


@pytest.mark.parametrize(
    "other",
    [
        b"x = 2\n",
        b"x = 1  # why\n",
        b"y = 1\n",
        b"import x\nx = 1\n",
        b'"""Doc."""\nx = 1\n',
        b"x = '1'\n",
        b"x: int = 1\n",
    ],
)
def test_an_edit_changes_a_fingerprint(other: bytes) -> None:
    assert fingerprint(b"x = 1\n") != fingerprint(other) is not None


@pytest.mark.parametrize("content", [b"x = (\n", b"\xff\n", b"x = 1\0\n", b"(" * 100000])
def test_what_is_no_python_has_no_fingerprint(content: bytes) -> None:
    assert fingerprint(content) is None


def test_every_python_file_of_a_client_has_one(project: Path) -> None:
    record: dict[str, Any] = json.loads((project / "src/shop/lapsmith.json").read_text())
    assert set(record["layouts"]) == {path for path in record["outputs"] if path.endswith(".py")}
