"""AWS event stream framing, ``application/vnd.amazon.eventstream``: bytes in, messages out, and back.

A frame is a prelude (total length, headers length, CRC32 of these two), headers, payload, and a CRC32 of all
before it; numbers are big-endian. Source: *Event stream encoding*, Amazon Transcribe Developer Guide
(https://docs.aws.amazon.com/transcribe/latest/dg/streaming-setting-up.html), and the Smithy specification's
*Amazon event stream* (https://smithy.io/2.0/aws/amazon-eventstream.html).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from struct import Struct
from struct import error as struct_error
from types import MappingProxyType
from typing import Any, Generic, TypeVar
from uuid import UUID
from zlib import crc32

import msgspec

from ..errors import AWSError, ChecksumMismatch, InvalidInput, StreamError, TruncatedStream
from .checksum import crc32_function

MAX_MESSAGE_LENGTH = 24 * 1024 * 1024
"""The longest frame, in bytes, prelude and checksums included."""

MAX_HEADERS_LENGTH = 128 * 1024
"""The longest header block of a frame, in bytes."""

_MAX_VALUE_LENGTH = 2**15 - 1
_PRELUDE = Struct(">III")
_LENGTHS = Struct(">II")
_CRC = Struct(">I")
_LENGTH = Struct(">H")
_PRELUDE_LENGTH = 12
_OVERHEAD = 16
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)

_CRC_LENGTH = 4

# SageMaker and most others repeat one header block in every frame, with payloads of few different lengths; the bounds
# keep the rest from piling up.
_CACHED_BLOCKS = 64
_CACHED_HEADS = 256
_CACHED_LENGTH = 1024

# Chunks below this length are gathered: an object for each would take more memory than they hold.
_CRUMB = 512

T = TypeVar("T")


class Byte(int):
    """A header value that is sent in one byte; equal to the plain int."""


class Short(int):
    """A header value that is sent in two bytes; equal to the plain int."""


class Long(int):
    """A header value that is sent in eight bytes; equal to the plain int."""


class Timestamp(int):
    """A time in milliseconds since 1970 that :class:`datetime.datetime` cannot hold."""


HeaderValue = bool | int | bytes | str | datetime | UUID
"""A header value. A plain int is a four-byte integer, a longer one a :class:`Long`; datetimes are aware."""


EventHeaders = Mapping[str, HeaderValue]
"""The headers of a frame, by name."""


class Message(msgspec.Struct):
    """One frame.

    Attributes:
        headers: header values by name, in wire order. Read-only when it comes from the decoder.
        payload: the frame's payload.
    """

    headers: EventHeaders
    payload: bytes = b""

    def __reduce__(self) -> tuple[Any, ...]:
        return Message, (dict(self.headers), self.payload)


class FrameDecoder(Generic[T]):
    """Cuts a byte stream into frames, however its chunks fall, and makes an item of each.

    A bad frame ends the stream: the items before it are returned, then ``feed`` and ``close`` raise the same
    :class:`StreamError` for good. So does an exception that making an item raises. Both checksums are checked before
    what they cover is trusted.

    Attributes:
        error: what ends the stream, as soon as it is known; None while it is sound.
    """

    __slots__ = (
        "_blocks",
        "_crc32",
        "_head_length",
        "_heads",
        "_held",
        "_needed",
        "_position",
        "_reader",
        "_size",
        "error",
    )

    def __init__(self, reader: Callable[[EventHeaders], Callable[[bytes], T]]) -> None:
        """Make a decoder.

        Args:
            reader: returns the function that makes an item of a payload, for a frame with these headers. It is called
                once for frames with equal headers, unless there are too many of them to remember.
        """
        self.error: Exception | None = None
        self._reader = reader
        self._crc32 = crc32_function()
        # The frame that has begun: its bytes in the pieces that came, their number, and the number to wait for.
        self._held: list[bytes | bytearray | memoryview] = []
        self._size = 0
        self._needed = _PRELUDE_LENGTH
        self._position = 0
        self._blocks: dict[bytes, Callable[[bytes], T]] = {}
        # The same by prelude and headers, with where the payload ends and the checksum of all before it.
        self._heads: dict[bytes, tuple[int, int, Callable[[bytes], T]]] = {}
        self._head_length = 0

    def feed(self, data: bytes | bytearray | memoryview) -> list[T]:
        """Take the next bytes and return the items of the frames that are now complete, in order.

        Raises the pending error when an earlier call met a bad frame.
        """
        if self.error is not None:
            raise self.error
        chunk = data if type(data) is bytes else bytes(data)
        items: list[T] = []
        try:
            if not self._held:
                self._read_frames(chunk, 0, items)
            else:
                self._hold(chunk)
                if self._size >= self._needed:
                    self._read_held(items)
        except StreamError as error:
            self.error = type(error)(f"{error}, in the event stream frame at byte {self._position}")
        except AWSError as error:
            # The traceback would keep the chunk for as long as somebody keeps the error.
            self.error = error.with_traceback(None)
        except Exception as error:
            self.error = error
        return items

    def close(self) -> None:
        """Say that the stream has ended.

        Raises the pending error, or :class:`TruncatedStream` when the stream ended inside a frame.
        """
        if self.error is None and self._size:
            size = "its prelude" if self._needed == _PRELUDE_LENGTH else f"a frame of {self._needed} bytes"
            self.error = TruncatedStream(
                f"the stream ended {self._size} bytes into {size} that begins at byte {self._position}"
            )
        if self.error is not None:
            raise self.error

    def forget(self) -> None:
        """Drop what is held of a frame, and the pending error."""
        self.error, self._held, self._size = None, [], 0

    def _read_frames(self, chunk: bytes, start: int, items: list[T]) -> None:
        """Read the frames of ``chunk`` from ``start`` on, and hold the one that goes on in the next chunk."""
        size = len(chunk)
        heads, crc32 = self._heads, self._crc32
        head_length = self._head_length
        checksum = _CRC.unpack_from
        position = self._position - start
        try:
            while start < size:
                # Most frames have the prelude and headers of one before them, whose lengths have been checked.
                head = heads.get(chunk[start : start + head_length])
                if head is not None:
                    payload_length, head_crc, read = head
                    payload_start = start + head_length
                    end = payload_start + payload_length
                    if end + _CRC_LENGTH > size:
                        # A chunk that ends where a shorter head does has cut the slice down to that head.
                        head_length = min(head_length, size - start)
                        self._needed = head_length + payload_length + _CRC_LENGTH
                        break
                    payload = chunk[payload_start:end]
                    if crc32(payload, head_crc) != checksum(chunk, end)[0]:
                        raise _message_mismatch()
                    items.append(read(payload))
                    start = end + _CRC_LENGTH
                    continue
                if size - start < _PRELUDE_LENGTH:
                    self._needed = _PRELUDE_LENGTH
                    break
                self._needed, head_length = _read_prelude(chunk, start)
                end = start + self._needed
                if end > size:
                    break
                payload_start = start + head_length
                end -= _CRC_LENGTH
                payload = chunk[payload_start:end]
                items.append(self._read_frame(chunk[start:payload_start], payload, checksum(chunk, end)[0]))
                start = end + _CRC_LENGTH
        finally:
            self._position = position + start
            self._head_length = head_length
        if start < size:
            self._hold(memoryview(chunk)[start:])

    def _hold(self, piece: bytes | memoryview) -> None:
        self._size += len(piece)
        if len(piece) >= _CRUMB:
            self._held.append(piece)
        elif self._held and isinstance(crumbs := self._held[-1], bytearray):
            crumbs += piece
        else:
            self._held.append(bytearray(piece))

    def _read_held(self, items: list[T]) -> None:
        """Read on with what is held: the whole of a frame, or at least its prelude, and what comes after it."""
        held, payload_end = self._held, self._needed - _CRC_LENGTH - self._size
        self._held, self._size = [], 0
        if self._needed == _PRELUDE_LENGTH or len(held[0]) < self._head_length:
            self._read_frames(b"".join(held), 0, items)
            return
        last = held.pop()
        payload_end += len(last)
        while payload_end < 0:
            # The checksum itself is cut.
            before = held.pop()
            last = b"".join((before, last))
            payload_end += len(before)
        if not held:
            self._read_frames(bytes(last), 0, items)
            return
        first, head_length = memoryview(held[0]), self._head_length
        # The payload is copied once, from the chunks that it came in.
        payload = b"".join((first[head_length:], *held[1:], memoryview(last)[:payload_end]))
        items.append(self._read_frame(bytes(first[:head_length]), payload, _CRC.unpack_from(last, payload_end)[0]))
        self._position += self._needed
        self._read_frames(bytes(last), payload_end + _CRC_LENGTH, items)

    def _read_frame(self, head: bytes, payload: bytes, checksum: int) -> T:
        """Make the item of a frame whose prelude is sound; ``head`` is that and the headers."""
        found = self._heads.get(head)
        if found is None:
            head_crc = crc32(head)
            if self._crc32(payload, head_crc) != checksum:
                raise _message_mismatch()
            found = len(payload), head_crc, self._block_reader(head[_PRELUDE_LENGTH:])
            if len(head) <= _CACHED_LENGTH:
                if len(self._heads) >= _CACHED_HEADS:
                    self._heads.clear()
                self._heads[head] = found
        elif self._crc32(payload, found[1]) != checksum:
            raise _message_mismatch()
        return found[2](payload)

    def _block_reader(self, block: bytes) -> Callable[[bytes], T]:
        read = self._blocks.get(block)
        if read is None:
            read = self._reader(MappingProxyType(decode_headers(block)))
            if len(block) <= _CACHED_LENGTH:
                if len(self._blocks) >= _CACHED_BLOCKS:
                    self._blocks.clear()
                self._blocks[block] = read
        return read


class EventStreamDecoder(FrameDecoder[Message]):
    """Cuts a byte stream into messages; otherwise as :class:`FrameDecoder`."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(lambda headers: partial(Message, headers))


