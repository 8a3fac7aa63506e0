"""Two APIs read from wherever they are, and compared."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from lapsmith.diagnostics import Diagnostic, DiagnosticError, Severity, Span
from lapsmith.generation.analysis import advice, analyse
from lapsmith.ir.advice import Advice
from lapsmith.ir.model import Service
from lapsmith.project import gitfiles
from lapsmith.project.config import ClientConfig, path_inside
from lapsmith.project.inputs import read_inputs

if TYPE_CHECKING:
    from lapsmith.apidiff import Change, Impact


@dataclass(frozen=True, slots=True)
class ApiDiff:
    """What changed between two APIs, the gravest first.

    ``diagnostics`` are the warnings and notes about both sides, whose texts ``sources`` has by file name.
    """

    changes: tuple[Change, ...]
    diagnostics: tuple[Diagnostic, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)

    @property
    def verdict(self) -> Impact | None:
        """What the step means for callers of the generated client: the gravest severity; None without a change."""
        from lapsmith.apidiff import verdict

        return verdict(self.changes)


def diff(
    old: str | Path | Service,
    new: str | Path | Service,
    *,
    operations: Iterable[str] = ("*",),
    strict: bool = False,
) -> ApiDiff:
    """Compare two APIs as the generated Python client shows them.

    Each side is a folder as ``specs/SERVICE``, a .lap file, the text ``git:REV:PATH``, or a service that was loaded
    already. ``operations`` are patterns of operation names, ``!`` in front excludes; ``strict`` turns inferences into
    errors; neither is for loaded services.

    Raises DiagnosticError for a side that has errors or cannot be generated, ConfigError for one that is not there.
    """
    return compare_sides(old, new, operations=operations, strict=strict)


def compare_sides(
    old: str | Path | Service,
    new: str | Path | Service,
    *,
    operations: Iterable[str] = ("*",),
    strict: bool = False,
    by_option: bool = False,
) -> ApiDiff:
    """:func:`diff`; with ``by_option`` hints speak of ``--operation``."""
    from lapsmith.apidiff import compare

    root = _root(old, new)
    chosen = ClientConfig("client", root, root, root / "client", tuple(operations), strict, by_option=by_option)
    sides = [_Side.read(side, chosen) for side in (old, new)]
    failed = [item for side in sides for item in side.errors]
    diagnostics = tuple(item for side in sides for item in side.diagnostics)
    sources = {name: text for side in sides for name, text in side.sources.items()}
    services = [side.service for side in sides if side.service is not None]
    if failed or len(services) != len(sides):
        raise DiagnosticError([*diagnostics, *failed], sources)
    return ApiDiff(compare(*services), diagnostics, sources)


@dataclass(frozen=True, slots=True)
class _Side:
    """One side as it was read. ``errors`` are what keeps it from being generated."""

    service: Service | None
    diagnostics: tuple[Diagnostic, ...]
    sources: Mapping[str, str]
    errors: tuple[Diagnostic, ...] = ()

    @classmethod
    def read(cls, side: str | Path | Service, chosen: ClientConfig) -> _Side:
        """Read a side; ``chosen`` has the operations, and the folder that names are relative to."""
        if isinstance(side, Service):
            return cls(side, (), {}, _gaps(side, "service", Advice(chosen.operations, chosen.by_option)))
        if _is_revision(side):
            client, inputs = chosen, gitfiles.read_revision(str(side), Path.cwd())
        else:
            client = replace(chosen, spec=Path(side).absolute())
            inputs = read_inputs(client)
        analysis = analyse(client, inputs)
        service, found = analysis.service, analysis.diagnostics
        if analysis.draft is not None:
            # That the bindings must be brought up to date does not keep anyone from asking what changed.
            service, found = analysis.draft, tuple(_as_warning(item) for item in found)
        gaps = _gaps(service, inputs.spec, advice(client, inputs)) if service else ()
        return cls(service, found, analysis.sources, gaps)


def _is_revision(side: str | Path | Service) -> bool:
    return isinstance(side, str) and side.startswith(gitfiles.PREFIX)


def _root(*sides: str | Path | Service) -> Path:
    """The folder that names are relative to: the working directory, or what both sides have in common elsewhere."""
    there = [Path(side).absolute() for side in sides if not isinstance(side, Service) and not _is_revision(side)]
    if all(path_inside(path, Path.cwd()) for path in there):
        return Path.cwd()
    return Path(os.path.commonpath([path.parent for path in there]))


def _as_warning(item: Diagnostic) -> Diagnostic:
    return replace(item, severity=Severity.WARNING) if item.severity is Severity.ERROR else item


def _gaps(service: Service, spec: str, told: Advice) -> tuple[Diagnostic, ...]:
    """What of a service has no client yet, and so no callers to speak of."""
    from lapsmith import python

    return python.unsupported(service, Span(spec, 1, 1, 1, 1), told).sorted()
