"""YAML text to nodes that know their place.

Only the plain part of YAML is taken: one document of mappings, sequences and scalars. Tags, anchors and
aliases are refused, and so is nesting deeper than the schema can need, which leaves hostile input nothing to
blow up. Scalars keep their text: what a text means is decided by the key it stands under, so a member called
``No`` stays ``No``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from lapsmith.diagnostics import Diagnostics, Span

MAX_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 32

_LOADER: type[yaml.CSafeLoader | yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# What YAML 1.1 lets stand in a stream; the C scanner reports byte offsets for the rest, so we look first.
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_WORDS = {"null": "nothing", "bool": "a yes/no value", "int": "a whole number", "float": "a number"}


@dataclass(frozen=True, slots=True)
class ScalarNode:
    """One scalar. ``kind`` is what YAML takes it for: ``null bool int float str``, or ``merge``, which is no key."""

    text: str
    kind: str
    span: Span


@dataclass(frozen=True, slots=True)
class SequenceNode:
    """A list of nodes."""

    items: tuple[Node, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class MappingNode:
    """Keys (always scalars, taken by their text) and values, in file order; no key is there twice."""

    entries: dict[str, tuple[ScalarNode, Node]]
    span: Span


Node = ScalarNode | SequenceNode | MappingNode


def describe(node: Node) -> str:
    """Say what a node is, for messages: ``a list``, ``a whole number`` …"""
    if isinstance(node, MappingNode):
        return "a mapping"
    if isinstance(node, SequenceNode):
        return "a list"
    return _WORDS.get(node.kind, "text")


def decode(data: bytes, file: str, diagnostics: Diagnostics) -> str | None:
    """Decode UTF-8 and drop a byte order mark; None after an error has been reported."""
    start = Span(file, 1, 1, 1, 1)
    if len(data) > MAX_BYTES:
        limit = f"{MAX_BYTES // 2**20} MiB"
        diagnostics.error(start, "file-too-large", f"this file is larger than {limit}", "is it the right file?")
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        good = data[: error.start].decode("utf-8-sig")
        hint = "save the file as UTF-8"
        diagnostics.error(_span_at(good, len(good), file), "not-utf-8", "this byte is not UTF-8 text", hint)
        return None
    bad = _UNPRINTABLE.search(text)
    if bad is not None:
        message = f"YAML does not allow the character U+{ord(bad.group()):04X}"
        diagnostics.error(_span_at(text, bad.start(), file), "control-character", message, "remove it")
        return None
    return text


def read_nodes(text: str, file: str, diagnostics: Diagnostics) -> MappingNode | None:
    """Read one YAML document whose root is a mapping; None after an error has been reported."""
    loader = _LOADER(text)
    try:
        root = _Composer(loader, file, diagnostics).compose()
    except yaml.MarkedYAMLError as error:
        place = _mark_span(_mark(error, text), file)
        diagnostics.error(place, "yaml-syntax", _said(error), _hint(error, text))
        return None
    except _NodeError as refused:
        diagnostics.error(refused.span, refused.code, str(refused), refused.hint)
        return None
    finally:
        loader.dispose()
    if root is None:
        return MappingNode({}, Span(file, 1, 1, 1, 1))
    if not isinstance(root, MappingNode):
        message = f"the file must be a mapping of keys to values, not {describe(root)}"
        diagnostics.error(root.span, "wrong-type", message, "it starts with 'lapsmith: 1'")
        return None
    return root


def _said(error: yaml.MarkedYAMLError) -> str:
    parts = [part for part in (error.context, error.problem) if part]
    return "not valid YAML: " + ", ".join(parts)


def _mark(error: yaml.MarkedYAMLError, text: str) -> Any:
    """Where it went wrong; where it began, if it was noticed only at the end of the file or on a later line."""
    mark, start = error.problem_mark, error.context_mark
    if mark is None or start is None:
        return mark or start
    unfinished = mark.line >= text.rstrip().count("\n") + 1
    return start if unfinished or error.context == "while scanning a simple key" else mark


def _hint(error: yaml.MarkedYAMLError, text: str) -> str | None:
    mark = error.problem_mark
    lines = text.splitlines()
    if mark is not None and mark.line < len(lines) and lines[mark.line][mark.column : mark.column + 1] == "\t":
        return "this is a tab: indent with spaces"
    return None


def _span_at(text: str, index: int, file: str) -> Span:
    line = text.count("\n", 0, index) + 1
    column = index - (text.rfind("\n", 0, index) + 1) + 1
    return Span(file, line, column, line, column + 1)


def _mark_span(mark: Any, file: str) -> Span:
    if mark is None:
        return Span(file, 1, 1, 1, 1)
    return Span(file, mark.line + 1, mark.column + 1, mark.line + 1, mark.column + 2)


class _NodeError(Exception):
    def __init__(self, span: Span, code: str, message: str, hint: str) -> None:
        super().__init__(message)
        self.span, self.code, self.hint = span, code, hint


@dataclass(slots=True)
class _Open:
    """A collection whose end has not come yet."""

    start: yaml.Event
    mapping: bool
    key: ScalarNode | None = None
    entries: dict[str, tuple[ScalarNode, Node]] = field(default_factory=dict)
    items: list[Node] = field(default_factory=list)


class _Composer:
    """Builds nodes from parser events with a stack of its own, so depth is bounded by a rule and not by
    recursion.
    """

    def __init__(self, loader: yaml.CSafeLoader | yaml.SafeLoader, file: str, diagnostics: Diagnostics) -> None:
        self._loader = loader
        self._file = file
        self._diagnostics = diagnostics
        self._stack: list[_Open] = []
        self._root: Node | None = None
        self._documents = 0

    def compose(self) -> Node | None:
        while self._loader.check_event():
            event: Any = self._loader.get_event()
            self._refuse_features(event)
            if isinstance(event, yaml.DocumentStartEvent):
                self._documents += 1
            elif isinstance(event, yaml.ScalarEvent):
                self._add(self._scalar(event))
            elif isinstance(event, yaml.CollectionStartEvent):
                self._open(event)
            elif isinstance(event, yaml.CollectionEndEvent):
                self._close(event)
        return self._root

    def _refuse_features(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.NodeEvent) and event.anchor is not None:
            raise _NodeError(self._span(event), "yaml-alias", "anchors and aliases are not used here", "write it out")
        tag = getattr(event, "tag", None)
        if tag is not None and tag != "!":
            raise _NodeError(self._span(event), "yaml-tag", f"the tag {tag} is not used here", "remove the tag")
        if isinstance(event, yaml.DocumentStartEvent) and self._documents:
            message = "a second YAML document starts here"
            raise _NodeError(self._span(event), "yaml-documents", message, "keep one document in the file")

    def _scalar(self, event: yaml.ScalarEvent) -> ScalarNode:
        resolver: Any = self._loader
        kind = str(resolver.resolve(yaml.ScalarNode, event.value, event.implicit)).rpartition(":")[2]
        return ScalarNode(event.value, kind if kind in _WORDS or kind == "merge" else "str", self._span(event))

    def _open(self, event: yaml.CollectionStartEvent) -> None:
        top = self._stack[-1] if self._stack else None
        if top is not None and top.mapping and top.key is None:
            raise _NodeError(self._span(event), "wrong-type", "a key must be a plain word", "put it in quotes")
        if len(self._stack) >= MAX_DEPTH:
            message = f"nested more than {MAX_DEPTH} levels deep"
            raise _NodeError(self._span(event), "yaml-depth", message, "no key of the schema nests that deep")
        self._stack.append(_Open(event, isinstance(event, yaml.MappingStartEvent)))

    def _close(self, event: yaml.Event) -> None:
        done = self._stack.pop()
        span = self._between(done.start, event)
        self._add(MappingNode(done.entries, span) if done.mapping else SequenceNode(tuple(done.items), span))

    def _add(self, node: Node) -> None:
        if not self._stack:
            self._root = node
            return
        top = self._stack[-1]
        if top.mapping and top.key is None and isinstance(node, ScalarNode) and node.kind == "merge":
            raise _NodeError(node.span, "yaml-alias", "merge keys are not used here", "write it out")
        if not top.mapping:
            top.items.append(node)
        elif top.key is None and isinstance(node, ScalarNode):
            top.key = node
        elif top.key is not None:
            self._put(top.entries, top.key, node)
            top.key = None

    def _put(self, entries: dict[str, tuple[ScalarNode, Node]], key: ScalarNode, value: Node) -> None:
        if key.text in entries:
            first = entries[key.text][0].span
            hint = f"it is first at {first}; keep one of them"
            self._diagnostics.error(key.span, "duplicate-key", f"the key '{key.text}' is here twice", hint)
            return
        entries[key.text] = (key, value)

    def _span(self, event: yaml.Event) -> Span:
        return self._between(event, event)

    def _between(self, start: yaml.Event, end: yaml.Event) -> Span:
        first, last = _mark_span(start.start_mark, self._file), _mark_span(end.end_mark, self._file)
        return Span(self._file, first.line, first.column, last.line, last.column)
