"""Transports that answer from a script, for tests of code that uses a client: no network, no patching."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from typing import Any, ClassVar

from .codec_rest_json import encode_body, json_payload
from .errors import InvalidInput, ServiceError, TransportError
from .eventstream import encode_message
from .http import Headers, HTTPRequest, Timeout
from .members import Members
from .shapes import Structure, UnknownEvent

_Answer = tuple[int, Headers, tuple[bytes | TransportError, ...]]


class StubScript:
    """The answers that are still to be given, in order, and the requests that came.

    Attributes:
        requests: every request that was sent, signed, in order.
        responses: every response that was given, in order; ``closed`` on each says whether the client ended it.
        event_types: event class -> event type on the wire, and the attribute that is the frame's payload, if one is.
        error_types: class of an error in streams -> its exception type on the wire; its code, where it is none of them.
    """

    event_types: ClassVar[Mapping[Any, tuple[str, str | None]]] = {}
    error_types: ClassVar[Mapping[Any, str]] = {}

    def __init__(self) -> None:
        self.requests: list[HTTPRequest] = []
        self.responses: list[StubResponse | AsyncStubResponse] = []
        self._answers: deque[_Answer | TransportError] = deque()

    def respond(self, body: bytes = b"", *, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        """Answer the next request with this response."""
        self._answers.append((status, Headers((headers or {}).items()), (body,)))

    def respond_error(self, error: ServiceError, *, status: int | None = None) -> None:
        """Answer the next request with this error, as the service would send it."""
        sent = status or error.status or error.http_status or 400
        headers = [("Content-Type", "application/json"), ("x-amzn-errortype", error.code)]
        if error.request_id is not None:
            headers.append(("x-amzn-RequestId", error.request_id))
        self._answers.append((sent, Headers(headers), (_error_body(error),)))

    def fail(self, error: TransportError) -> None:
        """Let the next request fail without an answer."""
        self._answers.append(error)

    def stream(
        self,
        events: Iterable[Structure | UnknownEvent | ServiceError | TransportError | bytes],
        *,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Answer the next request with an event stream.

        ``events`` are events of the service or unknown to it, errors of it (sent as exceptions in the stream),
        transport errors (the connection breaks there), or bytes to send as they are, such as half a frame.
        """
        chunks = tuple(event if isinstance(event, TransportError) else self._frame(event) for event in events)
        given = {"Content-Type": "application/vnd.amazon.eventstream", **(headers or {})}
        self._answers.append((200, Headers(given.items()), chunks))

    def _frame(self, event: Structure | UnknownEvent | ServiceError | bytes) -> bytes:
        if isinstance(event, bytes):
            return event
        if isinstance(event, UnknownEvent):
            return encode_message({**event.headers, ":message-type": "event", ":event-type": event.type}, event.payload)
        if isinstance(event, ServiceError):
            exception_type = self.error_types.get(type(event), event.code)
            return encode_message({":message-type": "exception", ":exception-type": exception_type}, _error_body(event))
        if type(event) not in self.event_types:
            raise InvalidInput(f"{type(event).__name__} is not an event of this service")
        event_type, attribute = self.event_types[type(event)]
        payload = json_payload(Any, event) if attribute is None else getattr(event, attribute) or b""
        return encode_message({":message-type": "event", ":event-type": event_type}, payload)

    def _next(self, request: HTTPRequest) -> _Answer:
        self.requests.append(request)
        if not self._answers:
            # Not an AWSError, which the code under test might handle.
            raise AssertionError(f"the stub has no answer left for {request.method} {request.target}: add one")
        answer = self._answers.popleft()
        if isinstance(answer, TransportError):
            raise answer
        return answer


def _error_body(error: ServiceError) -> bytes:
    members = {name: getattr(error, attribute) for name, (attribute, _) in error.wire_members.items()}
    return encode_body(Members({}), {"Message": error.message, **members})


class _StubResponse:
    """A scripted response; ``closed`` says whether its reader has ended it."""

    def __init__(self, answer: _Answer) -> None:
        self.status, self.headers, chunks = answer
        self._chunks = iter(chunks)
        self.closed = False

    def _next_chunk(self) -> bytes | None:
        chunk = None if self.closed else next(self._chunks, None)
        if isinstance(chunk, TransportError):
            raise chunk
        return chunk

    def _rest(self) -> bytes:
        rest = b"".join(iter(self._next_chunk, None))
        self.closed = True
        return rest


class StubResponse(_StubResponse):
    """A scripted response for sync clients."""

    def read(self) -> bytes:
        """Return the rest of the scripted body."""
        return self._rest()

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._next_chunk, None)

    def close(self) -> None:
        """Note that the reader has ended it."""
        self.closed = True


class AsyncStubResponse(_StubResponse):
    """A scripted response for async clients."""

    async def read(self) -> bytes:
        """Return the rest of the scripted body."""
        return self._rest()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        chunk = self._next_chunk()
        if chunk is None:
            raise StopAsyncIteration
        return chunk

    async def aclose(self) -> None:
        """Note that the reader has ended it."""
        self.closed = True


class StubTransport(StubScript):
    """A transport for sync clients that answers from a script."""

    def send(self, request: HTTPRequest, timeout: Timeout) -> StubResponse:
        """Answer with what comes next in the script."""
        response = StubResponse(self._next(request))
        self.responses.append(response)
        return response

    def close(self) -> None:
        """Do nothing: there is no connection."""


class AsyncStubTransport(StubScript):
    """A transport for async clients that answers from a script."""

    async def send(self, request: HTTPRequest, timeout: Timeout) -> AsyncStubResponse:
        """Answer with what comes next in the script."""
        response = AsyncStubResponse(self._next(request))
        self.responses.append(response)
        return response

    async def aclose(self) -> None:
        """Do nothing: there is no connection."""
