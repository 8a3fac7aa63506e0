"""What a generated package exports at its root."""

from __future__ import annotations

from collections.abc import Iterable

from lapsmith.python.reserved import OPTIONAL_EXPORTS, RUNTIME_EXPORTS, STREAM_EXPORTS
from lapsmith.python.view import ClassView, ErrorView, StreamView


def public_names(
    client: str,
    base_error: str,
    structures: Iterable[ClassView],
    outputs: Iterable[ClassView],
    errors: Iterable[ErrorView],
    streams: Iterable[StreamView],
    transports: Iterable[str],
) -> tuple[tuple[str, str], ...]:
    """Return (name, module) of everything that the package exports, sorted by name.

    A structure that has the name of a part of the runtime stays in ``types``: STS's ``Credentials``, for one.
    """
    streams = tuple(streams)
    transport_modules = {f"transport_{name}" for name in transports}
    homes = {client: "_sync", f"Async{client}": "_async", base_error: "errors"}
    exports = [RUNTIME_EXPORTS, STREAM_EXPORTS] if streams else [RUNTIME_EXPORTS]
    exports.append({module: names for module, names in OPTIONAL_EXPORTS.items() if module in transport_modules})
    homes |= {name: f"_runtime.{module}" for part in exports for module, names in part.items() for name in names}
    for view in (*outputs, *structures):
        homes.setdefault(view.name, "types")
    for error in errors:
        homes.setdefault(error.name, "errors")
    for stream in streams:
        for name in (stream.name, f"Async{stream.name}", stream.union.alias):
            homes.setdefault(name, "events")
    return tuple(sorted(homes.items()))
