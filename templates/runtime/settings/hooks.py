"""Watching calls: hooks of the application, and log records under the client's package name.

Both see every attempt, also those that a later one made good. What is logged, at level DEBUG: the request line, the
status, the request id, durations and delays; never a header, a body or a credential.
"""

from __future__ import annotations

import sys
from time import perf_counter
from typing import TYPE_CHECKING

import msgspec

from ..errors import AWSError
from ..message.http import HTTPRequest, Response

if TYPE_CHECKING:
    import logging


class StreamStats(msgspec.Struct, frozen=True, kw_only=True):
    """What has arrived of a response that is a stream.

    Attributes:
        bytes: number of bytes of the response body, the frames around events included.
        events: number of events; 0 for a body that is not an event stream.
        time_to_first_event: seconds from sending the request to the first event, or to the first bytes of a body that
            is not an event stream. None if nothing has arrived.
        complete: whether the stream was read to its end.
    """

    bytes: int = 0
    events: int = 0
    time_to_first_event: float | None = None
    complete: bool = False


class CallEvent(msgspec.Struct, frozen=True, kw_only=True):
    """What a hook is told.

    Attributes:
        operation: the operation's name, for instance ``InvokeEndpoint``.
        attempt: which attempt of the call this is, counted from 1.
        request: the signed request, as the transport is given it. Its headers hold the signature and the session
            token: its repr hides them.
        response: the response, its body read unless it is a stream; None before it came, or where none came.
        error: what is wrong with the answer, or why there was none; None while nothing is, and in ``on_error`` where
            the call did not fail by itself, but was cancelled or interrupted.
        duration: seconds since this attempt's request was handed to the transport.
        delay: seconds that the next attempt waits for; only for ``on_retry``.
        request_id: the service's id of the request, if it has answered with one.
        stream: what has arrived of the response's stream; None where the response is not a stream. In
            ``after_response`` nothing has arrived yet.
    """

    operation: str
    attempt: int
    request: HTTPRequest
    response: Response | None = None
    error: AWSError | None = None
    duration: float = 0.0
    delay: float = 0.0
    request_id: str | None = None
    stream: StreamStats | None = None


class Hooks:
    """What an application wants to be told of calls: override what you need, and pass an instance as ``hooks=``.

    The methods are called in the thread or task of the call and hold it up, so they must be quick, and must not block
    an event loop. Several threads may call them at once. An exception that a hook raises is logged as an error and
    does not disturb the call. A client that is pickled takes its hooks along.

    For one attempt, ``before_send`` comes first; then ``after_response`` if an answer came, whatever its status. Then,
    if the attempt failed, comes either ``on_retry`` or, when the call ends with it, ``on_error``; also for a call that
    is cancelled or interrupted before its answer has come. What goes wrong before there is a request (an argument is
    refused, credentials are not found) is raised and not told.

    A stream is open after ``after_response``. When it has been read to its end, has failed or is closed, comes
    ``on_stream_end``; if it failed, ``on_error`` comes before that.
    """

    def before_send(self, event: CallEvent) -> None:
        """A request is about to be sent."""

    def after_response(self, event: CallEvent) -> None:
        """An answer has come; of a stream, its beginning."""

    def on_retry(self, event: CallEvent) -> None:
        """An attempt failed (``event.error``), and another follows after ``event.delay`` seconds."""

    def on_error(self, event: CallEvent) -> None:
        """The call fails with ``event.error``; if that is None, it was cancelled or interrupted."""

    def on_stream_end(self, event: CallEvent) -> None:
        """A stream has ended; ``event.stream`` tells what has arrived, ``event.duration`` counts from its request.

        ``event.error`` is None if nothing failed: ``event.stream.complete`` is then False where the stream was closed
        before its end.
        """


def watch(logger: str, hooks: Hooks | None, operation: str) -> Watch | None:
    """Return what follows one call, or None if nobody is listening."""
    log = _debug_logger(logger)
    return None if hooks is None and log is None else Watch(logger, log, hooks, operation)


def _debug_logger(name: str) -> logging.Logger | None:
    # A program that has not imported logging has nobody who listens, and need not pay for the import.
    if "logging" not in sys.modules:
        return None
    import logging

    found = logging.getLogger(name)
    return found if found.isEnabledFor(logging.DEBUG) else None


