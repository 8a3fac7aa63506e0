"""How an API goes over the wire: ``bindings.yaml``, with ``overrides.yaml`` laid over it.

Knows nothing of LAP, botocore or Python source. See :mod:`lapsmith.bindings.schema` for the keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from lapsmith.bindings.merge import Removal, merge, split_operations
from lapsmith.bindings.model import Bindings, RemovedOperation
from lapsmith.bindings.operations import read_operation
from lapsmith.bindings.schema import read
from lapsmith.bindings.yaml_nodes import MAX_BYTES, MappingNode, decode, read_nodes
from lapsmith.diagnostics import Diagnostic, Diagnostics, Span

__all__ = ["Bindings", "Loaded", "load", "loads"]


@dataclass(frozen=True, slots=True)
class Loaded:
    """Bindings (None after errors), what there is to say about them, and the texts that spans point into.

    ``source`` is the text of ``bindings.yaml``; ``sources`` has it and that of ``overrides.yaml`` by display
    name.
    """

    bindings: Bindings | None
    diagnostics: tuple[Diagnostic, ...]
    source: str
    sources: Mapping[str, str] = field(default_factory=dict)


def load(path: Path, display: str, *, overrides: tuple[Path, str] | None = None) -> Loaded:
    """Read ``path``, and lay ``overrides`` (a path and its display name) over it. Never raises for what files
    hold.

    ``display`` is how messages and spans name the file. A file that cannot be read is a diagnostic too.
    """
    diagnostics = Diagnostics()
    data = _bytes(path, display, diagnostics)
    over = None
    if overrides is not None:
        read_over = _bytes(*overrides, diagnostics)
        over = None if read_over is None else (read_over, overrides[1])
    if diagnostics.has_errors or data is None:
        return Loaded(None, diagnostics.sorted(), "", {display: ""})
    return loads(data, display, overrides=over)


def loads(data: bytes, display: str, *, overrides: tuple[bytes, str] | None = None) -> Loaded:
    """:func:`load` for contents that are already in memory."""
    diagnostics = Diagnostics()
    sources: dict[str, str] = {display: ""}
    root = _nodes(data, display, sources, diagnostics)
    removals: Mapping[str, Removal] = {}
    if overrides is not None:
        over = _nodes(*overrides, sources, diagnostics)
        if root is not None and over is not None:
            over, removals = split_operations(root, over, diagnostics)
        root = merge(root, over, diagnostics) if root is not None and over is not None else None
    bindings = None if root is None else read(root, overrides[1] if overrides else None, diagnostics)
    if bindings is not None and removals:
        left = {name: operation for name, operation in bindings.operations.items() if name not in removals}
        bindings = replace(
            bindings, operations=left, removed={name: _removed(item, diagnostics) for name, item in removals.items()}
        )
    kept = None if diagnostics.has_errors else bindings
    return Loaded(kept, diagnostics.sorted(), sources[display], sources)


def _removed(item: Removal, diagnostics: Diagnostics) -> RemovedOperation:
    return RemovedOperation(item.key.span, read_operation(*item.entry, diagnostics) if item.entry else None)


def _bytes(path: Path, display: str, diagnostics: Diagnostics) -> bytes | None:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or str(error)
        diagnostics.error(Span(display, 1, 1, 1, 1), "unreadable", f"cannot read the file: {reason}")
        return None


def _nodes(data: bytes, display: str, sources: dict[str, str], diagnostics: Diagnostics) -> MappingNode | None:
    text = decode(data, display, diagnostics)
    if text is None:
        return None
    sources[display] = text
    return read_nodes(text, display, diagnostics)
