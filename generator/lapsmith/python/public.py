"""What a generated package exports at its root, and which names generated modules use themselves."""

from __future__ import annotations

from collections.abc import Iterable

from lapsmith.python.view import ClassView, StreamView

RUNTIME_EXPORTS = {
    "errors": (
        "AWSError",
        "ChecksumMismatch",
        "ConnectError",
        "ConnectTimeout",
        "CredentialsError",
        "InvalidInput",
        "InvalidResponse",
        "ProtocolError",
        "ReadTimeout",
        "ServiceError",
        "StreamError",
        "TransportError",
        "TruncatedStream",
        "WriteTimeout",
    ),
    "http": ("HTTPRequest", "Headers", "Timeout"),
    "shapes": ("ResponseMetadata",),
    "sigv4": ("Credentials",),
    "transport": ("AsyncHTTPTransport", "AsyncTransport", "HTTPTransport", "Transport"),
    "transport_httpx2": ("AsyncHTTPX2Transport", "HTTPX2Transport"),
    "transport_pyreqwest": ("AsyncPyreqwestTransport", "PyreqwestTransport"),
}
"""Runtime module -> names that every client exports."""

STREAM_EXPORTS = {
    "payload": ("ServerSentEvent",),
    "shapes": ("UnknownEvent",),
    "stream": ("AsyncEventStream", "EventStream"),
}
"""The same, for clients with event streams."""

RUNTIME_NAMES = frozenset(
    name for exports in (RUNTIME_EXPORTS, STREAM_EXPORTS) for members in exports.values() for name in members
)

GENERATED_NAMES = frozenset(
    {
        "Any",
        "AsyncClient",
        "AsyncPayloadStream",
        "AsyncStreamCall",
        "Callable",
        "ClassVar",
        "EventShape",
        "Hosts",
        "Message",
        "Operation",
        "Output",
        "PayloadStream",
        "Request",
        "Response",
        "ServiceInfo",
        "Structure",
        "SyncClient",
        "TypeAlias",
        "UnsetType",
        "UNSET",
    }
)
"""Names that generated modules import: a shape of that name is spelled with an underscore."""


def public_names(
    client: str,
    base_error: str,
    structures: Iterable[ClassView],
    outputs: Iterable[ClassView],
    errors: Iterable[ClassView],
    streams: Iterable[StreamView],
) -> tuple[tuple[str, str], ...]:
    """Return (name, module) of everything that the package exports, sorted by name.

    A structure that has the name of a part of the runtime stays in ``types``: STS's ``Credentials``, for one.
    """
    streams = tuple(streams)
    homes = {client: "_sync", f"Async{client}": "_async", base_error: "errors"}
    exports = [RUNTIME_EXPORTS, STREAM_EXPORTS] if streams else [RUNTIME_EXPORTS]
    homes |= {name: f"_runtime.{module}" for part in exports for module, names in part.items() for name in names}
    for view in (*outputs, *structures):
        homes.setdefault(view.name, "types")
    for view in errors:
        homes.setdefault(view.name, "errors")
    for stream in streams:
        for name in (stream.name, f"Async{stream.name}", stream.union.alias):
            homes.setdefault(name, "events")
    return tuple(sorted(homes.items()))
