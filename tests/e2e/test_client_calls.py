"""The generated client's calls against the Node double: what is sent, what is read, what is refused."""

from __future__ import annotations

import inspect
import json
import socket
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from botocore import xform_name
from e2e.servers import SECRET_KEY, TEMPORARY, NodeDouble, Received, endpoint_name
from sagemaker_runtime import (
    ConnectError,
    Credentials,
    InvalidInput,
    InvalidResponse,
    ProtocolError,
    ReadTimeout,
    SageMakerRuntime,
    SageMakerRuntimeError,
)

Make = Callable[..., Any]

OPERATIONS = ["InvokeEndpoint", "InvokeEndpointAsync", "InvokeEndpointWithResponseStream"]
REQUIRED = {"InvokeEndpointAsync": {"InputLocation": "s3://bucket/key"}}
# Members of newer service models than the description that the client was made from.
NEWER = {"SessionId", "PrefixAwareId", "S3OutputPathExtension", "Filename"}
# What a client says about itself and its signature may differ between two clients.
OWN_HEADERS = {
    "authorization",
    "x-amz-date",
    "user-agent",
    "accept-encoding",
    "amz-sdk-invocation-id",
    "amz-sdk-request",
}


def call(client: Any, operation: str, **members: Any) -> Any:
    """Call ``operation``, given by its name in the service's model; a stream is read to its end."""
    method = getattr(client, xform_name(operation))
    if operation != "InvokeEndpointWithResponseStream":
        return method(**members)
    with method(**members) as stream:
        return list(stream)


def required(operation: str, name: str) -> dict[str, Any]:
    """The least that ``operation`` can be called with, in Python names."""
    members = REQUIRED.get(operation, {"Body": b"body"})
    return {"endpoint_name": name} | {xform_name(key): value for key, value in members.items()}


def sample(member: str, shape: Any) -> Any:
    """A value of its own for each member."""
    if shape.type_name == "integer":
        return 60 + len(member)
    return b'{"inputs": "\xc3\xa9"}' if shape.type_name == "blob" else f"{member} value;a=b, c"


def comparable(received: Received) -> dict[str, Any]:
    headers = sorted((name.lower(), value) for name, value in received.headers if name.lower() not in OWN_HEADERS)
    scope = (received.header("authorization") or "").split(",")[0].split("/")[2:]
    return {"url": received.url, "body": received.body, "headers": headers, "scope": scope}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_parameter_is_sent_as_boto3_sends_it(
    connect: Make, boto: Make, double: NodeDouble, operation: str
) -> None:
    theirs, ours = boto(), connect()
    members = dict(theirs.meta.service_model.operation_model(operation).input_shape.members)
    known = inspect.signature(getattr(SageMakerRuntime, xform_name(operation))).parameters
    if "body" not in known:
        members.pop("Body")
    values = {name: sample(name, shape) for name, shape in members.items() if name not in NEWER}
    name = values["EndpointName"] = endpoint_name("echo")
    assert {xform_name(member) for member in values} == set(known) - {"self", "json"}

    answer = getattr(theirs, xform_name(operation))(**values)
    if hasattr(answer.get("Body"), "close"):
        answer["Body"].close()
    call(ours, operation, **{xform_name(member): value for member, value in values.items()})
    reference, sent = double.requests(name)
    assert sent.refused is None
    assert comparable(sent) == comparable(reference)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_what_is_not_given_is_not_sent(connect: Make, double: NodeDouble, operation: str) -> None:
    name = endpoint_name("echo")
    call(connect(), operation, **required(operation, name))
    (sent,) = double.requests(name)
    assert sent.refused is None
    optional = {key.lower() for key, _ in sent.headers if key.lower().startswith("x-amzn-")}
    assert optional == ({"x-amzn-sagemaker-inputlocation"} if operation == "InvokeEndpointAsync" else set())
    assert sent.header("content-length") == str(len(sent.body))
    assert sent.header("transfer-encoding") is None


