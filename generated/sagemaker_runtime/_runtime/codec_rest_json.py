"""The restJson1 protocol: JSON bodies, and errors named by a header or a body member.

Source: Smithy 2.0, "AWS restJson1 protocol".
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from math import isfinite
from typing import Any, TypeVar, cast

import msgspec
from msgspec import inspect

from .errors import InvalidInput, InvalidResponse, ServiceError
from .http import Headers, Response, epoch_seconds, special_float
from .members import Members

T = TypeVar("T")


def encode_body(members: Members, values: Mapping[str, Any]) -> bytes:
    """Encode body members, by wire name, as a JSON object; members that are None are left out.

    Timestamps become epoch seconds, blobs base64, and NaN and infinities the strings that the protocol has for them.
    Raises :class:`InvalidInput` for a value that JSON cannot hold.
    """
    return _encode({name: value for name, value in values.items() if value is not None})


def _encode(value: Any) -> bytes:
    try:
        plain = msgspec.to_builtins(value, builtin_types=(datetime, bytes, bytearray, memoryview), str_keys=True)
        return msgspec.json.encode(_to_wire(plain))
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInput(f"the request cannot be written as JSON: {error}") from error


def _to_wire(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _to_wire(item) for key, item in cast("dict[str, Any]", value).items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_to_wire(item) for item in cast("Iterable[Any]", value)]
    if isinstance(value, datetime):
        return epoch_seconds(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(cast("bytes", value)).decode("ascii")
    if isinstance(value, float) and not isfinite(value):
        return special_float(value)
    return value


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


def blob_payload(body: Any, json: Any = msgspec.UNSET, *, optional: bool = False) -> bytes:
    """Return the payload from ``body=`` (bytes-like) or ``json=``.

    Raises :class:`InvalidInput` when both are given, or neither of a required payload, or ``body`` is not bytes-like.
    """
    if json is not msgspec.UNSET:
        if body is not None:
            raise InvalidInput("body and json were both given: pass one of them")
        return encode_json(json)
    if isinstance(body, bytes | bytearray | memoryview):
        return bytes(cast("bytes", body))
    if body is None:
        if optional:
            return b""
        raise InvalidInput("body is required: pass bytes as body=, or a value to send as JSON as json=")
    hint = ": encode it first, or pass json=" if isinstance(body, str) else ""
    raise InvalidInput(f"body must be bytes, not {type(body).__name__}{hint}")


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


def json_payload(kind: Any, body: Any) -> bytes:
    """Return a structure or document as a JSON payload; nothing for None."""
    return b"" if body is None else _encode(body)


def text_body(response: Response) -> str:
    """Return a payload that is text. Raises :class:`InvalidResponse` when it is not UTF-8."""
    try:
        return response.body.decode()
    except UnicodeDecodeError as error:
        raise InvalidResponse(f"the response body (HTTP {response.status}) is not UTF-8: {error.reason}") from error


def decode_body(response: Response, shape: type[T]) -> T:
    """Decode a JSON body into ``shape``; an empty body and ``null`` read as ``{}`` and unknown keys are ignored.

    A null where the shape has no None, as a member or inside a list or map, reads as if it were not there.
    Raises :class:`InvalidResponse` when the body is not JSON or a member has the wrong type.
    """
    body = response.body.strip() or b"{}"
    try:
        try:
            return msgspec.json.decode(body, type=shape, strict=False)
        except msgspec.ValidationError:
            document = msgspec.json.decode(body)
            present: Any = {} if document is None else _without_nulls(document, _type_of(cast("Any", shape)))
            return msgspec.convert(present, shape, strict=False)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidResponse(f"the response body (HTTP {response.status}) cannot be read: {error}") from error


@cache
def _type_of(shape: Any) -> inspect.Type:
    return inspect.type_info(shape)


def _without_nulls(value: Any, kind: inspect.Type) -> Any:
    """Leave out each null that stands where ``kind`` has none: as a member, or inside a list or map."""
    if isinstance(kind, inspect.UnionType):
        others = [each for each in kind.types if not isinstance(each, inspect.NoneType)]
        return _without_nulls(value, others[0]) if len(others) == 1 else value
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value)
        if isinstance(kind, inspect.StructType):
            kinds = {each.encode_name: each.type for each in kind.fields}
        elif isinstance(kind, inspect.DictType):
            kinds = dict.fromkeys(members, kind.value_type)
        else:
            return members
        return {
            key: _without_nulls(item, kinds[key])
            for key, item in members.items()
            if key in kinds and (item is not None or _has_null(kinds[key]))
        }
    if isinstance(value, list):
        items = cast("Iterable[Any]", value)
        if not isinstance(kind, inspect.ListType):
            return items
        allowed = _has_null(kind.item_type)
        return [_without_nulls(item, kind.item_type) for item in items if item is not None or allowed]
    return value


def _has_null(kind: inspect.Type) -> bool:
    return isinstance(kind, inspect.AnyType) or (isinstance(kind, inspect.UnionType) and kind.includes_none)


def decode_json(body: bytes) -> Any:
    """Decode a JSON payload that a model or function wrote; NaN and infinities are taken as Python's :mod:`json` does.

    Raises :class:`InvalidResponse` when it is not JSON.
    """
    from .payload import loads

    try:
        return loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidResponse(f"the payload is not JSON: {error}") from error


def parse_error(
    response: Response, errors: Mapping[str, type[ServiceError]], unknown: type[ServiceError]
) -> ServiceError:
    """Build the error that an error response describes: its modelled class, or ``unknown`` for any other code."""
    document = error_document(response.body)
    code = _error_code(response.headers, document)
    error = build_error(errors.get(code, unknown), document, code=code or f"HTTP{response.status}")
    if not error.message:
        error.message = _explanation(response)
    return error


def _explanation(response: Response) -> str:
    """Say what an answer without a message says: where it redirects to, or the beginning of its text."""
    location = response.headers.get("Location")
    if 300 <= response.status < 400 and location:
        return f"redirected to {location}, which is not followed"
    if not response.body or error_document(response.body):
        return ""
    text = " ".join(response.body[:1000].decode("utf-8", "replace").split())
    return f"the answer is not the service's: {text[:200]}"


def build_error(cls: type[ServiceError], document: Mapping[str, Any], *, code: str) -> ServiceError:
    """Build an error from its members by wire name; one that does not fit its type is left out, never raised over."""
    members: dict[str, Any] = {}
    for name, (attribute, kind) in cls.wire_members.items():
        try:
            members[attribute] = msgspec.convert(document.get(name), kind, strict=False)
        except msgspec.ValidationError:
            continue
    return cls(_message(document), code=code, **members)


def error_document(body: bytes) -> Mapping[str, Any]:
    """Read an error's members; anything but a JSON object has none."""
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return cast("dict[str, Any]", document) if isinstance(document, dict) else {}


def _error_code(headers: Headers, document: Mapping[str, Any]) -> str:
    """Find the code: the header first, then the body; a namespace and the URI after a colon do not belong to it."""
    for found in (headers.get("x-amzn-errortype"), document.get("__type"), document.get("code")):
        if isinstance(found, str) and (code := found.partition(":")[0].rpartition("#")[2].strip()):
            return code
    return ""


def _message(document: Mapping[str, Any]) -> str:
    for key in ("message", "Message", "errorMessage"):
        if isinstance(text := document.get(key), str):
            return text
    return ""
