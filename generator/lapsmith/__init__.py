"""lapsmith: LAP API descriptions in, typed Python AWS clients out.

As a library it has the functions of its commands::

    from lapsmith import generate, load

    service = load("specs/sagemaker-runtime")
    generation = generate("pyproject.toml")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lapsmith.config import ConfigError
    from lapsmith.diagnostics import Diagnostic, DiagnosticError, LapsmithError
    from lapsmith.library import Generated, Generation, GenerationError, generate, load
    from lapsmith.output import OutputError

__version__ = "0.1.0"

__all__ = [
    "ConfigError",
    "Diagnostic",
    "DiagnosticError",
    "Generated",
    "Generation",
    "GenerationError",
    "LapsmithError",
    "OutputError",
    "generate",
    "load",
]

_MODULES = {
    "ConfigError": "config",
    "Diagnostic": "diagnostics",
    "DiagnosticError": "diagnostics",
    "Generated": "library",
    "Generation": "library",
    "GenerationError": "library",
    "LapsmithError": "diagnostics",
    "OutputError": "output",
    "generate": "library",
    "load": "library",
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
