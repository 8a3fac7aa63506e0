"""Every event stream that AWS's JSON services send: the same frames, as generated clients and botocore read them."""

from __future__ import annotations

import base64
import importlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import msgspec
import pytest
from botocore.eventstream import EventStream
from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape
from botocore.parsers import create_parser
from click.testing import CliRunner
from corpus import models
from corpus.lean import compile_lean
from corpus.services import Target
from examples import examples
from golden_cases import client_class, importable
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lapsmith.cli import main
from lapsmith.python.names import snake_case
from runtime.stream.eventstream import encode_message

pytestmark = pytest.mark.slow

# Whatever else streams events takes them too, which needs HTTP/2; botocore's clients leave those operations out.
SERVICES = (
    "bedrock-agent-runtime",
    "bedrock-agentcore",
    "bedrock-runtime",
    "devops-agent",
    "healthlake",
    "iotsitewise",
    "kinesis",
    "lambda",
    "logs",
    "sagemaker-runtime",
)
TYPE = {"Content-Type": "application/vnd.amazon.eventstream"}
SHARED = settings(max_examples=examples(25), deadline=None, suppress_health_check=list(HealthCheck))


def streaming(service: str) -> dict[str, Any]:
    """The operations of a service that send events and take none."""
    model = ServiceModel(models.load(service), service)
    found = {name: model.operation_model(name) for name in model.operation_names}
    return {
        name: operation
        for name, operation in found.items()
        if operation.has_event_stream_output and not operation.has_event_stream_input
    }


OPERATIONS = [(service, name) for service in SERVICES for name in streaming(service)]


def test_no_event_stream_is_left_out() -> None:
    protocols = {"json", "rest-json", "smithy-rpc-v2-cbor"}
    loader: Any = Loader()
    found = {
        service
        for service in loader.list_available_services("service-2")
        if protocols & {models.load(service)["metadata"]["protocol"]} and streaming(service)
    }
    assert found == set(SERVICES)


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, ModuleType]]:
    """A client of each service, with its streaming operations only, from a derived binding."""
    root = tmp_path_factory.mktemp("aws")
    (root / "clients").mkdir()
    for service in SERVICES:
        spec = root / service
        (spec / "references").mkdir(parents=True)
        (spec / "references" / "api-spec.lap").write_text(compile_lean(models.load(service)))
        (spec / "SKILL.md").write_text(f"---\nname: {service}\n---\n")
        run("bind", str(spec), "--model", f"botocore:{service}")
        chosen = [argument for name in streaming(service) for argument in ("--operation", name)]
        run("generate", str(spec), "-o", str(root / "clients" / Target(service).package), *chosen)
    with importable(root / "clients"):
        yield {service: importlib.import_module(Target(service).package) for service in SERVICES}


def run(*arguments: str) -> None:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output


TEXT = st.text(max_size=8)
JSON = st.recursive(
    st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=4,
)


