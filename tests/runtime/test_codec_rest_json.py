"""Bodies and errors of restJson1: what is sent, what is read, and how the reader bears what is not well-formed."""

from __future__ import annotations

import base64
import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import inf, isnan, nan
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from runtime.codec.rest_json import (
    blob_payload,
    build_error,
    decode_body,
    decode_json,
    encode_body,
    encode_json,
    json_content_type,
    json_payload,
    parse_error,
    text_body,
    text_payload,
)
from runtime.errors import InvalidInput, InvalidResponse, ServiceError
from runtime.message.http import Headers, Response
from runtime.shapes.members import Members
from runtime.shapes.structures import Output, Structure

from .everything import botocore_parsed, operation

MOMENT = datetime(2026, 1, 6, 12, 30, 15, tzinfo=UTC)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@dataclass
class Point:
    x: int
    when: datetime


class Part(Structure):
    name: str | None = msgspec.field(name="Name", default=None)
    size: float | None = msgspec.field(name="Size", default=None)
    parts: list[Part] | None = msgspec.field(name="Parts", default=None)


class Holder(Output):
    """An output with a member of each kind."""

    name: str = msgspec.field(name="Name", default="")
    count: int | None = msgspec.field(name="Count", default=None)
    ratio: float | None = msgspec.field(name="Ratio", default=None)
    when: datetime | None = msgspec.field(name="When", default=None)
    blob: bytes | None = msgspec.field(name="Blob", default=None)
    items: list[str] | None = msgspec.field(name="Items", default=None)
    part: Part | None = msgspec.field(name="Part", default=None)


def response(body: bytes, status: int = 200, /, **headers: str) -> Response:
    return Response(status, Headers((name.replace("_", "-"), value) for name, value in headers.items()), body)


# json=


@given(JSON_VALUES)
def test_every_json_value_arrives(value: Any) -> None:
    assert json.loads(encode_json(value)) == value


@pytest.mark.parametrize(
    ("value", "body"),
    [
        (None, "null"),
        (False, "false"),
        (0, "0"),
        ("", '""'),
        ([], "[]"),
        ({}, "{}"),
        ((1, 2), "[1,2]"),
        ("é東🗼", '"é東🗼"'),
        (2**80, str(2**80)),
        ({1: "a", None: "b"}, '{"1":"a","null":"b"}'),
        (MOMENT, '"2026-01-06T12:30:15Z"'),
        ([Point(1, MOMENT)], '[{"x":1,"when":"2026-01-06T12:30:15Z"}]'),
        (Part(name="a"), '{"Name":"a"}'),
        (uuid.UUID(int=1), '"00000000-0000-0000-0000-000000000001"'),
    ],
)
def test_json_takes_more_than_json(value: object, body: str) -> None:
    assert encode_json(value) == body.encode()


@pytest.mark.parametrize("value", [Decimal("1.10"), b"{}", bytearray(b"{}"), {7}, frozenset({7}), [{"a": b""}]])
def test_json_does_not_change_what_a_value_means(value: object) -> None:
    with pytest.raises(InvalidInput, match=r"JSON has no .*convert it first, or pass encoded JSON as body="):
        encode_json(value)


CIRCLE: list[Any] = []
CIRCLE.append(CIRCLE)
DEEP: list[Any] = []
for _ in range(100_000):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    "value",
    [nan, inf, -inf, [nan], {"a": inf}, Part(size=nan), "\ud800", ["a\udfff"], object(), {(1, 2): 3}, CIRCLE, DEEP],
    ids=lambda value: type(value).__name__,
)
def test_what_json_cannot_hold_is_refused(value: object) -> None:
    with pytest.raises(InvalidInput, match=r"^json= cannot be written as JSON"):
        encode_json(value)


def test_the_content_type_of_json() -> None:
    assert json_content_type(None, None) == "application/json"
    assert json_content_type("application/jsonlines", {}) == "application/jsonlines"
    assert json_content_type(None, msgspec.UNSET) is None


# Payloads


@pytest.mark.parametrize(
    "body", [b"ab", bytearray(b"ab"), memoryview(b"ab"), memoryview(b"a-b-")[::2], memoryview(b"ab").cast("B", (1, 2))]
)
def test_bytes_like_payloads(body: Any) -> None:
    assert blob_payload(body, "body") == b"ab"
    assert type(blob_payload(body, "body")) is bytes


@pytest.mark.parametrize("value", [None, False, 0, "", []])
def test_any_json_value_is_a_payload(value: object) -> None:
    assert blob_payload(None, "body", value) == json.dumps(value).encode()


