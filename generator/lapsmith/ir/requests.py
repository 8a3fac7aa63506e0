"""How an operation's requests differ from those of its service: host prefix, signing, endpoint parameters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lapsmith.bindings.model import Fact, OperationBinding
from lapsmith.diagnostics import suggest
from lapsmith.ir.context import Context
from lapsmith.ir.model import EndpointParameter, Label, Member, OperationAuth, Origin, StringType

PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_PREFIX = re.compile(r"(?:[A-Za-z0-9-]|\{[^{}]+\})+(?:\.(?:[A-Za-z0-9-]|\{[^{}]+\})+)*\.?")


@dataclass(frozen=True, slots=True)
class Requests:
    """The facts, and their origins by attribute name."""

    host_prefix: tuple[str | Label, ...]
    auth: OperationAuth | None
    compress: bool
    bodiless: bool
    long_poll: bool
    url_member: str | None
    endpoint_parameters: tuple[EndpointParameter, ...]
    origins: dict[str, Origin]


def read_requests(ctx: Context, binding: OperationBinding | None, members: Sequence[Member]) -> Requests:
    """What the bindings of an operation say of its requests; ``members`` are its input."""
    host = binding.host if binding else None
    auth = binding.auth if binding else None
    compress = binding.compress if binding else None
    # A spec that has got an input since says more.
    body = binding.body if binding and not members else None
    poll = binding.poll if binding else None
    url = binding.url if binding else None
    stated = {
        "host_prefix": host,
        "auth": auth,
        "compress": compress,
        "bodiless": body,
        "long_poll": poll,
        "url_member": url,
    }
    return Requests(
        host_prefix=_host_prefix(ctx, host, members) if host else (),
        auth=_auth(ctx, binding.name, auth) if binding and auth else None,
        compress=compress is not None,
        bodiless=body is not None,
        long_poll=poll is not None,
        url_member=_url_member(ctx, url, members) if url else None,
        endpoint_parameters=tuple(_endpoint_parameters(ctx, binding)) if binding else (),
        origins={name: ctx.of(fact) for name, fact in stated.items() if fact},
    )


def _auth(ctx: Context, name: str, auth: Fact[str]) -> OperationAuth | None:
    if auth.value != "other":
        return OperationAuth(auth.value)
    message = f"operation {name} does not take SigV4 signatures, and clients make no others"
    hint = (
        f"leave it out: {ctx.advice.leave_out(name)}; or say 'auth: none' in overrides.yaml, "
        "and give what it takes in extra_headers"
    )
    ctx.diagnostics.error(auth.span, "auth-unsupported", message, hint)
    return None


def _url_member(ctx: Context, url: Fact[str], members: Iterable[Member]) -> str | None:
    texts = {member.name for member in members if isinstance(member.type, StringType)}
    if url.value in texts:
        return url.value
    message = f"'url' names '{url.value}', which is no input member of type str"
    ctx.diagnostics.error(url.span, "unknown-member", message, suggest(url.value, texts))
    return None


def _host_prefix(ctx: Context, host: Fact[str], members: Iterable[Member]) -> tuple[str | Label, ...]:
    if not _PREFIX.fullmatch(host.value):
        message = f"'{host.value}' cannot go before a host name"
        ctx.diagnostics.error(host.span, "bad-host", message, 'write it as "{Name}.", with members in braces')
        return ()
    names = {member.name for member in members}
    parts: list[str | Label] = []
    for index, text in enumerate(PLACEHOLDER.split(host.value)):
        if index % 2 == 0:
            parts += [text] if text else []
            continue
        if text not in names:
            message = f"the host prefix '{host.value}' names '{text}', which is no input member"
            ctx.diagnostics.error(host.span, "unknown-member", message, suggest(text, names))
        parts.append(Label(text))
    return tuple(parts)


def _endpoint_parameters(ctx: Context, binding: OperationBinding) -> Iterable[EndpointParameter]:
    for name, entry in binding.endpoint.items():
        yield EndpointParameter(
            name,
            entry.literal.value if entry.literal else None,
            entry.path.value if entry.path else None,
            {"name": ctx.origin(entry.span)},
        )
