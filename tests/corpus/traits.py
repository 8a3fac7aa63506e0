"""The wire facts that occur in AWS service models, by name: what a set of services has to cover."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from corpus import models
from corpus.models import Model

_ENDPOINT_PARAMETERS = {
    "contextParam": "endpoint parameter from a member",
    "staticContextParams": "endpoint parameter, static",
    "operationContextParams": "endpoint parameter from a path",
}
_LOCATIONS = {"uri": "label", "querystring": "query", "headers": "prefix headers", "statusCode": "status member"}


def traits(model: Model) -> set[str]:
    """Return the names of the traits that a model uses."""
    return {trait for trait in _all(model) if trait is not None}


def _all(model: Model) -> Iterator[str | None]:
    shapes = model["shapes"]
    yield from _service(model)
    for operation in model["operations"].values():
        yield from _operation(operation)
        for direction in ("input", "output"):
            shape = shapes.get(operation.get(direction, {}).get("shape"), {})
            yield from _top(shape, shapes, direction)
    for shape in shapes.values():
        yield from _shape(shape, shapes)


def _service(model: Model) -> Iterator[str | None]:
    metadata = model["metadata"]
    offered = metadata.get("protocols") or [metadata["protocol"]]
    for name in offered:
        if name in models.PROTOCOLS:
            yield f"protocol {name}" + (f" {metadata['jsonVersion']}" if name == "json" else "")
    yield f"protocol spoken: {models.protocol(model)}"
    yield "query compatible errors" if "awsQueryCompatible" in metadata else None
    yield (
        "signing name"
        if metadata.get("signingName", metadata["endpointPrefix"]) != metadata["endpointPrefix"]
        else None
    )


def _operation(operation: Model) -> Iterator[str | None]:
    http = operation["http"]
    yield f"method {http['method']}"
    yield "greedy label" if "+}" in http["requestUri"] else None
    yield "literal query" if "?" in http["requestUri"] else None
    yield "host prefix" if "endpoint" in operation else None
    yield "host prefix with a label" if "{" in operation.get("endpoint", {}).get("hostPrefix", "") else None
    yield f"authtype {operation['authtype']}" if "authtype" in operation else None
    yield "unsigned payload" if operation.get("unsignedPayload") else None
    yield "request compression" if "requestcompression" in operation else None
    yield "endpoint discovery" if "endpointdiscovery" in operation else None
    yield "idempotent" if operation.get("idempotent") else None
    yield "status other than 200" if http.get("responseCode", 200) != 200 else None
    yield "no input" if "input" not in operation else None
    yield "no output" if "output" not in operation else None
    for key, name in _ENDPOINT_PARAMETERS.items():
        yield name if key in operation else None


def _top(shape: Model, shapes: Model, direction: str) -> Iterator[str | None]:
    members = shape.get("members", {})
    yield f"no members of the {direction}" if shape and not members else None
    payload = shape.get("payload")
    if payload is not None:
        target = shapes[members[payload]["shape"]]
        kind = "events" if target.get("eventstream") else target["type"]
        streaming = " (streaming)" if target.get("streaming") or members[payload].get("streaming") else ""
        yield f"{direction} payload: {'document' if target.get('document') else kind}{streaming}"
    for member in members.values():
        yield from _top_member(member, shapes, direction, shape)


def _top_member(member: Model, shapes: Model, direction: str, shape: Model) -> Iterator[str | None]:
    target = shapes[member["shape"]]
    location = member.get("location")
    if location is not None:
        yield f"{direction} {_LOCATIONS.get(location, location)}"
        yield f"{direction} {_LOCATIONS.get(location, location)}: {target['type']}"
    elif shape.get("payload") is None:
        yield f"{direction} body"
    yield f"{direction} events" if target.get("eventstream") else None
    yield (
        f"{direction} events beside other members" if target.get("eventstream") and len(shape["members"]) > 1 else None
    )
    if direction == "input":
        yield _ENDPOINT_PARAMETERS["contextParam"] if "contextParam" in member else None
        yield "idempotency token" if member.get("idempotencyToken") or target.get("idempotencyToken") else None
        yield "host label" if member.get("hostLabel") else None


def _shape(shape: Model, shapes: Model) -> Iterator[str | None]:
    yield f"type {shape['type']}"
    yield "union" if shape.get("union") else None
    yield "document" if shape.get("document") else None
    yield f"sparse {shape['type']}" if shape.get("sparse") else None
    yield "error" if shape.get("exception") else None
    yield "error code" if shape.get("error", {}).get("code") else None
    yield "error status" if shape.get("error", {}).get("httpStatusCode") else None
    yield from _times(shape, shape)
    for name, member in _members(shape).items():
        target = shapes[member["shape"]]
        yield (
            "wire name of a body member"
            if "location" not in member and member.get("locationName", name) != name
            else None
        )
        yield "json value" if member.get("jsonvalue") or target.get("jsonvalue") else None
        yield "event header" if member.get("eventheader") else None
        yield f"event payload: {target['type']}" if member.get("eventpayload") else None
        yield "error header" if shape.get("exception") and member.get("location") == "header" else None
        yield from _times(member, target)


def _times(where: Model, target: Model) -> Iterator[str]:
    if "timestampFormat" in where and target["type"] == "timestamp":
        place = "type" if where is target else where.get("location", "body")
        yield f"timestamp {where['timestampFormat']} at {place}"


def _members(shape: Model) -> dict[str, Any]:
    found: dict[str, Any] = shape.get("members", {})
    return found
