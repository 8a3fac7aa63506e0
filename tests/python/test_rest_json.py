"""Generated clients beside botocore: the same arguments give the same request, the same response the same output."""

from __future__ import annotations

import base64
import enum
import importlib
import json
import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from golden_cases import GOLDEN, client_class, generate, importable
from hypothesis import given, settings
from hypothesis import strategies as st
from lapsmith.generation.analysis import analyse
from lapsmith.ir import model as ir
from lapsmith.project.config import spec_only
from lapsmith.project.inputs import read_inputs
from python.oracle import Oracle, Translator, pairs

CASES = ("body_members", "name_collisions", "payloads", "url_and_headers")
SIGNED = {"authorization", "host", "x-amz-date", "x-amz-security-token"}
ADDED = {*SIGNED, "content-length", "user-agent", "amz-sdk-invocation-id", "amz-sdk-request"}
MOMENTS = st.integers(0, 4_000_000_000).map(
    lambda seconds: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
# No backslash: RFC 9110 wants it escaped in a quoted list item, which botocore does not do.
VISIBLE = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="\\"), max_size=8)
TOKEN = st.text("abcXYZ019-_", min_size=1, max_size=6)
FLOATS = st.floats(width=32) | st.sampled_from([math.inf, -math.inf, math.nan, 0.0, 1e22, 1e-7])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


class Case:
    """A golden client that can be called, with its service and oracle."""

    def __init__(self, name: str, folder: Path) -> None:
        assert generate(GOLDEN / name, folder / name).code == 0
        client = spec_only(GOLDEN / name, operations=("*",), strict=False)
        self.service = analyse(client, read_inputs(client)).require()
        self.oracle = Oracle(self.service)
        self.operations = {op.name: op for op in self.service.operations if not op.output_at(ir.Location.EVENTS)}
        self.name = name
        self.arguments = {op.name: members(self.service, op.input) for op in self.operations.values()}
        self.responses = {op.name: responses(self.service, op) for op in self.operations.values()}

    def load(self) -> None:
        self.package = importlib.import_module(self.name)
        types = importlib.import_module(f"{self.name}.types")
        self.testing = importlib.import_module(f"{self.name}.testing")
        self.translator = Translator(self.service, types)

    def call(self, op: ir.Operation, arguments: Mapping[str, Any], **answer: Any) -> tuple[Any, Any]:
        """Call an operation with botocore's arguments; return the request that was sent and the output."""
        transport = self.testing.StubTransport()
        transport.respond(**answer)
        credentials = self.package.Credentials("AKID", "secret")
        client = client_class(self.package)(region="eu-west-1", credentials=credentials, transport=transport)
        method = getattr(client, self.translator.method(op.name))
        output = method(**self.translator.arguments(op, arguments))
        return transport.requests[0], output


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Case]]:
    folder = tmp_path_factory.mktemp("clients")
    found = {name: Case(name, folder) for name in CASES}
    with importable(folder):
        for case in found.values():
            case.load()
        yield found


def values(service: ir.Service, kind: ir.Type, location: ir.Location, depth: int = 0) -> st.SearchStrategy[Any]:
    """Values of a type as botocore takes them, such as can travel at ``location``."""
    in_header = location in (ir.Location.HEADER, ir.Location.HEADER_MAP)
    match kind:
        case ir.StringType():
            if location is ir.Location.LABEL:
                return TEXT.filter(lambda text: text and {".", ".."}.isdisjoint(text.split("/")))
            return VISIBLE if in_header else TEXT
        case ir.IntegerType(bits):
            return st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        case ir.FloatType():
            return FLOATS
        case ir.BooleanType():
            return st.booleans()
        case ir.BlobType():
            return st.binary(max_size=8)
        case ir.TimestampType():
            return MOMENTS
        case ir.DocumentType():
            return JSON.filter(lambda value: value is not None)
        case ir.ListType(item):
            return st.lists(values(service, item, location, depth + 1), max_size=3)
        case ir.MapType(_, value):
            keys = TOKEN if location in (ir.Location.QUERY_MAP, ir.Location.HEADER_MAP) else TEXT
            lower = keys.map(str.lower) if in_header else keys
            return st.dictionaries(lower, values(service, value, location, depth + 1), max_size=3)
        case ir.StructureRef(name):
            shape = service.shapes[name]
            assert isinstance(shape, ir.Structure)
            return members(service, shape.members, depth + 1)
    raise AssertionError(kind)


