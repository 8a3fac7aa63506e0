"""Responses of services, drawn from botocore's models: well-formed ones, and such as AWS asks clients to bear with."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import cbor2
from botocore.model import OperationModel
from botocore.utils import is_json_value_header
from differential import xml_answers
from differential.depth import Depths, is_union
from differential.inputs import DEEP, JSON, TEXT, TOKEN
from differential.oracle import Answer
from differential.xml_answers import XML
from hypothesis import strategies as st

UNKNOWN = "unknown-to-the-model"
FIXED = frozenset({"content-length", "x-amzn-errortype"})
"""Headers that are members of some outputs and errors, and are what the rest of the response makes them."""
SECONDS = st.integers(0, 4_000_000_000)
WHOLE = SECONDS.map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
ISO = st.one_of(
    WHOLE.map(lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%SZ")),
    st.tuples(WHOLE, st.integers(0, 999)).map(lambda pair: pair[0].strftime("%Y-%m-%dT%H:%M:%S.") + f"{pair[1]:03}Z"),
)
HTTP_DATE = WHOLE.map(lambda moment: format_datetime(moment, usegmt=True))
EPOCH = SECONDS | st.tuples(SECONDS, st.integers(0, 999)).map(lambda pair: pair[0] + pair[1] / 1000)
ANY_DATE = st.one_of(
    ISO,
    HTTP_DATE,
    EPOCH,
    WHOLE.map(lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%S")),
    WHOLE.map(lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%S+01:00")),
    WHOLE.map(lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%S.123456789Z")),
)
_FORMATS = {"iso8601": ISO, "rfc822": HTTP_DATE, "unixtimestamp": EPOCH}


class Wire:
    """Draws what a service sends. ``ill``: with nulls, unknown and missing members, and any form of date."""

    def __init__(self, draw: st.DrawFn, depths: Depths, protocol: str, *, ill: bool, full: bool = False) -> None:
        self._draw, self._depths, self._ill, self._full = draw, depths, ill, full
        self._cbor = "cbor" in protocol

    def encoded(self, value: Any) -> bytes:
        """Return a body."""
        if self._cbor:
            return cbor2.dumps(value)
        return json.dumps(value).encode()

    def value(self, shape: Any, depth: int = 0) -> Any:
        """Draw a value as it is in a body, before it is encoded."""
        match shape.type_name:
            case "structure" if shape.is_document_type:
                return self._draw(JSON.filter(lambda value: value is not None))
            case "structure" if is_union(shape) and shape.members:
                return self._union(shape, depth)
            case "structure":
                return self.members(shape, shape.members, depth)
            case "list":
                return [self._item(shape.member, depth, _sparse(shape)) for _ in range(self._size(depth))]
            case "map":
                keys = [self._draw(TEXT) for _ in range(self._size(depth))]
                return {key: self._item(shape.value, depth, _sparse(shape)) for key in keys}
            case _:
                return self._scalar(shape)

    def members(self, shape: Any, members: dict[str, Any], depth: int) -> dict[str, Any]:
        """Draw the members of a structure under their names on the wire."""
        sent: dict[str, Any] = {}
        required = set(shape.required_members)
        for name, member in members.items():
            wire_name = member.serialization.get("name", name)
            if self._ill and self._chance(6):
                sent[wire_name] = None
            elif (name in required and not self._ill) or (depth < DEEP and (self._full or self._chance(2))):
                sent[wire_name] = self.value(member, depth + 1)
        if self._ill and self._chance(2):
            sent[UNKNOWN] = self._draw(JSON)
        return sent

    def _union(self, shape: Any, depth: int) -> dict[str, Any]:
        members = shape.members
        names = sorted(members, key=lambda name: self._depths.of(members[name]))
        name = names[0] if depth >= DEEP else self._draw(st.sampled_from(names))
        sent = {members[name].serialization.get("name", name): self.value(members[name], depth + 1)}
        if self._ill:
            sent |= {key: None for key in names[:2] if key != name} | {"__type": "x"}
            return {UNKNOWN: 1} if self._chance(4) else sent
        return sent

    def _item(self, shape: Any, depth: int, sparse: bool) -> Any:
        # botocore reads a null among booleans as false.
        may_be_null = sparse or (self._ill and shape.type_name != "boolean")
        return None if may_be_null and self._chance(4) else self.value(shape, depth + 1)

    def _size(self, depth: int) -> int:
        return 0 if depth > DEEP else self._draw(st.integers(1 if self._full else 0, 2))

    def _chance(self, of: int) -> bool:
        """Return true in one of so many cases."""
        return self._draw(st.integers(1, of)) == of

    def _scalar(self, shape: Any) -> Any:
        match shape.type_name:
            case "integer":
                return self._draw(st.integers(-(2**31), 2**31 - 1))
            case "long":
                return self._draw(st.integers(-(2**63), 2**63 - 1))
            case "boolean":
                return self._draw(st.booleans())
            case "float" | "double":
                return self._draw(self._numbers(shape))
            case "blob":
                data = self._draw(st.binary(max_size=8))
                return data if self._cbor else base64.b64encode(data).decode()
            case "timestamp":
                return self._timestamp(shape)
            case _ if is_json_value_header(shape):
                return base64.b64encode(json.dumps(self._draw(JSON.filter(lambda x: x is not None))).encode()).decode()
            case _:
                return self._draw(TEXT)

    def _numbers(self, shape: Any) -> st.SearchStrategy[Any]:
        finite = st.floats(allow_nan=False, allow_infinity=False, width=32 if shape.type_name == "float" else 64)
        if self._cbor:
            return finite | st.sampled_from([float("nan"), float("inf"), float("-inf")])
        return finite | st.integers(-1000, 1000) | st.sampled_from(["NaN", "Infinity", "-Infinity"])

    def _timestamp(self, shape: Any) -> Any:
        if self._cbor:
            return cbor2.CBORTag(1, self._draw(EPOCH))
        if self._ill:
            return self._draw(ANY_DATE)
        return self._draw(_FORMATS[shape.serialization.get("timestampFormat", "unixTimestamp").lower()])

    def headers(self, members: dict[str, Any]) -> list[tuple[str, str]]:
        """Draw the headers of the members that travel in them."""
        sent: list[tuple[str, str]] = []
        for name, member in members.items():
            wire_name = member.serialization.get("name", name)
            match member.serialization.get("location"):
                case "header" if wire_name.lower() not in FIXED and (self._full or self._chance(2)):
                    sent.append((self._spelled(wire_name), self._header(member)))
                case "headers":
                    keys = self._draw(st.lists(TOKEN.map(str.lower), max_size=2, unique=True))
                    sent += [(wire_name + key, self._draw(TOKEN)) for key in keys]
        return sent

    def _spelled(self, name: str) -> str:
        return self._draw(st.sampled_from([name, name.lower(), name.upper()])) if self._ill else name

    def _header(self, shape: Any) -> str:
        match shape.type_name:
            case "timestamp":
                form = shape.serialization.get("timestampFormat", "rfc822").lower()
                return str(self._draw(_FORMATS[form]))
            case "list":
                return ", ".join(self._draw(st.lists(TOKEN, min_size=1, max_size=3)))
            case "boolean":
                return self._draw(st.sampled_from(["true", "false"]))
            case "string" if not is_json_value_header(shape):
                return self._draw(TOKEN)
            case _:
                return str(self._scalar(shape))


@st.composite
def answer(draw: st.DrawFn, operation: OperationModel, depths: Depths, protocol: str, *, ill: bool) -> Answer:
    """Draw the successful response of an operation."""
    status = operation.http.get("responseCode", 200) if protocol.startswith("rest-") else 200
    shape = operation.output_shape
    wire = Wire(draw, depths, protocol, ill=ill)
    if protocol in XML:
        headers = wire.headers(shape.members) if shape and protocol == "rest-xml" else []
        return Answer(status, headers, _xml(draw, _document(draw, depths, ill=ill), operation, protocol))
    if shape is None or not shape.members:
        empty = wire.encoded({})
        return Answer(status, [], draw(st.sampled_from([b"", empty])) if "cbor" not in protocol else empty)
    if protocol != "rest-json":
        body = wire.encoded(wire.members(shape, shape.members, 0))
        return Answer(status, [], b"" if ill and "cbor" not in protocol and draw(st.booleans()) else body)
    headers = wire.headers(shape.members)
    payload = shape.serialization.get("payload")
    if payload is not None:
        return Answer(status, headers, _payload(draw, wire, shape.members[payload]))
    members = {name: member for name, member in shape.members.items() if "location" not in member.serialization}
    body = wire.encoded(wire.members(shape, members, 0))
    return Answer(status, headers, b"" if not members or (ill and draw(st.integers(1, 4)) == 4) else body)


class _WithoutMessage:
    """An error's shape without the message, which every error has in its own way."""

    is_tagged_union = False
    required_members: tuple[str, ...] = ()

    def __init__(self, shape: Any) -> None:
        self.members = {
            name: member
            for name, member in shape.members.items()
            if member.serialization.get("name", name).lower() not in ("message", "code", "type")
        }


