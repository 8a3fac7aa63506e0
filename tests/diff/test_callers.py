"""mypy as the judge: does code that uses all of the old client still pass against the new one?"""

from __future__ import annotations

import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest
from diff.api import CALLER, Edit, write
from diff.edits import EDITS

MYPY = ["--strict", "--python-version", "3.11", "--config-file", "", "--no-error-summary", "--hide-error-context"]
UNCHANGED = Edit("unchanged", (), frozenset())


@pytest.fixture(scope="module")
def complaints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What mypy says of the caller of each edit's client, by the edit's name. The clients share a runtime."""
    folder = tmp_path_factory.mktemp("callers")
    config = ['[project]\nname = "host"\ndependencies = []\n']
    names = {}
    write(folder / "apis", {"__init__.py": ""})
    for number, edit in enumerate((UNCHANGED, *EDITS)):
        name = f"shop{number}"
        names[f"caller{number}.py"] = edit.name
        write(folder / "specs" / name, edit.files())
        (folder / f"caller{number}.py").write_text(re.sub(r"\bshop\b", f"apis.{name}", CALLER))
        config.append(
            f'[tool.lapsmith.clients.{name}]\nspec = "specs/{name}"\noutput = "apis/{name}"\nruntime = "shared"\n'
        )
    (folder / "pyproject.toml").write_text("\n".join(config))
    run([sys.executable, "-m", "lapsmith", "generate"], folder, 0)
    found: dict[str, list[str]] = defaultdict(list)
    for line in run([sys.executable, "-m", "mypy", *MYPY, *names], folder, 1).splitlines():
        place, separator, message = line.partition(": error: ")
        if separator:
            found[names[place.partition(":")[0]]].append(message)
    return found


def run(command: list[str], folder: Path, code: int) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("edit", [UNCHANGED, *EDITS], ids=lambda edit: edit.name)
def test_what_is_major_breaks_the_caller_and_nothing_else_does(edit: Edit, complaints: dict[str, list[str]]) -> None:
    if edit.severity == "major" and edit.seen:
        assert complaints[edit.name]
    else:
        assert complaints[edit.name] == []