def members(service: ir.Service, given: tuple[ir.Member, ...], depth: int = 0) -> st.SearchStrategy[dict[str, Any]]:
    wanted = [m for m in given if m.required or depth < 4]
    required = {m.name: values(service, m.type, m.location, depth) for m in wanted if m.required}
    optional = {m.name: values(service, m.type, m.location, depth) for m in wanted if not m.required}
    return st.fixed_dictionaries(required, optional=optional)


def header_lists(headers: Mapping[str, str], names: set[str]) -> dict[str, str]:
    """White space after the commas of a list does not count (RFC 9110, section 5.6.1)."""
    return {k: ",".join(part.strip() for part in v.split(",")) if k in names else v for k, v in headers.items()}


@pytest.mark.parametrize("name", CASES)
@settings(deadline=None)
@given(data=st.data())
def test_requests_are_botocores(cases: dict[str, Case], name: str, data: st.DataObject) -> None:
    case = cases[name]
    op = case.operations[data.draw(st.sampled_from(sorted(case.operations)))]
    assert_sent_as_botocore(case, op, data.draw(case.arguments[op.name]))


def assert_sent_as_botocore(case: Case, op: ir.Operation, arguments: Mapping[str, Any]) -> None:
    request, _ = case.call(op, arguments)
    method, path, query, headers, body = case.oracle.request(op.name, arguments)
    sent_path, _, sent_query = request.target.partition("?")
    sent = {key.lower(): value for key, value in request.headers if key.lower() not in ADDED}
    assert (request.method, sent_path, pairs(sent_query)) == (method, path, query)
    payload = next((m for m in op.input if m.location is ir.Location.PAYLOAD), None)
    if payload is not None and isinstance(payload.type, ir.BlobType | ir.StringType):
        # botocore leaves the type of such a body to the caller; Smithy 2.0, "httpPayload", has defaults.
        headers |= {k: v for k, v in sent.items() if k == "content-type" and payload.name in arguments}
        assert request.body == body
    else:
        assert bool(request.body) == bool(body)
        assert not body or nan_equal(json.loads(request.body), json.loads(body))
    lists = {m.wire_name.lower() for m in op.input if isinstance(m.type, ir.ListType)}
    assert header_lists(sent, lists) == header_lists(headers, lists)


def nan_equal(left: Any, right: Any) -> bool:
    """Equality for which NaN is NaN."""
    return json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True)


