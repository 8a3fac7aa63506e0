"""HTTP messages as plain data.

Nothing here does I/O. A :class:`Request` says what an operation asks for; the endpoint and the signature are added
later, and what a transport is given then is what the socket receives.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, AnyStr

import msgspec
from msgspec.structs import replace

from ..errors import InvalidInput, foreign, shown

if TYPE_CHECKING:
    from .body import Body

HeaderList = list[tuple[str, str]]

_FORBIDDEN_IN_VALUE = "[\x00-\x08\x0a-\x1f\x7f]"
_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_OPENS = rb"[{\[\"\x80-\xff]"
_EXCERPT = 80
_SHOWN_HEADERS = frozenset(
    [
        "accept",
        "accept-encoding",
        "amz-sdk-invocation-id",
        "amz-sdk-request",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "date",
        "expect",
        "host",
        "keep-alive",
        "retry-after",
        "server",
        "smithy-protocol",
        "transfer-encoding",
        "user-agent",
        "x-amz-content-sha256",
        "x-amz-crc32",
        "x-amz-date",
        "x-amz-id-2",
        "x-amz-request-id",
        "x-amz-retry-after",
        "x-amz-target",
        "x-amzn-errortype",
        "x-amzn-request-id",
        "x-amzn-requestid",
        "x-amzn-trace-id",
    ]
)
"""Headers that hold no member of an operation. Members may be secret, and so may what callers add."""


class Headers:
    """Response headers: pairs in arrival order, looked up without regard to case.

    A header that came several times reads as its values joined by ``", "`` (RFC 9110, section 5.3). The repr shows the
    values of standard headers only, because others may be sensitive.
    """

    __slots__ = ("_given", "_raw", "_values")

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self._given: tuple[tuple[str, str], ...] | None = tuple(pairs)
        self._raw: list[tuple[bytes, bytes]] = []
        self._values: dict[Any, Any] = _joined(self._given, ", ")

    @classmethod
    def from_bytes(cls, pairs: list[tuple[bytes, bytes]]) -> Headers:
        """Return the headers that came as bytes: Latin-1, in which every byte is a character (RFC 9110, section 5.5).

        What nobody reads is not decoded.
        """
        headers = cls.__new__(cls)
        headers._given = None
        headers._raw = pairs
        headers._values = _joined(pairs, b", ")
        return headers

    @property
    def _pairs(self) -> tuple[tuple[str, str], ...]:
        if self._given is None:
            self._given = tuple((name.decode("latin-1"), _decoded(value)) for name, value in self._raw)
        return self._given

    def get(self, name: str) -> str | None:
        """Return the value of header ``name``, or None."""
        if self._raw:
            raw: bytes | None = self._values.get(_as_bytes(name))
            return None if raw is None else raw.rstrip(b" \t").decode("latin-1")
        given: str | None = self._values.get(name.lower())
        return given

    def __getitem__(self, name: str) -> str:
        value = self.get(name)
        if value is None:
            raise KeyError(name)
        return value

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.get(name) is not None

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._pairs)

    def __len__(self) -> int:
        return len(self._pairs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and self._pairs == other._pairs

    def __hash__(self) -> int:
        return hash(self._pairs)

    def __repr__(self) -> str:
        return f"Headers({shown_headers(self)!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Headers, (self._pairs,)


def shown_headers(pairs: Iterable[tuple[str, str]]) -> HeaderList:
    """Return headers as reprs show them: with ``***`` for each value that may be a sensitive member's."""
    return [(name, value if name.lower() in _SHOWN_HEADERS else "***") for name, value in pairs]


@lru_cache(maxsize=256)
def _as_bytes(name: str) -> bytes:
    return name.lower().encode("latin-1", "replace")


def _joined(pairs: Iterable[tuple[AnyStr, AnyStr]], comma: AnyStr) -> dict[AnyStr, AnyStr]:
    values: dict[AnyStr, AnyStr] = {}
    for name, value in pairs:
        key = name.lower()
        values[key] = values[key].rstrip() + comma + value if key in values else value
    return values


