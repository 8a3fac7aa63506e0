from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from lapsmith.diagnostics import DiagnosticError
from lapsmith.output import folder as output
from lapsmith.output import manifest as manifests
from lapsmith.output.folder import Difference, OutputError
from lapsmith.output.manifest import FILE_NAME, Manifest

Files = dict[str, bytes]
FIRST: Files = {
    "__init__.py": b"one\n",
    "types.py": b"types\n",
    "_runtime/http.py": b"http\n",
    "py.typed": b"",
}
SECOND: Files = {
    "__init__.py": b"two\n",
    "types.py": b"types\n",
    "_runtime/new.py": b"new\n",
    "py.typed": b"",
}


def manifest_of(files: Files) -> Manifest:
    outputs = {path: manifests.digest_of(content) for path, content in files.items()}
    return Manifest(lapsmith="1", black="26", digest="d", options={}, inputs={}, outputs=outputs)


def compare(folder: Path, files: Files) -> Difference:
    return output.compare(folder, files, manifest_of(files), output.read_manifest(folder, folder.name))


def put(folder: Path, files: Files, *, force: bool = False) -> None:
    output.write(compare(folder, files), force=force)


def tree(folder: Path) -> Files:
    """Every plain file below a folder, the manifest left out."""
    found = (path for path in folder.rglob("*") if path.is_file() and path.name != FILE_NAME)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


@pytest.fixture
def client(tmp_path: Path) -> Path:
    folder = tmp_path / "out" / "client"
    put(folder, FIRST)
    return folder


def test_everything_is_written_with_a_manifest_and_nothing_else(client: Path) -> None:
    assert tree(client) == FIRST
    assert (client / FILE_NAME).read_bytes() == manifest_of(FIRST).dump()
    assert output.is_current(client, manifest_of(FIRST))
    assert compare(client, FIRST).changes == ()


def test_modes_follow_the_umask(tmp_path: Path) -> None:
    old = os.umask(0o027)
    try:
        put(tmp_path / "client", FIRST)
    finally:
        os.umask(old)
    assert (tmp_path / "client" / "types.py").stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "client" / FILE_NAME).stat().st_mode & 0o777 == 0o640


def test_only_what_changed_is_touched_and_orphans_go(client: Path) -> None:
    for path in client.rglob("*"):
        os.utime(path, (1, 1))
    put(client, SECOND)
    assert tree(client) == SECOND
    untouched = {path.name for path in client.rglob("*") if path.is_file() and path.stat().st_mtime == 1}
    assert untouched == {"types.py", "py.typed"}


def test_an_unchanged_folder_is_not_written_at_all(client: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in (client, client / FILE_NAME)}
    put(client, FIRST)
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_emptied_folders_and_bytecode_of_orphans_go_and_others_stay(client: Path) -> None:
    cache = client / "_runtime" / "__pycache__"
    cache.mkdir()
    (cache / "http.cpython-311.pyc").write_bytes(b"")
    put(client, {"__init__.py": b"one\n"})
    assert not (client / "_runtime").exists()

    put(client, FIRST)
    (client / "_runtime" / "mine.py").write_bytes(b"mine")
    put(client, {"__init__.py": b"one\n"})
    assert tree(client) == {"__init__.py": b"one\n", "_runtime/mine.py": b"mine"}


def test_files_of_others_and_bytecode_are_no_difference(client: Path) -> None:
    (client / "notes.txt").write_text("mine")
    (client / "__pycache__").mkdir()
    (client / "__pycache__" / "types.cpython-311.pyc").write_bytes(b"")
    assert compare(client, FIRST).changes == ()


def test_an_edited_file_is_neither_overwritten_nor_deleted_until_forced(client: Path) -> None:
    (client / "__init__.py").write_bytes(b"my edit\n")
    (client / "_runtime" / "http.py").write_bytes(b"my other edit\n")
    before = tree(client)
    found = compare(client, SECOND)
    assert found.edited == ("__init__.py", "_runtime/http.py")
    with pytest.raises(OutputError, match=r"edited since.*__init__\.py, _runtime/http\.py.*--force"):
        output.write(found)
    assert tree(client) == before
    output.write(found, force=True)
    assert tree(client) == SECOND


