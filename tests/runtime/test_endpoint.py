"""Endpoints, with botocore's rule engine and partitions as the oracle."""

from __future__ import annotations

import io
import json
import pickle
import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import botocore
import botocore.session
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import EndpointProviderError
from hypothesis import given
from hypothesis import strategies as st
from runtime.errors import InvalidInput
from runtime.settings.endpoint import Endpoint, Hosts, check_region, parse_endpoint_url, resolve_endpoint

SAGEMAKER_RUNTIME = Hosts(
    default={"*": "runtime.sagemaker.{region}.{dnsSuffix}"},
    fips={
        "aws": "runtime-fips.sagemaker.{region}.{dnsSuffix}",
        "aws-us-gov": "runtime.sagemaker.{region}.{dnsSuffix}",
        "*": "runtime.sagemaker-fips.{region}.{dnsSuffix}",
    },
    dualstack={"*": "runtime.sagemaker.{region}.{dualStackDnsSuffix}"},
    fips_dualstack={"*": "runtime.sagemaker-fips.{region}.{dualStackDnsSuffix}"},
)
PLAIN = Hosts({"*": "x.{region}.{dnsSuffix}"}, {}, {}, {})
UNKNOWN_REGIONS = [
    "xx-north-9",
    "local",
    "us-east",
    "mars",
    "us-gov",
    "cn-1",
    "us-future-region-1",
]


def partitions() -> list[dict[str, Any]]:
    path = Path(botocore.__file__).parent / "data" / "partitions.json"
    found: list[dict[str, Any]] = json.loads(path.read_text())["partitions"]
    return found


def all_regions() -> list[str]:
    return [region for partition in partitions() for region in partition["regions"]]


@cache
def oracle() -> EndpointProvider:
    loader = botocore.session.Session().get_component("data_loader")
    rules = loader.load_service_model("sagemaker-runtime", "endpoint-rule-set-1")
    return EndpointProvider(rules, loader.load_data("partitions"))


def expected(region: str, fips: bool, dualstack: bool) -> str:
    endpoint = oracle().resolve_endpoint(Region=region, UseFIPS=fips, UseDualStack=dualstack)
    return str(endpoint.url)


@pytest.mark.parametrize("fips", [False, True])
@pytest.mark.parametrize("dualstack", [False, True])
def test_every_region_agrees_with_the_rule_set(fips: bool, dualstack: bool) -> None:
    regions = all_regions() + UNKNOWN_REGIONS
    ours = {each: resolve_endpoint(SAGEMAKER_RUNTIME, each, fips=fips, dualstack=dualstack) for each in regions}
    assert ours == {each: expected(each, fips, dualstack) for each in regions}
    assert len(regions) > 50


@given(
    st.from_regex(r"(us|eu|cn|us-gov|us-iso|us-isob|us-isof|eu-isoe|eusc-de|zz)-[a-z]{1,9}-[0-9]{1,2}", fullmatch=True)
)
def test_regions_to_come_agree_with_the_rule_set(region: str) -> None:
    assert resolve_endpoint(SAGEMAKER_RUNTIME, region) == expected(region, False, False)


