from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lapsmith.diagnostics import DiagnosticError
from lapsmith.generation import identity
from lapsmith.output import manifest as manifests
from lapsmith.output.manifest import Manifest
from lapsmith.templates import folder

SHA = manifests.digest_of(b"content")
GOOD = Manifest(
    lapsmith="1",
    black="26",
    digest="d",
    options={"strict": False, "operations": ["*"]},
    inputs={"specs/x/bindings.yaml": manifests.blob_id(b"b"), "specs/x/api.lap": manifests.blob_id(b"a")},
    outputs={"types.py": SHA, "_runtime/http.py": SHA},
    requirements=("msgspec>=0.21",),
)


@pytest.mark.parametrize(
    ("content", "printed_by_git_hash_object"),
    [
        (b"", "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"),
        (b"hello\n", "ce013625030ba8dba906f756967f9e9ca394464a"),
        (bytes(range(256)) * 50, "e490de0bf53911de9785cc2fde7463f49b26ec68"),
    ],
)
def test_blob_ids_are_gits(content: bytes, printed_by_git_hash_object: str) -> None:
    assert manifests.blob_id(content) == printed_by_git_hash_object


def test_a_manifest_survives_the_disk_and_is_stable() -> None:
    raw = GOOD.dump()
    assert manifests.load(raw, "lapsmith.json") == GOOD
    shuffled = replace(
        GOOD,
        outputs=dict(sorted(GOOD.outputs.items())),
        inputs=dict(sorted(GOOD.inputs.items(), reverse=True)),
    )
    assert shuffled.dump() == raw
    assert raw.endswith(b"}\n")
    assert b"replacing" not in raw


def test_files_under_replacement_are_owned_in_both_states() -> None:
    before = manifests.digest_of(b"before")
    journal = manifests.load(replace(GOOD, replacing={"types.py": before, "gone.py": before}).dump(), "m")
    assert journal.owns("types.py", SHA)
    assert journal.owns("types.py", before)
    assert not journal.owns("types.py", manifests.digest_of(b"edited"))
    assert journal.paths == {"types.py", "_runtime/http.py", "gone.py"}


def broken(**changes: Any) -> bytes:
    return json.dumps({**json.loads(GOOD.dump()), **changes}).encode()


HOSTILE_PATHS = [
    "/etc/passwd", "../x.py", "a/../x.py", "a//b.py", "", ".", "C:/x.py", "a\\b.py", "a/./b.py", ".git/config",
    "a\0b", "a\nb.py", "__pycache__/x.pyc", "x.", "é.py", "a/", "~/x", "x:y",
]  # fmt: skip


@pytest.mark.parametrize("path", HOSTILE_PATHS)
@pytest.mark.parametrize("key", ["outputs", "replacing"])
def test_a_manifest_that_names_files_elsewhere_is_refused(path: str, key: str) -> None:
    with pytest.raises(DiagnosticError, match=r"error\[manifest\].*no plain relative path"):
        manifests.load(broken(**{key: {path: SHA}}), "lapsmith.json")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b"null",
        b"[" * 200_000,
        b'{"schema": ' + b"1" * 10_000 + b"}",
        b" " * (manifests.MAX_MANIFEST_BYTES + 1),
        broken(schema=2),
        broken(schema=None),
        broken(outputs=[]),
        broken(outputs={"a.py": 1}),
        broken(outputs={"a.py": "not a digest"}),
        broken(outputs={"a.py": SHA, "A.py": SHA}),
        broken(outputs={"a": SHA, "a/b.py": SHA}),
        broken(outputs={"lapsmith.json": SHA}),
        broken(inputs=None),
        broken(options=[]),
        broken(requirements="msgspec"),
        broken(requirements=[1]),
        broken(lapsmith=1),
        b"<<<<<<< HEAD\n" + GOOD.dump(),
    ],
)
def test_malformed_manifests_are_refused_with_what_to_do(raw: bytes) -> None:
    with pytest.raises(DiagnosticError) as caught:
        manifests.load(raw, "out/x/lapsmith.json")
    (found,) = caught.value.diagnostics
    assert found.span.file == "out/x/lapsmith.json"
    assert found.message.startswith("not a manifest of lapsmith: ")
    assert found.hint is not None
    assert "--force" in found.hint


@given(st.dictionaries(st.text(max_size=8), st.just(SHA), max_size=3))
def test_whatever_paths_a_manifest_lists_they_stay_inside(outputs: dict[str, str]) -> None:
    try:
        read = manifests.load(broken(outputs=outputs), "m")
    except DiagnosticError:
        return
    root = Path("/client/folder")
    for path in read.paths:
        assert (root / path).resolve().is_relative_to(root)
        assert not path.startswith(".")


def test_the_digest_covers_templates_and_generator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "generator" / "lapsmith"
    for name in (
        "lap/parser.py",
        "python/render.py",
        "generation/pipeline.py",
        "cli/check.py",
        "../../templates/runtime/a.py",
    ):
        path = package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("one\n")
    monkeypatch.setattr(identity, "_PACKAGE", package)
    monkeypatch.setattr(folder, "_PACKAGE", package)
    first = identity.generator_digest()
    assert identity.generator_digest() == first

    (package / "cli" / "check.py").write_text("two\n")
    (package / "lap" / "parser.pyc").write_text("two\n")
    assert identity.generator_digest() == first, "the command line has no part in what is written"
    (package / "lap" / "parser.py").write_bytes(b"one\r\n")
    assert identity.generator_digest() == first, "line ends of a checkout are no change"

    for changed in (package / "python" / "render.py", tmp_path / "templates" / "runtime" / "a.py"):
        before = identity.generator_digest()
        changed.write_text("two\n")
        assert identity.generator_digest() != before


def test_what_the_digest_covers_is_there() -> None:
    assert all((identity._PACKAGE / part).exists() for part in identity._PARTS)


def test_the_templates_inside_an_installed_package_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "_PACKAGE", tmp_path / "generator" / "lapsmith")
    assert folder.templates_folder() == tmp_path / "templates"
    (tmp_path / "generator" / "lapsmith" / "_templates").mkdir(parents=True)
    assert folder.templates_folder() == tmp_path / "generator" / "lapsmith" / "_templates"


def test_blacks_version_is_its_year() -> None:
    assert identity.black_version().isdigit()
