"""The part of a client that no spec changes: which modules of ``templates/runtime`` its files need.

A client has them in its own folder ``_runtime``, or shares that folder with the clients beside it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from lapsmith.manifest import templates_folder

FOLDER = "_runtime"


def closure(sources: Mapping[str, str]) -> tuple[str, ...]:
    """The names of the runtime modules that Python sources import, directly or through each other, sorted."""
    found = {"__init__"}
    waiting = [name for path, source in sources.items() if path.endswith(".py") for name in _imported(source, FOLDER)]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _neighbours(name)
    return tuple(sorted(found))


def files(modules: Iterable[str]) -> dict[str, bytes]:
    """The files of these modules, by path in the runtime's folder. Names that it does not have are left out."""
    paths = {name: templates_folder() / "runtime" / f"{name}.py" for name in sorted(set(modules) & names())}
    return {f"{name}.py": path.read_bytes().replace(b"\r\n", b"\n") for name, path in paths.items()}


@cache
def names() -> frozenset[str]:
    """The names of all modules that the runtime has."""
    return frozenset(path.stem for path in (templates_folder() / "runtime").glob("*.py"))


@cache
def _neighbours(name: str) -> tuple[str, ...]:
    source = (templates_folder() / "runtime" / f"{name}.py").read_text(encoding="utf-8")
    return tuple(_imported(source, ""))


def _imported(source: str, package: str) -> Iterator[str]:
    """Yield the modules of ``package`` (of the same package, when empty) that a module imports, wherever it does so."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.level:
            parts = (node.module or "").split(".")
            if not package and parts[0]:
                yield parts[0]
            elif not package:
                yield from (alias.name for alias in node.names)
            elif parts[0] == package and len(parts) > 1:
                yield parts[1]
            elif parts[0] == package:
                yield from (alias.name for alias in node.names)