def _read_prelude(chunk: bytes, start: int) -> tuple[int, int]:
    """Return the length of the frame at ``start``, and that of its prelude and headers."""
    total, headers_length, prelude_crc = _PRELUDE.unpack_from(chunk, start)
    if crc32(chunk[start : start + 8]) != prelude_crc:
        raise ChecksumMismatch("the CRC32 of the prelude does not match")
    if total - headers_length < _OVERHEAD or total > MAX_MESSAGE_LENGTH or headers_length > MAX_HEADERS_LENGTH:
        raise _length_error(total, headers_length)
    return total, _PRELUDE_LENGTH + headers_length


def _message_mismatch() -> ChecksumMismatch:
    return ChecksumMismatch("the CRC32 of the message does not match")


def encode_message(headers: Mapping[str, HeaderValue], payload: bytes = b"") -> bytes:
    """Encode one frame.

    Raises :class:`InvalidInput` for a name or value that has no encoding, and for a frame over the limits.
    """
    block = encode_headers(headers)
    total = _OVERHEAD + len(block) + len(payload)
    if len(block) > MAX_HEADERS_LENGTH:
        raise InvalidInput(f"the headers take {len(block)} bytes; the limit is {MAX_HEADERS_LENGTH}")
    if total > MAX_MESSAGE_LENGTH:
        raise InvalidInput(f"the frame takes {total} bytes; the limit is {MAX_MESSAGE_LENGTH}")
    lengths = _LENGTHS.pack(total, len(block))
    frame = b"".join((lengths, _CRC.pack(crc32(lengths)), block, payload))
    return frame + _CRC.pack(crc32(frame))


