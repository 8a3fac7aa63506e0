"""Everything a client raises.

    AWSError
      ServiceError            the service answered with an error; each service subclasses it
      TransportError          no usable answer came
        ConnectError          the request was not sent
          ConnectTimeout
        ReadTimeout           sent, but nothing came back in time
        CallTimeout           the call as a whole took too long
        WriteTimeout
        ProtocolError         the connection broke, or what came is not HTTP
      StreamError             an event stream or payload cannot be read on
        ChecksumMismatch
        TruncatedStream
        ItemTooLarge        a line or value in a payload is larger than the caller allows
      InvalidResponse         the service's answer does not fit its description
      WaiterError             something that was waited for did not come about
        WaiterFailed          and cannot any more
        WaiterTimeout         in the attempts that there were
      CredentialsError        no credentials, or they could not be refreshed
      InvalidInput            an argument was refused before anything was sent (also a ValueError)

All of them can be pickled, and none carries a secret.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

if TYPE_CHECKING:
    from .message.http import Headers


_LONGEST = 2000


def shown(text: str, limit: int, *, lines: bool = False) -> str:
    """Return text as logs and terminals can take it: what is not printable escaped, and cut after ``limit`` characters.

    With ``lines``, line feeds and tabs stay.
    """
    rest = len(text) - limit
    text = text[:limit]
    if not text.isprintable():
        kept = "\n\t" if lines else ""
        text = "".join(each if each.isprintable() or each in kept else _escaped(each) for each in text)
    return f"{text}... ({rest:,} more characters)" if rest > 0 else text


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode()


_RUNTIME = __name__.rpartition(".")[0]


def foreign(value: object) -> str | None:
    """Return the package of the other generated client that a value's class belongs to; None for any other value.

    Clients that embed their runtime have classes of their own, alike but not the same.
    """
    for base in type(value).__mro__:
        package, runtime, _ = f".{base.__module__}".rpartition("._runtime.")
        if runtime and f"{package}._runtime"[1:] != _RUNTIME:
            return package[1:] or "_runtime"
    return None


class AWSError(Exception):
    """Base of all errors that a client raises.

    As text, it has no control characters but the line feeds and tabs of a message, and no more than 2,000 characters of
    what it tells.

    Attributes:
        operation: the name of the operation that was called; empty where the error came outside a call.
        status: the HTTP status of the answer, or None.
        request_id: the service's id of the request, or None.
        attempts: how often it was tried to send the request; 0 where it was not.
    """

    operation: str = ""
    status: int | None = None
    request_id: str | None = None
    attempts: int = 0

    def __str__(self) -> str:
        said = shown(self._said(), _LONGEST, lines=True)
        context = shown(", ".join(self._context()), _LONGEST)
        return f"{said} ({context})" if context else said

    def _said(self) -> str:
        return super().__str__()

    def _context(self) -> list[str]:
        parts = [self.operation] if self.operation else []
        if self.status is not None:
            parts.append(f"HTTP {self.status}")
        if self.request_id:
            parts.append(f"request id {self.request_id}")
        if self.operation and self.attempts:
            parts.append(f"{self.attempts} attempt{'s' if self.attempts > 1 else ''}")
        return parts


class InvalidInput(AWSError, ValueError):
    """An argument, option or setting was refused before anything was sent."""


class CredentialsError(AWSError):
    """No credentials were found, or they could not be refreshed."""


class TransportError(AWSError):
    """No usable answer came. ``sent`` is False when the service cannot have received the whole request."""

    sent = True


class ConnectError(TransportError):
    """No connection could be made, so nothing was sent."""

    sent = False


class ConnectTimeout(ConnectError):
    """Connecting, or waiting for a free connection, took too long; nothing was sent."""


class CallTimeout(TransportError):
    """The call as a whole took longer than its limit, ``timeout.total``."""


class ReadTimeout(TransportError):
    """The request was sent and nothing came back in time: the service may still be working on it."""


class WriteTimeout(TransportError):
    """Sending the request took too long, so it was not sent whole."""


class ProtocolError(TransportError):
    """The connection broke, or what came back is not HTTP."""


class InvalidResponse(AWSError):
    """The service's answer does not fit its description, for instance a body that is not JSON."""


