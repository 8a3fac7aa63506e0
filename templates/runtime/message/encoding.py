"""Compressed bodies of servers and gateways that compress what was not asked to be."""

from __future__ import annotations

import zlib

from msgspec.structs import replace

from .http import Response

_MOST = 64 * 1024 * 1024
_WINDOWS = {"gzip": 31, "x-gzip": 31, "deflate": 47}


def decoded(response: Response) -> Response | None:
    """Return the response with its body decompressed; None where its Content-Encoding is none that can be undone.

    gzip and deflate can, up to 64 MiB. The header stays, because it came.
    """
    window = _WINDOWS.get((response.headers.get("Content-Encoding") or "").strip().lower())
    if window is None or not response.body:
        return None
    decoder = zlib.decompressobj(window)
    try:
        body = decoder.decompress(response.body, _MOST)
    except zlib.error:
        return None
    return replace(response, body=body) if decoder.eof else None
