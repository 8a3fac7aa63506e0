"""Decoders for what a stream's payload bytes mean: text, lines, JSON values, server-sent events.

A model container writes a byte stream, and the service cuts it into parts anywhere: inside a character, a
line or an event. Every decoder gives the same items for the same bytes, wherever they were cut.

When a decoder meets bytes that it cannot read, it returns the items before them first, and raises
:class:`StreamError` at the next ``feed`` or ``close`` (at once if there are none), and from then on.
"""

from __future__ import annotations

import codecs
import re
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from ..codec.plain_json import loads
from ..errors import InvalidInput, ItemTooLarge, StreamError, TruncatedStream

T = TypeVar("T")

MAX_ITEM_SIZE = 64 * 1024 * 1024
"""The largest line, value or event that is accepted unless the caller says otherwise, in bytes."""

_MAX_DIGITS = 18
_LF, _CR, _QUOTE = b'\n\r"'
_OPENERS = b'"{['
_LINE_END = re.compile(rb"\r\n|\r|\n")
_SPACE = re.compile(rb"[ \t\r\n]+")
_SCALAR = re.compile(rb'[^\s{}\[\]",:]+')
# A whole string is one token; a lone quote is one that goes on in the next part.
_STRUCTURE = re.compile(rb'"(?:[^"\\]++|\\.)*+"|["{}\[\]]', re.DOTALL)
_STRING_REST = re.compile(rb'(?:[^"\\]++|\\.)++', re.DOTALL)


# The errors here are raised outside of handlers: as its context, one of decoding would hold the payload.


class Decoder(Protocol[T]):
    """Turns payload bytes into items; ``close`` ends the bytes and returns the items still held."""

    def feed(self, data: bytes) -> list[T]:
        """Take more bytes; return the items that are complete."""
        ...

    def close(self) -> list[T]:
        """End the bytes; return the items that only the end completes."""
        ...


class _Decoder(Generic[T]):
    """Keeps the order of items and errors: a subclass raises where it stands, after adding to ``_items``."""

    def __init__(self) -> None:
        self._items: list[T] = []
        self._error: StreamError | None = None

    def feed(self, data: bytes) -> list[T]:
        """Take the next bytes and return the items that are now complete.

        Raises :class:`StreamError` for bytes that cannot be read, after the items before them have been
        returned.
        """
        if self._error is None:
            try:
                self._feed(data)
            except StreamError as error:
                self._error = error
        return self._take()

    def close(self) -> list[T]:
        """Say that the payload has ended and return the items still held.

        Raises :class:`StreamError` for bytes that cannot be read, :class:`TruncatedStream` for an item that
        is not complete.
        """
        if self._error is None:
            try:
                self._close()
            except StreamError as error:
                self._error = error
        return self._take()

    def _take(self) -> list[T]:
        if self._items:
            items, self._items = self._items, []
            return items
        if self._error is not None:
            raise self._error
        return []

    def _feed(self, data: bytes) -> None:
        raise NotImplementedError

    def _close(self) -> None:
        raise NotImplementedError


class BytesDecoder:
    """Gives the parts as they came; empty ones are left out."""

    def feed(self, data: bytes) -> list[bytes]:
        """Return ``data`` itself."""
        return [data] if data else []

    def close(self) -> list[bytes]:
        """Return nothing: no bytes are held back."""
        return []


class TextDecoder(_Decoder[str]):
    """Gives the text of UTF-8 bytes; a character cut between parts comes with the last of them."""

    def __init__(self) -> None:
        super().__init__()
        self._rest = b""
        self._position = 0

    def _feed(self, data: bytes) -> None:
        data = self._rest + data
        text, used, start = "", 0, None
        try:
            text, used = codecs.utf_8_decode(data, "strict", False)
        except UnicodeDecodeError as error:
            start = error.start
        if start is not None:
            if start:
                self._items.append(data[:start].decode())
            raise _not_utf8(self._position + start)
        self._rest = data[used:]
        self._position += used
        if text:
            self._items.append(text)

    def _close(self) -> None:
        if self._rest:
            raise _inside_character(self._position)


