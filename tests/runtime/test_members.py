"""What callers give, written as botocore writes it, and what is refused, with the place and the reason."""

from __future__ import annotations

import array
import enum
import json
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from math import inf, nan
from time import process_time
from timeit import repeat
from types import MappingProxyType
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from runtime.codec.body import JSON, encode_body, json_payload
from runtime.errors import InvalidInput
from runtime.shapes.members import Members, write_value
from runtime.shapes.structures import Structure, Union, UnknownMember

from .everything import (
    MEMBERS,
    MOMENTS,
    Choice,
    Thing,
    botocore_request,
    on_the_wire,
    operation,
    plain,
    things,
    typed,
)

MOMENT = datetime(2026, 1, 6, 12, 30, 15, tzinfo=UTC)
MODEL = operation("rest-json")
_many = settings(deadline=None)


class Attribute(Union, kw_only=True):
    """DynamoDB's AttributeValue: it reaches nothing but what JSON has."""

    s: str | None = msgspec.field(name="S", default=None)
    n: str | None = msgspec.field(name="N", default=None)
    b: bytes | None = msgspec.field(name="B", default=None)
    m: dict[str, Attribute] | None = msgspec.field(name="M", default=None)
    l: list[Attribute] | None = msgspec.field(name="L", default=None)  # noqa: E741 - as generated code has it
    bool_: bool | None = msgspec.field(name="BOOL", default=None)


class Tag(Structure, kw_only=True):
    """A structure with required members."""

    key: str = msgspec.field(name="Key")
    value: str = msgspec.field(name="Value")


class Word(enum.StrEnum):
    """A string enumeration."""

    FIRST = "first"


class Grade(str, enum.Enum):  # noqa: UP042 - its str() is its name, which is what matters here
    """A string enumeration of the older sort."""

    GOOD = "good"


class Level(enum.IntEnum):
    """An integer enumeration."""

    HIGH = 3


class Numpyish:
    """A number that is no int, as NumPy's are."""

    def __index__(self) -> int:
        return 7


class Floatish:
    """A number that is no float, as NumPy's float32 is."""

    def __float__(self) -> float:
        return 1.5


class Text(str):
    """A text of its own class."""


ITEM = Members({"Item": dict[str, Attribute], "Tags": list[Tag], "Thing": Thing, "Free": Any})


def body(values: Mapping[str, Any], members: Members = ITEM) -> Any:
    return json.loads(encode_body(members, values))


# The oracle


@_many
@given(things(MOMENTS))
def test_bodies_are_botocores(values: dict[str, Any]) -> None:
    expected = json.loads(botocore_request(MODEL, values)["body"])
    assert plain(json.loads(encode_body(MEMBERS, on_the_wire(values)))) == expected


@_many
@given(things())
def test_structures_and_mappings_are_written_alike(values: dict[str, Any]) -> None:
    mapping = encode_body(MEMBERS, {"Inner": on_the_wire(values)})
    assert json.loads(encode_body(MEMBERS, {"Inner": typed(Thing, values)})) == json.loads(mapping)
    assert json.loads(json_payload(Thing, typed(Thing, values))) == json.loads(mapping)["Inner"]


@given(
    st.recursive(
        st.text().map(lambda text: Attribute(s=text)),
        lambda inner: (
            st.lists(inner).map(lambda items: Attribute(l=items))
            | st.dictionaries(st.text(), inner).map(lambda items: Attribute(m=items))
        ),
    )
)
@_many
def test_what_goes_to_the_encoder_as_it_is_equals_what_is_written_here(value: Attribute) -> None:
    passed = encode_body(ITEM, {"Item": {"k": value}})
    assert json.loads(passed) == {"Item": {"k": write_value(Attribute, value, JSON.checked, "value")}}


# What values may be


