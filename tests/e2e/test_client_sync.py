"""What matters to the sync client alone: threads, Ctrl-C, and use without ``with``."""

from __future__ import annotations

import os
import pickle
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from e2e.servers import ACCESS_KEY, REGION, SECRET_KEY, NodeDouble, endpoint_name
from sagemaker_runtime import Credentials, InvalidInput, SageMakerRuntime, StreamError


@pytest.fixture
def client(double: NodeDouble) -> Iterator[SageMakerRuntime]:
    with SageMakerRuntime(
        region=REGION, endpoint_url=double.url, credentials=Credentials(ACCESS_KEY, SECRET_KEY)
    ) as made:
        yield made


def test_threads_share_a_client(client: SageMakerRuntime) -> None:
    def call(number: int) -> tuple[bytes, bytes]:
        body = b"%d" % number
        out = client.invoke_endpoint(endpoint_name="echo", body=body)
        with client.invoke_endpoint_with_response_stream(endpoint_name="echo", body=body) as stream:
            return out.body, b"".join(stream.iter_bytes())

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(call, range(100)))
    assert results == [(b"%d" % number, b"%d" % number) for number in range(100)]


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """What Ctrl-C does in a program, though a shell's background jobs are started with it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize("behaviour", ["slow", "stream-gated"])
def test_ctrl_c_ends_the_call_at_the_server(client: SageMakerRuntime, double: NodeDouble, behaviour: str) -> None:
    name = endpoint_name(behaviour)

    def read() -> None:
        with client.invoke_endpoint_with_response_stream(endpoint_name=name, body=b"") as stream:
            list(stream)

    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        read()
    timer.join()
    assert double.wait_closed(name) is False
    assert len(double.requests(name)) == 1
    assert client.invoke_endpoint(endpoint_name="echo", body=b"next").body == b"next"


def test_a_stream_without_with_closes_at_its_end(client: SageMakerRuntime, double: NodeDouble) -> None:
    name = endpoint_name("stream-tokens")
    stream = client.invoke_endpoint_with_response_stream(endpoint_name=name, body=b"")
    assert "".join(stream.iter_text()) == "Once upon a time."
    assert double.wait_closed(name) is True


def test_a_closed_stream_says_so(client: SageMakerRuntime) -> None:
    stream = client.invoke_endpoint_with_response_stream(endpoint_name="stream-tokens", body=b"")
    stream.close()
    stream.close()
    with pytest.raises(StreamError, match="closed"):
        next(stream)


def test_a_closed_client_says_so(client: SageMakerRuntime) -> None:
    client.invoke_endpoint(endpoint_name="echo", body=b"")
    client.close()
    with pytest.raises(InvalidInput, match="closed"):
        client.invoke_endpoint(endpoint_name="echo", body=b"")


def test_a_pickled_client_calls(client: SageMakerRuntime) -> None:
    client.invoke_endpoint(endpoint_name="echo", body=b"")
    with pickle.loads(pickle.dumps(client)) as copy:
        assert copy.invoke_endpoint(endpoint_name="echo", body=b"from the copy").body == b"from the copy"
