"""LAP text to syntax tree. Every problem is collected; the tree holds all that could be read."""

from __future__ import annotations

from dataclasses import dataclass

from lapsmith.diagnostics import Diagnostic, Severity
from lapsmith.lap.builder import Builder
from lapsmith.lap.source import Source, capped
from lapsmith.lap.tree import Document


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a text says (``document``), what there is to say about it, and the text that spans point into.

    ``source`` has ``\\n`` line ends and no byte order mark. ``diagnostics`` are sorted by place.
    """

    document: Document
    diagnostics: tuple[Diagnostic, ...]
    source: str

    @property
    def has_errors(self) -> bool:
        return any(item.severity is Severity.ERROR for item in self.diagnostics)


def parse(text: str | bytes, filename: str) -> Parsed:
    """Parse a LAP file. Never raises: read ``diagnostics``.

    Bytes are decoded as UTF-8. Understood are LAP v0.3 as specified, and the dialects of the public registry.
    """
    return _parse(text, filename, whole=True)


def parse_types(text: str | bytes, filename: str) -> Parsed:
    """Parse a file of ``@type`` blocks: as ``parse``, but the preamble and ``@end`` may be missing."""
    return _parse(text, filename, whole=False)


def _parse(text: str | bytes, filename: str, *, whole: bool) -> Parsed:
    source = Source(text, filename)
    builder = Builder(source)
    if not source.too_large:
        builder.run()
        if whole:
            builder.check_completeness()
    found = sorted((*source.problems.items, *builder.diagnostics.items), key=lambda item: item.sort_key)
    return Parsed(builder.document(), tuple(capped(found)), source.text)
