"""The steps of a call, and the two drivers that carry them out: one waits in its thread, one in the event loop."""

from __future__ import annotations

import time
from collections.abc import Generator
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import msgspec

from ..errors import CallTimeout, TransportError
from ..message.http import Headers, HTTPRequest, Response, Timeout
from ..settings.hooks import Watch
from ..signing.sigv4 import Credentials
from ..wire.loops import in_abandoned_thread, sleep, within
from .deadline import AsyncLimitedResponse, Deadline, LimitedResponse

if TYPE_CHECKING:
    from ..message.body import Body
    from ..signing.sources import CredentialsProvider
    from ..wire.interfaces import AsyncTransport, AsyncTransportResponse, Transport, TransportResponse

T = TypeVar("T")

EVENT_STREAM = "application/vnd.amazon.eventstream"


class Send(msgspec.Struct, frozen=True):
    """Send the request; the result is its :class:`Reply`, or a :class:`TransportError` is thrown in."""

    request: HTTPRequest
    streaming: Literal["events", "bytes"] | None
    timeout: Timeout
    deadline: Deadline | None = None


class Sleep(msgspec.Struct, frozen=True):
    """Wait."""

    seconds: float


class Refresh(msgspec.Struct, frozen=True):
    """Get credentials; with ``force``, new ones. The result is a :class:`Credentials`, or a :class:`CallTimeout` is
    thrown in."""

    force: bool = False
    deadline: Deadline | None = None


class Measure(msgspec.Struct, frozen=True):
    """Find out the length of a body that is sent piecewise and, with ``hashed``, its hash."""

    body: Body
    hashed: bool


class Reply(msgspec.Struct, frozen=True):
    """A response, and the connection that its body can still be read from when it is a stream; ``watch`` follows the
    call, where somebody listens.
    """

    response: Response
    connection: Any = None
    watch: Watch | None = None


Step = Send | Sleep | Refresh | Measure
Steps = Generator[Step, Any, T]


def drive(
    steps: Steps[T],
    transport: Transport,
    credentials: CredentialsProvider,
) -> T:
    """Carry out the steps of a call, waiting in this thread."""
    result: Any = None
    try:
        step = next(steps)
        while True:
            try:
                if isinstance(step, Send):
                    result = _send(step, transport)
                elif isinstance(step, Refresh):
                    result = _credentials(step, credentials)
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
    credentials: CredentialsProvider,
) -> T:
    """Carry out the steps of a call, waiting in the event loop; credentials that need I/O come from a worker thread."""
    result: Any = None
    try:
        step = next(steps)
        while True:
            try:
                if isinstance(step, Send):
                    result = await _asend(step, transport)
                elif isinstance(step, Refresh):
                    result = await _acredentials(step, credentials)
                elif isinstance(step, Measure):
                    await step.body.ameasure(hashed=step.hashed)
                    result = None
                else:
                    await sleep(step.seconds)
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


def _credentials(step: Refresh, provider: CredentialsProvider) -> Credentials:
    found = provider.get(refresh=step.force)
    # No search can be interrupted, so this notices late that one took too long.
    if step.deadline is not None:
        step.deadline.check()
    return found


async def _acredentials(step: Refresh, provider: CredentialsProvider) -> Credentials:
    if not step.force and not provider.blocking:
        return _credentials(step, provider)
    # A cancelled call does not wait for the thread: a metadata service may take minutes not to answer.
    search = partial(in_abandoned_thread, partial(provider.get, refresh=step.force))
    if step.deadline is None:
        return await search()
    return await within(step.deadline.left, search, step.deadline.error)


def _send(step: Send, transport: Transport) -> Reply:
    if step.deadline is None:
        return _receive(transport.send(step.request, step.timeout), step.streaming)
    try:
        raw = transport.send(step.request, step.deadline.within(step.timeout))
    except TransportError as error:
        if step.deadline.left <= 0:
            late = step.deadline.error()
            late.sent = error.sent
            raise late from error
        raise
    return _receive(LimitedResponse(raw, step.deadline), step.streaming)


def _receive(raw: TransportResponse, streaming: str | None) -> Reply:
    if streaming and _is_stream(raw.status, raw.headers, streaming):
        return Reply(Response(raw.status, raw.headers), raw)
    return Reply(Response(raw.status, raw.headers, raw.read()))


async def _asend(step: Send, transport: AsyncTransport) -> Reply:
    if step.deadline is None:
        return await _areceive(await transport.send(step.request, step.timeout), step.streaming)
    deadline = step.deadline
    limits = deadline.within(step.timeout)

    async def exchange() -> Reply:
        raw = await transport.send(step.request, limits)
        return await _areceive(AsyncLimitedResponse(raw, deadline), step.streaming)

    try:
        return await within(deadline.left, exchange, deadline.error)
    except CallTimeout as late:
        cause = late.__cause__
        late.sent = cause.sent if isinstance(cause, TransportError) else not step.request.was_cut_short
        raise


async def _areceive(raw: AsyncTransportResponse, streaming: str | None) -> Reply:
    if streaming and _is_stream(raw.status, raw.headers, streaming):
        return Reply(Response(raw.status, raw.headers), raw)
    return Reply(Response(raw.status, raw.headers, await raw.read()))


def _is_stream(status: int, headers: Headers, streaming: str) -> bool:
    """Whether the body is the stream that is asked for, and not an error or something else in its place."""
    content_type = headers.get("Content-Type") if streaming == "events" else None
    return status < 300 and (content_type is None or content_type.lower().startswith(EVENT_STREAM))
