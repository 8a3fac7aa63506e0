"""What needs no signature is sent without one, by a client without credentials, as botocore sends it."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from botocore.model import OperationModel
from corpus.services import Target
from differential.conftest import Pair
from differential.depth import Depths
from differential.each import each
from differential.inputs import arguments
from differential.oracle import REGION, Oracle
from differential.wire import compare_sent, nothing
from hypothesis import strategies as st

from ..runtime.loopback import Server, answering, response  # noqa: TID252
from .test_sockets import received

# How many operations of each want no signature.
TARGETS = {"cognito-identity": 4, "signin": 2, "sso": 4, "sso-oidc": 3}


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine that has no credentials."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.mark.usefixtures("nobody")
@pytest.mark.parametrize("service", TARGETS)
def test_no_credentials_are_needed_and_no_signature_is_made(pair: Callable[[Target], Pair], service: str) -> None:
    subject, stubbed = pair(Target(service))
    depths = Depths()
    operations = {name: op for name, op in stubbed.operations().items() if op.auth_type == "none"}
    assert len(operations) == TARGETS[service]
    empty = nothing(next(iter(operations.values())), stubbed.protocol)
    with Server(answering(response(empty))) as server:
        url = f"http://127.0.0.1:{server.port}"
        kind = getattr(subject.package, subject.names.client)
        with (
            closing(Oracle(Target(service), url)) as oracle,
            kind(region=REGION, endpoint_url=url, max_attempts=1) as client,
        ):

            def check(operation: OperationModel, data: st.DataObject) -> None:
                given = data.draw(arguments(operation, depths, full=data.draw(st.booleans())))
                server.requests.clear()
                oracle.send(operation, given)
                subject.finish(
                    getattr(client, subject.names.methods[operation.name])(
                        **subject.arguments(operation, given, typed=False)
                    )
                )
                expected, sent = map(received, server.requests)
                assert "authorization" not in expected.headers
                compare_sent(operation, oracle.protocol, sent, expected)
                assert not sent.headers.keys() & {"authorization", "x-amz-date", "x-amz-security-token"}

            assert each(operations, check) > 0


@pytest.mark.usefixtures("nobody")
def test_what_needs_a_signature_needs_credentials(pair: Callable[[Target], Pair]) -> None:
    subject, _ = pair(Target("cognito-identity"))
    errors = importlib.import_module(f"{subject.package.__name__}._runtime.errors")
    with (
        getattr(subject.package, subject.names.client)(region=REGION, endpoint_url="http://127.0.0.1:9") as client,
        pytest.raises(errors.CredentialsError),
    ):
        client.list_identity_pools(max_results=1)
