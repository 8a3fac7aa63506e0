"""How asyncio connects: name service and happy eyeballs, by the rules in :mod:`.dial`. uvloop has none of its own."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress

from . import dial


async def look_up(host: str, port: int) -> list[dial.Address]:
    """Ask the name service, in a thread."""
    asked = dial.lookup(host, port)
    if not asked.done:
        loop = asyncio.get_running_loop()
        answered = loop.create_future()

        def note() -> None:
            if not answered.done():
                answered.set_result(None)

        def tell() -> None:
            with suppress(RuntimeError):  # The loop may be over.
                loop.call_soon_threadsafe(note)

        asked.then(tell)
        try:
            await answered
        finally:
            asked.forget(tell)
    return asked.result()


async def connect(addresses: list[dial.Address]) -> socket.socket:
    """Connect to the first address that answers."""
    loop = asyncio.get_running_loop()
    race = dial.Race(addresses)
    running: set[asyncio.Task[socket.socket]] = set()
    won: socket.socket | None = None
    try:
        while won is None:
            now = loop.time()
            while (address := race.start(now)) is not None:
                if len(addresses) == 1:
                    return await _try(address)
                running.add(loop.create_task(_try(address)))
            over, running = await asyncio.wait(running, timeout=race.wait(now), return_when=asyncio.FIRST_COMPLETED)
            for task in over:
                if isinstance(error := task.exception(), OSError):
                    race.failed(error)
                elif won is None:
                    won = task.result()
                else:
                    task.result().close()
    finally:
        for task in running:
            task.cancel()
            task.add_done_callback(_close_late)
    return won


async def _try(address: dial.Address) -> socket.socket:
    sock = dial.new_socket(address[0])
    try:
        await asyncio.get_running_loop().sock_connect(sock, address[1])
    except BaseException:
        sock.close()
        raise
    return sock


def _close_late(task: asyncio.Task[socket.socket]) -> None:
    if not task.cancelled() and task.exception() is None:
        task.result().close()
