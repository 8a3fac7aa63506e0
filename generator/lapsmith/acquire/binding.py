"""Binding what was found, where it is a spec of AWS and has no bindings yet."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from lapsmith.acquire.found import Found, SourceError
from lapsmith.diagnostics import Severity
from lapsmith.project.inputs import OVERRIDES, USUAL


def bound(
    found: Found, *, protocol: str | None = None, overrides: bytes | None = None
) -> tuple[Mapping[str, bytes], tuple[str, ...]]:
    """Return the files of the spec's folder with bindings among them, and what binding has to say.

    A spec of another API says itself all that is needed, so that its files stay as they are. ``overrides`` are those
    that lie in the folder, which place operations. Raises SourceError and BindError.
    """
    if found.bound:
        return found.files, ()
    from lapsmith import bind, lap
    from lapsmith.bind import decisions, report

    (spec,) = (name for name in found.files if name == USUAL or (name.endswith(".lap") and name == Path(name).name))
    parsed = lap.parse(found.files[spec], spec)
    if parsed.has_errors:
        first = next(item for item in parsed.diagnostics if item.severity is Severity.ERROR)
        raise SourceError(f"{first.span}: {first.message}", first.hint)
    if "AWS" not in (parsed.document.auth or ""):
        return found.files, ()
    decided = decisions.read(overrides, OVERRIDES) if overrides is not None else ()
    made = bind.bind(parsed.document, protocol=protocol, decided=decided)
    return {**found.files, **made.contents}, tuple(report.lines(made))
