"""Response headers as members of an output: None where the header did not come."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from ..errors import InvalidResponse
from ..message.http import Headers
from ..shapes import timestamps

T = TypeVar("T")

_LIST_ITEM = r'[ \t]*(?:"((?:[^"\\]|\\.)*+)"[ \t]*|([^,]*+)),'
_PLAIN_ITEM = r'\s*(?:"?(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,)?[^,]+'
_QUOTED_PAIR = r"\\(.)"


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
    from base64 import b64decode

    text = headers.get(name)
    try:
        return None if text is None else json.loads(b64decode(text))
    except (ValueError, RecursionError) as error:
        # Not shown: such headers hold what sessions know of their users.
        raise InvalidResponse(f"the response header {name} must be JSON in base64") from error


def list_header(headers: Headers, name: str) -> list[str] | None:
    """Return a comma-separated response header as a list, or None; items may be quoted strings."""
    value = headers.get(name)
    if value is None:
        return None
    items: list[str] = []
    for found in re.finditer(_LIST_ITEM, value + ","):
        quoted, plain = found.groups()
        items.append(plain.strip() if quoted is None else re.sub(_QUOTED_PAIR, r"\1", quoted))
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
    return [found.strip(' \t"') for found in re.findall(_PLAIN_ITEM, text) if found.strip()]


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
