"""Members of an input as text: the only place where they become paths, queries, headers and host names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import cache, partial
from math import isfinite, isnan
from typing import Any, TypeVar, get_args, get_origin

from ..errors import InvalidInput
from ..message.http import HeaderList, check_header
from ..shapes import timestamps
from ..shapes.kinds import timestamp_format
from ..shapes.writers import (
    Refused,
    Write,
    is_collection,
    mapping_of,
    write_boolean,
    write_integer,
    write_list,
    write_number,
    write_text,
    write_timestamp,
)

T = TypeVar("T")

_HOST_LABELS = r"[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})*"
_NEEDS_QUOTES = frozenset(',"')


def required(value: T | None, name: str) -> T:
    """Return ``value``; None raises :class:`InvalidInput` naming the parameter."""
    if value is None:
        raise InvalidInput(f"{name} is required and must not be None")
    return value


def _integer(value: Any) -> str:
    return int.__repr__(write_integer(value))


def _boolean(value: Any) -> str:
    return "true" if write_boolean(value) else "false"


def _number(value: Any) -> str:
    number = write_number(value)
    if isinstance(number, int):
        return int.__repr__(number)
    return float.__repr__(number) if isfinite(number) else special_float(number)


def special_float(value: float) -> str:
    """Return AWS's name of a float that is not a number or not finite."""
    return "NaN" if isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _any_scalar(value: Any) -> str:
    if isinstance(value, bool):
        return _boolean(value)
    if isinstance(value, datetime):
        return _date_time(value)
    if isinstance(value, str):
        return write_text(value)
    if hasattr(value, "__float__") or hasattr(value, "__index__"):
        return _number(value)
    raise Refused(f"must be a string, a number, a bool or a datetime, not {type(value).__name__}")


def _date_time(value: Any) -> str:
    text: str = write_timestamp(timestamps.date_time, value)
    return text


def _epoch_seconds(value: datetime) -> str:
    return _number(timestamps.epoch_seconds(value))


_SCALARS: Mapping[Any, Write] = {str: write_text, int: _integer, float: _number, bool: _boolean, Any: _any_scalar}
_SPELLINGS: Mapping[str | None, Callable[[datetime], str]] = {
    None: timestamps.date_time,
    "epoch-seconds": _epoch_seconds,
    "http-date": timestamps.http_date,
}


def _scalar(kind: Any) -> Write:
    return _SCALARS.get(kind) or partial(write_timestamp, _SPELLINGS[timestamp_format(kind)])


@cache
def _text(kind: Any) -> Write:
    """Return what checks a value of a type, and writes it as text, or as a list of texts."""
    if get_origin(kind) is list:
        return partial(write_list, _scalar(get_args(kind)[0]), None)
    return _any_text if kind is Any else _scalar(kind)


def _any_text(value: Any) -> Any:
    return write_list(_any_scalar, None, value) if is_collection(value) else _any_scalar(value)


def _checked(write: Write, value: Any, name: str) -> Any:
    try:
        return write(value)
    except Refused as refused:
        raise InvalidInput(refused.at(name)) from None


def last_segment(value: T) -> T | str:
    """Return what follows the last slash: responses may have a path where requests take the identifier alone."""
    return value.rpartition("/")[2] if isinstance(value, str) else value


def token_or_new(value: str | None) -> str:
    """Return an idempotency token: as given, else a new one."""
    from uuid import uuid4

    return str(uuid4()) if value is None else value


def json_header(value: Any, name: str) -> str | None:
    """Return any JSON value as a header carries it: as compact JSON in base64. None stays None.

    Raises :class:`InvalidInput` naming the parameter for what JSON does not have.
    """
    import json
    from base64 import b64encode

    if value is None:
        return None
    try:
        text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInput(f"{name} cannot be written as JSON: {error}") from error
    return b64encode(text.encode()).decode()


def quote_label(value: Any, name: str, kind: Any = str, *, greedy: bool = False) -> str:
    """Percent-encode a path label (RFC 3986 unreserved characters stay; a greedy label keeps its slashes).

    Raises :class:`InvalidInput` when the label is None, empty or no scalar of the type ``kind``, or when it is ``.`` or
    ``..`` (or a greedy label holds such a segment): HTTP software on the way would resolve those, and the request would
    reach another resource.
    """
    text: str = _checked(_text(kind), required(value, name), name)
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
    text: str = _checked(write_text, required(value, name), name)
    if not re.fullmatch(_HOST_LABELS, text):
        raise InvalidInput(f"{name} must have letters, digits, hyphens and dots only: it is part of the host name")
    return text


