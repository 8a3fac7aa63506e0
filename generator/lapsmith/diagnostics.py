"""Places in source files, and what there is to say about them.

Everything that reads user input (LAP text, YAML bindings, configuration) reports through this module, so that all
messages look alike and several can be shown in one run.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    """How bad a diagnostic is. Only an error stops generation."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open range in one file: lines and columns count from 1, columns in code points."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One message about one place."""

    severity: Severity
    span: Span
    code: str
    message: str
    hint: str | None = None

    @property
    def sort_key(self) -> tuple[str, int, int, str, str]:
        return (self.span.file, self.span.line, self.span.column, self.code, self.message)


@dataclass(slots=True)
class Diagnostics:
    """Collects diagnostics while a stage runs."""

    items: list[Diagnostic] = field(default_factory=list)

    def error(self, span: Span, code: str, message: str, hint: str | None = None) -> None:
        self.items.append(Diagnostic(Severity.ERROR, span, code, message, hint))

    def warning(self, span: Span, code: str, message: str, hint: str | None = None) -> None:
        self.items.append(Diagnostic(Severity.WARNING, span, code, message, hint))

    def note(self, span: Span, code: str, message: str, hint: str | None = None) -> None:
        self.items.append(Diagnostic(Severity.NOTE, span, code, message, hint))

    @property
    def has_errors(self) -> bool:
        return any(item.severity is Severity.ERROR for item in self.items)

    def sorted(self) -> tuple[Diagnostic, ...]:
        return tuple(sorted(self.items, key=lambda item: item.sort_key))


class LapsmithError(Exception):
    """The base of everything that lapsmith raises for what a user asked or wrote. Its text is meant for people."""


class DiagnosticError(LapsmithError):
    """A stage found errors. Carries every diagnostic of the run and the texts they point into."""

    def __init__(self, diagnostics: Sequence[Diagnostic], sources: Mapping[str, str]) -> None:
        self.diagnostics = tuple(diagnostics)
        self.sources = dict(sources)
        super().__init__(render(self.diagnostics, self.sources))

    def __reduce__(self) -> tuple[type[DiagnosticError], tuple[Sequence[Diagnostic], Mapping[str, str]]]:
        """Pickle with what it was made from: clients are generated in several processes."""
        return type(self), (self.diagnostics, self.sources)


def suggest(word: str, candidates: Iterable[str]) -> str | None:
    """Return ``did you mean 'x'?`` for the closest candidate, or None when none is close."""
    pool = {candidate.casefold(): candidate for candidate in sorted(candidates)}
    close = difflib.get_close_matches(word.casefold(), pool, n=1, cutoff=0.6)
    return f"did you mean '{pool[close[0]]}'?" if close else None


def render(diagnostics: Iterable[Diagnostic], sources: Mapping[str, str]) -> str:
    """Print diagnostics as ``file:line:col: error[code]: message``, the source line, a caret and the hint.

    ``sources`` maps the file names used in spans to their texts; a file that is missing there gets no source line.
    """
    lines_of = {name: text.split("\n") for name, text in sources.items()}
    blocks = [_render_one(item, lines_of) for item in sorted(diagnostics, key=lambda item: item.sort_key)]
    return "\n".join(blocks)


_WINDOW = 100


def _render_one(item: Diagnostic, lines_of: Mapping[str, Sequence[str]]) -> str:
    span = item.span
    out = [f"{_escaped(str(span))}: {item.severity}[{item.code}]: {_escaped(item.message)}"]
    lines = lines_of.get(span.file, ())
    if 0 < span.line <= len(lines):
        out += _excerpt(lines[span.line - 1], span)
    if item.hint:
        out.append(f"  hint: {_escaped(item.hint)}")
    return "\n".join(out)


def _escaped(text: str) -> str:
    """Names in messages come from untrusted files: what a terminal would obey is shown as an escape."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def _excerpt(line: str, span: Span) -> list[str]:
    """Show the part of a line around the span: spec lines run to tens of thousands of characters."""
    line = line.rstrip("\r")
    at = span.column - 1
    start = 0 if len(line) <= _WINDOW else max(0, min(at - _WINDOW // 2, len(line) - _WINDOW))
    shown = "".join(_printable(c) for c in line[start : start + _WINDOW])
    before, after = "…" if start else "", "…" if start + _WINDOW < len(line) else ""
    end = span.end_column - 1 if span.end_line == span.line else len(line)
    width = max(1, min(end, start + _WINDOW) - at)
    return [f"  {before}{shown}{after}", "  " + " " * (len(before) + at - start) + "^" * width]


def _printable(character: str) -> str:
    if character == "\t":
        return " "
    return character if character.isprintable() else "\N{REPLACEMENT CHARACTER}"
