"""botocore as the oracle of restJson1: the same service as a botocore model, and values in both libraries' terms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import msgspec
from botocore.awsrequest import prepare_request_dict
from botocore.model import ServiceModel
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from lapsmith.ir import model as ir
from lapsmith.python import names, reserved
from lapsmith.python.spelling import Spelling

_KINDS: Mapping[type[object], dict[str, Any]] = {
    ir.StringType: {"type": "string"},
    ir.IntegerType: {"type": "long"},
    ir.FloatType: {"type": "double"},
    ir.BooleanType: {"type": "boolean"},
    ir.BlobType: {"type": "blob"},
    ir.DocumentType: {"type": "structure", "members": {}, "document": True},
}
_LOCATIONS = {
    ir.Location.LABEL: "uri",
    ir.Location.QUERY: "querystring",
    ir.Location.QUERY_MAP: "querystring",
    ir.Location.HEADER: "header",
    ir.Location.HEADER_MAP: "headers",
    ir.Location.STATUS: "statusCode",
}
_FORMATS = {
    ir.TimestampFormat.EPOCH: "unixTimestamp",
    ir.TimestampFormat.DATE_TIME: "iso8601",
    ir.TimestampFormat.HTTP_DATE: "rfc822",
}


class Oracle:
    """A service as botocore sees it."""

    def __init__(self, service: ir.Service) -> None:
        self._service = service
        self._shapes: dict[str, Any] = {}
        for shape in service.shapes.values():
            if isinstance(shape, ir.Structure):
                self._shapes[shape.name] = self._structure(shape.members)
        operations = {op.name: self._operation(op) for op in service.operations}
        metadata = {"protocol": "rest-json", "apiVersion": "1", "serviceId": service.id, "endpointPrefix": "x"}
        self.model = ServiceModel({"metadata": metadata, "operations": operations, "shapes": self._shapes}, "x")

    def request(
        self, operation: str, arguments: Mapping[str, Any]
    ) -> tuple[str, str, list[str], dict[str, str], bytes]:
        """Return method, path, sorted raw query pairs, headers by lower-case name, and body."""
        made = create_serializer("rest-json").serialize_to_request(arguments, self.model.operation_model(operation))
        prepare_request_dict(made, endpoint_url="https://host", context={"is_presign_request": False})
        url = urlsplit(made["url"])
        headers = {name.lower(): value for name, value in made["headers"].items() if name != "User-Agent"}
        return made["method"], url.path, pairs(url.query), headers, made["body"]

    def output(self, operation: str, status: int, headers: Iterable[tuple[str, str]], body: bytes) -> dict[str, Any]:
        """Return an operation's output as botocore reads it."""
        response = {"status_code": status, "headers": _Headers(headers), "body": body}
        shape = self.model.operation_model(operation).output_shape
        parsed: dict[str, Any] = create_parser("rest-json").parse(response, shape)
        parsed.pop("ResponseMetadata")
        return parsed

    def _operation(self, op: ir.Operation) -> dict[str, Any]:
        path = "".join(
            part if isinstance(part, str) else f"{{{part.name}{'+' if part.greedy else ''}}}"
            for part in op.uri.segments
        )
        query = "&".join(key if value is None else f"{key}={value}" for key, value in op.uri.query)
        for kind, members in (("Input", op.input), ("Output", op.output)):
            self._shapes[f"{op.name}.{kind}"] = self._structure(members)
        return {
            "name": op.name,
            "http": {
                "method": op.method,
                "requestUri": f"{path}?{query}" if query else path,
                "responseCode": op.status,
            },
            "input": {"shape": f"{op.name}.Input"},
            "output": {"shape": f"{op.name}.Output"},
        }

    def _structure(self, members: Iterable[ir.Member]) -> dict[str, Any]:
        members = tuple(members)
        shape: dict[str, Any] = {"type": "structure", "members": {m.name: self._member(m) for m in members}}
        payload = [m.name for m in members if m.location is ir.Location.PAYLOAD]
        return shape | ({"payload": payload[0]} if payload else {})

    def _member(self, member: ir.Member) -> dict[str, Any]:
        reference: dict[str, Any] = {"shape": self._type(member.type)}
        if member.location in _LOCATIONS:
            reference["location"] = _LOCATIONS[member.location]
        if member.location is not ir.Location.PAYLOAD:
            reference["locationName"] = member.wire_name
        if isinstance(member.type, ir.TimestampType) and member.type.format:
            reference["timestampFormat"] = _FORMATS[member.type.format]
        return reference

    def _type(self, kind: ir.Type) -> str:
        if isinstance(kind, ir.StructureRef):
            return kind.name
        name = f"anonymous{len(self._shapes)}"
        self._shapes[name] = {}
        self._shapes[name] = self._anonymous(kind)
        return name

    def _anonymous(self, kind: ir.Type) -> dict[str, Any]:
        match kind:
            case ir.ListType(item):
                return {"type": "list", "member": {"shape": self._type(item)}}
            case ir.MapType(_, value):
                return {
                    "type": "map",
                    "key": {"shape": self._type(ir.StringType())},
                    "value": {"shape": self._type(value)},
                }
            case ir.TimestampType():
                return {"type": "timestamp"}
            case _:
                return dict(_KINDS[type(kind)])


