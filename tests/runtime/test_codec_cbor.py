"""rpcv2Cbor: requests, outputs and errors, compared with botocore's, byte for byte where it sends bytes."""

from __future__ import annotations

from datetime import UTC, datetime
from math import inf, isnan, nan
from typing import Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from runtime.codec.cbor import CBORRPC, cbor_payload, decode_body, encode_body, error_document
from runtime.errors import InvalidInput, InvalidResponse, ServiceError
from runtime.message.http import Headers, Request, Response
from runtime.shapes.members import Members

from .everything import (
    MEMBERS,
    TYPES,
    Thing,
    ThingOutput,
    botocore_parsed,
    botocore_request,
    on_the_wire,
    operation,
    plain,
    things,
    typed,
)


class Limit(ServiceError):
    """An error with a member."""

    wire_code = "Limit"
    wire_members = {"Most": ("most", int | None), "When": ("when", datetime | None)}  # noqa: RUF012 - as generated
    most: int | None = None
    when: datetime | None = None


RPC = CBORRPC(service="Things_20200101", errors={"Limit": Limit}, service_error=ServiceError)
PUT_THING = RPC.operation("PutThing", TYPES, ThingOutput)
MODEL = operation("smithy-rpc-v2-cbor")
MOMENT = datetime(2026, 1, 6, 12, 30, 15, tzinfo=UTC)
_many = settings(deadline=None)


def without_documents(value: Any) -> Any:
    """Leave out documents, which this protocol does not have."""
    if isinstance(value, dict):
        return {key: without_documents(item) for key, item in value.items() if key != "Free"}
    return [without_documents(item) for item in value] if isinstance(value, list) else value


THINGS = things().map(without_documents)


def parts(request: Request) -> tuple[Any, ...]:
    headers = {name.lower(): value for name, value in request.headers}
    return request.method, request.path, headers, request.body


def parts_of_botocore(request: dict[str, Any]) -> tuple[Any, ...]:
    headers = {name.lower(): value for name, value in request["headers"].items()}
    return request["method"], request["url_path"], headers, request["body"]


@_many
@given(THINGS)
def test_requests_are_botocores(values: dict[str, Any]) -> None:
    assert parts(PUT_THING.request(on_the_wire(values))) == parts_of_botocore(botocore_request(MODEL, values))


@_many
@given(THINGS)
def test_structures_and_mappings_are_written_alike(values: dict[str, Any]) -> None:
    mapping = cbor2.loads(encode_body(MEMBERS, {"Inner": on_the_wire(values)}))
    assert plain(cbor2.loads(encode_body(MEMBERS, {"Inner": typed(Thing, values)}))) == plain(mapping)
    assert plain(cbor2.loads(cbor_payload(Thing, typed(Thing, values)))) == plain(mapping["Inner"])


@pytest.mark.parametrize("query_compatible", [False, True])
def test_an_operation_without_input_sends_nothing(query_compatible: bool) -> None:
    model = operation("smithy-rpc-v2-cbor", query_compatible=query_compatible, no_input=True)
    rpc = CBORRPC(service="Things_20200101", errors={}, service_error=ServiceError, query_compatible=query_compatible)
    assert parts(rpc.operation("PutThing", None, ThingOutput).request({})) == parts_of_botocore(
        botocore_request(model, {})
    )


def test_an_empty_input_is_an_empty_map() -> None:
    request = RPC.operation("PutThing", {}, ThingOutput).request({})
    assert request.body == b"\xa0"
    assert ("Content-Type", "application/cbor") in request.headers


def test_streams_are_asked_for() -> None:
    accepted = dict(RPC.operation("Watch", {}, ThingOutput, streaming="events").request({}).headers)["Accept"]
    assert accepted == "application/vnd.amazon.eventstream"


def test_what_goes_along_with_a_request() -> None:
    request = PUT_THING.request({"Id": ""}, host_prefix="a.", endpoint_parameters={"B": 1})
    assert (request.host_prefix, request.endpoint_parameters) == ("a.", {"B": 1})


def test_values_are_native() -> None:
    values = {"When": MOMENT, "Data": memoryview(b"ab"), "Ratios": [1, nan, inf], "Flag": True, "Texts": ("a",)}
    read = cbor2.loads(encode_body(MEMBERS, values))
    assert isnan(read["Ratios"].pop(1))
    assert read == {"When": MOMENT, "Data": b"ab", "Ratios": [1.0, inf], "Flag": True, "Texts": ["a"]}
    assert type(read["Ratios"][0]) is float
    assert cbor_payload(Thing, None) == b""


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"Whole": 2**64}, "Whole must fit into 64 bits"),
        ({"Whole": -(2**64) - 1}, "Whole must fit into 64 bits"),
        ({"Table": {"a": 2**64}}, "Table['a'] must fit into 64 bits"),
        ({"Ratio": 10**400}, "Ratio is too large for a float"),
        ({"Id": "\ud800"}, "Id cannot be encoded as UTF-8: surrogates not allowed"),
        ({"When": MOMENT.replace(tzinfo=None)}, "When must be a timezone-aware datetime"),
        ({"Data": "text"}, "Data must be bytes, not str"),
        ({"Inner": {}}, "Inner lacks its required member 'Id'"),
    ],
)
def test_what_does_not_fit_is_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        encode_body(MEMBERS, values)
    assert str(refused.value).startswith(message)


