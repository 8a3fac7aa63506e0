"""Retries against botocore's: the same histories of answers, the same random numbers, the same decisions and pauses."""

from __future__ import annotations

import functools
import importlib
import io
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import aws_lambda
import botocore.endpoint
import botocore.session
import dynamodb
import kinesis
import pytest
from botocore import exceptions
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from botocore.retries import standard
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from runtime.call.state import CallState

from .calls import OPERATION, Played, answer, play
from .calls import SAFE as SAFE_OPERATION

KEYS = {"aws_access_key_id": "AKID", "aws_secret_access_key": "secret"}
DATE = "Mon, 30 Nov 2026 08:00:00 GMT"


@dataclass(frozen=True)
class Subject:
    """One operation of a generated client, and botocore's."""

    package: Any
    client: str
    service: str
    method: str
    arguments: dict[str, Any]
    codes: tuple[str, ...]

    def spelled(self) -> dict[str, Any]:
        return {name.title().replace("_", ""): value for name, value in self.arguments.items()}


SAFE = [
    Subject(
        dynamodb,
        "DynamoDB",
        "dynamodb",
        "get_item",
        {"table_name": "t", "key": {"Id": {"S": "1"}}},
        ("ProvisionedThroughputExceededException", "ResourceNotFoundException", "InternalServerError"),
    ),
    Subject(
        kinesis,
        "Kinesis",
        "kinesis",
        "describe_limits",
        {},
        ("LimitExceededException",),
    ),
    Subject(
        aws_lambda,
        "Lambda",
        "lambda",
        "get_function",
        {"function_name": "f"},
        ("ServiceException", "ResourceNotFoundException", "TooManyRequestsException"),
    ),
]
UNSAFE = Subject(
    dynamodb,
    "DynamoDB",
    "dynamodb",
    "put_item",
    {"table_name": "t", "item": {"Id": {"S": "1"}}},
    ("ProvisionedThroughputExceededException", "ConditionalCheckFailedException", "RequestLimitExceeded"),
)


@dataclass(frozen=True)
class Given:
    """What an attempt meets: a response, or a failure of the network."""

    status: int = 200
    code: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    failure: str = ""

    @property
    def body(self) -> bytes:
        return b'{"__type": "%s"}' % self.code.encode() if self.code else b"{}"

    @property
    def pairs(self) -> dict[str, str]:
        kind = {"x-amzn-errortype": self.code} if self.code else {}
        return {"Content-Type": "application/json", **kind, **dict(self.headers)}


@dataclass
class Seen:
    """What a history came to: the attempts of each call, the pauses, and how each call ended."""

    attempts: list[str]
    pauses: list[float]
    ends: list[str]


def histories(codes: Sequence[str], statuses: Sequence[int], failures: Sequence[str]) -> Any:
    after = st.one_of(st.integers(0, 30_000).map(str), st.sampled_from(["soon", "-1", "1.5", ""]))
    headers = st.fixed_dictionaries({}, optional={"x-amz-retry-after": after, "Date": st.just(DATE)})
    known = st.sampled_from([*codes, "ThrottlingException", "Novel", "SlowDown", "PriorRequestNotComplete", ""])
    refused = st.builds(
        Given,
        status=st.sampled_from(statuses),
        code=known,
        headers=headers.map(lambda pairs: tuple(pairs.items())),
    )
    lost = st.builds(Given, failure=st.sampled_from(failures))
    given = st.one_of(st.just(Given()), refused, refused, refused, lost)
    return st.lists(st.lists(given, min_size=5, max_size=5), min_size=1, max_size=25)


@functools.cache
def session() -> botocore.session.Session:
    return botocore.session.Session()


class Raw(io.BytesIO):
    """A response body as botocore reads it."""

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield self.read()


FAILURES = {
    "connect": exceptions.EndpointConnectionError(endpoint_url="http://x"),
    "connect timeout": exceptions.ConnectTimeoutError(endpoint_url="http://x"),
    "read": exceptions.ReadTimeoutError(endpoint_url="http://x"),
    "broken": exceptions.ConnectionClosedError(endpoint_url="http://x"),
}


