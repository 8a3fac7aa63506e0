"""Bodies that callers give piecewise: files, and iterables of bytes.

A file that can seek, and an iterable that starts anew each time, are sent with their length and their hash, and again
where a call is repeated. What can be read only once is sent in chunks of unknown number, never twice, and only by
operations that do not sign their body.
"""

from __future__ import annotations

import io
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from hashlib import sha256
from types import AsyncGeneratorType
from typing import Any, Protocol, TypeAlias, cast

import msgspec

from ..errors import InvalidInput
from ..message.body import Body
from ..wire.loops import in_thread

_INSTEAD = "give bytes, a file that can seek, or an iterable that starts anew each time"
CHUNK = 256 * 1024
"""How many bytes of a file are in memory at a time."""


class ReadableFile(Protocol):
    """A binary file, or anything that reads like one."""

    def read(self, size: int = ..., /) -> bytes:
        """Return at most ``size`` bytes; none at the end."""
        ...


BlobInput: TypeAlias = bytes | bytearray | memoryview | ReadableFile | Iterable[bytes]
"""A body: bytes, a binary file, which is sent from where it stands, or an iterable of pieces."""

AsyncBlobInput: TypeAlias = BlobInput | AsyncIterable[bytes]
"""The same for async clients, which also take async iterables. Files are read in worker threads."""


def blob_source(
    given: Any, name: str = "body", json: Any = msgspec.UNSET, *, optional: bool = False, sized: bool = False
) -> bytes | Body:
    """Return the payload from the argument ``name`` or from ``json=``; ``sized`` ones must have a length to be sent.

    Raises :class:`InvalidInput` when both are given, or neither of a required payload, or what is given is no body.
    """
    if json is not msgspec.UNSET:
        from .rest_json import blob_payload

        return blob_payload(given, name, json)
    if isinstance(given, bytes | bytearray | memoryview):
        return bytes(cast("bytes", given))
    if given is None and optional:
        return b""
    if isinstance(given, str | io.TextIOBase):
        hint = "encode it first" if isinstance(given, str) else "open the file in binary mode"
        raise InvalidInput(f"{name} must be bytes, not text: {hint}")
    if callable(getattr(given, "read", None)):
        return _FileBody(given, name, sized)
    untyped: Any = given
    if isinstance(given, AsyncIterable):
        return _AsyncBody(untyped, name, sized)
    if isinstance(given, Iterable) and not isinstance(given, dict | set | frozenset):
        return _IterableBody(untyped, name, sized)
    kind = "None" if given is None else type(untyped).__name__
    raise InvalidInput(f"{name} must be bytes, a binary file or an iterable of bytes, not {kind}")


class _Body:
    """What all kinds share: the counting, the hash, and the order of events."""

    rewindable = True

    def __init__(self, name: str, sized: bool) -> None:
        self._name = name
        self._sized = sized
        self.length: int | None = None
        self.sha256: str | None = None
        self.started = False
        self.failure: BaseException | None = None
        self._measured = False

    def measure(self, *, hashed: bool) -> None:
        """Find out the length and, for a signature, the hash. Raises :class:`InvalidInput` where that cannot be."""
        if not self._needs_measuring(hashed):
            return
        length, digest = 0, sha256()
        for piece in self._pieces():
            length += len(piece)
            digest.update(piece)
        self._set(length, digest.hexdigest())

    async def ameasure(self, *, hashed: bool) -> None:
        """Do the same without blocking the event loop."""
        await in_thread(lambda: self.measure(hashed=hashed))

    def _needs_measuring(self, hashed: bool) -> bool:
        """Whether the whole body has to be read now."""
        if not self.rewindable and hashed:
            raise InvalidInput(
                f"{self._name} can be read only once, but it must be read twice here, to be signed and to be sent: "
                + _INSTEAD
            )
        if not self.rewindable and self._sized and self.length is None:
            raise InvalidInput(f"{self._name} is of unknown length, which must be told before it is sent: {_INSTEAD}")
        return self.rewindable and not self._measured

    def _set(self, length: int, digest: str | None) -> None:
        self.length, self.sha256, self._measured = length, digest, True

    def _pieces(self) -> Iterator[bytes]:
        """Yield the body from its beginning."""
        raise NotImplementedError

    def __iter__(self) -> Iterator[bytes]:
        sent = 0
        self._begin()
        try:
            for piece in self._pieces():
                sent += len(piece)
                self._check_sent(sent)
                yield piece
            self._check_sent(sent, ended=True)
        except Exception as error:
            self.failure = error
            raise

    async def __aiter__(self) -> AsyncIterator[bytes]:
        pieces = iter(self)
        while (piece := await in_thread(partial(next, pieces, None))) is not None:
            yield piece

    def _begin(self) -> None:
        if self.started and not self.rewindable:
            raise InvalidInput(f"{self._name} can be read only once, and was sent already")
        self.started, self.failure = True, None

    def _check_sent(self, sent: int, *, ended: bool = False) -> None:
        if self.length is not None and (sent > self.length or (ended and sent < self.length)):
            raise InvalidInput(
                f"{self._name} changed while it was sent: it had {self.length} bytes, and now has "
                f"{'at least ' if sent > self.length else ''}{sent}"
            )

    def _checked(self, piece: Any) -> bytes:
        if not isinstance(piece, bytes | bytearray | memoryview):
            raise InvalidInput(f"{self._name} must give bytes, not {type(piece).__name__}")
        return bytes(cast("bytes", piece))


