"""Generated clients of other services at work on ministack, which carries out what they ask and verifies signatures."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import aws_lambda
import bedrock_runtime
import dynamodb
import kinesis
import pytest
from e2e.drivers import connector
from e2e.servers import REGION

pytestmark = pytest.mark.slow

Make = Callable[..., Any]
CLASSES: dict[Any, tuple[Any, Any]] = {
    aws_lambda: (aws_lambda.Lambda, aws_lambda.AsyncLambda),
    bedrock_runtime: (bedrock_runtime.BedrockRuntime, bedrock_runtime.AsyncBedrockRuntime),
    dynamodb: (dynamodb.DynamoDB, dynamodb.AsyncDynamoDB),
    kinesis: (kinesis.Kinesis, kinesis.AsyncKinesis),
}
ROLE = "arn:aws:iam::000000000000:role/runs-functions"
HANDLER = b"""
def handler(event, context):
    if event.get("fail"):
        raise ValueError("as asked")
    return {"got": event, "by": context.function_name}
"""


@pytest.fixture(params=["sync", "asyncio", "trio"])
def connect(request: pytest.FixtureRequest, ministack: str, ministack_key: tuple[str, str]) -> Iterator[Make]:
    """Make clients of a package on ministack; ``secret`` replaces that of its user."""
    defaults = {"region": REGION, "endpoint_url": ministack, "max_attempts": 1, "timeout": 60}
    access_key, its_secret = ministack_key
    contexts = []

    def make(package: Any, secret: str = its_secret) -> Any:
        settings = defaults | {"credentials": package.Credentials(access_key, secret)}
        contexts.append(connector(request.param, settings, CLASSES[package]))
        return contexts[-1].__enter__()()

    yield make
    for context in reversed(contexts):
        context.__exit__(None, None, None)


def unique(name: str) -> str:
    return f"{name}-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def table(connect: Make) -> tuple[Any, str]:
    """A client of DynamoDB, and the name of a table with the key ``id`` that it has made and waited for."""
    client, name = connect(dynamodb), unique("table")
    client.create_table(
        table_name=name,
        attribute_definitions=[{"AttributeName": "id", "AttributeType": "S"}],
        key_schema=[dynamodb.KeySchemaElement(attribute_name="id", key_type="HASH")],
        billing_mode="PAY_PER_REQUEST",
    )
    found = client.wait_until_table_exists(table_name=name, delay=1)
    assert found.table.table_status == "ACTIVE"
    return client, name


AS_MAPPINGS: dict[str, Any] = {
    "id": {"S": "é/\U0001f600\n"},
    "number": {"N": "12345678901234567890.5"},
    "binary": {"B": b"\x00\xff"},
    "strings": {"SS": ["a", "ü"]},
    "numbers": {"NS": ["1", "2.5"]},
    "binaries": {"BS": [b"\x01", b"\xfe"]},
    "map": {"M": {"é": {"L": [{"NULL": True}, {"BOOL": False}, {"B": b"deep\x80"}]}}},
    "null": {"NULL": True},
    "true": {"BOOL": True},
    "empty": {"L": []},
}
Value = dynamodb.AttributeValue
AS_STRUCTURES = {
    "id": Value(s="é/\U0001f600\n"),
    "number": Value(n="12345678901234567890.5"),
    "binary": Value(b=b"\x00\xff"),
    "strings": Value(ss=["a", "ü"]),
    "numbers": Value(ns=["1", "2.5"]),
    "binaries": Value(bs=[b"\x01", b"\xfe"]),
    "map": Value(m={"é": Value(l=[Value(null=True), Value(bool_=False), Value(b=b"deep\x80")])}),
    "null": Value(null=True),
    "true": Value(bool_=True),
    "empty": Value(l=[]),
}


@pytest.mark.parametrize("item", [AS_MAPPINGS, AS_STRUCTURES])
def test_dynamodb_keeps_every_type_of_attribute(table: tuple[Any, str], item: dict[str, Any]) -> None:
    client, name = table
    client.put_item(table_name=name, item=item)
    found = client.get_item(table_name=name, key={"id": AS_MAPPINGS["id"]}, consistent_read=True)
    for each in (*found.item.values(), *AS_STRUCTURES.values()):
        for members in (each.ss, each.ns, each.bs):
            if members is not None:
                members.sort()  # sets have no order
    assert found.item == AS_STRUCTURES
    assert found.metadata.attempts == 1


def test_dynamodb_pages(table: tuple[Any, str]) -> None:
    client, name = table
    for number in range(7):
        client.put_item(table_name=name, item={"id": {"S": str(number)}})
    assert sorted(item["id"].s for item in client.paginate_scan(table_name=name, limit=3).items()) == list("0123456")
    assert [page.count for page in client.paginate_scan(table_name=name, limit=3)][:2] == [3, 3]


def test_dynamodb_errors(connect: Make, table: tuple[Any, str]) -> None:
    client, name = table
    with pytest.raises(dynamodb.ResourceNotFoundException) as caught:
        client.get_item(table_name=unique("none"), key={"id": {"S": "1"}})
    assert (caught.value.status, caught.value.operation) == (400, "GetItem")
    assert caught.value.request_id

    client.put_item(table_name=name, item={"id": {"S": "1"}})
    with pytest.raises(dynamodb.ConditionalCheckFailedException):
        client.put_item(table_name=name, item={"id": {"S": "1"}}, condition_expression="attribute_not_exists(id)")

    check = {"Put": {"TableName": name, "Item": {"id": {"S": "1"}}, "ConditionExpression": "attribute_not_exists(id)"}}
    with pytest.raises(dynamodb.TransactionCanceledException) as cancelled:
        client.transact_write_items(transact_items=[check])
    assert [reason.code for reason in cancelled.value.cancellation_reasons or []] == ["ConditionalCheckFailed"]


@pytest.mark.parametrize(
    ("package", "operation", "arguments", "status"),
    [
        (dynamodb, "list_tables", {}, 400),
        (kinesis, "list_streams", {}, 400),
        (aws_lambda, "list_functions", {}, 403),
        (bedrock_runtime, "converse", {"model_id": "m", "messages": []}, 403),
    ],
)
def test_a_wrong_secret_is_refused(
    connect: Make, package: Any, operation: str, arguments: dict[str, Any], status: int
) -> None:
    with pytest.raises(package.ServiceError) as caught:
        getattr(connect(package, secret="x" * 40), operation)(**arguments)
    assert caught.value.code == "InvalidSignatureException"
    assert caught.value.status == status


def test_kinesis_records(connect: Make) -> None:
    client, name = connect(kinesis), unique("stream")
    client.create_stream(stream_name=name, shard_count=1)
    client.wait_until_stream_exists(stream_name=name, delay=1)
    data = [bytes(range(256)), "é".encode(), b"{}"]
    put = client.put_record(stream_name=name, data=data[0], partition_key="p")
    rest = client.put_records(
        stream_name=name,
        records=[
            {"Data": data[1], "PartitionKey": "p"},
            kinesis.PutRecordsRequestEntry(data=data[2], partition_key="p"),
        ],
    )
    assert rest.failed_record_count == 0
    iterator = client.get_shard_iterator(
        stream_name=name, shard_id=put.shard_id, shard_iterator_type="TRIM_HORIZON"
    ).shard_iterator
    got = client.get_records(shard_iterator=iterator)
    assert [record.data for record in got.records] == data
    assert got.records[0].sequence_number == put.sequence_number
    assert got.records[0].approximate_arrival_timestamp.tzinfo is not None
    with pytest.raises(kinesis.ResourceNotFoundException):
        client.describe_stream(stream_name=unique("none"))


@pytest.fixture
def function(connect: Make) -> tuple[Any, str]:
    """A client of Lambda, and the name of a function of it that answers what it is sent."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("index.py", HANDLER)
    client, name = connect(aws_lambda), unique("function")
    made = client.create_function(
        function_name=name,
        role=ROLE,
        runtime="python3.11",
        handler="index.handler",
        code=aws_lambda.FunctionCode(zip_file=archive.getvalue()),
        environment={"Variables": {"A": "é"}},
    )
    assert made.environment.variables == {"A": "é"}
    client.wait_until_function_active_v2(function_name=name, delay=1)
    return client, name


