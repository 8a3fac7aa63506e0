"""Headers that are added after signing: which attempt this is, and Lambda's trace."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from msgspec.structs import replace
from runtime.errors import ConnectError, InvalidInput
from runtime.message.http import HTTPRequest, Timeout
from runtime.settings.config import resolve_config

from .calls import CONFIG, OPERATION, SERVICE, failed, ok, play
from .test_config import SERVICE as SAGEMAKER
from .test_config import UNSIGNED

DATE = "Mon, 30 Nov 2026 08:00:00 GMT"


def headers(request: HTTPRequest) -> dict[str, str]:
    return dict(request.headers)


def test_a_call_has_one_id_and_each_attempt_its_number() -> None:
    played = play([failed("Throttled"), ConnectError("x"), ok()])
    sent = [headers(request) for request in played.sent]
    assert [each["amz-sdk-request"] for each in sent] == ["attempt=1; max=3", "attempt=2; max=3", "attempt=3; max=3"]
    assert len({each["amz-sdk-invocation-id"] for each in sent}) == 1
    another = headers(play([ok()]).sent[0])["amz-sdk-invocation-id"]
    assert another != sent[0]["amz-sdk-invocation-id"]
    found = uuid.UUID(another)
    assert (str(found), found.version, found.variant) == (another, 4, uuid.RFC_4122)


def test_a_response_tells_when_the_next_attempt_expires() -> None:
    config = replace(CONFIG, timeout=Timeout(read=90.5))
    sent = play([failed("Throttled", Date=DATE), failed("Throttled"), ok()], config=config).sent
    assert [headers(each)["amz-sdk-request"] for each in sent] == [
        "attempt=1; max=3",
        "ttl=20261130T080130Z; attempt=2; max=3",
        "ttl=20261130T080130Z; attempt=3; max=3",
    ]


@pytest.mark.parametrize("date", ["soon", "Fri, 31 Dec 9999 23:59:59 GMT", ""])
def test_a_date_that_makes_no_sense_tells_nothing(date: str) -> None:
    sent = play([failed("Throttled", Date=date), ok()]).sent
    assert headers(sent[1])["amz-sdk-request"] == "attempt=2; max=3"


def test_the_signature_covers_none_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-2")
    sent = headers(play([ok()], config=replace(CONFIG, in_lambda=True)).sent[0])
    signed = re.search("SignedHeaders=([^,]+)", sent["Authorization"])
    assert signed is not None
    assert signed[1].split(";") == ["content-length", "content-type", "host", "x-amz-date"]
    assert sent["X-Amzn-Trace-Id"] == "Root=1-2"


def test_operations_without_a_signature_have_them_and_other_apis_do_not() -> None:
    assert "amz-sdk-request" in headers(play([ok()], operation=replace(OPERATION, auth="none")).sent[0])
    assert "amz-sdk-request" not in headers(play([ok()], service=replace(SERVICE, signing_name=None)).sent[0])


@pytest.mark.parametrize(
    ("trace", "sent"),
    [
        ("Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1", ...),
        ("a b\r\nX: y\u20ac", "a%20b%0D%0AX:%20y%E2%82%AC"),
        ("", None),
        (None, None),
    ],
)
def test_lambdas_trace_goes_with_each_request(monkeypatch: pytest.MonkeyPatch, trace: str | None, sent: Any) -> None:
    monkeypatch.delenv("_X_AMZN_TRACE_ID", raising=False)
    if trace is not None:
        monkeypatch.setenv("_X_AMZN_TRACE_ID", trace)
    request = play([ok()], config=replace(CONFIG, in_lambda=True)).sent[0]
    assert headers(request).get("X-Amzn-Trace-Id") == (trace if sent is ... else sent)
    assert "X-Amzn-Trace-Id" not in headers(play([ok()]).sent[0])


def test_a_trace_of_the_callers_own_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-2")
    config = replace(CONFIG, in_lambda=True, extra_headers=(("x-amzn-trace-id", "mine"),))
    names = [(name.lower(), value) for name, value in play([ok()], config=config).sent[0].headers]
    assert [value for name, value in names if name == "x-amzn-trace-id"] == ["mine"]


def test_only_lambda_functions_are_in_lambda() -> None:
    def resolve(**environ: str) -> bool:
        return resolve_config(SAGEMAKER, region="eu-west-1", environ=environ).in_lambda

    assert resolve(AWS_LAMBDA_FUNCTION_NAME="f")
    assert not resolve(AWS_LAMBDA_FUNCTION_NAME="")
    assert not resolve(_X_AMZN_TRACE_ID="Root=1-2")


def test_the_application_goes_into_the_user_agent() -> None:
    def agent(**environ: str) -> str:
        return resolve_config(UNSIGNED, environ=environ, user_agent_extra="mine/1").user_agent

    assert " app/" not in agent()
    assert agent(AWS_SDK_UA_APP_ID="shop#1, or\u20ac\n").endswith(" app/shop#1,-or-- mine/1")


@pytest.mark.parametrize(
    ("mode", "told"),
    [
        ("legacy", "not 'legacy': AWS's SDKs have given it up. Remove the setting, or set it to 'standard'"),
        ("Adaptive", "not 'Adaptive': this client does not limit its own request rate. Remove the setting"),
        ("fast", "retry_mode must be 'standard', not 'fast'. Remove the setting"),
        (3, "retry_mode must be 'standard', not 3"),
    ],
)
def test_there_is_one_retry_mode(mode: Any, told: str) -> None:
    with pytest.raises(InvalidInput, match=re.escape(told)):
        resolve_config(SAGEMAKER, region="eu-west-1", retry_mode=mode)
    if isinstance(mode, str):
        with pytest.raises(
            InvalidInput, match=r"^AWS_RETRY_MODE must be 'standard'.* Remove the setting, or set it to 'standard'$"
        ):
            resolve_config(SAGEMAKER, region="eu-west-1", environ={"AWS_RETRY_MODE": mode})


@pytest.mark.parametrize("mode", ["standard", "Standard"])
def test_the_standard_mode_can_be_asked_for(mode: str) -> None:
    environ = {"AWS_RETRY_MODE": "legacy"}
    assert resolve_config(SAGEMAKER, region="eu-west-1", retry_mode=mode, environ=environ).max_attempts == 3
    assert resolve_config(SAGEMAKER, region="eu-west-1", environ={"AWS_RETRY_MODE": mode}).max_attempts == 3


def test_services_have_attempts_of_their_own() -> None:
    service = replace(SAGEMAKER, max_attempts=4)
    assert resolve_config(service, region="eu-west-1").max_attempts == 4
    assert resolve_config(service, region="eu-west-1", environ={"AWS_MAX_ATTEMPTS": "2"}).max_attempts == 2
    assert resolve_config(service, region="eu-west-1", max_attempts=7).max_attempts == 7
