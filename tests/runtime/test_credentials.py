"""Credentials, with real boto3 sessions, files, processes and a container endpoint on loopback."""

from __future__ import annotations

import asyncio
import copy
import json
import multiprocessing
import os
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.credentials import Credentials as BotocoreCredentials
from botocore.credentials import DeferredRefreshableCredentials, ReadOnlyCredentials, RefreshableCredentials
from runtime.errors import CredentialsError, InvalidInput
from runtime.signing.credentials import resolve_credentials
from runtime.signing.sigv4 import Credentials
from runtime.signing.sources import CredentialsProvider
from sagemaker_runtime import AsyncSageMakerRuntime
from sagemaker_runtime.testing import AsyncStubTransport

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
ENVIRONMENT = {"AWS_ACCESS_KEY_ID": "AKIDENV", "AWS_SECRET_ACCESS_KEY": SECRET}


@pytest.fixture(autouse=True)
def aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment without AWS settings, and a folder for its files."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The clock that refreshes are timed with, as a list whose one element can be set."""
    now = [1000.0]
    monkeypatch.setattr("runtime.signing.credentials.monotonic", lambda: now[0])
    return now


def write_credentials(folder: Path, key: str, profile: str = "default") -> None:
    (folder / "credentials").write_text(
        f"[{profile}]\naws_access_key_id = {key}\naws_secret_access_key = {SECRET}\naws_session_token = tok\n"
    )


def test_static_credentials_are_sent_as_they_are() -> None:
    expired = Credentials("AKID", SECRET, "token", datetime(2020, 1, 1, tzinfo=UTC))
    provider = resolve_credentials(expired)
    assert provider.get() is provider.get(refresh=True) is expired
    assert not provider.blocking
    assert pickle.loads(pickle.dumps(provider)).get() == expired


@dataclass
class OwnKeys:
    access_key: str = "AKIDOWN"
    secret_key: str = SECRET
    token: str | None = None


def test_an_object_with_keys() -> None:
    keys = OwnKeys()
    provider = resolve_credentials(keys)
    assert provider.get() == Credentials("AKIDOWN", SECRET)
    assert provider.blocking
    keys.access_key, keys.token = "AKIDNEW", "token"
    assert provider.get() == Credentials("AKIDNEW", SECRET, "token")
    assert pickle.loads(pickle.dumps(provider)).get() == provider.get()


def test_botocore_credentials() -> None:
    provider = resolve_credentials(BotocoreCredentials("AKID", SECRET, "token"))
    assert provider.get() == Credentials("AKID", SECRET, "token")
    assert not provider.blocking
    assert pickle.loads(pickle.dumps(provider)).get() == provider.get()
    frozen = resolve_credentials(ReadOnlyCredentials("AKID", SECRET, None))
    assert frozen.get() == Credentials("AKID", SECRET)
    assert not frozen.blocking


def metadata(number: int, lifetime: timedelta) -> dict[str, str]:
    expires = (datetime.now(UTC) + lifetime).isoformat()
    return {
        "access_key": f"AKID{number}",
        "secret_key": SECRET,
        "token": f"tok{number}",
        "expiry_time": expires,
    }


def test_botocore_credentials_renew_themselves() -> None:
    renewed = iter(range(2, 10))

    def renew() -> dict[str, str]:
        return metadata(next(renewed), timedelta(hours=1))

    soon = RefreshableCredentials.create_from_metadata(metadata(1, timedelta(minutes=1)), renew, "test")
    provider = resolve_credentials(soon)
    assert provider.blocking
    assert provider.get() == Credentials("AKID2", SECRET, "tok2")
    assert not provider.blocking
    assert provider.get() == Credentials("AKID2", SECRET, "tok2")


def test_nothing_is_looked_up_before_the_first_call() -> None:
    calls: list[int] = []

    def fetch() -> dict[str, str]:
        calls.append(1)
        return metadata(7, timedelta(hours=1))

    provider = resolve_credentials(DeferredRefreshableCredentials(fetch, "test"))
    assert calls == []
    assert provider.get().access_key_id == "AKID7"
    assert calls == [1]


