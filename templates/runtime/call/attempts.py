"""One call, without I/O: what to send, when to wait, when to give up.

:func:`call` is a generator that yields steps and is sent their results; the drivers in :mod:`.steps` carry them out.
Retries, clock skew and credential refresh exist once, for sync and async clients alike.
"""

from __future__ import annotations

from datetime import datetime
from types import ModuleType
from typing import Any, Generic, TypeVar

from msgspec.structs import replace

from ..codec.operation import Operation
from ..errors import AWSError, InvalidResponse, TransportError
from ..message.http import HeaderList, Headers, HTTPRequest, Request, Response
from ..settings.config import Config, ServiceInfo
from ..settings.hooks import watch
from ..shapes.structures import Output, ResponseMetadata
from ..signing.sigv4 import Credentials
from ..wire.forks import fork_lock
from .deadline import Deadline
from .prepare import compressed, prepare
from .sdk_headers import ATTEMPT, INVOCATION_ID, attempt_header, invocation_id, trace_headers
from .state import CallState, utcnow
from .steps import EVENT_STREAM, Measure, Refresh, Reply, Send, Sleep, Steps

Out = TypeVar("Out", bound=Output)

_REQUEST_ID_HEADERS = ("x-amzn-RequestId", "x-amz-request-id", "x-amzn-request-id")


def call(
    operation: Operation[Out], request: Request, service: ServiceInfo, config: Config, state: CallState
) -> Steps[tuple[Out, Reply]]:
    """Carry one call through its attempts; returns the output, its metadata set, and the reply it was read from.

    What a rejected signature shows, expired credentials or a clock that is off, is put right and tried again at once,
    each once in a call and within ``config.max_attempts``; where no attempt is left, it helps the next call.
    """
    attempts = Attempts(operation, request, service, config, state)
    if not isinstance(attempts.request.body, bytes):
        yield Measure(attempts.request.body, attempts.is_signed and operation.auth is None)
    while True:
        credentials = None
        if attempts.is_signed:
            credentials = yield from _current_credentials(attempts)
        sent = attempts.next_request(credentials)
        try:
            reply: Reply = yield Send(sent, operation.streaming, config.timeout, attempts.deadline)
        except TransportError as error:
            failure = _failures().lost(attempts, error)
        except GeneratorExit:
            attempts.gave_up(None)
            raise
        else:
            found = attempts.answered(reply)
            if not attempts.is_failed(reply):
                output = attempts.output(reply, found)
                return output, replace(reply, watch=attempts.watching) if attempts.watching else reply
            failure = _failures().refused(attempts, reply.response, found, utcnow())
        decision = _failures().decide(attempts, failure)
        if decision.again and attempts.watching:
            attempts.watching.retrying(failure.error, decision.pause)
        if decision.pause:
            yield Sleep(decision.pause)
        if not decision.again:
            attempts.gave_up(failure.error)
            try:
                raise failure.error
            finally:
                del failure  # Else error, traceback and frame refer to one another, and the request stays in memory.


def _failures() -> ModuleType:
    """Return the module about failed attempts, which most processes never need."""
    with fork_lock:
        from . import failures

    return failures


def _current_credentials(attempts: Attempts[Any]) -> Steps[Credentials]:
    force = attempts.state.expired
    try:
        credentials: Credentials = yield Refresh(force, attempts.deadline)
    except TransportError as error:
        error.operation, error.attempts = attempts.operation.name, attempts.number
        if attempts.number:
            attempts.gave_up(error)
        raise
    if force:
        attempts.state.expired = False
        attempts.repaired.add("credentials")
    return credentials