def _decoded(value: bytes) -> str:
    return value.rstrip(b" \t").decode("latin-1")


class Request(msgspec.Struct):
    """What an operation asks for, before an endpoint and a signature are added.

    ``path`` and ``query`` are as on the wire: percent-encoded, the query without its question mark. ``host_prefix``
    goes before the endpoint's host; ``endpoint_url`` takes the endpoint's place; ``endpoint_parameters`` are values for
    the service's endpoint rules, by their names there. The repr leaves out what may be sensitive.
    """

    method: str
    path: str
    query: str = ""
    headers: HeaderList = msgspec.field(default_factory=list[tuple[str, str]])
    body: bytes | Body = b""
    host_prefix: str = ""
    endpoint_url: str | None = None
    endpoint_parameters: Mapping[str, Any] | None = None

    def __repr__(self) -> str:
        return f"<Request {self.method} headers={shown_headers(self.headers)!r}>"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Leave it out for the rich library too, which shows all fields of a structure unless it is told."""
        return [("method", self.method), ("headers", shown_headers(self.headers))]


class HTTPRequest(msgspec.Struct, frozen=True, dict=True):
    """A complete, signed request. A transport sends exactly these headers, in this order, and this target.

    ``target`` is path and query as on the request line; ``headers`` include Host and, where there is a body or the
    method is one that carries bodies, Content-Length. ``operation`` is the name of the operation that it is for. With
    ``expect_continue``, the body waits a moment for ``100 Continue`` or a final response; the header
    ``Expect: 100-continue`` is among the headers then. The repr leaves out target and body, and shows the values of
    standard headers only: signatures, tokens and members may be sensitive.
    """

    method: str
    scheme: str
    host: str
    port: int | None
    target: str
    headers: HeaderList
    body: bytes | Body
    operation: str = ""
    expect_continue: bool = False

    def built(self) -> HTTPRequest:
        """Note that the client built the request from parts that it has checked; returns the request.

        The note is no field, so that a request which was altered with ``replace`` has none.
        """
        vars(self)["built"] = len(self.headers)
        return self

    def note_cut_short(self, cut_short: bool) -> None:
        """Note whether a transport was interrupted before it had sent the request whole."""
        vars(self)["cut_short"] = cut_short

    @property
    def was_cut_short(self) -> bool:
        """Whether a transport was interrupted before it had sent the request whole, as far as it has told."""
        return bool(vars(self).get("cut_short"))

    @property
    def needs_check(self) -> bool:
        """Whether somebody else made the request, or has added or taken headers since."""
        return vars(self).get("built") != len(self.headers)

    @property
    def origin(self) -> str:
        """Scheme, host and port, such as ``https://localhost:8443``."""
        return f"{self.scheme}://{self.host}" + ("" if self.port is None else f":{self.port}")

    def __repr__(self) -> str:
        size = len(self.body) if isinstance(self.body, bytes) else self.body.length
        return (
            f"<HTTPRequest {self.operation or 'without operation'}: {self.method} {self.origin} "
            f"headers={shown_headers(self.headers)!r} "
            f"body of {'unknown length' if size is None else f'{size} bytes'}>"
        )

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Hide them from the rich library too, which shows all fields of a structure unless it is told."""
        shown = ((name, getattr(self, name)) for name in ("operation", "method", "scheme", "host", "port"))
        return [*shown, ("headers", shown_headers(self.headers))]


class Response(msgspec.Struct, frozen=True):
    """A response whose body has been read in full (``body`` is empty for a stream that is still open).

    The repr leaves the body out.
    """

    status: int
    headers: Headers
    body: bytes = b""

    def __repr__(self) -> str:
        return f"<Response HTTP {self.status} headers={self.headers!r} body of {len(self.body)} bytes>"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Leave the body out for the rich library too, which shows all fields of a structure unless it is told."""
        return [("status", self.status), ("headers", self.headers)]


