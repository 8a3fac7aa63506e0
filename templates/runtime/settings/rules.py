"""The functions that compiled endpoint rules call. Pure, no I/O.

Source: Smithy 2.0, "Rules engine standard library", and "AWS rules engine library functions"; each function names its
part of them. Where those are silent, these do what botocore does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

import msgspec

from .endpoint import Partition, partition

if TYPE_CHECKING:
    from urllib.parse import ParseResult

__all__ = [
    "Arn",
    "Partition",
    "URL",
    "coalesce",
    "is_valid_host_label",
    "is_virtual_hostable_s3_bucket",
    "item",
    "parse_arn",
    "parse_url",
    "partition",
    "split",
    "substring",
    "uri_encode",
]

T = TypeVar("T")
D = TypeVar("D")

_HOST_LABEL = r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)"
_IPV4 = r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}"


class Arn(msgspec.Struct, frozen=True):
    """The parts of an Amazon Resource Name; ``resource_id`` is split at its colons and slashes."""

    partition: str
    service: str
    region: str
    account_id: str
    resource_id: tuple[str, ...]


class URL(msgspec.Struct, frozen=True):
    """The parts of a URL. ``normalized_path`` begins and ends with a slash; ``path`` is as it was given."""

    scheme: str
    authority: str
    path: str
    normalized_path: str
    is_ip: bool


def parse_arn(text: str) -> Arn | None:
    """Take an ARN apart; None for what is none, or lacks its partition, service or resource (``aws.parseArn``)."""
    parts = text.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn" or not (parts[1] and parts[2] and parts[5]):
        return None
    return Arn(parts[1], parts[2], parts[3], parts[4], tuple(parts[5].replace(":", "/").split("/")))


def parse_url(text: str) -> URL | None:
    """Take a URL apart; None for what is no HTTP or HTTPS URL, or has a query (``parseURL``)."""
    from urllib.parse import urlparse

    try:
        parts = urlparse(text)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or parts.query:
        return None
    return URL(parts.scheme, parts.netloc, parts.path, _normalized_path(parts), _is_ip(host))


def _normalized_path(parts: ParseResult) -> str:
    from urllib.parse import quote

    kept: list[str] = []
    for segment in parts.path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    return quote("/" + "".join(f"{segment}/" for segment in kept))


def _is_ip(host: str) -> bool:
    if re.fullmatch(_IPV4, host):
        return True
    from ipaddress import IPv6Address

    try:
        IPv6Address(host)
    except ValueError:
        return False
    return True


def is_valid_host_label(text: str, *, allow_subdomains: bool) -> bool:
    """Whether the text is one label of a host name by RFC 1123, or several joined by dots (``isValidHostLabel``)."""
    labels = text.split(".") if allow_subdomains else (text,)
    return all(re.fullmatch(_HOST_LABEL, label) for label in labels)


def is_virtual_hostable_s3_bucket(text: str, *, allow_subdomains: bool) -> bool:
    """Whether a bucket of this name can be a part of a host name (``aws.isVirtualHostableS3Bucket``)."""
    if len(text) < 3 or text != text.lower() or re.fullmatch(_IPV4, text):
        return False
    return is_valid_host_label(text, allow_subdomains=allow_subdomains)


def substring(text: str, start: int, stop: int, *, reverse: bool = False) -> str | None:
    """Return the characters from ``start`` up to ``stop``, counted from the end with ``reverse`` (``substring``).

    None where the text is shorter, or not ASCII.
    """
    if start >= stop or len(text) < stop or not text.isascii():
        return None
    return text[len(text) - stop : len(text) - start] if reverse else text[start:stop]


def split(text: str, delimiter: str, limit: int) -> tuple[str, ...]:
    """Split a text into ``limit`` parts at most, the last being all that is left; 0 is no limit (``split``)."""
    return tuple(text.split(delimiter, limit - 1))


def uri_encode(text: str) -> str:
    """Percent-encode all but the unreserved characters of RFC 3986 (``uriEncode``)."""
    from urllib.parse import quote

    return quote(text, safe="-._~")


def item(values: Sequence[str], index: int) -> str | None:
    """Return one item, a negative index counting from the end; None where there are fewer (``getAttr``)."""
    return values[index] if -len(values) <= index < len(values) else None


def coalesce(value: T | None, default: D) -> T | D:
    """Return the value, or the default where there is none (``coalesce``)."""
    return default if value is None else value
