"""Which generator this is, as manifests record it: its own code and the year of black's style."""

from __future__ import annotations

import hashlib
from importlib import metadata
from pathlib import Path

from lapsmith.output.manifest import digest_of, with_lf
from lapsmith.templates.folder import templates_folder

_PACKAGE = Path(__file__).parents[1]
_MODULES = (
    "generation/analysis.py",
    "generation/pipeline.py",
    "output/layout.py",
    "project/inputs.py",
)
_PARTS = (*_MODULES, "bindings", "ir", "lap", "python", "templates")


def black_version() -> str:
    """The year of black's style; empty when black is not installed.

    Black promises one style a year, so all its releases of a year write the same bytes.
    """
    try:
        return metadata.version("black").partition(".")[0]
    except metadata.PackageNotFoundError:
        return ""


def generator_digest() -> str:
    """One digest over the templates and the parts of the generator that decide what is written."""
    roots = [_PACKAGE / part for part in _PARTS]
    found = [path for root in roots for path in (root.rglob("*") if root.is_dir() else [root])]
    named = {f"lapsmith/{path.relative_to(_PACKAGE).as_posix()}": path for path in found}
    templates = templates_folder()
    named |= {f"templates/{path.relative_to(templates).as_posix()}": path for path in templates.rglob("*")}
    total = hashlib.sha256()
    for name, path in sorted(named.items()):
        if path.suffix in (".py", ".jinja", ".typed") and path.is_file():
            total.update(f"{name}\0{digest_of(with_lf(path.read_bytes()))}\n".encode())
    return total.hexdigest()
