"""Structures and errors in the frames of event streams, for rpcv2Cbor, which writes them as CBOR."""

from __future__ import annotations

from typing import TypeVar

from ..codec.cbor import build_error, decode_body, error_document
from ..errors import ServiceError
from ..message.http import Headers, Response

T = TypeVar("T")


def decode_event(payload: bytes, shape: type[T]) -> T:
    """Decode a structure that is a frame's payload; an empty payload reads as one without members.

    Raises :class:`InvalidResponse` when the payload is not CBOR or a member has the wrong type.
    """
    return decode_body(Response(200, Headers(), payload), shape)


def read_error(payload: bytes, cls: type[ServiceError], code: str) -> ServiceError:
    """Build the error of class ``cls`` that is a frame's payload."""
    return build_error(cls, error_document(payload), code=code)
