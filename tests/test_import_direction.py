"""Imports run one way: a room of the runtime imports only what stands below it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

RUNTIME = Path(__file__).parent.parent / "templates" / "runtime"

ROOMS = (
    "errors",
    "message",
    "wire",
    "shapes",
    "codec",
    "settings",
    "signing",
    "call",
    "stream",
    "client",
    "testing",
)
"""From the ground up: folders of ``templates/runtime``, and the two modules at its root."""


def runtime_modules() -> list[Path]:
    return sorted(path for path in RUNTIME.rglob("*.py") if path.stat().st_size)


def imported_rooms(path: Path) -> Iterator[str]:
    """Yield the rooms that a module imports at any time; those for type checkers alone do not count."""
    depth = len(path.relative_to(RUNTIME).parts)
    for node in _executed(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level == depth:
            yield from [node.module.partition(".")[0]] if node.module else [alias.name for alias in node.names]


def _executed(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.If) and isinstance(child.test, ast.Name) and child.test.id == "TYPE_CHECKING"):
            yield child
            yield from _executed(child)


def test_every_room_has_its_place() -> None:
    there = {path.stem if path.is_file() else path.name for path in RUNTIME.iterdir() if path.name != "__pycache__"}
    assert there - {"__init__"} == set(ROOMS)


@pytest.mark.parametrize("path", runtime_modules(), ids=lambda path: path.relative_to(RUNTIME).as_posix())
def test_the_runtime_imports_one_way(path: Path) -> None:
    room = path.relative_to(RUNTIME).parts[0].removesuffix(".py")
    above = ROOMS[ROOMS.index(room) + 1 :]
    assert [name for name in imported_rooms(path) if name in above] == []