def test_a_payload_is_given_once() -> None:
    with pytest.raises(InvalidInput, match="body and json were both given"):
        blob_payload(b"", "body", None)
    with pytest.raises(
        InvalidInput, match="body is required: pass bytes as body=, or a value to send as JSON as json="
    ):
        blob_payload(None, "body", msgspec.UNSET)
    with pytest.raises(InvalidInput, match=r"chunk is required: pass bytes as chunk=$"):
        blob_payload(None, "chunk")
    assert blob_payload(None, "body", optional=True) == b""


@pytest.mark.parametrize(
    ("body", "reason"),
    [("text", "not str: encode it first"), (5, "not int"), ([1], "not list"), (object(), "not object")],
)
def test_other_payloads_are_refused(body: Any, reason: str) -> None:
    with pytest.raises(InvalidInput, match=f"body must be bytes, {reason}"):
        blob_payload(body, "body", msgspec.UNSET)
    with pytest.raises(InvalidInput, match=f"chunk must be bytes, {reason}$"):
        blob_payload(body, "chunk")


def test_text_payloads() -> None:
    assert text_payload("é") == "é".encode()
    assert text_payload(None) == b""
    for wrong in ("\ud800", b"bytes", 1):
        with pytest.raises(InvalidInput, match="a text payload"):
            text_payload(wrong)


def test_structures_as_payloads() -> None:
    assert json_payload(Part, Part(name="a", parts=[Part(size=nan)])) == b'{"Name":"a","Parts":[{"Size":"NaN"}]}'
    assert json_payload(Any, {"a": None}) == b'{"a":null}'
    assert json_payload(Any, None) == b"{}"


# Body members


def test_body_members_take_their_wire_form() -> None:
    types = {
        "When": datetime,
        "Later": datetime,
        "Blob": bytes,
        "View": bytes,
        "Nan": float,
        "Low": float,
        "Part": Part,
        "Map": dict[str, list[int | None]],
        "Set": list[str],
        "Big": int,
        "Missing": str,
    }
    members = {
        "When": MOMENT,
        "Later": MOMENT + timedelta(milliseconds=250),
        "Blob": b"\x00\xff",
        "View": memoryview(b"ab"),
        "Nan": nan,
        "Low": -inf,
        "Part": Part(name="x", parts=[Part(size=inf)]),
        "Map": {"k": [1, None]},
        "Set": {"only"},
        "Big": 2**70,
        "Missing": None,
    }
    assert json.loads(encode_body(Members(types), members)) == {
        "When": 1767702615,
        "Later": 1767702615.25,
        "Blob": "AP8=",
        "View": base64.b64encode(b"ab").decode(),
        "Nan": "NaN",
        "Low": "-Infinity",
        "Part": {"Name": "x", "Parts": [{"Size": "Infinity"}]},
        "Map": {"k": [1, None]},
        "Set": ["only"],
        "Big": 2**70,
    }
    assert encode_body(Members(types), {}) == b"{}"


@pytest.mark.parametrize(
    "value", [object(), "\ud800", MOMENT, CIRCLE, DEEP, {"a": 1j}, [nan]], ids=lambda v: type(v).__name__
)
def test_documents_that_json_cannot_hold_are_refused(value: object) -> None:
    with pytest.raises(InvalidInput, match=r"^Member|nested too deeply"):
        encode_body(Members({"Member": Any}), {"Member": value})


# Responses


@pytest.mark.parametrize("body", [b"", b" \r\n\t", b"null", b"{}", b' {"New": [1], "Name": ""} ', b'{"Count": null}'])
def test_what_is_not_there_has_its_default(body: bytes) -> None:
    assert decode_body(response(body), Holder) == Holder()


def test_lists_and_documents_may_be_whole_bodies() -> None:
    parts: Any = list[Part]
    assert decode_body(response(b'[{"Name": "x"}, null, {"Size": "NaN", "Parts": null}]'), parts)[0] == Part(name="x")
    assert decode_body(response(b""), parts) == decode_body(response(b"null"), parts) == []
    table: Any = dict[str, datetime]
    assert decode_body(response(b'{"a": "2026-01-06 12:30:15", "b": null}'), table) == {"a": MOMENT}
    anything: Any = Any
    assert decode_body(response(b"[NaN]"), anything)[0] != 0


