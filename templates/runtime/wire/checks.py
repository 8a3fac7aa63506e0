"""The last check of a request, and what pickles of transports are made again by."""

from __future__ import annotations

import re
from typing import Any

from ..errors import InvalidInput
from ..message.http import HTTPRequest, check_header

_METHOD = r"[A-Za-z-]+"
_HOST = r"[A-Za-z0-9._~-]+|[0-9A-Fa-f:.]+|\[[0-9A-Fa-f:.]+\]"
_TARGET = r"/[\x21\x22\x24-\x7e]*"
_TOKEN = r"[!#$%&'*+.^_`|~0-9a-z-]+"
_NAMES = rf"{_TOKEN}(?:\n{_TOKEN})*"
_VALUE = r"(?:[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?)?"
_VALUES = rf"{_VALUE}(?:\n{_VALUE})*"
_METHODS = frozenset({"DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"})


def is_plain(request: HTTPRequest) -> bool:
    """Whether a request is one that :func:`check_request` takes, without looking at where it goes.

    All headers are looked at together, which takes a tenth of the time. False may mean no more than that the request
    is an unusual one.
    """
    headers, body = request.headers, request.body
    try:
        names = "\n".join([name for name, _ in headers]).lower()
        values = "\n".join([value for _, value in headers])
    except TypeError:
        return False
    last = len(headers) - 1
    each = names.split("\n")
    return (
        request.method in _METHODS
        and isinstance(body, bytes)
        and values.count("\n") == last == len(each) - 1
        and re.fullmatch(_NAMES, names) is not None
        and re.fullmatch(_VALUES, values) is not None
        and re.fullmatch(_TARGET, request.target) is not None
        and each.count("host") == 1
        and "transfer-encoding" not in each
        and each.count("content-length") == (1 if body or "content-length" in each else 0)
        and ("content-length" not in each or headers[each.index("content-length")][1] == str(len(body)))
    )


def check_request(request: HTTPRequest) -> None:
    """Refuse a request that would not arrive as it was signed. One that the client built is made of checked parts.

    Raises :class:`InvalidInput` for a method, host, target or header that cannot be sent as it is, for a Host
    that is missing or doubled, and for a Content-Length that is not the length of the body.
    """
    if not re.fullmatch(_METHOD, request.method):
        raise InvalidInput(f"{request.method!r} is not an HTTP method")
    if request.scheme not in ("http", "https"):
        raise InvalidInput(f"the endpoint's scheme must be http or https, not {request.scheme!r}")
    if not re.fullmatch(_HOST, request.host):
        raise InvalidInput(f"{request.host!r} is not a host name: check the region and endpoint_url")
    if request.port is not None and not 0 < request.port < 65536:
        raise InvalidInput(f"{request.port} is not a port number: check endpoint_url")
    if not re.fullmatch(_TARGET, request.target):
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
