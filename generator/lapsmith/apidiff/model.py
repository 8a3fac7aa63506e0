"""What a comparison of two APIs finds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from lapsmith.diagnostics import Span


class Impact(StrEnum):
    """What a change means for code that calls the generated client, as in Semantic Versioning.

    ``major``: code that worked must change, or may meet what it never met before. ``minor``: something is there that
    was not, or the same calls behave otherwise. ``patch``: code and its results stay as they are.
    """

    MAJOR = "major"
    MINOR = "minor"
    PATCH = "patch"

    @property
    def rank(self) -> int:
        """3 for major, 2 for minor, 1 for patch."""
        return {Impact.MAJOR: 3, Impact.MINOR: 2, Impact.PATCH: 1}[self]


class Kind(StrEnum):
    """What was changed. The values are part of the JSON report: they are added to, and not renamed."""

    ATTRIBUTE_ADDED = "attribute-added"
    ATTRIBUTE_REMOVED = "attribute-removed"
    ATTRIBUTE_RENAMED = "attribute-renamed"
    ATTRIBUTE_REQUIRED = "attribute-required"
    ATTRIBUTE_TYPE = "attribute-type"
    AUTH = "auth"
    CLASS_ADDED = "class-added"
    CLASS_REMOVED = "class-removed"
    CLASS_RENAMED = "class-renamed"
    CLIENT_RENAMED = "client-renamed"
    DEFAULT = "default"
    DOCUMENTATION = "documentation"
    ENDPOINT = "endpoint"
    ENUM = "enum"
    ENUM_ADDED = "enum-added"
    ENUM_REMOVED = "enum-removed"
    ERROR_ADDED = "error-added"
    ERROR_CODE = "error-code"
    ERROR_REMOVED = "error-removed"
    ERROR_RENAMED = "error-renamed"
    ERROR_RETRY = "error-retry"
    EVENT_ADDED = "event-added"
    EVENT_REMOVED = "event-removed"
    EXPORT_REMOVED = "export-removed"
    OPERATION_ADDED = "operation-added"
    OPERATION_ERRORS = "operation-errors"
    OPERATION_REMOVED = "operation-removed"
    OPERATION_RENAMED = "operation-renamed"
    PAGES = "pages"
    PARAMETER_ADDED = "parameter-added"
    PARAMETER_REMOVED = "parameter-removed"
    PARAMETER_RENAMED = "parameter-renamed"
    PARAMETER_REQUIRED = "parameter-required"
    PARAMETER_TYPE = "parameter-type"
    PROTOCOL = "protocol"
    REQUIREMENTS = "requirements"
    RETRIES = "retries"
    RETRY_SAFETY = "retry-safety"
    SERVICE_ID = "service-id"
    STREAM = "stream"
    TIMEOUT = "timeout"
    UNION = "union"
    VERSION = "version"
    WAITER = "waiter"
    WIRE = "wire"


@dataclass(frozen=True, slots=True)
class Change:
    """One change. ``subject`` is what callers know it by: ``get_item(limit=)``, ``GetItemOutput.item``, ``ModelError``.

    ``what`` was changed and ``why`` that has its ``severity`` are phrases. ``old`` and ``new`` are where the inputs of
    the two sides say so; None where there is nothing on that side. ``note`` is a guess, such as a likely renaming.
    """

    kind: Kind
    severity: Impact
    subject: str
    what: str
    why: str
    old: Span | None = None
    new: Span | None = None
    note: str | None = None

    @property
    def sort_key(self) -> tuple[int, str, str, str]:
        return (-self.severity.rank, self.subject, self.kind, self.what)


def verdict(changes: Iterable[Change]) -> Impact | None:
    """The gravest severity; None when there is no change."""
    return max((change.severity for change in changes), key=lambda item: item.rank, default=None)


class Log:
    """Collects changes."""

    def __init__(self) -> None:
        self._changes: list[Change] = []

    def add(
        self,
        kind: Kind,
        severity: Impact,
        subject: str,
        what: str,
        why: str,
        *spans: Span | None,
        note: str | None = None,
    ) -> None:
        """Record a change; ``spans`` are the old and the new one."""
        old, new = spans or (None, None)
        self._changes.append(Change(kind, severity, subject, what, why, old, new, note))

    def sorted(self) -> tuple[Change, ...]:
        """All changes, the gravest first."""
        return tuple(sorted(self._changes, key=lambda change: change.sort_key))
