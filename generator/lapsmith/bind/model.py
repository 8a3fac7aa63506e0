"""An AWS service model, checked, so that everything behind it can rely on its form.

Shapes keep the traits of the JSON as a mapping: the derivation looks at each trait in one place only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from lapsmith.bind.errors import BindError
from lapsmith.bind.sources import Files, Json

SPOKEN = {"json": "json", "rest-json": "rest-json", "smithy-rpc-v2-cbor": "rpc-v2-cbor"}
"""The protocols that bindings can be derived for, in botocore's order of preference."""
_SCALARS = (
    *("string", "character", "integer", "long", "short", "byte", "biginteger", "boolean"),
    *("double", "float", "bigdecimal", "timestamp", "blob"),
)
_REFERENCES = {"list": ("member",), "map": ("key", "value")}
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Member:
    """A reference to a shape: a member of a structure, an item of a list, a key or value of a map."""

    name: str
    shape: Shape
    traits: Json

    def trait(self, name: str) -> Any:
        """A trait of the member, else that of its shape."""
        own = self.traits.get(name)
        return self.shape.traits.get(name) if own is None else own

    @property
    def location(self) -> str | None:
        found = self.trait("location")
        return found if isinstance(found, str) else None

    @property
    def wire_name(self) -> str:
        found = self.trait("locationName")
        if self.location == "headers":
            # A map of headers may take every header: it has no prefix then, or an empty one.
            return found if isinstance(found, str) else ""
        return found if isinstance(found, str) and found else self.name


