"""Any frozen tree of dataclasses to plain JSON values, complete and in field order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from lapsmith.diagnostics import Span
from lapsmith.ir import model
from lapsmith.lap import tree

# Nodes that stand where others could: a reader needs to be told which they are.
_KINDS: dict[type, str] = {
    model.StringType: "string",
    model.IntegerType: "integer",
    model.FloatType: "float",
    model.BooleanType: "boolean",
    model.BlobType: "blob",
    model.TimestampType: "timestamp",
    model.DocumentType: "document",
    model.ListType: "list",
    model.MapType: "map",
    model.StructureRef: "structure",
    model.Structure: "structure",
    model.EventUnion: "event-union",
    model.Label: "label",
    tree.Scalar: "scalar",
    tree.Named: "named",
    tree.ListOf: "list",
    tree.MapOf: "map",
}


def encode(value: Any) -> Any:
    """Dataclasses become objects (with ``kind`` where it matters), spans ``{file, line, column, ...}``."""
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(key): encode(item) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        kind = {} if isinstance(value, Span) or type(value) not in _KINDS else {"kind": _KINDS[type(value)]}
        return kind | {field.name: encode(getattr(value, field.name)) for field in fields(value)}
    return [encode(item) for item in value]
