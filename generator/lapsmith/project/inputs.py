"""Everything that generation reads: a spec and the files beside it."""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from lapsmith.diagnostics import Diagnostic, DiagnosticError, Severity, Span
from lapsmith.project.config import ClientConfig, ConfigError, display_path, path_inside

BINDINGS, OVERRIDES, TYPES, RULES = "bindings.yaml", "overrides.yaml", "types.lap", "endpoint-rules.json"
COMPANIONS = (BINDINGS, OVERRIDES, TYPES, RULES)
"""What is read from a spec's folder besides the spec."""

USUAL = "references/api-spec.lap"
"""Where a skill's folder has its spec."""

# The readers say what is wrong with longer input; this only keeps a mistaken path from filling the memory.
MAX_INPUT_BYTES = (32 << 20) + 1


@dataclass(frozen=True, slots=True)
class Inputs:
    """Every file that generation reads, read once: ``files`` maps display names to contents.

    ``spec`` and the optional others are keys of ``files``. ``source`` is what headers of generated files name.
    ``paths`` tells where the files are on disk, for those that are there. ``bind`` is the command that derives the
    bindings of this spec; None for a spec that is not on disk.
    """

    spec: str
    source: str
    files: Mapping[str, bytes]
    bindings: str | None = None
    overrides: str | None = None
    types: str | None = None
    rules: str | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    paths: Mapping[str, Path] = field(default_factory=dict)
    bind: str | None = None

    @classmethod
    def of(
        cls,
        spec: str,
        source: str,
        files: Mapping[str, bytes],
        companions: Mapping[str, str],
        diagnostics: tuple[Diagnostic, ...] = (),
    ) -> Inputs:
        """Inputs with the ``companions`` that there are: what each of :data:`COMPANIONS` is called in ``files``."""
        bindings, overrides, types, rules = (companions.get(name) for name in COMPANIONS)
        return cls(spec, source, files, bindings, overrides, types, rules, diagnostics)


def read_inputs(client: ClientConfig) -> Inputs:
    """Find and read the spec and the files that go with it. Raises DiagnosticError or ConfigError."""
    folder, spec = _locate(client)
    # Outside the project, names are relative to the spec's own folder: the host's paths are no one else's business.
    inside = path_inside(spec, client.root)
    base = client.root if inside else folder or spec.parent
    named = {name: folder / name for name in COMPANIONS} if folder else {}
    there = {name: path for name, path in named.items() if os.path.lexists(path)}
    paths = {name: display_path(path, base) for name, path in there.items()}
    display = display_path(spec, base)
    files = {display: _read(client, spec)} | {paths[name]: _read(client, path) for name, path in there.items()}
    source = display_path(client.spec, client.root) if inside else display
    for name in (*files, source):
        if not name.isprintable():
            raise blame(client, f"{name!r}: a file name must be printable, because generated files name it")
    unused = _unused(spec, display) if folder is None else ()
    inputs = Inputs.of(display, display if source == "." else source, files, paths, unused)
    on_disk = {display: spec} | {paths[name]: path for name, path in there.items()}
    return replace(inputs, paths=on_disk, bind=f"lapsmith bind {shlex.quote(_shown(client, client.spec))}")


def folder_of(client: ClientConfig) -> Path | None:
    """The folder whose companions go with the client's spec; None: none do, because it has other specs too."""
    return _locate(client)[0]


def spec_names(files: Iterable[str]) -> list[str]:
    """Those ``files`` of a folder, by relative path, that it can be read for: the usual one, or all in the folder."""
    found = set(files)
    beside = sorted(name for name in found if name.endswith(".lap") and "/" not in name and name != TYPES)
    return [USUAL] if USUAL in found else beside


def blame(client: ClientConfig, message: str, hint: str | None = None) -> DiagnosticError | ConfigError:
    """The error that says what is wrong with a client, at its place in the configuration if it has one."""
    if client.span is None:
        return ConfigError(f"{message}; {hint}" if hint else message)
    return DiagnosticError([Diagnostic(Severity.ERROR, client.span, "spec", message, hint)], {})


def _locate(client: ClientConfig) -> tuple[Path | None, Path]:
    """The folder whose bindings apply (None: none do) and the .lap file."""
    path = client.spec
    if path.is_dir():
        return path, _spec_in(client, path)
    if not os.path.lexists(path):
        raise blame(client, f"there is no spec at '{_shown(client, path)}'")
    if path.name in (BINDINGS, OVERRIDES, RULES):
        raise blame(
            client, f"'{_shown(client, path)}' goes with a spec and is none", "name the folder that both are in"
        )
    # A file that its folder would be read for means the folder.
    for folder in (path.parent.parent, path.parent):
        if _candidates(folder) == [path]:
            return folder, path
    return None, path


def _shown(client: ClientConfig, path: Path) -> str:
    """A path for messages, which unlike generated files may name the host's folders: as the user would call it."""
    here = Path.cwd() if client.span is None else client.root
    return path_inside(path, here) or str(path)


def _candidates(folder: Path) -> list[Path]:
    usual = [USUAL] if os.path.lexists(folder / USUAL) else []
    return [folder / name for name in spec_names([*usual, *(path.name for path in folder.glob("*.lap"))])]


def _spec_in(client: ClientConfig, folder: Path) -> Path:
    found = _candidates(folder)
    if len(found) == 1:
        return found[0]
    shown = _shown(client, folder)
    if not found:
        raise blame(client, f"'{shown}' holds neither {USUAL} nor another .lap file")
    names = ", ".join(path.name for path in found)
    raise blame(client, f"'{shown}' holds several .lap files: {names}; name one of them")


def _unused(spec: Path, display: str) -> tuple[Diagnostic, ...]:
    """Bindings beside one of several specs belong to nobody knows which."""
    beside = [name for name in COMPANIONS if (spec.parent / name).exists()]
    message = "{} beside it is not used, because the folder holds several .lap files"
    hint = "give the spec a folder of its own"
    span = Span(display, 1, 1, 1, 1)
    return tuple(Diagnostic(Severity.WARNING, span, "unused", message.format(name), hint) for name in beside)


def _read(client: ClientConfig, path: Path) -> bytes:
    shown = _shown(client, path)
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise blame(client, f"'{shown}' is no plain file")
        with path.open("rb") as stream:
            return stream.read(MAX_INPUT_BYTES)
    except OSError as error:
        raise blame(client, f"cannot read '{shown}': {error.strerror or error}") from error
