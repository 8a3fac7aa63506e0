"""A gigabyte of events: what has been read does not stay in memory."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest
import sagemaker_runtime
from lapsmith.demo import frames

from .loopback import Peer, Server, chunk
from .stream_clients import connected

pytestmark = pytest.mark.slow

PART = bytes(1 << 16)
EVENTS = (1 << 30) // len(PART)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.amazon.eventstream\r\nTransfer-Encoding: chunked\r\n\r\n"


def gigabyte(peer: Peer) -> None:
    """Answer a request with events of 64 KiB, 1 GiB of them."""
    event = chunk(frames.event("PayloadPart", PART))
    while peer.read_request() is not None:
        peer.send(HEAD)
        for _ in range(EVENTS):
            peer.send(event)
        peer.send(chunk(b""))


@pytest.mark.parametrize("kind", ["sync", "asyncio"])
@pytest.mark.parametrize("read", [iter, lambda stream: stream.iter_bytes()], ids=["events", "bytes"])
def test_memory_stays_flat(kind: str, read: Any) -> None:
    with Server(gigabyte) as server:
        settings = {"endpoint_url": f"http://127.0.0.1:{server.port}", "timeout": 30}
        with (
            connected(kind, sagemaker_runtime, **settings) as client,
            client.invoke_endpoint_with_response_stream(endpoint_name="llm", body=b"") as stream,
        ):
            pieces = read(stream)
            size = _size(next(pieces))
            tracemalloc.start()
            for piece in pieces:
                size += _size(piece)
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
    assert size == 1 << 30
    assert peak < 4 << 20


def _size(piece: Any) -> int:
    return len(piece if isinstance(piece, bytes) else piece.bytes_)
