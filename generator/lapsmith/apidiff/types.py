"""How two types relate in the eyes of a caller, who sees Python values and not the wire."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import IntEnum

from lapsmith.apidiff.model import Impact
from lapsmith.ir import model as ir


class Relation(IntEnum):
    """What the new type is to the old one. Higher is a greater change."""

    SAME = 0
    NARROWER = 1
    WIDER = 2
    OTHER = 3


_SENT = {Relation.NARROWER: Impact.MAJOR, Relation.WIDER: Impact.MINOR, Relation.OTHER: Impact.MAJOR}
_READ = {Relation.NARROWER: Impact.MINOR, Relation.WIDER: Impact.MAJOR, Relation.OTHER: Impact.MAJOR}


def judge(relation: Relation, *, sent: bool, read: bool) -> tuple[Impact, str]:
    """The severity of a changed type for callers who send such values, read them, or both; and why."""
    whys = {
        (Impact.MAJOR, True): "values that callers give may be refused",
        (Impact.MAJOR, False): "code that reads it may meet values of another type",
        (Impact.MINOR, True): "all values that were accepted still are",
        (Impact.MINOR, False): "all values that are read were possible before",
    }
    found = [(_SENT[relation], True)] if sent else []
    found += [(_READ[relation], False)] if read else []
    severity, direction = max(found, key=lambda item: item[0].rank, default=(Impact.PATCH, True))
    return severity, whys.get((severity, direction), "no operation sends or returns it")


class Types:
    """Relates types of two services; ``structures`` maps old structures' names to new ones that are the same class."""

    def __init__(self, structures: Mapping[str, str]) -> None:
        self._structures = structures

    def relate(self, old: ir.Type, new: ir.Type) -> Relation:
        """What ``new`` is to ``old``: bits and timestamp formats are the wire's affair."""
        match old, new:
            case ir.ListType(a, was_sparse), ir.ListType(b, sparse):
                return _both(self.relate(a, b), _loosened(was_sparse, sparse))
            case ir.MapType(_, a, was_sparse), ir.MapType(_, b, sparse):
                return _both(self.relate(a, b), _loosened(was_sparse, sparse))
            case ir.StructureRef(a_name), ir.StructureRef(b_name):
                return Relation.SAME if self._structures.get(a_name) == b_name else Relation.OTHER
            case ir.IntegerType(), ir.FloatType():
                return Relation.WIDER
            case ir.FloatType(), ir.IntegerType():
                return Relation.NARROWER
            case ir.BlobType(True, was_sized), ir.BlobType(True, is_sized):
                return _loosened(not was_sized, not is_sized)
            case ir.BlobType(was_streaming), ir.BlobType(streaming):
                # Whoever may send a stream may send bytes; whoever reads one has another object in hand.
                return _streaming(was_streaming, streaming)
            case ir.DocumentType(), other if not isinstance(other, ir.DocumentType):
                return Relation.NARROWER if _is_json(other) else Relation.OTHER
            case other, ir.DocumentType() if not isinstance(other, ir.DocumentType):
                return Relation.WIDER if _is_json(other) else Relation.OTHER
            case _:
                return Relation.SAME if type(old) is type(new) else Relation.OTHER


def _both(inner: Relation, outer: Relation) -> Relation:
    """A list whose items narrow while it may now hold nulls is neither narrower nor wider."""
    if Relation.SAME in (inner, outer):
        return max(inner, outer)
    return inner if inner is outer else Relation.OTHER


def _loosened(old: bool, new: bool) -> Relation:
    if old == new:
        return Relation.SAME
    return Relation.WIDER if new else Relation.NARROWER


def _streaming(old: bool, new: bool) -> Relation:
    if old == new:
        return Relation.SAME
    return Relation.WIDER if new else Relation.OTHER


def _is_json(kind: ir.Type) -> bool:
    """Whether values of the type are the same Python values when nothing is known of them but their JSON."""
    match kind:
        case ir.ListType(item) | ir.MapType(_, item):
            return _is_json(item)
        case _:
            return isinstance(kind, ir.StringType | ir.IntegerType | ir.FloatType | ir.BooleanType)


def texts(old: ir.Type, new: ir.Type) -> Iterator[tuple[ir.StringType, ir.StringType]]:
    """Yield the texts at the same place in both types, where their known values differ."""
    match old, new:
        case ir.StringType(), ir.StringType() if set(old.enum) != set(new.enum):
            yield old, new
        case ir.ListType(a), ir.ListType(b):
            yield from texts(a, b)
        case ir.MapType(a_key, a), ir.MapType(b_key, b):
            yield from texts(a_key, b_key)
            yield from texts(a, b)


def formats(old: ir.Type, new: ir.Type) -> Iterator[tuple[str, str]]:
    """Yield what the wire knows of types that are the same to callers, where it differs: bits and timestamp formats."""
    match old, new:
        case ir.ListType(a), ir.ListType(b):
            yield from formats(a, b)
        case ir.MapType(_, a), ir.MapType(_, b):
            yield from formats(a, b)
        case (ir.IntegerType(before), ir.IntegerType(after)) | (ir.FloatType(before), ir.FloatType(after)):
            if before != after:
                yield f"{before} bits", f"{after} bits"
        case ir.TimestampType(was), ir.TimestampType(form) if was is not form:
            yield was or "the protocol's format", form or "the protocol's format"
