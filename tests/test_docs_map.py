"""The map of the runtime: who looks for a module finds it there."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

REPOSITORY = Path(__file__).parent.parent


def test_every_module_of_the_runtime_is_on_the_map_once() -> None:
    working = (REPOSITORY / "docs" / "development.md").read_text()
    table = working.partition("`templates/runtime` by the job")[2]
    rows = [line.split("|") for line in table.splitlines() if line.startswith("| ")]
    listed = Counter(name for _, _, modules, _ in rows for name in re.findall(r"`(\w+)`", modules))
    there = Counter(path.stem for path in (REPOSITORY / "templates/runtime").glob("*.py") if path.stem != "__init__")
    assert listed == there
