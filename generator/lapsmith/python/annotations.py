"""IR types as Python annotations, output defaults, and the helpers that move them in and out of headers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lapsmith.ir import model as ir

_SCALARS: Mapping[type[object], str] = {
    ir.StringType: "str",
    ir.IntegerType: "int",
    ir.FloatType: "float",
    ir.BooleanType: "bool",
    ir.BlobType: "bytes",
    ir.TimestampType: "datetime",
    ir.DocumentType: "Any",
}

# Smithy 2.0, "Client error correction": what a required member reads as when the service left it out. A timestamp has
# no sensible stand-in and a structure may have required members of its own: those read as None.
_CORRECTIONS: Mapping[type[object], str] = {
    ir.StringType: '""',
    ir.IntegerType: "0",
    ir.FloatType: "0.0",
    ir.BooleanType: "False",
    ir.BlobType: 'b""',
    ir.ListType: "[]",
    ir.MapType: "{}",
}


def annotation(kind: ir.Type, classes: Mapping[str, str]) -> str:
    """Return the annotation of a type; ``classes`` maps shape names to class names."""
    match kind:
        case ir.ListType(item):
            return f"list[{annotation(item, classes)}]"
        case ir.MapType(_, value):
            return f"dict[str, {annotation(value, classes)}]"
        case ir.StructureRef(name):
            return classes[name]
        case _:
            return _SCALARS[type(kind)]


def optional(spelled: str) -> str:
    """Add None to an annotation; ``Any`` has it already."""
    return spelled if spelled == "Any" else f"{spelled} | None"


def correction(kind: ir.Type) -> str | None:
    """Return the source of the value that stands in for a missing required output member; None: there is none."""
    return _CORRECTIONS.get(type(kind))


_FACTORIES: Mapping[type[object], str] = {
    ir.StringType: "str",
    ir.IntegerType: "int",
    ir.FloatType: "float",
    ir.BooleanType: "bool",
    ir.BlobType: "bytes",
    ir.ListType: "list[Any]",
    ir.MapType: "dict[str, Any]",
}


def factory(kind: ir.Type) -> str | None:
    """Return the source of a callable that makes what :func:`correction` gives."""
    return _FACTORIES.get(type(kind))


def header_reader(kind: ir.Type) -> str:
    """Return the name of the runtime function that reads such a type from a response header."""
    match kind:
        case ir.IntegerType():
            return "int_header"
        case ir.FloatType():
            return "float_header"
        case ir.BooleanType():
            return "bool_header"
        case ir.TimestampType():
            return "timestamp_header"
        case ir.ListType():
            return "list_header"
        case _:
            return "text_header"


def references(kind: ir.Type) -> Iterator[str]:
    """Yield the names of the shapes that a type mentions."""
    match kind:
        case ir.ListType(item):
            yield from references(item)
        case ir.MapType(key, value):
            yield from references(key)
            yield from references(value)
        case ir.StructureRef(name):
            yield name
        case _:
            return
