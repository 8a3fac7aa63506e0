"""A spec's path to a request target."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

from lapsmith.diagnostics import Span
from lapsmith.ir.context import Context
from lapsmith.ir.model import Label, Uri
from lapsmith.lap.tree import Endpoint

# ``{{server}}`` is a variable of the tool that some specs were exported from: filled in by the caller like any other.
_PLACEHOLDER = re.compile(r"\{\{([^{}]+)\}\}|\{([^{}]+?)(\+?)\}")
# What RFC 3986 lets stand in a path segment, and the slash; a percent sign only in front of two hex digits.
_PATH_SAFE = "/:@!$&'()*+,;=~-._%"
_BARE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True)
class Target:
    """A request target, and the members that its query string asks for: query key by member name."""

    uri: Uri
    query_members: Mapping[str, str] = field(default_factory=dict)

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(part.name for part in self.uri.segments if isinstance(part, Label))


def read_target(ctx: Context, endpoint: Endpoint) -> Target:
    """Split an endpoint's path. The fragment only tells endpoints apart in a spec: it is noted and left out."""
    path = endpoint.path
    if not path.path.startswith("/"):
        message = f"the path '{path.raw}' does not begin with '/'"
        ctx.diagnostics.error(path.span, "bad-path", message, "write the path without scheme and host")
    if path.fragment is not None:
        message = f"'#{path.fragment}' tells endpoints apart in the spec; it is not sent"
        ctx.diagnostics.note(path.span, "fragment", message)
    pairs, members = _query(path.query)
    return Target(Uri(_segments(ctx, path.path, path.span), pairs), members)


def _segments(ctx: Context, path: str, span: Span) -> tuple[str | Label, ...]:
    parts: list[str | Label] = []
    seen: set[str] = set()
    at = 0
    for found in _PLACEHOLDER.finditer(path):
        parts += [_literal(path[at : found.start()])] if found.start() > at else []
        name = found[1] or found[2]
        if name in seen:
            hint = "each placeholder needs a name of its own"
            ctx.diagnostics.error(span, "duplicate-placeholder", f"the path has two placeholders {{{name}}}", hint)
        seen.add(name)
        parts.append(Label(name, greedy=found[3] == "+"))
        at = found.end()
    parts += [_literal(path[at:])] if at < len(path) else []
    return tuple(parts)


def _literal(text: str) -> str:
    return quote(_BARE_PERCENT.sub("%25", text), safe=_PATH_SAFE, errors="replace")


def _query(query: str | None) -> tuple[tuple[tuple[str, str | None], ...], dict[str, str]]:
    pairs: list[tuple[str, str | None]] = []
    members: dict[str, str] = {}
    for item in (query or "").split("&"):
        key, sign, value = item.partition("=")
        found = _PLACEHOLDER.fullmatch(value)
        if found:
            members[found[1] or found[2]] = unquote(key)
        elif key:
            pairs.append((unquote(key), unquote(value) if sign else None))
    return tuple(pairs), members
