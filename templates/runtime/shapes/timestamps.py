"""Timestamps: written in three formats (Smithy 2.0, "timestampFormat trait"), read in whichever one is sent."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""What stands in for a required timestamp that a service left out (Smithy 2.0, "Client error correction")."""

# Compiled when a text is first read: most programs never need them.
_ZONE = r"(?i)\s*(?:(?P<utc>Z|UTC|GMT)|(?P<offset>[+-]\d{2}(?::?\d{2})?))$"
_FRACTION = r"(?<=:\d\d)\.(\d+)"
_HALF_DAY = r"(?i)\s*\b([AP])\.?M\b\.?"


def in_utc(value: datetime) -> datetime:
    """Return the same moment in UTC. Raises :class:`ValueError` for a datetime without a time zone."""
    if value.utcoffset() is None:
        raise ValueError("must be a timezone-aware datetime, for instance datetime.now(UTC)")
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("must be in the years 1 to 9999 in UTC") from error


def epoch_seconds(value: datetime) -> int | float:
    """Return the seconds since 1970, as a float where there are microseconds."""
    seconds = (in_utc(value) - UNIX_EPOCH).total_seconds()
    return seconds if value.microsecond else int(seconds)


def date_time(value: datetime) -> str:
    """Return the date and time of RFC 3339 in UTC, with microseconds where there are some."""
    return in_utc(value).isoformat().replace("+00:00", "Z")


def http_date(value: datetime) -> str:
    """Return the IMF-fixdate of RFC 9110, section 5.6.7, in which fractions of a second are dropped."""
    from email.utils import format_datetime

    return format_datetime(in_utc(value), usegmt=True)


def read_http_date(text: str) -> datetime:
    """Read an HTTP date (RFC 9110, section 5.6.7, with its obsolete forms). Raises :class:`ValueError`.

    A fraction of a second is taken, and so is a time of twelve hours with AM or PM; without a zone it is UTC.
    """
    from email.utils import parsedate_to_datetime

    fraction = re.search(_FRACTION, text)
    half = re.search(_HALF_DAY, text)
    try:
        parsed = parsedate_to_datetime(re.sub(_HALF_DAY, "", re.sub(_FRACTION, "", text)))
    except (IndexError, OverflowError, TypeError) as error:
        raise ValueError(f"{text[:80]!r} is not a date") from error
    if fraction:
        parsed = parsed.replace(microsecond=int(fraction[1][:6].ljust(6, "0")))
    if half:
        parsed = parsed.replace(hour=parsed.hour % 12 + (12 if half[1] in "pP" else 0))
    return _with_zone(parsed)


def read_timestamp(value: object) -> datetime:
    """Read a timestamp in any format; one without a zone is UTC. Raises :class:`ValueError`."""
    if isinstance(value, datetime):
        return _with_zone(value)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"expected a timestamp, got {type(value).__name__}")
    if isinstance(value, str):
        text = value.strip()
        try:
            value = float(text)
        except ValueError:
            return _read_text(text)
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OSError, OverflowError):
        pass
    try:
        # Some platforms know only the years from 1970 to 2038.
        return UNIX_EPOCH + timedelta(seconds=value)
    except OverflowError as error:
        raise ValueError(f"the timestamp {value} is out of range") from error


def _read_text(text: str) -> datetime:
    zone = re.search(_ZONE, text)
    plain = text if zone is None else text[: zone.start()] + (zone["offset"] or "+00:00")
    try:
        return _with_zone(datetime.fromisoformat(plain))
    except ValueError:
        return read_http_date(text)


def _with_zone(value: datetime) -> datetime:
    return value if value.tzinfo else value.replace(tzinfo=UTC)
