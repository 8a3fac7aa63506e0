"""lapsmith: LAP API descriptions in, typed Python AWS clients out.

As a library it has the functions of its commands::

    from lapsmith import diff, generate, load

    service = load("specs/sagemaker-runtime")
    generation = generate("pyproject.toml")
    changes = diff("git:HEAD:specs/sagemaker-runtime", "specs/sagemaker-runtime").changes
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lapsmith.version import __version__ as __version__

if TYPE_CHECKING:
    from lapsmith.api.comparing import ApiDiff, diff
    from lapsmith.api.generating import Generated, Generation, GenerationError, generate, load
    from lapsmith.apidiff import Change, Impact
    from lapsmith.diagnostics import Diagnostic, DiagnosticError, LapsmithError
    from lapsmith.output.folder import OutputError
    from lapsmith.project.config import ConfigError

__all__ = [
    "ApiDiff",
    "Change",
    "ConfigError",
    "Diagnostic",
    "DiagnosticError",
    "Generated",
    "Generation",
    "GenerationError",
    "Impact",
    "LapsmithError",
    "OutputError",
    "diff",
    "generate",
    "load",
]

_MODULES = {
    "ApiDiff": "api.comparing",
    "Change": "apidiff",
    "ConfigError": "project.config",
    "Diagnostic": "diagnostics",
    "DiagnosticError": "diagnostics",
    "Generated": "api.generating",
    "Generation": "api.generating",
    "GenerationError": "api.generating",
    "Impact": "apidiff",
    "LapsmithError": "diagnostics",
    "OutputError": "output.folder",
    "diff": "api.comparing",
    "generate": "api.generating",
    "load": "api.generating",
}


def __getattr__(name: str) -> Any:
    """Import a name when it is first used: the command must start fast."""
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = globals()[name] = getattr(import_module(f"{__name__}.{module}"), name)
    return value


def __dir__() -> list[str]:
    """List the public names too, before they are imported."""
    return sorted({*globals(), *__all__})
