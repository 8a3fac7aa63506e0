"""One call, without I/O: what to send, when to wait, when to give up.

:func:`call` is a generator that yields steps and is sent their results; :func:`drive` and :func:`adrive` carry the
steps out. Retries, clock skew and credential refresh exist here, once, for sync and async clients alike.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Generic, TypeVar

from .config import Config, ServiceInfo
from .credentials import CredentialsProvider
from .errors import ServiceError, TransportError
from .http import Headers, HTTPRequest, Request, Response, Timeout
from .retry import Backoff, RetryQuota, is_resendable, is_retryable
from .shapes import Output, ResponseMetadata
from .sigv4 import Credentials, sign
from .transport import AsyncTransport, AsyncTransportResponse, Transport, TransportResponse

Out = TypeVar("Out", bound=Output)
T = TypeVar("T")

_CLOCK_SKEW_CODES = frozenset(
    {
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
_METHODS_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation(Generic[Out]):
    """What the call machinery must know of an operation.

    ``parse`` reads a successful response and ``parse_error`` any other; ``errors`` maps codes to modelled errors, and
    every other code is raised as ``service_error``.
    ``retry_safe`` says that repeating a request that may have reached the service does its work only once.
    ``streaming`` leaves the body of a successful response open.
    """

    name: str
    parse: Callable[[Response], Out]
    parse_error: Callable[[Response, Mapping[str, type[ServiceError]], type[ServiceError]], ServiceError]
    errors: Mapping[str, type[ServiceError]]
    service_error: type[ServiceError]
    retry_safe: bool = False
    streaming: bool = False


@dataclass(slots=True)
class CallState:
    """What the calls of one client share: the retry quota, and how far its clock is off."""

    quota: RetryQuota = field(default_factory=RetryQuota)
    skew: timedelta = timedelta(0)
    backoff: Backoff = field(default_factory=Backoff)


@dataclass(frozen=True, slots=True)
class Send:
    """Send the request; the result is its :class:`Reply`, or a :class:`TransportError` is thrown in."""

    request: HTTPRequest
    streaming: bool


@dataclass(frozen=True, slots=True)
class Sleep:
    """Wait."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Refresh:
    """Get credentials; with ``force``, new ones. The result is a :class:`Credentials`."""

    force: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """A response, and the connection that its body can still be read from when it is a stream."""

    response: Response
    connection: Any = None


Step = Send | Sleep | Refresh
Steps = Generator[Step, Any, T]


def utcnow() -> datetime:
    """Return the time that requests are signed with, before the skew is added."""
    return datetime.now(UTC)


def call(
    operation: Operation[Out], request: Request, service: ServiceInfo, config: Config, state: CallState
) -> Steps[tuple[Out, Reply]]:
    """Carry one call through its attempts; returns the output, its metadata set, and the reply it was read from."""
    attempt, spent = 0, 1
    force_refresh = False
    while True:
        attempt += 1
        credentials = None
        if service.signing_name is not None:
            credentials = yield Refresh(force_refresh)
        failure: ServiceError | TransportError
        response = None
        try:
            reply: Reply = yield Send(prepare(request, service, config, state, credentials), operation.streaming)
        except TransportError as error:
            failure, again = error, is_resendable(error, retry_safe=operation.retry_safe)
        else:
            response = reply.response
            if response.status < 300:
                state.quota.release(spent)
                return operation.parse(response).with_metadata(_metadata(response, attempt)), reply
            failure = _service_error(operation, response, attempt)
            again = failure.retryable
        refresh_helps = _is_expired_token(failure) and not force_refresh
        if attempt >= config.max_attempts:
            raise failure
        if refresh_helps or _corrects_clock(failure, response, state):
            force_refresh = force_refresh or refresh_helps
            continue
        tokens = state.quota.acquire(failure) if again else None
        if tokens is None:
            raise failure
        spent = tokens
        yield Sleep(state.backoff.delay(attempt, response.headers if response else None))


