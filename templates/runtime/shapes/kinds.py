"""What the annotations of members say."""

from __future__ import annotations

from types import NoneType, UnionType
from typing import Any, TypeGuard, Union, get_args, get_origin

import msgspec


def is_structure(kind: Any) -> TypeGuard[type[msgspec.Struct]]:
    """Say whether a type is a structure."""
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def is_union(kind: Any) -> bool:
    """Say whether a type is ``X | None``."""
    return get_origin(kind) in (UnionType, Union)


def has_null(kind: Any) -> bool:
    """Say whether None is a value of a type."""
    return kind is Any or is_union(kind)


def not_null(kind: Any) -> Any:
    """Return a type without its None."""
    if not is_union(kind):
        return kind
    (other,) = (each for each in get_args(kind) if each is not NoneType)
    return other


def timestamp_format(kind: Any) -> str | None:
    """Return the format that an annotated timestamp has, or None."""
    extras = (note.extra for note in get_args(kind)[1:] if isinstance(note, msgspec.Meta))
    return next((extra["timestamp"] for extra in extras if extra and "timestamp" in extra), None)


def reaches_only(kind: Any, leaves: frozenset[Any]) -> bool:
    """Say whether a type holds nothing but ``leaves`` in structures, lists and maps, at any depth."""
    seen: set[type] = set()
    waiting: list[Any] = [kind]
    while waiting:
        kind = waiting.pop()
        if is_structure(kind):
            if kind not in seen:
                seen.add(kind)
                waiting += [field.type for field in msgspec.structs.fields(kind)]
        elif get_origin(kind) in (list, dict) or is_union(kind):
            waiting += get_args(kind)
        elif kind is not NoneType and kind not in leaves:
            return False
    return True
