"""The quick check of requests: it never takes what the thorough one refuses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runtime.errors import InvalidInput
from runtime.message.http import HTTPRequest
from runtime.wire.checks import check_request, is_plain

from .transport_drivers import post

_names = st.sampled_from(
    ["Host", "host", "X-A", "x-b", "Content-Length", "Transfer-Encoding", "X: Y", "X\nY", "", "\xe9"]
)
_values = st.sampled_from(["a", "", "a b", " a", "a\t", "a\nX: b", "a\r\nX: b", "\0", "caf\xe9", "1", "2", "chunked"])


@given(
    method=st.sampled_from(["GET", "POST", "get", "GET /", "X-Y", ""]),
    target=st.sampled_from(["/", "/a?b=%20", "/a b", "a", "", "/#", "/\xe9", "/\r\nX: y"]),
    headers=st.lists(st.tuples(_names, _values), max_size=5),
    body=st.sampled_from([b"", b"x", b"xy"]),
)
def test_what_passes_the_quick_check_passes_the_thorough_one(
    method: str, target: str, headers: list[tuple[str, str]], body: bytes
) -> None:
    request = HTTPRequest(method, "http", "h", 80, target, headers, body)
    if is_plain(request):
        check_request(request)


def test_ordinary_requests_pass_it() -> None:
    signed = [("X-Amz-Date", "20240101T000000Z"), ("Authorization", "AWS4 x=1, y=2")]
    for request in (post(80, method="GET"), post(80, body=b"x", extra=signed), post(80), post(80, method="DELETE")):
        assert is_plain(request)


def test_what_is_no_string_is_left_to_the_thorough_check() -> None:
    request = post(80, extra=[("X-A", 1)])
    assert not is_plain(request)
    with pytest.raises(InvalidInput, match="must be a string"):
        check_request(request)
