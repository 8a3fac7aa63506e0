"""The documentation of bindings has every key that bindings know."""

from __future__ import annotations

import re

import pytest
from documentation import REPOSITORY, text
from lapsmith.bindings import model, operations, schema, waiters, xml

KEYS = {
    "top level": schema._ROOT,
    "service": schema._SERVICE,
    "retries": schema._RETRIES,
    "endpoint": (*schema._HOSTS, "rules"),
    "error": schema._ERROR,
    "shape": schema._FLAGS,
    "operation": operations._OPERATION,
    "member": operations._MEMBER,
    "end": operations._END,
    "pages": operations._PAGES,
    "waiter": (*waiters._WAITER, *waiters._MATCHERS, "is", "state"),
    "xml": (*xml._MEMBER, *xml._OPERATION),
}
CHOICES = (
    *(model.PROTOCOLS, model.TIMESTAMP_FORMATS, model.INPUT_LOCATIONS, model.OUTPUT_LOCATIONS, model.SHAPE_LOCATIONS),
    *(model.ERROR_RETRIES, model.OPERATION_RETRIES, model.OPERATION_AUTHS, model.COMPRESSIONS, model.OPERATION_BODIES),
    *(model.OPERATION_POLLS, model.WAITER_STATES),
)


def documented() -> set[str]:
    spans = re.findall(r"`([^`\n]+)`", text(REPOSITORY / "docs" / "bindings.md").replace("```", ""))
    return {word for span in spans for word in re.findall(r"[\w.-]+", span)}


@pytest.mark.parametrize("section", KEYS)
def test_every_key_is_documented(section: str) -> None:
    assert set(KEYS[section]) - documented() == set()


def test_every_choice_is_documented() -> None:
    assert {choice for choices in CHOICES for choice in choices} - documented() == set()
