"""What operations return: members, metadata beside them, equality, copies and pickles."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any, ClassVar

import cbor2
import dynamodb
import msgspec
import pytest
from runtime.codec.body import decode_body as decode_json
from runtime.codec.body import encode_body as encode_json
from runtime.codec.cbor import decode_body as decode_cbor
from runtime.codec.cbor import encode_body as encode_cbor
from runtime.codec.form_writer import FORM as QUERY
from runtime.codec.rest_xml import XMLBodies
from runtime.codec.xml_writer import FORM as XML
from runtime.errors import InvalidInput, InvalidResponse
from runtime.message.http import Headers, Response
from runtime.shapes.members import Members
from runtime.shapes.structures import Output, ResponseMetadata, Structure, Union, UnknownEvent, UnknownMember

METADATA = ResponseMetadata("id", 202, Headers([("X-A", "1")]), 3)


class Result(Output):
    """An output whose member has another name on the wire."""

    name: str = msgspec.field(name="Name", default="")
    parts: list[str] | None = None


def test_metadata_stands_beside_the_members() -> None:
    result = Result(name="x").with_metadata(METADATA)
    assert result.metadata is METADATA
    assert result == Result(name="x")
    assert msgspec.json.encode(result) == b'{"Name":"x","parts":null}'
    assert repr(result) == "Result(name='x')"


def test_an_output_made_by_hand_has_empty_metadata() -> None:
    assert Result().metadata == ResponseMetadata(request_id=None, status=200, headers=Headers(), attempts=1)


def test_no_body_can_set_the_metadata() -> None:
    read = msgspec.json.decode(b'{"metadata": "forged", "Name": "x"}', type=Result)
    assert read.metadata == ResponseMetadata()


@pytest.mark.parametrize("twin", [copy.copy, copy.deepcopy, lambda result: pickle.loads(pickle.dumps(result))])
def test_copies_and_pickles_keep_members_and_metadata(twin: Any) -> None:
    result = Result(name="x", parts=["a"]).with_metadata(METADATA)
    made = twin(result)
    assert type(made) is Result
    assert (made, made.metadata) == (result, METADATA)
    assert made is not result
    made.with_metadata(ResponseMetadata())
    assert result.metadata is METADATA
    assert (made.parts is result.parts) == (twin is copy.copy)


def test_what_is_none_is_not_shown() -> None:
    """Of a generated client's structures and outputs; what came is shown, though it may be nothing."""
    value = dynamodb.AttributeValue(l=[dynamodb.AttributeValue(null=False), dynamodb.AttributeValue(s="")])
    assert repr(value) == "AttributeValue(l=[AttributeValue(null=False), AttributeValue(s='')])"
    output = dynamodb.ScanOutput(count=0, items=[{"pk": value}]).with_metadata(METADATA)
    assert repr(output) == f"ScanOutput(items=[{{'pk': {value!r}}}], count=0)"
    assert output.__rich_repr__() == [("items", [{"pk": value}]), ("count", 0)]
    assert repr(dynamodb.ScanOutput()) == "ScanOutput()"
    value.m = {"self": value}
    assert repr(dynamodb.AttributeValue(m={"a": value})).count("...") == 1


def test_structures_leave_out_what_is_not_set() -> None:
    class Part(Structure):
        name: str | None = None
        size: int | None = None

    assert msgspec.json.encode(Part(size=0)) == b'{"size":0}'


def test_unknown_events_can_be_compared_and_pickled() -> None:
    event = UnknownEvent(type="New", headers={"a": 1}, payload=b"x")
    assert pickle.loads(pickle.dumps(event)) == event


class Choice(Union, kw_only=True):
    """A union with a sensitive member."""

    _sensitive: ClassVar[frozenset[str]] = frozenset({"secret"})

    secret: str | None = msgspec.field(name="Secret", default=None)
    inner: Choice | None = msgspec.field(name="Inner", default=None)


class Holder(Output, kw_only=True):
    """An output with a union, and a sensitive member."""

    _sensitive: ClassVar[frozenset[str]] = frozenset({"plain"})

    plain: bytes | None = msgspec.field(name="Plain", default=None)
    choice: Choice | None = msgspec.field(name="Choice", default=None)
    choices: list[Choice] | None = msgspec.field(name="Choices", default=None)


def read_json(document: Any) -> Holder:
    return decode_json(Response(200, Headers(), msgspec.json.encode(document)), Holder)


def read_cbor(document: Any) -> Holder:
    return decode_cbor(Response(200, Headers(), cbor2.dumps(document)), Holder)


