"""The checksum that DynamoDB sends of its responses."""

from __future__ import annotations

from zlib import crc32

from ..message.http import Response


def is_intact(response: Response) -> bool:
    """Return whether a body matches the CRC-32 in the header ``x-amz-crc32``, if it has one."""
    expected = response.headers.get("x-amz-crc32")
    return expected is None or str(crc32(response.body)) == expected
