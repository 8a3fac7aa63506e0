"""Which operations are wanted: patterns such as ``Get*`` and ``!GetSecret``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from lapsmith.diagnostics import suggest
from lapsmith.ir.context import Context


def takes_all(patterns: Sequence[str]) -> bool:
    """Whether operations are wanted by default, exclusions aside."""
    wanted = [pattern for pattern in patterns if not pattern.startswith("!")]
    return "*" in wanted or not wanted


def select(ctx: Context, names: Iterable[str], patterns: Sequence[str]) -> set[str]:
    """The wanted names. A pattern that matches nothing is an error, since it is a typo or out of date."""
    known = list(names)
    wanted = set(known) if not any(not pattern.startswith("!") for pattern in patterns) else set()
    dropped: set[str] = set()
    for pattern in patterns:
        bare = pattern.removeprefix("!")
        found = {name for name in known if fnmatchcase(name, bare)}
        if not found and bare != "*":
            message = f"the pattern '{pattern}' matches no operation"
            ctx.diagnostics.error(ctx.document.span, "no-such-operation", message, suggest(bare, known))
        if pattern.startswith("!"):
            dropped |= found
        else:
            wanted |= found
    chosen = wanted - dropped
    if known and not chosen:
        message = "the patterns leave no operation: " + ", ".join(patterns)
        ctx.diagnostics.error(ctx.document.span, "no-operations", message)
    return chosen
