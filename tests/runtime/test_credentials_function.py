"""A function of the application as credentials: cached until they run out, asked by one thread, never shown."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import pytest
from botocore.credentials import Credentials as BotocoreCredentials
from runtime.errors import CredentialsError
from runtime.signing.credentials import resolve_credentials
from runtime.signing.sigv4 import Credentials
from sagemaker_runtime import AsyncSageMakerRuntime, InvalidInput, SageMakerRuntime
from sagemaker_runtime import Credentials as ClientCredentials
from sagemaker_runtime import CredentialsError as ClientCredentialsError
from sagemaker_runtime.testing import AsyncStubTransport, StubTransport

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


class Source:
    """Gives a new key at each call; ``life`` is how long each is good for."""

    def __init__(self, life: timedelta | None = None, pause: float = 0.0) -> None:
        self.calls = 0
        self.life, self.pause = life, pause

    def __call__(self) -> Credentials:
        self.calls += 1
        number = self.calls
        time.sleep(self.pause)
        expires = None if self.life is None else datetime.now(UTC) + self.life
        return Credentials(f"AKID{number}", SECRET, expires=expires)


def test_it_is_asked_once_and_not_before_the_first_use() -> None:
    source = Source()
    provider = resolve_credentials(source)
    assert source.calls == 0
    assert provider.blocking
    assert [provider.get().access_key_id for _ in range(3)] == ["AKID1"] * 3
    assert not provider.blocking


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The clock that questions are spaced with, as a list whose one element can be set."""
    now = [1000.0]
    monkeypatch.setattr("runtime.signing.credentials.monotonic", lambda: now[0])
    return now


def test_it_is_asked_again_shortly_before_they_run_out(clock: list[float]) -> None:
    source = Source(timedelta(minutes=4))
    provider = resolve_credentials(source)
    assert [provider.get().access_key_id for _ in range(3)] == ["AKID1", "AKID2", "AKID2"]
    source.life = timedelta(hours=1)
    clock[0] += 6
    assert [provider.get().access_key_id for _ in range(2)] == ["AKID3", "AKID3"]
    clock[0] += 6
    assert provider.get().access_key_id == "AKID3"


def test_it_is_asked_again_when_they_were_refused(clock: list[float]) -> None:
    """Refusals that come together lead to one question."""
    provider = resolve_credentials(Source())
    assert provider.get().access_key_id == "AKID1"
    assert [provider.get(refresh=True).access_key_id for _ in range(3)] == ["AKID2"] * 3
    assert provider.get().access_key_id == "AKID2"
    clock[0] += 6
    assert provider.get(refresh=True).access_key_id == "AKID3"


@pytest.mark.parametrize("life", [timedelta(seconds=-1), timedelta(0)])
def test_it_is_asked_each_time_while_it_gives_what_has_expired(life: timedelta) -> None:
    """The service's clock decides, so that they are sent all the same."""
    provider = resolve_credentials(Source(life))
    assert [provider.get().access_key_id for _ in range(3)] == ["AKID1", "AKID2", "AKID3"]


def test_what_there_is_serves_while_it_cannot_be_renewed(clock: list[float]) -> None:
    asked = []

    def ask() -> Credentials:
        asked.append(clock[0])
        if len(asked) > 1:
            raise OSError("the vault is sealed")
        return Credentials("AKID", SECRET, expires=datetime.now(UTC) + timedelta(minutes=4))

    provider = resolve_credentials(ask)
    for _ in range(3):
        assert provider.get().access_key_id == "AKID"
    assert asked == [1000.0, 1000.0]
    clock[0] += 6
    assert provider.get().access_key_id == "AKID"
    assert asked == [1000.0, 1000.0, 1006.0]
    for _ in range(2):
        with pytest.raises(CredentialsError, match="the vault is sealed"):
            provider.get(refresh=True)


def test_what_has_run_out_does_not_serve(monkeypatch: pytest.MonkeyPatch) -> None:
    made = iter([Credentials("AKID", SECRET, expires=datetime.now(UTC) + timedelta(seconds=5))])
    provider = resolve_credentials(lambda: next(made))
    assert provider.get().access_key_id == "AKID"
    with pytest.raises(CredentialsError, match="StopIteration"):
        provider.get()


def test_a_hundred_threads_share_one_failure() -> None:
    """Were each to try on its own, the last would wait for a hundred timeouts."""
    start, asked = threading.Barrier(100), []

    def ask() -> Credentials:
        asked.append(1)
        time.sleep(0.5)
        raise OSError("the vault is sealed")

    provider = resolve_credentials(ask)

    def use(_: int) -> str:
        start.wait(20)
        with pytest.raises(CredentialsError) as caught:
            provider.get()
        return str(caught.value)

    with ThreadPoolExecutor(100) as pool:
        assert set(pool.map(use, range(100))) == {"credentials could not be had: OSError: the vault is sealed"}
    assert len(asked) == 1
    with pytest.raises(CredentialsError):
        provider.get()
    assert len(asked) == 2


def test_a_question_that_was_interrupted_is_asked_again() -> None:
    waiting, asked = threading.Event(), []

    def ask() -> Credentials:
        asked.append(1)
        if len(asked) == 1:
            waiting.wait(20)
            time.sleep(0.1)
            raise KeyboardInterrupt
        return Credentials("AKID", SECRET)

    provider = resolve_credentials(ask)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(provider.get)
        second = pool.submit(provider.get)
        waiting.set()
        kinds = {type(each.exception(20)) for each in (first, second)}
    assert kinds == {KeyboardInterrupt, type(None)}
    assert provider.get().access_key_id == "AKID"