def test_a_file_that_lapsmith_never_wrote_is_not_overwritten_until_forced(tmp_path: Path) -> None:
    folder = tmp_path / "client"
    folder.mkdir()
    (folder / "types.py").write_bytes(b"hand-written\n")
    found = compare(folder, FIRST)
    assert found.foreign == ("types.py",)
    with pytest.raises(OutputError, match=r"not written by lapsmith: types\.py"):
        output.write(found)
    assert tree(folder) == {"types.py": b"hand-written\n"}
    output.write(found, force=True)
    assert tree(folder) == FIRST


def test_a_foreign_file_that_already_is_what_would_be_written_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "types.py").write_bytes(FIRST["types.py"])
    put(tmp_path, FIRST)
    assert tree(tmp_path) == FIRST


def test_a_deleted_file_comes_back_without_force(client: Path) -> None:
    (client / "types.py").unlink()
    assert not output.is_current(client, manifest_of(FIRST))
    put(client, FIRST)
    assert tree(client) == FIRST


def test_a_checkout_with_windows_line_ends_is_no_edit_but_becomes_lf(client: Path) -> None:
    (client / "types.py").write_bytes(b"types\r\n")
    found = compare(client, FIRST)
    assert found.edited == ()
    output.write(found)
    assert tree(client) == FIRST


@pytest.mark.parametrize("change", ["edit", "delete", "manifest", "symlink"])
def test_is_current_sees_every_change(client: Path, change: str, tmp_path: Path) -> None:
    path = client / "_runtime" / "http.py"
    if change == "edit":
        path.write_bytes(b"http!\n")
    elif change == "delete":
        path.unlink()
    elif change == "manifest":
        (client / FILE_NAME).write_bytes(manifest_of(FIRST).dump() + b" ")
    else:
        other = tmp_path / "http.py"
        path.rename(other)
        path.symlink_to(other)
    assert not output.is_current(client, manifest_of(FIRST))


@pytest.mark.parametrize(
    "path",
    [
        "/abs.py", "../up.py", "a/../../up.py", "C:/x.py", "C:x.py", "a\\b.py", "", "a//b.py", "./a.py",
        ".hidden", "a\nb.py", "__pycache__/a.py", "LAPSMITH.json", "lapsmith.json/x", "TYPES.py",
        "types.py/x.py",
    ],
)  # fmt: skip
def test_unsafe_file_maps_are_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(OutputError, match="refusing to write"):
        output.compare(tmp_path, {"types.py": b"", path: b"x"}, manifest_of({}), None)
    assert list(tmp_path.iterdir()) == []


@given(st.text(max_size=12))
@settings(max_examples=examples(200))
def test_whatever_a_file_is_called_it_stays_inside(path: str) -> None:
    root = Path("/nowhere/client")
    try:
        found = output.compare(root, {path: b"x"}, manifest_of({}), None)
    except OutputError:
        return
    for change in found.changes:
        assert (root / change.path).resolve().is_relative_to(root)


class TestSymlinks:
    def test_a_linked_folder_is_not_followed(self, client: Path, tmp_path: Path) -> None:
        outside = tmp_path / "outside"
        (client / "_runtime").rename(outside)
        (client / "_runtime").symlink_to(outside)
        for force in (False, True):
            with pytest.raises(OutputError, match="_runtime is a symbolic link"):
                put(client, SECOND, force=force)
        assert tree(outside) == {"http.py": b"http\n"}
        assert (client / "__init__.py").read_bytes() == b"one\n"

    def test_a_linked_file_is_neither_read_nor_written(self, client: Path, tmp_path: Path) -> None:
        secret = tmp_path / "secret"
        secret.write_bytes(b"secret")
        (client / "__init__.py").unlink()
        (client / "__init__.py").symlink_to(secret)
        found = compare(client, SECOND)
        assert found.blocked == ("__init__.py is a symbolic link, which is not followed; remove it",)
        assert "secret" not in "\n".join(output.unified_diff(found, "client"))
        with pytest.raises(OutputError):
            output.write(found, force=True)
        assert secret.read_bytes() == b"secret"

    def test_a_linked_manifest_is_not_followed(self, client: Path, tmp_path: Path) -> None:
        (client / FILE_NAME).rename(tmp_path / "other.json")
        (client / FILE_NAME).symlink_to(tmp_path / "other.json")
        with pytest.raises(OutputError, match="symbolic link"):
            output.read_manifest(client, "client")


