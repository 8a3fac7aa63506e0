"""Smithy's JSON AST: shapes by their ids, the traits on them, and the one service that a model describes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lapsmith.bind.errors import BindError
from lapsmith.bind.sources import Json

UNIT = "smithy.api#Unit"
_PRELUDE = "smithy.api#"
_SIMPLE = ("Blob", "Boolean", "String", "Byte", "Short", "Integer", "Long", "Float", "Double", "Timestamp", "Document")
_NUMBERS = ("BigInteger", "BigDecimal")
_BOXED = ("Boolean", "Byte", "Short", "Integer", "Long", "Float", "Double")
PRELUDE = {
    **{f"{_PRELUDE}{name}": name[0].lower() + name[1:] for name in (*_SIMPLE, *_NUMBERS)},
    **{f"{_PRELUDE}Primitive{name}": name.lower() for name in _BOXED},
}
"""Shapes that every model may refer to, and their types."""

_RESOURCE_LISTS = ("operations", "collectionOperations", "resources")
_LIFECYCLE = ("create", "put", "read", "update", "delete", "list")
_DEEPEST = 200


def is_smithy(document: Json) -> bool:
    """Whether a JSON document is a Smithy model and not a service model of botocore's form."""
    return isinstance(document.get("smithy"), str) and isinstance(document.get("shapes"), dict)


class Ast:
    """A Smithy model. Every look-up raises BindError where the model lacks what it refers to."""

    def __init__(self, document: Json, name: str) -> None:
        self._name = name
        self._shapes: Json = document["shapes"]
        for identity, shape in self._shapes.items():
            if not isinstance(shape, dict) or not isinstance(shape.get("type"), str):
                raise self.error(f"shape {identity} has no type")
        self._apply()
        services = [identity for identity, shape in self._shapes.items() if shape["type"] == "service"]
        if len(services) != 1:
            found = ", ".join(services) or "none"
            raise self.error(f"a model must describe one service, and this one has {found}")
        self.service_id = services[0]
        self.service: Json = self._shapes[self.service_id]

    def error(self, message: str) -> BindError:
        """The error that says what is wrong with this model."""
        return BindError(f"{self._name} is not a whole Smithy model: {message}", "is it as AWS publishes it?")

    def shape(self, identity: str) -> Json:
        """The shape with this id."""
        if identity in PRELUDE:
            return {"type": PRELUDE[identity]}
        found = self._shapes.get(identity)
        if not isinstance(found, dict):
            raise self.error(f"it refers to the shape {identity}, which is missing")
        return found

    def target(self, reference: object, where: str) -> str:
        """The id that ``{"target": id}`` refers to."""
        if isinstance(reference, dict) and isinstance(reference.get("target"), str):
            return str(reference["target"])
        raise self.error(f"{where} must have a 'target'")

    def operations(self) -> dict[str, Json]:
        """All operations of the service and of its resources, by name, sorted."""
        found: dict[str, Json] = {}
        for identity in self._operation_ids(self.service, 0):
            found[local(identity)] = self.shape(identity)
        return dict(sorted(found.items()))

    def _operation_ids(self, owner: Json, depth: int) -> Iterator[str]:
        if depth > _DEEPEST:
            raise self.error("resources are nested in a circle")
        for key in _RESOURCE_LISTS:
            for reference in owner.get(key, ()):
                identity = self.target(reference, key)
                if key == "resources":
                    yield from self._operation_ids(self.shape(identity), depth + 1)
                else:
                    yield identity
        for key in _LIFECYCLE if owner["type"] == "resource" else ():
            if key in owner:
                yield self.target(owner[key], key)

    def members(self, identity: str) -> Iterator[tuple[str, str, Json]]:
        """Name, target id and traits of each member of a shape, those of its mixins first."""
        shape = self.shape(identity)
        for mixin in shape.get("mixins", ()):
            yield from self.members(self.target(mixin, f"a mixin of {identity}"))
        for name, member in shape.get("members", {}).items():
            yield name, self.target(member, f"{identity}${name}"), traits(member)

    def _apply(self) -> None:
        """Lay ``apply`` statements over the shapes and members that they name."""
        for identity in [identity for identity, shape in self._shapes.items() if shape["type"] == "apply"]:
            statement = self._shapes.pop(identity)
            name, _, member = identity.partition("$")
            target = self.shape(name)
            if member:
                inner = target.get("members", {}) if target["type"] not in ("list", "map") else target
                target = inner.setdefault(member, {})
            target.setdefault("traits", {}).update(traits(statement))


def traits(shape: Json) -> Json:
    """The traits of a shape or member, by their ids."""
    found: Any = shape.get("traits", {})
    return found if isinstance(found, dict) else {}


def local(identity: str) -> str:
    """A shape's name without its namespace."""
    return identity.rpartition("#")[2]
