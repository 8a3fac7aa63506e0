"""AWS event stream framing, ``application/vnd.amazon.eventstream``: bytes in, messages out, and back.

A frame is a prelude (total length, headers length, CRC32 of these two), headers, payload, and a CRC32 of all
before it; numbers are big-endian. Source: *Event stream encoding*, Amazon Transcribe Developer Guide
(https://docs.aws.amazon.com/transcribe/latest/dg/streaming-setting-up.html), and the Smithy specification's
*Amazon event stream* (https://smithy.io/2.0/aws/amazon-eventstream.html).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from struct import Struct
from struct import error as struct_error
from types import MappingProxyType
from typing import Any
from uuid import UUID
from zlib import crc32

import msgspec

from ..errors import ChecksumMismatch, InvalidInput, StreamError, TruncatedStream

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

# SageMaker and most others repeat one header block in every frame; the bounds keep the rest from piling up.
_CACHED_BLOCKS = 64
_CACHED_BLOCK_LENGTH = 1024


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


class Message(msgspec.Struct):
    """One frame.

    Attributes:
        headers: header values by name, in wire order. Read-only when it comes from the decoder.
        payload: the frame's payload.
    """

    headers: Mapping[str, HeaderValue]
    payload: bytes = b""

    def __reduce__(self) -> tuple[Any, ...]:
        return Message, (dict(self.headers), self.payload)


class EventStreamDecoder:
    """Cuts a byte stream into messages, however its chunks fall.

    A bad frame ends the stream: the messages before it are returned, then ``feed`` and ``close`` raise the
    same :class:`StreamError` for good. Both checksums are checked before what they cover is trusted.

    Attributes:
        error: what is wrong with the stream, as soon as it is known; None while it is sound.
    """

    __slots__ = ("_blocks", "_buffer", "_needed", "_position", "error")

    def __init__(self) -> None:
        self.error: StreamError | None = None
        self._buffer = bytearray()
        self._needed = _PRELUDE_LENGTH
        self._position = 0
        self._blocks: dict[bytes, Mapping[str, HeaderValue]] = {}

    def feed(self, data: bytes | bytearray | memoryview) -> list[Message]:
        """Take the next bytes and return the messages that are now complete, in order.

        Raises the pending :class:`StreamError` when an earlier call met a bad frame.
        """
        if self.error is not None:
            raise self.error
        buffer = self._buffer
        if buffer:
            buffer += data
            if len(buffer) < self._needed:
                return []
            chunk = bytes(buffer)
            buffer.clear()
        else:
            chunk = data if type(data) is bytes else memoryview(data).tobytes()
        return self._messages(chunk)

    def close(self) -> None:
        """Say that the stream has ended.

        Raises the pending :class:`StreamError`, or :class:`TruncatedStream` when the stream ended inside a
        frame.
        """
        if self.error is None and self._buffer:
            size = "its prelude" if self._needed == _PRELUDE_LENGTH else f"a frame of {self._needed} bytes"
            self.error = TruncatedStream(
                f"the stream ended {len(self._buffer)} bytes into {size} that begins at byte {self._position}"
            )
        if self.error is not None:
            raise self.error

    def _messages(self, chunk: bytes) -> list[Message]:
        """Decode all frames that ``chunk`` completes and keep the rest of it."""
        messages: list[Message] = []
        start = 0
        size = len(chunk)
        blocks = self._blocks
        needed = _PRELUDE_LENGTH
        try:
            while size - start >= _PRELUDE_LENGTH:
                total, headers_length, prelude_crc = _PRELUDE.unpack_from(chunk, start)
                headers_start = start + _PRELUDE_LENGTH
                if crc32(chunk[start : start + 8]) != prelude_crc:
                    raise ChecksumMismatch("the CRC32 of the prelude does not match")
                spare = total - headers_length - _OVERHEAD
                if spare < 0 or total > MAX_MESSAGE_LENGTH or headers_length > MAX_HEADERS_LENGTH:
                    raise _length_error(total, headers_length)
                if size - start < total:
                    needed = total
                    break
                payload_end = start + total - 4
                # The prelude's own checksum is known to be right, so it serves as the state to go on from.
                checksum = crc32(chunk[start + 8 : payload_end], prelude_crc)
                if checksum != _CRC.unpack_from(chunk, payload_end)[0]:
                    raise ChecksumMismatch("the CRC32 of the message does not match")
                headers_end = headers_start + headers_length
                block = chunk[headers_start:headers_end]
                headers = blocks.get(block)
                if headers is None:
                    headers = self._decode_block(block)
                messages.append(Message(headers, chunk[headers_end:payload_end]))
                start += total
        except StreamError as error:
            self.error = type(error)(f"{error}, in the event stream frame at byte {self._position + start}")
            return messages
        self._position += start
        self._needed = needed
        self._buffer += chunk[start:]
        return messages

    def _decode_block(self, block: bytes) -> Mapping[str, HeaderValue]:
        headers = MappingProxyType(decode_headers(block))
        if len(block) <= _CACHED_BLOCK_LENGTH:
            if len(self._blocks) >= _CACHED_BLOCKS:
                self._blocks.clear()
            self._blocks[block] = headers
        return headers


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