class LineDecoder(_Decoder[str]):
    r"""Gives lines of UTF-8 text, without their ``\n`` or ``\r\n``. The last line needs no line end.

    Nothing else ends a line: not a lone ``\r``, nor what :meth:`str.splitlines` takes besides. Raises
    :class:`ItemTooLarge` for a line of more than ``max_size`` bytes before its ``\n``.
    """

    def __init__(self, max_size: int = MAX_ITEM_SIZE) -> None:
        super().__init__()
        self._max_size = _checked_size(max_size)
        self._held: list[bytes] = []
        self._size = 0
        self._position = 0

    def _feed(self, data: bytes) -> None:
        block, newline, rest = data.rpartition(b"\n")
        if newline:
            self._held.append(block)
            self._lines(b"".join(self._held))
            self._held.clear()
            self._size = 0
        if rest:
            self._held.append(rest)
            self._size += len(rest)
            if self._size > self._max_size:
                raise self._too_large(self._position)

    def _close(self) -> None:
        if not self._held:
            return
        line = b"".join(self._held)
        try:
            self._items.append(line.decode())
            return
        except UnicodeDecodeError as error:
            make = _inside_character if error.reason == "unexpected end of data" else _not_utf8
            fault = make(self._position + error.start)
        raise fault

    def _lines(self, block: bytes) -> None:
        """Emit the lines of ``block``, whose last line end has been taken off."""
        if len(block) > self._max_size and (start := _first_longer(block, self._max_size)) is not None:
            too_large = self._too_large(self._position + start)
            if start:
                self._lines(block[: start - 1])
            raise too_large
        lines: list[str] = []
        start = None
        try:
            lines = block.decode().split("\n")
        except UnicodeDecodeError as error:
            start = error.start
        if start is not None:
            fault = _not_utf8(self._position + start)
            good, newline, _ = block[:start].rpartition(b"\n")
            if newline:
                self._lines(good)
            raise fault
        self._position += len(block) + 1
        self._items += [line[:-1] if line.endswith("\r") else line for line in lines]

    def _too_large(self, start: int) -> ItemTooLarge:
        return _too_large(f"line at byte {start}", self._max_size)


class JSONDecoder(_Decoder[Any]):
    """Gives the values of JSON Lines or of concatenated JSON; a value may span lines and parts.

    White space may stand between values, and must where two numbers or words meet. These are given once the
    next byte shows that they have ended. NaN and infinities are taken as :mod:`json` does. Every byte is
    looked at once, so the time is linear however finely a large value is cut. Raises :class:`ItemTooLarge` for a value
    of more than ``max_size`` bytes.
    """

    def __init__(self, max_size: int = MAX_ITEM_SIZE) -> None:
        super().__init__()
        self._max_size = _checked_size(max_size)
        self._held: list[bytes] = []
        self._size = 0
        self._start = 0
        self._position = 0
        self._depth = 0
        self._in_string = False
        self._escaped = False

    def _feed(self, data: bytes) -> None:
        at = 0
        while at < len(data):
            if not self._held:
                at = _end(_SPACE, data, at)
                if at == len(data):
                    break
                self._start = self._position + at
            end = self._value_end(data, at)
            self._hold(data[at:end])
            if end is None:
                break
            self._finish()
            at = end
        self._position += len(data)

    def _close(self) -> None:
        if not self._held:
            return
        if self._held[0][0] in _OPENERS:
            raise TruncatedStream(f"the payload ended inside the JSON value at byte {self._start}")
        self._finish()

    def _hold(self, piece: bytes) -> None:
        self._held.append(piece)
        self._size += len(piece)
        if self._size > self._max_size:
            raise _too_large(f"JSON value at byte {self._start}", self._max_size)

    def _finish(self) -> None:
        fault = None
        try:
            self._items.append(loads(b"".join(self._held)))
        except ValueError as error:
            fault = _not_json(self._start, f" ({error})")
        self._held.clear()
        self._size = 0
        if fault is not None:
            raise fault

    def _value_end(self, data: bytes, at: int) -> int | None:
        """Return where the value that goes on at ``at`` ends, or None when that is not in ``data``."""
        if (self._held[0][0] if self._held else data[at]) in _OPENERS:
            return self._nested_end(data, at)
        end = _end(_SCALAR, data, at)
        if end == at and not self._held:
            raise _not_json(self._start)
        return end if end < len(data) else None

    def _nested_end(self, data: bytes, at: int) -> int | None:
        if self._in_string:
            string_end = self._string_end(data, at)
            if string_end is None:
                return None
            at = string_end
            if not self._depth:
                return at
        for token in _STRUCTURE.finditer(data, at):
            start, end = token.span()
            if data[start] == _QUOTE:
                if end - start == 1:
                    self._in_string = True
                    return self._string_end(data, end)
                if not self._depth:
                    return end
            elif data[start] in b"{[":
                self._depth += 1
            else:
                self._depth -= 1
                if not self._depth:
                    return end
        return None

    def _string_end(self, data: bytes, at: int) -> int | None:
        """Return where the string that ``at`` is inside of ends, or None when that is not in ``data``."""
        if self._escaped and at < len(data):
            self._escaped = False
            at += 1
        end = _end(_STRING_REST, data, at)
        if end == len(data):
            return None
        if data[end] != _QUOTE:
            self._escaped = True
            return None
        self._in_string = False
        return end + 1