@pytest.mark.parametrize("make", [boto3.Session, lambda **kw: botocore.session.Session(profile=kw["profile_name"])])
def test_a_session_with_a_profile(aws: Path, make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    write_credentials(aws, "AKIDWORK", "work")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDENV")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    provider = resolve_credentials(make(profile_name="work"))
    assert provider.blocking
    assert provider.get() == Credentials("AKIDWORK", SECRET, "tok")
    assert not provider.blocking


def test_a_session_with_keys_keeps_them_on_refresh() -> None:
    session = boto3.Session(aws_access_key_id="AKIDKEYS", aws_secret_access_key=SECRET)
    provider = resolve_credentials(session)
    assert provider.get() == provider.get(refresh=True) == Credentials("AKIDKEYS", SECRET)


def test_a_session_without_credentials() -> None:
    with pytest.raises(CredentialsError, match="the session that was passed as credentials has none"):
        resolve_credentials(boto3.Session()).get()


class Rotating:
    """A provider as a user may write one."""

    blocking = True

    def __init__(self) -> None:
        self.refreshed = 0

    def get(self, *, refresh: bool = False) -> Credentials:
        self.refreshed += refresh
        return Credentials(f"AKID{self.refreshed}", SECRET)


def test_a_provider_of_the_user_is_used_as_it_is() -> None:
    own: CredentialsProvider = Rotating()
    assert resolve_credentials(own) is own


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ("AKID", "an object of type str"),
        ({"access_key": "AKID"}, "an object of type dict"),
        (("AKID", SECRET), "an object of type tuple"),
        (Credentials, "the class Credentials"),
        (boto3.Session, "the class Session"),
    ],
)
def test_anything_else_is_refused_and_not_shown(wrong: Any, named: str) -> None:
    with pytest.raises(InvalidInput, match=f"credentials cannot be {named}: pass Credentials") as caught:
        resolve_credentials(wrong)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("keys", [OwnKeys(secret_key=SECRET + "\n"), OwnKeys(access_key="")])
def test_keys_that_cannot_be_signed_with(keys: OwnKeys) -> None:
    with pytest.raises(CredentialsError, match=r"InvalidInput: (secret_access_key|access_key_id)") as caught:
        resolve_credentials(keys).get()
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("account", ["123456789012", None, ""])
def test_the_account_of_the_environment_is_that_of_botocore(
    account: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (ENVIRONMENT | ({} if account is None else {"AWS_ACCOUNT_ID": account})).items():
        monkeypatch.setenv(name, value)
    theirs = botocore.session.Session().get_credentials()
    assert theirs is not None
    assert resolve_credentials().get().account_id == theirs.get_frozen_credentials().account_id == (account or None)


@pytest.mark.parametrize("file", ["credentials", "config"])
def test_the_account_of_a_profile(file: str, aws: Path) -> None:
    keys = f"aws_access_key_id = AKID\naws_secret_access_key = {SECRET}\naws_account_id = 123456789012\n"
    (aws / file).write_text("[default]\n" + keys)
    assert resolve_credentials().get() == Credentials("AKID", SECRET, account_id="123456789012")


def test_the_account_of_botocore_credentials() -> None:
    assert resolve_credentials(ReadOnlyCredentials("AKID", SECRET, None, "42")).get().account_id == "42"
    assert resolve_credentials(BotocoreCredentials("AKID", SECRET, account_id="42")).get().account_id == "42"
    assert resolve_credentials(BotocoreCredentials("AKID", SECRET)).get().account_id is None


def test_an_account_that_cannot_be_one_is_refused() -> None:
    with pytest.raises(InvalidInput, match="account_id"):
        Credentials("AKID", SECRET, account_id="12 34")


def test_asynchronous_credentials_are_explained() -> None:
    class AioSession:
        async def get_credentials(self) -> None: ...

    class AioCredentials:
        async def get_frozen_credentials(self) -> None: ...

    for source in (AioSession(), AioCredentials()):
        with pytest.raises(CredentialsError, match="asynchronous credentials"):
            resolve_credentials(source).get()  # type: ignore[arg-type]


def test_the_environment() -> None:
    assert resolve_credentials(environ=ENVIRONMENT).get() == Credentials("AKIDENV", SECRET)
    token = ENVIRONMENT | {"AWS_SESSION_TOKEN": "new", "AWS_SECURITY_TOKEN": "old"}
    assert resolve_credentials(environ=token).get().session_token == "new"
    legacy = ENVIRONMENT | {"AWS_SESSION_TOKEN": "", "AWS_SECURITY_TOKEN": "old"}
    assert resolve_credentials(environ=legacy).get().session_token == "old"


@pytest.mark.parametrize("variables", [{}, {"AWS_SESSION_TOKEN": "t"}, {"AWS_SECURITY_TOKEN": "t"}])
@pytest.mark.parametrize("profile", [{}, {"AWS_PROFILE": "work"}, {"AWS_DEFAULT_PROFILE": "work"}])
def test_the_environment_is_read_as_by_botocore(
    aws: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], profile: dict[str, str]
) -> None:
    """Keys in the environment go before AWS_PROFILE."""
    write_credentials(aws, "AKIDWORK", "work")
    for name, value in (ENVIRONMENT | variables | profile).items():
        monkeypatch.setenv(name, value)
    theirs = botocore.session.Session().get_credentials().get_frozen_credentials()
    assert resolve_credentials().get() == Credentials(theirs.access_key, theirs.secret_key, theirs.token)


