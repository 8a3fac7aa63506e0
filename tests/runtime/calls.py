"""Calls played by hand: the steps of :func:`runtime.call.attempts.call` are answered from a list, and recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from msgspec import structs
from runtime.call.attempts import call
from runtime.call.retry import Backoff
from runtime.call.state import CallState
from runtime.call.steps import Refresh, Reply, Send, Sleep
from runtime.codec.operation import Operation
from runtime.codec.rest_json import parse_error
from runtime.errors import AWSError, ServiceError, TransportError
from runtime.message.http import Headers, HTTPRequest, Request, Response, Timeout
from runtime.settings.config import Config, ServiceInfo
from runtime.settings.endpoint import Endpoint
from runtime.settings.routing import Route
from runtime.shapes.structures import Output
from runtime.signing.sigv4 import Credentials

KEYS = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
SERVICE = ServiceInfo("Example", "2020-01-01", "example", None, None, None, "example")
ROUTE = Route(Endpoint("https", "example.test", None, ""), "example", "eu-west-1")
CONFIG = Config("eu-west-1", ROUTE, Timeout(), 3, None, "agent/1")
REQUEST = Request("POST", "/things", headers=[("Content-Type", "text/plain")], body=b"thing")


class ExampleError(ServiceError):
    """Any error of the service."""


class NeverRetried(ExampleError):
    """An error that its description says not to retry."""

    wire_code = "NeverRetried"
    retry = "never"


class Throttled(ExampleError):
    """An error that says that the request was turned away."""

    wire_code = "Throttled"
    retry = "throttle"


class Transient(ExampleError):
    """An error that says that the work may have been begun."""

    wire_code = "Transient"
    retry = "transient"


class Thing(Output):
    """The output of the operation."""

    body: bytes = b""


OPERATION: Operation[Thing] = Operation(
    name="DoThing",
    parse=lambda response: Thing(body=response.body),
    parse_error=parse_error,
    errors={error.wire_code: error for error in (NeverRetried, Throttled, Transient)},
    service_error=ExampleError,
)
SAFE = structs.replace(OPERATION, retry_safe=True)


def ok(body: bytes = b"fine", **headers: str) -> Response:
    """An answer that the call succeeded."""
    return answer(200, body, headers)


def failed(code: str, status: int = 400, **headers: str) -> Response:
    """An answer with an error code; underscores in header names are hyphens."""
    return answer(status, b'{"message": "it failed"}', {"x-amzn-errortype": code, **headers})


def answer(status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Response:
    """Any answer; underscores in header names are hyphens."""
    pairs = [(name.replace("_", "-"), value) for name, value in (headers or {}).items()]
    return Response(status, Headers(pairs), body)


@dataclass
class Played:
    """What a call did: its steps by kind, and how it ended."""

    sent: list[HTTPRequest] = field(default_factory=list[HTTPRequest])
    slept: list[float] = field(default_factory=list[float])
    refreshed: list[bool] = field(default_factory=list[bool])
    output: Thing | None = None
    error: AWSError | None = None

    @property
    def service_error(self) -> ServiceError:
        """The error that the call ended with, which must be the service's."""
        assert isinstance(self.error, ServiceError)
        return self.error


def play(
    answers: Iterable[Response | TransportError],
    *,
    operation: Operation[Thing] = OPERATION,
    request: Request = REQUEST,
    service: ServiceInfo = SERVICE,
    config: Config = CONFIG,
    state: CallState | None = None,
) -> Played:
    """Play one call. Every answer of a list must be asked for.

    The longest jitter is used unless ``state`` says otherwise.
    """
    state = state or CallState(backoff=Backoff(random=lambda: 1.0))
    waiting = iter(answers)
    played = Played()
    steps = call(operation, request, service, config, state)
    result: Any = None
    try:
        step = next(steps)
        while True:
            if isinstance(step, Send):
                result = next(waiting, None)
                if result is None:
                    pytest.fail(f"the call was sent more than {len(played.sent)} times")
                played.sent.append(step.request)
                if isinstance(result, TransportError):
                    step = steps.throw(result)
                    continue
                result = Reply(result)
            elif isinstance(step, Refresh):
                played.refreshed.append(step.force)
                result = KEYS
            else:
                assert isinstance(step, Sleep)
                played.slept.append(step.seconds)
                result = None
            step = steps.send(result)
    except StopIteration as done:
        played.output = done.value[0]
    except AWSError as error:
        played.error = error
    left = list(waiting) if isinstance(answers, list) else []
    assert not left, f"the call ended before these were asked for: {left}"
    return played
