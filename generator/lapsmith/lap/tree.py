"""The syntax tree of a LAP document. Knows nothing of AWS, HTTP clients or Python source.

Every node is frozen and carries the span it was read from; spans and notes about repairs take no part in equality, so
two trees are equal when they say the same thing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lapsmith.diagnostics import Span

NOWHERE = Span("", 0, 0, 0, 0)
"""The span of a node that was not read from a file."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """A builtin type word: ``str int num bool bytes any map file`` …, or any lower-case word a spec uses as one.

    Text that is not a type at all (``string or null``) is kept whole as ``name``, and is to be read as ``any``.
    ``format`` is the text in parentheses (``int(i64)``, ``str(timestamp)``); ``enum`` holds the values of
    ``str(a/b/c)`` and ``enum(a/b)``; ``children`` the inline fields of ``map{...}`` (None: no braces at all).
    """

    name: str
    format: str | None = None
    enum: tuple[str, ...] = ()
    children: tuple[Field, ...] | None = None
    nullable: bool = False
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Named:
    """A reference to a named type (upper-case initial), with the inline copy of its fields where the text has one."""

    name: str
    format: str | None = None
    enum: tuple[str, ...] = ()
    children: tuple[Field, ...] | None = None
    nullable: bool = False
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ListOf:
    """``[T]``, with the inline fields of ``[T]{...}`` kept on ``item`` where they describe the item."""

    item: Type
    nullable: bool = False
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class MapOf:
    """``map<K,V>``."""

    key: Type
    value: Type
    nullable: bool = False
    span: Span = field(default=NOWHERE, compare=False, repr=False)


Type = Scalar | Named | ListOf | MapOf


@dataclass(frozen=True, slots=True)
class Field:
    """``name: type=default # comment`` in any braced list. ``marked_required`` is the ``name!`` form."""

    name: str
    type: Type
    default: str | None = None
    comment: str | None = None
    marked_required: bool = False
    span: Span = field(default=NOWHERE, compare=False, repr=False)
    name_span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Placeholder:
    """``{name}`` or greedy ``{name+}`` in a path."""

    name: str
    greedy: bool = False
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Path:
    """An endpoint's path as written (``raw``), split at ``?`` and ``#``; placeholders are those of the path part."""

    raw: str
    path: str
    query: str | None
    fragment: str | None
    placeholders: tuple[Placeholder, ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Returns:
    """``@returns(status) {fields} # text`` or ``@returns(status) text``. ``status`` is kept as written (``2XX``)."""

    status: str
    fields: tuple[Field, ...] | None
    text: str | None
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ErrorCase:
    """One entry of ``@errors``: ``500``, ``500: text``, ``500:Name`` or ``500:Name: text``."""

    status: str
    name: str | None
    text: str | None
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Directive:
    """A directive that LAP v0.3 does not define, kept as it stood."""

    name: str
    text: str
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An ``@endpoint`` block. ``body`` is the type name of ``@body → Name``; None fields were absent.

    ``comments`` are the ``#`` lines in or right before the block.
    """

    method: str
    path: Path
    desc: str | None = None
    auth: str | None = None
    body: str | None = None
    required: tuple[Field, ...] = ()
    optional: tuple[Field, ...] = ()
    returns: tuple[Returns, ...] = ()
    errors: tuple[ErrorCase, ...] = ()
    example_request: str | None = None
    group: str | None = None
    unknown: tuple[Directive, ...] = ()
    comments: tuple[str, ...] = ()
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class TypeDef:
    """``@type Name {fields}``."""

    name: str
    fields: tuple[Field, ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)
    name_span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class TocEntry:
    """``name(count)`` of ``@toc``."""

    name: str
    count: int
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Document:
    """A whole LAP file. ``endpoints`` is flat, in file order; each endpoint knows its group.

    ``comments`` are the ``#`` lines outside of endpoints, ``ended`` says whether there was an ``@end``.
    """

    lap: str | None
    api: str | None
    base: str | None = None
    version: str | None = None
    auth: str | None = None
    common_fields: tuple[Field, ...] = ()
    declared_endpoints: int | None = None
    hint: str | None = None
    toc: tuple[TocEntry, ...] = ()
    types: tuple[TypeDef, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    unknown: tuple[Directive, ...] = ()
    comments: tuple[str, ...] = ()
    ended: bool = False
    span: Span = field(default=NOWHERE, compare=False, repr=False)
    api_span: Span | None = field(default=None, compare=False, repr=False)
    base_span: Span | None = field(default=None, compare=False, repr=False)
    auth_span: Span | None = field(default=None, compare=False, repr=False)
