"""The command around the comparison: sides, formats, exit codes."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from diff.api import BINDINGS, FILES, SPEC, TYPES, write
from lapsmith import load
from lapsmith.api import comparing as comparison
from lapsmith.cli import main
from lapsmith.diagnostics import DiagnosticError
from lapsmith.project import gitfiles
from lapsmith.project.config import ConfigError

CHANGED = FILES | {
    "spec.lap": SPEC.replace("Limit: int=10", "Limit: num=10").replace("Reads an item.", "Fetches an item."),
    "types.lap": TYPES.replace("Note: str?", "Remark: str?"),
}
REPOSITORY = Path(__file__).parents[2]


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(main, ["diff", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.fixture
def sides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write(tmp_path / "old", FILES)
    write(tmp_path / "new", CHANGED)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.com", "-c", "commit.gpgsign=false"]
    return subprocess.run(
        ["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two commits of an API, and a work tree without it."""
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    for files in (FILES, CHANGED):
        write(tmp_path / "specs" / "shop", files)
        git(tmp_path, "add", "--all")
        git(tmp_path, "commit", "--quiet", "--message=An API")
    shutil.rmtree(tmp_path / "specs")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_text(sides: Path) -> None:
    assert run("old", "new").stdout == (
        "major\n"
        "  Part.note: attribute removed; code that uses it raises AttributeError\n"
        "      perhaps renamed to 'remark'\n"
        "      old/types.lap:2:22\n"
        "\n"
        "minor\n"
        "  Part.remark: attribute added; code need not use it\n"
        "      perhaps 'note' under a new name\n"
        "      new/types.lap:2:22\n"
        "  get_item(limit=): type int, now float; all values that were accepted still are\n"
        "      old/spec.lap:9:19 -> new/spec.lap:9:19\n"
        "\n"
        "1 change of documentation\n"
        "\n"
        "verdict: major (1 major, 2 minor, 1 patch)\n"
    )
    assert "get_item(): description reworded; only the docstring changes" in run("old", "new", "--docs").stdout


def test_json(sides: Path) -> None:
    document = json.loads(run("old", "new", "--format", "json").stdout)
    assert (document["schema"], document["verdict"]) == (1, "major")
    assert document["counts"] == {"major": 1, "minor": 2, "patch": 1}
    assert document["changes"][0] == {
        "kind": "attribute-removed",
        "severity": "major",
        "subject": "Part.note",
        "what": "attribute removed",
        "why": "code that uses it raises AttributeError",
        "note": "perhaps renamed to 'remark'",
        "old": {"file": "old/types.lap", "line": 2, "column": 22, "end_line": 2, "end_column": 26},
        "new": None,
    }
    assert [item["severity"] for item in document["changes"]] == ["major", "minor", "minor", "patch"]


def test_markdown(sides: Path) -> None:
    assert run("old", "new", "--format", "markdown").stdout == (
        "### Added\n"
        "\n"
        "- `Part.remark`: attribute added (perhaps 'note' under a new name); code need not use it.\n"
        "\n"
        "### Changed\n"
        "\n"
        "- `get_item(limit=)`: type int, now float; all values that were accepted still are.\n"
        "- Documentation reworded in 1 place.\n"
        "\n"
        "### Removed\n"
        "\n"
        "- **Breaking:** `Part.note`: attribute removed (perhaps renamed to 'remark'); "
        "code that uses it raises AttributeError.\n"
    )


def test_nothing_changed(sides: Path) -> None:
    for command in (["old", "old"], ["old", "old", "--fail-on", "patch"]):
        result = run(*command)
        assert (result.exit_code, result.stdout) == (0, "verdict: no change to the API\n")
    assert run("old", "old", "--format", "markdown").stdout == ""
    assert json.loads(run("old", "old", "--format", "json").stdout)["verdict"] is None


@pytest.mark.parametrize(
    ("change", "verdict"), [({}, None), ({"bindings.yaml": BINDINGS.replace("5", "6")}, "minor"), (CHANGED, "major")]
)
@pytest.mark.parametrize("limit", ["major", "minor", "patch"])
def test_fail_on(sides: Path, change: dict[str, str], verdict: str | None, limit: str) -> None:
    write(sides / "new", FILES | change)
    ranks = [None, "patch", "minor", "major"]
    result = run("old", "new", "--fail-on", limit)
    assert result.exit_code == int(ranks.index(verdict) >= ranks.index(limit))
    assert result.stdout.endswith(f"verdict: {verdict or 'no change to the API'}\n") or verdict in result.stdout


def test_names_of_the_spec_cannot_make_markup_or_mentions(sides: Path) -> None:
    bindings = BINDINGS.replace("  Gone: {status: 410}", '  Gone: {status: 410, code: "<b>@all #1 `x` [a](b)"}')
    write(sides / "new", FILES | {"bindings.yaml": bindings})
    shown = run("old", "new", "--format", "markdown").stdout
    assert "\\<b\\>&#64;all &#35;1 \\`x\\` \\[a\\](b)" in shown
    bindings = BINDINGS.replace("  Gone: {status: 410}", '  Gone: {status: 410, code: "\\e[31m"}')
    write(sides / "new", FILES | {"bindings.yaml": bindings})
    assert "\x1b" not in run("old", "new").output


