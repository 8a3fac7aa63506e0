"""Paths, queries and headers of REST requests and responses, compared with botocore's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import pytest
from botocore.awsrequest import AWSRequest, HeadersDict, prepare_request_dict
from botocore.endpoint import create_request_object
from botocore.model import OperationModel, ServiceModel
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from hypothesis import given, settings
from hypothesis import strategies as st
from runtime.codec.request_text import encode_query, expanded, header_list, json_header, quote_label
from runtime.codec.response_headers import (
    bool_header,
    float_header,
    int_header,
    prefixed_headers,
    read_json_header,
    text_header,
    timestamp_header,
)
from runtime.errors import InvalidInput
from runtime.message.http import Headers
from runtime.shapes.structures import EPOCH, HTTP_DATE
from runtime.shapes.timestamps import epoch_seconds, http_date

from .everything import DOCUMENTS, LONGS, NEAR_MOMENTS, plain

_many = settings(deadline=None)
_ASCII = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=8)
# botocore does not escape backslashes in header lists: "c:\" would end at the wrong quote.
_ITEM = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="\\"), min_size=1, max_size=8)
_TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
_LABEL = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8).filter(lambda text: text not in (".", ".."))
_FLOATS = st.floats() | st.integers(-(2**53), 2**53)

SHAPES: Mapping[str, Any] = {
    "Text": {"type": "string"},
    "Whole": {"type": "long"},
    "Ratio": {"type": "double"},
    "Flag": {"type": "boolean"},
    "Date": {"type": "timestamp"},
    "Stamp": {"type": "timestamp", "timestampFormat": "iso8601"},
    "Web": {"type": "timestamp", "timestampFormat": "rfc822"},
    "Epoch": {"type": "timestamp", "timestampFormat": "unixTimestamp"},
    "Texts": {"type": "list", "member": {"shape": "Text"}},
    "Wholes": {"type": "list", "member": {"shape": "Whole"}},
    "Flags": {"type": "list", "member": {"shape": "Flag"}},
    "Ratios": {"type": "list", "member": {"shape": "Ratio"}},
    "Dates": {"type": "list", "member": {"shape": "Date"}},
    "Map": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Text"}},
    "Lists": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Texts"}},
}


def model(members: Mapping[str, Any], uri: str = "/", *, output: bool = False) -> OperationModel:
    shape = {"type": "structure", "members": members}
    http = {"method": "GET", "requestUri": uri}
    get = {"name": "Get", "http": http, "output" if output else "input": {"shape": "Members"}}
    metadata = {"apiVersion": "x", "endpointPrefix": "x", "protocol": "rest-json", "serviceId": "X"}
    metadata["signatureVersion"] = "v4"
    service = {"metadata": metadata, "operations": {"Get": get}, "shapes": {**SHAPES, "Members": shape}}
    return ServiceModel(service, "x").operation_model("Get")


def sent_by_botocore(described: OperationModel, values: Mapping[str, Any]) -> AWSRequest:
    request = create_serializer("rest-json", include_validation=True).serialize_to_request(values, described)
    prepare_request_dict(request, endpoint_url="https://x", context={"client_region": "x"}, user_agent="x")
    return create_request_object(request).prepare()


def header(name: str, kind: str, **facts: Any) -> dict[str, Any]:
    return {"M": {"shape": kind, "location": "header", "locationName": name, **facts}}


@pytest.mark.parametrize(
    ("shape", "values", "kind"),
    [
        ("Text", _ASCII, str),
        ("Whole", LONGS, int),
        ("Ratio", _FLOATS, float),
        ("Flag", st.booleans(), bool),
        ("Date", NEAR_MOMENTS, Annotated[datetime, HTTP_DATE]),
        ("Stamp", NEAR_MOMENTS, datetime),
        ("Texts", st.lists(_ITEM, max_size=3), list[str]),
        ("Wholes", st.lists(LONGS, max_size=3), list[int]),
        ("Ratios", st.lists(_FLOATS, max_size=3), list[float]),
        ("Flags", st.lists(st.booleans(), max_size=3), list[bool]),
        ("Dates", st.lists(NEAR_MOMENTS, max_size=3), list[Annotated[datetime, HTTP_DATE]]),
    ],
)
@_many
@given(data=st.data())
def test_headers_are_botocores(shape: str, values: st.SearchStrategy[Any], kind: Any, data: st.DataObject) -> None:
    value = data.draw(values)
    request = sent_by_botocore(model(header("X-M", shape)), {"M": value})
    expected = request.headers.get("X-M")
    assert dict(header_list(("X-M", "m", value, kind))) == ({} if expected is None else {"X-M": expected})


@_many
@given(DOCUMENTS.filter(lambda document: document is not None))
def test_json_headers_are_botocores(value: Any) -> None:
    described = model(header("X-M", "Text", jsonvalue=True))
    assert json_header(value, "m") == sent_by_botocore(described, {"M": value}).headers["X-M"]


@_many
@given(
    st.dictionaries(st.text("abcABC-", min_size=1, max_size=4), _ASCII, max_size=3).filter(
        lambda given_: len({key.lower() for key in given_}) == len(given_)
    )
)
def test_prefix_headers_are_botocores(value: dict[str, str]) -> None:
    described = model({"M": {"shape": "Map", "location": "headers", "locationName": "x-meta-"}})
    sent = sent_by_botocore(described, {"M": value}).headers
    expected = {name: text for name, text in sent.items() if name.lower().startswith("x-meta-")}
    assert dict(header_list(*expanded("x-meta-", "m", value, str))) == expected


@pytest.mark.parametrize(
    ("shape", "values", "kind"),
    [
        ("Text", _TEXT, str),
        ("Whole", LONGS, int),
        ("Ratio", _FLOATS, float),
        ("Flag", st.booleans(), bool),
        ("Date", NEAR_MOMENTS, datetime),
        ("Epoch", NEAR_MOMENTS, Annotated[datetime, EPOCH]),
        ("Web", NEAR_MOMENTS, Annotated[datetime, HTTP_DATE]),
        ("Texts", st.lists(_TEXT, max_size=3), list[str]),
        ("Wholes", st.lists(LONGS, max_size=3), list[int]),
        ("Ratios", st.lists(_FLOATS, max_size=3), list[float]),
        ("Flags", st.lists(st.booleans(), max_size=3), list[bool]),
        ("Dates", st.lists(NEAR_MOMENTS, max_size=3), list[datetime]),
        ("Map", st.dictionaries(_TEXT, _TEXT, max_size=3), str),
        ("Lists", st.dictionaries(_TEXT, st.lists(_TEXT, max_size=3), max_size=3), list[str]),
    ],
)
@_many
@given(data=st.data())
def test_queries_are_botocores(shape: str, values: st.SearchStrategy[Any], kind: Any, data: st.DataObject) -> None:
    value = data.draw(values)
    described = model({"M": {"shape": shape, "location": "querystring", "locationName": "the m"}})
    is_map = SHAPES[shape]["type"] == "map"
    query = encode_query(*(expanded("", "m", value, kind) if is_map else [("the m", "m", value, kind)]))
    # botocore sends the question mark of an empty query where all that it has are empty lists.
    assert f"https://x/?{query}".rstrip("?") == sent_by_botocore(described, {"M": value}).url.rstrip("?")


@pytest.mark.parametrize(
    ("shape", "values", "kind"),
    [
        ("Text", _LABEL, str),
        ("Whole", LONGS, int),
        ("Ratio", _FLOATS, float),
        ("Flag", st.booleans(), bool),
        ("Date", NEAR_MOMENTS, datetime),
        ("Epoch", NEAR_MOMENTS, Annotated[datetime, EPOCH]),
        ("Web", NEAR_MOMENTS, Annotated[datetime, HTTP_DATE]),
    ],
)
@_many
@given(data=st.data())
def test_labels_are_botocores(shape: str, values: st.SearchStrategy[Any], kind: Any, data: st.DataObject) -> None:
    value = data.draw(values)
    described = model({"M": {"shape": shape, "location": "uri", "locationName": "m"}}, "/a/{m}/b")
    assert f"https://x/a/{quote_label(value, 'm', kind)}/b" == sent_by_botocore(described, {"M": value}).url


@_many
@given(st.lists(_LABEL, min_size=1, max_size=3).map("/".join))
def test_greedy_labels_are_botocores(value: str) -> None:
    described = model({"M": {"shape": "Text", "location": "uri", "locationName": "m"}}, "/a/{m+}")
    try:
        label = quote_label(value, "m", greedy=True)
    except InvalidInput:
        assert {".", ".."} & set(value.split("/"))
        return
    assert f"https://x/a/{label}" == sent_by_botocore(described, {"M": value}).url


PREFIXES = st.sampled_from(["x-meta-", "X-Meta-", "", "x-m"])
META_HEADERS = st.dictionaries(st.text("abc-", max_size=4).map(lambda rest: f"X-Meta-{rest}"), _ASCII, max_size=3)
READERS: Mapping[str, tuple[Any, st.SearchStrategy[str]]] = {
    "Text": (text_header, _ASCII),
    "Whole": (int_header, LONGS.map(str)),
    "Ratio": (float_header, _FLOATS.map(str) | st.sampled_from(["NaN", "Infinity", "-Infinity"])),
    "Flag": (bool_header, st.sampled_from(["true", "false", "True", "FALSE", "yes", "1"])),
    "Date": (timestamp_header, NEAR_MOMENTS.map(lambda moment: http_date(moment))),
    "Stamp": (timestamp_header, NEAR_MOMENTS.map(datetime.isoformat)),
    "Epoch": (timestamp_header, NEAR_MOMENTS.map(epoch_seconds).map(str)),
}


@pytest.mark.parametrize("kind", READERS)
@_many
@given(data=st.data())
def test_response_headers_are_botocores(kind: str, data: st.DataObject) -> None:
    read, values = READERS[kind]
    text = data.draw(values)
    shape = model(header("X-M", kind), output=True).output_shape
    response = {"body": b"", "status_code": 200, "headers": HeadersDict({"x-m": text})}
    assert plain(read(Headers([("x-m", text)]), "X-M")) == plain(create_parser("rest-json").parse(response, shape)["M"])


@_many
@given(DOCUMENTS)
def test_json_response_headers_are_botocores(value: Any) -> None:
    text = json_header([value], "m") or ""
    shape = model(header("X-M", "Text", jsonvalue=True), output=True).output_shape
    response = {"body": b"", "status_code": 200, "headers": HeadersDict({"x-m": text})}
    assert read_json_header(Headers([("x-m", text)]), "X-M") == create_parser("rest-json").parse(response, shape)["M"]


@_many
@given(META_HEADERS, PREFIXES)
def test_prefixed_response_headers_are_botocores(headers: dict[str, str], prefix: str) -> None:
    shape = model({"M": {"shape": "Map", "location": "headers", "locationName": prefix}}, output=True).output_shape
    response = {"body": b"", "status_code": 200, "headers": HeadersDict(headers)}
    expected = create_parser("rest-json").parse(response, shape)["M"]
    assert prefixed_headers(Headers(headers.items()), prefix) == expected
