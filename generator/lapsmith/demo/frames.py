"""Write event-stream frames, from the format's description and apart from the client's own code.

Source: "Amazon Event Stream encoding" in the Smithy specification.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping

_STRING = 7


def frame(headers: Mapping[str, str], payload: bytes) -> bytes:
    """Return one frame whose headers are all strings."""
    block = b"".join(_header(name, value) for name, value in headers.items())
    prelude = struct.pack(">II", 16 + len(block) + len(payload), len(block))
    body = prelude + struct.pack(">I", zlib.crc32(prelude)) + block + payload
    return body + struct.pack(">I", zlib.crc32(body))


def event(event_type: str, payload: bytes) -> bytes:
    """Return an event frame with a binary payload."""
    headers = {":message-type": "event", ":event-type": event_type, ":content-type": "application/octet-stream"}
    return frame(headers, payload)


def exception(exception_type: str, payload: bytes) -> bytes:
    """Return the frame of a modelled error in the stream, with a JSON payload."""
    headers = {":message-type": "exception", ":exception-type": exception_type, ":content-type": "application/json"}
    return frame(headers, payload)


def _header(name: str, value: str) -> bytes:
    encoded_name, encoded_value = name.encode(), value.encode()
    return (
        struct.pack(">B", len(encoded_name))
        + encoded_name
        + struct.pack(">BH", _STRING, len(encoded_value))
        + encoded_value
    )