def url_that_botocore_calls(region: str, fips: bool, dualstack: bool) -> str:
    session = botocore.session.Session()
    session.set_credentials("a", "b")
    session.set_config_variable("use_fips_endpoint", fips)
    session.set_config_variable("use_dualstack_endpoint", dualstack)
    client = session.create_client("sagemaker-runtime", region_name=region)
    called: list[str] = []

    def answer(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        called.append(request.url)
        return AWSResponse(request.url, 200, {}, io.BytesIO())

    client.meta.events.register("before-send", answer)
    client.invoke_endpoint(EndpointName="e", Body=b"")
    return called[0].removesuffix("/endpoints/e/invocations")


@pytest.mark.parametrize("region", ["eu-west-1", "cn-north-1", "us-gov-west-1", "us-isob-east-1", "eusc-de-east-1"])
@pytest.mark.parametrize(("fips", "dualstack"), [(False, False), (True, False), (False, True), (True, True)])
def test_a_botocore_client_calls_the_same_place(region: str, fips: bool, dualstack: bool) -> None:
    ours = resolve_endpoint(SAGEMAKER_RUNTIME, region, fips=fips, dualstack=dualstack)
    assert ours == url_that_botocore_calls(region, fips, dualstack)


def test_all_partitions_support_fips_and_dual_stack() -> None:
    """The runtime has no column for it; when AWS adds a partition that does not, it needs one."""
    outputs = [each["outputs"] for each in partitions()]
    assert [each for each in outputs if not (each["supportsFIPS"] and each["supportsDualStack"])] == []


@pytest.mark.parametrize(
    ("fips", "dualstack", "message"),
    [
        (True, False, "no FIPS endpoint"),
        (False, True, "no dual-stack endpoint"),
        (True, True, "no FIPS dual-stack"),
    ],
)
def test_an_endpoint_that_does_not_exist_is_refused(fips: bool, dualstack: bool, message: str) -> None:
    with pytest.raises(InvalidInput, match=message + r".*'eu-west-1' \(partition aws\): switch that option off"):
        resolve_endpoint(PLAIN, "eu-west-1", fips=fips, dualstack=dualstack)


def test_a_service_may_be_in_some_partitions_only() -> None:
    hosts = Hosts({"aws": "x.{region}.{dnsSuffix}"}, {}, {}, {})
    assert resolve_endpoint(hosts, "eu-west-1") == "https://x.eu-west-1.amazonaws.com"
    with pytest.raises(InvalidInput, match=r"no endpoint in region 'cn-north-1' \(partition aws-cn\): choose another"):
        resolve_endpoint(hosts, "cn-north-1")


@pytest.mark.parametrize(
    "region",
    [
        "",
        "us-east-1.evil.com#",
        "us-east-1/",
        "us-east-1\n",
        "us east",
        "-us",
        "us-",
        "12",
        "a" * 64,
        "us-éast-1",
        "us-east-\u0661",
        "us_east_1",
        "US-EAST-1",
        "user@host",
        "{dnsSuffix}",
    ],
)
def test_a_region_must_be_a_host_label(region: str) -> None:
    with pytest.raises(InvalidInput, match="is not a region name"):
        resolve_endpoint(PLAIN, region)


@pytest.mark.parametrize("region", ["fips-us-east-1", "us-east-1-fips"])
def test_a_fips_pseudo_region_is_explained(region: str) -> None:
    with pytest.raises(InvalidInput, match="use 'us-east-1' together with use_fips=True"):
        resolve_endpoint(PLAIN, region)


@pytest.mark.parametrize("region", [None, 5, b"us-east-1"])
def test_a_region_must_be_a_string(region: Any) -> None:
    with pytest.raises(InvalidInput, match="AWS_REGION must be a string, not"):
        check_region(region, "AWS_REGION")


@given(st.text(max_size=70))
def test_whatever_the_region_the_host_is_in_its_partition(region: str) -> None:
    try:
        url = resolve_endpoint(PLAIN, region)
    except InvalidInput:
        return
    suffix = oracle_partition(region)["outputs"]["dnsSuffix"]
    assert urlsplit(url).netloc == f"x.{region}.{suffix}"


def oracle_partition(region: str) -> dict[str, Any]:
    found = (each for each in partitions() if region in each["regions"] or re.match(each["regionRegex"], region))
    return next(found, partitions()[0])


@pytest.mark.parametrize(
    ("url", "endpoint", "netloc"),
    [
        ("https://example.com", Endpoint("https", "example.com", None, ""), "example.com"),
        ("HTTPS://Example.COM/", Endpoint("https", "example.com", None, ""), "example.com"),
        ("https://example.com:443/a/b/", Endpoint("https", "example.com", 443, "/a/b"), "example.com"),
        ("http://example.com:443", Endpoint("http", "example.com", 443, ""), "example.com:443"),
        ("http://localhost:80//", Endpoint("http", "localhost", 80, ""), "localhost"),
        ("http://127.0.0.1:4566/x%20y", Endpoint("http", "127.0.0.1", 4566, "/x%20y"), "127.0.0.1:4566"),
        ("http://[::1]:8080", Endpoint("http", "::1", 8080, ""), "[::1]:8080"),
        ("https://[2001:DB8:0::1]", Endpoint("https", "2001:db8::1", None, ""), "[2001:db8::1]"),
        ("http://my_service:5000/@v1", Endpoint("http", "my_service", 5000, "/@v1"), "my_service:5000"),
        (
            "http://a.svc.cluster.local.",
            Endpoint("http", "a.svc.cluster.local.", None, ""),
            "a.svc.cluster.local.",
        ),
    ],
)
def test_endpoint_urls(url: str, endpoint: Endpoint, netloc: str) -> None:
    parsed = parse_endpoint_url(url)
    assert parsed == endpoint
    assert parsed.netloc == netloc
    assert pickle.loads(pickle.dumps(parsed)) == parsed


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", "must begin with 'https://'"),
        ("localhost:8080", "must begin with"),
        ("ftp://example.com", "must begin with"),
        ("https:/example.com", "must begin with"),
        ("//example.com", "must begin with"),
        ("https://", "has no host"),
        ("https:///path", "has no host"),
        ("https://:80", "has no host"),
        ("https://example.com:", "invalid port: ''"),
        ("https://example.com:0", "invalid port"),
        ("https://example.com:65536", "invalid port"),
        ("https://example.com:+80", "invalid port"),
        ("https://example.com:80:90", "invalid port"),
        ("https://::1/", "invalid port"),
        ("https://[::1", "invalid host"),
        ("https://[::1]x", "invalid host"),
        ("https://[127.0.0.1]", "not an IPv6 address"),
        ("https://[fe80::1%25eth0]", "invalid host"),
        ("https://[fe80::1%eth0]", "a zone"),
        ("https://127.1", "not an IPv4 address"),
        ("https://0x7f000001", "not an IPv4 address"),
        ("https://1.2.3.256", "not an IPv4 address"),
        ("https://-a.com", "not a host name"),
        ("https://a..com", "not a host name"),
        ("https://a.com..", "not a host name"),
        ("https://a%2eb.com", "not a host name"),
        ("https://" + "a." * 127 + "com", "not a host name"),
        ("https://example.com?x=1", "must not have a query"),
        ("https://example.com/#f", "must not have a fragment"),
        ("https://exämple.com", "printable ASCII.*'ä'"),
        ("https://example.com/a b", "printable ASCII"),
        ("https://example.com\n", "printable ASCII"),
        ("\thttps://example.com", "printable ASCII"),
        ("https://example.com\\@evil.com", "user name or password"),
        ("https://example.com\\x", "not a host name"),
        ("https://example.com/a\\b", "in its path"),
        ("https://example.com/%zz", "in its path"),
        ("https://example.com/a/../b", "segments '.' or '..'"),
        ("https://example.com/%2E%2e", "segments '.' or '..'"),
    ],
)
def test_endpoint_urls_that_are_refused(url: str, message: str) -> None:
    with pytest.raises(InvalidInput, match="^AWS_ENDPOINT_URL .*" + message):
        parse_endpoint_url(url, "AWS_ENDPOINT_URL")


