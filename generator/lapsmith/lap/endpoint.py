"""The directives of one ``@endpoint`` block."""

from __future__ import annotations

import re

from lapsmith.diagnostics import Diagnostics
from lapsmith.lap.brackets import pair_braces
from lapsmith.lap.directives import KNOWN, RawDirective
from lapsmith.lap.errorcases import read_errors
from lapsmith.lap.fields import has_types, read_block
from lapsmith.lap.source import Source
from lapsmith.lap.tree import Directive, Endpoint, ErrorCase, Field, Path, Returns
from lapsmith.lap.values import (
    after_block,
    block_end,
    read_braced,
    report_missing_braces,
    report_unknown,
    text_value,
    trim_comments,
)

_STATUS = re.compile(r"[ \t]*\(([^()\n]*)\)")
_ARROW = re.compile(r"(?:→|->)?[ \t]*")
_SPACE = re.compile(r"[ \t\n]*")


class EndpointBuilder:
    """Takes the directives of one endpoint in order."""

    def __init__(
        self,
        source: Source,
        known: frozenset[str],
        diagnostics: Diagnostics,
        method: str,
        path: Path,
        group: str | None,
        raw: RawDirective,
    ) -> None:
        self.source, self.text, self.known, self.diagnostics = source, source.text, known, diagnostics
        self.method, self.path, self.group = method, path, group
        self.start, self.stop = raw.start, trim_comments(source.text, raw.start, raw.stop)[0]
        self.values: dict[str, str] = {}
        self.fields: dict[str, list[Field]] = {"required": [], "optional": []}
        self.returns: list[Returns] = []
        self.errors: list[ErrorCase] = []
        self.unknown: list[Directive] = []
        self.comments: list[str] = []
        self.seen: set[str] = set()

    def take(self, raw: RawDirective) -> list[str]:
        """Read one directive; return the comment lines that follow it."""
        self.stop = block_end(self.text, raw.start, raw.stop)[0]
        if raw.name in self.seen and raw.name != "returns":
            place = self.source.span(raw.start, raw.argument)
            message = f"a second '@{raw.name}' in one endpoint; what both say is put together"
            self.diagnostics.warning(place, "duplicate-directive", message)
        if raw.name in KNOWN:
            self.seen.add(raw.name)
        if raw.name in self.fields:
            found, _, comments = read_braced(self.source, raw, raw.argument, self.known, self.diagnostics)
            self.fields[raw.name] += found
            return comments
        if raw.name == "returns":
            return self._returns(raw)
        if raw.name == "errors":
            return self._errors(raw)
        return self._text(raw)

    def _text(self, raw: RawDirective) -> list[str]:
        value, comments = text_value(self.text, raw.argument, raw.stop, raw.indent)
        place = self.source.span(raw.start, max(self.stop, raw.argument))
        if raw.name not in KNOWN:
            report_unknown(self.diagnostics, self.source.span(raw.start, raw.argument), raw.name)
            self.unknown.append(Directive(raw.name, value, place))
            return comments
        if raw.name == "body":
            value = _ARROW.sub("", value, count=1)
        if value:
            earlier = self.values.get(raw.name)
            self.values[raw.name] = value if earlier is None else f"{earlier}\n{value}"
        else:
            self.diagnostics.warning(place, "empty-directive", f"'@{raw.name}' has no value")
        return comments

    def _returns(self, raw: RawDirective) -> list[str]:
        status, offset = "200", raw.argument
        match = _STATUS.match(self.text, offset, raw.stop)
        if match is None:
            place = self.source.span(raw.start, raw.argument)
            message = "'@returns' has no status; it is read as 200"
            self.diagnostics.warning(place, "missing-status", message, "write it as '@returns(200) …'")
        else:
            status, offset = match[1].strip(" \t"), match.end()
        offset = self._skip(offset, self.stop)
        fields = None
        if self.text.startswith("{", offset, self.stop):
            fields, offset = self._returned_fields(offset)
        text, comments = text_value(self.text, offset, raw.stop, raw.indent)
        place = self.source.span(raw.start, max(self.stop, raw.argument))
        self.returns.append(Returns(status, fields, text or None, place))
        return comments

    def _returned_fields(self, offset: int) -> tuple[tuple[Field, ...] | None, int]:
        """Read the fields at ``offset``, or nothing if the text there only looks like some (``{id} was deleted``)."""
        found = Diagnostics()
        fields, end = read_block(self.source, offset, self.stop, self.known, found, tail_text=True)
        after = self._skip(end, self.stop)
        plain_end = after == self.stop or self.text[after] == "#"
        broken = any(item.code == "unclosed-brace" for item in found.items)
        empty = not fields and plain_end and not broken
        if not empty and not any(item.code == "too-deep" for item in found.items) and not has_types(fields):
            return None, offset
        self.diagnostics.items += found.items
        return fields, self._after_fields(end)

    def _after_fields(self, offset: int) -> int:
        """Return where the text after the fields of ``@returns`` starts."""
        start = self._skip(offset, self.stop)
        if self.text.startswith("#", start, self.stop):
            return start + 1
        if start < self.stop:
            place = self.source.span(start, self.stop)
            self.diagnostics.note(place, "tail-text", "text after fields starts with '#'; it is taken as such")
            return start
        return offset

    def _errors(self, raw: RawDirective) -> list[str]:
        stop, comments = block_end(self.text, raw.argument, raw.stop)
        offset = self._skip(raw.argument, stop)
        if not self.text.startswith("{", offset, stop):
            report_missing_braces(self.source, raw, stop, self.diagnostics)
            return comments
        close: int | None = stop - 1
        if self.text[stop - 1] != "}":
            close = pair_braces(self.text, offset, stop, stop).close.get(offset)
        if close is None:
            place = self.source.span(offset, offset + 1)
            hint = "close it with '}', or fetch the file again if it was cut off"
            self.diagnostics.error(place, "unclosed-brace", "this '{' is never closed", hint)
            close = stop
        else:
            comments[:0] = after_block(self.source, close + 1, stop, self.diagnostics)
        self.errors += read_errors(self.source, offset + 1, close)
        return comments

    def _skip(self, offset: int, stop: int) -> int:
        match = _SPACE.match(self.text, offset, stop)
        return offset if match is None else match.end()

    def close(self) -> Endpoint:
        """Return what has been read."""
        return Endpoint(
            method=self.method,
            path=self.path,
            desc=self.values.get("desc"),
            auth=self.values.get("auth"),
            body=self.values.get("body"),
            required=tuple(self.fields["required"]),
            optional=tuple(self.fields["optional"]),
            returns=tuple(self.returns),
            errors=tuple(self.errors),
            example_request=self.values.get("example_request"),
            group=self.group,
            unknown=tuple(self.unknown),
            comments=tuple(self.comments),
            span=self.source.span(self.start, self.stop),
        )
