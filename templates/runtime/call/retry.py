"""When to send a request again: AWS's "standard" retry mode as of 2026-11-10, aware of what the operation does.

Source: the AWS SDKs and Tools Reference Guide, "Retry behavior". The one departure: a request that may have reached the
service is sent again only where the operation is safe to repeat. A request that was rejected (throttled, or answered
with 503) was not worked on, so it is sent again for every operation.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal

import msgspec

from ..errors import ServiceError, TransportError
from ..message.http import Headers
from ..shapes.timestamps import read_http_date

RetryKind = Literal["never", "throttle", "transient"]

MAX_BACKOFF = 20.0
"""The longest pause between two attempts, in seconds, where the service asks for none."""

MAX_EXTENSION = 5.0
"""How many seconds the service can add to a pause."""

THROTTLED_SCALE = 1.0
"""The longest first pause after a throttled request, in seconds."""

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
_MILLISECONDS = re.compile(r"[0-9]{1,300}")
_SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")
_REJECTED = frozenset({429, 503})
_TRANSIENT_STATUSES = frozenset({500, 502, 503, 504})


def retry_kind(error: ServiceError) -> RetryKind:
    """Return whether an error is a throttling one, a transient one, or one that stays.

    ``never`` in the service's description has the last word. Otherwise a throttling code counts first, then the
    description, then the status: 429 throttles unless the description has the error.
    """
    if error.retry == "never":
        return "never"
    if error.code in THROTTLING_CODES:
        return "throttle"
    if error.retry is not None:
        return error.retry
    if error.status == 429 and not error.wire_code:
        return "throttle"
    # A service that has sent a good status already fails as it would have with a 500.
    broke_off = error.status is not None and error.status < 300
    is_transient = broke_off or error.status in _TRANSIENT_STATUSES or error.code in TRANSIENT_CODES
    return "transient" if is_transient else "never"


def is_retryable(error: ServiceError, *, retry_safe: bool) -> bool:
    """Return whether sending the same request again may help and does no work twice."""
    kind = retry_kind(error)
    return kind == "throttle" or (kind == "transient" and (retry_safe or error.status in _REJECTED))


def is_resendable(error: TransportError, *, retry_safe: bool) -> bool:
    """Return whether a request without a response can be sent again: it was never sent, or is safe to repeat."""
    return retry_safe or not error.sent


class Backoff(msgspec.Struct, frozen=True):
    """Full jitter: a random part of a limit that doubles with each attempt, up to :data:`MAX_BACKOFF`."""

    random: Callable[[], float] = random.random

    def delay(self, attempt: int, scale: float, headers: Headers | None = None) -> float:
        """Return the pause in seconds after failed attempt number ``attempt`` (from 1).

        ``scale`` is the limit of the first pause. An ``x-amz-retry-after`` (milliseconds) or ``Retry-After`` header
        (seconds or a date) lengthens the pause by up to :data:`MAX_EXTENSION`.
        """
        jittered = self.random() * min(scale * 2.0 ** min(attempt - 1, 30), MAX_BACKOFF)
        asked = retry_after(headers) if headers else 0.0
        return max(jittered, min(asked, jittered + MAX_EXTENSION))


def retry_after(headers: Headers) -> float:
    """Return the pause that the service asks for, in seconds; 0 when it asks for none or the value makes no sense."""
    milliseconds = headers.get("x-amz-retry-after")
    if milliseconds is not None and _MILLISECONDS.fullmatch(milliseconds):
        return float(milliseconds) / 1000
    value = headers.get("Retry-After")
    if value is None:
        return 0.0
    return float(value) if _SECONDS.fullmatch(value) else _until(value)


def _until(date: str) -> float:
    try:
        return max(0.0, (read_http_date(date) - datetime.now(UTC)).total_seconds())
    except ValueError:
        return 0.0
