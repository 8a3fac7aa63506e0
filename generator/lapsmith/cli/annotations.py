"""Annotations of GitHub Actions: workflow commands that make a line of a file show a message.

https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from lapsmith.diagnostics import Diagnostic, Severity

if TYPE_CHECKING:
    from lapsmith.generation.drift import Finding

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def checkout() -> Path:
    """Where annotations' paths begin: the checkout of the workflow, else where the command runs."""
    return Path(os.environ.get("GITHUB_WORKSPACE") or Path.cwd()).resolve()


def of_diagnostic(item: Diagnostic, root: Path) -> str:
    """A diagnostic, whose file is named from the project's ``root``, at its place."""
    message = f"{item.message}; {item.hint}" if item.hint else item.message
    span = item.span
    place = {"file": _path(root, span.file), "line": span.line, "endLine": span.end_line, "col": span.column}
    return workflow_command(_LEVELS[item.severity], message, **place, title=f"lapsmith {item.code}")


def of_finding(finding: Finding, root: Path) -> str:
    """A finding of ``lapsmith check``, whose file is named from the project's ``root``."""
    path = _path(root, finding.path)
    tail = f"; run: {finding.command}" if finding.command else ""
    return workflow_command(
        "error", f"{finding.message}{tail}", file=path, line=finding.line, title=f"lapsmith {finding.kind}"
    )


def workflow_command(level: str, message: str, **properties: object) -> str:
    """A workflow command: ``::error file=a.py,line=1::message``, with what would end it early escaped."""
    listed = ",".join(f"{name}={_escaped(str(value), ':,')}" for name, value in properties.items())
    return f"::{level} {listed}::{_escaped(message)}"


def _escaped(text: str, also: Iterable[str] = "") -> str:
    return "".join(f"%{ord(c):02X}" if c in "%\r\n" or c in also else c for c in text)


def _path(root: Path, path: str) -> str:
    return os.path.relpath(root / path, checkout()).replace(os.sep, "/")