class WaiterError(AWSError):
    """Something that was waited for did not come about.

    Attributes:
        waiter: the waiter's name, for instance ``TableExists``.
        operation: the name of the operation that was called.
        attempts: how often it was called.
        seconds: how long it was waited.
        last: the last answer: an output of the operation, or a :class:`ServiceError`.
    """

    def __init__(
        self,
        message: str = "",
        *,
        waiter: str = "",
        operation: str = "",
        attempts: int = 0,
        seconds: float = 0.0,
        last: Any = None,
    ) -> None:
        super().__init__(message)
        self.waiter = waiter
        self.operation = operation
        self.attempts = attempts
        self.seconds = seconds
        self.last = last

    def _context(self) -> list[str]:
        return []  # The message has it.


class WaiterFailed(WaiterError):
    """What is waited for cannot come about any more, or an error came that the waiter does not expect."""


class WaiterTimeout(WaiterError):
    """What is waited for had not come about in the last attempt."""


class StreamError(AWSError):
    """An event stream, or the payload in it, cannot be read on."""


class ChecksumMismatch(StreamError):
    """A frame's CRC32 does not match its bytes."""


class TruncatedStream(StreamError):
    """The stream ended inside a frame, or before the payload was complete."""


class ItemTooLarge(StreamError):
    """A line, JSON value or server-sent event in a payload is larger than the limit, ``max_size``."""


class ServiceError(AWSError):
    """The service answered with an error.

    Attributes:
        operation: the operation's name, for instance ``InvokeEndpoint``.
        code: the error code that the service sent, for instance ``ModelError``.
        message: the service's message, whole and as it came; may be empty.
        status: the HTTP status, or None for an error inside an event stream.
        request_id: the service's id of the request, or None.
        attempts: how often the request was sent.
        headers: the response's headers, or None for an error inside an event stream.
        body: the response's body, decompressed where it was compressed, or the payload of the frame in an event stream.
        retryable: whether sending the same request again may help and does no work twice.
        event: the event that ended an event stream with this error, or None. It has what else the service says.

    Keyword arguments other than these set the members that the error is modelled with.
    """

    retry: ClassVar[Literal["never", "throttle", "transient"] | None] = None
    """What the service's description says of retries; None leaves it to the status and the code."""

    wire_code: ClassVar[str] = ""
    """The code that the service sends; empty for a class that stands for several."""

    http_status: ClassVar[int | None] = None
    """The status that the service sends with it; None where it only occurs inside event streams."""

    wire_members: ClassVar[Mapping[str, tuple[str, Any]]] = {}
    """Name on the wire -> attribute and type, of the modelled members other than the message."""

    header_members: ClassVar[Mapping[str, tuple[str, Callable[[Headers, str], Any]]]] = {}
    """Header -> attribute and what reads it, of the modelled members that are response headers."""

    status_member: ClassVar[str | None] = None
    """The attribute of the modelled member that is the response's status."""

    def __init__(
        self,
        message: str = "",
        *,
        operation: str = "",
        code: str = "",
        status: int | None = None,
        request_id: str | None = None,
        attempts: int = 1,
        retryable: bool = False,
        **members: Any,
    ) -> None:
        modelled = (*self.wire_members.values(), *self.header_members.values())
        unknown = members.keys() - {attribute for attribute, _ in modelled} - {self.status_member}
        if unknown:
            raise TypeError(f"{type(self).__name__} has no member {sorted(unknown)[0]!r}")
        super().__init__(message)
        self.operation = operation
        self.code = code or self.wire_code or type(self).__name__
        self.message = message
        self.status = status
        self.request_id = request_id
        self.attempts = attempts
        self.headers: Headers | None = None
        self.body = b""
        self.retryable = retryable
        self.event: Any = None
        self.__dict__.update(members)

    def _said(self) -> str:
        # A line feed in a code would begin a line of a log that looks like another record.
        code = self.code.replace("\n", r"\n").replace("\t", r"\t")
        return f"{code}: {self.message}" if self.message else code
