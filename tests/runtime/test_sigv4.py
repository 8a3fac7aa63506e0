"""Signing: what the headers hold, what is refused, and that secrets stay hidden."""

from __future__ import annotations

import hashlib
import pickle
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qsl

import pytest
from runtime.errors import InvalidInput
from runtime.signing import sigv4
from runtime.signing.sigv4 import MAX_EXPIRES, UNSIGNED_PAYLOAD, Credentials, presign, sign

_KEY = Credentials("AKID", "s3cret")
_NOW = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
_HOST = ("Host", "host.example")


def _sign(headers: list[tuple[str, str]], body: bytes = b"", **options: Any) -> list[tuple[str, str]]:
    arguments: dict[str, Any] = {"service": "svc", "region": "eu-west-1", "now": _NOW} | options
    credentials = arguments.pop("credentials", _KEY)
    path = arguments.pop("path", "/")
    return sign("POST", path, arguments.pop("query", ""), headers, body, credentials, **arguments)


def _presign(query: str = "", headers: tuple[tuple[str, str], ...] = (_HOST,), **options: Any) -> str:
    arguments: dict[str, Any] = {
        "service": "svc",
        "region": "eu-west-1",
        "now": _NOW,
        "expires": 60,
    } | options
    credentials = arguments.pop("credentials", _KEY)
    return presign("GET", "/", query, list(headers), arguments.pop("body", b""), credentials, **arguments)


def _authorization(headers: list[tuple[str, str]]) -> str:
    return dict(headers)["Authorization"]


def test_signing_again_replaces_the_first_signature() -> None:
    key = Credentials("AKID", "s3cret", "token")
    once = _sign([_HOST, ("X-A", "1")], credentials=key)
    later = _NOW + timedelta(minutes=5)
    twice = _sign([(name.lower(), value) for name, value in once], credentials=key, now=later)
    assert [name for name, _ in twice] == [
        "host",
        "x-a",
        "X-Amz-Date",
        "X-Amz-Security-Token",
        "Authorization",
    ]
    assert _authorization(twice) == _authorization(_sign([_HOST, ("X-A", "1")], credentials=key, now=later))


def test_the_clock_s_zone_does_not_matter() -> None:
    elsewhere = _NOW.astimezone(timezone(timedelta(hours=-9, minutes=-30)))
    assert _sign([_HOST], now=elsewhere) == _sign([_HOST])


def test_headers_that_proxies_change_are_sent_but_not_signed() -> None:
    noisy = [
        _HOST,
        ("User-Agent", "x"),
        ("Connection", "close"),
        ("X-Amzn-Trace-Id", "Root=1"),
        ("TE", "trailers"),
    ]
    signed = _sign(noisy)
    assert signed[:5] == noisy
    assert "SignedHeaders=host;x-amz-date," in _authorization(signed)
    assert _authorization(signed) == _authorization(_sign([_HOST]))


def test_the_payload_hash_comes_from_the_argument_the_header_or_the_body() -> None:
    digest = hashlib.sha256(b"body").hexdigest()
    assert _sign([_HOST], b"body") == _sign([_HOST], b"other", payload_hash=digest)
    declared = ("X-Amz-Content-Sha256", UNSIGNED_PAYLOAD)
    assert _sign([_HOST, declared], b"a") == _sign([_HOST, declared], b"b", payload_hash=UNSIGNED_PAYLOAD)
    assert _sign([_HOST], b"a") != _sign([_HOST], b"b")
    with pytest.raises(InvalidInput, match="X-Amz-Content-Sha256 is 'UNSIGNED-PAYLOAD'"):
        _sign([_HOST, declared], payload_hash=digest)


def test_a_presigned_query_keeps_the_given_one_in_front_and_the_signature_last() -> None:
    query = _presign("b=2&a=%2F&b=1&flag", credentials=Credentials("AKID", "s3cret", "to/ken="))
    assert query.startswith("b=2&a=%2F&b=1&flag&X-Amz-Algorithm=")
    names = [name for name, _ in parse_qsl(query, keep_blank_values=True)]
    assert names[4:] == [
        "X-Amz-Algorithm",
        "X-Amz-Credential",
        "X-Amz-Date",
        "X-Amz-Expires",
        "X-Amz-SignedHeaders",
        "X-Amz-Security-Token",
        "X-Amz-Signature",
    ]
    assert "X-Amz-Security-Token=to%2Fken%3D&" in query


