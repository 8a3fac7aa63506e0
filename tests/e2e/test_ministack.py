"""The client's signatures judged by a third implementation: ministack verifies them for any service.

It has no SageMaker Runtime, so a request whose signature is good is answered 400 "unsupported", and a bad one 403.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from e2e.drivers import connector
from e2e.servers import REGION
from sagemaker_runtime import Credentials, SageMakerRuntimeError

pytestmark = pytest.mark.slow

BODY = {
    "endpoint_name": "an endpoint/é",
    "body": b"\x00\xff{}",
    "custom_attributes": "a  b",
    "inference_id": "i",
}
CALLS: dict[str, dict[str, Any]] = {
    "invoke_endpoint": BODY | {"content_type": "application/json", "enable_explanations": "`x`"},
    "invoke_endpoint_async": {"endpoint_name": "a", "input_location": "s3://b/k+%20?x=y"},
    "invoke_endpoint_with_response_stream": BODY | {"accept": "text/event-stream"},
}


@pytest.fixture(params=["sync", "asyncio"])
def connect_ministack(request: pytest.FixtureRequest, ministack: str) -> Iterator[Any]:
    """Make clients of ministack."""
    with connector(request.param, {"region": REGION, "endpoint_url": ministack, "max_attempts": 1}) as make:
        yield make


@pytest.mark.parametrize("operation", CALLS)
def test_signatures_are_told_apart(connect_ministack: Any, ministack_key: tuple[str, str], operation: str) -> None:
    access_key, secret = ministack_key
    assert refusal(connect_ministack(credentials=Credentials(access_key, secret)), operation).status == 400
    refused = refusal(connect_ministack(credentials=Credentials(access_key, "wrong")), operation)
    assert (refused.status, refused.code) == (403, "InvalidSignatureException")


def refusal(client: Any, operation: str) -> SageMakerRuntimeError:
    """Call ``operation``, which ministack cannot carry out, and return the error."""
    with pytest.raises(SageMakerRuntimeError) as caught:
        call(client, operation)
    return caught.value


def call(client: Any, operation: str) -> None:
    made = getattr(client, operation)(**CALLS[operation])
    if operation == "invoke_endpoint_with_response_stream":
        with made:
            pass