class _Headers(dict[str, str]):
    """Response headers, looked up as botocore does it: without regard to case."""

    def __init__(self, headers: Iterable[tuple[str, str]]) -> None:
        super().__init__(headers)
        self._lower = {name.lower(): value for name, value in self.items()}

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._lower

    def __getitem__(self, name: str) -> str:
        return self._lower[name.lower()]

    def get(self, name: str, default: Any = None) -> Any:
        return self._lower.get(name.lower(), default)


def pairs(query: str) -> list[str]:
    """Return the pairs of a query, sorted: their order has no meaning, and botocore may leave an empty one."""
    return sorted(filter(None, query.split("&")))


class Translator:
    """botocore's values (plain, by member name) as a generated client's, and back."""

    def __init__(self, service: ir.Service, types: ModuleType) -> None:
        self._service = service
        self._spelling = Spelling(service)
        self._types = types

    def method(self, operation: str) -> str:
        return self._spelling.methods[operation]

    def arguments(self, op: ir.Operation, plain: Mapping[str, Any]) -> dict[str, Any]:
        """Return a call's keyword arguments."""
        taken = reserved.PARAMETER_NAMES | {self._spelling.builders[op.name]}
        spelled = names.member_names((m.name for m in op.input), taken)
        return {spelled[m.name]: self._to_client(m.type, plain[m.name]) for m in op.input if m.name in plain}

    def _to_client(self, kind: ir.Type, value: Any) -> Any:
        match kind:
            case ir.ListType(item):
                return [self._to_client(item, element) for element in value]
            case ir.MapType(_, item):
                return {key: self._to_client(item, element) for key, element in value.items()}
            case ir.StructureRef(name):
                members, spelled = self._members(name)
                given = {spelled[m.name]: self._to_client(m.type, value[m.name]) for m in members if m.name in value}
                return getattr(self._types, self._spelling.structures[name])(**given)
            case _:
                return value

    def _members(self, name: str) -> tuple[tuple[ir.Member, ...], dict[str, str]]:
        shape = self._service.shapes[name]
        assert isinstance(shape, ir.Structure)
        return shape.members, names.member_names((m.name for m in shape.members), reserved.STRUCTURE_NAMES)

    def output(self, op: ir.Operation, output: Any) -> dict[str, Any]:
        """Return an output's members by name."""
        streamed = op.name in self._spelling.streams
        spelled = names.member_names(
            (m.name for m in op.output), reserved.STREAM_NAMES if streamed else reserved.OUTPUT_NAMES
        )
        return {m.name: self._to_plain(m.type, getattr(output, spelled[m.name])) for m in op.output}

    def _to_plain(self, kind: ir.Type, value: Any) -> Any:
        if value is None:
            return None
        match kind:
            case ir.ListType(item):
                return [self._to_plain(item, element) for element in value]
            case ir.MapType(_, item):
                return {key: self._to_plain(item, element) for key, element in value.items()}
            case ir.StructureRef(name):
                assert isinstance(value, msgspec.Struct)
                members, spelled = self._members(name)
                return {m.name: self._to_plain(m.type, getattr(value, spelled[m.name])) for m in members}
            case _:
                return value