@dataclass(slots=True, eq=False)
class Shape:
    """A shape by name. ``members`` are those of a structure, in order; ``item`` is a list's, ``key`` and ``item`` a
    map's.
    """

    name: str
    type: str
    traits: Json
    members: dict[str, Member] = field(default_factory=dict)
    item: Member | None = None
    key: Member | None = None

    @property
    def required(self) -> list[str]:
        found = self.traits.get("required")
        return [name for name in found if name in self.members] if isinstance(found, list) else []

    @property
    def is_document(self) -> bool:
        return self.traits.get("document") is True

    @property
    def is_stream(self) -> bool:
        return self.traits.get("eventstream") is True

    @property
    def is_exception(self) -> bool:
        return self.traits.get("exception") is True

    @property
    def payload(self) -> str | None:
        found = self.traits.get("payload")
        return found if isinstance(found, str) and found in self.members else None

    @property
    def references(self) -> Iterator[Member]:
        yield from self.members.values()
        yield from (member for member in (self.key, self.item) if member)


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """An operation; ``method`` and ``uri`` as lapsh writes them into a spec."""

    name: str
    method: str
    uri: str
    status: int
    input: Shape | None
    output: Shape | None
    errors: tuple[Shape, ...]
    documentation: str
    traits: Json


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A whole service model. ``protocols`` are those it offers, by their names in bindings."""

    origin: str
    sha256: str
    metadata: Json
    operations: Mapping[str, Operation]
    shapes: Mapping[str, Shape]
    protocols: tuple[str, ...]
    paginators: Json
    waiters: Json
    rules: Json

    def text(self, key: str) -> str | None:
        """A text of the metadata, or None."""
        found = self.metadata.get(key)
        return found if isinstance(found, str) and found else None


def load(files: Files) -> Model:
    """Check a model and put it together. Raises BindError, naming the first things that are wrong."""
    reader = _Reader(files.service)
    shapes = reader.shapes()
    operations = reader.operations(shapes)
    metadata = reader.object(files.service, "metadata", "the model")
    reader.finish(files.origin)
    pagination = files.paginators.get("pagination", {})
    waiters = files.waiters.get("waiters", {})
    return Model(
        origin=files.origin,
        sha256=files.sha256,
        metadata=metadata,
        operations=operations,
        shapes=shapes,
        protocols=_protocols(metadata),
        paginators=pagination if isinstance(pagination, dict) else {},
        waiters=waiters if isinstance(waiters, dict) else {},
        rules=files.rules,
    )


def _protocols(metadata: Json) -> tuple[str, ...]:
    offered = metadata.get("protocols") or [metadata.get("protocol")]
    offered = offered if isinstance(offered, list) else []
    version = metadata.get("jsonVersion")
    names = {"json": f"json-{version if version in ('1.0', '1.1') else '1.0'}"}
    return tuple(names.get(name, spoken) for name, spoken in SPOKEN.items() if name in offered)


class _Reader:
    def __init__(self, document: Json) -> None:
        self._document = document
        self._problems: list[str] = []

    def finish(self, origin: str) -> None:
        """Raise what was found."""
        if not self._problems:
            return
        rest = len(self._problems) - _SHOWN
        lines = [f"\n    {problem}" for problem in self._problems[:_SHOWN]]
        lines += [f"\n    and {rest} more"] if rest > 0 else []
        raise BindError(f"{origin} is not a whole service model:{''.join(lines)}", "is it a service-2.json of AWS's?")

    def object(self, holder: Json, key: str, where: str) -> Json:
        """An object in an object; an empty one after the error when there is none."""
        found = holder.get(key)
        if isinstance(found, dict):
            return found
        self._problems.append(f"{where} has no object '{key}'")
        return {}

    def shapes(self) -> dict[str, Shape]:
        described = self.object(self._document, "shapes", "the model")
        shapes: dict[str, Shape] = {}
        for name, traits in described.items():
            kind = traits.get("type") if isinstance(traits, dict) else None
            if kind not in (*_SCALARS, "structure", *_REFERENCES):
                self._problems.append(f"shapes.{name} has no type that is known")
                continue
            shapes[name] = Shape(name, kind, traits)
        for shape in shapes.values():
            self._connect(shape, shapes)
        return shapes

    def _connect(self, shape: Shape, shapes: Mapping[str, Shape]) -> None:
        where = f"shapes.{shape.name}"
        if shape.type == "structure" and not (shape.is_document and "members" not in shape.traits):
            for name, traits in self.object(shape.traits, "members", where).items():
                member = self._member(name, traits, f"{where}.members.{name}", shapes)
                if member is not None:
                    shape.members[name] = member
        for part in _REFERENCES.get(shape.type, ()):
            traits = self.object(shape.traits, part, where)
            member = self._member(part, traits, f"{where}.{part}", shapes) if traits else None
            if part == "key":
                shape.key = member
            else:
                shape.item = member

    def _member(self, name: str, traits: Any, where: str, shapes: Mapping[str, Shape]) -> Member | None:
        target = traits.get("shape") if isinstance(traits, dict) else None
        if isinstance(target, str) and target in shapes:
            return Member(name, shapes[target], traits)
        known = f"the shape '{target}', which is missing" if target else "no shape"
        self._problems.append(f"{where} names {known}")
        return None

    def operations(self, shapes: Mapping[str, Shape]) -> dict[str, Operation]:
        described = self.object(self._document, "operations", "the model")
        found = {}
        for name, traits in described.items():
            if not isinstance(traits, dict):
                self._problems.append(f"operations.{name} is not an object")
                continue
            found[name] = self._operation(name, traits, shapes)
        return found

    def _operation(self, name: str, traits: Json, shapes: Mapping[str, Shape]) -> Operation:
        where = f"operations.{name}"
        http = self.object(traits, "http", where)
        listed = traits.get("errors") or []
        errors = [self._shape(item, f"{where}.errors", shapes) for item in listed if isinstance(listed, list)]
        status = http.get("responseCode", 200)
        documentation = traits.get("documentation")
        return Operation(
            name=name,
            method=str(http.get("method", "POST")).upper(),
            uri=str(http.get("requestUri", "/")),
            status=status if isinstance(status, int) else 200,
            input=self._side(traits, "input", where, shapes),
            output=self._side(traits, "output", where, shapes),
            errors=tuple(error for error in errors if error),
            documentation=documentation if isinstance(documentation, str) else "",
            traits=traits,
        )

    def _side(self, traits: Json, key: str, where: str, shapes: Mapping[str, Shape]) -> Shape | None:
        if key not in traits:
            return None
        shape = self._shape(traits[key], f"{where}.{key}", shapes)
        if shape is not None and shape.type != "structure":
            self._problems.append(f"{where}.{key} is {shape.name}, which is no structure")
            return None
        if shape is not None and "payload" in traits[key]:
            # Models of old say of the reference what others say of the structure.
            return replace(shape, traits={**shape.traits, "payload": traits[key]["payload"]})
        return shape

    def _shape(self, reference: Any, where: str, shapes: Mapping[str, Shape]) -> Shape | None:
        member = self._member("", reference, where, shapes)
        return member.shape if member else None
