"""One suite for every transport: what the socket receives, what the caller gets, and every way to fail."""

from __future__ import annotations

import hashlib
import ssl
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from msgspec.structs import replace
from runtime.errors import (
    ConnectError,
    ConnectTimeout,
    InvalidInput,
    ProtocolError,
    ReadTimeout,
    TransportError,
    WriteTimeout,
)
from runtime.message.http import HTTPRequest, Timeout

from .loopback import PATIENCE, Peer, Script, Server, answering, chunk, response
from .transport_drivers import DEFAULT, EVERY, TIMEOUT, Driver, make_driver, post, without_proxies

only_default = pytest.mark.parametrize("driver", DEFAULT, indirect=True)

CHUNKED = [("Transfer-Encoding", "chunked")]


@pytest.fixture(params=EVERY)
def driver(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Driver]:
    without_proxies(monkeypatch)
    with make_driver(request.param) as driver:
        yield driver


def expected(request: HTTPRequest) -> bytes:
    lines = [
        f"{request.method} {request.target} HTTP/1.1",
        *(f"{name}: {value}" for name, value in request.headers),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + request.body


SIGNED = [("X-Amz-Date", "20240101T000000Z"), ("x-amzn-LOWER", "a  b"), ("Authorization", "AWS4 x=1, y=2")]
REQUESTS = {
    "post": post(80, "/endpoints/a%2Fb/invocations?x=%20&y", b"\x00binary\r\n\r\n", extra=SIGNED),
    "repeated": post(80, "/~_-.!$&()*+,;=:@%7e", b"1", extra=[("X-Two", "1"), ("X-Two", "2")]),
    "empty post": post(80, "/", b"", extra=SIGNED),
    "empty put": post(80, "/?", b"", method="PUT"),
    "get": post(80, "/a//b/?q=%2B", method="GET", extra=SIGNED),
    "delete": post(80, "/x", method="DELETE"),
    "head": post(80, "/x", method="HEAD"),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_the_socket_receives_what_was_signed(driver: Driver, name: str) -> None:
    with Server(answering(response())) as server:
        request = replace(REQUESTS[name], port=server.port)
        assert driver.fetch(request)[0] == 200
    assert server.requests == [expected(request)]


AWKWARD = [
    "/a/./b",
    "/a/../b",
    "/a/%2e%2E/b",
    "/%zz",
    "/a\\b",
    "/a{b}|^`\"<>'",
    "/?'\"<>{}",
    "//a//",
    "/a;b=%",
]


def test_an_awkward_target_is_sent_as_it_is(driver: Driver) -> None:
    with Server(answering(response())) as server:
        for target in AWKWARD:
            driver.fetch(post(server.port, target))
    assert [request.split(b" ")[1].decode() for request in server.requests] == AWKWARD


def test_nothing_is_added_to_a_bare_request(driver: Driver) -> None:
    with Server(answering(response())) as server:
        headers = [("Host", "h")]
        driver.fetch(HTTPRequest("GET", "http", "127.0.0.1", server.port, "/", headers, b""))
    assert server.requests == [b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"]


def test_nothing_is_interpreted(driver: Driver) -> None:
    packed = b"\x1f\x8b not really gzip"
    headers = [("Location", "/elsewhere"), ("Content-Encoding", "gzip"), ("Set-Cookie", "a=b")]
    moved = response(packed, "302 Found", headers)
    with Server(answering(moved)) as server:
        for _ in range(2):
            status, got, body = driver.fetch(post(server.port, "/here", b"{}"))
            assert (status, got["location"], body) == (302, "/elsewhere", packed)
    assert len(server.requests) == 2
    assert b"cookie" not in server.requests[1].lower()


@only_default
def test_connections_are_reused(driver: Driver) -> None:
    with Server(answering(response(b"x"))) as server:
        for size in (0, 1, 70_000):
            assert driver.fetch(post(server.port, body=b"y" * size))[2] == b"x"
    assert server.connections == 1
    assert len(server.requests) == 3


def test_a_connection_that_the_server_closed_is_not_reused(driver: Driver) -> None:
    gone = threading.Event()

    def one_answer_then_close(peer: Peer) -> None:
        peer.read_request()
        peer.send(response(b"x"))
        peer.close()
        gone.set()

    with Server(one_answer_then_close) as server:
        assert driver.fetch(post(server.port))[2] == b"x"
        assert gone.wait(PATIENCE)
        assert driver.fetch(post(server.port))[2] == b"x"
    assert server.connections == 2


def test_connection_close_is_honoured(driver: Driver) -> None:
    with Server(answering(response(b"x", headers=[("Connection", "close")]))) as server:
        for _ in range(2):
            assert driver.fetch(post(server.port))[2] == b"x"
    assert server.connections == 2


# Responses


def test_response_headers_of_every_kind(driver: Driver) -> None:
    many = [(f"X-Many-{number}", str(number)) for number in range(90)]
    odd = [("x-TWO", "1"), ("X-Two", "2, 3"), ("X-Empty", ""), ("X-Latin", "caf\xe9"), ("X-Space", " a b ")]
    with Server(answering(response(b"", headers=[*many, *odd]))) as server:
        _, headers, _ = driver.fetch(post(server.port))
    assert [headers[name] for name, _ in many] == [value for _, value in many]
    assert headers["x-two"] == "1, 2, 3"
    assert headers["x-empty"] == ""
    assert headers["x-space"] == "a b"
    assert headers.get("x-absent") is None
    assert headers["x-latin"] == "caf\xe9"
    assert len(headers) == len(many) + len(odd) + 1


NO_BODY: dict[str, tuple[bytes, str, list[tuple[str, str]]]] = {
    "HEAD": (b"", "200 OK", [("Content-Length", "1000000000000")]),
    "204": (b"", "204 No Content", []),
    "304": (b"", "304 Not Modified", [("Content-Length", "5")]),
}


@pytest.mark.parametrize("name", NO_BODY)
def test_responses_without_a_body(driver: Driver, name: str) -> None:
    body, status, headers = NO_BODY[name]
    method = "HEAD" if name == "HEAD" else "GET"
    with Server(answering(response(body, status, headers, length=False))) as server:
        for _ in range(2):
            assert driver.fetch(post(server.port, method=method))[::2] == (int(status[:3]), b"")
    assert server.connections == (1 if driver.library == "default" else 2)


FOLLOWED = {
    "length": response(b"first"),
    "chunks": response(headers=CHUNKED, length=False) + chunk(b"first") + chunk(b""),
    "no content": b"HTTP/1.1 204 No Content\r\n\r\n",
    "not modified": b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
    "head": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
}


@pytest.mark.parametrize("surplus", [response(b"stale"), b"stale", b"\r\n", b"\n", b"x"])
@pytest.mark.parametrize("name", FOLLOWED)
def test_what_follows_a_response_is_dropped_with_the_connection(driver: Driver, name: str, surplus: bytes) -> None:
    def too_much(peer: Peer) -> None:
        if peer.read_request() is not None:
            peer.send(FOLLOWED[name] + surplus)
            peer.wait_for_close()

    with Server(too_much) as server:
        request = post(server.port, method="HEAD" if name == "head" else "GET")
        bodies = [driver.fetch(request)[2] for _ in range(2)]
        driver.close()
    assert bodies == [b"first" if name in ("length", "chunks") else b""] * 2
    assert server.connections == 2


def test_interim_responses_are_passed_over(driver: Driver) -> None:
    interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
    with Server(answering(interim + response(b"real"))) as server:
        status, headers, body = driver.fetch(post(server.port, body=b"x"))
    assert (status, body, headers.get("link")) == (200, b"real", None)


def test_error_statuses_are_responses(driver: Driver) -> None:
    with Server(answering(response(b"busy", "503 Slow Down", [("Retry-After", "1")]))) as server:
        status, headers, body = driver.fetch(post(server.port))
    assert (status, headers["Retry-After"], body) == (503, "1", b"busy")


def test_large_bodies_both_ways(driver: Driver) -> None:
    body = bytes(range(256)) * (20 << 12)
    with Server(answering(response(body[::-1]))) as server:
        assert driver.fetch(post(server.port, body=body))[2] == body[::-1]
    received = server.requests[0].partition(b"\r\n\r\n")[2]
    assert hashlib.sha256(received).digest() == hashlib.sha256(body).digest()


FRAMINGS: dict[str, tuple[bytes, Callable[[bytes], bytes], bytes]] = {
    "chunked": (response(b"", headers=CHUNKED, length=False), chunk, chunk(b"")),
    "length": (response(b"", headers=[("Content-Length", "8")], length=False), bytes, b""),
    "until close": (response(b"", length=False), bytes, b""),
}


@pytest.mark.parametrize("framing", FRAMINGS)
def test_the_first_bytes_arrive_before_the_last_are_sent(driver: Driver, framing: str) -> None:
    head, frame, end = FRAMINGS[framing]
    steps = [threading.Event() for _ in range(3)]

    def in_steps(peer: Peer) -> None:
        peer.read_request()
        peer.send(head)
        for step, part in zip(steps, (b"one", b"two", b"33"), strict=True):
            assert step.wait(PATIENCE)
            peer.send(frame(part))
        peer.send(end)

    with Server(in_steps) as server:
        opened = driver.send(post(server.port))
        for step, part in zip(steps, (b"one", b"two", b"33"), strict=True):
            step.set()
            got = b""
            while len(got) < len(part):
                got += opened.next() or b""
            assert got == part
        assert opened.next() is None
        assert opened.next() is None
        assert opened.read() == b""


def test_a_slow_consumer_does_not_time_out(driver: Driver) -> None:
    def two_parts(peer: Peer) -> None:
        peer.read_request()
        peer.send(response(headers=CHUNKED, length=False) + chunk(b"one"))
        time.sleep(0.1)
        peer.send(chunk(b"two") + chunk(b""))
        peer.wait_for_close()

    with Server(two_parts) as server:
        opened = driver.send(post(server.port), replace(TIMEOUT, read=0.2))
        assert opened.next() == b"one"
        time.sleep(0.5)
        assert opened.read() == b"two"
        driver.close()


# httpx2 leaves httpcore2's generator to the garbage collector, and trio warns of that.
@pytest.mark.filterwarnings("ignore:Async generator 'httpcore2:ResourceWarning")
def test_leaving_a_stream_early_closes_its_connection(driver: Driver) -> None:
    closed = threading.Event()

    def endless(peer: Peer) -> None:
        peer.read_request()
        peer.send(response(headers=CHUNKED, length=False) + chunk(b"one"))
        peer.wait_for_close()
        closed.set()

    with Server(endless) as server:
        opened = driver.send(post(server.port))
        assert opened.next() == b"one"
        opened.close()
        opened.close()
        assert closed.wait(PATIENCE)
        with pytest.raises(InvalidInput, match="closed before its end"):
            opened.next()
        again = driver.send(post(server.port))
        assert again.next() == b"one"
        again.close()
    assert server.connections == 2


# Failures


def check(error: TransportError, port: int) -> None:
    assert f"127.0.0.1:{port}" in str(error) or f"localhost:{port}" in str(error)
    assert "secret" not in str(error)
    assert error.__cause__ is not None


def test_connection_refused(driver: Driver) -> None:
    with Server(answering(response())) as server:
        port = server.port
    with pytest.raises(ConnectError, match="could not connect") as caught:
        driver.send(post(port, "/?x=secret", extra=[("X-Key", "secret")]))
    check(caught.value, port)
    assert type(caught.value) is ConnectError
    assert not caught.value.sent


def test_what_the_caller_was_handling_is_no_reason(driver: Driver) -> None:
    with Server(answering(response())) as server:
        port = server.port
    try:
        raise ssl.SSLError("unrelated")
    except ssl.SSLError:
        with pytest.raises(ConnectError, match="refused"):
            driver.send(post(port))


def test_unknown_host(driver: Driver) -> None:
    with pytest.raises(ConnectError, match=r"no-such-host\.invalid:80") as caught:
        driver.send(replace(post(80, "/?secret"), host="no-such-host.invalid", port=None))
    assert not caught.value.sent
    assert "secret" not in str(caught.value)


def silent(peer: Peer) -> None:
    peer.read_request()
    peer.wait_for_close()


def test_connect_timeout(driver: Driver) -> None:
    # A handshake that is never answered: the connection is not there yet.
    with Server(silent) as server:
        request = post(server.port, "/?secret", scheme="https")
        with pytest.raises(ConnectTimeout, match=r"within 0\.2 s.*raise the connect timeout") as caught:
            driver.send(request, replace(TIMEOUT, connect=0.2))
        driver.close()
    check(caught.value, server.port)
    assert not caught.value.sent


SHORT = Timeout(connect=0.1, read=0.2, write=10, pool=0.1)


def test_read_timeout_before_the_response(driver: Driver) -> None:
    with Server(silent) as server:
        with pytest.raises(ReadTimeout, match=r"nothing came .* for 0\.2 s.*raise the read timeout") as caught:
            driver.send(post(server.port, "/?secret"), SHORT)
        driver.close()
    check(caught.value, server.port)
    assert caught.value.sent


def test_read_timeout_within_the_body(driver: Driver) -> None:
    closed = threading.Event()

    def stops(peer: Peer) -> None:
        peer.read_request()
        peer.send(response(headers=CHUNKED, length=False) + chunk(b"one"))
        peer.wait_for_close()
        closed.set()

    with Server(stops) as server:
        opened = driver.send(post(server.port, "/?secret"), SHORT)
        assert opened.next() == b"one"
        with pytest.raises(ReadTimeout) as caught:
            opened.next()
        opened.close()
        assert closed.wait(PATIENCE)
        driver.close()
    check(caught.value, server.port)


def test_write_timeout(driver: Driver) -> None:
    done = threading.Event()

    def never_reads(peer: Peer) -> None:
        done.wait(PATIENCE)

    with Server(never_reads) as server:
        with pytest.raises(WriteTimeout, match="raise the write timeout") as caught:
            driver.send(post(server.port, "/?secret", bytes(20 << 20)), replace(TIMEOUT, write=0.2))
        done.set()
    check(caught.value, server.port)
    assert not caught.value.sent


def test_pool_timeout(driver: Driver) -> None:
    driver.configure(max_connections=1)
    rest = threading.Event()

    def in_two_parts(peer: Peer) -> None:
        while peer.read_request() is not None:
            peer.send(response(headers=[("Content-Length", "1")], length=False))
            assert rest.wait(PATIENCE)
            peer.send(b"x")

    with Server(in_two_parts) as server:
        first = driver.send(post(server.port))
        with pytest.raises(ConnectTimeout, match=r"became free within 0\.1 s.*max_connections") as caught:
            driver.send(post(server.port, "/?secret"), replace(TIMEOUT, pool=0.1))
        check(caught.value, server.port)
        rest.set()
        assert first.read() == b"x"
        assert driver.fetch(post(server.port))[2] == b"x"


def then(data: bytes, *, reset: bool = False) -> Script:
    def script(peer: Peer) -> None:
        peer.read_request()
        peer.send(data)
        if reset:
            peer.reset()

    return script


BROKEN_HEADS = {
    "closed": then(b""),
    "reset": then(b"", reset=True),
    "half a head": then(b"HTTP/1.1 200 OK\r\nContent-"),
    "not http": then(b"220 smtp.example ESMTP\r\n\r\n"),
    "tls alert": then(b"\x15\x03\x01\x00\x02\x02\x50\r\n\r\n"),
}


@pytest.mark.parametrize("name", BROKEN_HEADS)
def test_broken_before_the_response(driver: Driver, name: str) -> None:
    with Server(BROKEN_HEADS[name]) as server:
        with pytest.raises(ProtocolError, match="after the request was sent") as caught:
            driver.send(post(server.port, "/?secret", b"{}"))
        driver.close()
    check(caught.value, server.port)
    assert caught.value.sent


CHUNKED_HEAD = response(headers=CHUNKED, length=False)
BROKEN_BODIES = {
    "short length": then(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfive!"),
    "no chunks": then(CHUNKED_HEAD),
    "cut chunk": then(CHUNKED_HEAD + b"9\r\nfive!"),
    "no last chunk": then(CHUNKED_HEAD + chunk(b"five!")),
    "bad chunk size": then(CHUNKED_HEAD + b"zz\r\nfive!\r\n"),
}


@pytest.mark.parametrize("name", BROKEN_BODIES)
def test_broken_within_the_body(driver: Driver, name: str) -> None:
    with Server(BROKEN_BODIES[name]) as server:
        with pytest.raises(ProtocolError) as caught:
            driver.fetch(post(server.port, "/?secret"))
        driver.close()
    check(caught.value, server.port)
    assert caught.value.sent


GOOD = post(80, body=b"{}")
REFUSED = {
    "line feed": replace(GOOD, headers=[*GOOD.headers, ("X-A", "a\nInjected: 1")]),
    "carriage return": replace(GOOD, headers=[*GOOD.headers, ("X-A", "a\r\n\r\nGET / HTTP/1.1")]),
    "nul": replace(GOOD, headers=[*GOOD.headers, ("X-A", "a\0")]),
    "not ascii": replace(GOOD, headers=[*GOOD.headers, ("X-A", "caf\xe9")]),
    "header name": replace(GOOD, headers=[*GOOD.headers, ("X A", "a")]),
    "empty header name": replace(GOOD, headers=[*GOOD.headers, ("", "a")]),
    "target space": replace(GOOD, target="/a b"),
    "target injection": replace(GOOD, target="/ HTTP/1.1\r\nX: y"),
    "target control": replace(GOOD, target="/\x7f"),
    "target not ascii": replace(GOOD, target="/caf\xe9"),
    "target fragment": replace(GOOD, target="/a#b"),
    "target not absolute": replace(GOOD, target="a"),
    "target empty": replace(GOOD, target=""),
    "method": replace(GOOD, method="GET /"),
    "scheme": replace(GOOD, scheme="ftp"),
    "host": replace(GOOD, host="a b"),
    "host with port": replace(GOOD, host="user@host"),
    "port": replace(GOOD, port=70000),
    "no host": replace(GOOD, headers=GOOD.headers[1:]),
    "two hosts": replace(GOOD, headers=[*GOOD.headers, ("host", "b")]),
    "no length": replace(GOOD, headers=GOOD.headers[:-1]),
    "wrong length": replace(GOOD, body=b"{"),
    "two lengths": replace(GOOD, headers=[*GOOD.headers, GOOD.headers[-1]]),
    "chunked": replace(GOOD, headers=[*GOOD.headers, ("Transfer-Encoding", "chunked")]),
}


@pytest.mark.parametrize("driver", ["default-sync"], indirect=True)
@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_sent_as_it_is_is_refused(driver: Driver, name: str) -> None:
    with Server(answering(response())) as server:
        request = REFUSED[name]
        with pytest.raises(InvalidInput) as caught:
            driver.send(request if request.port != 80 else replace(request, port=server.port))
    assert server.connections == 0
    assert "Injected" not in str(caught.value)


@pytest.mark.parametrize("name", ["line feed", "target injection", "wrong length"])
def test_every_transport_refuses_it(driver: Driver, name: str) -> None:
    with Server(answering(response())) as server, pytest.raises(InvalidInput):
        driver.send(replace(REFUSED[name], port=server.port))
    assert server.connections == 0


def test_after_close(driver: Driver) -> None:
    with Server(answering(response(b"x"))) as server:
        driver.fetch(post(server.port))
        driver.close()
        driver.close()
        with pytest.raises(InvalidInput, match="transport is closed"):
            driver.send(post(server.port))
    assert server.connections == 1
