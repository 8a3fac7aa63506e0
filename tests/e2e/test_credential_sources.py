"""Credentials that botocore's chain finds, and what is signed with them judged by a server that verifies signatures.

ministack knows the keys that its STS gave out, and not those of its own instance metadata: so metadata of instances and
containers comes from a server of these tests that hands out keys of that STS, and once more from ministack as it is.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from dynamodb import AsyncDynamoDB, Credentials, DynamoDB, DynamoDBError
from e2e.drivers import connector
from e2e.servers import REGION
from sagemaker_runtime.testing import AsyncStubTransport, StubTransport

pytestmark = pytest.mark.slow

KINDS = ("sync", "asyncio", "trio")
ROLE = "arn:aws:iam::000000000000:role/runs-tests"


@pytest.fixture(params=KINDS)
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


# With keys that ministack knows.


@pytest.fixture(scope="module")
def session(ministack: str, ministack_key: tuple[str, str]) -> dict[str, str]:
    """Temporary keys of a role, as ministack's STS gave them out."""
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}],
    }
    root = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    with closing(boto3.client("iam", endpoint_url=ministack, region_name=REGION, **root)) as iam:
        iam.create_role(RoleName="runs-tests", AssumeRolePolicyDocument=json.dumps(trust))
        iam.put_role_policy(RoleName="runs-tests", PolicyName="all", PolicyDocument=json.dumps(everything))
    key = {"aws_access_key_id": ministack_key[0], "aws_secret_access_key": ministack_key[1]}
    with closing(boto3.client("sts", endpoint_url=ministack, region_name=REGION, **key)) as sts:
        made: dict[str, str] = sts.assume_role(RoleArn=ROLE, RoleSessionName="tests")["Credentials"]
    return made


@pytest.fixture(scope="module")
def metadata(session: dict[str, str]) -> Iterator[str]:
    """The URL of a metadata service of instances (version 2 alone) and of containers that gives out those keys."""

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            self.reply(b"the-token" if self.path == "/latest/api/token" else None)

        def do_GET(self) -> None:
            if self.path == "/task":
                self.reply(document if self.headers["Authorization"] == "of-the-container" else None)
            elif self.headers["X-aws-ec2-metadata-token"] != "the-token":
                self.reply(None)
            elif self.path == "/latest/meta-data/iam/security-credentials/":
                self.reply(b"runs-tests")
            else:
                self.reply(document if self.path.endswith("/security-credentials/runs-tests") else None)

        def reply(self, body: bytes | None) -> None:
            self.send_response(401 if body is None else 200)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_: Any) -> None: ...

    document = json.dumps(_keys(session) | {"Code": "Success", "Token": session["SessionToken"]}).encode()
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def _keys(session: dict[str, str]) -> dict[str, str]:
    expires = (datetime.now(UTC) + timedelta(hours=6)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "AccessKeyId": session["AccessKeyId"],
        "SecretAccessKey": session["SecretAccessKey"],
        "Expiration": expires,
    }


Setup = Callable[[pytest.MonkeyPatch, Path, pytest.FixtureRequest], None]


def of_an_instance(patch: pytest.MonkeyPatch, _: Path, request: pytest.FixtureRequest) -> None:
    patch.delenv("AWS_EC2_METADATA_DISABLED")
    patch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", request.getfixturevalue("metadata"))


def of_a_container(patch: pytest.MonkeyPatch, _: Path, request: pytest.FixtureRequest) -> None:
    patch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{request.getfixturevalue('metadata')}/task")
    patch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "of-the-container")


def of_a_process(patch: pytest.MonkeyPatch, folder: Path, request: pytest.FixtureRequest) -> None:
    session = request.getfixturevalue("session")
    said = _keys(session) | {"Version": 1, "SessionToken": session["SessionToken"]}
    (folder / "keys.py").write_text(f"print({json.dumps(json.dumps(said))})")
    (folder / "config").write_text(f"[default]\ncredential_process = {sys.executable} {folder / 'keys.py'}\n")
    patch.setenv("AWS_CONFIG_FILE", str(folder / "config"))


def of_an_assumed_role(patch: pytest.MonkeyPatch, folder: Path, request: pytest.FixtureRequest) -> None:
    """botocore goes to the STS of the profile's endpoint, in the Region that the client found."""
    request.getfixturevalue("session")
    key, secret = request.getfixturevalue("ministack_key")
    (folder / "config").write_text(
        f"[profile work]\nrole_arn = {ROLE}\nsource_profile = base\n"
        f"[profile base]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n"
    )
    patch.setenv("AWS_CONFIG_FILE", str(folder / "config"))
    patch.setenv("AWS_PROFILE", "work")


def of_the_environment(patch: pytest.MonkeyPatch, _: Path, request: pytest.FixtureRequest) -> None:
    session = request.getfixturevalue("session")
    patch.setenv("AWS_ACCESS_KEY_ID", session["AccessKeyId"])
    patch.setenv("AWS_SECRET_ACCESS_KEY", session["SecretAccessKey"])
    patch.setenv("AWS_SESSION_TOKEN", session["SessionToken"])


SOURCES: list[Setup] = [of_an_instance, of_a_container, of_a_process, of_an_assumed_role, of_the_environment]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("source", SOURCES)
def test_requests_signed_with_found_keys_are_carried_out(
    kind: str,
    source: Setup,
    ministack: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    source(monkeypatch, tmp_path, request)
    monkeypatch.setenv("AWS_REGION", REGION)
    monkeypatch.setenv("AWS_ENDPOINT_URL", ministack)
    with connector(kind, {"max_attempts": 1}, (DynamoDB, AsyncDynamoDB)) as make:
        for _ in range(2):
            assert make().list_tables().metadata.status == 200


@pytest.mark.parametrize("spoilt", ["secret_access_key", "session_token", "no token"])
def test_the_server_would_have_refused(spoilt: str, ministack: str, session: dict[str, str]) -> None:
    parts = {
        "access_key_id": session["AccessKeyId"],
        "secret_access_key": session["SecretAccessKey"],
        "session_token": session["SessionToken"],
    }
    parts |= {"session_token": None} if spoilt == "no token" else {spoilt: "another"}  # type: ignore[dict-item]
    settings: dict[str, Any] = {"region": REGION, "endpoint_url": ministack, "max_attempts": 1}
    with DynamoDB(**settings, credentials=Credentials(**parts)) as client, pytest.raises(DynamoDBError) as caught:
        client.list_tables()
    assert caught.value.code in ("InvalidSignatureException", "UnrecognizedClientException")
