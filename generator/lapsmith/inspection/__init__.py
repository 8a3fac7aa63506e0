"""What ``lapsmith inspect`` prints: the syntax tree, the IR with its provenance, the files, or the actions.

Each function takes ``fmt``, ``"table"`` for people or ``"json"`` for programs. Same input, same text. Tables fit into
``width`` columns by wrapping cells; nothing is cut off, and control characters of the spec are shown, not sent.
"""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from lapsmith.diagnostics import Diagnostic
from lapsmith.generation.actions import MNEMONIC, Action
from lapsmith.inspection.encode import encode
from lapsmith.inspection.service import service_lines
from lapsmith.inspection.syntax import document_lines
from lapsmith.inspection.table import Column, table, visible
from lapsmith.ir.model import Service
from lapsmith.lap.tree import Document

__all__ = ["WIDTH", "actions", "files", "ir", "tree"]

WIDTH = 120


def tree(document: Document, fmt: str = "table", *, diagnostics: Iterable[Diagnostic] = (), width: int = WIDTH) -> str:
    """The syntax tree of a LAP document. JSON: ``{"document": ..., "diagnostics": [...]}``, spans included."""
    if fmt == "json":
        return _json({"document": encode(document), "diagnostics": encode(tuple(diagnostics))})
    return "\n".join([*document_lines(document, width), *_diagnostic_lines(diagnostics)]) + "\n"


def ir(service: Service, fmt: str = "table", *, diagnostics: Iterable[Diagnostic] = (), width: int = WIDTH) -> str:
    """The IR of a service. JSON: ``{"service": ..., "diagnostics": [...]}``, with the origin of every fact."""
    if fmt == "json":
        return _json({"service": encode(service), "diagnostics": encode(tuple(diagnostics))})
    return "\n".join([*service_lines(service, width), *_diagnostic_lines(diagnostics)]) + "\n"


def files(contents: Mapping[str, str | bytes], *, width: int = WIDTH) -> str:
    """The files that generation would write, with size and digest."""
    facts = {path: _file_facts(contents[path]) for path in sorted(contents)}
    rows = [(path, str(fact["lines"]), str(fact["bytes"]), fact["sha256"][:12]) for path, fact in facts.items()]
    total = ("total", str(sum(f["lines"] for f in facts.values())), str(sum(f["bytes"] for f in facts.values())), "")
    columns = (Column("file"), Column("lines", right=True), Column("bytes", right=True), Column("sha256"))
    return "\n".join(table(columns, [*rows, total], width=width)) + "\n"


def actions(found: Iterable[Action], fmt: str = "table", *, width: int = WIDTH) -> str:
    """Commands with what they read and write.

    JSON: ``{"actions": [{"mnemonic", "clients", "arguments", "inputs": {path: git blob id}, "outputs": {path: SHA-256},
    "requirements"}]}``.
    """
    if fmt == "json":
        return _json({"actions": [{"mnemonic": MNEMONIC, **asdict(action)} for action in found]})
    columns = (Column("file"), Column("use"), Column("digest"))
    blocks = []
    for action in found:
        rows = [(path, "read", digest[:12]) for path, digest in action.inputs.items()]
        rows += [(path, "written", digest[:12]) for path, digest in action.outputs.items()]
        blocks.append("\n".join(["$ " + shlex.join(action.arguments), *table(columns, rows, width=width)]))
    return "\n\n".join(blocks) + "\n"


def _file_facts(content: str | bytes) -> dict[str, Any]:
    data = content.encode() if isinstance(content, str) else content
    return {"bytes": len(data), "lines": data.count(b"\n"), "sha256": hashlib.sha256(data).hexdigest()}


def _diagnostic_lines(diagnostics: Iterable[Diagnostic]) -> list[str]:
    ordered = sorted(diagnostics, key=lambda item: item.sort_key)
    if not ordered:
        return []
    shown = [visible(f"  {item.span}: {item.severity}[{item.code}]: {item.message}") for item in ordered]
    return ["", f"diagnostics ({len(ordered)})", *shown]


def _json(value: Any) -> str:
    return json.dumps(value, indent=2) + "\n"
