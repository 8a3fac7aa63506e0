"""HTTP messages as plain data, and the only places where text becomes a request target or a header.

Nothing here does I/O. A :class:`Request` says what an operation asks for; the endpoint and the signature are added
later, and what a transport is given then is what the socket receives.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import isfinite, isnan
from operator import index
from typing import Any, TypeVar, cast
from urllib.parse import quote

import msgspec

from . import timestamps
from .body import Body
from .errors import InvalidInput, InvalidResponse

T = TypeVar("T")

HeaderList = list[tuple[str, str]]

_FORBIDDEN_IN_VALUE = re.compile("[\x00-\x08\x0a-\x1f\x7f]")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_LIST_ITEM = re.compile(r'[ \t]*(?:"((?:[^"\\]|\\.)*+)"[ \t]*|([^,]*+)),')
_PLAIN_ITEM = re.compile(r'\s*(?:"?(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,)?[^,]+')
_QUOTED_PAIR = re.compile(r"\\(.)")
_HOST_LABELS = re.compile(r"[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})*")
_NEEDS_QUOTES = frozenset(',"')
_SECRET_HEADERS = frozenset({"authorization", "x-amz-security-token"})


class Headers:
    """Response headers: pairs in arrival order, looked up without regard to case.

    A header that came several times reads as its values joined by ``", "`` (RFC 9110, section 5.3).
    """

    __slots__ = ("_pairs", "_values")

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self._pairs = tuple(pairs)
        self._values: dict[str, list[str]] = {}
        for name, value in self._pairs:
            self._values.setdefault(name.lower(), []).append(value)

    def get(self, name: str) -> str | None:
        """Return the value of header ``name``, or None."""
        values = self._values.get(name.lower())
        return None if values is None else ", ".join(values)

    def __getitem__(self, name: str) -> str:
        value = self.get(name)
        if value is None:
            raise KeyError(name)
        return value

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._values

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._pairs)

    def __len__(self) -> int:
        return len(self._pairs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and self._pairs == other._pairs

    def __hash__(self) -> int:
        return hash(self._pairs)

    def __repr__(self) -> str:
        return f"Headers({list(self._pairs)!r})"


class Request(msgspec.Struct):
    """What an operation asks for, before an endpoint and a signature are added.

    ``path`` and ``query`` are as on the wire: percent-encoded, the query without its question mark. ``host_prefix``
    goes before the endpoint's host; ``endpoint_parameters`` are values for the service's endpoint rules, by their names
    there.
    """

    method: str
    path: str
    query: str = ""
    headers: HeaderList = msgspec.field(default_factory=list[tuple[str, str]])
    body: bytes | Body = b""
    host_prefix: str = ""
    endpoint_parameters: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, repr=False)
class HTTPRequest:
    """A complete, signed request. A transport sends exactly these headers, in this order, and this target.

    ``target`` is path and query as on the request line; ``headers`` include Host and, where there is a body or the
    method is one that carries bodies, Content-Length. ``operation`` is the name of the operation that it is for. The
    repr hides the signature and the session token.
    """

    method: str
    scheme: str
    host: str
    port: int | None
    target: str
    headers: HeaderList
    body: bytes | Body
    operation: str = ""

    def __repr__(self) -> str:
        size = len(self.body) if isinstance(self.body, bytes) else self.body.length
        port = "" if self.port is None else f":{self.port}"
        headers = [(name, "***" if name.lower() in _SECRET_HEADERS else value) for name, value in self.headers]
        return (
            f"<HTTPRequest {self.method} {self.scheme}://{self.host}{port}{self.target} "
            f"headers={headers!r} body of {'unknown length' if size is None else f'{size} bytes'}>"
        )


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


@dataclass(frozen=True, slots=True)
class Timeout:
    """Time limits, in seconds; None waits without limit.

    ``read`` is the longest wait for the next bytes to arrive, not for the whole response, so a stream may last longer.
    ``pool`` is the longest wait for a free connection. ``total`` is for a whole call: all attempts, the waits between
    them and the reading of its answer, a stream's too. A synchronous client notices it between two waits for bytes, so
    it may be up to one such wait late.
    """

    connect: float | None = 10.0
    read: float | None = 60.0
    write: float | None = 60.0
    pool: float | None = 60.0
    total: float | None = None


def required(value: T | None, name: str) -> T:
    """Return ``value``; None raises :class:`InvalidInput` naming the parameter."""
    if value is None:
        raise InvalidInput(f"{name} is required and must not be None")
    return value


def text_of(value: Any, name: str) -> str:
    """Return a scalar as the text that paths, queries and headers carry; timestamps as RFC 3339 in UTC.

    Raises :class:`InvalidInput` naming the parameter for anything else.
    """
    # The bases' own text, as an enum's str() may give its name.
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return _spelled(timestamps.date_time, value, name)
    if isinstance(value, float) or not hasattr(value, "__index__"):
        return _text_of_float(value, name)
    return int.__repr__(index(value))


def _text_of_float(value: Any, name: str) -> str:
    if not hasattr(value, "__float__"):
        raise InvalidInput(f"{name} must be text, a number, a bool or a datetime, not {type(value).__name__}")
    try:
        number = float(value)
    except (ArithmeticError, ValueError) as error:
        raise InvalidInput(f"{name} is not a number that can be sent: {error}") from error
    return float.__repr__(number) if isfinite(number) else special_float(number)


def special_float(value: float) -> str:
    """Return AWS's name of a float that is not a number or not finite."""
    return "NaN" if isnan(value) else "Infinity" if value > 0 else "-Infinity"


