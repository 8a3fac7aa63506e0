"""What the command writes and says for small specs, each about one thing; see ``golden/``.

A case is ``spec.lap`` with ``bindings.yaml`` and ``types.lap`` where it needs them. ``expected`` is the client without
``_runtime`` and without the manifest's digests, and is missing where nothing may be written; ``stderr.txt`` is what the
user is told.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner
from golden_cases import CASES, GOLDEN, generate, shared_project
from lapsmith.cli import main

CheckTree = Callable[[Path, Mapping[str, bytes]], None]


@pytest.mark.parametrize("case", CASES)
def test_golden(case: str, tmp_path: Path, check_golden_tree: CheckTree) -> None:
    outcome = generate(GOLDEN / case, tmp_path / case)
    actual = {"stderr.txt": outcome.stderr.encode()}
    if outcome.code == 0:
        actual |= {f"expected/{name}": content for name, content in _written(outcome.folder).items()}
    else:
        assert outcome.code == 2
        assert not outcome.folder.exists()
    inputs = {path.name: path.read_bytes() for path in (GOLDEN / case).iterdir() if path.is_file()}
    check_golden_tree(GOLDEN / case, {**inputs, **actual})


def _written(folder: Path) -> dict[str, bytes]:
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    manifest = json.loads(files.pop("lapsmith.json"))
    kept = {key: manifest[key] for key in ("options", "requirements", "schema")}
    kept["outputs"] = [name for name in manifest["outputs"] if not name.startswith("_runtime/")]
    own = {name: content for name, content in files.items() if not name.startswith("_runtime/")}
    return own | {"lapsmith.json": (json.dumps(kept, indent=2, sort_keys=True) + "\n").encode()}


def test_a_shared_runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, check_golden_tree: CheckTree) -> None:
    """Only what differs from clients with a runtime of their own: relative imports, manifests, and which files."""
    clients = shared_project(tmp_path, chat="event_stream_json", tables="json_rpc")
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["generate"])
    assert result.exit_code == 0, result.output
    paths = sorted(path for name in ("chat", "tables") for path in (clients / name).rglob("*") if path.is_file())
    imports = [
        f"{path.relative_to(clients).as_posix()}: {line.strip()}\n"
        for path in paths
        for line in path.read_text().splitlines()
        if "from ." in line or '".._runtime' in line
    ]
    options = {path.parent.name: json.loads(path.read_text())["options"] for path in clients.glob("*/lapsmith.json")}
    actual = {
        "files.txt": "".join(f"{path.relative_to(clients).as_posix()}\n" for path in paths),
        "imports.txt": "".join(imports),
        "options.json": json.dumps(options, indent=2, sort_keys=True) + "\n",
    }
    check_golden_tree(GOLDEN / "shared_runtime", {name: text.encode() for name, text in actual.items()})


def test_cases_are_found() -> None:
    assert len(CASES) >= 10
    assert all((GOLDEN / case / "stderr.txt").is_file() for case in CASES)
