"""Bodies that traits make unlike others, as a socket receives them: none, compressed, unsigned."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from corpus.services import Target
from differential.conftest import Pair
from differential.oracle import KEY_ID, REGION, SECRET, Oracle, Sent
from differential.wire import compare_sent, equal

from ..runtime.loopback import Server, answering, response  # noqa: TID252
from .test_sockets import received

Call = Callable[[str, dict[str, Any]], tuple[Sent, Sent]]
CBOR = "rpc-v2-cbor"


@contextmanager
def both(pair: Callable[[Target], Pair], target: Target, empty: bytes) -> Iterator[Call]:
    """Give a function that makes a call with both clients, and returns what arrived: from ours, and from botocore's."""
    subject, stubbed = pair(target)
    with Server(answering(response(empty))) as server:
        url = f"http://127.0.0.1:{server.port}"
        kind, credentials = subject.names.client, subject.package.Credentials(KEY_ID, SECRET)
        with (
            closing(Oracle(target, url)) as oracle,
            getattr(subject.package, kind)(region=REGION, endpoint_url=url, credentials=credentials) as client,
        ):

            def call(name: str, given: dict[str, Any]) -> tuple[Sent, Sent]:
                server.requests.clear()
                operation = stubbed.model.operation_model(name)
                oracle.send(operation, given)
                method = getattr(client, subject.names.methods[name])
                subject.finish(method(**subject.arguments(operation, given, typed=False)))
                expected, sent = map(received, server.requests)
                compare_sent(operation, oracle.protocol, *(_unpacked(item) for item in (sent, expected)))
                return sent, expected

            yield call


def _unpacked(sent: Sent) -> Sent:
    """The request with its body as it was before it was compressed."""
    if sent.headers.get("content-encoding") != "gzip":
        return sent
    body = gzip.decompress(sent.body)
    headers = sent.headers | {"content-length": str(len(body))}
    return Sent(sent.method, sent.host, sent.path, sent.query, headers, body)


@pytest.mark.parametrize(
    ("service", "operation", "body"),
    [
        ("health", "DescribeHealthServiceStatusForOrganization", b""),
        # An input that is left empty, and one that has no members.
        ("health", "DescribeEventTypes", b"\xa0"),
        ("cloudwatch", "GetOTelEnrichment", b"\xa0"),
    ],
)
def test_no_input_is_not_an_empty_one(
    pair: Callable[[Target], Pair], service: str, operation: str, body: bytes
) -> None:
    with both(pair, Target(service, CBOR), b"\xa0") as call:
        sent, expected = call(operation, {})
    assert sent.body == expected.body == body
    assert ("content-type" in sent.headers) == ("content-type" in expected.headers) == bool(body)
    equal("content-length", sent.headers["content-length"], expected.headers["content-length"])


@pytest.mark.parametrize(("protocol", "empty"), [(None, b"{}"), (CBOR, b"\xa0")])
@pytest.mark.parametrize("count", [1, 500])
def test_what_is_large_is_compressed(
    pair: Callable[[Target], Pair], protocol: str | None, empty: bytes, count: int
) -> None:
    data = [{"MetricName": f"metric-{number:032}", "Value": 1.5} for number in range(count)]
    with both(pair, Target("cloudwatch", protocol), empty) as call:
        sent, expected = call("PutMetricData", {"Namespace": "books", "MetricData": data})
    for request in (sent, expected):
        assert request.headers.get("content-encoding") == ("gzip" if count > 1 else None)
        assert len(request.body) < 10_240


def test_a_body_that_is_not_signed(pair: Callable[[Target], Pair]) -> None:
    given = {
        "SnapshotId": "snap-1",
        "BlockIndex": 1,
        "BlockData": b"abc",
        "DataLength": 3,
        "Checksum": "x",
        "ChecksumAlgorithm": "SHA256",
    }
    with both(pair, Target("ebs"), b"{}") as call:
        sent, expected = call("PutSnapshotBlock", given)
    assert sent.headers["x-amz-content-sha256"] == expected.headers["x-amz-content-sha256"] == "UNSIGNED-PAYLOAD"
    assert "x-amz-content-sha256" in sent.headers["authorization"]
