"""One call, without I/O: what to send, when to wait, when to give up.

:func:`call` is a generator that yields steps and is sent their results; :func:`drive` and :func:`adrive` carry the
steps out. Retries, clock skew and credential refresh exist here, once, for sync and async clients alike.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Generic, Literal, TypeVar

import msgspec
from msgspec import structs

from .body import Body
from .config import Config, ServiceInfo
from .credentials import CredentialsProvider
from .endpoint import Endpoint
from .errors import InvalidInput, InvalidResponse, ServiceError, TransportError
from .http import Headers, HTTPRequest, Request, Response, Timeout
from .retry import Backoff, RetryQuota, is_resendable, is_retryable
from .routing import Route
from .shapes import Output, ResponseMetadata
from .sigv4 import UNSIGNED_PAYLOAD, Credentials, sign
from .timestamps import read_http_date
from .transport import AsyncTransport, AsyncTransportResponse, Transport, TransportResponse

Out = TypeVar("Out", bound=Output)
T = TypeVar("T")

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
_EVENT_STREAM = "application/vnd.amazon.eventstream"
_TOLERATED_SKEW = timedelta(minutes=4)
_METHODS_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


class Operation(msgspec.Struct, Generic[Out], frozen=True, kw_only=True):
    """What the call machinery must know of an operation.

    ``parse`` reads a successful response and ``parse_error`` any other; ``errors`` maps codes to modelled errors, and
    every other code is raised as ``service_error``.
    ``retry_safe`` says that repeating a request that may have reached the service does its work only once.
    ``streaming`` leaves the body of a successful response open: it is an event stream, or bytes of any kind.
    ``auth`` is for operations that are signed otherwise than their service: not at all, or without their body.
    ``compress`` says that the service takes compressed bodies.
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


class Send(msgspec.Struct, frozen=True):
    """Send the request; the result is its :class:`Reply`, or a :class:`TransportError` is thrown in."""

    request: HTTPRequest
    streaming: Literal["events", "bytes"] | None


class Sleep(msgspec.Struct, frozen=True):
    """Wait."""

    seconds: float


class Refresh(msgspec.Struct, frozen=True):
    """Get credentials; with ``force``, new ones. The result is a :class:`Credentials`."""

    force: bool = False


class Measure(msgspec.Struct, frozen=True):
    """Find out the length of a body that is sent piecewise and, with ``hashed``, its hash."""

    body: Body
    hashed: bool


class Reply(msgspec.Struct, frozen=True):
    """A response, and the connection that its body can still be read from when it is a stream."""

    response: Response
    connection: Any = None


Step = Send | Sleep | Refresh | Measure
Steps = Generator[Step, Any, T]


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
    attempt, spent = 0, 1
    repaired: set[str] = set()
    if operation.compress:
        request = _compressed(request, config)
    if not isinstance(request.body, bytes):
        yield Measure(request.body, _signs_body(operation, service))
    while True:
        attempt += 1
        credentials = None
        if service.signing_name is not None and operation.auth != "none":
            credentials = yield from _current_credentials(state, repaired)
        skew = state.skew
        failure: ServiceError | TransportError
        headers = repair = None
        try:
            sent = prepare(operation, request, service, config, credentials, utcnow() + skew)
            reply: Reply = yield Send(sent, operation.streaming)
        except TransportError as error:
            failure, again = error, is_resendable(error, retry_safe=operation.retry_safe)
        else:
            if not _is_error(operation, reply):
                state.quota.release(spent)
                return _output(operation, reply, attempt), reply
            headers = reply.response.headers
            failure = _service_error(operation, reply.response, attempt)
            again = failure.retryable
            repair = None if credentials is None else _repair(failure, headers, state, skew)
        tokens = None
        if attempt < config.max_attempts and _can_send_again(request):
            if repair is not None and repair not in repaired:
                repaired.add(repair)
                continue
            tokens = state.quota.acquire(failure) if again else None
        if tokens is None:
            try:
                raise failure
            finally:
                del failure  # Else error, traceback and frame refer to one another, and the request stays in memory.
        spent = tokens
        yield Sleep(state.backoff.delay(attempt, headers))


def _compressed(request: Request, config: Config) -> Request:
    """Compress the body where it is worth it, as botocore does; the same body always becomes the same bytes."""
    body, smallest = request.body, config.min_compression_size
    if smallest is None or not isinstance(body, bytes) or len(body) < smallest:
        return request
    import gzip

    encodings = [value for name, value in request.headers if name.lower() == "content-encoding"]
    headers = [pair for pair in request.headers if pair[0].lower() != "content-encoding"]
    headers.append(("Content-Encoding", ",".join([*encodings, "gzip"])))
    return structs.replace(request, headers=headers, body=gzip.compress(body, mtime=0))