def describe_body(body: bytes, headers: Headers | None = None) -> str:
    """Say what came: its Content-Type, its size, and how a page or plain text begins. What has members may be secret,
    whatever encoding and Content-Type it comes in.
    """
    content_type = headers.get("Content-Type") if headers else None
    encoding = headers.get("Content-Encoding") if headers else None
    told = f"{shown(content_type, 100)}, {len(body)} bytes" if content_type else f"{len(body)} bytes"
    if encoding:
        told += f", Content-Encoding {shown(encoding, 100)}"
    is_text = content_type is not None and content_type.lower().startswith("text/") and not re.search(_OPENS, body)
    if not body or not (is_text or body.lstrip().startswith(b"<")):
        return told
    begins = body[: 4 * _EXCERPT].decode("utf-8", "backslashreplace")
    return f"{told}: {shown(begins[:_EXCERPT], _EXCERPT)}{'...' if len(begins) > _EXCERPT else ''}"


class _Unset(float):
    """A limit that nobody has set: the service's own takes its place, if it has one."""

    __slots__ = ()


class Timeout(msgspec.Struct, frozen=True, kw_only=True):
    """Time limits, in seconds; None waits without limit.

    ``read`` is the longest wait for the next bytes to arrive, not for the whole response, so a stream may last longer.
    Where it is not given, a service whose answers take longer has a limit of its own.
    ``pool`` is the longest wait for a free connection. ``total`` is for a whole call: all attempts, the waits between
    them, the search for credentials and the reading of its answer, a stream's too. A synchronous client notices it
    between two waits for bytes and after a search, so it may be up to one of these late.

    Raises :class:`InvalidInput` for a limit that is not a number above 0.
    """

    connect: float | None = 10.0
    read: float | None = _Unset(60.0)
    write: float | None = 60.0
    pool: float | None = 60.0
    total: float | None = None

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            if (limit := getattr(self, name)) is not None:
                check_seconds(limit, f"timeout.{name}")

    def for_service(self, read: float | None) -> Timeout:
        """Return these limits with the service's own for reading, where there is one and no other was set."""
        return self if read is None or not isinstance(self.read, _Unset) else replace(self, read=read)


def adopted_timeout(other: Any) -> Timeout:
    """Return the limits of another generated client's ``Timeout``. Raises :class:`InvalidInput` for what is none."""
    names = Timeout.__struct_fields__
    if type(other).__name__ != Timeout.__name__ or not all(hasattr(other, name) for name in names):
        raise InvalidInput(f"timeout must be a number of seconds or a Timeout, not {other!r} of {foreign(other)}")
    limits = {name: getattr(other, name) for name in names}
    # A limit that was not set there is not set here.
    return Timeout(**{name: limit for name, limit in limits.items() if type(limit).__name__ != _Unset.__name__})


def check_seconds(value: object, what: str) -> None:
    """Refuse what is not a finite number above 0. Raises :class:`InvalidInput` naming ``what``."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value <= sys.float_info.max:
        raise InvalidInput(f"{what} must be a number of seconds above 0 (in Timeout, None is no limit), not {value!r}")


def check_header(name: object, value: object, what: str) -> None:
    """Refuse a header that could end early on the wire or be read as another one.

    Raises :class:`InvalidInput` naming ``what`` when the name is not a token, the value has a control character
    (CR and LF above all), is not Latin-1 text, or has white space at its ends, which HTTP would strip after signing.
    """
    if not isinstance(value, str):
        raise InvalidInput(f"{what} must be a string, not {type(value).__name__}")
    if not isinstance(name, str) or not re.fullmatch(_TOKEN, name):
        raise InvalidInput(f"{what}: {name!r} is not an HTTP header name")
    if found := re.search(_FORBIDDEN_IN_VALUE, value):
        raise InvalidInput(f"{what} must not contain the control character {found.group()!r}: it is sent as a header")
    if value != value.strip(" \t"):
        raise InvalidInput(f"{what} must not begin or end with white space: it is sent as a header")
    if not value.isascii():
        raise InvalidInput(f"{what} must be ASCII text: it is sent as the header {name}")
