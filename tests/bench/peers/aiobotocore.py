"""aiobotocore, with a connection pool of the size asked for (its default is 10)."""

from __future__ import annotations

from time import perf_counter
from typing import Any

from aiobotocore.config import AioConfig
from aiobotocore.session import get_session

from . import ACCESS_KEY, REGION, SECRET_KEY


class Async:
    def __init__(self, url: str, connections: int) -> None:
        self._context = get_session().create_client(
            "sagemaker-runtime",
            region_name=REGION,
            endpoint_url=url,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            config=AioConfig(max_pool_connections=connections),
        )
        self._client: Any = None

    async def open(self) -> None:
        self._client = await self._context.__aenter__()

    async def call(self) -> bytes:
        response = await self._client.invoke_endpoint(EndpointName="llm", Body=b"{}")
        async with response["Body"] as body:
            data: bytes = await body.read()
        return data

    async def read(self, endpoint: str) -> tuple[float, int]:
        response = await self._client.invoke_endpoint_with_response_stream(EndpointName=endpoint, Body=b"{}")
        total, first = 0, 0.0
        async for event in response["Body"]:
            first = first or perf_counter()
            if "PayloadPart" in event:
                total += len(event["PayloadPart"]["Bytes"])
        return first, total

    async def aclose(self) -> None:
        await self._context.__aexit__(None, None, None)
