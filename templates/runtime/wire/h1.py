"""HTTP/1.1 without I/O: requests to bytes, and bytes to responses.

llhttp (through httptools) parses heads and chunks. Bodies of known length are counted here, so that it is known to the
byte what follows a response.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator, Iterable
from types import AsyncGeneratorType
from typing import TYPE_CHECKING, cast

import httptools

from ..errors import InvalidInput
from ..message.http import Headers, HTTPRequest
from .checks import check_request, is_plain
from .failures import Malformed, Refused

if TYPE_CHECKING:
    from typing import Protocol

    class _Parser(Protocol):
        def feed_data(self, data: bytes | memoryview) -> None: ...
        def get_http_version(self) -> str: ...
        def get_status_code(self) -> int: ...


MAX_HEAD = 256 * 1024
"""The most bytes of a response's head, interim responses included, and of what stands between two pieces of a body."""

SMALL_BODY = 64 * 1024
"""The largest body that is sent together with the head."""

PIECE = 256 * 1024
"""The most bytes of a body that are handed to the operating system at once."""

CONTINUE_SECONDS = 1.0
"""How long a body waits for ``100 Continue``: servers that know nothing of it send none (RFC 9110, section 10.1.1)."""

LAST_CHUNK = b"0\r\n\r\n"

_COMPLETE_AT_HEAD = frozenset({204, 304})


