"""Names that no input file gives: operations by method and path, anonymous structures by where they stand."""

from __future__ import annotations

import re
from collections.abc import Container

from lapsmith.lap.tree import Endpoint

_WORD = re.compile(r"[^\W_]+")
_PLACEHOLDER = re.compile(r"\{+([^{}]*)\}+")


def camel(text: str) -> str:
    """``analysis-segments`` and ``analysis_segments`` are ``AnalysisSegments``; capitals inside a word stay."""
    return "".join(word[0].upper() + word[1:] for word in _WORD.findall(text))


def operation_name(endpoint: Endpoint) -> str:
    """``GET /users/{id}/posts`` is ``GetUsersByIdPosts``; query and fragment count, since they tell endpoints
    apart.
    """
    raw = _PLACEHOLDER.sub(lambda found: " by " + found[1] + " ", endpoint.path.raw)
    return endpoint.method.capitalize() + (camel(raw) or "Root")


def unique(name: str, taken: Container[str]) -> str:
    """``name``, or with the first number from 2 that makes it free."""
    if name not in taken:
        return name
    number = 2
    while f"{name}{number}" in taken:
        number += 1
    return f"{name}{number}"
