"""The restJson1 protocol: JSON bodies, and errors named by a header or a body member.

Source: Smithy 2.0, "AWS restJson1 protocol".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import msgspec

from ..errors import InvalidInput, InvalidResponse, ServiceError
from ..message.http import Response, describe_body
from .body import (
    decode_body,
    encode_body,
    error_document,
    json_payload,
)
from .service_errors import build_error, rest_error

__all__ = [
    "blob_payload",
    "build_error",
    "decode_body",
    "decode_json",
    "encode_body",
    "encode_json",
    "error_document",
    "json_content_type",
    "json_payload",
    "parse_error",
    "text_body",
    "text_payload",
]


def encode_json(value: Any) -> bytes:
    """Encode the ``json=`` argument: what :mod:`json` takes, and dataclasses, msgspec structs, datetimes, UUIDs.

    Raises :class:`InvalidInput` for NaN and infinities, which JSON does not have, and for unknown types.
    """
    import json

    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_to_json)
        return text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInput(f"json= cannot be written as JSON: {error}") from error


def _to_json(value: Any) -> Any:
    """Spell out what :mod:`json` does not know, but nothing whose meaning that would change."""
    from decimal import Decimal

    inexact = (bytes, bytearray, memoryview, Decimal, set, frozenset)
    kind = type(value).__name__
    if isinstance(value, inexact):
        raise TypeError(f"JSON has no {kind}; convert it first, or pass encoded JSON as body=")
    return msgspec.to_builtins(value, builtin_types=inexact)


def json_content_type(content_type: str | None, json: Any) -> str | None:
    """Return the Content-Type of a payload: as given, else JSON's where the payload is given as ``json=``."""
    return "application/json" if content_type is None and json is not msgspec.UNSET else content_type


_NO_JSON: Any = object()
"""Stands in for ``json=`` where an operation has no such argument."""


def blob_payload(body: Any, name: str, json: Any = _NO_JSON, *, optional: bool = False) -> bytes:
    """Return the payload from the argument ``name`` (bytes-like) or ``json=``.

    Raises :class:`InvalidInput` when both are given, or neither of a required payload, or the first is not bytes-like.
    """
    if json is not msgspec.UNSET and json is not _NO_JSON:
        if body is not None:
            raise InvalidInput(f"{name} and json were both given: pass one of them")
        return encode_json(json)
    if isinstance(body, bytes | bytearray | memoryview):
        return bytes(cast("bytes", body))
    if body is None:
        if optional:
            return b""
        instead = "" if json is _NO_JSON else ", or a value to send as JSON as json="
        raise InvalidInput(f"{name} is required: pass bytes as {name}={instead}")
    instead = "" if json is _NO_JSON else ", or pass json="
    hint = f": encode it first{instead}" if isinstance(body, str) else ""
    raise InvalidInput(f"{name} must be bytes, not {type(body).__name__}{hint}")


def text_payload(body: object) -> bytes:
    """Return a text payload as UTF-8; nothing for None. Raises :class:`InvalidInput` for what is not such text."""
    if body is None:
        return b""
    if not isinstance(body, str):
        raise InvalidInput(f"a text payload must be a string, not {type(body).__name__}")
    try:
        return body.encode()
    except UnicodeEncodeError as error:
        raise InvalidInput(f"a text payload cannot be encoded as UTF-8: {error.reason}") from error


def text_body(response: Response) -> str:
    """Return a payload that is text. Raises :class:`InvalidResponse` when it is not UTF-8."""
    try:
        return response.body.decode()
    except UnicodeDecodeError as error:
        came = describe_body(response.body, response.headers)
        raise InvalidResponse(f"the response body is not UTF-8: {error.reason} ({came})") from error


def decode_json(body: bytes) -> Any:
    """Decode a JSON payload that a model or function wrote; NaN and infinities are taken as Python's :mod:`json` does.

    Raises :class:`InvalidResponse` when it is not JSON.
    """
    from .plain_json import loads

    try:
        return loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidResponse(f"the payload is not JSON: {error} ({describe_body(body)})") from error


def parse_error(
    response: Response, errors: Mapping[str, type[ServiceError]], unknown: type[ServiceError]
) -> ServiceError:
    """Build the error that an error response describes: its modelled class, or ``unknown`` for any other code."""
    return rest_error(response, error_document(response.body), errors, unknown)
