"""HTTP messages as data: headers, paths, queries, and what is refused before anything is sent."""

from __future__ import annotations

import base64
import copy
import enum
import json
import pickle
import uuid
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from math import inf
from typing import Annotated, Any
from urllib.parse import parse_qsl, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runtime.codec.request_text import (
    encode_query,
    expanded,
    header_list,
    json_header,
    quote_label,
    required,
    special_float,
    token_or_new,
)
from runtime.codec.response_headers import (
    bool_header,
    bool_list_header,
    float_header,
    float_list_header,
    int_header,
    int_list_header,
    list_header,
    prefixed_headers,
    read_json_header,
    text_header,
    timestamp_header,
    timestamp_list_header,
)
from runtime.errors import InvalidInput, InvalidResponse
from runtime.message.http import Headers, HTTPRequest, Request, Response, check_header
from runtime.shapes.structures import EPOCH, HTTP_DATE
from runtime.shapes.timestamps import http_date, read_http_date

from .everything import DOCUMENTS as JSON_VALUES

MOMENT = datetime(2026, 1, 6, 12, 30, 15, tzinfo=UTC)
UNICODE = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


class Mode(str, enum.Enum):  # noqa: UP042 - its str() is its name, which a StrEnum's is not
    FAST = "fast"


class Level(int, enum.Enum):
    HIGH = 3


# Response headers.


def test_headers_are_found_in_any_case_and_kept_in_order() -> None:
    headers = Headers([("X-One", "1"), ("x-two", "2"), ("X-ONE", "3")])
    assert headers.get("x-oNe") == headers["X-One"] == "1, 3"
    assert headers.get("x-three") is None
    assert "X-TWO" in headers
    assert "x-three" not in headers
    assert 1 not in headers
    assert list(headers) == [("X-One", "1"), ("x-two", "2"), ("X-ONE", "3")]
    assert len(headers) == 3
    with pytest.raises(KeyError, match="x-three"):
        headers["x-three"]


def test_headers_compare_and_travel() -> None:
    headers = Headers([("A", ""), ("b", "ü")])
    assert headers["a"] == ""
    for twin in (pickle.loads(pickle.dumps(headers)), copy.deepcopy(headers), Headers(list(headers))):
        assert (twin, hash(twin), repr(twin)) == (headers, hash(headers), "Headers([('A', '***'), ('b', '***')])")
        assert twin.get("B") == "ü"
    assert headers != Headers([("a", ""), ("b", "ü")])
    assert headers != [("A", ""), ("b", "ü")]


def test_a_request_shows_neither_signature_nor_token() -> None:
    headers = [("Host", "h"), ("AUTHORIZATION", "sig"), ("x-amz-security-token", "tok"), ("X-Amz-Sse-Key", "key")]
    request = HTTPRequest("POST", "https", "h.test", 8443, "/label?key=query", headers, b"12345", "PutThing")
    assert repr(request) == (
        "<HTTPRequest PutThing: POST https://h.test:8443 headers=[('Host', 'h'), ('AUTHORIZATION', '***'), "
        "('x-amz-security-token', '***'), ('X-Amz-Sse-Key', '***')] body of 5 bytes>"
    )
    before = Request("POST", "/label", "key=query", headers, b"12345", "prefix.", "https://label", {"Bucket": "label"})
    for shown in (repr(request), str(request.__rich_repr__()), repr(before), str(before.__rich_repr__())):
        assert [each for each in ("'sig'", "'tok'", "'key'", "label", "query", "12345") if each in shown] == []


def test_response_headers_show_no_member() -> None:
    headers = Headers.from_bytes([(b"Content-Type", b"text/csv"), (b"x-amz-meta-pin", b"1234"), (b"Set-Cookie", b"id")])
    assert repr(headers) == "Headers([('Content-Type', 'text/csv'), ('x-amz-meta-pin', '***'), ('Set-Cookie', '***')])"
    assert repr(headers) in repr(Response(200, headers))


def of(value: str) -> Headers:
    return Headers([("x-h", value)])


@pytest.mark.parametrize(
    ("read", "value", "result"),
    [
        (text_header, "  a ", "  a "),
        (list_header, "a, b ,c", ["a", "b", "c"]),
        (int_header, " -12 ", -12),
        (float_header, "1.5", 1.5),
        (float_header, "Infinity", float("inf")),
        (bool_header, "True", True),
        (bool_header, "false", False),
        (timestamp_header, "1767702615", MOMENT),
        (timestamp_header, "1767702615.0", MOMENT),
        (timestamp_header, "2026-01-06T12:30:15Z", MOMENT),
        (timestamp_header, "2026-01-06t12:30:15", MOMENT),
        (timestamp_header, "2026-01-06T14:30:15+02:00", MOMENT),
        (timestamp_header, "Tue, 06 Jan 2026 12:30:15 GMT", MOMENT),
        (timestamp_header, "Tue Jan  6 12:30:15 2026", MOMENT),
    ],
)
def test_response_headers_are_read(read: Callable[[Headers, str], Any], value: str, result: object) -> None:
    assert read(of(value), "X-H") == result
    assert read(Headers(), "X-H") is None


