"""Lists and maps in one another, names, namespaces and attributes: more than any service has, beside botocore."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from botocore.model import ServiceModel
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from click.testing import CliRunner
from corpus.lean import compile_lean
from corpus.models import Model
from differential import compare
from differential.answers import ANY_DATE
from differential.depth import Depths
from differential.each import SETTINGS
from differential.inputs import arguments
from differential.wire import decoded
from differential.xml_answers import Document, body
from golden_cases import importable
from hypothesis import given, settings
from hypothesis import strategies as st
from lapsmith.cli import main
from lapsmith.python.names import snake_case

SPACE = {"prefix": "p", "uri": "urn:p&q"}
SHAPES: Model = {
    **{name: {"type": name.lower()} for name in ("String", "Integer", "Double", "Boolean", "Blob", "Timestamp")},
    "Epoch": {"type": "timestamp", "timestampFormat": "unixTimestamp"},
    "Dates": {"type": "list", "member": {"shape": "Epoch"}},
    "Strings": {"type": "list", "member": {"shape": "String"}},
    "Named": {"type": "list", "member": {"shape": "String", "locationName": "Item", "xmlNamespace": SPACE}},
    "Flat": {"type": "list", "member": {"shape": "Inner"}, "flattened": True},
    "Nested": {"type": "list", "member": {"shape": "Named"}},
    "Map": {"type": "map", "key": {"shape": "String"}, "value": {"shape": "Named"}},
    "NamedMap": {
        "type": "map",
        "key": {"shape": "String", "locationName": "K"},
        "value": {"shape": "Inner", "locationName": "V"},
    },
    "Maps": {"type": "map", "key": {"shape": "String"}, "value": {"shape": "NamedMap"}},
    "Inner": {
        "type": "structure",
        "members": {
            "Text": {"shape": "String", "locationName": "text"},
            "Kind": {"shape": "String", "xmlAttribute": True, "locationName": "p:kind"},
            "Inner": {"shape": "Inner"},
            "Many": {"shape": "Strings", "flattened": True, "locationName": "one"},
        },
        "xmlNamespace": SPACE,
    },
    "Choice": {"type": "structure", "union": True, "members": {"A": {"shape": "String"}, "B": {"shape": "Inner"}}},
    "All": {
        "type": "structure",
        "members": {
            **{
                name: {"shape": name}
                for name in ("String", "Integer", "Double", "Boolean", "Blob", "Timestamp", "Epoch")
            },
            **{
                name: {"shape": name}
                for name in ("Dates", "Strings", "Named", "Flat", "Nested", "Map", "NamedMap", "Maps")
            },
            "Renamed": {"shape": "Nested", "locationName": "renamed"},
            "FlatMap": {"shape": "NamedMap", "flattened": True, "locationName": "Entry"},
            "Inner": {"shape": "Inner"},
            "Choice": {"shape": "Choice"},
        },
    },
}
PROTOCOLS = ("query", "ec2", "rest-xml")


def model(protocol: str) -> Model:
    """A service with one operation, which takes and returns all."""
    rest = {"locationName": "DoRequest", "xmlNamespace": {"uri": "urn:service"}} if protocol == "rest-xml" else {}
    http = {"method": "POST", "requestUri": "/do" if rest else "/"}
    wrapper = {"resultWrapper": "DoResult"} if protocol == "query" else {}
    return {
        "metadata": {
            "apiVersion": "2020-01-08",
            "endpointPrefix": "shapes",
            "protocol": protocol,
            "protocols": [protocol],
            "serviceId": f"Shapes {protocol}",
            "serviceFullName": f"Shapes {protocol}",
            "signatureVersion": "v4",
            "auth": ["aws.auth#sigv4"],
        },
        "operations": {
            "Do": {"name": "Do", "http": http, "input": {"shape": "All", **rest}, "output": {"shape": "All", **wrapper}}
        },
        "shapes": SHAPES,
    }


@contextmanager
def _client(protocol: str, folder: Path) -> Iterator[tuple[Any, Any]]:
    package = f"shapes_{protocol.replace('-', '_')}"
    spec = folder / "spec"
    (spec / "references").mkdir(parents=True)
    (spec / "references" / "api-spec.lap").write_text(compile_lean(model(protocol)))
    (spec / "SKILL.md").write_text("---\nname: shapes\n---\n")
    (folder / "service-2.json").write_text(json.dumps(model(protocol)))
    output = str(folder / "clients" / package)
    for command in (
        ["bind", str(spec), "--model", str(folder / "service-2.json")],
        ["generate", str(spec), "-o", output],
    ):
        result = CliRunner().invoke(main, command)
        assert result.exit_code == 0, result.output
    with importable(folder / "clients"):
        yield importlib.import_module(package), importlib.import_module(f"{package}.testing")


@pytest.fixture(params=PROTOCOLS, scope="module")
def subject(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, ...]]:
    """A client, the stub it sends to, and botocore's model of its only operation."""
    protocol = request.param
    with _client(protocol, tmp_path_factory.mktemp("shapes")) as (package, testing):
        stub = testing.StubTransport()
        kind = next(
            getattr(package, name) for name in dir(package) if name.lower() == f"shapes{protocol}".replace("-", "")
        )
        client = kind(
            region="eu-west-1",
            endpoint_url="http://127.0.0.1:9",
            credentials=package.Credentials("a", "b"),
            transport=stub,
        )
        yield client, stub, ServiceModel(model(protocol), "shapes").operation_model("Do"), protocol


def _call(subject: tuple[Any, ...], values: dict[str, Any], answer: bytes) -> Any:
    client, stub, _, _ = subject
    stub.requests.clear()
    stub.respond(answer)
    spelled = {name: snake_case(name) for name in values}
    return client.do(**{spelled[name]: value for name, value in values.items()})


@settings(SETTINGS, max_examples=60)
@given(st.data())
def test_requests(subject: tuple[Any, ...], data: st.DataObject) -> None:
    _, stub, operation, protocol = subject
    values = data.draw(arguments(operation, Depths(), full=data.draw(st.booleans())))
    expected = create_serializer(protocol, False).serialize_to_request(values, operation)["body"]
    _call(subject, values, b"<DoResponse><DoResult/></DoResponse>")
    wanted = urlencode(expected, doseq=True).encode() if isinstance(expected, dict) else expected
    assert decoded(protocol, stub.requests[0].body) == decoded(protocol, wanted)


@settings(SETTINGS, max_examples=60)
@given(st.data())
def test_responses(subject: tuple[Any, ...], data: st.DataObject) -> None:
    _, _, operation, protocol = subject
    ill = data.draw(st.booleans())
    answer = body(Document(data.draw, Depths(), ANY_DATE, ill=ill, full=data.draw(st.booleans())), operation, protocol)
    response = {"status_code": 200, "headers": {}, "body": answer}
    expected = create_parser(protocol).parse(response, operation.output_shape)
    output = _call(subject, {}, answer)
    spelled = {name: snake_case(name) for name in SHAPES["All"]["members"]}
    compare.members(operation.output_shape, spelled, output, expected, "Do")
