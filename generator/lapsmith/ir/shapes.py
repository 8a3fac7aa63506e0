"""LAP types to IR types, and the structures that they reach."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from lapsmith.bindings.model import MemberBinding, ShapeBinding
from lapsmith.diagnostics import MISSPELT, Span, misspelt, suggest
from lapsmith.ir import model
from lapsmith.ir.attribute_values import check_attribute_value
from lapsmith.ir.context import Context, default
from lapsmith.ir.definitions import Definition
from lapsmith.ir.enums import with_enums
from lapsmith.ir.model import Location, Member, Shape, Structure
from lapsmith.ir.naming import camel, unique
from lapsmith.ir.wire import flag, refine, wire_name
from lapsmith.ir.xml import with_xml
from lapsmith.lap.tree import Field, ListOf, MapOf, Named, Scalar, Type

MAX_DEPTH = 64

_TIMESTAMPS: Mapping[str, model.TimestampFormat | None] = {
    "timestamp": None,
    "date-time": model.TimestampFormat.DATE_TIME,
    "datetime": model.TimestampFormat.DATE_TIME,
}
_WORDS: Mapping[str, model.Type] = {
    "str": model.StringType(),
    "string": model.StringType(),
    "date": model.StringType(),
    "character": model.StringType(),
    "int": model.IntegerType(),
    "integer": model.IntegerType(),
    "long": model.IntegerType(64),
    "short": model.IntegerType(),
    "byte": model.IntegerType(),
    "biginteger": model.IntegerType(64),
    "num": model.FloatType(),
    "number": model.FloatType(),
    "double": model.FloatType(),
    "bigdecimal": model.FloatType(),
    "float": model.FloatType(32),
    "bool": model.BooleanType(),
    "boolean": model.BooleanType(),
    "bytes": model.BlobType(),
    "file": model.BlobType(),
    "any": model.DocumentType(),
    "map": model.DocumentType(),
    "object": model.DocumentType(),
    "null": model.DocumentType(),
    "array": model.ListType(model.DocumentType()),
}
_COMMON = ("str", "int", "num", "bool", "bytes", "any", "map")
_WIDE = frozenset(("i64", "int64", "long"))
_NARROW_FLOAT = frozenset(("f32", "float"))
_BINARY = frozenset(("binary", "byte"))


@dataclass(slots=True)
class Shapes:
    """Resolves types, and defines each structure that is reached once. Anonymous ones are named by where they
    stand.
    """

    ctx: Context
    definitions: Mapping[str, Definition]
    shapes: dict[str, Shape] = field(default_factory=dict)
    _queue: deque[Definition] = field(default_factory=deque)
    _reached: set[str] = field(default_factory=set)
    _undefined: set[str] = field(default_factory=set)

    def resolve(self, node: Type, place: str, depth: int = 0) -> model.Type:
        """The IR type of ``node``. ``place`` names what holds it: an anonymous structure is called after
        that.
        """
        if depth > MAX_DEPTH:
            message = f"this type is nested more than {MAX_DEPTH} levels deep"
            self.ctx.diagnostics.error(node.span, "type-depth", message, "give inner structures names with @type")
            return model.DocumentType()
        if isinstance(node, ListOf):
            return model.ListType(self.resolve(node.item, place, depth + 1), node.item.nullable)
        if isinstance(node, MapOf):
            key = self.resolve(node.key, place + "Key", depth + 1)
            return model.MapType(key, self.resolve(node.value, place, depth + 1), node.value.nullable)
        if isinstance(node, Named):
            return self._named(node)
        if node.children is not None:
            return self._anonymous(node.children, place, node.span)
        return self._scalar(node)

    def reach(self, definition: Definition) -> model.StructureRef:
        """Have a structure defined by :meth:`finish`."""
        if definition.name not in self._reached:
            self._reached.add(definition.name)
            self._queue.append(definition)
        return model.StructureRef(definition.name)

    def add_union(self, union: model.EventUnion) -> model.StructureRef:
        """Define the shape of an event stream."""
        self._reached.add(union.name)
        self.shapes[union.name] = union
        return model.StructureRef(union.name)

    def finish(self) -> dict[str, Shape]:
        """Define everything that was reached, and what that reaches; sorted by name."""
        while self._queue:
            definition = self._queue.popleft()
            self.shapes[definition.name] = self._structure(definition)
        return dict(sorted(self.shapes.items()))

    def members(self, definition: Definition) -> tuple[Member, ...]:
        """The members of a structure or error, with what the bindings say of that shape."""
        binding = self._binding(definition.name)
        bound = binding.members if binding else {}
        for name, entry in bound.items():
            if name not in definition.fields:
                message = f"shape {definition.name} has no member '{name}'"
                self.ctx.diagnostics.error(entry.span, "unknown-member", message, suggest(name, definition.fields))
        return tuple(self._member(definition, item, bound.get(item.name)) for item in definition.fields.values())

    def _structure(self, definition: Definition) -> Structure:
        binding = self._binding(definition.name)
        union = binding.union if binding else None
        origins = {
            "name": self.ctx.origin(definition.span),
            "union": self.ctx.of(union) if union else default("structure"),
        }
        members = self.members(definition)
        attributes = binding.attribute_value if binding else None
        is_attribute = flag(self.ctx, "attribute_value", attributes, origins)
        if attributes is not None and is_attribute:
            check_attribute_value(self.ctx, attributes.span, definition.name, members)
        is_union = is_attribute or bool(union and union.value)
        return Structure(definition.name, members, None, is_union, origins, is_attribute)

    def _binding(self, name: str) -> ShapeBinding | None:
        return self.ctx.bindings.shapes.get(name) if self.ctx.bindings else None

    def _member(self, definition: Definition, item: Field, bound: MemberBinding | None) -> Member:
        stated = self.ctx.origin(item.name_span)
        where = f"{definition.name}.{item.name}"
        kind = self.resolve(item.type, definition.name + camel(item.name))
        location = Location(bound.location.value) if bound and bound.location else Location.BODY
        origins = {
            "name": self.ctx.of(bound.member) if bound and bound.member else stated,
            "type": self.ctx.origin(item.type.span),
            "required": stated,
            "location": self.ctx.of(bound.location) if bound and bound.location else default("structure-member"),
        }
        if bound is not None:
            kind, origins["type"] = refine(self.ctx, where, kind, location, bound, origins["type"])
        kind = with_enums(self.ctx, where, kind, bound, origins)
        token = flag(self.ctx, "token", bound.token if bound else None, origins)
        wire, origins["wire_name"] = wire_name(self.ctx, bound, item.name, stated)
        member = Member(
            name=bound.member.value if bound and bound.member else item.name,
            type=kind,
            required=item.marked_required or not item.type.nullable,
            location=location,
            wire_name=wire,
            doc=document(item),
            origins=origins,
            token=token,
            default=item.default,
            sensitive=flag(self.ctx, "sensitive", bound.sensitive if bound else None, origins),
        )
        return with_xml(self.ctx, where, member, bound)

    def _named(self, node: Named) -> model.Type:
        if node.enum:
            return model.StringType(node.enum)
        binding = self._binding(node.name)
        if binding is not None and binding.document is not None and binding.document.value:
            return model.DocumentType()
        definition = self.definitions.get(node.name)
        if definition is not None:
            return self.reach(definition)
        if node.name not in self._undefined:
            self._undefined.add(node.name)
            if self._is_misspelt(node):
                return model.DocumentType()
            message = f"the type {node.name} is not defined anywhere: its values are taken as they come"
            hint = suggest(node.name, self.definitions) or self.ctx.define(node.name)
            self.ctx.inferred(node.span, "undefined-type", message, hint)
        return model.DocumentType()

    def _is_misspelt(self, node: Scalar | Named) -> bool:
        """Report a name that is one letter away from a type of LAP's, a capital letter included."""
        folded = node.name.casefold()
        meant = folded if folded in _WORDS else misspelt(folded, _WORDS if isinstance(node, Scalar) else _COMMON)
        if meant is None or self.ctx.strict:
            return False
        message = f"'{node.name}' is not a type of LAP, so its values can be anything"
        self.ctx.diagnostics.warning(node.span, f"{MISSPELT}type", message, f"did you mean '{meant}'?")
        return True

    def _anonymous(self, children: tuple[Field, ...], place: str, span: Span) -> model.Type:
        definition = Definition(unique(place, self._taken()), span, {})
        for child in children:
            definition.fields.setdefault(child.name, child)
        return self.reach(definition)

    def _taken(self) -> _Taken:
        return _Taken(self.definitions, self._reached)

    def _scalar(self, node: Scalar) -> model.Type:
        if node.enum:
            return model.StringType(node.enum)
        name, form = node.name, (node.format or "").casefold()
        if name in ("timestamp", "datetime") or (name in ("str", "string") and form in _TIMESTAMPS):
            return model.TimestampType(_TIMESTAMPS[form or name])
        if name in ("str", "string") and form in _BINARY:
            return model.BlobType()
        if name in ("int", "integer") and form in _WIDE:
            return model.IntegerType(64)
        if name in ("num", "number"):
            if form in ("integer", "int32", "int64"):
                return model.IntegerType(32 if form == "int32" else 64)
            return model.FloatType(32 if form in _NARROW_FLOAT else 64)
        if name not in _WORDS and not self._is_misspelt(node):
            message = f"'{name}' is not a type of LAP: its values are taken as they come"
            self.ctx.inferred(node.span, "unknown-type-word", message, suggest(name, _WORDS))
        return _WORDS.get(name, model.DocumentType())


@dataclass(frozen=True, slots=True)
class _Taken:
    """The names that structures already have."""

    definitions: Mapping[str, Definition]
    reached: set[str]

    def __contains__(self, name: object) -> bool:
        return name in self.definitions or name in self.reached


def document(item: Field) -> str | None:
    """A field's documentation: its comment, and its default where it has one."""
    told = f"Default: {item.default}" if item.default is not None else None
    return "\n\n".join(part for part in (item.comment, told) if part) or None
