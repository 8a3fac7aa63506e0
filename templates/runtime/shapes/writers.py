"""What callers give, converted to what an encoder takes, and checked on the way: see :class:`Form`.

A writer is a function of one value; it refuses what the type does not hold. Writers are compiled from types when they
are first needed, so a client that never sends a structure never pays for it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from functools import partial
from itertools import chain, repeat
from math import isfinite
from operator import index
from typing import Annotated, Any, TypeGuard, cast, get_args, get_origin

import msgspec

from .kinds import is_structure, is_union, not_null, reaches_only, timestamp_format
from .structures import Output, Structure, Union, hide_keys

Write = Callable[[Any], Any]
Passes = Callable[[Iterable[Any]], bool]

_TEXTS = frozenset({str})
_FEW = 20
_type_of: Callable[[Any], type[Any]] = type


class Refused(Exception):
    """A value does not fit its type. ``path`` leads to it, innermost step first."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.path: list[str] = []

    def at(self, root: str) -> str:
        """Say what is wrong, and where: ``Key['pk'].S must be a string, not int``."""
        place = "".join(reversed(self.path))
        if not root:
            place = place.removeprefix(".")
        return f"{root}{place} {self.args[0]}".lstrip()


def _named(value: Any) -> str:
    return "None" if value is None else type(value).__name__


def write_text(value: Any) -> str:
    """Take text; that of an enum is its value."""
    if type(value) is str:
        return value
    if isinstance(value, str):
        return str.__str__(value)
    raise Refused(f"must be a string, not {_named(value)}{_as_text(value)}")


def _as_text(value: Any) -> str:
    """Say how a number or bytes become text."""
    if isinstance(value, bytes | bytearray):
        return ": decode it first, for instance as value.decode()"
    return "" if isinstance(value, bool) or not _is_number(_type_of(value)) else ": convert it first, as with str()"


def check_text(value: Any) -> str:
    """Take text that can be encoded; surrogates without their other half cannot."""
    text = write_text(value)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise Refused(f"cannot be encoded as UTF-8: {error.reason}") from error
    return text


def write_integer(value: Any) -> int:
    """Take an integer, or what says that it is one by ``__index__``, such as NumPy's."""
    if type(value) is int:
        return value
    if not isinstance(value, bool):
        try:
            return int(index(value))
        except TypeError:
            pass
    raise Refused(f"must be an integer, not {_named(value)}")


def write_boolean(value: Any) -> bool:
    """Take True or False."""
    if isinstance(value, bool):
        return value
    raise Refused(f"must be True or False, not {_named(value)}")


def _is_number(kind: type[Any]) -> bool:
    return hasattr(kind, "__float__") or hasattr(kind, "__index__")


def write_number(value: Any) -> int | float:
    """Take a number: an integer stays one, and what has only ``__float__`` becomes a float."""
    if type(value) is float:
        return value
    kind = _type_of(value)
    if issubclass(kind, bool) or not _is_number(kind):
        raise Refused(f"must be a number, not {_named(value)}")
    try:
        return int(index(value)) if hasattr(kind, "__index__") else float(value)
    except (ArithmeticError, TypeError, ValueError) as error:
        raise Refused(f"is not a number that can be sent: {error}") from error


def _finite(value: int | float) -> int | float:
    if isinstance(value, float) and not isfinite(value):
        raise Refused(f"must be finite, as JSON has no {value}")
    return value


def write_blob(value: Any) -> bytes:
    """Take bytes-like values."""
    if type(value) is bytes:
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(cast("bytes", value))
    hint = ": encode it first, for instance as text.encode()" if isinstance(value, str) else ""
    raise Refused(f"must be bytes, not {_named(value)}{hint}")


def write_timestamp(spell: Callable[[datetime], Any], value: Any) -> Any:
    """Take a datetime that has a time zone."""
    if not isinstance(value, datetime):
        raise Refused(f"must be a datetime, not {_named(value)}")
    try:
        return spell(value)
    except ValueError as error:
        raise Refused(str(error)) from error


