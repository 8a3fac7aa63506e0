"""What services send, well-formed and not, read as botocore reads it."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from math import isnan, nan
from typing import Any

import msgspec
import pytest
from botocore.utils import parse_timestamp
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from runtime.codec.body import decode_body, encode_body
from runtime.errors import InvalidResponse
from runtime.message.http import Headers, Response
from runtime.shapes import lenient
from runtime.shapes.structures import Output, UnknownMember
from runtime.shapes.timestamps import date_time, epoch_seconds, http_date, read_timestamp

from .everything import (
    DOCUMENTS,
    FINITE,
    MEMBERS,
    MOMENTS,
    NEAR_MOMENTS,
    TEXT,
    Choice,
    Thing,
    ThingOutput,
    botocore_parsed,
    on_the_wire,
    operation,
    plain,
    things,
)

MODEL = operation("rest-json")
_many = settings(deadline=None)
MOMENT = datetime(2026, 1, 6, 12, 30, 15, tzinfo=UTC)


class Strict(msgspec.Struct):
    """A structure whose member has no stand-in."""

    name: str


class Holder(Output):
    """An output that holds it."""

    strict: Strict | None = None


def read(body: bytes) -> ThingOutput:
    return decode_body(Response(200, Headers(), body), ThingOutput)


def as_botocore(body: bytes) -> Any:
    """Return what botocore reads, with the nulls in lists left out, as they are here."""
    parsed = botocore_parsed(MODEL, body)
    del parsed["ResponseMetadata"]
    return on_the_wire(without_nulls(plain(parsed)))


def without_nulls(value: Any, at: str = "") -> Any:
    if isinstance(value, dict) and at != "Free":
        kept = {key: without_nulls(item, key) for key, item in value.items() if item is not None}
        return {key: {} if item == {"SDK_UNKNOWN_MEMBER": {"name": "New"}} else item for key, item in kept.items()}
    return (
        [without_nulls(item) for item in value if item is not None]
        if isinstance(value, list) and at != "Free"
        else value
    )


def with_id(read_: Any) -> Any:
    """Leave out the ids that stand in for missing ones."""
    if isinstance(read_, dict):
        return {key: with_id(item) for key, item in read_.items() if (key, item) != ("Id", "")}
    return [with_id(item) for item in read_] if isinstance(read_, list) else read_


# The oracle


@_many
@given(things(NEAR_MOMENTS))
def test_what_is_sent_is_read_back_as_botocore_reads_it(values: dict[str, Any]) -> None:
    body = encode_body(MEMBERS, on_the_wire(values))
    assert with_id(plain(read(body))) == with_id(as_botocore(body))


TIMES = st.one_of(
    MOMENTS.map(date_time),
    MOMENTS.map(lambda moment: moment.isoformat()),
    MOMENTS.map(lambda moment: moment.isoformat(" ")),
    MOMENTS.map(lambda moment: moment.replace(tzinfo=None).isoformat()),
    MOMENTS.map(lambda moment: moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "789Z"),
    MOMENTS.map(lambda moment: moment.strftime("%Y%m%dT%H%M%S%z")),
    MOMENTS.map(lambda moment: moment.date().isoformat()),
    MOMENTS.map(lambda moment: moment.strftime("%Y-%m-%dT%H:%MZ")),
    MOMENTS.map(lambda moment: moment.replace(tzinfo=None).isoformat().lower() + "z"),
    NEAR_MOMENTS.map(http_date),
    NEAR_MOMENTS.map(lambda moment: format_datetime(moment)),
    NEAR_MOMENTS.map(lambda moment: http_date(moment).replace(" GMT", ".456 GMT")),
    NEAR_MOMENTS.map(lambda moment: moment.astimezone(UTC).strftime("%a %b %d %H:%M:%S %Y")),
    NEAR_MOMENTS.map(lambda moment: moment.astimezone(UTC).strftime("%b %d, %Y %I:%M:%S %p")),
    NEAR_MOMENTS.map(lambda moment: moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")),
    NEAR_MOMENTS.map(lambda moment: moment.strftime("%Y-%m-%d %H:%M:%S %z")),
    NEAR_MOMENTS.map(lambda moment: str(epoch_seconds(moment))),
    NEAR_MOMENTS.map(epoch_seconds),
    st.floats(-(10**9), 4 * 10**9),
    st.integers(-(10**9), 4 * 10**9).map(str),
    st.floats(-(10**9), 4 * 10**9).map(repr),
)
ODD: Mapping[str, st.SearchStrategy[Any]] = {
    "Id": TEXT,
    "Whole": st.integers().map(str)
    | st.integers(-(2**70), 2**70)
    | st.floats(-1e9, 1e9)
    | st.integers(-9, 9).map(float),
    "Ratio": st.sampled_from(["NaN", "Infinity", "-Infinity", "nan", "inf", "1e3", "-0", " 7 "]) | FINITE.map(repr),
    "Flag": st.sampled_from(["true", "false", "True", "FALSE", "no"]),
    "Data": st.binary(max_size=9).map(lambda data: base64.encodebytes(data).decode()),
    "When": TIMES,
    "Stamp": TIMES,
    "Web": TIMES,
    "Texts": st.lists(TEXT | st.none(), max_size=3),
    "Ratios": st.lists(FINITE | st.sampled_from(["NaN", None, 1]), max_size=3),
    "Times": st.lists(TIMES | st.none(), max_size=3),
    "Table": st.dictionaries(TEXT, st.none() | st.integers(-9, 9) | st.integers().map(str), max_size=3),
    "wire-name": TEXT,
    "Renamed": TEXT,
    "Free": DOCUMENTS,
    "Choice": st.sampled_from(
        [{"Text": "x"}, {"New": 1}, {"__type": "Choice", "Whole": 1}, {"Text": "x", "Whole": None}]
    ),
    "__type": st.just("com.things#Thing"),
    "New": DOCUMENTS,
}
ILL_FORMED = st.fixed_dictionaries({}, optional={name: st.none() | drawn for name, drawn in ODD.items()})
ILL_FORMED_TREES = st.fixed_dictionaries(
    {},
    optional={
        **{name: st.none() | drawn for name, drawn in ODD.items()},
        "Inner": ILL_FORMED,
        "Inners": st.lists(st.none() | ILL_FORMED, max_size=2),
        "Named": st.dictionaries(TEXT, st.none() | ILL_FORMED, max_size=2),
    },
)


@_many
@given(ILL_FORMED_TREES, st.sampled_from([None, 0, 2]))
def test_what_is_ill_formed_is_read_as_botocore_reads_it(document: dict[str, Any], indent: int | None) -> None:
    body = json.dumps(document, indent=indent).encode()
    expected = as_botocore(json.dumps(without_nulls(document)).encode())
    assert with_id(plain(read(body))) == with_id(expected)


@settings(deadline=None, max_examples=examples(500))
@given(TIMES)
def test_timestamps_are_read_as_botocore_reads_them(text: Any) -> None:
    expected = plain(parse_timestamp(text))
    for body in (json.dumps({"When": text}), json.dumps({"Stamp": text}), json.dumps({"Web": text})):
        found = [*plain(read(body.encode())).values()][-1]
        # Half a microsecond goes to either side: msgspec does not round to even, as Python does.
        assert abs(found - expected) <= timedelta(microseconds=1 if isinstance(text, float) else 0)
        assert found.tzinfo is not None


# In detail


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("Tue, 06 Jan 2026 12:30:15 GMT", MOMENT),
        ("Tue, 06 Jan 2026 12:30:15.456 GMT", MOMENT + timedelta(milliseconds=456)),
        ("Tue, 6 Jan 2026 12:30:15 +0000", MOMENT),
        ("Tuesday, 06-Jan-26 12:30:15 GMT", MOMENT),
        ("Tue Jan  6 12:30:15 2026", MOMENT),
        ("Jan 6, 2026 12:30:15 PM", MOMENT),
        ("Jan 6, 2026 12:30:15 AM", MOMENT - timedelta(hours=12)),
        ("2026-01-06T12:30:15", MOMENT),
        ("2026-01-06T13:30:15+01:00", MOMENT),
        ("2026-01-06T11:30:15-01", MOMENT),
        ("2026-01-06T18:00:15+0530", MOMENT),
        ("2026-01-06t12:30:15z", MOMENT),
        ("2026-01-06 12:30:15 UTC", MOMENT),
        ("20260106T123015Z", MOMENT),
        ("2026-01-06T12:30Z", MOMENT.replace(second=0)),
        ("2026-01-06", MOMENT.replace(hour=0, minute=0, second=0)),
        ("2026-01-06T12:30:15.999999999Z", MOMENT.replace(microsecond=999999)),
        ("1767702615", MOMENT),
        ("1767702615.5", MOMENT + timedelta(milliseconds=500)),
        (1767702615.5, MOMENT + timedelta(milliseconds=500)),
        (MOMENT.replace(tzinfo=None), MOMENT),
    ],
)
def test_timestamps_in_every_format(text: Any, moment: datetime) -> None:
    found = read_timestamp(text)
    assert (found, found.tzinfo is not None) == (moment, True)


@pytest.mark.parametrize(
    "value", ["", "soon", "2026-13-01", "12:61", nan, 1e300, "1e300", 10**30, True, None, [], "NaN"]
)
def test_what_is_no_timestamp_is_a_value_error(value: object) -> None:
    with pytest.raises(ValueError, match=r"timestamp|date|range|NaN|convert"):
        read_timestamp(value)


def test_scalars_stand_in_for_one_another() -> None:
    scalars = b'"Id": 7, "Whole": "8", "Ratio": "1e2", "Flag": "TRUE"'
    found = read(b'{%s, "Texts": [1.5, true, "x"], "Table": {"a": 2.0, "b": true}}' % scalars)
    assert (found.id, found.whole, found.ratio, found.flag) == ("7", 8, 100.0, True)
    assert (found.texts, found.table) == (["1.5", "true", "x"], {"a": 2, "b": 1})


def test_base64_without_padding_is_read() -> None:
    for text in ("YWI", "YWI=", "YW\\nI=", "YWI=="):
        assert read(f'{{"Data": "{text}"}}'.encode()).data == b"ab"


def test_numbers_that_json_does_not_have_are_read() -> None:
    found = read(b'{"Ratios": [NaN, Infinity, 1e400], "Free": [NaN]}')
    assert found.ratios is not None
    assert isnan(found.ratios[0])
    assert found.ratios[1:] == [float("inf"), float("inf")]


def test_missing_and_unknown_members() -> None:
    for body in (
        b"",
        b" \r\n",
        b"null",
        b"{}",
        b'{"__type": "Thing", "New": {"a": [null]}}',
        b'{"Id": null, "Whole": null}',
    ):
        assert read(body) == ThingOutput()
    assert read(b'{"Inner": {}, "Choice": {"New": 1}}') == ThingOutput(
        inner=Thing(), choice=Choice().with_unknown_member(UnknownMember(name="New", value=1))
    )


def test_a_shape_without_stand_ins_must_be_complete() -> None:
    assert decode_body(Response(200, Headers(), b'{"strict": {"name": 7}}'), Holder) == Holder(strict=Strict("7"))
    with pytest.raises(InvalidResponse, match=r"expected the required members of Strict, got dict at `\$\.strict`"):
        decode_body(Response(200, Headers(), b'{"strict": {}}'), Holder)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"[]", "expected an object, got list at `$`"),
        (b'"text"', "expected an object, got str at `$`"),
        (b'{"Inner": [1]}', "expected an object, got list at `$.Inner`"),
        (b'{"Inners": [{}, {"Texts": "abc"}]}', "expected an array, got str at `$.Inners[1].Texts`"),
        (b'{"Table": [["a", 1]]}', "expected an object, got list at `$.Table`"),
        (b'{"Table": {"a": "many"}}', "expected an integer, got str at `$.Table['a']`"),
        (b'{"Whole": NaN}', "expected an integer, got float at `$.Whole`"),
        (b'{"Whole": {}}', "expected an integer, got dict at `$.Whole`"),
        (b'{"Ratio": "many"}', "expected a number, got str at `$.Ratio`"),
        (b'{"Ratio": []}', "expected a number, got list at `$.Ratio`"),
        (b'{"Flag": []}', "expected a boolean, got list at `$.Flag`"),
        (b'{"Data": 7}', "expected base64, got int at `$.Data`"),
        (b'{"Data": "a"}', "expected base64, got str at `$.Data`"),
        (b'{"Id": []}', "expected text, got list at `$.Id`"),
        (b'{"Named": {"x": {"When": "soon"}}}', "expected a timestamp, got str at `$.Named['x'].When`"),
        (b"{", "Expecting property name"),
        (b"\xff", "'utf-8' codec can't decode"),
        (b'{"Inner":' * 100_000, "nested too deeply"),
    ],
)
def test_what_cannot_be_made_to_fit_says_where(body: bytes, message: str) -> None:
    with pytest.raises(InvalidResponse) as error:
        read(body)
    assert str(error.value).startswith("the response body cannot be read: ")
    assert message in str(error.value)


def test_deep_documents_do_not_break_the_reader() -> None:
    deep = '{"Inner":' * 5_000 + '{"Id": null}' + "}" * 5_000
    with pytest.raises(InvalidResponse, match="nested too deeply"):
        read(deep.encode())


def test_what_was_decoded_is_not_changed() -> None:
    document = {"Texts": ["a", None], "Table": {"a": "1"}, "Inner": {"Whole": "2"}}
    before = deepcopy(document)
    assert lenient.read(document, ThingOutput).texts == ["a"]
    assert document == before


def test_well_formed_bodies_cost_what_msgspec_takes() -> None:
    from time import process_time
    from timeit import repeat

    thing = {"Id": "x" * 20, "Whole": 7, "Ratio": 0.5, "When": 1767702615.5, "Texts": ["a", "b"], "Table": {"a": 1}}
    body = json.dumps({"Inners": [thing] * 200}).encode()
    response = Response(200, Headers(), body)
    decoder = msgspec.json.Decoder(ThingOutput, strict=False)
    expected = min(repeat(lambda: decoder.decode(body), number=10, repeat=10, timer=process_time))
    found = min(repeat(lambda: decode_body(response, ThingOutput), number=10, repeat=10, timer=process_time))
    assert found < 2 * expected
