"""One call, without I/O: what to send, when to wait, when to give up.

:func:`call` is a generator that yields steps and is sent their results; the drivers in :mod:`.steps` carry them out.
Retries, clock skew and credential refresh exist here, once, for sync and async clients alike.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, TypeVar

import msgspec

from ..codec.operation import Operation
from ..errors import InvalidResponse, ServiceError, TransportError
from ..message.http import Headers, Request, Response
from ..settings.config import Config, ServiceInfo
from ..settings.hooks import Watch, watch
from ..shapes.structures import Output, ResponseMetadata
from ..shapes.timestamps import read_http_date
from ..signing.sigv4 import Credentials
from .deadline import Deadline
from .prepare import compressed, prepare
from .retry import Backoff, RetryQuota, is_resendable, is_retryable
from .steps import EVENT_STREAM, Measure, Refresh, Reply, Send, Sleep, Steps

Out = TypeVar("Out", bound=Output)

_CLOCK_SKEW_CODES = frozenset(
    {
        "AuthFailure",
        "InvalidSignatureException",
        "RequestExpired",
        "RequestInTheFuture",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
    }
)
_EXPIRED_TOKEN_CODES = frozenset({"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"})
_REQUEST_ID_HEADERS = ("x-amzn-RequestId", "x-amz-request-id", "x-amzn-request-id")
_TOLERATED_SKEW = timedelta(minutes=4)


class CallState(msgspec.Struct):
    """What the calls of one client share.

    Attributes:
        quota: limits the retries of a client whose calls mostly fail.
        backoff: how long to wait before a retry.
        skew: the service's clock minus ours, where a refused signature has shown that they differ.
        expired: the last credentials were refused as expired, so the next call asks for new ones.
    """

    quota: RetryQuota = msgspec.field(default_factory=RetryQuota)
    backoff: Backoff = msgspec.field(default_factory=Backoff)
    skew: timedelta = timedelta(0)
    expired: bool = False


def utcnow() -> datetime:
    """Return the time that requests are signed with, before the skew is added."""
    return datetime.now(UTC)


def call(
    operation: Operation[Out], request: Request, service: ServiceInfo, config: Config, state: CallState
) -> Steps[tuple[Out, Reply]]:
    """Carry one call through its attempts; returns the output, its metadata set, and the reply it was read from.

    What a refused signature shows, expired credentials or a clock that is off, is put right and tried again at once,
    each once in a call and within ``config.max_attempts``; where no attempt is left, it helps the next call.
    """
    deadline = None if config.timeout.total is None else Deadline(config.timeout.total)
    watching = watch(service.package, config.hooks, operation.name)
    if operation.compress:
        request = compressed(request, config)
    if not isinstance(request.body, bytes):
        yield Measure(request.body, _signs_body(operation, service))
    retries = _Retries(request, config, state, deadline)
    attempt = 0
    while True:
        attempt += 1
        credentials = None
        if service.signing_name is not None and operation.auth != "none":
            try:
                credentials = yield from _current_credentials(state, retries.repaired, deadline)
            except TransportError as error:
                error.operation, error.attempts = operation.name, attempt - 1
                if watching and error.attempts:
                    watching.failed(error)
                raise
        skew = state.skew
        sent = prepare(operation, request, service, config, credentials, utcnow() + skew)
        try:
            if watching:
                watching.sending(attempt, sent)
            reply: Reply = yield Send(sent, operation.streaming, config.timeout, deadline)
        except TransportError as error:
            error.operation, error.attempts = operation.name, attempt
            failed = _Failed(error, is_resendable(error, retry_safe=operation.retry_safe))
        except GeneratorExit:
            if watching:
                watching.failed(None)
            raise
        else:
            if watching:
                watching.answered(reply.response, request_id(reply.response.headers))
            if not _is_error(operation, reply):
                retries.succeeded()
                return _output(operation, reply, attempt, watching), reply
            failed = _refused(operation, reply.response, attempt)
            if credentials is not None:
                failed = failed._replace(repair=_repair(failed, state, skew))
        delay = retries.delay(failed, attempt)
        if delay is None:
            if watching:
                watching.failed(failed.error)
            try:
                raise failed.error
            finally:
                del failed  # Else error, traceback and frame refer to one another, and the request stays in memory.
        if watching:
            watching.retrying(failed.error, delay)
        if delay:
            yield Sleep(delay)


class _Failed(NamedTuple):
    """A failed attempt: why, whether to send again, and what signing anew would put right."""

    error: ServiceError | TransportError
    again: bool
    headers: Headers | None = None
    repair: str | None = None


def _refused(operation: Operation[Any], response: Response, attempt: int) -> _Failed:
    error = _service_error(operation, response, attempt)
    return _Failed(error, error.retryable, response.headers)


class _Retries:
    """Decides on one call's attempts after the first."""

    def __init__(self, request: Request, config: Config, state: CallState, deadline: Deadline | None) -> None:
        self._request = request
        self._config = config
        self._state = state
        self._deadline = deadline
        self._spent = 1
        self.repaired: set[str] = set()

    def succeeded(self) -> None:
        """Give back what the last attempt cost."""
        self._state.quota.release(self._spent)

    def delay(self, failed: _Failed, attempt: int) -> float | None:
        """Return how long to wait before the next attempt; None where there is to be none."""
        if attempt >= self._config.max_attempts or not _can_send_again(self._request):
            return None
        if failed.repair is not None and failed.repair not in self.repaired:
            self.repaired.add(failed.repair)
            return 0.0
        tokens = self._state.quota.acquire(failed.error) if failed.again else None
        if tokens is None:
            return None
        self._spent = tokens
        delay = self._state.backoff.delay(attempt, failed.headers)
        return None if self._deadline is not None and delay >= self._deadline.left else delay


