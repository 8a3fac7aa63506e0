"""Hooks and log records: every attempt is told, nothing secret is, and neither can disturb a call."""

from __future__ import annotations

import logging
import pickle
from typing import Any

import anyio
import pytest
from sagemaker_runtime import (
    AsyncSageMakerRuntime,
    CallEvent,
    ConnectError,
    Credentials,
    Hooks,
    InvalidInput,
    InvalidResponse,
    ModelError,
    PayloadPart,
    SageMakerRuntime,
    ServiceError,
)
from sagemaker_runtime.testing import AsyncStubTransport, StubTransport

SECRET, TOKEN = "a-very-secret-key", "a-session-token"
SETTINGS: dict[str, Any] = {"region": "eu-west-1", "credentials": Credentials("AKID", SECRET, TOKEN)}
CALL: dict[str, Any] = {"endpoint_name": "llm", "body": b"the body"}


class Recorder(Hooks):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, CallEvent]] = []

    def before_send(self, event: CallEvent) -> None:
        self.told.append(("before_send", event))

    def after_response(self, event: CallEvent) -> None:
        self.told.append(("after_response", event))

    def on_retry(self, event: CallEvent) -> None:
        self.told.append(("on_retry", event))

    def on_error(self, event: CallEvent) -> None:
        self.told.append(("on_error", event))

    @property
    def names(self) -> list[str]:
        return [f"{name} {event.attempt}" for name, event in self.told]


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sagemaker_runtime._runtime.call.retry.Backoff.delay", lambda *_: 0.01)


def script(stub: Any) -> None:
    stub.fail(ConnectError("refused"))
    stub.respond_error(ServiceError("slow down", code="ThrottlingException", request_id="r-1"), status=429)
    stub.respond(b"fine", headers={"x-amzn-RequestId": "r-2"})


def test_every_attempt_is_told() -> None:
    recorder, stub = Recorder(), StubTransport()
    script(stub)
    client = SageMakerRuntime(**SETTINGS, transport=stub, hooks=recorder)
    client.invoke_endpoint(**CALL)
    assert recorder.names == [
        "before_send 1",
        "on_retry 1",
        "before_send 2",
        "after_response 2",
        "on_retry 2",
        "before_send 3",
        "after_response 3",
    ]
    events = [event for _, event in recorder.told]
    assert {event.operation for event in events} == {"InvokeEndpoint"}
    assert next(event.request for event in events if event.attempt == 3) is stub.requests[2]
    assert isinstance(events[1].error, ConnectError)
    assert events[1].response is None
    assert isinstance(events[4].error, ServiceError)
    assert events[4].delay > 0
    assert events[4].response is not None
    assert (events[4].response.status, events[4].request_id, events[6].request_id) == (429, "r-1", "r-2")
    assert all(event.duration >= 0 for event in events)
    assert events[0].duration == 0


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_async_clients_tell_the_same(backend: str) -> None:
    recorder, stub = Recorder(), AsyncStubTransport()
    script(stub)

    async def main() -> None:
        await AsyncSageMakerRuntime(**SETTINGS, transport=stub, hooks=recorder).invoke_endpoint(**CALL)

    anyio.run(main, backend=backend)
    assert recorder.names[-2:] == ["before_send 3", "after_response 3"]
    assert len(recorder.names) == 7


def test_what_fails_a_call_is_told_once() -> None:
    recorder, stub = Recorder(), StubTransport()
    stub.respond_error(ModelError("broken", original_status_code=500))
    client = SageMakerRuntime(**SETTINGS, transport=stub, hooks=recorder)
    with pytest.raises(ModelError) as caught:
        client.invoke_endpoint(**CALL)
    assert recorder.names == ["before_send 1", "after_response 1", "on_error 1"]
    assert recorder.told[-1][1].error is caught.value


def test_an_interrupt_is_told(caplog: pytest.LogCaptureFixture) -> None:
    class Interrupted(StubTransport):
        def send(self, *_: Any) -> Any:
            raise KeyboardInterrupt

    recorder = Recorder()
    client = SageMakerRuntime(**SETTINGS, transport=Interrupted(), hooks=recorder)
    with caplog.at_level(logging.DEBUG, "sagemaker_runtime"), pytest.raises(KeyboardInterrupt):
        client.invoke_endpoint(**CALL)
    assert recorder.names == ["before_send 1", "on_error 1"]
    assert recorder.told[-1][1].error is None
    assert caplog.records[-1].getMessage().endswith("given up from outside")


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_cancelled_call_is_told(backend: str) -> None:
    class Silent(AsyncStubTransport):
        async def send(self, *_: Any) -> Any:
            await anyio.sleep_forever()

    recorder = Recorder()

    async def main() -> None:
        with anyio.move_on_after(0.01):
            await AsyncSageMakerRuntime(**SETTINGS, transport=Silent(), hooks=recorder).invoke_endpoint(**CALL)

    anyio.run(main, backend=backend)
    assert recorder.names == ["before_send 1", "on_error 1"]
    assert recorder.told[-1][1].error is None
    assert recorder.told[-1][1].duration > 0


