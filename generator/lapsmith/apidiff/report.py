"""Changes as text for people, JSON for programs, and Markdown for a changelog."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from lapsmith.apidiff.model import Change, Impact, Kind, verdict
from lapsmith.diagnostics import Span

SCHEMA = 1

_ADDED = frozenset(
    {
        Kind.ATTRIBUTE_ADDED,
        Kind.CLASS_ADDED,
        Kind.ERROR_ADDED,
        Kind.EVENT_ADDED,
        Kind.OPERATION_ADDED,
        Kind.PARAMETER_ADDED,
    }
)
_REMOVED = frozenset(
    {
        Kind.ATTRIBUTE_REMOVED,
        Kind.CLASS_REMOVED,
        Kind.ERROR_REMOVED,
        Kind.EVENT_REMOVED,
        Kind.EXPORT_REMOVED,
        Kind.OPERATION_REMOVED,
        Kind.PARAMETER_REMOVED,
    }
)
_SPECIAL = str.maketrans({c: f"\\{c}" for c in "\\`*_[]<>"} | {"@": "&#64;", "#": "&#35;"})


def text(changes: Sequence[Change], *, documentation: bool = False) -> str:
    """The changes by severity, each with its reason and its places, and the verdict as the last line.

    Changes of documentation are counted; ``documentation`` lists them.
    """
    lines: list[str] = []
    shown = [item for item in changes if documentation or item.kind is not Kind.DOCUMENTATION]
    for severity in Impact:
        found = [item for item in shown if item.severity is severity]
        lines += [severity.value, *(line for item in found for line in _lines(item)), ""] if found else []
    if hidden := len(changes) - len(shown):
        lines += [f"{hidden} change{'s' * (hidden != 1)} of documentation", ""]
    return "\n".join([*lines, conclusion(changes)]) + "\n"


def conclusion(changes: Sequence[Change]) -> str:
    """One line: the verdict, and how many changes of each severity there are."""
    found = verdict(changes)
    if found is None:
        return "verdict: no change to the API"
    counts = [(sum(item.severity is severity for item in changes), severity.value) for severity in Impact]
    listed = ", ".join(f"{number} {name}" for number, name in counts if number)
    return f"verdict: {found.value} ({listed})"


def to_json(changes: Sequence[Change]) -> str:
    """A JSON document: ``schema``, ``verdict``, ``counts`` and ``changes`` with the fields of :class:`Change`.

    Keys are not renamed or dropped within a schema; ``old`` and ``new`` are spans or null.
    """
    found = verdict(changes)
    document = {
        "schema": SCHEMA,
        "verdict": found.value if found else None,
        "counts": {severity.value: sum(item.severity is severity for item in changes) for severity in Impact},
        "changes": [_entry(item) for item in changes],
    }
    return json.dumps(document, indent=2) + "\n"


def markdown(changes: Sequence[Change]) -> str:
    """Entries in the manner of Keep a Changelog: sections Added, Changed and Removed; breaking ones are marked."""
    blocks = []
    for title, found in _sections(changes):
        blocks.append("\n".join([f"### {title}", "", *found]))
    return "\n\n".join(blocks) + "\n" if blocks else ""


def _sections(changes: Sequence[Change]) -> Iterator[tuple[str, list[str]]]:
    told = [item for item in changes if item.kind is not Kind.DOCUMENTATION]
    documented = len(changes) - len(told)
    added = [_bullet(item) for item in told if item.kind in _ADDED]
    changed = [_bullet(item) for item in told if item.kind not in _ADDED | _REMOVED]
    if documented:
        changed.append(f"- Documentation reworded in {documented} place{'s' * (documented != 1)}.")
    removed = [_bullet(item) for item in told if item.kind in _REMOVED]
    yield from ((title, found) for title, found in _titled(added, changed, removed) if found)


def _titled(added: list[str], changed: list[str], removed: list[str]) -> Iterable[tuple[str, list[str]]]:
    return (("Added", added), ("Changed", changed), ("Removed", removed))


def _bullet(change: Change) -> str:
    breaking = "**Breaking:** " if change.severity is Impact.MAJOR else ""
    note = f" ({_plain(change.note)})" if change.note else ""
    subject = printable(change.subject).replace("`", "'")
    return f"- {breaking}`{subject}`: {_plain(change.what)}{note}; {_plain(change.why)}."


def _plain(phrase: str) -> str:
    """A phrase that Markdown takes as it is: names in it come from specs."""
    return printable(phrase).translate(_SPECIAL)


def _lines(change: Change) -> Iterator[str]:
    yield printable(f"  {change.subject}: {change.what}; {change.why}")
    if change.note:
        yield printable(f"      {change.note}")
    if place := _place(change.old, change.new):
        yield printable(f"      {place}")


def _place(old: Span | None, new: Span | None) -> str:
    if old is not None and new is not None:
        return f"{old} -> {new}" if str(old) != str(new) else str(new)
    return str(old or new or "")


def _entry(change: Change) -> dict[str, Any]:
    return {
        "kind": change.kind.value,
        "severity": change.severity.value,
        "subject": change.subject,
        "what": change.what,
        "why": change.why,
        "note": change.note,
        "old": dataclasses.asdict(change.old) if change.old else None,
        "new": dataclasses.asdict(change.new) if change.new else None,
    }


def printable(line: str) -> str:
    """What a terminal would obey is shown as an escape."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line)