def wire(service: ir.Service, kind: ir.Type, depth: int = 0) -> st.SearchStrategy[Any]:
    """What a service may send for a type in JSON: nulls and members that the model does not know among it."""
    match kind:
        case ir.BlobType():
            return st.binary(max_size=8).map(lambda data: base64.b64encode(data).decode())
        case ir.TimestampType():
            return st.integers(0, 4_000_000_000) | MOMENTS.map(lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%SZ"))
        case ir.FloatType():
            return st.floats(allow_nan=False, allow_infinity=False, width=32) | st.integers(-1000, 1000)
        case ir.ListType(item):
            return st.lists(wire(service, item, depth + 1), max_size=3)
        case ir.MapType(_, value):
            return st.dictionaries(TEXT, wire(service, value, depth + 1), max_size=3)
        case ir.StructureRef(name):
            shape = service.shapes[name]
            assert isinstance(shape, ir.Structure)
            return wire_members(service, shape.members, depth + 1)
        case _:
            return values(service, kind, ir.Location.BODY)


def wire_members(
    service: ir.Service, given: tuple[ir.Member, ...], depth: int = 0
) -> st.SearchStrategy[dict[str, Any]]:
    known = {m.wire_name: st.none() | wire(service, m.type, depth) for m in given if depth < 4}
    unknown = {"unknown-to-the-model": JSON}
    return st.fixed_dictionaries({}, optional=known | unknown)


def header_values(service: ir.Service, member: ir.Member) -> st.SearchStrategy[str]:
    match member.type:
        case ir.TimestampType(ir.TimestampFormat.EPOCH):
            return st.integers(0, 4_000_000_000).map(str)
        case ir.TimestampType():
            return MOMENTS.map(lambda moment: moment.strftime("%a, %d %b %Y %H:%M:%S GMT"))
        case ir.ListType():
            return st.lists(TOKEN, min_size=1, max_size=3).map(", ".join)
        case ir.FloatType() | ir.IntegerType():
            return st.integers(0, 2**31).map(str)
        case ir.BooleanType():
            return st.sampled_from(["true", "false"])
        case _:
            return TOKEN


def responses(service: ir.Service, op: ir.Operation) -> st.SearchStrategy[tuple[list[tuple[str, str]], bytes]]:
    """Response headers and bodies of an operation."""
    parts = [response_headers(service, m) for m in op.output]
    headers = st.tuples(*parts).map(lambda given: [pair for part in given for pair in part])
    payload = next((m for m in op.output if m.location is ir.Location.PAYLOAD), None)
    if payload is None:
        sent = wire_members(service, tuple(m for m in op.output if m.location is ir.Location.BODY))
        return st.tuples(headers, st.just(b"") | sent.map(json.dumps).map(str.encode))
    text = isinstance(payload.type, ir.BlobType | ir.StringType)
    return st.tuples(headers, (TEXT if text else wire(service, payload.type).map(json.dumps)).map(str.encode))


def response_headers(service: ir.Service, member: ir.Member) -> st.SearchStrategy[list[tuple[str, str]]]:
    """The headers of one output member: none, or some in one spelling or another."""
    if member.location is ir.Location.HEADER:
        spelled = st.sampled_from([str.lower(member.wire_name), str.upper(member.wire_name), member.wire_name])
        return st.lists(st.tuples(spelled, header_values(service, member)), max_size=1)
    if member.location is ir.Location.HEADER_MAP:
        names = TOKEN.map(str.lower).map(member.wire_name.__add__)
        return st.lists(st.tuples(names, TOKEN), max_size=2, unique_by=lambda pair: pair[0])
    return st.just([])


@pytest.mark.parametrize("name", CASES)
@settings(deadline=None)
@given(data=st.data())
def test_outputs_are_botocores(cases: dict[str, Case], name: str, data: st.DataObject) -> None:
    case = cases[name]
    op = case.operations[data.draw(st.sampled_from(sorted(case.operations)))]
    headers, body = data.draw(case.responses[op.name])
    _, output = case.call(op, data.draw(case.arguments[op.name]), status=op.status, headers=dict(headers), body=body)
    expected = case.oracle.output(op.name, op.status, headers, body)
    actual = case.translator.output(op, output)
    for member in op.output:
        check_member(case.service, member, actual[member.name], expected.get(member.name))


def check_member(service: ir.Service, member: ir.Member, actual: Any, expected: Any) -> None:
    """Compare a member; one that is missing or null reads as None, or as Smithy's stand-in where it is required."""
    if expected is None:
        assert actual in (None, "", b"", 0, False, {}, [], datetime(1970, 1, 1, tzinfo=UTC)), member.name
        assert actual is None or member.required or member.location is ir.Location.PAYLOAD, member.name
    else:
        check_value(service, member.type, actual, expected)


def check_value(service: ir.Service, kind: ir.Type, actual: Any, expected: Any) -> None:
    match kind:
        case ir.StructureRef(name):
            shape = service.shapes[name]
            assert isinstance(shape, ir.Structure)
            for member in shape.members:
                check_member(service, member, actual[member.name], expected.get(member.name))
        case ir.ListType(item):
            assert len(actual) == len(expected)
            for mine, theirs in zip(actual, expected, strict=True):
                check_value(service, item, mine, theirs)
        case ir.MapType(_, value):
            assert actual.keys() == expected.keys()
            for key in actual:
                check_value(service, value, actual[key], expected[key])
        case ir.BlobType():
            assert actual == (expected.encode() if isinstance(expected, str) else expected)
        case _:
            assert actual == expected


def test_nulls_in_documents_stay(cases: dict[str, Case]) -> None:
    case = cases["body_members"]
    body = b'{"Number": null, "Notes": [null], "Extra": {"a": [null]}}'
    _, output = case.call(case.operations["RegisterParcel"], {"Weight": 1, "Value": {}, "Legs": []}, body=body)
    assert output.extra == {"a": [None]}


class Word(str):
    """Text of a class of its own, whose str() is another."""

    def __str__(self) -> str:
        return "another"


class Level(enum.IntEnum):
    """A number with a name."""

    HIGH = 3


class Mode(enum.StrEnum):
    """Text with a name."""

    FAST = "fast"


MOMENT = datetime(2024, 5, 1, tzinfo=UTC)
CLOCK = {"When": MOMENT, "Day": MOMENT, "Count": 1, "Exact": 1.0, "On": True, "Token": "t"}
ITEM = {"Shelf": "s", "Key": "k"}
TAKEN: list[tuple[str, dict[str, Any]]] = [
    ("SetClock", {"Exact": 2}),
    ("SetClock", {"Exact": Decimal("1.5"), "Share": Decimal("0.25")}),
    ("SetClock", {"Count": Level.HIGH, "Limits": (1, Level.HIGH)}),
    ("SetClock", {"Token": Mode.FAST, "Words": (Mode.FAST, "b"), "Meta": {"a": Mode.FAST}}),
    ("SetClock", {"When": MOMENT.astimezone(timezone(timedelta(hours=5)))}),
    ("GetItem", {"Shelf": Mode.FAST, "Ids": (Mode.FAST, "b"), "Sizes": (Level.HIGH,), "Ratio": Decimal("2.5")}),
    ("GetItem", {"View": "brief", "Filter": {"a": "b", "view": "half"}}),
    ("GetItem", {"Filter": {"view": "half", "raw": "1"}}),
]


@pytest.mark.parametrize(("name", "given_"), TAKEN)
def test_what_botocore_takes_is_taken(cases: dict[str, Case], name: str, given_: dict[str, Any]) -> None:
    """A pair that the path has in its query, too: it is sent besides the caller's of the same key."""
    case = cases["url_and_headers"]
    if given_.get("View"):
        request, _ = case.call(case.operations[name], ITEM | given_)
        assert request.target.endswith("?view=full&raw&view=brief&a=b")
        return
    assert_sent_as_botocore(case, case.operations[name], (CLOCK if name == "SetClock" else ITEM) | given_)


def test_text_of_a_class_of_its_own(cases: dict[str, Case]) -> None:
    case = cases["url_and_headers"]
    request, _ = case.call(case.operations["SetClock"], CLOCK | {"Token": Word("mine")})
    assert dict(request.headers)["x-token"] == "mine"


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("SetClock", {"When": "2024-05-01"}, "when must be a datetime, not str"),
    ("SetClock", {"When": MOMENT.replace(tzinfo=None)}, "when must be a timezone-aware datetime"),
    ("SetClock", {"Day": 5}, "day must be a datetime, not int"),
    ("SetClock", {"Count": "abc"}, "count must be an integer, not str"),
    ("SetClock", {"Count": 1.0}, "count must be an integer, not float"),
    ("SetClock", {"Count": True}, "count must be an integer, not bool"),
    ("SetClock", {"Count": [1]}, "count must be an integer, not list"),
    ("SetClock", {"Exact": "1"}, "exact must be a number, not str"),
    ("SetClock", {"On": "true"}, "on must be True or False, not str"),
    ("SetClock", {"On": 1}, "on must be True or False, not int"),
    ("SetClock", {"Token": 5}, "token must be a string, not int"),
    ("SetClock", {"Token": ["a", "b"]}, "token must be a string, not list"),
    ("SetClock", {"Token": b"t"}, "token must be a string, not bytes"),
    ("SetClock", {"Modified": "yesterday"}, "modified must be a datetime, not str"),
    ("SetClock", {"Begun": MOMENT.timestamp()}, "begun must be a datetime, not float"),
    ("SetClock", {"Limits": 5}, "limits must be a list, not int"),
    ("SetClock", {"Limits": [1, "2"]}, "limits[1] must be an integer, not str"),
    ("SetClock", {"Words": "abc"}, "words must be a list, not str"),
    ("SetClock", {"Words": {"a": "b"}}, "words must be a list, not dict"),
    ("SetClock", {"Words": ["a", None]}, "words[1] must be a string, not None"),
    ("SetClock", {"Days": 5}, "days must be a list, not int"),
    ("SetClock", {"Days": ["2024-05-01"]}, "days[0] must be a datetime, not str"),
    ("SetClock", {"Enabled": "no"}, "enabled must be True or False, not str"),
    ("SetClock", {"Share": True}, "share must be a number, not bool"),
    ("SetClock", {"Meta": "a"}, "meta must be a mapping, not str"),
    ("SetClock", {"Meta": {"a": 1}}, "meta['a'] must be a string, not int"),
    ("SetClock", {"Meta": {1: "a"}}, "meta[1] must be a string, not int"),
    ("GetItem", {"Shelf": 5}, "shelf must be a string, not int"),
    ("GetItem", {"Key": ["a"]}, "key must be a string, not list"),
    ("GetItem", {"Ids": "abc"}, "ids must be a list, not str"),
    ("GetItem", {"Ids": [["a"]]}, "ids[0] must be a string, not list"),
    ("GetItem", {"Sizes": ["1"]}, "sizes[0] must be an integer, not str"),
    ("GetItem", {"Since": "2024"}, "since must be a datetime, not str"),
    ("GetItem", {"Until": 5}, "until must be a datetime, not int"),
    ("GetItem", {"Ratio": "x"}, "ratio must be a number, not str"),
    ("GetItem", {"Deep": "x"}, "deep must be True or False, not str"),
    ("GetItem", {"View": {"a": 1}}, "view must be a string, not dict"),
    ("GetItem", {"Filter": {"a": ["b"]}}, "filter['a'] must be a string, not list"),
]