def test_an_answer_that_cannot_be_read_is_told() -> None:
    recorder, stub = Recorder(), StubTransport()
    stub.respond(b"<html>", headers={"Content-Type": "text/html"})
    client = SageMakerRuntime(**SETTINGS, transport=stub, hooks=recorder)
    with pytest.raises(InvalidResponse):
        client.invoke_endpoint_with_response_stream(**CALL)
    assert recorder.names[-1] == "on_error 1"


def test_a_stream_is_told_when_it_opens() -> None:
    recorder, stub = Recorder(), StubTransport()
    stub.stream([PayloadPart(bytes_=b"x")])
    client = SageMakerRuntime(**SETTINGS, transport=stub, hooks=recorder)
    with client.invoke_endpoint_with_response_stream(**CALL) as stream:
        assert recorder.names == ["before_send 1", "after_response 1"]
        list(stream)


def test_a_hook_that_fails_is_logged_and_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Hooks):
        def after_response(self, event: CallEvent) -> None:
            raise RuntimeError("no collector")

    stub = StubTransport()
    stub.respond(b"fine")
    client = SageMakerRuntime(**SETTINGS, transport=stub, hooks=Broken())
    assert client.invoke_endpoint(**CALL).body == b"fine"
    (record,) = caplog.records
    assert (record.name, record.levelname) == ("sagemaker_runtime", "ERROR")
    assert "after_response of Broken failed" in record.getMessage()
    assert record.exc_info is not None


def test_the_log_has_requests_and_outcomes_and_no_secrets(caplog: pytest.LogCaptureFixture) -> None:
    stub = StubTransport()
    script(stub)
    with caplog.at_level(logging.DEBUG, "sagemaker_runtime"):
        SageMakerRuntime(**SETTINGS, transport=stub).invoke_endpoint(**CALL)
    lines = [record.getMessage() for record in caplog.records if record.name == "sagemaker_runtime"]
    url = "https://runtime.sagemaker.eu-west-1.amazonaws.com"
    assert lines[0] == f"InvokeEndpoint attempt 1: POST {url}"
    assert "attempt 1 failed" in lines[1]
    assert "HTTP 429" in lines[3]
    assert "(r-1)" in lines[3]
    assert "HTTP 200" in lines[-1]
    assert "(r-2)" in lines[-1]
    text = "\n".join(lines)
    assert not [secret for secret in (SECRET, TOKEN, "the body", "Signature", "fine", "slow down") if secret in text]


def test_events_show_no_secret_either() -> None:
    recorder, stub = Recorder(), StubTransport()
    stub.respond(b"fine")
    SageMakerRuntime(**SETTINGS, transport=stub, hooks=recorder).invoke_endpoint(**CALL)
    shown = repr(recorder.told)
    assert not [secret for secret in (SECRET, TOKEN, "the body", "Signature=") if secret in shown]


def test_nobody_listening_costs_no_record(caplog: pytest.LogCaptureFixture) -> None:
    stub = StubTransport()
    stub.respond(b"fine")
    with caplog.at_level(logging.INFO, "sagemaker_runtime"):
        SageMakerRuntime(**SETTINGS, transport=stub).invoke_endpoint(**CALL)
    assert caplog.records == []


@pytest.mark.parametrize("hooks", [Recorder, object(), [Recorder()]])
def test_hooks_are_an_instance_of_their_base(hooks: Any) -> None:
    with pytest.raises(InvalidInput, match="instance of a subclass of Hooks"):
        SageMakerRuntime(**SETTINGS, hooks=hooks)


def test_hooks_go_with_copies_and_pickles() -> None:
    client = SageMakerRuntime(**SETTINGS, hooks=Recorder())
    assert client.with_options(max_attempts=1)._config.hooks is client._config.hooks
    assert type(pickle.loads(pickle.dumps(client))._config.hooks) is Recorder
