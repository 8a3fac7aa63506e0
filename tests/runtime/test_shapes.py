"""What operations return: members, metadata beside them, equality, copies and pickles."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import dynamodb
import msgspec
import pytest
from runtime.message.http import Headers
from runtime.shapes.structures import Output, ResponseMetadata, Structure, UnknownEvent

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
