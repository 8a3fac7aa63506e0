"""Structures and errors in the frames of event streams, for the protocols that write them as JSON."""

from __future__ import annotations

from typing import TypeVar

from ..codec.body import decode_body, error_document
from ..codec.service_errors import build_error
from ..errors import ServiceError
from ..message.http import Headers, Response
from .eventstream import Message

T = TypeVar("T")


def decode_event(message: Message, shape: type[T]) -> T:
    """Decode a structure that is a frame's payload; an empty payload reads as one without members.

    Raises :class:`InvalidResponse` when the payload is not JSON or a member has the wrong type.
    """
    return decode_body(Response(200, Headers(), message.payload), shape)


def read_error(payload: bytes, cls: type[ServiceError], code: str) -> ServiceError:
    """Build the error of class ``cls`` that is a frame's payload."""
    return build_error(cls, error_document(payload), code=code)
