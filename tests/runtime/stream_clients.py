"""The golden clients that stream, generated once, and one way to use their sync and their async forms."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import ModuleType
from typing import Any

from e2e.drivers import DrivenStream, EventLoop
from golden_cases import client_class

KINDS = ["sync", "asyncio", "trio"]


class Stream(DrivenStream):
    """An async stream, used like a sync one."""

    def __getattr__(self, name: str) -> Any:
        value = super().__getattr__(name)
        if not inspect.iscoroutinefunction(value):
            return value
        return lambda *args: self._loop.run(lambda: value(*args))


class Client:
    """An async client, used like a sync one."""

    def __init__(self, loop: EventLoop, client: Any) -> None:
        self._loop, self._client = loop, client

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(**arguments: Any) -> Any:
            made = getattr(self._client, name)(**arguments)
            return self._loop.run(lambda: made) if inspect.iscoroutine(made) else Stream(self._loop, made)

        return call

    def run(self, work: Callable[[], Any]) -> Any:
        """Await ``work()`` on the client's event loop."""
        return self._loop.run(work)


@contextmanager
def connected(kind: str, package: ModuleType, **options: Any) -> Iterator[Any]:
    """A client of ``package``: the sync one, or the async one on an event loop."""
    defaults: dict[str, Any] = {"region": "eu-west-1", "credentials": package.Credentials("AKID", "secret")}
    make = client_class(package, asynchronous=kind != "sync")
    with ExitStack() as stack:
        if kind == "sync":
            yield stack.enter_context(make(**defaults | options))
            return
        loop = EventLoop(kind)
        stack.callback(loop.stop)

        async def start() -> Any:
            return await make(**defaults | options).__aenter__()

        client = loop.run(start)
        stack.callback(lambda: loop.run(lambda: client.__aexit__(None, None, None)))
        yield Client(loop, client)


def stub(kind: str, package: ModuleType) -> Any:
    """A stub transport of ``package``."""
    testing = importlib.import_module(f"{package.__name__}.testing")
    return testing.StubTransport() if kind == "sync" else testing.AsyncStubTransport()
