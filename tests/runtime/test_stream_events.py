"""Events of every kind, as the generated clients and botocore read them from the same frames."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import bedrock_runtime
import cbor2
import msgspec
import pytest
from botocore.eventstream import EventStream
from botocore.model import ServiceModel
from botocore.parsers import create_parser
from examples import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from runtime.stream.eventstream import Byte, Long, Short, encode_message

from .stream_clients import KINDS, connected, stub

SHARED = settings(
    max_examples=examples(100), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def _event(headers: Mapping[str, str] = {}, payload: Mapping[str, str] = {}, **body: str) -> dict[str, Any]:
    members = {name: {"shape": shape, "eventheader": True} for name, shape in headers.items()}
    members |= {name: {"shape": shape, "eventpayload": True} for name, shape in payload.items()}
    members |= {name: {"shape": shape} for name, shape in body.items()}
    return {"type": "structure", "event": True, "members": members}


SHAPES: dict[str, Any] = {
    "String": {"type": "string"},
    "Boolean": {"type": "boolean"},
    "Integer": {"type": "integer"},
    "Long": {"type": "long"},
    "Blob": {"type": "blob"},
    "Double": {"type": "double"},
    "Time": {"type": "timestamp"},
    "Document": {"type": "structure", "members": {}, "document": True},
    "Place": {"type": "structure", "members": {"City": {"shape": "String"}, "Floor": {"shape": "Integer"}}},
    "Reading": _event(
        {"Sensor": "String", "Exact": "Boolean", "Count": "Integer", "Total": "Long", "Raw": "Blob", "Taken": "Time"},
        Value="Double",
        Unit="String",
    ),
    "Mark": _event({"Label": "String", "At": "Time"}),
    "Placed": _event({"Device": "String"}, {"Place": "Place"}),
    "Note": _event({"Language": "String"}, {"Text": "String"}),
    "Sample": _event({"Codec": "String"}, {"Data": "Blob"}),
    "Free": _event(Anything="Document"),
    "Beat": _event(),
    "Overheated": {"type": "structure", "exception": True, "members": {"Message": {"shape": "String"}}},
    "Readings": {
        "type": "structure",
        "eventstream": True,
        "members": {
            wire: {"shape": wire.title()}
            for wire in ("reading", "mark", "placed", "note", "sample", "free", "beat", "overheated")
        },
    },
    "Line": _event(Text="String", At="Time"),
    "Row": _event({"Source": "String"}, Text="String", At="Time", Raw="Blob"),
    "Rows": {"type": "structure", "eventstream": True, "members": {"line": {"shape": "Row"}}},
    "FollowRowsOutput": {
        "type": "structure",
        "members": {"Stream": {"shape": "Rows"}, "Session": {"shape": "String"}, "Started": {"shape": "Time"}},
    },
    "Ended": {"type": "structure", "exception": True, "members": {"Message": {"shape": "String"}}},
    "TailStream": {
        "type": "structure",
        "eventstream": True,
        "members": {"line": {"shape": "Line"}, "ended": {"shape": "Ended"}},
    },
    "FollowLogOutput": {
        "type": "structure",
        "members": {"Stream": {"shape": "TailStream"}, "Session": {"shape": "String"}, "Started": {"shape": "Time"}},
    },
}
MODEL = ServiceModel(
    {
        "metadata": {"protocol": "json", "apiVersion": "1", "endpointPrefix": "x", "serviceId": "x"},
        "operations": {},
        "shapes": SHAPES,
    },
    "x",
)


class Raw:
    """A response body as botocore reads it."""

    def __init__(self, frames: list[bytes]) -> None:
        self._frames = frames

    def stream(self) -> Iterator[bytes]:
        yield from self._frames

    def close(self) -> None:
        pass


def botocore_events(shape: str, frames: list[bytes]) -> list[dict[str, Any]]:
    parser: Any = create_parser("rest-json")
    return list(EventStream(Raw(frames), MODEL.shape_for(shape), parser._event_stream_parser, "Watch"))


TEXT = st.text(max_size=10)
TIMES = st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1)).map(
    lambda when: when.replace(microsecond=when.microsecond // 1000 * 1000, tzinfo=UTC)
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)


def some(members: Mapping[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=dict(members))


def frames_of(
    wire: str, headers: st.SearchStrategy[dict[str, Any]], payload: st.SearchStrategy[bytes]
) -> st.SearchStrategy[bytes]:
    named = {":message-type": "event", ":event-type": wire}
    return st.builds(lambda more, data: encode_message({**named, **more}, data), headers, payload)


def bodies(**members: st.SearchStrategy[Any]) -> st.SearchStrategy[bytes]:
    """JSON objects with these members, some of them null or missing, and others."""
    known = {name: strategy | st.none() for name, strategy in members.items()}
    return some({**known, "New": JSON}).map(lambda value: json.dumps(value).encode())


PLACES = bodies(City=TEXT, Floor=st.integers(-(2**31), 2**31 - 1))
INTEGERS = st.integers(-128, 127).map(Byte) | st.integers(-(2**15), 2**15 - 1).map(Short) | st.integers(-9, 2**31 - 1)
FRAMES = st.one_of(
    frames_of(
        "reading",
        some(
            {
                "Sensor": TEXT,
                "Exact": st.booleans(),
                "Count": INTEGERS,
                "Total": st.integers(-(2**63), 2**63 - 1).map(Long),
                "Raw": st.binary(max_size=5),
                "Taken": TIMES,
                "Other": TEXT,
            }
        ),
        bodies(Value=st.floats(allow_nan=False, allow_infinity=False), Unit=TEXT),
    ),
    frames_of("mark", some({"Label": TEXT, "At": TIMES}), st.just(b"")),
    frames_of("placed", some({"Device": TEXT}), PLACES | st.just(b"")),
    frames_of("note", some({"Language": TEXT}), TEXT.map(str.encode)),
    frames_of("sample", some({"Codec": TEXT}), st.binary(max_size=20)),
    frames_of("free", st.just({}), bodies(Anything=JSON)),
    frames_of("beat", st.just({}), st.sampled_from([b"", b"{}"])),
)


def same(ours: Any, theirs: Any, wires: Mapping[str, str]) -> bool:
    """Whether an event equals botocore's; what botocore leaves out has its default."""
    defaults = {name: type(ours)().__getattribute__(name) for name in ours.__struct_fields__}
    for name in ours.__struct_fields__:
        mine, other = getattr(ours, name), theirs.get(wires[name], defaults[name])
        if isinstance(mine, msgspec.Struct):
            if not same(mine, other, {field: field.title() for field in mine.__struct_fields__}):
                return False
        elif isinstance(mine, datetime):
            # botocore divides milliseconds as floats.
            if abs(mine - other) > timedelta(microseconds=2):
                return False
        elif mine != other or (isinstance(mine, bool) is not isinstance(other, bool)):
            return False
    return set(theirs) <= set(wires.values())