@pytest.mark.parametrize(("name", "given_", "message"), REFUSED)
def test_what_is_not_of_its_type_is_refused(
    cases: dict[str, Case], name: str, given_: dict[str, Any], message: str
) -> None:
    """As members of bodies are, wherever it would be text on the wire."""
    case = cases["url_and_headers"]
    transport = case.testing.StubTransport()
    credentials = case.package.Credentials("AKID", "secret")
    client = client_class(case.package)(region="eu-west-1", credentials=credentials, transport=transport)
    arguments = (CLOCK if name == "SetClock" else ITEM) | given_
    with pytest.raises(case.package.InvalidInput, match="^" + re.escape(message)):
        getattr(client, case.translator.method(name))(**{key.lower(): value for key, value in arguments.items()})
    assert transport.requests == []


@pytest.mark.parametrize("words", [[], ["a,b", "c"], ['say "hi"', "c"]])
def test_header_lists_are_botocores(cases: dict[str, Case], words: list[str]) -> None:
    case = cases["url_and_headers"]
    arguments = CLOCK | {"Words": words}
    request, _ = case.call(case.operations["SetClock"], arguments)
    expected = case.oracle.request("SetClock", arguments)[3].get("x-words")
    sent = {name.lower(): value for name, value in request.headers}.get("x-words")
    assert (sent and sent.replace(", ", ",")) == expected
