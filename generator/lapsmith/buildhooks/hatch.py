"""The build hook for hatchling: ``[tool.hatch.build.hooks.lapsmith]``.

Before a wheel or a source distribution is built, and before an editable install, the clients of
``[tool.lapsmith.clients]`` are generated into the project. They reach the distributions though git ignores them.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.plugin import hookimpl

from lapsmith.buildhooks.project import HookError, Project, check_requirements, warnings

_P = ParamSpec("_P")


def _fails_the_build(
    method: Callable[Concatenate[LapsmithBuildHook, _P], None],
) -> Callable[Concatenate[LapsmithBuildHook, _P], None]:
    """End the build with the text of a HookError, without a traceback."""

    @wraps(method)
    def wrapper(self: LapsmithBuildHook, /, *args: _P.args, **options: _P.kwargs) -> None:
        try:
            method(self, *args, **options)
        except HookError as error:
            self.app.abort(str(error))

    return wrapper


class LapsmithBuildHook(BuildHookInterface[BuilderConfig]):
    """Generates the clients of a project. Its table needs no keys; ``LAPSMITH_SKIP=1`` leaves out the generation."""

    PLUGIN_NAME = "lapsmith"

    @_fails_the_build
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Generate, and add to what hatchling selects: the generated files, and for a source distribution the specs."""
        project = self._project()
        generation = project.generate()
        if generation:
            core = self.metadata.core
            optional = (item for items in core.optional_dependencies.values() for item in items)
            check_requirements(generation, [*core.dependencies, *optional])
            if text := warnings(generation):
                self.app.display_warning(text)
        elif version != "editable":
            project.require_files()
        build_data["artifacts"] += [f"/{folder}/" for folder in project.folders()]
        if self.target_name == "sdist":
            build_data["force_include"] |= {str(project.root / name): name for name in project.sources()}

    @_fails_the_build
    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """See that a wheel has the clients: which folders it has is up to the project's configuration."""
        if self.target_name != "wheel" or version != "standard":
            return
        with zipfile.ZipFile(artifact_path) as wheel:
            names = set(wheel.namelist())
        for name in self._project().files():
            if self.build_config.get_distribution_path(name) not in names:
                Path(artifact_path).unlink()
                raise HookError(
                    f"lapsmith: '{name}' is generated and not in the wheel; "
                    "include its folder: [tool.hatch.build.targets.wheel] packages"
                )

    def _project(self) -> Project:
        project = Project.at(Path(self.root))
        if project is None:
            raise HookError("lapsmith: pyproject.toml has no [tool.lapsmith.clients], and nothing to generate")
        return project


@hookimpl
def hatch_register_build_hook() -> type[LapsmithBuildHook]:
    """Tell hatchling of the hook."""
    return LapsmithBuildHook
