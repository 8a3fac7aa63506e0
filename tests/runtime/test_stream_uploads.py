"""Bodies that are sent piecewise, through every transport: what arrives, what is sent again, and what fails how."""

from __future__ import annotations

import hashlib
import io
import threading
import tracemalloc
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx2
import pytest
from runtime.call import attempts as call_module
from runtime.wire.httpx2_adapter import AsyncHTTPX2Transport, HTTPX2Transport

from .loopback import Peer, Server, answering, response
from .stream_clients import KINDS, connected, stub

DATA = bytes(range(256)) * 4096
TRANSPORTS = ["default", "httpx2"]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def httpx2_transport(kind: str) -> Any:
    return HTTPX2Transport(httpx2.Client()) if kind == "sync" else AsyncHTTPX2Transport(httpx2.AsyncClient())


@contextmanager
def client(
    kind: str, archive: ModuleType, server: Server, *, through: str = "default", **options: Any
) -> Iterator[Any]:
    settings: dict[str, Any] = {"endpoint_url": f"http://127.0.0.1:{server.port}", "max_attempts": 3} | options
    given = None if through == "default" else httpx2_transport(kind)
    with connected(kind, archive, transport=given, **settings) as connection:
        yield connection
        if given is not None:
            given.close() if kind == "sync" else connection.run(given.aclose)


def body_of(request: bytes) -> bytes:
    return request.partition(b"\r\n\r\n")[2]


async def _apieces() -> AsyncIterator[bytes]:
    for start in range(0, len(DATA), 1000):
        yield DATA[start : start + 1000]


