"""Reading arguments by path, whatever callers made them of: structures, or mappings with the names on the wire.

Nothing here refuses anything. What has the wrong type reads as None or empty, and whoever encodes the arguments says
what is wrong with them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

import msgspec


def member_of(value: Any, name: str) -> Any:
    """Return a member by its name on the wire; None where there is none."""
    if isinstance(value, Mapping):
        return cast("Mapping[str, Any]", value).get(name)
    if isinstance(value, msgspec.Struct):
        for attribute, encoded in zip(value.__struct_fields__, value.__struct_encode_fields__, strict=True):
            if encoded == name:
                return getattr(value, attribute)
    return None


def items_of(value: Any) -> Iterable[Any]:
    """Return the items of a list; none where it is no list."""
    if not isinstance(value, Sequence) or isinstance(value, str | bytes):
        return ()
    return cast("Iterable[Any]", value)


def keys_of(value: Any) -> list[Any]:
    """Return the keys of a map; none where it is no map."""
    return list(cast("Mapping[str, Any]", value)) if isinstance(value, Mapping) else []
