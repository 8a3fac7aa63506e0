"""From what an operation asks for to what the socket receives: endpoint, standard headers, signature."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from ..codec.operation import Operation
from ..errors import InvalidInput
from ..message.http import HeaderList, HTTPRequest, Request
from ..settings.config import Config, ServiceInfo
from ..settings.endpoint import Endpoint, parse_endpoint_url
from ..settings.routing import Route
from ..signing.sigv4 import UNSIGNED_PAYLOAD, Credentials, sign

_METHODS_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


def compressed(request: Request, config: Config) -> Request:
    """Compress the body where it is worth it, as botocore does; the same body always becomes the same bytes."""
    body, smallest = request.body, config.min_compression_size
    if smallest is None or not isinstance(body, bytes) or len(body) < smallest:
        return request
    import gzip

    encodings = [value for name, value in request.headers if name.lower() == "content-encoding"]
    headers = [pair for pair in request.headers if pair[0].lower() != "content-encoding"]
    headers.append(("Content-Encoding", ", ".join([*encodings, "gzip"])))
    return replace(request, headers=headers, body=gzip.compress(body, mtime=0))


def prepare(
    operation: Operation[Any],
    request: Request,
    service: ServiceInfo,
    config: Config,
    credentials: Credentials | None,
    now: datetime,
) -> HTTPRequest:
    """Add the endpoint, the standard headers and the signature: the result is what the socket receives.

    Raises :class:`InvalidInput` where the service's endpoint rules have no endpoint for the request.
    """
    route = config.route
    if not isinstance(route, Route):
        route = route.find(request.endpoint_parameters or {}, credentials.account_id if credentials else None)
    endpoint = route.endpoint
    if request.endpoint_url is not None:
        endpoint = parse_endpoint_url(request.endpoint_url, f"the endpoint URL of {operation.name}")
    if request.host_prefix and config.host_prefixes:
        endpoint = _prefixed(endpoint, request.host_prefix)
    path = endpoint.path + request.path
    headers = _standard_headers(request, service, config, route, endpoint)
    body = request.body
    if credentials is not None and route.signing_name is not None:
        if operation.auth == "unsigned-payload":
            headers = _merge(headers, (("X-Amz-Content-SHA256", UNSIGNED_PAYLOAD),))
        headers = sign(
            request.method,
            path,
            request.query,
            headers,
            body if isinstance(body, bytes) else b"",
            credentials,
            service=route.signing_name,
            region=route.signing_region or "",
            now=now,
            payload_hash=None if isinstance(body, bytes) else body.sha256,
            normalize=not service.s3,
            double_encode=route.double_encode and not service.s3,
        )
    target = f"{path}?{request.query}" if request.query else path
    place = endpoint.scheme, endpoint.host, endpoint.port
    return HTTPRequest(request.method, *place, target, headers, body, operation.name)


def _standard_headers(
    request: Request, service: ServiceInfo, config: Config, route: Route, endpoint: Endpoint
) -> HeaderList:
    """Return Host, the request's headers with those of service, route and user, the length, and the User-Agent."""
    headers = [("Host", endpoint.netloc)]
    if service.headers:
        headers += _merge(list(service.headers), request.headers)
    else:
        headers += request.headers
    for extra in (route.headers, config.extra_headers):
        if extra:
            headers = _merge(headers, extra)
    body = request.body
    if not isinstance(body, bytes) and body.length is None:
        headers.append(("Transfer-Encoding", "chunked"))
    elif body or request.method in _METHODS_WITH_BODY:
        headers.append(("Content-Length", str(len(body) if isinstance(body, bytes) else body.length)))
    for name, _ in headers:
        # The length tells most other names apart.
        if len(name) == 10 and name.lower() == "user-agent":
            return headers
    headers.append(("User-Agent", config.user_agent))
    return headers


def _prefixed(endpoint: Endpoint, prefix: str) -> Endpoint:
    if ":" in endpoint.host or endpoint.host.replace(".", "").isdigit():
        raise InvalidInput(
            f"the operation's host prefix {prefix!r} cannot go before the address {endpoint.host}: "
            "set AWS_DISABLE_HOST_PREFIX_INJECTION=true to leave it out"
        )
    return replace(endpoint, host=prefix + endpoint.host)


def _merge(headers: list[tuple[str, str]], extra: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Append the extra headers; one that is there already is replaced."""
    extra = tuple(extra)
    replaced = {name.lower() for name, _ in extra}
    return [*(pair for pair in headers if pair[0].lower() not in replaced), *extra]
