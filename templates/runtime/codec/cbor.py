"""The rpcv2Cbor protocol. Source: Smithy 2.0, "Smithy RPC v2 CBOR protocol"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, TypeVar, cast

import cbor2
import msgspec

from ..errors import InvalidInput, InvalidResponse, ServiceError
from ..message.http import Response, describe_body
from ..shapes import lenient
from ..shapes.members import Members, write_value
from ..shapes.structures import Output
from ..shapes.timestamps import epoch_seconds
from ..shapes.writers import (
    Form,
    Refused,
    Write,
    all_are,
    check_text,
    write_blob,
    write_boolean,
    write_integer,
    write_number,
    write_timestamp,
)
from .rpc import QUERY_MODE, RPCOperation
from .service_errors import build_error, rpc_error

__all__ = [
    "CBOR",
    "CBORRPC",
    "build_error",
    "cbor_payload",
    "decode_body",
    "encode_body",
    "error_document",
    "parse_error",
]

Out = TypeVar("Out", bound=Output)
T = TypeVar("T")

_EPOCH_TAG = 1
_TIMES = (0, 1)
_RAW = 10
"""A tag that nobody has registered."""
_STRINGS = (2, 3)
_TAG = 6
_INDEFINITE = 31
_KNOWN = (bytes, datetime)
_NOT_CBOR = (cbor2.CBORDecodeError, ValueError, TypeError, ArithmeticError, RecursionError)


def _write_integer(value: Any) -> int:
    number = write_integer(value)
    if not -(2**64) <= number < 2**64:
        raise Refused("must fit into 64 bits")
    return number


def _write_float(value: Any) -> float:
    try:
        return float(write_number(value))
    except OverflowError as error:
        raise Refused("is too large for a float") from error


def _tagged(value: datetime) -> cbor2.CBORTag:
    return cbor2.CBORTag(_EPOCH_TAG, epoch_seconds(value))


def _timestamp(form: str | None) -> Write:
    return partial(write_timestamp, _tagged)


CBOR = Form(
    leaves={str: check_text, int: _write_integer, bool: write_boolean, float: _write_float, bytes: write_blob},
    timestamp=_timestamp,
    passes={kind: partial(all_are, frozenset({kind})) for kind in (bool, float, bytes)},
)


def encode_body(members: Members, values: Mapping[str, Any]) -> bytes:
    """Encode body members, by their names on the wire, as a CBOR map; members that are None are left out.

    Raises :class:`InvalidInput`, saying where, for what does not fit.
    """
    return _encode(members.write(values, CBOR))


def cbor_payload(kind: Any, value: Any) -> bytes:
    """Encode one value of the type ``kind``, such as an event; nothing for None."""
    return b"" if value is None else _encode(write_value(kind, value, CBOR, "the payload"))


def _encode(value: Any) -> bytes:
    try:
        return cbor2.dumps(value)
    except (cbor2.CBOREncodeError, ValueError, TypeError, RecursionError) as error:
        raise InvalidInput(f"the request cannot be written as CBOR: {error}") from error


def decode_body(response: Response, shape: type[T]) -> T:
    """Decode a CBOR body into ``shape``; an empty body and ``null`` read as an empty map, unknown keys are ignored.

    Raises :class:`InvalidResponse` when the body is not CBOR or a member has the wrong type.
    """
    try:
        document: Any = _loads(response.body) if response.body else {}
        try:
            return msgspec.convert(document, shape, strict=False, builtin_types=_KNOWN)
        except msgspec.ValidationError:
            found = _defined(document)
            return cast("T", lenient.read({} if found is None else found, shape))
    except _NOT_CBOR as error:
        came = describe_body(response.body, response.headers)
        raise InvalidResponse(f"the response body cannot be read: {error} ({came})") from error


def _loads(body: bytes) -> Any:
    """Decode CBOR; timestamps that cannot be read stay as they came, because cbor2 would refuse the whole body."""
    try:
        return cbor2.loads(body)
    except cbor2.CBORDecodeError:
        retagged = _retagged(body)
        if retagged == body:
            raise
        return _defined(cbor2.loads(retagged))


def _retagged(body: bytes) -> bytes:
    """Replace the tags of timestamps by one that cbor2 has no decoder for (RFC 8949, section 3: heads of items)."""
    changed = bytearray(body)
    at = 0
    while at < len(body):
        major, info = body[at] >> 5, body[at] & 0x1F
        size = 1 << (info - 24) if 24 <= info < 28 else 0
        argument = int.from_bytes(body[at + 1 : at + 1 + size], "big") if size else info
        at += size
        if major == _TAG and argument in _TIMES and at < len(body):
            changed[at] = _RAW if size else _TAG << 5 | _RAW
        at += 1 + (argument if major in _STRINGS and info < _INDEFINITE else 0)
    return bytes(changed)


def _defined(value: Any) -> Any:
    """Read CBOR's undefined as null, and a timestamp that was not decoded as what it holds."""
    if isinstance(value, dict):
        return {key: _defined(item) for key, item in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [_defined(item) for item in cast("Iterable[Any]", value)]
    if isinstance(value, cbor2.CBORTag) and value.tag == _RAW:
        return _defined(value.value)
    return None if value is cbor2.undefined else value


def error_document(body: bytes) -> Mapping[str, Any]:
    """Read an error's members; anything but a CBOR map has none."""
    try:
        document = _defined(_loads(body))
    except _NOT_CBOR:
        return {}
    return cast("dict[str, Any]", document) if isinstance(document, dict) else {}


def parse_error(
    response: Response, errors: Mapping[str, type[ServiceError]], unknown: type[ServiceError]
) -> ServiceError:
    """Build the error that an error response describes; see :func:`rpc_error`."""
    return rpc_error(response, error_document(response.body), errors, unknown)


class CBORRPC:
    """How all operations of a service are sent: ``POST /service/{service}/operation/{operation}``.

    A ``query_compatible`` service spoke the Query protocol once, and is asked for the error codes of then.
    """

    def __init__(
        self,
        *,
        service: str,
        errors: Mapping[str, type[ServiceError]],
        service_error: type[ServiceError],
        query_compatible: bool = False,
    ) -> None:
        self._service = service
        self._headers = (("Smithy-Protocol", "rpc-v2-cbor"), *([QUERY_MODE] * query_compatible))
        self._errors = errors
        self._service_error = service_error

    def operation(
        self, name: str, members: Mapping[str, Any] | None, output: type[Out], **options: Any
    ) -> RPCOperation[Out]:
        """Describe an operation: the types of its input's members by their names on the wire, and its output.

        Without members (None) nothing is sent as the body; an input that has none (``{}``) is an empty map.
        ``options`` are those of :class:`call.Operation`.
        """
        answer = "application/vnd.amazon.eventstream" if options.get("streaming") else "application/cbor"
        content_type = () if members is None else (("Content-Type", "application/cbor"),)
        return RPCOperation(
            name=name,
            path=f"/service/{self._service}/operation/{name}",
            headers=(*self._headers, ("Accept", answer), *content_type),
            members=Members(members or {}),
            encode=_encode_nothing if members is None else encode_body,
            parse=partial(_parse, output),
            parse_error=parse_error,
            errors=self._errors,
            service_error=self._service_error,
            **options,
        )


def _encode_nothing(members: Members, values: Mapping[str, Any]) -> bytes:
    return b""


def _parse(shape: type[Out], response: Response) -> Out:
    return decode_body(response, shape)
