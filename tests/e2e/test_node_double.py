"""The Node double judged by a client that neither it nor lapsmith wrote: boto3."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from botocore.exceptions import ClientError, EventStreamError
from e2e.servers import TEMPORARY, NodeDouble, endpoint_name

Make = Callable[..., Any]


def test_invoke_endpoint(boto: Make, double: NodeDouble) -> None:
    name = endpoint_name("echo")
    answer = boto().invoke_endpoint(
        EndpointName=name,
        Body=b"\x00bytes\xff",
        ContentType="a/b",
        Accept="c/d",
        CustomAttributes="x=1",
        TargetVariant="B",
    )
    with closing(answer["Body"]) as body:
        assert body.read() == b"\x00bytes\xff"
    assert answer["ContentType"] == "c/d"
    assert answer["CustomAttributes"] == "x=1"
    assert answer["InvokedProductionVariant"] == "B"
    (received,) = double.requests(name)
    assert received.body == b"\x00bytes\xff"
    assert received.header("x-amzn-sagemaker-target-variant") == "B"
    assert (received.status, received.finished) == (200, True)


def test_invoke_endpoint_async(boto: Make) -> None:
    answer = boto().invoke_endpoint_async(EndpointName="echo", InputLocation="s3://b/in", InferenceId="i-1")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert answer["InferenceId"] == "i-1"
    assert answer["OutputLocation"] == "s3://double/output/i-1.out"
    assert answer["FailureLocation"] == "s3://double/failure/i-1.out"


@pytest.mark.parametrize("behaviour", ["stream-tokens", "stream-cut-frames", "stream-joined-frames"])
def test_stream(boto: Make, behaviour: str) -> None:
    answer = boto().invoke_endpoint_with_response_stream(EndpointName=behaviour, Body=b"{}", Accept="text/plain")
    assert answer["ContentType"] == "text/plain"
    with closing(answer["Body"]) as stream:
        parts = [event["PayloadPart"]["Bytes"] for event in stream]
    assert parts == [b"Once", b" upon", b" a", b" time", b"."]


def test_stream_of_many_events(boto: Make) -> None:
    answer = boto().invoke_endpoint_with_response_stream(EndpointName="stream-many", Body=b"1234")
    with closing(answer["Body"]) as stream:
        text = b"".join(event["PayloadPart"]["Bytes"] for event in stream).decode()
    assert text == "".join(f"{number}," for number in range(1234))


def test_the_gate_holds_the_last_event_back(boto: Make, double: NodeDouble) -> None:
    name = endpoint_name("stream-gated")
    answer = boto().invoke_endpoint_with_response_stream(EndpointName=name, Body=b"")
    with closing(answer["Body"]) as stream:
        events = iter(stream)
        assert next(events)["PayloadPart"]["Bytes"] == b"first"
        assert double.requests(name)[0].sent == 1
        double.release(name)
        assert [event["PayloadPart"]["Bytes"] for event in events] == [b"last"]
    assert double.wait_closed(name)


@pytest.mark.parametrize(
    ("behaviour", "code", "message"),
    [
        ("stream-model-error", "ModelStreamError", "out of time"),
        ("stream-internal-failure", "InternalStreamFailure", "unknown failure"),
        ("stream-error-frame", "InternalError", "It broke"),
    ],
)
def test_stream_errors(boto: Make, behaviour: str, code: str, message: str) -> None:
    answer = boto().invoke_endpoint_with_response_stream(EndpointName=behaviour, Body=b"{}")
    with closing(answer["Body"]) as stream:
        events = iter(stream)
        assert next(events)["PayloadPart"]["Bytes"] == b"one"
        with pytest.raises(EventStreamError) as caught:
            list(events)
    error = caught.value.response["Error"]
    assert error["Code"] == code
    assert message in (error.get("Message") or error.get("message"))


@pytest.mark.parametrize(
    ("behaviour", "status", "code"),
    [
        ("model-error", 424, "ModelError"),
        ("validation", 400, "ValidationError"),
        ("not-ready", 429, "ModelNotReadyException"),
        ("internal", 500, "InternalFailure"),
        ("unavailable", 503, "ServiceUnavailable"),
        ("dependency", 530, "InternalDependencyException"),
        ("error-type-in-body", 400, "ValidationError"),
        ("nothing-of-this-name", 400, "ValidationError"),
    ],
)
def test_errors(boto: Make, behaviour: str, status: int, code: str) -> None:
    with pytest.raises(ClientError) as caught:
        boto().invoke_endpoint(EndpointName=behaviour, Body=b"{}")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert caught.value.response["Error"]["Code"] == code
    if code == "ModelError":
        assert caught.value.response["OriginalStatusCode"] == 500
        assert caught.value.response["OriginalMessage"] == "out of memory"
        assert caught.value.response["LogStreamArn"].startswith("arn:aws:logs:")


def test_a_session_token_is_checked(boto: Make) -> None:
    key, secret, token = TEMPORARY
    good = boto(aws_access_key_id=key, aws_secret_access_key=secret, aws_session_token=token)
    assert good.invoke_endpoint_async(EndpointName="echo", InputLocation="s3://b/in")["InferenceId"]
    for wrong in ({}, {"aws_session_token": "another"}):
        client = boto(aws_access_key_id=key, aws_secret_access_key=secret, **wrong)
        with pytest.raises(ClientError, match="UnrecognizedClientException"):
            client.invoke_endpoint_async(EndpointName="echo", InputLocation="s3://b/in")


@pytest.mark.parametrize(
    ("credentials", "code"),
    [
        ({"aws_secret_access_key": "wrong"}, "InvalidSignatureException"),
        ({"aws_access_key_id": "AKIDUNKNOWN"}, "UnrecognizedClientException"),
    ],
)
def test_wrong_credentials_are_refused(boto: Make, credentials: dict[str, str], code: str) -> None:
    with pytest.raises(ClientError) as caught:
        boto(**credentials).invoke_endpoint(EndpointName="echo", Body=b"{}")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert caught.value.response["Error"]["Code"] == code


def _replace(request: Any, header: str, change: Callable[[str], str]) -> None:
    value = request.headers[header]
    text = value.decode() if isinstance(value, bytes) else value
    request.headers[header] = change(text)


TAMPERING: dict[str, Callable[[Any], None]] = {
    "body": lambda request: setattr(request, "body", b"SIGNED"),
    "path": lambda request: setattr(request, "url", request.url.replace("/echo/", "/echo--2/")),
    "header": lambda request: _replace(request, "X-Amzn-SageMaker-Custom-Attributes", lambda _: "b"),
    "date": lambda request: _replace(request, "X-Amz-Date", lambda text: text[:-2] + str(9 - int(text[-2])) + "Z"),
    "service": lambda request: _replace(request, "Authorization", lambda text: text.replace("/sagemaker/", "/s3/")),
    "no authorization": lambda request: request.headers.pop("Authorization"),
    "one more x-amz header": lambda request: request.headers.update({"x-amz-acl": "private"}),
}


@pytest.mark.parametrize("change", TAMPERING)
def test_a_request_changed_after_signing_is_refused(boto: Make, change: str) -> None:
    client = boto()

    def tamper(request: Any, **_: Any) -> None:  # what a handler returns would stand in for the answer
        TAMPERING[change](request)

    client.meta.events.register_last("before-send.sagemaker-runtime.InvokeEndpoint", tamper)
    with pytest.raises(ClientError) as caught:
        client.invoke_endpoint(EndpointName="echo", Body=b"signed", CustomAttributes="a")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    code = caught.value.response["Error"]["Code"]
    assert code == (
        "MissingAuthenticationTokenException" if change == "no authorization" else "InvalidSignatureException"
    )


def test_a_clock_that_is_an_hour_off_is_refused(boto: Make) -> None:
    with pytest.raises(ClientError, match="Signature expired"):
        boto().invoke_endpoint(EndpointName="skewed-clock", Body=b"{}")


def test_an_endpoint_name_is_quoted_and_read_back(boto: Make, double: NodeDouble) -> None:
    name = endpoint_name("echo") + " ü/%2F+"
    client = boto()
    # botocore holds names to the service's pattern; the double does not, so that quoting can be tested at all.
    client.meta.service_model.shape_for("EndpointName").metadata.pop("pattern", None)
    with closing(client.invoke_endpoint(EndpointName=name, Body=json.dumps({}))["Body"]) as body:
        assert body.read() == b"{}"
    assert len(double.requests(name)) == 1
