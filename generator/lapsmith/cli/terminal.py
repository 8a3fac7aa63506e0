"""Exit codes, and how messages look."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NoReturn

import click

from lapsmith.cli.annotations import of_diagnostic, workflow_command
from lapsmith.diagnostics import Diagnostic, DiagnosticError, LapsmithError, Severity
from lapsmith.diagnostics import render as render_diagnostics

_ANNOTATED = "lapsmith.annotated"
_WORTH_SHOWING_SECONDS = 0.5
OK, DIFFERS, ERROR, INTERRUPTED = 0, 1, 2, 130


def report(
    found: Iterable[Diagnostic], sources: Mapping[str, str] | None, *, notes: bool, client: str | None = None
) -> None:
    """Diagnostics to stderr. Notes are counted unless asked for, as those of ``client`` where there are several."""
    found = tuple(found)
    root = _annotated_root()
    for item in found if root else ():
        if root and item.severity is not Severity.NOTE:
            click.echo(of_diagnostic(item, root))
    shown = [item for item in found if notes or item.severity is not Severity.NOTE]
    if shown:
        click.echo(render_diagnostics(shown, sources or {}), err=True)
    if hidden := len(found) - len(shown):
        whose = f"{client}: " if client else ""
        click.echo(f"{whose}{count(hidden, 'note')} (--notes shows them)", err=True)


def annotate(root: Path) -> None:
    """Have the diagnostics of this command shown as annotations, too, on stdout; ``root`` is the project's."""
    click.get_current_context().meta[_ANNOTATED] = root


def _annotated_root() -> Path | None:
    context = click.get_current_context(silent=True)
    root = context.meta.get(_ANNOTATED) if context else None
    return root if isinstance(root, Path) else None


def complain(message: str) -> None:
    """An error that has no place in a file, to stderr."""
    if _annotated_root():
        click.echo(workflow_command("error", message, title="lapsmith"))
    click.echo(f"lapsmith: error: {message}", err=True)


def explain(error: LapsmithError | OSError) -> None:
    """What a user can cause, as a message."""
    if isinstance(error, DiagnosticError):
        report(error.diagnostics, error.sources, notes=False)
    elif isinstance(error, LapsmithError):
        complain(str(error))
    else:
        where = f": {error.filename}" if error.filename else ""
        complain(f"{error.strerror or error}{where}")


def leave(code: int) -> NoReturn:
    """End the command with an exit code."""
    click.get_current_context().exit(code)


def count(number: int, noun: str) -> str:
    """``1 file``, ``2 files``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


class Progress:
    """A progress bar on stderr, if that is a terminal and the work takes long enough for anyone to wonder."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._bar: Any = None
        self._stack = ExitStack()
        self._started = time.monotonic()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self.clear()
        self._stack.close()

    def advance(self, name: str) -> None:
        """Count one more as done, and show its name."""
        self._done += 1
        if self._bar is not None:
            self._bar.update(1, name)
        elif self._is_worth_showing():
            bar = click.progressbar(
                length=self._total, show_pos=True, file=sys.stderr, item_show_func=lambda item: item
            )
            self._bar = self._stack.enter_context(bar)
            self._bar.update(self._done, name)

    def clear(self) -> None:
        """Make room for a message; the bar comes back below it."""
        if self._bar is not None:
            click.echo("\r\x1b[2K", nl=False, err=True)

    def _is_worth_showing(self) -> bool:
        waited = time.monotonic() - self._started > _WORTH_SHOWING_SECONDS
        return self._total > 1 and waited and sys.stderr.isatty()
