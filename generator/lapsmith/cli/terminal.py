"""Exit codes, and how messages look."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from typing import Any, NoReturn

import click

from lapsmith.diagnostics import Diagnostic, Severity
from lapsmith.diagnostics import render as render_diagnostics

_WORTH_SHOWING_SECONDS = 0.5
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
