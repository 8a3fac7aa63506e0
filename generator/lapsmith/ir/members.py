"""The members of operations: their types, where they travel, and under which name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from lapsmith.bindings.model import MemberBinding
from lapsmith.diagnostics import Span
from lapsmith.ir import infer
from lapsmith.ir.check import is_own_header
from lapsmith.ir.context import Context, default
from lapsmith.ir.enums import with_enums
from lapsmith.ir.events import Streams
from lapsmith.ir.model import (
    BlobType,
    DocumentType,
    ListType,
    Location,
    Member,
    Origin,
    Source,
    StringType,
    Type,
)
from lapsmith.ir.naming import camel, unique
from lapsmith.ir.placing import Bound
from lapsmith.ir.requests import PLACEHOLDER
from lapsmith.ir.shapes import Shapes, document
from lapsmith.ir.uri import Target
from lapsmith.ir.wire import fits, flag, refine, wire_name
from lapsmith.ir.xml import with_xml
from lapsmith.lap.tree import Field, ListOf, Returns, Scalar
from lapsmith.lap.tree import Type as LapType

_ON_URL = (Location.LABEL, Location.QUERY, Location.HEADER)


def _is_any(kind: LapType) -> bool:
    item = kind.item if isinstance(kind, ListOf) else kind
    return isinstance(item, Scalar) and item.name == "any"


@dataclass(frozen=True, slots=True)
class Stated:
    """A field of the spec and whether it must be given."""

    field: Field
    required: bool


@dataclass(frozen=True, slots=True)
class Place:
    """Where a member travels, who says so, and its wire name where the place settles that too."""

    location: Location
    origin: Origin
    wire: str | None = None


@dataclass(slots=True)
class Members:
    """Builds the members of one operation."""

    ctx: Context
    shapes: Shapes
    streams: Streams
    name: str
    bound: Bound
    target: Target

    def inputs(self) -> tuple[Member, ...]:
        """Input members in the order of the spec, then members for placeholders that it does not list."""
        binding = self.bound.binding
        bindings = binding.input if binding else {}
        stated = self._stated_inputs()
        labels = self._labels(stated, bindings)
        members = [self._input(item, bindings.get(item.field.name), labels) for item in stated]
        members = [member for member in self._sole_blob(members) if not self._is_redundant(member)]
        self._report(members, "")
        return (*members, *self._missing(members))

    def _is_redundant(self, member: Member) -> bool:
        """Whether a service model has a header as a member that the client sets by itself, from the body it sends."""
        own = member.location is Location.HEADER and is_own_header(self.ctx, member.wire_name)
        if own and self.ctx.is_derived:
            message = f"{self.name}: '{member.name}' is no argument, since the client sets the header itself"
            span = member.origins["name"].span or self.bound.endpoint.span
            self.ctx.diagnostics.note(span, "reserved-header", message)
        return own and self.ctx.is_derived

    def outputs(self, returns: Returns | None) -> tuple[Member, ...]:
        """Members of the answer that ``returns`` describes."""
        binding = self.bound.binding
        bindings = binding.output if binding else {}
        fields = self._distinct(returns.fields or ()) if returns else []
        members = [self._output(field, bindings.get(field.name)) for field in fields]
        members = self._sole_blob(members)
        self._report(members, " of the answer")
        self._warn_of_blobs(members)
        return tuple(members)

    def _warn_of_blobs(self, members: list[Member]) -> None:
        """Bytes among other members are far more often the whole body than base64 in a JSON object."""
        for member in members:
            origin = member.origins["location"]
            inferred = origin.source is Source.INFERRED and member.location is Location.BODY
            if inferred and isinstance(member.type, BlobType) and origin.span is not None:
                message = f"'{member.name}' of {self.name} is bytes, and is read as base64 from a JSON body"
                hint = f"if it is the whole body, bind it: out: {{{member.name}: {{in: payload}}}}"
                self.ctx.diagnostics.warning(origin.span, "inferred-blob", message, hint)

    def _stated_inputs(self) -> list[Stated]:
        endpoint = self.bound.endpoint
        required = {field.name for field in endpoint.required}
        stated = {field.name: Stated(field, True) for field in self._distinct(endpoint.required)}
        for field in self._distinct(endpoint.optional):
            if field.name in required:
                self._duplicate(field)
            stated.setdefault(field.name, Stated(field, field.marked_required))
        for field in self._body_fields():
            stated.setdefault(field.name, Stated(field, field.marked_required or not field.type.nullable))
        for field in self.ctx.document.common_fields:
            stated.setdefault(field.name, Stated(field, False))
        return list(stated.values())

    def _body_fields(self) -> Iterable[Field]:
        body, span = self.bound.endpoint.body, self.bound.endpoint.span
        if body is None:
            return ()
        definition = self.shapes.definitions.get(body)
        if definition is not None:
            return definition.fields.values()
        message = f"{self.name}: the body's type {body} is not defined anywhere, so the body is any value"
        self.ctx.inferred(span, "undefined-type", message, f"define it: @type {body} {{...}}")
        return (Field(body, Scalar("any", span=span), span=span, name_span=span),)

    def _distinct(self, fields: Iterable[Field]) -> list[Field]:
        first: dict[str, Field] = {}
        for field in fields:
            if field.name in first:
                self._duplicate(field)
            first.setdefault(field.name, field)
        return list(first.values())

    def _duplicate(self, field: Field) -> None:
        message = f"{self.name} has two members called '{field.name}'; the first is kept"
        self.ctx.diagnostics.warning(field.name_span, "duplicate-member", message)

    def _labels(self, stated: Sequence[Stated], bindings: Mapping[str, MemberBinding]) -> dict[str, tuple[str, str]]:
        """Placeholders that bindings do not fill, as :func:`infer.match_labels` gives them."""
        if self.ctx.is_rpc:
            return {}
        placed = {name: bound for name, bound in bindings.items() if bound.location}
        filled = {
            bound.name.value if bound.name else name
            for name, bound in placed.items()
            if bound.location and bound.location.value == Location.LABEL
        }
        labels = [label for label in self.target.labels if label not in filled]
        # Path parameters are always required, but a spec may list one under the common fields.
        free = [item.field for item in stated if item.field.name not in placed]
        required = {item.field.name for item in stated if item.required} | set(labels)
        fields = [field for field in free if field.name in required]
        by_position = self.ctx.is_sigv4 or self.bound.endpoint.method in infer.BODILESS
        return infer.match_labels(labels, fields, by_position)

    def _input(self, item: Stated, bound: MemberBinding | None, labels: Mapping[str, tuple[str, str]]) -> Member:
        place = self._place(item.field, bound, labels)
        member = self._member(item, bound, place, f"{self.name}Input")
        if item.required or (place.location is not Location.LABEL and member.name not in self._host_labels()):
            return member
        return replace(member, required=True, origins={**member.origins, "required": default("label-is-required")})

    def _host_labels(self) -> Iterable[str]:
        """The members that go before the host: as in a path, nothing can stand in for one."""
        host = self.bound.binding.host if self.bound.binding else None
        return PLACEHOLDER.findall(host.value) if host else ()

    def _place(self, field: Field, bound: MemberBinding | None, labels: Mapping[str, tuple[str, str]]) -> Place:
        if bound is not None and bound.location is not None:
            return Place(Location(bound.location.value), self.ctx.of(bound.location))
        if self.ctx.is_rpc:
            return Place(Location.BODY, default("rpc-body"))
        if field.name in labels:
            wire, rule = labels[field.name]
            return Place(Location.LABEL, Origin(Source.INFERRED, field.name_span, rule), wire)
        if field.name in self.target.query_members:
            origin = Origin(Source.INFERRED, field.name_span, "query-placeholder")
            return Place(Location.QUERY, origin, self.target.query_members[field.name])
        location, rule = infer.by_name_and_method(field.name, self.bound.endpoint.method)
        return Place(location, Origin(Source.INFERRED, field.name_span, rule))

    def _report(self, members: Iterable[Member], side: str) -> None:
        """Say which places were inferred, once they are final."""
        for member in members:
            origin = member.origins["location"]
            if origin.source is Source.INFERRED and origin.span and origin.rule:
                message = f"{self.name}: '{member.name}'{side} travels as {member.location}"
                self.ctx.inferred(origin.span, origin.rule, message)

    def _output(self, field: Field, bound: MemberBinding | None) -> Member:
        if bound is not None and bound.location is not None:
            place = Place(Location(bound.location.value), self.ctx.of(bound.location))
        elif self.ctx.is_rpc:
            place = Place(Location.BODY, default("rpc-body"))
        else:
            place = Place(Location.BODY, Origin(Source.INFERRED, field.name_span, "output-body-by-default"))
        item = Stated(field, field.marked_required or not field.type.nullable)
        return self._member(item, bound, place, self.name)

    def _member(self, item: Stated, bound: MemberBinding | None, place: Place, holder: str) -> Member:
        """Put a member together. ``holder`` begins the name of an anonymous structure in its type."""
        field = item.field
        stated = self.ctx.origin(field.name_span)
        kind, typed = self._type(field, bound, place, holder)
        wire, wired = wire_name(self.ctx, bound, field.name, stated)
        if place.wire is not None and (bound is None or bound.name is None):
            wire, wired = place.wire, place.origin
        origins = {
            "name": self.ctx.of(bound.member) if bound and bound.member else stated,
            "type": typed,
            "required": stated,
            "location": place.origin,
            "wire_name": wired,
        }
        kind = with_enums(self.ctx, f"{self.name}.{field.name}", kind, bound, origins)
        token = flag(self.ctx, "token", bound.token if bound else None, origins)
        json = flag(self.ctx, "json_value", bound.json if bound else None, origins)
        name = bound.member.value if bound and bound.member else field.name
        sensitive = flag(self.ctx, "sensitive", bound.sensitive if bound else None, origins)
        member = Member(
            name=name,
            type=kind,
            required=item.required,
            location=place.location,
            wire_name=wire,
            doc=document(field),
            origins=origins,
            token=token,
            json_value=json,
            default=field.default,
            sensitive=sensitive,
            last_segment=flag(self.ctx, "last_segment", bound.last_segment if bound else None, origins),
        )
        return with_xml(self.ctx, f"{self.name}.{field.name}", member, bound)

    def _type(self, field: Field, bound: MemberBinding | None, place: Place, holder: str) -> tuple[Type, Origin]:
        origin = self.ctx.origin(field.type.span)
        if place.location is Location.EVENTS:
            return self.streams.resolve(field, self.name), origin
        kind = self.shapes.resolve(field.type, holder + camel(field.name))
        if bound is not None:
            kind, origin = refine(self.ctx, f"{self.name}.{field.name}", kind, place.location, bound, origin)
        is_json = bound is not None and bound.json is not None
        return (kind, origin) if is_json else self._as_text(field, kind, place, origin)

    def _as_text(self, field: Field, kind: Type, place: Place, typed: Origin) -> tuple[Type, Origin]:
        """Types that a URL or header cannot hold are text there: the caller writes them out.

        So is any value at a place that is bound: specs say ``any`` for the rarer numbers of service models.
        """
        location = place.location
        inferred = place.origin.source is Source.INFERRED
        if location not in _ON_URL or fits(kind, location) or not (inferred or _is_any(field.type)):
            return kind, typed
        vague = isinstance(kind, DocumentType) or (isinstance(kind, ListType) and isinstance(kind.item, DocumentType))
        message = f"{self.name}: '{field.name}' is written as text in the {location}"
        hint = None if vague else "bind it, or leave the operation out, if that is not what the service reads"
        origin = typed
        if inferred:
            origin = self.ctx.inferred(field.type.span, "text-in-url", message, hint)
        else:
            self.ctx.diagnostics.note(field.type.span, "text-in-url", message)
        listed = isinstance(kind, ListType) and location is not Location.LABEL
        return (ListType(StringType()) if listed else StringType()), origin

    def _sole_blob(self, members: list[Member]) -> list[Member]:
        """Apply the rule of that name: bytes that would be alone in a JSON body are the body instead."""
        body = [member for member in members if member.location is Location.BODY]
        whole = any(member.location in (Location.PAYLOAD, Location.EVENTS) for member in members)
        if whole or len(body) != 1 or not isinstance(body[0].type, BlobType):
            return members
        sole = body[0]
        placed = sole.origins["location"]
        if placed.source is not Source.INFERRED:
            return members
        origins = {**sole.origins, "location": Origin(Source.INFERRED, placed.span, "sole-blob-payload")}
        payload = replace(sole, location=Location.PAYLOAD, origins=origins)
        return [payload if member is sole else member for member in members]

    def _missing(self, members: Sequence[Member]) -> list[Member]:
        """Members for placeholders, in path or query string, that the spec's fields do not mention."""
        filled = {member.wire_name for member in members if member.location is Location.LABEL}
        taken = {member.name for member in members}
        added: list[Member] = []
        span = self.bound.endpoint.path.span
        for label in self.target.labels:
            if label not in filled:
                added.append(self._invented(label, label, Location.LABEL, taken, span))
        for name, key in self.target.query_members.items():
            if name not in taken:
                added.append(self._invented(name, key, Location.QUERY, taken, span))
        return added

    def _invented(self, label: str, wire: str, location: Location, taken: set[str], span: Span) -> Member:
        name = unique(label, taken)
        taken.add(name)
        message = f"{self.name}: the path has {{{label}}}, but no member is called so; it is taken for required text"
        origin = self.ctx.inferred(span, "placeholder-without-member", message)
        facts = ("name", "type", "required", "location", "wire_name")
        return Member(name, StringType(), True, location, wire, None, dict.fromkeys(facts, origin))
