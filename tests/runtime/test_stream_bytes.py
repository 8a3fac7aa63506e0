"""Bodies that are read piecewise: every way to read them, to stop, and to find them cut short."""

from __future__ import annotations

import copy
import gc
import io
import json
import pickle
import stat
import threading
import tracemalloc
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from examples import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .loopback import Peer, Server, answering, chunk, response
from .stream_clients import KINDS, connected, stub


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


PIECES = st.lists(st.binary(max_size=20), max_size=8)
NO_SCOPE = [HealthCheck.function_scoped_fixture]


@settings(max_examples=examples(60), deadline=None, suppress_health_check=NO_SCOPE)
@given(PIECES, st.lists(st.integers(0, 30), max_size=8))
def test_reads_by_size_give_what_a_file_would(archive: ModuleType, pieces: list[bytes], sizes: list[int]) -> None:
    script = stub("sync", archive)
    script.respond(pieces)
    whole = io.BytesIO(b"".join(pieces))
    with connected("sync", archive, transport=script) as client, client.get_object(key="k") as stream:
        for size in sizes:
            assert stream.read(size) == whole.read(size)
        assert stream.read() == whole.read()
        assert stream.read() == stream.read(5) == b""
        assert script.responses[0].closed


def test_members_and_metadata_come_first(archive: ModuleType, kind: str) -> None:
    script = stub(kind, archive)
    script.respond([b"ab", b"", b"cd"], headers={"Content-Type": "text/x", "x-amzn-RequestId": "id"}, status=206)
    with connected(kind, archive, transport=script) as client, client.get_object(key="k") as stream:
        assert (stream.type, stream.status, stream.size) == ("text/x", 206, None)
        assert stream.metadata.request_id == "id"
        assert stream.output == archive.GetObjectOutput(type="text/x", status=206)
        assert not script.responses[0].closed
        assert list(stream) == [b"ab", b"cd"]
        assert script.responses[0].closed


@pytest.mark.parametrize(
    ("method", "body", "expected"),
    [
        ("iter_bytes", [b"a", b"", b"b"], [b"a", b"b"]),
        ("iter_text", ["é".encode()[:1], "é".encode()[1:]], ["é"]),
        ("iter_lines", [b"one\ntw", b"o\r\nthree"], ["one", "two", "three"]),
        ("iter_json", [b'{"a": 1}\n[', b"2]"], [{"a": 1}, [2]]),
    ],
)
def test_decoders(archive: ModuleType, kind: str, method: str, body: list[bytes], expected: list[Any]) -> None:
    script = stub(kind, archive)
    script.respond(body)
    with connected(kind, archive, transport=script) as client, client.get_object(key="k") as stream:
        assert list(getattr(stream, method)()) == expected
        assert script.responses[0].closed


def test_reading_and_then_lines(archive: ModuleType, kind: str) -> None:
    script = stub(kind, archive)
    script.respond([b"head", b"er\nfirst\nsecond"])
    with connected(kind, archive, transport=script) as client, client.get_object(key="k") as stream:
        assert stream.read(7) == b"header\n"
        assert list(stream.iter_lines()) == ["first", "second"]


def test_sse_and_json_load(archive: ModuleType) -> None:
    script = stub("sync", archive)
    script.respond([b"data: 1\n", b"\ndata: 2\n\n"])
    script.respond([b'{"a":', b" 1}"])
    with connected("sync", archive, transport=script) as client:
        with client.get_object(key="k") as stream:
            assert [event.data for event in stream.iter_sse()] == ["1", "2"]
        with client.get_object(key="k") as stream:
            assert json.load(stream) == {"a": 1}


# Saving.


def test_saving_to_a_path_and_to_a_file(archive: ModuleType, kind: str, tmp_path: Path) -> None:
    script = stub(kind, archive)
    target = tmp_path / "object"
    target.write_bytes(b"old")
    target.chmod(0o600)
    buffer = io.BytesIO()
    with connected(kind, archive, transport=script) as client:
        for where in (target, str(tmp_path / "new"), buffer):
            script.respond([b"ab", b"cd"])
            with client.get_object(key="k") as stream:
                assert stream.save(where) == 4
    assert target.read_bytes() == (tmp_path / "new").read_bytes() == buffer.getvalue() == b"abcd"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "object"]
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


def test_what_does_not_come_whole_replaces_nothing(archive: ModuleType, kind: str, tmp_path: Path) -> None:
    script = stub(kind, archive)
    script.respond([b"ab"], headers={"Content-Length": "4"})
    target = tmp_path / "object"
    target.write_bytes(b"old")
    with connected(kind, archive, transport=script) as client, client.get_object(key="k") as stream:
        assert stream.size == 4
        with pytest.raises(archive.TruncatedStream, match="the body ended after 2 of 4 bytes"):
            stream.save(target)
    assert script.responses[0].closed
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["object"]


def test_a_target_that_cannot_be_written_ends_the_stream(archive: ModuleType, kind: str, tmp_path: Path) -> None:
    script = stub(kind, archive)
    script.respond([b"ab"])
    with connected(kind, archive, transport=script) as client, client.get_object(key="k") as stream:
        with pytest.raises(FileNotFoundError):
            stream.save(tmp_path / "missing" / "object")
        assert script.responses[0].closed


