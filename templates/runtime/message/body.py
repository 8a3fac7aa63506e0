"""What a request body is that is sent piecewise: the protocol between calls and transports."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Protocol


class Body(Protocol):
    """A body that is read while it is sent.

    Attributes:
        length: how many bytes it has, once it is measured; None where that cannot be known before it is sent.
        sha256: its hash in hexadecimal, once it is measured for a signature; else None.
        rewindable: whether it can be sent again from its beginning.
        started: whether some of it has been read to be sent.
        failure: what reading it raised while it was sent, or None.
    """

    length: int | None
    sha256: str | None
    rewindable: bool
    started: bool
    failure: BaseException | None

    def measure(self, *, hashed: bool) -> None:
        """Find out the length and, for a signature, the hash. Raises :class:`InvalidInput` where that cannot be."""
        ...

    async def ameasure(self, *, hashed: bool) -> None:
        """Do the same without blocking the event loop."""
        ...

    def __iter__(self) -> Iterator[bytes]:
        """Yield the body from its beginning."""
        ...

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the body from its beginning, without blocking the event loop."""
        ...
