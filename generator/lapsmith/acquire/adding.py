"""Adding a client to a project: its spec, its bindings, its entry in pyproject.toml, and the client itself.

All of it is written, or none.
"""

from __future__ import annotations

import contextlib
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lapsmith.acquire import binding, lock, project
from lapsmith.acquire.found import Found
from lapsmith.api import generating
from lapsmith.diagnostics import DiagnosticError, Severity, Span
from lapsmith.generation.analysis import analyse
from lapsmith.ir.model import Service
from lapsmith.project import config
from lapsmith.project.config import ClientConfig, ConfigError
from lapsmith.project.inputs import read_inputs

if TYPE_CHECKING:
    from lapsmith.python.view import OperationView

SPECS = "specs"
_EXCLUDABLE = re.compile(r"""["']!(\w+)["']""")
"""How the hint of an error names the operation that may be left out."""


@dataclass(frozen=True, slots=True)
class Added:
    """What was written.

    ``spec`` and ``output`` are relative to the project; ``excluded`` are operations that cannot be generated, with the
    reason; ``requirements`` what the client needs, and ``declared`` those of them that pyproject.toml now has too.
    ``notes`` say what binding decided, and ``example`` is a short program that calls the client.
    """

    package: str
    spec: str
    output: str
    files: int
    excluded: Mapping[str, str]
    requirements: tuple[str, ...]
    declared: tuple[str, ...]
    notes: tuple[str, ...]
    example: str


def add(found: Found, pyproject: Path, *, name: str | None = None, protocol: str | None = None) -> Added:
    """Add the client of what was ``found`` to the project of ``pyproject``, which may not exist yet.

    ``name`` is another name for the spec's folder; the package is called after it. ``protocol`` is one that the
    service offers besides its usual one. Raises ConfigError where the project has such a client or folder already,
    SourceError and BindError for a spec that cannot be bound, and what generation raises; nothing is left behind then.
    """
    name = name or found.name
    package = project.package_name(name)
    root = pyproject.parent.resolve()
    known = config.load(pyproject) if pyproject.is_file() else None
    folder = root / SPECS / name
    output = project.output_folder(root, known, package)
    for path in (folder, root / output):
        if path.exists():
            place = path.relative_to(root).as_posix()
            raise ConfigError(f"'{place}' exists already; give the client another name: --as NAME")
    files, notes = binding.bound(found, protocol=protocol)
    before = pyproject.read_text(encoding="utf-8") if known else None
    with _undone_on_failure(folder, root / output, pyproject, before):
        _write(folder, {**files, lock.FILE_NAME: lock.text(lock.of(found, protocol))})
        spec = folder.relative_to(root).as_posix()
        service, excluded = _generable(root, folder, root / output)
        text = before if before is not None else project.new_project(root)
        text = project.with_client(text, package, spec, output, tuple(excluded))
        pyproject.write_text(text, encoding="utf-8", newline="")
        generated = generating.generate(pyproject, clients=[package]).clients[-1]
        text, declared = project.with_requirements(text, generated.requirements)
        pyproject.write_text(text, encoding="utf-8", newline="")
    return Added(
        package,
        spec,
        output,
        len(generated.files),
        excluded,
        generated.requirements,
        declared,
        notes,
        _example(service, package, output),
    )


def _generable(root: Path, folder: Path, output: Path) -> tuple[Service, dict[str, str]]:
    """The service without the operations that no client can have yet, and why each of those is left out."""
    from lapsmith import python

    excluded: dict[str, str] = {}
    while True:
        chosen = ("*", *(f"!{name}" for name in excluded))
        client = ClientConfig(output.name, root, folder, output, chosen)
        inputs = read_inputs(client)
        analysis = analyse(client, inputs)
        found = list(analysis.diagnostics)
        if analysis.service is not None:
            found += python.unsupported(analysis.service, Span(inputs.spec, 1, 1, 1, 1)).items
        errors = [item for item in found if item.severity is Severity.ERROR]
        if analysis.service is not None and not errors:
            return analysis.service, excluded
        new = {name: item.message for item in errors for name in _EXCLUDABLE.findall(item.hint or "")}
        if len(new) < len(errors) or not new.keys() - excluded.keys():
            raise DiagnosticError(found, analysis.sources)
        excluded |= new


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


@contextlib.contextmanager
def _undone_on_failure(folder: Path, output: Path, pyproject: Path, before: str | None) -> Iterator[None]:
    """Remove the two folders, and put pyproject.toml back, if the block does not end well."""
    parents = [path for path in (folder.parent, output.parent) if not path.exists()]
    try:
        yield
    except BaseException:
        for path in (folder, output, *parents):
            shutil.rmtree(path, ignore_errors=True)
        if before is None:
            pyproject.unlink(missing_ok=True)
        else:
            pyproject.write_text(before, encoding="utf-8", newline="")
        raise


def _example(service: Service, package: str, output: str) -> str:
    """A short program that makes the client and calls the operation that asks least of its caller."""
    from lapsmith.python.lower import lower

    view = lower(service, package=package, source="")
    operation = min(view.operations, key=_burden)
    arguments = ", ".join(f"{item.name}=..." for item in operation.parameters if item.required)
    module = ".".join(Path(output).parts[1:] if Path(output).parts[0] == "src" else Path(output).parts)
    return (
        f"from {module} import {view.class_name}\n\n"
        f'with {view.class_name}(region="us-east-1") as client:\n'
        f"    print(client.{operation.method}({arguments}))\n"
    )


def _burden(operation: OperationView) -> tuple[bool, int, bool, bool]:
    """What a first call asks of its caller: those that list things ask least."""
    needed = sum(item.required for item in operation.parameters)
    return operation.stream is not None, needed, not operation.retry_safe, not operation.method.startswith("list_")
