"""``[tool.lapsmith.clients]`` of a pyproject.toml, read and checked.

Paths in the configuration are relative to the folder of the file, the project root. Whatever names a file in
output (spans, headers, manifests) uses :func:`display_path`: no path of the host ends up in generated code.
"""

from __future__ import annotations

import codecs
import keyword
import os
import re
import sys
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Any

from lapsmith.diagnostics import DiagnosticError, Diagnostics, LapsmithError, Span, suggest

FILE_NAME = "pyproject.toml"
MAX_CONFIG_BYTES = 4 << 20
_KEYS = ("spec", "output", "runtime", "operations", "strict", "transports")
_RUNTIMES = ("embedded", "shared")
_TRANSPORTS = ("httpx2",)
_REPLACED = {"pyreqwest": "leave it out: the default transport replaces it and is faster"}
_SPEC_DEPTH = 2
_IMPORTED = frozenset(("botocore", "cbor2", "httptools", "httpx2", "msgspec", "trio", "truststore"))
"""What clients import that is not in the standard library, and what that imports."""
_REQUIREMENT_NAME = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)")


class ConfigError(LapsmithError):
    """What the user asked for cannot be done; the message says what is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class ClientConfig:
    """One client to generate. ``root`` is the project root, ``spec`` and ``output`` are absolute.

    ``transports`` names the optional transports that the client has besides the default one. ``span`` is where the
    configuration names the spec, and ``operations_span`` where it chooses operations; None for a client given on the
    command line. A client with ``shared_runtime`` imports
    the runtime from the folder ``_runtime`` beside its own, which it shares with the other such clients there.
    ``by_option`` says that ``operations`` come from ``--operation``, which is what hints then name.
    """

    name: str
    root: Path
    spec: Path
    output: Path
    operations: tuple[str, ...] = ("*",)
    strict: bool = False
    span: Span | None = None
    transports: tuple[str, ...] = ()
    shared_runtime: bool = False
    operations_span: Span | None = None
    by_option: bool = False

    @property
    def package(self) -> str:
        return self.output.name

    @property
    def runtime_folder(self) -> Path:
        """Where the client's runtime is."""
        return (self.output.parent if self.shared_runtime else self.output) / "_runtime"


@dataclass(frozen=True, slots=True)
class Config:
    """A pyproject.toml. ``dependencies``: normalised names that the project declares; None: unknown."""

    path: Path
    source: str
    clients: Mapping[str, ClientConfig]
    dependencies: frozenset[str] | None

    def select(self, names: Iterable[str]) -> tuple[ClientConfig, ...]:
        """The named clients, each once; all when no name is given. Raises ConfigError for an unknown name.

        Clients that share a runtime are made together: naming one of them selects them all.
        """
        wanted = tuple(dict.fromkeys(names)) or tuple(self.clients)
        for name in wanted:
            if name not in self.clients:
                known = ", ".join(self.clients)
                hint = suggest(name, self.clients) or f"its clients are: {known}"
                raise ConfigError(f"{self.path.name} has no [tool.lapsmith.clients.{name}]; {hint}")
        shared = {self.clients[name].runtime_folder for name in wanted if self.clients[name].shared_runtime}
        wanted += tuple(name for name, client in self.clients.items() if client.runtime_folder in shared)
        return tuple(self.clients[name] for name in dict.fromkeys(wanted))

    def missing(self, requirements: Iterable[str]) -> tuple[str, ...]:
        """Those of the PEP 508 ``requirements`` whose project is declared nowhere in the file."""
        if self.dependencies is None:
            return ()
        return tuple(item for item in requirements if requirement_name(item) not in self.dependencies)


def requirement_name(requirement: str) -> str | None:
    """The project name of a PEP 508 requirement, normalised as in PEP 503."""
    match = _REQUIREMENT_NAME.match(requirement)
    return re.sub(r"[-_.]+", "-", match[1]).lower() if match else None


def find(start: Path) -> Path | None:
    """The nearest pyproject.toml in ``start`` or a folder above it."""
    start = start.absolute()
    candidates = (folder / FILE_NAME for folder in (start, *start.parents))
    return next((path for path in candidates if path.is_file()), None)


def load(path: Path) -> Config:
    """Read and check a configuration file. Raises DiagnosticError with all that is wrong, or OSError."""
    with path.open("rb") as stream:
        raw = stream.read(MAX_CONFIG_BYTES + 1)
    out = Diagnostics()
    source, table = _parse(raw, path.name, out)
    clients: dict[str, ClientConfig] = {}
    if not out.has_errors:
        reader = _Reader(path.parent.resolve(), path.name, source, out)
        clients = reader.read(table)
    if out.has_errors:
        raise DiagnosticError(out.sorted(), {path.name: source})
    return Config(path, source, clients, _declared(table.get("project"), table.get("dependency-groups")))


