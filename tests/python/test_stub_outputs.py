"""Stubs answer with outputs: what a test hands in is what the code under test is given, through the real parsers."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import anyio
import pytest
from golden_cases import GOLDEN, client_class, generate, importable

CASES = ("body_members", "json_rpc", "payloads", "url_and_headers", "event_stream_json")
MOMENT = datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, ModuleType]]:
    folder = tmp_path_factory.mktemp("clients")
    for case in CASES:
        assert generate(GOLDEN / case, folder / case).code == 0
    with importable(folder):
        yield {case: importlib.import_module(case) for case in CASES}


def connect(package: ModuleType, *, asynchronous: bool = False) -> tuple[Any, Any]:
    testing = importlib.import_module(f"{package.__name__}.testing")
    stub = testing.AsyncStubTransport() if asynchronous else testing.StubTransport()
    credentials = package.Credentials("AKID", "secret")
    made = client_class(package, asynchronous=asynchronous)(
        region="eu-west-1", credentials=credentials, transport=stub, max_attempts=1
    )
    return made, stub


def url_output(package: ModuleType) -> Any:
    return package.GetItemOutput(
        length=0,
        ratio=0.5,
        fresh=True,
        kinds=["a", "b,c"],
        modified=MOMENT,
        expires=MOMENT,
        meta={"k": "v"},
        status=203,
        etag="e",
    )


OUTPUTS: dict[str, tuple[str, str, dict[str, Any], Callable[[ModuleType], Any]]] = {
    "headers and status": ("url_and_headers", "get_item", {}, url_output),
    "body and header": (
        "url_and_headers",
        "remove_shelf",
        {},
        lambda package: package.RemoveShelfOutput(removed=3, note="gone"),
    ),
    "a structure as payload": (
        "payloads",
        "put_config",
        {"id": "x", "config": {"Name": "n"}},
        lambda package: package.PutConfigOutput(config=package.Config(name="n", size=1, since=MOMENT, data=b"\0")),
    ),
    "a body": (
        "json_rpc",
        "get_item",
        {"table_name": "t", "key": {}},
        lambda package: package.GetItemOutput(
            item={"id": package.AttributeValue(s="a")},
            capacity=package.types.Capacity(units=float("inf"), since=MOMENT),
        ),
    ),
}


def arguments(method: Any, given: dict[str, Any]) -> dict[str, Any]:
    """Fill in text for what is required and not given."""
    required = [p.name for p in inspect.signature(method).parameters.values() if p.default is p.empty]
    return dict.fromkeys(required, "x") | given


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("name", OUTPUTS)
def test_an_output_arrives_as_it_was_handed_in(packages: dict[str, ModuleType], name: str, asynchronous: bool) -> None:
    case, method, given, make = OUTPUTS[name]
    importlib.import_module(f"{case}.types")
    client, stub = connect(packages[case], asynchronous=asynchronous)
    output = make(packages[case])
    stub.respond_output(output)
    call = getattr(client, method)

    async def wait() -> Any:
        return await call(**arguments(call, given))

    found = anyio.run(wait) if asynchronous else call(**arguments(call, given))
    assert found == output
    stub.assert_done()


def test_the_other_members_of_a_stream(packages: dict[str, ModuleType]) -> None:
    package = packages["event_stream_json"]
    client, stub = connect(package)
    output = package.ConverseOutput(**dict.fromkeys(package.ConverseOutput.__struct_fields__, "x"))
    stub.stream([], output=output)
    with client.converse(**arguments(client.converse, {})) as stream:
        assert list(stream) == []
        assert stream.output == output


def test_an_answer_for_another_operation_is_a_mistake_of_the_test(packages: dict[str, ModuleType]) -> None:
    package = packages["json_rpc"]
    client, stub = connect(package)
    stub.respond_output(package.ListTablesOutput(table_names=["t"]))
    with pytest.raises(AssertionError, match="was to answer ListTables next, but GetItem was called"):
        client.get_item(table_name="t", key={})
    assert [request.operation for request in stub.requests] == ["GetItem"]


def test_answers_that_nobody_asked_for(packages: dict[str, ModuleType]) -> None:
    _, stub = connect(packages["json_rpc"])
    stub.respond(b"{}")
    with pytest.raises(AssertionError, match="1 answers were not asked for"):
        stub.assert_done()


def test_outputs_of_other_services_are_refused(packages: dict[str, ModuleType]) -> None:
    _, stub = connect(packages["json_rpc"])
    with pytest.raises(ValueError, match="PutTextOutput is not an output of this service"):
        stub.respond_output(packages["payloads"].PutTextOutput(text="x"))
