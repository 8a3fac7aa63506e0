"""No secret is shown: not by a repr, a message or a log, and not by tracebacks that print local variables."""

from __future__ import annotations

import logging
import os
import pickle
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import bedrock_runtime
import bedrock_runtime.testing
import dynamodb
import dynamodb.testing
import msgspec
import pytest
from botocore.credentials import Credentials as BotocoreCredentials
from botocore.credentials import ReadOnlyCredentials
from e2e.drivers import connector
from sagemaker_runtime import (
    AsyncHTTPTransport,
    AsyncHTTPX2Transport,
    AWSError,
    CallEvent,
    Credentials,
    Hooks,
    HTTPTransport,
    HTTPX2Transport,
    InvalidInput,
    SageMakerRuntime,
    Timeout,
)
from sagemaker_runtime.testing import StubTransport

from .loopback import Peer, Server, answering, response

SECRET = "SECRETwJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLE"
TOKEN = "TOKENIQoJb3JpZ2luX2VjEJr3wEXAMPLE"
PASSWORD = "hunter2"
KEYS = Credentials("AKID", SECRET, TOKEN)
ENVIRONMENT = {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_SESSION_TOKEN": TOKEN}
FILE = f"[default]\naws_access_key_id = AKID\naws_secret_access_key = {SECRET}\naws_session_token = {TOKEN}\n"
CALL: dict[str, Any] = {"endpoint_name": "llm", "body": b"in"}
SETTLED: dict[str, Any] = {"region": "eu-west-1", "credentials": lambda: None}


def secrets_in(text: str) -> list[str]:
    return [each for each in (SECRET, TOKEN, PASSWORD, "Signature=", "aHVudGVyMg") if each in text]


def report(error: BaseException) -> str:
    """The traceback with the local variables of every frame that is not of these tests."""
    shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    waiting = [shown]
    while waiting:
        part = waiting.pop()
        part.stack[:] = [frame for frame in part.stack if "/tests/" not in frame.filename]
        waiting += [each for each in (part.__cause__, part.__context__) if each is not None]
    return "".join(shown.format())


@pytest.fixture
def aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for AWS's two files."""
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return tmp_path


def invoke(**settings: Any) -> None:
    SageMakerRuntime(**{"region": "eu-west-1", "transport": StubTransport()} | settings).invoke_endpoint(**CALL)


def send_json(value: Any) -> None:
    SageMakerRuntime(**SETTLED, transport=StubTransport()).invoke_endpoint(endpoint_name="llm", json=value)


def fail_with(error: Exception) -> Callable[[], Credentials]:
    def fail() -> Credentials:
        secret = SECRET
        raise error from ValueError(secret)

    return fail


SETTINGS: dict[str, tuple[dict[str, str], dict[str, str], dict[str, Any]]] = {
    # What fails: variables, files, arguments.
    "no region": (ENVIRONMENT, {"credentials": FILE}, {"region": None}),
    "region": (ENVIRONMENT, {"credentials": FILE}, {"region": "a.b"}),
    "attempts": (ENVIRONMENT | {"AWS_MAX_ATTEMPTS": "x"}, {"credentials": FILE}, {}),
    "profile": (ENVIRONMENT | {"AWS_PROFILE": "gone"}, {"credentials": FILE, "config": FILE}, {}),
    "services": (ENVIRONMENT, {"config": FILE + "services = gone\n"}, {}),
    "process": ({"AWS_PROFILE": "gone"}, {"config": f"[default]\ncredential_process = get --password {PASSWORD}"}, {}),
    "file": (ENVIRONMENT, {"credentials": FILE.replace(" = ", " ")}, {}),
    "half a pair": ({"AWS_SECRET_ACCESS_KEY": SECRET}, {}, {}),
    "line end": (ENVIRONMENT | {"AWS_SECRET_ACCESS_KEY": SECRET + "\n"}, {}, {}),
    "line end in the token": (ENVIRONMENT | {"AWS_SESSION_TOKEN": TOKEN + "\n"}, {}, {}),
    "expiry": (ENVIRONMENT | {"AWS_CREDENTIAL_EXPIRATION": "soon"}, {}, {}),
    "frozen keys": ({}, {}, {"credentials": ReadOnlyCredentials("AKID", SECRET + "\n", TOKEN)}),
    "frozen keys and region": ({}, {}, {"region": "a.b", "credentials": ReadOnlyCredentials("AKID", SECRET, TOKEN)}),
    "keys": ({}, {}, {"credentials": BotocoreCredentials("AKID", SECRET + "\n", TOKEN)}),
    "tuple": ({}, {}, {"credentials": ("AKID", SECRET, TOKEN)}),
    "mapping": ({}, {}, {"credentials": {"secret_key": SECRET}}),
    "function": ({}, {}, {"credentials": lambda: SECRET}),
    "function that fails": ({}, {}, {"credentials": fail_with(OSError("no"))}),
    "transport": ({}, {}, {"credentials": KEYS, "transport": object()}),
    "hooks": ({}, {}, {"credentials": KEYS, "hooks": object()}),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_settings_that_fail(name: str, aws: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    variables, files, arguments = SETTINGS[name]
    for file, text in files.items():
        (aws / file).write_text(text)
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)
    with pytest.raises(AWSError) as caught:
        invoke(**arguments)
    assert secrets_in(report(caught.value)) == []
    assert secrets_in(repr(pickle.dumps(caught.value))) == []


@pytest.mark.parametrize("values", [("AKID", SECRET + "\n", TOKEN), ("AKID", SECRET, TOKEN + " "), ("", SECRET, TOKEN)])
def test_credentials_that_cannot_be_such(values: tuple[str, str, str]) -> None:
    with pytest.raises(AWSError) as caught:
        Credentials(*values)
    assert secrets_in(report(caught.value)) == []


def test_credentials_that_are_refused_while_they_are_renewed() -> None:
    """The old ones are at hand when the function fails."""
    made = iter([Credentials("AKID", SECRET, TOKEN, datetime.now(UTC) + timedelta(seconds=1))])
    stub = StubTransport()
    stub.respond()
    client = SageMakerRuntime(region="eu-west-1", credentials=lambda: next(made, SECRET), transport=stub)  # type: ignore[arg-type,return-value]
    client.invoke_endpoint(**CALL)
    with pytest.raises(AWSError) as caught:
        client.invoke_endpoint(**CALL)
    assert secrets_in(report(caught.value)) == []


def test_a_hash_that_contradicts_the_body(archive: Any) -> None:
    """The signature is refused half-made."""
    from byte_streams.testing import StubTransport as ArchiveStub

    keys = archive.Credentials("AKID", SECRET, TOKEN)
    client = archive.Archive(region="eu-west-1", credentials=keys, transport=ArchiveStub())
    odd = client.with_options(extra_headers={"X-Amz-Content-Sha256": "0" * 64})
    with pytest.raises(archive.InvalidInput, match="X-Amz-Content-Sha256") as caught, open(__file__, "rb") as file:
        odd.put_object(key="a", data=file)
    assert secrets_in(report(caught.value)) == []


def test_reprs() -> None:
    assert secrets_in(repr(KEYS)) == []
    assert repr(KEYS) == (
        "Credentials(access_key_id='AKID', secret_access_key='***', session_token='***', expires=None, account_id=None)"
    )
    assert repr(Credentials("AKID", SECRET)).endswith("session_token=None, expires=None, account_id=None)")
    assert secrets_in(repr(list(KEYS.__rich_repr__()))) == []


# On the way: what HTTP libraries hold in their frames, and what they say.


def reset(peer: Peer) -> None:
    peer.read_request()
    peer.reset()


def garble(peer: Peer) -> None:
    peer.read_request()
    peer.send(b"garbage\r\n\r\n")
    peer.close()


def cut(peer: Peer) -> None:
    peer.read_request()
    peer.send(response(b"0123456789")[:-3])
    peer.close()


def stay_silent(peer: Peer) -> None:
    peer.read_request()
    peer.wait_for_close()


def _httpx2(kind: str) -> Any:
    import httpx2

    if kind == "sync":
        return HTTPX2Transport(httpx2.Client(trust_env=False))
    return AsyncHTTPX2Transport(httpx2.AsyncClient(trust_env=False))


TRANSPORTS: dict[str, Callable[[str], Any]] = {
    "default": lambda kind: (HTTPTransport if kind == "sync" else AsyncHTTPTransport)(),
    "httpx2": _httpx2,
}


KINDS = ("sync", "asyncio", "trio")
WAYS = [(transport, kind) for transport in TRANSPORTS for kind in KINDS]


@pytest.fixture
def http_log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """Everything that any library logs."""
    with caplog.at_level(logging.DEBUG):
        yield caplog


@pytest.mark.parametrize("spoil", [reset, garble, cut, stay_silent])
@pytest.mark.parametrize(("transport", "kind"), WAYS)
def test_connections_that_fail(
    transport: str, kind: str, spoil: Callable[[Peer], None], http_log: pytest.LogCaptureFixture
) -> None:
    with Server(spoil) as server:
        settings = {"region": "eu-west-1", "credentials": KEYS, "endpoint_url": f"http://127.0.0.1:{server.port}"}
        limits = {"max_attempts": 1, "timeout": Timeout(connect=1, read=0.2, write=1, pool=1)}
        with connector(kind, settings | limits) as connect:
            client = connect(transport=TRANSPORTS[transport](kind))
            with pytest.raises(AWSError) as caught:
                client.invoke_endpoint(**CALL)
    assert secrets_in(report(caught.value)) == []
    assert secrets_in("\n".join(str(vars(record)) + record.getMessage() for record in http_log.records)) == []


PROXIES = {
    "refuses": f"http://me:{PASSWORD}@127.0.0.1:9",
    "unknown kind": f"foo://me:{PASSWORD}@127.0.0.1:9",
    "no host": f"http://me:{PASSWORD}@",
    "no address": f"http://me:{PASSWORD}@[::1",
}


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("proxy", PROXIES)
@pytest.mark.parametrize(("transport", "kind"), [way for way in WAYS if way[0] != "httpx2"])
def test_proxies(transport: str, kind: str, scheme: str, proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{scheme}_proxy", PROXIES[proxy])
    monkeypatch.setenv("no_proxy", "")
    settings = {"region": "eu-west-1", "credentials": KEYS, "endpoint_url": f"{scheme}://example.test"}
    with connector(kind, settings | {"max_attempts": 1, "timeout": 5}) as connect:
        client = connect(transport=TRANSPORTS[transport](kind))
        with pytest.raises(AWSError) as caught:
            client.invoke_endpoint(**CALL)
    assert secrets_in(report(caught.value)) == []


class Job(msgspec.Struct):
    """A caller's own structure, whose members are whatever it says they are."""

    keys: Any


class Keyed(msgspec.Struct):
    """One that says what it holds."""

    keys: Credentials


@dataclass
class Task:
    """A caller's own dataclass."""

    keys: Any


HOLDERS: dict[str, Callable[[Any], Any]] = {
    "themselves": lambda keys: keys,
    "nested": lambda keys: {"jobs": [("a", {"keys": keys})]},
    "structure": Job,
    "typed structure": Keyed,
    "dataclass": Task,
    "nested structures": lambda keys: {"task": Task([Job({"keys": keys})])},
}


@pytest.mark.parametrize("holder", HOLDERS)
def test_credentials_are_never_sent_as_json(holder: str) -> None:
    with pytest.raises(InvalidInput, match=r"^json= cannot be written as JSON: .*Credentials"):
        send_json(HOLDERS[holder](KEYS))
    stub = bedrock_runtime.testing.StubTransport()
    client = bedrock_runtime.BedrockRuntime(**SETTLED, transport=stub)
    given = HOLDERS[holder](bedrock_runtime.Credentials("AKID", SECRET, TOKEN))
    with pytest.raises(bedrock_runtime.InvalidInput, match=r"^additionalModelRequestFields\S* must be a JSON value"):
        client.converse(model_id="m", messages=[], additional_model_request_fields=given)
    assert stub.requests == []


def test_credentials_are_never_sent_in_place_of_text() -> None:
    """A structure of text alone goes to the encoder as it is."""
    stub = dynamodb.testing.StubTransport()
    client = dynamodb.DynamoDB(**SETTLED, transport=stub)
    wrong: Any = dynamodb.Credentials("AKID", SECRET, TOKEN)
    with pytest.raises(dynamodb.InvalidInput, match=r"^Item\['pk'\]\.S must be a string, not Credentials$"):
        client.put_item(table_name="t", item={"pk": dynamodb.AttributeValue(s=wrong)})
    assert stub.requests == []


def test_callers_own_structures_in_documents() -> None:
    stub = bedrock_runtime.testing.StubTransport()
    stub.respond(b"{}")
    keys = bedrock_runtime.Credentials("AKID", SECRET)
    client = bedrock_runtime.BedrockRuntime(region="eu-west-1", credentials=keys, transport=stub)
    client.converse(model_id="m", messages=[], additional_model_request_fields=Job([1, Job({"a": "b"})]))
    assert msgspec.json.decode(stub.requests[0].body)["additionalModelRequestFields"] == {
        "keys": [1, {"keys": {"a": "b"}}]
    }


def test_what_hooks_are_given() -> None:
    told: list[CallEvent] = []

    class Keep(Hooks):
        def after_response(self, event: CallEvent) -> None:
            told.append(event)

    stub = StubTransport()
    stub.respond(f'{{"SecretAccessKey": "{SECRET}"}}'.encode())
    SageMakerRuntime(region="eu-west-1", credentials=KEYS, transport=stub, hooks=Keep()).invoke_endpoint(**CALL)
    (event,) = told
    assert event.response is not None
    assert SECRET.encode() in event.response.body
    assert secrets_in(repr(event)) == []
    assert secrets_in(repr([*event.request.__rich_repr__(), *event.response.__rich_repr__()])) == []


def test_pickles_of_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    """Explicit keys go along, as documented; found ones do not, nor does what was cached of them."""
    for variable, value in ENVIRONMENT.items():
        monkeypatch.setenv(variable, value)
    with Server(answering(response())) as server:
        place = f"http://127.0.0.1:{server.port}"
        with SageMakerRuntime(region="eu-west-1", endpoint_url=place) as client:
            client.invoke_endpoint(**CALL)
            assert TOKEN.encode() in server.requests[0]
            assert secrets_in(repr(pickle.dumps(client))) == []
            assert secrets_in(repr(client) + str(vars(client))) == []
    explicit = SageMakerRuntime(region="eu-west-1", credentials=KEYS)
    assert secrets_in(repr(pickle.dumps(explicit))) == [SECRET, TOKEN]


def test_the_secrets_would_have_been_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A check of the check: a frame outside these tests that does hold the environment."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    with pytest.raises(ZeroDivisionError) as caught:
        exec(compile("def f(held):\n    1 / 0\nf(environ)", "elsewhere.py", "exec"), {"environ": os.environ})
    assert secrets_in(report(caught.value)) == [SECRET]
