"""Transports over pyreqwest (Rust): the most requests per second and the least CPU, on these conditions.

- Header names arrive in title case, and a request without Accept gets ``Accept: */*``. Neither is signed over.
- The default transport serves what pyreqwest cannot: paths with dot segments or other characters that it would
  change, bodies that are sent piecewise, grandchildren by fork of a process that used it, and trio.
- A call that is cancelled or interrupted before its response has begun, or whose wait runs out, ends here at
  once, but its connection lives until the service answers or ``total_timeout`` is over. That ends streams too.
- The wait for a response to begin is limited by the sum of the pool, connect and read timeouts, plus the write
  timeout where the body has more than 64 KiB; :class:`~.errors.WriteTimeout` is never raised.
- Response header values that are not ASCII cannot be read and are left out; more than about 100 response headers
  are an error.
- ``ca_bundle`` is trusted in addition to the built-in certificates.
"""

from __future__ import annotations

import asyncio
import os
import queue
import threading
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from functools import partial
from types import coroutine
from typing import Any, TypeVar

from pyreqwest.client import Client, ClientBuilder, SyncClient, SyncClientBuilder
from pyreqwest.request import SyncStreamRequest
from pyreqwest.response import SyncResponse

from ..message.http import HTTPRequest, Timeout
from .base import AsyncStreamedResponse, Attempt, StreamedResponse
from .forks import fork_lock, inherited
from .loops import running_loop
from .pyreqwest_base import (
    Key,
    PyreqwestBase,
    disown,
    head_limit,
    prepare,
    read_headers,
    translate,
)
from .transport import AsyncHTTPTransport, HTTPTransport

T = TypeVar("T")


class _Worker:
    """A thread that runs blocking calls, so that waiting for them can time out and hear Ctrl-C."""

    def __init__(self) -> None:
        self.jobs: queue.SimpleQueue[Callable[[], Any] | None] = queue.SimpleQueue()
        self.results: queue.SimpleQueue[tuple[Any, BaseException | None]] = queue.SimpleQueue()
        threading.Thread(target=self._work, name="pyreqwest", daemon=True).start()

    def _work(self) -> None:
        while (job := self.jobs.get()) is not None:
            try:
                self.results.put((job(), None))
            except BaseException as error:
                self.results.put((None, error))
            del job


_Idle = dict[int, list[_Worker]]


def _run(idle: _Idle, job: Callable[[], T], limit: float | None) -> T:
    """Run ``job`` on a worker.

    Raises TimeoutError after ``limit`` seconds; then, as after an interrupt, the worker is left to its job.
    """
    mine = idle.setdefault(os.getpid(), [])
    try:
        worker = mine.pop()
    except IndexError:
        worker = _Worker()
    worker.jobs.put(job)
    try:
        outcome: tuple[T, BaseException | None] = worker.results.get(timeout=limit)
    except BaseException as interruption:
        worker.jobs.put(None)
        if isinstance(interruption, queue.Empty):
            raise TimeoutError from None
        raise
    mine.append(worker)
    if outcome[1] is not None:
        raise outcome[1]
    return outcome[0]


def _stop(idle: _Idle, clients: dict[Key, Any]) -> None:
    for worker in idle.pop(os.getpid(), ()):
        worker.jobs.put(None)
    disown(clients)
    inherited.append(idle)


class _Exchange:
    """The body of one sync response."""

    def __init__(self, stream: SyncStreamRequest, response: SyncResponse, idle: _Idle, limit: float | None) -> None:
        self._stream = stream
        self._reader = response.body_reader
        self._idle = idle
        self._limit = limit
        self._left_alone = False

    def chunks(self, length: int | None) -> Iterator[bytes]:
        while True:
            self._left_alone = True
            read = self._reader.read_chunk
            # After the last of a known number of bytes, the end is known too: no worker has to wait for it.
            chunk = read() if length == 0 else _run(self._idle, read, self._limit)
            self._left_alone = False
            if chunk is None:
                return
            length = None if length is None else length - len(chunk)
            yield chunk.to_bytes()

    def close(self) -> None:
        # A worker that still reads would make this wait for it.
        if not self._left_alone:
            self._stream.__exit__(None, None, None)


