"""The engine over real sockets: early answers, dialing, waiting lines, limits, and what closes with what."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import trio
from msgspec.structs import replace
from runtime.errors import ConnectError, ConnectTimeout, ProtocolError, TransportError
from runtime.message.http import HTTPRequest, Timeout
from runtime.wire import dial, pool, sync_connection, trio_connection
from runtime.wire.transport import AsyncHTTPTransport, HTTPTransport

from .loopback import PATIENCE, Peer, Script, Server, answering, chunk, echo_path, response
from .transport_drivers import DEFAULT, TIMEOUT, Driver, finished, make_driver, post, python, without_proxies

CHUNKED_HEAD = response(headers=[("Transfer-Encoding", "chunked")], length=False)


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    without_proxies(monkeypatch)
    yield
    gc.collect()


@pytest.fixture(params=DEFAULT)
def driver(request: pytest.FixtureRequest) -> Iterator[Driver]:
    with make_driver(request.param) as driver:
        yield driver


class Pieces:
    """A body that is read while it is sent."""

    sha256 = None
    rewindable = False
    failure: BaseException | None = None

    def __init__(self, pieces: list[bytes], length: int | None) -> None:
        self.length = length
        self.started = False
        self.given = 0
        self._pieces = pieces

    def measure(self, *, hashed: bool) -> None:
        raise NotImplementedError

    async def ameasure(self, *, hashed: bool) -> None:
        raise NotImplementedError

    def __iter__(self) -> Iterator[bytes]:
        self.started = True
        for piece in self._pieces:
            self.given += 1
            yield piece

    async def __aiter__(self) -> Any:
        for piece in self:
            yield piece


def upload(port: int, body: Pieces, **changes: Any) -> HTTPRequest:
    framing = ("Transfer-Encoding", "chunked") if body.length is None else ("Content-Length", str(body.length))
    request = post(port, extra=changes.pop("extra", []))
    return replace(request, headers=[*request.headers[:-1], framing], body=body, **changes)


# Uploads


@pytest.mark.parametrize("length", [None, 3 << 20])
@pytest.mark.parametrize("end", ["stay", "close", "reset"])
def test_an_answer_that_comes_before_the_upload_ends_is_read(driver: Driver, length: int | None, end: str) -> None:
    def too_large(peer: Peer) -> None:
        peer.read_head()
        peer.send(response(b"too large", "413 Content Too Large"))
        if end == "stay":
            peer.wait_for_close()
        elif end == "reset":
            time.sleep(0.1)
            peer.reset()

    body = Pieces([bytes(1 << 20)] * 300, None if length is None else 300 << 20)
    with Server(too_large) as server:
        status, _, got = driver.fetch(upload(server.port, body))
        driver.close()
    assert (status, got) == (413, b"too large")
    assert body.given < 300
    assert server.connections == 1


def test_an_answer_is_read_although_the_connection_was_reset(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody looks before the next piece is sent, and sending it fails."""
    gone = threading.Event()
    real = sync_connection.wait_for
    monkeypatch.setattr(sync_connection, "wait_for", lambda *a, **k: [(place, False) for place, _ in real(*a, **k)])
    monkeypatch.setattr(trio_connection.Connection, "_take", only_at_the_end(trio_connection.Connection._take))

    def answers_and_resets(peer: Peer) -> None:
        peer.read_head()
        peer.send(response(b"too large", "413 Content Too Large"))
        time.sleep(0.1)
        peer.reset()
        time.sleep(0.1)
        gone.set()

    class Late(Pieces):
        def __iter__(self) -> Iterator[bytes]:
            for number, piece in enumerate(super().__iter__()):
                if number == 1:
                    assert gone.wait(PATIENCE)
                yield piece

    with Server(answers_and_resets) as server:
        status, _, got = driver.fetch(upload(server.port, Late([bytes(1000)] * 300, 300_000)))
        driver.close()
    assert (status, got) == (413, b"too large")


