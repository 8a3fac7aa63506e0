"""botocore's service models in the generator's terms, as far as expressions reach."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import botocore
from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StructureShape
from lapsmith.ir import jmespath
from lapsmith.ir import model as ir
from lapsmith.python import names, reserved
from lapsmith.python.annotations import Annotations, correction, optional, references
from lapsmith.python.view import Parameter

DATA = Path(botocore.__file__).parent / "data"

_SCALARS: Mapping[str, ir.Type] = {
    "string": ir.StringType(),
    "character": ir.StringType(),
    "integer": ir.IntegerType(),
    "long": ir.IntegerType(64),
    "bigInteger": ir.IntegerType(64),
    "float": ir.FloatType(32),
    "double": ir.FloatType(),
    "bigDecimal": ir.FloatType(),
    "boolean": ir.BooleanType(),
    "blob": ir.BlobType(),
    "timestamp": ir.TimestampType(),
}


def load(folder: Path, name: str) -> dict[str, Any] | None:
    """Return one of a service's model files, or None."""
    for path in (folder / f"{name}.json", folder / f"{name}.json.gz"):
        if path.is_file():
            data = path.read_bytes()
            found: dict[str, Any] = json.loads(gzip.decompress(data) if path.suffix == ".gz" else data)
            return found
    return None


@cache
def folders(beside: str = "service-2") -> tuple[Path, ...]:
    """Return the folder of every version of every service that has a file of that name."""
    return tuple(sorted(path.parent for path in DATA.glob(f"*/*/{beside}.json*")))


def newest(beside: str) -> tuple[Path, ...]:
    """Return the same, but only of the newest version of each service."""
    return tuple({folder.parent: folder for folder in folders(beside)}.values())


class _Same(dict[str, str]):
    """Every shape's class is called as the shape."""

    def __missing__(self, name: str) -> str:
        return name


_ANNOTATIONS = Annotations(_Same(), {}, ir.Protocol.REST_JSON)


class _Shapes(dict[str, ir.Shape]):
    """The structures of a model, made when they are looked up: a service has thousands."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self._model = model

    def __missing__(self, name: str) -> ir.Shape:
        members = self._model.members(self._model.service.shape_for(name))
        found = self[name] = ir.Structure(name, members)
        return found

    def get(self, name: str, default: Any = None) -> Any:
        return self[name]


class Model:
    """One service: its operations' members and its structures, as the generator sees them."""

    def __init__(self, folder: Path) -> None:
        data: dict[str, Any] | None = load(folder, "service-2")
        assert data is not None
        self.name = f"{folder.parent.name}/{folder.name}"
        self.data = data
        self.service = ServiceModel(data)
        self.paginators: dict[str, Any] = (load(folder, "paginators-1") or {}).get("pagination", {})
        self.waiters: dict[str, Any] = (load(folder, "waiters-2") or {}).get("waiters", {})
        self.shapes: Mapping[str, ir.Shape] = _Shapes(self)

    def operation(self, name: str) -> OperationModel:
        return self.service.operation_model(name)

    def inputs(self, operation: str) -> tuple[ir.Member, ...]:
        """Return the members of an operation's input."""
        return self.members(self.operation(operation).input_shape)

    def outputs(self, operation: str) -> tuple[ir.Member, ...]:
        """Return the members of an operation's output."""
        return self.members(self.operation(operation).output_shape)

    def members(self, shape: Shape | None) -> tuple[ir.Member, ...]:
        """Return the members of a structure."""
        if not isinstance(shape, StructureShape):
            return ()
        return tuple(
            ir.Member(name, self._type(member), name in shape.required_members, ir.Location.BODY, name)
            for name, member in shape.members.items()
        )

    def _type(self, shape: Shape) -> ir.Type:
        if isinstance(shape, ListShape):
            return ir.ListType(self._type(shape.member))
        if isinstance(shape, MapShape):
            return ir.MapType(ir.StringType(), self._type(shape.value))
        if getattr(shape, "is_document_type", False):
            return ir.DocumentType()
        if isinstance(shape, StructureShape):
            return ir.StructureRef(shape.name)
        return _SCALARS[shape.type_name]

    def parameters(self, members: tuple[ir.Member, ...]) -> dict[str, Parameter]:
        """Return the attributes of an output, or of a structure in one."""
        spelled = names.member_names((m.name for m in members), reserved.OUTPUT_NAMES)
        found = {}
        for member in members:
            kind = _ANNOTATIONS.value(member.type)
            stand_in = correction(member.type) if member.required else None
            kind = kind if stand_in is not None else optional(kind)
            found[member.name] = Parameter(spelled[member.name], kind, member.required, member.wire_name, member)
        return found

    def fields(self, operation: str) -> Any:
        """Return the lookup of attributes that the compiler wants."""

        def lookup(structure: str | None) -> dict[str, Parameter]:
            if structure is None:
                return self.parameters(self.outputs(operation))
            shape = self.shapes[structure]
            assert isinstance(shape, ir.Structure)
            return self.parameters(shape.members)

        return lookup


