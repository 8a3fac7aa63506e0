"""The limit of a whole call: every attempt, every wait between them, and the reading of the answer included."""

from __future__ import annotations

from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ..errors import CallTimeout
from ..wire.loops import within

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from ..message.http import Headers, Timeout
    from ..wire.interfaces import AsyncTransportResponse, TransportResponse


class Deadline:
    """When a call must be over."""

    __slots__ = ("_at", "_total")

    def __init__(self, total: float) -> None:
        self._total = total
        self._at = monotonic() + total

    @property
    def left(self) -> float:
        """Seconds that are left; 0 or less when it is over."""
        return self._at - monotonic()

    def error(self) -> CallTimeout:
        """Return the error of a call that took too long."""
        return CallTimeout(
            f"the call exceeded timeout.total ({self._total} s): raise it, or set only the connect and read timeouts"
        )

    def check(self) -> None:
        """Raise :class:`CallTimeout` when it is over."""
        if self.left <= 0:
            raise self.error()

    def within(self, timeout: Timeout) -> Timeout:
        """Return limits of which none reaches beyond what is left. Raises :class:`CallTimeout` when nothing is."""
        left = self.left
        if left <= 0:
            late = self.error()
            late.sent = False
            raise late

        def least(limit: float | None) -> float:
            return left if limit is None else min(limit, left)

        return replace(
            timeout,
            connect=least(timeout.connect),
            read=least(timeout.read),
            write=least(timeout.write),
            pool=least(timeout.pool),
            total=left,
        )


class LimitedResponse:
    """A response whose body must be there in time. It is looked at whenever a piece has come or failed to."""

    def __init__(self, response: TransportResponse, deadline: Deadline) -> None:
        self.status = response.status
        self.headers: Headers = response.headers
        self._response = response
        self._chunks = iter(response)
        self._deadline = deadline

    def read(self) -> bytes:
        """Return the rest of the body and close."""
        try:
            return b"".join(self)
        finally:
            self.close()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            chunk = next(self._chunks)
        except StopIteration:
            raise
        except Exception as error:
            if self._deadline.left <= 0:
                raise self._deadline.error() from error
            raise
        if self._deadline.left <= 0:
            self.close()
            raise self._deadline.error()
        return chunk

    def close(self) -> None:
        """Close the response."""
        self._response.close()


class AsyncLimitedResponse:
    """The async twin of :class:`LimitedResponse`; it interrupts what takes too long."""

    def __init__(self, response: AsyncTransportResponse, deadline: Deadline) -> None:
        self.status = response.status
        self.headers: Headers = response.headers
        self._response = response
        self._chunks = aiter(response)
        self._deadline = deadline

    async def read(self) -> bytes:
        """Return the rest of the body and close."""
        try:
            return b"".join([chunk async for chunk in self])
        finally:
            await self.aclose()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        try:
            return await within(self._deadline.left, partial(anext, self._chunks), self._deadline.error)
        except CallTimeout:
            await self.aclose()
            raise

    async def aclose(self) -> None:
        """Close the response."""
        await self._response.aclose()