def test_things_that_are_no_files_are_named(client: Path) -> None:
    (client / "__init__.py").unlink()
    (client / "__init__.py").mkdir()
    (client / "types.py").unlink()
    os.mkfifo(client / "types.py")
    found = compare(client, FIRST)
    assert found.blocked == (
        "__init__.py is no plain file; remove it",
        "types.py is no plain file; remove it",
    )


def test_a_file_where_the_client_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "client").write_bytes(b"")
    with pytest.raises(OutputError, match="a folder is needed"):
        output.read_manifest(tmp_path / "client", "client")


def test_a_hostile_manifest_deletes_nothing_outside(client: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim.py"
    victim.write_bytes(b"x")
    hostile = replace(manifest_of(FIRST), outputs={"../../victim.py": manifests.digest_of(b"x")})
    (client / FILE_NAME).write_bytes(hostile.dump())
    with pytest.raises(DiagnosticError, match="no plain relative path"):
        put(client, SECOND)
    assert victim.exists()
    assert tree(client) == FIRST


class TestFailures:
    """Whatever fails, and whenever, the folder is as before."""

    def fail_at(self, monkeypatch: pytest.MonkeyPatch, name: str, number: int, error: BaseException) -> list[int]:
        """Make the ``number``-th call of a Path method fail, and only that one."""
        real: Callable[..., object] = getattr(Path, name)
        calls: list[int] = []

        def method(self: Path, *args: object, **kwargs: object) -> object:
            calls.append(len(calls))
            if len(calls) == number:
                raise error
            return real(self, *args, **kwargs)

        monkeypatch.setattr(Path, name, method)
        return calls

    @pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
    @pytest.mark.parametrize("number", range(1, 7))
    def test_a_replacement(
        self, client: Path, monkeypatch: pytest.MonkeyPatch, number: int, error: BaseException
    ) -> None:
        before, record = tree(client), (client / FILE_NAME).read_bytes()
        found = compare(client, SECOND)
        with monkeypatch.context() as patched:
            calls = self.fail_at(patched, "replace", number, error)
            if number <= 4:
                with pytest.raises((OutputError, KeyboardInterrupt), match=r"nothing was changed|^$"):
                    output.write(found)
            else:
                output.write(found)
        assert len(calls) >= min(number, 4), "the journal, two files and the manifest are replaced"
        if number <= 4:
            assert tree(client) == before
            assert (client / FILE_NAME).read_bytes() == record
            put(client, SECOND)
        assert tree(client) == SECOND

    def test_a_deletion(self, client: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        before = tree(client)
        found = compare(client, SECOND)
        with monkeypatch.context() as patched:
            self.fail_at(patched, "unlink", 1, PermissionError(13, "Permission denied"))
            with pytest.raises(OutputError, match="Permission denied; nothing was changed"):
                output.write(found)
        assert tree(client) == before

    @pytest.mark.parametrize("number", range(1, 5))
    def test_staging_leaves_no_trace_of_a_new_client(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
    ) -> None:
        folder = tmp_path / "new" / "client"
        found = compare(folder, FIRST)
        real = output._create
        calls: list[Path] = []

        def create(path: Path, content: bytes) -> None:
            calls.append(path)
            real(path, content[:1])
            if len(calls) == number:
                raise OSError(28, "No space left on device")

        monkeypatch.setattr(output, "_create", create)
        with pytest.raises(OutputError, match="No space left on device; nothing was changed"):
            output.write(found)
        assert list(tmp_path.iterdir()) == []

    def test_what_cannot_be_undone_is_admitted_and_heals(self, client: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        found = compare(client, SECOND)
        real = Path.replace
        calls: list[Path] = []

        def method(self: Path, target: Path) -> Path:
            calls.append(target)
            if len(calls) >= 3:
                raise OSError(30, "Read-only file system")
            return real(self, target)

        with monkeypatch.context() as patched:
            patched.setattr(Path, "replace", method)
            with pytest.raises(OutputError, match="generate again"):
                output.write(found)
        assert tree(client)["__init__.py"] == b"two\n"
        put(client, {**SECOND, "__init__.py": b"three\n"})
        assert tree(client) == {**SECOND, "__init__.py": b"three\n"}


KILLED = """
    import os, sys
    from pathlib import Path
    sys.path[:0] = {path!r}
    from test_output import SECOND, compare
    from lapsmith.output import folder as output

    real, left = Path.replace, int(sys.argv[2])

    def replace(self, target):
        global left
        if left == 0:
            os._exit(9)
        left -= 1
        return real(self, target)

    Path.replace = replace
    output.write(compare(Path(sys.argv[1]), SECOND))
"""


@pytest.mark.parametrize("replacements", range(4))
def test_a_killed_run_is_recovered_without_force(client: Path, replacements: int) -> None:
    """Even when the spec has changed again: the files of the killed run are still known as lapsmith's."""
    script = textwrap.dedent(KILLED).format(path=[str(Path(__file__).parent), *sys.path])
    command = [sys.executable, "-c", script, str(client), str(replacements)]
    assert subprocess.run(command, check=False).returncode == 9
    left = [path for path in client.rglob("*") if path.name.endswith(".tmp")]
    assert left
    assert not output.is_current(client, manifest_of(SECOND))

    third = {"__init__.py": b"three\n", "types.py": b"types 3\n"}
    for path in left:
        os.utime(path, (1, 1))
    put(client, third)
    assert tree(client) == third


def test_temporary_files_of_a_running_neighbour_are_left_alone(client: Path) -> None:
    theirs = client / ".lapsmith-0123456789abcdef.tmp"
    theirs.write_bytes(b"")
    put(client, SECOND)
    assert theirs.exists()


class TestDiff:
    def test_it_shows_what_would_happen(self, client: Path) -> None:
        shown = "\n".join(output.unified_diff(compare(client, SECOND), "gen/client"))
        assert "--- a/gen/client/__init__.py\n+++ b/gen/client/__init__.py\n@@ -1,2 +1,2 @@\n-one\n+two" in shown
        assert "--- /dev/null\n+++ b/gen/client/_runtime/new.py" in shown
        assert "--- a/gen/client/_runtime/http.py\n+++ /dev/null" in shown
        assert "gen/client/types.py" not in shown

    def test_the_terminal_is_safe(self, client: Path) -> None:
        (client / "types.py").write_bytes(b"\x1b]0;owned\x07\xff\r\n")
        shown = "\n".join(output.unified_diff(compare(client, FIRST), "client"))
        assert "owned" in shown
        assert all(character.isprintable() or character in "\n\t" for character in shown)

    def test_a_lost_final_newline_is_visible(self, client: Path) -> None:
        (client / "types.py").write_bytes(b"types")
        assert list(output.unified_diff(compare(client, FIRST), "client"))


@given(
    st.lists(
        st.dictionaries(st.sampled_from(["a.py", "b.py", "d/a.py", "d/e/b.py"]), st.binary(max_size=2)),
        max_size=5,
    )
)
@settings(max_examples=examples(30), deadline=None)
def test_after_any_history_the_folder_is_the_last_file_map(
    tmp_path_factory: pytest.TempPathFactory, history: list[Files]
) -> None:
    folder = tmp_path_factory.mktemp("history") / "client"
    for files in history:
        put(folder, files)
        assert tree(folder) == files
        assert output.is_current(folder, manifest_of(files))
        assert not [path for path in folder.rglob("*") if path.is_dir() and not any(path.iterdir())]