def encode_headers(headers: Mapping[str, HeaderValue]) -> bytes:
    """Encode a header block; see :func:`encode_message`."""
    parts: list[bytes] = []
    for name, value in headers.items():
        raw = name.encode()
        if not 1 <= len(raw) <= 255:
            raise InvalidInput(f"the header name {name!r} takes {len(raw)} bytes; it must take 1 to 255")
        parts += (bytes((len(raw),)), raw, _encode_value(name, value))
    return b"".join(parts)


def decode_headers(block: bytes) -> dict[str, HeaderValue]:
    """Decode a header block.

    Raises :class:`StreamError` for an unknown type, an empty or repeated name, a value that runs over the
    end, and text that is not UTF-8.
    """
    headers: dict[str, HeaderValue] = {}
    position = 0
    try:
        while position < len(block):
            name_end = position + 1 + block[position]
            name = block[position + 1 : name_end].decode()
            kind = block[name_end]
            if not name:
                raise StreamError("a header has an empty name")
            if name in headers:
                raise StreamError(f"the header {name!r} is there twice")
            headers[name], position = _decode_value(name, kind, block, name_end + 1)
    except (IndexError, struct_error):
        raise StreamError("a header runs over the end of the header block") from None
    except UnicodeDecodeError:
        raise StreamError("a header holds text that is not UTF-8") from None
    return headers


