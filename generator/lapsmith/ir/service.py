"""What is said of the service as a whole: identity, protocol, signing, hosts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import urlsplit

from lapsmith.bindings.model import Bindings, Fact, HostBinding, Retries, ServiceBinding
from lapsmith.ir.check import is_own_header
from lapsmith.ir.context import Context, default
from lapsmith.ir.model import HostTemplates, Origin, Protocol, Signing
from lapsmith.ir.naming import camel
from lapsmith.ir.rules import RuleSet
from lapsmith.ir.wire import is_token

T = TypeVar("T")

_TARGETED = {
    Protocol.JSON_1_0: "names operations in X-Amz-Target",
    Protocol.JSON_1_1: "names operations in X-Amz-Target",
    Protocol.RPC_V2_CBOR: "names the service in its paths",
}
_VERSIONED = (Protocol.QUERY, Protocol.EC2)

RULES_FILE = "endpoint-rules.json"
"""Where the endpoint rules are, beside the bindings."""


@dataclass(slots=True)
class Header:
    """The service's own facts, and their origins by attribute name."""

    name: str
    id: str
    class_name: str
    signing: Signing | None
    target: str | None
    hosts: HostTemplates | None
    endpoint_rules: RuleSet | None
    base_url: str | None
    read_timeout: float | None
    max_attempts: int | None
    retry_delay: float | None
    crc32: bool
    query_compatible: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    api_version: str | None = None
    origins: dict[str, Origin] = field(default_factory=dict)


def protocol_of(bindings: Bindings | None) -> Protocol:
    """The bindings' protocol, else REST with JSON: RPC endpoints without bindings are refused elsewhere."""
    service = bindings.service if bindings else None
    return Protocol(service.protocol.value) if service and service.protocol else Protocol.REST_JSON


def build_header(ctx: Context) -> Header:
    """Read the header; whatever is missing for a working client is reported."""
    bound = (ctx.bindings.service if ctx.bindings else None) or ServiceBinding(ctx.document.span)
    origins: dict[str, Origin] = {}
    name = _name(ctx, origins)
    retries = bound.retries or Retries()
    return Header(
        name=name,
        id=_identity(ctx, "id", bound.id, name, "id-from-api-name", origins),
        class_name=_identity(ctx, "class_name", bound.class_name, _class(name), "class-from-api-name", origins),
        signing=_signing(ctx, bound, origins),
        target=_target(ctx, bound, origins),
        hosts=_hosts(ctx),
        endpoint_rules=_rules(ctx, origins),
        base_url=_base_url(ctx, origins),
        read_timeout=_stated(ctx, "read_timeout", bound.read_timeout, origins),
        max_attempts=_stated(ctx, "max_attempts", retries.attempts, origins),
        retry_delay=_stated(ctx, "retry_delay", retries.delay, origins),
        crc32=bool(_stated(ctx, "crc32", bound.crc32, origins)),
        query_compatible=_query_compatible(ctx, bound, origins),
        headers=_headers(ctx, bound),
        api_version=_version(ctx, bound, origins),
        origins=_with_document_facts(ctx, bound, origins),
    )


def _name(ctx: Context, origins: dict[str, Origin]) -> str:
    if ctx.document.api and ctx.document.api.strip():
        origins["name"] = ctx.origin(ctx.document.api_span or ctx.document.span)
        return ctx.document.api.strip()
    origins["name"] = ctx.inferred(ctx.document.span, "api-name-missing", "the spec has no @api, so it is 'Service'")
    return "Service"


def _class(name: str) -> str:
    ascii_name = re.sub(r"[^A-Za-z0-9]+", " ", name)
    word = camel(ascii_name)
    return word if word[:1].isalpha() else f"Service{word}"


def _identity(
    ctx: Context, fact: str, bound: Fact[str] | None, guess: str, rule: str, origins: dict[str, Origin]
) -> str:
    if bound is not None:
        origins[fact] = ctx.of(bound)
        return bound.value
    key = "class" if fact == "class_name" else fact
    origins[fact] = ctx.inferred(ctx.document.span, rule, f"the service's {key} is taken to be '{guess}'")
    return guess


def _with_document_facts(ctx: Context, bound: ServiceBinding, origins: dict[str, Origin]) -> dict[str, Origin]:
    span = ctx.document.span
    if bound.protocol:
        origins["protocol"] = ctx.of(bound.protocol)
    else:
        message = "no protocol is stated, so it is taken to be rest-json"
        origins["protocol"] = ctx.inferred(span, "rest-json-by-default", message)
    return origins


def _version(ctx: Context, bound: ServiceBinding, origins: dict[str, Origin]) -> str | None:
    if bound.version is not None:
        origins["api_version"] = ctx.of(bound.version)
        return bound.version.value
    version = (ctx.document.version or "").strip()
    origins["api_version"] = ctx.origin(ctx.document.span) if version else default("no-version")
    if not version and ctx.protocol in _VERSIONED:
        message = f"the protocol {ctx.protocol} sends the API's version, and the spec has no @version"
        ctx.diagnostics.error(ctx.document.span, "version-missing", message, "add 'service: {version: ...}'")
    return ctx.document.version