def test_many_kinds_of_collections_are_lists() -> None:
    texts = Members({"Texts": list[str], "Whole": list[int]})
    for given_ in (["a"], ("a",), {"a"}, frozenset("a"), deque("a"), {"a": 1}.keys(), {1: "a"}.values()):
        assert body({"Texts": given_}, texts) == {"Texts": ["a"]}
    assert body({"Whole": array.array("i", [1, 2])}, texts) == {"Whole": [1, 2]}
    assert body({"Whole": range(3)}, texts) == {"Whole": [0, 1, 2]}


def test_many_kinds_of_mappings_are_maps_and_structures() -> None:
    for mapping in (dict, OrderedDict, MappingProxyType):
        item = mapping({"pk": mapping({"S": "x"})})
        assert body({"Item": item}) == {"Item": {"pk": {"S": "x"}}}
    assert body({"Item": {Word.FIRST: {"S": Grade.GOOD}}}) == {"Item": {"first": {"S": "good"}}}


def test_scalars_of_other_classes() -> None:
    members = Members(
        {"Text": str, "Texts": list[str], "Whole": int, "Ratio": float, "Ratios": list[float], "Data": bytes}
    )
    assert body(
        {"Text": Text("t"), "Texts": [Word.FIRST, Grade.GOOD, Text("x")], "Whole": Numpyish(), "Ratio": Decimal("0.5")},
        members,
    ) == {"Text": "t", "Texts": ["first", "good", "x"], "Whole": 7, "Ratio": 0.5}
    assert body(
        {"Whole": Level.HIGH, "Ratios": [1, Floatish(), Fraction(1, 4), nan, -inf, Decimal("NaN")]}, members
    ) == {
        "Whole": 3,
        "Ratios": [1, 1.5, 0.25, "NaN", "-Infinity", "NaN"],
    }
    assert (
        body({"Data": bytearray(b"ab")}, members)
        == body({"Data": memoryview(b"-a-b")[1::2]}, members)
        == {"Data": "YWI="}
    )


def test_typed_structures_take_what_the_encoder_does_not() -> None:
    value: Any = {"pk": Attribute(s=Text("x")), "sk": Attribute(m={"a": Attribute(s=Grade.GOOD)})}
    assert body({"Item": value}) == {"Item": {"pk": {"S": "x"}, "sk": {"M": {"a": {"S": "good"}}}}}
    mixed: Any = {"pk": Attribute(l=[{"S": Text("x")}])}
    assert body({"Item": mixed}) == {"Item": {"pk": {"L": [{"S": "x"}]}}}


def test_subclasses_of_structures_are_structures() -> None:
    class Mine(Tag, kw_only=True):
        note: str = "not sent"

    assert body({"Tags": [Mine(key="k", value="v")]}) == {"Tags": [{"Key": "k", "Value": "v"}]}


def test_none_is_left_out_of_structures() -> None:
    assert body({"Item": None, "Tags": [{"Key": "k", "Value": "v"}], "Free": None}) == {
        "Tags": [{"Key": "k", "Value": "v"}]
    }
    assert body({"Item": {"pk": {"S": "x", "N": None}}}) == {"Item": {"pk": {"S": "x"}}}
    assert body({"Thing": Thing(id="i", whole=None)}) == {"Thing": {"Id": "i"}}


def test_nulls_stay_where_they_may_be() -> None:
    sparse = Members({"List": list[str | None], "Map": dict[str, Thing | None]})
    assert body({"List": ["a", None], "Map": {"k": None, "l": {"Id": "i"}}}, sparse) == {
        "List": ["a", None],
        "Map": {"k": None, "l": {"Id": "i"}},
    }


def test_documents_hold_any_json() -> None:
    free = {"a": [None, True, 1, 0.5, "x", (Word.FIRST, Numpyish(), Floatish())], "t": Tag(key="k", value="v")}
    assert body({"Free": free}) == {
        "Free": {"a": [None, True, 1, 0.5, "x", ["first", 7, 1.5]], "t": {"Key": "k", "Value": "v"}}
    }
    assert json_payload(Any, {"big": 2**80}) == b'{"big":1208925819614629174706176}'
    assert json_payload(Thing, None) == json_payload(Any, None) == b"{}"


