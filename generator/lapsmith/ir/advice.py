"""How hints say what to do: in the terms of the command or the configuration that the user wrote."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Advice:
    """What hints can suggest.

    ``patterns`` choose the operations. ``by_option`` says that they come from ``--operation`` rather than from a
    configuration. ``bind`` is the command that derives the bindings; None for a spec that no command can bind.
    """

    patterns: tuple[str, ...] = ("*",)
    by_option: bool = False
    bind: str | None = None

    def leave_out(self, name: str) -> str:
        """How to exclude an operation."""
        patterns = (*self.patterns, f"!{name}")
        if self.by_option:
            return " ".join(f"--operation {shlex.quote(pattern)}" for pattern in patterns)
        return f"operations = {json.dumps(patterns)}"

    @property
    def bind_again(self) -> str:
        """How to derive the bindings from the spec as it is now."""
        return f"run: {self.bind}" if self.bind else "bind the spec anew with lapsmith bind"
