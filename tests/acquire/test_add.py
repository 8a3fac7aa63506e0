"""``lapsmith add``, ``outdated`` and ``update``: from a name to a client that can be imported, or nothing at all."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from acquire.registry_double import Registry
from acquire.smithy_models import SHOP
from click.testing import CliRunner, Result
from corpus import models
from corpus.lean import compile_lean
from lapsmith import cli

PYPROJECT = """\
[build-system]
requires = ["hatchling"]  # as ever

[project]
name = "host"
version = "1.0"
dependencies = [
    "click",  # the command
]

[tool.ruff]
line-length = 100
"""
MEDIASTORE = compile_lean(models.load("mediastore")).encode()


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "host"
    (root / "src" / "host").mkdir(parents=True)
    (root / "src" / "host" / "__init__.py").touch()
    (root / "pyproject.toml").write_text(PYPROJECT)
    monkeypatch.chdir(root)
    return root


def run(*arguments: str, **kwargs: Any) -> Result:
    return CliRunner().invoke(cli.main, arguments, **kwargs)


def tree(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


class TestAdd:
    def test_a_service_by_its_name(self, project: Path) -> None:
        result = run("add", "aws:mediastore")
        assert result.exit_code == 0, result.output
        text = Path("pyproject.toml").read_text()
        assert text.startswith(PYPROJECT.partition("]\n\n[tool")[0])
        assert "# as ever" in text
        assert tomllib.loads(text)["tool"]["lapsmith"]["clients"] == {
            "mediastore": {"spec": "specs/mediastore", "output": "src/host/mediastore"}
        }
        declared = tomllib.loads(text)["project"]["dependencies"]
        assert declared[0] == "click"
        assert any(item.startswith("msgspec") for item in declared)
        lines = result.output.splitlines()
        assert lines[-4:] == [
            "from host.mediastore import MediaStore",
            "",
            'with MediaStore(region="us-east-1") as client:',
            "    print(client.list_containers())",
        ]
        assert run("check").exit_code == 0
        program = (
            "from host.mediastore import MediaStore, Credentials\n"
            "from host.mediastore.testing import StubTransport\n"
            "stub = StubTransport()\n"
            "stub.respond(b'{\"Containers\": []}')\n"
            "client = MediaStore(region='us-east-1', credentials=Credentials('A', 'S'), transport=stub)\n"
            "print(client.list_containers().containers)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=project / "src", capture_output=True, text=True, check=False
        )
        assert (done.stdout, done.stderr) == ("[]\n", "")

    @pytest.mark.parametrize("form", ["json", "folder", "plugin", "lap", "stdin", "smithy"])
    def test_other_sources(self, project: Path, tmp_path: Path, form: str) -> None:
        place = tmp_path / "source"
        skill = {"SKILL.md": "# MediaStore\n", "references/api-spec.lap": MEDIASTORE.decode()}
        source, name, given = str(place), "mediastore", None
        match form:
            case "json":
                source = f"{place}.json"
                Path(source).write_text(json.dumps({"files": skill}))
                name = "elemental-mediastore"
            case "folder" | "plugin":
                root = place / "plugins/x/skills/mediastore" if form == "plugin" else place / "mediastore"
                for path, text in skill.items():
                    (root / path).parent.mkdir(parents=True, exist_ok=True)
                    (root / path).write_text(text)
                source = str(place if form == "plugin" else root)
            case "lap":
                source = f"{place}/mediastore.lap"
                place.mkdir()
                Path(source).write_bytes(MEDIASTORE)
            case "stdin":
                source, given, name = "-", MEDIASTORE, "elemental-mediastore"
            case _:
                source, name = f"{place}.json", "shop"
                Path(source).write_text(json.dumps(SHOP))
        result = run("add", source, input=given)
        assert result.exit_code == 0, result.output
        assert (project / "specs" / name / "references/api-spec.lap").is_file()
        assert (project / "src/host" / name.replace("-", "_") / "_sync.py").is_file()
        assert run("check").exit_code == 0

    def test_another_name(self, project: Path) -> None:
        assert run("add", "aws:mediastore", "--as", "media").exit_code == 0
        assert (project / "specs/media/bindings.yaml").is_file()
        assert run("add", "aws:mediastore", "--as", "Media Store!").exit_code == 0
        assert (project / "src/host/media_store/_sync.py").is_file()

    def test_operations_that_cannot_be_generated_are_left_out_and_named(self, project: Path) -> None:
        result = run("add", "aws:polly")
        assert result.exit_code == 0, result.output
        assert "left out StartSpeechSynthesisStream" in result.output
        clients = tomllib.loads((project / "pyproject.toml").read_text())["tool"]["lapsmith"]["clients"]
        assert clients["polly"]["operations"] == ["*", "!StartSpeechSynthesisStream"]

    def test_without_a_pyproject_it_says_what_it_would_write(self, project: Path) -> None:
        (project / "pyproject.toml").unlink()
        before = tree(project)
        result = run("add", "aws:mediastore")
        assert result.exit_code == 2
        assert "with --init this would be written to 'pyproject.toml':\n[project]\nname = \"host\"" in result.output
        assert tree(project) == before
        assert run("add", "aws:mediastore", "--init").exit_code == 0
        assert tomllib.loads((project / "pyproject.toml").read_text())["project"]["name"] == "host"


BAD = {
    "empty.json": (b"", "is not a whole LAP spec"),
    "half.json": (b'{"files": {"SKILL.md": "x', "not JSON: Unterminated string"),
    "list.json": (b"[1]", "is not a whole LAP spec"),
    "other.json": (b'{"a": 1}', "neither a LAP skill nor an AWS service model"),
    "none.json": (b'{"files": {}}', "'files' must map paths to texts"),
    "nolap.json": (b'{"files": {"SKILL.md": "x"}}', "has no references/api-spec.lap"),
    "number.json": (b'{"files": {"references/api-spec.lap": 5}}', "must be a string, not int"),
    "out.json": (b'{"files": {"../x.lap": "x"}}', "'../x.lap' cannot be the path of a file in a skill"),
    "abs.json": (b'{"files": {"/etc/x.lap": "x"}}', "cannot be the path"),
    "drive.json": (b'{"files": {"C:\\\\x.lap": "x"}}', "cannot be the path"),
    "deep.json": (b"{" + b'"a":{' * 5000 + b"}" * 5001, "nested too deeply"),
    "page.lap": (b"<!doctype html><html>", "is HTML or XML, not LAP"),
    "cut.lap": (MEDIASTORE[: len(MEDIASTORE) // 2], "declares 21 endpoints, but has"),
    "latin.lap": (b"@lap v0.3\n@api \xff", "is not UTF-8 text (byte 15)"),
    "prose.lap": (b"hello", "it has no @api line or no endpoints"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_spec_is_named_and_nothing_is_written(project: Path, tmp_path: Path, name: str) -> None:
    data, message = BAD[name]
    (tmp_path / name).write_bytes(data)
    before = tree(project)
    result = run("add", str(tmp_path / name))
    assert result.exit_code == 2
    assert message in result.output
    assert "Traceback" not in result.output
    assert tree(project) == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("aws:dynamdb",), "did you mean 'dynamodb'?"),
        (("aws:mediastore", "--as", "!!"), "'!!' cannot be the name of a client"),
        (("nowhere/at/all",), "there is no file or folder 'nowhere/at/all'"),
        (("aws:mediastore", "--protocol", "query"), "query"),
    ],
)
def test_mistakes(project: Path, arguments: tuple[str, ...], message: str) -> None:
    before = tree(project)
    result = run("add", *arguments)
    assert result.exit_code == 2
    assert message in result.output
    assert tree(project) == before


def test_a_client_that_is_there_already(project: Path) -> None:
    assert run("add", "aws:mediastore").exit_code == 0
    before = tree(project)
    result = run("add", "aws:mediastore")
    assert result.exit_code == 2
    assert "'specs/mediastore' exists already; give the client another name: --as NAME" in result.output
    assert tree(project) == before


def test_a_failure_in_the_middle_leaves_nothing(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = tree(project)
    monkeypatch.setattr("lapsmith.acquire.project.with_requirements", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        CliRunner().invoke(cli.main, ["add", "aws:mediastore"], catch_exceptions=False)
    assert tree(project) == before
    assert not (project / "specs").exists()


class TestRegistry:
    @pytest.mark.parametrize("name", ["amazonaws-com-mediastore", "registry:mediastore-amazonaws", "mediastore"])
    def test_names_are_found_by_their_words(self, project: Path, name: str) -> None:
        with Registry({"amazonaws-com-mediastore": MEDIASTORE, "amazonaws-com-mediastore-data": b"x"}) as registry:
            result = run("add", name, "--registry", registry.url)
        assert result.exit_code == 0, result.output
        lock = (project / "specs/elemental-mediastore/source.yaml").read_text()
        assert "from: registry:amazonaws-com-mediastore\n" in lock
        assert "version: '7'" in lock

    @pytest.mark.parametrize(
        ("behaviour", "message"),
        [
            ("html", "returned an HTML page, not a LAP spec"),
            ("redirect", "redirects to http://elsewhere.invalid"),
            ("huge", "returned more than 32 MiB"),
            ("cut", "broke off after"),
            ("error", "responded with status 500"),
            ("slow", "cannot read"),
            ("garbage", "cannot read"),
        ],
    )
    def test_one_that_misbehaves(
        self, project: Path, behaviour: str, message: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("lapsmith.acquire.registry.PATIENCE", 0.3)
        before = tree(project)
        with Registry({"mediastore": MEDIASTORE}, behaviour) as registry:
            result = run("add", "mediastore", "--registry", registry.url)
        assert result.exit_code == 2
        assert message in result.output
        assert "Traceback" not in result.output
        assert tree(project) == before

    def test_one_that_is_not_there(self) -> None:
        with Registry({}) as registry:
            url = registry.url
        result = run("add", "mediastore", "--registry", url)
        assert result.exit_code == 2
        assert "check the network, the proxy variables and --registry URL" in result.output

    def test_several_candidates_and_none(self) -> None:
        with Registry({"aws-mediastore": b"", "amazon-mediastore": b"", "other": b""}) as registry:
            result = run("add", "mediastore", "--registry", registry.url)
            assert "has 2 APIs that 'mediastore' may mean" in result.output
            assert "choose one: registry:aws-mediastore, registry:amazon-mediastore" in result.output
            result = run("add", "nothing", "--registry", registry.url)
            assert result.exit_code == 2
            assert "has no API 'nothing'" in result.output

    @pytest.mark.parametrize("url", ["ftp://x", "https://user:secret@x", "nonsense", "https://x?a=b"])
    def test_urls_that_are_none(self, url: str) -> None:
        result = run("add", "mediastore", "--registry", url)
        assert result.exit_code == 2
        assert "--registry URL" in result.output
        assert "secret" not in result.output


class TestUpdate:
    def test_a_newer_spec_is_shown_then_written(self, project: Path) -> None:
        with Registry({"mediastore": MEDIASTORE}) as registry:
            assert run("add", "mediastore", "--as", "media", "--registry", registry.url).exit_code == 0
            result = run("outdated", "--registry", registry.url)
            assert (result.exit_code, result.output) == (0, "media: up to date (7)\n")
            registry.specs["mediastore"] = MEDIASTORE.replace(b"Tags: [Tag]}", b"Tags: [Tag], Extra: str}", 1)
            registry.version = "8"
            result = run("outdated", "--registry", registry.url)
            assert (result.exit_code, result.output) == (1, "media: 7 -> 8; run: lapsmith update media\n")
            before = tree(project)
            result = run("update", "--diff", "--registry", registry.url)
            assert result.exit_code == 0, result.output
            assert "verdict: minor" in result.output
            assert tree(project) == before
            result = run("update", "--registry", registry.url)
            assert result.exit_code == 0, result.output
            assert b"Extra: str" in (project / "specs/media/references/api-spec.lap").read_bytes()
            assert run("check").exit_code == 0
            assert run("update", "--registry", registry.url).output == "media: up to date\n"

    def test_edits_are_not_lost(self, project: Path) -> None:
        assert run("add", "aws:mediastore").exit_code == 0
        path = project / "specs/mediastore/bindings.yaml"
        path.write_text(path.read_text() + "# mine\n")
        before = tree(project)
        result = run("update")
        assert result.exit_code == 2
        assert "edited since the spec was fetched: bindings.yaml" in result.output
        assert "move the edits into overrides.yaml, or discard them with --force" in result.output
        assert tree(project) == before
        assert run("update", "--force").exit_code == 0
        assert b"# mine" not in path.read_bytes()

    def test_a_damaged_lock(self, project: Path) -> None:
        assert run("add", "aws:mediastore").exit_code == 0
        for text in ("", "lapsmith: 1", "{", "lapsmith: 1\nsource: {from: 5}\nfiles: {}", "- a"):
            (project / "specs/mediastore/source.yaml").write_text(text)
            result = run("update")
            assert result.exit_code == 2
            assert "source.yaml' cannot be read" in result.output

    def test_an_update_that_fails_puts_everything_back(self, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with Registry({"mediastore": MEDIASTORE}) as registry:
            assert run("add", "mediastore", "--registry", registry.url).exit_code == 0
            registry.specs["mediastore"] = MEDIASTORE.replace(b"Tags: [Tag]}", b"Tags: [Tag], Extra: str}", 1)
            before = tree(project)
            monkeypatch.setattr("lapsmith.api.generating.generate", lambda *_, **__: 1 / 0)
            assert isinstance(run("update", "--registry", registry.url).exception, ZeroDivisionError)
        assert tree(project) == before

    def test_specs_from_files_have_no_newer_version(self, project: Path, tmp_path: Path) -> None:
        (tmp_path / "media.lap").write_bytes(MEDIASTORE)
        assert run("add", str(tmp_path / "media.lap")).exit_code == 0
        note = "lapsmith: media: its spec came from a file, so there is nowhere to look for a newer one\n"
        for command in ("outdated", "update"):
            result = run(command)
            assert (result.exit_code, result.stdout, result.stderr) == (0, "", note)
        assert run("outdated", "media").exit_code == 0
        result = run("update", "media")
        assert result.exit_code == 2
        assert "its spec came from a file" in result.output

    def test_a_spec_from_a_file_does_not_hide_a_newer_one_of_another_client(
        self, project: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "local.lap").write_bytes(MEDIASTORE)
        assert run("add", str(tmp_path / "local.lap")).exit_code == 0
        with Registry({"mediastore": MEDIASTORE}) as registry:
            assert run("add", "mediastore", "--as", "media", "--registry", registry.url).exit_code == 0
            assert run("outdated", "--registry", registry.url).exit_code == 0
            registry.specs["mediastore"] = MEDIASTORE.replace(b"Tags: [Tag]}", b"Tags: [Tag], Extra: str}", 1)
            registry.version = "8"
            result = run("outdated", "--registry", registry.url)
            assert (result.exit_code, result.stdout) == (1, "media: 7 -> 8; run: lapsmith update media\n")
            result = run("update", "--registry", registry.url)
            assert result.exit_code == 0, result.output
            assert b"Extra: str" in (project / "specs/media/references/api-spec.lap").read_bytes()
