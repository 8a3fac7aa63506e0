"""Structures and errors in the frames of event streams, for the protocols that write them as JSON."""

from __future__ import annotations

from typing import TypeVar, cast

from ..codec.body import error_document
from ..codec.service_errors import build_error
from ..errors import InvalidResponse, ServiceError
from ..message.http import describe_body
from ..shapes import lenient

T = TypeVar("T")


def decode_event(payload: bytes, shape: type[T]) -> T:
    """Decode a structure that is a frame's payload; an empty payload reads as one without members.

    Raises :class:`InvalidResponse` when the payload is not JSON or a member has the wrong type.
    """
    try:
        return cast("T", lenient.decode_json(payload, shape))
    except ValueError as error:
        came = describe_body(payload)
        raise InvalidResponse(f"the payload of an event cannot be read: {error} ({came})") from error


def read_error(payload: bytes, cls: type[ServiceError], code: str) -> ServiceError:
    """Build the error of class ``cls`` that is a frame's payload."""
    return build_error(cls, error_document(payload), code=code)