def test_invoke_endpoint_reads_every_member(connect: Make) -> None:
    out = connect().invoke_endpoint(
        endpoint_name="echo",
        body=bytes(range(256)),
        accept="image/x",
        custom_attributes="a=1",
        target_variant="B",
    )
    assert out.body == bytes(range(256))
    assert out.content_type == "image/x"
    assert out.custom_attributes == "a=1"
    assert out.invoked_production_variant == "B"
    assert (out.metadata.status, out.metadata.attempts) == (200, 1)
    assert out.metadata.request_id == out.metadata.headers["x-amzn-requestid"]


def test_invoke_endpoint_async_reads_every_member(connect: Make) -> None:
    out = connect().invoke_endpoint_async(endpoint_name="echo", input_location="s3://b/k", inference_id="i-7")
    assert out.inference_id == "i-7"
    assert out.output_location == "s3://double/output/i-7.out"
    assert out.failure_location == "s3://double/failure/i-7.out"
    assert out.metadata.status == 202


def test_the_stream_reads_every_member(connect: Make) -> None:
    members = {"accept": "text/event-stream", "custom_attributes": "a=1", "target_variant": "B"}
    with connect().invoke_endpoint_with_response_stream(endpoint_name="echo", body=b"echoed", **members) as stream:
        assert stream.content_type == "text/event-stream"
        assert stream.custom_attributes == "a=1"
        assert stream.invoked_production_variant == "B"
        assert stream.metadata.status == 200
        assert stream.metadata.request_id == stream.metadata.headers["x-amzn-requestid"]
        assert b"".join(stream.iter_bytes()) == b"echoed"


def test_json_is_sent_and_read(connect: Make, double: NodeDouble) -> None:
    name = endpoint_name("echo")
    document = {"inputs": "é 東京", "parameters": {"n": [1, 2.5, None, True]}}
    client = connect()
    assert client.invoke_endpoint(endpoint_name=name, json=document).json() == document
    with client.invoke_endpoint_with_response_stream(endpoint_name=name, json=document) as stream:
        assert list(stream.iter_json()) == [document]
    for sent in double.requests(name):
        assert sent.header("content-type") == "application/json"
        assert json.loads(sent.body) == document


@pytest.mark.parametrize("operation", ["InvokeEndpoint", "InvokeEndpointWithResponseStream"])
@pytest.mark.parametrize("bodies", [{}, {"body": b"a", "json": 1}])
def test_both_or_no_body_is_refused(connect: Make, double: NodeDouble, operation: str, bodies: dict[str, Any]) -> None:
    name = endpoint_name("echo")
    with pytest.raises(InvalidInput):
        call(connect(), operation, endpoint_name=name, **bodies)
    assert double.requests(name) == []


def test_no_argument_can_be_left_out_unnoticed(connect: Make) -> None:
    with pytest.raises((InvalidInput, TypeError), match="input_location"):
        connect().invoke_endpoint_async(endpoint_name="echo")
    with pytest.raises(InvalidInput, match="input_location"):
        connect().invoke_endpoint_async(endpoint_name="echo", input_location=None)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_session_token_is_sent_and_signed(connect: Make, double: NodeDouble, operation: str) -> None:
    name = endpoint_name("echo")
    call(connect(credentials=Credentials(*TEMPORARY)), operation, **required(operation, name))
    (sent,) = double.requests(name)
    assert sent.header("x-amz-security-token") == TEMPORARY[2]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_wrong_secret_is_refused_with_a_typed_error(connect: Make, double: NodeDouble, operation: str) -> None:
    name = endpoint_name("echo")
    client = connect(credentials=Credentials("AKIDEXAMPLE", "not" + SECRET_KEY))
    with pytest.raises(SageMakerRuntimeError, match="signature we calculated does not match") as caught:
        call(client, operation, **required(operation, name))
    error = caught.value
    assert (error.status, error.code, error.operation) == (403, "InvalidSignatureException", operation)
    assert SECRET_KEY not in repr(error) + str(error)
    assert len(double.requests(name)) == 1


