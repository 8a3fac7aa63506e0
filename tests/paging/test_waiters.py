"""Waiters of a generated client, against botocore's Waiter on the same answers; what they say, time and cancelling."""

from __future__ import annotations

import pickle
import time
from types import ModuleType
from typing import Any

import anyio
import botocore.exceptions
import botocore.waiter
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jmespath.exceptions import JMESPathError
from paging import clients
from paging.conftest import Clients

# The golden case's bindings, as botocore has such facts.
_MODELS: dict[str, list[dict[str, Any]]] = {
    "TableExists": [
        {"matcher": "path", "argument": "Table.Status", "expected": "ACTIVE", "state": "success"},
        {"matcher": "path", "argument": "Table.Status", "expected": "FAILED", "state": "failure"},
        {"matcher": "error", "expected": "TableNotFound", "state": "retry"},
    ],
    "TableNotExists": [
        {"matcher": "error", "expected": "TableNotFound", "state": "success"},
        {"matcher": "status", "expected": 410, "state": "success"},
    ],
    "ReplicasActive": [
        {
            "matcher": "pathAll",
            "argument": "Table.Replicas[?Size > `0`].Status",
            "expected": "ACTIVE",
            "state": "success",
        },
        {"matcher": "pathAny", "argument": "Table.Replicas[].Status", "expected": "FAILED", "state": "failure"},
        {"matcher": "path", "argument": "length(Table.Replicas) == `0`", "expected": True, "state": "success"},
        {"matcher": "error", "expected": True, "state": "failure"},
    ],
}
_METHODS = {
    "TableExists": "wait_until_table_exists",
    "TableNotExists": "wait_until_table_not_exists",
    "ReplicasActive": "wait_until_replicas_active",
}

_statuses = st.sampled_from(("ACTIVE", "CREATING", "FAILED", ""))
_tables = st.fixed_dictionaries(
    {},
    optional={
        "Status": _statuses,
        "Replicas": st.lists(
            st.fixed_dictionaries({}, optional={"Status": _statuses, "Size": st.integers(0, 2)}), max_size=3
        ),
    },
)
_outputs = st.fixed_dictionaries({}, optional={"Table": _tables})
_errors = st.tuples(st.sampled_from(("TableNotFound", "AccessDenied")), st.sampled_from((400, 404, 410, 500)))
_answers = st.lists(_outputs | _errors, min_size=4, max_size=4)
_RELAXED = settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors]
)


@pytest.fixture(autouse=True)
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that only waiting moves; what was slept is kept."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr("time.sleep", slept.append)
    monkeypatch.setattr("asyncio.sleep", sleep)
    monkeypatch.setattr("trio.sleep", sleep)
    monkeypatch.setattr("time.monotonic", lambda: 1000.0 + sum(slept))
    return slept


def _botocore(waiter: str, answers: list[Any]) -> tuple[str, int]:
    """Return how botocore's wait ends, and after how many calls."""
    left, calls = iter(answers), 0

    def method(**arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        answer = next(left)
        if isinstance(answer, tuple):
            code, status = answer
            return {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}}
        return answer | {"ResponseMetadata": {"HTTPStatusCode": 200}}

    entry = {"operation": "DescribeTable", "delay": 1, "maxAttempts": 4, "acceptors": _MODELS[waiter]}
    try:
        botocore.waiter.Waiter(waiter, botocore.waiter.SingleWaiterConfig(entry), method).wait()
    except botocore.exceptions.WaiterError as error:
        reason = str(error.kwargs["reason"])
        return ("timeout" if reason.startswith("Max attempts exceeded") else "failed"), calls
    except JMESPathError:
        return "unreadable", calls
    return "succeeded", calls


@pytest.mark.parametrize("waiter", _MODELS)
@given(answers=_answers)
@_RELAXED
def test_same_calls_and_outcome_as_botocore(made: Clients, slept: list[float], waiter: str, answers: list[Any]) -> None:
    theirs = _botocore(waiter, answers)
    if theirs[0] == "unreadable":
        return
    slept.clear()
    served = [clients.error(*answer) if isinstance(answer, tuple) else answer for answer in answers]
    client = made.client(clients.from_list(served))
    outcome = "succeeded"
    try:
        made.call(getattr(client, _METHODS[waiter]), table_name="t", delay_=3, max_attempts=4)
    except made.package.WaiterTimeout:
        outcome = "timeout"
    except made.package.WaiterFailed:
        outcome = "failed"
    assert (outcome, len(made.requests(client))) == theirs
    assert slept == [3] * (theirs[1] - 1)


def _wait(made: Clients, answers: list[Any], method: str = "wait_until_table_exists", **arguments: Any) -> Any:
    client = made.client(clients.from_list(answers))
    return made.call(getattr(client, method), table_name="t", **arguments)


def _table(status: str) -> dict[str, Any]:
    return {"Table": {"Status": status}}


def test_returns_the_last_output(made: Clients, slept: list[float]) -> None:
    answers = [clients.error("TableNotFound"), _table("CREATING"), _table("ACTIVE")]
    found = _wait(made, answers)
    assert found.table.status == "ACTIVE"
    assert found.metadata.status == 200
    assert slept == [20, 20]


def test_returns_none_where_an_error_was_waited_for(made: Clients, slept: list[float]) -> None:
    answers = [_table("DELETING"), clients.error("TableNotFound")]
    assert _wait(made, answers, "wait_until_table_not_exists") is None
    assert slept == [0.5]


