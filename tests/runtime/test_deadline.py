"""The limit of a whole call: attempts, pauses, trickling bodies and streams, over real connections."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from e2e.drivers import connector
from sagemaker_runtime import (
    CallEvent,
    CallTimeout,
    Credentials,
    Hooks,
    InvalidInput,
    SageMakerRuntime,
    ServiceUnavailable,
    Timeout,
)
from sagemaker_runtime._runtime.call.deadline import Deadline
from sagemaker_runtime._runtime.stream.eventstream import encode_message
from sagemaker_runtime.testing import AsyncStubTransport, StubTransport

from .loopback import Peer, Server, chunk, response

SETTINGS: dict[str, Any] = {"region": "eu-west-1", "credentials": Credentials("AKID", "secret")}
CALL: dict[str, Any] = {"endpoint_name": "llm", "body": b"in"}
STREAM = [("Content-Type", "application/vnd.amazon.eventstream"), ("Transfer-Encoding", "chunked")]
LIMIT = 0.4


@pytest.fixture(params=["sync", "asyncio", "trio"])
def connect(request: pytest.FixtureRequest) -> Iterator[Callable[..., Any]]:
    with connector(request.param, SETTINGS) as make:
        yield make


def trickle(head: bytes, body: bytes) -> Callable[[Peer], None]:
    """Answer a byte at a time, so that no single wait is long."""

    def answer(peer: Peer) -> None:
        peer.read_request()
        peer.send(head)
        for byte in body:
            peer.send(chunk(bytes([byte])))
            if peer.closed_by_client.wait(0.02):
                return

    return answer


def silent(peer: Peer) -> None:
    peer.read_request()
    peer.wait_for_close()


PLAIN = trickle(response(headers=[("Transfer-Encoding", "chunked")], length=False), b"." * 500)
EVENTS = trickle(response(headers=STREAM, length=False), encode_message({":event-type": "PayloadPart"}, b"." * 500))


def trickling_head(peer: Peer) -> None:
    peer.read_request()
    for byte in b"HTTP/1.1 200 OK\r\nX-Long: " + b"." * 2000:
        peer.send(bytes([byte]))
        if peer.closed_by_client.wait(0.02):
            return


def reads_slowly(peer: Peer) -> None:
    while peer.read_some() and not peer.closed_by_client.wait(0.05):
        pass


def late(begun: float) -> float:
    return time.monotonic() - begun - LIMIT


@pytest.mark.parametrize("answer", [silent, PLAIN, trickling_head], ids=["silent", "trickling", "trickling head"])
def test_an_answer_that_takes_too_long(connect: Callable[..., Any], answer: Callable[[Peer], None]) -> None:
    with Server(answer) as server:
        client = connect(endpoint_url=f"http://127.0.0.1:{server.port}", timeout=Timeout(total=LIMIT))
        begun = time.monotonic()
        with pytest.raises(CallTimeout, match=r"exceeded timeout\.total \(0\.4 s\)") as caught:
            client.invoke_endpoint(**CALL)
        assert caught.value.sent
        assert 0 <= late(begun) < 5


def test_an_upload_that_takes_too_long(connect: Callable[..., Any]) -> None:
    with Server(reads_slowly) as server:
        client = connect(endpoint_url=f"http://127.0.0.1:{server.port}", timeout=Timeout(total=LIMIT))
        begun = time.monotonic()
        with pytest.raises(CallTimeout) as caught:
            client.invoke_endpoint(endpoint_name="llm", body=bytes(64 << 20))
        assert not caught.value.sent
        assert 0 <= late(begun) < 3


@pytest.mark.parametrize("wait", ["connect", "read", "write", "pool"])
def test_no_single_wait_reaches_beyond_the_end(wait: str) -> None:
    deadline = Deadline(5)
    for given in (Timeout(), Timeout(connect=None, read=None, write=None, pool=None)):
        assert 4 < getattr(deadline.within(given), wait) <= 5
    assert getattr(deadline.within(Timeout(connect=1, read=1, write=1, pool=1)), wait) == 1


def test_what_is_left_gets_less() -> None:
    deadline = Deadline(5)
    time.sleep(0.01)
    left = deadline.within(Timeout(total=5)).total
    assert left is not None
    assert 4 < left < 5


def test_a_wait_that_begins_late_ends_in_time(connect: Callable[..., Any]) -> None:
    def half_a_head(peer: Peer) -> None:
        peer.read_request()
        time.sleep(0.9)
        peer.send(b"HTTP/1.1 200 OK\r\n")
        peer.wait_for_close()

    with Server(half_a_head) as server:
        client = connect(endpoint_url=f"http://127.0.0.1:{server.port}", timeout=Timeout(total=1))
        begun = time.monotonic()
        with pytest.raises(CallTimeout):
            client.invoke_endpoint(**CALL)
        assert time.monotonic() - begun < 1.6


class Told(Hooks):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.events: list[tuple[str, CallEvent]] = []

    def before_send(self, event: CallEvent) -> None:
        self.events.append(("before_send", event))

    def on_error(self, event: CallEvent) -> None:
        self.events.append(("on_error", event))


class Slow:
    """A function that finds credentials in its own time; at once the first ``fast`` times."""

    def __init__(self, seconds: float, *, fast: int = 0) -> None:
        self.seconds = seconds
        self.fast = fast

    def __call__(self) -> Credentials:
        self.fast -= 1
        time.sleep(0 if self.fast >= 0 else self.seconds)
        return Credentials("AKID", "secret")


def test_nothing_is_sent_when_it_is_over(connect: Callable[..., Any]) -> None:
    told = Told()
    with Server(silent) as server:
        place = f"http://127.0.0.1:{server.port}"
        client = connect(endpoint_url=place, credentials=Slow(0.3), timeout=Timeout(total=0.1), hooks=told)
        with pytest.raises(CallTimeout, match=r"exceeded timeout\.total \(0\.1 s\).* \(InvokeEndpoint\)$") as caught:
            client.invoke_endpoint(**CALL)
        assert (caught.value.operation, caught.value.attempts) == ("InvokeEndpoint", 0)
        assert server.requests == [] == told.events


@pytest.mark.parametrize("kind", ["asyncio", "trio"])
def test_a_search_for_credentials_is_given_up(kind: str) -> None:
    settings = SETTINGS | {"credentials": Slow(1.5), "timeout": Timeout(total=0.2), "transport": AsyncStubTransport()}
    with connector(kind, {}) as connect:
        client = connect(**settings)
        begun = time.monotonic()
        with pytest.raises(CallTimeout):
            client.invoke_endpoint(**CALL)
        assert 0.2 <= time.monotonic() - begun < 1.2


def test_new_credentials_that_take_too_long(connect: Callable[..., Any]) -> None:
    def expired(peer: Peer) -> None:
        peer.read_request()
        peer.send(response(status="400 Bad Request", headers=[("x-amzn-errortype", "ExpiredTokenException")]))

    told = Told()
    with Server(expired) as server:
        place = f"http://127.0.0.1:{server.port}"
        client = connect(endpoint_url=place, credentials=Slow(0.6, fast=1), timeout=Timeout(total=0.4), hooks=told)
        with pytest.raises(CallTimeout) as caught:
            client.invoke_endpoint(**CALL)
        assert (caught.value.operation, caught.value.attempts, len(server.requests)) == ("InvokeEndpoint", 1, 1)
        assert [hook for hook, _ in told.events] == ["before_send", "on_error"]
        assert told.events[1][1].error is caught.value


def test_a_stream_that_takes_too_long(connect: Callable[..., Any]) -> None:
    with Server(EVENTS) as server:
        client = connect(endpoint_url=f"http://127.0.0.1:{server.port}", timeout=Timeout(total=LIMIT))
        begun = time.monotonic()
        with (
            pytest.raises(CallTimeout),
            client.invoke_endpoint_with_response_stream(**CALL) as stream,
        ):
            list(stream)
        assert 0 <= late(begun) < 5


def test_a_pause_that_would_be_too_long_is_not_made() -> None:
    stub = StubTransport()
    stub.respond_error(ServiceUnavailable("busy"), headers={"Retry-After": "15"})
    client = SageMakerRuntime(**SETTINGS, transport=stub, timeout=Timeout(total=4))
    begun = time.monotonic()
    with pytest.raises(ServiceUnavailable):
        client.invoke_endpoint(**CALL)
    assert time.monotonic() - begun < 3
    assert len(stub.requests) == 1


def test_it_can_be_set_for_one_call() -> None:
    stub = StubTransport()
    stub.respond(b"fine")
    client = SageMakerRuntime(**SETTINGS, transport=stub)
    assert client.with_options(timeout=Timeout(total=5)).invoke_endpoint(**CALL).body == b"fine"


@pytest.mark.parametrize("total", [0, -1, "5", float("inf")])
def test_a_limit_is_a_number_of_seconds(total: Any) -> None:
    with pytest.raises(InvalidInput, match=r"timeout\.total"):
        SageMakerRuntime(**SETTINGS, timeout=Timeout(total=total))
