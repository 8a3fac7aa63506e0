"""The generator's imports run one way: from a room to those that stand before it, and in no circle of modules."""

from __future__ import annotations

from pathlib import Path

import pytest
from import_order import against, circles, imports, room

GENERATOR = Path(__file__).parent.parent / "generator" / "lapsmith"
ROOMS = (
    "version",
    "diagnostics",
    "templates",
    "lap",
    "bindings",
    "ir",
    "python",
    "apidiff",
    "project",
    "output",
    "generation",
    "inspection",
    "bind",
    "api",
    "acquire",
    "buildhooks",
    "demo",
    "cli",
    "__main__",
)
GRAPH = {name: others for name, others in imports(GENERATOR, "lapsmith").items() if name}


def test_every_room_has_its_place() -> None:
    assert {room(name) for name in GRAPH} == set(ROOMS)


def test_rooms_import_only_rooms_before_them() -> None:
    assert against(GRAPH, ROOMS) == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert circles(GRAPH) == []


def test_what_anything_may_ask_for_imports_nothing() -> None:
    assert GRAPH["version"] == frozenset()


def test_commands_and_the_library_write_through_one_door() -> None:
    """What plans clients and writes them is in ``api``; nobody above it does so on a way of its own."""
    steps = ("plan_each", "pipeline.plan(", "output.folder import write", "output.write(")
    above = [path for name in ("api", "buildhooks", "cli", "demo") for path in (GENERATOR / name).glob("*.py")]
    there = {path.relative_to(GENERATOR).as_posix() for path in above for step in steps if step in path.read_text()}
    assert there == {"api/running.py"}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from lapsmith.high import door", ["low.a imports high.door"]),
        ("from lapsmith.high.door import name", ["low.a imports high.door"]),
        ("import lapsmith.high.door", ["low.a imports high.door"]),
        ("from ..high import door", ["low.a imports high.door"]),
        ("def f():\n    from ..high.door import name", ["low.a imports high.door"]),
        ("from . import b", []),
        ("import os", []),
    ],
)
def test_an_import_against_the_order_is_found(tmp_path: Path, source: str, found: list[str]) -> None:
    files = {"low/__init__.py": "", "low/a.py": source, "low/b.py": "", "high/__init__.py": "", "high/door.py": ""}
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    assert against(imports(tmp_path, "lapsmith"), ("low", "high")) == found


def test_a_circle_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("from . import b")
    (tmp_path / "b.py").write_text("from .c import x")
    (tmp_path / "c.py").write_text("def f():\n    import lapsmith.a")
    assert circles(imports(tmp_path, "lapsmith")) == [("a", "b", "c", "a")]