def only_at_the_end(take: Callable[..., None]) -> Callable[..., None]:
    """Look at what came only when sending has failed."""

    def late(self: Any, reader: Any, *, wait: bool = True) -> None:
        if not wait:
            take(self, reader, wait=wait)

    return late


def test_a_body_that_nobody_reads_does_not_pile_up(driver: Driver) -> None:
    sent = 0

    def floods(peer: Peer) -> None:
        nonlocal sent
        peer.read_request()
        peer.send(response(headers=[("Content-Length", str(200 << 20))], length=False))
        for _ in range(200):
            peer.send(bytes(1 << 20))
            sent += 1
        peer.wait_for_close()

    with Server(floods) as server:
        opened = driver.send(post(server.port))
        size = len(opened.next() or b"")
        before = -1
        while sent != before:
            before = sent
            time.sleep(0.2)
        assert sent < 50
        while (piece := opened.next()) is not None:
            size += len(piece)
        assert size == 200 << 20


def test_a_connection_whose_upload_was_cut_short_is_not_used_again(driver: Driver) -> None:
    def early(peer: Peer) -> None:
        peer.read_head()
        peer.send(response(b"no", "400 Bad Request"))
        peer.wait_for_close()

    with Server(early) as server:
        for _ in range(2):
            assert driver.fetch(upload(server.port, Pieces([bytes(1 << 20)] * 50, 50 << 20)))[0] == 400
        driver.close()
    assert server.connections == 2


def test_a_body_of_unknown_length_is_sent_in_chunks(driver: Driver) -> None:
    got: list[bytes] = []

    def script(peer: Peer) -> None:
        peer.read_head()
        got.append(peer.read_chunked())
        peer.send(response(b"ok"))

    with Server(script) as server:
        assert driver.fetch(upload(server.port, Pieces([b"one", b"twenty"], None)))[2] == b"ok"
    assert got == [b"3\r\none\r\n6\r\ntwenty\r\n0\r\n\r\n"]


EXPECTS = [("Expect", "100-continue")]


def test_a_body_waits_for_100_continue(driver: Driver) -> None:
    order: list[str] = []

    def script(peer: Peer) -> None:
        peer.read_head()
        peer._sock.settimeout(0.3)
        with pytest.raises(TimeoutError):
            peer.read_some()
        peer._sock.settimeout(PATIENCE)
        order.append("continue")
        peer.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        order.append(peer.read_some().decode())
        peer.send(response(b"ok"))

    with Server(script) as server:
        request = replace(post(server.port, body=b"body", extra=EXPECTS), expect_continue=True)
        assert driver.fetch(request)[2] == b"ok"
    assert order == ["continue", "body"]


def test_a_final_answer_instead_of_100_continue_keeps_the_body_back(driver: Driver) -> None:
    rest: list[bytes] = []

    def script(peer: Peer) -> None:
        peer.read_head()
        peer.send(response(b"no", "417 Expectation Failed"))
        while peer._receive():
            pass
        rest.append(peer._buffer)

    with Server(script) as server:
        request = replace(post(server.port, body=b"body", extra=EXPECTS), expect_continue=True)
        assert driver.fetch(request)[0] == 417
        driver.close()
    assert rest == [b""]


def test_a_server_that_knows_nothing_of_100_continue_gets_the_body(driver: Driver) -> None:
    with Server(answering(response(b"ok"))) as server:
        request = replace(post(server.port, body=b"body", extra=EXPECTS), expect_continue=True)
        assert driver.fetch(request)[2] == b"ok"
    assert server.requests[0].endswith(b"\r\n\r\nbody")


# Whether a failed request was sent


def dead_but_unnoticed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("sync_connection", "asyncio_connection", "trio_connection"):
        monkeypatch.setattr(f"runtime.wire.{name}.is_quiet", lambda sock, received: True)


