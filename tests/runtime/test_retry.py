"""When to send again, how long to wait, and the token bucket."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from botocore.retries import standard
from hypothesis import given
from hypothesis import strategies as st
from runtime.call.quota import RetryQuota
from runtime.call.retry import (
    MAX_BACKOFF,
    MAX_EXTENSION,
    THROTTLING_CODES,
    TRANSIENT_CODES,
    Backoff,
    is_retryable,
    retry_after,
    retry_kind,
)
from runtime.errors import ServiceError
from runtime.message.http import Headers


class NeverRetried(ServiceError):
    """An error that its description says not to retry."""

    retry = "never"


class Modelled(ServiceError):
    """An error of the service's description, which says nothing of retries."""

    wire_code = "Modelled"


class Conflict(ServiceError):
    """An error that its description says to be transient."""

    wire_code = "Conflict"
    retry = "transient"


def test_every_code_that_botocore_retries_is_retried() -> None:
    throttling = set(standard.ThrottledRetryableChecker._THROTTLED_ERROR_CODES)
    transient = set(standard.TransientRetryableChecker._TRANSIENT_ERROR_CODES)
    assert throttling <= THROTTLING_CODES
    assert transient - throttling <= TRANSIENT_CODES
    for code in throttling:
        assert is_retryable(ServiceError(code=code, status=400), retry_safe=False)
    for code in TRANSIENT_CODES:
        assert not is_retryable(ServiceError(code=code, status=400), retry_safe=False)
        assert is_retryable(ServiceError(code=code, status=400), retry_safe=True)


@pytest.mark.parametrize("status", range(300, 600))
def test_statuses_are_judged_as_botocore_does_where_repeating_is_safe(status: int) -> None:
    judged = is_retryable(ServiceError(code="Novel", status=status), retry_safe=True)
    assert judged == (status in {*standard.TransientRetryableChecker._TRANSIENT_STATUS_CODES, 429})
    assert is_retryable(ServiceError(code="Novel", status=status), retry_safe=False) == (status in (429, 503))


@pytest.mark.parametrize("code", ["ThrottlingException", "RequestTimeout", "Novel"])
@pytest.mark.parametrize("status", [429, 500, 503])
def test_the_services_description_has_the_last_word(code: str, status: int) -> None:
    assert not is_retryable(NeverRetried(code=code, status=status), retry_safe=True)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ServiceError(code="Novel", status=429), "throttle"),
        (Modelled(code="Modelled", status=429), "never"),
        (Modelled(code="ThrottlingException", status=400), "throttle"),
        (Conflict(code="Conflict", status=400), "transient"),
        (Conflict(code="Conflict", status=429), "transient"),
        (ServiceError(code="SlowDown", status=503), "throttle"),
        (ServiceError(code="Novel", status=503), "transient"),
        (ServiceError(code="Novel", status=400), "never"),
    ],
)
def test_an_error_is_a_throttling_one_a_transient_one_or_final(error: ServiceError, kind: str) -> None:
    assert retry_kind(error) == kind


def test_a_rejected_request_is_sent_again_whatever_the_description_says_of_the_error() -> None:
    assert is_retryable(Conflict(code="Conflict", status=503), retry_safe=False)
    assert not is_retryable(Conflict(code="Conflict", status=400), retry_safe=False)


@given(st.floats(0, 1, exclude_max=True), st.integers(1, 10**6), st.sampled_from([0.025, 0.05, 1.0]))
def test_the_pause_is_a_random_part_of_a_bound_that_doubles(part: float, attempt: int, scale: float) -> None:
    assert Backoff(lambda: part).delay(attempt, scale) == part * min(scale * 2 ** min(attempt - 1, 50), MAX_BACKOFF)


