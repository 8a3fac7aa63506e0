"""The last check of a request, and what pickles of transports are made again by."""

from __future__ import annotations

import re
from typing import Any

from ..errors import InvalidInput
from ..message.http import HTTPRequest, check_header

_METHOD = re.compile("[A-Za-z-]+")
_HOST = re.compile(r"[A-Za-z0-9._~-]+|[0-9A-Fa-f:.]+|\[[0-9A-Fa-f:.]+\]")
_TARGET = re.compile(r"/[\x21\x22\x24-\x7e]*")


def check_request(request: HTTPRequest) -> None:
    """Refuse a request that would not arrive as it was signed. One that the client built is made of checked parts.

    Raises :class:`InvalidInput` for a method, host, target or header that cannot be sent as it is, for a Host
    that is missing or doubled, and for a Content-Length that is not the length of the body.
    """
    if not request.needs_check:
        return
    if not _METHOD.fullmatch(request.method):
        raise InvalidInput(f"{request.method!r} is not an HTTP method")
    if request.scheme not in ("http", "https"):
        raise InvalidInput(f"the endpoint's scheme must be http or https, not {request.scheme!r}")
    if not _HOST.fullmatch(request.host):
        raise InvalidInput(f"{request.host!r} is not a host name: check the region and endpoint_url")
    if request.port is not None and not 0 < request.port < 65536:
        raise InvalidInput(f"{request.port} is not a port number: check endpoint_url")
    if not _TARGET.fullmatch(request.target):
        raise InvalidInput("the request target must start with '/' and be percent-encoded ASCII without '#'")
    names = [name.lower() for name, _ in request.headers]
    for name, value in request.headers:
        check_header(name, value, f"header {name!r}")
    if names.count("host") != 1:
        raise InvalidInput(f"a request needs one Host header, this one has {names.count('host')}")
    length = len(request.body) if isinstance(request.body, bytes) else request.body.length
    if length is None:
        _check_chunked(request, names)
        return
    if "transfer-encoding" in names:
        raise InvalidInput("Transfer-Encoding is not supported: a body of known length has a Content-Length")
    _check_length(request, names, length)


def _check_chunked(request: HTTPRequest, names: list[str]) -> None:
    codings = [value for name, value in request.headers if name.lower() == "transfer-encoding"]
    if codings != ["chunked"] or "content-length" in names:
        raise InvalidInput("a body of unknown length needs Transfer-Encoding: chunked, and no Content-Length")


def _check_length(request: HTTPRequest, names: list[str], length: int) -> None:
    if "content-length" not in names and not request.body:
        return
    lengths = [value for name, value in request.headers if name.lower() == "content-length"]
    if lengths != [str(length)]:
        given = ", ".join(lengths) or "none"
        raise InvalidInput(f"the body has {length} bytes, so Content-Length must say so once; given: {given}")


def remake(cls: type[Any], arguments: dict[str, Any]) -> Any:
    """Make a pickled transport again."""
    return cls(**arguments)
