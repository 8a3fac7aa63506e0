"""Where requests go: a region's host by AWS partition, and endpoint URLs given by the user. Pure, no I/O.

Source of the partitions: AWS's ``partitions.json``, as shipped with its SDKs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

import msgspec

from ..errors import InvalidInput

Scheme = Literal["http", "https"]

_DEFAULT_PORTS: dict[str, int] = {"http": 80, "https": 443}
_REGION_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")
_HOST_CHARACTERS = _REGION_CHARACTERS | frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ_")
_HEX_DIGITS = frozenset("0123456789abcdefABCDEF")
_NOT_IN_PATH = r"%(?![0-9A-Fa-f]{2})|[^A-Za-z0-9._~!$&'()*+,;=:@/%-]"
_DOT_SEGMENT = r"(?:\.|%2[eE]){1,2}"


class Hosts(msgspec.Struct, frozen=True):
    """A service's host names, one mapping for each kind of endpoint.

    A key is a partition id (``aws``, ``aws-cn``, ...) or ``*`` for all others; a value is a host template
    with ``{region}``, ``{dnsSuffix}`` and ``{dualStackDnsSuffix}``. An empty mapping: there is no endpoint of
    that kind.
    """

    default: Mapping[str, str]
    fips: Mapping[str, str]
    dualstack: Mapping[str, str]
    fips_dualstack: Mapping[str, str]


class Endpoint(msgspec.Struct, frozen=True):
    """The place that requests are sent to.

    Attributes:
        scheme: ``http`` or ``https``.
        host: a host name or IP address in lower case; an IPv6 address is without its brackets.
        port: the port that was given, or None for the scheme's own.
        path: what is put before each request's path: empty, or with a leading and no trailing slash.
    """

    scheme: Scheme
    host: str
    port: int | None
    path: str

    @property
    def netloc(self) -> str:
        """The value of the Host header: an IPv6 address in brackets, the scheme's default port left out."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port in (None, _DEFAULT_PORTS[self.scheme]) else f"{host}:{self.port}"


class Partition(msgspec.Struct, frozen=True):
    """One of AWS's partitions, groups of Regions that have nothing in common but the software.

    Attributes:
        name: its id, for instance ``aws-cn``.
        regions: a pattern of the names of its Regions, its pseudo Region (``aws-global`` and the like) among them.
        dns_suffix: the end of host names, for instance ``amazonaws.com``.
        dual_stack_dns_suffix: the end of the names of hosts that also have IPv6 addresses.
        implicit_global_region: where requests to global services are signed for.
        supports_fips: whether services may have FIPS endpoints.
        supports_dual_stack: whether services may have dual-stack endpoints.
    """

    name: str
    regions: str
    dns_suffix: str
    dual_stack_dns_suffix: str
    implicit_global_region: str
    supports_fips: bool = True
    supports_dual_stack: bool = True


_PARTITIONS = (
    Partition(
        "aws",
        r"(us|eu|ap|sa|ca|me|af|il|mx)-\w+-\d+|aws-global",
        "amazonaws.com",
        "api.aws",
        "us-east-1",
    ),
    Partition(
        "aws-cn",
        r"cn-\w+-\d+|aws-cn-global",
        "amazonaws.com.cn",
        "api.amazonwebservices.com.cn",
        "cn-northwest-1",
    ),
    Partition("aws-eusc", r"eusc-(de)-\w+-\d+", "amazonaws.eu", "api.amazonwebservices.eu", "eusc-de-east-1"),
    Partition("aws-iso", r"us-iso-\w+-\d+|aws-iso-global", "c2s.ic.gov", "api.aws.ic.gov", "us-iso-east-1"),
    Partition("aws-iso-b", r"us-isob-\w+-\d+|aws-iso-b-global", "sc2s.sgov.gov", "api.aws.scloud", "us-isob-east-1"),
    Partition(
        "aws-iso-e",
        r"eu-isoe-\w+-\d+|aws-iso-e-global",
        "cloud.adc-e.uk",
        "api.cloud-aws.adc-e.uk",
        "eu-isoe-west-1",
    ),
    Partition(
        "aws-iso-f",
        r"us-isof-\w+-\d+|aws-iso-f-global",
        "csp.hci.ic.gov",
        "api.aws.hci.ic.gov",
        "us-isof-south-1",
    ),
    Partition("aws-us-gov", r"us-gov-\w+-\d+|aws-us-gov-global", "amazonaws.com", "api.aws", "us-gov-west-1"),
)