def test_what_travels_in_the_query_is_not_signed_as_a_header_too() -> None:
    key = Credentials("AKID", "s3cret", "token")
    given = (
        _HOST,
        ("X-Amz-Date", "19700101T000000Z"),
        ("x-amz-security-token", "old"),
        ("Authorization", "x"),
    )
    assert _presign(headers=given, credentials=key) == _presign(credentials=key)


def test_only_s3_s_presigned_form_leaves_the_body_out() -> None:
    assert _presign(body=b"a") != _presign(body=b"b")
    s3: dict[str, Any] = {"normalize": False, "double_encode": False}
    assert _presign(body=b"a", **s3) == _presign(body=b"b", **s3)
    assert _presign(body=b"a", payload_hash=UNSIGNED_PAYLOAD) == _presign(body=b"b", payload_hash=UNSIGNED_PAYLOAD)


@pytest.mark.parametrize("expires", [0, -1, MAX_EXPIRES + 1, 1.5, float("nan"), "60"])
def test_an_unusable_expiry_is_refused(expires: Any) -> None:
    with pytest.raises(InvalidInput, match="expires must be a whole number of seconds from 1 to 604800"):
        _presign(expires=expires)


def test_a_signed_query_is_not_signed_again() -> None:
    with pytest.raises(InvalidInput, match="the query has X-Amz-Algorithm already"):
        _presign(_presign("a=1"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"now": datetime(2024, 1, 1)}, "now must be a datetime with a time zone"),
        ({"path": "a/b"}, "must begin with a slash"),
        ({"region": "eu-west-1\r\nX-A: b"}, "region must be a name"),
        ({"region": ""}, "region must be a name"),
        ({"service": "a/b"}, "service must be a name"),
    ],
)
def test_what_cannot_be_signed_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        _sign([_HOST], **options)


@pytest.mark.parametrize("name", ["access_key_id", "secret_access_key", "session_token"])
@pytest.mark.parametrize("value", ["", " hunter2", "hunter2\n", "hunt er2", "hunter2\x00", "hunter2\x7f", "hünter2", 5])
def test_a_credential_that_was_read_wrongly_is_refused_by_name_and_not_shown(name: str, value: Any) -> None:
    given = {"access_key_id": "AKID", "secret_access_key": "secret", name: value}
    with pytest.raises(InvalidInput, match=f"^{name} must") as caught:
        Credentials(**given)
    assert "hunt" not in str(caught.value)
    assert "nter2" not in str(caught.value)


def test_a_naive_expiry_is_refused() -> None:
    with pytest.raises(InvalidInput, match="expires must be a datetime with a time zone"):
        Credentials("AKID", "secret", expires=datetime(2024, 1, 1))


def test_credentials_hide_their_secret_and_token() -> None:
    key = Credentials("AKID", "s3cret", "t0ken", _NOW)
    for text in (repr(key), str(key), f"{key}", f"{[key]}"):
        assert "AKID" in text
        assert "s3cret" not in text
        assert "t0ken" not in text
    assert "session_token=None" in repr(Credentials("AKID", "s3cret"))


def test_credentials_are_values() -> None:
    key = Credentials("AKID", "s3cret", "t0ken", _NOW)
    assert pickle.loads(pickle.dumps(key)) == key
    assert {key, Credentials("AKID", "s3cret", "t0ken", _NOW)} == {key}
    assert key != Credentials("AKID", "s3cret", "other", _NOW)
    with pytest.raises(AttributeError):
        key.secret_access_key = "other"  # type: ignore[misc]


def test_the_signing_key_is_derived_once_a_day_and_not_kept_for_ever() -> None:
    sigv4._signing_key.cache_clear()
    for minute in range(5):
        _sign([_HOST], now=_NOW + timedelta(minutes=minute))
    assert sigv4._signing_key.cache_info().misses == 1
    for day in range(100):
        _sign([_HOST], now=_NOW + timedelta(days=day))
    assert sigv4._signing_key.cache_info().currsize <= 64
