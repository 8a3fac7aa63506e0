"""``lapsmith check``."""

from __future__ import annotations

from pathlib import Path

import click

from lapsmith.cli.clients import (
    config_option,
    jobs_option,
    load_config,
    named_clients,
    notes_option,
    plan_all,
    show_missing,
)
from lapsmith.cli.files import show_diff
from lapsmith.cli.terminal import DIFFERS, count, leave

_DIFF_LINES = 200


@click.command("check")
@click.argument("names", metavar="[CLIENT...]", nargs=-1)
@jobs_option
@config_option
@notes_option
def command(names: tuple[str, ...], jobs: int | None, config_path: Path | None, notes: bool) -> None:
    """Fail with a diff if what is on disk differs from what would be generated.

    Also fails if a client needs a package that the project does not declare.
    """
    config = load_config(config_path)
    plans = plan_all(named_clients(config, names), force=False, trust_manifest=False, notes=notes, jobs=jobs)
    stale = [plan for plan in plans if plan.difference and (plan.difference.changes or plan.difference.blocked)]
    for plan in stale:
        show_diff(plan, limit=_DIFF_LINES)
    if stale:
        names_of_stale = " ".join(dict.fromkeys(name for plan in stale for name in plan.names))
        click.echo(f"lapsmith: not up to date: {names_of_stale}; run: lapsmith generate {names_of_stale}", err=True)
    lacking = [show_missing(plan, config) for plan in plans]
    if stale or any(lacking):
        leave(DIFFERS)
    click.echo(f"{count(sum(not plan.serves for plan in plans), 'client')} up to date")