def test_a_request_that_could_not_be_sent_was_not_sent(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    answered, gone = threading.Event(), threading.Event()

    def resets(peer: Peer) -> None:
        peer.read_request()
        peer.send(response(b"ok"))
        assert answered.wait(PATIENCE)
        peer.reset()
        gone.set()

    if driver.name == "default-asyncio":
        # Its event loop hears of the end, which no check could overlook.
        return
    dead_but_unnoticed(monkeypatch)
    with Server(resets) as server:
        assert driver.fetch(post(server.port))[2] == b"ok"
        answered.set()
        assert gone.wait(PATIENCE)
        with pytest.raises(TransportError) as caught:
            driver.send(post(server.port))
    assert not caught.value.sent


def test_a_request_that_was_sent_may_have_been_seen(driver: Driver) -> None:
    def resets(peer: Peer) -> None:
        peer.read_request()
        peer.reset()

    with Server(resets) as server, pytest.raises(ProtocolError, match="after the request was sent") as caught:
        driver.send(post(server.port))
    assert caught.value.sent


# Reuse


def test_a_connection_that_was_idle_for_long_is_not_used_again(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "KEEPALIVE_SECONDS", 0.2)
    with Server(answering(response(b"x"))) as server:
        for pause in (0.0, 0.0, 0.3):
            time.sleep(pause)
            assert driver.fetch(post(server.port))[2] == b"x"
        driver.close()
    assert server.connections == 2


def test_without_tcp_info_connections_are_checked_by_looking(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "_TCP_INFO", None)
    gone = threading.Event()

    def two_answers(peer: Peer) -> None:
        for _ in range(2):
            peer.read_request()
            peer.send(response(b"x"))
        peer.close()
        gone.set()

    with Server(two_answers) as server:
        for number in range(3):
            assert driver.fetch(post(server.port))[2] == b"x"
            assert number == 0 or gone.wait(PATIENCE)
        driver.close()
    assert server.connections == 2


def test_bytes_that_come_while_a_connection_is_idle_end_it(driver: Driver) -> None:
    idle, spoiled = threading.Event(), threading.Event()

    def spoils(peer: Peer) -> None:
        if peer.read_request() is not None:
            peer.send(response(b"x"))
            assert idle.wait(PATIENCE)
            peer.send(response(b"stale"))
            spoiled.set()
            peer.wait_for_close()

    with Server(spoils) as server:
        assert driver.fetch(post(server.port))[2] == b"x"
        idle.set()
        assert spoiled.wait(PATIENCE)
        assert driver.fetch(post(server.port))[2] == b"x"
        driver.close()
    assert server.connections == 2


# The waiting line


def test_a_full_pool_costs_one_wait(driver: Driver) -> None:
    """An idle connection of another endpoint makes room, and a waiter is handed what is given back."""
    driver.configure(max_connections=1)
    with Server(echo_path) as one, Server(echo_path) as other:
        for server in (one, other, one):
            assert driver.fetch(post(server.port, "/x"))[2] == b"/x"
    assert (one.connections, other.connections) == (2, 1)


def test_many_threads_share_few_connections_in_turn() -> None:
    transport = HTTPTransport(max_connections=3)

    def work(number: int) -> bytes:
        with_one_of = servers[number % 2]
        return transport.send(post(with_one_of.port, f"/{number}"), TIMEOUT).read()

    with Server(echo_path) as one, Server(echo_path) as other, ThreadPoolExecutor(40) as threads:
        servers = (one, other)
        assert list(threads.map(work, range(800))) == [f"/{number}".encode() for number in range(800)]
        assert transport._engines[os.getpid()].pool._slots <= 3
        transport.close()


def test_tasks_that_give_up_waiting_leave_no_slot_behind() -> None:
    async def main() -> None:
        transport = AsyncHTTPTransport(max_connections=1)
        hold = await transport.send(post(server.port), TIMEOUT)
        waiting = [asyncio.create_task(transport.send(post(server.port), TIMEOUT)) for _ in range(20)]
        await asyncio.sleep(0.05)
        for task in waiting[::2]:
            task.cancel()
        await hold.aclose()
        for task in waiting[1::2]:
            await (await task).aclose()
        (engine,) = transport._engines.values()
        assert (engine.pool._slots, len(engine.pool._line)) == (0, 0)
        await transport.aclose()

    def half(peer: Peer) -> None:
        if peer.read_request() is not None:
            peer.send(CHUNKED_HEAD + chunk(b"x"))
            peer.wait_for_close()

    with Server(half) as server:
        asyncio.run(main())


# Dialing


def infos(*places: tuple[str, int]) -> list[Any]:
    return [(socket.AF_INET6 if ":" in host else socket.AF_INET, 1, 6, "", (host, port)) for host, port in places]


def test_families_take_turns() -> None:
    six, four = socket.AF_INET6, socket.AF_INET
    given: list[dial.Address] = [(six, "a"), (six, "b"), (six, "b"), (six, "c"), (four, "d"), (four, "e")]
    assert dial.take_turns(given) == [(six, "a"), (four, "d"), (six, "b"), (four, "e"), (six, "c")]


def test_the_next_address_starts_when_the_head_start_is_over_or_one_has_failed() -> None:
    race = dial.Race([(socket.AF_INET, name) for name in "abc"])
    assert race.start(10.0) == (socket.AF_INET, "a")
    assert race.start(10.1) is None
    assert race.wait(10.1) == pytest.approx(0.15)
    assert race.start(10.25) == (socket.AF_INET, "b")
    race.failed(OSError("b"))
    assert race.start(10.26) == (socket.AF_INET, "c")
    assert race.wait(10.27) is None
    race.failed(OSError("a"))
    with pytest.raises(OSError, match="b"):
        race.failed(OSError("c"))


def test_an_address_that_is_silent_holds_nobody_up(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as full, Server(answering(response(b"x"))) as server:
        # A full backlog: the kernel drops further connection attempts.
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(3)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(full.getsockname())
        found = infos(full.getsockname(), ("127.0.0.1", server.port))
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_: found)
        begun = time.monotonic()
        assert driver.fetch(replace(post(1), host="two-addresses.test"))[2] == b"x"
        assert 0.2 < time.monotonic() - begun < 5
        for each in waiting:
            each.close()


def test_an_address_that_refuses_gives_way_at_once(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    with Server(answering(response())) as gone:
        pass
    monkeypatch.setattr(dial, "HEAD_START", 30)
    with Server(answering(response(b"x"))) as server:
        found = infos(("127.0.0.1", gone.port), ("::1", gone.port), ("127.0.0.1", server.port))
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_: found)
        assert driver.fetch(replace(post(1), host="three-addresses.test"))[2] == b"x"
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_: found[:2])
        driver.close()