def _signs_body(operation: Operation[Any], service: ServiceInfo) -> bool:
    return service.signing_name is not None and operation.auth is None


def _can_send_again(request: Request) -> bool:
    """Whether the whole body is still there to be sent."""
    body = request.body
    return isinstance(body, bytes) or body.rewindable or not body.started


def _current_credentials(state: CallState, repaired: set[str]) -> Steps[Credentials]:
    force = state.expired
    credentials: Credentials = yield Refresh(force)
    if force:
        state.expired = False
        repaired.add("credentials")
    return credentials


def prepare(
    operation: Operation[Any],
    request: Request,
    service: ServiceInfo,
    config: Config,
    credentials: Credentials | None,
    now: datetime,
) -> HTTPRequest:
    """Add the endpoint, the standard headers and the signature: the result is what the socket receives.

    Raises :class:`InvalidInput` where the service's endpoint rules have no endpoint for the request.
    """
    route = config.route
    if not isinstance(route, Route):
        route = route.find(request.endpoint_parameters or {}, credentials.account_id if credentials else None)
    endpoint = route.endpoint
    if request.host_prefix and config.host_prefixes:
        endpoint = _prefixed(endpoint, request.host_prefix)
    path = endpoint.path + request.path
    headers = _merge(list(service.headers), request.headers) if service.headers else request.headers
    if route.headers:
        headers = _merge(headers, route.headers)
    headers = [("Host", endpoint.netloc), *_merge(headers, config.extra_headers)]
    body = request.body
    length = len(body) if isinstance(body, bytes) else body.length
    if length is None:
        headers.append(("Transfer-Encoding", "chunked"))
    elif body or request.method in _METHODS_WITH_BODY:
        headers.append(("Content-Length", str(length)))
    if not any(name.lower() == "user-agent" for name, _ in headers):
        headers.append(("User-Agent", config.user_agent))
    if credentials is not None and route.signing_name is not None:
        if operation.auth == "unsigned-payload":
            headers = _merge(headers, (("X-Amz-Content-SHA256", UNSIGNED_PAYLOAD),))
        headers = sign(
            request.method,
            path,
            request.query,
            headers,
            body if isinstance(body, bytes) else b"",
            credentials,
            service=route.signing_name,
            region=route.signing_region or "",
            now=now,
            payload_hash=None if isinstance(body, bytes) else body.sha256,
            normalize=not service.s3,
            double_encode=route.double_encode and not service.s3,
        )
    target = f"{path}?{request.query}" if request.query else path
    return HTTPRequest(request.method, endpoint.scheme, endpoint.host, endpoint.port, target, headers, request.body)


def _prefixed(endpoint: Endpoint, prefix: str) -> Endpoint:
    if ":" in endpoint.host or endpoint.host.replace(".", "").isdigit():
        raise InvalidInput(
            f"the operation's host prefix {prefix!r} cannot go before the address {endpoint.host}: "
            "set AWS_DISABLE_HOST_PREFIX_INJECTION=true to leave it out"
        )
    return replace(endpoint, host=prefix + endpoint.host)


def drive(
    steps: Steps[T],
    transport: Transport,
    timeout: Timeout,
    credentials: CredentialsProvider,
) -> T:
    """Carry out the steps of a call, waiting in this thread."""
    result: Any = None
    try:
        step = next(steps)
        while True:
            try:
                if isinstance(step, Send):
                    result = _receive(transport.send(step.request, timeout), step.streaming)
                elif isinstance(step, Refresh):
                    result = credentials.get(refresh=step.force)
                elif isinstance(step, Measure):
                    step.body.measure(hashed=step.hashed)
                    result = None
                else:
                    time.sleep(step.seconds)
                    result = None
            except TransportError as error:
                step = steps.throw(error)
            else:
                step = steps.send(result)
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return]
    except BaseException:
        if isinstance(result, Reply) and result.connection is not None:
            result.connection.close()
        raise
    finally:
        steps.close()


