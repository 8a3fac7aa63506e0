"""The environment that settings and credentials are read from."""

from __future__ import annotations

import os
from collections.abc import Mapping


class Variables:
    """Environment variables, ``os.environ``'s by default. One that is empty counts as not set.

    They are read through this class because the repr of a mapping shows its values, some of them secret, to whoever
    prints the local variables of a traceback.
    """

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self._values = os.environ if values is None else values

    def get(self, name: str) -> str | None:
        """Return a variable's value; None where it is not set, or empty."""
        return self._values.get(name) or None

    def first(self, *names: str) -> str | None:
        """Return the first of these names that is set, or None."""
        return next((name for name in names if self.get(name)), None)
