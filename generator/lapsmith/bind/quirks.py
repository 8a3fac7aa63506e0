"""What holds of single services and is in no model: each entry says where it comes from."""

from __future__ import annotations

from collections.abc import Mapping

TWINS: Mapping[str, frozenset[str]] = {
    # Each has got a ...ForOrganization beside it that takes and returns the same. Models before 2023, 2024 and 2026
    # lack those, and nothing but prose tells which of the two an endpoint is.
    "License Manager": frozenset(("ListLicenseConfigurations", "ListReceivedGrants", "ListReceivedLicenses")),
}
"""By service id: operations that members alone do not tell from one that later models have."""