def test_an_error_on_a_side_is_two_and_shown_with_its_place(sides: Path) -> None:
    (sides / "new" / "bindings.yaml").write_text(BINDINGS.replace("retry: safe", "retri: safe"))
    result = run("old", "new", "--fail-on", "major")
    assert result.exit_code == 2
    assert "new/bindings.yaml:21:5: error[unknown-key]" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("old", "why"),
    [
        ("gone", "there is no spec at 'gone'"),
        ("git:HEAD:old", "git knows no revision 'HEAD' here"),
        ("git:HEAD", "is not of the form git:REV:PATH"),
        ("git::old", "is not of the form git:REV:PATH"),
    ],
)
def test_a_side_that_is_not_there(sides: Path, old: str, why: str) -> None:
    result = run(old, "new")
    assert result.exit_code == 2
    assert why in result.stderr


def test_sides_elsewhere_are_told_apart(sides: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPOSITORY)
    shown = run(str(sides / "old"), str(sides / "new")).stdout
    assert "old/spec.lap:9:19 -> new/spec.lap:9:19" in shown


def test_only_some_operations(sides: Path) -> None:
    assert "get_item" not in run("old", "new", "--operation", "DeleteItem").stdout


class TestGit:
    def test_revisions_are_read_without_the_work_tree(self, repository: Path) -> None:
        for path in ("specs/shop", "specs/shop/", "./specs/shop", "specs/../specs/shop", "specs/shop/spec.lap"):
            result = run(f"git:HEAD~1:{path}", f"git:main:{path}")
            assert result.exit_code == 0, result.output
            assert "git:HEAD~1:specs/shop/types.lap:2:22" in result.stdout
            assert "verdict: major (1 major, 2 minor, 1 patch)" in result.stdout
        deleted = {f"D specs/shop/{name}" for name in FILES}
        assert {line.strip() for line in git(repository, "status", "--porcelain").splitlines()} == deleted

    def test_a_revision_against_files(self, repository: Path) -> None:
        write(repository / "specs" / "shop", FILES)
        assert run("git:HEAD~1:specs/shop", "specs/shop").stdout == "verdict: no change to the API\n"
        assert "verdict: major" in run("git:HEAD:specs/shop", "specs/shop").stdout

    def test_paths_from_a_folder_below(self, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (repository / "specs" / "other").mkdir(parents=True)
        monkeypatch.chdir(repository / "specs" / "other")
        for path in ("specs/shop", "../shop"):
            assert run("git:HEAD:specs/shop", f"git:HEAD:{path}").exit_code == 0

    def test_a_skill_folder(self, repository: Path) -> None:
        files = {"references/api-spec.lap": SPEC} | {name: FILES[name] for name in ("types.lap", "bindings.yaml")}
        for name, text in files.items():
            (repository / "skill" / name).parent.mkdir(parents=True, exist_ok=True)
            (repository / "skill" / name).write_text(text)
        git(repository, "add", "--all")
        git(repository, "commit", "--quiet", "--message=A skill")
        for path in ("skill", "skill/references/api-spec.lap"):
            assert "verdict: major" in run("git:HEAD~1:specs/shop", f"git:HEAD:{path}").stdout
            assert run(f"git:HEAD:{path}", "skill").stdout == "verdict: no change to the API\n"

    @pytest.mark.parametrize(
        ("side", "why"),
        [
            ("git:nowhere:specs/shop", "git knows no revision 'nowhere'"),
            ("git:HEAD:specs/none", "there is no 'specs/none' in HEAD"),
            ("git:HEAD:specs", "holds neither references/api-spec.lap nor another .lap file"),
            ("git:HEAD:../specs", "leaves the repository"),
            ("git:--output=x:specs", "is not of the form git:REV:PATH"),
        ],
    )
    def test_what_is_not_there(self, repository: Path, side: str, why: str) -> None:
        result = run(side, side)
        assert result.exit_code == 2
        assert why in result.stderr
        assert not (repository / "x").exists()

    def test_without_git_it_says_so(self, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", "")
        result = run("git:HEAD:specs/shop", "git:HEAD:specs/shop")
        assert (result.exit_code, result.stderr) == (
            2,
            "lapsmith: error: git is not installed, and it is needed to read an old revision\n",
        )

    def test_blobs_are_found_by_their_ids(self, repository: Path) -> None:
        ids = {f"specs/shop/{name}": git(repository, "rev-parse", f"HEAD~1:specs/shop/{name}") for name in FILES}
        inputs = gitfiles.read_blobs(ids, repository)
        assert inputs is not None
        assert inputs.files == {f"specs/shop/{name}": text.encode() for name, text in FILES.items()}
        assert (inputs.spec, inputs.types) == ("specs/shop/spec.lap", "specs/shop/types.lap")
        assert gitfiles.read_blobs(ids | {"specs/shop/spec.lap": "0" * 40}, repository) is None
        assert gitfiles.read_blobs(ids | {"specs/shop/spec.lap": "HEAD"}, repository) is None
        assert gitfiles.read_blobs({"specs/shop/types.lap": ids["specs/shop/types.lap"]}, repository) is None


def test_the_library_compares_services_that_are_loaded(sides: Path) -> None:
    loaded = [load(sides / name) for name in ("old", "new")]
    found = comparison.diff(*loaded)
    assert found.verdict == "major"
    assert found.changes == comparison.diff(sides / "old", sides / "new").changes
    with pytest.raises(DiagnosticError):
        comparison.diff(sides / "old", sides / "old", strict=True)
    with pytest.raises(ConfigError, match="there is no spec"):
        comparison.diff("gone", "old")
