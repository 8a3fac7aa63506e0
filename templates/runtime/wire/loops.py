"""Event loops: which one runs, how to wait in it, and how it is told to close what was dropped."""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import Any, TypeVar

from ..errors import InvalidInput

T = TypeVar("T")

_closing: set[Any] = set()


def running_loop() -> tuple[Any, bool]:
    """The running event loop, and whether it is trio's.

    Raises :class:`InvalidInput` where none runs, as in a child that asyncio's was forked to.
    """
    from asyncio import get_running_loop

    try:
        return get_running_loop(), False
    except RuntimeError:
        pass
    trio: Any = sys.modules.get("trio")
    try:
        if trio is not None:
            return trio.lowlevel.current_trio_token(), True
    except RuntimeError:
        pass
    raise InvalidInput(
        "no event loop of asyncio or trio runs here. One does not go on in a forked child: start another there, with "
        "asyncio.run()"
    )


async def sleep(seconds: float) -> None:
    """Wait."""
    if running_loop()[1]:
        await sys.modules["trio"].sleep(seconds)
    else:
        from asyncio import sleep

        await sleep(seconds)


async def within(seconds: float | None, work: Callable[[], Awaitable[T]], over: Callable[[], Exception]) -> T:
    """Await what ``work`` returns; None waits without limit. Raises what ``over`` returns when it takes too long."""
    if seconds is None:
        return await work()
    ends = monotonic() + seconds
    try:
        if running_loop()[1]:
            with sys.modules["trio"].move_on_after(max(seconds, 0)):
                return await work()
        else:
            from asyncio import timeout

            async with timeout(max(seconds, 0)):
                return await work()
    except Exception as error:
        # A shorter limit within may have been noticed first.
        if monotonic() < ends:
            raise
        raise over() from error
    raise over()


async def in_thread(work: Callable[[], T]) -> T:
    """Run ``work`` in a worker thread. A task that is cancelled meanwhile waits for its end."""
    loop, on_trio = running_loop()
    if on_trio:
        found: T = await sys.modules["trio"].to_thread.run_sync(work)
        return found
    import asyncio
    from contextvars import copy_context

    future: asyncio.Future[T] = loop.run_in_executor(None, copy_context().run, work)
    cancelled: asyncio.CancelledError | None = None
    while not future.done():
        try:
            await asyncio.wait([future])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled
    return future.result()


async def in_abandoned_thread(work: Callable[[], T]) -> T:
    """Run ``work`` in a thread that nobody waits for: neither a task that is cancelled, nor the end of the loop."""
    loop, on_trio = running_loop()
    if on_trio:
        found: T = await sys.modules["trio"].to_thread.run_sync(work, abandon_on_cancel=True)
        return found
    from contextvars import copy_context
    from threading import Thread

    answered = loop.create_future()
    context = copy_context()

    def settle(found: T | None, error: BaseException | None) -> None:
        if answered.done():
            return
        if error is None:
            answered.set_result(found)
        else:
            answered.set_exception(error)

    def run() -> None:
        outcome: tuple[T | None, BaseException | None]
        try:
            outcome = context.run(work), None
        except BaseException as error:
            outcome = None, error
        with suppress(RuntimeError):  # The loop may be over.
            loop.call_soon_threadsafe(settle, *outcome)

    Thread(target=run, daemon=True).start()
    answer: T = await answered
    return answer


class LoopCloser:
    """Lets the event loop that it is made in close something, from a destructor in any thread."""

    def __init__(self) -> None:
        loop, on_trio = running_loop()
        if on_trio:
            trio: Any = sys.modules["trio"]
            self._start: Callable[..., object] = partial(loop.run_sync_soon, trio.lowlevel.spawn_system_task)
        else:
            self._start = partial(loop.call_soon_threadsafe, _start_task, loop)
        self._pid = os.getpid()

    def close(self, close: Callable[[], Awaitable[None]]) -> None:
        """Have ``await close()`` run soon. A loop that is over, or another process's, has closed it or will."""
        if self._pid != os.getpid():
            return

        async def quietly() -> None:
            with suppress(Exception):
                await close()

        # Both kinds of loop raise a RuntimeError when they are over.
        with suppress(RuntimeError):
            self._start(quietly)


def _start_task(loop: Any, work: Callable[[], Awaitable[None]]) -> None:
    task = loop.create_task(work())
    # The loop itself holds its tasks weakly.
    _closing.add(task)
    task.add_done_callback(_closing.discard)
