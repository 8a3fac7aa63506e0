"""Credentials of EC2 instances (IMDSv2) and of containers, which botocore fetches from the endpoints of ministack."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from e2e.drivers import connector
from e2e.servers import REGION
from sagemaker_runtime.testing import AsyncStubTransport, StubTransport

pytestmark = pytest.mark.slow


@pytest.fixture(params=["sync", "asyncio", "trio"])
def client(request: pytest.FixtureRequest) -> Iterator[tuple[Any, Any]]:
    """A client that is given no credentials, and its stub, which keeps what was signed with those it found."""
    stub: Any = StubTransport() if request.param == "sync" else AsyncStubTransport()
    with connector(request.param, {"region": REGION, "transport": stub}) as make:
        yield make(), stub


def signed_with(client: tuple[Any, Any]) -> tuple[str, str]:
    """Call, and return the access key and the session token that the request was signed with."""
    connected, stub = client
    stub.respond(b"fine")
    connected.invoke_endpoint(endpoint_name="llm", body=b"in")
    headers = dict(stub.requests[-1].headers)
    authorization = headers["Authorization"]
    assert "x-amz-security-token" in authorization.partition("SignedHeaders=")[2].partition(",")[0].split(";")
    return authorization.partition("Credential=")[2].partition("/")[0], headers["X-Amz-Security-Token"]


def test_instance_metadata(client: tuple[Any, Any], ministack: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """This endpoint answers nobody who has not fetched a token first."""
    monkeypatch.delenv("AWS_EC2_METADATA_DISABLED")
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", ministack)
    first = signed_with(client)
    assert first[0].startswith("ASIA")
    assert signed_with(client) == first, "ministack gives out other keys each time"


def test_container(client: tuple[Any, Any], ministack: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{ministack}/v2/credentials/task")
    first = signed_with(client)
    assert first[0].startswith("ASIA")
    assert signed_with(client) == first