def partition(region: str | None) -> Partition:
    """Return the partition of a Region. One that no pattern knows is in ``aws``, so that a new Region works; None too.

    Source: Smithy 2.0, "AWS rules engine library functions", ``aws.partition``.
    """
    # Patterns are compiled when they are first tried: most programs need one.
    return next((each for each in _PARTITIONS if re.fullmatch(each.regions, region or "")), _PARTITIONS[0])


def _is_label(text: str, characters: frozenset[str]) -> bool:
    return 0 < len(text) < 64 and characters.issuperset(text) and text[0] != "-" != text[-1]


def check_region(region: str, what: str = "region") -> None:
    """Refuse a region that is not one host label, since it becomes part of the host and of the signature.

    Raises :class:`InvalidInput` naming ``what``: for anything but small letters, digits and hyphens (a host may be
    written in capitals, a signature's Region may not), for more than 63 characters, and for the pseudo regions
    ``fips-*`` and ``*-fips``, which older SDKs translated.
    """
    _check_text(region, what)
    if not _is_label(region, _REGION_CHARACTERS) or region.isdigit():
        raise InvalidInput(
            f"{what} {region[:80]!r} is not a region name: "
            "it has small letters, digits and hyphens only, for instance 'us-east-1'"
        )
    if region.startswith("fips-") or region.endswith("-fips"):
        plain = region.removeprefix("fips-").removesuffix("-fips")
        raise InvalidInput(f"{what} {region!r} is not a region: use {plain!r} together with use_fips=True")


def resolve_endpoint(hosts: Hosts, region: str, *, fips: bool = False, dualstack: bool = False) -> str:
    """Return the URL of a service's endpoint in ``region``, for instance ``https://x.eu-west-1.api.aws``.

    A region that no partition lists is taken to be in ``aws``, as AWS's own SDKs do, so that a new region
    works. Raises :class:`InvalidInput` when the region is not a host label, or the service has no endpoint of
    that kind there.
    """
    check_region(region)
    found = partition(region)
    kind, templates = {
        (False, False): ("", hosts.default),
        (True, False): ("FIPS ", hosts.fips),
        (False, True): ("dual-stack ", hosts.dualstack),
        (True, True): ("FIPS dual-stack ", hosts.fips_dualstack),
    }[fips, dualstack]
    template = templates.get(found.name) or templates.get("*")
    if template is None:
        remedy = "switch that option off" if kind else "choose another region"
        raise InvalidInput(
            f"the service has no {kind}endpoint in region {region!r} (partition {found.name}): "
            f"{remedy}, or pass endpoint_url=..."
        )
    host = template.replace("{region}", region).replace("{dnsSuffix}", found.dns_suffix)
    return "https://" + host.replace("{dualStackDnsSuffix}", found.dual_stack_dns_suffix)


def parse_endpoint_url(url: str, what: str = "endpoint_url") -> Endpoint:
    """Read an endpoint URL: ``http`` or ``https``, a host, and optionally a port and a path.

    Strict, because two readers of a loose URL may disagree on the host: user names, queries, fragments,
    characters beyond printable ASCII, dot segments and odd ports are refused. Raises :class:`InvalidInput`
    naming ``what``; the message never shows a password or a query.
    """
    _check_text(url, what)
    if odd := next((each for each in url if not "!" <= each <= "~"), None):
        raise InvalidInput(f"{what} must be printable ASCII without white space, but has {odd!r}")
    name, separator, rest = url.partition("://")
    scheme = _scheme(name) if separator else None
    if scheme is None:
        raise InvalidInput(f"{what} must begin with 'https://' or 'http://', for instance 'https://localhost:8080'")
    rest, hash_sign, _ = rest.partition("#")
    rest, question_mark, _ = rest.partition("?")
    authority, slash, path = rest.partition("/")
    if "@" in authority:
        raise InvalidInput(f"{what} must not have a user name or password: credentials are passed separately")
    if question_mark or hash_sign:
        raise InvalidInput(f"{what} must not have a {'query' if question_mark else 'fragment'}")
    host, port = _split_authority(authority, what)
    return Endpoint(scheme, host, port, _path_prefix(slash + path, what))