def test_what_holds_itself_is_refused() -> None:
    loop = Thing(id="")
    loop.inner = loop
    with pytest.raises(InvalidInput, match="the input is nested too deeply, or holds itself"):
        encode_body(MEMBERS, {"Inner": loop})


def test_texts_in_lists_are_looked_at() -> None:
    with pytest.raises(InvalidInput, match=r"^Texts\[1\] cannot be encoded as UTF-8"):
        encode_body(Members({"Texts": list[str]}), {"Texts": ["a", "\udfff"]})


# Responses


def answer(body: bytes, status: int = 200, **headers: str) -> Response:
    return Response(status, Headers((name.replace("_", "-"), value) for name, value in headers.items()), body)


def of_botocore(body: bytes) -> Any:
    parsed = botocore_parsed(MODEL, body)
    del parsed["ResponseMetadata"]
    return parsed


def cbor_things(values: dict[str, Any]) -> bytes:
    """Write a thing as a service would; in botocore the members of this protocol have their model's names."""
    return encode_body(MEMBERS, {key: value for key, value in values.items() if key != "Renamed"})


def without_renamed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_renamed(item) for key, item in value.items() if key != "Renamed"}
    return [without_renamed(item) for item in value] if isinstance(value, list) else value


@_many
@given(THINGS.map(without_renamed))
def test_outputs_are_botocores(values: dict[str, Any]) -> None:
    body = encode_body(MEMBERS, values)
    assert plain(PUT_THING.parse(answer(body))) == plain(of_botocore(body))


CHUNKS = {"Texts": ["ab"], "Data": b"ab"}
INDEFINITE = (
    bytes.fromhex("bf")
    + cbor2.dumps("Texts")
    + bytes.fromhex("9f7f61616162ffff")
    + cbor2.dumps("Data")
    + bytes.fromhex("5f41614162ffff")
)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            cbor2.dumps({"Id": "x", "New": [None], "Whole": None, "Table": {"a": None, "b": 1}}),
            {"Id": "x", "Table": {"b": 1}},
        ),
        (cbor2.dumps({"Id": "x", "Whole": cbor2.undefined}), {"Id": "x"}),
        (cbor2.dumps({"Id": "x", "__type": "Thing"}), {"Id": "x"}),
        (INDEFINITE, CHUNKS),
        (bytes.fromhex("a2624964617865526174696ff93e00"), {"Id": "x", "Ratio": 1.5}),
        (bytes.fromhex("a2624964617865526174696ffa3fc00000"), {"Id": "x", "Ratio": 1.5}),
        (cbor2.dumps({"When": cbor2.CBORTag(1, 1767702615.5)}), {"When": MOMENT.replace(microsecond=500000)}),
        (cbor2.dumps({"When": cbor2.CBORTag(1, 0)}), {"When": datetime(1970, 1, 1, tzinfo=UTC)}),
    ],
)
def test_odd_outputs_are_read_as_botocore_reads_them(body: bytes, expected: dict[str, Any]) -> None:
    assert of_botocore(body) == expected
    assert plain(decode_body(answer(body), ThingOutput)) == {"Id": ""} | expected


def test_what_botocore_does_not_read() -> None:
    document = {
        "Ratio": "NaN",
        "When": 1767702615,
        "Stamp": "2026-01-06T12:30:15Z",
        "Texts": ["a", None],
        "Data": "YWI=",
    }
    found = decode_body(answer(cbor2.dumps(document)), ThingOutput)
    assert found.ratio is not None
    assert isnan(found.ratio)
    assert (found.when, found.stamp, found.texts, found.data) == (MOMENT, MOMENT, ["a"], b"ab")
    for body in (b"", cbor2.dumps(None), cbor2.dumps(cbor2.undefined), b"\xa0"):
        assert decode_body(answer(body), ThingOutput) == ThingOutput()


