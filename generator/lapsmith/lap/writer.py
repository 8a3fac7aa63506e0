"""Syntax tree to LAP text, in the layout of the public registry.

LAP has no quoting, so there are values that it cannot say. They are written as close as it goes: line ends inside
one-line values become spaces, and prose that would read as something else loses the braces and commas that make it so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby

from lapsmith.diagnostics import Diagnostics
from lapsmith.lap.errorcases import read_errors
from lapsmith.lap.fields import read_block
from lapsmith.lap.fieldstart import known_types
from lapsmith.lap.parser import parse
from lapsmith.lap.source import Source
from lapsmith.lap.tree import Directive, Document, Endpoint, ErrorCase, Field, ListOf, MapOf, Returns, Type

_LINE_END = re.compile(r"\r\n|[\r\n]")
_BREAKS = re.compile(r"[ \t]*[\r\n]+[ \t]*")
_DIRECTIVE_LINE = re.compile(r"[ \t]*@[A-Za-z_]")
_TAME = str.maketrans({"{": "(", "}": ")", ",": ";"})


def write(document: Document) -> str:
    """Write a document as LAP text.

    ``parse`` reads a document that it has read itself back as an equal one, and that is written as the same text again.
    """
    text = _Writer(None).document(document)
    if parse(text, "").document == document:
        return text
    return _Writer(known_types(text)).document(document)


class _Writer:
    """Writes one document. With ``known`` type names, each braced list is read back, and its prose tamed if need be."""

    def __init__(self, known: frozenset[str] | None) -> None:
        self.known = known

    def document(self, document: Document) -> str:
        header = self._header(document)
        blocks = ["\n".join(header)] if header else []
        if document.types:
            blocks.append("\n".join(f"@type {_line(item.name)} {self._braced(item.fields)}" for item in document.types))
        for group, endpoints in groupby(document.endpoints, key=lambda endpoint: endpoint.group):
            written = [self._endpoint(endpoint) for endpoint in endpoints]
            if group is not None:
                written[0] = f"@group {_line(group)}\n{written[0]}"
                written.append("@endgroup")
            blocks += written
        if document.ended:
            blocks.append("@end")
        return "\n\n".join(blocks) + "\n" if blocks else ""

    def _header(self, document: Document) -> list[str]:
        lines = []
        for name in ("api", "base", "version", "auth"):
            value = getattr(document, name)
            if value is not None:
                lines.append(f"@{name} {_text(value)}")
        if document.common_fields:
            lines.append(f"@common_fields {self._braced(document.common_fields)}")
        if document.declared_endpoints is not None:
            lines.append(f"@endpoints {document.declared_endpoints}")
        if document.hint is not None:
            lines.append(f"@hint {_text(document.hint)}")
        if document.toc:
            lines.append("@toc " + ", ".join(f"{_line(entry.name)}({entry.count})" for entry in document.toc))
        lines += (_directive(item) for item in document.unknown)
        comments = _comments(document.comments)
        if document.lap is None:
            return comments + lines
        first = [f"@lap {_text(document.lap)}"]
        return first + comments + lines if lines else comments + first

    def _endpoint(self, endpoint: Endpoint) -> str:
        lines = [*_comments(endpoint.comments), f"@endpoint {endpoint.method} {_line(endpoint.path.raw)}"]
        for name, value in (("desc", endpoint.desc), ("auth", endpoint.auth), ("body →", endpoint.body)):
            if value is not None:
                lines.append(f"@{name} {_text(value)}")
        for name, fields in (("required", endpoint.required), ("optional", endpoint.optional)):
            if fields:
                lines.append(f"@{name} {self._braced(fields)}")
        lines += (self._returns(item) for item in endpoint.returns)
        if endpoint.errors:
            lines.append(self._errors(endpoint.errors))
        if endpoint.example_request is not None:
            lines.append(f"@example_request {_text(endpoint.example_request)}")
        lines += (_directive(item) for item in endpoint.unknown)
        return "\n".join(lines)

    def _returns(self, item: Returns) -> str:
        head = f"@returns({_line(item.status)})"
        if item.fields is None:
            return head if item.text is None else f"{head} {_text(item.text)}"
        head = f"{head} {self._braced(item.fields, tail_text=True)}"
        return head if item.text is None else f"{head} # {_text(item.text)}"

    def _errors(self, cases: tuple[ErrorCase, ...]) -> str:
        written = _cases(cases)
        if self.known is not None and read_errors(Source(written, ""), 0, len(written)) != cases:
            written = _cases(replace(case, text=case.text and case.text.translate(_TAME)) for case in cases)
        return f"@errors {{{written}}}"

    def _braced(self, fields: tuple[Field, ...], *, tail_text: bool = False) -> str:
        written = f"{{{_fields(fields)}}}"
        if self.known is None:
            return written
        source, diagnostics = Source(written, ""), Diagnostics()
        found, end = read_block(source, 0, len(written), self.known, diagnostics, tail_text=tail_text)
        if found == fields and end == len(written) and not diagnostics.has_errors:
            return written
        return f"{{{_fields(tuple(_tame(item) for item in fields))}}}"


def _comments(comments: Iterable[str]) -> list[str]:
    return [f"# {line}".rstrip(" \t") for comment in comments for line in _LINE_END.split(comment)]


def _directive(item: Directive) -> str:
    return f"@{item.name} {_text(item.text)}".rstrip(" ")


def _line(text: str) -> str:
    """Bring a value to one line."""
    return _BREAKS.sub(" ", text).strip(" \t")


def _text(text: str) -> str:
    """Write a value that may have several lines: later ones are indented, so that none reads as a comment.

    A line that would read as a directive is put at the end of the line before it.
    """
    lines: list[str] = []
    for line in _LINE_END.split(text):
        if not lines:
            lines.append(line)
        elif _DIRECTIVE_LINE.match(line):
            lines[-1] = f"{lines[-1]} {_line(line)}"
        else:
            lines.append(f"  {line}".rstrip(" \t"))
    return "\n".join(lines).rstrip("\n")


def _cases(cases: Iterable[ErrorCase]) -> str:
    return ", ".join(_case(case) for case in cases)


def _case(case: ErrorCase) -> str:
    head = _line(case.status) if case.name is None else f"{_line(case.status)}:{_line(case.name)}"
    return head if case.text is None else f"{head}: {_line(case.text)}"


def _fields(fields: tuple[Field, ...]) -> str:
    return ", ".join(_field(item) for item in fields)


def _field(item: Field) -> str:
    written = f"{_line(item.name)}{'!' if item.marked_required else ''}: {_type(item.type)}"
    if item.default is not None:
        written += f"={_line(item.default)}"
    return written if item.comment is None else f"{written} # {_line(item.comment)}"


def _type(item: Type) -> str:
    mark = "?" if item.nullable else ""
    if isinstance(item, ListOf):
        return f"[{_type(item.item)}]{mark}"
    if isinstance(item, MapOf):
        return f"map<{_type(item.key)},{_type(item.value)}>{mark}"
    form = "" if item.format is None else f"({_line(item.format)})"
    enum = f"({_line('/'.join(item.enum))})" if item.enum else ""
    children = "" if item.children is None else f"{{{_fields(item.children)}}}"
    return f"{_line(item.name)}{form}{enum}{mark}{children}"


def _tame(item: Field) -> Field:
    comment = None if item.comment is None else item.comment.translate(_TAME)
    return replace(item, comment=comment, type=_tame_type(item.type))


def _tame_type(item: Type) -> Type:
    if isinstance(item, ListOf):
        return replace(item, item=_tame_type(item.item))
    if isinstance(item, MapOf):
        return replace(item, key=_tame_type(item.key), value=_tame_type(item.value))
    if item.children is None:
        return item
    return replace(item, children=tuple(_tame(child) for child in item.children))
