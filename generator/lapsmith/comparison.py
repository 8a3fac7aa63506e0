"""Two APIs read from wherever they are, and compared."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from lapsmith import gitfiles
from lapsmith.analysis import analyse
from lapsmith.config import ClientConfig, path_inside, spec_only
from lapsmith.diagnostics import Diagnostic, DiagnosticError, Span
from lapsmith.inputs import read_inputs
from lapsmith.ir.model import Service

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
    from lapsmith.apidiff import compare

    wanted = tuple(operations)
    root = _root(old, new)
    sides = [_Side.read(side, root, wanted, strict) for side in (old, new)]
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
    def read(cls, side: str | Path | Service, root: Path, operations: tuple[str, ...], strict: bool) -> _Side:
        if isinstance(side, Service):
            return cls(side, (), {}, _gaps(side, "service"))
        if _is_revision(side):
            client = ClientConfig("client", root, root, root / "client", operations, strict)
            inputs = gitfiles.read_revision(str(side), Path.cwd())
        else:
            client = replace(spec_only(Path(side), operations=operations, strict=strict), root=root)
            inputs = read_inputs(client)
        analysis = analyse(client, inputs)
        gaps = _gaps(analysis.service, inputs.spec) if analysis.service else ()
        return cls(analysis.service, analysis.diagnostics, analysis.sources, gaps)


def _is_revision(side: str | Path | Service) -> bool:
    return isinstance(side, str) and side.startswith(gitfiles.PREFIX)


def _root(*sides: str | Path | Service) -> Path:
    """The folder that names are relative to: the working directory, or what both sides have in common elsewhere."""
    there = [Path(side).absolute() for side in sides if not isinstance(side, Service) and not _is_revision(side)]
    if all(path_inside(path, Path.cwd()) for path in there):
        return Path.cwd()
    return Path(os.path.commonpath([path.parent for path in there]))


def _gaps(service: Service, spec: str) -> tuple[Diagnostic, ...]:
    """What of a service has no client yet, and so no callers to speak of."""
    from lapsmith import python

    return python.unsupported(service, Span(spec, 1, 1, 1, 1)).sorted()
