"""Bases of what operations return: structures, outputs and their metadata."""

from __future__ import annotations

from collections.abc import Mapping
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeAlias, TypeVar

import msgspec

from ..message.http import Headers

S = TypeVar("S", bound=msgspec.Struct)


class ResponseMetadata(msgspec.Struct, frozen=True):
    """What came with a response besides its members.

    Attributes:
        request_id: the service's id of the request, or None.
        status: the HTTP status.
        headers: all response headers.
        attempts: how often the request was sent, 1 or more.
    """

    request_id: str | None = None
    status: int = 200
    headers: Headers = msgspec.field(default_factory=Headers)
    attempts: int = 1


EPOCH = msgspec.Meta(extra={"timestamp": "epoch-seconds"})
DATE_TIME = msgspec.Meta(extra={"timestamp": "date-time"})
HTTP_DATE = msgspec.Meta(extra={"timestamp": "http-date"})


if TYPE_CHECKING:
    BytesLike: TypeAlias = bytes | bytearray | memoryview
    """Bytes that are only sent: of any of these classes."""
else:
    BytesLike = bytes


class _Shown(msgspec.Struct):
    """Shows the members that are not None, as most have many more, and hides the values of sensitive ones."""

    _sensitive: ClassVar[frozenset[str]] = frozenset()
    """Attributes whose values the service's model marks as sensitive (Smithy 2.0, "sensitive trait")."""

    @recursive_repr()
    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Tell the repr, and the rich library."""
        members = ((name, getattr(self, name)) for name in self.__struct_fields__)
        hidden = self._sensitive
        return [(name, "***" if name in hidden else value) for name, value in members if value is not None]


def hide_keys(path: list[str]) -> None:
    """Leave the keys of maps out of a path into a sensitive member: they say what it holds."""
    path[:] = ["[***]" if step[0] == "[" and not step[1:-1].isdecimal() else step for step in path]


class Structure(_Shown, omit_defaults=True):
    """A structure of the service. Members that are None are not sent."""


class UnknownMember(msgspec.Struct, kw_only=True, frozen=True):
    """A member of a union that this client's description does not know; a newer service may send such.

    Attributes:
        name: the member's name on the wire.
        value: the member's value as decoded JSON or CBOR. The repr leaves it out, because it may be sensitive.
    """

    name: str
    value: Any = None

    def __repr__(self) -> str:
        return f"UnknownMember(name={self.name!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Leave the value out for the rich library too, which shows all fields of a structure unless it is told."""
        return [("name", self.name)]


# Members without a name here fail the fast decoders, so that the lenient one reads them.
class Union(Structure, dict=True, forbid_unknown_fields=True):
    """A structure of which exactly one member is set."""

    @property
    def unknown_member(self) -> UnknownMember | None:
        """The member that the service sent, if it is none of the attributes: a newer service may have more of them."""
        found: UnknownMember | None = vars(self).get("unknown_member")
        return found

    def with_unknown_member(self, member: UnknownMember) -> Self:
        """Set the unknown member, and return the union."""
        vars(self)["unknown_member"] = member
        return self

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Tell the unknown member too."""
        unknown = self.unknown_member
        return super().__rich_repr__() + ([] if unknown is None else [("unknown_member", unknown)])

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Union) and self.unknown_member != other.unknown_member:
            return False
        return super().__eq__(other)

    def __copy__(self) -> Self:
        return _copy(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return _reduced(self)


class Output(_Shown, dict=True):
    """What an operation returns: its output members as attributes, and :attr:`metadata`.

    The metadata is kept beside the fields, so no key in a response body can reach it; it takes no part in equality.
    """

    @property
    def metadata(self) -> ResponseMetadata:
        """The request id, status, headers and number of attempts."""
        found: ResponseMetadata | None = vars(self).get("metadata")
        return found or ResponseMetadata()

    def with_metadata(self, metadata: ResponseMetadata) -> Self:
        """Set the metadata, and return the output."""
        vars(self)["metadata"] = metadata
        return self

    def __copy__(self) -> Self:
        return _copy(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return _reduced(self)


def _members(value: msgspec.Struct) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__struct_fields__}


def _copy(value: S) -> S:
    """Copy a structure with what is kept beside its fields."""
    copy = type(value)(**_members(value))
    vars(copy).update(vars(value))
    return copy


def _reduced(value: msgspec.Struct) -> tuple[Any, ...]:
    return _restore, (type(value), _members(value), vars(value))


def _restore(cls: type[S], members: Mapping[str, Any], state: Mapping[str, Any]) -> S:
    value = cls(**members)
    vars(value).update(state)
    return value


class UnknownEvent(msgspec.Struct, kw_only=True, frozen=True):
    """An event that this client's description does not know; a newer service may send such.

    Attributes:
        type: the event type on the wire.
        headers: the frame's headers.
        payload: the frame's payload.
    """

    type: str
    headers: Mapping[str, Any]
    payload: bytes
