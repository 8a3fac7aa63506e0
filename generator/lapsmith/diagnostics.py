"""Places in source files, and what there is to say about them.

Everything that reads user input (LAP text, YAML bindings, configuration) reports through this module, so that all
messages look alike and several can be shown in one run.
"""

from __future__ import annotations

import difflib
import io
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice

MISSPELT = "misspelt-"
"""How the codes of diagnostics about a word one letter away from another begin; they are shown first."""


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
    def sort_key(self) -> tuple[bool, str, int, int, str, str]:
        # A misspelt word explains what follows from it.
        return (
            not self.code.startswith(MISSPELT),
            self.span.file,
            self.span.line,
            self.span.column,
            self.code,
            self.message,
        )


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


def misspelt(word: str, known: Iterable[str]) -> str | None:
    """Return the ``known`` word that is one letter away: added, left out, changed or swapped with the next."""
    near = [other for other in sorted(known) if _is_one_edit(word, other)]
    return max(near, key=lambda other: difflib.SequenceMatcher(None, word, other).ratio(), default=None)


def _is_one_edit(a: str, b: str) -> bool:
    if len(a) > len(b):
        a, b = b, a
    if len(b) - len(a) > 1 or a == b:
        return False
    start = next((at for at in range(len(a)) if a[at] != b[at]), len(a))
    if len(a) < len(b):
        return a[start:] == b[start + 1 :]
    swapped = a[start : start + 2] == b[start : start + 2][::-1] and a[start + 2 :] == b[start + 2 :]
    return swapped or a[start + 1 :] == b[start + 1 :]


def render(diagnostics: Iterable[Diagnostic], sources: Mapping[str, str]) -> str:
    """Print diagnostics as ``file:line:col: error[code]: message``, the source line, a caret and the hint.

    ``sources`` maps the file names used in spans to their texts; a file that is missing there gets no source line.
    """
    ordered = sorted(diagnostics, key=lambda item: item.sort_key)
    lines = {
        name: _lines(text, {item.span.line for item in ordered if item.span.file == name})
        for name, text in sources.items()
    }
    return "\n".join(_render_one(item, lines.get(item.span.file, {})) for item in ordered)


def _lines(text: str, wanted: Set[int]) -> dict[int, str]:
    """The lines of these numbers, without a list of all: a text may have millions."""
    found: dict[int, str] = {}
    rest, before = io.StringIO(f"{text}\n", newline="\n"), 0
    for number in sorted(wanted):
        line = next(islice(rest, number - before - 1, None), None) if number > before else None
        before = max(number, before)
        if line is not None:
            found[number] = line.removesuffix("\n")
    return found


_WINDOW = 100


def _render_one(item: Diagnostic, lines: Mapping[int, str]) -> str:
    span = item.span
    out = [f"{_escaped(str(span))}: {item.severity}[{item.code}]: {_escaped(item.message)}"]
    if span.line in lines:
        out += _excerpt(lines[span.line], span)
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
