"""Runs a check over everything of a service, with values that hypothesis draws, and says what failed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

import pytest
from corpus import models, services
from corpus.services import Target
from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis import strategies as st

FULL = os.environ.get("HYPOTHESIS_PROFILE") == "full"
SETTINGS = settings(
    max_examples=20 if FULL else 2,
    # Shrinking is worth its time once a difference is hunted: run the one test with HYPOTHESIS_PROFILE=full.
    phases=[Phase.generate, Phase.shrink] if FULL else [Phase.generate],
    derandomize=not FULL,
    database=None,
    deadline=None,
    verbosity=Verbosity.quiet,
    suppress_health_check=list(HealthCheck),
    print_blob=False,
)
_SIGNED = (name for name in models.services() if models.takes_signatures(models.load(name)))
TARGETS = tuple(map(Target, _SIGNED)) if FULL else services.read()
"""The services to compare: those of the list, or all that take signatures."""
SHOWN = 5
COUNTS = {"subjects": 0, "cases": 0}
"""How many operations and errors were compared in this run, and with how many cases."""
T = TypeVar("T")
Check = Callable[[T, st.DataObject], None]


def each(subjects: Mapping[str, T], check: Check[T]) -> int:
    """Run a check on every subject; fail with the smallest case of each that fails. Return how many cases ran."""
    cases = 0
    failures: dict[str, str] = {}
    for name, subject in subjects.items():
        seen: list[T] = []
        try:
            SETTINGS(given(st.data())(_runner(check, subject, seen)))()
        except (Exception, ExceptionGroup) as error:
            failures[name] = "\n".join(_lines(error))
        cases += len(seen)
    COUNTS["subjects"] += len(subjects)
    COUNTS["cases"] += cases
    if failures:
        shown = [f"{name}: {text}" for name, text in list(failures.items())[:SHOWN]]
        count = f"{len(failures)} of {len(subjects)} differ from botocore: {', '.join(failures)}"
        pytest.fail("\n\n".join([count, *shown]), pytrace=False)
    return cases


def _runner(check: Check[T], subject: T, seen: list[T]) -> Callable[[st.DataObject], None]:
    def run(data: st.DataObject) -> None:
        seen.append(subject)
        check(subject, data)

    return run


def _lines(error: BaseException) -> Iterable[str]:
    """The error, and what hypothesis drew for it."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _lines(inner)
        return
    yield f"{type(error).__name__}: {error}"
    yield from getattr(error, "__notes__", [])
