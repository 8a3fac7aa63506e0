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
from .cbor_times import loads_times_as_sent
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
        document = _loads(response.body) if response.body else {}
        try:
            return msgspec.convert(document, shape, strict=False, builtin_types=_KNOWN)
        except msgspec.ValidationError:
            found = _defined(document)
            return cast("T", lenient.read({} if found is None else found, shape))
    except _NOT_CBOR as error:
        came = describe_body(response.body, response.headers)
        raise InvalidResponse(f"the response body cannot be read: {error} ({came})") from error


def _loads(body: bytes) -> Any:
    try:
        return cbor2.loads(body)
    except _NOT_CBOR:
        # A time that cannot be read must not hide where it is, or what an error says besides.
        return loads_times_as_sent(body)


def _defined(value: Any) -> Any:
    """Read CBOR's undefined as null."""
    if isinstance(value, dict):
        return {key: _defined(item) for key, item in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [_defined(item) for item in cast("Iterable[Any]", value)]
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
