"""What is known of an operation, whatever its protocol."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Generic, Literal, TypeVar

import msgspec

from ..errors import ServiceError
from ..message.http import Response
from ..shapes.structures import Output

Out = TypeVar("Out", bound=Output)


class Operation(msgspec.Struct, Generic[Out], frozen=True, kw_only=True):
    """What the call machinery must know of an operation.

    ``parse`` reads a successful response and ``parse_error`` any other; ``errors`` maps codes to modelled errors, and
    every other code is raised as ``service_error``.
    ``retry_safe`` says that repeating a request that may have reached the service does its work only once.
    ``streaming`` leaves the body of a successful response open: it is an event stream, or bytes of any kind.
    ``auth`` is for operations that are signed otherwise than their service: not at all, or without their body.
    ``compress`` says that the service takes compressed bodies. A ``long_poll`` waits for what may
    come, and is called in a loop. ``is_error`` finds out whether the body of a successful response is an error.
    """

    name: str
    parse: Callable[[Response], Out]
    parse_error: Callable[[Response, Mapping[str, type[ServiceError]], type[ServiceError]], ServiceError]
    errors: Mapping[str, type[ServiceError]]
    service_error: type[ServiceError]
    retry_safe: bool = False
    streaming: Literal["events", "bytes"] | None = None
    auth: Literal["none", "unsigned-payload"] | None = None
    compress: bool = False
    long_poll: bool = False
    is_error: Callable[[Response], bool] | None = None
