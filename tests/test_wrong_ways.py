"""What commands say to somebody who is on a way that leads nowhere: the way out, once, in terms of what was typed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from lapsmith.cli import main
from lapsmith.diagnostics import misspelt

REPOSITORY = Path(__file__).parent.parent
AWS = """@lap v0.3
@api Things
@base https://things.us-east-1.amazonaws.com
@version 2020-01-01
@auth AWS SigV4
@endpoints 2

@endpoint GET /things/{Name}
@required {Name: str}
@returns(200) {Colour: str?}

@endpoint POST /things
@required {Name: str}
@returns(200) {Id: str?}

@end
"""
DERIVED = """lapsmith: 1
derived: {model: botocore/1.0.0/things/2020-01-01}
service: {id: Things, class: Things, protocol: rest-json, signing: things}
endpoint: {host: things.example}
operations:
  GetThing:
    at: GET /things/{Name}
    in: {Name: label}
    out: {Colour: {in: header, name: X-Colour}}
  PutThing:
    at: POST /things
    in: {Name: body}
    out: {Id: {in: body}}
"""


def run(*arguments: str, code: int | None = None) -> Result:
    result = CliRunner().invoke(main, list(arguments))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert code is None or result.exit_code == code, result.output
    return result


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "things").mkdir()
    (tmp_path / "things" / "things.lap").write_text(AWS)
    return tmp_path / "things"


@pytest.fixture
def bound(folder: Path) -> Path:
    (folder / "bindings.yaml").write_text(DERIVED)
    git = ["git", "-c", "user.name=Somebody", "-c", "user.email=somebody@example.com", "-c", "commit.gpgsign=false"]
    for arguments in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "x"]):
        subprocess.run([*git, *arguments], cwd=folder.parent, check=True)
    return folder


class TestWithoutBindings:
    @pytest.mark.parametrize(
        "command", [("generate", "things", "-o", "out/a"), ("inspect", "things"), ("diff", "things", "things")]
    )
    def test_an_aws_spec_is_one_error_that_names_the_command(self, folder: Path, command: tuple[str, ...]) -> None:
        said = run(*command, code=2).stderr
        message = (
            "things/things.lap:1:1: error[no-bindings]: no bindings.yaml beside this spec; run: lapsmith bind things\n"
        )
        lines = [line for line in said.splitlines(keepends=True) if "[" in line]
        assert set(lines) == {message}
        assert not (folder.parent / "out").exists()

    def test_its_tree_can_be_looked_at(self, folder: Path) -> None:
        assert "/things/{Name}" in run("inspect", "things", "--stage", "tree", code=0).stdout

    def test_a_spec_of_another_kind_needs_none(self, folder: Path) -> None:
        (folder / "things.lap").write_text(AWS.replace("@auth AWS SigV4", "@auth Bearer bearer"))
        run("generate", "things", "-o", "out/a", code=0)

    def test_a_revision_without_bindings_is_not_to_be_bound(self, bound: Path) -> None:
        run("diff", "git:HEAD:things", "things", code=0)
        subprocess.run(["git", "rm", "-q", "--cached", "things/bindings.yaml"], cwd=bound.parent, check=True)
        git = ["git", "-c", "user.name=S", "-c", "user.email=s@example.com", "-c", "commit.gpgsign=false"]
        subprocess.run([*git, "commit", "--quiet", "--message", "y"], cwd=bound.parent, check=True)
        said = run("diff", "git:HEAD:things", "things", code=2).stderr
        assert "name a revision that has one" in said
        assert "lapsmith bind" not in said


class TestChangedSpec:
    def change(self, folder: Path, **edits: str) -> None:
        text = AWS
        for old, new in edits.items():
            assert old in text
            text = text.replace(old, new)
        (folder / "things.lap").write_text(text)

    def test_it_is_one_error_and_no_advice_to_edit_what_bind_writes(self, bound: Path) -> None:
        self.change(bound, Colour="Color", Id="Identity")
        said = run("generate", "things", "-o", "out/a", code=2).stderr
        assert "error[spec-changed]: the spec changed since it was bound; run: lapsmith bind things\n" in said
        assert "no longer as it was bound: GetThing, PutThing" in said
        assert said.count("error[") == 1
        assert "did you mean" not in said
        assert "bindings.yaml:" not in said
        notes = run("generate", "things", "-o", "out/a", "--notes", code=2).stderr
        assert "bindings.yaml:9:11: note[unknown-member]" in notes

    def test_what_a_person_wrote_is_that_persons_mistake(self, bound: Path) -> None:
        (bound / "overrides.yaml").write_text("operations: {GetThing: {out: {Colur: {in: header}}}}\n")
        said = run("generate", "things", "-o", "out/a", code=2).stderr
        assert "things/overrides.yaml:1:31: error[unknown-member]" in said
        assert "did you mean 'Colour'?" in said
        assert "spec-changed" not in said

    def test_all_the_same_the_changes_are_told(self, bound: Path) -> None:
        (bound.parent / "pyproject.toml").write_text(
            '[tool.lapsmith.clients.things]\nspec = "things"\noutput = "out/things"\n'
        )
        run("generate", code=0)
        self.change(bound, Colour="Color")
        shown = "GetThingOutput.colour: attribute removed"
        compared = run("diff", "git:HEAD:things", "things", code=0)
        assert shown in compared.stdout
        assert "warning[spec-changed]" in compared.stderr
        for command in (["generate", "--diff"], ["check"], ["generate"]):
            said = run(*command, code=2).stderr
            assert "error[spec-changed]: the spec changed since it was bound; run: lapsmith bind things" in said
            assert "things: the API changed since the client was generated:" in said
            assert shown in said

    def test_under_bindings_written_by_hand_too(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        specs = REPOSITORY / "specs" / "sagemaker-runtime"
        monkeypatch.chdir(tmp_path)
        shutil.copytree(specs, tmp_path / "specs")
        Path("pyproject.toml").write_text('[tool.lapsmith.clients.llm]\nspec = "specs"\noutput = "llm"\n')
        subprocess.run(["git", "init", "--quiet"], check=True)
        subprocess.run(["git", "add", "specs"], check=True)
        run("generate", code=0)
        path = Path("specs/references/api-spec.lap")
        path.write_text(path.read_text().replace("@optional {", "@optional {Newt: str, ", 1))
        shown = "invoke_endpoint(newt=): optional keyword added"
        compared = run("diff", str(specs), "specs", code=0)
        assert shown in compared.stdout
        assert "warning[payload-and-body]" in compared.stderr
        for command in (["generate", "--diff"], ["check"], ["generate"]):
            said = run(*command, code=2).stderr
            assert "error[payload-and-body]: InvokeEndpoint, input: 'Newt' has no place in the body" in said
            assert shown in said
            assert "spec-changed" not in said

    def test_an_operation_whose_pin_fits_nothing_is_told_as_changed(self, tmp_path: Path) -> None:
        shutil.copytree(REPOSITORY / "specs" / "kinesis", tmp_path / "kinesis")
        path = tmp_path / "kinesis" / "references" / "api-spec.lap"
        path.write_text(path.read_text().replace("ShardIterator: str", "ShardCursor: str"))
        compared = run("diff", str(REPOSITORY / "specs" / "kinesis"), str(tmp_path / "kinesis"), code=0)
        assert "get_records(shard_cursor=): required keyword added" in compared.stdout
        assert "operation removed" not in compared.stdout
        assert "the spec changed since it was bound" in compared.stderr


class TestRemovedOperations:
    def test_null_removes_an_operation_and_no_rule_brings_it_back(self, bound: Path) -> None:
        (bound / "overrides.yaml").write_text("operations: {PutThing: null}\n")
        run("generate", "things", "-o", "out/a", code=0)
        source = (bound.parent / "out" / "a" / "_sync.py").read_text()
        names = [line.split("def ")[1].split("(")[0] for line in source.splitlines() if line.startswith("    def ")]
        assert [name for name in names if not name.startswith("_")] == ["get_thing"]

    def test_an_operation_that_a_rule_named_is_removed_by_that_name(self, bound: Path) -> None:
        (bound / "bindings.yaml").write_text(DERIVED[: DERIVED.index("  PutThing:")])
        run("generate", "things", "-o", "out/a", code=0)
        (inferred,) = [
            line.split("def ")[1].split("(")[0]
            for line in (bound.parent / "out" / "a" / "_sync.py").read_text().splitlines()
            if line.startswith("    def ") and "def _" not in line and "get_thing" not in line
        ]
        name = "".join(part.capitalize() for part in inferred.split("_"))
        (bound / "overrides.yaml").write_text(f"operations: {{{name}: null}}\n")
        run("generate", "things", "-o", "out/a", code=0)
        assert f"def {inferred}(" not in (bound.parent / "out" / "a" / "_sync.py").read_text()

    def test_a_misspelt_one_gets_a_suggestion(self, bound: Path) -> None:
        for entry in ("PutThng: null", "PutThng: {retry: safe}"):
            (bound / "overrides.yaml").write_text(f"operations: {{{entry}}}\n")
            said = run("generate", "things", "-o", "out/a", code=2).stderr
            assert "things/overrides.yaml:1:14: error[unknown-operation]" in said
            assert "did you mean 'PutThing'?" in said


class TestMisspeltWords:
    def test_words_one_letter_away_are_warnings_and_come_first(self, bound: Path) -> None:
        text = AWS.replace("@required {Name: str}\n@returns(200) {Id", "@optionl {Size: int}\n@returns(200) {Id")
        text = text.replace("Colour: str?", "Colour: strr?")
        (bound / "things.lap").write_text(text)
        (bound / "bindings.yaml").write_text(
            DERIVED.replace("    in: {Name: body}\n", "").replace("header, name: X-Colour", "body")
        )
        lines = [
            line
            for line in run("generate", "things", "-o", "out/a", code=0).stderr.splitlines()
            if ": warning[" in line
        ]
        assert lines[0].startswith("things/things.lap:10:24: warning[misspelt-type]: 'strr' is not a type of LAP")
        assert lines[1].startswith(
            "things/things.lap:13:1: warning[misspelt-directive]: LAP has no directive '@optionl'"
        )

    @pytest.mark.parametrize("word", ["strr", "sr", "srt", "tsr", "stt", "xstr"])
    def test_one_letter(self, word: str) -> None:
        assert misspelt(word, ["str"]) == "str"

    @pytest.mark.parametrize("word", ["str", "rts", "string", "s", "sttt"])
    def test_more_than_one_letter_or_none(self, word: str) -> None:
        assert misspelt(word, ["str"]) is None


class TestInferences:
    @pytest.mark.parametrize(("count", "warned"), [(11, False), (20, True)])
    def test_many_are_a_warning_with_their_number(self, bound: Path, count: int, warned: bool) -> None:
        members = ", ".join(f"M{number}: str" for number in range(count))
        (bound / "things.lap").write_text(
            AWS.replace(
                "@required {Name: str}\n@returns(200) {Id", f"@required {{Name: str, {members}}}\n@returns(200) {{Id"
            )
        )
        said = run("generate", "things", "-o", "out/a", code=0).stderr
        assert ("warning[many-inferences]: 20 facts about this API are inferred" in said) is warned
        assert ("many-inferences" in said) is warned


class TestHintsNameWhatWasTyped:
    UNSIGNABLE = DERIVED.replace("    in: {Name: body}\n", "    auth: other\n    in: {Name: body}\n")

    def test_the_option_of_the_command(self, bound: Path) -> None:
        (bound / "bindings.yaml").write_text(self.UNSIGNABLE)
        option = "leave it out: --operation '*' --operation '!PutThing'"
        for command in (["generate", "things", "-o", "out/a"], ["inspect", "things"], ["diff", "things", "things"]):
            assert option in run(*command, code=2).stderr
        given = run(
            "generate", "things", "-o", "out/a", "--operation", "Put*", "--operation", "GetThing", code=2
        ).stderr
        assert "leave it out: --operation 'Put*' --operation GetThing --operation '!PutThing'" in given
        run("generate", "things", "-o", "out/a", "--operation", "*", "--operation", "!PutThing", code=0)

    def test_the_key_of_the_configuration(self, bound: Path) -> None:
        (bound / "bindings.yaml").write_text(self.UNSIGNABLE)
        pyproject = '[tool.lapsmith.clients.things]\nspec = "things"\noutput = "out/things"\n'
        (bound.parent / "pyproject.toml").write_text(pyproject)
        assert 'leave it out: operations = ["*", "!PutThing"]' in run("generate", code=2).stderr
