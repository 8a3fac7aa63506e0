"""What follows a failed attempt: its error, what signing anew would put right, and whether to send again.

Loaded when the first attempt of a process fails.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from ..codec.operation import Operation
from ..errors import InvalidResponse, ProtocolError, ServiceError, TransportError
from ..message.encoding import decoded
from ..message.http import Headers, Response
from .attempts import is_intact
from .repair import repair
from .retry import THROTTLED_SCALE, Backoff, is_resendable, is_retryable, retry_kind
from .sdk_headers import expiry

if TYPE_CHECKING:
    from .attempts import Attempts

_BACKOFF = Backoff()


class Failure(msgspec.Struct, frozen=True):
    """A failed attempt.

    Attributes:
        error: why it failed.
        again: whether sending the request again may help and does no work twice.
        throttled: whether the service asked for fewer requests.
        headers: those of the response; None where there was none.
        repair: what a request that is signed anew puts right, or None.
    """

    error: ServiceError | TransportError
    again: bool
    throttled: bool = False
    headers: Headers | None = None
    repair: str | None = None


class Decision(msgspec.Struct, frozen=True):
    """What to do after a failed attempt: wait ``pause`` seconds, then send ``again`` or raise."""

    pause: float
    again: bool


_GIVE_UP = Decision(0.0, again=False)
_AT_ONCE = Decision(0.0, again=True)


def lost(attempts: Attempts[Any], error: TransportError) -> Failure:
    """Return the failure of an attempt that got no response."""
    error.operation, error.attempts = attempts.operation.name, attempts.number
    return Failure(error, is_resendable(error, retry_safe=attempts.operation.retry_safe))


def refused(attempts: Attempts[Any], response: Response, request_id: str | None, now: datetime) -> Failure:
    """Return the failure of an attempt whose response, which came ``now``, is an error or was damaged on the way."""
    operation, service = attempts.operation, attempts.service
    attempts.expires = expiry(response.headers, attempts.config.timeout.read) or attempts.expires
    intact = not service.crc32 or is_intact(response)
    if response.status < 300 and not intact:
        broken = ProtocolError(
            f"the response's {len(response.body)} bytes do not match its x-amz-crc32, so they were damaged on the way"
        )
        broken.status, broken.request_id = response.status, request_id
        return msgspec.structs.replace(lost(attempts, broken), headers=response.headers)
    error = _service_error(operation, response, attempts.number, request_id)
    mended = repair(error, response.headers, attempts.state, attempts.skew, now) if attempts.is_signed else None
    again = error.retryable or (not intact and operation.retry_safe)
    return Failure(error, again, retry_kind(error) == "throttle", response.headers, mended)


def _service_error(operation: Operation[Any], response: Response, attempt: int, request_id: str | None) -> ServiceError:
    readable = decoded(response) or response
    error = operation.parse_error(readable, operation.errors, operation.service_error)
    error.operation = operation.name
    error.status = response.status
    error.headers = response.headers
    error.body = readable.body
    error.request_id = request_id or error.request_id
    error.attempts = attempt
    for name, (attribute, read) in error.header_members.items():
        with suppress(InvalidResponse):
            setattr(error, attribute, read(response.headers, name))
    if error.status_member is not None:
        setattr(error, error.status_member, response.status)
    error.retryable = is_retryable(error, retry_safe=operation.retry_safe)
    return error


def decide(attempts: Attempts[Any], failure: Failure) -> Decision:
    """Decide what follows a failed attempt, and take the tokens that a retry costs.

    A long poll waits before it fails even where there are no tokens left: a loop around it would not wait.
    """
    if attempts.number >= attempts.config.max_attempts or not _can_send_again(attempts):
        return _GIVE_UP
    if failure.repair is not None and failure.repair not in attempts.repaired:
        attempts.repaired.add(failure.repair)
        return _AT_ONCE
    if not failure.again:
        return _GIVE_UP
    quota, deadline = attempts.state.quota, attempts.deadline
    tokens = quota.acquire(throttled=failure.throttled)
    if tokens is None and not attempts.operation.long_poll:
        return _GIVE_UP
    scale = THROTTLED_SCALE if failure.throttled else attempts.service.retry_delay
    pause = (attempts.state.backoff or _BACKOFF).delay(attempts.number, scale, failure.headers)
    if deadline is not None and pause >= deadline.left:
        quota.release(tokens or 0)
        return _GIVE_UP
    attempts.spent = tokens or attempts.spent
    return Decision(pause, again=tokens is not None)


def _can_send_again(attempts: Attempts[Any]) -> bool:
    """Whether the whole body is still there to be sent."""
    body = attempts.request.body
    return isinstance(body, bytes) or body.rewindable or not body.started
