"""What is known of each named structure: ``types.lap``, then ``@type`` of the spec, then inline copies.

A LAP text may repeat a structure inline wherever it is used, and cuts copies off at some depth; so all copies
of one name are laid over each other. Members come from every copy; where copies differ about a member's type
the better source (or the less vague type) wins, unless both cannot be true: that is an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from lapsmith.diagnostics import Span
from lapsmith.ir.context import Context, endpoint_types, type_name, walk
from lapsmith.lap.tree import Field, ListOf, MapOf, Named, Scalar, Type

_TEXT = frozenset(("str", "string", "date", "datetime", "timestamp"))
_NUMBER = frozenset(("int", "integer", "long", "num", "number", "float", "double"))


@dataclass(slots=True)
class Definition:
    """A named structure's fields by name, and the place that defines it best."""

    name: str
    span: Span
    fields: dict[str, Field] = field(default_factory=dict)


def collect(ctx: Context) -> Mapping[str, Definition]:
    """Gather every definition of every named structure, best source first."""
    return _Collector(ctx).collect()


@dataclass(slots=True)
class _Collector:
    ctx: Context
    known: set[str] = field(default_factory=set)
    found: dict[str, Definition] = field(default_factory=dict)

    def collect(self) -> Mapping[str, Definition]:
        blocks = [block for doc in (self.ctx.types, self.ctx.document) if doc for block in doc.types]
        roots = [item.type for block in blocks for item in block.fields]
        roots += endpoint_types(self.ctx.document)
        copies = [node for root in roots for node in walk(root) if isinstance(node, Named)]
        self.known = {block.name for block in blocks}
        self.known |= {node.name for node in copies if node.children is not None}
        for block in blocks:
            self._lay(block.name, block.fields, block.name_span)
        for node in copies:
            if node.children is not None:
                self._lay(node.name, node.children, node.span)
        return self.found

    def _lay(self, name: str, fields: Iterable[Field], span: Span) -> None:
        definition = self.found.setdefault(name, Definition(name, span))
        own: set[str] = set()
        for item in fields:
            if item.name in own:
                message = f"{name} has two members called '{item.name}'; the first is kept"
                self.ctx.diagnostics.warning(item.name_span, "duplicate-member", message)
                continue
            own.add(item.name)
            old = definition.fields.get(item.name)
            definition.fields[item.name] = item if old is None else self._reconcile(name, old, item)

    def _reconcile(self, name: str, old: Field, new: Field) -> Field:
        if self._clash(old.type, new.type):
            here, there = type_name(new.type), type_name(old.type)
            message = f"'{name}.{new.name}' is {here} here and {there} at {old.type.span}"
            if self._is_derived(old):
                hint = "the model is of another day than the spec; bind to a newer one, or correct the spec"
                self.ctx.diagnostics.warning(new.type.span, "type-conflict", f"{message}: the spec's is taken", hint)
                return new
            hint = "correct one of the two"
            self.ctx.diagnostics.error(new.type.span, "type-conflict", f"{message}: both cannot be true", hint)
        return new if _is_vague(old.type) and not _is_vague(new.type) else old

    def _is_derived(self, field: Field) -> bool:
        """Whether ``bind`` wrote a field: what people write is not overruled, and they cannot correct that."""
        return self.ctx.is_derived and self.ctx.types is not None and field.type.span.file == self.ctx.types.span.file

    def _clash(self, a: Type, b: Type) -> bool:
        """Whether no value can be of both types. Vague types (``any``, a bare ``map``) fit all of their kind."""
        while True:
            if isinstance(a, ListOf) and isinstance(b, ListOf):
                a, b = a.item, b.item
            elif isinstance(a, MapOf) and isinstance(b, MapOf):
                a, b = a.value, b.value
            else:
                break
        left, right = self._kind(a), self._kind(b)
        if "any" in (left, right) or {left, right} == {"map", "structure"}:
            return False
        if left == right == "structure" and isinstance(a, Named) and isinstance(b, Named):
            return a.name != b.name
        return left != right

    def _kind(self, node: Type) -> str:
        """A coarse kind: ``text number bool blob list map structure any``."""
        if isinstance(node, ListOf):
            return "list"
        if isinstance(node, MapOf):
            return "map"
        if isinstance(node, Named):
            structure = node.name in self.known and not node.enum
            return "structure" if structure else "text" if node.enum else "any"
        return "structure" if node.children is not None else _scalar_kind(node)


def _scalar_kind(node: Scalar) -> str:
    if node.enum or node.name in _TEXT:
        return "text"
    if node.name in _NUMBER:
        return "number"
    if node.name in ("bytes", "file"):
        return "blob"
    return {"bool": "bool", "boolean": "bool", "map": "map", "object": "map", "array": "list"}.get(node.name, "any")


def _is_vague(node: Type) -> bool:
    while isinstance(node, ListOf):
        node = node.item
    return isinstance(node, Scalar) and node.children is None and _scalar_kind(node) in ("any", "map")
