"""The client of the golden case ``pages_and_waiters``, and services that answer it from memory."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from runtime.message.http import Headers, HTTPRequest, Timeout

Service = Callable[[str, dict[str, Any]], Any]
"""Operation, request -> the document to answer with; a tuple of status and document; or an exception to raise."""


class Answer:
    """A response, for both kinds of transport."""

    def __init__(self, status: int, document: Any) -> None:
        self.status = status
        self.headers = Headers([("Content-Type", "application/x-amz-json-1.0")])
        self._body = json.dumps(document).encode()

    def read(self) -> bytes:
        return self._body

    def close(self) -> None:
        """Nothing is open."""


class AsyncAnswer(Answer):
    """The same, asynchronous."""

    async def read(self) -> bytes:  # type: ignore[override]
        return self._body

    async def aclose(self) -> None:
        """Nothing is open."""


class _Base:
    def __init__(self, service: Service) -> None:
        self._service = service
        self.requests: list[tuple[str, dict[str, Any]]] = []

    def _ask(self, request: HTTPRequest) -> tuple[int, Any]:
        headers = {name.lower(): value for name, value in request.headers}
        operation = headers["x-amz-target"].partition(".")[2]
        sent = json.loads(request.body)
        self.requests.append((operation, sent))
        found = self._service(operation, sent)
        if isinstance(found, Exception):
            raise found
        return found if isinstance(found, tuple) else (200, found)


class Transport(_Base):
    """A transport for the sync client."""

    def send(self, request: HTTPRequest, timeout: Timeout) -> Answer:
        return Answer(*self._ask(request))

    def close(self) -> None:
        """Nothing is open."""


class AsyncTransport(_Base):
    """A transport for the async client."""

    async def send(self, request: HTTPRequest, timeout: Timeout) -> AsyncAnswer:
        return AsyncAnswer(*self._ask(request))

    async def aclose(self) -> None:
        """Nothing is open."""


def from_list(answers: list[Any]) -> Service:
    """Answer with one after another, whatever is asked."""
    left = iter(answers)
    return lambda operation, request: next(left)


def error(code: str, status: int = 400, message: str = "it failed") -> tuple[int, dict[str, str]]:
    """Return an answer that is an error."""
    return status, {"__type": f"com.tables#{code}", "message": message}