@SHARED
@given(st.lists(FRAMES, max_size=5))
def test_events_are_those_that_botocore_reads(telemetry: ModuleType, frames: list[bytes]) -> None:
    script = stub("sync", telemetry)
    script.stream(frames)
    with connected("sync", telemetry, transport=script) as client, client.watch(device="d") as stream:
        ours = list(stream)
    theirs = botocore_events("Readings", frames)
    assert len(ours) == len(theirs)
    for event, expected in zip(ours, theirs, strict=True):
        ((wire, members),) = expected.items()
        assert type(event).__name__ == wire.title()
        wires = {name: name.title() for name in event.__struct_fields__}
        assert same(event, members, wires), (event, expected)


LINES = frames_of("line", st.just({}), bodies(Text=TEXT, At=st.integers(0, 2**31)))
INITIAL = frames_of(
    "initial-response", st.just({}), bodies(Session=TEXT, Started=st.integers(0, 2**31)) | st.just(b"{}")
)


@SHARED
@given(INITIAL, st.lists(LINES, max_size=3))
def test_the_opening_frame_gives_what_botocore_reads(tail: ModuleType, initial: bytes, lines: list[bytes]) -> None:
    frames = [initial, *lines]
    answer = {"status_code": 200, "headers": {}, "body": Raw(frames), "context": {}}
    parsed = create_parser("json").parse(answer, MODEL.shape_for("FollowLogOutput"))
    script = stub("sync", tail)
    script.respond(frames, headers={"Content-Type": "application/vnd.amazon.eventstream"})
    with connected("sync", tail, transport=script) as client, client.follow_log(log="l") as stream:
        assert stream.session == parsed.get("Session", "")
        assert stream.started == parsed.get("Started")
        ours = [(event.text, event.at) for event in stream]
    theirs = [(event["line"].get("Text"), event["line"].get("At")) for event in parsed["Stream"]]
    assert ours == theirs


