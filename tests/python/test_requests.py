"""What only some requests and errors have: fixed headers, members in headers, tokens, plain mappings as input."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
from golden_cases import GOLDEN, client_class, generate, importable

CASES = ("fixed_headers", "json_rpc")


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, ModuleType]]:
    folder = tmp_path_factory.mktemp("clients")
    for case in CASES:
        assert generate(GOLDEN / case, folder / case).code == 0
    with importable(folder):
        yield {case: importlib.import_module(case) for case in CASES}


def connect(package: ModuleType) -> tuple[Any, Any]:
    stub = importlib.import_module(f"{package.__name__}.testing").StubTransport()
    credentials = package.Credentials("AKID", "secret")
    client = client_class(package)(region="eu-west-1", credentials=credentials, transport=stub, max_attempts=1)
    return client, stub


def test_fixed_headers_go_with_every_request_that_does_not_set_them(packages: dict[str, ModuleType]) -> None:
    client, stub = connect(packages["fixed_headers"])
    for _ in range(3):
        stub.respond()
    client.get_account()
    client.get_export(accept="application/yaml")
    client.with_options(extra_headers={"X-Version": "2"}).get_account()
    found = [dict(request.headers) for request in stub.requests]
    assert [(each["Accept"], each["X-Version"]) for each in found] == [
        ("application/json", "2015-07-09"),
        ("application/yaml", "2015-07-09"),
        ("application/json", "2"),
    ]
    assert all("accept;" in each["Authorization"] for each in found)


@pytest.mark.parametrize(("sent", "read"), [("17", 17), (None, None), ("soon", None)])
def test_members_of_errors_in_headers(packages: dict[str, ModuleType], sent: str | None, read: int | None) -> None:
    package = packages["fixed_headers"]
    client, stub = connect(package)
    headers = {"x-amzn-errortype": "TooMany", **({"retry-after": sent} if sent else {})}
    stub.respond(b'{"message": "Slow down", "limitType": "burst"}', status=429, headers=headers)
    with pytest.raises(package.TooMany) as caught:
        client.get_export()
    assert (caught.value.retry_after_seconds, caught.value.limit_type) == (read, "burst")
    assert package.TooMany("x", retry_after_seconds=3).retry_after_seconds == 3


def test_tokens_are_made_where_none_is_given(packages: dict[str, ModuleType]) -> None:
    client, stub = connect(packages["json_rpc"])
    for token in (None, None, "mine", ""):
        stub.respond(b"{}")
        client.write_items(requests={}, client_token=token)
    sent = [json.loads(request.body)["ClientToken"] for request in stub.requests]
    assert sent[2:] == ["mine", ""]
    assert UUID(sent[0]).version == UUID(sent[1]).version == 4
    assert sent[0] != sent[1]


def test_structures_may_be_plain_mappings(packages: dict[str, ModuleType]) -> None:
    package = packages["json_rpc"]
    client, stub = connect(package)
    stub.respond(b'{"Item": {"id": {"S": "a"}}}')
    stub.respond(b"{}")
    output = client.get_item(table_name="t", key={"id": {"S": "a"}})
    client.get_item(table_name="t", key={"id": package.AttributeValue(s="a")})
    assert stub.requests[0].body == stub.requests[1].body == b'{"TableName":"t","Key":{"id":{"S":"a"}}}'
    assert output.item == {"id": package.AttributeValue(s="a")}
    assert ("X-Amz-Target", "Tables_20120810.GetItem") in stub.requests[0].headers


RARE = """\
@lap v0.3
@api Meters
@version 2024-05-01
@auth AWS SigV4
@endpoints 1

@endpoint PUT /meters/{Level}/{Grade}
@required {Level: short, Grade: character}
@optional {Offset: byte, Step: any, Steps: [any], Limit: short}
@returns(200) {Level: short, Grade: character?, Step: any?}

@end
"""
RARE_BINDINGS = """\
lapsmith: 1
service: {id: Meters, class: Meters, protocol: rest-json, signing: meters}
endpoint: {host: "meters.{region}.{dnsSuffix}"}
operations:
  SetMeter:
    at: PUT /meters/{Level}/{Grade}
    in:
      Level: label
      Grade: label
      Offset: {in: header, name: x-offset}
      Step: {in: header, name: x-step}
      Steps: {in: query, name: step}
      Limit: body
    out:
      Level: {in: header, name: x-level}
      Grade: {in: header, name: x-grade}
      Step: {in: header, name: x-step}
"""


def test_rare_types_in_the_path_and_in_headers(tmp_path: Path) -> None:
    """Short numbers and characters; and any value, as which specs know these of service models, is text there."""
    (tmp_path / "meters").mkdir()
    (tmp_path / "meters" / "spec.lap").write_text(RARE)
    (tmp_path / "meters" / "bindings.yaml").write_text(RARE_BINDINGS)
    outcome = generate(tmp_path / "meters", tmp_path / "clients" / "meters")
    assert outcome.code == 0
    with importable(tmp_path / "clients"):
        package = importlib.import_module("meters")
        client, stub = connect(package)
        stub.respond(b"{}", headers={"x-level": "-7", "x-grade": "c", "x-step": "3"})
        output = client.set_meter(level=-32768, grade="b", offset=-128, step="2", steps=["4", "5"], limit=9)
        assert (output.level, output.grade, output.step) == (-7, "c", "3")
        (request,) = stub.requests
        headers = dict(request.headers)
        assert request.target == "/meters/-32768/b?step=4&step=5"
        assert (headers["x-offset"], headers["x-step"], json.loads(request.body)) == ("-128", "2", {"Limit": 9})
        with pytest.raises(package.InvalidInput, match=r"^level must be an integer, not str$"):
            client.set_meter(level="high", grade="b")