@pytest.mark.parametrize("url", ["https://me:hunter2@host", "https://host/?token=hunter2", "https://me:hunter2@host?x"])
def test_a_refusal_shows_no_secret(url: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_endpoint_url(url)
    assert "hunter2" not in str(caught.value)


def test_an_endpoint_url_must_be_a_string() -> None:
    url: Any = b"https://example.com"
    with pytest.raises(InvalidInput, match="endpoint_url must be a string, not bytes"):
        parse_endpoint_url(url)


@given(st.text(alphabet="htps:/.@[]?#\\%a1-_\n é", max_size=30).map(lambda text: "http://" + text))
def test_what_is_accepted_reads_the_same_to_the_standard_library(url: str) -> None:
    try:
        endpoint = parse_endpoint_url(url)
    except InvalidInput:
        return
    parts = urlsplit(url)
    assert (parts.scheme, parts.hostname, parts.port) == (endpoint.scheme, endpoint.host, endpoint.port)
    assert parts.path.rstrip("/") == endpoint.path
    assert (parts.username, parts.query, parts.fragment) == (None, "", "")


def test_the_oracle_refuses_what_it_cannot_resolve() -> None:
    """A check of the oracle itself: were it to answer without a region, the comparisons would mean little."""
    with pytest.raises(EndpointProviderError):
        oracle().resolve_endpoint(UseFIPS=False, UseDualStack=False)
