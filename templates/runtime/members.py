"""The members of a request body, by their names on the wire, with their types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Members:
    """What a request body can hold: wire name -> type."""

    __slots__ = ("types",)

    def __init__(self, types: Mapping[str, Any]) -> None:
        self.types = types