def test_members_are_read_from_what_services_send() -> None:
    body = b"""{"Name": "n", "Count": "7", "Ratio": "NaN", "When": "1767702615", "Blob": "AP8=",
        "Items": ["a"], "Part": {"Name": "x", "Parts": [{}], "Extra": {"deep": [1]}}}"""
    read = decode_body(response(body), Holder)
    assert (read.name, read.count, read.when, read.blob) == ("n", 7, MOMENT, b"\x00\xff")
    assert (read.items, read.part) == (["a"], Part(name="x", parts=[Part()]))
    assert read.ratio is not None
    assert isnan(read.ratio)


@pytest.mark.parametrize(
    "form", ["1767702615", "1767702615.0", '"1767702615"', '"2026-01-06T12:30:15Z"', "1.767702615e9"]
)
def test_timestamps_have_many_forms(form: str) -> None:
    assert decode_body(response(f'{{"When": {form}}}'.encode()), Holder).when == MOMENT


def test_a_null_that_cannot_be_reads_as_missing() -> None:
    body = b'{"Name": null, "Items": ["a", null, "b"], "Part": {"Parts": [null, {"Name": null}]}}'
    assert decode_body(response(body), Holder) == Holder(items=["a", "b"], part=Part(parts=[Part()]))


def test_a_null_that_can_be_stays() -> None:
    class Loose(Output):
        name: str = ""
        document: Any = None
        sparse: list[str | None] | None = None
        table: dict[str, dict[str, int | None]] | None = None
        dense: dict[str, list[int]] | None = None
        anything: list[Any] | None = None

    members = (
        '"document": {"a": [null, {"b": null}]}, "sparse": [null, "x"], "table": {"k": {"n": null}, "gone": null}, '
        '"dense": {"k": [1, null], "gone": null}, "anything": [null, 1], "new": {"deep": [null]}'
    )
    read = decode_body(response(f'{{"name": null, {members}}}'.encode()), Loose)
    assert (read.name, read.document, read.sparse) == ("", {"a": [None, {"b": None}]}, [None, "x"])
    assert (read.table, read.dense) == ({"k": {"n": None}}, {"k": [1]})
    assert read.anything == [None, 1]


@pytest.mark.parametrize(
    "body",
    [
        b"<html></html>",
        b"{",
        b"[]",
        b'"text"',
        b"7",
        b"{} {}",
        b'{"Name": ["seven"]}',
        b'{"Count": "seven"}',
        b'{"Count": NaN}',
        b'{"When": 1e300}',
        b'{"When": "soon"}',
        b'{"Blob": "not base64!"}',
        b'{"Items": "a"}',
        b'{"Name": "\xff"}',
        b"\xef\xbb\xbf{}",
        b"[" * 100_000,
        b'{"Part": ' + b'{"Parts": [' * 50_000,
    ],
)
def test_a_body_that_does_not_fit_is_an_invalid_response(body: bytes) -> None:
    with pytest.raises(InvalidResponse, match=r"the response body cannot be read"):
        decode_body(response(body, 202), Holder)


@given(st.binary(max_size=60))
def test_no_body_breaks_the_reader(body: bytes) -> None:
    for read in (lambda: decode_body(response(body), Holder), lambda: decode_json(body)):
        try:
            read()
        except InvalidResponse:
            pass
    assert isinstance(parse_error(response(body, 500), {}, ServiceError), ServiceError)


def test_text_bodies() -> None:
    assert text_body(response("é".encode())) == "é"
    with pytest.raises(InvalidResponse, match=r"the response body is not UTF-8"):
        text_body(response(b"\xff"))


def test_json_that_models_write() -> None:
    assert decode_json(b'{"a": [NaN, -Infinity]}')["a"][1] == -inf
    assert decode_json(b"\xef\xbb\xbf1") == 1
    for wrong in (b"", b"{", b"\xff", b"[" * 100_000, b"1 2"):
        with pytest.raises(InvalidResponse, match="the payload is not JSON"):
            decode_json(wrong)


# Errors


class Limit(ServiceError):
    """An error with members."""

    wire_code = "Limit"
    wire_members = {  # noqa: RUF012 - as generated code has it
        "Most": ("most", int | None),
        "Parts": ("parts", list[Part] | None),
    }
    most: int | None = None
    parts: list[Part] | None = None


def parse(body: bytes, status: int = 400, **headers: str) -> ServiceError:
    return parse_error(response(body, status, **headers), {"Limit": Limit}, ServiceError)


