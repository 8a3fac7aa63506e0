"""An AWS service model, checked, so that everything behind it can rely on its form.

Shapes keep the traits of the JSON as a mapping: the derivation looks at each trait in one place only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lapsmith.bind.errors import BindError
from lapsmith.bind.form import PAGINATORS, SERVICE, WAITERS, problems
from lapsmith.bind.sources import File, Files, Json
from lapsmith.diagnostics import Severity
from lapsmith.ir.rules_reader import read_rules

SPOKEN = {
    "json": "json",
    "rest-json": "rest-json",
    "rest-xml": "rest-xml",
    "smithy-rpc-v2-cbor": "rpc-v2-cbor",
    "query": "query",
    "ec2": "ec2",
}
"""The protocols that bindings can be derived for, in botocore's order of preference."""
TARGETED = ("json-1.0", "json-1.1", "rpc-v2-cbor")
"""The protocols whose requests name the service: they need its ``targetPrefix``."""
_PARTS = {"structure": ("members",), "list": ("member",), "map": ("key", "value")}
_KINDS = (
    *("string", "character", "integer", "long", "short", "byte", "biginteger", "boolean"),
    *("double", "float", "bigdecimal", "timestamp", "blob", *_PARTS),
)
_DEEPEST = 32
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
        found: str | None = self.trait("location")
        return found

    @property
    def wire_name(self) -> str:
        found: str | None = self.trait("locationName")
        # A map of headers may take every header: it has no prefix then, or an empty one.
        return found or ("" if self.location == "headers" else self.name)


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
        found: list[str] = self.traits.get("required", [])
        return found

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
        return self.traits.get("payload")

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
    """A whole service model. ``protocols`` are those it offers, by their names in bindings.

    ``origin`` names it: ``botocore/VERSION/SERVICE/API-VERSION``, or ``file/SERVICE/API-VERSION`` for a file that was
    given by its path.
    """

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
        return self.metadata.get(key) or None


def load(files: Files, origin: str | None = None) -> Model:
    """Check a model and put it together; without an ``origin`` it is called by what it says of itself.

    Raises BindError, naming the file and the first things in it that are wrong, by their keys.
    """
    for file, form in ((files.service, SERVICE), (files.paginators, PAGINATORS), (files.waiters, WAITERS)):
        _complain(file, list(problems(file.content, form)))
    reader = _Reader(files.service.content)
    shapes = reader.shapes()
    operations = reader.operations(shapes)
    _complain(files.service, reader.problems)
    _complain(files.waiters, list(_bad_waiters(files.waiters.content)))
    if files.rules.data:
        found = next((item for item in read_rules(files.rules.data, str(files.rules.path)).diagnostics), None)
        if found is not None and found.severity is Severity.ERROR:
            raise BindError(f"{found.span}: {found.message}", found.hint)
    metadata = files.service.content["metadata"]
    offered = _protocols(metadata)
    targeted = [name for name in offered if name in TARGETED]
    if "targetPrefix" not in metadata and targeted:
        _complain(files.service, [f"metadata.targetPrefix is missing, which requests of {targeted[0]} begin with"])
    return Model(
        origin=origin or _own_name(metadata),
        sha256=files.sha256,
        metadata=metadata,
        operations=operations,
        shapes=shapes,
        protocols=offered,
        paginators=files.paginators.content.get("pagination", {}),
        waiters=files.waiters.content.get("waiters", {}),
        rules=files.rules.content,
    )


def _own_name(metadata: Json) -> str:
    """Service and API version, without the path: on another machine that is another one."""
    name = str(metadata.get("serviceId") or metadata["endpointPrefix"]).lower()
    slug = re.sub(r"[^a-z0-9]+", "-", name).strip("-") or "service"
    return f"file/{slug}/{metadata.get('apiVersion', 'unknown')}"


def _complain(file: File, found: Sequence[str]) -> None:
    """Raise what was found in a file, if anything was."""
    if not found:
        return
    rest = len(found) - _SHOWN
    lines = [f"\n    {problem}" for problem in found[:_SHOWN]]
    lines += [f"\n    and {rest} more"] if rest > 0 else []
    raise BindError(f"{file.path} is not a whole service model:{''.join(lines)}", "is it as AWS publishes it?")


def _bad_waiters(waiters: Json) -> Iterator[str]:
    """What the form of waiters does not say: each matcher expects its own type."""
    for name, waiter in waiters.get("waiters", {}).items():
        for index, acceptor in enumerate(waiter["acceptors"]):
            is_number, matcher = type(acceptor["expected"]) is int, acceptor["matcher"]
            where = f"waiters.{name}.acceptors[{index}].expected"
            if matcher == "status" and not is_number:
                yield f"{where} must be a status, as a number"
            if matcher == "error" and is_number:
                yield f"{where} must be the code of an error, true or false"


