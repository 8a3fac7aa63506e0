"""Attempts: what is sent again, when, and with which signature. Played step by step, without I/O."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from msgspec.structs import replace
from runtime.call.attempts import call
from runtime.call.quota import RetryQuota
from runtime.call.retry import Backoff
from runtime.call.state import CallState
from runtime.call.steps import Reply, Send
from runtime.codec.operation import Operation
from runtime.errors import (
    ConnectError,
    ConnectTimeout,
    InvalidResponse,
    ProtocolError,
    ReadTimeout,
    TransportError,
    WriteTimeout,
)
from runtime.message.http import HTTPRequest, Request, Response
from runtime.settings.endpoint import parse_endpoint_url

from .calls import (
    CONFIG,
    KEYS,
    OPERATION,
    REQUEST,
    ROUTE,
    SAFE,
    SERVICE,
    ExampleError,
    NeverRetried,
    Thing,
    answer,
    failed,
    ok,
    play,
)

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SKEW_CODES = ["RequestTimeTooSkewed", "SignatureDoesNotMatch", "InvalidSignatureException", "RequestExpired"]
EXPIRED_CODES = ["ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"]


@pytest.fixture(autouse=True)
def fixed_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.call.attempts.utcnow", lambda: NOW)


def header(request: HTTPRequest, name: str) -> str | None:
    return next((value for key, value in request.headers if key.lower() == name.lower()), None)


def signed_at(request: HTTPRequest) -> datetime:
    stamp = header(request, "X-Amz-Date")
    assert stamp is not None
    return datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def dated(code: str, moment: datetime) -> Response:
    return failed(code, 403, Date=format_datetime(moment, usegmt=True))


def test_a_call_that_succeeds_is_sent_once() -> None:
    played = play([ok(b"body", x_amzn_RequestId="id-1")])
    assert played.output is not None
    assert played.output.body == b"body"
    metadata = played.output.metadata
    assert (metadata.request_id, metadata.status, metadata.attempts) == ("id-1", 200, 1)
    assert metadata.headers["X-AMZN-REQUESTID"] == "id-1"
    assert (played.refreshed, played.slept) == ([False], [])


@pytest.mark.parametrize("name", ["x-amzn-RequestId", "x-amz-request-id", "X-AMZN-Request-ID"])
def test_the_request_id_has_several_names(name: str) -> None:
    played = play([answer(200, headers={name: "id-2"})])
    assert played.output is not None
    assert played.output.metadata.request_id == "id-2"


TURNED_AWAY = [
    failed("Throttled"),
    failed("ThrottlingException"),
    failed("TooManyRequestsException", 429),
    failed("SlowDown", 503),
    failed("RequestLimitExceeded"),
    answer(429),
    answer(503),
]
BROKEN = [failed("Transient"), failed("InternalFailure", 500), answer(502), answer(504), failed("RequestTimeout", 400)]
REFUSED = [failed("NeverRetried", 503), failed("AccessDenied", 403), answer(400), answer(404), answer(424), answer(501)]


@pytest.mark.parametrize("first", TURNED_AWAY)
@pytest.mark.parametrize("operation", [OPERATION, SAFE])
def test_a_request_that_was_turned_away_is_sent_again(first: Response, operation: Operation[Thing]) -> None:
    played = play([first, ok()], operation=operation)
    assert played.output is not None
    assert played.output.metadata.attempts == 2
    assert len(played.slept) == 1


@pytest.mark.parametrize("first", BROKEN)
def test_work_that_may_have_begun_is_repeated_only_where_that_is_safe(first: Response) -> None:
    assert play([first, ok()], operation=SAFE).output is not None
    played = play([first])
    assert not played.service_error.retryable
    assert played.service_error.attempts == 1


@pytest.mark.parametrize("first", REFUSED)
@pytest.mark.parametrize("operation", [OPERATION, SAFE])
def test_a_refusal_is_final(first: Response, operation: Operation[Thing]) -> None:
    played = play([first], operation=operation)
    assert not played.service_error.retryable
    assert played.slept == []


@pytest.mark.parametrize("status", [300, 301, 304, 307, 399])
def test_a_redirect_is_an_error_and_not_followed(status: int) -> None:
    error = play([answer(status, headers={"Location": "https://elsewhere.test/"})]).service_error
    assert (error.code, error.status) == (f"HTTP{status}", status)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_every_2xx_is_a_success(status: int) -> None:
    played = play([answer(status)])
    assert played.output is not None
    assert played.output.metadata.status == status


@pytest.mark.parametrize("failure", [ConnectError("x"), ConnectTimeout("x")])
def test_what_was_never_sent_is_sent_again(failure: TransportError) -> None:
    played = play([failure, failure, ok()])
    assert played.output is not None
    assert played.output.metadata.attempts == 3


@pytest.mark.parametrize("failure", [ReadTimeout("x"), WriteTimeout("x"), ProtocolError("x"), TransportError("x")])
def test_what_may_have_arrived_is_sent_again_only_where_that_is_safe(failure: TransportError) -> None:
    assert play([failure]).error is failure
    assert play([failure, ok()], operation=SAFE).output is not None


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
@pytest.mark.parametrize("failure", [failed("Throttled", 429), ConnectError("x")])
def test_no_more_attempts_than_allowed(limit: int, failure: Response | TransportError) -> None:
    played = play([failure] * limit, config=replace(CONFIG, max_attempts=limit))
    assert len(played.sent) == limit
    assert len(played.slept) == limit - 1
    if isinstance(failure, Response):
        assert played.service_error.attempts == limit
        assert played.service_error.retryable


def test_an_error_says_which_call_it_ended() -> None:
    error = play([failed("NeverRetried", 400, x_amzn_RequestId="id-3")]).service_error
    assert type(error) is NeverRetried
    assert (error.operation, error.status, error.request_id, error.attempts) == ("DoThing", 400, "id-3", 1)
    assert str(error) == "NeverRetried: it failed (DoThing, HTTP 400, request id id-3, 1 attempt)"


def test_an_error_with_an_unknown_code_is_the_services_base_error() -> None:
    error = play([failed("Novel", 418)]).service_error
    assert type(error) is ExampleError
    assert error.code == "Novel"


def test_pauses_grow_and_are_bounded() -> None:
    played = play([failed("Throttled")] * 8, config=replace(CONFIG, max_attempts=8))
    assert played.slept == [1.0, 2.0, 4.0, 8.0, 16.0, 20.0, 20.0]


def test_the_service_can_lengthen_the_pause() -> None:
    assert play([failed("Throttled", Retry_After="3"), ok()]).slept == [3.0]
    assert play([failed("Throttled", Retry_After="7"), ok()]).slept == [6.0]
    assert play([ConnectError("x"), ok()]).slept == [0.05]


def test_every_attempt_is_signed_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([NOW, NOW, NOW + timedelta(seconds=90)])
    monkeypatch.setattr("runtime.call.attempts.utcnow", lambda: next(clock))
    first, second = play([failed("Throttled"), ok()]).sent
    assert signed_at(second) - signed_at(first) == timedelta(seconds=90)
    assert header(first, "Authorization") != header(second, "Authorization")


def test_retries_end_when_the_quota_is_spent() -> None:
    state = CallState(backoff=Backoff(random=lambda: 0.0))
    many = replace(CONFIG, max_attempts=1000)
    retries = RetryQuota.CAPACITY // RetryQuota.THROTTLED_COST
    played = play([failed("Throttled")] * (retries + 1), config=many, state=state)
    assert played.service_error.retryable
    assert len(play([failed("Throttled")], config=many, state=state).sent) == 1
    for _ in range(RetryQuota.THROTTLED_COST):
        play([ok()], state=state)
    assert len(play([failed("Throttled"), ok()], state=state).sent) == 2


def test_a_retry_that_succeeds_gives_its_tokens_back() -> None:
    state = CallState(backoff=Backoff(random=lambda: 0.0))
    for _ in range(RetryQuota.CAPACITY):
        played = play([failed("Throttled"), ok()], state=state)
        assert played.output is not None


@pytest.mark.parametrize("code", SKEW_CODES)
@pytest.mark.parametrize("hours", [-24, -1, 1, 24 * 365])
def test_a_clock_that_is_off_is_corrected_and_the_request_signed_anew(code: str, hours: int) -> None:
    theirs = NOW + timedelta(hours=hours)
    state = CallState()
    first, second = (played := play([dated(code, theirs), ok()], state=state)).sent
    assert (signed_at(first), signed_at(second)) == (NOW, theirs)
    assert played.slept == []
    assert signed_at(play([ok()], state=state).sent[0]) == theirs


@pytest.mark.parametrize("code", SKEW_CODES)
@pytest.mark.parametrize("seconds", [0, 60, -239])
def test_a_clock_that_is_right_is_left_alone(code: str, seconds: int) -> None:
    state = CallState()
    play([dated(code, NOW + timedelta(seconds=seconds))], state=state)
    assert state.skew == timedelta(0)


def test_other_errors_do_not_move_the_clock() -> None:
    state = CallState()
    play([dated("AccessDenied", NOW + timedelta(hours=5))], state=state)
    assert state.skew == timedelta(0)


@pytest.mark.parametrize(
    "date",
    [
        "",
        "yesterday",
        "Fri, 02 Jan 2026 99:00:00 GMT",
        "Fri, 31 Dec 9999 23:59:59 -1400",
        "Mon, 01 Jan 0101 00:00:00 GMT",
        "Sun, 06 Nov 99999999999999999999 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 +9999999",
        "1" * 5000,
    ],
)
def test_a_date_that_makes_no_sense_is_ignored(date: str) -> None:
    state = CallState()
    error = play([failed("RequestTimeTooSkewed", 403, Date=date)], state=state).service_error
    assert error.code == "RequestTimeTooSkewed"
    assert state.skew == timedelta(0)
    assert play([failed("RequestTimeTooSkewed", 403)], state=state).service_error.attempts == 1


_DATES = st.text(max_size=40) | st.from_regex(
    r"[A-Z][a-z]{2}, [0-9]{1,2} (Jan|Feb|Nov) [0-9]{1,5} [0-9]{2}:[0-9]{2}:[0-9]{2} (GMT|[+-][0-9]{1,5})",
    fullmatch=True,
)


@given(_DATES)
def test_no_date_breaks_the_client(date: str) -> None:
    state = CallState()
    play([failed("RequestTimeTooSkewed", 403, Date=date)], config=replace(CONFIG, max_attempts=1), state=state)
    assert play([ok()], state=state).output is not None


def test_a_service_that_is_never_content_with_the_time_is_given_up_on() -> None:
    answers = [dated("RequestTimeTooSkewed", NOW + timedelta(hours=hours)) for hours in (1, 2)]
    played = play(answers, config=replace(CONFIG, max_attempts=50))
    assert played.service_error.attempts == 2


def test_with_one_attempt_the_corrected_clock_serves_the_next_call() -> None:
    theirs = NOW + timedelta(hours=3)
    state, once = CallState(), replace(CONFIG, max_attempts=1)
    assert play([dated("RequestTimeTooSkewed", theirs)], config=once, state=state).service_error.attempts == 1
    assert signed_at(play([ok()], config=once, state=state).sent[0]) == theirs


def test_calls_that_run_together_are_all_corrected() -> None:
    state = CallState()
    theirs = NOW + timedelta(hours=1)
    calls = [call(OPERATION, REQUEST, SERVICE, CONFIG, state) for _ in range(3)]
    for steps in calls:
        next(steps)
        sent = steps.send(KEYS)
        assert isinstance(sent, Send)
        assert signed_at(sent.request) == NOW
    for steps in calls:
        steps.send(Reply(dated("RequestTimeTooSkewed", theirs)))
        sent = steps.send(KEYS)
        assert isinstance(sent, Send)
        assert signed_at(sent.request) == theirs


def test_a_clock_that_was_set_right_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    state = CallState()
    theirs = NOW + timedelta(hours=1)
    play([dated("RequestTimeTooSkewed", theirs), ok()], state=state)
    monkeypatch.setattr("runtime.call.attempts.utcnow", lambda: theirs)
    assert signed_at(play([dated("RequestTimeTooSkewed", theirs), ok()], state=state).sent[1]) == theirs


@pytest.mark.parametrize("code", EXPIRED_CODES)
def test_expired_credentials_are_renewed_once(code: str) -> None:
    played = play([failed(code, 403), ok()])
    assert played.output is not None
    assert (played.refreshed, played.slept) == ([False, True], [])
    played = play([failed(code, 403)] * 2, config=replace(CONFIG, max_attempts=9))
    assert (played.service_error.code, played.refreshed) == (code, [False, True])


def test_with_one_attempt_the_next_call_renews_the_credentials() -> None:
    state, once = CallState(), replace(CONFIG, max_attempts=1)
    assert play([failed("ExpiredToken", 403)], config=once, state=state).refreshed == [False]
    assert play([failed("NeverRetried")], config=once, state=state).refreshed == [True]
    assert play([ok()], config=once, state=state).refreshed == [False]


def test_credentials_that_stay_expired_are_renewed_once_in_each_call() -> None:
    state = CallState()
    play([failed("ExpiredToken", 403)] * 2, state=state)
    assert play([failed("ExpiredToken", 403)], state=state).refreshed == [True]


def test_clock_and_credentials_can_both_be_wrong() -> None:
    played = play([failed("ExpiredToken", 403), dated("SignatureDoesNotMatch", NOW + timedelta(hours=1)), ok()])
    assert played.output is not None
    assert played.refreshed == [False, True, False]


def test_an_unsigned_service_needs_no_credentials_and_repairs_nothing() -> None:
    unsigned = replace(SERVICE, signing_name=None)
    played = play([ok()], service=unsigned)
    assert played.refreshed == []
    assert [name for name, _ in played.sent[0].headers] == ["Host", "Content-Type", "Content-Length", "User-Agent"]
    for refused in (failed("ExpiredToken", 403), dated("SignatureDoesNotMatch", NOW + timedelta(days=1))):
        assert play([refused], service=unsigned).service_error.attempts == 1


def test_an_answer_that_cannot_be_read_says_which_call_it_ended() -> None:
    def refuse(response: Response) -> Thing:
        raise InvalidResponse("no sense in it")

    error = play([ok(x_amzn_RequestId="id-4")], operation=structs.replace(OPERATION, parse=refuse)).error
    assert isinstance(error, InvalidResponse)
    assert (error.operation, error.status, error.request_id) == ("DoThing", 200, "id-4")


def test_the_headers_come_in_a_fixed_order() -> None:
    (request,) = play([ok()]).sent
    assert [name for name, _ in request.headers] == [
        "Host",
        "Content-Type",
        "Content-Length",
        "User-Agent",
        "X-Amz-Date",
        "Authorization",
        "amz-sdk-invocation-id",
        "amz-sdk-request",
    ]
    assert (request.method, request.scheme, request.host, request.port) == ("POST", "https", "example.test", None)
    assert (request.target, request.body) == ("/things", b"thing")


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://example.test", "example.test"),
        ("https://example.test:443", "example.test"),
        ("http://example.test:443", "example.test:443"),
        ("http://127.0.0.1:8080", "127.0.0.1:8080"),
        ("https://[::1]", "[::1]"),
        ("https://[::1]:8443", "[::1]:8443"),
    ],
)
def test_the_host_header_names_the_endpoint(url: str, host: str) -> None:
    (request,) = play([ok()], config=replace(CONFIG, route=replace(ROUTE, endpoint=parse_endpoint_url(url)))).sent
    assert request.headers[0] == ("Host", host)


@pytest.mark.parametrize(
    ("method", "body", "length"),
    [
        ("POST", b"", "0"),
        ("PUT", b"", "0"),
        ("PATCH", b"", "0"),
        ("POST", b"abc", "3"),
        ("DELETE", b"abc", "3"),
        ("GET", b"", None),
        ("HEAD", b"", None),
        ("DELETE", b"", None),
    ],
)
def test_content_length_is_sent_where_a_body_belongs(method: str, body: bytes, length: str | None) -> None:
    (request,) = play([ok()], request=Request(method, "/", body=body)).sent
    assert header(request, "Content-Length") == length


@pytest.mark.parametrize(("query", "target"), [("", "/prefix/x"), ("a=1&b", "/prefix/x?a=1&b")])
def test_the_endpoints_path_goes_before_the_operations(query: str, target: str) -> None:
    config = replace(CONFIG, route=replace(ROUTE, endpoint=parse_endpoint_url("https://example.test/prefix/")))
    (request,) = play([ok()], request=Request("GET", "/x", query), config=config).sent
    assert request.target == target


def test_extra_headers_replace_what_has_the_same_name_and_are_signed() -> None:
    extra = (("content-TYPE", "text/csv"), ("X-New", "1"))
    (request,) = play([ok()], config=replace(CONFIG, extra_headers=extra)).sent
    assert [pair for pair in request.headers if pair[0].lower() == "content-type"] == [extra[0]]
    assert header(request, "X-New") == "1"
    authorization = header(request, "Authorization") or ""
    found = re.search("SignedHeaders=([^,]+)", authorization)
    assert found is not None
    assert {"content-type", "x-new"} <= set(found.group(1).split(";"))


def test_the_user_agent_can_be_replaced() -> None:
    (request,) = play([ok()], config=replace(CONFIG, extra_headers=(("User-Agent", "mine/2"),))).sent
    assert [value for name, value in request.headers if name == "User-Agent"] == ["mine/2"]


def test_the_request_that_is_given_is_not_changed() -> None:
    before = structs.replace(REQUEST, headers=list(REQUEST.headers))
    play([failed("Throttled"), ok()])
    assert before == REQUEST


@pytest.mark.parametrize("path", ["/a//b", "/a%20b"])
def test_s3_paths_are_signed_as_they_are(path: str) -> None:
    request = Request("GET", path)
    (plain,) = play([ok()], request=request).sent
    (s3,) = play([ok()], request=request, service=replace(SERVICE, s3=True)).sent
    assert plain.target == s3.target
    assert header(plain, "Authorization") != header(s3, "Authorization")
