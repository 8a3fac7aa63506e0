"""boto3, with a connection pool of the size asked for (its default is 10)."""

from __future__ import annotations

from time import perf_counter

import boto3
from botocore.config import Config

from . import ACCESS_KEY, REGION, SECRET_KEY


class Sync:
    def __init__(self, url: str, connections: int) -> None:
        self._client = boto3.client(
            "sagemaker-runtime",
            region_name=REGION,
            endpoint_url=url,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            config=Config(max_pool_connections=connections),
        )

    def call(self) -> bytes:
        body: bytes = self._client.invoke_endpoint(EndpointName="llm", Body=b"{}")["Body"].read()
        return body

    def read(self, endpoint: str) -> tuple[float, int]:
        response = self._client.invoke_endpoint_with_response_stream(EndpointName=endpoint, Body=b"{}")
        total, first = 0, 0.0
        for event in response["Body"]:
            first = first or perf_counter()
            if "PayloadPart" in event:
                total += len(event["PayloadPart"]["Bytes"])
        return first, total

    def close(self) -> None:
        self._client.close()