class ServerSentEvent(msgspec.Struct, frozen=True):
    """One server-sent event.

    Attributes:
        event: the event's type; ``message`` unless the server names another.
        data: the event's data; several data lines are joined by ``\\n``.
        id: the last event id that came, with this event or an earlier one; ``""`` before the first.
        retry: the reconnection time in milliseconds that came with or since the event before, or None.
    """

    event: str = "message"
    data: str = ""
    id: str = ""
    retry: int | None = None

    def json(self) -> Any:
        """Read ``data`` as JSON. Raises :class:`ValueError` when it is not."""
        return loads(self.data)


class SSEDecoder(_Decoder[ServerSentEvent]):
    """Gives server-sent events as the HTML standard defines them
    (https://html.spec.whatwg.org/#parsing-an-event-stream).

    So an event ends with an empty line, and one that the payload breaks off is discarded; an event without
    data is none; comments are skipped; bytes that are not UTF-8 read as U+FFFD. Raises :class:`ItemTooLarge` for a line
    of more than ``max_size`` bytes, and for an event whose data lines have more than that.
    """

    def __init__(self, max_size: int = MAX_ITEM_SIZE) -> None:
        super().__init__()
        self._max_size = _checked_size(max_size)
        self._held: list[bytes] = []
        self._size = 0
        self._data_size = 0
        self._after_cr = False
        self._first = True
        self._data: list[str] = []
        self._event = ""
        self._id = ""
        self._retry: int | None = None

    def _feed(self, data: bytes) -> None:
        if self._after_cr and data:
            self._after_cr = False
            if data[0] == _LF:
                data = data[1:]
        if not data:
            return
        first, *others = _LINE_END.split(data)
        self._hold(first)
        self._after_cr = data[-1] == _CR
        if others:
            self._line(b"".join(self._held))
            for line in others[:-1]:
                self._line(line)
            self._held, self._size = [], 0
            self._hold(others[-1])

    def _hold(self, piece: bytes) -> None:
        self._held.append(piece)
        self._size += len(piece)
        if self._size > self._max_size:
            raise _too_large("line of server-sent events", self._max_size)

    def _close(self) -> None:
        self._held.clear()

    def _line(self, raw: bytes) -> None:
        if len(raw) > self._max_size:
            raise _too_large("line of server-sent events", self._max_size)
        if self._first:
            self._first = False
            raw = raw.removeprefix(codecs.BOM_UTF8)
        if not raw:
            self._dispatch()
            return
        name, _, value = raw.decode(errors="replace").partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
            self._data_size += len(raw)
            if self._data_size > self._max_size:
                raise _too_large("server-sent event", self._max_size)
        elif name == "event":
            self._event = value
        elif name == "id":
            if "\0" not in value:
                self._id = value
        elif name == "retry" and value.isascii() and value.isdigit() and len(value) <= _MAX_DIGITS:
            self._retry = int(value)

    def _dispatch(self) -> None:
        if self._data:
            event = ServerSentEvent(self._event or "message", "\n".join(self._data), self._id, self._retry)
            self._items.append(event)
            self._data.clear()
            self._data_size = 0
            self._retry = None
        self._event = ""


def _end(pattern: re.Pattern[bytes], data: bytes, at: int) -> int:
    """Return where the run of ``pattern`` at ``at`` ends; ``at`` itself when there is none."""
    found = pattern.match(data, at)
    return found.end() if found else at


def _checked_size(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise InvalidInput(f"max_size must be a number of bytes, 1 or more, not {value!r}")
    return value


def _first_longer(block: bytes, size: int) -> int | None:
    """Return where the first line of ``block`` begins that has more than ``size`` bytes."""
    start = 0
    while len(block) - start > size:
        end = block.find(b"\n", start, start + size + 1)
        if end < 0:
            return start
        start = end + 1
    return None


def _too_large(what: str, size: int) -> ItemTooLarge:
    return ItemTooLarge(f"the {what} has more than {size:,} bytes: to accept it, set a larger max_size")


def _not_json(position: int, why: str = "") -> StreamError:
    return StreamError(f"the payload is not JSON at byte {position}{why}")


def _not_utf8(position: int) -> StreamError:
    return StreamError(f"the payload is not UTF-8 at byte {position}")


def _inside_character(position: int) -> TruncatedStream:
    return TruncatedStream(f"the payload ended inside the character that begins at byte {position}")
