"""``lapsmith demo``: generate the SageMaker Runtime client and call it against an endpoint on this machine."""

from __future__ import annotations

from lapsmith.demo.tour import run

__all__ = ["run"]