def _signs_body(operation: Operation[Any], service: ServiceInfo) -> bool:
    return service.signing_name is not None and operation.auth is None


def _can_send_again(request: Request) -> bool:
    """Whether the whole body is still there to be sent."""
    body = request.body
    return isinstance(body, bytes) or body.rewindable or not body.started


def _current_credentials(state: CallState, repaired: set[str], deadline: Deadline | None) -> Steps[Credentials]:
    force = state.expired
    credentials: Credentials = yield Refresh(force, deadline)
    if force:
        state.expired = False
        repaired.add("credentials")
    return credentials


def request_id(headers: Headers) -> str | None:
    """Return the service's id of the request, under whichever header it came."""
    return next((value for name in _REQUEST_ID_HEADERS if (value := headers.get(name)) is not None), None)


def _output(operation: Operation[Out], reply: Reply, attempt: int, watching: Watch | None) -> Out:
    response = reply.response
    found = request_id(response.headers)
    try:
        if operation.streaming and reply.connection is None:
            content_type = response.headers.get("Content-Type") or ""
            raise InvalidResponse(f"the answer is {content_type[:100]}, not an event stream ({EVENT_STREAM})")
        output = operation.parse(response)
    except InvalidResponse as error:
        error.operation, error.status, error.request_id, error.attempts = (
            operation.name,
            response.status,
            found,
            attempt,
        )
        if watching:
            watching.failed(error)
        raise
    found = found or output.metadata.request_id
    return output.with_metadata(ResponseMetadata(found, response.status, response.headers, attempt))


def _is_error(operation: Operation[Any], reply: Reply) -> bool:
    """Whether an answer is an error. One that came under a good status, in place of a stream, must say which it is."""
    response = reply.response
    if operation.is_error is not None and response.status < 300 and operation.is_error(response):
        return True
    if response.status >= 300 or not operation.streaming or reply.connection is not None:
        return response.status >= 300
    error = operation.parse_error(response, operation.errors, operation.service_error)
    return error.code != f"HTTP{response.status}"


def _service_error(operation: Operation[Any], response: Response, attempt: int) -> ServiceError:
    error = operation.parse_error(response, operation.errors, operation.service_error)
    error.operation = operation.name
    error.status = response.status
    error.headers = response.headers
    error.body = response.body
    error.request_id = request_id(response.headers) or error.request_id
    error.attempts = attempt
    for name, (attribute, read) in error.header_members.items():
        with suppress(InvalidResponse):
            setattr(error, attribute, read(response.headers, name))
    error.retryable = is_retryable(error, retry_safe=operation.retry_safe)
    return error


def _repair(failed: _Failed, state: CallState, skew: timedelta) -> str | None:
    """Note what is wrong with the credentials or the clock that a request was signed with.

    Returns what an attempt that is signed anew would put right; None where that would not help. ``skew`` is the one
    that the request was signed with: another call may have corrected the shared one in the meantime.
    """
    code = failed.error.code if isinstance(failed.error, ServiceError) else ""
    if code in _EXPIRED_TOKEN_CODES:
        state.expired = True
        return "credentials"
    if code in _CLOCK_SKEW_CODES and failed.headers is not None:
        correct = _clock_skew(failed.headers)
        if correct is not None and abs(correct - skew) >= _TOLERATED_SKEW:
            state.skew = correct
            return "clock"
    return None


def _clock_skew(headers: Headers) -> timedelta | None:
    try:
        theirs = read_http_date(headers.get("Date") or "")
    except ValueError:
        return None
    # Any other year is no clock's, and times near the ends of the calendar could not be reckoned with.
    return theirs - utcnow() if 2000 <= theirs.year < 3000 else None
