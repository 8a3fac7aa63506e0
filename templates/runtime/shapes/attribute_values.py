"""DynamoDB's attribute values from plain Python values, and back.

Source: Amazon DynamoDB Developer Guide, "Supported data types and naming rules in Amazon DynamoDB". Plain values are
those of boto3's ``TypeSerializer`` and ``TypeDeserializer``, with ``bytes`` in place of its ``Binary``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Set
from decimal import Clamped, Context, Decimal, DecimalException, Inexact, Overflow, Rounded, Underflow
from functools import partial
from typing import Any, Self, TypeVar, cast

from .members import checked
from .structures import Union
from .writers import Refused, check_known, listed, write_blob, write_list, write_map, write_text

A = TypeVar("A", bound="AttributeValueUnion")

# Numbers have up to 38 digits, and magnitudes from 1E-130 to 9.99...E+125.
_NUMBERS = Context(Emin=-128, Emax=126, prec=38, traps=[Clamped, Overflow, Inexact, Rounded, Underflow])
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
            InvalidInput: no member is set, or more than one, or one that this client does not know.
        """
        return checked(lambda: _read(self), "the attribute value")

    @classmethod
    def item_from_plain(cls, item: Mapping[str, Any]) -> dict[str, Self]:
        """Return a mapping of plain values as an item, or as a key; see :meth:`from_plain`."""
        made: dict[str, Self] = checked(lambda: write_map(write_text, partial(_write, cls), None, item), "the item")
        return made

    @classmethod
    def item_to_plain(cls, item: Mapping[str, Self]) -> dict[str, Any]:
        """Return the plain values of an item, or of a key; see :meth:`to_plain`."""
        plain: dict[str, Any] = checked(lambda: write_map(write_text, _read, None, item), "the item")
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
    return f"an {kind}" if kind[:1].lower() in "aeiou" else f"a {kind}"


def _instead(value: Any) -> str:
    if isinstance(value, float):
        return ", because DynamoDB's numbers are decimal: give Decimal(str(value))"
    return ": give None, a bool, int, Decimal, str or bytes, a list or mapping, or a set of numbers, strings or bytes"


def _number(value: int | Decimal) -> str:
    try:
        number = _NUMBERS.create_decimal(value)
    except DecimalException:
        raise Refused("does not fit: DynamoDB's numbers have 38 digits, and magnitudes from 1E-130 to 1E+126") from None
    if not number.is_finite():
        raise Refused(f"cannot be {number}: DynamoDB's numbers are finite")
    return str(number)


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


def _read(value: Any) -> Any:
    if not isinstance(value, AttributeValueUnion):
        raise Refused(f"must be an attribute value, not {type(value).__name__}")
    check_known(value)
    members = zip(value.__struct_encode_fields__, value.__struct_fields__, strict=True)
    given = [(name, member) for name, field in members if (member := getattr(value, field)) is not None]
    if len(given) != 1:
        raise Refused(f"must have exactly one member set, not {listed(name for name, _ in given) or 'none'}")
    ((name, member),) = given
    match name:
        case "NULL":
            return None
        case "N":
            return _NUMBERS.create_decimal(member)
        case "NS":
            return set(map(_NUMBERS.create_decimal, member))
        case "SS" | "BS":
            return set(member)
        case "M":
            return write_map(write_text, _read, None, member)
        case "L":
            return write_list(_read, None, member)
        case _:
            return member
