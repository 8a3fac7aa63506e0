"""The generated client's errors and retries against the Node double, counted by the double."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import pytest
import sagemaker_runtime
from e2e.servers import NodeDouble, endpoint_name
from sagemaker_runtime import ModelError, SageMakerRuntimeError, ServiceError

Make = Callable[..., Any]
METHODS: dict[str, dict[str, Any]] = {
    "invoke_endpoint": {"body": b"x"},
    "invoke_endpoint_async": {"input_location": "s3://b/k"},
    "invoke_endpoint_with_response_stream": {"body": b"x"},
}


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """How long a client waits between attempts is tested elsewhere; here it is how often it sends."""
    monkeypatch.setattr("sagemaker_runtime._runtime.call.retry.Backoff.delay", lambda *_: 0.0)


def call(client: Any, method: str, name: str) -> Any:
    """Call ``method`` with the least it takes; a stream is entered and left."""
    made = getattr(client, method)(endpoint_name=name, **METHODS[method])
    if method != "invoke_endpoint_with_response_stream":
        return made
    with made as stream:
        return stream


def fail(client: Any, method: str, name: str) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        call(client, method, name)
    return caught.value


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("behaviour", "type_name", "status", "message", "times"),
    [
        ("validation", "ValidationError", 400, "Endpoint name is not valid", 1),
        ("no-such-behaviour", "ValidationError", 400, "not found", 1),
        ("error-type-in-body", "ValidationError", 400, "typed in the body", 1),
        ("internal", "InternalFailure", 500, "It failed", 1),
        ("unavailable", "ServiceUnavailable", 503, "Try again", 3),
    ],
)
def test_modelled_errors(
    connect: Make,
    double: NodeDouble,
    method: str,
    behaviour: str,
    type_name: str,
    status: int,
    message: str,
    times: int,
) -> None:
    name = endpoint_name(behaviour)
    error = fail(connect(max_attempts=3), method, name)
    assert type(error) is getattr(sagemaker_runtime, type_name)
    assert isinstance(error, SageMakerRuntimeError)
    assert (error.code, error.status) == (type_name, status)
    assert message in error.message
    assert error.operation.lower() == method.replace("_", "")
    assert error.request_id
    assert error.request_id in str(error)
    assert len(double.requests(name)) == times


@pytest.mark.parametrize("method", ["invoke_endpoint", "invoke_endpoint_with_response_stream"])
def test_a_model_error_says_what_the_model_said_and_is_not_retried(
    connect: Make, double: NodeDouble, method: str
) -> None:
    name = endpoint_name("model-error")
    error = fail(connect(), method, name)
    assert isinstance(error, ModelError)
    assert error.original_status_code == 500
    assert error.original_message == "out of memory"
    assert error.log_stream_arn is not None
    assert error.log_stream_arn.startswith("arn:aws:logs:")
    assert (error.status, error.retryable) == (424, False)
    assert len(double.requests(name)) == 1


def test_a_model_error_without_its_members(connect: Make) -> None:
    error = fail(connect(), "invoke_endpoint", "model-error-nulls")
    assert isinstance(error, ModelError)
    assert (error.original_status_code, error.original_message, error.log_stream_arn) == (None, None, None)
    assert error.message == ""


@pytest.mark.parametrize(("behaviour", "times"), [("dependency", 1), ("not-ready", 3)])
def test_errors_of_invoke_endpoint_alone(connect: Make, double: NodeDouble, behaviour: str, times: int) -> None:
    name = endpoint_name(behaviour)
    error = fail(connect(max_attempts=3), "invoke_endpoint", name)
    expected = {
        "dependency": ("InternalDependencyException", 530),
        "not-ready": ("ModelNotReadyException", 429),
    }
    assert (type(error).__name__, error.status) == expected[behaviour]
    assert isinstance(error, SageMakerRuntimeError)
    assert len(double.requests(name)) == times


def test_errors_survive_pickling(connect: Make) -> None:
    error = fail(connect(), "invoke_endpoint", "model-error")
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)


@pytest.mark.parametrize("method", METHODS)
def test_an_unknown_error_is_the_service_error(connect: Make, double: NodeDouble, method: str) -> None:
    name = endpoint_name("unknown-error")
    error = fail(connect(), method, name)
    assert type(error) is SageMakerRuntimeError
    assert (error.code, error.status, error.message) == ("BrandNewException", 418, "not in the model yet")
    assert len(double.requests(name)) == 1


@pytest.mark.parametrize(("behaviour", "status"), [("html-error", 502), ("empty-error", 500)])
@pytest.mark.parametrize("method", METHODS)
def test_an_error_that_says_nothing_is_told_by_its_status(
    connect: Make, double: NodeDouble, method: str, behaviour: str, status: int
) -> None:
    name = endpoint_name(behaviour)
    error = fail(connect(), method, name)
    assert type(error) is SageMakerRuntimeError
    assert error.status == status
    assert str(status) in str(error)
    assert len(double.requests(name)) == 1


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("behaviour", "attempts"), [("unavailable-once", 2), ("throttled-once", 2), ("not-ready-twice", 3)]
)
def test_a_request_that_was_turned_away_is_sent_again(
    connect: Make, double: NodeDouble, method: str, behaviour: str, attempts: int
) -> None:
    name = endpoint_name(behaviour)
    out = call(connect(), method, name)
    assert out.metadata.attempts == attempts
    received = double.requests(name)
    assert len(received) == attempts
    assert len({request.body for request in received}) == 1
    assert [request.refused for request in received] == [None] * attempts


@pytest.mark.parametrize("behaviour", ["unavailable-once", "not-ready-twice", "throttled-once"])
def test_one_attempt_means_one(connect: Make, double: NodeDouble, behaviour: str) -> None:
    name = endpoint_name(behaviour)
    error = fail(connect().with_options(max_attempts=1), "invoke_endpoint", name)
    assert error.retryable
    assert len(double.requests(name)) == 1
