"""Smithy models read as the service models that ``bind`` knows."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from acquire.smithy_models import NAMESPACE, SHOP, Json, model, operation, shape, target
from lapsmith.acquire import acquire
from lapsmith.acquire.found import SourceError
from lapsmith.bind.errors import BindError
from lapsmith.bind.smithy import translate


@pytest.fixture(scope="module")
def shop() -> dict[str, Json]:
    return translate(copy.deepcopy(SHOP), "shop.json")


def test_the_service(shop: dict[str, Json]) -> None:
    metadata = shop["service-2"]["metadata"]
    assert metadata == {
        "apiVersion": "2026-01-02",
        "auth": ["aws.auth#sigv4"],
        "endpointPrefix": "shop",
        "protocol": "rest-json",
        "protocols": ["rest-json"],
        "serviceAbbreviation": "Shop",
        "serviceFullName": "Amazon Shop",
        "serviceId": "Shop",
        "signatureVersion": "v4",
        "uid": "shop-2026-01-02",
    }


def test_operations_with_their_paths_statuses_and_errors(shop: dict[str, Json]) -> None:
    operations = shop["service-2"]["operations"]
    assert list(operations) == ["GetItem", "ListItems", "PutItem", "Watch"]
    assert operations["GetItem"] == {
        "name": "GetItem",
        "http": {"method": "GET", "requestUri": "/items/{Id}"},
        "input": {"shape": "GetItemInput"},
        "output": {"shape": "GetItemOutput"},
        "errors": [{"shape": "NoSuchItem"}],
        "readonly": True,
        "documentation": "<p>Gets an item.</p>",
    }
    assert operations["PutItem"]["http"] == {"method": "PUT", "requestUri": "/items/{Id}", "responseCode": 201}
    assert operations["PutItem"]["idempotent"] is True
    assert "output" not in operations["PutItem"]


@pytest.mark.parametrize(
    ("owner", "member", "expected"),
    [
        ("GetItemInput", "Id", {"location": "uri", "locationName": "Id"}),
        (
            "GetItemInput",
            "Since",
            {"location": "querystring", "locationName": "since", "timestampFormat": "unixTimestamp"},
        ),
        ("GetItemInput", "Trace", {"location": "header", "locationName": "X-Trace"}),
        ("GetItemOutput", "Meta", {"location": "headers", "locationName": "x-meta-"}),
        ("GetItemOutput", "Code", {"location": "statusCode"}),
        ("PutItemInput", "Item", {"locationName": "item"}),
        ("PutItemInput", "Key", {"idempotencyToken": True}),
        ("Changed", "Id", {"eventheader": True}),
        ("Changed", "Body", {"eventpayload": True}),
    ],
)
def test_members(shop: dict[str, Json], owner: str, member: str, expected: Json) -> None:
    found = dict(shop["service-2"]["shapes"][owner]["members"][member])
    found.pop("shape")
    assert found == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("GetItemOutput", {"type": "structure", "payload": "Item"}),
        ("PutItemInput", {"type": "structure", "required": ["Id", "Item"]}),
        ("Events", {"type": "structure", "eventstream": True}),
        ("Changed", {"type": "structure", "event": True}),
        ("Choice", {"type": "structure", "union": True}),
        ("Document", {"type": "structure", "document": True}),
        ("Kind", {"type": "string", "enum": ["good", "bad"]}),
        ("Secret", {"type": "string", "sensitive": True}),
        ("Items", {"type": "list", "sparse": True, "member": {"shape": "Item"}}),
        ("Strings", {"type": "map", "key": {"shape": "String"}, "value": {"shape": "String"}}),
        ("NoSuchItem", {"type": "structure", "exception": True, "error": {"httpStatusCode": 404, "senderFault": True}}),
        (
            "Busy",
            {
                "type": "structure",
                "exception": True,
                "fault": True,
                "error": {"httpStatusCode": 503},
                "retryable": {"throttling": True},
            },
        ),
    ],
)
def test_shapes(shop: dict[str, Json], name: str, expected: Json) -> None:
    found = dict(shop["service-2"]["shapes"][name])
    found.pop("members", None)
    assert found == expected


def test_pages_and_waiters(shop: dict[str, Json]) -> None:
    assert shop["paginators-1"]["pagination"] == {
        "ListItems": {"input_token": "Token", "output_token": "NextToken", "result_key": "Items", "limit_key": "Limit"}
    }
    assert shop["waiters-2"]["waiters"] == {
        "ItemsExist": {
            "operation": "ListItems",
            "delay": 5,
            "maxAttempts": 120,
            "acceptors": [
                {"state": "success", "matcher": "pathAll", "argument": "Items[].Kind", "expected": "good"},
                {"state": "retry", "matcher": "error", "expected": "Busy"},
                {"state": "failure", "matcher": "error", "expected": True},
            ],
        }
    }


@pytest.mark.parametrize(
    ("protocol", "expected"),
    [
        ("aws.protocols#awsJson1_0", {"protocol": "json", "jsonVersion": "1.0", "targetPrefix": "Shop_20260102"}),
        ("aws.protocols#awsJson1_1", {"protocol": "json", "jsonVersion": "1.1", "targetPrefix": "Shop_20260102"}),
        ("smithy.protocols#rpcv2Cbor", {"protocol": "smithy-rpc-v2-cbor", "targetPrefix": "Shop_20260102"}),
        ("aws.protocols#awsQuery", {"protocol": "query", "xmlNamespace": "urn:shop"}),
        ("aws.protocols#restXml", {"protocol": "rest-xml", "xmlNamespace": "urn:shop"}),
    ],
)
def test_protocols(protocol: str, expected: Json) -> None:
    shapes = {
        "Get": operation(),
        "Put": operation("In"),
        "In": shape("structure", {"A": target("String", httpLabel={})}),
    }
    found = translate(model(shapes, protocol=protocol, xmlNamespace={"uri": "urn:shop"}), "x")["service-2"]
    keys = ("protocol", "jsonVersion", "targetPrefix", "xmlNamespace")
    assert {key: found["metadata"][key] for key in keys if key in found["metadata"]} == expected
    # Only REST protocols bind members to the request; the others carry all in the body.
    assert ("location" in found["shapes"]["In"]["members"]["A"]) is protocol.startswith("aws.protocols#rest")


def test_elements_around_xml() -> None:
    shapes = {
        "Get": operation("GetInput", "GetOutput", http={"method": "POST", "uri": "/"}),
        "GetInput": shape("structure", {"A": target("String", xmlName="a")}, xmlName="Root"),
        "GetOutput": shape("structure", {"L": target("#Names", xmlFlattened={})}),
        "Names": {"type": "list", "member": target("String", xmlName="item")},
    }
    wrapped = translate(model(copy.deepcopy(shapes), protocol="aws.protocols#awsQuery"), "x")["service-2"]
    assert wrapped["operations"]["Get"]["output"] == {"shape": "GetOutput", "resultWrapper": "GetResult"}
    found = translate(model(shapes, protocol="aws.protocols#restXml", xmlNamespace={"uri": "urn:a"}), "x")["service-2"]
    assert found["operations"]["Get"]["input"] == {
        "shape": "GetInput",
        "locationName": "Root",
        "xmlNamespace": {"uri": "urn:a"},
    }
    assert found["shapes"]["GetInput"]["members"]["A"] == {"shape": "String", "locationName": "a"}
    assert found["shapes"]["GetOutput"]["members"]["L"] == {"shape": "Names", "flattened": True}
    assert found["shapes"]["Names"]["member"] == {"shape": "String", "locationName": "item"}


def test_operations_of_resources_mixins_and_applied_traits() -> None:
    document = model(
        {
            "Get": operation("GetInput", http={"method": "GET", "uri": "/"}),
            "GetInput": {**shape("structure", {"B": target("String")}), "mixins": [target("#Common")]},
            "Common": shape("structure", {"A": target("String")}, mixin={}),
            "Thing": {"type": "resource", "read": target("#Get"), "resources": [target("#Inner")]},
            "Inner": {"type": "resource", "collectionOperations": [target("#All")]},
            "All": operation(http={"method": "GET", "uri": "/all"}),
            "GetInput$B": {"type": "apply", "traits": {"smithy.api#httpQuery": "b"}},
        }
    )
    service = document["shapes"][f"{NAMESPACE}#Shop_20260102"]
    service.update(operations=[], resources=[target("#Thing")])
    found = translate(document, "x")["service-2"]
    assert list(found["operations"]) == ["All", "Get"]
    members = found["shapes"]["GetInput"]["members"]
    assert list(members) == ["A", "B"]
    assert members["B"]["location"] == "querystring"


def test_operations_that_are_not_signed() -> None:
    shapes = {
        "Open": operation(auth=[], http={"method": "GET", "uri": "/"}),
        "Token": operation(auth=["smithy.api#httpBearerAuth"], http={"method": "GET", "uri": "/t"}),
        "Big": operation(aws_dot_auth__unsignedPayload={}, http={"method": "PUT", "uri": "/b"}),
    }
    found = translate(model(shapes), "x")["service-2"]["operations"]
    assert found["Open"]["authtype"] == "none"
    assert found["Token"]["auth"] == ["smithy.api#httpBearerAuth"]
    assert found["Big"]["unsignedPayload"] is True
    assert "auth" not in found["Big"]


def test_a_model_gives_a_spec_with_bindings(tmp_path: Path) -> None:
    path = tmp_path / "shop.json"
    path.write_text(json.dumps(SHOP))
    found = acquire(str(path))
    assert (found.name, found.origin, found.bound) == ("shop", None, True)
    assert sorted(found.files) == ["SKILL.md", "bindings.yaml", "references/api-spec.lap", "types.lap"]
    spec = found.files["references/api-spec.lap"].decode()
    assert "@desc Gets an item." in spec
    assert "@endpoint PUT /items/{Id}\n@required {Id: str, Item: Item}" in spec


def _drop(document: Json, *path: str) -> None:
    for key in path[:-1]:
        document = document[key]
    del document[path[-1]]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (
            lambda d: _drop(d, "shapes", f"{NAMESPACE}#Item"),
            "it refers to the shape example.shop#Item, which is missing",
        ),
        (
            lambda d: _drop(d, "shapes", f"{NAMESPACE}#Shop_20260102"),
            "must describe one service, and this one has none",
        ),
        (lambda d: _drop(d, "shapes", f"{NAMESPACE}#Kind", "type"), "shape example.shop#Kind has no type"),
        (
            lambda d: _drop(d, "shapes", f"{NAMESPACE}#Shop_20260102", "traits", "aws.protocols#restJson1"),
            "its service has no protocol of AWS's",
        ),
        (
            lambda d: _drop(d, "shapes", f"{NAMESPACE}#Items", "member"),
            "example.shop#Items$member must have a 'target'",
        ),
    ],
)
def test_a_damaged_model_is_named(tmp_path: Path, damage: Callable[[Json], None], message: str) -> None:
    document = copy.deepcopy(SHOP)
    damage(document)
    with pytest.raises(BindError, match="not a whole Smithy model") as caught:
        translate(document, "shop.json")
    assert message in str(caught.value)
    path = tmp_path / "shop.json"
    path.write_text(json.dumps(document))
    with pytest.raises(SourceError, match="not a whole Smithy model"):
        acquire(str(path))


@pytest.mark.parametrize("value", [None, 5, "text", [], {"shapes": 5}])
def test_nonsense_in_any_place_is_an_error_of_ours(tmp_path: Path, value: Any) -> None:
    for place in SHOP["shapes"]:
        document = copy.deepcopy(SHOP)
        document["shapes"][place] = value
        path = tmp_path / "shop.json"
        path.write_text(json.dumps(document))
        with pytest.raises(SourceError):
            acquire(str(path))