def _signing(ctx: Context, bound: ServiceBinding, origins: dict[str, Origin]) -> Signing | None:
    auth, span = ctx.document.auth, ctx.document.auth_span or ctx.document.span
    if bound.signing is not None:
        origins["signing"] = ctx.of(bound.signing)
        return Signing(bound.signing.value, bool(bound.s3 and bound.s3.value))
    if bound.s3 is not None and bound.s3.value:
        message = "'s3' changes how requests are signed, but the bindings have no signing name"
        ctx.diagnostics.error(bound.s3.span, "signing-name-missing", message, "add 'signing: s3'")
    origins["signing"] = ctx.origin(span) if auth else default("no-auth")
    if ctx.is_sigv4:
        message = "requests are signed with SigV4, and the name to sign for is not in the spec"
        hint = f"add 'service: {{signing: NAME}}' to {ctx.editable}"
        ctx.diagnostics.error(span, "signing-name-missing", message, hint)
    elif auth:
        message = f"'@auth {auth}' is not AWS SigV4: the client sends requests without authentication"
        ctx.diagnostics.warning(span, "auth-unsupported", message, "callers can add headers with with_options")
    return None


def _query_compatible(ctx: Context, bound: ServiceBinding, origins: dict[str, Origin]) -> bool:
    fact = bound.query_compatible
    origins["query_compatible"] = ctx.of(fact) if fact else default("not-query-compatible")
    if fact is not None and fact.value and ctx.protocol not in _TARGETED:
        message = f"the protocol {ctx.protocol} never was the query protocol, so 'query_compatible' is not used"
        ctx.diagnostics.warning(fact.span, "query-compatible-unused", message, "remove it")
    return bool(fact and fact.value)


def _headers(ctx: Context, bound: ServiceBinding) -> Mapping[str, str]:
    for name, fact in bound.headers.items():
        if not is_token(name) or is_own_header(ctx, name):
            why = "which the client sets itself" if is_token(name) else "which is no header name"
            message = f"requests cannot have the fixed header {name!r}, {why}"
            ctx.diagnostics.error(fact.span, "reserved-header", message, "remove it")
    return {name: fact.value for name, fact in bound.headers.items()}


def _target(ctx: Context, bound: ServiceBinding, origins: dict[str, Origin]) -> str | None:
    origins["target"] = ctx.of(bound.target) if bound.target else default("no-target")
    if bound.target is None and ctx.protocol in _TARGETED:
        message = f"the protocol {ctx.protocol} {_TARGETED[ctx.protocol]}, and 'target' is missing"
        ctx.diagnostics.error(bound.span, "target-missing", message, "add 'target:' under 'service'")
    if bound.target is not None and ctx.protocol not in _TARGETED:
        message = f"the protocol {ctx.protocol} has no X-Amz-Target header, so 'target' is not used"
        ctx.diagnostics.warning(bound.target.span, "target-unused", message, "remove it")
    return bound.target.value if bound.target else None


def _stated(ctx: Context, name: str, fact: Fact[T] | None, origins: dict[str, Origin]) -> T | None:
    """Return what the bindings say; None leaves it to the runtime's default."""
    origins[name] = ctx.of(fact) if fact else default("runtime-default")
    return fact.value if fact else None


def _hosts(ctx: Context) -> HostTemplates | None:
    endpoint = ctx.bindings.endpoint if ctx.bindings else None
    if endpoint is None or endpoint.rules is not None:
        return None
    forms = {
        "default": endpoint.host,
        "fips": endpoint.fips,
        "dualstack": endpoint.dualstack,
        "fips_dualstack": endpoint.fips_dualstack,
    }
    origins = {key: ctx.origin(form.span) if form else default("no-such-host") for key, form in forms.items()}
    templates = {key: _templates(form) for key, form in forms.items()}
    return HostTemplates(**templates, origins=origins)


def _rules(ctx: Context, origins: dict[str, Origin]) -> RuleSet | None:
    stated = ctx.bindings.endpoint.rules if ctx.bindings and ctx.bindings.endpoint else None
    if stated is None:
        return None
    origins["endpoint_rules"] = ctx.of(stated)
    if stated.value != RULES_FILE:
        message = f"endpoint rules are read from a file called {RULES_FILE} only"
        ctx.diagnostics.error(stated.span, "endpoint-rules-missing", message, "rename the file")
    elif ctx.rules is None:
        message = f"there is no {RULES_FILE} beside the bindings"
        hint = "'lapsmith bind' writes it; or write 'endpoint: {host: ...}' instead"
        ctx.diagnostics.error(stated.span, "endpoint-rules-missing", message, hint)
    return ctx.rules


def _templates(form: HostBinding | None) -> Mapping[str, str]:
    return {partition: fact.value for partition, fact in form.templates.items()} if form else {}


def _base_url(ctx: Context, origins: dict[str, Origin]) -> str | None:
    base, span = ctx.document.base, ctx.document.base_span or ctx.document.span
    has_hosts = ctx.bindings is not None and ctx.bindings.endpoint is not None
    origins["base_url"] = ctx.origin(span) if base else default("no-base")
    url = base.strip().rstrip("/") if base else None
    if url and not _is_url(url):
        message = f"'@base {base}' is not a URL with a host, so callers must give endpoint_url"
        ctx.diagnostics.warning(span, "bad-base", message)
        url = None
    elif not url and not has_hosts:
        message = "neither spec nor bindings say which host serves this API: callers must give endpoint_url"
        ctx.diagnostics.warning(span, "no-host", message, f"add 'endpoint: {{host: ...}}' to {ctx.editable}")
    return url


def _is_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
