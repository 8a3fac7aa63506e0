"""The sans-IO half of the engine: what bytes mean, however they are cut, and which connections may be used again."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runtime.wire.failures import Malformed
from runtime.wire.h1 import MAX_HEAD, ResponseReader

from .loopback import chunk, response

CHUNKED = response(headers=[("Transfer-Encoding", "chunked")], length=False)


def read(data: bytes, method: str = "GET", *, cuts: tuple[int, ...] = (), ended: bool = False) -> ResponseReader:
    """Feed bytes, cut at the given places; with ``ended``, the end of the connection follows."""
    reader = ResponseReader(method)
    places = [0, *sorted(place for place in cuts if 0 < place < len(data)), len(data)]
    for start, stop in pairwise(places):
        if start < stop:
            reader.feed(data[start:stop])
    if ended:
        reader.end()
    return reader


def feed_again_and_again(reader: ResponseReader, unit: bytes) -> None:
    for _ in range(2 * MAX_HEAD // len(unit)):
        reader.feed(unit)


def outcome(reader: ResponseReader) -> tuple[Any, ...]:
    body = b"".join(reader.pieces)
    return reader.status, list(reader.headers), body, reader.complete, reader.reusable


WHOLE = {
    "length": response(b"hello"),
    "empty": response(b""),
    "chunks": CHUNKED + chunk(b"hel") + chunk(b"lo") + chunk(b""),
    "chunk extension": CHUNKED + b"5;a=b\r\nhello\r\n0\r\n\r\n",
    "trailers": CHUNKED + chunk(b"hello") + b"0\r\nX-Trailer: 1\r\n\r\n",
    "no content": b"HTTP/1.1 204 No Content\r\n\r\n",
    "interim": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\n" + response(b"hello"),
    "kept by 1.0": b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 5\r\n\r\nhello",
    "offers an upgrade": response(b"hello", headers=[("Upgrade", "h2,h2c"), ("Connection", "Upgrade")]),
    "no reason": b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
}
LAST = {
    "close": response(b"hello", headers=[("Connection", "close")]),
    "close among others": response(b"hello", headers=[("Connection", "x, Close")]),
    "1.0": b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_complete_response_leaves_its_connection_usable(name: str) -> None:
    reader = read(WHOLE[name])
    assert (reader.complete, reader.reusable) == (True, True)
    assert b"".join(reader.pieces) in (b"hello", b"")
    assert reader.headers.get("x-trailer") is None
    assert reader.headers.get("link") is None


@pytest.mark.parametrize("name", LAST)
def test_a_response_that_says_so_is_the_last(name: str) -> None:
    reader = read(LAST[name])
    assert (reader.complete, reader.reusable, b"".join(reader.pieces)) == (True, False, b"hello")


def test_a_body_without_length_ends_with_the_connection() -> None:
    data = response(b"hello", length=False)
    assert not read(data).complete
    reader = read(data, ended=True)
    assert (reader.complete, reader.reusable, b"".join(reader.pieces)) == (True, False, b"hello")


@pytest.mark.parametrize("name", [*WHOLE, *LAST])
@given(cuts=st.lists(st.integers(0, 200), max_size=8).map(tuple))
def test_how_the_bytes_are_cut_makes_no_difference(name: str, cuts: tuple[int, ...]) -> None:
    data = (WHOLE | LAST)[name]
    assert outcome(read(data, cuts=cuts)) == outcome(read(data))


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("surplus", [b"\r\n", b"\n", b"x", response(b"stale"), CHUNKED + chunk(b"stale")])
@given(cuts=st.lists(st.integers(0, 300), max_size=4).map(tuple))
def test_whatever_follows_is_noticed_and_never_part_of_the_body(
    name: str, surplus: bytes, cuts: tuple[int, ...]
) -> None:
    reader = read(WHOLE[name] + surplus, cuts=cuts)
    assert outcome(reader)[:4] == outcome(read(WHOLE[name]))[:4]
    assert not reader.reusable


@pytest.mark.parametrize(
    ("method", "data"),
    [
        ("HEAD", response(b"", headers=[("Content-Length", "5")], length=False)),
        ("HEAD", CHUNKED),
        ("HEAD", response(b"", length=False)),
        ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"),
        ("GET", b"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n"),
    ],
)
@pytest.mark.parametrize("surplus", [b"", b"5", b"hello", response(b"stale")])
def test_some_responses_are_complete_with_their_head(method: str, data: bytes, surplus: bytes) -> None:
    reader = read(data + surplus, method)
    assert (reader.complete, reader.pieces, reader.reusable) == (True, [], not surplus)


@pytest.mark.parametrize("name", WHOLE)
def test_a_connection_that_ends_early_is_an_error(name: str) -> None:
    data = WHOLE[name]
    for stop in range(len(data)):
        with pytest.raises(Malformed, match=r"closed before the response (began|was complete)"):
            read(data[:stop], ended=True)


def head(*lines: str, status: str = "HTTP/1.1 200 OK") -> bytes:
    return "\r\n".join([status, *lines, "", ""]).encode("latin-1")


REFUSED = {
    "not http": b"220 smtp.example ESMTP\r\n\r\n",
    "tls": b"\x15\x03\x01\x00\x02\x02\x50",
    "another version": head(status="HTTP/2.0 200 OK"),
    "another protocol": head(status="RTSP/1.0 200 OK"),
    "empty line": b"\r\n\r\n" + response(b"hello"),
    "switching": head("Upgrade: x", "Connection: upgrade", status="HTTP/1.1 101 Switching Protocols"),
    "bare line feed": b"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
    "bare carriage return": head("X: a\rb", "Content-Length: 0"),
    "nul": head("X: a\0b", "Content-Length: 0"),
    "folded": head("X: a", " b", "Content-Length: 0"),
    "space before colon": head("X : a", "Content-Length: 0"),
    "two equal lengths": head("Content-Length: 5", "Content-Length: 5") + b"hello",
    "two lengths": head("Content-Length: 5", "Content-Length: 6") + b"hello!",
    "list of lengths": head("Content-Length: 5, 5") + b"hello",
    "signed length": head("Content-Length: +5") + b"hello",
    "huge length": head("Content-Length: 99999999999999999999999999"),
    "length and chunks": head("Content-Length: 5", "Transfer-Encoding: chunked") + chunk(b"hello") + chunk(b""),
    "another coding": head("Transfer-Encoding: gzip, chunked") + chunk(b"hello") + chunk(b""),
    "unknown coding": head("Transfer-Encoding: gzip") + b"hello",
    "bad chunk size": CHUNKED + b"zz\r\nhello\r\n",
    "negative chunk size": CHUNKED + b"-5\r\nhello\r\n",
    "huge chunk size": CHUNKED + b"fffffffffffffffffffff\r\nhello\r\n",
    "chunk without end": CHUNKED + b"5\r\nhello0\r\n\r\n",
    "chunk with bare line feed": CHUNKED + b"5\nhello\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("step", [1, 1 << 20])
def test_what_is_not_a_clear_response_is_refused(name: str, step: int) -> None:
    data = REFUSED[name]
    with pytest.raises(Malformed):
        read(data, cuts=tuple(range(0, len(data), step)))


@pytest.mark.parametrize(
    "unit", [b"X-Many: 1\r\n", b"X-Long: " + b"a" * 1000 + b"\r\n"], ids=["many headers", "long headers"]
)
def test_a_head_without_end_is_refused(unit: bytes) -> None:
    reader = ResponseReader("GET")
    reader.feed(b"HTTP/1.1 200 OK\r\n")
    with pytest.raises(Malformed, match="256 KiB"):
        feed_again_and_again(reader, unit)


def test_interim_responses_without_end_are_refused() -> None:
    reader = ResponseReader("GET")
    with pytest.raises(Malformed, match="256 KiB"):
        feed_again_and_again(reader, b"HTTP/1.1 100 Continue\r\n\r\n")


@pytest.mark.parametrize("unit", [b"X-Trailer: 1\r\n", b"a" * 1000], ids=["trailers", "chunk extension"])
def test_chunks_that_never_go_on_are_refused(unit: bytes) -> None:
    reader = read(CHUNKED + (b"0\r\n" if unit.startswith(b"X") else b"5;"))
    with pytest.raises(Malformed, match="256 KiB"):
        feed_again_and_again(reader, unit)


@given(pieces=st.lists(st.binary(min_size=1, max_size=300)), cuts=st.lists(st.integers(0, 2000)).map(tuple))
def test_any_body_in_chunks(pieces: list[bytes], cuts: tuple[int, ...]) -> None:
    reader = read(CHUNKED + b"".join(map(chunk, pieces)) + chunk(b""), cuts=cuts)
    assert b"".join(reader.pieces) == b"".join(pieces)
    assert reader.reusable


@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=6).map(tuple))
def test_no_bytes_break_it(data: bytes, cuts: tuple[int, ...]) -> None:
    for start in (b"", b"HTTP/1.1 200 OK\r\n", CHUNKED):
        try:
            read(start + data, cuts=cuts, ended=True)
        except Malformed:
            pass


def test_header_values_are_stripped_and_joined() -> None:
    headers = read(head("X-A:   b \t", "x-a: c", "X-Empty:", "X-Latin: caf\xe9", "Content-Length: 0")).headers
    assert headers["X-A"] == "b, c"
    assert list(headers)[:2] == [("X-A", "b"), ("x-a", "c")]
    assert (headers["x-empty"], headers["x-latin"], "x-none" in headers) == ("", "caf\xe9", False)