def values(shape: Any, depth: int = 0) -> st.SearchStrategy[Any]:
    """Values of a shape, as JSON bodies spell them."""
    if getattr(shape, "is_document_type", False):
        return JSON
    match shape.type_name:
        case "structure":
            return structures(shape, depth)
        case "list":
            return st.lists(values(shape.member, depth + 1), max_size=2 if depth < 4 else 0)
        case "map":
            return st.dictionaries(TEXT, values(shape.value, depth + 1), max_size=2 if depth < 4 else 0)
        case "blob":
            return st.binary(max_size=6).map(lambda data: base64.b64encode(data).decode())
        case "timestamp":
            seconds = st.integers(0, 2**31)
            if shape.serialization.get("timestampFormat") == "iso8601":
                return seconds.map(lambda at: datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z"))
            return seconds
        case "boolean":
            return st.booleans()
        case "integer" | "long":
            return st.integers(-(2**31), 2**31 - 1)
        case "float" | "double":
            return st.floats(-1e9, 1e9, width=32)
        case _:
            return TEXT


def structures(shape: Any, depth: int) -> st.SearchStrategy[dict[str, Any]]:
    members = dict(shape.members) if depth < 6 else {}
    drawn = {m.serialization.get("name", name): values(m, depth + 1) for name, m in members.items()}
    if getattr(shape, "is_tagged_union", False):
        chosen = [st.fixed_dictionaries({name: strategy}) for name, strategy in drawn.items()]
        return st.one_of(chosen) if chosen else st.just({})
    return st.fixed_dictionaries({}, optional={**drawn, "madeUpByTheTest": JSON})


def frames(union: Shape) -> st.SearchStrategy[bytes]:
    """Frames of any event of a stream."""
    kinds: list[st.SearchStrategy[bytes]] = []
    for wire, shape in union.members.items():  # type: ignore[attr-defined]
        if shape.metadata.get("exception"):
            continue
        headers = {":message-type": "event", ":event-type": wire}
        payload = next((m for m in shape.members.values() if m.serialization.get("eventpayload")), None)
        if payload is None:
            body = values(shape).map(lambda value: json.dumps(value).encode())
        else:
            assert payload.type_name == "blob"
            body = st.binary(max_size=20)
        kinds.append(body.map(lambda data, headers=headers: encode_message(headers, data)))
    return st.one_of(kinds)


class Raw:
    """A response body as botocore reads it."""

    def __init__(self, frames: list[bytes]) -> None:
        self._frames = frames

    def stream(self) -> Iterator[bytes]:
        yield from self._frames


def folded(name: str) -> str:
    return name.replace("_", "").lower()


def plain(ours: Any) -> Any:
    """A structure as a mapping of folded names; what is not set is left out."""
    if isinstance(ours, msgspec.Struct):
        given = {folded(name): plain(getattr(ours, name)) for name in ours.__struct_fields__}
        return {name: value for name, value in given.items() if value is not None}
    if isinstance(ours, list):
        return [plain(item) for item in ours]
    if isinstance(ours, dict):
        return {key: plain(value) for key, value in ours.items()}
    return ours


def expected(shape: Any, theirs: Any) -> Any:
    """botocore's value in the same form; what is required and missing reads as what Smithy has for that."""
    if getattr(shape, "is_document_type", False):
        return theirs
    match shape.type_name:
        case "structure":
            given = {folded(name): expected(m, theirs[name]) for name, m in shape.members.items() if name in theirs}
            missing = {folded(n): stand_in(shape.members[n]) for n in shape.required_members if n not in theirs}
            if getattr(shape, "is_tagged_union", False):
                return given
            return {**{name: value for name, value in missing.items() if value is not None}, **given}
        case "list":
            return [expected(shape.member, item) for item in theirs]
        case "map":
            return {key: expected(shape.value, value) for key, value in theirs.items()}
        case _:
            return theirs


def stand_in(shape: Any) -> Any:
    if getattr(shape, "is_document_type", False):
        return None
    found = {
        "string": "",
        "boolean": False,
        "blob": b"",
        "list": [],
        "map": {},
        "timestamp": datetime(1970, 1, 1, tzinfo=UTC),
    }
    return found.get(shape.type_name, 0 if shape.type_name in ("integer", "long", "float", "double") else None)


@pytest.mark.parametrize(("service", "name"), OPERATIONS)
def test_events_are_those_that_botocore_reads(packages: dict[str, ModuleType], service: str, name: str) -> None:
    module = packages[service]
    operation = streaming(service)[name]
    union = operation.get_event_stream_output()
    parser: Any = create_parser(operation.service_model.resolved_protocol)
    testing = importlib.import_module(f"{module.__name__}.testing")

    @SHARED
    @given(st.lists(frames(union), min_size=1, max_size=3))
    def compare(drawn: list[bytes]) -> None:
        script = testing.StubTransport()
        script.respond(drawn, headers=TYPE)
        credentials = module.Credentials("AKID", "secret")
        client = client_class(module)(region="eu-west-1", credentials=credentials, transport=script)
        with getattr(client, snake_case(name))(**required(operation)) as stream:
            ours = list(stream) if service != "lambda" else ended(module, stream)
        theirs = list(EventStream(Raw(drawn), union, parser._event_stream_parser, name))
        if service == "lambda":
            theirs = theirs[: next((at + 1 for at, each in enumerate(theirs) if "InvokeComplete" in each), None)]
        assert len(ours) == len(theirs)
        for event, parsed in zip(ours, theirs, strict=True):
            ((wire, members),) = parsed.items()
            assert plain(event) == expected(union.members[wire], members), wire

    compare()


def ended(module: ModuleType, stream: Any) -> list[Any]:
    """The events of a stream that must end with one; botocore takes any end."""
    events: list[Any] = []
    raised: Any = None
    try:
        events.extend(stream)
    except module.AWSError as error:
        raised = error
    if isinstance(raised, module.ServiceError):
        assert raised.code == raised.event.error_code
        return [*events, raised.event]
    has_last = any(isinstance(event, module.InvokeWithResponseStreamCompleteEvent) for event in events)
    assert type(raised) is (type(None) if has_last else module.TruncatedStream)
    return events


def required(operation: Any) -> dict[str, Any]:
    """Something for each required argument."""
    shape = operation.input_shape
    return {snake_case(name): something(shape.members[name]) for name in shape.required_members}


def something(shape: Any) -> Any:
    """A value that a request can hold, with what it requires and no more."""
    if shape.type_name == "structure":
        union = getattr(shape, "is_tagged_union", False)
        names = list(shape.members)[:1] if union else shape.required_members
        return {shape.members[n].serialization.get("name", n): something(shape.members[n]) for n in names}
    values = {"blob": b"x", "list": [], "map": {}, "integer": 1, "long": 1, "boolean": True}
    return values.get(shape.type_name, "arn:aws:kinesis:eu-west-1:123456789012:stream/s/consumer/c:1")
