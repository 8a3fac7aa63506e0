"""Members of an input as text: the only place where they become paths, queries, headers and host names."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from math import isfinite, isnan
from operator import index
from typing import Any, TypeVar, cast
from urllib.parse import quote

from . import timestamps
from .errors import InvalidInput
from .http import HeaderList, check_header

T = TypeVar("T")

_HOST_LABELS = re.compile(r"[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})*")
_NEEDS_QUOTES = frozenset(',"')


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
        if value is None or header.lower() in written:
            continue
        items = _items(value)
        if items is not None and not items:
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
