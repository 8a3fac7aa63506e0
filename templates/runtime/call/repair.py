"""What a rejected signature shows: expired credentials, or a clock that is off. Signing anew puts either right."""

from __future__ import annotations

from datetime import datetime, timedelta

from ..errors import AWSError, ServiceError
from ..message.http import Headers
from ..shapes.timestamps import read_http_date
from .state import CallState

_CLOCK_SKEW_CODES = frozenset(
    {
        "AuthFailure",
        "InvalidSignatureException",
        "RequestExpired",
        "RequestInTheFuture",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
    }
)
_EXPIRED_TOKEN_CODES = frozenset({"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"})
_TOLERATED_SKEW = timedelta(minutes=4)


def repair(error: AWSError, headers: Headers, state: CallState, skew: timedelta, now: datetime) -> str | None:
    """Note what is wrong with the credentials or the clock that a request was signed with.

    Returns what an attempt that is signed anew would put right; None where that would not help. ``skew`` is the one
    that the request was signed with: another call may have corrected the shared one in the meantime. ``now`` is when
    the response came.
    """
    code = error.code if isinstance(error, ServiceError) else ""
    if code in _EXPIRED_TOKEN_CODES:
        state.expired = True
        return "credentials"
    if code in _CLOCK_SKEW_CODES:
        correct = _clock_skew(headers, now)
        if correct is not None and abs(correct - skew) >= _TOLERATED_SKEW:
            state.skew = correct
            return "clock"
    return None


def _clock_skew(headers: Headers, now: datetime) -> timedelta | None:
    try:
        theirs = read_http_date(headers.get("Date") or "")
    except ValueError:
        return None
    # Any other year is no clock's, and times near the ends of the calendar could not be reckoned with.
    return theirs - now if 2000 <= theirs.year < 3000 else None