def encode_head(request: HTTPRequest, prefix: str = "", extra: Iterable[tuple[str, str]] = ()) -> bytes:
    """Return the request line and the headers, in the order and case given, with nothing added.

    For a proxy, ``prefix`` goes before the target and the ``extra`` headers go last. Raises :class:`InvalidInput` for a
    request that would not arrive as it was signed. Where it goes was checked when its route was made.
    """
    if request.needs_check and not is_plain(request):
        check_request(request)
    lines = [f"{request.method} {prefix}{request.target} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in request.headers]
    lines += [f"{name}: {value}" for name, value in extra]
    head = "\r\n".join(lines)
    # A hook may have put another value into the list of headers since they were checked.
    if not head.count("\r") == head.count("\n") == len(lines) - 1:
        raise InvalidInput("a header must not contain line ends: it was changed after the request was built")
    return f"{head}\r\n\r\n".encode("ascii")


def body_pieces(request: HTTPRequest) -> Generator[bytes | memoryview]:
    """Yield a body as it goes over the wire, for a driver that waits in its thread."""
    body = request.body
    if isinstance(body, bytes):
        view = memoryview(body)
        for start in range(0, len(body), PIECE):
            yield view[start : start + PIECE]
    elif body.length is not None:
        yield from body
    else:
        for piece in body:
            yield framed(piece)
        yield LAST_CHUNK


async def abody_pieces(request: HTTPRequest) -> AsyncGenerator[bytes | memoryview]:
    """Yield a body as it goes over the wire, for a driver that waits in an event loop."""
    body = request.body
    if isinstance(body, bytes):
        for piece in body_pieces(request):
            yield piece
        return
    pieces = aiter(body)
    try:
        async for each in pieces:
            yield each if body.length is not None else framed(each)
        if body.length is None:
            yield LAST_CHUNK
    finally:
        if isinstance(pieces, AsyncGeneratorType):
            await pieces.aclose()


def framed(piece: bytes) -> bytes:
    """Return one chunk of a body of unknown length."""
    return b"%x\r\n%b\r\n" % (len(piece), piece) if piece else b""


def is_small(request: HTTPRequest) -> bool:
    """Whether the body goes into one write with the head."""
    return isinstance(request.body, bytes) and len(request.body) <= SMALL_BODY and not request.expect_continue


def check_tunnel(reader: ResponseReader) -> None:
    """Raise :class:`Refused` or :class:`Malformed` unless a proxy's answer to CONNECT opens a tunnel."""
    if not 200 <= reader.status < 300:
        raise Refused(f"it answered with HTTP {reader.status}")
    if reader.surplus:
        raise Malformed("the proxy sent something before the tunnel was used")


class ResponseReader:
    """One response, read from the bytes that a connection delivers.

    Attributes:
        status: the status; 0 until the final head is there.
        headers: the headers of the final head.
        complete: whether the response was read to its end.
        continued: whether a ``100 Continue`` came.
        surplus: whether more came than the response.
        cut_short: whether the response came before the request was sent whole; set by the driver.
        pieces: what came of the body and was not taken yet.
        left: how much of a body of known length is missing; None for other bodies.
    """

    __slots__ = (
        "_begin",
        "_head_size",
        "_idle",
        "_is_head",
        "_keep_alive",
        "_on_head",
        "_pairs",
        "_parser",
        "_tail",
        "_until_close",
        "complete",
        "continued",
        "cut_short",
        "headers",
        "left",
        "pieces",
        "status",
        "surplus",
    )

    def __init__(self, method: str) -> None:
        self._is_head = method in ("HEAD", "CONNECT")
        self._tail = b""
        self._head_size = 0
        self._idle = 0
        self._keep_alive = False
        self._until_close = False
        self.status = 0
        self.complete = self.continued = self.surplus = self.cut_short = False
        self.pieces: list[bytes] = []
        self.left: int | None = None
        self._start()

    def _start(self) -> None:
        self._pairs: list[tuple[bytes, bytes]] = []
        self._on_head = False
        self._begin = b""
        self._parser: _Parser = httptools.HttpResponseParser(self)

    @property
    def reusable(self) -> bool:
        """Whether the connection may carry another request: the response is complete, alone, and said so."""
        return self.complete and self._keep_alive and not self.surplus and not self.cut_short

    @property
    def untouched(self) -> bool:
        """Whether nothing has come yet."""
        return not self._head_size

    def feed(self, data: bytes) -> None:
        """Take bytes. Raises :class:`Malformed` for what is not a response."""
        if self.complete:
            self.surplus = True
        elif not self.status:
            self._feed_head(data)
        elif self.left is not None:
            self._feed_counted(data)
        elif self._until_close:
            self.pieces.append(data)
        else:
            self._feed_chunks(data)

    def feed_or_end(self, data: bytes) -> None:
        """Take bytes, or the end of the connection where there are none."""
        if data:
            self.feed(data)
        else:
            self.end()

    def take(self) -> bytes:
        """Return the body's bytes that have come; empty when there are none."""
        pieces = self.pieces
        if len(pieces) == 1:
            return pieces.pop()
        data = b"".join(pieces)
        pieces.clear()
        return data

    def end(self) -> None:
        """Take the end of the connection. Raises :class:`Malformed` where the response is not complete."""
        if self._until_close:
            self.complete = True
        elif not self.complete:
            what = "the response began" if self.untouched else "the response was complete"
            raise Malformed(f"the connection was closed before {what}")

    def _feed_head(self, data: bytes) -> None:
        while not self.status:
            if len(self._begin) < 5:
                # llhttp also takes other protocols of this kind.
                self._begin = (self._begin + data)[:5]
                if not b"HTTP/".startswith(self._begin):
                    raise Malformed("what came is not a response: it does not begin with HTTP/")
            scan = self._tail + data if self._tail else data
            end = scan.find(b"\r\n\r\n")
            cut = len(data) if end < 0 else end + 4 - len(self._tail)
            self._tail = scan[-3:] if end < 0 else b""
            self._head_size += cut
            if self._head_size > MAX_HEAD:
                raise Malformed(f"the response's head has more than {MAX_HEAD // 1024} KiB")
            self._parse(data if cut == len(data) else data[:cut])
            if end < 0:
                return
            self._finish_head()
            if cut == len(data):
                return
            data = data[cut:]
        self.feed(data)

    def _finish_head(self) -> None:
        if not self._on_head:
            raise Malformed("the response begins with an empty line")
        status = self._parser.get_status_code()
        version = self._parser.get_http_version()
        if version not in ("1.1", "1.0") or not 100 <= status <= 999:
            raise Malformed(f"the response is HTTP/{version} with status {status}")
        if status < 200:
            if status == 101:
                raise Malformed("the server switched to another protocol")
            self.continued = self.continued or status == 100
            self._start()
            return
        self.status = status
        self.headers = headers = Headers.from_bytes(self._pairs)
        connection = headers.get("connection")
        if connection is None:
            self._keep_alive = version == "1.1"
        else:
            options = [each.strip(" \t") for each in connection.lower().split(",")]
            self._keep_alive = "close" not in options and (version == "1.1" or "keep-alive" in options)
        self._frame(headers)

    def _frame(self, headers: Headers) -> None:
        """Decide how the body ends (RFC 9112, section 6.3)."""
        if self._is_head or self.status in _COMPLETE_AT_HEAD:
            self.complete = True
            return
        coding = headers.get("transfer-encoding")
        if coding is not None:
            if coding.lower() != "chunked":
                raise Malformed("the response has a Transfer-Encoding other than chunked")
            return
        length = headers.get("content-length")
        if length is None:
            self._until_close = True
            self._keep_alive = False
        elif length.isascii() and length.isdigit():
            self.left = int(length)
            self.complete = not self.left
        else:
            raise Malformed("the response has a Content-Length that is not a number")

    def _feed_counted(self, data: bytes) -> None:
        left = cast("int", self.left)
        if len(data) > left:
            self.surplus = True
            data = data[:left]
        self.pieces.append(data)
        self.left = left = left - len(data)
        self.complete = not left

    def _feed_chunks(self, data: bytes) -> None:
        before = len(self.pieces)
        self._parse(data)
        self._tail = data[-6:] if len(data) > 5 else (self._tail + data)[-6:]
        if self.complete:
            # llhttp skips line ends between messages, so it does not tell whether some were left.
            alone = self._tail.endswith(b"\r\n\r\n") and self._tail != b"\r\n\r\n\r\n"
            self.surplus = self.surplus or not alone
        elif len(self.pieces) > before:
            self._idle = 0
        else:
            self._idle += len(data)
            if self._idle > MAX_HEAD:
                raise Malformed(f"there are more than {MAX_HEAD // 1024} KiB between two pieces of the body")

    def _parse(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as error:
            raise Malformed("the server switched to another protocol") from error
        except httptools.HttpParserError as error:
            if not self.complete:
                raise Malformed(f"what came is not a response: {error}") from error
            self.surplus = True

    # What llhttp found

    def on_message_begin(self) -> None:
        if self.complete:
            self.surplus = True

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._on_head:
            self._pairs.append((name, value))

    def on_headers_complete(self) -> None:
        self._on_head = True

    def on_body(self, data: bytes) -> None:
        if not self.complete:
            self.pieces.append(data)

    def on_message_complete(self) -> None:
        if self.status:
            self.complete = True
