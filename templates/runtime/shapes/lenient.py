"""Reading what services send into shapes, as leniently as AWS asks.

msgspec reads what is as it should be, in one pass. The rest is walked here: nulls that stand where there can be none
read as if they were not there, dates come in any format, numbers and text stand in for one another, and members that
the shape does not know are ignored.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Annotated, Any, TypeGuard, cast, get_args, get_origin

import msgspec

from .kinds import has_null, is_union, not_null, reaches_only
from .structures import Union, UnknownMember, hide_keys
from .timestamps import read_timestamp

# What msgspec would read otherwise: a time without a zone, and fractions that it rounds where others cut them.
_ODD_TIME = rb':\d\d(?:\.\d{7}|(?:\.\d*)?")'
_UNTIMED: frozenset[Any] = frozenset({str, int, float, bool, bytes, Any})


class Unreadable(ValueError):
    """A value does not fit its type. ``path`` leads to it, innermost step first."""

    def __init__(self, wanted: str, value: object) -> None:
        super().__init__(f"expected {wanted}, got {'null' if value is None else type(value).__name__}")
        self.path: list[str] = []

    def __str__(self) -> str:
        place = "".join(reversed(self.path))
        return f"{self.args[0]} at `${place}`"


def decode_json(body: bytes, shape: Any) -> Any:
    """Decode JSON into a shape; nothing, and ``null``, read as ``{}``, or ``[]`` where the shape is a list.

    Raises :class:`ValueError` when it is not JSON, or where a member has a type that cannot be made to fit.
    """
    decoder, has_times = _decoder(shape)
    body = body.strip() or b"null"
    if not has_times or re.search(_ODD_TIME, body) is None:
        try:
            return decoder.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            pass
    return _decode_slowly(body, shape)


@cache
def _decoder(shape: Any) -> tuple[msgspec.json.Decoder[Any], bool]:
    return msgspec.json.Decoder(shape, strict=False), not reaches_only(shape, _UNTIMED)


def _decode_slowly(body: bytes, shape: Any) -> Any:
    import json

    try:
        document = json.loads(body.decode("utf-8"))
        nothing: Any = [] if get_origin(shape) is list else {}
        return read(nothing if document is None else document, shape)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def read(value: Any, kind: Any) -> Any:
    """Read decoded JSON or CBOR as a type. Raises :class:`Unreadable`."""
    if kind is Any:
        return value
    if is_union(kind):
        return None if value is None else read(value, not_null(kind))
    if kind in _SCALARS:
        return _read_scalar(value, kind)
    origin = get_origin(kind)
    if origin is list:
        return _read_list(value, get_args(kind)[0])
    if origin is dict:
        return _read_map(value, get_args(kind)[1])
    if origin is Annotated:
        return read(value, get_args(kind)[0])
    return _read_structure(value, kind)


def _is_object(value: Any) -> TypeGuard[Mapping[Any, Any]]:
    return isinstance(value, Mapping)


def _read_structure(value: Any, cls: Any) -> Any:
    if not _is_object(value):
        raise Unreadable("an object", value)
    known = _fields(cls)
    members: dict[str, Any] = {}
    unknown: UnknownMember | None = None
    for name, item in value.items():
        if item is None:
            continue
        if name not in known:
            # Smithy 2.0, "AWS restJson1 protocol": unions may come with their shape's name beside the member.
            if isinstance(name, str) and name != "__type":
                unknown = UnknownMember(name=name, value=item)
            continue
        attribute, kind = known[name]
        try:
            members[attribute] = read(item, kind)
        except Unreadable as error:
            if attribute in getattr(cls, "_sensitive", ()):
                hide_keys(error.path)
            error.path.append(f".{name}")
            raise
    try:
        structure = cls(**members)
    except TypeError:
        raise Unreadable(f"the required members of {cls.__name__}", value) from None
    if unknown is not None and not members and issubclass(cls, Union):
        structure.with_unknown_member(unknown)
    return structure


@cache
def _fields(cls: Any) -> Mapping[str, tuple[str, Any]]:
    return {field.encode_name: (field.name, not_null(field.type)) for field in msgspec.structs.fields(cls)}


def _read_list(value: Any, kind: Any) -> list[Any]:
    if not isinstance(value, list):
        raise Unreadable("an array", value)
    nulls = has_null(kind)
    items: list[Any] = []
    for index, item in enumerate(cast("Iterable[Any]", value)):
        try:
            if item is not None or nulls:
                items.append(read(item, kind))
        except Unreadable as error:
            error.path.append(f"[{index}]")
            raise
    return items


def _read_map(value: Any, kind: Any) -> dict[str, Any]:
    if not _is_object(value):
        raise Unreadable("an object", value)
    nulls = has_null(kind)
    items: dict[str, Any] = {}
    for key, item in value.items():
        try:
            if item is not None or nulls:
                items[_read_scalar(key, str)] = read(item, kind)
        except Unreadable as error:
            error.path.append(f"[{key!r}]")
            raise
    return items


def _read_scalar(value: Any, kind: Any) -> Any:
    wanted, convert = _SCALARS[kind]
    try:
        return convert(value)
    except (TypeError, ValueError, OverflowError):
        raise Unreadable(wanted, value) from None


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    raise TypeError


def _integer(value: Any) -> int:
    if isinstance(value, str) and not value.strip().lstrip("+-").isdecimal():
        value = float(value)
    if isinstance(value, str | int | float):
        return int(value)
    raise TypeError


def _number(value: Any) -> float:
    if isinstance(value, str | int | float):
        return float(value)
    raise TypeError


def _boolean(value: Any) -> bool:
    if isinstance(value, str):
        return value.strip().lower() in ("true", "1")
    if isinstance(value, int | float):
        return bool(value)
    raise TypeError


def _blob(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    from binascii import Error, a2b_base64

    try:
        # Padding that is missing is added; more than there should be is ignored, as are characters that are not base64.
        return a2b_base64(value.encode() + b"==")
    except (AttributeError, Error):
        raise TypeError from None


_SCALARS: dict[Any, tuple[str, Any]] = {
    str: ("text", _text),
    int: ("an integer", _integer),
    float: ("a number", _number),
    bool: ("a boolean", _boolean),
    bytes: ("base64", _blob),
    datetime: ("a timestamp", read_timestamp),
}
