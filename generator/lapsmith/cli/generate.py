"""``lapsmith generate``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lapsmith.cli.clients import (
    client_of_spec,
    config_option,
    jobs_option,
    load_config,
    named_clients,
    notes_option,
    plan_all,
    show_update,
)
from lapsmith.cli.files import show_diff
from lapsmith.cli.terminal import ERROR, complain, count, leave
from lapsmith.project.config import FILE_NAME, ClientConfig, Config

if TYPE_CHECKING:
    from lapsmith.api.running import Run
    from lapsmith.generation.batch import Plans

_NAMED = 8


@click.command("generate")
@click.argument("targets", metavar="[CLIENT... | SPEC]", nargs=-1)
@click.option("-o", "output", metavar="DIR", type=click.Path(path_type=Path), help="The client's folder, for a SPEC.")
@click.option("--operation", "operations", metavar="PATTERN", multiple=True, help="Only these operations of a SPEC.")
@click.option("--strict", is_flag=True, help="Inferences about a SPEC are errors.")
@click.option(
    "--force", is_flag=True, help="Write everything anew, over files that were edited or are not lapsmith's, too."
)
@click.option("--diff", "diff_only", is_flag=True, help="Show what would change; write nothing.")
@jobs_option
@config_option
@notes_option
def command(
    targets: tuple[str, ...],
    output: Path | None,
    operations: tuple[str, ...],
    strict: bool,
    force: bool,
    diff_only: bool,
    jobs: int | None,
    config_path: Path | None,
    notes: bool,
) -> None:
    """Write the clients of [tool.lapsmith.clients], all or those named; or with -o the client of one SPEC.

    SPEC is a folder as in specs/SERVICE, or a .lap file. DIR's last part is the name of the package.
    """
    config: Config | None = None
    clients: tuple[ClientConfig, ...]
    if output is not None:
        clients = (client_of_spec(targets, output, operations, strict, config_path),)
    else:
        if operations or strict:
            raise click.UsageError(f"--operation and --strict go with SPEC -o DIR; clients set them in {FILE_NAME}.")
        config = load_config(config_path)
        clients = named_clients(config, targets)
    run = plan_all(clients, force=force, trust_manifest=not force, notes=notes, jobs=jobs)
    if diff_only:
        for plan in run.plans:
            if plan.update:
                show_update(plan.client.name, plan.update)
            show_diff(plan, limit=None)
        return
    write_all(run)
    show_requirements(run.plans, config)
    if config is not None:
        show_left_clients(config)


def write_all(run: Run) -> None:
    """Write all clients, or none if one must not be written."""
    refused = run.refusals()
    for failure in refused:
        complain(str(failure.error))
    if refused:
        leave(ERROR)
    for plan in run.write():
        if plan.difference is None or not plan.difference.changes:
            click.echo(f"{plan.client.name}: unchanged")
            continue
        deleted = sum(change.after is None for change in plan.difference.changes)
        written = len(plan.difference.changes) - deleted
        also = f", deleted {count(deleted, 'file')}" if deleted else ""
        click.echo(f"{plan.client.name}: wrote {count(written, 'file')}{also} in {plan.display}")
        if laid_out := len(plan.difference.reformatted):
            what = f"{count(laid_out, 'file')} had been laid out anew by a formatter"
            click.echo(f"{plan.client.name}: {what}: let it leave {plan.display} alone")
        if plan.update:
            show_update(plan.client.name, plan.update)


def show_left_clients(config: Config) -> None:
    """Say which clients can no longer rely on the runtime that they share."""
    from lapsmith.generation.drift import left_clients

    for item in left_clients(config):
        click.echo(f"lapsmith: {item}", err=True)


def show_requirements(plans: Plans, config: Config | None) -> None:
    """Say what the clients need, once for those that need the same, and what of it the project does not declare."""
    clients: dict[tuple[str, ...], list[str]] = {}
    for plan in plans:
        if plan.requirements:
            clients.setdefault(plan.requirements, []).append(plan.client.name)
    for requirements, names in clients.items():
        needing = f"{_listed(names)} {'needs' if len(names) == 1 else 'need'}"
        click.echo(f"{needing}: {', '.join(requirements)}")
        if config is not None and (missing := config.missing(requirements)):
            wanted = ", ".join(f'"{item}"' for item in missing)
            said = f"{config.path.name} lacks what {needing}; add to [project] dependencies: {wanted}"
            click.echo(f"lapsmith: {said}", err=True)


def _listed(names: Sequence[str]) -> str:
    """The names, or the first of them and how many more there are."""
    if len(names) <= _NAMED:
        return ", ".join(names)
    return f"{', '.join(names[: _NAMED - 1])} and {len(names) - _NAMED + 1} others"
