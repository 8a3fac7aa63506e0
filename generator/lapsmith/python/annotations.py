"""IR types as Python annotations, output defaults, and the helpers that read them from headers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lapsmith.ir import model as ir

SCALARS: Mapping[type[object], str] = {
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
    ir.TimestampType: "UNIX_EPOCH",
}


_FORMATS = {
    ir.TimestampFormat.EPOCH: "EPOCH",
    ir.TimestampFormat.DATE_TIME: "DATE_TIME",
    ir.TimestampFormat.HTTP_DATE: "HTTP_DATE",
}
# CBOR has a type for timestamps, so formats have no meaning there.
_BODY_DEFAULTS = {
    ir.Protocol.REST_JSON: ir.TimestampFormat.EPOCH,
    ir.Protocol.JSON_1_0: ir.TimestampFormat.EPOCH,
    ir.Protocol.JSON_1_1: ir.TimestampFormat.EPOCH,
    ir.Protocol.REST_XML: ir.TimestampFormat.DATE_TIME,
    ir.Protocol.QUERY: ir.TimestampFormat.DATE_TIME,
    ir.Protocol.EC2: ir.TimestampFormat.DATE_TIME,
}


class Annotations:
    """The annotations of one service; ``classes`` maps its shapes' names to class names, ``enums`` to aliases'."""

    def __init__(self, classes: Mapping[str, str], enums: Mapping[str, str], protocol: ir.Protocol) -> None:
        self._classes = classes
        self._enums = enums
        self._default_format = _BODY_DEFAULTS.get(protocol)

    def value(self, kind: ir.Type) -> str:
        """Return the annotation of what a caller is given."""
        match kind:
            case ir.ListType(item, sparse):
                return f"list[{_nullable(self.value(item), sparse)}]"
            case ir.MapType(key, value, sparse):
                return f"dict[{self._key(key)}, {_nullable(self.value(value), sparse)}]"
            case ir.StructureRef(name):
                return self._classes[name]
            case ir.StringType(_, str(name)):
                return self._enums.get(name, "str")
            case _:
                return SCALARS[type(kind)]

    def _key(self, kind: ir.Type) -> str:
        return self.value(kind) if isinstance(kind, ir.StringType) else "str"

    def wire(self, kind: ir.Type) -> str:
        """Return the annotation of a body member: as for callers, with the formats of timestamps that need telling."""
        match kind:
            case ir.ListType(item, sparse):
                return f"list[{_nullable(self.wire(item), sparse)}]"
            case ir.MapType(key, value, sparse):
                return f"dict[{self._key(key)}, {_nullable(self.wire(value), sparse)}]"
            case ir.TimestampType(form) if form is not None and self._default_format is not None:
                return timestamp(form, default=self._default_format)
            case _:
                return self.value(kind)

    def argument(self, kind: ir.Type) -> str:
        """Return the annotation of what a caller may give: structures as such or as plain mappings."""
        match kind:
            case ir.ListType(item, sparse):
                return f"Sequence[{_nullable(self.argument(item), sparse)}]"
            case ir.MapType(key, value, sparse):
                return f"Mapping[{self._key(key)}, {_nullable(self.argument(value), sparse)}]"
            case ir.StructureRef(name):
                return f"{self._classes[name]} | Mapping[str, Any]"
            case ir.BlobType(streaming=True):
                return "BlobInput"
            case ir.BlobType():
                return "bytes | bytearray | memoryview"
            case _:
                return self.value(kind)


def timestamp(form: ir.TimestampFormat, *, default: ir.TimestampFormat) -> str:
    """Return the annotation of a timestamp, with its format where that is not the default of its place."""
    return "datetime" if form is default else f"Annotated[datetime, {_FORMATS[form]}]"


def _nullable(spelled: str, sparse: bool) -> str:
    return optional(spelled) if sparse else spelled


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


def header_reader(member: ir.Member) -> str:
    """Return the name of the runtime function that reads such a member from a response header."""
    if member.json_value:
        return "read_json_header"
    match member.type:
        case ir.ListType(ir.StringType()):
            return "list_header"
        case ir.ListType(item):
            return _scalar_reader(item).replace("_header", "_list_header")
        case kind:
            return _scalar_reader(kind)


def _scalar_reader(kind: ir.Type) -> str:
    match kind:
        case ir.IntegerType():
            return "int_header"
        case ir.FloatType():
            return "float_header"
        case ir.BooleanType():
            return "bool_header"
        case ir.TimestampType():
            return "timestamp_header"
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