def test_saving_follows_links_and_leaves_devices_in_place(archive: ModuleType, tmp_path: Path) -> None:
    script = stub("sync", archive)
    target, link = tmp_path / "object", tmp_path / "link"
    target.write_bytes(b"old")
    link.symlink_to(target)
    with connected("sync", archive, transport=script) as client:
        for where in (link, Path("/dev/null")):
            script.respond([b"new"])
            with client.get_object(key="k") as stream:
                stream.save(where)
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    assert Path("/dev/null").is_char_device()


# Ends.


def served(kind: str, archive: ModuleType, server: Server, **options: Any) -> Any:
    return connected(kind, archive, endpoint_url=f"http://127.0.0.1:{server.port}", max_attempts=1, **options)


@pytest.mark.parametrize("kind", KINDS)
def test_a_body_cut_short_on_the_wire_is_truncated(archive: ModuleType, kind: str) -> None:
    def cut(peer: Peer) -> None:
        peer.read_request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345")

    with Server(cut) as server, served(kind, archive, server) as client, client.get_object(key="k") as stream:
        assert stream.read(5) == b"12345"
        with pytest.raises(archive.TruncatedStream, match="the body ended after 5 of 10 bytes"):
            stream.read()


def test_a_broken_connection_without_a_length_is_a_protocol_error(archive: ModuleType, kind: str) -> None:
    def cut(peer: Peer) -> None:
        peer.read_request()
        peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(b"12345"))

    with Server(cut) as server, served(kind, archive, server) as client, client.get_object(key="k") as stream:
        assert stream.read(5) == b"12345"
        with pytest.raises(archive.ProtocolError):
            stream.read()


def test_a_server_that_stalls_meets_the_read_timeout(archive: ModuleType, kind: str) -> None:
    def stall(peer: Peer) -> None:
        peer.read_request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345")
        peer.wait_for_close()

    with (
        Server(stall) as server,
        served(kind, archive, server, timeout=0.3) as client,
        client.get_object(key="k") as stream,
    ):
        assert stream.read(5) == b"12345"
        with pytest.raises(archive.ReadTimeout):
            stream.read()


def test_leaving_early_closes_and_reading_all_keeps_the_connection(archive: ModuleType, kind: str) -> None:
    left = threading.Event()

    def endless(peer: Peer) -> None:
        peer.read_request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n12345")
        peer.wait_for_close()
        left.set()

    with Server(endless) as server, served(kind, archive, server) as client:
        with client.get_object(key="k") as stream:
            assert stream.read(3) == b"123"
        assert left.wait(10)
        with pytest.raises(archive.StreamError, match="the stream is closed"):
            stream.read()
    with Server(answering(response(b"whole"))) as server, served(kind, archive, server) as client:
        for _ in range(2):
            with client.get_object(key="k") as stream:
                assert stream.read() == b"whole"
        assert server.connections == 1


def test_errors_are_errors_and_no_streams(archive: ModuleType, kind: str) -> None:
    script = stub(kind, archive)
    script.respond_error(archive.NoSuchObject("none"))
    with connected(kind, archive, transport=script) as client, pytest.raises(archive.NoSuchObject) as caught:
        client.get_object(key="k").__enter__()
    assert (caught.value.status, caught.value.message) == (404, "none")


def test_unclosed_streams_warn_and_closed_ones_do_not(archive: ModuleType) -> None:
    script = stub("sync", archive)
    with connected("sync", archive, transport=script) as client:
        script.respond([b"a"])
        stream = client.get_object(key="k")
        assert stream is not None
        with pytest.warns(ResourceWarning, match="unclosed <GetObjectStream open"):
            stream = None
        assert script.responses[0].closed
        script.respond([b"a"])
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            client.get_object(key="k").read()
            gc.collect()


def test_streams_say_that_they_cannot_be_pickled(archive: ModuleType) -> None:
    script = stub("sync", archive)
    script.respond([b"a"])
    with connected("sync", archive, transport=script) as client, client.get_object(key="k") as stream:
        for attempt in (pickle.dumps, copy.copy):
            with pytest.raises(TypeError, match="a GetObjectStream cannot be pickled or copied"):
                attempt(stream)
        assert pickle.loads(pickle.dumps(stream.output)) == stream.output


@pytest.mark.slow
def test_memory_stays_flat_over_a_gigabyte(archive: ModuleType, kind: str, tmp_path: Path) -> None:
    block = bytes(1 << 20)

    def gigabyte(peer: Peer) -> None:
        peer.read_request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (1 << 30))
        for _ in range(1 << 10):
            peer.send(block)

    with Server(gigabyte) as server, served(kind, archive, server) as client, client.get_object(key="k") as stream:
        stream.read(1 << 20)
        tracemalloc.start()
        assert stream.save(tmp_path / "object") == (1 << 30) - (1 << 20)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    (tmp_path / "object").unlink()
    assert peak < 8 << 20
