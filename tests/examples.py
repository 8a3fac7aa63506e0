"""How many examples property tests draw: few while someone waits, many in a campaign."""

from __future__ import annotations

import os

IS_CAMPAIGN = os.environ.get("HYPOTHESIS_PROFILE") == "full"


def examples(count: int) -> int:
    """Return ``count``, or in a campaign twenty times as many."""
    return 20 * count if IS_CAMPAIGN else count