@pytest.mark.parametrize("read", [int_header, float_header, bool_header, timestamp_header])
@given(value=st.text(max_size=20) | st.sampled_from(["", "1e999", "9" * 30, "T", "Tue", "2026-99-99T00:00:00Z"]))
def test_a_response_header_of_another_type_is_an_invalid_response(
    read: Callable[[Headers, str], Any], value: str
) -> None:
    with suppress(InvalidResponse):
        assert read(of(value), "x-h") is not None


@pytest.mark.parametrize("day", range(7))
def test_dates_of_every_day_of_the_week_are_read(day: int) -> None:
    moment = MOMENT + timedelta(days=day)
    text = http_date(moment)
    assert text == format_datetime(moment, usegmt=True)
    assert timestamp_header(of(text), "x-h") == moment


@given(st.text(max_size=40))
def test_what_is_no_http_date_is_a_value_error(text: str) -> None:
    try:
        assert read_http_date(text).tzinfo is not None
    except ValueError:
        pass


def test_headers_with_a_prefix_are_collected() -> None:
    headers = Headers([("X-Meta-One", "1"), ("x-meta-TWO", "2"), ("x-met", "3")])
    assert prefixed_headers(headers, "x-META-") == {"One": "1", "TWO": "2"}
    assert prefixed_headers(Headers([("X-A", "1"), ("X-B", "2"), ("X-A", "3")]), "X-") == {"A": "1, 3", "B": "2"}


DATES = "Tue, 06 Jan 2026 12:30:15 GMT"


@pytest.mark.parametrize(
    ("read", "value", "result"),
    [
        (int_list_header, "1, 2,-3", [1, 2, -3]),
        (float_list_header, "1.5,NaN, -Infinity", [1.5, "NaN", "-Infinity"]),
        (bool_list_header, "true,False , TRUE", [True, False, True]),
        (timestamp_list_header, f"{DATES}, {DATES},{DATES}", [MOMENT] * 3),
        (timestamp_list_header, f'"{DATES}", "{DATES}"', [MOMENT] * 2),
        (timestamp_list_header, "2026-01-06T12:30:15Z, 1767702615", [MOMENT] * 2),
        (timestamp_list_header, "Tuesday, 06-Jan-26 12:30:15 GMT", [MOMENT]),
    ],
)
def test_lists_in_response_headers(read: Callable[[Headers, str], Any], value: str, result: list[Any]) -> None:
    found = read(of(value), "X-H")
    assert [special_float(item) if item != item or item == -inf else item for item in found] == result
    assert read(Headers(), "X-H") is None
    assert read(of(""), "X-H") == []


@pytest.mark.parametrize("read", [int_list_header, float_list_header, timestamp_list_header])
def test_lists_that_cannot_be_read(read: Callable[[Headers, str], Any]) -> None:
    with pytest.raises(InvalidResponse, match=r"the response header X-H has an unreadable value: '1,x'"):
        read(of("1,x"), "X-H")


def test_json_in_a_header_that_cannot_be_read_is_not_shown() -> None:
    with pytest.raises(InvalidResponse, match=r"^the response header X-H must be JSON in base64$"):
        read_json_header(of("c2VjcmV0"), "X-H")


@given(JSON_VALUES.filter(lambda value: value is not None))
def test_json_in_headers(value: Any) -> None:
    text = json_header(value, "context")
    assert text == base64.b64encode(json.dumps(value, separators=(",", ":")).encode()).decode()
    assert read_json_header(of(text), "x-h") == value


def test_json_that_headers_cannot_carry() -> None:
    assert json_header(None, "context") is read_json_header(Headers(), "x") is None
    for value in (float("nan"), object(), {"a": b""}):
        with pytest.raises(InvalidInput, match="context cannot be written as JSON"):
            json_header(value, "context")


# What requests are made of.


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"),
        (True, "true"),
        (False, "false"),
        (12, "12"),
        (10**30, "1" + "0" * 30),
        (1.5, "1.5"),
        (float("nan"), "NaN"),
        (float("inf"), "Infinity"),
        (float("-inf"), "-Infinity"),
        (Mode.FAST, "fast"),
        (Level.HIGH, "3"),
        (MOMENT, "2026-01-06T12:30:15Z"),
        (MOMENT.astimezone(timezone(timedelta(hours=5))), "2026-01-06T12:30:15Z"),
    ],
)
def test_scalars_as_text(value: object, text: str) -> None:
    """Of members whose type is not known."""
    assert header_list(("X-A", "x", value, Any)) == [("X-A", text)]
    assert unquote(quote_label(value, "x", Any)) == text


