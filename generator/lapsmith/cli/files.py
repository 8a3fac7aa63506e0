"""Plans as text: the difference between a client's folder and what would be generated."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from lapsmith.generation.pipeline import Plan


def show_diff(plan: Plan, *, limit: int | None) -> None:
    """Print what differs, file by file to stderr and as a unified diff of at most ``limit`` lines to stdout."""
    from lapsmith.output.folder import unified_diff

    if plan.difference is None:
        return
    for reason in plan.difference.blocked:
        click.echo(f"{plan.display}: {reason}", err=True)
    for change in plan.difference.changes:
        verb = "missing" if change.before is None else "to be deleted" if change.after is None else "differs"
        click.echo(f"{plan.display}/{change.path}: {verb}", err=True)
    lines = unified_diff(plan.difference, plan.display)
    for line in lines if limit is None else itertools.islice(lines, limit):
        click.echo(line)
    if rest := sum(1 for _ in lines):
        click.echo(f"… {rest} more lines: lapsmith generate --diff {plan.client.name}")