def _check_text(value: object, what: str) -> None:
    if not isinstance(value, str):
        raise InvalidInput(f"{what} must be a string, not {type(value).__name__}")


def _scheme(text: str) -> Scheme | None:
    match text.lower():
        case "https":
            return "https"
        case "http":
            return "http"
        case _:
            return None


def _split_authority(authority: str, what: str) -> tuple[str, int | None]:
    address, bracket, after = authority.rpartition("]")
    host, colon, port = after.partition(":")
    if bracket:
        is_valid = not host and address.startswith("[") and {"[", "]"}.isdisjoint(address[1:])
    else:
        is_valid = "[" not in host
    if not is_valid:
        raise InvalidInput(
            f"{what} has an invalid host: {authority[:80]!r} (an IPv6 address goes in brackets, '[::1]')"
        )
    if colon and not (port.isdigit() and len(port) <= 5 and 1 <= int(port) <= 65535):
        raise InvalidInput(f"{what} has an invalid port: {port[:20]!r} is not a number from 1 to 65535")
    number = int(port) if colon else None
    return _ip_address(address[1:], 6, what) if bracket else _host_name(host, what), number


def _host_name(host: str, what: str) -> str:
    if not host:
        raise InvalidInput(f"{what} has no host")
    labels = host.removesuffix(".").split(".")
    if _is_number(labels[-1]):
        # Resolvers read '127.1' and '0x7f000001' as addresses; whoever checks the URL sees a name.
        return _ip_address(host, 4, what)
    if len(host) > 253 or not all(_is_label(label, _HOST_CHARACTERS) for label in labels):
        raise InvalidInput(
            f"{what} has an invalid host: {host[:80]!r} is not a host name "
            "(write an international name in its xn-- form)"
        )
    return host.lower()


def _is_number(label: str) -> bool:
    return label.isdigit() or (label[:2] in ("0x", "0X") and _HEX_DIGITS.issuperset(label[2:]))


def _is_ipv4(text: str) -> bool:
    """Whether a text is an IPv4 address as all readers of it take it: four numbers without leading zeros."""
    parts = text.split(".")
    return len(parts) == 4 and all(each.isdigit() and each == str(int(each)) and int(each) < 256 for each in parts)


def _ip_address(text: str, version: int, what: str) -> str:
    if version == 4 and len(text) < 16 and _is_ipv4(text):
        return text  # Without ipaddress, whose import is 3% of a start.
    from ipaddress import IPv4Address, IPv6Address

    try:
        address = IPv4Address(text) if version == 4 else IPv6Address(text)
    except ValueError:
        raise InvalidInput(f"{what} has an invalid host: {text[:80]!r} is not an IPv{version} address") from None
    if "%" in text:
        raise InvalidInput(f"{what} has an invalid host: a zone ({text[:80]!r}) has no meaning to the server")
    return str(address)


def _path_prefix(path: str, what: str) -> str:
    prefix = path.rstrip("/")
    if not prefix:
        return ""
    if found := re.search(_NOT_IN_PATH, prefix):
        raise InvalidInput(f"{what} has {found.group()!r} in its path: percent-encode it")
    if any(re.fullmatch(_DOT_SEGMENT, segment) for segment in prefix.split("/")):
        raise InvalidInput(f"{what} must not have the segments '.' or '..' in its path")
    return prefix
