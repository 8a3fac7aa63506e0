"""Source text to finished source: formatted by black, in one fixed style, and proven to compile."""

from __future__ import annotations

import gc

from lapsmith.python.text import LINE_LENGTH


def format_source(source: str, filename: str) -> str:
    """Format a module with black's pinned style, whatever ``[tool.black]`` says, and compile it.

    Raises :class:`SyntaxError` (or black's InvalidInput) when the templates produced something that is not Python.
    """
    import black
    from black.mode import TargetVersion

    mode = black.Mode(target_versions={TargetVersion.PY311}, line_length=LINE_LENGTH)
    enabled = gc.isenabled()
    # black allocates a tree per token and frees it at once: without the collector it takes half the time.
    gc.disable()
    try:
        formatted = black.format_str(source, mode=mode)
    finally:
        if enabled:
            gc.enable()
    compile(formatted, filename, "exec", dont_inherit=True)
    return formatted
