"""Calls without a signature: nothing is signed, and nobody looks for credentials."""

from __future__ import annotations

import asyncio
import pickle

import pytest
import sts
from sts.testing import AsyncStubTransport, StubTransport

ANSWER = b"<R><GetCallerIdentityResult><Account>1</Account></GetCallerIdentityResult></R>"
OURS = {"authorization", "x-amz-date", "x-amz-security-token"}


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys that must not be used."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKID")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")


def headers(stub: StubTransport | AsyncStubTransport) -> set[str]:
    return {name.lower() for name, _ in stub.requests[-1].headers}


def test_an_anonymous_client_signs_nothing() -> None:
    stub = StubTransport()
    for credentials in (None, sts.ANONYMOUS):
        stub.respond(ANSWER)
        client = sts.STS(region="eu-west-1", credentials=credentials, transport=stub)
        assert client.with_options(max_attempts=1).get_caller_identity().account == "1"
        assert bool(headers(stub) & OURS) == (credentials is None)


def test_so_does_an_asynchronous_one() -> None:
    async def call() -> None:
        stub.respond(ANSWER)
        async with sts.AsyncSTS(region="eu-west-1", credentials=sts.ANONYMOUS, transport=stub) as client:
            await client.get_caller_identity()

    stub = AsyncStubTransport()
    asyncio.run(call())
    assert not headers(stub) & OURS


def test_it_stays_anonymous_where_it_is_unpickled() -> None:
    assert repr(pickle.loads(pickle.dumps(sts.ANONYMOUS))) == "ANONYMOUS"
    client = pickle.loads(pickle.dumps(sts.STS(region="eu-west-1", credentials=sts.ANONYMOUS)))
    stub = StubTransport()
    stub.respond(ANSWER)
    copy = client.with_options()
    copy._transport = stub
    copy.get_caller_identity()
    assert not headers(stub) & OURS
    client.close()