def test_pauses_differ() -> None:
    assert len({Backoff().delay(4, 1.0) for _ in range(50)}) > 40
    assert all(0 <= Backoff().delay(3, 1.0) <= 4 for _ in range(200))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "3"}, 3.0),
        ({"retry-after": "0"}, 0.0),
        ({"Retry-After": "1.5"}, 1.5),
        ({"x-amz-retry-after": "1500"}, 1.5),
        ({"x-amz-retry-after": "250", "Retry-After": "9"}, 0.25),
        ({"x-amz-retry-after": "soon", "Retry-After": "9"}, 9.0),
        ({"x-amz-retry-after": "1.5", "Retry-After": "9"}, 9.0),
        ({}, 0.0),
    ],
)
def test_the_service_may_ask_for_a_pause(headers: dict[str, str], seconds: float) -> None:
    assert retry_after(Headers(headers.items())) == seconds


def test_the_service_may_ask_for_a_pause_until_a_date() -> None:
    def ask(moment: datetime, *, usegmt: bool) -> float:
        return retry_after(Headers([("Retry-After", format_datetime(moment, usegmt=usegmt))]))

    soon = datetime.now(UTC) + timedelta(seconds=30)
    assert 25 < ask(soon, usegmt=True) <= 30
    assert 25 < retry_after(Headers([("Retry-After", f"{soon:%a %b %d %H:%M:%S %Y}")])) <= 30
    assert ask(datetime.now(UTC) - timedelta(days=1), usegmt=True) == 0
    assert ask(datetime(9999, 12, 31, tzinfo=UTC), usegmt=False) > 1e9


@pytest.mark.parametrize(
    "value", ["-1", "1e9", "nan", "inf", "0x10", "٣", "²", "", " ", "9" * 400, "tomorrow", "1,2", "Sun, 32 Foo"]
)
@pytest.mark.parametrize("name", ["Retry-After", "x-amz-retry-after"])
def test_what_makes_no_sense_is_no_pause(name: str, value: str) -> None:
    assert retry_after(Headers([(name, value)])) == 0.0


@given(st.text(max_size=30))
def test_no_header_breaks_a_retry(text: str) -> None:
    for name in ("Retry-After", "x-amz-retry-after"):
        assert 0 <= Backoff().delay(1, 1.0, Headers([(name, text)])) <= 1 + MAX_EXTENSION


@pytest.mark.parametrize("value", ["86400", "999999999", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_no_service_holds_a_call_up_for_long(value: str) -> None:
    assert Backoff(lambda: 0.0).delay(1, 1.0, Headers([("Retry-After", value)])) == MAX_EXTENSION
    assert Backoff(lambda: 1.0).delay(9, 1.0, Headers([("Retry-After", value)])) == MAX_BACKOFF + MAX_EXTENSION


def test_a_pause_that_is_asked_for_is_at_least_kept() -> None:
    headers = Headers([("Retry-After", "3")])
    assert Backoff(lambda: 0.0).delay(1, 0.05, headers) == 3.0
    assert Backoff(lambda: 1.0).delay(4, 1.0, headers) == 8.0


def test_the_quota_runs_out_and_fills_up_again() -> None:
    quota = RetryQuota()
    for _ in range(RetryQuota.CAPACITY // RetryQuota.COST):
        assert quota.acquire(throttled=False) == RetryQuota.COST
    assert quota.acquire(throttled=False) is None
    assert quota.acquire(throttled=True) == RetryQuota.THROTTLED_COST
    quota.release(RetryQuota.COST)
    assert quota.acquire(throttled=False) == RetryQuota.COST
    for _ in range(RetryQuota.CAPACITY * 2):
        quota.release(1)
    assert sum(quota.acquire(throttled=True) or 0 for _ in range(1000)) == RetryQuota.CAPACITY


def test_the_quota_is_exact_under_threads() -> None:
    quota = RetryQuota()
    taken: list[int] = []

    def work() -> None:
        taken.extend(quota.acquire(throttled=True) or 0 for _ in range(100))

    threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(taken) == RetryQuota.CAPACITY
