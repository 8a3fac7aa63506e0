"""Waiters: an operation is called until its answer says that something has come about, or cannot any more.

Source: the waiters in AWS's service models, which AWS's SDKs carry out in the same way.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable
from math import isfinite
from typing import Any, Generic, Literal, TypeVar, cast

import msgspec

from ..errors import InvalidInput, ServiceError, WaiterFailed, WaiterTimeout
from ..settings.config import to_attempts
from ..shapes.structures import Output
from ..wire.loops import sleep

Out = TypeVar("Out", bound=Output)
Last = TypeVar("Last")

State = Literal["success", "retry", "failure"]

_LONGEST = 100


class Acceptor(msgspec.Struct, Generic[Out], frozen=True):
    """What one kind of answer means to a waiter. Use the subclasses.

    Attributes:
        state: what the waiter does about such an answer.
    """

    state: State

    def matches(self, answer: Out | ServiceError) -> bool:
        """Return whether the answer is of this kind."""
        raise NotImplementedError

    def seen(self, output: Out) -> str | None:
        """Return what an output shows of the state that is waited for, for messages; None where it shows nothing."""
        return None


class PathIs(Acceptor[Out], frozen=True):
    """A value in the output is the expected one.

    Attributes:
        path: the value's place, as JMESPath.
        read: reads the value.
        expected: what it must be.
    """

    path: str
    read: Callable[[Out], object]
    expected: str | bool | int

    def matches(self, answer: Out | ServiceError) -> bool:
        """Return whether the answer is an output with that value."""
        return not isinstance(answer, ServiceError) and self.read(answer) == self.expected

    def seen(self, output: Out) -> str | None:
        """Return the value."""
        return f"{self.path} is {_shown(self.read(output))}"

    def __str__(self) -> str:
        return f"{self.path} is {_shown(self.expected)}"


class AllAre(Acceptor[Out], frozen=True):
    """All of some values in the output are the expected one, and there is one at least.

    Attributes:
        path: the values' places, as JMESPath.
        read: reads the values.
        expected: what each must be.
    """

    path: str
    read: Callable[[Out], Iterable[object]]
    expected: str | bool | int

    def matches(self, answer: Out | ServiceError) -> bool:
        """Return whether the answer is an output with such values."""
        values = () if isinstance(answer, ServiceError) else tuple(self.read(answer))
        return bool(values) and all(value == self.expected for value in values)

    def seen(self, output: Out) -> str | None:
        """Return the values."""
        return f"{self.path} is {_shown(list(self.read(output)))}"

    def __str__(self) -> str:
        return f"all of {self.path} are {_shown(self.expected)}"


class AnyIs(Acceptor[Out], frozen=True):
    """One or more of some values in the output are the expected one.

    Attributes:
        path: the values' places, as JMESPath.
        read: reads the values.
        expected: what one must be.
    """

    path: str
    read: Callable[[Out], Iterable[object]]
    expected: str | bool | int

    def matches(self, answer: Out | ServiceError) -> bool:
        """Return whether the answer is an output with such a value."""
        return not isinstance(answer, ServiceError) and any(value == self.expected for value in self.read(answer))

    def seen(self, output: Out) -> str | None:
        """Return the values."""
        return f"{self.path} is {_shown(list(self.read(output)))}"

    def __str__(self) -> str:
        return f"one of {self.path} is {_shown(self.expected)}"


class StatusIs(Acceptor[Out], frozen=True):
    """The response has the expected HTTP status, be it an output or an error.

    Attributes:
        expected: the status.
    """

    expected: int

    def matches(self, answer: Out | ServiceError) -> bool:
        """Return whether the answer has that status."""
        status = answer.status if isinstance(answer, ServiceError) else answer.metadata.status
        return status == self.expected

    def __str__(self) -> str:
        return f"the status is {self.expected}"


class ErrorIs(Acceptor[Out], frozen=True):
    """The service answers with an error.

    Attributes:
        expected: the error's code; True for any error, False for none.
    """

    expected: str | bool

    def matches(self, answer: Out | ServiceError) -> bool:
        """Return whether the answer is that error."""
        if isinstance(self.expected, bool):
            return isinstance(answer, ServiceError) is self.expected
        return isinstance(answer, ServiceError) and answer.code == self.expected

    def __str__(self) -> str:
        if isinstance(self.expected, bool):
            return "the service answers with an error" if self.expected else "the service answers without an error"
        return f"the service answers with the error {self.expected}"


class Waiter(msgspec.Struct, Generic[Out, Last], frozen=True, kw_only=True):
    """What is waited for, and how.

    ``Last`` is what waiting returns: the last output, or None where an error was waited for.

    Attributes:
        name: the waiter's name.
        operation: the name of the operation that is called.
        delay: seconds between two calls.
        max_attempts: how often it is called at most.
        acceptors: what its answers mean; the first that matches counts.
    """

    name: str
    operation: str
    delay: float
    max_attempts: int
    acceptors: tuple[Acceptor[Out], ...]

    def wait(
        self,
        method: Callable[..., Out],
        delay: float | None = None,
        max_attempts: int | None = None,
        /,
        **arguments: Any,
    ) -> Last:
        """Call a sync client's method until an acceptor says that it is done.

        Raises:
            WaiterFailed: an acceptor says that it cannot succeed any more, or an error came that none expects.
            WaiterTimeout: it has not succeeded in the last attempt either.
            InvalidInput: an argument was refused.
        """
        watch = _Watch(self, delay, max_attempts)
        while True:
            answer: Out | ServiceError
            try:
                answer = method(**arguments)
            except ServiceError as error:
                answer = error
            if watch.is_over(answer):
                return watch.last
            time.sleep(watch.delay)

    async def async_wait(
        self,
        method: Callable[..., Awaitable[Out]],
        delay: float | None = None,
        max_attempts: int | None = None,
        /,
        **arguments: Any,
    ) -> Last:
        """Call an async client's method until an acceptor says that it is done. Raises what :meth:`wait` raises."""
        watch = _Watch(self, delay, max_attempts)
        while True:
            answer: Out | ServiceError
            try:
                answer = await method(**arguments)
            except ServiceError as error:
                answer = error
            if watch.is_over(answer):
                return watch.last
            await sleep(watch.delay)


