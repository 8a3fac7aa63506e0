"""What a generated package exports at its root."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lapsmith.python.reserved import (
    BLOB_EXPORTS,
    BYTE_EXPORTS,
    EVENT_EXPORTS,
    OPTIONAL_EXPORTS,
    PAGE_EXPORTS,
    RUNTIME_EXPORTS,
    UNION_EXPORTS,
    WAITER_EXPORTS,
)
from lapsmith.python.view import ErrorView, EventStreamView, StreamView


def public_names(
    client: str,
    base_error: str,
    types: Iterable[str],
    errors: Iterable[ErrorView],
    streams: Iterable[StreamView],
    transports: Iterable[str],
    *,
    sends_blobs: bool,
    has_pages: bool,
    has_waiters: bool,
    has_unions: bool,
) -> tuple[tuple[str, str], ...]:
    """Return (name, module) of everything that the package exports, sorted by name.

    ``types`` are the names in that module, those of outputs first; ``sends_blobs``: some operation takes a body that
    can be sent piecewise.
    A structure that has the name of a part of the runtime stays in ``types``: STS's ``Credentials``, for one.
    """
    streams = tuple(streams)
    transport_modules = {f"wire.{name}_adapter" for name in transports}
    homes = {client: "_sync", f"Async{client}": "_async", base_error: "errors"}
    with_events = [stream for stream in streams if isinstance(stream, EventStreamView)]
    exports: list[Mapping[str, tuple[str, ...]]] = [RUNTIME_EXPORTS]
    exports += [EVENT_EXPORTS] if with_events else []
    exports += [BYTE_EXPORTS] if len(with_events) < len(streams) else []
    exports += [BLOB_EXPORTS] if sends_blobs else []
    exports += [PAGE_EXPORTS] if has_pages else []
    exports += [WAITER_EXPORTS] if has_waiters else []
    exports += [UNION_EXPORTS] if has_unions else []
    exports.append({module: names for module, names in OPTIONAL_EXPORTS.items() if module in transport_modules})
    homes |= {name: f"_runtime.{module}" for part in exports for module, names in part.items() for name in names}
    for name in types:
        homes.setdefault(name, "types")
    for error in errors:
        homes.setdefault(error.name, "errors")
    for stream in streams:
        for name in (stream.name, f"Async{stream.name}"):
            homes.setdefault(name, stream.module)
    for stream in with_events:
        homes.setdefault(stream.union.alias, stream.module)
    return tuple(sorted(homes.items()))
