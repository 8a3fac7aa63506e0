"""Are a client's values botocore's? The differences that are meant are named here, each with its reason."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from botocore.model import ServiceModel
from differential.subject import Subject

# client error correction: a required member that did not come has its type's empty value (Smithy 2.0, "client error
#   correction"); botocore leaves the key out.
# nulls in dense collections: are dropped, as Smithy asks; botocore keeps them as None.
# aware datetimes: a date without an offset is UTC; botocore leaves it naive.
# unknown union members: leave none set, and are kept by name; botocore makes up a member SDK_UNKNOWN_MEMBER.
# numbers by name: "NaN" is a float; botocore's json parser leaves the text.
# errors without a code: are called HTTP400 or so and have no message; botocore calls them 400, and takes as the message
#   the name of the status or whatever text came.
# fractions of a second: botocore goes through a float, and may be off by a microsecond.
UNKNOWN_MEMBER = "SDK_UNKNOWN_MEMBER"
RESOLUTION = timedelta(microseconds=1)


def members(shape: Any, attributes: Mapping[str, str], actual: Any, expected: Mapping[str, Any], path: str) -> None:
    """Compare a structure or an output; ``attributes`` gives the attribute of each member."""
    required = set(shape.required_members)
    for name, member in shape.members.items():
        if member.serialization.get("eventstream"):
            continue
        assert name in attributes, f"{path}.{name}: the client has no such member"
        where = f"{path}.{name}"
        if hasattr(expected.get(name), "read"):
            body = actual.read() if hasattr(actual, "read") else getattr(actual, attributes[name])
            assert body == expected[name].read(), f"{where}: {body!r} is not what came"
            continue
        value = getattr(actual, attributes[name])
        if expected.get(name) is None:
            assert value is None or _is_empty(value), f"{where}: {value!r}, but nothing came"
            may_stand_in = name in required or member.serialization.get("location") == "headers"
            payload = shape.serialization.get("payload") == name
            assert value is None or may_stand_in or payload, f"{where}: {value!r} for an optional member"
        else:
            compare(member, value, expected[name], where)


def errors(model: ServiceModel, subject: Subject, actual: Any, expected: Any) -> None:
    """Compare a modelled error, raised by a client, with botocore's."""
    unmodelled(subject, actual, expected)
    shape = model.shape_for(type(expected).__name__)
    assert type(actual).__name__ == subject.names.errors[shape.name], f"{type(actual).__name__} for {shape.name}"
    modelled = actual.wire_members | {name.lower(): member for name, member in actual.header_members.items()}
    for name, member in shape.members.items():
        wire_name = member.serialization.get("name", name)
        if member.serialization.get("location") == "header":
            wire_name = wire_name.lower()
        # In XML, a member of a body goes by its own name.
        wire_name = wire_name if wire_name in modelled else name
        if wire_name.lower() != "message":
            assert wire_name in modelled, f"{shape.name}.{name}: the client has no such member"
            _error_member(member, getattr(actual, modelled[wire_name][0]), expected.response.get(name), name)


def _error_member(member: Any, actual: Any, expected: Any, path: str) -> None:
    if expected is None:
        assert actual is None or _is_empty(actual), f"{path}: {actual!r}, but nothing came"
    else:
        compare(member, actual, expected, path)


def unmodelled(subject: Subject, actual: Any, expected: Any) -> None:
    """Compare what every error has: its code, message, status and request id."""
    assert isinstance(actual, subject.package.ServiceError), f"{actual!r} is no error of the service"
    metadata = expected.response["ResponseMetadata"]
    error = expected.response.get("Error") or {}
    error = {"Code": error.get("Code") or str(metadata["HTTPStatusCode"]), "Message": error.get("Message") or ""}
    if error["Code"].isdecimal():
        error = {"Code": f"HTTP{error['Code']}", "Message": actual.message}
    mine = (actual.code, actual.message, actual.status, actual.request_id)
    theirs = (error["Code"], error["Message"], metadata["HTTPStatusCode"], metadata.get("RequestId") or None)
    assert mine == theirs, f"{mine}, but botocore reads {theirs}"


def compare(shape: Any, actual: Any, expected: Any, path: str) -> None:
    """Compare a value with botocore's."""
    match shape.type_name:
        case "structure" if not shape.is_document_type:
            assert isinstance(actual, msgspec.Struct), f"{path}: {actual!r} is no structure"
            known = {} if UNKNOWN_MEMBER in expected else expected
            if known is not expected:
                assert actual.unknown_member.name == expected[UNKNOWN_MEMBER]["name"], path  # type: ignore[attr-defined]
            members(shape, attributes(shape, type(actual)), actual, known, path)
        case "list":
            wanted = expected if sparse(shape) else [item for item in expected if item is not None]
            assert isinstance(actual, list), path
            assert len(actual) == len(wanted), f"{path}: {actual!r} != {expected!r}"
            for index, (mine, theirs) in enumerate(zip(actual, wanted, strict=True)):
                _item(shape.member, mine, theirs, f"{path}[{index}]")
        case "map":
            wanted = expected if sparse(shape) else {k: v for k, v in expected.items() if v is not None}
            assert isinstance(actual, dict), path
            assert actual.keys() == wanted.keys(), f"{path}: {actual!r} != {expected!r}"
            for key in actual:
                _item(shape.value, actual[key], wanted[key], f"{path}[{key!r}]")
        case _:
            assert _equal(shape, actual, expected), f"{path}: {actual!r} != {expected!r}"


def _item(shape: Any, actual: Any, expected: Any, path: str) -> None:
    if expected is None:
        assert actual is None, path
    else:
        compare(shape, actual, expected, path)


def _equal(shape: Any, actual: Any, expected: Any) -> bool:
    if shape.type_name == "timestamp":
        aware = expected if expected.tzinfo else expected.replace(tzinfo=UTC)
        return isinstance(actual, datetime) and actual.tzinfo is not None and abs(actual - aware) <= RESOLUTION
    if shape.type_name in ("float", "double"):
        wanted = float(expected)
        return type(actual) is float and (actual == wanted or (math.isnan(actual) and math.isnan(wanted)))
    if shape.type_name == "blob" and isinstance(expected, str):
        return bool(actual == expected.encode())
    return type(actual) is type(expected) and bool(actual == expected)


def attributes(shape: Any, kind: type[msgspec.Struct]) -> dict[str, str]:
    """Return the attribute of each member of a nested structure, by its name on the wire."""
    spelled = {field.encode_name: field.name for field in msgspec.structs.fields(kind)}
    if shape.members.keys() <= spelled.keys():
        return {name: spelled[name] for name in shape.members}
    wire_names = {name: member.serialization.get("name", name) for name, member in shape.members.items()}
    return {name: spelled[wire] for name, wire in wire_names.items() if wire in spelled}


def sparse(shape: Any) -> bool:
    """Say whether nulls in a list or map have a meaning."""
    return bool(shape._shape_model.get("sparse"))


def _is_empty(value: Any) -> bool:
    """Say whether a value is what stands in for a missing one."""
    if isinstance(value, msgspec.Struct):
        return all(_is_empty(getattr(value, field)) for field in value.__struct_fields__)
    return value in (None, "", b"", 0, False, {}, []) or value == datetime(1970, 1, 1, tzinfo=UTC)
