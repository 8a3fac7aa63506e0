"""Import blocks of generated modules: templates import all that they might use, and what is used stays, sorted."""

from __future__ import annotations

import ast

from lapsmith.templates.runtime import FOLDER as RUNTIME

_HEAD = "__future__"
_TYPES = "types"


def tidy_imports(source: str) -> str:
    """Return ``source`` with the unused top-level imports gone and the rest sorted: stdlib, installed, relative."""
    tree = ast.parse(source)
    imports = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    used = _used(tree)
    lines = [f"{line}\n" for line in source.split("\n")]
    for node in reversed(imports):
        assert node.end_lineno is not None
        lines[node.lineno - 1 : node.end_lineno] = ["\n"] if node is imports[0] else []
    if not imports:
        return source
    at = imports[0].lineno - 1
    block = _block(_kept(_merged(imports), used))
    return "".join([*lines[:at], block, *lines[at + 1 :]])


def lift_runtime(source: str) -> str:
    """Return ``source`` with the runtime imported from beside the client's folder instead of from within it."""
    lines = source.split("\n")
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom) and node.level == 1]
    for node in nodes:
        if (node.module or "").partition(".")[0] == RUNTIME:
            line = lines[node.lineno - 1]
            lines[node.lineno - 1] = line.replace(f"from .{RUNTIME}", f"from ..{RUNTIME}", 1)
    return "\n".join(lines)


def nest(source: str, package: str) -> str:
    """Return the source of a client's module as one of the client's ``package``, for which it imports relatively."""
    lines = source.split("\n")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.level:
            dots, module = "." * node.level, node.module or ""
            inside = module.removeprefix(f"{package}.") if node.level == 1 else module
            nested = f".{inside}" if inside != module else f"{dots}.{module}"
            line = lines[node.lineno - 1]
            lines[node.lineno - 1] = line.replace(f"from {dots}{module} ", f"from {nested} ", 1)
    return "\n".join(lines)


def defer_types(source: str) -> str:
    """Return ``source`` with the types that only annotations mention imported for type checkers alone."""
    tree = ast.parse(source)
    found = next((node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == _TYPES), None)
    if found is None:
        return source
    evaluated, names = _evaluated(tree), {alias.name for alias in found.names}
    checked = sorted((names & _used(tree)) - evaluated, key=_case_groups)
    lines = source.split("\n")
    guard = next((node for node in tree.body if isinstance(node, ast.If)), None)
    if checked:
        line = f"from .{_TYPES} import {', '.join(checked)}"
        at = _last_import(tree) if guard is None else guard.end_lineno
        assert at is not None
        lines[at:at] = ["", "if TYPE_CHECKING:", f"    {line}", ""] if guard is None else [f"    {line}"]
    start, end = found.lineno - 1, found.end_lineno
    needed = sorted(names & evaluated)
    lines[start:end] = ["from typing import TYPE_CHECKING"]
    lines[start + 1 : start + 1] = [f"from .{_TYPES} import {', '.join(needed)}"] if needed else []
    return "\n".join(lines)


def _used(tree: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


def _evaluated(tree: ast.AST) -> set[str]:
    """Return the names that are used outside annotations."""
    found: set[str] = set()
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Name):
            found.add(node.id)
        for name, value in ast.iter_fields(node):
            if name not in ("annotation", "returns"):
                waiting += [
                    child for child in (value if isinstance(value, list) else [value]) if isinstance(child, ast.AST)
                ]
    return found


def _last_import(tree: ast.Module) -> int | None:
    return max(node.end_lineno or 0 for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom))


def lifted_module(module: str) -> str:
    """Return the name of a client's module, relative to the client, with the runtime's beside the client."""
    return f".{module}" if module.partition(".")[0] == RUNTIME else module


def _merged(imports: list[ast.Import | ast.ImportFrom]) -> list[ast.Import | ast.ImportFrom]:
    """Return one import for each module, but for names that are imported under another one."""
    merged: list[ast.Import | ast.ImportFrom] = []
    first: dict[tuple[str | None, int], ast.ImportFrom] = {}
    for node in imports:
        if isinstance(node, ast.Import) or any(alias.asname for alias in node.names):
            merged.append(node)
        elif (node.module, node.level) in first:
            first[node.module, node.level].names += node.names
        else:
            first[node.module, node.level] = node
            merged.append(node)
    return merged


def _kept(imports: list[ast.Import | ast.ImportFrom], used: set[str]) -> list[ast.Import | ast.ImportFrom]:
    kept: list[ast.Import | ast.ImportFrom] = []
    for node in imports:
        future = isinstance(node, ast.ImportFrom) and node.module == _HEAD
        names = {alias.name: alias for alias in node.names if future or (alias.asname or alias.name) in used}
        node.names = [names[name] for name in sorted(names, key=_case_groups)]
        if node.names:
            kept.append(node)
    return kept


def _case_groups(name: str) -> tuple[int, str]:
    """Sort as isort does: constants, then classes, then the rest."""
    return (0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2, name)


def _block(imports: list[ast.Import | ast.ImportFrom]) -> str:
    groups: dict[int, list[str]] = {}
    for node in sorted(imports, key=_sort_key):
        groups.setdefault(_sort_key(node)[0], []).append(ast.unparse(node))
    return "\n\n".join("\n".join(lines) for _, lines in sorted(groups.items())) + "\n"


def _sort_key(node: ast.Import | ast.ImportFrom) -> tuple[int, bool, str]:
    if isinstance(node, ast.Import):
        return (1 if node.names[0].name == "msgspec" else 0) + 1, False, node.names[0].name
    if node.module == _HEAD:
        return 0, True, _HEAD
    if node.level:
        return 3, True, "." * (node.level - 1) + (node.module or "")
    return (2 if node.module == "msgspec" else 1), True, node.module or ""
