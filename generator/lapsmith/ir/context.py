"""What every step of building the IR works with: the inputs, the diagnostics, and where facts come from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from lapsmith.bindings.model import Bindings, Fact
from lapsmith.diagnostics import Diagnostics, Span
from lapsmith.ir.advice import Advice
from lapsmith.ir.model import Origin, Protocol, Source
from lapsmith.ir.rules import RuleSet
from lapsmith.lap.tree import Document, Field, ListOf, MapOf, Named, Type

RPC_PROTOCOLS = frozenset((Protocol.JSON_1_0, Protocol.JSON_1_1, Protocol.QUERY, Protocol.EC2, Protocol.RPC_V2_CBOR))


@dataclass(slots=True)
class Context:
    """One run of :func:`lapsmith.ir.build`. With ``strict`` every inference is an error instead of a note."""

    document: Document
    types: Document | None
    bindings: Bindings | None
    protocol: Protocol
    diagnostics: Diagnostics
    strict: bool = False
    rules: RuleSet | None = None
    advice: Advice = field(default_factory=Advice)

    @property
    def is_rpc(self) -> bool:
        return self.protocol in RPC_PROTOCOLS

    @property
    def is_derived(self) -> bool:
        """Whether the bindings come of a service model: what they leave out is not in it, or could not be told."""
        return self.bindings is not None and self.bindings.derived is not None

    @property
    def editable(self) -> str:
        """The file in which people state facts about the wire: ``bind`` writes derived bindings anew."""
        return "overrides.yaml" if self.is_derived else "bindings.yaml"

    def define(self, name: str) -> str:
        """How to define a structure: ``bind`` writes the ``types.lap`` beside derived bindings anew."""
        if not self.is_derived:
            return f"define it in types.lap: @type {name} {{...}}"
        return f"define it in the spec: @type {name} {{...}}; or, if the spec changed, {self.advice.bind_again}"

    @property
    def is_sigv4(self) -> bool:
        """Whether the spec says that requests are signed."""
        return "sigv4" in (self.document.auth or "").casefold()

    def origin(self, span: Span) -> Origin:
        """The origin of a fact that an input file states at ``span``."""
        bindings = self.bindings
        if bindings is not None and span.file == bindings.overrides_file:
            return Origin(Source.OVERRIDES, span)
        if bindings is not None and span.file == bindings.file:
            return Origin(Source.BINDINGS, span)
        if self.types is not None and span.file == self.types.span.file:
            return Origin(Source.TYPES, span)
        return Origin(Source.SPEC, span)

    def of(self, fact: Fact[object]) -> Origin:
        return self.origin(fact.span)

    def inferred(self, span: Span, rule: str, message: str, hint: str | None = None) -> Origin:
        """Report an inference made at ``span`` and return its origin."""
        text = f"{message} (rule {rule})"
        if self.strict:
            self.diagnostics.error(span, "inferred", f"not stated: {text}", hint or f"say it in {self.editable}")
        else:
            self.diagnostics.note(span, "inferred", text, hint)
        return Origin(Source.INFERRED, span, rule)


def default(rule: str) -> Origin:
    """The origin of a fact that a protocol or HTTP settles where no file speaks of it."""
    return Origin(Source.DEFAULT, None, rule)


def walk(root: Type) -> Iterator[Type]:
    """Every type in ``root``, itself included, in the order of the text. Does not recurse."""
    stack: list[Type] = [root]
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, ListOf):
            stack.append(node.item)
        elif isinstance(node, MapOf):
            stack += [node.value, node.key]
        else:
            stack += [child.type for child in reversed(node.children or ())]


def endpoint_types(document: Document) -> Iterator[Type]:
    """The types of every field of every endpoint."""
    for endpoint in document.endpoints:
        fields: list[Field] = [*endpoint.required, *endpoint.optional]
        fields += [item for returns in endpoint.returns for item in returns.fields or ()]
        for item in fields:
            yield item.type


def is_structure(node: Type) -> bool:
    """Whether the text gives the type fields of its own."""
    return not isinstance(node, ListOf | MapOf) and node.children is not None


def type_name(node: Type) -> str:
    """A short spelling of a type for messages: ``str``, ``[Tag]``, ``map<str,int>``."""
    mark = ""
    while isinstance(node, ListOf):
        mark += "["
        node = node.item
    if isinstance(node, MapOf):
        inner = "map<…>" if isinstance(node.value, MapOf | ListOf) else f"map<…, {node.value.name}>"
    elif isinstance(node, Named) or not node.format:
        inner = node.name
    else:
        inner = f"{node.name}({node.format})"
    return mark + inner + "]" * len(mark)
