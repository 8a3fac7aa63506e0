"""The CRC-32 that frames carry, computed by the fastest implementation that is installed.

zlib's takes most of the time that a large event costs. isal and zlib-ng compute the same several times faster.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from zlib import crc32

_FASTER = ("isal.isal_zlib", "zlib_ng.zlib_ng")


@cache
def crc32_function() -> Callable[[bytes, int], int]:
    """Return a function of data and the checksum of what comes before it."""
    for name in _FASTER:
        try:
            found: Callable[[bytes, int], int] = import_module(name).crc32
        except ImportError:
            continue
        return found
    return crc32
