"""Headers of each type in a frame that AWS's own codec encoded, as event members read them."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime

from e2e.conftest import require_node
from e2e.servers import NODE, install_node_packages
from runtime.stream.eventstream import EventStreamDecoder
from runtime.stream.frames import (
    bool_event_header,
    bytes_event_header,
    int_event_header,
    text_event_header,
    timestamp_event_header,
)


def test_headers_of_each_type_from_the_codec_of_aws() -> None:
    require_node()
    install_node_packages()
    done = subprocess.run(["node", "headers.mjs"], cwd=NODE, capture_output=True, check=True)
    (message,) = EventStreamDecoder().feed(done.stdout)
    headers = message.headers
    assert message.payload == b"payload"
    assert [bool_event_header(headers, name) for name in ("yes", "no")] == [True, False]
    numbers = [int_event_header(headers, name) for name in ("byte", "short", "int", "long")]
    assert numbers == [-1, -300, 70_000, 1 << 40]
    assert bytes_event_header(headers, "bytes") == b"\x00\xff"
    assert text_event_header(headers, "text") == "é"
    assert text_event_header(headers, "uuid") == "01234567-89ab-cdef-0123-456789abcdef"
    assert timestamp_event_header(headers, "time") == datetime(2026, 1, 1, 12, 0, 0, 250_000, tzinfo=UTC)
