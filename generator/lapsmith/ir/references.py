"""References inside the bindings to what the spec or types.lap define."""

from __future__ import annotations

from collections.abc import Mapping

from lapsmith.diagnostics import suggest
from lapsmith.ir.context import Context
from lapsmith.ir.definitions import Definition


def check_references(ctx: Context, definitions: Mapping[str, Definition]) -> None:
    """Report names of shapes that nothing bears."""
    bindings = ctx.bindings
    if bindings is None:
        return
    for name, shape in bindings.shapes.items():
        if name not in definitions:
            message = f"no shape is called '{name}' in spec or types.lap"
            hint = suggest(name, definitions) or f"{ctx.define(name)}; or remove it here"
            ctx.diagnostics.error(shape.span, "unknown-shape", message, hint)
