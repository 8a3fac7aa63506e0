"""InvokeEndpoint and InvokeEndpointAsync of the generated client against moto, whose answers are set up beforehand."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from e2e.drivers import connector
from e2e.servers import REGION, endpoint_name, fetch_json
from sagemaker_runtime import Credentials


@pytest.fixture(params=["sync", "asyncio", "trio"])
def connect_moto(request: pytest.FixtureRequest, moto: str) -> Iterator[Callable[..., Any]]:
    """Make clients of a moto that remembers no earlier test."""
    fetch_json(f"{moto}/moto-api/reset", {})
    defaults = {"region": REGION, "endpoint_url": moto, "credentials": Credentials("AKIDMOTO", "secret")}
    with connector(request.param, defaults) as make:
        yield make


def prepare(moto: str, kind: str, *results: dict[str, Any]) -> None:
    """Queue ``results`` as moto's next answers."""
    fetch_json(f"{moto}/moto-api/static/sagemaker/{kind}", {"region": REGION, "results": results})


def test_invoke_endpoint(connect_moto: Callable[..., Any], moto: str) -> None:
    prepare(
        moto,
        "endpoint-results",
        {
            "Body": '{"answer": 42}',
            "ContentType": "application/json",
            "InvokedProductionVariant": "blue",
            "CustomAttributes": "trace=7",
        },
    )
    out = connect_moto().invoke_endpoint(
        endpoint_name=endpoint_name("moto"),
        body=b"question",
        content_type="text/plain",
        accept="application/json",
    )
    assert out.body == b'{"answer": 42}'
    assert out.json() == {"answer": 42}
    assert out.content_type == "application/json"
    assert out.invoked_production_variant == "blue"
    assert out.custom_attributes == "trace=7"
    assert out.metadata.status == 200
    assert out.metadata.request_id


def test_equal_requests_get_equal_answers(connect_moto: Callable[..., Any], moto: str) -> None:
    """moto tells requests apart by their body and x-amzn-sagemaker headers, so those must arrive as they were given."""
    prepare(
        moto,
        "endpoint-results",
        *({"Body": f"answer {number}", "ContentType": "text/plain"} for number in range(2)),
    )
    client, name = connect_moto(), endpoint_name("moto")
    first = client.invoke_endpoint(endpoint_name=name, body=b"same", custom_attributes="a=1")
    again = client.invoke_endpoint(endpoint_name=name, body=b"same", custom_attributes="a=1")
    other = client.invoke_endpoint(endpoint_name=name, body=b"same", custom_attributes="a=2")
    assert [first.body, again.body, other.body] == [b"answer 0", b"answer 0", b"answer 1"]


def test_invoke_endpoint_async(connect_moto: Callable[..., Any], moto: str) -> None:
    prepare(moto, "async-endpoint-results", {"data": json.dumps({"first": "output"})})
    out = connect_moto().invoke_endpoint_async(
        endpoint_name=endpoint_name("moto"), input_location="s3://bucket/input", inference_id="inference-1"
    )
    assert out.inference_id == "inference-1"
    assert out.output_location.endswith("/response.json")
    assert out.failure_location.endswith("/failure.json")
    assert read_s3(moto, out.output_location) == {"first": "output"}


def test_invoke_endpoint_async_without_an_inference_id(connect_moto: Callable[..., Any]) -> None:
    out = connect_moto().invoke_endpoint_async(endpoint_name=endpoint_name("moto"), input_location="s3://bucket/input")
    assert out.inference_id
    assert out.output_location.startswith("s3://")


def read_s3(moto: str, location: str) -> Any:
    """The JSON document that moto has put at ``location``, an s3 URL."""
    bucket, key = location.removeprefix("s3://").split("/", 1)
    client = boto3.client(
        "s3",
        endpoint_url=moto,
        region_name=REGION,
        aws_access_key_id="AKIDMOTO",
        aws_secret_access_key="secret",
    )
    with client.get_object(Bucket=bucket, Key=key)["Body"] as body:
        document = json.load(body)
    client.close()
    return document
