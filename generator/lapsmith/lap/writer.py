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
from lapsmith.lap.directives import joins_directive, starts_directive
from lapsmith.lap.errorcases import read_errors
from lapsmith.lap.fields import read_block
from lapsmith.lap.fieldstart import known_types
from lapsmith.lap.parser import parse
from lapsmith.lap.source import Source
from lapsmith.lap.tree import Directive, Document, Endpoint, ErrorCase, Field, ListOf, MapOf, Returns, Scalar, Type

_LINE_END = re.compile(r"\r\n|[\r\n]")
_BREAKS = re.compile(r"[ \t]*[\r\n]+[ \t]*")
_TAME = str.maketrans({"{": "(", "}": ")", ",": ";"})


_PASSES = 5


def write(document: Document) -> str:
    """Write a document as LAP text.

    A document that was read without errors is read back as an equal one. Whatever is written, reading it and writing
    it again gives the same text.
    """
    for _ in range(_PASSES):
        text, found = _attempt(document)
        if found == document:
            break
        document = found
    return text


def _attempt(document: Document) -> tuple[str, Document]:
    """Write a document as well as it goes; return the text and what it says."""
    known: frozenset[str] | None = None
    while True:
        text = _Writer(known).document(document)
        found = parse(text, "").document
        # Lists over several lines may hide type names from the reader, which makes other lists ambiguous.
        rest = known_types(text)
        if found == document or (known is not None and rest >= known):
            return text, found
        known = rest if known is None else known & rest


class _Writer:
    """Writes one document. With ``known`` type names, each braced list is read back.

    One that says something else on one line is spread over several; if that does not help, its prose is tamed.
    """

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
        plain = _cases(cases)
        if self.known is None:
            return f"@errors {{{plain}}}"
        tamed = tuple(replace(case, text=case.text and _line(case.text.translate(_TAME))) for case in cases)
        spread = "".join(f"\n  {_case(case)}," for case in cases) + "\n"
        for form, meant in ((plain, cases), (spread, cases), (_cases(tamed), tamed)):
            if read_errors(Source(form, ""), 0, len(form)) == meant and not joins_directive(f"{{{form}}}"):
                return f"@errors {{{form}}}"
        return f"@errors {{{_cases(tamed)}}}"

    def _braced(self, fields: tuple[Field, ...], *, tail_text: bool = False) -> str:
        plain = _fields(fields, None)
        if self.known is None:
            return plain
        tamed = tuple(_tame(item) for item in fields)
        for form, meant in ((plain, fields), (_fields(fields, ""), fields), (_fields(tamed, None), tamed)):
            if self._reads_back(form, meant, tail_text):
                return form
        return plain

    def _reads_back(self, written: str, fields: tuple[Field, ...], tail_text: bool) -> bool:
        source, diagnostics = Source(written, ""), Diagnostics()
        known = self.known or frozenset()
        found, end = read_block(source, 0, len(written), known, diagnostics, tail_text=tail_text)
        whole = found == fields and end == len(written) and not diagnostics.has_errors
        return whole and not joins_directive(written) and not any(map(starts_directive, written.split("\n")))


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
        elif starts_directive(line):
            lines[-1] = f"{lines[-1]} {_line(line)}"
        else:
            lines.append(f"  {line}".rstrip(" \t"))
    return "\n".join(lines).rstrip("\n")


def _cases(cases: Iterable[ErrorCase]) -> str:
    return ", ".join(_case(case) for case in cases)


def _case(case: ErrorCase) -> str:
    head = _line(case.status) if case.name is None else f"{_line(case.status)}:{_line(case.name)}"
    return head if case.text is None else f"{head}: {_line(case.text)}"


def _fields(fields: tuple[Field, ...], margin: str | None) -> str:
    """Write a braced list on one line; with a ``margin``, one field per line and comments on lines of their own."""
    if margin is None:
        remarks = ("" if item.comment is None else f" # {_line(item.comment)}" for item in fields)
        written = (_field(item, None) + remark for item, remark in zip(fields, remarks, strict=True))
        return f"{{{', '.join(written)}}}"
    inner = f"{margin}  "
    lines = ["{"]
    open_ended = False
    for item in fields:
        if item.comment is not None:
            lines.append(f"{inner}# {_line(item.comment)}")
        elif open_ended:
            lines.append(f"{inner}#")
        lines.append(f"{inner}{_field(item, inner)},")
        # A comment line ends any text before it.
        open_ended = item.default is not None or (isinstance(item.type, Scalar) and not item.type.name.isidentifier())
    if open_ended:
        lines.append(f"{inner}#")
    return "\n".join([*lines, f"{margin}}}"])


def _field(item: Field, margin: str | None) -> str:
    written = f"{_line(item.name)}{'!' if item.marked_required else ''}: {_type(item.type, margin)}"
    return written if item.default is None else f"{written}={_line(item.default)}"


def _type(item: Type, margin: str | None) -> str:
    mark = "?" if item.nullable else ""
    if isinstance(item, ListOf):
        return f"[{_type(item.item, margin)}]{mark}"
    if isinstance(item, MapOf):
        return f"map<{_type(item.key, margin)},{_type(item.value, margin)}>{mark}"
    form = "" if item.format is None else f"({_line(item.format)})"
    enum = f"({_line('/'.join(item.enum))})" if item.enum else ""
    children = "" if item.children is None else _fields(item.children, margin)
    return f"{_line(item.name)}{form}{enum}{mark}{children}"


def _tame(item: Field) -> Field:
    comment = None if item.comment is None else _line(item.comment.translate(_TAME)) or None
    return replace(item, comment=comment, type=_tame_type(item.type))


def _tame_type(item: Type) -> Type:
    if isinstance(item, ListOf):
        return replace(item, item=_tame_type(item.item))
    if isinstance(item, MapOf):
        return replace(item, key=_tame_type(item.key), value=_tame_type(item.value))
    if item.children is None:
        return item
    return replace(item, children=tuple(_tame(child) for child in item.children))