class Attempts(Generic[Out]):
    """The attempts of one call so far.

    Attributes:
        number: how often the request was sent.
        skew: the clock's correction that the last request was signed with.
        spent: the tokens to give back once the call succeeds.
        repaired: what was put right already.
        expires: when the next attempt expires by the service's clock, where a response has told the time.
    """

    def __init__(
        self, operation: Operation[Out], request: Request, service: ServiceInfo, config: Config, state: CallState
    ) -> None:
        self.operation = operation
        self.request = compressed(request, config) if operation.compress else request
        self.service = service
        self.config = config
        self.state = state
        self.deadline = None if config.timeout.total is None else Deadline(config.timeout.total)
        self.watching = watch(service.package, config.hooks, operation.name)
        self.is_signed = service.signing_name is not None and operation.auth != "none" and not config.anonymous
        self.number = 0
        self.skew = state.skew
        self.spent = 1
        self.repaired: set[str] = set()
        self.expires: datetime | None = None
        self._id = invocation_id()

    def next_request(self, credentials: Credentials | None) -> HTTPRequest:
        """Return the request of the next attempt, signed anew."""
        self.number += 1
        self.skew = self.state.skew
        now = utcnow() + self.skew
        sent = prepare(self.operation, self.request, self.service, self.config, credentials, now)
        if self.service.signing_name is not None:
            self._add_sdk_headers(sent.headers)
        sent.built()
        if self.watching:
            self.watching.sending(self.number, sent)
        return sent

    def _add_sdk_headers(self, headers: HeaderList) -> None:
        if self.config.in_lambda:
            headers += trace_headers(headers)
        attempt = attempt_header(self.number, self.config.max_attempts, self.expires)
        headers += ((INVOCATION_ID, self._id), (ATTEMPT, attempt))

    def answered(self, reply: Reply) -> str | None:
        """Note that a response has come; returns the request's id."""
        found = request_id(reply.response.headers)
        if self.watching:
            self.watching.answered(reply.response, found, is_stream=reply.connection is not None)
        return found

    def is_failed(self, reply: Reply) -> bool:
        """Return whether the response is an error, or is damaged. One under a good status, in place of a stream, must
        say which error it is."""
        response, operation = reply.response, self.operation
        if response.status >= 300 or reply.connection is not None:
            return response.status >= 300
        if self.service.crc32 and not is_intact(response):
            return True
        if operation.is_error is not None and operation.is_error(response):
            return True
        if not operation.streaming:
            return False
        error = operation.parse_error(response, operation.errors, operation.service_error)
        return error.code != f"HTTP{response.status}"

    def output(self, reply: Reply, request_id: str | None) -> Out:
        """Return the output that a response carries, and give back the tokens that the last retry cost."""
        self.state.quota.release(self.spent)
        response = reply.response
        try:
            if self.operation.streaming and reply.connection is None:
                content_type = response.headers.get("Content-Type") or ""
                raise InvalidResponse(f"the response is {content_type[:100]}, not an event stream ({EVENT_STREAM})")
            output = self._parse(response)
        except InvalidResponse as error:
            error.operation, error.status, error.request_id = self.operation.name, response.status, request_id
            error.attempts = self.number
            self.gave_up(error)
            raise
        # Some protocols have the id in the body too, or there alone.
        request_id = request_id or output.metadata.request_id
        return output.with_metadata(ResponseMetadata(request_id, response.status, response.headers, self.number))

    def _parse(self, response: Response) -> Out:
        try:
            return self.operation.parse(response)
        except InvalidResponse:
            from ..message.encoding import decoded

            # A payload of the caller's own stays as it came, so only what cannot be read is decompressed.
            readable = decoded(response)
            if readable is None:
                raise
        return self.operation.parse(readable)

    def gave_up(self, error: AWSError | None) -> None:
        """Tell who listens that the call fails; with None, that it was cancelled or interrupted."""
        if self.watching:
            self.watching.failed(error)


def is_intact(response: Response) -> bool:
    """Return whether a body matches the CRC-32 in the header ``x-amz-crc32``, if it has one."""
    expected = response.headers.get("x-amz-crc32")
    if expected is None:
        return True
    from binascii import crc32

    return str(crc32(response.body)) == expected


def request_id(headers: Headers) -> str | None:
    """Return the service's id of the request, under whichever header it came."""
    for name in _REQUEST_ID_HEADERS:
        if (value := headers.get(name)) is not None:
            return value
    return None