def mapping_of(value: Any, what: str) -> Mapping[Any, Any]:
    """Take a mapping."""
    if isinstance(value, Mapping):
        return cast("Mapping[str, Any]", value)
    raise Refused(f"must be {what}, not {_named(value)}")


def collection_of(value: Any) -> Collection[Any]:
    """Take what holds items: lists, tuples, sets, arrays, but neither text nor bytes nor mappings."""
    if is_collection(value):
        return value
    raise Refused(f"must be a list, not {_named(value)}")


def is_collection(value: Any) -> TypeGuard[Collection[Any]]:
    """Say whether a value holds items."""
    return isinstance(value, Collection) and not isinstance(value, str | bytes | bytearray | memoryview | Mapping)


class Form:
    """One way to spell values.

    ``leaves`` has the writers of scalars by type, ``timestamp`` makes one for a format (None: the
    protocol's own), and ``passes`` says for whole collections that their items can go to the encoder as they are.
    A form with ``trusted`` types lets structures go as they are that hold nothing but those, at any depth: the encoder
    writes them by itself. Their values are checked in columns, many times faster than one by one. ``checked`` is the
    form without that.
    """

    def __init__(
        self,
        *,
        leaves: Mapping[Any, Write],
        timestamp: Callable[[str | None], Write],
        passes: Mapping[Any, Passes],
        trusted: frozenset[type] = frozenset(),
        checked: Form | None = None,
    ) -> None:
        self.checked = checked or self
        self.trusted = trusted
        self._leaves = {**leaves, Any: self.document}
        self._timestamp = timestamp
        self._passes = passes
        self._structures: dict[type[msgspec.Struct], StructureWriter] = {}

    def writer(self, kind: Any) -> Write:
        """Return the writer of a type: an annotation that generated clients have in their structures."""
        if kind in self._leaves:
            return self._leaves[kind]
        if is_structure(kind):
            return self.structure(kind).write
        if kind is datetime:
            return self._timestamp(None)
        origin, arguments = get_origin(kind), get_args(kind)
        if origin is Annotated:
            return self._timestamp(timestamp_format(kind))
        if origin is list:
            return partial(write_list, self.writer(arguments[0]), self.passes(arguments[0]))
        if origin is dict:
            return partial(write_map, self._leaves[str], self.writer(arguments[1]), self.passes(arguments[1]))
        if is_union(kind):
            return partial(_write_nullable, self.writer(not_null(kind)))
        raise RuntimeError(f"no member of a request can be {kind!r}")

    def member(self, kind: Any) -> Write:
        """Return the writer of a member, whose None has been left out before."""
        return self.writer(not_null(kind))

    def document(self, value: Any) -> Any:
        """Take any JSON value, with tuples for lists and structures for objects."""
        kind = _type_of(value)
        if value is None or kind is bool:
            return value
        if issubclass(kind, str):
            return self._leaves[str](value)
        if _is_number(kind):
            return _finite(write_number(value))
        if isinstance(value, Structure | Output):
            return self.structure(type(value)).write(value)
        if isinstance(value, msgspec.Struct):
            given = {field.encode_name: getattr(value, field.name) for field in msgspec.structs.fields(value)}
            return write_members(dict.fromkeys(given, self.document), given, kind.__name__)
        if isinstance(value, Mapping):
            return write_map(self._leaves[str], self.document, None, value)
        if isinstance(value, list | tuple):
            return write_list(self.document, None, value)
        raise Refused(f"must be a JSON value, not {kind.__name__}: convert it first")

    def structure(self, cls: type[msgspec.Struct]) -> StructureWriter:
        """Return the writer of a structure; it is compiled when it is first used, so structures may hold themselves."""
        found = self._structures.get(cls)
        if found is None:
            found = self._structures[cls] = StructureWriter(cls, self)
        return found

    def passes(self, kind: Any) -> Passes | None:
        """Return what says that all items of a collection can go as they are; None where that is never so."""
        if is_structure(kind):
            return self.structure(kind).passes if self.trusted else None
        return self._passes.get(kind)