class _Spelled(str):
    """Text that stands in a header list as it is, though it has a comma."""

    __slots__ = ()


def http_date(value: datetime | None, name: str) -> str | None:
    """Return a timestamp as an IMF-fixdate (RFC 9110, section 5.6.7), the default in headers."""
    return None if value is None else _Spelled(_spelled(timestamps.http_date, value, name))


def epoch_seconds(value: datetime | None, name: str = "a timestamp") -> int | float | None:
    """Return a timestamp as seconds since 1970 in UTC, as a float where it has microseconds."""
    return None if value is None else _spelled(timestamps.epoch_seconds, value, name)


def _spelled(spell: Callable[[datetime], T], value: Any, name: str) -> T:
    if not isinstance(value, datetime):
        raise InvalidInput(f"{name} must be a datetime, not {type(value).__name__}")
    try:
        return spell(value)
    except ValueError as error:
        raise InvalidInput(f"{name} {error}") from error


def token_or_new(value: str | None) -> str:
    """Return an idempotency token: as given, else a new one."""
    from uuid import uuid4

    return str(uuid4()) if value is None else value


def json_header(value: Any, name: str) -> str | None:
    """Return any JSON value as a header carries it: as compact JSON in base64. None stays None.

    Raises :class:`InvalidInput` naming the parameter for what JSON does not have.
    """
    import json

    if value is None:
        return None
    try:
        text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInput(f"{name} cannot be written as JSON: {error}") from error
    return base64.b64encode(text.encode()).decode()


def quote_label(value: Any, name: str, *, greedy: bool = False) -> str:
    """Percent-encode a path label (RFC 3986 unreserved characters stay; a greedy label keeps its slashes).

    Raises :class:`InvalidInput` when the label is None or empty, or when it is ``.`` or ``..`` (or a greedy label holds
    such a segment): HTTP software on the way would resolve those, and the request would reach another resource.
    """
    text = text_of(required(value, name), name)
    if not text:
        raise InvalidInput(f"{name} must not be empty: it is part of the request path")
    if not {".", ".."}.isdisjoint(text.split("/") if greedy else (text,)):
        raise InvalidInput(f"{name} must not be or contain the path segment '.' or '..'")
    return _quote(text, name, safe="/-_.~" if greedy else "-_.~")


