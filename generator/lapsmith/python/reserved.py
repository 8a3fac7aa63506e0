"""Names that are taken before a spec's own names are given out: each set belongs to one kind of scope."""

from __future__ import annotations

import builtins
from collections.abc import Mapping

RUNTIME_EXPORTS = {
    "errors": (
        "AWSError",
        "CallTimeout",
        "ChecksumMismatch",
        "ConnectError",
        "ConnectTimeout",
        "CredentialsError",
        "InvalidInput",
        "InvalidResponse",
        "ItemTooLarge",
        "ProtocolError",
        "ReadTimeout",
        "ServiceError",
        "StreamError",
        "TransportError",
        "TruncatedStream",
        "WriteTimeout",
    ),
    "settings.hooks": ("CallEvent", "Hooks", "StreamStats"),
    "message.http": ("HTTPRequest", "Headers", "Timeout"),
    "shapes.structures": ("ResponseMetadata",),
    "signing.anonymous": ("ANONYMOUS",),
    "signing.sigv4": ("Credentials",),
    "wire.interfaces": ("AsyncTransport", "Transport"),
    "wire.transport": ("AsyncHTTPTransport", "HTTPTransport"),
}
"""Runtime module -> names that every client exports."""

OPTIONAL_EXPORTS = {
    "wire.httpx2_adapter": ("AsyncHTTPX2Transport", "HTTPX2Transport"),
}
"""The same, for the transports that a client can be configured to have."""

OPTIONAL_MODULES = frozenset(f"_runtime.{module}" for module in OPTIONAL_EXPORTS)
"""Modules that need a package which a client does not require: what they export is there, but not for ``import *``."""

EVENT_EXPORTS = {
    "stream.payload": ("ServerSentEvent",),
    "shapes.structures": ("UnknownEvent",),
    "stream.events": ("AsyncEventStream", "EventStream"),
}
"""The same, for clients with event streams."""

BYTE_EXPORTS = {
    "stream.payload": ("ServerSentEvent",),
    "stream.bytes": ("AsyncByteStream", "ByteStream"),
}
"""The same, for clients whose answers have bodies that are read piecewise."""

BLOB_EXPORTS = {"codec.blob": ("AsyncBlobInput", "BlobInput")}
"""The same, for clients that send bodies piecewise."""

UNION_EXPORTS = {"shapes.structures": ("UnknownMember",)}
"""The same, for clients with unions."""

PAGE_EXPORTS = {"call.pages": ("AsyncPages", "Pages")}
"""The same, for clients with paginated operations."""

WAITER_EXPORTS = {"errors": ("WaiterError", "WaiterFailed", "WaiterTimeout")}
"""The same, for clients with waiters."""

MODULE_NAMES = frozenset(
    {
        "AllAre",
        "Any",
        "AnyIs",
        "AsyncBlobInput",
        "AsyncByteStream",
        "AsyncClient",
        "AsyncEventStream",
        "AsyncPages",
        "AsyncPayloadStream",
        "AsyncStreamCall",
        "AsyncStubBase",
        "AsyncStubTransport",
        "AttributeValueUnion",
        "ERRORS",
        "Annotated",
        "BlobInput",
        "ByteStream",
        "BytesLike",
        "CBORRPC",
        "ClassVar",
        "DATE_TIME",
        "EC2RPC",
        "EPOCH",
        "ErrorIs",
        "EventEnd",
        "EventForm",
        "EventHeaders",
        "EventScript",
        "EventShape",
        "EventStream",
        "HTTP_DATE",
        "Hosts",
        "INPUTS",
        "JSONRPC",
        "Literal",
        "Mapping",
        "Members",
        "Never",
        "OperationInfo",
        "OutputForm",
        "Output",
        "Pages",
        "Paginator",
        "PathIs",
        "PayloadStream",
        "QueryRPC",
        "RPC",
        "RULES",
        "Request",
        "Response",
        "SERVICE",
        "STRUCTURES",
        "Sequence",
        "ServiceError",
        "ServiceInfo",
        "StatusIs",
        "Structure",
        "StubBase",
        "StubTransport",
        "SyncClient",
        "TypeAlias",
        "UNIX_EPOCH",
        "UNSET",
        "Union",
        "UnknownEvent",
        "Waiter",
        "XMLBodies",
        "XMLMembers",
        "Xml",
    }
)
"""Capitalised names that generated modules import or define themselves. A shape may have the name of anything else in
the runtime: it then stays in ``types``, as STS's ``Credentials`` does."""

