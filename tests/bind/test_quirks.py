"""Facts about single services that no model carries."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from bind.deriving import derive, model, operation
from botocore.retries import standard


def bound(folder: Path, service: str, *names: str) -> dict[str, Any]:
    found = model(serviceId=service)
    for name in names:
        operation(found, name, f"/{name}")
    content, _ = derive(folder, found)
    return content


def service_id(name: str) -> str:
    words = {"dynamodb": "DynamoDB", "streams": "Streams", "kinesis": "Kinesis"}
    return " ".join(words.get(word, word.upper()) for word in name.split("-"))


@pytest.mark.parametrize("name", sorted(standard._SERVICE_MAX_ATTEMPTS))
def test_services_with_retries_of_their_own(tmp_path: Path, name: str) -> None:
    retries = bound(tmp_path, service_id(name), "GetThing")["service"]["retries"]
    assert retries == {
        "attempts": standard._SERVICE_MAX_ATTEMPTS[name],
        "delay": standard.ExponentialBackoff._SERVICE_BACKOFF_CONFIG[name]["non_throttling_base_scale"],
    }


@pytest.mark.parametrize("name", sorted(standard.RetryHandler._LONG_POLLING_OPERATIONS))
def test_long_polls(tmp_path: Path, name: str) -> None:
    polls = sorted(standard.RetryHandler._LONG_POLLING_OPERATIONS[name])
    operations = bound(tmp_path, service_id(name), *polls, "DoOther")["operations"]
    assert {each: operations[each].get("poll") for each in operations} == {
        **dict.fromkeys(polls, "long"),
        "DoOther": None,
    }


def test_only_dynamodb_has_checksums(tmp_path: Path) -> None:
    assert bound(tmp_path, "DynamoDB", "GetThing")["service"]["crc32"] is True
    assert "crc32" not in bound(tmp_path, "DynamoDB Streams", "GetThing")["service"]
    other = bound(tmp_path, "Tiny", "ReceiveMessage")
    assert other["service"].keys().isdisjoint({"retries", "crc32"})
    assert "poll" not in other["operations"]["ReceiveMessage"]
