"""Headers that are added after signing, as AWS's SDKs do: which attempt this is, and Lambda's trace.

Source: the AWS SDKs and Tools Reference Guide, "Retry behavior"; *Working with Lambda*, "recursive loop detection".
Proxies and tracing may change them, so no signature covers them.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta

from ..message.http import HeaderList, Headers
from ..shapes.timestamps import read_http_date

INVOCATION_ID = "amz-sdk-invocation-id"
ATTEMPT = "amz-sdk-request"
TRACE_ID = "X-Amzn-Trace-Id"


def invocation_id() -> str:
    """Return a new identifier of one call: a random UUID (RFC 9562, version 4)."""
    # The module uuid costs more to import than all that a call does.
    digits = os.urandom(16).hex()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def attempt_header(attempt: int, max_attempts: int, expires: datetime | None) -> str:
    """Return which attempt this is, of how many, and when its response will no longer be waited for."""
    numbered = f"attempt={attempt}; max={max_attempts}"
    return numbered if expires is None else f"ttl={_timestamp(expires)}; {numbered}"


def expiry(headers: Headers, read_timeout: float | None) -> datetime | None:
    """Return when the next attempt expires by the service's clock, as its last response told the time; or None."""
    date = headers.get("Date")
    if date is None or read_timeout is None:
        return None
    try:
        return read_http_date(date) + timedelta(seconds=read_timeout)
    except (ValueError, OverflowError):
        return None


def _timestamp(time: datetime) -> str:
    return f"{time.year:04}{time.month:02}{time.day:02}T{time.hour:02}{time.minute:02}{time.second:02}Z"


def trace_headers(headers: HeaderList) -> HeaderList:
    """Return Lambda's trace of the invocation that makes this call, unless ``headers`` have one.

    Lambda finds by it functions that invoke themselves without end.
    """
    trace = os.environ.get("_X_AMZN_TRACE_ID")
    if not trace or any(name.lower() == TRACE_ID.lower() for name, _ in headers):
        return []
    from urllib.parse import quote

    return [(TRACE_ID, quote(trace, safe="-=;:+&[]{}\"',"))]
