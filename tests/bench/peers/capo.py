"""capo, a typed client generated from AWS's Smithy models, on its own HTTP library (zapros).

Its pool keeps 10 connections unless its handler says otherwise, as here.
"""

from __future__ import annotations

from time import perf_counter

from capo_sagemaker_runtime import AsyncSageMakerRuntimeClient, Credentials, SageMakerRuntimeClient
from zapros import AsyncStdNetworkHandler, StdNetworkHandler

from . import ACCESS_KEY, REGION, SECRET_KEY

_KEYS: Credentials = {"access_key": ACCESS_KEY, "secret_key": SECRET_KEY}


class Sync:
    def __init__(self, url: str, connections: int) -> None:
        handler = StdNetworkHandler(
            http1={"max_connections_per_host": connections, "max_idle_connections_per_host": connections}
        )
        self._client = SageMakerRuntimeClient(handler, region=REGION, endpoint=url, credentials=_KEYS)

    def call(self) -> bytes:
        body: bytes = self._client.invoke_endpoint("llm", body=b"{}")["body"]
        return body

    def read(self, endpoint: str) -> tuple[float, int]:
        with self._client.invoke_endpoint_with_response_stream(endpoint, body=b"{}") as output:
            total, first = 0, 0.0
            for event in output["body"]:
                first = first or perf_counter()
                if "PayloadPart" in event:
                    total += len(event["PayloadPart"]["bytes"])
            return first, total

    def close(self) -> None:
        self._client.__exit__(None, None, None)


class Async:
    def __init__(self, url: str, connections: int) -> None:
        handler = AsyncStdNetworkHandler(
            http1={"max_connections_per_host": connections, "max_idle_connections_per_host": connections}
        )
        self._client = AsyncSageMakerRuntimeClient(handler, region=REGION, endpoint=url, credentials=_KEYS)

    async def open(self) -> None:
        await self._client.__aenter__()

    async def call(self) -> bytes:
        body: bytes = (await self._client.invoke_endpoint("llm", body=b"{}"))["body"]
        return body

    async def read(self, endpoint: str) -> tuple[float, int]:
        async with self._client.invoke_endpoint_with_response_stream(endpoint, body=b"{}") as output:
            total, first = 0, 0.0
            async for event in output["body"]:
                first = first or perf_counter()
                if "PayloadPart" in event:
                    total += len(event["PayloadPart"]["bytes"])
            return first, total

    async def aclose(self) -> None:
        await self._client.__aexit__(None, None, None)
