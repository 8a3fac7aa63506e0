"""httpx2 alone: the same request, already signed, and no AWS library around it. It reads no event streams here."""

from __future__ import annotations

import httpx2

from .bare import HEADERS


class Sync:
    def __init__(self, url: str, connections: int) -> None:
        limits = httpx2.Limits(max_connections=connections, max_keepalive_connections=connections)
        self._client = httpx2.Client(base_url=url, limits=limits, trust_env=False)

    def call(self) -> bytes:
        return self._client.post("/endpoints/llm/invocations", content=b"{}", headers=HEADERS).content

    def read(self, endpoint: str) -> tuple[float, int]:
        raise NotImplementedError

    def close(self) -> None:
        self._client.close()


class Async:
    def __init__(self, url: str, connections: int) -> None:
        limits = httpx2.Limits(max_connections=connections, max_keepalive_connections=connections)
        self._client = httpx2.AsyncClient(base_url=url, limits=limits, trust_env=False)

    async def open(self) -> None:
        await self._client.__aenter__()

    async def call(self) -> bytes:
        return (await self._client.post("/endpoints/llm/invocations", content=b"{}", headers=HEADERS)).content

    async def read(self, endpoint: str) -> tuple[float, int]:
        raise NotImplementedError

    async def aclose(self) -> None:
        await self._client.aclose()
