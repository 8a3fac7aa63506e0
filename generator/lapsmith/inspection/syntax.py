"""The syntax tree as tables: what a LAP text says, before anything is made of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lapsmith.inspection.table import Column, heading, paragraph, table, visible
from lapsmith.lap.tree import Document, Endpoint, Field, ListOf, MapOf, Type

_COLUMNS = tuple(map(Column, ("part", "field", "type", "default", "line", "comment")))


def document_lines(document: Document, width: int) -> list[str]:
    """A document: its header, its types, its endpoints."""
    lines = _head(document, width)
    for definition in document.types:
        lines += ["", visible(f"@type {definition.name}  (line {definition.span.line})")]
        lines += table(_COLUMNS, list(_rows("", definition.fields)), width=width, indent="  ")
    for endpoint in document.endpoints:
        lines += ["", *_endpoint(endpoint, width)]
    return lines


def _head(document: Document, width: int) -> list[str]:
    facts = [
        ("@lap", document.lap),
        ("@api", document.api),
        ("@version", document.version),
        ("@base", document.base),
        ("@auth", document.auth),
        ("@hint", document.hint),
        ("@endpoints", f"{_declared(document)} declared, {len(document.endpoints)} found"),
        ("@toc", ", ".join(f"{entry.name}({entry.count})" for entry in document.toc) or None),
        ("@end", "yes" if document.ended else "missing"),
    ]
    lines: list[str] = []
    for name, value in facts:
        if value is not None:
            lines += paragraph(name.ljust(12), value, width=width, indent="")
    for directive in document.unknown:
        lines += paragraph(
            f"@{directive.name} ", f"{directive.text} (line {directive.span.line})", width=width, indent=""
        )
    if document.common_fields:
        lines += table(_COLUMNS, list(_rows("common", document.common_fields)), width=width, indent="  ")
    return lines


def _declared(document: Document) -> str:
    return "none" if document.declared_endpoints is None else str(document.declared_endpoints)


def _endpoint(endpoint: Endpoint, width: int) -> list[str]:
    group = f"  group {endpoint.group}" if endpoint.group else ""
    lines = heading(f"{endpoint.method} {endpoint.path.raw}", f"(line {endpoint.span.line}){group}", width)
    for name, text in (("@desc", endpoint.desc), ("@auth", endpoint.auth), ("@body", endpoint.body)):
        if text is not None:
            lines += paragraph(name.ljust(8), " ".join(text.split()), width=width, indent="  ")
    rows = [*_rows("required", endpoint.required), *_rows("optional", endpoint.optional)]
    for returns in endpoint.returns:
        rows += _rows(f"returns {returns.status}", returns.fields or ())
        if returns.text is not None:
            rows.append((f"returns {returns.status}", "", "", "", str(returns.span.line), returns.text))
    for case in endpoint.errors:
        rows.append((f"error {case.status}", case.name or "", "", "", str(case.span.line), case.text or ""))
    for directive in endpoint.unknown:
        rows.append((f"@{directive.name}", "", "", "", str(directive.span.line), directive.text))
    return lines + (table(_COLUMNS, rows, width=width, indent="  ") if rows else ["  no fields"])


def _rows(part: str, fields: Sequence[Field], depth: int = 0) -> Iterator[tuple[str, str, str, str, str, str]]:
    """One row a field, inline fields indented below it."""
    for field in fields:
        name = "  " * depth + field.name + ("!" if field.marked_required else "")
        default = "" if field.default is None else field.default
        yield part, name, spelling(field.type), default, str(field.span.line), field.comment or ""
        yield from _rows(part, inline_fields(field.type), depth + 1)


def inline_fields(node: Type) -> tuple[Field, ...]:
    """The fields that a type has in braces, be it the item of a list or the value of a map."""
    while isinstance(node, ListOf | MapOf):
        node = node.item if isinstance(node, ListOf) else node.value
    return node.children or ()


def spelling(node: Type) -> str:
    """A type as LAP writes it, without its inline fields."""
    mark = "?" if node.nullable else ""
    if isinstance(node, ListOf):
        return f"[{spelling(node.item)}]{mark}"
    if isinstance(node, MapOf):
        return f"map<{spelling(node.key)}, {spelling(node.value)}>{mark}"
    form = "/".join(node.enum) if node.enum else node.format
    return f"{node.name}{f'({form})' if form else ''}{mark}"
