"""The pipeline: a client's configuration in, what its folder lacks out.

``read_inputs`` -> ``analyse`` -> ``render`` -> ``plan``, and ``plan_runtime`` for a runtime that clients share. Every
stage reports what it found; an error of any stage stops the pipeline before anything is rendered. jinja2 and black are
imported only when there is something to render.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from lapsmith.diagnostics import Diagnostic, DiagnosticError, Span
from lapsmith.generation import identity
from lapsmith.generation.analysis import Analysis, advice, analyse
from lapsmith.output import folder as output
from lapsmith.output import manifest as manifests
from lapsmith.output.layout import fingerprint
from lapsmith.output.manifest import Manifest
from lapsmith.project.config import ClientConfig, ConfigError, path_inside
from lapsmith.project.inputs import Inputs, blame, read_inputs
from lapsmith.templates import runtime
from lapsmith.version import __version__

if TYPE_CHECKING:
    from lapsmith.generation.update import ApiUpdate
    from lapsmith.ir.model import Service


@dataclass(frozen=True, slots=True)
class Rendered:
    """A client's files, without the manifest, and the PEP 508 requirements of the client.

    ``runtime`` names the modules that it needs of a runtime that it shares with others; none if it has its own.
    """

    files: Mapping[str, bytes]
    requirements: tuple[str, ...]
    runtime: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done for one client. ``difference`` is None when its folder is known to be up to date.

    ``manifest`` is the one that the folder has then or is to have. The plan of a runtime that clients share has as
    ``client`` one that stands for it, and ``serves`` are the names of those clients. ``previous``
    is the manifest that was found, and ``update`` what has become of the API since, where the inputs are others.
    ``line_ends`` are files that are as they should be but for their line ends.
    """

    client: ClientConfig
    manifest: Manifest
    difference: output.Difference | None
    diagnostics: tuple[Diagnostic, ...] = ()
    sources: Mapping[str, str] | None = None
    serves: tuple[str, ...] = ()
    previous: Manifest | None = None
    update: ApiUpdate | None = None
    line_ends: tuple[str, ...] = ()

    @property
    def display(self) -> str:
        """The folder, for messages."""
        return _shown(self.client)

    @property
    def names(self) -> tuple[str, ...]:
        """The clients to name in a command that is about this folder."""
        return self.serves or (self.client.name,)

    @property
    def requirements(self) -> tuple[str, ...]:
        """The PEP 508 requirements of the client."""
        return self.manifest.requirements


class OutdatedError(DiagnosticError):
    """The bindings do not fit the spec. ``update`` is what changed since the client was generated, if it was."""

    def __init__(self, analysis: Analysis, update: ApiUpdate | None) -> None:
        self._made_of = (analysis, update)
        self.update = update
        super().__init__(analysis.diagnostics, analysis.sources)

    def __reduce__(self) -> tuple[type[OutdatedError], tuple[Analysis, ApiUpdate | None]]:  # type: ignore[override]
        """Pickle with what it was made from."""
        return type(self), self._made_of


def plan(client: ClientConfig, *, force: bool = False, trust_manifest: bool = True) -> Plan:
    """Find out what a client's folder lacks. Writes nothing.

    With ``trust_manifest`` an unchanged client is recognised by its manifest and not rendered. ``force`` takes a
    malformed manifest for none. Raises DiagnosticError, ConfigError or OutputError.
    """
    _check_place(client)
    inputs = read_inputs(client)
    blank = _blank_manifest(client, inputs)
    old = _old_manifest(client, force=force)
    if trust_manifest and (current := _current(client, blank, old)):
        return current
    analysis = analyse(client, inputs)
    if analysis.draft is not None:
        raise OutdatedError(analysis, _update(client, blank, old, analysis.draft))
    rendered = render(analysis, inputs, client)
    manifest = replace(
        blank,
        outputs=_digests(rendered.files),
        requirements=rendered.requirements,
        runtime_modules=rendered.runtime,
        layouts=_layouts(rendered.files),
    )
    difference = output.compare(client.output, rendered.files, manifest, old)
    update = _update(client, blank, old, analysis.require())
    found, sources = analysis.diagnostics, analysis.sources
    converted = difference.line_ends
    return Plan(client, manifest, difference, found, sources, previous=old, update=update, line_ends=converted)


def plan_unchanged(client: ClientConfig, *, force: bool = False) -> Plan | None:
    """The plan of a client that its manifest shows to be up to date, else None. Raises what :func:`plan` raises."""
    _check_place(client)
    return _current(client, _blank_manifest(client, read_inputs(client)), _old_manifest(client, force=force))


