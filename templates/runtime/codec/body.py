"""JSON bodies and errors, as all JSON protocols have them.

Source: Smithy 2.0, "AWS restJson1 protocol", "AWS JSON 1.0 protocol" and "AWS JSON 1.1 protocol".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from math import isfinite
from typing import Any, TypeVar, cast

import msgspec

from ..errors import InvalidInput, InvalidResponse, ServiceError
from ..message.http import Response, describe_body
from ..shapes import lenient, timestamps
from ..shapes.members import Members, write_value
from ..shapes.writers import (
    Form,
    Write,
    all_are,
    all_finite,
    check_text,
    write_blob,
    write_boolean,
    write_integer,
    write_number,
    write_text,
    write_timestamp,
)
from .request_text import special_float
from .service_errors import rpc_error

T = TypeVar("T")

_ENCODER = msgspec.json.Encoder()
_SPELLINGS = {
    "date-time": timestamps.date_time,
    "epoch-seconds": timestamps.epoch_seconds,
    "http-date": timestamps.http_date,
}


def _timestamp(form: str | None) -> Write:
    return partial(write_timestamp, _SPELLINGS[form or "epoch-seconds"])


def _write_number(value: Any) -> int | float | str:
    number = write_number(value)
    return special_float(number) if isinstance(number, float) and not isfinite(number) else number


def _json_form(text: Write, trusted: frozenset[type] = frozenset(), checked: Form | None = None) -> Form:
    # Blobs stay bytes: msgspec writes them in base64.
    leaves = {str: text, int: write_integer, bool: write_boolean, float: _write_number, bytes: write_blob}
    passes = {kind: partial(all_are, frozenset({kind})) for kind in (str, int, bool, bytes) if checked}
    return Form(
        leaves=leaves,
        timestamp=_timestamp,
        passes={**passes, float: all_finite},
        trusted=trusted,
        checked=checked,
    )


_CHECKED_JSON = _json_form(check_text)
JSON = _json_form(write_text, frozenset({str, int, bool, bytes}), _CHECKED_JSON)


def encode_body(members: Members, values: Mapping[str, Any]) -> bytes:
    """Encode body members, by their names on the wire, as a JSON object; members that are None are left out.

    Timestamps become epoch seconds where their types say nothing else, blobs base64, and NaN and infinities the strings
    that the protocol has for them. Raises :class:`InvalidInput`, saying where, for what does not fit.
    """
    return _encode(partial(members.write, values))


def json_payload(kind: Any, value: Any) -> bytes:
    """Encode a payload that is one member, of the type ``kind``: a structure, a document or a list; None is ``{}``."""
    return b"{}" if value is None else _encode(partial(_payload, kind, value))


def _payload(kind: Any, value: Any, form: Form) -> Any:
    return write_value(kind, value, form, "the payload")


def _encode(write: Callable[[Form], Any]) -> bytes:
    try:
        return _ENCODER.encode(write(JSON))
    except InvalidInput:
        raise
    except (TypeError, ValueError, RecursionError):
        # A structure that went as it is holds what is no JSON: this finds it, or converts it.
        pass
    try:
        return _ENCODER.encode(write(JSON.checked))
    except InvalidInput:
        raise
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInput(f"the request cannot be written as JSON: {error}") from error


def decode_body(response: Response, shape: type[T]) -> T:
    """Decode a JSON body into ``shape``; an empty body and ``null`` read as ``{}`` and unknown keys are ignored.

    A null where the shape has no None, as a member or inside a list or map, reads as if it were not there.
    Raises :class:`InvalidResponse` when the body is not JSON or a member has the wrong type.
    """
    try:
        return cast("T", lenient.decode_json(response.body, shape))
    except ValueError as error:
        came = describe_body(response.body, response.headers)
        raise InvalidResponse(f"the response body cannot be read: {error} ({came})") from error


def parse_error(
    response: Response, errors: Mapping[str, type[ServiceError]], unknown: type[ServiceError]
) -> ServiceError:
    """Build the error that an error response of an RPC protocol describes; see :func:`rpc_error`."""
    return rpc_error(response, error_document(response.body), errors, unknown)


def error_document(body: bytes) -> Mapping[str, Any]:
    """Read an error's members; anything but a JSON object has none."""
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return cast("dict[str, Any]", document) if isinstance(document, dict) else {}
