"""The project that a client is added to: where its files go, and its entries in pyproject.toml.

The file keeps its comments and layout. Nothing here writes to disk.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Sequence
from pathlib import Path

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AbstractTable, Array, Table

from lapsmith.project.config import Config, ConfigError, requirement_name

_NEW = """\
[project]
name = "{name}"
version = "0.1.0"
requires-python = ">=3.11"
dependencies = []
"""


def package_name(name: str) -> str:
    """Return the package for a spec's name: ``bedrock_runtime`` for ``bedrock-runtime``, ``aws_lambda`` for ``lambda``.

    Raises ConfigError for a name that no package can have.
    """
    words = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_").lower()
    if words and (words[0].isdigit() or keyword.iskeyword(words)):
        words = f"aws_{words}"
    if not words.isidentifier() or not words.isascii():
        raise ConfigError(f"'{name}' cannot be the name of a client; give one of letters and digits: --as NAME")
    return words


def output_folder(root: Path, config: Config | None, package: str) -> str:
    """Return where the client's package goes, relative to the project: beside its other clients if it has any.

    Else it goes into the project's one package (``src/PACKAGE``), else into ``src`` where that is, else into the root.
    """
    places = {client.output.parent for client in config.clients.values()} if config else set()
    if len(places) == 1:
        return (places.pop().relative_to(root) / package).as_posix()
    source = root / "src"
    inside = [path.parent for path in source.glob("*/__init__.py")]
    parent = inside[0] if len(inside) == 1 else source if source.is_dir() else root
    return (parent.relative_to(root) / package).as_posix()


def new_project(root: Path) -> str:
    """Return the text of a pyproject.toml for a folder that has none."""
    name = re.sub(r"[^a-z0-9]+", "-", root.name.lower()).strip("-") or "project"
    return _NEW.format(name=name)


def with_client(text: str, package: str, spec: str, output: str, operations: Sequence[str]) -> str:
    """Return the text of a pyproject.toml with the client in it. Raises ConfigError where it has a client so called."""
    document = _parse(text)
    clients = _table(_table(_table(document, "tool"), "lapsmith"), "clients")
    if package in clients:
        raise ConfigError(
            f"pyproject.toml has a client '{package}' already; choose another name: --as NAME, or run: lapsmith update"
        )
    entry = tomlkit.table()
    entry["spec"] = spec
    entry["output"] = output
    if operations:
        entry["operations"] = ["*", *(f"!{name}" for name in operations)]
    clients[package] = entry
    return _spaced(tomlkit.dumps(document), package)


def with_requirements(text: str, requirements: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """Return the text with those of the requirements added that ``[project] dependencies`` lacks, and which they are.

    A file without ``[project]``, or whose dependencies are dynamic, stays as it is.
    """
    document = _parse(text)
    project = document.get("project")
    if not isinstance(project, AbstractTable) or "dependencies" in project.get("dynamic", []):
        return text, ()
    declared = project.get("dependencies")
    if declared is None:
        declared = tomlkit.array()
        project["dependencies"] = declared
    if not isinstance(declared, Array):
        raise ConfigError("pyproject.toml: [project] dependencies must be a list of strings")
    there = {requirement_name(str(item)) for item in declared}
    added = tuple(item for item in requirements if requirement_name(item) not in there)
    for item in added:
        declared.add_line(item) if _is_multiline(declared) else declared.append(item)
    return (tomlkit.dumps(document) if added else text), added


def _spaced(text: str, package: str) -> str:
    """The text with an empty line after the client's table, which tomlkit leaves out before another table."""
    head, mark, tail = text.partition(f"[tool.lapsmith.clients.{package}]\n")
    return head + mark + re.sub(r"(?<!\n)\n\[", "\n\n[", tail, count=1)


def _is_multiline(array: Array) -> bool:
    return "\n" in array.as_string()


def _table(parent: Table | tomlkit.TOMLDocument, name: str) -> Table:
    """The table called ``name``, made if there is none; one that only holds others gets no header of its own."""
    if name not in parent:
        parent[name] = tomlkit.table(is_super_table=True)
    found = parent[name]
    if not isinstance(found, AbstractTable):
        raise ConfigError(f"pyproject.toml: '{name}' must be a table")
    return found  # type: ignore[return-value]


def _parse(text: str) -> tomlkit.TOMLDocument:
    try:
        return tomlkit.parse(text)
    except TOMLKitError as error:
        raise ConfigError(f"pyproject.toml is not TOML: {error}") from error