@pytest.mark.parametrize("value", [b"x", {}, object()])
def test_what_is_no_scalar_is_refused_by_name(value: object) -> None:
    with pytest.raises(InvalidInput, match=r"^thing_name must be a string, a number, a bool or a datetime, not "):
        header_list(("X-A", "thing_name", value, Any))


@given(UNICODE)
def test_labels_are_quoted_so_that_they_stay_one_segment(text: str) -> None:
    if text in (".", ".."):
        with pytest.raises(InvalidInput, match="name must not be or contain the path segment"):
            quote_label(text, "name")
        return
    quoted = quote_label(text, "name")
    assert unquote(quoted) == text
    assert not set(quoted) & set("/?#&= ")
    assert quoted.isascii()


@pytest.mark.parametrize(
    ("value", "quoted"), [("a/b", "a%2Fb"), ("%", "%25"), ("~-_.", "~-_."), ("é", "%C3%A9"), (7, "7"), (True, "true")]
)
def test_labels(value: object, quoted: str) -> None:
    assert quote_label(value, "name", type(value)) == quoted


@pytest.mark.parametrize("value", [None, "", ".", "..", "\ud800", b"x"])
def test_labels_that_would_change_the_path_are_refused(value: object) -> None:
    with pytest.raises(InvalidInput, match=r"^name "):
        quote_label(value, "name")


def test_greedy_labels_keep_their_slashes() -> None:
    assert quote_label("a/b c//d", "key", greedy=True) == "a/b%20c//d"
    for value in ("a/../b", "./a", "a/."):
        with pytest.raises(InvalidInput, match="path segment"):
            quote_label(value, "key", greedy=True)


@given(st.lists(st.tuples(UNICODE, UNICODE), min_size=1, unique_by=lambda pair: pair[0]))
def test_queries_are_quoted(pairs: list[tuple[str, str]]) -> None:
    query = encode_query(*((key, "p", value, str) for key, value in pairs))
    assert parse_qsl(query, keep_blank_values=True, strict_parsing=True) == pairs


def test_query_values() -> None:
    assert encode_query(
        ("a", "p", [1, True, "x y"], Any), ("b", "p", None, str), ("c", "", None, str), ("d", "p", "", str)
    ) == ("a=1&a=true&a=x%20y&c&d=")
    assert encode_query() == ""
    assert encode_query(*expanded("x-", "p", {"k": 1}, int), *expanded("x-", "p", None, str)) == "x-k=1"
    items: list[Any] = [deque([1]), {"k": 1}.keys(), [], range(2)]
    assert encode_query(*((key, key, value, Any) for key, value in zip("abcd", items, strict=True))) == (
        "a=1&b=k&d=0&d=1"
    )
    with pytest.raises(InvalidInput, match="size"):
        encode_query(("s", "size", object(), Any))


def test_maps_give_way_to_parameters() -> None:
    maps = expanded("", "m", {"a": 2, "b": [3, 4], "c": "5"}, Any)
    assert encode_query(("a", "a", 1, int), ("b", "b", None, str), *maps) == "a=1&b=3&b=4&c=5"
    maps = expanded("x-", "m", {"a": "2", "b": "3"}, str)
    assert header_list(("X-A", "a", "1", str), *maps) == [("X-A", "1"), ("x-b", "3")]


def test_required_values() -> None:
    assert required(0, "x") == 0
    with pytest.raises(InvalidInput, match="x is required"):
        required(None, "x")


def test_header_values() -> None:
    assert header_list(
        ("A", "a", "x", str), ("B", "b", None, str), ("C", "c", [1, False], Any), ("D", "d", 2.5, float)
    ) == [
        ("A", "x"),
        ("C", "1,false"),
        ("D", "2.5"),
    ]
    assert header_list(("A", "a", "", str), ("B", "b", "x" * 10**6, str))[1][1] == "x" * 10**6
    assert header_list(*expanded("x-meta-", "meta", {"one": "1"}, str)) == [("x-meta-one", "1")]


@pytest.mark.parametrize(
    ("items", "value"),
    [
        (["a", "b c"], "a,b c"),
        (("a,b", "c"), '"a,b",c'),
        (['say "hi"', "c:\\d"], '"say \\"hi\\"",c:\\d'),
        (['\\"'], '"\\\\\\""'),
        (["Tue, 06 Jan 2026 12:30:15 GMT", "x"], '"Tue, 06 Jan 2026 12:30:15 GMT",x'),
        ([MOMENT], "2026-01-06T12:30:15Z"),
        ([1, True], "1,true"),
        (["", ""], ","),
    ],
)
def test_items_of_header_lists_are_quoted_where_they_must_be(items: list[Any], value: str) -> None:
    assert header_list(("X-List", "items", items, Any)) == [("X-List", value)]


