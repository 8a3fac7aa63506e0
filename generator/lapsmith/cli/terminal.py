"""Exit codes, and how messages look."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NoReturn

import click

from lapsmith.diagnostics import Diagnostic, Severity
from lapsmith.diagnostics import render as render_diagnostics

OK, DIFFERS, ERROR, INTERRUPTED = 0, 1, 2, 130


def report(found: Iterable[Diagnostic], sources: Mapping[str, str] | None, *, notes: bool) -> None:
    """Diagnostics to stderr. Notes are counted unless asked for."""
    found = tuple(found)
    shown = [item for item in found if notes or item.severity is not Severity.NOTE]
    if shown:
        click.echo(render_diagnostics(shown, sources or {}), err=True)
    if hidden := len(found) - len(shown):
        click.echo(f"{count(hidden, 'note')} (--notes shows them)", err=True)


def complain(message: str) -> None:
    """An error that has no place in a file, to stderr."""
    click.echo(f"lapsmith: error: {message}", err=True)


def leave(code: int) -> NoReturn:
    """End the command with an exit code."""
    click.get_current_context().exit(code)


def count(number: int, noun: str) -> str:
    """``1 file``, ``2 files``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