def _decode_value(name: str, kind: int, block: bytes, start: int) -> tuple[HeaderValue, int]:
    """Return the value at ``start`` and where it ends."""
    if kind <= _FALSE:
        return kind == _TRUE, start
    if kind in (_BYTES, _STRING):
        value_start = start + 2
        end = value_start + _LENGTH.unpack_from(block, start)[0]
        if end > len(block):
            raise IndexError
        value = block[value_start:end]
        return (value.decode() if kind == _STRING else value), end
    if kind not in _FIXED:
        raise StreamError(f"the header {name!r} has the unknown type {kind}")
    layout, convert = _FIXED[kind]
    return convert(layout.unpack_from(block, start)[0]), start + layout.size


def _encode_value(name: str, value: HeaderValue) -> bytes:
    if isinstance(value, bool):
        return bytes((_TRUE if value else _FALSE,))
    if isinstance(value, str | bytes):
        raw = value.encode() if isinstance(value, str) else value
        if len(raw) > _MAX_VALUE_LENGTH:
            raise InvalidInput(f"header {name!r} takes {len(raw)} bytes; the limit is {_MAX_VALUE_LENGTH}")
        return bytes((_STRING if isinstance(value, str) else _BYTES,)) + _LENGTH.pack(len(raw)) + raw
    if isinstance(value, UUID):
        return bytes((_UUID,)) + value.bytes
    kind, number = _number(name, value)
    layout, _ = _FIXED[kind]
    try:
        return bytes((kind,)) + layout.pack(number)
    except struct_error:
        raise InvalidInput(f"header {name!r}: {number} does not fit {layout.size} bytes") from None


def _number(name: str, value: object) -> tuple[int, int]:
    """Return the wire type and the number that stand for ``value``."""
    if isinstance(value, datetime):
        if value.utcoffset() is None:
            raise InvalidInput(f"the header {name!r} must be a datetime with a time zone")
        return _TIMESTAMP, (value - _EPOCH) // _MILLISECOND
    if not isinstance(value, int):
        raise InvalidInput(f"the header {name!r} cannot be a {type(value).__name__}: see HeaderValue")
    for cls, kind in ((Byte, _BYTE), (Short, _SHORT), (Long, _LONG), (Timestamp, _TIMESTAMP)):
        if isinstance(value, cls):
            return kind, value
    return (_INTEGER if -(2**31) <= value < 2**31 else _LONG), value


def _from_milliseconds(value: int) -> datetime | Timestamp:
    try:
        return _EPOCH + timedelta(milliseconds=value)
    except OverflowError:
        return Timestamp(value)


def _length_error(total: int, headers_length: int) -> StreamError:
    if headers_length > MAX_HEADERS_LENGTH:
        return StreamError(f"the headers take {headers_length} bytes; the limit is {MAX_HEADERS_LENGTH}")
    if total > MAX_MESSAGE_LENGTH:
        return StreamError(f"the frame is {total} bytes long; the limit is {MAX_MESSAGE_LENGTH}")
    return StreamError(f"a frame of {total} bytes has no room for {headers_length} bytes of headers")


_TRUE, _FALSE, _BYTE, _SHORT, _INTEGER, _LONG, _BYTES, _STRING, _TIMESTAMP, _UUID = range(10)
_FIXED: dict[int, tuple[Struct, Callable[[Any], HeaderValue]]] = {
    _BYTE: (Struct(">b"), Byte),
    _SHORT: (Struct(">h"), Short),
    _INTEGER: (Struct(">i"), int),
    _LONG: (Struct(">q"), Long),
    _TIMESTAMP: (Struct(">q"), _from_milliseconds),
    _UUID: (Struct(">16s"), lambda value: UUID(bytes=value)),
}