def _document(draw: st.DrawFn, depths: Depths, *, ill: bool) -> xml_answers.Document:
    return xml_answers.Document(draw, depths, ANY_DATE if ill else ISO, ill=ill)


def _xml(draw: st.DrawFn, document: xml_answers.Document, operation: OperationModel, protocol: str) -> bytes:
    """Draw a body of one of the protocols with XML."""
    shape = operation.output_shape
    name = shape.serialization.get("payload") if shape else None
    if name is None:
        return b"" if shape is None and protocol == "rest-xml" else xml_answers.body(document, operation, protocol)
    member = shape.members[name]
    return draw(TEXT).encode() if member.type_name in ("blob", "string") else xml_answers.payload(document, member)


def _payload(draw: st.DrawFn, wire: Wire, shape: Any) -> bytes:
    if shape.type_name in ("blob", "string"):
        return draw(TEXT).encode()
    return wire.encoded(wire.value(shape))


@st.composite
def error(draw: st.DrawFn, shape: Any, depths: Depths, protocol: str, *, ill: bool) -> Answer:
    """Draw a response with a modelled error."""
    declared = shape.metadata.get("error", {})
    status = declared.get("httpStatusCode", 400)
    code = declared.get("code", shape.name)
    wire = Wire(draw, depths, protocol, ill=ill)
    if protocol in XML:
        document = _document(draw, depths, ill=ill)
        members, _ = document.structure(_WithoutMessage(shape))
        body = xml_answers.error_body(document, draw, code, members, protocol)
        return Answer(status, [("x-amz-request-id", "request-1")], body)
    members = {name: member for name, member in shape.members.items() if "location" not in member.serialization}
    body = wire.members(shape, members, 0)
    message = draw(st.sampled_from(["message", "Message"]))
    body = {key: value for key, value in body.items() if key.lower() != "message"} | {message: draw(TEXT)}
    headers = [("x-amzn-RequestId", "request-1")]
    if protocol == "rest-json":
        headers += wire.headers(shape.members)
        headers.append(("x-amzn-errortype", code + draw(st.sampled_from(["", ":", ":http://internal.amazon.com/x/"]))))
    else:
        body["__type"] = draw(st.sampled_from(["", "com.amazonaws.service#"])) + code
    return Answer(status, headers, wire.encoded(body))


