"""Known values of texts that the bindings tell. The spec's own stay as they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from lapsmith.bindings.model import EnumUse, Fact, MemberBinding
from lapsmith.diagnostics import suggest
from lapsmith.ir import model
from lapsmith.ir.context import Context
from lapsmith.ir.wire import describe


def with_enums(
    ctx: Context, where: str, kind: model.Type, bound: MemberBinding | None, origins: dict[str, model.Origin]
) -> model.Type:
    """A member's type with the enums of its texts, and their origin where a binding tells them.

    A name without values, and a place that cannot hold text, are reported.
    """
    if bound is None or bound.enum is None:
        return kind
    origins["enum"] = ctx.origin(bound.enum.span)
    return _applied(ctx, where, kind, bound.enum)


def _applied(ctx: Context, where: str, kind: model.Type, use: EnumUse) -> model.Type:
    match kind:
        case model.ListType(item):
            return replace(kind, item=_applied(ctx, where, item, use))
        case model.MapType(key, value):
            values = EnumUse(use.span, use.text) if use.text else use.values
            key = _named(ctx, where, key, use.keys) if use.keys else key
            return replace(kind, key=key, value=_applied(ctx, where, value, values) if values else value)
        case _ if use.text is not None:
            return _named(ctx, where, kind, use.text)
        case _:
            return _misplaced(ctx, where, kind, "is {}, and no map", use)


def _named(ctx: Context, where: str, kind: model.Type, name: Fact[str]) -> model.Type:
    known = ctx.bindings.enums if ctx.bindings else {}
    if name.value not in known:
        message = f"'{where}' has the enum '{name.value}', which is not under 'enums'"
        hint = suggest(name.value, known) or f"add it under 'enums' in {ctx.editable}, with its values"
        ctx.diagnostics.error(name.span, "unknown-enum", message, hint)
        return kind
    if not isinstance(kind, model.StringType):
        return _misplaced(ctx, where, kind, "is {}, and only text has known values", name)
    values = tuple(fact.value for fact in known[name.value].values)
    if not kind.enum or set(kind.enum) == set(values):
        return model.StringType(values, name.value)
    message = f"'{where}' has other known values than the enum {name.value}; those of the spec are kept"
    ctx.diagnostics.note(name.span, "enum-differs", message, f"the spec has {', '.join(kind.enum)}")
    return kind


def _misplaced(ctx: Context, where: str, kind: model.Type, what: str, at: EnumUse | Fact[str]) -> model.Type:
    if not isinstance(kind, model.DocumentType):  # What is any value may well be such a text.
        message = f"'{where}' {what.format(describe(kind))}"
        ctx.diagnostics.error(at.span, "wrong-kind", message, "remove 'enum'")
    return kind


def used_enums(ctx: Context, members: Iterable[model.Member]) -> Mapping[str, model.Enum]:
    """The enums that members have, by name."""
    names = {name for member in members for name in named(member.type)}
    known = ctx.bindings.enums if ctx.bindings else {}
    return {
        name: model.Enum(name, tuple(fact.value for fact in entry.values), {"values": ctx.origin(entry.span)})
        for name, entry in sorted(known.items())
        if name in names
    }


def named(kind: model.Type) -> Iterator[str]:
    """The names of the enums that a type mentions."""
    match kind:
        case model.ListType(item):
            yield from named(item)
        case model.MapType(key, value):
            yield from named(key)
            yield from named(value)
        case model.StringType(_, str(name)):
            yield name
        case _:
            return
