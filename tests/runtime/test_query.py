"""The forms of the Query and EC2 protocols, and the responses that answer them. Expected: Smithy's protocol tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from runtime.codec.query import EC2RPC, QueryRPC
from runtime.codec.xml_names import Xml
from runtime.errors import InvalidInput, InvalidResponse, ServiceError
from runtime.message.http import Headers, Response
from runtime.shapes.structures import Output, Structure


class Inner(Structure, kw_only=True):
    """A structure in another."""

    name: str | None = msgspec.field(name="Name", default=None)
    other: list[int] | None = msgspec.field(name="Other", default=None)


class Answer(Output, kw_only=True):
    """An output."""

    value: str | None = msgspec.field(name="Value", default=None)
    items: list[str] | None = msgspec.field(name="Items", default=None)


TYPES: dict[str, Any] = {
    "Text": str,
    "Number": float,
    "On": bool,
    "Data": bytes,
    "At": datetime,
    "List": list[str],
    "Flat": list[str],
    "Named": list[Inner],
    "Map": dict[str, str],
    "FlatMap": dict[str, Inner],
    "Nested": Inner,
}
NAMES: Any = {
    "Flat": Xml(flat=True, item=Xml("Hi")),
    "Named": Xml("Renamed", item=Xml("item")),
    "FlatMap": Xml(flat=True, key=Xml("K"), value=Xml("V")),
}
EC2_NAMES: Any = {"Text": "text", "Flat": Xml("flatSet", flat=True), "Nested": Xml("nested", query="n"), "Map": "aMap"}
COMMON: Any = {"errors": {}, "service_error": ServiceError, "version": "2020-01-08"}
QUERY = QueryRPC(structures={}, inputs={"Do": NAMES}, **COMMON).operation("Do", TYPES, Answer)
EC2 = EC2RPC(
    structures={"Inner": {"Name": "theName"}, "Answer": {"Value": "value", "Items": "itemSet"}},
    inputs={"Do": EC2_NAMES},
    **COMMON,
).operation("Do", TYPES, Answer)


def sent(operation: Any, **values: Any) -> list[str]:
    request = operation.request(values)
    assert (request.method, request.path, request.query) == ("POST", "/", "")
    assert dict(request.headers) == {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    start, _, rest = request.body.decode().partition("&Version=2020-01-08")
    assert start == "Action=Do"
    return list(filter(None, rest.split("&")))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"Text": "a b&c=é~*"}, ["Text=a+b%26c%3D%C3%A9~%2A"]),
        ({"Number": float("nan"), "On": False}, ["Number=NaN", "On=false"]),
        (
            {"Data": b"\xff\xfe", "At": datetime(2015, 1, 25, 8, tzinfo=UTC)},
            ["Data=%2F%2F4%3D", "At=2015-01-25T08%3A00%3A00Z"],
        ),
        ({"List": ["a", "b"]}, ["List.member.1=a", "List.member.2=b"]),
        ({"List": [], "Flat": [], "Map": {}}, ["List=", "Flat="]),
        ({"Flat": ["a", "b"]}, ["Hi.1=a", "Hi.2=b"]),
        (
            {"Named": [{"Name": "x", "Other": [1, 2]}]},
            ["Renamed.item.1.Name=x", "Renamed.item.1.Other.member.1=1", "Renamed.item.1.Other.member.2=2"],
        ),
        ({"Map": {"k y": "v"}}, ["Map.entry.1.key=k+y", "Map.entry.1.value=v"]),
        ({"FlatMap": {"k": Inner(name="v")}}, ["FlatMap.1.K=k", "FlatMap.1.V.Name=v"]),
        ({"Nested": {}, "Text": None}, []),
    ],
)
def test_query_forms(values: dict[str, Any], expected: list[str]) -> None:
    assert sent(QUERY, **values) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"Text": "a"}, ["Text=a"]),
        ({"List": ["a", "b"]}, ["List.1=a", "List.2=b"]),
        ({"List": []}, []),
        ({"Flat": ["a"]}, ["FlatSet.1=a"]),
        ({"Nested": Inner(name="x", other=[7])}, ["n.TheName=x", "n.Other.1=7"]),
    ],
)
def test_ec2_forms(values: dict[str, Any], expected: list[str]) -> None:
    assert sent(EC2, **values) == expected


def test_what_does_not_fit_is_refused_with_its_place() -> None:
    with pytest.raises(InvalidInput, match=r"^Named\[0\]\.Other\[1\] must be an integer, not str$"):
        sent(QUERY, Named=[{"Other": [1, "2"]}])
    with pytest.raises(InvalidInput, match=r"^Text cannot be encoded as UTF-8"):
        sent(QUERY, Text="\ud800")


@pytest.mark.parametrize(
    "body",
    [
        "<DoResponse xmlns='u'><DoResult><Value>v</Value></DoResult>"
        "<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></DoResponse>",
        "<DoResponse><ResponseMetadata><x/><RequestId>r</RequestId></ResponseMetadata><DoResult><Value>v</Value></DoResult></DoResponse>",
    ],
)
def test_query_responses(body: str) -> None:
    output = QUERY.parse(Response(200, Headers(), body.encode()))
    assert (output, output.metadata.request_id) == (Answer(value="v"), "r")


def test_ec2_responses() -> None:
    body = b"<DoResponse><requestId>r</requestId><value>v</value><itemSet><item>1</item><x/></itemSet></DoResponse>"
    output = EC2.parse(Response(200, Headers(), body))
    assert (output, output.metadata.request_id) == (Answer(value="v", items=["1", ""]), "r")


class Nothing(Output, kw_only=True):
    """An output without members."""


BARE_QUERY = QueryRPC(structures={}, inputs={}, **COMMON).operation("Do", {}, Nothing)
BARE_EC2 = EC2RPC(structures={}, inputs={}, **COMMON).operation("Do", {}, Nothing)


@pytest.mark.parametrize("body", ["<html><p>Sign in</p></html>", "<Foo/>", "<DoResult><Value>v</Value></DoResult>", ""])
@pytest.mark.parametrize("operation", [QUERY, EC2])
def test_what_is_not_the_operations_response_is_no_output(operation: Any, body: str) -> None:
    with pytest.raises(InvalidResponse, match="it must be DoResponse"):
        operation.parse(Response(200, Headers(), body.encode()))


@pytest.mark.parametrize("body", ["<DoResponse/>", "<DoResponse><Value>v</Value></DoResponse>"])
def test_an_output_with_members_is_in_its_wrapper(body: str) -> None:
    with pytest.raises(InvalidResponse, match="it must be DoResponse with DoResult, not <DoResponse>"):
        QUERY.parse(Response(200, Headers(), body.encode()))


@pytest.mark.parametrize("operation", [BARE_QUERY, BARE_EC2])
def test_an_output_without_members_may_be_empty(operation: Any) -> None:
    for body in (b"", b"<DoResponse/>", b"<DoResponse xmlns='u'><DoResult/></DoResponse>"):
        assert operation.parse(Response(200, Headers(), body)) == Nothing()
    for body in (b"<html/>", b"<Foo/>"):
        with pytest.raises(InvalidResponse, match="it must be DoResponse, not <"):
            operation.parse(Response(200, Headers(), body))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"<?xml version='1.0'?>\n<ErrorResponse xmlns='u'><Error/></ErrorResponse>", True),
        (b"<e:ErrorResponse xmlns:e='u'/>", True),
        (b"<Response><Errors><Error/></Errors></Response>", True),
        (b"<Error/>", True),
        (b"<ErrorsResponse/>", False),
        (b"<Response><Value/></Response>", False),
        (b"<DoResponse><Error/></DoResponse>", False),
    ],
)
def test_an_error_is_one_whatever_its_status(body: bytes, expected: bool) -> None:
    assert [each.is_error(Response(200, Headers(), body)) for each in (QUERY, EC2)] == [expected, expected]
