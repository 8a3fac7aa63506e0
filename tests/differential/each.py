"""Runs a check over every operation of a service, with values that hypothesis draws, and says what failed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

import pytest
from botocore.model import OperationModel
from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis import strategies as st

FULL = os.environ.get("HYPOTHESIS_PROFILE") == "full"
SETTINGS = settings(
    max_examples=60 if FULL else 3,
    phases=[Phase.generate, Phase.shrink],
    derandomize=not FULL,
    database=None,
    deadline=None,
    verbosity=Verbosity.quiet,
    suppress_health_check=list(HealthCheck),
    print_blob=False,
)
SHOWN = 5
Check = Callable[[OperationModel, st.DataObject], None]


def each_operation(operations: Iterable[OperationModel], check: Check) -> int:
    """Run a check on every operation; fail with the smallest case of each that fails. Return how many cases ran."""
    cases = 0
    failures: dict[str, str] = {}
    for operation in operations:
        seen: list[OperationModel] = []
        try:
            SETTINGS(given(st.data())(_runner(check, operation, seen)))()
        except (Exception, ExceptionGroup) as error:
            failures[operation.name] = "\n".join(_lines(error))
        cases += len(seen)
    if failures:
        shown = [f"{name}: {text}" for name, text in list(failures.items())[:SHOWN]]
        count = f"{len(failures)} operations differ from botocore: {', '.join(failures)}"
        pytest.fail("\n\n".join([count, *shown]), pytrace=False)
    return cases


def _runner(check: Check, operation: OperationModel, seen: list[OperationModel]) -> Callable[[st.DataObject], None]:
    def run(data: st.DataObject) -> None:
        seen.append(operation)
        check(operation, data)

    return run


def _lines(error: BaseException) -> Iterable[str]:
    """The error, and what hypothesis drew for it."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _lines(inner)
        return
    yield f"{type(error).__name__}: {error}"
    yield from getattr(error, "__notes__", [])