@pytest.mark.parametrize(
    ("header", "body"),
    [
        ("Limit", b""),
        ("Limit:http://internal.amazon.com/coral/com.example/", b"{}"),
        ("com.example#Limit", b'{"__type": "Other"}'),
        ("com.example#Limit:http://internal.amazon.com/", b'{"code": "Other"}'),
        (None, b'{"__type": "Limit"}'),
        (None, b'{"__type": "com.example#Limit"}'),
        (None, b'{"__type": "com.example#Limit:http://x/"}'),
        (None, b'{"code": "Limit"}'),
        (None, b'{"__type": 7, "code": "Limit"}'),
        ("", b'{"code": "Limit"}'),
        (":", b'{"code": "Limit"}'),
    ],
)
def test_the_code_is_found(header: str | None, body: bytes) -> None:
    headers = {} if header is None else {"X_Amzn_ErrorType": header}
    error = parse_error(response(body, 400, **headers), {"Limit": Limit}, ServiceError)
    assert type(error) is Limit
    assert error.code == "Limit"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><h1>502 Bad Gateway</h1></html>",
        b"null",
        b"[]",
        b'"Limit"',
        b'{"code": null}',
        b'{"code": {"a": 1}}',
        b'{"__type": ["Limit"]}',
        b"\xff",
        b"[" * 100_000,
    ],
)
def test_an_error_without_a_code_is_named_after_its_status(body: bytes) -> None:
    error = parse(body, 502)
    assert (type(error), error.code) == (ServiceError, "HTTP502")


CODES = st.sampled_from(["Limit", "com.things#Limit", "com.things#Limit:http://x/", "Limit:http://x/", "Other"])
ERROR_BODIES = st.fixed_dictionaries(
    {}, optional={"__type": CODES, "code": CODES, "Code": CODES, "message": st.text(), "Message": st.text()}
)


@settings(deadline=None)
@given(ERROR_BODIES, st.none() | CODES, st.sampled_from([400, 404, 500]))
def test_errors_are_botocores(document: dict[str, str], header: str | None, status: int) -> None:
    body = json.dumps(document).encode()
    headers = {} if header is None else {"x_amzn_errortype": header}
    expected = botocore_parsed(operation("rest-json"), body, status, **headers)["Error"]
    error = parse(body, status, **headers)
    # Where botocore has neither code nor message, ours shows the body.
    nameless = expected["Code"] == str(status) and not expected["Message"] and document
    message = f"the response has no code and no message: {json.dumps(document)}" if nameless else expected["Message"]
    assert (error.code.removeprefix("HTTP"), error.message) == (expected["Code"], message)


def test_an_answer_that_is_not_the_services_is_quoted() -> None:
    assert parse(b"<html>\n<h1>502 Bad  Gateway</h1></html>", 502).message == (
        "the response body is not a service error: '<html> <h1>502 Bad Gateway</h1></html>'"
    )
    assert len(parse(b"x" * 10_000, 502).message) < 300
    assert parse(b"", 502).message == parse(b"{}", 502).message == ""
    explained = 'the response has no code and no message: {"detail": "no such route"}'
    assert parse(b'{"detail":   "no such route"}', 502).message == explained


def test_a_redirect_says_where_to() -> None:
    error = parse_error(Response(302, Headers([("location", "https://elsewhere/")])), {}, ServiceError)
    assert error.message == "redirected to https://elsewhere/, which is not followed"


@pytest.mark.parametrize("key", ["message", "Message", "errorMessage"])
def test_the_message_is_found(key: str) -> None:
    assert parse(json.dumps({key: "too many"}).encode()).message == "too many"
    unread = json.dumps({key: ["too many"]})
    assert parse(unread.encode()).message == f"the response has no code and no message: {unread}"
    assert parse(json.dumps({key: ["too many"], "code": "Limit"}).encode()).message == ""


def test_modelled_members_are_read() -> None:
    error = parse(b'{"Most": "5", "Parts": [{"Name": "x"}], "New": 1, "Message": "m"}', x_amzn_errortype="Limit")
    assert isinstance(error, Limit)
    assert (error.most, error.parts, error.message) == (5, [Part(name="x")], "m")


def test_members_that_do_not_fit_are_left_out() -> None:
    error = parse(b'{"Most": [1], "Parts": [{"Name": "x"}]}', x_amzn_errortype="Limit")
    assert isinstance(error, Limit)
    assert (error.most, error.parts) == (None, [Part(name="x")])
    assert build_error(Limit, {"Most": 2**100, "Parts": None}, code="Limit").code == "Limit"
