"""Signatures compared with botocore's signers, over generated requests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from unittest.mock import patch
from urllib.parse import urlsplit

import botocore.auth
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from runtime.signing.sigv4 import Credentials, presign, sign

_UNRESERVED = "ABCXYZabcxyz0189-._~"
_ESCAPES = st.binary(min_size=1, max_size=3).map(lambda raw: "".join(f"%{byte:02X}" for byte in raw))
_WORD = st.text(_UNRESERVED, min_size=1, max_size=6)
_SEGMENT = st.one_of(
    _WORD, _ESCAPES, st.sampled_from(["", ".", "..", "...", "%20", "%2F", "%2e%2E", "%e1%88%b4", "a%20b"])
)
_RAW_SEGMENT = st.one_of(_SEGMENT, st.text("!$&'()*+,;=:@|ab", max_size=5))
_S3_PATH = st.lists(_SEGMENT, min_size=1, max_size=5).map(lambda segments: "/" + "/".join(segments))
_PATH = st.lists(_RAW_SEGMENT, min_size=1, max_size=6).map(lambda segments: "/" + "/".join(segments))
_TERM = st.lists(st.one_of(_WORD, _ESCAPES, st.text("!$'()*+,;:@/?|", max_size=3)), max_size=3).map("".join)
_PAIR = st.one_of(
    st.tuples(_TERM, _TERM).map("=".join),
    _TERM,
    st.sampled_from(["", "=", "a", "a=", "a=b=c", "a=2", "a=1", "A=1", "a-b=1", "%41=1"]),
)
_QUERY = st.lists(_PAIR, max_size=6).map("&".join)
_NAMES = st.sampled_from(
    [
        *(
            "Content-Type",
            "content-type",
            "X-Amz-Target",
            "X-Amz-Meta-A",
            "x-amz-meta-a",
            "X-A",
            "X-A-B",
            "Range",
        ),
        *("User-Agent", "Connection", "Expect", "X-Amzn-Trace-Id", "Transfer-Encoding", "traceparent", "TE"),
    ]
)
_VALUES = st.text("aZ09 \t,;=/\"'", max_size=12)
_HEADERS = st.lists(st.tuples(_NAMES, _VALUES), max_size=6)
_KEY = st.text("ABCabc019+/=", min_size=1, max_size=24)
_TOKEN = st.none() | st.text("ABCabc019+/=", min_size=1, max_size=60)
_ZONES = st.integers(-23, 23).map(lambda hours: timezone(timedelta(hours=hours)))
_NOW = st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC) | _ZONES)
_METHODS = st.sampled_from(["GET", "POST", "put", "DELETE"])

_Pairs = list[tuple[str, str]]
_few = settings(deadline=None, max_examples=examples(200))


class _QuerySigner(botocore.auth.SigV4QueryAuth):  # type: ignore[misc]
    """botocore's query signer, for a URL that has all parameters but the signature."""

    def _modify_request_before_signing(self, request: AWSRequest) -> None:
        """Leave the request alone."""


class _S3QuerySigner(botocore.auth.S3SigV4QueryAuth):  # type: ignore[misc]
    def _modify_request_before_signing(self, request: AWSRequest) -> None:
        """Leave the request alone."""


def _request(method: str, path: str, query: str, headers: _Pairs, body: bytes) -> AWSRequest:
    url = f"https://host.example{path}" + (f"?{query}" if query else "")
    request = AWSRequest(method=method, url=url, data=body)
    for name, value in headers:
        request.headers.add_header(name, value)
    return request


def _sign_with(signer: type, request: AWSRequest, key: Credentials, now: datetime, service: str) -> AWSRequest:
    credentials = ReadOnlyCredentials(key.access_key_id, key.secret_access_key, key.session_token)
    with patch("botocore.auth.get_current_datetime", lambda: now.astimezone(UTC).replace(tzinfo=None)):
        signer(credentials, service, "eu-west-1").add_auth(request)
    return request


