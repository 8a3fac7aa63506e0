"""CBOR with a time that cannot be read: cbor2 reads nothing of it, so the time is read later, like any other member.

Source: RFC 8949, section 3 (the form of data items) and 3.4 (the tags 0 and 1).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

import cbor2

_TAG, _STRINGS = 6, (2, 3)
_INDEFINITE = 31
_TIMES = (0, 1)
_UNASSIGNED = 6
"""Added to the tags of times, it gives tags that stand for nothing."""


def loads_times_as_sent(body: bytes) -> Any:
    """Decode CBOR, leaving times as the text or number that they were sent as. Raises what :func:`cbor2.loads` does."""
    return _untagged(cbor2.loads(_retagged(body)))


def _retagged(body: bytes) -> bytes:
    data = bytearray(body)
    at = 0
    while at < len(data):
        kind, info = data[at] >> 5, data[at] & 31
        at += 1
        size = 1 << (info - 24) if 24 <= info <= 27 else 0
        argument = int.from_bytes(data[at : at + size]) if size else info
        at += size
        if kind == _TAG and argument in _TIMES and at <= len(data):
            data[at - 1] += _UNASSIGNED
        elif kind in _STRINGS and info != _INDEFINITE:
            at += argument
    return bytes(data)


def _untagged(value: Any) -> Any:
    if isinstance(value, cbor2.CBORTag):
        known = value.tag - _UNASSIGNED in _TIMES
        return value.value if known else value
    if isinstance(value, dict):
        return {key: _untagged(item) for key, item in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [_untagged(item) for item in cast("Iterable[Any]", value)]
    return value
