"""``bind`` of specs that are newer than the model: what the model lacks is bound to nothing, and most else is bound.

Each service's spec is compiled from the installed botocore's model and bound to an old one: whole, without a tenth of
its endpoints, in any order, and each endpoint alone; with prose and without.
"""

from __future__ import annotations

import pytest
from bind.old_models import VERSIONS, pairs
from bind.precision import Condition, measure

# So many endpoints were bound rightly, over all services, when up to 31 in a condition were bound wrongly. Caution may
# cost 2% of them. Without prose, order and members are all there is.
BEFORE: dict[str, dict[Condition, int]] = {
    "1.29": {
        ("prose", "plain"): 9260,
        ("prose", "dropped"): 8280,
        ("prose", "shuffled"): 8281,
        ("prose", "single"): 9182,
        ("lean", "plain"): 8846,
        ("lean", "dropped"): 7808,
        ("lean", "shuffled"): 7669,
        ("lean", "single"): 8147,
    },
    "1.34": {
        ("prose", "plain"): 11806,
        ("prose", "dropped"): 10547,
        ("prose", "shuffled"): 10585,
        ("prose", "single"): 11735,
        ("lean", "plain"): 11518,
        ("lean", "dropped"): 10212,
        ("lean", "shuffled"): 9972,
        ("lean", "single"): 10620,
    },
}
# Each has an operation that looks like another one that older models do not have yet.
FEW = (
    *("appstream", "athena", "cloudtrail", "codebuild", "datasync", "frauddetector", "license-manager", "logs"),
    *("opensearchserverless", "redshift-data", "secretsmanager", "snowball", "voice-id", "workmail"),
)
# Shares of the endpoints of those services whose operation the model has.
LEAST = {
    "1.29": {"prose": 0.92, "lean": 0.67, "public": 0.89},
    "1.34": {"prose": 0.95, "lean": 0.71, "public": 0.93},
}


@pytest.mark.parametrize("version", [pytest.param(VERSIONS[0], marks=pytest.mark.slow), *VERSIONS[1:]])
def test_few_services(version: str) -> None:
    there = {service for service, _, _ in pairs(version)}
    found = measure(version, there.intersection(FEW))
    assert found.wrong == []
    for (kind, mode), counts in found.tally.items():
        assert counts["absent"] > 50, (kind, mode)
        assert counts["right"] >= LEAST[version][kind] * (counts["right"] + counts["unbound"]), (kind, mode, counts)


@pytest.mark.full
@pytest.mark.parametrize("version", VERSIONS)
def test_every_service(version: str) -> None:
    found = measure(version, [service for service, _, _ in pairs(version)], jobs=2)
    assert found.wrong == []
    for condition, before in BEFORE[version].items():
        assert found.tally[condition]["right"] >= 0.98 * before, condition