CLASS_NAMES = frozenset(name for name in dir(builtins) if name[:1].isupper()) | MODULE_NAMES
"""What no generated class may be called."""

_EXPORTS: tuple[Mapping[str, tuple[str, ...]], ...] = (
    RUNTIME_EXPORTS,
    OPTIONAL_EXPORTS,
    EVENT_EXPORTS,
    BYTE_EXPORTS,
    BLOB_EXPORTS,
    UNION_EXPORTS,
    PAGE_EXPORTS,
    WAITER_EXPORTS,
)

EXPORTED_NAMES = frozenset(name for exports in _EXPORTS for members in exports.values() for name in members)
"""What the package's root holds already: the client, its outputs, errors and streams must be called otherwise."""

ANNOTATION_NAMES = frozenset(
    {
        "Any",
        "bool",
        "bytearray",
        "bytes",
        "datetime",
        "dict",
        "float",
        "int",
        "list",
        "memoryview",
        "object",
        "str",
    }
)
"""Names that annotations in generated code use: a member so called would change what a later annotation means."""

HEADER_READERS = frozenset(
    {
        "bool_header",
        "bool_list_header",
        "float_header",
        "float_list_header",
        "int_header",
        "int_list_header",
        "list_header",
        "read_json_header",
        "text_header",
        "timestamp_header",
        "timestamp_list_header",
    }
)
"""Functions that read members from response headers."""

HELPER_NAMES = HEADER_READERS | frozenset(
    {
        "blob_payload",
        "blob_source",
        "decode_body",
        "decode_json",
        "encode_body",
        "encode_query",
        "expanded",
        "header_list",
        "host_label",
        "token_or_new",
        "items_of",
        "json_content_type",
        "json_header",
        "encode_payload",
        "is_error",
        "json_payload",
        "keys_of",
        "last_segment",
        "member_of",
        "parse_error",
        "prefixed_headers",
        "quote_label",
        "required",
        "text_body",
        "text_payload",
    }
)
"""Functions that builders and parsers of operations call."""

PARAMETER_NAMES = ANNOTATION_NAMES | HELPER_NAMES | {"json", "msgspec", "request", "self"}
"""Names that a method or builder has itself."""

STRUCTURE_NAMES = ANNOTATION_NAMES | {"msgspec"}
"""Names that the body of a structure's class uses."""

UNION_NAMES = STRUCTURE_NAMES | {
    "from_plain",
    "item_from_plain",
    "item_to_plain",
    "to_plain",
    "unknown_member",
    "with_unknown_member",
}
"""Attributes of every union, and methods of those that are attribute values."""

OUTPUT_NAMES = STRUCTURE_NAMES | {"json", "metadata", "with_metadata"}
"""Attributes of every output."""

STREAM_NAMES = OUTPUT_NAMES | {
    "aclose",
    "close",
    "iter_bytes",
    "iter_json",
    "iter_lines",
    "iter_sse",
    "iter_text",
    "opened",
    "output",
    "property",
    "read",
    "save",
    "staticmethod",
}
"""Attributes of every stream, besides those of an output."""

ERROR_NAMES = (
    ANNOTATION_NAMES
    | HEADER_READERS
    | {
        "add_note",
        "args",
        "attempts",
        "body",
        "code",
        "event",
        "header_members",
        "status_member",
        "headers",
        "http_status",
        "message",
        "operation",
        "request_id",
        "retry",
        "retryable",
        "status",
        "wire_code",
        "wire_members",
        "with_traceback",
    }
)
"""Attributes of every service error."""

METHOD_NAMES = ANNOTATION_NAMES | {"aclose", "close", "overload", "with_options"}
"""Methods of every client, and what the signatures beside a method use."""