def maps(**members: st.SearchStrategy[Any]) -> st.SearchStrategy[bytes]:
    """CBOR maps with these members, some of them null or missing, and others."""
    known = {name: strategy | st.none() for name, strategy in members.items()}
    return some({**known, "New": JSON}).map(cbor2.dumps)


STAMPS = (st.integers(0, 2**31) | st.integers(0, 2**31).map(lambda at: at + 0.5)).map(lambda at: cbor2.CBORTag(1, at))
ROWS = frames_of("line", some({"Source": TEXT}), maps(Text=TEXT, At=STAMPS, Raw=st.binary(max_size=5)))
OPENINGS = frames_of("initial-response", st.just({}), maps(Session=TEXT, Started=STAMPS) | st.just(cbor2.dumps({})))


@SHARED
@given(OPENINGS, st.lists(ROWS, max_size=3))
def test_cbor_events_are_those_that_botocore_reads(meter: ModuleType, opening: bytes, rows: list[bytes]) -> None:
    frames = [opening, *rows]
    headers = {"smithy-protocol": "rpc-v2-cbor"}
    answer = {"status_code": 200, "headers": headers, "body": Raw(frames), "context": {}}
    parsed = create_parser("smithy-rpc-v2-cbor").parse(answer, MODEL.shape_for("FollowRowsOutput"))
    script = stub("sync", meter)
    script.respond(frames, headers={"Content-Type": "application/vnd.amazon.eventstream"})
    with connected("sync", meter, transport=script) as client, client.follow_log(log="l") as stream:
        assert stream.session == (parsed.get("Session") or "")
        assert stream.started == parsed.get("Started")
        ours = [(event.text, event.at, event.raw, event.source) for event in stream]
    names = ("Text", "At", "Raw", "Source")
    assert ours == [tuple(event["line"].get(name) for name in names) for event in parsed["Stream"]]


def test_cbor_stubs_send_every_kind_of_frame(meter: ModuleType, kind: str) -> None:
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    output = meter.FollowLogOutput(session="id", started=noon)
    events = [meter.Line(text="a", at=noon, raw=b"\xff", source="s"), meter.Line()]
    script = stub(kind, meter)
    script.stream([*events, meter.Ended("over", reason="r")], output=output)
    script.respond_error(meter.Ended("over", reason="r"))
    with connected(kind, meter, transport=script) as client:
        with client.follow_log(log="l") as stream:
            assert stream.output == output
            seen: list[Any] = []
            with pytest.raises(meter.Ended, match="over") as caught:
                seen.extend(stream)
        with pytest.raises(meter.Ended, match="over") as refused:
            client.follow_log(log="l").__enter__()
    assert seen == events
    assert caught.value.reason == refused.value.reason == "r"


# What botocore has no answer to.


def test_stubs_send_every_kind_of_event(telemetry: ModuleType, kind: str) -> None:
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    events = [
        telemetry.Reading(
            sensor="s", exact=False, count=-1, total=1 << 40, raw=b"\x00", taken=noon, value=1.5, unit="K"
        ),
        telemetry.Reading(sensor="only headers"),
        telemetry.Mark(label="m", at=noon),
        telemetry.Mark(label="", at=None),
        telemetry.Placed(device="d", place=telemetry.Place(city="c", floor=-2)),
        telemetry.Note(language="en", text="é"),
        telemetry.Sample(codec="pcm", data=b"\xff"),
        telemetry.Free(anything={"a": [1, None]}),
        telemetry.Beat(),
        telemetry.UnknownEvent(type="new", headers={"h": 1}, payload=b"p"),
    ]
    script = stub(kind, telemetry)
    script.stream(events, headers={"x-session": "id"})
    with connected(kind, telemetry, transport=script) as client, client.watch(device="d") as stream:
        assert stream.session == "id"
        seen = list(stream)
    assert seen[:-1] == events[:-1]
    assert (seen[-1].type, seen[-1].headers["h"], seen[-1].payload) == ("new", 1, b"p")


