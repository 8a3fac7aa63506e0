"""JSON values of any type, as people send them: read as leniently as the standard library reads them."""

from __future__ import annotations

from typing import Any

import msgspec


def loads(data: bytes | str) -> Any:
    """Read one JSON value; NaN, infinities and what else :mod:`json` tolerates are taken as it does.

    Raises :class:`ValueError` when it is not JSON.
    """
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        pass
    import json

    try:
        return json.loads(data if isinstance(data, str) else data.decode("utf-8-sig"))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
