"""Clients on their way from the configuration to disk: what every command and function that generates goes through."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager

from lapsmith.generation.batch import Failure, Plans, plan_each, refusals
from lapsmith.generation.pipeline import Plan
from lapsmith.output.folder import write
from lapsmith.project.config import ClientConfig


class Run(AbstractContextManager["Run"]):
    """Plan clients, look at what was found, then write all of them or none.

    ``force`` overwrites files that were edited or are not lapsmith's. Without ``trust_manifest`` every client is
    rendered. ``jobs`` is the number of processes; None: one for each processor, if there is work for them.
    """

    def __init__(
        self,
        clients: Iterable[ClientConfig],
        *,
        force: bool = False,
        trust_manifest: bool = True,
        jobs: int | None = None,
    ) -> None:
        self.plans = Plans()
        self.failures: list[Failure] = []
        self._clients = tuple(clients)
        self._force = force
        self._trust_manifest = trust_manifest
        self._jobs = jobs

    def __exit__(self, *_: object) -> None:
        self.plans.close()

    def plan(self) -> Iterator[Plan | Failure]:
        """Plan each client, whatever is wrong with the others, and yield what came of it."""
        options = {"force": self._force, "trust_manifest": self._trust_manifest}
        for outcome in plan_each(self._clients, jobs=self._jobs, **options):
            if isinstance(outcome, Failure):
                self.failures.append(outcome)
            else:
                self.plans.append(outcome)
            yield outcome

    def refusals(self, *, force: bool | None = None) -> list[Failure]:
        """Why plans must not be carried out."""
        return list(refusals(self.plans, force=self._force if force is None else force))

    def write(self) -> Iterator[Plan]:
        """Carry the plans out and yield each when it is done. Raises OutputError for a folder, which stays as it was.

        To be called when there are neither ``failures`` nor ``refusals``.
        """
        for plan in self.plans:
            if plan.difference is not None:
                write(plan.difference, force=self._force)
            yield plan