def test_errors_in_the_stream_have_their_members(telemetry: ModuleType, kind: str) -> None:
    script = stub(kind, telemetry)
    script.stream([telemetry.Beat(), telemetry.Overheated("hot", celsius=99.5, place=telemetry.Place(city="c"))])
    with connected(kind, telemetry, transport=script) as client, client.watch(device="d") as stream:
        seen: list[Any] = []
        with pytest.raises(telemetry.Overheated, match="Overheated: hot") as caught:
            seen.extend(stream)
    assert seen == [telemetry.Beat()]
    assert (caught.value.celsius, caught.value.place) == (99.5, telemetry.Place(city="c"))
    assert (caught.value.operation, caught.value.status) == ("Watch", None)


@pytest.mark.parametrize(
    ("headers", "payload", "code", "message"),
    [
        ({":message-type": "exception", ":exception-type": "novel"}, b'{"message": "m"}', "novel", "m"),
        ({":message-type": "error", ":error-code": "500", ":error-message": "m"}, b"", "500", "m"),
        ({":message-type": "error"}, b"", "TelemetryError", ""),
    ],
)
def test_other_errors_in_the_stream(
    telemetry: ModuleType, kind: str, headers: dict[str, str], payload: bytes, code: str, message: str
) -> None:
    script = stub(kind, telemetry)
    script.stream([encode_message(headers, payload)])
    with (
        connected(kind, telemetry, transport=script) as client,
        client.watch(device="d") as stream,
        pytest.raises(telemetry.TelemetryError) as caught,
    ):
        list(stream)
    assert (type(caught.value), caught.value.code, caught.value.message) == (telemetry.TelemetryError, code, message)


def test_a_frame_of_an_unknown_kind_is_no_event(telemetry: ModuleType, kind: str) -> None:
    script = stub(kind, telemetry)
    script.stream([encode_message({":message-type": "warning", ":event-type": "mark"})])
    with (
        connected(kind, telemetry, transport=script) as client,
        client.watch(device="d") as stream,
        pytest.raises(telemetry.StreamError, match="must be event, exception or error, not 'warning'"),
    ):
        list(stream)
    assert script.responses[0].closed


def test_a_header_of_another_kind_does_not_fit(telemetry: ModuleType, kind: str) -> None:
    script = stub(kind, telemetry)
    script.stream([encode_message({":message-type": "event", ":event-type": "mark", "Label": 5})])
    with (
        connected(kind, telemetry, transport=script) as client,
        client.watch(device="d") as stream,
        pytest.raises(telemetry.InvalidResponse, match="the header Label of an event is a int"),
    ):
        list(stream)
    assert script.responses[0].closed


def test_an_error_in_place_of_a_stream_is_that_error(telemetry: ModuleType, kind: str) -> None:
    script = stub(kind, telemetry)
    script.respond(b'{"__type": "Overheated", "Message": "hot"}', headers={"Content-Type": "application/json"})
    script.respond(b"<html>", headers={"Content-Type": "text/html"})
    with connected(kind, telemetry, transport=script, max_attempts=1) as client:
        with pytest.raises(telemetry.Overheated, match="hot") as caught:
            client.watch(device="d").__enter__()
        with pytest.raises(telemetry.InvalidResponse, match="the response is text/html, not an event stream"):
            client.watch(device="d").__enter__()
    assert caught.value.status == 200
    assert [response.closed for response in script.responses] == [True, True]


# Streams that open with a frame.


def test_stubs_of_rpc_services_send_the_opening_frame(tail: ModuleType, kind: str) -> None:
    script = stub(kind, tail)
    output = tail.FollowLogOutput(session="id", started=datetime(2026, 1, 1, tzinfo=UTC))
    script.stream([tail.Line(text="a")], output=output)
    script.stream([tail.Line(text="b"), tail.Ended("over", reason="r")])
    with connected(kind, tail, transport=script) as client:
        with client.follow_log(log="l") as stream:
            assert stream.output == output
            assert (stream.session, stream.started) == ("id", output.started)
            assert stream.metadata.status == 200
            assert list(stream) == [tail.Line(text="a")]
        with client.follow_all() as stream, pytest.raises(tail.Ended, match="over") as caught:
            list(stream)
    assert caught.value.reason == "r"


