"""The clients that are measured: each module drives one library, in a virtual environment of its own.

A module has ``Sync`` and ``Async``, or one of them, and uses its library as that library's documentation shows.
Only the worker imports these modules, and only the one that it drives.
"""

from __future__ import annotations

from typing import Protocol

REGION = "eu-west-1"
ACCESS_KEY, SECRET_KEY = "AKID", "secret"  # the server checks none


class Sync(Protocol):
    """One client that every thread shares, with this number of connections at most."""

    def __init__(self, url: str, connections: int) -> None: ...

    def call(self) -> bytes:
        """Call InvokeEndpoint; return the response's body."""

    def read(self, endpoint: str) -> tuple[float, int]:
        """Read a whole event stream; return when its first event was there, and the bytes in all payloads."""

    def close(self) -> None: ...


class Async(Protocol):
    """One client that every task shares; it is made and closed in a running event loop."""

    def __init__(self, url: str, connections: int) -> None: ...

    async def open(self) -> None: ...

    async def call(self) -> bytes: ...

    async def read(self, endpoint: str) -> tuple[float, int]: ...

    async def aclose(self) -> None: ...