def _write_nullable(write: Write, value: Any) -> Any:
    return None if value is None else write(value)


def all_are(kinds: frozenset[type], values: Iterable[Any]) -> bool:
    """Say whether all values are of these very types."""
    return kinds.issuperset(map(type, values))


def all_finite(values: Iterable[Any]) -> bool:
    """Say whether all values are floats that have a number in JSON."""
    return all_are(frozenset({float}), values) and all(map(isfinite, values))


def write_list(write: Write, passes: Passes | None, value: Any) -> Any:
    """Write what holds items as a list."""
    kind = _type_of(value)
    items: Iterable[Any] = value if kind is list else collection_of(value)
    if passes is not None and kind is list and passes(items):
        return items
    written: list[Any] = []
    try:
        for item in items:
            written.append(write(item))
    except Refused as refused:
        refused.path.append(f"[{len(written)}]")
        raise
    return written


def write_map(write_key: Write, write: Write, passes: Passes | None, value: Any) -> Any:
    """Write a mapping, whose keys are text."""
    kind = _type_of(value)
    items: Mapping[Any, Any] = value if kind is dict else mapping_of(value, "a mapping")
    if passes is not None and kind is dict and _TEXTS.issuperset(map(type, items)) and passes(items.values()):
        return items
    written: dict[str, Any] = {}
    for key, item in items.items():
        try:
            written[write_key(key)] = write(item)
        except Refused as refused:
            refused.path.append(f"[{key!r}]")
            raise
    return written


class StructureWriter:
    """Writes a structure that is given as such, or as a mapping of its members by their names on the wire."""

    def __init__(self, cls: type[msgspec.Struct], form: Form) -> None:
        self._cls = cls
        self._form = form
        self._attributes: dict[str, str] | None = None
        self._members: dict[str, Write] = {}
        self._required: frozenset[str] = frozenset()
        self._sensitive: frozenset[str] = frozenset()
        self._union = issubclass(cls, Union)
        self._only = frozenset({cls})
        self._is_trusted: bool | None = None
        self._columns: list[_Column] | None = None

    def _compile(self) -> dict[str, str]:
        fields = msgspec.structs.fields(self._cls)
        self._members = {field.encode_name: self._form.member(field.type) for field in fields}
        self._required = self._required_names(fields)
        hidden: frozenset[str] = getattr(self._cls, "_sensitive", frozenset())
        self._sensitive = frozenset(field.encode_name for field in fields if field.name in hidden)
        self._attributes = {field.encode_name: field.name for field in fields}
        return self._attributes

    def _required_names(self, fields: Iterable[msgspec.structs.FieldInfo]) -> frozenset[str]:
        required: frozenset[str] = getattr(self._cls, "_required", frozenset())
        return required | {field.encode_name for field in fields if field.required}

    def write(self, value: Any) -> Any:
        """Return the structure as a mapping; one that the form trusts, as it is."""
        attributes = self._compile() if self._attributes is None else self._attributes
        kind = _type_of(value)
        given: Mapping[Any, Any]
        if kind is dict:
            given = value
        elif not isinstance(value, self._cls):
            given = mapping_of(value, f"{self._cls.__name__} or a mapping of its members")
        elif self.passes((value,)):
            return value
        else:
            check_known(value)
            given = {name: getattr(value, attribute) for name, attribute in attributes.items()}
        written = write_members(self._members, given, self._cls.__name__, self._sensitive)
        if self._union and len(written) != 1:
            raise Refused(f"must have exactly one member set, not {listed(written) or 'none'}")
        if not self._required <= written.keys():
            raise Refused(f"lacks its required member {min(self._required - written.keys())!r}")
        return written

    def passes(self, values: Iterable[Any]) -> bool:
        """Say that these are all such structures, which the form trusts, and hold what their types say."""
        if not self._only.issuperset(map(type, values)):
            return False
        if self._is_trusted is None:
            self._is_trusted = bool(self._form.trusted) and reaches_only(self._cls, self._form.trusted)
        return self._is_trusted and self._fit(values)

    def _fit(self, values: Iterable[Any]) -> bool:
        if self._columns is None:
            fields = msgspec.structs.fields(self._cls)
            required = self._required_names(fields)
            self._columns = [_Column(field.type, field.encode_name in required, self._form) for field in fields]
        rows = list(map(msgspec.structs.astuple, values))
        if self._union and not {len(self._columns) - 1}.issuperset(map(tuple[Any, ...].count, rows, repeat(None))):
            return False
        return all(column.fits(items) for column, items in zip(self._columns, zip(*rows, strict=True), strict=False))