def test_timestamps_are_told_by_their_types() -> None:
    later = MOMENT + timedelta(microseconds=250)
    assert body({"Thing": Thing(id="", when=later, stamp=later, web=later, times=[MOMENT])}) == {
        "Thing": {
            "Id": "",
            "When": 1767702615.00025,
            "Stamp": "2026-01-06T12:30:15.000250Z",
            "Web": "Tue, 06 Jan 2026 12:30:15 GMT",
            "Times": ["2026-01-06T12:30:15Z"],
        }
    }


# What is refused


def wrong(cls: Any, **members: Any) -> Any:
    """A structure with members that its annotations do not allow."""
    return cls(**members)


LOOP: dict[str, Any] = {}
LOOP["M"] = {"again": LOOP}
TYPED_LOOP = Attribute(m={})
TYPED_LOOP.m = {"again": TYPED_LOOP, "and again": TYPED_LOOP}


class Once:
    """A mapping that is none."""

    def __iter__(self) -> Iterator[str]:
        return iter(())


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"Item": {"pk": {"S": 5}}}, "Item['pk'].S must be a string, not int: convert it first, as with str()"),
        ({"Item": {"pk": {"N": 30.4}}}, "Item['pk'].N must be a string, not float: convert it first"),
        ({"Item": {"pk": {"N": Decimal("30.4")}}}, "Item['pk'].N must be a string, not Decimal: convert it first"),
        ({"Item": {"pk": {"S": True}}}, "Item['pk'].S must be a string, not bool"),
        (
            {"Item": {"pk": {"S": b"x"}}},
            "Item['pk'].S must be a string, not bytes: decode it first, for instance as value.decode()",
        ),
        # Structures that only hold what JSON has are checked too, however deep they are.
        ({"Item": {"pk": wrong(Attribute, n=5)}}, "Item['pk'].N must be a string, not int: convert it first"),
        ({"Item": {"pk": wrong(Attribute, n=Decimal(5))}}, "Item['pk'].N must be a string, not Decimal"),
        ({"Item": {"pk": wrong(Attribute, s=b"x")}}, "Item['pk'].S must be a string, not bytes"),
        ({"Item": {"pk": wrong(Attribute, b="x")}}, "Item['pk'].B must be bytes, not str"),
        ({"Item": {"pk": wrong(Attribute, bool_=1)}}, "Item['pk'].BOOL must be True or False, not int"),
        (
            {"Item": {"a": Attribute(s="x"), "pk": Attribute(m={"a": Attribute(l=[wrong(Attribute, n=5)])})}},
            "Item['pk'].M['a'].L[0].N must be a string, not int",
        ),
        (
            {"Item": {"pk": Attribute(l=[Attribute(s="x"), Attribute()])}},
            "Item['pk'].L[1] must have exactly one member set, not none",
        ),
        (
            {"Item": {"pk": Attribute(m={"a": Attribute(s="x", n="1")})}},
            "Item['pk'].M['a'] must have exactly one member set, not S and N",
        ),
        ({"Item": {"pk": wrong(Attribute, m={1: Attribute(s="x")})}}, "Item['pk'].M[1] must be a string, not int"),
        ({"Tags": [Tag(key="k", value="v"), wrong(Tag, key="k", value=1)]}, "Tags[1].Value must be a string, not int"),
        ({"Tags": [wrong(Tag, key="k", value=None)]}, "Tags[0] lacks its required member 'Value'"),
        (
            {"Item": {"pk": Attribute().with_unknown_member(UnknownMember(name="VEC", value=[1]))}},
            "Item['pk'] holds the member 'VEC', which this client does not know",
        ),
        ({"Item": {"pk": {"VEC": [1]}}}, "Item['pk'].VEC is no member of Attribute"),
        (
            {"Item": {"pk": {"B": "x"}}},
            "Item['pk'].B must be bytes, not str: encode it first, for instance as text.encode()",
        ),
        ({"Item": {"pk": {"BOOL": 1}}}, "Item['pk'].BOOL must be True or False, not int"),
        ({"Item": {"pk": {"s": "x"}}}, "Item['pk'].s is no member of Attribute: did you mean 'S'?"),
        ({"Item": {"pk": {"bool_": None}}}, "Item['pk'].bool_ is no member of Attribute: did you mean 'BOOL'?"),
        ({"Item": {"pk": {1: "x"}}}, "Item['pk'].1 is no member of Attribute; it has B, BOOL, L, M, N and S"),
        ({"Item": {"pk": {}}}, "Item['pk'] must have exactly one member set, not none"),
        ({"Item": {"pk": {"S": "x", "N": "1"}}}, "Item['pk'] must have exactly one member set, not S and N"),
        (
            {"Item": {"pk": {"M": {"a": {"L": [{"S": "x"}, {"S": None}]}}}}},
            "Item['pk'].M['a'].L[1] must have exactly one",
        ),
        ({"Item": {"pk": Attribute()}}, "Item['pk'] must have exactly one member set, not none"),
        ({"Item": {"pk": Attribute(s="x", n="1")}}, "Item['pk'] must have exactly one member set, not S and N"),
        ({"Item": {"pk": Attribute(s="\ud800")}}, "Item['pk'].S cannot be encoded as UTF-8: surrogates not allowed"),
        (
            {"Item": {"pk": Attribute(m={"a": object()})}},
            "Item['pk'].M['a'] must be Attribute or a mapping of its members",
        ),
        ({"Item": {"pk": None}}, "Item['pk'] must be Attribute or a mapping of its members, not None"),
        ({"Item": {"pk": "x"}}, "Item['pk'] must be Attribute or a mapping of its members, not str"),
        (
            {"Item": {"pk": Tag(key="a", value="b")}},
            "Item['pk'] must be Attribute or a mapping of its members, not Tag",
        ),
        ({"Item": {7: {"S": "x"}}}, "Item[7] must be a string, not int"),
        ({"Item": [("pk", {"S": "x"})]}, "Item must be a mapping, not list"),
        ({"Item": Once()}, "Item must be a mapping, not Once"),
        ({"Tags": [{"Key": "k", "Value": "v"}, {"Key": "k"}]}, "Tags[1] lacks its required member 'Value'"),
        ({"Tags": [{"Key": None, "Value": "v"}]}, "Tags[0] lacks its required member 'Key'"),
        (
            {"Tags": [{"Key": "k", "Value": "v", "Valeu": "v"}]},
            "Tags[0].Valeu is no member of Tag: did you mean 'Value'?",
        ),
        ({"Tags": {"Key": "k"}}, "Tags must be a list, not dict"),
        ({"Tags": "Key"}, "Tags must be a list, not str"),
        ({"Tags": b"Key"}, "Tags must be a list, not bytes"),
        ({"Tags": [None]}, "Tags[0] must be Tag or a mapping of its members, not None"),
        ({"Tags": iter([{"Key": "k", "Value": "v"}])}, "Tags must be a list, not list_iterator"),
        ({"Thing": {}}, "Thing lacks its required member 'Id'"),
        ({"Thing": Thing(id="", whole=True)}, "Thing.Whole must be an integer, not bool"),
        ({"Thing": {"Id": "", "Whole": 1.0}}, "Thing.Whole must be an integer, not float"),
        ({"Thing": {"Id": "", "Whole": "1"}}, "Thing.Whole must be an integer, not str"),
        ({"Thing": {"Id": "", "Ratio": "1"}}, "Thing.Ratio must be a number, not str"),
        ({"Thing": {"Id": "", "Ratio": True}}, "Thing.Ratio must be a number, not bool"),
        ({"Thing": {"Id": "", "Ratios": [0.5, None]}}, "Thing.Ratios[1] must be a number, not None"),
        ({"Thing": {"Id": "", "Ratio": Decimal("sNaN")}}, "Thing.Ratio is not a number that can be sent"),
        ({"Thing": {"Id": "", "Texts": ["a", None]}}, "Thing.Texts[1] must be a string, not None"),
        ({"Thing": {"Id": "", "Table": {"a": None}}}, "Thing.Table['a'] must be an integer, not None"),
        ({"Thing": {"Id": "", "When": 1767702615}}, "Thing.When must be a datetime, not int"),
        ({"Thing": {"Id": "", "When": "2026-01-06"}}, "Thing.When must be a datetime, not str"),
        ({"Thing": {"Id": "", "When": date(2026, 1, 6)}}, "Thing.When must be a datetime, not date"),
        (
            {"Thing": {"Id": "", "Times": [MOMENT.replace(tzinfo=None)]}},
            "Thing.Times[0] must be a timezone-aware datetime, for instance datetime.now(UTC)",
        ),
        ({"Free": {"a": [MOMENT]}}, "Free['a'][0] must be a JSON value, not datetime: convert it first"),
        ({"Free": {"a": [b"x"]}}, "Free['a'][0] must be a JSON value, not bytes: convert it first"),
        ({"Free": [nan]}, "Free[0] must be finite, as JSON has no nan"),
        ({"Free": {1: 2}}, "Free[1] must be a string, not int"),
        ({"Free": {"a": "\udfff"}}, "Free['a'] cannot be encoded as UTF-8: surrogates not allowed"),
        ({"Item": {"pk": LOOP}}, "the input is nested too deeply, or holds itself"),
        ({"Item": {"pk": TYPED_LOOP}}, "the input is nested too deeply, or holds itself"),
        ({"Items": {}}, "Items is no member of the input: did you mean 'Item'?"),
    ],
)
def test_what_does_not_fit_is_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        encode_body(ITEM, values)
    assert str(refused.value).startswith(message)