def test_a_clock_that_is_off_is_corrected_once(connect: Make, double: NodeDouble) -> None:
    name = endpoint_name("skewed-clock")
    client = connect()
    assert client.invoke_endpoint(endpoint_name=name, body=b"1").metadata.attempts == 2
    assert client.invoke_endpoint(endpoint_name=name, body=b"2").metadata.attempts == 1
    assert [request.status for request in double.requests(name)] == [403, 200, 200]


@pytest.mark.parametrize("suffix", [" a b/c%", "é東🗼", "%2F%2e..", "+&=;,:@!$'()*~", "?x=1#f", '{x}|^`\\"<>'])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_any_endpoint_name_is_quoted(connect: Make, double: NodeDouble, operation: str, suffix: str) -> None:
    name = endpoint_name("echo") + suffix
    call(connect(), operation, **required(operation, name))
    (sent,) = double.requests(name)
    assert sent.refused is None
    assert sent.status in (200, 202)


@pytest.mark.parametrize("name", ["", ".", ".."])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_endpoint_name_that_changes_the_path_is_refused(connect: Make, operation: str, name: str) -> None:
    with pytest.raises(InvalidInput, match=r"endpoint_name|EndpointName"):
        call(connect(), operation, **required(operation, name))


@pytest.mark.parametrize("text", ["a\r\nX-Injected: 1", "a\nb", "a\rb", "\r\n\r\nGET / HTTP/1.1", "a\x00b"])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_control_characters_in_headers_are_refused_before_sending(
    connect: Make, double: NodeDouble, operation: str, text: str
) -> None:
    name = endpoint_name("echo")
    client = connect()
    members = required(operation, name)
    for member in ("custom_attributes", "accept", "content_type", "inference_id"):
        with pytest.raises(InvalidInput, match=member):
            call(client, operation, **members | {member: text})
    with pytest.raises(InvalidInput):
        call(client.with_options(extra_headers={"X-Extra": text}), operation, **members)
    with pytest.raises(InvalidInput):
        call(client.with_options(extra_headers={text: "value"}), operation, **members)
    assert double.requests(name) == []


def test_extra_headers_are_sent_and_signed(connect: Make, double: NodeDouble) -> None:
    name = endpoint_name("echo")
    client = connect()
    client.with_options(extra_headers={"X-Trace": "t 1"}).invoke_endpoint(endpoint_name=name, body=b"")
    client.invoke_endpoint(endpoint_name=name, body=b"")
    with_header, without = double.requests(name)
    assert with_header.header("x-trace") == "t 1"
    assert "x-trace" in (with_header.header("authorization") or "")
    assert without.header("x-trace") is None


@pytest.mark.parametrize("body", [b"", b"\x00" * (8 << 20), "é".encode("utf-16")], ids=["empty", "8 MiB", "binary"])
def test_bodies_of_any_size_and_content(connect: Make, double: NodeDouble, body: bytes) -> None:
    name = endpoint_name("echo")
    client = connect()
    assert client.invoke_endpoint(endpoint_name=name, body=body).body == body
    with client.invoke_endpoint_with_response_stream(endpoint_name=name, body=body) as stream:
        assert b"".join(stream.iter_bytes()) == body
    assert [request.header("content-length") for request in double.requests(name)] == [str(len(body))] * 2


def test_connections_are_used_again(connect: Make, double: NodeDouble) -> None:
    name = endpoint_name("echo")
    client = connect()
    for _ in range(3):
        client.invoke_endpoint(endpoint_name=name, body=b"")
        with client.invoke_endpoint_with_response_stream(endpoint_name=name, body=b"x") as stream:
            list(stream)
    assert len({request.port for request in double.requests(name)}) == 1


def test_a_connection_that_the_server_closed_is_not_used(connect: Make, double: NodeDouble) -> None:
    name = endpoint_name("closes-idle-connection")
    client = connect()
    for _ in range(3):
        assert client.invoke_endpoint(endpoint_name=name, body=b"x").body == b"x"
        double.wait_closed(name)
    assert len({request.port for request in double.requests(name)}) == 3


