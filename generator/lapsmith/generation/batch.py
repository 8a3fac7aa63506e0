"""Many clients in one run: each is planned, in this process or several, whatever is wrong with the others.

What is found is the same, in the same order, whatever the number of processes. Of all that is rendered, only what a few
clients lack is in memory at a time.
"""

from __future__ import annotations

import os
import pickle
import signal
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lapsmith.diagnostics import LapsmithError
from lapsmith.generation import pipeline
from lapsmith.generation.pipeline import Plan
from lapsmith.output import folder as output
from lapsmith.project.config import ClientConfig

if TYPE_CHECKING:
    from concurrent.futures import Executor

_IN_MEMORY_BYTES = 32 << 20
_CLIENTS_WORTH_A_PROCESS = 2


@dataclass(frozen=True, slots=True)
class Failure:
    """What is wrong with one client."""

    client: ClientConfig
    error: LapsmithError


class Plans:
    """Plans in the order in which they were made, kept in a file if they are many; iterating reads one at a time."""

    def __init__(self, in_memory_bytes: int = _IN_MEMORY_BYTES) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=in_memory_bytes)  # noqa: SIM115 (closed by close)
        self._places: list[int] = []

    def append(self, plan: Plan) -> None:
        """Keep a plan."""
        self._places.append(self._file.seek(0, os.SEEK_END))
        pickle.dump(plan, self._file)

    def __iter__(self) -> Iterator[Plan]:
        for place in self._places:
            self._file.seek(place)
            yield pickle.load(self._file)

    def __len__(self) -> int:
        return len(self._places)

    def close(self) -> None:
        """Forget the plans."""
        self._file.close()

    def __enter__(self) -> Plans:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def plan_each(
    clients: Iterable[ClientConfig], *, force: bool = False, trust_manifest: bool = True, jobs: int | None = None
) -> Iterator[Plan | Failure]:
    """Plan clients, and after each group that shares a runtime that runtime; yields in the order of ``clients``.

    ``jobs`` is the number of processes; None: as many as there are processors, as far as there is work for them.
    """
    clients = tuple(clients)
    groups = _groups(clients)
    for outcome in _outcomes(clients, force=force, trust_manifest=trust_manifest, jobs=jobs):
        yield outcome
        group = groups.get(outcome.client.runtime_folder) if outcome.client.shared_runtime else None
        if group is not None and isinstance(outcome, Plan) and group.add(outcome):
            try:
                yield pipeline.plan_runtime(group.clients, group.modules, force=force, trust_manifest=trust_manifest)
            except LapsmithError as error:
                yield Failure(outcome.client, error)


def refusals(plans: Iterable[Plan], *, force: bool = False) -> Iterator[Failure]:
    """Why plans must not be carried out: files that were edited or are not lapsmith's, unless forced."""
    for plan in plans:
        reason = output.refusal(plan.difference, force=force) if plan.difference else None
        if reason:
            yield Failure(plan.client, output.OutputError(f"{plan.display}: {reason}"))


class _Group:
    """Clients that share a runtime, and what they need of it as far as it is known."""

    def __init__(self) -> None:
        self.clients: list[ClientConfig] = []
        self.modules: set[str] = set()
        self._planned = 0

    def add(self, plan: Plan) -> bool:
        """Take what a client needs. Returns whether it was the last."""
        self.modules.update(plan.manifest.runtime_modules)
        self._planned += 1
        return self._planned == len(self.clients)


def _groups(clients: Iterable[ClientConfig]) -> dict[Path, _Group]:
    groups: dict[Path, _Group] = {}
    for client in clients:
        if client.shared_runtime:
            groups.setdefault(client.runtime_folder, _Group()).clients.append(client)
    return groups


def _outcomes(
    clients: Sequence[ClientConfig], *, force: bool, trust_manifest: bool, jobs: int | None
) -> Iterator[Plan | Failure]:
    """Plan what its manifest shows to be unchanged here and at once, and the others in the processes there are."""
    unchanged = partial(_plan_unchanged, force=force) if trust_manifest else _unknown
    known = [unchanged(client) for client in clients]
    work = partial(_plan, force=force)
    count = min(jobs or _processors(), known.count(None) // (1 if jobs else _CLIENTS_WORTH_A_PROCESS))
    waiting: deque[Callable[[], Plan | Failure]] = deque()
    with ExitStack() as stack:
        pool = stack.enter_context(_processes(count)) if count > 1 else None
        if pool:
            stack.callback(pool.shutdown, wait=False, cancel_futures=True)
        for client, outcome in zip(clients, known, strict=True):
            waiting.append(_started(pool, work, client) if outcome is None else partial(_same, outcome))
            while len(waiting) > (2 * count if pool else 0):
                yield waiting.popleft()()
        while waiting:
            yield waiting.popleft()()


def _started(
    pool: Executor | None, work: Callable[[ClientConfig], Plan | Failure], client: ClientConfig
) -> Callable[[], Plan | Failure]:
    if pool is None:
        return partial(work, client)
    with _interrupts_held_back():
        return pool.submit(work, client).result


def _plan(client: ClientConfig, *, force: bool) -> Plan | Failure:
    try:
        return pipeline.plan(client, force=force, trust_manifest=False)
    except LapsmithError as error:
        return Failure(client, error)


def _plan_unchanged(client: ClientConfig, *, force: bool) -> Plan | Failure | None:
    try:
        return pipeline.plan_unchanged(client, force=force)
    except LapsmithError as error:
        return Failure(client, error)


def _unknown(client: ClientConfig) -> Plan | Failure | None:
    return None


def _same(outcome: Plan | Failure) -> Plan | Failure:
    return outcome


def _processors() -> int:
    """How many processors this process may use, which in a container are not all there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _processes(count: int) -> Executor:
    """Processes that share nothing with this one, so that threads and locks of a host program do no harm."""
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    return ProcessPoolExecutor(count, multiprocessing.get_context("spawn"), initializer=_leave_quietly)


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Processes that are started meanwhile take Ctrl-C only when they are ready to, in :func:`_leave_quietly`."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _leave_quietly() -> None:
    """Ctrl-C reaches every process of a terminal: those that only help end without a word."""

    def leave(*_: Any) -> None:
        os._exit(130)

    signal.signal(signal.SIGINT, leave)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