@_few
@given(_METHODS, _PATH, _QUERY, _HEADERS, st.binary(max_size=40), _KEY, _TOKEN, _NOW)
def test_headers_are_signed_as_botocore_signs_them(
    method: str,
    path: str,
    query: str,
    headers: _Pairs,
    body: bytes,
    secret: str,
    token: str | None,
    now: datetime,
) -> None:
    key = Credentials("AKID", secret, token)
    given_headers = [("Host", "host.example"), *headers]
    theirs = _sign_with(botocore.auth.SigV4Auth, _request(method, path, query, given_headers, body), key, now, "svc")
    ours = sign(method, path, query, given_headers, body, key, service="svc", region="eu-west-1", now=now)
    added = dict(ours[len(given_headers) :])
    assert ours[: len(given_headers)] == given_headers
    assert added["Authorization"] == theirs.headers["Authorization"]
    assert added["X-Amz-Date"] == theirs.headers["X-Amz-Date"]
    assert added.get("X-Amz-Security-Token") == theirs.headers.get("X-Amz-Security-Token")
    assert len(added) == (3 if token else 2)


@_few
@given(_METHODS, _S3_PATH, _QUERY, _HEADERS, st.binary(max_size=40), _TOKEN, _NOW)
def test_s3_requests_are_signed_as_botocore_signs_them(
    method: str, path: str, query: str, headers: _Pairs, body: bytes, token: str | None, now: datetime
) -> None:
    key = Credentials("AKID", "secret", token)
    theirs = _sign_with(
        botocore.auth.S3SigV4Auth,
        _request(method, path, query, [("Host", "host.example"), *headers], body),
        key,
        now,
        "s3",
    )
    hashed = ("X-Amz-Content-SHA256", theirs.headers["X-Amz-Content-SHA256"])
    ours = sign(
        method,
        path,
        query,
        [("Host", "host.example"), *headers, hashed],
        body,
        key,
        service="s3",
        region="eu-west-1",
        now=now,
        normalize=False,
        double_encode=False,
    )
    assert dict(ours)["Authorization"] == theirs.headers["Authorization"]


@_few
@given(st.booleans(), _S3_PATH, _QUERY, _HEADERS, st.binary(max_size=9), _TOKEN, _NOW, st.integers(1, 604800))
def test_presigned_queries_verify_with_botocore(
    s3: bool,
    path: str,
    query: str,
    headers: _Pairs,
    body: bytes,
    token: str | None,
    now: datetime,
    expires: int,
) -> None:
    key = Credentials("AKID", "secret", token)
    given_headers = [("Host", "host.example"), *headers]
    ours = presign(
        "GET",
        path,
        query,
        given_headers,
        body,
        key,
        expires=expires,
        service="svc",
        region="eu-west-1",
        now=now,
        normalize=not s3,
        double_encode=not s3,
    )
    unsigned, _, _ = ours.partition("&X-Amz-Signature=")
    signer = _S3QuerySigner if s3 else _QuerySigner
    theirs = _sign_with(signer, _request("GET", path, unsigned, given_headers, body), key, now, "svc")
    assert ours == urlsplit(theirs.url).query


@pytest.mark.parametrize("token", [None, "to+ken/=="])
def test_a_presigned_query_is_botocore_s_own(token: str | None) -> None:
    key = Credentials("AKID", "secret", token)
    now = datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC)
    query = "prefix=a%2Fb&marker="
    theirs = _sign_with(botocore.auth.S3SigV4QueryAuth, _request("PUT", "/k%20ey", query, [], b""), key, now, "s3")
    ours = presign(
        "PUT",
        "/k%20ey",
        query,
        [("Host", "host.example")],
        b"not known to the signer",
        key,
        expires=3600,
        service="s3",
        region="eu-west-1",
        now=now,
        normalize=False,
        double_encode=False,
    )
    assert ours == urlsplit(theirs.url).query
