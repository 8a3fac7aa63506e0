"""Event loops: which one runs, and how it is told to close what was dropped."""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Any

from ..errors import InvalidInput

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
