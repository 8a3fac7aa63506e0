"""Clients: options and copies, pickles, threads and forks, interruption and cancellation, and what importing costs."""

from __future__ import annotations

import copy
import gc
import os
import pickle
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, cast

import anyio
import pytest
import sagemaker_runtime
from e2e.drivers import connector
from msgspec import structs
from sagemaker_runtime import (
    AsyncHTTPTransport,
    AsyncSageMakerRuntime,
    ConnectError,
    Credentials,
    CredentialsError,
    Headers,
    HTTPTransport,
    InvalidInput,
    InvalidResponse,
    ModelError,
    ReadTimeout,
    SageMakerRuntime,
    SageMakerRuntimeError,
    Timeout,
)
from sagemaker_runtime.testing import AsyncStubTransport, StubTransport

from .loopback import PATIENCE, Server, answering, response

KEYS = Credentials("AKID", "secret")
SETTINGS: dict[str, Any] = {"region": "eu-west-1", "credentials": KEYS}
CALL: dict[str, Any] = {"endpoint_name": "llm", "body": b"in"}
BACKENDS = ["asyncio", "trio"]


class ClosableStub(StubTransport):
    """A stub that counts how often it was closed."""

    closed = 0

    def close(self) -> None:
        self.closed += 1


def answering_stub(*, times: int = 1, body: bytes = b"fine") -> StubTransport:
    stub = StubTransport()
    for _ in range(times):
        stub.respond(body)
    return stub


# Options


