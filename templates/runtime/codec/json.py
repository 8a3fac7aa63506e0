"""The awsJson1.0 and awsJson1.1 protocols. Source: Smithy 2.0, "AWS JSON 1.0 protocol" and "AWS JSON 1.1 protocol"."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, TypeVar

from ..errors import ServiceError
from ..message.http import Response
from ..shapes.members import Members
from ..shapes.structures import Output
from .body import decode_body, encode_body, parse_error
from .rpc import QUERY_MODE, RPCOperation

Out = TypeVar("Out", bound=Output)


class JSONRPC:
    """How all operations of a service are sent: ``POST /``, the operation in the header ``X-Amz-Target``.

    ``version`` is 1.0 or 1.1. A ``query_compatible`` service spoke the Query protocol once, and is asked for the error
    codes of then.
    """

    def __init__(
        self,
        *,
        target: str,
        version: str,
        errors: Mapping[str, type[ServiceError]],
        service_error: type[ServiceError],
        query_compatible: bool = False,
    ) -> None:
        self._target = target
        self._headers = (("Content-Type", f"application/x-amz-json-{version}"), *([QUERY_MODE] * query_compatible))
        self._errors = errors
        self._service_error = service_error

    def operation(
        self, name: str, members: Mapping[str, Any] | None, output: type[Out], **options: Any
    ) -> RPCOperation[Out]:
        """Describe an operation: the types of its input's members by their names on the wire, and its output.

        An input without members, or none, is sent as ``{}``. ``options`` are those of :class:`call.Operation`.
        """
        return RPCOperation(
            name=name,
            path="/",
            headers=(("X-Amz-Target", f"{self._target}.{name}"), *self._headers),
            members=Members(members or {}),
            encode=encode_body,
            parse=partial(_parse, output),
            parse_error=parse_error,
            errors=self._errors,
            service_error=self._service_error,
            **options,
        )


def _parse(shape: type[Out], response: Response) -> Out:
    return decode_body(response, shape)