def encode_query(*parts: tuple[str, str, Any, Any]) -> str:
    """Percent-encode a query from (key, parameter name, value, type) in the given order.

    None is left out, a list repeats the key, and an empty parameter name marks a pair that the operation fixes itself:
    its value None then gives a bare key. A key that a parameter has set already is left out of the maps after it.

    Raises :class:`InvalidInput` naming the parameter where a value is not of its type.
    """
    pairs: list[str] = []
    written: set[str] = set()
    for key, name, value, kind in parts:
        if name:
            if value is None or key in written:
                continue
            written.add(key)
        quoted = _quote(key, name, safe="-_.~")
        if value is None:
            pairs.append(quoted)
            continue
        text = _checked(_text(kind), value, name)
        items: list[str] = [text] if isinstance(text, str) else text
        pairs.extend(f"{quoted}={_quote(item, name, safe='-_.~')}" for item in items)
    return "&".join(pairs)


def _quote(text: str, name: str, *, safe: str) -> str:
    if text.isascii() and text.isalnum():
        return text
    # Imported by the first text that may need it: it takes as long as the rest of this room.
    from urllib.parse import quote

    try:
        return quote(text, safe=safe)
    except UnicodeEncodeError as error:
        raise InvalidInput(f"{name} cannot be encoded as UTF-8: {error.reason}") from error


def header_list(*parts: tuple[str, str, Any, Any]) -> HeaderList:
    """Build headers from (header, parameter name, value, type); None and empty lists are left out.

    Items of a list are joined with commas, and quoted where they have commas or quotes themselves. A header that a
    parameter has set already is left out of the maps after it.

    Raises :class:`InvalidInput` naming the parameter where a value is not of its type, or :func:`check_header` refuses
    it.
    """
    headers: HeaderList = []
    written: set[str] = set()
    for header, name, value, kind in parts:
        if value is None or header.lower() in written:
            continue
        text = _checked(_header_text(kind), value, name)
        if text is None:
            continue
        check_header(header, text, name)
        headers.append((header, text))
        written.add(header.lower())
    return headers


@cache
def _header_text(kind: Any) -> Write:
    """Return what checks a value of a type, and writes it as the text of a header; None for an empty list."""
    if get_origin(kind) is list:
        return partial(_joined, _header_item(get_args(kind)[0]))
    return _any_header if kind is Any else _header_scalar(kind)


def _header_scalar(kind: Any) -> Write:
    return _whole_seconds if kind is datetime else _scalar(kind)


def _header_item(kind: Any) -> Write:
    return _quoted_text if kind is str else _header_scalar(kind)


def _any_header(value: Any) -> str | None:
    if is_collection(value):
        return _joined(_any_item, value)
    return _whole_seconds(value) if isinstance(value, datetime) else _any_scalar(value)


def _any_item(value: Any) -> str:
    if isinstance(value, str):
        return _quoted_text(value)
    return _whole_seconds(value) if isinstance(value, datetime) else _any_scalar(value)


def _joined(write: Write, value: Any) -> str | None:
    items = write_list(write, None, value)
    return ",".join(items) if items else None


def _quoted_text(value: Any) -> str:
    text = write_text(value)
    if _NEEDS_QUOTES.isdisjoint(text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _whole_seconds(value: Any) -> str:
    """Write a timestamp, which has whole seconds in headers, as RFC 3339 has it."""
    return _date_time(value.replace(microsecond=0) if isinstance(value, datetime) else value)


def expanded(prefix: str, name: str, members: Any, kind: Any) -> Iterator[tuple[str, str, Any, Any]]:
    """Yield the parts that a map adds to :func:`header_list` or :func:`encode_query`: one for each of its keys, with
    the type of its values."""
    if members is None:
        return
    for key, value in _checked(_mapping, members, name).items():
        place = f"{name}[{key!r}]"
        yield prefix + _checked(write_text, key, place), place, value, kind


def _mapping(value: Any) -> Mapping[Any, Any]:
    return mapping_of(value, "a mapping")
