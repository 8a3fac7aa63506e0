"""Transports that answer from a script, for tests of code that uses a client: no network, no patching."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from typing import Any, ClassVar

import msgspec

from .errors import InvalidInput, ServiceError, TransportError
from .eventstream import encode_message
from .http import Headers, HTTPRequest, Timeout
from .shapes import Structure

_Answer = tuple[int, Headers, tuple[bytes | TransportError, ...]]


class StubScript:
    """The answers that are still to be given, in order, and the requests that came.

    Attributes:
        requests: every request that was sent, signed, in order.
        event_types: event class -> event type on the wire, and the attribute that is the frame's payload, if one is.
    """

    event_types: ClassVar[Mapping[Any, tuple[str, str | None]]] = {}

    def __init__(self) -> None:
        self.requests: list[HTTPRequest] = []
        self._answers: deque[_Answer | TransportError] = deque()

    def respond(self, body: bytes = b"", *, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        """Answer the next request with this response."""
        self._answers.append((status, Headers((headers or {}).items()), (body,)))

    def respond_error(self, error: ServiceError, *, status: int | None = None) -> None:
        """Answer the next request with this error, as the service would send it."""
        sent = status or error.status or error.http_status or 400
        headers = Headers([("Content-Type", "application/json"), ("x-amzn-errortype", error.code)])
        self._answers.append((sent, headers, (_error_body(error),)))

    def fail(self, error: TransportError) -> None:
        """Let the next request fail without an answer."""
        self._answers.append(error)

    def stream(
        self,
        events: Iterable[Structure | ServiceError | TransportError | bytes],
        *,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Answer the next request with an event stream.

        ``events`` are events of the service, errors of it (sent as exceptions in the stream), transport errors (the
        connection breaks there), or bytes to send as they are, such as half a frame.
        """
        chunks = tuple(event if isinstance(event, TransportError) else self._frame(event) for event in events)
        given = {"Content-Type": "application/vnd.amazon.eventstream", **(headers or {})}
        self._answers.append((200, Headers(given.items()), chunks))

    def _frame(self, event: Structure | ServiceError | bytes) -> bytes:
        if isinstance(event, bytes):
            return event
        if isinstance(event, ServiceError):
            return encode_message({":message-type": "exception", ":exception-type": event.code}, _error_body(event))
        if type(event) not in self.event_types:
            raise InvalidInput(f"{type(event).__name__} is not an event of this service")
        event_type, attribute = self.event_types[type(event)]
        payload = msgspec.json.encode(event) if attribute is None else getattr(event, attribute) or b""
        return encode_message({":message-type": "event", ":event-type": event_type}, payload)

    def _next(self, request: HTTPRequest) -> _Answer:
        self.requests.append(request)
        if not self._answers:
            raise InvalidInput(f"the stub has no answer left for {request.method} {request.target}: add one")
        answer = self._answers.popleft()
        if isinstance(answer, TransportError):
            raise answer
        return answer


def _error_body(error: ServiceError) -> bytes:
    members = {name: getattr(error, attribute) for name, (attribute, _) in error.wire_members.items()}
    return msgspec.json.encode({"Message": error.message, **{k: v for k, v in members.items() if v is not None}})


class _StubResponse:
    def __init__(self, answer: _Answer) -> None:
        self.status, self.headers, self._chunks = answer

    def _each(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            if isinstance(chunk, TransportError):
                raise chunk
            yield chunk


class StubResponse(_StubResponse):
    """A scripted response."""

    def read(self) -> bytes:
        return b"".join(self._each())

    def __iter__(self) -> Iterator[bytes]:
        return self._each()

    def close(self) -> None:
        self._chunks = ()


class AsyncStubResponse(_StubResponse):
    """A scripted response for async clients."""

    async def read(self) -> bytes:
        return b"".join(self._each())

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self._each():
            yield chunk

    async def aclose(self) -> None:
        self._chunks = ()


class StubTransport(StubScript):
    """A transport for sync clients that answers from a script."""

    def send(self, request: HTTPRequest, timeout: Timeout) -> StubResponse:
        return StubResponse(self._next(request))

    def close(self) -> None:
        """Do nothing: there is no connection."""


class AsyncStubTransport(StubScript):
    """A transport for async clients that answers from a script."""

    async def send(self, request: HTTPRequest, timeout: Timeout) -> AsyncStubResponse:
        return AsyncStubResponse(self._next(request))

    async def aclose(self) -> None:
        """Do nothing: there is no connection."""
