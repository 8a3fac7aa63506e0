"""The pipeline: a client's configuration in, what its folder lacks out.

``read_inputs`` -> ``analyse`` -> ``render`` -> ``plan``. Every stage reports what it found; an error of any stage stops
the pipeline before anything is rendered. jinja2 and black are imported only when there is something to render.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import lapsmith
from lapsmith import manifest as manifests
from lapsmith import output
from lapsmith.config import ClientConfig, ConfigError, path_inside
from lapsmith.diagnostics import Diagnostic, DiagnosticError, Severity, Span
from lapsmith.inputs import BINDINGS, Inputs, read_inputs
from lapsmith.manifest import Manifest

if TYPE_CHECKING:
    from lapsmith.ir.model import Service
    from lapsmith.lap.tree import Document


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
        found.append(Diagnostic(Severity.ERROR, span, "overrides", f"there is no {BINDINGS} to override"))
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
