"""Streams that end with an event, which may tell a failure: Lambda's InvokeWithResponseStream."""

from __future__ import annotations

import pickle
import re
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import aws_lambda
import pytest
from aws_lambda import InvokeResponseStreamUpdate as Update
from aws_lambda import InvokeWithResponseStreamCompleteEvent as Complete
from aws_lambda._runtime.stream.eventstream import encode_message

from .stream_clients import KINDS, connected, stub

LAMBDA: ModuleType = aws_lambda
CALL = {"function_name": "f", "payload": b"{}"}
FAILED = Complete(error_code="Runtime.ExitError", error_details="exit status 1", log_result="bG9n")
HEADERS = {":message-type": "event", ":event-type": "InvokeComplete"}
TRUNCATED = "the stream ended without the event InvokeComplete"


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def read(kind: str, script: Any, method: str = "__iter__") -> tuple[list[Any], Exception | None]:
    """What a stream gives, and what it raises."""
    seen: list[Any] = []
    with connected(kind, LAMBDA, transport=script) as client, client.invoke_with_response_stream(**CALL) as stream:
        try:
            seen.extend(stream if method == "__iter__" else getattr(stream, method)())
        except Exception as error:
            return seen, error
        assert list(stream) == []
    return seen, None


@pytest.mark.parametrize(
    ("method", "whole"),
    [
        ("__iter__", [Update(payload=b"a\n"), Update(payload=b"b")]),
        ("iter_bytes", [b"a\n", b"b"]),
        ("iter_text", ["a\n", "b"]),
        ("iter_lines", ["a", "b"]),
    ],
)
def test_the_payload_comes_first_and_then_the_error(kind: str, method: str, whole: list[Any]) -> None:
    script = stub(kind, LAMBDA)
    script.stream([Update(payload=b"a\n"), Update(payload=b"b"), FAILED, Update(payload=b"never")])
    seen, error = read(kind, script, method)
    # The last line has no line end: whether it is whole, only a stream that does not fail can tell.
    assert seen == (whole[:-1] if method == "iter_lines" else whole)
    assert isinstance(error, aws_lambda.LambdaError)
    assert (error.code, error.message, error.event) == ("Runtime.ExitError", "exit status 1", FAILED)
    assert (error.operation, error.status, error.attempts) == ("InvokeWithResponseStream", None, 1)
    assert pickle.loads(pickle.dumps(error)).event == FAILED
    assert script.responses[0].closed


def test_a_code_that_is_modelled_is_raised_as_its_class(kind: str) -> None:
    script = stub(kind, LAMBDA)
    script.stream([Complete(error_code="TooManyRequestsException", error_details="slow down")])
    seen, error = read(kind, script)
    assert seen == []
    assert isinstance(error, aws_lambda.TooManyRequestsException)
    assert (error.message, error.retryable) == ("slow down", True)


def test_the_last_event_is_an_event_where_nothing_failed(kind: str) -> None:
    script = stub(kind, LAMBDA)
    events = [Update(payload=b"a"), Complete(log_result="bG9n")]
    script.stream(events)
    assert read(kind, script) == (events, None)


@pytest.mark.parametrize("method", ["__iter__", "iter_bytes", "iter_text", "iter_lines", "iter_json", "iter_sse"])
def test_an_end_without_it_is_a_truncated_stream(kind: str, method: str) -> None:
    script = stub(kind, LAMBDA)
    script.stream([Update(payload=b'"a"\n'), aws_lambda.UnknownEvent(type="n", headers={}, payload=b"")], ended=False)
    seen, error = read(kind, script, method)
    assert isinstance(error, aws_lambda.TruncatedStream)
    assert str(error).startswith(TRUNCATED)
    assert len(seen) == {"__iter__": 2, "iter_sse": 0}.get(method, 1)
    script.stream([])
    assert isinstance(read(kind, script)[1], aws_lambda.TruncatedStream)


@pytest.mark.parametrize(
    "after",
    [
        [aws_lambda.ProtocolError("reset")],
        [aws_lambda.ReadTimeout("late")],
        [b"more"],
        [encode_message({"no": "type"})],
        [encode_message(HEADERS, b'{"ErrorCode": "Late"}')],
    ],
)
@pytest.mark.parametrize("apart", [True, False])
def test_nothing_after_it_matters(kind: str, after: list[Any], apart: bool) -> None:
    last = encode_message(HEADERS, b"{}")
    script = stub(kind, LAMBDA)
    together = not apart and isinstance(after[0], bytes)
    script.stream([Update(payload=b"a"), *([last + after[0]] if together else [last, *after])])
    assert read(kind, script) == ([Update(payload=b"a"), Complete()], None)
    assert script.responses[0].closed


def test_stubs_end_streams_as_the_service_does(kind: str) -> None:
    script = stub(kind, LAMBDA)
    script.stream(iter([Update(payload=b"a"), aws_lambda.UnknownEvent(type="new", headers={}, payload=b"")]))
    seen, error = read(kind, script)
    assert (seen[0], seen[-1], error) == (Update(payload=b"a"), Complete(), None)
    script.stream([Update(payload=b"a"), aws_lambda.ServiceException("broke")])
    assert isinstance(read(kind, script)[1], aws_lambda.ServiceException)


def test_a_last_event_that_cannot_be_read_is_an_error(kind: str) -> None:
    script = stub(kind, LAMBDA)
    script.stream([Update(payload=b"a"), encode_message(HEADERS, b'{"ErrorCode": [')])
    seen, error = read(kind, script)
    assert seen == [Update(payload=b"a")]
    assert isinstance(error, aws_lambda.InvalidResponse)


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ([Update(payload=b"hi\n"), FAILED], "hi\nRuntime.ExitError exit status 1\nbG9n\n"),
        ([b""], "the response was cut off: InvokeComplete never came\n"),
    ],
)
def test_the_documented_example(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], events: list[Any], said: str
) -> None:
    script = stub("sync", LAMBDA)
    script.stream(events)
    settings = {"credentials": aws_lambda.Credentials("AKID", "secret"), "transport": script}
    monkeypatch.setattr(aws_lambda, "Lambda", partial(aws_lambda.Lambda, **settings))
    page = (Path(__file__).parents[2] / "docs" / "streams.md").read_text()
    (code,) = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    exec(compile(code, "streams.md", "exec"), {})
    assert capsys.readouterr().out == said
