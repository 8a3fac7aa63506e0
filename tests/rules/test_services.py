"""The compiled endpoint rules of every AWS service say what botocore's engine says of the same rules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from lapsmith.ir.rules import Kind, RuleParameter

from .services import (
    COMMON,
    FILES,
    REGIONS,
    SOME_REGIONS,
    Compiled,
    Oracle,
    agree,
    compiled,
    file_of,
    name_of,
    raw,
    read,
)
from .services import settings as client_settings

OWN_PARAMETERS = sorted({file.parts[-3] for file in FILES if {each.name for each in read(file).parameters} - COMMON})

ACCOUNTS = st.sampled_from(("123456789012", "1", "", "not-a-number", "bad_label", "é"))
ARNS = st.builds(
    ":".join,
    st.tuples(
        st.sampled_from(("arn", "arn", "arn", "urn", "")),
        st.sampled_from(("aws", "aws", "aws", "aws-cn", "aws-us-gov", "aws-iso", "")),
        st.sampled_from(
            (
                *("s3", "s3-outposts", "s3-object-lambda", "s3express", "kinesis", "dynamodb", "events"),
                *("cloudfront", "states", ""),
            )
        ),
        st.sampled_from(("us-east-1", "us-west-2", "cn-north-1", "", "bad region")),
        ACCOUNTS,
        st.sampled_from(
            (
                *("accesspoint:mine", "accesspoint/mine", "accesspoint:mine:object", "accesspoint:mfzwi.mrap"),
                *("outpost:op-01234567890123456:accesspoint:reports", "outpost/op-01234567890123456/bucket/mine"),
                *("outpost:op-1", "stream/test-stream", "stream/test/consumer/one:1525898737", "table/orders"),
                *("key-value-store/one", "channel/one", "queue/one", "bucket/mine--use1-az1--x-s3", "", "x"),
            )
        ),
    ),
)
BUCKETS = st.sampled_from(
    (
        *("mybucket", "my.bucket", "My-Bucket", "my_bucket", "192.168.1.1", "ab", "x" * 64, "-a", "a b"),
        *("mine--use1-az1--x-s3", "mine--abcd-ab1--x-s3", "mine--test-long1-zone-ab1--x-s3", "a.b--use1-az1--x-s3"),
        *("test-accessp-e0b1d075test-accessp-e0b1d075e0b1d075--op-s3", "mine--usw2-az1--xa-s3"),
        "test-accessp-o0b1d075test-accessp-o0b1d075test-o0--op-s3",
    )
)
WORDS = st.sampled_from(
    (
        *("preferred", "required", "disabled", "data", "control", "ACM", "ACM-ACME", "ControlPlane", "DataPlane"),
        *("12345678901234567890-123", "abcdefghijklmnopqrst-xyz", "op-01234567890123456", "local", "us-east-1"),
    )
)
# Engines differ over a label with a line end after it, and over digits of other scripts; both are no host labels.
ODD = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Nd"), exclude_characters="\n"), max_size=30)
DIGITS = st.text("0123456789-", max_size=30)
TEXTS = st.one_of(ARNS, BUCKETS, WORDS, ODD, DIGITS)
ENDPOINTS = st.sampled_from(
    (
        *("https://example.com", "http://127.0.0.1:8000/path", "https://[::1]/a/", "https://example.com/a b"),
        *("https://kinesis-abcd.us-east-1.amazonaws.com", "http://kinesis-abcd.x.example", "https://x.com/?query"),
        *("ftp://example.com", "https://dynamodb.us-east-1.api.aws", "no URL", "HTTPS://Example.COM", "https://a/%2F"),
    )
)


def draws(parameter: RuleParameter) -> st.SearchStrategy[Any]:
    """Draw a value of a parameter; None stands for none."""
    own: dict[str, st.SearchStrategy[Any]] = {
        "Region": st.one_of(st.sampled_from(REGIONS), st.sampled_from(("us-east-1", "us-west-2", "local", "moon-1"))),
        "Endpoint": ENDPOINTS,
        "AccountId": ACCOUNTS,
        "Bucket": st.one_of(BUCKETS, ARNS, ODD),
    }
    if parameter.name in own:
        values = own[parameter.name]
    elif parameter.kind is Kind.BOOLEAN:
        values = st.booleans()
    elif parameter.kind is Kind.STRINGS:
        values = st.lists(TEXTS, max_size=2)
    else:
        values = ARNS | TEXTS if parameter.name.lower().endswith("arn") else TEXTS
    return values if parameter.required and parameter.name != "Region" else st.none() | values | values


def check(file: Path, regions: list[str]) -> None:
    rules = read(file)
    ours, oracle = compiled(rules), Oracle(raw(file))
    for values in client_settings(rules, regions):
        answer, expected = ours.answer(values), oracle.answer(values)
        assert agree(answer, expected), (values, answer, expected)


def test_there_are_as_many_services_as_botocore_has() -> None:
    assert len(FILES) > 450
    assert len(OWN_PARAMETERS) >= 15


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_settings_of_the_client(file: Path) -> None:
    check(file, SOME_REGIONS)


@pytest.mark.full
@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_settings_of_the_client_in_every_region(file: Path) -> None:
    check(file, REGIONS)


def drawn(service: str, data: st.DataObject, pairs: dict[str, tuple[Compiled, Oracle]]) -> None:
    rules = read(file_of(service))
    if service not in pairs:
        pairs[service] = compiled(rules), Oracle(raw(file_of(service)))
    ours, oracle = pairs[service]
    found = {each.name: data.draw(draws(each), label=each.name) for each in rules.parameters}
    values = {name: value for name, value in found.items() if value is not None}
    answer, expected = ours.answer(values), oracle.answer(values)
    assert agree(answer, expected), (values, answer, expected)


PAIRS: dict[str, tuple[Compiled, Oracle]] = {}


@pytest.mark.parametrize("service", OWN_PARAMETERS)
@settings(max_examples=examples(60), deadline=None)
@given(data=st.data())
def test_parameters_of_the_service(service: str, data: st.DataObject) -> None:
    drawn(service, data, PAIRS)


@pytest.mark.full
@pytest.mark.parametrize("service", OWN_PARAMETERS)
@settings(deadline=None)
@given(data=st.data())
def test_many_parameters_of_the_service(service: str, data: st.DataObject) -> None:
    drawn(service, data, PAIRS)