def single_client(
    spec: Path, output: Path, *, operations: tuple[str, ...], strict: bool, by_option: bool = False
) -> ClientConfig:
    """A client given on the command line. Its project root is the folder of the nearest pyproject.toml above
    ``output``, else where one would be: it does not depend on the working directory.

    Raises ConfigError when the last part of ``output`` cannot name a package, or the spec lies in it.
    """
    said, output = output, real(output)
    if problem := _bad_identifier(output.name):
        raise ConfigError(f"-o {said}: the folder's name is the name of the package, and {problem}")
    if real(spec).is_relative_to(output):
        raise ConfigError(
            f"-o {said}: the spec '{spec}' lies in the output folder; give the client a folder of its own"
        )
    spec = spec.absolute()
    project = find(output.parent)
    root = project.parent if project else _supposed_root(spec, output)
    return ClientConfig(output.name, root, spec, output, operations, strict, by_option=by_option)


def _supposed_root(spec: Path, output: Path) -> Path:
    """Where the pyproject.toml will be that there is not yet, so that it changes no byte of the client.

    That is the folder around the spec and the client, if the spec is as near to it as ``specs/SERVICE``. What lies
    farther apart is no project, and the folders between are the host's: then it is the spec's folder.
    """
    folder = _folder(spec)
    place = real(folder)
    near = (place, *place.parents)[: _SPEC_DEPTH + 1]
    return next((parent for parent in near if output.is_relative_to(parent)), folder)


def _folder(spec: Path) -> Path:
    if spec.is_dir():
        return spec
    return spec.parent.parent if spec.parent.name == "references" else spec.parent


def spec_only(spec: Path, *, operations: tuple[str, ...], strict: bool, by_option: bool = False) -> ClientConfig:
    """A spec that is looked at and not written anywhere: names are relative to the working directory."""
    spec = spec.absolute()
    folder = spec.parent.parent if spec.parent.name == "references" else spec
    name = _identifier(folder.stem if folder.is_file() else folder.name) or "client"
    return ClientConfig(name, Path.cwd(), spec, Path.cwd() / name, operations, strict, by_option=by_option)


def shadowed(client: ClientConfig) -> str | None:
    """What nobody can import any more, the client itself least of all, with the folder around it on ``sys.path``."""
    if (client.output.parent / "__init__.py").is_file():
        return None
    if client.package in sys.stdlib_module_names:
        return f"Python's own module '{client.package}'"
    return f"the library '{client.package}', which clients import" if client.package in _IMPORTED else None


def display_path(path: Path, root: Path) -> str:
    """``path`` relative to ``root`` with forward slashes, or only its last part when it lies elsewhere."""
    return path_inside(path, root) or path.name


def real(path: Path) -> Path:
    """``path`` without symbolic links, as far as they lead anywhere: unlike ``resolve``, a loop raises nothing."""
    return Path(os.path.realpath(path))


def path_inside(path: Path, root: Path) -> str | None:
    """``path`` relative to ``root`` with forward slashes, or None when it lies elsewhere."""
    path = Path(os.path.normpath(path))
    for base, target in ((root, path), (real(root), real(path))):
        if target.is_relative_to(base):
            return target.relative_to(base).as_posix()
    return None


def _parse(raw: bytes, name: str, out: Diagnostics) -> tuple[str, dict[str, Any]]:
    start = Span(name, 1, 1, 1, 1)
    if len(raw) > MAX_CONFIG_BYTES:
        out.error(start, "config-size", f"larger than {MAX_CONFIG_BYTES >> 20} MiB; this is no configuration")
        return "", {}
    if raw.startswith(codecs.BOM_UTF8):
        out.error(
            start, "config-encoding", "begins with a byte order mark, which TOML does not have", "save it without one"
        )
        return "", {}
    try:
        source = raw.decode("utf-8").replace("\r\n", "\n")
        return source, tomllib.loads(source)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        out.error(Span(name, line, 1, line, 1), "config-encoding", "not UTF-8", "TOML files are always UTF-8")
        return "", {}
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        message = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        place = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", message)
        line, column = (int(place[1]), int(place[2])) if place and place[1] else (1, 1)
        if place:
            message = message[: place.start()]
            line = line if place[1] else source.rstrip().count("\n") + 1
        out.error(Span(name, line, column, line, column), "config-syntax", f"not valid TOML: {message}")
        return source, {}


