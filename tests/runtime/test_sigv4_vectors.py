"""The signatures that AWS publishes: its SigV4 test suite and the examples in its documentation."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from runtime.signing.sigv4 import Credentials, presign, sign

_VECTORS = json.loads((Path(__file__).parent / "vectors" / "sigv4.json").read_text("utf-8"))
_SUITE = [pytest.param(vector, id=vector["name"]) for vector in _VECTORS["suite"]]
_PRESIGNED = [pytest.param(vector, id=vector["name"]) for vector in _VECTORS["suite"] if "presigned" in vector]
_S3 = [pytest.param(vector, id=vector["name"]) for vector in _VECTORS["s3"]]

_SUITE_SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
_SUITE_NOW = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
_S3_CREDENTIALS = Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
_S3_NOW = datetime(2013, 5, 24, tzinfo=UTC)


def _pairs(vector: dict[str, Any]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in vector["headers"]]


def _authorization(headers: list[tuple[str, str]]) -> str:
    (value,) = [value for name, value in headers if name == "Authorization"]
    return value


@pytest.mark.parametrize("vector", _SUITE)
def test_the_suite_s_signature_in_headers(vector: dict[str, Any]) -> None:
    headers = [("Host", "example.amazonaws.com"), *_pairs(vector)]
    signed = sign(
        vector["method"],
        vector["path"],
        vector["query"],
        headers,
        vector["body"].encode(),
        Credentials("AKIDEXAMPLE", _SUITE_SECRET, vector["token"]),
        service="service",
        region="us-east-1",
        now=_SUITE_NOW,
        normalize=vector["normalize"],
    )
    names = {name.lower() for name, _ in headers} | {"x-amz-date"}
    if vector["token"]:
        names.add("x-amz-security-token")
    assert _authorization(signed) == (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        f"SignedHeaders={';'.join(sorted(names))}, Signature={vector['signature']}"
    )


@pytest.mark.parametrize("vector", _PRESIGNED)
def test_the_suite_s_signature_in_the_query(vector: dict[str, Any]) -> None:
    query = presign(
        vector["method"],
        vector["path"],
        vector["query"],
        [("Host", "example.amazonaws.com"), *_pairs(vector), ("X-Amz-Date", "20150830T123600Z")],
        vector["body"].encode(),
        Credentials("AKIDEXAMPLE", _SUITE_SECRET, vector["token"]),
        expires=3600,
        service="service",
        region="us-east-1",
        now=_SUITE_NOW,
        normalize=vector["normalize"],
    )
    parameters = parse_qs(query, strict_parsing=True)
    assert parameters["X-Amz-Signature"] == [vector["presigned"]]
    assert parameters["X-Amz-Credential"] == ["AKIDEXAMPLE/20150830/us-east-1/service/aws4_request"]
    assert parameters.get("X-Amz-Security-Token") == ([vector["token"]] if vector["token"] else None)


@pytest.mark.parametrize("vector", _S3)
def test_the_s3_reference_s_header_examples(vector: dict[str, Any]) -> None:
    signed = sign(
        vector["method"],
        vector["path"],
        vector["query"],
        _pairs(vector),
        vector["body"].encode(),
        _S3_CREDENTIALS,
        service="s3",
        region="us-east-1",
        now=_S3_NOW,
        normalize=False,
        double_encode=False,
    )
    assert _authorization(signed).endswith(f"Signature={vector['signature']}")


def test_the_s3_reference_s_presigned_url() -> None:
    query = presign(
        "GET",
        "/test.txt",
        "",
        [("Host", "examplebucket.s3.amazonaws.com")],
        b"",
        _S3_CREDENTIALS,
        expires=86400,
        service="s3",
        region="us-east-1",
        now=_S3_NOW,
        normalize=False,
        double_encode=False,
    )
    assert query == (
        "X-Amz-Algorithm=AWS4-HMAC-SHA256"
        "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
        "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
        "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    )


def test_the_general_reference_s_list_users_example() -> None:
    given = [
        ("Host", "iam.amazonaws.com"),
        ("Content-Type", "application/x-www-form-urlencoded; charset=utf-8"),
    ]
    assert sign(
        "GET",
        "/",
        "Action=ListUsers&Version=2010-05-08",
        given,
        b"",
        Credentials("AKIDEXAMPLE", _SUITE_SECRET),
        service="iam",
        region="us-east-1",
        now=_SUITE_NOW,
    ) == [
        *given,
        ("X-Amz-Date", "20150830T123600Z"),
        (
            "Authorization",
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date, "
            "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
        ),
    ]
