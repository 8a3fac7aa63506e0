"""The token bucket of standard mode: a client whose calls mostly fail stops adding retries to the load.

Source: the AWS SDKs and Tools Reference Guide, "Retry behavior", as of 2026-11-10.
"""

from __future__ import annotations

import os
import threading


class RetryQuota:
    """The tokens that retries cost. Shared by all calls of a client and of its ``with_options`` copies.

    Thread-safe, and safe to use after a fork.
    """

    CAPACITY = 500
    COST = 14
    THROTTLED_COST = 5

    def __init__(self) -> None:
        self._available = self.CAPACITY
        self._pid = os.getpid()
        self._lock = threading.Lock()

    def acquire(self, *, throttled: bool) -> int | None:
        """Take the tokens that a retry costs, fewer for a throttled request; None when too few are left."""
        cost = self.THROTTLED_COST if throttled else self.COST
        with self._own_lock():
            if cost > self._available:
                return None
            self._available -= cost
            return cost

    def release(self, tokens: int) -> None:
        """Give tokens back after a call that succeeded: the cost of its last retry, or 1."""
        if self._available == self.CAPACITY:
            return
        with self._own_lock():
            self._available = min(self.CAPACITY, self._available + tokens)

    def _own_lock(self) -> threading.Lock:
        # A thread that a forked child does not have may hold the child's copy of the lock, for good.
        if self._pid != os.getpid():
            self._pid, self._lock = os.getpid(), threading.Lock()
        return self._lock