def test_an_empty_list_is_no_header() -> None:
    assert header_list(("X-List", "items", [], list[str])) == []


@given(st.lists(st.text(st.characters(min_codepoint=33, max_codepoint=126)), min_size=1))
def test_header_lists_are_read_as_they_were_written(items: list[str]) -> None:
    ((_, value),) = header_list(("X-List", "items", items, list[str]))
    assert list_header(Headers([("X-List", value)]), "x-list") == items


@pytest.mark.parametrize(
    ("value", "items"),
    [
        ("", [""]),
        ("a,", ["a", ""]),
        (' "a, b" ,c', ["a, b", "c"]),
        ('"a"b, c', ['"a"b', "c"]),
        ('"open, c', ['"open', "c"]),
        ('""', [""]),
    ],
)
def test_header_lists_of_others(value: str, items: list[str]) -> None:
    assert list_header(of(value), "x-h") == items


@pytest.mark.parametrize("character", [chr(code) for code in [*range(9), *range(10, 32), 127]])
@pytest.mark.parametrize("place", ["{}", "{}a", "a{}", "a{}b"])
def test_control_characters_are_refused_in_headers(place: str, character: str) -> None:
    with pytest.raises(InvalidInput, match="custom_attributes must not contain the control character"):
        header_list(("X-Attributes", "custom_attributes", place.format(character), str))


@pytest.mark.parametrize("value", [" a", "a ", "\ta", "a\t", " ", "é", "\u2028", "\x85", "\xa0", "\ud800", "東"])
def test_what_http_would_change_is_refused_in_headers(value: str) -> None:
    with pytest.raises(InvalidInput, match=r"^accept must"):
        header_list(("Accept", "accept", value, str))


@pytest.mark.parametrize("name", ["", " ", "a b", "a:", "a\r\nb", "é", "a\x00", None, 1, b"x"])
def test_header_names_are_tokens(name: object) -> None:
    with pytest.raises(InvalidInput, match="is not an HTTP header name"):
        check_header(name, "x", "extra")


@pytest.mark.parametrize("value", [None, 1, b"x", ["a"]])
def test_header_values_are_strings_by_now(value: object) -> None:
    with pytest.raises(InvalidInput, match="extra must be a string"):
        check_header("X-A", value, "extra")


@given(st.text(max_size=20))
def test_an_accepted_header_is_printable_ascii(value: str) -> None:
    try:
        check_header("X-A", value, "x")
    except InvalidInput:
        return
    assert value.encode("ascii").decode() == value == value.strip()
    assert all(character == "\t" or " " <= character <= "~" for character in value)


TIMES: list[Any] = [datetime, Annotated[datetime, HTTP_DATE], Annotated[datetime, EPOCH]]


@pytest.mark.parametrize("kind", TIMES)
def test_times_need_a_zone(kind: Any) -> None:
    for write in (encode_query, header_list):
        with pytest.raises(InvalidInput, match=r"^until must be a timezone-aware datetime"):
            write(("until", "until", MOMENT.replace(tzinfo=None), kind))


@pytest.mark.parametrize("kind", TIMES)
def test_dates_are_datetimes(kind: Any) -> None:
    for write in (encode_query, header_list):
        with pytest.raises(InvalidInput, match=r"^until must be a datetime, not str$"):
            write(("until", "until", "2026-01-06", kind))


def test_idempotency_tokens() -> None:
    assert token_or_new("mine") == "mine"
    assert token_or_new("") == ""
    assert uuid.UUID(token_or_new(None)).version == 4
    assert token_or_new(None) != token_or_new(None)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (MOMENT, "1767702615"),
        (MOMENT + timedelta(microseconds=250000), "1767702615.25"),
        (datetime(1969, 12, 31, tzinfo=UTC), "-86400"),
    ],
)
def test_epoch_seconds(moment: datetime, text: str) -> None:
    assert encode_query(("t", "t", moment, Annotated[datetime, EPOCH])) == f"t={text}"


def test_the_repr_of_an_operations_request_hides_what_was_passed() -> None:
    request = Request(
        "PUT", "/hush", "token=hush", [("X-Key", "hush")], b"hush", "hush.", "https://hush", {"A": "hush"}
    )
    assert repr(request) == "<Request PUT headers=[('X-Key', '***')]>"
    assert request.__rich_repr__() == [("method", "PUT"), ("headers", [("X-Key", "***")])]