def _declared(project: object, groups: object) -> frozenset[str] | None:
    """Names in [project] dependencies, optional-dependencies and [dependency-groups] (PEP 621, PEP 735)."""
    if not isinstance(project, dict):
        return None
    dynamic = project.get("dynamic", [])
    if isinstance(dynamic, list) and "dependencies" in dynamic:
        return None
    lists = [project.get("dependencies", [])]
    for table in (project.get("optional-dependencies"), groups):
        lists += table.values() if isinstance(table, dict) else []
    entries = (entry for items in lists if isinstance(items, list) for entry in items)
    names = (requirement_name(entry) for entry in entries if isinstance(entry, str))
    return frozenset(name for name in names if name)


def _bad_identifier(name: str) -> str | None:
    """Why ``name`` cannot be imported, or None."""
    if keyword.iskeyword(name):
        return f"'{name}' is a Python keyword"
    if not (name.isascii() and name.isidentifier()):
        fixed = _identifier(name)
        return f"{name!r} is no Python identifier" + (f": use '{fixed}'" if fixed else "")
    return None


def _identifier(name: str) -> str:
    """The identifier closest to ``name``; empty when nothing is left of it."""
    fixed = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_")
    return f"_{fixed}" if fixed[:1].isdigit() or keyword.iskeyword(fixed) else fixed