def _protocols(metadata: Json) -> tuple[str, ...]:
    offered = metadata.get("protocols") or [metadata["protocol"]]
    names = {"json": f"json-{metadata.get('jsonVersion', '1.0')}"}
    return tuple(names.get(name, spoken) for name, spoken in SPOKEN.items() if name in offered)


class _Reader:
    """Puts together what has the right form, and collects references that lead nowhere."""

    def __init__(self, document: Json) -> None:
        self._document = document
        self.problems: list[str] = []

    def shapes(self) -> dict[str, Shape]:
        shapes: dict[str, Shape] = {}
        for name, traits in self._document["shapes"].items():
            if traits["type"] in _KINDS:
                shapes[name] = Shape(name, traits["type"], traits)
            else:
                self.problems.append(f"shapes.{name}.type must be one of {', '.join(_KINDS)}")
        for shape in shapes.values():
            self._connect(shape, shapes)
        self.problems += _too_deep(shapes)
        return shapes

    def _connect(self, shape: Shape, shapes: Mapping[str, Shape]) -> None:
        where = f"shapes.{shape.name}"
        for part in () if shape.is_document else _PARTS.get(shape.type, ()):
            if part not in shape.traits:
                self.problems.append(f"{where}.{part} is missing, which a {shape.type} has")
        if shape.type == "structure":
            for name, traits in shape.traits.get("members", {}).items():
                member = self._member(name, traits, f"{where}.members.{name}", shapes)
                if member is not None:
                    shape.members[name] = member
            self._check_names(shape, where)
        if shape.type in ("list", "map"):
            shape.item = self._part(shape, "member" if shape.type == "list" else "value", shapes)
        if shape.type == "map":
            shape.key = self._part(shape, "key", shapes)
            if shape.key is not None and shape.key.shape.type != "string":
                self.problems.append(f"{where}.key must be a string, and is a {shape.key.shape.type}")

    def _check_names(self, shape: Shape, where: str) -> None:
        named = [*shape.required, *([shape.payload] if shape.payload is not None else ())]
        missing = [name for name in named if name not in shape.traits.get("members", {})]
        self.problems += [f"{where} speaks of a member '{name}', which is missing" for name in missing]

    def _part(self, shape: Shape, part: str, shapes: Mapping[str, Shape]) -> Member | None:
        traits = shape.traits.get(part)
        return self._member(part, traits, f"shapes.{shape.name}.{part}", shapes) if traits else None

    def _member(self, name: str, traits: Json, where: str, shapes: Mapping[str, Shape]) -> Member | None:
        target = traits["shape"]
        if target in shapes:
            return Member(name, shapes[target], traits)
        if target not in self._document["shapes"]:
            self.problems.append(f"{where}.shape names the shape '{target}', which is missing")
        return None

    def operations(self, shapes: Mapping[str, Shape]) -> dict[str, Operation]:
        return {name: self._operation(name, traits, shapes) for name, traits in self._document["operations"].items()}

    def _operation(self, name: str, traits: Json, shapes: Mapping[str, Shape]) -> Operation:
        where, http = f"operations.{name}", traits["http"]
        errors = [
            self._structure(item, f"{where}.errors[{index}]", shapes)
            for index, item in enumerate(traits.get("errors", ()))
        ]
        return Operation(
            name=name,
            method=http["method"].upper(),
            uri=http["requestUri"],
            status=http.get("responseCode", 200),
            input=self._structure(traits.get("input"), f"{where}.input", shapes),
            output=self._structure(traits.get("output"), f"{where}.output", shapes),
            errors=tuple(error for error in errors if error),
            documentation=traits.get("documentation", ""),
            traits=traits,
        )

    def _structure(self, reference: Json | None, where: str, shapes: Mapping[str, Shape]) -> Shape | None:
        member = self._member("", reference, where, shapes) if reference is not None else None
        if member is None:
            return None
        shape = member.shape
        if shape.type != "structure":
            self.problems.append(f"{where}.shape must be a structure, and {shape.name} is a {shape.type}")
            return None
        if "payload" in member.traits:
            # Models of old say of the reference what others say of the structure.
            shape = replace(shape, traits={**shape.traits, "payload": member.traits["payload"]})
            self._check_names(shape, where)
        return shape


def _too_deep(shapes: Mapping[str, Shape]) -> Iterator[str]:
    """Lists of lists of lists: types are spelled in one another, which must end."""
    for shape in shapes.values():
        passed, inner = {shape.name}, shape.item
        while inner is not None and inner.shape.name not in passed and len(passed) <= _DEEPEST:
            passed.add(inner.shape.name)
            inner = inner.shape.item
        if len(passed) > _DEEPEST:
            yield f"shapes.{shape.name} must end: it is more than {_DEEPEST} lists and maps in one another"
