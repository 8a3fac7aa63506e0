"""The awsJson1.0 and awsJson1.1 protocols. Source: Smithy 2.0, "AWS JSON 1.0 protocol" and "AWS JSON 1.1 protocol"."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, TypeVar

from .call import Operation
from .codec_rest_json import decode_body, encode_body, parse_error
from .errors import ServiceError
from .http import Request, Response
from .members import Members
from .shapes import Output

Out = TypeVar("Out", bound=Output)


class RPCOperation(Operation[Out], frozen=True, kw_only=True):
    """An operation that is sent as all others of its service are."""

    members: Members
    headers: tuple[tuple[str, str], ...]

    def request(
        self,
        values: Mapping[str, Any],
        *,
        host_prefix: str = "",
        endpoint_parameters: Mapping[str, Any] | None = None,
    ) -> Request:
        """Build the request from the input's members by wire name."""
        return Request("POST", "/", headers=list(self.headers), body=encode_body(self.members, values))


class JSONRPC:
    """How a service's operations are sent."""

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
        self._type = f"application/x-amz-json-{version}"
        self._errors = errors
        self._service_error = service_error

    def operation(self, name: str, members: Mapping[str, Any], output: type[Out], **options: Any) -> RPCOperation[Out]:
        """Describe an operation by its input's members and its output."""
        return RPCOperation(
            name=name,
            members=Members(members),
            headers=(("X-Amz-Target", f"{self._target}.{name}"), ("Content-Type", self._type)),
            parse=partial(_parse, output),
            parse_error=parse_error,
            errors=self._errors,
            service_error=self._service_error,
            **options,
        )


def _parse(shape: type[Out], response: Response) -> Out:
    return decode_body(response, shape)
