"""Which operations are wanted: patterns such as ``Get*`` and ``!GetSecret``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from lapsmith.diagnostics import Span, suggest
from lapsmith.ir.context import Context


class Patterns:
    """Wanted operations. Without a pattern that wants something, everything is wanted but for exclusions.

    ``span`` is where the patterns stand; None: on the command line.
    """

    def __init__(self, patterns: Sequence[str], span: Span | None = None) -> None:
        self.all = tuple(patterns)
        self._span = span
        self._wanted = [pattern for pattern in self.all if not pattern.startswith("!")] or ["*"]
        self._dropped = [pattern.removeprefix("!") for pattern in self.all if pattern.startswith("!")]

    @property
    def takes_all(self) -> bool:
        """Whether operations are wanted by default, exclusions aside."""
        return "*" in self._wanted

    def __contains__(self, name: str) -> bool:
        wanted = any(fnmatchcase(name, pattern) for pattern in self._wanted)
        return wanted and not any(fnmatchcase(name, pattern) for pattern in self._dropped)

    def check(self, ctx: Context, names: Iterable[str]) -> None:
        """Report patterns that match none of ``names``, since they are typos or out of date, and an empty choice."""
        known = list(names)
        span = self._span or ctx.document.span
        for pattern in self.all:
            bare = pattern.removeprefix("!")
            if bare != "*" and not any(fnmatchcase(name, bare) for name in known):
                message = f"the pattern '{pattern}' matches no operation"
                ctx.diagnostics.error(span, "no-such-operation", message, suggest(bare, known))
        if known and not any(name in self for name in known):
            message = "the patterns leave no operation: " + ", ".join(self.all)
            ctx.diagnostics.error(span, "no-operations", message)
