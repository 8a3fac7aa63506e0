"""Folders with specs and models in them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from bind.command import TINY
from corpus import models
from corpus.lean import compile_lean


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """A folder with the lean spec of a service of the installed botocore."""
    monkeypatch.chdir(tmp_path)

    def make(service: str) -> Path:
        folder = tmp_path / service / "references"
        folder.mkdir(parents=True)
        (folder / "api-spec.lap").write_text(compile_lean(models.load(service)))
        return folder.parent

    return make


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a spec of two twins, and ``model.json``."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "service-2.json").write_text(json.dumps(TINY))
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / "tiny.lap").write_text(compile_lean(TINY))
    return tmp_path / "tiny"
