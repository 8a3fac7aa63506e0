"""Faults that someone else's proxy makes of good answers: throttling, resets, cut bodies and spoiled frames."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from e2e.drivers import connector
from e2e.servers import (
    ACCESS_KEY,
    REGION,
    SECRET_KEY,
    NodeDouble,
    endpoint_name,
    fetch_json,
    microburst_proxy,
)
from sagemaker_runtime import (
    ChecksumMismatch,
    Credentials,
    ModelNotReadyException,
    ProtocolError,
    SageMakerRuntimeError,
    TruncatedStream,
)

pytestmark = pytest.mark.slow

Make = Callable[..., Any]
Fault = Callable[..., None]


@pytest.fixture(scope="module")
def proxy(double: NodeDouble) -> Iterator[str]:
    """The URL of a proxy before the Node double."""
    with microburst_proxy(double.url) as url:
        yield url


@pytest.fixture(params=["sync", "asyncio"])
def connect_proxy(request: pytest.FixtureRequest, proxy: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Make clients of the proxy that do not pause between attempts."""
    monkeypatch.setattr("sagemaker_runtime._runtime.call.retry.Backoff.delay", lambda *_: 0.0)
    defaults = {"region": REGION, "endpoint_url": proxy, "credentials": Credentials(ACCESS_KEY, SECRET_KEY)}
    with connector(request.param, defaults) as make:
        yield make


@pytest.fixture
def fault(proxy: str) -> Fault:
    """Set the one rule by which the proxy spoils ``times`` answers."""

    def set_rule(times: int = 1, **rule: Any) -> None:
        fetch_json(f"{proxy}/_microburst/rules", [{"service": "sagemaker", "times": times, **rule}])

    return set_rule


@pytest.mark.parametrize(
    "error",
    [
        {"code": "ThrottlingException", "status": 400},
        {"code": "ModelNotReadyException", "status": 429},
        {"code": "ServiceUnavailable", "status": 503},
    ],
)
def test_throttling_is_waited_out(connect_proxy: Make, double: NodeDouble, fault: Fault, error: dict[str, Any]) -> None:
    name = endpoint_name("echo")
    fault(times=2, error=error)
    out = connect_proxy(max_attempts=3).invoke_endpoint(endpoint_name=name, body=b"x", content_type="text/plain")
    assert (out.body, out.metadata.attempts) == (b"x", 3)
    assert len(double.requests(name)) == 1


def test_throttling_that_lasts_is_raised(connect_proxy: Make, double: NodeDouble, fault: Fault) -> None:
    name = endpoint_name("echo")
    fault(times=3, error={"code": "ModelNotReadyException", "status": 429, "message": "loading"})
    with pytest.raises(ModelNotReadyException, match="loading"):
        connect_proxy(max_attempts=3).invoke_endpoint(endpoint_name=name, body=b"x", content_type="text/plain")
    assert double.requests(name) == []


@pytest.mark.parametrize("rule", [{"reset": True}, {"response": {"abort_bytes": 10}}], ids=["before", "after"])
def test_a_lost_connection_does_not_invoke_again(
    connect_proxy: Make, double: NodeDouble, fault: Fault, rule: dict[str, Any]
) -> None:
    name = endpoint_name("echo")
    fault(**rule)
    with pytest.raises(ProtocolError):
        connect_proxy().invoke_endpoint(endpoint_name=name, body=b"x" * 100, content_type="text/plain")
    assert len(double.requests(name)) == (0 if "reset" in rule else 1)


@pytest.mark.parametrize(
    ("rule", "error"),
    [
        ({"event_frames": [{"at": 2, "bad_crc": True}]}, ChecksumMismatch),
        ({"event_frames": [{"at": 2, "cut": 0.5}]}, TruncatedStream),
        ({"event_error": {"code": "Slow", "message": "m", "after_frames": 2}}, SageMakerRuntimeError),
    ],
    ids=["checksum", "cut frame", "error frame"],
)
def test_a_spoiled_stream_is_noticed(
    connect_proxy: Make, fault: Fault, rule: dict[str, Any], error: type[Exception]
) -> None:
    fault(response=rule)
    events: list[Any] = []
    members = {"endpoint_name": "stream-tokens", "body": b"x", "content_type": "text/plain"}
    with connect_proxy().invoke_endpoint_with_response_stream(**members) as stream, pytest.raises(error):
        events.extend(stream)
    assert [event.bytes_ for event in events] == [b"Once", b" upon"]
