"""The time limits of one attempt, for all drivers."""

from __future__ import annotations

from time import monotonic

from ..message.http import Timeout
from .failures import Phase, TimedOut


class Clock:
    """How long each wait of an attempt may take: as its own limit says, and never beyond ``timeout.total``."""

    __slots__ = ("_end", "timeout")

    def __init__(self, timeout: Timeout) -> None:
        self.timeout = timeout
        self._end = None if timeout.total is None else monotonic() + timeout.total

    def seconds(self, phase: Phase) -> float | None:
        """Return how long a wait may take; None without limit. Raises :class:`TimedOut` when nothing is left."""
        limit: float | None = getattr(self.timeout, phase)
        if self._end is None:
            return limit
        left = self._end - monotonic()
        if left <= 0:
            raise TimedOut(phase)
        return left if limit is None else min(limit, left)

    def until(self, phase: Phase) -> Until:
        """Return the end of several waits that have one limit together."""
        return Until(phase, self.seconds(phase))


class Until:
    """When several waits must be over."""

    __slots__ = ("_end", "_phase")

    def __init__(self, phase: Phase, seconds: float | None) -> None:
        self._phase: Phase = phase
        self._end = None if seconds is None else monotonic() + seconds

    def left(self) -> float | None:
        """Return the seconds that are left; None without limit. Raises :class:`TimedOut` when none are."""
        if self._end is None:
            return None
        left = self._end - monotonic()
        if left <= 0:
            raise TimedOut(self._phase)
        return left
