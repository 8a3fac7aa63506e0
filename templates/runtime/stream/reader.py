"""The payload of a stream, read piece by piece as bytes, text, lines, JSON or server-sent events."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial
from typing import Any, TypeVar

from ..shapes.structures import Output
from .base import AsyncStream, SyncStream
from .payload import (
    MAX_ITEM_SIZE,
    BytesDecoder,
    Decoder,
    JSONDecoder,
    LineDecoder,
    ServerSentEvent,
    SSEDecoder,
    TextDecoder,
)

Out = TypeVar("Out", bound=Output)
Item = TypeVar("Item")


class PayloadReader(SyncStream[Out]):
    """A stream whose payload can be decoded. One ``iter_`` method may be used, once; it reads on from where
    iteration has come to.
    """

    def _next_piece(self) -> bytes | None:
        """Return the next piece of the payload; None at its end."""
        raise NotImplementedError

    def _decode(self, decoder: Decoder[Item]) -> Iterator[Item]:
        self._start_decoding()
        return _Items(partial(self._next_item, decoder, deque()))

    def _next_item(self, decoder: Decoder[Item], ready: deque[Item]) -> Item:
        try:
            self._check_open()
            while not ready:
                if self._payload_ended:
                    raise StopIteration
                piece = self._next_piece()
                self._payload_ended = piece is None
                ready.extend(decoder.close() if piece is None else decoder.feed(piece))
                if piece is None:
                    self._tell_end(None)
            return ready.popleft()
        except BaseException as error:
            self._note(error)
            self._disconnect(error)
            self._tell_end(error)
            raise

    def iter_bytes(self) -> Iterator[bytes]:
        """Yield the payload of each part as it arrives."""
        return self._decode(BytesDecoder())

    def iter_text(self) -> Iterator[str]:
        """Yield the payload as text (UTF-8); a character that is split over parts is yielded whole."""
        return self._decode(TextDecoder())

    def iter_lines(self, *, max_size: int = MAX_ITEM_SIZE) -> Iterator[str]:
        """Yield the payload's lines without their LF or CRLF, wherever the parts are cut.

        A line of more than ``max_size`` bytes raises :class:`ItemTooLarge`.
        """
        return self._decode(LineDecoder(max_size))

    def iter_json(self, *, max_size: int = MAX_ITEM_SIZE) -> Iterator[Any]:
        """Yield the payload's JSON values: JSON Lines, or values one after another.

        A value of more than ``max_size`` bytes raises :class:`ItemTooLarge`.
        """
        return self._decode(JSONDecoder(max_size))

    def iter_sse(self, *, max_size: int = MAX_ITEM_SIZE) -> Iterator[ServerSentEvent]:
        """Yield the payload's server-sent events (HTML standard, section 9.2).

        An event, or a line, of more than ``max_size`` bytes raises :class:`ItemTooLarge`.
        """
        return self._decode(SSEDecoder(max_size))


class AsyncPayloadReader(AsyncStream[Out]):
    """The async twin of :class:`PayloadReader`."""

    async def _next_piece(self) -> bytes | None:
        """Return the next piece of the payload; None at its end."""
        raise NotImplementedError

    def _decode(self, decoder: Decoder[Item]) -> AsyncIterator[Item]:
        self._start_decoding()
        return _AsyncItems(partial(self._next_item, decoder, deque()))

    async def _next_item(self, decoder: Decoder[Item], ready: deque[Item]) -> Item:
        try:
            self._check_open()
            while not ready:
                if self._payload_ended:
                    raise StopAsyncIteration
                piece = await self._next_piece()
                self._payload_ended = piece is None
                ready.extend(decoder.close() if piece is None else decoder.feed(piece))
                if piece is None:
                    self._tell_end(None)
            return ready.popleft()
        except BaseException as error:
            self._note(error)
            await self._disconnect(error)
            self._tell_end(error)
            raise

    def iter_bytes(self) -> AsyncIterator[bytes]:
        """Yield the payload of each part as it arrives."""
        return self._decode(BytesDecoder())

    def iter_text(self) -> AsyncIterator[str]:
        """Yield the payload as text (UTF-8); a character that is split over parts is yielded whole."""
        return self._decode(TextDecoder())

    def iter_lines(self, *, max_size: int = MAX_ITEM_SIZE) -> AsyncIterator[str]:
        """Yield the payload's lines without their LF or CRLF, wherever the parts are cut.

        A line of more than ``max_size`` bytes raises :class:`ItemTooLarge`.
        """
        return self._decode(LineDecoder(max_size))

    def iter_json(self, *, max_size: int = MAX_ITEM_SIZE) -> AsyncIterator[Any]:
        """Yield the payload's JSON values: JSON Lines, or values one after another.

        A value of more than ``max_size`` bytes raises :class:`ItemTooLarge`.
        """
        return self._decode(JSONDecoder(max_size))

    def iter_sse(self, *, max_size: int = MAX_ITEM_SIZE) -> AsyncIterator[ServerSentEvent]:
        """Yield the payload's server-sent events (HTML standard, section 9.2).

        An event, or a line, of more than ``max_size`` bytes raises :class:`ItemTooLarge`.
        """
        return self._decode(SSEDecoder(max_size))


class _Items(Iterator[Item]):
    def __init__(self, advance: Callable[[], Item]) -> None:
        self._advance = advance

    def __next__(self) -> Item:
        return self._advance()


class _AsyncItems(AsyncIterator[Item]):
    """Not an async generator: event loops complain of those that are left early."""

    def __init__(self, advance: Callable[[], Awaitable[Item]]) -> None:
        self._advance = advance

    def __anext__(self) -> Awaitable[Item]:
        return self._advance()