def test_lambda_invokes(function: tuple[Any, str]) -> None:
    client, name = function
    payload = json.dumps({"x": [1, "é"]}).encode()
    out = client.invoke(function_name=name, payload=payload)
    assert (out.status_code, out.function_error) == (200, None)
    assert out.json() == {"got": {"x": [1, "é"]}, "by": name}
    failed = client.invoke(function_name=name, payload=b'{"fail": true}')
    assert failed.function_error == "Unhandled"
    assert "as asked" in failed.json()["errorMessage"]
    with pytest.raises(aws_lambda.ResourceNotFoundException) as caught:
        client.invoke(function_name=unique("none"), payload=b"{}")
    assert caught.value.status == 404


def test_lambda_streams(function: tuple[Any, str]) -> None:
    client, name = function
    with client.invoke_with_response_stream(function_name=name, payload=b'{"x": 1}') as stream:
        assert stream.status_code == 200
        events = list(stream)
    assert [type(event) for event in events] == [
        aws_lambda.InvokeResponseStreamUpdate,
        aws_lambda.InvokeWithResponseStreamCompleteEvent,
    ]
    assert json.loads(events[0].payload) == {"got": {"x": 1}, "by": name}
    with client.invoke_with_response_stream(function_name=name, payload=b'{"x": 2}') as stream:
        assert json.loads("".join(stream.iter_text()))["got"] == {"x": 2}
    with client.invoke_with_response_stream(function_name=name, payload=b'{"fail": true}') as stream:
        part, complete = stream
    assert "as asked" in json.loads(part.payload)["errorMessage"]
    assert isinstance(complete, aws_lambda.InvokeWithResponseStreamCompleteEvent)
    with (
        pytest.raises(aws_lambda.ResourceNotFoundException),
        client.invoke_with_response_stream(function_name=unique("none"), payload=b"{}"),
    ):
        pytest.fail("a stream was opened")