def test_an_empty_answer_has_an_empty_body(connect: Make) -> None:
    client = connect()
    assert client.invoke_endpoint(endpoint_name="empty-body", body=b"x").body == b""
    out = client.invoke_endpoint_async(endpoint_name="empty-body", input_location="s3://b/k")
    assert out.inference_id is None
    assert out.output_location


def test_missing_members_read_as_none(connect: Make) -> None:
    client = connect()
    out = client.invoke_endpoint(endpoint_name="missing-headers", body=b"x")
    assert out.body == b"x"
    assert (out.content_type, out.invoked_production_variant, out.custom_attributes) == (None, None, None)
    assert out.metadata.request_id is None
    later = client.invoke_endpoint_async(endpoint_name="missing-headers", input_location="s3://b/k")
    assert (later.inference_id, later.output_location, later.failure_location) == (None, None, None)
    with client.invoke_endpoint_with_response_stream(endpoint_name="missing-headers", body=b"x") as stream:
        assert (stream.content_type, stream.invoked_production_variant, stream.custom_attributes) == (
            None,
            None,
            None,
        )
        assert b"".join(stream.iter_bytes()) == b"x"


def test_null_and_unknown_members_are_tolerated(connect: Make) -> None:
    client = connect()
    out = client.invoke_endpoint_async(endpoint_name="null-members", input_location="s3://b/k")
    assert out.inference_id is None
    assert out.output_location
    out = client.invoke_endpoint_async(endpoint_name="unknown-fields", input_location="s3://b/k")
    assert out.inference_id == "known"
    assert out.metadata.headers["x-amzn-sagemaker-newheader"] == "1"


def test_header_names_are_read_in_any_case(connect: Make) -> None:
    client = connect()
    attributes = {"custom_attributes": "a=1"}
    out = client.invoke_endpoint(endpoint_name="odd-header-case", body=b"x", accept="a/b", **attributes)
    assert (out.content_type, out.invoked_production_variant, out.custom_attributes) == (
        "a/b",
        "AllTraffic",
        "a=1",
    )
    assert client.invoke_endpoint_async(endpoint_name="odd-header-case", input_location="s3://b/k").failure_location
    name = "odd-header-case"
    with client.invoke_endpoint_with_response_stream(
        endpoint_name=name, body=b"x", accept="a/b", **attributes
    ) as stream:
        assert (stream.content_type, stream.custom_attributes) == ("a/b", "a=1")


def test_a_redirect_is_not_followed(connect: Make, double: NodeDouble) -> None:
    with pytest.raises(SageMakerRuntimeError) as caught:
        connect().invoke_endpoint(endpoint_name=endpoint_name("redirect"), body=b"x")
    assert caught.value.status == 307
    assert double.requests("redirected") == []


def test_an_answer_that_breaks_off_is_an_error(connect: Make, double: NodeDouble) -> None:
    name = endpoint_name("cut-body")
    with pytest.raises(ProtocolError):
        connect().invoke_endpoint(endpoint_name=name, body=b"x" * 1000)
    assert len(double.requests(name)) == 1


def test_an_answer_that_is_not_json_is_an_error(connect: Make) -> None:
    client = connect()
    with pytest.raises(InvalidResponse):
        client.invoke_endpoint_async(endpoint_name="no-json", input_location="s3://b/k")
    with pytest.raises(InvalidResponse):
        client.invoke_endpoint(endpoint_name="echo", body=b"<html>").json()


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_read_timeout_does_not_invoke_again(connect: Make, double: NodeDouble, operation: str) -> None:
    name = endpoint_name("slow")
    with pytest.raises(ReadTimeout):
        call(connect(timeout=0.3), operation, **required(operation, name))
    assert double.wait_closed(name) is False
    assert len(double.requests(name)) == 1


def test_no_server_is_a_connect_error(connect: Make) -> None:
    with closing(socket.socket()) as unused:  # bound but not listening: connections to it are refused
        unused.bind(("127.0.0.1", 0))
        client = connect(endpoint_url=f"http://127.0.0.1:{unused.getsockname()[1]}", max_attempts=1)
        with pytest.raises(ConnectError) as caught:
            client.invoke_endpoint(endpoint_name="echo", body=b"x")
    assert not caught.value.sent
