"""DynamoDB's attribute values from plain Python values, and back.

Source: Amazon DynamoDB Developer Guide, "Supported data types and naming rules in Amazon DynamoDB". Plain values are
those of boto3's ``TypeSerializer`` and ``TypeDeserializer``, with ``bytes`` in place of its ``Binary``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Set
from decimal import Clamped, Context, Decimal, DecimalException, Inexact, Overflow, Rounded, Underflow
from functools import partial
from typing import Any, Self, TypeVar, cast

from .members import checked
from .structures import Union
from .writers import (
    Refused,
    check_known,
    listed,
    mapping_of,
    write_blob,
    write_boolean,
    write_list,
    write_map,
    write_members,
    write_text,
)

A = TypeVar("A", bound="AttributeValueUnion")

_DIGITS = 38
_EXPONENTS = range(-130, 126)
_LIMITS = f"DynamoDB's numbers have {_DIGITS} digits, and magnitudes from 1E-130 to 9.99E+125"
_NUMBERS = Context(Emin=-128, Emax=126, prec=_DIGITS, traps=[Clamped, Overflow, Inexact, Rounded, Underflow])
# Decimal takes spaces, underscores, other scripts' digits, infinities and NaN too.
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,9})?")
_SHOWN = 40
# A name that starts as "unit", "user" or "UUID" does starts with the sound of a consonant.
_SOUNDS_OPEN = re.compile(r"(?i)[aeio]|u(?!ni|se|ui|rl)")
_BLOBS = (bytes, bytearray, memoryview)


class AttributeValueUnion(Union):
    """A value with its type, as DynamoDB stores it."""

    @classmethod
    def from_plain(cls, value: Any) -> Self:
        """Return a plain value as an attribute value.

        None, bool, int, Decimal, str, bytes, lists, tuples and mappings are taken, at any depth, and sets of numbers,
        strings or bytes. Attribute values stay as they are.

        Raises:
            InvalidInput: the value, or one inside it, is none of these; the message has its path. Floats are refused
                too, because DynamoDB's numbers are decimal: give ``Decimal(str(value))``.
        """
        made: Self = checked(lambda: _write(cls, value), "the value")
        return made

    def to_plain(self) -> Any:
        """Return the plain value: None, bool, Decimal, str, bytes, or a list, dict or set of these.

        Raises:
            InvalidInput: no member is set, or more than one, or one that this client does not know; or a member does
                not fit its type, such as a number with more than 38 digits. The message has its path.
        """
        return checked(lambda: _read(type(self), self), "the attribute value")

    @classmethod
    def item_from_plain(cls, item: Mapping[str, Any]) -> dict[str, Self]:
        """Return a mapping of plain values as an item, or as a key; see :meth:`from_plain`."""
        made: dict[str, Self] = checked(lambda: write_map(write_text, partial(_write, cls), None, item), "the item")
        return made

    @classmethod
    def item_to_plain(cls, item: Mapping[str, Self | Mapping[str, Any]]) -> dict[str, Any]:
        """Return the plain values of an item, or of a key; see :meth:`to_plain`.

        Attribute values may also be mappings such as ``{"S": "x"}``, at any depth.
        """
        plain: dict[str, Any] = checked(lambda: write_map(write_text, partial(_read, cls), None, item), "the item")
        return plain


def _write(cls: type[A], value: Any) -> A:
    if isinstance(value, cls):
        return value
    name, member = _typed(cls, value)
    return cls(**{cls.__struct_fields__[cls.__struct_encode_fields__.index(name)]: member})


def _typed(cls: type[AttributeValueUnion], value: Any) -> tuple[str, Any]:
    """Return the member that a plain value has in an attribute value, by its name on the wire."""
    match value:
        case None:
            return "NULL", True
        case bool():
            return "BOOL", value
        case int() | Decimal():
            return "N", _number(value)
        case str():
            return "S", value
        case bytes() | bytearray() | memoryview():
            return "B", write_blob(value)
        case list() | tuple():
            return "L", write_list(partial(_write, cls), None, value)
        case Mapping():
            return "M", write_map(write_text, partial(_write, cls), None, value)
        case Set():
            return _set(cast("Any", value))
        case _:
            raise Refused(f"cannot be {_named(value)}{_instead(value)}")


def _named(value: Any) -> str:
    kind = type(value).__name__
    return f"an {kind}" if _SOUNDS_OPEN.match(kind) else f"a {kind}"


def _instead(value: Any) -> str:
    if isinstance(value, float):
        return ", because DynamoDB's numbers are decimal: give Decimal(str(value))"
    return ": give None, a bool, int, Decimal, str or bytes, a list or mapping, or a set of numbers, strings or bytes"


def _number(value: int | Decimal) -> str:
    try:
        number = _NUMBERS.create_decimal(value)
    except DecimalException:
        raise Refused(f"does not fit: {_LIMITS}") from None
    if not number.is_finite():
        raise Refused(f"cannot be {number}: DynamoDB's numbers are finite")
    return str(_in_range(number))


def _in_range(number: Decimal) -> Decimal:
    if number and number.adjusted() not in _EXPONENTS:
        raise Refused(f"does not fit: {_LIMITS}")
    return number


def _set(values: Set[Any]) -> tuple[str, Any]:
    if not values:
        raise Refused("cannot be an empty set: DynamoDB has none; leave the attribute out, or give an empty list")
    if _are(str, values):
        return "SS", list(values)
    if _are(_BLOBS, values):
        return "BS", [write_blob(value) for value in values]
    if _are((int, Decimal), values) and not any(isinstance(value, bool) for value in values):
        return "NS", [_number(value) for value in values]
    kinds = ", ".join(sorted({type(value).__name__ for value in values}))
    raise Refused(f"must be a set of numbers, of strings or of bytes, not of {kinds}")


def _are(kinds: Any, values: Collection[Any]) -> bool:
    return all(isinstance(value, kinds) for value in values)


def _read(cls: type[AttributeValueUnion], value: Any) -> Any:
    given: Mapping[Any, Any]
    if isinstance(value, AttributeValueUnion):
        check_known(value)
        members = zip(value.__struct_encode_fields__, value.__struct_fields__, strict=True)
        given = {name: getattr(value, field) for name, field in members}
    else:
        given = mapping_of(value, "an attribute value")
    found = write_members(_readers(cls), given, cls.__name__)
    if len(found) != 1:
        raise Refused(f"must have exactly one member set, not {listed(found) or 'none'}")
    (plain,) = found.values()
    return plain


def _readers(cls: type[AttributeValueUnion]) -> dict[str, Callable[[Any], Any]]:
    """Return what reads each member, by its name on the wire."""
    read = partial(_read, cls)
    return {
        "NULL": _read_null,
        "BOOL": write_boolean,
        "N": _read_number,
        "S": write_text,
        "B": write_blob,
        "NS": lambda value: set(write_list(_read_number, None, value)),
        "SS": lambda value: set(write_list(write_text, None, value)),
        "BS": lambda value: set(write_list(write_blob, None, value)),
        "L": partial(write_list, read, None),
        "M": partial(write_map, write_text, read, None),
    }


def _read_null(value: Any) -> None:
    write_boolean(value)


def _read_number(value: Any) -> Decimal:
    text = write_text(value)
    if not _NUMBER.fullmatch(text):
        raise Refused(f"must be a decimal number, not {text[:_SHOWN]!r}")
    number = Decimal(text)
    # Zeros at the end are no digits that count.
    if len(bytes(number.as_tuple().digits).strip(b"\0")) > _DIGITS:
        raise Refused(f"does not fit: {_LIMITS}")
    return _in_range(number)