class PyreqwestTransport(PyreqwestBase):
    """Sends through pyreqwest's sync client. Safe to use from several threads."""

    def _start(self) -> None:
        self._idle: _Idle = {}
        self._default = HTTPTransport(**self._arguments)
        weakref.finalize(self, _stop, self._idle, self._clients)

    def send(self, request: HTTPRequest, timeout: Timeout) -> StreamedResponse:
        """Send one request, once, and return when the head of the response has come.

        Raises :class:`~.errors.TransportError` and :class:`~.errors.InvalidInput`.
        """
        route = self._route(request)
        if route is None:
            return self._default.send(request, timeout)
        client: SyncClient = self._client(SyncClientBuilder, request, timeout, route[1])
        stream = prepare(client.request(request.method, route[0]), request, self._total).build_streamed()
        error = partial(translate, Attempt(request, timeout), self._total)
        try:
            response = _run(self._idle, stream.__enter__, head_limit(request, timeout))
        except Exception as cause:
            del stream  # It has no repr once it was sent, and tracebacks may show local variables.
            raise error(cause) from cause
        headers = read_headers(response.headers)
        length = headers.get("content-length") if request.method != "HEAD" else None
        exchange = _Exchange(stream, response, self._idle, timeout.read)
        chunks = exchange.chunks(int(length) if length and length.isdecimal() else None)
        return StreamedResponse(response.status, headers, chunks, exchange.close, error)

    def close(self) -> None:
        """Close all connections of this process. May be called again."""
        self._closed = True
        with fork_lock:
            for key, client in list(self._clients.items()):
                if key[0] == os.getpid():
                    client.close()
            _stop(self._idle, self._clients)
        self._default.close()


@coroutine
def _wait(work: Awaitable[T]) -> Generator[Any, Any, T]:
    """Await ``work`` of pyreqwest's; a cancellation comes out of it as it went in.

    It answers one with a CancelledError of its own, by which no cancel scope knows its own cancellation again.
    """
    steps: Generator[Any, Any, T] = work.__await__()
    resume = partial(next, steps)
    thrown: BaseException | None = None
    while True:
        try:
            waited = resume()
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        except asyncio.CancelledError:
            if isinstance(thrown, asyncio.CancelledError):
                raise thrown from None
            raise
        try:
            yield waited
        except GeneratorExit:
            steps.close()
            raise
        except BaseException as error:
            thrown = error
            resume = partial(steps.throw, error)
        else:
            resume = partial(next, steps)


class AsyncPyreqwestTransport(PyreqwestBase):
    """Sends through pyreqwest's async client, under asyncio, from one event loop or many."""

    def _start(self) -> None:
        self._default = AsyncHTTPTransport(**self._arguments)
        weakref.finalize(self, disown, self._clients)

    async def send(self, request: HTTPRequest, timeout: Timeout) -> AsyncStreamedResponse:
        """Send one request, once, and return when the head of the response has come.

        Raises :class:`~.errors.TransportError` and :class:`~.errors.InvalidInput`.
        """
        route = self._route(request)
        if route is None or running_loop()[1]:
            return await self._default.send(request, timeout)
        client: Client = self._client(ClientBuilder, request, timeout, route[1])
        stream = prepare(client.request(request.method, route[0]), request, self._total).build_streamed()
        error = partial(translate, Attempt(request, timeout), self._total)
        try:
            async with asyncio.timeout(head_limit(request, timeout)):
                response = await _wait(stream.__aenter__())
        except Exception as cause:
            del stream
            raise error(cause) from cause

        async def chunks() -> AsyncIterator[bytes]:
            while True:
                async with asyncio.timeout(timeout.read):
                    chunk = await _wait(response.body_reader.read_chunk())
                if chunk is None:
                    return
                yield chunk.to_bytes()

        async def close() -> None:
            await _wait(stream.__aexit__(None, None, None))

        return AsyncStreamedResponse(response.status, read_headers(response.headers), chunks(), close, error)

    async def aclose(self) -> None:
        """Close all connections of this process. May be called again."""
        self._closed = True
        for key, client in list(self._clients.items()):
            if key[0] == os.getpid():
                await client.close()
        with fork_lock:
            disown(self._clients)
        await self._default.aclose()
