"""What the calls of one client share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from .quota import RetryQuota

if TYPE_CHECKING:
    from .retry import Backoff


class CallState(msgspec.Struct):
    """What the calls of one client share.

    Attributes:
        quota: limits the retries of a client whose calls mostly fail.
        backoff: how long to wait before a retry; None for the default.
        skew: the service's clock minus ours, once a rejected signature has shown that they differ.
        expired: the last credentials were rejected as expired, so the next call asks for new ones.
    """

    quota: RetryQuota = msgspec.field(default_factory=RetryQuota)
    backoff: Backoff | None = None
    skew: timedelta = timedelta(0)
    expired: bool = False


def utcnow() -> datetime:
    """Return the time that requests are signed with, before the skew is added."""
    return datetime.now(UTC)