@st.composite
def stray(draw: st.DrawFn, protocol: str) -> Answer:
    """Draw a failure that no model knows: of a proxy, of a load balancer, with another code, or with nothing."""
    if protocol in XML:
        return draw(xml_answers.stray(protocol, _document(draw, Depths(), ill=False)))
    status = draw(st.sampled_from([400, 403, 404, 429, 500, 502, 503]))
    if draw(st.booleans()) or "cbor" in protocol:
        code, text = draw(st.sampled_from(["NeverHeardOf", "ThrottlingException", "com.amazonaws.x#Odd"])), draw(TEXT)
        sent = {"__type": code, "message": text}
        if "cbor" in protocol:
            return Answer(status, [("x-amzn-RequestId", "r")], cbor2.dumps(sent))
        headers = [("x-amzn-RequestId", "r")] + ([("x-amzn-ErrorType", code)] if draw(st.booleans()) else [])
        return Answer(status, headers, json.dumps(sent).encode())
    bodies = [
        b"",
        b"{}",
        b"<html><body>Bad gateway</body></html>",
        b"upstream connect error",
        b"null",
        b"[]",
        b'"text"',
    ]
    return Answer(status, [], draw(st.sampled_from(bodies)))


def _sparse(shape: Any) -> bool:
    return bool(shape._shape_model.get("sparse"))
