"""What a socket receives, byte for byte, when the client calls the service at its real URL over TLS.

Only name resolution and the TCP port are local: the URL, the host name that TLS verifies, the headers and the
signature are those of a call to AWS. The golden files hold the requests; the clock stands still for them.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials
from e2e.conftest import require_node
from e2e.drivers import connector
from e2e.real_host import HOST, Certificate, Recorder, make_certificate, send_host_here
from e2e.servers import ACCESS_KEY, REGION, SECRET_KEY, TEMPORARY, endpoint_name, node_double
from sagemaker_runtime import ConnectError, Credentials

RAW = Path(__file__).parent / "raw"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"
CALLS: dict[str, dict[str, Any]] = {
    "invoke_endpoint": {
        "endpoint_name": "llm-7b",
        "body": '{"inputs": "Grüße"}'.encode(),
        "content_type": "application/json",
        "accept": "application/json",
        "custom_attributes": "trace=1;b=2",
        "target_model": "model-a.tar.gz",
        "target_variant": "blue",
        "target_container_hostname": "container-1",
        "inference_id": "inference-1",
        "enable_explanations": "`true`",
        "inference_component_name": "component-1",
    },
    "invoke_endpoint_async": {
        "endpoint_name": "llm-7b",
        "input_location": "s3://bucket/input.json",
        "content_type": "application/json",
        "accept": "application/json",
        "custom_attributes": "trace=1",
        "inference_id": "inference-1",
        "request_ttl_seconds": 3600,
        "invocation_timeout_seconds": 60,
    },
    "invoke_endpoint_with_response_stream": {
        "endpoint_name": "llm 7b/é",
        "json": {"inputs": "hi", "stream": True},
        "accept": "text/event-stream",
        "target_variant": "blue",
    },
}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    if shutil.which("openssl") is None:
        pytest.skip("the TLS tests need the openssl command")
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def recorder(certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> Iterator[Recorder]:
    """A recorder that the real host name leads to."""
    with Recorder(certificate).running() as running:
        send_host_here(monkeypatch, running.port)
        yield running


@pytest.fixture(params=["sync", "asyncio", "trio"])
def connect_real(request: pytest.FixtureRequest) -> Iterator[Callable[..., Any]]:
    """Make clients of the service at its real URL."""
    defaults = {"region": REGION, "credentials": Credentials(ACCESS_KEY, SECRET_KEY)}
    with connector(request.param, defaults) as make:
        yield make


def call(client: Any, method: str) -> Any:
    made = getattr(client, method)(**CALLS[method])
    if method != "invoke_endpoint_with_response_stream":
        return made
    with made as stream:
        return list(stream)


def without_versions(request: bytes) -> bytes:
    """Put ``x`` for Python's version and the operating system in the User-Agent header, which is not signed."""
    return re.sub(rb"(User-Agent: .* lang/python#)\S+ os/\S+", rb"\1x os/x", request)


def hold_still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take out of a request what differs from call to call."""
    module = "sagemaker_runtime._runtime.call.attempts"
    monkeypatch.setattr(f"{module}.utcnow", lambda: datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    monkeypatch.setattr(f"{module}.invocation_id", lambda: "01234567-89ab-4cde-af01-23456789abcd")


@pytest.mark.parametrize("method", CALLS)
def test_raw_request(
    connect_real: Callable[..., Any],
    recorder: Recorder,
    certificate: Certificate,
    monkeypatch: pytest.MonkeyPatch,
    check_golden: Callable[[Path, bytes], None],
    method: str,
) -> None:
    body = b"{}" if method == "invoke_endpoint_async" else b""
    recorder.answer = OK % (len(body), body)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate.authority))
    hold_still(monkeypatch)
    call(connect_real(), method)
    (request,) = recorder.requests
    check_golden(RAW / f"{method}.txt", without_versions(request))


def test_raw_request_with_a_session_token(
    connect_real: Callable[..., Any],
    recorder: Recorder,
    certificate: Certificate,
    monkeypatch: pytest.MonkeyPatch,
    check_golden: Callable[[Path, bytes], None],
) -> None:
    recorder.answer = OK % (0, b"")
    monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate.authority))
    hold_still(monkeypatch)
    client = connect_real(credentials=Credentials(*TEMPORARY), max_attempts=1)
    client.with_options(extra_headers={"X-Extra": "1"}).invoke_endpoint(endpoint_name="llm", body=b"")
    (request,) = recorder.requests
    check_golden(RAW / "session_token.txt", without_versions(request))


def test_the_double_over_tls_under_the_real_name(
    connect_real: Callable[..., Any], certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWS's own signer accepts what arrives through TLS for the real host, and the stream comes back through it."""
    require_node()
    monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate.authority))
    with node_double("--key", str(certificate.key), "--cert", str(certificate.certificate)) as double:
        send_host_here(monkeypatch, double.port)
        client = connect_real()
        assert client.invoke_endpoint(endpoint_name=endpoint_name("echo"), body=b"over TLS").body == b"over TLS"
        assert client.invoke_endpoint_async(endpoint_name="echo", input_location="s3://b/k").inference_id
        with client.invoke_endpoint_with_response_stream(endpoint_name="stream-tokens", body=b"") as stream:
            assert "".join(stream.iter_text()) == "Once upon a time."


def test_a_certificate_that_is_not_trusted_is_refused(connect_real: Callable[..., Any], recorder: Recorder) -> None:
    with pytest.raises(ConnectError, match=r"(?i)certificate"):
        connect_real(max_attempts=1).invoke_endpoint(endpoint_name="llm", body=b"secret")
    assert recorder.requests == []


@pytest.mark.parametrize("path", sorted(RAW.glob("*.txt")), ids=lambda path: path.stem)
def test_the_signature_in_the_golden_file_is_botocores(path: Path) -> None:
    """The golden files were written by the client; that they are right, botocore's signer says."""
    head, body = path.read_bytes().split(b"\r\n\r\n", 1)
    request_line, *lines = head.decode("ascii").split("\r\n")
    method, target, _ = request_line.split(" ")
    headers = dict(line.split(": ", 1) for line in lines)
    # botocore adds these after it has signed.
    added = [headers.pop("amz-sdk-invocation-id"), headers.pop("amz-sdk-request")]
    assert lines[-2:] == [f"amz-sdk-invocation-id: {added[0]}", f"amz-sdk-request: {added[1]}"]
    written = headers.pop("Authorization")
    key = TEMPORARY if "X-Amz-Security-Token" in headers else (ACCESS_KEY, SECRET_KEY, None)
    request = AWSRequest(method, f"https://{HOST}{target}", headers=headers, data=body)
    request.context["timestamp"] = headers["X-Amz-Date"]
    signer = SigV4Auth(BotocoreCredentials(*key), "sagemaker", REGION)
    signature = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
    assert written.endswith(f"Signature={signature}")
    signed = signer.signed_headers(signer.headers_to_sign(request))
    assert f"SignedHeaders={signed}," in written