def plan_runtime(
    clients: Sequence[ClientConfig], modules: Iterable[str], *, force: bool = False, trust_manifest: bool = True
) -> Plan:
    """Find out what the runtime lacks that ``clients`` of one folder share; ``modules`` are those that they need."""
    client = replace(clients[0], name=runtime.FOLDER, output=clients[0].runtime_folder)
    serves = tuple(item.name for item in clients)
    files = runtime.files(modules)
    options = {"package": client.package, "runtime": "shared"}
    manifest = replace(_empty_manifest(options), outputs=_digests(files))
    old = _old_manifest(client, force=force)
    if trust_manifest and old is not None:
        known = replace(manifest, layouts=old.layouts)
        if (converted := output.converted(client.output, known)) is not None:
            return Plan(client, known, None, serves=serves, line_ends=converted)
    manifest = replace(manifest, layouts=_layouts(files))
    difference = output.compare(client.output, files, manifest, old)
    return Plan(client, manifest, difference, serves=serves, previous=old, line_ends=difference.line_ends)


def render(analysis: Analysis, inputs: Inputs, client: ClientConfig) -> Rendered:
    """The client's files, as its configuration wants them.

    Raises DiagnosticError for what cannot be generated (yet), ConfigError when jinja2 or black is not installed.
    """
    service = analysis.require()
    try:
        from lapsmith import python

        gaps = python.unsupported(service, Span(inputs.spec, 1, 1, 1, 1), advice(client, inputs))
        if gaps.has_errors:
            raise DiagnosticError([*analysis.diagnostics, *gaps.items], analysis.sources)
        texts = python.render(
            service,
            package=client.package,
            source=inputs.source,
            transports=client.transports,
            shared_runtime=client.shared_runtime,
        )
    except ModuleNotFoundError as error:
        if (error.name or "lapsmith").partition(".")[0] == "lapsmith":
            raise
        raise ConfigError(f"{error.name} is not installed; install lapsmith with its dependencies") from error
    files = {path: text.replace("\r\n", "\n").encode() for path, text in texts.items()}
    modules = runtime.closure(texts)
    requirements = tuple(sorted(python.requirements(service)))
    if client.shared_runtime:
        return Rendered(dict(sorted(files.items())), requirements, modules)
    files |= {f"{runtime.FOLDER}/{name}": content for name, content in runtime.files(modules).items()}
    return Rendered(dict(sorted(files.items())), requirements)


def _current(client: ClientConfig, blank: Manifest, old: Manifest | None) -> Plan | None:
    if old is None:
        return None
    made = replace(
        blank,
        outputs=old.outputs,
        layouts=old.layouts,
        requirements=old.requirements,
        runtime_modules=old.runtime_modules,
    )
    converted = output.converted(client.output, made)
    return None if converted is None else Plan(client, made, None, line_ends=converted)


def _check_place(client: ClientConfig) -> None:
    """A shared runtime is imported relatively, from the package that holds the clients: there must be one."""
    if client.shared_runtime and not (client.output.parent / "__init__.py").is_file():
        parent = path_inside(client.output.parent, client.root) or client.output.parent.name
        message = f"runtime = \"shared\" needs a package around the clients, and '{parent}' has no __init__.py"
        raise blame(client, message, "add an empty one, or give the clients a package in common")


def _blank_manifest(client: ClientConfig, inputs: Inputs) -> Manifest:
    """The manifest as far as it is known before rendering."""
    options = {
        "operations": list(client.operations),
        "package": client.package,
        "runtime": "shared" if client.shared_runtime else "embedded",
        "source": inputs.source,
        "strict": client.strict,
        "transports": list(client.transports),
    }
    blobs = {name: manifests.blob_id(manifests.with_lf(content)) for name, content in inputs.files.items()}
    return replace(_empty_manifest(options), inputs=blobs)


def _empty_manifest(options: Mapping[str, object]) -> Manifest:
    return Manifest(
        lapsmith=__version__,
        black=identity.black_version(),
        digest=identity.generator_digest(),
        options=options,
        inputs={},
        outputs={},
    )


def _update(client: ClientConfig, new: Manifest, old: Manifest | None, service: Service) -> ApiUpdate | None:
    """What has become of the API since the client was generated; None where its inputs are the same, or none."""
    chosen = ("operations", "strict")
    if old is None:
        return None
    if old.inputs == new.inputs and all(old.options.get(key) == new.options.get(key) for key in chosen):
        return None
    from lapsmith.generation.update import api_since

    return api_since(client, old, service)


def _layouts(files: Mapping[str, bytes]) -> dict[str, str]:
    found = {path: _fingerprint(content) for path, content in files.items() if path.endswith(".py")}
    return {path: layout for path, layout in found.items() if layout is not None}


_fingerprint = cache(fingerprint)
"""Of runtime modules, which many clients have, it is computed once."""


def _digests(files: Mapping[str, bytes]) -> dict[str, str]:
    return {path: manifests.digest_of(content) for path, content in files.items()}


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