@pytest.mark.parametrize(
    "body",
    [
        b"\xff",
        b"{}",
        b"\x82\x01",
        cbor2.dumps([]),
        cbor2.dumps("text"),
        cbor2.dumps({"Whole": "many"}),
        cbor2.dumps({"Inner": {"Texts": {"a": 1}}}),
        cbor2.dumps({"When": cbor2.CBORTag(1, nan)}),
        cbor2.dumps({"When": cbor2.CBORTag(1, "soon")}),
        b"\xa1\x61\xff\x01",
        b"\x81" * 100_000,
    ],
)
def test_what_cannot_be_read_is_an_invalid_response(body: bytes) -> None:
    with pytest.raises(InvalidResponse, match=r"the response body cannot be read"):
        decode_body(answer(body, 202), ThingOutput)


BAD_TIMES = [
    cbor2.CBORTag(1, nan),
    cbor2.CBORTag(1, "soon"),
    cbor2.CBORTag(0, "soon"),
    cbor2.CBORTag(1, 2**64 - 1),
    cbor2.CBORTag(1, [b"\xc1" * 300]),
]


@pytest.mark.parametrize("time", BAD_TIMES)
def test_a_time_that_cannot_be_read_is_named(time: Any) -> None:
    body = cbor2.dumps({"Data": b"\xc1" * 300, "Inners": [{"Id": "a"}, {"When": time}]})
    with pytest.raises(InvalidResponse, match=r"expected a timestamp, got \w+ at `\$\.Inners\[1\]\.When`"):
        decode_body(answer(body, 200), ThingOutput)


@pytest.mark.parametrize("time", BAD_TIMES)
@pytest.mark.parametrize("wide", [False, True])
def test_a_time_that_cannot_be_read_does_not_hide_the_rest_of_an_error(time: Any, wide: bool) -> None:
    body = cbor2.dumps({"__type": "Limit", "Most": 5, "message": "slow down", "When": time})
    if wide:
        body = body.replace(b"When\xc1", b"When\xd8\x01").replace(b"When\xc0", b"When\xda\0\0\0\0")
    error = PUT_THING.parse_error(answer(body, 400), PUT_THING.errors, PUT_THING.service_error)
    assert isinstance(error, Limit)
    assert (error.most, error.when, error.message) == (5, None, "slow down")


@_many
@given(st.binary(max_size=40))
def test_no_body_breaks_the_reader(body: bytes) -> None:
    try:
        decode_body(answer(body), ThingOutput)
    except InvalidResponse:
        pass
    error = PUT_THING.parse_error(answer(body, 500), PUT_THING.errors, PUT_THING.service_error)
    assert isinstance(error, ServiceError)


# Errors

CODES = st.sampled_from(["Limit", "com.things#Limit", "com.things#Limit:http://x/", "Other", "a.b#Other"])
BODIES = st.fixed_dictionaries(
    {"__type": CODES},
    optional={"message": st.text(), "Message": st.text(), "Most": st.integers(-9, 9), "New": st.booleans()},
)
QUERY_ERRORS = st.sampled_from([None, "Old.Limit;Sender", "", ";Sender", "Old.Limit", "a;b;c"])


@_many
@given(BODIES, QUERY_ERRORS, st.sampled_from([400, 500]))
def test_errors_are_botocores(document: dict[str, Any], query_error: str | None, status: int) -> None:
    body = cbor2.dumps(document)
    headers = {} if query_error is None else {"x_amzn_query_error": query_error}
    expected = botocore_parsed(MODEL, body, status, **headers)["Error"]
    error = PUT_THING.parse_error(answer(body, status, **headers), PUT_THING.errors, PUT_THING.service_error)
    assert (error.code, error.message) == (expected["Code"], expected["Message"])
    modelled = expected.get("QueryErrorCode", expected["Code"]) == "Limit"
    assert type(error) is (Limit if modelled else ServiceError)
    if isinstance(error, Limit):
        assert error.most == document.get("Most")


def test_an_error_without_members_has_no_message() -> None:
    for body in (b"", b"\xa0", b"\xbf\xff"):
        error = PUT_THING.parse_error(answer(body, 400), PUT_THING.errors, PUT_THING.service_error)
        assert (error.code, error.message) == ("HTTP400", "")
    error = PUT_THING.parse_error(answer(b"<html>", 502), PUT_THING.errors, PUT_THING.service_error)
    assert error.message == "the response body is not a service error: '<html>'"


def test_members_of_errors_are_read_leniently() -> None:
    body = cbor2.dumps({"__type": "Limit", "Most": "5", "When": 1767702615, "message": cbor2.undefined})
    error = PUT_THING.parse_error(answer(body, 400), PUT_THING.errors, PUT_THING.service_error)
    assert isinstance(error, Limit)
    assert (error.most, error.when, error.message) == (5, MOMENT, "")
    assert error_document(b"\xff") == error_document(cbor2.dumps([1])) == error_document(b"") == {}