CLAUDE = "anthropic.claude-3-haiku-20240307-v1:0"
ASKED: dict[str, Any] = {
    "model_id": CLAUDE,
    "messages": [bedrock_runtime.Message(role="user", content=[{"text": "hé?"}])],
    "inference_config": {"maxTokens": 50, "temperature": 0.5},
}


def test_bedrock_converses(connect: Make) -> None:
    client = connect(bedrock_runtime)
    out = client.converse(**ASKED)
    assert out.output.message.role == "assistant"
    said = out.output.message.content[0].text
    assert CLAUDE in said
    assert out.usage.total_tokens == out.usage.input_tokens + out.usage.output_tokens
    with client.converse_stream(**ASKED) as stream:
        events = list(stream)
    assert [type(event).__name__ for event in (events[0], *events[-3:])] == [
        "MessageStartEvent",
        "ContentBlockStopEvent",
        "MessageStopEvent",
        "ConverseStreamMetadataEvent",
    ]
    deltas = events[1:-3]
    assert len(deltas) > 1
    assert "".join(event.delta.text for event in deltas) == said
    assert events[-1].usage.output_tokens == out.usage.output_tokens
    with pytest.raises(bedrock_runtime.ValidationException):
        client.converse(model_id=CLAUDE, messages=[{"role": "nobody", "content": [{"text": "x"}]}])


def test_bedrock_invokes_models(connect: Make) -> None:
    client = connect(bedrock_runtime)
    asked = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 9, "messages": [{"role": "user", "content": "x"}]}
    out = client.invoke_model(model_id=CLAUDE, json=asked)
    said = out.json()["content"][0]["text"]
    assert CLAUDE in said
    with client.invoke_model_with_response_stream(model_id=CLAUDE, json=asked) as stream:
        parts = [json.loads(event.bytes_) for event in stream]
    assert [part["type"] for part in parts[:2]] == ["message_start", "content_block_start"]
    assert "".join(part["delta"]["text"] for part in parts if part["type"] == "content_block_delta") == said
