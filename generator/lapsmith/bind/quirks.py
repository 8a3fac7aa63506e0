"""Facts about single services that AWS's SDKs have in code, so no model carries them.

Source: botocore 1.44, ``retries/standard.py`` and ``retries/special.py``. Services go by their service id.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_SERVICES: Mapping[str, Mapping[str, object]] = {
    "DynamoDB": {"retries": {"attempts": 4, "delay": 0.025}, "crc32": True},
    "DynamoDB Streams": {"retries": {"attempts": 4, "delay": 0.025}},
}
_LONG_POLLS: Mapping[str, frozenset[str]] = {
    "Kinesis": frozenset({"ReceiveDeadLetterQueueRecords", "ReceiveQueueRecords"}),
    "SFN": frozenset({"GetActivityTask"}),
    "SQS": frozenset({"ReceiveMessage"}),
    "SWF": frozenset({"PollForActivityTask", "PollForDecisionTask"}),
}
# Retried though no model says so.
_TRANSIENT: Mapping[str, frozenset[str]] = {"STS": frozenset({"IDPCommunicationErrorException"})}
# What they give out, temporary credentials, does no harm when it is given out twice.
_SAFE: Mapping[str, frozenset[str]] = {"STS": frozenset({"AssumeRoleWithWebIdentity"})}


def with_quirks(content: dict[str, Any]) -> dict[str, Any]:
    """Add what is known of the service to the content of its bindings; returns the content."""
    service = content["service"]
    name = service["id"]
    service.update(_SERVICES.get(name, {}))
    _set(content.get("operations", {}), _LONG_POLLS.get(name), "poll", "long")
    _set(content.get("operations", {}), _SAFE.get(name), "retry", "safe")
    _set(content.get("errors", {}), _TRANSIENT.get(name), "retry", "transient")
    return content


def _set(entries: dict[str, Any], names: frozenset[str] | None, key: str, value: str) -> None:
    for name in (names or frozenset()) & entries.keys():
        entries[name] = entries[name] | {key: value}
