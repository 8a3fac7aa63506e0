"""The functions that compiled rules call, against botocore's library and the specification's examples."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.endpoint_provider import RuleSetStandardLibrary
from hypothesis import given
from hypothesis import strategies as st
from runtime.settings import rules

from .services import PARTITIONS, REGIONS

LIBRARY: Any = RuleSetStandardLibrary({"partitions": PARTITIONS})

# botocore takes digits of every script, and a line end after the last character, for parts of a host name.
CHARACTERS = st.characters(codec="utf-8", exclude_categories=("Cs", "Nd"), exclude_characters="\n") | st.sampled_from(
    "0123456789abcABC.-:/_%@?#[]"
)
TEXTS = st.text(CHARACTERS, max_size=70)
LABELS = st.text(st.sampled_from("ab1A-."), max_size=8)
NUMBERS = st.integers(-2, 12)


@pytest.mark.parametrize("region", [*REGIONS, "us-new-9", "us-gov-moon-1", "moon", "", "eusc-de-x-1", "eusc-fr-x-1"])
def test_partition(region: str) -> None:
    found = rules.partition(region)
    assert LIBRARY.aws_partition(region) == {
        "name": found.name,
        "dnsSuffix": found.dns_suffix,
        "dualStackDnsSuffix": found.dual_stack_dns_suffix,
        "supportsFIPS": found.supports_fips,
        "supportsDualStack": found.supports_dual_stack,
        "implicitGlobalRegion": found.implicit_global_region,
    }


def test_without_a_region_the_partition_is_the_first() -> None:
    assert rules.partition(None) == rules.partition("us-east-1")
    assert LIBRARY.aws_partition(None)["name"] == "aws"


@given(st.one_of(TEXTS, st.lists(TEXTS, min_size=5, max_size=7).map(lambda parts: "arn:" + ":".join(parts))))
def test_parse_arn(text: str) -> None:
    found, expected = rules.parse_arn(text), LIBRARY.aws_parse_arn(text)
    assert (found is None) == (expected is None)
    if found is not None:
        assert expected == {
            "partition": found.partition,
            "service": found.service,
            "region": found.region,
            "accountId": found.account_id,
            "resourceId": list(found.resource_id),
        }


URLS = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(("https://", "http://", "HTTPS://", "ftp://", "//", "")),
        st.sampled_from(("example.com", "EXAMPLE.com", "127.0.0.1", "[::1]", "[fe80::1%25en0]", "1.2.3", "300.1.1.1")),
        st.sampled_from(("", ":80", ":8443", ":x", ":99999")),
        st.sampled_from(("", "/", "/a", "/a/", "/a//b", "/a/../b", "/./a", "/..", "/a b", "/é", "/%2F", "/a;b")),
        st.sampled_from(("", "", "?", "?a=b", "#x")),
    ),
)


@given(URLS)
def test_parse_url(text: str) -> None:
    found, expected = rules.parse_url(text), LIBRARY.parse_url(text)
    assert (found is None) == (expected is None), expected
    if found is not None:
        assert expected == {
            "scheme": found.scheme,
            "authority": found.authority,
            "path": found.path,
            "normalizedPath": found.normalized_path,
            "isIp": found.is_ip,
        }


@given(TEXTS)
def test_no_text_is_too_odd_a_url(text: str) -> None:
    assert rules.parse_url(text) is None or "://" in text


@given(TEXTS | LABELS, st.booleans())
def test_is_valid_host_label(text: str, several: bool) -> None:
    assert rules.is_valid_host_label(text, allow_subdomains=several) == LIBRARY.is_valid_host_label(text, several)


@given(TEXTS | LABELS | st.sampled_from(("192.168.1.1", "1.2.3", "a" * 63, "a" * 64)), st.booleans())
def test_is_virtual_hostable_s3_bucket(text: str, several: bool) -> None:
    found = rules.is_virtual_hostable_s3_bucket(text, allow_subdomains=several)
    assert found == LIBRARY.aws_is_virtual_hostable_s3_bucket(text, several)


@pytest.mark.parametrize("text", ["abc\n", "abc\u0661", "\u0661bc"])
def test_host_labels_are_those_of_rfc_1123(text: str) -> None:
    assert not rules.is_valid_host_label(text, allow_subdomains=False)
    assert LIBRARY.is_valid_host_label(text, False)


@given(TEXTS, NUMBERS.map(abs), NUMBERS.map(abs), st.booleans())
def test_substring(text: str, start: int, stop: int, reverse: bool) -> None:
    assert rules.substring(text, start, stop, reverse=reverse) == LIBRARY.substring(text, start, stop, reverse)


@given(TEXTS)
def test_uri_encode(text: str) -> None:
    assert rules.uri_encode(text) == LIBRARY.uri_encode(text)


@given(st.lists(st.text(max_size=3), max_size=4), st.integers(0, 5))
def test_item(values: list[str], index: int) -> None:
    assert rules.item(values, index) == LIBRARY.get_attr(values, f"[{index}]")


def test_negative_items_count_from_the_end() -> None:
    assert [rules.item(("a", "b"), index) for index in (-1, -2, -3)] == ["b", "a", None]


# Expectations as in the tests of the specification's own implementation (smithy-rules-engine, split).
@pytest.mark.parametrize(
    ("text", "limit", "parts"),
    [
        ("a--b--c", 0, ("a", "b", "c")),
        ("", 0, ("",)),
        ("plain", 0, ("plain",)),
        ("--a", 0, ("", "a")),
        ("a--", 0, ("a", "")),
        ("----", 0, ("", "", "")),
        ("a--b--c", 1, ("a--b--c",)),
        ("a--b--c", 2, ("a", "b--c")),
        ("a--b--c", 9, ("a", "b", "c")),
    ],
)
def test_split(text: str, limit: int, parts: tuple[str, ...]) -> None:
    assert rules.split(text, "--", limit) == parts


def test_coalesce_looks_for_a_value_not_for_truth() -> None:
    assert rules.coalesce(None, "b") == "b"
    assert rules.coalesce("", "b") == ""
    assert rules.coalesce(False, True) is False
