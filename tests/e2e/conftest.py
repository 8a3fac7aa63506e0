"""The servers of the end-to-end tests as fixtures, and an environment in which nothing else sets up a client."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import boto3
import pytest
from botocore.config import Config
from e2e.servers import (
    ACCESS_KEY,
    REGION,
    SECRET_KEY,
    NodeDouble,
    ministack_server,
    missing_tools,
    moto_server,
    node_double,
)

_PROXIES = {"http_proxy", "https_proxy", "all_proxy", "no_proxy"}


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy, and no AWS setting, profile or credentials of whoever runs the tests."""
    for name in list(os.environ):
        if name.startswith("AWS_") or name.lower() in _PROXIES:
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture(scope="session")
def double() -> Iterator[NodeDouble]:
    """The Node double, over plain HTTP."""
    require_node()
    with node_double() as running:
        yield running


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    """The URL of a moto server."""
    with moto_server() as url:
        yield url


@pytest.fixture(scope="session")
def ministack() -> Iterator[str]:
    """The URL of a ministack server that verifies signatures."""
    with ministack_server() as url:
        yield url


@pytest.fixture(scope="session")
def ministack_key(ministack: str) -> tuple[str, str]:
    """The access key of an IAM user of ministack, which checks no signature of its root user."""
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    root = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    with closing(boto3.client("iam", endpoint_url=ministack, region_name=REGION, **root)) as iam:
        iam.create_user(UserName="tester")
        iam.put_user_policy(UserName="tester", PolicyName="all", PolicyDocument=json.dumps(everything))
        assumed = everything["Statement"][0] | {
            "Action": "sts:AssumeRole",
            "Principal": {"Service": "lambda.amazonaws.com"},
        }
        iam.create_role(
            RoleName="runs-functions", AssumeRolePolicyDocument=json.dumps(everything | {"Statement": [assumed]})
        )
        made = iam.create_access_key(UserName="tester")["AccessKey"]
    return made["AccessKeyId"], made["SecretAccessKey"]


def require_node() -> None:
    """Skip the test, saying why, where node or npm is missing."""
    if reason := missing_tools():
        pytest.skip(f"the Node double needs node and npm: {reason}")


@pytest.fixture(params=["sync", "asyncio", "trio"])
def connect(request: pytest.FixtureRequest, double: NodeDouble) -> Iterator[Callable[..., Any]]:
    """Make clients of the Node double. One test runs with the sync client and, on two event loops, with the async one.

    The keywords are those of the client's constructor; what comes back is used as the sync client is.
    """
    # Imported here: the servers' own tests need no generated client.
    from e2e.drivers import connector
    from sagemaker_runtime import Credentials

    defaults = {
        "region": REGION,
        "endpoint_url": double.url,
        "credentials": Credentials(ACCESS_KEY, SECRET_KEY),
        "timeout": 20,  # a test that waits in vain fails soon
    }
    with connector(request.param, defaults) as make:
        yield make


@pytest.fixture
def boto(double: NodeDouble) -> Iterator[Callable[..., Any]]:
    """Make boto3 clients of the double; keywords replace the credentials."""
    clients: list[Any] = []

    def make(**credentials: str) -> Any:
        settings = {"aws_access_key_id": ACCESS_KEY, "aws_secret_access_key": SECRET_KEY} | credentials
        config = Config(retries={"total_max_attempts": 1}, read_timeout=20)
        client = boto3.client(
            "sagemaker-runtime", region_name=REGION, endpoint_url=double.url, config=config, **settings
        )
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.close()