async def adrive(
    steps: Steps[T],
    transport: AsyncTransport,
    timeout: Timeout,
    credentials: CredentialsProvider,
) -> T:
    """Carry out the steps of a call, waiting in the event loop; credentials that need I/O come from a worker thread."""
    result: Any = None
    try:
        step = next(steps)
        while True:
            try:
                if isinstance(step, Send):
                    result = await _areceive(await transport.send(step.request, timeout), step.streaming)
                elif isinstance(step, Refresh):
                    result = await _credentials(credentials, step.force)
                elif isinstance(step, Measure):
                    await step.body.ameasure(hashed=step.hashed)
                    result = None
                else:
                    await _sleep(step.seconds)
                    result = None
            except TransportError as error:
                step = steps.throw(error)
            else:
                step = steps.send(result)
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return]
    except BaseException:
        if isinstance(result, Reply) and result.connection is not None:
            await result.connection.aclose()
        raise
    finally:
        steps.close()


async def _credentials(provider: CredentialsProvider, force: bool) -> Credentials:
    if not force and not provider.blocking:
        return provider.get()
    from anyio import to_thread

    # A cancelled call does not wait for the thread: a metadata service may take minutes not to answer.
    return await to_thread.run_sync(partial(provider.get, refresh=force), abandon_on_cancel=True)


async def _sleep(seconds: float) -> None:
    from anyio import sleep

    await sleep(seconds)


def _receive(raw: TransportResponse, streaming: str | None) -> Reply:
    if streaming and _is_stream(raw.status, raw.headers, streaming):
        return Reply(Response(raw.status, raw.headers), raw)
    return Reply(Response(raw.status, raw.headers, raw.read()))


async def _areceive(raw: AsyncTransportResponse, streaming: str | None) -> Reply:
    if streaming and _is_stream(raw.status, raw.headers, streaming):
        return Reply(Response(raw.status, raw.headers), raw)
    return Reply(Response(raw.status, raw.headers, await raw.read()))


def _is_stream(status: int, headers: Headers, streaming: str) -> bool:
    """Whether the body is the stream that is asked for, and not an error or something else in its place."""
    content_type = headers.get("Content-Type") if streaming == "events" else None
    return status < 300 and (content_type is None or content_type.lower().startswith(_EVENT_STREAM))


def _merge(headers: list[tuple[str, str]], extra: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Append the extra headers; one that is there already is replaced."""
    extra = tuple(extra)
    replaced = {name.lower() for name, _ in extra}
    return [*(pair for pair in headers if pair[0].lower() not in replaced), *extra]


def request_id(headers: Headers) -> str | None:
    """Return the service's id of the request, under whichever header it came."""
    return next((value for name in _REQUEST_ID_HEADERS if (value := headers.get(name)) is not None), None)


def _output(operation: Operation[Out], reply: Reply, attempt: int) -> Out:
    response = reply.response
    found = request_id(response.headers)
    try:
        if operation.streaming and reply.connection is None:
            content_type = response.headers.get("Content-Type") or ""
            raise InvalidResponse(f"the answer is {content_type[:100]}, not an event stream ({_EVENT_STREAM})")
        output = operation.parse(response)
    except InvalidResponse as error:
        error.operation, error.status, error.request_id = operation.name, response.status, found
        raise
    return output.with_metadata(ResponseMetadata(found, response.status, response.headers, attempt))


def _is_error(operation: Operation[Any], reply: Reply) -> bool:
    """Whether an answer is an error. One that came under a good status, in place of a stream, must say which it is."""
    response = reply.response
    if response.status >= 300 or not operation.streaming or reply.connection is not None:
        return response.status >= 300
    error = operation.parse_error(response, operation.errors, operation.service_error)
    return error.code != f"HTTP{response.status}"


def _service_error(operation: Operation[Any], response: Response, attempt: int) -> ServiceError:
    error = operation.parse_error(response, operation.errors, operation.service_error)
    error.operation = operation.name
    error.status = response.status
    error.headers = response.headers
    error.request_id = request_id(response.headers)
    error.attempts = attempt
    for name, (attribute, read) in error.header_members.items():
        with suppress(InvalidResponse):
            setattr(error, attribute, read(response.headers, name))
    error.retryable = is_retryable(error, retry_safe=operation.retry_safe)
    return error


def _repair(failure: ServiceError, headers: Headers, state: CallState, skew: timedelta) -> str | None:
    """Note what is wrong with the credentials or the clock that a request was signed with.

    Returns what an attempt that is signed anew would put right; None where that would not help. ``skew`` is the one
    that the request was signed with: another call may have corrected the shared one in the meantime.
    """
    if failure.code in _EXPIRED_TOKEN_CODES:
        state.expired = True
        return "credentials"
    if failure.code in _CLOCK_SKEW_CODES:
        correct = _clock_skew(headers)
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