@pytest.mark.parametrize("read", [read_json, read_cbor])
def test_an_unknown_member_of_a_union_keeps_its_name(read: Callable[[Any], Holder]) -> None:
    found = read({"Choice": {"New": {"a": [1]}, "Secret": None}, "Choices": [{"Secret": "x"}, {"Inner": {"Newer": 1}}]})
    assert found.choice is not None
    assert found.choice.unknown_member == UnknownMember(name="New", value={"a": [1]})
    assert found.choice != Choice()
    assert repr(found.choice) == "Choice(unknown_member=UnknownMember(name='New'))"
    assert found.choices is not None
    assert found.choices[0] == Choice(secret="x")
    assert found.choices[0].unknown_member is None
    assert found.choices[1].inner is not None
    assert found.choices[1].inner.unknown_member == UnknownMember(name="Newer", value=1)
    assert read({"Choice": {"__type": "Choice", "Secret": "x", "Other": None}}).choice == Choice(secret="x")


@pytest.mark.parametrize("write", [encode_json, encode_cbor])
def test_an_unknown_member_is_not_sent(write: Callable[[Members, Any], bytes]) -> None:
    members = Members({"Choices": list[Choice]})
    found = read_json({"Choices": [{"Secret": "x"}, {"New": 1}]}).choices
    with pytest.raises(InvalidInput, match=r"^Choices\[1\] holds the member 'New', which this client does not know"):
        write(members, {"Choices": found})
    for wrong, said in (({}, "not none"), ({"Secret": "x", "Inner": {"Secret": "y"}}, "not Secret and Inner")):
        with pytest.raises(InvalidInput, match=rf"^Choices\[0\] must have exactly one member set, {said}"):
            write(members, {"Choices": [wrong]})


@pytest.mark.parametrize("twin", [copy.copy, copy.deepcopy, lambda union: pickle.loads(pickle.dumps(union))])
def test_copies_and_pickles_keep_an_unknown_member(twin: Any) -> None:
    union = Choice().with_unknown_member(UnknownMember(name="New", value=[1]))
    assert twin(union) == union
    assert twin(union).unknown_member == union.unknown_member


def test_sensitive_members_are_hidden() -> None:
    value = Holder(plain=b"x", choice=Choice(secret="y"), choices=[Choice(inner=Choice(secret="z"))])
    shown = "Holder(plain='***', choice=Choice(secret='***'), choices=[Choice(inner=Choice(secret='***'))])"
    assert repr(value) == f"{value}" == shown
    assert ("plain", "***") in value.__rich_repr__()
    assert repr(Holder()) == "Holder()"
    assert value.plain == b"x"


class Vault(Output, kw_only=True):
    """An output of which one of two maps is sensitive."""

    _sensitive: ClassVar[frozenset[str]] = frozenset({"hidden"})

    hidden: dict[str, list[int]] | None = msgspec.field(name="Hidden", default=None)
    plain: dict[str, list[int]] | None = msgspec.field(name="Plain", default=None)


def read_xml_vault(values: dict[str, dict[str, list[str]]]) -> None:
    maps = (
        f"<{name}><entry><key>{key}</key><value>{''.join(f'<i>{item}</i>' for item in items)}</value></entry></{name}>"
        for name, entries in values.items()
        for key, items in entries.items()
    )
    XMLBodies({}).decode_body(Response(200, Headers(), f"<R>{''.join(maps)}</R>".encode()), Vault)


@pytest.mark.parametrize(
    "use",
    [
        lambda values: decode_json(Response(200, Headers(), msgspec.json.encode(values)), Vault),
        lambda values: decode_cbor(Response(200, Headers(), cbor2.dumps(values)), Vault),
        read_xml_vault,
        lambda values: encode_json(Members({"Vault": Vault}), {"Vault": values}),
        lambda values: encode_cbor(
            Members({"Vault": Vault}), {"Vault": Vault(**{n.lower(): values[n] for n in values})}
        ),
        lambda values: Members({"Vault": Vault}).write({"Vault": values}, XML),
        lambda values: Members({"Vault": Vault}).write({"Vault": values}, QUERY),
    ],
)
def test_keys_of_sensitive_maps_are_in_no_path(use: Callable[[Any], object]) -> None:
    with pytest.raises((InvalidInput, InvalidResponse)) as shown:
        use({"Plain": {"12": ["1", "x"]}})
    assert "Plain['12'][1]" in str(shown.value) or "Plain['12'][0]" in str(shown.value)
    with pytest.raises((InvalidInput, InvalidResponse)) as hidden:
        use({"Hidden": {"12": ["1", "x"]}})
    assert "Hidden[***][" in str(hidden.value)
    assert "12" not in repr(hidden.value).partition("bytes")[0]
