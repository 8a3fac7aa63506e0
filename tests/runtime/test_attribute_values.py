"""DynamoDB's attribute values from plain ones and back, compared with boto3's serializer and deserializer."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Mapping
from decimal import Decimal, DecimalException
from types import MappingProxyType
from typing import Any
from uuid import UUID

import dynamodb
import pytest
from boto3.dynamodb.types import Binary, TypeDeserializer, TypeSerializer
from dynamodb import AttributeValue, InvalidInput, UnknownMember
from dynamodb.testing import StubTransport
from hypothesis import given, settings
from hypothesis import strategies as st

_many = settings(deadline=None)

# boto3 sends -Infinity and magnitudes such as 1E-140, which DynamoDB does not have.
NUMBERS = st.integers() | st.decimals(allow_nan=False, allow_infinity=False).filter(
    lambda number: -130 <= number.adjusted() <= 125
)
SETS = (
    st.frozensets(NUMBERS, min_size=1, max_size=4)
    | st.sets(st.text(), min_size=1, max_size=4)
    | st.sets(st.binary(), min_size=1, max_size=4)
)
SCALARS = st.none() | st.booleans() | NUMBERS | st.text() | st.binary() | st.binary().map(bytearray) | SETS


def plain_values(scalars: st.SearchStrategy[Any] = SCALARS) -> st.SearchStrategy[Any]:
    return st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
        max_leaves=12,
    )


def on_the_wire(value: AttributeValue) -> dict[str, Any]:
    """An attribute value as boto3 has it; sets in no order."""
    pairs = zip(value.__struct_encode_fields__, value.__struct_fields__, strict=True)
    ((name, member),) = [(wire, found) for wire, field in pairs if (found := getattr(value, field)) is not None]
    if name == "L":
        return {name: [on_the_wire(item) for item in member]}
    if name == "M":
        return {name: {key: on_the_wire(item) for key, item in member.items()}}
    return {name: sorted(member) if name in ("SS", "NS", "BS") else member}


def sorted_sets(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: sorted(item) if name in ("SS", "NS", "BS") and isinstance(item, list) else sorted_sets(item)
            for name, item in value.items()
        }
    return [sorted_sets(item) for item in value] if isinstance(value, list) else value


def without_binary(value: Any) -> Any:
    """What boto3 read, with bytes in place of its own class."""
    if isinstance(value, Binary):
        return value.value
    if isinstance(value, set):
        return {without_binary(item) for item in value}
    if isinstance(value, dict):
        return {name: without_binary(item) for name, item in value.items()}
    return [without_binary(item) for item in value] if isinstance(value, list) else value


@_many
@given(plain_values())
def test_what_is_written_and_read_is_boto3s(value: Any) -> None:
    try:
        expected = TypeSerializer().serialize(value)
    except (TypeError, DecimalException):
        with pytest.raises(InvalidInput, match=r"^the value"):
            AttributeValue.from_plain(value)
        return
    made = AttributeValue.from_plain(value)
    assert on_the_wire(made) == sorted_sets(expected)
    back = made.to_plain()
    assert back == without_binary(TypeDeserializer().deserialize(expected)) == value
    assert on_the_wire(AttributeValue.from_plain(back)) == on_the_wire(made)


@_many
@given(st.dictionaries(st.text(), plain_values(st.none() | st.booleans() | NUMBERS.map(lambda _: 1) | st.text())))
def test_items_are_sent_and_come_back(item: dict[str, Any]) -> None:
    transport = StubTransport()
    client = dynamodb.DynamoDB(
        region="eu-west-1", credentials=dynamodb.Credentials("AKID", "secret"), transport=transport
    )
    transport.respond(b"{}")
    client.put_item(table_name="t", item=AttributeValue.item_from_plain(item))
    sent = json.loads(transport.requests[-1].body)["Item"]
    assert sent == {name: TypeSerializer().serialize(value) for name, value in item.items()}
    transport.respond(json.dumps({"Item": sent}).encode())
    found = client.get_item(table_name="t", key={"pk": AttributeValue.from_plain("x")}).item
    assert found is not None
    assert AttributeValue.item_to_plain(found) == item


def test_other_classes_of_plain_values() -> None:
    class Text(str):
        """A string of its own class."""

    for mapping in (OrderedDict({"a": 1}), MappingProxyType({"a": 1})):
        assert AttributeValue.from_plain(mapping) == AttributeValue(m={"a": AttributeValue(n="1")})
    assert AttributeValue.from_plain((Text("x"), memoryview(b"y"), AttributeValue(n="2"))) == AttributeValue(
        l=[AttributeValue(s="x"), AttributeValue(b=b"y"), AttributeValue(n="2")]
    )
    assert AttributeValue.from_plain({"a": 1}.keys()) == AttributeValue(ss=["a"])
    assert AttributeValue.from_plain(True) == AttributeValue(bool_=True)


def loop() -> Mapping[str, Any]:
    holder: dict[str, Any] = {}
    holder["a"] = [holder]
    return holder


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (30.4, "the value cannot be a float, because DynamoDB's numbers are decimal: give Decimal(str(value))"),
        ({"a": [1, 30.4]}, "the value['a'][1] cannot be a float, because"),
        ({1: 2}, "the value[1] must be a string, not int"),
        (UUID(int=0), "the value cannot be a UUID: give"),
        (object(), "the value cannot be an object: give None, a bool"),
        (set(), "the value cannot be an empty set"),
        ({1, "a"}, "the value must be a set of numbers, of strings or of bytes, not of int, str"),
        ({True}, "the value must be a set of numbers, of strings or of bytes, not of bool"),
        (Decimal("NaN"), "the value cannot be NaN: DynamoDB's numbers are finite"),
        (Decimal("-Infinity"), "the value cannot be -Infinity"),
        (10**38 + 1, "the value does not fit: DynamoDB's numbers have 38 digits"),
        (Decimal("1E+126"), "the value does not fit"),
        (10**126, "the value does not fit"),
        (Decimal("9.99E-131"), "the value does not fit"),
        (Decimal("1E-140"), "the value does not fit"),
        (loop(), "the value is nested too deeply, or holds itself"),
    ],
)
def test_what_is_no_plain_value_is_refused(value: Any, message: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        AttributeValue.from_plain(value)
    assert str(refused.value).startswith(message)


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ({"a": AttributeValue()}, "the item['a'] must have exactly one member set, not none"),
        ({"a": AttributeValue(s="x", n="1")}, "the item['a'] must have exactly one member set, not S and N"),
        (
            {"a": AttributeValue(l=[AttributeValue().with_unknown_member(UnknownMember(name="VEC"))])},
            "the item['a'].L[0] holds the member 'VEC', which this client does not know",
        ),
        ({"a": "x"}, "the item['a'] must be an attribute value, not str"),
        ({"a": {"S": "x", "N": "1"}}, "the item['a'] must have exactly one member set, not S and N"),
        ({"a": {}}, "the item['a'] must have exactly one member set, not none"),
        ({"a": {"Q": "x"}}, "the item['a'].Q is no member of AttributeValue"),
        ({"a": {"S": 5}}, "the item['a'].S must be a string, not int"),
        ({"a": {"B": "x"}}, "the item['a'].B must be bytes, not str"),
        ({"a": {"L": [{"BOOL": "x"}]}}, "the item['a'].L[0].BOOL must be True or False, not str"),
        ({"a": AttributeValue(ns=["1", "x"])}, "the item['a'].NS[1] must be a decimal number, not 'x'"),
        ([], "the item must be a mapping, not list"),
    ],
)
def test_what_has_no_plain_value_is_refused(item: Any, message: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        AttributeValue.item_to_plain(item)
    assert str(refused.value).startswith(message)


@pytest.mark.parametrize(
    ("number", "message"),
    [
        *((text, "does not fit: DynamoDB's numbers have 38 digits") for text in ("1e500", "1E+126", "9.9E-131")),
        *((text, "does not fit") for text in ("1" * 39, "0." + "1" * 39, "1" + "0" * 37 + "1", "1e999999999")),
        *(
            (text, f"must be a decimal number, not {text!r}")
            for text in ("abc", " 1 ", "1_000", "", "NaN", "-Infinity")
        ),
        *(
            (text, f"must be a decimal number, not {text!r}")
            for text in ("1\n", "\u0661", "0x1", ".", "1e", "1e9999999999")
        ),
    ],
)
def test_what_is_no_number_of_dynamodb_is_refused_where_it_is_read(number: str, message: str) -> None:
    for value, path in (
        (AttributeValue(n=number), ".N"),
        (AttributeValue(m={"a": AttributeValue(ns=["1", number])}), ".M['a'].NS[1]"),
    ):
        with pytest.raises(InvalidInput) as refused:
            value.to_plain()
        assert str(refused.value).startswith(f"the attribute value{path} {message}")


@pytest.mark.parametrize(
    "number", ["0", "-0", "+1.50", ".5", "5.", "1E-130", "-" + "9" * 38 + "E+88", "1" + "0" * 125, "007", "0E-500"]
)
def test_numbers_of_dynamodb_are_read_to_the_last_digit(number: str) -> None:
    read = AttributeValue(n=number).to_plain()
    assert (type(read), str(read)) == (Decimal, str(Decimal(number)))


def test_items_are_read_from_mappings_as_from_objects() -> None:
    plain = {"s": "x", "n": Decimal(5), "z": None, "l": [True, {"b": b"y"}], "ss": {"a", "b"}, "ns": {Decimal(1)}}
    item = AttributeValue.item_from_plain(plain)
    assert AttributeValue.item_to_plain({name: on_the_wire(value) for name, value in item.items()}) == plain
    assert AttributeValue.item_to_plain({"a": AttributeValue(l=[AttributeValue(s="x")]), "b": {"S": "x"}}) == {
        "a": ["x"],
        "b": "x",
    }


def test_a_number_that_is_no_text_is_refused_where_it_is_sent() -> None:
    client = dynamodb.DynamoDB(
        region="eu-west-1", credentials=dynamodb.Credentials("AKID", "secret"), transport=StubTransport()
    )
    wrong: Any = AttributeValue
    for value, kind in (({"N": 30.4}, "float"), ({"N": Decimal(5)}, "Decimal"), (wrong(n=5), "int")):
        with pytest.raises(InvalidInput, match=rf"^Item\['a'\]\.N must be a string, not {kind}: convert it first"):
            client.put_item(table_name="t", item={"a": value})
    for value, said in (({"S": "x", "N": "1"}, "S and N"), ({}, "none"), (AttributeValue(s="x", n="1"), "S and N")):
        with pytest.raises(InvalidInput, match=rf"^Item\['a'\] must have exactly one member set, not {said}"):
            client.put_item(table_name="t", item={"a": value})
