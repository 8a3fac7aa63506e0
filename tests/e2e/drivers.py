"""Runs the sync and the async client through one interface, so that a test of both is written once.

The async client lives in one task of its own event loop, as in an application; each use of it is handed to that task
and waited for. Nothing of the calls is interpreted here: arguments, results and errors pass through as they are.
"""

from __future__ import annotations

import inspect
import queue
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from typing import Any

import anyio
import anyio.to_thread
from sagemaker_runtime import AsyncSageMakerRuntime, SageMakerRuntime

Job = tuple[Callable[[], Awaitable[Any]], "Future[Any]"]
Connect = Callable[..., Any]


class EventLoop:
    """One task of an event loop in a thread, which does what it is given, in order."""

    def __init__(self, backend: str) -> None:
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=lambda: anyio.run(self._serve, backend=backend))
        self._thread.start()

    def run(self, work: Callable[[], Awaitable[Any]]) -> Any:
        """Await ``work()`` in the task and return its result, or raise its error."""
        done: Future[Any] = Future()
        self._jobs.put((work, done))
        return done.result(timeout=60)

    def stop(self) -> None:
        """End the task, its event loop and the thread."""
        self._jobs.put(None)
        self._thread.join()

    async def _serve(self) -> None:
        while (job := await anyio.to_thread.run_sync(self._jobs.get)) is not None:
            work, done = job
            try:
                done.set_result(await work())
            except BaseException as error:
                done.set_exception(error)


class DrivenClient:
    """An async client, or what paginates for it, used like the sync one."""

    def __init__(self, loop: EventLoop, client: Any) -> None:
        self._loop, self._client = loop, client

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)
        if inspect.iscoroutinefunction(method):
            return lambda **members: self._loop.run(lambda: method(**members))
        return lambda **members: _driven(self._loop, method(**members))

    def __iter__(self) -> Iterator[Any]:
        return _drain(self._loop, self._client)


def _driven(loop: EventLoop, made: Any) -> Any:
    return (DrivenStream if hasattr(made, "__await__") else DrivenClient)(loop, made)


def _drain(loop: EventLoop, iterable: Any) -> Iterator[Any]:
    iterator = aiter(iterable)
    while True:
        try:
            yield loop.run(lambda: anext(iterator))
        except StopAsyncIteration:
            return


class DrivenStream:
    """What a streaming method of the async client returns, used like the sync client's stream."""

    def __init__(self, loop: EventLoop, call: Any) -> None:
        self._loop, self._call = loop, call
        self._stream: Any = None

    def __enter__(self) -> DrivenStream:
        self._stream = self._loop.run(self._call.__aenter__)
        return self

    def __exit__(self, *details: Any) -> Any:
        return self._loop.run(lambda: self._call.__aexit__(*details))

    def __iter__(self) -> Iterator[Any]:
        return _drain(self._loop, self._stream)

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._stream, name)
        if name.startswith("iter_"):
            return lambda *args, **options: _drain(self._loop, value(*args, **options))
        return value


@contextmanager
def connector(
    kind: str,
    defaults: dict[str, Any],
    classes: tuple[Callable[..., Any], Callable[..., Any]] = (SageMakerRuntime, AsyncSageMakerRuntime),
) -> Iterator[Connect]:
    """Make clients from ``defaults`` and further keywords, closed at the end; ``kind`` is sync or an anyio backend.

    ``classes`` are the sync and the async client.
    """
    sync, asynchronous = classes
    with ExitStack() as stack:
        if kind == "sync":
            yield lambda **options: stack.enter_context(sync(**defaults | options))
            return
        loop = EventLoop(kind)
        stack.callback(loop.stop)

        async def make(options: dict[str, Any]) -> Any:
            return asynchronous(**defaults | options)

        def connect(**options: Any) -> DrivenClient:
            client = loop.run(lambda: make(options))
            loop.run(client.__aenter__)
            stack.callback(lambda: loop.run(lambda: client.__aexit__(None, None, None)))
            return DrivenClient(loop, client)

        yield connect
