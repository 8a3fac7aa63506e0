"""Objects of one client that are passed to another, each with a runtime of its own."""

from __future__ import annotations

import asyncio
import gzip
import pickle
from typing import Any

import aws_lambda.testing
import dynamodb
import dynamodb.testing
import kinesis
import kinesis.testing
import pytest

KEYS = kinesis.Credentials("AKID", "secret", "token", account_id="123456789012")
REGION = {"region": "eu-west-1"}


class Listening(kinesis.Hooks):
    """Hooks of the other client."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def on_retry(self, event: kinesis.CallEvent) -> None:
        self.told.append(type(event.error).__name__)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dynamodb._runtime.call.retry.Backoff.delay", lambda *_: 0.0)


def test_a_stub_credentials_limits_and_hooks_of_another_client() -> None:
    stub, hooks = kinesis.testing.StubTransport(), Listening()
    stub.fail(kinesis.ConnectTimeout("too slow"))
    stub.respond(b'{"TableNames": ["t"]}', headers={"x-amzn-RequestId": "id-1"})
    client = dynamodb.DynamoDB(
        **REGION, credentials=KEYS, transport=stub, timeout=kinesis.Timeout(connect=3.0), hooks=hooks
    )
    output = client.list_tables()
    assert (output.table_names, output.metadata.attempts, output.metadata.request_id) == (["t"], 2, "id-1")
    assert hooks.told == ["ConnectTimeout"]
    sent = dict(stub.requests[1].headers)
    assert sent["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKID/")
    assert sent["X-Amz-Security-Token"] == "token"


def test_errors_of_another_clients_transport_are_this_clients() -> None:
    stub = kinesis.testing.StubTransport()
    client = dynamodb.DynamoDB(**REGION, credentials=KEYS, transport=stub, max_attempts=1)
    stub.fail(kinesis.ReadTimeout("nothing came"))
    with pytest.raises(dynamodb.ReadTimeout, match="nothing came") as caught:
        client.list_tables()
    assert (caught.value.operation, caught.value.attempts) == ("ListTables", 1)
    assert isinstance(caught.value.__cause__, kinesis.ReadTimeout)
    stub.respond([b"{", kinesis.ProtocolError("gone")])
    with pytest.raises(dynamodb.ProtocolError, match="gone"):
        client.list_tables()
    with pytest.raises(AssertionError, match="no answer left"):
        client.list_tables()


def test_async_clients_take_them_too() -> None:
    async def call() -> Any:
        stub = kinesis.testing.AsyncStubTransport()
        stub.fail(kinesis.ConnectError("gone"))
        stub.respond([b"{", b"}"])
        async with dynamodb.AsyncDynamoDB(**REGION, credentials=lambda: KEYS, transport=stub) as client:
            return (await client.list_tables()).metadata.attempts

    assert asyncio.run(call()) == 2


def test_streams_over_another_clients_transport() -> None:
    stub = kinesis.testing.StubTransport()
    stub.respond([b"", kinesis.ProtocolError("gone")], headers={"Content-Type": "application/vnd.amazon.eventstream"})
    client = aws_lambda.Lambda(**REGION, credentials=KEYS, transport=stub)
    with client.invoke_with_response_stream(function_name="f") as stream, pytest.raises(aws_lambda.ProtocolError):
        list(stream)


def test_limits_that_were_not_set_stay_the_services_own() -> None:
    client = dynamodb.DynamoDB(**REGION, timeout=kinesis.Timeout(total=9.0))
    assert client._config.timeout == dynamodb.Timeout(total=9.0)
    assert client.with_options(timeout=kinesis.Timeout(read=1.5))._config.timeout.read == 1.5


def test_a_client_with_another_clients_transport_can_be_pickled() -> None:
    client = dynamodb.DynamoDB(**REGION, credentials=KEYS, transport=kinesis.HTTPTransport(max_connections=3))
    assert "DynamoDB" in repr(pickle.loads(pickle.dumps(client)))


def test_what_cannot_be_mixed_is_named_with_its_owner() -> None:
    stub = dynamodb.testing.StubTransport()
    with pytest.raises(dynamodb.InvalidInput, match="which belongs to kinesis"):
        stub.respond_error(kinesis.LimitExceededException("x"))
    with pytest.raises(dynamodb.InvalidInput, match="which belongs to kinesis"):
        stub.fail(kinesis.ReadTimeout("x"))
    with pytest.raises(dynamodb.InvalidInput, match="of kinesis"):
        dynamodb.DynamoDB(**REGION, timeout=KEYS)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'{"error": "rate limit of the gateway"}', '{"error": "rate limit of the gateway"}'),
        (b'{"detail": [{"loc": ["body"]}]}', '{"detail": [{"loc": ["body"]}]}'),
        (b'{"detail": "' + b"x" * 5000 + b'"}', "xx... (ListTables"),
        (b'{"__type": "Coded", "detail": "x"}', "Coded (ListTables"),
        (b'{"Message": "said", "detail": "x"}', "HTTP403: said (ListTables"),
    ],
)
def test_errors_without_code_and_message_show_what_came(body: bytes, told: str) -> None:
    stub = dynamodb.testing.StubTransport()
    stub.respond(body, status=403)
    with pytest.raises(dynamodb.DynamoDBError) as caught:
        dynamodb.DynamoDB(**REGION, credentials=KEYS, transport=stub).list_tables()
    assert told in str(caught.value)
    assert len(str(caught.value)) < 500


def test_compressed_responses_that_nobody_asked_for_are_read() -> None:
    stub = dynamodb.testing.StubTransport()
    client = dynamodb.DynamoDB(**REGION, credentials=KEYS, transport=stub)
    gzipped = {"Content-Encoding": "gzip"}
    stub.respond(gzip.compress(b'{"TableNames": ["t"]}'), headers=gzipped)
    assert client.list_tables().table_names == ["t"]
    refusal = b'{"__type": "x#ResourceNotFoundException", "message": "no such table"}'
    stub.respond(gzip.compress(refusal), status=400, headers=gzipped)
    with pytest.raises(dynamodb.ResourceNotFoundException, match="no such table") as caught:
        client.list_tables()
    assert caught.value.body == refusal
    for broken in (b"nonsense", gzip.compress(b"{}")[:-9], gzip.compress(b"no JSON")):
        stub.respond(broken, headers=gzipped)
        with pytest.raises(dynamodb.InvalidResponse, match="Content-Encoding gzip"):
            client.list_tables()
    stub.respond(b"squeezed", headers={"Content-Encoding": "br"})
    with pytest.raises(dynamodb.InvalidResponse, match="Content-Encoding br"):
        client.list_tables()


def test_a_payload_of_the_callers_own_stays_compressed() -> None:
    stub = aws_lambda.testing.StubTransport()
    payload = gzip.compress(b"mine")
    stub.respond(payload, headers={"Content-Encoding": "gzip"})
    client = aws_lambda.Lambda(**REGION, credentials=KEYS, transport=stub)
    assert client.invoke(function_name="f").payload == payload
