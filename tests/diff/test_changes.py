"""``lapsmith diff`` by its public door: two folders in, changes out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from diff.api import FILES, Edit, write
from diff.edits import EDITS
from lapsmith.cli import main


def changes(old: Path, new: Path, *arguments: str) -> list[dict[str, Any]]:
    result = CliRunner().invoke(main, ["diff", str(old), str(new), "--format", "json", *arguments])
    assert result.exit_code == 0, result.output
    found: list[dict[str, Any]] = json.loads(result.stdout)["changes"]
    return found


def keys(found: list[dict[str, Any]]) -> set[tuple[str, str, str]]:
    return {(item["kind"], item["severity"], item["subject"]) for item in found}


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.name)
def test_an_edit_is_what_it_means_to_callers(edit: Edit, tmp_path: Path) -> None:
    old, new = write(tmp_path / "old", FILES), write(tmp_path / "new", edit.files())
    there = changes(old, new)
    assert keys(there) == edit.expected
    assert {item["note"] for item in there} - {None} == edit.notes
    for item in there:
        assert item["old"] or item["new"]
        assert (item["old"] or item["new"])["file"].partition("/")[0] in ("old", "new")
    back = changes(new, old)
    for gone, come in (("-removed", "-added"), ("-added", "-removed")):
        one, other = (
            {(item["kind"].removesuffix(end), item["subject"]) for item in found if item["kind"].endswith(end)}
            for found, end in ((there, gone), (back, come))
        )
        # Of what the runtime exports only the end is told; the beginning comes with streams.
        assert {item for item in one ^ other if item[0] != "export"} == set()