def prepare(
    request: Request, service: ServiceInfo, config: Config, state: CallState, credentials: Credentials | None
) -> HTTPRequest:
    """Add the endpoint, the standard headers and the signature: the result is what the socket receives."""
    endpoint = config.endpoint
    path = endpoint.path + request.path
    headers = [("Host", endpoint.netloc), *_merge(request.headers, config.extra_headers)]
    if request.body or request.method in _METHODS_WITH_BODY:
        headers.append(("Content-Length", str(len(request.body))))
    headers.append(("User-Agent", config.user_agent))
    if credentials is not None and service.signing_name is not None:
        headers = sign(
            request.method,
            path,
            request.query,
            headers,
            request.body,
            credentials,
            service=service.signing_name,
            region=config.region or "",
            now=utcnow() + state.skew,
        )
    target = f"{path}?{request.query}" if request.query else path
    return HTTPRequest(request.method, endpoint.scheme, endpoint.host, endpoint.port, target, headers, request.body)


def drive(
    steps: Steps[T],
    transport: Transport,
    timeout: Timeout,
    credentials: CredentialsProvider,
) -> T:
    """Carry out the steps of a call, waiting in this thread."""
    result: Any = None
    error: TransportError | None = None
    try:
        while True:
            step = steps.send(result) if error is None else steps.throw(error)
            result = error = None
            if isinstance(step, Send):
                try:
                    result = _receive(transport.send(step.request, timeout), step.streaming)
                except TransportError as caught:
                    error = caught
            elif isinstance(step, Refresh):
                result = credentials.get(refresh=step.force)
            else:
                time.sleep(step.seconds)
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return]


async def adrive(
    steps: Steps[T],
    transport: AsyncTransport,
    timeout: Timeout,
    credentials: CredentialsProvider,
) -> T:
    """Carry out the steps of a call, waiting in the event loop; credentials that need I/O come from a worker thread."""
    import anyio

    result: Any = None
    error: TransportError | None = None
    try:
        while True:
            step = steps.send(result) if error is None else steps.throw(error)
            result = error = None
            if isinstance(step, Send):
                try:
                    result = await _areceive(await transport.send(step.request, timeout), step.streaming)
                except TransportError as caught:
                    error = caught
            elif isinstance(step, Refresh):
                if step.force or credentials.blocking:
                    result = await anyio.to_thread.run_sync(partial(credentials.get, refresh=step.force))
                else:
                    result = credentials.get(refresh=step.force)
            else:
                await anyio.sleep(step.seconds)
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return]


def _receive(raw: TransportResponse, streaming: bool) -> Reply:
    if streaming and raw.status < 300:
        return Reply(Response(raw.status, raw.headers), raw)
    return Reply(Response(raw.status, raw.headers, raw.read()))


async def _areceive(raw: AsyncTransportResponse, streaming: bool) -> Reply:
    if streaming and raw.status < 300:
        return Reply(Response(raw.status, raw.headers), raw)
    return Reply(Response(raw.status, raw.headers, await raw.read()))


def _merge(headers: list[tuple[str, str]], extra: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
    """Append the extra headers; one that the operation has set already is replaced."""
    replaced = {name.lower() for name, _ in extra}
    return [pair for pair in headers if pair[0].lower() not in replaced] + list(extra)


def request_id(headers: Headers) -> str | None:
    """Return the service's id of the request, under whichever header it came."""
    return next((value for name in _REQUEST_ID_HEADERS if (value := headers.get(name)) is not None), None)


def _metadata(response: Response, attempts: int) -> ResponseMetadata:
    return ResponseMetadata(request_id(response.headers), response.status, response.headers, attempts)


def _service_error(operation: Operation[Any], response: Response, attempt: int) -> ServiceError:
    error = operation.parse_error(response, operation.errors, operation.service_error)
    error.operation = operation.name
    error.status = response.status
    error.request_id = request_id(response.headers)
    error.attempts = attempt
    error.retryable = is_retryable(error, retry_safe=operation.retry_safe)
    return error


def _is_expired_token(failure: Exception) -> bool:
    return isinstance(failure, ServiceError) and failure.code in _EXPIRED_TOKEN_CODES


def _corrects_clock(failure: Exception, response: Response | None, state: CallState) -> bool:
    """Take over the service's clock where a signature was refused and ours is off; False when the clock was right."""
    if response is None or not isinstance(failure, ServiceError) or failure.code not in _CLOCK_SKEW_CODES:
        return False
    from email.utils import parsedate_to_datetime

    try:
        theirs = parsedate_to_datetime(response.headers.get("Date") or "")
    except ValueError:
        return False
    if theirs.tzinfo is None:
        return False
    skew = theirs - utcnow()
    if abs(skew - state.skew) < _TOLERATED_SKEW:
        return False
    state.skew = skew
    return True
