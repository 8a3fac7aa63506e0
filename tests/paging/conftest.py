"""The golden case's client, generated once, and how to run a test on it synchronously and in event loops."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import anyio
import golden_cases
import pytest
from paging import clients

BACKENDS = ("sync", "asyncio", "trio")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No AWS setting of whoever runs the tests."""
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)


@pytest.fixture(scope="session")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The package generated from ``pages_and_waiters``."""
    folder = tmp_path_factory.mktemp("paging")
    outcome = golden_cases.generate(golden_cases.GOLDEN / "pages_and_waiters", folder / "paged_tables")
    assert outcome.code == 0, outcome.stderr
    with golden_cases.importable(folder):
        yield importlib.import_module("paged_tables")


class Clients:
    """Makes clients of one kind, and reads what they give into plain values."""

    def __init__(self, package: ModuleType, backend: str) -> None:
        self.package = package
        self.backend = backend

    def client(self, service: clients.Service) -> Any:
        """Return a client that is answered by ``service``; a failed call is not sent again."""
        asynchronous = self.backend != "sync"
        kind = self.package.AsyncTables if asynchronous else self.package.Tables
        transport = clients.AsyncTransport(service) if asynchronous else clients.Transport(service)
        keys = self.package.Credentials("AKID", "secret")
        return kind(region="eu-west-1", credentials=keys, transport=transport, max_attempts=1)

    def requests(self, client: Any) -> list[tuple[str, dict[str, Any]]]:
        """Return what was sent, in order."""
        found: list[tuple[str, dict[str, Any]]] = client._transport.requests
        return found

    def take(self, iterator: Any, count: int | None = None) -> list[Any]:
        """Return the next ``count`` of what an iterator gives; all without a number."""
        found: list[Any] = []
        self.extend(found, iterator, count)
        return found

    def extend(self, found: list[Any], iterator: Any, count: int | None = None) -> None:
        """Append to ``found``, which keeps what came before an error."""
        if self.backend == "sync":
            while count is None or len(found) < count:
                try:
                    found.append(next(iterator))
                except StopIteration:
                    return
            return

        async def run() -> None:
            while count is None or len(found) < count:
                try:
                    found.append(await anext(iterator))
                except StopAsyncIteration:
                    return

        anyio.run(run, backend=self.backend)

    def call(self, method: Callable[..., Any], **arguments: Any) -> Any:
        """Call a method and return its result."""
        if self.backend == "sync":
            return method(**arguments)

        async def run() -> Any:
            return await method(**arguments)

        return anyio.run(run, backend=self.backend)


@pytest.fixture(params=BACKENDS)
def made(request: pytest.FixtureRequest, tables: ModuleType) -> Clients:
    """Clients of each kind."""
    return Clients(tables, request.param)