OPENING = encode_message({":message-type": "event", ":event-type": "initial-response"}, b'{"Session": "id"}')
LINE = encode_message({":message-type": "event", ":event-type": "line"}, b'{"Text": "a"}')
TYPE = {"Content-Type": "application/vnd.amazon.eventstream"}


@pytest.mark.parametrize(
    ("chunks", "session", "texts"),
    [
        ([OPENING + LINE], "id", ["a"]),
        ([OPENING[:5], OPENING[5:] + LINE[:9], LINE[9:]], "id", ["a"]),
        ([LINE], "", ["a"]),
        ([OPENING], "id", []),
        ([], "", []),
    ],
)
def test_opening_frames_wherever_they_are_cut(
    tail: ModuleType, kind: str, chunks: list[bytes], session: str, texts: list[str]
) -> None:
    script = stub(kind, tail)
    script.respond(chunks, headers=TYPE)
    script.respond(chunks, headers=TYPE)
    with connected(kind, tail, transport=script) as client:
        with client.follow_log(log="l") as stream:
            assert stream.session == session
            assert [event.text for event in stream] == texts
        with client.follow_all() as stream:
            assert [event.text for event in stream] == texts


def test_an_error_in_place_of_the_opening_frame_comes_when_it_is_read(tail: ModuleType, kind: str) -> None:
    script = stub(kind, tail)
    script.respond([encode_message({":message-type": "exception", ":exception-type": "ended"}, b"{}")], headers=TYPE)
    with (
        connected(kind, tail, transport=script) as client,
        client.follow_log(log="l") as stream,
        pytest.raises(tail.Ended),
    ):
        list(stream)


@pytest.mark.parametrize(
    ("chunks", "error"),
    [
        ([OPENING[:20]], "TruncatedStream"),
        ([OPENING[:-1] + b"\x00"], "ChecksumMismatch"),
        ([encode_message({":message-type": "event", ":event-type": "initial-response"}, b"[")], "InvalidResponse"),
    ],
)
def test_a_damaged_opening_frame_fails_the_call_and_disconnects(
    tail: ModuleType, kind: str, chunks: list[bytes], error: str
) -> None:
    script = stub(kind, tail)
    script.respond(chunks, headers=TYPE)
    with connected(kind, tail, transport=script) as client, pytest.raises(getattr(tail, error)):
        client.follow_log(log="l").__enter__()
    assert script.responses[0].closed


@pytest.mark.parametrize(
    ("name", "code", "retryable"),
    [
        ("throttlingException", "ThrottlingException", True),
        ("serviceUnavailableException", "ServiceUnavailableException", True),
        ("modelTimeoutException", "ModelTimeoutException", False),
        ("validationException", "ValidationException", False),
        ("SlowDown", "SlowDown", True),
        ("com.amazonaws.bedrock#ThrottlingException", "ThrottlingException", True),
    ],
)
@pytest.mark.parametrize("form", ["exception", "error"])
def test_errors_in_streams_are_those_of_http(kind: str, form: str, name: str, code: str, retryable: bool) -> None:
    """The same error, in a frame and as a response, has the same class, code, message and ``retryable``."""
    call = {"model_id": "m", "body": b"{}"}
    script = stub(kind, bedrock_runtime)
    status = {"ServiceUnavailableException": 503, "ModelTimeoutException": 408}.get(code, 400)
    script.respond(b'{"message": "m"}', status=status, headers={"x-amzn-errortype": code})
    said = {":exception-type": name} if form == "exception" else {":error-code": name, ":error-message": "m"}
    script.stream([encode_message({":message-type": form, **said}, b'{"message": "m"}')])
    with connected(kind, bedrock_runtime, transport=script, max_attempts=1) as client:
        with pytest.raises(bedrock_runtime.BedrockRuntimeError) as answered:
            client.invoke_model(**call)
        with (
            pytest.raises(bedrock_runtime.BedrockRuntimeError) as streamed,
            client.invoke_model_with_response_stream(**call) as stream,
        ):
            list(stream)
    assert type(streamed.value) is type(answered.value)
    for error in (answered.value, streamed.value):
        assert (error.code, error.message, error.retryable) == (code, "m", retryable)
    assert streamed.value.status is None