def check_known(value: Any) -> None:
    """Refuse a union that holds a member which this client does not know."""
    if isinstance(value, Union) and value.unknown_member is not None:
        name = value.unknown_member.name
        raise Refused(f"holds the member {name!r}, which this client does not know")


class _Column:
    """The values that many structures have for one member."""

    def __init__(self, kind: Any, is_required: bool, form: Form) -> None:
        self._kind = not_null(kind)
        self._is_required = is_required
        self._form = form

    def fits(self, values: tuple[Any, ...]) -> bool:
        """Say that all values are of the member's type, down to the last leaf."""
        nones = values.count(None)
        if nones == len(values) or (nones and self._is_required):
            return not self._is_required
        return _fit(self._kind, [value for value in values if value is not None] if nones else values, self._form)


def _fit(kind: Any, values: Iterable[Any], form: Form) -> bool:
    """Say that all values are of a type that the form trusts."""
    if kind in form.trusted:
        return all_are(frozenset({kind}), values)
    if is_structure(kind):
        return form.structure(kind).passes(tuple(values))
    if is_union(kind):
        return _fit(not_null(kind), [value for value in values if value is not None], form)
    # Each object once: those that hold themselves would multiply.
    holders = {id(value): value for value in values}.values()
    origin, arguments = get_origin(kind), get_args(kind)
    if not all_are(frozenset({origin}), holders):
        return False
    if origin is dict:
        keys, items = chain.from_iterable(holders), chain.from_iterable(map(dict[str, Any].values, holders))
        return all_are(_TEXTS, keys) and _fit(arguments[1], items, form)
    return _fit(arguments[0], chain.from_iterable(holders), form)


def write_members(
    members: Mapping[str, Write], given: Mapping[Any, Any], owner: str, sensitive: Collection[str] = ()
) -> dict[str, Any]:
    """Write members by their names on the wire; those that are None are left out.

    What is refused inside ``sensitive`` members has no keys of maps in its path.
    """
    written: dict[str, Any] = {}
    for name, value in given.items():
        try:
            write = members.get(name)
            if write is None:
                raise Refused(_unknown(members, name, owner))
            if value is not None:
                written[name] = write(value)
        except Refused as refused:
            if name in sensitive:
                hide_keys(refused.path)
            refused.path.append(f".{name}")
            raise
    return written


def _unknown(members: Iterable[str], name: object, owner: str) -> str:
    from difflib import get_close_matches

    known = sorted(members)
    folded = {each.casefold().replace("_", ""): each for each in known}
    close = get_close_matches(str(name).casefold().replace("_", ""), folded, n=1)
    meant = f": did you mean {folded[close[0]]!r}?" if close else ""
    others = f"; it has {listed(known) or 'none'}" if not close and len(known) <= _FEW else ""
    return f"is no member of {owner}{meant}{others}"


def listed(names: Iterable[str]) -> str:
    """Return names as a sentence has them; nothing for none."""
    *others, last = tuple(names) or ("",)
    return f"{', '.join(others)} and {last}" if others else last
