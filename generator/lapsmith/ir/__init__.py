"""The intermediate representation: :mod:`lapsmith.ir.model`, and :func:`build`, which makes it."""

from __future__ import annotations

from lapsmith.ir.build import Built, build

__all__ = ["Built", "build"]
