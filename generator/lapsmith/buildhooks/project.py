"""What the hooks of all build backends do: generate a project's clients, and say what belongs in its distributions."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lapsmith.api.generating import Generation, generate
from lapsmith.diagnostics import LapsmithError, Severity, render
from lapsmith.project import config
from lapsmith.project.config import ClientConfig, Config, path_inside, requirement_name
from lapsmith.project.inputs import read_inputs

SKIP_VARIABLE = "LAPSMITH_SKIP"


class HookError(Exception):
    """The build must fail. The text is all that the user needs to see."""


@dataclass(frozen=True, slots=True)
class Project:
    """A project whose pyproject.toml has clients."""

    root: Path
    config: Config

    @classmethod
    def at(cls, root: Path) -> Project | None:
        """The project in the folder ``root``; None if it has no clients. Raises HookError."""
        path = root / config.FILE_NAME
        if not path.is_file():
            return None
        try:
            read = config.load(path)
        except LapsmithError as error:
            raise HookError(f"lapsmith cannot read its configuration:\n{error}") from error
        return cls(root, read) if read.clients else None

    def generate(self) -> Generation | None:
        """Generate all clients; None if the environment says not to. Raises HookError."""
        if is_skipped():
            return None
        try:
            return generate(self.config.path)
        except LapsmithError as error:
            raise HookError(f"lapsmith cannot generate the clients:\n{error}") from error

    def folders(self) -> tuple[str, ...]:
        """The folders that are generated, relative to the project's root, with forward slashes."""
        folders = {folder for client in self.config.clients.values() for folder in _folders(client)}
        root = self.root.resolve()
        return tuple(sorted(folder.relative_to(root).as_posix() for folder in folders))

    def files(self) -> Iterator[str]:
        """The generated files that there are, relative to the project's root, with forward slashes."""
        for folder in self.folders():
            for path in sorted((self.root / folder).rglob("*")):
                if path.is_file() and "__pycache__" not in path.parts:
                    yield path.relative_to(self.root).as_posix()

    def sources(self) -> tuple[str, ...]:
        """The specs and what goes with them, as for :meth:`files`: what a source distribution must have.

        Raises HookError for a spec outside the project, which no source distribution can hold.
        """
        found: set[str] = set()
        for client in self.config.clients.values():
            if path_inside(client.spec, client.root) is None:
                raise HookError(
                    f"lapsmith: the spec of {client.name}, '{client.spec}', lies outside the project, so a source "
                    "distribution would lack it; copy it into the project"
                )
            try:
                found.update(read_inputs(client).files)
            except LapsmithError as error:
                raise HookError(f"lapsmith cannot read the spec of {client.name}:\n{error}") from error
        return tuple(sorted(found))

    def require_files(self) -> None:
        """Raise HookError if there is a client that is not generated: nothing would be shipped for it."""
        for folder in self.folders():
            if not (self.root / folder / "__init__.py").is_file():
                raise HookError(
                    f"lapsmith: {SKIP_VARIABLE} is set, and '{folder}' is not there to be shipped; "
                    f"unset it, or run lapsmith generate first"
                )


def is_skipped() -> bool:
    """Whether the environment says not to generate: LAPSMITH_SKIP, if it is neither empty nor 0."""
    return os.environ.get(SKIP_VARIABLE, "") not in ("", "0")


def warnings(generation: Generation) -> str:
    """The warnings about specs, as text, without source lines; empty if there are none."""
    found = [item for folder in generation.folders for item in folder.diagnostics if item.severity is Severity.WARNING]
    return render(found, {})


def check_requirements(generation: Generation, declared: Iterable[str]) -> None:
    """Raise HookError if a client needs a package that is not among the ``declared`` requirements (PEP 508)."""
    names = {requirement_name(item) for item in declared}
    needed = {item: client.name for client in generation.clients for item in client.requirements}
    missing = sorted(item for item in needed if requirement_name(item) not in names)
    if missing:
        clients = ", ".join(dict.fromkeys(needed[item] for item in missing))
        listed = ", ".join(f'"{item}"' for item in missing)
        raise HookError(f"lapsmith: [project] dependencies lack what {clients} needs; add: {listed}")


def _folders(client: ClientConfig) -> tuple[Path, ...]:
    return (client.output, client.runtime_folder) if client.shared_runtime else (client.output,)