def test_a_name_service_that_is_silent_outlives_no_limit(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    done = threading.Event()
    asked: list[object] = []

    def never(host: bytes, *arguments: Any) -> Any:
        if arguments[-1] == socket.AI_NUMERICHOST:
            raise socket.gaierror(socket.EAI_NONAME, "not an address")
        asked.append(host)
        done.wait(PATIENCE)
        raise socket.gaierror(socket.EAI_AGAIN, "try again")

    monkeypatch.setattr(socket, "getaddrinfo", never)
    begun = time.monotonic()
    for _ in range(3):
        with pytest.raises(ConnectTimeout, match=r"within 0\.2 s"):
            driver.send(replace(post(80), host="silent.test"), replace(TIMEOUT, connect=0.2))
    assert time.monotonic() - begun < 5
    done.set()
    # All ask the same question, so one thread waits for all of them.
    assert asked == [b"silent.test"]


def test_sockets_send_at_once_and_find_out_when_the_other_end_is_gone() -> None:
    with dial.new_socket(socket.AF_INET) as sock:
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        if hasattr(socket, "TCP_KEEPIDLE"):
            assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) <= 60


def test_ipv6_addresses_are_named_in_brackets(driver: Driver) -> None:
    with socket.socket(socket.AF_INET6) as sock:
        sock.bind(("::1", 0))
        port = sock.getsockname()[1]
    with pytest.raises(ConnectError, match=rf"\[::1\]:{port}"):
        driver.send(replace(post(port), host="::1"))


