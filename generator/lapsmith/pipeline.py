"""The pipeline: a client's configuration in, what its folder lacks out.

``read_inputs`` -> ``analyse`` -> ``render`` -> ``plan``. Every stage reports what it found; an error of any stage stops
the pipeline before anything is rendered. jinja2 and black are imported only when there is something to render.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import lapsmith
from lapsmith import manifest as manifests
from lapsmith import output
from lapsmith.config import ClientConfig, ConfigError, display_path, path_inside
from lapsmith.diagnostics import Diagnostic, DiagnosticError, Severity, Span
from lapsmith.manifest import Manifest

if TYPE_CHECKING:
    from lapsmith.ir.model import Service
    from lapsmith.lap.tree import Document

_BINDINGS, _OVERRIDES, _TYPES = "bindings.yaml", "overrides.yaml", "types.lap"
# The readers say what is wrong with longer input; this only keeps a mistaken path from filling the memory.
_MAX_INPUT_BYTES = (32 << 20) + 1


@dataclass(frozen=True, slots=True)
class Inputs:
    """Every file that generation reads, read once: ``files`` maps display names to contents.

    ``spec`` and the optional others are keys of ``files``. ``source`` is what headers of generated files name.
    """

    spec: str
    source: str
    files: Mapping[str, bytes]
    bindings: str | None = None
    overrides: str | None = None
    types: str | None = None
    diagnostics: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True)
class Analysis:
    """What the inputs say. ``service`` is None when there are errors; ``document`` is what could be read even so."""

    document: Document
    service: Service | None
    diagnostics: tuple[Diagnostic, ...]
    sources: Mapping[str, str]

    def require(self) -> Service:
        """The service. Raises DiagnosticError when there is none."""
        if self.service is None:
            raise DiagnosticError(self.diagnostics, self.sources)
        return self.service


@dataclass(frozen=True, slots=True)
class Rendered:
    """A client's files, without the manifest, and the PEP 508 requirements of the client."""

    files: Mapping[str, bytes]
    requirements: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done for one client. ``difference`` is None when its folder is known to be up to date."""

    client: ClientConfig
    difference: output.Difference | None
    requirements: tuple[str, ...]
    diagnostics: tuple[Diagnostic, ...] = ()
    sources: Mapping[str, str] | None = None

    @property
    def display(self) -> str:
        return _shown(self.client)


def plan(client: ClientConfig, *, force: bool = False, trust_manifest: bool = True) -> Plan:
    """Find out what a client's folder lacks. Writes nothing.

    With ``trust_manifest`` an unchanged client is recognised by its manifest and not rendered. ``force`` takes a
    malformed manifest for none. Raises DiagnosticError, ConfigError or OutputError.
    """
    inputs = read_inputs(client)
    blank = _blank_manifest(client, inputs)
    old = _old_manifest(client, force=force)
    if trust_manifest and old is not None:
        expected = replace(blank, outputs=old.outputs, requirements=old.requirements)
        if output.is_current(client.output, expected):
            return Plan(client, None, old.requirements)
    analysis = analyse(client, inputs)
    rendered = render(analysis, inputs, package=client.package, transports=client.transports)
    digests = {path: manifests.digest_of(content) for path, content in rendered.files.items()}
    manifest = replace(blank, outputs=digests, requirements=rendered.requirements)
    difference = output.compare(client.output, rendered.files, manifest, old)
    return Plan(client, difference, rendered.requirements, analysis.diagnostics, analysis.sources)


def read_inputs(client: ClientConfig) -> Inputs:
    """Find and read the spec and the files that go with it. Raises DiagnosticError or ConfigError."""
    folder, spec = _locate(client)
    # Outside the project, names are relative to the spec's own folder: the host's paths are no one else's business.
    inside = path_inside(spec, client.root)
    base = client.root if inside else folder or spec.parent
    named = {name: folder / name for name in (_BINDINGS, _OVERRIDES, _TYPES)} if folder else {}
    there = {name: path for name, path in named.items() if os.path.lexists(path)}
    paths = {name: display_path(path, base) for name, path in there.items()}
    display = display_path(spec, base)
    files = {display: _read(client, spec)} | {paths[name]: _read(client, path) for name, path in there.items()}
    source = display_path(client.spec, client.root) if inside else display
    for name in (*files, source):
        if not name.isprintable():
            raise _blame(client, f"{name!r}: a file name must be printable, because generated files name it")
    return Inputs(
        spec=display,
        source=display if source == "." else source,
        files=files,
        bindings=paths.get(_BINDINGS),
        overrides=paths.get(_OVERRIDES),
        types=paths.get(_TYPES),
        diagnostics=_unused(spec, display) if folder is None else (),
    )


def parse(inputs: Inputs) -> Analysis:
    """The spec alone: its syntax tree and what the parser has to say, no service."""
    from lapsmith import lap

    parsed = lap.parse(inputs.files[inputs.spec], inputs.spec)
    return Analysis(parsed.document, None, tuple(parsed.diagnostics), {inputs.spec: parsed.source})


def analyse(client: ClientConfig, inputs: Inputs) -> Analysis:
    """Parse every input, then cross-check them. Raises nothing for what they hold."""
    from lapsmith import bindings, ir, lap

    parsed = parse(inputs)
    found: list[Diagnostic] = [*inputs.diagnostics, *parsed.diagnostics]
    sources = dict(parsed.sources)
    types = loaded = None
    if inputs.types:
        types = lap.parse_types(inputs.files[inputs.types], inputs.types)
        found += types.diagnostics
        sources[inputs.types] = types.source
    if inputs.bindings:
        over = (inputs.files[inputs.overrides], inputs.overrides) if inputs.overrides else None
        loaded = bindings.loads(inputs.files[inputs.bindings], inputs.bindings, overrides=over)
        found += loaded.diagnostics
        sources |= loaded.sources
    elif inputs.overrides:
        span = Span(inputs.overrides, 1, 1, 1, 1)
        found.append(Diagnostic(Severity.ERROR, span, "overrides", f"there is no {_BINDINGS} to override"))
    service = None
    if not _has_errors(found):
        built = ir.build(
            parsed.document,
            loaded.bindings if loaded else None,
            types.document if types else None,
            operations=client.operations,
            strict=client.strict,
        )
        found += built.diagnostics
        service = None if _has_errors(found) else built.service
    ordered = tuple(sorted(found, key=lambda item: item.sort_key))
    return Analysis(parsed.document, service, ordered, sources)


def render(analysis: Analysis, inputs: Inputs, *, package: str, transports: tuple[str, ...] = ()) -> Rendered:
    """The client's files.

    Raises DiagnosticError for what cannot be generated (yet), ConfigError when jinja2 or black is not installed.
    """
    service = analysis.require()
    try:
        from lapsmith import python

        gaps = python.unsupported(service, Span(inputs.spec, 1, 1, 1, 1))
        if gaps.has_errors:
            raise DiagnosticError([*analysis.diagnostics, *gaps.items], analysis.sources)
        texts = python.render(service, package=package, source=inputs.source, transports=transports)
    except ModuleNotFoundError as error:
        if (error.name or "lapsmith").partition(".")[0] == "lapsmith":
            raise
        raise ConfigError(f"{error.name} is not installed; install lapsmith with its dependencies") from error
    files = {path: text.replace("\r\n", "\n").encode() for path, text in sorted(texts.items())}
    return Rendered(files, tuple(sorted(python.requirements(service))))


def _locate(client: ClientConfig) -> tuple[Path | None, Path]:
    """The folder whose bindings apply (None: none do) and the .lap file."""
    path = client.spec
    if path.is_dir():
        return path, _spec_in(client, path)
    if not path.exists():
        raise _blame(client, f"there is no spec at '{display_path(path, client.root)}'")
    # A file that its folder would be read for means the folder.
    for folder in (path.parent.parent, path.parent):
        if _candidates(folder) == [path]:
            return folder, path
    return None, path


def _candidates(folder: Path) -> list[Path]:
    """The .lap files that a spec folder can be read for: one by its usual name, or all beside each other."""
    usual = folder / "references" / "api-spec.lap"
    return [usual] if usual.is_file() else sorted(path for path in folder.glob("*.lap") if path.name != _TYPES)


def _spec_in(client: ClientConfig, folder: Path) -> Path:
    found = _candidates(folder)
    if len(found) == 1:
        return found[0]
    shown = display_path(folder, client.root)
    if not found:
        raise _blame(client, f"'{shown}' holds neither references/api-spec.lap nor another .lap file")
    names = ", ".join(path.name for path in found)
    raise _blame(client, f"'{shown}' holds several .lap files: {names}; name one of them")


def _unused(spec: Path, display: str) -> tuple[Diagnostic, ...]:
    """Bindings beside one of several specs belong to nobody knows which."""
    beside = [name for name in (_BINDINGS, _OVERRIDES, _TYPES) if (spec.parent / name).exists()]
    message = "{} beside it is not used, because the folder holds several .lap files"
    hint = "give the spec a folder of its own"
    span = Span(display, 1, 1, 1, 1)
    return tuple(Diagnostic(Severity.WARNING, span, "unused", message.format(name), hint) for name in beside)


def _read(client: ClientConfig, path: Path) -> bytes:
    shown = display_path(path, client.root)
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise _blame(client, f"'{shown}' is no plain file")
        with path.open("rb") as stream:
            return stream.read(_MAX_INPUT_BYTES)
    except OSError as error:
        raise _blame(client, f"cannot read '{shown}': {error.strerror or error}") from error


def _blame(client: ClientConfig, message: str) -> DiagnosticError | ConfigError:
    if client.span is None:
        return ConfigError(message)
    return DiagnosticError([Diagnostic(Severity.ERROR, client.span, "spec", message)], {})


def _blank_manifest(client: ClientConfig, inputs: Inputs) -> Manifest:
    """The manifest as far as it is known before rendering."""
    return Manifest(
        lapsmith=lapsmith.__version__,
        black=manifests.black_version(),
        digest=manifests.generator_digest(),
        options={
            "operations": list(client.operations),
            "package": client.package,
            "runtime": "embedded",
            "source": inputs.source,
            "strict": client.strict,
            "transports": list(client.transports),
        },
        inputs={name: manifests.blob_id(content) for name, content in inputs.files.items()},
        outputs={},
    )


def _old_manifest(client: ClientConfig, *, force: bool) -> Manifest | None:
    try:
        return output.read_manifest(client.output, _shown(client))
    except DiagnosticError:
        if force:
            return None
        raise


def _shown(client: ClientConfig) -> str:
    """The client's folder for messages, which unlike generated files may name the host's folders."""
    return path_inside(client.output, client.root) or str(client.output)


def _has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    return any(item.severity is Severity.ERROR for item in diagnostics)