class _Reader:
    """Checks the tables and collects what is wrong with them."""

    def __init__(self, root: Path, file: str, source: str, out: Diagnostics) -> None:
        self._root = root
        self._file = file
        self._lines = source.split("\n")
        self._out = out

    def read(self, table: Mapping[str, Any]) -> dict[str, ClientConfig]:
        tool = table.get("tool", {})
        if not isinstance(tool, dict):
            self._out.error(
                Span(self._file, 1, 1, 1, 1), "config", "'tool' must be a table", "write [tool.lapsmith.clients.NAME]"
            )
            return {}
        lapsmith = tool.get("lapsmith", {})
        if not isinstance(lapsmith, dict):
            self._error("tool", "lapsmith", "'lapsmith' must be a table", "write [tool.lapsmith.clients.NAME]")
            return {}
        for key in lapsmith.keys() - {"clients"}:
            self._error(
                "tool.lapsmith",
                key,
                f"unknown key '{key}'",
                suggest(key, ["clients"]) or "it has only 'clients'",
            )
        tables = lapsmith.get("clients", {})
        if not isinstance(tables, dict):
            self._error(
                "tool.lapsmith", "clients", "'clients' must be a table of tables", "write [tool.lapsmith.clients.NAME]"
            )
            return {}
        read = {name: self._client(name, entry) for name, entry in tables.items()}
        clients = {name: client for name, client in read.items() if client is not None}
        self._check_outputs(clients)
        return clients

    def _client(self, name: str, entry: object) -> ClientConfig | None:
        header = f"tool.lapsmith.clients.{name}"
        if problem := _bad_identifier(name):
            self._error(header, None, f"a client is named as a Python package is, and {problem}", None)
            return None
        if not isinstance(entry, dict):
            self._error("tool.lapsmith.clients", name, f"'{name}' must be a table", f"write [{header}]")
            return None
        for key in entry.keys() - set(_KEYS):
            self._error(header, key, f"unknown key '{key}'", suggest(key, _KEYS) or f"keys are: {', '.join(_KEYS)}")
        shared = self._shares_runtime(header, entry.get("runtime", "embedded"))
        spec = self._text(header, entry, "spec", "the spec's folder or .lap file")
        output = self._output(header, self._text(header, entry, "output", "the folder to write to"))
        operations = self._operations(header, entry.get("operations", ["*"]))
        transports = self._transports(header, entry.get("transports", []))
        strict = entry.get("strict", False)
        if not isinstance(strict, bool):
            self._error(header, "strict", "strict must be true or false", None)
            return None
        if spec is None or output is None or operations is None or transports is None:
            return None
        path = self._root / spec
        if real(path).is_relative_to(output):
            self._error(header, "spec", f"the spec '{spec}' lies in the output folder", "keep them apart")
            return None
        span, chosen = self._span(header, "spec"), self._span(header, "operations")
        return ClientConfig(name, self._root, path, output, operations, strict, span, transports, shared, chosen)

    def _shares_runtime(self, header: str, value: object) -> bool:
        if value not in _RUNTIMES:
            known = f'it is "{_RUNTIMES[0]}", the default, or "{_RUNTIMES[1]}"'
            hint = suggest(value, _RUNTIMES) if isinstance(value, str) else None
            self._error(header, "runtime", f"unknown runtime {value!r}", hint or known)
        return value == "shared"

    def _text(self, header: str, entry: Mapping[str, Any], key: str, what: str) -> str | None:
        value = entry.get(key)
        if value is None:
            self._error(header, None, f"'{key}' is missing", f'add {key} = "...": {what}')
        elif not isinstance(value, str) or not value or not value.isprintable():
            self._error(header, key, f"'{key}' must be a path", f"{what}, relative to {self._file}")
        else:
            return value
        return None

    def _operations(self, header: str, value: object) -> tuple[str, ...] | None:
        if isinstance(value, list) and value and all(isinstance(item, str) and item for item in value):
            return tuple(value)
        hint = 'such as ["Get*", "ListItems"], or ["*"] for all'
        self._error(header, "operations", "operations must be a list of name patterns", hint)
        return None

    def _transports(self, header: str, value: object) -> tuple[str, ...] | None:
        known = f"the optional transports are: {', '.join(_TRANSPORTS)}"
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self._error(header, "transports", "transports must be a list of names", known)
            return None
        for item in value:
            if item not in _TRANSPORTS:
                hint = _REPLACED.get(item) or suggest(item, _TRANSPORTS) or known
                self._error(header, "transports", f"there is no transport '{item}'", hint)
                return None
        return tuple(sorted(set(value)))

    def _output(self, header: str, value: str | None) -> Path | None:
        if value is None:
            return None
        path = Path(value)
        absolute = path.is_absolute() or PureWindowsPath(value).drive
        inside = real(self._root / path)
        problem = None
        if absolute or ".." in path.parts or "\\" in value:
            problem = "must be a relative path with forward slashes and without '..'"
        elif not inside.is_relative_to(self._root):
            problem = "leaves the project through a symbolic link"
        elif inside == self._root:
            problem = "must be a folder below the project, not the project itself"
        elif bad := _bad_identifier(path.name) or _bad_identifier(inside.name):
            problem = f"ends in the package's name, and {bad}"
        if problem:
            self._error(header, "output", f"output '{value}' {problem}", None)
            return None
        return inside

    def _check_outputs(self, clients: Mapping[str, ClientConfig]) -> None:
        for name, client in clients.items():
            self._check_runtime_folder(name, client, clients.values())
            for other in clients.values():
                # Folders that differ only in case are one folder on macOS and Windows.
                mine, theirs = (Path(str(item.output).casefold()) for item in (client, other))
                if other is not client and mine.is_relative_to(theirs):
                    relation = "the same folder as" if mine == theirs else "inside"
                    message = f"output of '{name}' is {relation} the output of '{other.name}'"
                    self._error(f"tool.lapsmith.clients.{name}", "output", message, "give each client its own folder")

    def _check_runtime_folder(self, name: str, client: ClientConfig, clients: Iterable[ClientConfig]) -> None:
        if not client.shared_runtime:
            return
        header = f"tool.lapsmith.clients.{name}"
        parent = client.output.parent
        if parent == self._root:
            hint = 'such as output = "src/host/' + client.output.name + '"'
            self._error(header, "output", 'runtime = "shared" needs a package around the clients', hint)
        elif problem := _bad_identifier(parent.name):
            self._error(
                header, "output", f'runtime = "shared": the folder around the clients is a package, and {problem}', None
            )
        mine = Path(str(client.runtime_folder).casefold())
        for taken in (path for other in clients for path in (other.output, real(other.spec))):
            theirs = Path(str(taken).casefold())
            if theirs.is_relative_to(mine):
                shown = display_path(taken, self._root)
                self._error(header, "output", f"'{shown}' is where the shared runtime goes", "rename it")

    def _error(self, header: str, key: str | None, message: str, hint: str | None) -> None:
        self._out.error(self._span(header, key), "config", f"[{header}]: {message}", hint)

    def _span(self, header: str, key: str | None) -> Span:
        """The key's line in the table, else the table's header, else the start: tomllib knows no places."""
        wanted, found = _parts(header), None
        for number, line in enumerate(self._lines, 1):
            text = line.strip()
            if text.startswith("["):
                if found is not None:
                    break
                if _parts(text.split("#")[0].strip().strip("[]")) == wanted:
                    found = self._line(number)
            elif found is not None and key is not None and _parts(text.split("=")[0]) == (key,):
                return self._line(number)
        return found or Span(self._file, 1, 1, 1, 1)

    def _line(self, number: int) -> Span:
        line = self._lines[number - 1]
        return Span(self._file, number, len(line) - len(line.lstrip()) + 1, number, len(line.rstrip()) + 1)


def _parts(dotted: str) -> tuple[str, ...]:
    """A TOML key's parts, quotes removed. Good enough to find a line, no more."""
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))