def typed(document: Mapping[str, Any], members: tuple[ir.Member, ...], model: Model) -> Any:
    """Return a parsed response as the object with attributes that a client would make of it."""
    stand_ins: dict[str, Any] = {'""': "", "0": 0, "0.0": 0.0, "False": False, 'b""': b"", "[]": [], "{}": {}}
    attributes = {}
    for name, parameter in model.parameters(members).items():
        value = document.get(name)
        if value is not None:
            value = value_of(value, parameter.member.type, model)
        elif parameter.required:
            value = stand_ins.get(correction(parameter.member.type) or "")
        attributes[parameter.name] = value
    return SimpleNamespace(**attributes)


def value_of(value: Any, kind: ir.Type, model: Model) -> Any:
    """Return a part of a parsed response as a client would have it."""
    if value is None:
        return None
    match kind:
        case ir.ListType(item):
            return [value_of(each, item, model) for each in value]
        case ir.MapType(_, item):
            return {key: value_of(each, item, model) for key, each in value.items()}
        case ir.StructureRef(name):
            shape = model.shapes[name]
            assert isinstance(shape, ir.Structure)
            return typed(value, shape.members, model)
        case _:
            return value


def expressions(model: Model) -> Iterator[tuple[str, str]]:
    """Yield (operation, expression over its output) for everything in the service's paginators and waiters."""
    for name, entry in model.paginators.items():
        for key in ("output_token", "result_key", "more_results"):
            found = entry.get(key, [])
            yield from ((name, expression) for expression in ([found] if isinstance(found, str) else found))
    for entry in model.waiters.values():
        arguments = [acceptor["argument"] for acceptor in entry["acceptors"] if "argument" in acceptor]
        yield from ((entry["operation"], argument) for argument in arguments)


def read(model: Model, operation: str, expression: str) -> jmespath.Node:
    """Read an expression over an operation's output."""
    return jmespath.read(expression, model.outputs(operation), model.shapes)


def service(model: Model, operations: Mapping[str, ir.Pages | None], waiters: Mapping[str, ir.Waiter]) -> ir.Service:
    """Return a service of some operations, their outputs and the structures in these; nothing is sent."""
    made = tuple(
        ir.Operation(name, "POST", ir.Uri(("/",)), model.inputs(name), model.outputs(name), (), 200, True, pages=pages)
        for name, pages in operations.items()
    )
    shapes: dict[str, ir.Shape] = {}
    waiting = [m.type for operation in made for m in (*operation.output, *operation.input)]
    while waiting:
        for name in references(waiting.pop()):
            if name not in shapes:
                shapes[name] = found = model.shapes[name]
                assert isinstance(found, ir.Structure)
                waiting += [member.type for member in found.members]
    return ir.Service(
        name=model.name,
        id=model.name,
        class_name="Service",
        api_version=None,
        protocol=ir.Protocol.REST_JSON,
        signing=None,
        target=None,
        hosts=None,
        base_url=None,
        read_timeout=None,
        operations=made,
        shapes=shapes,
        errors={},
        waiters=waiters,
    )


def as_list(value: str | list[str] | None) -> tuple[str, ...]:
    """Return what a paginator's model says as a tuple: one text may stand for a list of it."""
    return () if value is None else (value,) if isinstance(value, str) else tuple(value)
