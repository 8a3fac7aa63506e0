"""Values as text, checked on the way: the form that requests have whose bodies are text throughout."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from math import isfinite
from typing import Any

from ..shapes import timestamps
from ..shapes.writers import (
    Form,
    Refused,
    Write,
    write_blob,
    write_boolean,
    write_integer,
    write_number,
    write_text,
    write_timestamp,
)
from .request_text import special_float

Escape = Callable[[str], str]


def _integer(value: Any) -> str:
    return int.__repr__(write_integer(value))


def _boolean(value: Any) -> str:
    return "true" if write_boolean(value) else "false"


def _number(value: Any) -> str:
    number = write_number(value)
    if isinstance(number, int):
        return int.__repr__(number)
    return float.__repr__(number) if isfinite(number) else special_float(number)


def _epoch_seconds(value: datetime) -> str:
    return repr(timestamps.epoch_seconds(value))


_SPELLINGS: Mapping[str | None, Callable[[datetime], str]] = {
    None: timestamps.date_time,
    "date-time": timestamps.date_time,
    "epoch-seconds": _epoch_seconds,
    "http-date": timestamps.http_date,
}


class TextForm(Form):
    """Spells every scalar as text; ``escape`` makes it what can stand in a body, or raises :class:`Refused`."""

    def __init__(self, escape: Escape) -> None:
        self._escape = escape

        def text(value: Any) -> str:
            return escape(value) if type(value) is str else escape(write_text(value))

        super().__init__(
            leaves={
                str: text,
                int: _integer,
                bool: _boolean,
                float: self._escaped(_number),
                bytes: self._escaped(_base64),
            },
            timestamp=self._timestamp,
            passes={},
        )

    def _escaped(self, write: Callable[[Any], str]) -> Write:
        return lambda value: self._escape(write(value))

    def _timestamp(self, form: str | None) -> Write:
        spell = _SPELLINGS[form]
        return self._escaped(partial(write_timestamp, spell))

    def document(self, value: Any) -> Any:
        """Take a scalar of any type: nothing tells how anything else would be written."""
        if isinstance(value, str):
            return self._escape(write_text(value))
        if isinstance(value, bool):
            return _boolean(value)
        if isinstance(value, datetime):
            return self._timestamp(None)(value)
        if isinstance(value, bytes | bytearray | memoryview):
            return self._escape(_base64(value))
        if hasattr(value, "__float__") or hasattr(value, "__index__"):
            return self._escape(_number(value))
        raise Refused(f"must be a string, a number, a bool, bytes or a datetime, not {type(value).__name__}")


def _base64(value: Any) -> str:
    return base64.b64encode(write_blob(value)).decode()