def test_payloads_say_that_they_are_payloads() -> None:
    with pytest.raises(InvalidInput, match=r"^the payload\.Whole must be an integer, not str$"):
        json_payload(Thing, {"Id": "", "Whole": "1"})
    with pytest.raises(InvalidInput, match=r"^the payload must be Thing or a mapping of its members, not int$"):
        json_payload(Thing, 5)


def test_a_type_that_no_client_has_is_an_error_of_the_client() -> None:
    with pytest.raises(RuntimeError, match="no member of a request can be"):
        encode_body(Members({"A": complex}), {"A": 1j})


def test_refusals_do_not_change_what_was_given() -> None:
    given_ = {"Tags": [{"Key": "k"}], "Free": {"a": [1]}}
    with pytest.raises(InvalidInput):
        encode_body(ITEM, given_)
    assert given_ == {"Tags": [{"Key": "k"}], "Free": {"a": [1]}}


# Speed


def test_a_typed_item_costs_little_more_than_msgspec_takes() -> None:
    def inner() -> dict[str, Attribute]:
        return {
            "name": Attribute(s="x" * 20),
            "count": Attribute(n="12"),
            "list": Attribute(l=[Attribute(s="y" * 20) for _ in range(3)]),
        }

    item = {f"attribute{index}": Attribute(m=inner()) for index in range(150)}
    raw = msgspec.json.encode({"Item": item})
    assert 25_000 < len(raw) < 40_000
    assert encode_body(ITEM, {"Item": item}) == raw
    mapping = json.loads(raw)

    def cpu(work: Callable[[], object]) -> float:
        return min(repeat(work, number=20, repeat=10, timer=process_time))

    expected = cpu(lambda: msgspec.json.encode({"Item": item}))
    assert cpu(lambda: encode_body(ITEM, {"Item": item})) < 20 * expected
    # Mappings are looked at member by member: dearer, but far from what botocore takes for the same.
    assert cpu(lambda: encode_body(ITEM, mapping)) < 60 * expected


def test_unions_are_known_by_their_base() -> None:
    assert body({"Thing": {"Id": "", "Choice": Choice(thing=Thing(id="x"))}}) == {
        "Thing": {"Id": "", "Choice": {"Thing": {"Id": "x"}}}
    }