@pytest.mark.parametrize(
    "options",
    [
        {"timeout": 0},
        {"timeout": -1},
        {"timeout": "5"},
        {"timeout": float("nan")},
        {"max_attempts": 0},
        {"max_attempts": True},
        {"max_attempts": 2.0},
        {"extra_headers": {"Host": "x"}},
        {"extra_headers": {"authorization": "x"}},
        {"extra_headers": {"X-AMZ-DATE": "x"}},
        {"extra_headers": {"x-amz-security-token": "x"}},
        {"extra_headers": {"Content-Length": "1"}},
        {"extra_headers": {"Transfer-Encoding": "chunked"}},
        {"extra_headers": {"X-A": "a\r\nX-B: b"}},
        {"extra_headers": {"X A": "b"}},
        {"extra_headers": {"X-A": 1}},
        {"extra_headers": {1: "a"}},
        {"extra_headers": 5},
        {"extra_headers": ["X-A"]},
    ],
)
def test_wrong_options_are_refused_at_once(options: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        SageMakerRuntime(**SETTINGS, transport=StubTransport()).with_options(**options)


@pytest.mark.parametrize("field", ["connect", "read", "write", "pool", "total"])
def test_limits_are_checked_where_they_are_set(field: str) -> None:
    for wrong in (0, -1, "5", True, float("nan"), float("inf"), 10**400):
        with pytest.raises(InvalidInput, match=rf"^timeout\.{field} must be a number of seconds above 0"):
            Timeout(**{field: cast("Any", wrong)})
        with pytest.raises(InvalidInput, match=rf"^timeout\.{field} must be a number of seconds above 0"):
            structs.replace(Timeout(), **{field: wrong})
    for right in (None, 1, 0.5):
        limits = Timeout(**{field: right})
        assert getattr(limits, field) == right
        twins = [copy.copy(limits), copy.deepcopy(limits), pickle.loads(pickle.dumps(limits))]
        assert {limits, *twins, structs.replace(limits)} == {limits}


def test_limits_have_names() -> None:
    with pytest.raises(TypeError):
        Timeout(5)  # type: ignore[misc]


def test_a_copy_has_its_own_options_and_the_original_keeps_its_own() -> None:
    stub = answering_stub(times=3)
    client = SageMakerRuntime(**SETTINGS, transport=stub)
    first = client.with_options(extra_headers={"X-A": "1", "X-B": "1"})
    second = first.with_options(extra_headers={"X-a": "2"}, timeout=5).with_options(max_attempts=1)
    for each in (client, first, second):
        each.invoke_endpoint(**CALL)
    sent = [[pair for pair in request.headers if pair[0].lower() in ("x-a", "x-b")] for request in stub.requests]
    assert sent == [[], [("X-A", "1"), ("X-B", "1")], [("X-a", "2"), ("X-B", "1")]]


def test_timeouts_reach_the_transport() -> None:
    class Recorder(StubTransport):
        timeouts: list[Timeout] = []  # noqa: RUF012 - read by this test alone

        def send(self, request: Any, timeout: Timeout) -> Any:
            self.timeouts.append(timeout)
            return super().send(request, timeout)

    stub = Recorder()
    client = SageMakerRuntime(**SETTINGS, transport=stub)
    exact = Timeout(connect=1, read=None, write=3, pool=4)
    patient = pickle.loads(pickle.dumps(Timeout(connect=300)))
    for each in (client, *(client.with_options(timeout=given) for given in (5, exact, patient, Timeout(read=60)))):
        stub.respond()
        each.invoke_endpoint(**CALL)
    five = Timeout(connect=5, read=5, write=5, pool=5)
    assert stub.timeouts == [Timeout(read=70), five, exact, Timeout(connect=300, read=70), Timeout(read=60)]


def test_copies_share_connections_and_quota() -> None:
    with Server(answering(response(b"ok"))) as server, SageMakerRuntime(**at(server)) as client:
        assert client.with_options(timeout=5).invoke_endpoint(**CALL).body == b"ok"
        with client.with_options(max_attempts=1) as closed, copy.copy(client) as twin:
            assert (closed.invoke_endpoint(**CALL).body, twin.invoke_endpoint(**CALL).body) == (b"ok", b"ok")
        assert client.invoke_endpoint(**CALL).body == b"ok"
        assert server.connections == 1
    with pytest.raises(InvalidInput, match="the transport is closed"):
        client.invoke_endpoint(**CALL)


def at(server: Server) -> dict[str, Any]:
    return SETTINGS | {"endpoint_url": f"http://127.0.0.1:{server.port}", "timeout": PATIENCE}


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b'{"__type": "com.amazon.coral.availability#ThrottlingException", "message": null}', {}),
        (b'{"message": null}', {"x-amzn-ErrorType": "ThrottlingException:http://internal.amazon.com/coral/"}),
        (b'{"code": "RequestLimitExceeded"}', {}),
    ],
)
def test_a_throttle_may_be_a_400_without_a_message(
    body: bytes, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sagemaker_runtime._runtime.call.retry.Backoff.delay", lambda *_: 0.0)
    stub = StubTransport()
    stub.respond(body, status=400, headers=headers)
    stub.respond(b"fine")
    assert SageMakerRuntime(**SETTINGS, transport=stub).invoke_endpoint(**CALL).metadata.attempts == 2


def test_a_copy_shares_the_retry_quota(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sagemaker_runtime._runtime.call.retry.Backoff.delay", lambda *_: 0.0)
    stub = StubTransport()
    client = SageMakerRuntime(**SETTINGS, transport=stub, max_attempts=1000)
    for _ in range(102):
        stub.respond(status=503)
    with pytest.raises(SageMakerRuntimeError):
        client.with_options(timeout=5).invoke_endpoint(**CALL)
    assert len(stub.requests) == 36
    with pytest.raises(SageMakerRuntimeError):
        client.invoke_endpoint(**CALL)
    assert len(stub.requests) == 37


def test_a_transport_that_was_given_stays_open() -> None:
    stub = ClosableStub()
    with SageMakerRuntime(**SETTINGS, transport=stub) as client:
        client.with_options(timeout=1).close()
    assert stub.closed == 0


def test_a_repr_names_region_and_endpoint_alone() -> None:
    client = SageMakerRuntime(**SETTINGS).with_options(extra_headers={"X-Key": "private"})
    assert repr(client) == (
        "SageMakerRuntime(region='eu-west-1', endpoint='https://runtime.sagemaker.eu-west-1.amazonaws.com')"
    )


# Pickles


def test_a_pickled_client_works_elsewhere() -> None:
    with Server(answering(response(b"ok"))) as server, SageMakerRuntime(**at(server)) as client:
        client.invoke_endpoint(**CALL)
        with pickle.loads(pickle.dumps(client.with_options(extra_headers={"X-A": "1"}))) as twin:
            assert twin.invoke_endpoint(**CALL).body == b"ok"
            assert client.invoke_endpoint(**CALL).body == b"ok"
    assert server.connections == 2
    assert b"X-A: 1" in server.requests[1]
    with pytest.raises(InvalidInput, match="the transport is closed"):
        twin.invoke_endpoint(**CALL)


def test_static_credentials_travel_and_others_are_found_again(monkeypatch: pytest.MonkeyPatch) -> None:
    stub = answering_stub(times=2)
    client = SageMakerRuntime(region="eu-west-1", credentials=Credentials("AKIDSTATIC", "s"), transport=stub)
    assert signer(client_twin(client)) == "AKIDSTATIC"

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDHERE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "SECRETHERE")
    client = SageMakerRuntime(region="eu-west-1", transport=stub)
    client.invoke_endpoint(**CALL)
    dumped = pickle.dumps(client)
    assert b"SECRETHERE" not in dumped
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDTHERE")
    assert signer(pickle.loads(dumped)) == "AKIDTHERE"


def client_twin(client: SageMakerRuntime) -> SageMakerRuntime:
    twin: SageMakerRuntime = pickle.loads(pickle.dumps(client))
    return twin


def signer(client: SageMakerRuntime) -> str:
    """The access key that the client signs with; its stub travelled in the pickle with it."""
    client.invoke_endpoint(**CALL)
    stub = client._transport
    assert isinstance(stub, StubTransport)
    credential = dict(stub.requests[-1].headers)["Authorization"].partition("Credential=")[2]
    return credential.partition("/")[0]


def test_a_transports_settings_travel() -> None:
    transport = HTTPTransport(max_connections=7, proxies=False)
    twin = client_twin(SageMakerRuntime(**SETTINGS, transport=transport))
    assert twin._transport.__reduce__() == transport.__reduce__()


@pytest.mark.parametrize(
    ("cls", "base"), [(SageMakerRuntime, StubTransport), (AsyncSageMakerRuntime, AsyncStubTransport)]
)
def test_a_transport_that_cannot_be_pickled_says_so(cls: Any, base: Any) -> None:
    class Local(base):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.lock = threading.Lock()

    with pytest.raises(
        TypeError, match=r"with this transport cannot be pickled \(.*\): make the client in the process"
    ):
        pickle.dumps(cls(**SETTINGS, transport=Local()))
    assert copy.copy(cls(**SETTINGS, transport=Local())) is not None


def test_an_async_client_can_be_pickled() -> None:
    twin = pickle.loads(pickle.dumps(AsyncSageMakerRuntime(**SETTINGS)))
    assert isinstance(twin._transport, AsyncHTTPTransport)
    assert repr(twin).startswith("AsyncSageMakerRuntime(region='eu-west-1'")


# Processes and threads


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork()")
def test_a_client_can_be_used_on_both_sides_of_a_fork() -> None:
    with Server(answering(response(b"ok"))) as server:
        program = f"""
import os
from sagemaker_runtime import Credentials, SageMakerRuntime
client = SageMakerRuntime(region="eu-west-1", endpoint_url="http://127.0.0.1:{server.port}", timeout=20,
                          credentials=Credentials("AKID", "secret"))
def invoke():
    return client.invoke_endpoint(endpoint_name="llm", body=b"").body
assert invoke() == b"ok"
child = os.fork()
assert invoke() == b"ok"
if child:
    assert os.waitpid(child, 0)[1] == 0
"""
        run_python(program)
    assert server.connections == 2


def run_python(program: str) -> str:
    paths = [str(Path(sagemaker_runtime.__file__).parents[1]), *sys.path]
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        timeout=PATIENCE * 3,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_many_threads_share_one_client() -> None:
    calls = 50
    stub = answering_stub(times=64 * calls)
    client = SageMakerRuntime(**SETTINGS, transport=stub)
    bodies: list[bytes] = []
    start = threading.Barrier(64)

    def work(number: int) -> None:
        start.wait()
        copied = client.with_options(extra_headers={"X-Thread": str(number)})
        for _ in range(calls):
            bodies.append(copied.invoke_endpoint(endpoint_name=f"e{number}", body=b"").body)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert len(bodies) == len(stub.requests) == 64 * calls
    for request in stub.requests:
        assert f"/e{dict(request.headers)['X-Thread']}/" in request.target


# Ends that are not answers


class Raising(StubTransport):
    """A transport on which something happens while a request is sent."""

    def __init__(self, happens: Callable[[], Any]) -> None:
        super().__init__()
        self.happens = happens
        self.sent = 0

    async def aclose(self) -> None:
        """Stand in for an async transport too."""

    def send(self, *_: object) -> Any:
        self.sent += 1
        return self.happens()


def interrupt() -> None:
    raise KeyboardInterrupt


def test_an_interrupt_ends_a_call_at_once() -> None:
    transport = Raising(interrupt)
    with pytest.raises(KeyboardInterrupt):
        SageMakerRuntime(**SETTINGS, transport=transport).invoke_endpoint(**CALL)
    assert transport.sent == 1


def test_an_interrupt_ends_a_pause_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sagemaker_runtime._runtime.call.steps.time.sleep", lambda _: interrupt())
    stub = StubTransport()
    stub.respond(status=503)
    with pytest.raises(KeyboardInterrupt):
        SageMakerRuntime(**SETTINGS, transport=stub).invoke_endpoint(**CALL)
    assert len(stub.requests) == 1


class Body:
    """An answer that can be read as sync and async clients do, and says whether it was closed."""

    status, closed = 200, False

    def __init__(self, headers: Headers) -> None:
        self.headers = headers

    def read(self) -> bytes:
        return b""

    def __iter__(self) -> Iterator[bytes]:
        yield b""

    def close(self) -> None:
        self.closed = True


class AsyncBody(Body):
    async def aclose(self) -> None:
        self.closed = True

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b""


@pytest.fixture(params=["sync", *BACKENDS])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("happens", [InvalidResponse("no sense"), KeyboardInterrupt(), ZeroDivisionError()])
def test_a_stream_whose_output_cannot_be_read_is_closed(kind: str, happens: BaseException) -> None:
    class Headless(Headers):
        def get(self, name: str) -> str | None:
            if name == "x-Amzn-Invoked-Production-Variant":
                raise happens
            return super().get(name)

    body = AsyncBody(Headless([("x-amzn-RequestId", "id")]))

    async def asend() -> Any:
        return body

    transport: Any = Raising(lambda: body if kind == "sync" else asend())
    with (
        connector(kind, SETTINGS | {"transport": transport}) as connect,
        pytest.raises(type(happens)),
        connect().invoke_endpoint_with_response_stream(**CALL),
    ):
        pytest.fail("a stream was opened")
    assert body.closed
    if isinstance(happens, InvalidResponse):
        assert (happens.operation, happens.request_id) == ("InvokeEndpointWithResponseStream", "id")


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("where", ["send", "sleep", "credentials"])
def test_cancelling_ends_a_call_at_once(backend: str, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    reached = []
    released = threading.Event()

    class Transport(AsyncStubTransport):
        async def send(self, *_: Any) -> Any:
            if where == "send":
                reached.append("send")
                await anyio.sleep_forever()
            return await super().send(*_)

    class Provider:
        blocking = True

        def get(self, *, refresh: bool = False) -> Credentials:
            reached.append("credentials")
            released.wait(PATIENCE)
            return KEYS

    async def main() -> None:
        stub = Transport()
        stub.respond(status=503, headers={"Retry-After": "20"})
        provider: Any = Provider() if where == "credentials" else KEYS
        client = AsyncSageMakerRuntime(region="eu-west-1", credentials=provider, transport=stub)
        began = time.monotonic()
        with anyio.move_on_after(0.5) as scope:
            await client.invoke_endpoint(**CALL)
        assert scope.cancelled_caught
        assert time.monotonic() - began < PATIENCE / 2
        assert len(stub.requests) == (1 if where == "sleep" else 0)
        released.set()

    anyio.run(main, backend=backend)
    assert reached == ([] if where == "sleep" else [where])


@pytest.mark.parametrize("backend", BACKENDS)
def test_credentials_that_block_come_from_a_worker_thread(backend: str) -> None:
    asked: list[tuple[bool, bool]] = []
    loop_thread = threading.get_ident()

    class Provider:
        blocking = True

        def get(self, *, refresh: bool = False) -> Credentials:
            asked.append((refresh, threading.get_ident() == loop_thread))
            self.blocking = False
            return KEYS

    async def main() -> None:
        stub = AsyncStubTransport()
        client = AsyncSageMakerRuntime(region="eu-west-1", credentials=Provider(), transport=stub)
        stub.respond()
        await client.invoke_endpoint(**CALL)
        stub.respond_error(SageMakerRuntimeError(code="ExpiredToken"), status=403)
        stub.respond()
        await client.invoke_endpoint(**CALL)

    anyio.run(main, backend=backend)
    assert asked == [(False, False), (False, True), (True, False)]


def test_bodies_of_more_than_25_mb_go_both_ways(kind: str) -> None:
    body = bytes(range(256)) * (30 << 12)
    with Server(answering(response(body[::-1]))) as server, connector(kind, at(server)) as connect:
        assert connect().invoke_endpoint(endpoint_name="llm", body=body).body == body[::-1]
    assert server.requests[0].endswith(b"\r\n\r\n" + body)


def test_missing_credentials_send_nothing(kind: str) -> None:
    class Provider:
        blocking = False

        def get(self, *, refresh: bool = False) -> Credentials:
            raise CredentialsError("none")

    stub = StubTransport() if kind == "sync" else AsyncStubTransport()
    settings = {"region": "eu-west-1", "credentials": Provider(), "transport": stub}
    with connector(kind, settings) as connect, pytest.raises(CredentialsError, match="none"):
        connect().invoke_endpoint(**CALL)
    assert stub.requests == []


@pytest.mark.parametrize("arguments", [{"endpoint_name": ".."}, {"accept": "a\nb"}, {"body": "text"}, {"json": {}}])
def test_wrong_arguments_send_nothing(kind: str, arguments: dict[str, Any]) -> None:
    stub = StubTransport() if kind == "sync" else AsyncStubTransport()
    with connector(kind, SETTINGS | {"transport": stub}) as connect:
        client = connect()
        for method in (client.invoke_endpoint, client.invoke_endpoint_with_response_stream):
            with pytest.raises(InvalidInput):
                method(**CALL | arguments)
    assert stub.requests == []


@pytest.mark.parametrize("failure", [ReadTimeout("x"), ConnectError("x"), ModelError("x")])
def test_a_failed_call_leaves_nothing_for_the_garbage_collector(failure: Exception) -> None:
    def fail() -> Any:
        raise type(failure)("made anew")

    stub = StubTransport()
    stub.respond_error(ModelError("made anew"))
    transport = stub if isinstance(failure, ModelError) else Raising(fail)
    client = SageMakerRuntime(**SETTINGS, transport=transport, max_attempts=1)
    gc.disable()
    try:
        try:
            client.invoke_endpoint(**CALL)
        except type(failure) as error:
            watched = weakref.ref(error)
        assert watched() is None
    finally:
        gc.enable()


# Start-up

HEAVY = [
    "asyncio",
    "botocore",
    "configparser",
    "email",
    "http.client",
    "httptools",
    "httpx2",
    "json",
    "logging",
    "ssl",
    "urllib.request",
]


UNUSED = ["base64", "encodings.idna", "ipaddress", "urllib.parse"]
"""What only proxies, https, IPv6 addresses, and texts that are quoted need."""


@pytest.mark.parametrize("cls", ["SageMakerRuntime", "AsyncSageMakerRuntime"])
def test_making_a_client_imports_nothing_that_only_calls_need(cls: str) -> None:
    loaded = run_python(
        "import sys\n"
        "before = set(sys.modules)\n"
        f"from sagemaker_runtime import {cls}\n"
        f"{cls}(region='eu-west-1')\n"
        "print(*sorted(set(sys.modules) - before))"
    ).split()
    assert "sagemaker_runtime._runtime.call.attempts" in loaded
    assert [name for name in (*HEAVY, *UNUSED, "hashlib", "socket") if name in loaded] == []


def test_a_call_over_plain_http_imports_nothing_that_only_others_need() -> None:
    with Server(answering(response(body=b"{}"))) as server:
        loaded = run_python(
            "import sys\n"
            "before = set(sys.modules)\n"
            "from sagemaker_runtime import Credentials, SageMakerRuntime\n"
            f"url = 'http://127.0.0.1:{server.port}'\n"
            "client = SageMakerRuntime(region='eu-west-1', endpoint_url=url, credentials=Credentials('a', 'b'))\n"
            "client.invoke_endpoint(endpoint_name='a', body=b'')\n"
            "print(*sorted(set(sys.modules) - before))"
        ).split()
    assert "sagemaker_runtime._runtime.wire.sync" in loaded
    assert [name for name in (*set(HEAVY) - {"httptools"}, *UNUSED) if name in loaded] == []


def test_a_call_on_a_stub_imports_no_http_library() -> None:
    loaded = run_python(
        "import sys\n"
        "from sagemaker_runtime import Credentials, SageMakerRuntime\n"
        "from sagemaker_runtime.testing import StubTransport\n"
        "stub = StubTransport()\n"
        "stub.respond()\n"
        "client = SageMakerRuntime(region='eu-west-1', credentials=Credentials('a', 'b'), transport=stub)\n"
        "client.invoke_endpoint(endpoint_name='a', body=b'')\n"
        "print(*sys.modules)"
    ).split()
    assert [name for name in HEAVY if name in loaded] == []


@pytest.mark.parametrize("transport", [5, "httpx2", StubTransport, AsyncStubTransport(), object()])
def test_what_is_no_transport_is_refused_at_once(transport: Any) -> None:
    with pytest.raises(InvalidInput, match=r"transport needs send\(\) and close\(\)"):
        SageMakerRuntime(**SETTINGS, transport=transport)


def test_a_bare_httpx_client_is_refused_with_a_hint() -> None:
    import httpx2

    with httpx2.Client() as bare, pytest.raises(InvalidInput, match="wrap an httpx2 client in HTTPX2Transport"):
        SageMakerRuntime(**SETTINGS, transport=cast("Any", bare))


def test_a_sync_transport_is_refused_by_the_async_client() -> None:
    with pytest.raises(InvalidInput, match=r"transport needs send\(\) and aclose\(\)"):
        AsyncSageMakerRuntime(**SETTINGS, transport=cast("Any", StubTransport()))


def test_an_error_keeps_the_headers_and_quotes_what_is_not_the_services() -> None:
    stub = StubTransport()
    stub.respond(b"<html>Bad Gateway</html>", status=502, headers={"Server": "proxy"})
    with pytest.raises(SageMakerRuntimeError, match="Bad Gateway") as caught:
        SageMakerRuntime(**SETTINGS, transport=stub).invoke_endpoint(**CALL)
    assert caught.value.headers is not None
    assert caught.value.headers["server"] == "proxy"
    copied = pickle.loads(pickle.dumps(caught.value))
    assert (copied.headers, copied.status) == (caught.value.headers, 502)