class _FileBody(_Body):
    """A file, from where it stands to its end."""

    def __init__(self, file: Any, name: str, sized: bool) -> None:
        super().__init__(name, sized)
        self._file = file
        self._start = _position(file)
        self.rewindable = self._start is not None
        if self._start is None and hasattr(file, "__len__"):
            self.length: int | None = len(file)

    def measure(self, *, hashed: bool) -> None:
        """Find out the length by seeking; the file is read where its hash is needed."""
        if self._start is not None and not hashed:
            end = self._file.seek(0, io.SEEK_END)
            self._set(max(end - self._start, 0), None)
            return
        super().measure(hashed=hashed)

    def _pieces(self) -> Iterator[bytes]:
        if self._start is not None:
            self._file.seek(self._start)
        left = self.length
        while left is None or left > 0:
            piece = self._checked(self._file.read(CHUNK if left is None else min(CHUNK, left)))
            if not piece:
                return
            left = None if left is None else left - len(piece)
            yield piece


def _position(file: Any) -> int | None:
    """Return where a file stands; None for one that cannot seek."""
    try:
        seekable = getattr(file, "seekable", None)
        if not callable(getattr(file, "seek", None)) or (callable(seekable) and not seekable()):
            return None
        position: int = file.tell()
    except (AttributeError, OSError):
        return None
    return position


class _IterableBody(_Body):
    """The pieces that an iterable gives."""

    def __init__(self, pieces: Iterable[Any], name: str, sized: bool) -> None:
        super().__init__(name, sized)
        self._given = pieces
        self.rewindable = not isinstance(pieces, Iterator)

    def _pieces(self) -> Iterator[bytes]:
        return (checked for piece in self._given if (checked := self._checked(piece)))


class _AsyncBody(_Body):
    """The pieces that an async iterable gives."""

    def __init__(self, pieces: AsyncIterable[Any], name: str, sized: bool) -> None:
        super().__init__(name, sized)
        self._given = pieces
        self.rewindable = not isinstance(pieces, AsyncIterator)

    def measure(self, *, hashed: bool) -> None:
        """Refuse: there is no event loop to wait in."""
        raise InvalidInput(f"{self._name} is an async iterable: only the async client can send it")

    async def ameasure(self, *, hashed: bool) -> None:
        """Find out the length and, for a signature, the hash. Raises :class:`InvalidInput` where that cannot be."""
        if not self._needs_measuring(hashed):
            return
        length, digest = 0, sha256()
        async with _finished(self._given) as pieces:
            async for piece in pieces:
                length += len(self._checked(piece))
                digest.update(piece)
        self._set(length, digest.hexdigest())

    async def __aiter__(self) -> AsyncIterator[bytes]:
        sent = 0
        self._begin()
        try:
            async with _finished(self._given) as pieces:
                async for piece in pieces:
                    if checked := self._checked(piece):
                        sent += len(checked)
                        self._check_sent(sent)
                        yield checked
            self._check_sent(sent, ended=True)
        except Exception as error:
            self.failure: BaseException | None = error
            raise


@asynccontextmanager
async def _finished(pieces: AsyncIterable[Any]) -> AsyncGenerator[AsyncIterator[Any]]:
    """Iterate; a generator that is left early is closed here, where its event loop runs."""
    iterator = aiter(pieces)
    try:
        yield iterator
    finally:
        if isinstance(iterator, AsyncGeneratorType):
            await iterator.aclose()
