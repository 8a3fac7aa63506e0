"""Directives to a document: what each directive means, where it may stand, and whether the file is whole."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from lapsmith.diagnostics import Diagnostics, Span, suggest
from lapsmith.lap import directives
from lapsmith.lap.directives import RawDirective, split_directives
from lapsmith.lap.endpoint import EndpointBuilder
from lapsmith.lap.fieldstart import known_types
from lapsmith.lap.paths import read_path
from lapsmith.lap.source import Source, start_of_text
from lapsmith.lap.tree import Directive, Document, Endpoint, Field, TocEntry, TypeDef
from lapsmith.lap.values import comment_lines, read_braced, report_unknown, text_value, trim_comments

HTTP_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
_EVENT_METHODS = ("SUB", "PUB", "EVENT", "UNARY", "SERVER-STREAM", "CLIENT-STREAM", "BIDI-STREAM")
_METHODS = frozenset((*HTTP_METHODS, "TRACE", "CONNECT", "QUERY", *_EVENT_METHODS))

_TOC_ENTRY = re.compile(r"\(([0-9]{1,9})\)[ \t\n]*(?:,[ \t\n]*|\Z)")
_LINE = re.compile(r"[ \t]*([^\n]*)")
_METHOD = re.compile(r"[ \t]*([^ \t\n/{]*)[ \t]*([^\n]*)")
_COUNT = re.compile(r"[0-9]{1,9}(?![0-9])")
_VERSION = re.compile(r"v?0\.([0-9]{1,9})(?:\.[0-9]+)?")


class Builder:
    """Takes the directives of one file in order and puts the document together."""

    def __init__(self, source: Source) -> None:
        self.source, self.text = source, source.text
        self.diagnostics = Diagnostics()
        self.known = known_types(self.text)
        self.values: dict[str, str] = {}
        self.spans: dict[str, Span] = {}
        self.common: list[Field] = []
        self.count: tuple[int, Span] | None = None
        self.toc: list[TocEntry] = []
        self.types: list[TypeDef] = []
        self.endpoints: list[Endpoint] = []
        self.unknown: list[Directive] = []
        self.comments: list[str] = []
        self.pending: list[str] = []
        self.endpoint: EndpointBuilder | None = None
        self.group: tuple[str, int, Span] | None = None
        self.ended = False
        self.handlers: dict[str, Callable[[RawDirective], None]] = {
            "common_fields": self._common_fields,
            "endpoints": self._endpoints,
            "toc": self._toc,
            "type": self._type,
            "group": self._group,
            "endgroup": self._endgroup,
            "endpoint": self._endpoint,
            "end": self._end,
        }
        for name in ("lap", "api", "base", "version", "hint"):
            self.handlers[name] = self._preamble_text

    def run(self) -> None:
        """Read the whole file."""
        first = True
        for raw in split_directives(self.source, self.diagnostics):
            if first:
                self._before_first(raw.start)
                first = False
            if self.ended:
                place = self.source.span(raw.start, raw.argument)
                message = f"'@{raw.name}' and all that follows stand after '@end' and are ignored"
                self.diagnostics.warning(place, "after-end", message, "move '@end' to the end of the file")
                return
            self._take(raw)
        if first:
            self._before_first(len(self.text))
        self._close_endpoint()
        self._close_group(len(self.text), explicit=False)

    def _take(self, raw: RawDirective) -> None:
        handler = self.handlers.get(raw.name)
        if handler is not None:
            if raw.name != "endpoint":
                self._flush()
            handler(raw)
        elif self.endpoint is not None:
            self.endpoint.comments += self.pending
            self.pending.clear()
            self.pending += self.endpoint.take(raw)
        elif raw.name == "auth":
            self._flush()
            self._preamble_text(raw)
        else:
            self._flush()
            self._keep(raw)

    def _keep(self, raw: RawDirective) -> None:
        """Keep a directive outside of endpoints that is unknown, or that belongs into one."""
        place = self.source.span(raw.start, raw.argument)
        if raw.name in directives.KNOWN:
            message = f"'@{raw.name}' stands outside of an endpoint; it is kept but has no meaning here"
            self.diagnostics.warning(place, "misplaced-directive", message, "move it below its '@endpoint' line")
        else:
            report_unknown(self.diagnostics, place, raw.name)
        self.unknown.append(Directive(raw.name, self._text(raw), self.source.span(raw.start, self._end_of(raw))))

    def _before_first(self, stop: int) -> None:
        """Take the lines before the first directive: comments, or text that does not belong there."""
        end, self.comments = trim_comments(self.text, 0, stop)
        rest = self.text[:end].strip(" \t\n")
        if rest.startswith("#"):
            self.comments[:0] = comment_lines(rest)
        elif rest:
            start = self.text.index(rest[0])
            self._stray(start, end)

    def _stray(self, start: int, stop: int) -> None:
        line_end = self.text.find("\n", start, stop)
        place = self.source.span(start, stop if line_end < 0 else line_end)
        self.diagnostics.warning(place, "stray-text", "this text belongs to no directive; it is ignored")

    def _flush(self) -> None:
        self.comments += self.pending
        self.pending.clear()

    def _text(self, raw: RawDirective) -> str:
        value, comments = text_value(self.text, raw.argument, raw.stop, raw.indent)
        self.pending += comments
        return value

    def _end_of(self, raw: RawDirective) -> int:
        return trim_comments(self.text, raw.start, raw.stop)[0]

    def _line_value(self, raw: RawDirective) -> tuple[int, int]:
        """Return the range of a value that is one line only; what follows is comments, or stray text."""
        match = _LINE.match(self.text, raw.argument, raw.stop)
        start, end = (raw.argument, raw.argument) if match is None else match.span(1)
        stop, comments = trim_comments(self.text, end, raw.stop)
        self.pending += comments
        if stop > end:
            rest = start_of_text(self.text, end, stop)
            if rest < stop:
                self._stray(rest, stop)
        while end > start and self.text[end - 1] in " \t":
            end -= 1
        return start, end

    def _preamble_text(self, raw: RawDirective) -> None:
        value = self._text(raw)
        place = self.source.span(raw.start, self._end_of(raw))
        if raw.name in self.values:
            message = f"a second '@{raw.name}'; the first one counts and '{value[:60]}' is ignored"
            self.diagnostics.warning(place, "duplicate-directive", message, "remove one of them")
            return
        if not value:
            self.diagnostics.warning(place, "empty-directive", f"'@{raw.name}' has no value")
            return
        self.values[raw.name], self.spans[raw.name] = value, place
        if raw.name == "base" and "\n" in value:
            message = "the text after the first line of '@base' is taken as part of it, but is no address"
            self.diagnostics.warning(place, "stray-text", message)
        if raw.name == "lap":
            first = value.partition("\n")[0].rstrip()
            version = _VERSION.fullmatch(first)
            if version is None or int(version[1]) > 3:
                message = f"LAP version '{first[:60]}' is newer than v0.3, or no version; it is read as v0.3"
                self.diagnostics.warning(place, "lap-version", message)
            if first != value:
                message = "the text after the first line of '@lap' belongs to no directive; it is ignored"
                self.diagnostics.warning(place, "stray-text", message)

    def _common_fields(self, raw: RawDirective) -> None:
        found, _, comments = read_braced(self.source, raw, raw.argument, self.known, self.diagnostics)
        self.common += found
        self.pending += comments

    def _endpoints(self, raw: RawDirective) -> None:
        start, end = self._line_value(raw)
        match = _COUNT.match(self.text, start, end)
        place = self.source.span(raw.start, end)
        if match is None:
            message = "'@endpoints' needs the number of endpoints in the file"
            self.diagnostics.error(place, "bad-count", message, "write it as '@endpoints 3'")
        elif self.count is not None:
            message = "a second '@endpoints'; the first one counts"
            self.diagnostics.warning(place, "duplicate-directive", message, "remove one of them")
        else:
            self.count = (int(match.group()), place)

    def _toc(self, raw: RawDirective) -> None:
        start, end = self._line_value(raw)
        for match in _TOC_ENTRY.finditer(self.text, start, end):
            name = self.text[start : match.start()].strip(" \t")
            self.toc.append(TocEntry(name, int(match[1]), self.source.span(start, match.end())))
            start = match.end()
        if start < end:
            message = "this is no entry of a table of contents; it is ignored"
            self.diagnostics.warning(self.source.span(start, end), "bad-toc", message, "write it as 'group(3)'")

    def _type(self, raw: RawDirective) -> None:
        brace = self.text.find("{", raw.argument, raw.stop)
        head_end = raw.stop if brace < 0 else brace
        head = _LINE.match(self.text, raw.argument, head_end)
        name = "" if head is None else head[1].rstrip(" \t")
        place = self.source.span(raw.start, raw.argument)
        if not name:
            self.diagnostics.error(place, "bad-type", "'@type' needs a name", "write it as '@type Name {field: str}'")
        begin = raw.argument if head is None else head.start(1)
        found, end, comments = read_braced(self.source, raw, head_end, self.known, self.diagnostics)
        self.pending += comments
        if name:
            spans = self.source.span(raw.start, end), self.source.span(begin, begin + len(name))
            self.types.append(TypeDef(name, found, *spans))

    def _group(self, raw: RawDirective) -> None:
        self._close_endpoint()
        self._close_group(raw.start, explicit=False)
        start, end = self._line_value(raw)
        place = self.source.span(raw.start, max(end, raw.argument))
        if start == end:
            self.diagnostics.warning(place, "empty-directive", "'@group' has no name")
        else:
            self.group = (self.text[start:end], len(self.endpoints), place)

    def _endgroup(self, raw: RawDirective) -> None:
        self._close_endpoint()
        self._line_value(raw)
        if self.group is None:
            place = self.source.span(raw.start, raw.argument)
            self.diagnostics.warning(place, "stray-endgroup", "'@endgroup' without a '@group'", "remove it")
        self._close_group(raw.start, explicit=True)

    def _close_group(self, offset: int, *, explicit: bool) -> None:
        if self.group is None:
            return
        name, first, place = self.group
        if not explicit:
            message = f"group '{name[:60]}' has no '@endgroup'; it ends here"
            self.diagnostics.warning(self.source.span(offset, offset), "unclosed-group", message)
        if first == len(self.endpoints):
            self.diagnostics.note(place, "empty-group", f"group '{name[:60]}' has no endpoints")
        self.group = None

    def _endpoint(self, raw: RawDirective) -> None:
        self._close_endpoint()
        comments, self.pending = self.pending, []
        start, end = self._line_value(raw)
        match = _METHOD.match(self.text, start, end)
        method = "" if match is None else match[1]
        path_at = end if match is None else match.start(2)
        path_end = end
        remark = self.text.find(" # ", path_at, end)
        if remark >= 0:
            comments.append(self.text[remark + 3 : end])
            path_end = path_at + len(self.text[path_at:remark].rstrip(" \t"))
        place = self.source.span(raw.start, max(end, raw.argument))
        self._check_method(method, place)
        if path_at == path_end and method:
            message = "'@endpoint' has no path; it is read as '/'"
            self.diagnostics.warning(place, "missing-path", message, f"write it as '@endpoint {method} /'")
        group = None if self.group is None else self.group[0]
        path = read_path(self.source, path_at, path_end)
        if method and not path.raw:
            path = replace(path, raw="/", path="/")
        self.endpoint = EndpointBuilder(self.source, self.known, self.diagnostics, method.upper(), path, group, raw)
        self.endpoint.comments += comments

    def _check_method(self, method: str, place: Span) -> None:
        if not method:
            message = "'@endpoint' needs a method before its path"
            self.diagnostics.error(place, "bad-endpoint", message, "write it as '@endpoint GET /path'")
        elif method.upper() not in _METHODS:
            message = f"'{method[:60]}' is not a method that LAP knows"
            self.diagnostics.warning(place, "unknown-method", message, suggest(method, HTTP_METHODS))

    def _close_endpoint(self) -> None:
        if self.endpoint is not None:
            self.endpoints.append(self.endpoint.close())
            self.endpoint = None

    def _end(self, raw: RawDirective) -> None:
        self._line_value(raw)
        self._close_endpoint()
        self._close_group(raw.start, explicit=False)
        self._flush()
        self.ended = True

    def check_completeness(self) -> None:
        """Report what a whole file has and this one lacks: ``@lap``, ``@end``, and the endpoints that it announces."""
        top, bottom = self.source.span(0, 0), self.source.span(len(self.text), len(self.text))
        if "lap" not in self.values:
            message = "'@lap' is missing: this is no LAP file, or its beginning was cut off"
            self.diagnostics.error(top, "missing-lap", message, "start the file with '@lap v0.3'")
        early = _VERSION.fullmatch(self.values.get("lap", ""))
        if not self.ended:
            message = "'@end' is missing: the file is cut off, or not finished"
            if early is not None and int(early[1]) < 3 and self.count is None:
                self.diagnostics.warning(bottom, "missing-end", message)
            else:
                self.diagnostics.error(bottom, "missing-end", message, "fetch the file again, or add '@end'")
        for name in ("api", "endpoints"):
            if name not in self.values and (name != "endpoints" or self.count is None):
                self.diagnostics.warning(top, f"missing-{name}", f"'@{name}' is missing")
        if self.count is not None and self.count[0] != len(self.endpoints):
            declared, found = self.count[0], len(self.endpoints)
            message = f"'@endpoints' announces {declared}, but the file has {found}"
            hint = "the file is cut off" if found < declared else "correct the number"
            self.diagnostics.error(self.count[1], "endpoint-count", message, hint)

    def document(self) -> Document:
        """Return what has been read."""
        self._flush()
        values = self.values
        return Document(
            lap=values.get("lap"),
            api=values.get("api"),
            base=values.get("base"),
            version=values.get("version"),
            auth=values.get("auth"),
            common_fields=tuple(self.common),
            declared_endpoints=None if self.count is None else self.count[0],
            hint=values.get("hint"),
            toc=tuple(self.toc),
            types=tuple(self.types),
            endpoints=tuple(self.endpoints),
            unknown=tuple(self.unknown),
            comments=tuple(self.comments),
            ended=self.ended,
            span=self.source.span(0, len(self.text)),
            api_span=self.spans.get("api"),
            base_span=self.spans.get("base"),
            auth_span=self.spans.get("auth"),
        )
