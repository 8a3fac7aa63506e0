"""What inputs say: texts to the intermediate representation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lapsmith.diagnostics import Diagnostic, DiagnosticError, Severity, Span
from lapsmith.project.config import ClientConfig
from lapsmith.project.inputs import BINDINGS, Inputs

if TYPE_CHECKING:
    from lapsmith.ir.advice import Advice
    from lapsmith.ir.model import Service
    from lapsmith.lap.tree import Document


@dataclass(frozen=True, slots=True)
class Analysis:
    """What the inputs say. ``service`` is None when there are errors; ``document`` is what could be read even so.

    ``draft`` is for comparisons only: what a changed spec says as far as its bindings still fit it.
    """

    document: Document
    service: Service | None
    diagnostics: tuple[Diagnostic, ...]
    sources: Mapping[str, str]
    draft: Service | None = None

    def require(self) -> Service:
        """The service. Raises DiagnosticError when there is none."""
        if self.service is None:
            raise DiagnosticError(self.diagnostics, self.sources)
        return self.service


def parse(inputs: Inputs) -> Analysis:
    """The spec alone: its syntax tree and what the parser has to say, no service."""
    from lapsmith import lap

    parsed = lap.parse(inputs.files[inputs.spec], inputs.spec)
    return Analysis(parsed.document, None, tuple(parsed.diagnostics), {inputs.spec: parsed.source})


def analyse(client: ClientConfig, inputs: Inputs) -> Analysis:
    """Parse every input, then cross-check them. Raises nothing for what they hold."""
    from lapsmith import bindings, ir, lap
    from lapsmith.ir.rules_reader import read_rules

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
    elif _is_aws(parsed.document):
        found = [item for item in found if item.severity is Severity.ERROR] + [_unbound(inputs)]
    elif inputs.overrides:
        span = Span(inputs.overrides, 1, 1, 1, 1)
        found.append(Diagnostic(Severity.ERROR, span, "overrides", f"there is no {BINDINGS} to override"))
    rules = None
    if inputs.rules and loaded and loaded.bindings and loaded.bindings.has_rules:
        rules = read_rules(inputs.files[inputs.rules], inputs.rules)
        found += rules.diagnostics
        sources[inputs.rules] = rules.source
    service = draft = None
    if not _has_errors(found):
        built = ir.build(
            parsed.document,
            loaded.bindings if loaded else None,
            types.document if types else None,
            rules.rules if rules else None,
            operations=client.operations,
            operations_span=client.operations_span,
            strict=client.strict,
            advice=advice(client, inputs),
        )
        found += built.diagnostics
        service = None if _has_errors(found) else built.service
        draft = built.draft
    ordered = tuple(sorted(found, key=lambda item: item.sort_key))
    return Analysis(parsed.document, service, ordered, sources, draft)


def advice(client: ClientConfig, inputs: Inputs) -> Advice:
    """What hints about a client's inputs suggest."""
    from lapsmith.ir.advice import Advice

    return Advice(client.operations, client.by_option, inputs.bind)


def _is_aws(document: Document) -> bool:
    auth = (document.auth or "").casefold()
    return "aws" in auth and "sigv4" in auth


def _unbound(inputs: Inputs) -> Diagnostic:
    """An AWS spec says nothing of names, wire names and endpoints; what rules infer from it is a wrong client."""
    message = f"no {BINDINGS} beside this spec"
    span = Span(inputs.spec, 1, 1, 1, 1)
    if inputs.bind is None:
        return Diagnostic(Severity.ERROR, span, "no-bindings", message, "name a revision that has one")
    return Diagnostic(Severity.ERROR, span, "no-bindings", f"{message}; run: {inputs.bind}")


def _has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    return any(item.severity is Severity.ERROR for item in diagnostics)