def test_head_and_small_body_go_out_in_one_piece(driver: Driver) -> None:
    first: list[bytes] = []

    def script(peer: Peer) -> None:
        first.append(peer._sock.recv(1 << 20))
        peer.send(response(b"ok"))

    with Server(script) as server:
        assert driver.fetch(post(server.port, body=b"b" * 1000))[2] == b"ok"
    assert first[0].endswith(b"\r\n\r\n" + b"b" * 1000)


# Closing while others wait


def closing(where: str, done: threading.Event) -> Script:
    def script(peer: Peer) -> None:
        if where == "upload":
            peer.read_head()
        elif where == "head":
            peer.read_request()
        done.wait(PATIENCE)

    return script


@pytest.mark.parametrize("where", ["name", "connect", "handshake", "upload", "head"])
def test_close_ends_a_call_in_another_thread_wherever_it_waits(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    done = threading.Event()
    transport = HTTPTransport()
    failures: list[BaseException] = []
    if where == "name":
        real: Callable[..., Any] = socket.getaddrinfo

        def slow(host: bytes, *arguments: Any) -> Any:
            if arguments[-1] != socket.AI_NUMERICHOST:
                done.wait(PATIENCE)
            return real(host, *arguments)

        monkeypatch.setattr(socket, "getaddrinfo", slow)
    with Server(closing(where, done)) as server, socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(3)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(full.getsockname())
        request = post(
            full.getsockname()[1] if where == "connect" else server.port,
            body=bytes(50 << 20) if where == "upload" else b"",
            scheme="https" if where == "handshake" else "http",
        )
        if where == "name":
            request = replace(request, host="slow.test")

        def work() -> None:
            try:
                transport.send(request, Timeout(connect=60, read=60, write=60))
            except BaseException as error:
                failures.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        time.sleep(0.3)
        transport.close()
        thread.join(5)
        assert not thread.is_alive()
        done.set()
        for each in waiting:
            each.close()
    (failure,) = failures
    assert isinstance(failure, TransportError)
    assert "closed" in str(failure)


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="needs /proc")
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_storm_of_cancellations_leaves_nothing_behind(backend: str) -> None:
    """Calls are cancelled at every moment of their lives."""

    def slow(peer: Peer) -> None:
        while peer.read_request() is not None:
            peer.send(CHUNKED_HEAD)
            time.sleep(0.002)
            peer.send(chunk(b"x"))
            time.sleep(0.002)
            peer.send(chunk(b""))

    async def call(transport: AsyncHTTPTransport) -> None:
        await (await transport.send(post(server.port), TIMEOUT)).read()

    async def in_asyncio() -> None:
        transport = AsyncHTTPTransport(max_connections=5)
        tasks = [asyncio.create_task(call(transport)) for _ in range(200)]
        for number, task in enumerate(tasks):
            if number % 3:
                await asyncio.sleep(0.0005)
                task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            assert outcome is None or isinstance(outcome, asyncio.CancelledError), outcome
        (engine,) = transport._engines.values()
        assert engine.pool._slots <= 5
        await call(transport)
        await transport.aclose()
        assert len(asyncio.all_tasks()) == 1

    async def in_trio() -> None:
        transport = AsyncHTTPTransport(max_connections=5)

        async def hurried(limit: float) -> None:
            with trio.move_on_after(limit):
                await call(transport)

        async with trio.open_nursery() as nursery:
            for number in range(200):
                nursery.start_soon(hurried, 0.0005 * number if number % 3 else 60)
        (engine,) = transport._engines.values()
        assert engine.pool._slots <= 5
        await call(transport)
        await transport.aclose()

    before = open_files()
    with Server(slow) as server:
        if backend == "asyncio":
            asyncio.run(in_asyncio())
        else:
            trio.run(in_trio)
    gc.collect()
    assert open_files() <= before