def host_label(value: Any, name: str) -> str:
    """Return a member that becomes a part of the host name.

    Raises :class:`InvalidInput` naming the parameter for None, and for anything but letters, digits, hyphens, and dots
    between them: the request would go elsewhere.
    """
    text = text_of(required(value, name), name)
    if not _HOST_LABELS.fullmatch(text):
        raise InvalidInput(f"{name} must have letters, digits, hyphens and dots only: it is part of the host name")
    return text


def encode_query(*parts: tuple[str, str, Any]) -> str:
    """Percent-encode a query from (key, parameter name, value) in the given order.

    None is left out, a list repeats the key, and an empty parameter name marks a key that the operation fixes itself:
    its value None then gives a bare key. A key that a parameter has set already is left out of the maps after it.
    """
    pairs: list[str] = []
    written: set[str] = set()
    for key, name, value in parts:
        if name and (value is None or key in written):
            continue
        written.add(key)
        quoted = _quote(key, name, safe="-_.~")
        items = _items(value)
        if value is None:
            pairs.append(quoted)
        else:
            values = (value,) if items is None else items
            pairs.extend(f"{quoted}={_quote(text_of(item, name), name, safe='-_.~')}" for item in values)
    return "&".join(pairs)


def _items(value: Any) -> Collection[Any] | None:
    """Return what is in a list, tuple, set or the like; None for anything else, and for text and bytes."""
    if isinstance(value, Collection) and not isinstance(value, str | bytes | bytearray | memoryview | Mapping):
        return cast("Collection[object]", value)
    return None


def _quote(text: str, name: str, *, safe: str) -> str:
    try:
        return quote(text, safe=safe)
    except UnicodeEncodeError as error:
        raise InvalidInput(f"{name} cannot be encoded as UTF-8: {error.reason}") from error


def header_list(*parts: tuple[str, str, Any]) -> HeaderList:
    """Build headers from (header, parameter name, value); None and empty lists are left out.

    Items of a list are joined with commas, and quoted where they have commas or quotes themselves. A header that a
    parameter has set already is left out of the maps after it.

    Raises :class:`InvalidInput` naming the parameter where :func:`check_header` refuses the value.
    """
    headers: HeaderList = []
    written: set[str] = set()
    for header, name, value in parts:
        items = _items(value)
        if value is None or header.lower() in written or (items is not None and not items):
            continue
        text = _header_text(value, name) if items is None else ",".join(_list_item(item, name) for item in items)
        check_header(header, text, name)
        headers.append((header, text))
        written.add(header.lower())
    return headers


def _header_text(value: Any, name: str) -> str:
    """Return a scalar as text; in headers, timestamps have whole seconds."""
    return text_of(value.replace(microsecond=0) if isinstance(value, datetime) else value, name)