class AsyncPieces:
    """An async iterable that starts anew each time."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        return _apieces()


class Pieces:
    """An iterable that starts anew each time."""

    def __iter__(self) -> Iterator[bytes]:
        return (DATA[start : start + 1000] for start in range(0, len(DATA), 1000))


@pytest.mark.parametrize("name", TRANSPORTS)
def test_what_arrives_is_what_was_given_and_signed(archive: ModuleType, kind: str, name: str) -> None:
    bodies: list[Any] = [DATA, io.BytesIO(DATA), [DATA[:10], DATA[10:]], Pieces()]
    if kind != "sync":
        bodies.append(AsyncPieces())
    with (
        Server(answering(response(b""))) as server,
        client(kind, archive, server, through=name) as connection,
    ):
        for body in bodies:
            connection.put_object(key="k", data=body, type="text/x")
        for request in server.requests:
            assert body_of(request) == DATA
            assert b"\r\nContent-Length: %d\r\n" % len(DATA) in request
        signatures = {request.split(b"Signature=")[1][:64] for request in server.requests}
        dates = {request.lower().split(b"x-amz-date: ")[1][:16] for request in server.requests}
        assert len(server.requests) == len(bodies)
        assert len(signatures) == len(dates)


def test_a_streamed_body_is_signed_as_the_same_bytes_are(
    archive: ModuleType, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = call_module.utcnow()
    runtime_call = __import__(f"{archive.__name__}._runtime.call.attempts", fromlist=["call"])
    monkeypatch.setattr(runtime_call, "utcnow", lambda: now)
    script = stub(kind, archive)
    with connected(kind, archive, transport=script) as connection:
        for body in (b"four", io.BytesIO(b"four"), [b"fo", b"ur"]):
            script.respond()
            connection.put_object(key="k", data=body)
    headers = [dict(request.headers) for request in script.requests]
    assert len({each.pop("amz-sdk-invocation-id") for each in headers}) == 3
    assert headers[0] == headers[1] == headers[2]
    assert [request.body for request in script.requests] == [b"four"] * 3


def test_a_file_is_sent_from_where_it_stands_and_again_after_an_error(
    archive: ModuleType, kind: str, tmp_path: Path
) -> None:
    path = tmp_path / "data"
    path.write_bytes(b"skipped" + DATA)
    busy = response(b"", "503 Slow Down")
    with (
        Server(answering(busy, busy, response(b""))) as server,
        client(kind, archive, server) as connection,
        path.open("rb") as file,
    ):
        file.seek(7)
        output = connection.put_object(key="k", data=file)
    assert output.metadata.attempts == 3
    assert [body_of(request) for request in server.requests] == [DATA] * 3


def test_what_can_be_read_once_is_not_signed(archive: ModuleType, kind: str) -> None:
    with (
        Server(answering(response(b""))) as server,
        client(kind, archive, server) as connection,
        pytest.raises(archive.InvalidInput, match="data can be read only once, but it must be read twice here"),
    ):
        connection.put_object(key="k", data=iter([b"a"]))
    assert server.connections == 0


@pytest.mark.parametrize("name", TRANSPORTS)
def test_unknown_lengths_are_sent_in_chunks_where_the_body_is_not_signed(
    archive: ModuleType, kind: str, name: str
) -> None:
    heads: list[bytes] = []
    bodies: list[bytes] = []

    def script(peer: Peer) -> None:
        while (head := peer.read_head()) is not None:
            heads.append(head)
            bodies.append(peer.read_chunked())
            peer.send(response(b""))

    sources: list[Any] = [iter([b"one", b"", b"three"])]
    sources.append(iter([b"x"]) if kind == "sync" else _apieces())
    with Server(script) as server, client(kind, archive, server, through=name) as connection:
        for source in sources:
            connection.put_live(key="k", data=source)
    assert bodies[0] == b"3\r\none\r\n5\r\nthree\r\n0\r\n\r\n"
    for head in heads:
        assert b"\r\nTransfer-Encoding: chunked\r\n" in head
        assert b"content-length" not in head.lower()


def test_what_can_be_read_once_is_never_sent_twice(archive: ModuleType, kind: str) -> None:
    bodies: list[bytes] = []

    def script(peer: Peer) -> None:
        peer.read_head()
        bodies.append(peer.read_chunked())
        peer.send(response(b"", "503 Slow Down"))

    with (
        Server(script) as server,
        client(kind, archive, server) as connection,
        pytest.raises(archive.ArchiveError) as caught,
    ):
        connection.put_live(key="k", data=iter([b"a"]))
    assert (caught.value.status, caught.value.attempts) == (503, 1)
    assert len(bodies) == 1


@pytest.mark.parametrize("name", TRANSPORTS)
def test_what_the_body_raises_reaches_the_caller_as_it_is(archive: ModuleType, kind: str, name: str) -> None:

    class BrokenDisk(OSError):
        pass

    class Failing(io.BytesIO):
        reads = 0

        def read(self, size: int | None = -1, /) -> bytes:
            type(self).reads += 1
            if self.reads > 4:
                raise BrokenDisk("the disk is gone")
            return super().read(1 << 18)

    gone = threading.Event()

    def script(peer: Peer) -> None:
        peer.read_head()
        peer.wait_for_close()
        gone.set()

    with (
        Server(script) as server,
        client(kind, archive, server, through=name) as connection,
    ):
        with pytest.raises(BrokenDisk, match="the disk is gone"):
            connection.put_live(key="k", data=Failing(bytes(1 << 22)))
        assert gone.wait(10)
        assert server.connections == 1


def test_an_answer_that_comes_before_the_body_is_sent_is_heard(archive: ModuleType, kind: str) -> None:
    def script(peer: Peer) -> None:
        peer.read_head()
        peer.send(response(b'{"message": "no"}', "403 Forbidden", [("x-amzn-errortype", "Denied")]))

    class Endless:
        def __iter__(self) -> Iterator[bytes]:
            yield from (bytes(1 << 16) for _ in range(1 << 9))

    with (
        Server(script) as server,
        client(kind, archive, server, max_attempts=1) as connection,
        pytest.raises((archive.ArchiveError, archive.ProtocolError)),
    ):
        connection.put_object(key="k", data=Endless())


def test_a_body_in_and_a_body_out(archive: ModuleType, kind: str) -> None:
    with Server(answering(response(b"converted", headers=[("x-metadata", "m")]))) as server:
        with client(kind, archive, server) as connection, connection.convert(data=io.BytesIO(b"raw")) as stream:
            assert (stream.metadata_, stream.read()) == ("m", b"converted")
        assert body_of(server.requests[0]) == b"raw"


def test_the_sync_client_takes_no_async_iterable(archive: ModuleType) -> None:
    script = stub("sync", archive)
    with (
        connected("sync", archive, transport=script) as connection,
        pytest.raises(archive.InvalidInput, match="only the async client can send it"),
    ):
        connection.put_object(key="k", data=AsyncPieces())
    assert script.requests == []


def _hashing(sink: list[str]) -> Callable[[Peer], None]:
    def script(peer: Peer) -> None:
        head = peer.read_head() or b""
        left = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        digest = hashlib.sha256()
        while left:
            data = peer.read_some()
            left -= len(data)
            digest.update(data)
        sink.append(digest.hexdigest())
        peer.send(response(b""))

    return script


@pytest.mark.slow
def test_memory_stays_flat_while_a_gigabyte_is_sent(archive: ModuleType, kind: str, tmp_path: Path) -> None:
    path = tmp_path / "data"
    with path.open("wb") as file:
        file.truncate(1 << 30)
    seen: list[str] = []
    with (
        Server(_hashing(seen)) as server,
        client(kind, archive, server) as connection,
        path.open("rb") as file,
    ):
        tracemalloc.start()
        connection.put_object(key="k", data=file)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        file.seek(0)
        assert seen == [hashlib.file_digest(file, "sha256").hexdigest()]
    path.unlink()
    assert peak < 16 << 20
