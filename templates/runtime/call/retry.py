"""When to send a request again: AWS's "standard" retry mode, aware of what the operation does.

Source: the AWS SDKs and Tools Reference Guide, "Retry behavior". The one departure: what may have reached the service
is sent again only where the operation is safe to repeat. A request that was turned away (throttled, or answered with
503) was not worked on, so it is sent again for every operation.
"""

from __future__ import annotations

import os
import random
import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal

import msgspec

from ..errors import ReadTimeout, ServiceError, TransportError
from ..message.http import Headers
from ..shapes.timestamps import read_http_date

RetryKind = Literal["never", "throttle", "transient"]

MAX_BACKOFF = 20.0
"""The longest pause between two attempts, in seconds."""

THROTTLING_CODES = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
TRANSIENT_CODES = frozenset({"RequestTimeout", "RequestTimeoutException"})
_NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")
_TURNED_AWAY = frozenset({429, 503})
_TRANSIENT_STATUSES = frozenset({500, 502, 504})


def is_retryable(error: ServiceError, *, retry_safe: bool) -> bool:
    """Whether sending the same request again may help and does no work twice."""
    kind = error.retry
    if kind is None:
        if error.status in _TURNED_AWAY or error.code in THROTTLING_CODES:
            kind = "throttle"
        elif error.status in _TRANSIENT_STATUSES or error.code in TRANSIENT_CODES:
            kind = "transient"
    return kind == "throttle" or (kind == "transient" and retry_safe)


def is_resendable(error: TransportError, *, retry_safe: bool) -> bool:
    """Whether a request that got no answer can be sent again: it was never sent, or repeating it does no harm."""
    return retry_safe or not error.sent


class Backoff(msgspec.Struct, frozen=True):
    """Full jitter: a random part of 1, 2, 4 … seconds, at most :data:`MAX_BACKOFF`."""

    random: Callable[[], float] = random.random

    def delay(self, attempt: int, headers: Headers | None = None) -> float:
        """Return the pause in seconds after failed attempt number ``attempt`` (from 1).

        A ``x-amz-retry-after`` (milliseconds) or ``Retry-After`` (seconds or a date) header lengthens it.
        """
        jittered = self.random() * min(2.0 ** min(attempt - 1, 30), MAX_BACKOFF)
        return min(max(jittered, retry_after(headers) if headers else 0.0), MAX_BACKOFF)


def retry_after(headers: Headers) -> float:
    """Return the pause that the service asks for, in seconds; 0 when it asks for none or the value makes no sense."""
    milliseconds = headers.get("x-amz-retry-after")
    if milliseconds is not None and _NUMBER.fullmatch(milliseconds):
        return float(milliseconds) / 1000
    value = headers.get("Retry-After")
    if value is None:
        return 0.0
    return float(value) if _NUMBER.fullmatch(value) else _until(value)


def _until(date: str) -> float:
    try:
        return max(0.0, (read_http_date(date) - datetime.now(UTC)).total_seconds())
    except ValueError:
        return 0.0


class RetryQuota:
    """The token bucket of standard mode: a client whose calls mostly fail stops adding retries to the load.

    Shared by all calls of a client and of its ``with_options`` copies. Thread-safe, and safe to use after a fork.
    """

    CAPACITY = 500
    COST = 5
    TIMEOUT_COST = 10

    def __init__(self) -> None:
        self._available = self.CAPACITY
        self._pid = os.getpid()
        self._lock = threading.Lock()

    def acquire(self, error: Exception) -> int | None:
        """Take the tokens that a retry after ``error`` costs; None when there are too few left."""
        cost = self.TIMEOUT_COST if isinstance(error, ReadTimeout) else self.COST
        with self._own_lock():
            if cost > self._available:
                return None
            self._available -= cost
            return cost

    def release(self, tokens: int) -> None:
        """Give tokens back after a call that ended well: the cost of its last retry, or 1."""
        if self._available == self.CAPACITY:
            return
        with self._own_lock():
            self._available = min(self.CAPACITY, self._available + tokens)

    def _own_lock(self) -> threading.Lock:
        # A thread that a forked child does not have may hold the child's copy of the lock, for good.
        if self._pid != os.getpid():
            self._pid, self._lock = os.getpid(), threading.Lock()
        return self._lock
