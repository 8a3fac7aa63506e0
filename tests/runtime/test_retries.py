"""Attempts of generated clients over real connections: what is sent again, when, and how often."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import dynamodb
import pytest
import sts
import sts.testing as sts_testing
from e2e.drivers import connector
from sagemaker_runtime import (
    AsyncSageMakerRuntime,
    CallEvent,
    Credentials,
    Hooks,
    ModelError,
    ModelNotReadyException,
    ProtocolError,
    ReadTimeout,
    SageMakerRuntime,
    SageMakerRuntimeError,
    Timeout,
)

from .loopback import PATIENCE, Peer, Server, answering, response
from .transport_drivers import without_proxies

CALL: dict[str, Any] = {"endpoint_name": "llm", "body": b"in"}
KEYS = Credentials("AKID", "secret")
CLASSES = {
    "sagemaker": (SageMakerRuntime, AsyncSageMakerRuntime),
    "dynamodb": (dynamodb.DynamoDB, dynamodb.AsyncDynamoDB),
}


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pauses, and no proxy of this machine."""
    without_proxies(monkeypatch)
    for package in ("sagemaker_runtime", "dynamodb"):
        monkeypatch.setattr(f"{package}._runtime.call.retry.Backoff.delay", lambda *_: 0.0)


@pytest.fixture(params=["sync", "asyncio", "trio"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def connect(kind: str) -> Iterator[Callable[..., Any]]:
    settings = {"region": "eu-west-1", "credentials": KEYS, "timeout": PATIENCE}
    with connector(kind, settings) as make:
        yield lambda server, **options: make(endpoint_url=f"http://127.0.0.1:{server.port}", **options)


def refusal(code: str, status: str) -> bytes:
    return response(b'{"Message": null}', status, [("x-amzn-ErrorType", code), ("Content-Type", "application/json")])


def stream(client: Any) -> Any:
    with client.invoke_endpoint_with_response_stream(**CALL) as opened:
        return opened


@pytest.mark.parametrize("invoke", [lambda client: client.invoke_endpoint(**CALL), stream], ids=["whole", "stream"])
@pytest.mark.parametrize("status", ["429 Too Many Requests", "400 Bad Request", "500 Internal Server Error"])
def test_a_model_that_is_not_ready_is_asked_again(connect: Any, invoke: Any, status: str) -> None:
    not_ready = refusal("ModelNotReadyException", status)
    with Server(answering(not_ready, not_ready, response(b""))) as server:
        assert invoke(connect(server)).metadata.attempts == 3
    assert len(server.requests) == 3


def test_a_model_that_does_not_get_ready_is_given_up_on(connect: Any) -> None:
    with Server(answering(refusal("ModelNotReadyException", "429 Too Many Requests"))) as server:
        with pytest.raises(ModelNotReadyException) as caught:
            connect(server, max_attempts=4).invoke_endpoint(**CALL)
        assert caught.value.attempts == len(server.requests) == 4


@pytest.mark.parametrize("invoke", [lambda client: client.invoke_endpoint(**CALL), stream], ids=["whole", "stream"])
@pytest.mark.parametrize("status", ["424 Failed Dependency", "429 Too Many Requests", "503 Service Unavailable"])
def test_a_model_that_failed_is_not_asked_again(connect: Any, invoke: Any, status: str) -> None:
    with Server(answering(refusal("ModelError", status), response(b""))) as server:
        with pytest.raises(ModelError):
            invoke(connect(server))
        assert len(server.requests) == 1


def silent(peer: Peer) -> None:
    peer.read_request()
    peer.wait_for_close()


def test_a_read_timeout_repeats_only_what_is_safe_to_repeat(kind: str) -> None:
    settings = {"region": "eu-west-1", "credentials": dynamodb.Credentials("AKID", "secret")}
    item = {"Id": {"S": "1"}}
    with Server(silent) as server, connector(kind, settings, CLASSES["dynamodb"]) as make:
        client = make(endpoint_url=f"http://127.0.0.1:{server.port}", timeout=dynamodb.Timeout(read=0.1))
        with pytest.raises(dynamodb.ReadTimeout):
            client.get_item(table_name="t", key=item)
        assert [target(request) for request in server.requests] == ["GetItem"] * 4
        with pytest.raises(dynamodb.ReadTimeout):
            client.put_item(table_name="t", item=item)
        assert [target(request) for request in server.requests[4:]] == ["PutItem"]


def target(request: bytes) -> str:
    found = re.search(rb"X-Amz-Target: \w+\.(\w+)", request)
    assert found is not None
    return found.group(1).decode()


def test_an_inference_is_never_sent_again_after_a_read_timeout(connect: Any) -> None:
    with Server(silent) as server:
        with pytest.raises(ReadTimeout):
            connect(server, timeout=Timeout(read=0.1)).invoke_endpoint(**CALL)
        assert len(server.requests) == 1


def test_a_refused_connection_is_tried_again(kind: str) -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))

        class Listen(Hooks):
            def on_retry(self, event: CallEvent) -> None:
                assert event.attempt == 1
                reserved.listen()

        settings = {"region": "eu-west-1", "credentials": KEYS, "hooks": Listen(), "timeout": Timeout(read=0.1)}
        url = f"http://127.0.0.1:{reserved.getsockname()[1]}"
        # The second attempt is sent, to where nobody answers.
        with connector(kind, settings) as make, pytest.raises(ReadTimeout):
            make(endpoint_url=url).invoke_endpoint(**CALL)


