"""Services that speak XML, played by moto: calls, pages, waiters and errors through generated clients."""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from corpus import clients
from corpus.services import Target
from differential.conftest import compiled
from e2e.servers import REGION, fetch_json

pytestmark = pytest.mark.slow

SERVICES = ("iam", "rds", "route53", "sns", "sts")
TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})
Make = Callable[[str], Any]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The clients of the services."""
    root = tmp_path_factory.mktemp("clients")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(importlib.import_module("lapsmith.python.render"), "format_source", compiled)
        for service in SERVICES:
            clients.client_of(Target(service), root)
    sys.path.insert(0, str(root))
    yield root
    sys.path.remove(str(root))
    for name in [name for name in sys.modules if name.startswith("client_of_")]:
        del sys.modules[name]


@pytest.fixture
def make(folder: Path, moto: str) -> Iterator[Make]:
    """Make clients of a moto that remembers nothing; asynchronous ones by the class's name."""
    fetch_json(f"{moto}/moto-api/reset", {})
    made: list[Any] = []

    def client(name: str) -> Any:
        service = name.removeprefix("Async").lower()
        package = importlib.import_module(Target(service).package)
        credentials = package.Credentials("AKIDMOTO", "secret")
        one = getattr(package, name)(region=REGION, endpoint_url=moto, credentials=credentials)
        made.append(one)
        return one

    yield client
    for one in made:
        if hasattr(one, "close"):
            one.close()


def test_sts(make: Make) -> None:
    sts = make("STS")
    assert sts.get_caller_identity().account == "123456789012"
    given = sts.assume_role(role_arn="arn:aws:iam::123456789012:role/a", role_session_name="é b").credentials
    assert given.expiration.tzinfo is not None
    assert "secret_access_key='***'" in repr(given)


def test_iam_with_pages_waiters_and_errors(make: Make) -> None:
    iam = make("IAM")
    for name in ("a", "b", "c"):
        iam.create_role(role_name=name, assume_role_policy_document=TRUST, tags=[{"Key": "k", "Value": "v w"}])
    assert sorted(role.role_name for role in iam.paginate_list_roles(max_items=1).items()) == ["a", "b", "c"]
    assert [(tag.key, tag.value) for tag in iam.list_role_tags(role_name="a").tags] == [("k", "v w")]
    iam.create_user(user_name="u")
    assert iam.wait_until_user_exists(user_name="u").user.user_name == "u"
    package = importlib.import_module(Target("iam").package)
    with pytest.raises(package.NoSuchEntityException) as caught:
        iam.get_role(role_name="nobody")
    assert (caught.value.code, caught.value.status) == ("NoSuchEntity", 404)
    assert caught.value.request_id


def test_asynchronous_sns(make: Make) -> None:
    async def call() -> None:
        async with make("AsyncSNS") as sns:
            arn = (await sns.create_topic(name="t", attributes={"DisplayName": "x & y"})).topic_arn
            assert (await sns.get_topic_attributes(topic_arn=arn)).attributes["DisplayName"] == "x & y"
            sent = {"DataType": "Binary", "BinaryValue": b"\0\1"}
            assert (await sns.publish(topic_arn=arn, message="hi", message_attributes={"a": sent})).message_id
            assert [topic.topic_arn async for topic in sns.paginate_list_topics().items()] == [arn]

    asyncio.run(call())


def test_route_53_takes_identifiers_as_it_gives_them(make: Make) -> None:
    route53 = make("Route53")
    zone = route53.create_hosted_zone(name="example.com", caller_reference="1").hosted_zone
    assert zone.id.startswith("/hostedzone/")
    change = {"Name": "a.example.com", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "127.0.0.1"}]}
    route53.change_resource_record_sets(
        hosted_zone_id=zone.id, change_batch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": change}]}
    )
    found = route53.list_resource_record_sets(hosted_zone_id=zone.id.removeprefix("/hostedzone/")).resource_record_sets
    assert [record.resource_records[0].value for record in found if record.type == "A"] == ["127.0.0.1"]


def test_rds_with_a_modelled_error(make: Make) -> None:
    rds = make("RDS")
    rds.create_db_parameter_group(db_parameter_group_name="g", db_parameter_group_family="mysql8.0", description="d")
    groups = rds.describe_db_parameter_groups(db_parameter_group_name="g").db_parameter_groups
    assert [group.description for group in groups] == ["d"]
    package = importlib.import_module(Target("rds").package)
    with pytest.raises(package.DBInstanceNotFoundFault):
        rds.describe_db_instances(db_instance_identifier="nobody")