def theirs(subject: Subject, history: Sequence[Sequence[Given]], seed: int) -> Seen:
    seen = Seen([], [], [])
    waiting: list[Given] = []

    def answer(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        seen.attempts.append(request.headers["amz-sdk-request"].decode())
        given = waiting.pop(0)
        if given.failure:
            raise FAILURES[given.failure]
        return AWSResponse(request.url, given.status, given.pairs, Raw(given.body))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(standard, "RetryHandler", functools.partial(standard.RetryHandler, sleep=seen.pauses.append))
        patch.setattr(botocore.endpoint.time, "sleep", seen.pauses.append)
        config = Config(parameter_validation=False, ignore_configured_endpoint_urls=True, read_timeout=60)
        client = session().create_client(subject.service, "eu-west-1", config=config, **KEYS)
        client.meta.events.register("before-send", answer)
        random.seed(seed)
        for waiting[:] in history:
            try:
                getattr(client, subject.method)(**subject.spelled())
            except exceptions.ClientError as error:
                seen.ends.append(f"HTTP {error.response['ResponseMetadata']['HTTPStatusCode']}")
            except exceptions.BotoCoreError:
                seen.ends.append("lost")
            else:
                seen.ends.append("fine")
    return seen


def ours(subject: Subject, history: Sequence[Sequence[Given]], seed: int) -> Seen:
    seen = Seen([], [], [])
    package = subject.package
    testing = importlib.import_module(f"{package.__name__}.testing")
    failures = {
        "connect": package.ConnectError("x"),
        "connect timeout": package.ConnectTimeout("x"),
        "read": package.ReadTimeout("x"),
        "broken": package.ProtocolError("x"),
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(f"{package.__name__}._runtime.call.steps.time.sleep", seen.pauses.append)
        random.seed(seed)
        shared: Any = None
        for given in history:
            stub = testing.StubTransport()
            for each in given:
                if each.failure:
                    stub.fail(failures[each.failure])
                else:
                    stub.respond(each.body, status=each.status, headers=each.pairs)
            client = getattr(package, subject.client)(
                region="eu-west-1", credentials=package.Credentials("AKID", "secret"), transport=stub, timeout=60
            )
            # One quota for all calls, as one client has.
            shared = client.__dict__["_state"] = shared or client.__dict__["_state"]
            try:
                getattr(client, subject.method)(**subject.arguments)
            except package.ServiceError as error:
                seen.ends.append(f"HTTP {error.status}")
            except package.TransportError:
                seen.ends.append("lost")
            else:
                seen.ends.append("fine")
            seen.attempts += [dict(request.headers)["amz-sdk-request"] for request in stub.requests]
    return seen


@pytest.mark.parametrize("subject", SAFE, ids=lambda subject: subject.service)
def test_safe_operations_are_retried_as_botocore_does(subject: Subject) -> None:
    statuses = [400, 404, 408, 429, 500, 501, 502, 503, 504]
    replay(subject, histories(subject.codes, statuses, list(FAILURES)))


def test_unsafe_operations_are_retried_as_botocore_does_where_nothing_was_done() -> None:
    replay(UNSAFE, histories(UNSAFE.codes, [400, 429, 503], ["connect", "connect timeout"]))


def replay(subject: Subject, drawn: Any) -> None:
    @settings(max_examples=40, deadline=None)
    @given(drawn, st.integers(0, 2**32))
    def check(history: Sequence[Sequence[Given]], seed: int) -> None:
        expected = theirs(subject, history, seed)
        assert ours(subject, history, seed) == expected

    check()


@pytest.mark.parametrize("given", [Given(500, "InternalServerError"), Given(failure="read"), Given(failure="broken")])
def test_unsafe_operations_are_not_sent_twice_where_botocore_does(given: Given) -> None:
    history = [[given, Given()]]
    assert len(theirs(UNSAFE, history, 1).attempts) == 2
    assert len(ours(UNSAFE, history, 1).attempts) == 1


def test_a_damaged_response_is_asked_for_again() -> None:
    damaged, intact = Given(headers=(("x-amz-crc32", "1"),)), Given(headers=(("x-amz-crc32", "2745614147"),))
    for history in ([[damaged, intact]], [[damaged, damaged, intact]], [[intact]]):
        assert ours(SAFE[0], history, 7) == theirs(SAFE[0], history, 7)
    broken = ours(SAFE[0], [[damaged] * 4], 7)
    assert (len(broken.attempts), broken.ends) == (4, ["lost"])
    assert len(ours(UNSAFE, [[damaged, intact]], 7).attempts) == 1


def test_where_the_quota_is_empty_a_long_poll_waits_and_fails() -> None:
    history = [[Given(500)] * 3, [Given(429, "ThrottlingException"), Given(503), Given(500)]] * 20
    expected = theirs(Subject(None, "", "sqs", "receive_message", {"queue_url": "https://q"}, ()), history, 5)
    state = CallState()
    poll = structs.replace(OPERATION, long_poll=True, retry_safe=True)
    seen = Seen([], [], [])
    random.seed(5)
    for answers in history:
        played, sent = play_prefix(answers, poll, state)
        seen.attempts += sent
        seen.pauses += played.slept
        seen.ends.append(f"HTTP {played.service_error.status}")
    assert seen == expected
    assert len(seen.attempts) < len(seen.pauses) + len(history)
    # Any other operation fails at once.
    assert play_prefix(history[0], SAFE_OPERATION, state)[0].slept == []


def play_prefix(answers: Sequence[Given], operation: Any, state: CallState) -> tuple[Played, list[str]]:
    """Play a call that asks for as many of these answers as it likes."""
    played = play((answer(each.status, each.body, each.pairs) for each in answers), operation=operation, state=state)
    return played, [dict(request.headers)["amz-sdk-request"] for request in played.sent]


def test_a_spent_quota_ends_retries_as_botocore_does() -> None:
    history = [[Given(500, "Novel")] * 5] * 15 + [[Given()] * 5] * 15 + [[Given(400, "SlowDown")] * 5] * 3
    expected = theirs(SAFE[0], history, 3)
    assert ours(SAFE[0], history, 3) == expected
    assert len(expected.attempts) < 15 * 4 + 15 + 3 * 4
