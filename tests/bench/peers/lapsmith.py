"""The client that lapsmith generated, from the checkout."""

from __future__ import annotations

from time import perf_counter

from sagemaker_runtime import (
    AsyncHTTPTransport,
    AsyncSageMakerRuntime,
    Credentials,
    HTTPTransport,
    PayloadPart,
    SageMakerRuntime,
)

from . import ACCESS_KEY, REGION, SECRET_KEY

_KEYS = Credentials(ACCESS_KEY, SECRET_KEY)


class Sync:
    def __init__(self, url: str, connections: int) -> None:
        transport = HTTPTransport(max_connections=connections)
        self._client = SageMakerRuntime(region=REGION, endpoint_url=url, credentials=_KEYS, transport=transport)

    def call(self) -> bytes:
        return self._client.invoke_endpoint(endpoint_name="llm", body=b"{}").body

    def read(self, endpoint: str) -> tuple[float, int]:
        with self._client.invoke_endpoint_with_response_stream(endpoint_name=endpoint, body=b"{}") as stream:
            total, first = 0, 0.0
            for event in stream:
                first = first or perf_counter()
                if isinstance(event, PayloadPart):
                    total += len(event.bytes_ or b"")
            return first, total

    def close(self) -> None:
        self._client.close()


class Async:
    def __init__(self, url: str, connections: int) -> None:
        transport = AsyncHTTPTransport(max_connections=connections)
        self._client = AsyncSageMakerRuntime(region=REGION, endpoint_url=url, credentials=_KEYS, transport=transport)

    async def open(self) -> None:
        pass

    async def call(self) -> bytes:
        return (await self._client.invoke_endpoint(endpoint_name="llm", body=b"{}")).body

    async def read(self, endpoint: str) -> tuple[float, int]:
        async with self._client.invoke_endpoint_with_response_stream(endpoint_name=endpoint, body=b"{}") as stream:
            total, first = 0, 0.0
            async for event in stream:
                first = first or perf_counter()
                if isinstance(event, PayloadPart):
                    total += len(event.bytes_ or b"")
            return first, total

    async def aclose(self) -> None:
        await self._client.aclose()
