"""The build hook for setuptools: active where lapsmith is installed and pyproject.toml has ``[tool.lapsmith.clients]``.

The clients are generated when setuptools looks at a project for the first time, because what it finds then is what it
packages. The command ``build_lapsmith``, a part of ``build``, sees that they are in what is built, whatever
``packages`` and ``package-data`` say, and that source distributions have the specs.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import ClassVar

from setuptools import Command, Distribution
from setuptools.command.build import build
from setuptools.errors import SetupError

from lapsmith.api.generating import Generation
from lapsmith.buildhooks.project import HookError, Project, check_requirements, warnings

_COMMAND = "build_lapsmith"


def finalize_distribution_options(distribution: Distribution) -> None:
    """Generate the clients of the project in the working directory, if it has any."""
    try:
        project = Project.at(_root(distribution))
        if project is None:
            return
        project.generate()
    except HookError as error:
        raise SetupError(str(error)) from None
    if not any(name == _COMMAND for name, _ in build.sub_commands):
        build.sub_commands.append((_COMMAND, _has_clients))


def _has_clients(command: build) -> bool:
    return Project.at(_root(command.distribution)) is not None


def _root(distribution: Distribution) -> Path:
    return Path(distribution.src_root or os.curdir).absolute()


class build_lapsmith(Command):  # noqa: N801 (setuptools names commands so)
    """Put generated clients into what is built, as setuptools' protocol of build sub-commands asks."""

    description = "generate the clients of [tool.lapsmith.clients]"
    user_options: ClassVar[list[tuple[str, str | None, str]]] = []
    editable_mode: bool
    build_lib: str | None

    def initialize_options(self) -> None:
        """Set what the protocol asks for."""
        self.editable_mode = False
        self.build_lib = None

    def finalize_options(self) -> None:
        """Take the folder that is built from the command that copies modules."""
        self.set_undefined_options("build_py", ("build_lib", "build_lib"))

    def run(self) -> None:
        """Check what is to be shipped and, unless it is used where it is, copy it."""
        try:
            project = self._project()
            self._check(project, project.generate())
        except HookError as error:
            raise SetupError(str(error)) from None
        if not self.editable_mode:
            for target, source in self.get_output_mapping().items():
                self.mkpath(str(Path(target).parent))
                self.copy_file(source, target)

    def get_source_files(self) -> list[str]:
        """The specs, bindings and generated files, for source distributions."""
        try:
            project = self._project()
            return [*project.sources(), *project.files()]
        except HookError as error:
            raise SetupError(str(error)) from None

    def get_outputs(self) -> list[str]:
        """Where the generated files are in what is built."""
        return list(self.get_output_mapping())

    def get_output_mapping(self) -> dict[str, str]:
        """The same, each with where it is in the project."""
        try:
            names = list(self._project().files())
            return {f"{self.build_lib}/{self._module_path(name)}": name for name in names}
        except HookError as error:
            raise SetupError(str(error)) from None

    def _check(self, project: Project, generation: Generation | None) -> None:
        if generation is None:
            if not self.editable_mode:
                project.require_files()
            return
        extras: Mapping[str, list[str]] = getattr(self.distribution, "extras_require", None) or {}
        declared: list[str] = getattr(self.distribution, "install_requires", None) or []
        check_requirements(generation, [*declared, *(item for items in extras.values() for item in items)])
        if text := warnings(generation):
            self.warn(text)

    def _module_path(self, name: str) -> PurePosixPath:
        """Where a file of the project goes in a wheel, which is what ``package_dir`` says."""
        for package, folder in self._package_folders():
            if PurePosixPath(name).is_relative_to(folder):
                return PurePosixPath(*package.split(".")) / PurePosixPath(name).relative_to(folder)
        where = self.distribution.package_dir
        raise HookError(f"lapsmith: '{name}' is in none of the folders that setuptools takes packages from: {where}")

    def _package_folders(self) -> Iterator[tuple[str, PurePosixPath]]:
        """Yield packages with their folders, the deepest first."""
        folders = {"": "", **(self.distribution.package_dir or {})}
        paths = {package: PurePosixPath(folder) for package, folder in folders.items()}
        yield from sorted(paths.items(), key=lambda item: len(item[1].parts), reverse=True)

    def _project(self) -> Project:
        project = Project.at(_root(self.distribution))
        assert project is not None
        return project
