"""Which modules of a package import which, and whether that runs one way."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

Graph = Mapping[str, frozenset[str]]


def imports(root: Path, package: str) -> Graph:
    """Every module below ``root``, dotted from there, to those that it imports, wherever in its code it does so.

    Absolute imports of ``package`` and relative ones count alike. A folder is the module of its ``__init__``.
    """
    paths = {_module(path.relative_to(root)): path for path in sorted(root.rglob("*.py"))}
    return {name: frozenset(_imported(path, name, package, frozenset(paths)) - {name}) for name, path in paths.items()}


def room(module: str) -> str:
    """The folder or the module at the root that a module belongs to."""
    return module.partition(".")[0]


def against(graph: Graph, order: Sequence[str]) -> list[str]:
    """The imports that do not run from a later room of the ``order`` to an earlier one."""
    rank = {name: place for place, name in enumerate(order)}
    return [
        f"{name} imports {other}"
        for name, others in sorted(graph.items())
        for other in sorted(others)
        if room(name) != room(other) and rank[room(name)] <= rank[room(other)]
    ]


def circles(graph: Graph) -> list[tuple[str, ...]]:
    """Modules that import each other in a circle."""
    found: list[tuple[str, ...]] = []
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            found.append((*path[path.index(name) :], name))
        elif name not in done:
            for other in sorted(graph[name]):
                visit(other, (*path, name))
            done.add(name)

    for name in sorted(graph):
        visit(name, ())
    return found


def _module(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imported(path: Path, name: str, package: str, known: frozenset[str]) -> set[str]:
    inside = name if path.stem == "__init__" else name.rpartition(".")[0]
    found: set[str] = set()
    for target, names in _statements(path, inside, package):
        found |= {target} & known
        # What is imported of a folder is one of its modules, or a name in its __init__.
        found |= {f"{target}.{item}".lstrip(".") for item in names} & known
        if target in known and names and all(f"{target}.{item}".lstrip(".") in known for item in names):
            found.discard(target)
    return found - {""}


def _statements(path: Path, inside: str, package: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name == package or alias.name.startswith(f"{package}."):
                    yield alias.name.removeprefix(package).lstrip("."), ()
        elif isinstance(node, ast.ImportFrom):
            names = tuple(alias.name for alias in node.names)
            module = node.module or ""
            if node.level:
                folder = inside.split(".") if inside else []
                base = folder[: len(folder) - (node.level - 1)] if node.level > 1 else folder
                yield ".".join([*base, *([module] if module else [])]), names
            elif module == package or module.startswith(f"{package}."):
                yield module.removeprefix(package).lstrip("."), names