STORM = """
import random, time
stop = threading.Event()
failures = []
def work(number):
    turn = 0
    while not stop.is_set():
        turn += 1
        path = f"/{number}/{turn}"
        try:
            assert send(path) == path
        except BaseException as error:
            failures.append(error)
            return
transport = HTTPTransport(max_connections=8)
threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
for thread in threads:
    thread.start()
for generation in range(15):
    time.sleep(0.02)
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        for turn in range(5):
            assert send(f"/child/{generation}/{turn}") == f"/child/{generation}/{turn}"
        transport.close()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
stop.set()
for thread in threads:
    thread.join()
assert not failures, failures
before = len(os.listdir("/proc/self/fd"))
assert send("/last") == "/last"
transport.close()
assert len(os.listdir("/proc/self/fd")) <= before - 1
print("calm")
"""


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="needs /proc")
def test_a_storm_of_threads_and_forks() -> None:
    with Server(echo_path) as server:
        quiet = "import warnings; warnings.simplefilter('ignore', DeprecationWarning)"
        assert finished(python(STORM, server.port, first=quiet)) == "calm\n"


def test_closing_amid_a_storm_of_threads_leaves_nothing_open() -> None:
    arrived = threading.Event()

    def slow(peer: Peer) -> None:
        while (request := peer.read_request()) is not None:
            arrived.set()
            time.sleep(0.005)
            peer.send(response(request.split(b" ")[1]))

    def work(number: int) -> str:
        try:
            while True:
                assert transport.send(post(server.port, f"/{number}"), TIMEOUT).read() == f"/{number}".encode()
        except Exception as error:
            return str(error)

    with Server(slow) as server, ThreadPoolExecutor(24) as threads:
        transport = HTTPTransport(max_connections=6)
        jobs = [threads.submit(work, number) for number in range(24)]
        assert arrived.wait(PATIENCE)
        time.sleep(0.2)
        transport.close()
        assert all("closed" in job.result(PATIENCE) for job in jobs)
    assert all(peer.closed_by_client.is_set() for peer in server._peers)


# Other worlds


@pytest.mark.parametrize("tls", [False, True])
def test_uvloop(tls: bool, tmp_path: Any) -> None:
    uvloop = pytest.importorskip("uvloop")
    from .loopback import make_certificate

    authority, context = make_certificate(tmp_path, "localhost")

    async def main() -> None:
        transport = AsyncHTTPTransport(ca_bundle=str(authority))
        changes = {"scheme": "https", "host": "localhost"} if tls else {}
        for size in (0, 1000, 1 << 20):
            opened = await transport.send(post(server.port, body=b"b" * size, **changes), TIMEOUT)
            assert await opened.read() == b"x" * 100_000
        await transport.aclose()

    with (
        Server(answering(response(b"x" * 100_000)), tls=context if tls else None) as server,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        runner.run(main())
    assert server.connections == 1


PATCHED = "import gevent.monkey; gevent.monkey.patch_all()"

GEVENT = """
import gevent, time
from runtime.errors import ReadTimeout
transport = HTTPTransport(max_connections=10)
begun = time.monotonic()
jobs = [gevent.spawn(send, f"/{number}") for number in range(20)]
gevent.joinall(jobs, raise_error=True)
assert [job.value for job in jobs] == [f"/{number}" for number in range(20)]
# One after another they would take 4 s.
assert time.monotonic() - begun < 3
try:
    transport.send(request("/late"), Timeout(read=0.05)).read()
except ReadTimeout:
    print("late")
transport.close()
"""


def test_gevent() -> None:
    pytest.importorskip("gevent")

    def slow(peer: Peer) -> None:
        while (request := peer.read_request()) is not None:
            time.sleep(0.2)
            peer.send(response(request.split(b" ")[1]))

    with Server(slow) as server:
        assert finished(python(GEVENT, server.port, first=PATCHED)) == "late\n"
