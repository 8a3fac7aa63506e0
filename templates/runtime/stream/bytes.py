"""Bodies that are read piecewise, sync and async: as chunks, by size, as text or lines, or into a file."""

from __future__ import annotations

import os
import stat
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import partial
from typing import IO, Any, TypeVar
from uuid import uuid4

from ..errors import ProtocolError, TruncatedStream
from ..shapes.structures import Output, ResponseMetadata
from ..wire.loops import in_thread
from .base import OpenStream
from .reader import AsyncPayloadReader, PayloadReader

Out = TypeVar("Out", bound=Output)

Target = str | os.PathLike[str] | IO[bytes]
"""Where a body can be saved: a path, or a file that is open for writing bytes."""


class _Body(OpenStream[Out]):
    """What both kinds of byte stream share: the count of the bytes, and what is left of a chunk."""

    def __init__(self, connection: Any, output: Out, **context: Any) -> None:
        super().__init__(connection, output, **context)
        self._expected = _content_length(output.metadata)
        self._held = b""
        self._at = 0

    def _forget(self) -> None:
        self._held, self._at = b"", 0

    def _take(self, size: int | None) -> bytes | None:
        """Return at most ``size`` bytes of what is left of a chunk; None where nothing is."""
        start = self._at
        if start >= len(self._held):
            return None
        end = len(self._held) if size is None else min(start + size, len(self._held))
        piece = self._held[start:end]
        self._at = end
        if end == len(self._held):
            self._forget()
        return piece

    def _hold(self, chunk: bytes | None) -> None:
        """Take what came next; None is the end."""
        self._check_not_closed_meanwhile()
        if chunk is not None:
            if not self._received and self._watch is not None:
                self._watch.began()
            self._received += len(chunk)
            self._held, self._at = chunk, 0
        elif self._expected is not None and self._received < self._expected:
            raise self._truncated()
        else:
            self._ended = True

    def _may_read(self) -> bool:
        self._check_open()
        return not self._ended

    def _truncated(self) -> TruncatedStream:
        return TruncatedStream(f"the body ended after {self._received} of {self._expected} bytes")

    def _explain(self, error: BaseException) -> None:
        """Say what a broken connection means where it is known how much should have come."""
        super()._explain(error)
        if isinstance(error, ProtocolError) and self._expected is not None and self._received < self._expected:
            raise self._truncated() from error


def _content_length(metadata: ResponseMetadata) -> int | None:
    length = metadata.headers.get("Content-Length")
    if length is None or not length.isdecimal() or "Transfer-Encoding" in metadata.headers:
        return None
    return int(length)


class ByteStream(_Body[Out], PayloadReader[Out]):
    """A body that is read as it arrives. A context manager and an iterator of chunks; reaching the end or leaving the
    block disconnects.

    Reading raises :class:`TruncatedStream` when fewer bytes come than the response announced, and
    :class:`TransportError` when the connection breaks. Any error ends the stream.

    It is for one thread at a time.
    """

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        piece = self._next_bytes(None)
        if piece is None:
            raise StopIteration
        return piece

    def _next_bytes(self, size: int | None) -> bytes | None:
        """Return the next bytes, ``size`` of them at most; None at the end."""
        try:
            while (piece := self._take(size)) is None:
                if not self._may_read():
                    return None
                self._hold(next(self._chunks, None))
                if self._ended:
                    self.close()
            return piece
        except BaseException as error:
            self._fail(error)
            raise

    def _next_piece(self) -> bytes | None:
        return self._next_bytes(None)

    def read(self, size: int | None = -1) -> bytes:
        """Return the next ``size`` bytes, fewer only at the end; all that are left where no size is given."""
        pieces: list[bytes] = []
        missing = None if size is None or size < 0 else size
        while missing != 0 and (piece := self._next_bytes(missing)) is not None:
            pieces.append(piece)
            missing = None if missing is None else missing - len(piece)
        return b"".join(pieces)

    def save(self, target: Target) -> int:
        """Write the rest to a path or an open binary file, piece by piece, and return how many bytes it has.

        A file at the path is replaced when everything has come, and not before. Raises :class:`OSError` besides
        what reading raises.
        """
        size = 0
        try:
            with _opened(target) as write:
                for piece in self:
                    write(piece)
                    size += len(piece)
        except BaseException as error:
            self._disconnect(error)
            raise
        return size


class AsyncByteStream(_Body[Out], AsyncPayloadReader[Out]):
    """A body that is read as it arrives. An async context manager and iterator; otherwise as :class:`ByteStream`."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        piece = await self._next_bytes(None)
        if piece is None:
            raise StopAsyncIteration
        return piece

    async def _next_bytes(self, size: int | None) -> bytes | None:
        """Return the next bytes, ``size`` of them at most; None at the end."""
        try:
            while (piece := self._take(size)) is None:
                if not self._may_read():
                    return None
                self._hold(await anext(self._chunks, None))
                if self._ended:
                    await self.aclose()
            return piece
        except BaseException as error:
            await self._fail(error)
            raise

    async def _next_piece(self) -> bytes | None:
        return await self._next_bytes(None)

    async def read(self, size: int | None = -1) -> bytes:
        """Return the next ``size`` bytes, fewer only at the end; all that are left where no size is given."""
        pieces: list[bytes] = []
        missing = None if size is None or size < 0 else size
        while missing != 0 and (piece := await self._next_bytes(missing)) is not None:
            pieces.append(piece)
            missing = None if missing is None else missing - len(piece)
        return b"".join(pieces)

    async def save(self, target: Target) -> int:
        """Write the rest to a path or an open binary file, piece by piece, and return how many bytes it has.

        Writing happens in worker threads. Otherwise as :meth:`ByteStream.save`.
        """
        size = 0
        try:
            async with _aopened(target) as write:
                async for piece in self:
                    await in_thread(partial(write, piece))
                    size += len(piece)
        except BaseException as error:
            await self._disconnect(error)
            raise
        return size


@contextmanager
def _opened(target: Target) -> Generator[Callable[[bytes], Any]]:
    """Yield what writes to ``target``. A regular file is written beside its place, and moved there at the end."""
    if not isinstance(target, str | os.PathLike):
        yield target.write
        return
    path = os.path.realpath(target)
    if os.path.exists(path) and not os.path.isfile(path):
        with open(path, "wb") as file:
            yield file.write
        return
    part = f"{path}.{uuid4().hex[:8]}.part"
    try:
        with open(part, "xb") as file:
            with suppress(OSError):
                os.chmod(part, stat.S_IMODE(os.stat(path).st_mode))  # Who may read the file that is replaced.
            yield file.write
        os.replace(part, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(part)
        raise


@asynccontextmanager
async def _aopened(target: Target) -> AsyncGenerator[Callable[[bytes], Any]]:
    with _opened(target) as write:
        yield write
