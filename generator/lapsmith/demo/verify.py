"""Check SigV4 signatures with botocore: the endpoint must not share the client's own idea of a signature."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/(?P<date>\d{8})/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request, "
    r"SignedHeaders=(?P<signed>[^,]+), Signature=(?P<signature>[0-9a-f]{64})"
)


@dataclass(frozen=True, slots=True)
class Received:
    """A request as the socket received it."""

    method: str
    target: str
    headers: Sequence[tuple[str, str]]
    body: bytes


class _Signer(SigV4Auth):  # type: ignore[misc]  # botocore has no types
    """botocore's signer, told which headers to sign instead of choosing them."""

    def headers_to_sign(self, request: Any) -> Any:
        return request.headers


def refusal(request: Received, secrets: Mapping[str, str], *, service: str) -> str | None:
    """Return why a request's signature is refused; None when it is good.

    ``secrets`` maps access key ids to secret access keys; ``service`` is the signing name that must have been used.
    """
    headers = {name.lower(): value for name, value in request.headers}
    parsed = _AUTHORIZATION.fullmatch(headers.get("authorization", ""))
    if parsed is None:
        return "the Authorization header is missing or malformed"
    if parsed["service"] != service:
        return f"the request was signed for {parsed['service']}, not for {service}"
    secret = secrets.get(parsed["key"])
    if secret is None:
        return "the access key id is unknown"
    signed = {name: headers.get(name, "") for name in parsed["signed"].split(";")}
    if "host" not in signed or "x-amz-date" not in signed:
        return "host and x-amz-date must be signed"
    expected = _signature(request, signed, parsed, secret)
    return None if hmac.compare_digest(expected, parsed["signature"]) else "the signature does not match"


def _signature(request: Received, signed: Mapping[str, str], parsed: re.Match[str], secret: str) -> str:
    url = f"http://{signed['host']}{request.target}"
    rebuilt = AWSRequest(method=request.method, url=url, headers=dict(signed), data=request.body)
    rebuilt.context["timestamp"] = signed["x-amz-date"]
    signer = _Signer(Credentials(parsed["key"], secret), parsed["service"], parsed["region"])
    string_to_sign = signer.string_to_sign(rebuilt, signer.canonical_request(rebuilt))
    return str(signer.signature(string_to_sign, rebuilt))