@pytest.mark.parametrize("dead", [True, False])
def test_a_connection_that_dies_unnoticed(dead: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A head that could not be written was not sent. One that was written may have been read."""
    answered, gone = threading.Event(), threading.Event()

    def resets(peer: Peer) -> None:
        is_first = server.connections == 1
        peer.read_request()
        peer.send(response(b"ok"))
        if not is_first:
            peer.wait_for_close()
        elif dead:
            assert answered.wait(PATIENCE)
        else:
            peer.read_request()
        peer.reset()
        gone.set()

    look = "sagemaker_runtime._runtime.wire.sync_connection.is_quiet"
    settings: dict[str, Any] = {"region": "eu-west-1", "credentials": KEYS, "timeout": PATIENCE}
    with Server(resets) as server:
        client = SageMakerRuntime(**settings, endpoint_url=f"http://127.0.0.1:{server.port}")
        assert client.invoke_endpoint(**CALL).metadata.attempts == 1
        if dead:
            answered.set()
            assert gone.wait(PATIENCE)
        monkeypatch.setattr(look, lambda sock, received: True)
        if dead:
            assert client.invoke_endpoint(**CALL).metadata.attempts == 2
        else:
            with pytest.raises(ProtocolError):
                client.invoke_endpoint(**CALL)
        client.close()
    assert len(server.requests) == 2


def test_a_clock_that_is_off_is_put_right_once(connect: Any) -> None:
    theirs = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=3)
    date = ("Date", format_datetime(theirs, usegmt=True))
    skewed = response(b"{}", "403 Forbidden", [("x-amzn-ErrorType", "SignatureDoesNotMatch"), date])
    with Server(answering(skewed, response(b""), response(b""), skewed)) as server:
        client = connect(server)
        assert client.invoke_endpoint(**CALL).metadata.attempts == 2
        assert client.invoke_endpoint(**CALL).metadata.attempts == 1
        signed = [re.findall(rb"X-Amz-Date: (\w+)Z", request)[0].decode() for request in server.requests]
        moments = [datetime.strptime(each, "%Y%m%dT%H%M%S").replace(tzinfo=UTC) for each in signed]
        assert [abs(each - theirs) < timedelta(minutes=1) for each in moments] == [False, True, True]
        with pytest.raises(SageMakerRuntimeError) as caught:
            client.invoke_endpoint(**CALL)
        assert caught.value.attempts == 1


def test_attempts_are_limited_for_a_client_and_for_a_call(kind: str) -> None:
    settings: dict[str, Any] = {"region": "eu-west-1", "credentials": KEYS, "timeout": PATIENCE, "max_attempts": 2}
    busy = response(b"", "503 Slow Down")
    with Server(answering(busy)) as server:
        url = f"http://127.0.0.1:{server.port}"
        with connector(kind, settings) as make, pytest.raises(SageMakerRuntimeError) as caught:
            make(endpoint_url=url).invoke_endpoint(**CALL)
        assert caught.value.attempts == len(server.requests) == 2
    with Server(answering(busy)) as server:
        client = SageMakerRuntime(**settings, endpoint_url=f"http://127.0.0.1:{server.port}")
        with client, pytest.raises(SageMakerRuntimeError):
            client.with_options(max_attempts=5).invoke_endpoint(**CALL)
        assert len(server.requests) == 5


def test_every_client_has_a_retry_quota_of_its_own() -> None:
    with Server(answering(response(b"", "503 Slow Down"))) as server:
        url = f"http://127.0.0.1:{server.port}"
        for _ in range(2):
            begun = len(server.requests)
            client = SageMakerRuntime(region="eu-west-1", credentials=KEYS, endpoint_url=url, max_attempts=1000)
            with client, pytest.raises(SageMakerRuntimeError):
                client.invoke_endpoint(**CALL)
            assert len(server.requests) - begun == 1 + 500 // 14


def test_an_identity_provider_that_could_not_be_reached_is_asked_again() -> None:
    stub = sts_testing.StubTransport()
    told = b"<ErrorResponse><Error><Code>IDPCommunicationError</Code><Message>gone</Message></Error></ErrorResponse>"
    for _ in range(2):
        stub.respond(told, status=400, headers={"Content-Type": "text/xml"})
    stub.respond_output(sts.AssumeRoleWithWebIdentityOutput())
    client = sts.STS(region="eu-west-1", transport=stub)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sts._runtime.call.retry.Backoff.delay", lambda *_: 0.0)
        output = client.assume_role_with_web_identity(
            role_arn="arn:aws:iam::123456789012:role/r", role_session_name="s", web_identity_token="t"
        )
    assert output.metadata.attempts == 3


def test_an_error_under_a_good_status_is_the_services_error() -> None:
    stub = sts_testing.StubTransport()
    stub.respond(b"<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>")
    client = sts.STS(region="eu-west-1", transport=stub, credentials=KEYS, max_attempts=1)
    with pytest.raises(sts.STSError, match=r"^AccessDenied: no \(GetCallerIdentity, HTTP 200, 1 attempt\)$"):
        client.get_caller_identity()
    for body in (b"", b"<html/>", b"<GetCallerIdentityResponse/>"):
        stub.respond(body)
        with pytest.raises(sts.InvalidResponse, match="must be GetCallerIdentityResponse with "):
            client.get_caller_identity()
