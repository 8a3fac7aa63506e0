"""Bases of what operations return: structures, outputs and their metadata."""

from __future__ import annotations

from collections.abc import Mapping
from reprlib import recursive_repr
from typing import Any, Self

import msgspec

from ..message.http import Headers


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


class _Shown(msgspec.Struct):
    """Shows the members that are not None, as most have many more."""

    @recursive_repr()
    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Tell the repr, and the rich library."""
        members = ((name, getattr(self, name)) for name in self.__struct_fields__)
        return [(name, value) for name, value in members if value is not None]


class Structure(_Shown, omit_defaults=True):
    """A structure of the service. Members that are None are not sent."""


class Union(Structure):
    """A structure of which exactly one member is set."""


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
        copy = type(self)(**{name: getattr(self, name) for name in self.__struct_fields__})
        vars(copy).update(vars(self))
        return copy

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (
            type(self),
            {name: getattr(self, name) for name in self.__struct_fields__},
            vars(self),
        )


def _restore(cls: type[Output], members: Mapping[str, Any], state: Mapping[str, Any]) -> Output:
    output = cls(**members)
    vars(output).update(state)
    return output


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