def _list_item(item: Any, name: str) -> str:
    text = _header_text(item, name)
    if isinstance(item, _Spelled) or _NEEDS_QUOTES.isdisjoint(text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def expanded(prefix: str, name: str, members: Mapping[str, Any] | None) -> Iterator[tuple[str, str, Any]]:
    """Yield the parts that a map adds to :func:`header_list` or :func:`encode_query`: one for each of its keys."""
    for key, value in (members or {}).items():
        yield f"{prefix}{key}", f"{name}[{key!r}]", value


def check_header(name: object, value: object, what: str) -> None:
    """Refuse a header that could end early on the wire or be read as another one.

    Raises :class:`InvalidInput` naming ``what`` when the name is not a token, the value has a control character
    (CR and LF above all), is not Latin-1 text, or has white space at its ends, which HTTP would strip after signing.
    """
    if not isinstance(value, str):
        raise InvalidInput(f"{what} must be a string, not {type(value).__name__}")
    if not isinstance(name, str) or not _TOKEN.fullmatch(name):
        raise InvalidInput(f"{what}: {name!r} is not an HTTP header name")
    if found := _FORBIDDEN_IN_VALUE.search(value):
        raise InvalidInput(f"{what} must not contain the control character {found.group()!r}: it is sent as a header")
    if value != value.strip(" \t"):
        raise InvalidInput(f"{what} must not begin or end with white space: it is sent as a header")
    if not value.isascii():
        raise InvalidInput(f"{what} must be ASCII text: it is sent as the header {name}")


def text_header(headers: Headers, name: str) -> str | None:
    """Return a response header, or None."""
    return headers.get(name)


def prefixed_headers(headers: Headers, prefix: str) -> dict[str, str]:
    """Return the response headers that begin with ``prefix``, by the rest of their names."""
    start = prefix.lower()
    return {name[len(prefix) :]: headers[name] for name, _ in headers if name.lower().startswith(start)}


def read_json_header(headers: Headers, name: str) -> Any:
    """Return the JSON value that a response header carries in base64, or None.

    Raises :class:`InvalidResponse` when it is none.
    """
    import json

    return _parsed(headers, name, lambda text: json.loads(base64.b64decode(text)))


def list_header(headers: Headers, name: str) -> list[str] | None:
    """Return a comma-separated response header as a list, or None; items may be quoted strings."""
    value = headers.get(name)
    if value is None:
        return None
    items: list[str] = []
    for found in _LIST_ITEM.finditer(value + ","):
        quoted, plain = found.groups()
        items.append(plain.strip() if quoted is None else _QUOTED_PAIR.sub(r"\1", quoted))
    return items


def int_list_header(headers: Headers, name: str) -> list[int] | None:
    """Return a response header as a list of integers, or None; see :func:`int_header`."""
    return _parsed(headers, name, lambda text: [int(item) for item in _split(text)])


def float_list_header(headers: Headers, name: str) -> list[float] | None:
    """Return a response header as a list of floats, or None; see :func:`float_header`."""
    return _parsed(headers, name, lambda text: [float(item) for item in _split(text)])


def bool_list_header(headers: Headers, name: str) -> list[bool] | None:
    """Return a response header as a list of booleans, or None; see :func:`bool_header`."""
    return _parsed(headers, name, lambda text: [_boolean(item) for item in _split(text)])


def timestamp_list_header(headers: Headers, name: str) -> list[datetime] | None:
    """Return a response header as a list of aware datetimes, or None; see :func:`timestamp_header`.

    HTTP dates have a comma of their own, which ends no item.
    """
    return _parsed(headers, name, lambda text: [timestamps.read_timestamp(item) for item in _split(text)])


def _split(text: str) -> list[str]:
    return [found.strip(' \t"') for found in _PLAIN_ITEM.findall(text) if found.strip()]


def int_header(headers: Headers, name: str) -> int | None:
    """Return a response header as an int, or None. Raises :class:`InvalidResponse` when it is not one."""
    return _parsed(headers, name, int)


def float_header(headers: Headers, name: str) -> float | None:
    """Return a response header as a float, or None. Raises :class:`InvalidResponse` when it is not one."""
    return _parsed(headers, name, float)


def bool_header(headers: Headers, name: str) -> bool | None:
    """Return a response header as a bool, or None: anything but ``true`` is False."""
    return _parsed(headers, name, _boolean)


def _boolean(text: str) -> bool:
    return text.lower() == "true"


def timestamp_header(headers: Headers, name: str) -> datetime | None:
    """Return a response header as an aware datetime, or None; see :func:`read_timestamp`."""
    return _parsed(headers, name, timestamps.read_timestamp)


def _parsed(headers: Headers, name: str, parse: Callable[[str], T]) -> T | None:
    value = headers.get(name)
    if value is None:
        return None
    try:
        return parse(value.strip())
    except (ValueError, KeyError, OverflowError) as error:
        raise InvalidResponse(f"the response header {name} has an unreadable value: {value[:80]!r}") from error