def test_arguments_of_the_operation_come_first(made: Clients, slept: list[float]) -> None:
    client = made.client(clients.from_list([_table("CREATING"), _table("ACTIVE")]))
    made.call(client.wait_until_table_exists, table_name="t", delay=7, delay_=0.25)
    assert made.requests(client) == 2 * [("DescribeTable", {"TableName": "t", "delay": 7})]
    assert slept == [0.25]


def _error(made: Clients, answers: list[Any], method: str = "wait_until_table_exists", **arguments: Any) -> Any:
    with pytest.raises(made.package.WaiterError) as caught:
        _wait(made, answers, method, **arguments)
    copy = pickle.loads(pickle.dumps(caught.value))
    assert type(copy) is type(caught.value)
    assert str(copy) == str(caught.value)
    assert {**vars(copy), "last": None} == {**vars(caught.value), "last": None}
    assert type(copy.last) is type(caught.value.last)
    assert isinstance(caught.value, made.package.AWSError)
    return caught.value


def test_timeouts_say_how_long_and_what_was_seen_last(made: Clients) -> None:
    error = _error(made, [_table("CREATING")] * 3, max_attempts=3)
    assert isinstance(error, made.package.WaiterTimeout)
    assert str(error) == (
        "TableExists: it has not succeeded yet: Table.Status is 'CREATING' (3 calls of DescribeTable in 40.0 s)"
    )
    assert (error.waiter, error.operation, error.attempts, error.seconds) == ("TableExists", "DescribeTable", 3, 40.0)
    assert error.last.table.status == "CREATING"


def test_a_timeout_after_an_error_shows_it(made: Clients) -> None:
    error = _error(made, [clients.error("TableNotFound", message="no such table")], max_attempts=1)
    assert str(error) == (
        "TableExists: it has not succeeded yet: the error TableNotFound: no such table "
        "(1 call of DescribeTable in 0.0 s)"
    )
    assert isinstance(error.last, made.package.TableNotFound)
    assert error.__cause__ is error.last


def test_failures_say_which_acceptor_failed(made: Clients) -> None:
    error = _error(made, [_table("CREATING"), _table("FAILED")])
    assert isinstance(error, made.package.WaiterFailed)
    assert str(error) == (
        "TableExists: it cannot succeed any more, since Table.Status is 'FAILED' (2 calls of DescribeTable in 20.0 s)"
    )


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"Table": {"Replicas": [{"Status": "FAILED"}]}}, "since one of Table.Replicas[].Status is 'FAILED'"),
        (clients.error("Other", 500), "since the service answers with an error"),
    ],
)
def test_failures_of_other_acceptors(made: Clients, answer: Any, said: str) -> None:
    error = _error(made, [answer], "wait_until_replicas_active")
    assert f"ReplicasActive: it cannot succeed any more, {said} (1 call" in str(error)


def test_errors_that_no_acceptor_expects_end_the_wait(made: Clients) -> None:
    error = _error(made, [clients.error("AccessDenied", message="not you")])
    assert isinstance(error, made.package.WaiterFailed)
    assert str(error).startswith("TableExists: no acceptor expects the error AccessDenied: not you (1 call")
    assert error.__cause__ is error.last


def test_what_is_shown_of_lists(made: Clients) -> None:
    replicas = [{"Status": "CREATING", "Size": 1}] * 40
    error = _error(made, [{"Table": {"Replicas": replicas}}], "wait_until_replicas_active", max_attempts=1)
    shown = repr(["CREATING"] * 40)[:100]
    assert f"Table.Replicas[?Size > `0`].Status is {shown}…, Table.Replicas[].Status is {shown}…" in str(error)
    assert "length(Table.Replicas) == `0` is False" in str(error)


def test_failures_that_are_no_answers_are_raised_as_they_are(made: Clients) -> None:
    with pytest.raises(made.package.ConnectError, match="no route"):
        _wait(made, [_table("CREATING"), made.package.ConnectError("no route")])


@pytest.mark.parametrize("delay", [-1, float("nan"), float("inf"), True, "1"])
def test_bad_delays_are_refused_before_anything_is_sent(made: Clients, delay: Any) -> None:
    with pytest.raises(made.package.InvalidInput, match="the delay must be a number of seconds, 0 or more, not "):
        _wait(made, [], delay_=delay)


@pytest.mark.parametrize("attempts", [0, -1, True, 1.0, "3"])
def test_bad_attempts_are_refused_before_anything_is_sent(made: Clients, attempts: Any) -> None:
    with pytest.raises(made.package.InvalidInput, match="max_attempts must be a number from 1"):
        _wait(made, [], max_attempts=attempts)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_waiting_can_be_cancelled(tables: ModuleType, backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    client = Clients(tables, backend).client(lambda operation, request: _table("CREATING"))

    async def run() -> bool:
        with anyio.move_on_after(0.05) as scope:
            await client.wait_until_table_exists(table_name="t")
        return scope.cancelled_caught

    start = time.monotonic()
    assert anyio.run(run, backend=backend)
    assert time.monotonic() - start < 10
    assert client._transport.requests == [("DescribeTable", {"TableName": "t"})]


def test_ctrl_c_ends_a_wait(tables: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", interrupted)
    client = Clients(tables, "sync").client(lambda operation, request: _table("CREATING"))
    with pytest.raises(KeyboardInterrupt):
        client.wait_until_table_exists(table_name="t")
