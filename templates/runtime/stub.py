"""Transports that answer from a script, for tests of code that uses a client: no network, no patching."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar

import msgspec

from .errors import ServiceError, TransportError
from .http import Headers, HTTPRequest, Timeout

_Answer = tuple[int, Headers, tuple[bytes | TransportError, ...]]


class StubScript:
    """The answers that are still to be given, in order, and the requests that came.

    Attributes:
        requests: every request that was sent, signed, in order. Bodies that are sent piecewise are bytes here.
        responses: every response that was given, in order; ``closed`` on each says whether the client ended it.
        content_type: the media type of structures in the protocol's format.
    """

    content_type: ClassVar[str] = "application/json"

    def __init__(self) -> None:
        self.requests: list[HTTPRequest] = []
        self.responses: list[StubResponse | AsyncStubResponse] = []
        self._answers: deque[_Answer | TransportError] = deque()

    def respond(
        self,
        body: bytes | Iterable[bytes | TransportError] = b"",
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Answer the next request with this response.

        ``body`` may come in pieces, as a body that is read piecewise does; the connection breaks at a transport error.
        """
        chunks = (body,) if isinstance(body, bytes | bytearray) else tuple(body)
        self._answer(status, headers or {}, chunks)

    def respond_error(self, error: ServiceError, *, status: int | None = None) -> None:
        """Answer the next request with this error, as the service would send it."""
        sent = status or error.status or error.http_status or 400
        headers = {"Content-Type": self.content_type, "x-amzn-errortype": error.code}
        if error.request_id is not None:
            headers["x-amzn-RequestId"] = error.request_id
        self._answer(sent, headers, (self._error_body(error, __type=error.code),))

    @staticmethod
    def encode(kind: Any, value: Any, /) -> bytes:
        """Write a value of a type in the protocol's format."""
        raise NotImplementedError

    def fail(self, error: TransportError) -> None:
        """Let the next request fail without an answer."""
        self._answers.append(error)

    def _answer(self, status: int, headers: Mapping[str, str], chunks: tuple[bytes | TransportError, ...]) -> None:
        self._answers.append((status, Headers(headers.items()), chunks))

    def _encoded(self, value: Any, kind: Any = None) -> bytes:
        return self.encode(kind or type(value), value)

    def _error_body(self, error: ServiceError, **more: str) -> bytes:
        """Encode an error's members."""
        values: dict[str, Any] = {"message": error.message, **more}
        kinds: dict[str, Any] = dict.fromkeys(values, str)
        for wire_name, (attribute, kind) in error.wire_members.items():
            values[wire_name], kinds[wire_name] = getattr(error, attribute), kind
        given = {name: value for name, value in values.items() if value is not None}
        fields = [(f"m{at}", kinds[name], msgspec.field(name=name)) for at, name in enumerate(given)]
        shape = msgspec.defstruct("ErrorMembers", fields)
        return self._encoded(given, shape)

    def _next(self, request: HTTPRequest) -> _Answer:
        self.requests.append(request)
        if not self._answers:
            # Not an AWSError, which the code under test might handle.
            raise AssertionError(f"the stub has no answer left for {request.method} {request.target}: add one")
        answer = self._answers.popleft()
        if isinstance(answer, TransportError):
            raise answer
        return answer


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
        if not isinstance(request.body, bytes):
            request = replace(request, body=b"".join(request.body))
        response = StubResponse(self._next(request))
        self.responses.append(response)
        return response

    def close(self) -> None:
        """Do nothing: there is no connection."""


class AsyncStubTransport(StubScript):
    """A transport for async clients that answers from a script."""

    async def send(self, request: HTTPRequest, timeout: Timeout) -> AsyncStubResponse:
        """Answer with what comes next in the script."""
        if not isinstance(request.body, bytes):
            request = replace(request, body=b"".join([piece async for piece in request.body]))
        response = AsyncStubResponse(self._next(request))
        self.responses.append(response)
        return response

    async def aclose(self) -> None:
        """Do nothing: there is no connection."""
