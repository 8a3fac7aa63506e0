"""The documented commands that add and update clients: run as they stand."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner
from documentation import REPOSITORY, blocks
from lapsmith.cli import main

PAGE = REPOSITORY / "docs" / "adding.md"


def test_adding_and_updating_a_client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "src" / "host").mkdir(parents=True)
    (tmp_path / "src" / "host" / "__init__.py").touch()
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "host"\nversion = "1.0"\ndependencies = []\n')
    monkeypatch.chdir(tmp_path)
    printed = ""
    for shown in blocks("console", PAGE):
        command, _, said = shown.partition("\n")
        result = CliRunner().invoke(main, shlex.split(command.removeprefix("$ "))[1:])
        assert result.exit_code == 0, result.output
        # How many modules a runtime has is no promise of the page.
        assert _uncounted(result.output).startswith(_uncounted(said))
        printed += result.output
    (program,) = blocks("python", PAGE)
    assert program in printed
    assert (tmp_path / "specs/mediastore/source.yaml").is_file()
    assert CliRunner().invoke(main, ["check"]).exit_code == 0


def test_every_option_is_one_of_the_commands() -> None:
    offered = {option for name in ("add", "update") for each in main.commands[name].params for option in each.opts}
    words = {word for span in PAGE.read_text().split("`")[1::2] for word in span.split() if word.startswith("--")}
    assert words <= offered


def _uncounted(text: str) -> str:
    return re.sub(r"\d+ files", "N files", text)