@pytest.mark.parametrize("refresh", [False, True])
def test_a_hundred_threads_share_one_answer(refresh: bool) -> None:
    source = Source(timedelta(hours=1), pause=0.05)
    provider = resolve_credentials(source)
    if refresh:
        provider.get()
    start = threading.Barrier(100)

    def use(_: int) -> str:
        start.wait(20)
        return provider.get(refresh=refresh).access_key_id

    with ThreadPoolExecutor(100) as pool:
        keys = set(pool.map(use, range(100)))
    assert len(keys) == 1
    assert source.calls == 1 + refresh


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("about_to_expire", [False, True])
def test_a_hundred_tasks_share_one_answer(backend: str, about_to_expire: bool) -> None:
    calls = 0

    def ask() -> ClientCredentials:
        nonlocal calls
        calls += 1
        time.sleep(0.05)
        life = timedelta(minutes=4) if about_to_expire and calls == 1 else timedelta(hours=1)
        return ClientCredentials(f"AKID{calls}", "secret", expires=datetime.now(UTC) + life)

    async def main() -> None:
        stub = AsyncStubTransport()
        client = AsyncSageMakerRuntime(region="eu-west-1", credentials=ask, transport=stub)
        for count in (1, 100):
            async with anyio.create_task_group() as tasks:
                for _ in range(count):
                    stub.respond()
                    tasks.start_soon(lambda: client.invoke_endpoint(endpoint_name="llm", body=b"in"))

    anyio.run(main, backend=backend)
    assert calls == 1 + about_to_expire


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_slow_function_does_not_block_the_event_loop(backend: str) -> None:
    stub, ticks = AsyncStubTransport(), 0

    def slow() -> ClientCredentials:
        time.sleep(0.2)
        return ClientCredentials("AKID", "secret")

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await anyio.sleep(0.01)

    async def main() -> None:
        stub.respond(b"fine")
        client = AsyncSageMakerRuntime(region="eu-west-1", credentials=slow, transport=stub)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(tick)
            await client.invoke_endpoint(endpoint_name="llm", body=b"in")
            tasks.cancel_scope.cancel()

    anyio.run(main, backend=backend)
    assert ticks >= 5


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork()")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_fork_while_it_is_asked_does_not_block_the_child() -> None:
    """The parent's question holds the lock while the child is made; the child has no thread that would release it."""
    asked, go_on, parent = threading.Event(), threading.Event(), os.getpid()

    def ask() -> Credentials:
        asked.set()
        if os.getpid() == parent:
            go_on.wait(20)
        return Credentials(f"AKID{'PARENT' if os.getpid() == parent else 'CHILD'}", SECRET)

    provider = resolve_credentials(ask)
    with ThreadPoolExecutor(1) as thread:
        question = thread.submit(provider.get)
        assert asked.wait(20)
        context = multiprocessing.get_context("fork")
        answers = context.SimpleQueue()
        child = context.Process(target=lambda: answers.put(provider.get().access_key_id))
        child.start()
        child.join(10)
        stuck = child.is_alive()
        child.kill()
        child.join()
        go_on.set()
        assert not stuck
        assert answers.get() == "AKIDCHILD"
        assert question.result(20).access_key_id == "AKIDPARENT"


def test_credentials_of_botocore_will_do() -> None:
    made = resolve_credentials(lambda: BotocoreCredentials("AKIDB", SECRET, "tok")).get()
    assert (made.access_key_id, made.session_token) == ("AKIDB", "tok")


@pytest.mark.parametrize(("made", "named"), [(None, "NoneType"), (SECRET, "str"), ((1, 2, 3), "tuple")])
def test_anything_else_is_refused_and_not_shown(made: Any, named: str) -> None:
    provider = resolve_credentials(lambda: made)
    with pytest.raises(CredentialsError, match=f"must return Credentials, not an object of type {named}") as caught:
        provider.get()
    assert SECRET not in str(caught.value)


def test_what_it_raises_is_told_without_secrets() -> None:
    def fail() -> Credentials:
        raise OSError(f"vault said no to secret={SECRET}")

    with pytest.raises(CredentialsError, match="OSError: vault said no") as caught:
        resolve_credentials(fail).get()
    assert SECRET not in str(caught.value)


def test_an_asynchronous_function_is_explained() -> None:
    async def fetch() -> Credentials:
        return Credentials("AKID", SECRET)

    class Fetcher:
        async def __call__(self) -> Credentials:
            return await fetch()

    for function in (fetch, Fetcher()):
        with pytest.raises(InvalidInput, match="asynchronous function: pass one that returns Credentials and may"):
            AsyncSageMakerRuntime(region="eu-west-1", credentials=function)  # type: ignore[arg-type]
    with pytest.raises(CredentialsError, match="asynchronous credentials"):
        resolve_credentials(lambda: fetch()).get()  # type: ignore[arg-type,return-value]


def test_one_that_calls_its_own_client_is_told() -> None:
    def give() -> ClientCredentials:
        asked.append(True)
        client.invoke_endpoint(endpoint_name="llm", body=b"")
        raise AssertionError("it was given credentials")

    asked: list[bool] = []
    client = SageMakerRuntime(region="eu-west-1", credentials=give, transport=StubTransport())
    for _ in range(2):
        with pytest.raises(ClientCredentialsError, match=r"asked for them: it must not use this client"):
            client.invoke_endpoint(endpoint_name="llm", body=b"")
    assert len(asked) == 2


def test_it_travels_by_name_and_is_asked_anew_there() -> None:
    copied = pickle.loads(pickle.dumps(resolve_credentials(importable)))
    assert copied.get().access_key_id == "AKIDF"
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(resolve_credentials(lambda: Credentials("AKID", SECRET)))


def importable() -> Credentials:
    return Credentials("AKIDF", SECRET)