def test_the_environment_is_read_at_first_use(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = resolve_credentials()
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    first = provider.get()
    assert first.access_key_id == "AKIDENV"
    assert not provider.blocking
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDLATER")
    assert provider.get() is first
    assert provider.get(refresh=True).access_key_id == "AKIDLATER"


@pytest.mark.parametrize(("there", "missing"), [tuple(ENVIRONMENT), tuple(reversed(ENVIRONMENT))])
def test_half_a_pair_names_the_other_half(there: str, missing: str) -> None:
    provider = resolve_credentials(environ={there: SECRET, missing: ""})
    with pytest.raises(CredentialsError, match=f"{there} is set, but {missing} is not: set both") as caught:
        provider.get()
    assert SECRET not in str(caught.value)


def test_a_line_end_in_a_variable_is_found() -> None:
    environ = ENVIRONMENT | {"AWS_SECRET_ACCESS_KEY": SECRET + "\n"}
    with pytest.raises(CredentialsError, match="in the environment are not usable: secret_access_key") as caught:
        resolve_credentials(environ=environ).get()
    assert SECRET not in str(caught.value)


def test_an_expiry_in_the_environment_has_it_read_again() -> None:
    environ = ENVIRONMENT | {"AWS_CREDENTIAL_EXPIRATION": (datetime.now(UTC) + timedelta(minutes=4)).isoformat()}
    provider = resolve_credentials(environ=environ)
    assert provider.get().access_key_id == "AKIDENV"
    environ |= {"AWS_ACCESS_KEY_ID": "AKIDNEXT", "AWS_CREDENTIAL_EXPIRATION": "2999-01-01T00:00:00Z"}
    assert provider.get().access_key_id == "AKIDNEXT"
    assert provider.get().expires == datetime(2999, 1, 1, tzinfo=UTC)
    environ["AWS_ACCESS_KEY_ID"] = "AKIDUNSEEN"
    assert provider.get().access_key_id == "AKIDNEXT"


def test_an_expiry_that_is_no_time() -> None:
    with pytest.raises(CredentialsError, match="AWS_CREDENTIAL_EXPIRATION must be an ISO 8601 time, not 'soon'"):
        resolve_credentials(environ=ENVIRONMENT | {"AWS_CREDENTIAL_EXPIRATION": "soon"}).get()
    naive = resolve_credentials(environ=ENVIRONMENT | {"AWS_CREDENTIAL_EXPIRATION": "2999-01-01T00:00:00"})
    assert naive.get().expires == datetime(2999, 1, 1, tzinfo=UTC)


def test_the_default_profile(aws: Path) -> None:
    write_credentials(aws, "AKIDFILE")
    provider = resolve_credentials()
    assert provider.blocking
    assert provider.get() == Credentials("AKIDFILE", SECRET, "tok")
    assert not provider.blocking


def test_a_profile_of_the_environment(aws: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_credentials(aws, "AKIDWORK", "work")
    monkeypatch.setenv("AWS_PROFILE", "work")
    monkeypatch.setenv("AWS_DEFAULT_PROFILE", "")
    assert resolve_credentials().get().access_key_id == "AKIDWORK"


def test_profile_variables_are_read_in_the_order_of_the_settings(aws: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Region and credentials must come from one profile."""
    write_credentials(aws, "AKIDWORK", "work")
    monkeypatch.setenv("AWS_PROFILE", "work")
    monkeypatch.setenv("AWS_DEFAULT_PROFILE", "other")
    assert resolve_credentials().get().access_key_id == "AKIDWORK"


def test_a_profile_that_does_not_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "gone")
    with pytest.raises(CredentialsError, match=r"ProfileNotFound: The config profile \(gone\)"):
        resolve_credentials().get()


def test_no_credentials_anywhere() -> None:
    with pytest.raises(CredentialsError, match="AWS_ACCESS_KEY_ID is not set; botocore found none either"):
        resolve_credentials().get()


def test_refused_credentials_are_looked_up_again(aws: Path, clock: list[float]) -> None:
    write_credentials(aws, "AKID1")
    provider = resolve_credentials()
    assert provider.get().access_key_id == "AKID1"
    write_credentials(aws, "AKID2")
    assert provider.get().access_key_id == "AKID1"
    assert provider.get(refresh=True).access_key_id == "AKID2"
    write_credentials(aws, "AKID3")
    clock[0] += 4
    assert provider.get(refresh=True).access_key_id == "AKID2"
    clock[0] += 2
    assert provider.get(refresh=True).access_key_id == "AKID3"


def write_process(folder: Path, script: str) -> Path:
    path = folder / "process.py"
    path.write_text(script)
    (folder / "config").write_text(f"[default]\ncredential_process = {sys.executable} {path}\n")
    return path


def test_a_credential_process_is_run_again_before_expiry(aws: Path) -> None:
    write_process(
        aws,
        "import datetime, json, pathlib\n"
        f"count = pathlib.Path({str(aws / 'count')!r})\n"
        "n = int(count.read_text()) + 1 if count.exists() else 1\n"
        "count.write_text(str(n))\n"
        "end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=5 if n == 1 else 60)\n"
        f"print(json.dumps(dict(Version=1, AccessKeyId=f'AKIDP{{n}}', SecretAccessKey={SECRET!r},\n"
        "      SessionToken='tok', Expiration=end.isoformat())))\n",
    )
    provider = resolve_credentials()
    assert [provider.get().access_key_id for _ in range(3)] == ["AKIDP2", "AKIDP2", "AKIDP2"]
    assert provider.get(refresh=True).access_key_id == "AKIDP3"


@pytest.mark.parametrize(
    ("script", "message"),
    [
        (
            f"import sys; sys.exit('aws sso login needed, key {SECRET}')",
            "CredentialRetrievalError.*aws sso login",
        ),
        ('import sys; sys.exit(\'{"SecretAccessKey": "hunter2", "x": 1}\')', "CredentialRetrievalError"),
        (f"print({SECRET!r})", "JSONDecodeError"),
        ("print('{}')", "CredentialRetrievalError.*Unsupported version"),
    ],
)
def test_a_failing_credential_process_shows_no_secret(aws: Path, script: str, message: str) -> None:
    write_process(aws, script)
    with pytest.raises(CredentialsError, match=f"credentials could not be had: {message}") as caught:
        resolve_credentials().get()
    assert SECRET not in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@dataclass
class Container:
    url: str = ""
    lifetime: timedelta = timedelta(hours=6)
    delay: float = 0.0
    tokens: list[str | None] = field(default_factory=list)


@pytest.fixture
def container(monkeypatch: pytest.MonkeyPatch) -> Iterator[Container]:
    """A container credentials endpoint that gives out AKIDC1, AKIDC2, ..."""
    state = Container()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.tokens.append(self.headers["Authorization"])
            number, expires = len(state.tokens), datetime.now(UTC) + state.lifetime
            time.sleep(state.delay)
            body = json.dumps(
                {
                    "AccessKeyId": f"AKIDC{number}",
                    "SecretAccessKey": SECRET,
                    "Token": f"tok{number}",
                    "Expiration": expires.strftime("%Y-%m-%dT%H:%M:%SZ"),
                }
            ).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"http://127.0.0.1:{server.server_port}/creds")
        monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "container-token")
        yield state
        server.shutdown()
        thread.join()


def test_container_credentials(container: Container) -> None:
    provider = resolve_credentials()
    first = provider.get()
    assert first == Credentials("AKIDC1", SECRET, "tok1")
    assert provider.get() == first
    assert container.tokens == ["container-token"]
    assert not provider.blocking


def test_container_credentials_are_renewed_before_they_expire(container: Container) -> None:
    container.lifetime = timedelta(minutes=2)
    provider = resolve_credentials()
    assert provider.get().access_key_id == "AKIDC2", "AKIDC1 is about to expire when it arrives"
    assert provider.blocking
    container.lifetime = timedelta(hours=6)
    assert provider.get().access_key_id == "AKIDC3"
    assert provider.get().access_key_id == "AKIDC3"
    assert not provider.blocking


def test_expired_container_credentials_are_fetched_anew(container: Container) -> None:
    provider = resolve_credentials()
    assert provider.get().access_key_id == "AKIDC1"
    assert provider.get(refresh=True).access_key_id == "AKIDC2"


def test_threads_share_one_lookup_and_one_refresh(container: Container) -> None:
    container.delay = 0.1
    provider = resolve_credentials()
    with ThreadPoolExecutor(16) as pool:
        assert {each.access_key_id for each in pool.map(lambda _: provider.get(), range(16))} == {"AKIDC1"}
        renewed = pool.map(lambda _: provider.get(refresh=True), range(16))
        assert {each.access_key_id for each in renewed} == {"AKIDC2"}
    assert len(container.tokens) == 2


@pytest.mark.parametrize("about_to_expire", [False, True])
def test_a_hundred_tasks_share_one_lookup_and_one_renewal(container: Container, about_to_expire: bool) -> None:
    async def main() -> None:
        stub = AsyncStubTransport()
        async with AsyncSageMakerRuntime(region="eu-west-1", transport=stub) as client:

            async def use(count: int) -> set[str]:
                for _ in range(count):
                    stub.respond()
                await asyncio.gather(*(client.invoke_endpoint(endpoint_name="a", body=b"") for _ in range(count)))
                signed = [dict(request.headers) for request in stub.requests[-count:]]
                return {each["Authorization"].split("Credential=")[1].split("/")[0] for each in signed}

            if about_to_expire:
                container.lifetime = timedelta(minutes=2)
                assert await use(1) == {"AKIDC2"}
                container.lifetime = timedelta(hours=6)
            container.delay = 0.1
            assert await use(100) == {"AKIDC3" if about_to_expire else "AKIDC1"}

    asyncio.run(main())
    assert len(container.tokens) == (3 if about_to_expire else 1)


def test_a_lookup_that_failed_is_tried_again(aws: Path) -> None:
    provider = resolve_credentials()
    with pytest.raises(CredentialsError, match="botocore found none"):
        provider.get()
    write_credentials(aws, "AKIDLATE")
    assert provider.get().access_key_id == "AKIDLATE"


def test_roles_are_assumed_in_the_region_of_the_settings(aws: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore alone does not read AWS_REGION, and would call another region's STS, or none."""
    (aws / "config").write_text(
        "[default]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = base\n"
        f"[profile base]\naws_access_key_id = AKIDBASE\naws_secret_access_key = {SECRET}\n"
    )
    monkeypatch.setenv("AWS_REGION", "eu-west-3")
    called: list[str] = []

    def refuse(self: Any, request: Any) -> None:
        called.append(request.url)
        raise OSError("no network in this test")

    monkeypatch.setattr("botocore.httpsession.URLLib3Session.send", refuse)
    monkeypatch.setattr("time.sleep", lambda _: None)
    with pytest.raises(CredentialsError, match="no network in this test"):
        resolve_credentials().get()
    assert set(called) == {"https://sts.eu-west-3.amazonaws.com/"}


def run(code: str, **environ: str) -> str:
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=root,
        env={**os.environ, "PYTHONPATH": "templates", **environ},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_without_botocore_it_says_what_was_tried() -> None:
    code = (
        "import sys; sys.modules['botocore'] = None\n"
        "from runtime.signing.credentials import resolve_credentials\n"
        "from runtime.errors import CredentialsError\n"
        "try: resolve_credentials().get()\n"
        "except CredentialsError as error: print(error)\n"
    )
    said = run(code)
    assert "AWS_ACCESS_KEY_ID is not set" in said
    assert "`pip install botocore`" in said


def test_a_broken_botocore_is_not_called_missing(aws: Path) -> None:
    code = (
        "import sys; sys.modules['urllib3'] = None; sys.modules['jmespath'] = None\n"
        "from runtime.signing.credentials import resolve_credentials\n"
        "from runtime.errors import CredentialsError\n"
        "try: resolve_credentials().get()\n"
        "except CredentialsError as error: print(error)\n"
    )
    assert "botocore cannot be imported: import of " in run(code)


def test_botocore_is_not_imported_for_the_environment() -> None:
    code = (
        "import sys\nfrom runtime.signing.credentials import resolve_credentials\n"
        "print(resolve_credentials().get().access_key_id)\n"
        "print({'botocore', 'ssl', 'importlib.metadata', 'json', 'asyncio'} & set(sys.modules))"
    )
    assert run(code, **ENVIRONMENT) == "AKIDENV\nset()\n"


def test_the_chain_is_looked_up_again_where_it_is_unpickled(aws: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    provider = resolve_credentials(environ=ENVIRONMENT)
    provider.get()
    data = pickle.dumps(provider)
    assert SECRET.encode() not in data
    assert b"AKIDENV" not in data
    write_credentials(aws, "AKIDTHERE")
    assert pickle.loads(data).get().access_key_id == "AKIDTHERE"
    assert copy.deepcopy(provider).get().access_key_id == "AKIDTHERE"


@pytest.mark.parametrize(
    "make",
    [
        boto3.Session,
        botocore.session.Session,
        lambda: RefreshableCredentials("a", "b", "c", datetime.now(UTC), dict, "test"),
    ],
)
def test_what_cannot_be_pickled_says_what_to_do(make: Any) -> None:
    with pytest.raises(TypeError, match=r"(Session|RefreshableCredentials) cannot be pickled: make the client where"):
        pickle.dumps(resolve_credentials(make()))


def _first_key(provider: CredentialsProvider, answers: Any) -> None:
    answers.put(provider.get().access_key_id)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_fork_during_a_lookup_does_not_block_the_child(container: Container) -> None:
    """The parent's lookup holds the lock while the child is made; the child has no thread that would release it."""
    container.delay = 1.0
    provider = resolve_credentials()
    lookup = threading.Thread(target=provider.get)
    lookup.start()
    while not container.tokens:
        time.sleep(0.01)
    container.delay = 0.0
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()
    child = context.Process(target=_first_key, args=(provider, answers))
    child.start()
    child.join(10)
    stuck = child.is_alive()
    child.kill()
    lookup.join()
    assert not stuck
    assert answers.get() == "AKIDC2"
    assert provider.get().access_key_id == "AKIDC1"


@pytest.mark.parametrize("source", [Credentials("AKID", SECRET, "tok"), OwnKeys(), boto3.Session(), None])
def test_no_repr_shows_a_secret(source: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    provider = resolve_credentials(source)
    provider.get()
    for shown in (repr(provider), str(provider), repr([provider])):
        assert SECRET not in shown


def test_a_worker_thread_keeps_the_event_loop_free(container: Container) -> None:
    """What ``blocking`` is for: while the lookup waits, other tasks run."""
    container.delay = 0.2
    provider = resolve_credentials()

    async def main() -> int:
        ticks = 0
        lookup = asyncio.create_task(asyncio.to_thread(provider.get))
        while not lookup.done():
            await asyncio.sleep(0.01)
            ticks += 1
        assert (await lookup).access_key_id == "AKIDC1"
        return ticks

    assert provider.blocking
    assert asyncio.run(main()) >= 5