class Watch:
    """Follows the attempts of one call."""

    def __init__(self, name: str, log: logging.Logger | None, hooks: Hooks | None, operation: str) -> None:
        self._name = name
        self._log = log
        self._hooks = hooks
        self._operation = operation
        self._attempt = 0
        self._started = 0.0
        self._request: HTTPRequest | None = None
        self._response: Response | None = None
        self._request_id: str | None = None
        self._stream: StreamStats | None = None

    def sending(self, attempt: int, request: HTTPRequest) -> None:
        """Tell that an attempt's request is about to be sent."""
        self._attempt, self._request, self._response, self._request_id = attempt, request, None, None
        self._stream = None
        self._started = perf_counter()
        if self._log is not None:
            # Labels and the query may hold sensitive members.
            self._log.debug("%s attempt %d: %s %s", self._operation, attempt, request.method, request.origin)
        self._tell("before_send")

    def answered(self, response: Response, request_id: str | None, *, is_stream: bool = False) -> None:
        """Tell that an answer has come."""
        self._response, self._request_id = response, request_id
        self._stream = StreamStats() if is_stream else None
        if self._log is not None:
            taken, said = self.duration(), request_id or "no request id"
            text = "%s attempt %d: HTTP %d after %.3f s (%s)"
            self._log.debug(text, self._operation, self._attempt, response.status, taken, said)
        self._tell("after_response")

    def retrying(self, error: AWSError, delay: float) -> None:
        """Tell that another attempt follows."""
        if self._log is not None:
            text = "%s attempt %d failed after %.3f s, the next follows in %.3f s: %s"
            self._log.debug(text, self._operation, self._attempt, self.duration(), delay, type(error).__name__)
        self._tell("on_retry", error, delay)

    def failed(self, error: AWSError | None) -> None:
        """Tell that the call fails; with None, that it was cancelled or interrupted."""
        if self._log is not None:
            text = "%s failed at attempt %d after %.3f s: %s"
            why = type(error).__name__ if error else "given up from outside"
            self._log.debug(text, self._operation, self._attempt, self.duration(), why)
        self._tell("on_error", error)

    def stream_ended(self, stats: StreamStats, error: BaseException | None) -> None:
        """Tell that the stream of the answer has ended, and that it failed where there is an error."""
        self._stream = stats
        failure = error if isinstance(error, AWSError) else None
        if error is not None:
            self.failed(failure)
        if self._log is not None:
            how = "complete" if stats.complete else "closed early" if error is None else "broken off"
            first = stats.time_to_first_event
            begun = "nothing came" if first is None else f"the first after {first:.3f} s"
            text = "%s attempt %d: stream %s after %.3f s: %d events, %d bytes, %s"
            came = stats.events, stats.bytes, begun
            self._log.debug(text, self._operation, self._attempt, how, self.duration(), *came)
        self._tell("on_stream_end", failure)

    def duration(self) -> float:
        """Return the seconds since the attempt's request was handed to the transport."""
        return perf_counter() - self._started

    def _tell(self, hook: str, error: AWSError | None = None, delay: float = 0.0) -> None:
        # Hooks of an older client lack what has been added since.
        listener = getattr(self._hooks, hook, None)
        if listener is None or self._request is None:
            return
        event = CallEvent(
            operation=self._operation,
            attempt=self._attempt,
            request=self._request,
            response=self._response,
            error=error,
            duration=0.0 if hook == "before_send" else self.duration(),
            delay=delay,
            request_id=self._request_id,
            stream=self._stream,
        )
        try:
            listener(event)
        except Exception:
            import logging

            logging.getLogger(self._name).exception("the hook %s of %s failed", hook, type(self._hooks).__name__)


class StreamWatch:
    """Follows the stream of one call."""

    def __init__(self, call: Watch) -> None:
        self._call = call
        self._events = 0
        self._first: float | None = None

    def began(self) -> None:
        """Note that the first event, or the first bytes of another body, have come."""
        if self._first is None:
            self._first = self._call.duration()

    def arrived(self, events: int) -> None:
        """Note that events have come."""
        self.began()
        self._events += events

    def ended(self, size: int, error: BaseException | None, *, complete: bool) -> None:
        """Tell that the stream has ended after so many bytes."""
        stats = StreamStats(bytes=size, events=self._events, time_to_first_event=self._first, complete=complete)
        self._call.stream_ended(stats, error)