class _Watch(Generic[Out, Last]):
    """One wait: the answers so far. The only place where it is decided whether to go on."""

    last: Last

    def __init__(self, waiter: Waiter[Out, Last], delay: float | None, max_attempts: int | None) -> None:
        self._waiter = waiter
        self.delay = waiter.delay if delay is None else _checked_delay(delay)
        self._most = waiter.max_attempts if max_attempts is None else to_attempts(max_attempts)
        self._attempts = 0
        self._started = time.monotonic()

    def is_over(self, answer: Out | ServiceError) -> bool:
        """Return whether the answer is what was waited for. Raises when it is no use to go on."""
        self._attempts += 1
        matched = next((acceptor for acceptor in self._waiter.acceptors if acceptor.matches(answer)), None)
        if matched is None and isinstance(answer, ServiceError):
            raise self._error(WaiterFailed, f"no acceptor expects {_told(answer)}", answer) from answer
        state = None if matched is None else matched.state
        if state == "success":
            self.last = cast("Last", None if isinstance(answer, ServiceError) else answer)
            return True
        cause = answer if isinstance(answer, ServiceError) else None
        if state == "failure":
            raise self._error(WaiterFailed, f"it cannot succeed any more, since {matched}", answer) from cause
        if self._attempts >= self._most:
            raise self._error(WaiterTimeout, f"it has not succeeded yet: {self._seen(answer)}", answer) from cause
        return False

    def _seen(self, answer: Out | ServiceError) -> str:
        """Return what the answer shows of the state that is waited for."""
        if isinstance(answer, ServiceError):
            return _told(answer)
        seen = dict.fromkeys(filter(None, (acceptor.seen(answer) for acceptor in self._waiter.acceptors)))
        return ", ".join(seen) or f"the status is {answer.metadata.status}"

    def _error(
        self, kind: type[WaiterFailed | WaiterTimeout], what: str, answer: Out | ServiceError
    ) -> WaiterFailed | WaiterTimeout:
        name, operation = self._waiter.name, self._waiter.operation
        seconds = time.monotonic() - self._started
        calls = f"{self._attempts} call{'s' if self._attempts > 1 else ''} of {operation} in {seconds:.1f} s"
        return kind(
            f"{name}: {what} ({calls})",
            waiter=name,
            operation=operation,
            attempts=self._attempts,
            seconds=seconds,
            last=answer,
        )


def _told(error: ServiceError) -> str:
    return f"the error {error.code}: {error.message}" if error.message else f"the error {error.code}"


def _shown(value: object) -> str:
    """Return a value as messages show it, shortened."""
    shown = repr(value)
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"


def _checked_delay(delay: object) -> float:
    if isinstance(delay, bool) or not isinstance(delay, int | float) or not isfinite(delay) or delay < 0:
        raise InvalidInput(f"the delay must be a number of seconds, 0 or more, not {delay!r}")
    return delay
