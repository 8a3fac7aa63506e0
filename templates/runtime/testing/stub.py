"""Transports that answer from a script, for tests of code that uses a client: no network, no patching."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from typing import Any, ClassVar

from msgspec.structs import replace

from ..errors import InvalidInput, ServiceError, TransportError, foreign
from ..message.http import Headers, HTTPRequest, Timeout
from ..shapes.structures import Output
from .outputs import OutputForm, encode_members, error_headers

_Answer = tuple[int, Headers, tuple[bytes | TransportError, ...]]


class StubScript:
    """The answers that are still to be given, in order, and the requests that came.

    An answer that is given with ``operation``, such as ``InvokeEndpoint``, is for that one: the test fails when another
    is called in its place.

    Attributes:
        requests: every request that was sent, signed, in order. Bodies that are sent piecewise are bytes here.
        responses: every response that was given, in order; ``closed`` on each says whether the client ended it.
        content_type: the media type of structures in the protocol's format.
        output_forms: class of an output -> how it travels.
    """

    content_type: ClassVar[str] = "application/json"
    output_forms: ClassVar[Mapping[Any, OutputForm]] = {}

    def __init__(self) -> None:
        self.requests: list[HTTPRequest] = []
        self.responses: list[StubResponse | AsyncStubResponse] = []
        self._answers: deque[tuple[_Answer | TransportError, str | None]] = deque()

    def respond(
        self,
        body: bytes | Iterable[bytes | TransportError] = b"",
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        operation: str | None = None,
    ) -> None:
        """Answer the next request with this response.

        ``body`` may come in pieces, as a body that is read piecewise does; the connection breaks at a transport error.
        """
        untyped: Any = body
        if isinstance(untyped, str | Mapping):
            kind = "text" if isinstance(untyped, str) else "a mapping"
            raise InvalidInput(f"body must be bytes, or pieces of bytes, not {kind}: encode it first")
        chunks = (bytes(body),) if isinstance(body, bytes | bytearray) else tuple(body)
        self._answer(status, headers or {}, chunks, operation)

    def respond_output(self, output: Output, *, headers: Mapping[str, str] | None = None) -> None:
        """Answer the next request, which must be for that operation, with this output, as the service would send it.

        For an operation whose body is read piecewise, use :meth:`respond`.
        """
        form = self._form(output)
        status, pairs, body = form.write(output, self.encode)
        given = {"Content-Type": self.content_type, **dict(pairs), **(headers or {})}
        self._answer(status, given, (body,), form.operation)

    def _form(self, output: Output) -> OutputForm:
        form = self.output_forms.get(type(output))
        if form is None:
            raise InvalidInput(f"{type(output).__name__} is not an output of this service")
        return form

    def respond_error(
        self,
        error: ServiceError,
        *,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
        operation: str | None = None,
    ) -> None:
        """Answer the next request with this error, as the service would send it."""
        _check(error, ServiceError, "the error must be one of the service, such as ServiceError(...)")
        sent = status or error.status or error.http_status or 400
        given = {"Content-Type": self.content_type, "x-amzn-errortype": error.code, **dict(error_headers(error))}
        if error.request_id is not None:
            given["x-amzn-RequestId"] = error.request_id
        self._answer(sent, {**given, **(headers or {})}, (self._error_body(error, __type=error.code),), operation)

    @staticmethod
    def encode(kind: Any, value: Any, /) -> bytes:
        """Write a value of a type in the protocol's format."""
        raise NotImplementedError

    def fail(self, error: TransportError, *, operation: str | None = None) -> None:
        """Let the next request fail without an answer."""
        _check(error, TransportError, "the error must be a TransportError, such as ReadTimeout('...')")
        self._queue(error, operation)

    def assert_done(self) -> None:
        """Raise AssertionError if there are answers that nobody asked for."""
        if self._answers:
            raise AssertionError(f"{len(self._answers)} answers were not asked for")

    def _answer(
        self,
        status: int,
        headers: Mapping[str, str],
        chunks: tuple[bytes | TransportError, ...],
        operation: str | None = None,
    ) -> None:
        for chunk in chunks:
            _check(chunk, (bytes, TransportError), "pieces of a body are bytes or a TransportError")
        self._queue((status, Headers(headers.items()), chunks), operation)

    def _queue(self, answer: _Answer | TransportError, operation: str | None) -> None:
        known = {form.operation for form in self.output_forms.values()}
        if operation is not None and operation not in known:
            raise InvalidInput(f"the service has no operation {operation!r}: it is one of {', '.join(sorted(known))}")
        self._answers.append((answer, operation))

    def _encoded(self, value: Any, kind: Any = None) -> bytes:
        return self.encode(kind or type(value), value)

    def _error_body(self, error: ServiceError, **more: str) -> bytes:
        """Encode an error's members."""
        members: dict[str, tuple[Any, Any]] = {"message": (str, error.message)}
        members |= {name: (str, value) for name, value in more.items()}
        for name, (attribute, kind) in error.wire_members.items():
            members[name] = kind, getattr(error, attribute)
        return encode_members(members, self.encode)

    def _next(self, request: HTTPRequest) -> _Answer:
        self.requests.append(request)
        if not self._answers:
            # Not an AWSError, which the code under test might handle.
            raise AssertionError(f"the stub has no answer left for {request.operation or request.method}: add one")
        answer, operation = self._answers[0]
        if operation is not None and operation != request.operation:
            raise AssertionError(f"the stub was to answer {operation} next, but {request.operation} was called")
        self._answers.popleft()
        if isinstance(answer, TransportError):
            raise answer
        return answer


def _check(value: Any, kinds: type | tuple[type, ...], what: str) -> None:
    if not isinstance(value, kinds):
        owner = foreign(value)
        raise InvalidInput(f"{what}, not {value!r}{f', which belongs to {owner}' if owner else ''}")


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
