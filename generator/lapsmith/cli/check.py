"""``lapsmith check``."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from lapsmith.cli.annotations import of_finding
from lapsmith.cli.clients import config_option, jobs_option, load_config, named_clients, notes_option, plan_all
from lapsmith.cli.files import show_diff
from lapsmith.cli.terminal import DIFFERS, annotate, count, leave

_DIFF_LINES = 200
_SCHEMA = 1


@click.command("check")
@click.argument("names", metavar="[CLIENT...]", nargs=-1)
@click.option("--format", "fmt", type=click.Choice(["text", "github", "json"]), default="text", show_default=True)
@click.option(
    "--full",
    is_flag=True,
    help="Render every client, for CI. By default, clients whose manifest matches their inputs and files are skipped.",
)
@click.option("--diff", "with_diff", is_flag=True, help="Also show how files differ.")
@jobs_option
@config_option
@notes_option
def command(
    names: tuple[str, ...],
    fmt: str,
    full: bool,
    with_diff: bool,
    jobs: int | None,
    config_path: Path | None,
    notes: bool,
) -> None:
    """Exit with 1 if a client differs from what its inputs generate. Prints one line for each cause, and the fix.

    Also exits with 1 if a client needs a package that the project does not declare. Line endings are not compared.
    --format github prints annotations for GitHub Actions, and implies --full.
    """
    from lapsmith.generation.drift import findings, left_clients, missing_requirements, own_files, unused_runtimes

    config = load_config(config_path)
    clients = named_clients(config, names)
    root = config.path.parent.resolve()
    if fmt == "github":
        annotate(root)
    full = full or fmt == "github"
    plans = plan_all(clients, force=False, trust_manifest=not full, notes=notes, jobs=jobs).plans
    found = [item for plan in plans for item in (*findings(plan), *missing_requirements(plan, config))]
    for plan in plans:
        if own := own_files(plan):
            said = f"{plan.display} also holds what lapsmith did not write and leaves alone: {', '.join(own)}"
            click.echo(f"lapsmith: {said}", err=True)
        if converted := len(plan.line_ends):
            said = f"{plan.display}: {count(converted, 'file')} with CRLF line ends, which are not compared"
            click.echo(
                f"lapsmith: {said}; to keep LF, put '{plan.display}/** text eol=lf' into .gitattributes", err=True
            )
    found += (*unused_runtimes(config), *left_clients(config))
    if fmt == "json":
        entries = [asdict(item) for item in found]
        click.echo(json.dumps({"schema": _SCHEMA, "clients": len(clients), "findings": entries}, indent=2))
    else:
        for item in found:
            click.echo(of_finding(item, root) if fmt == "github" else str(item))
    if with_diff and fmt == "text":
        for plan in plans:
            show_diff(plan, limit=_DIFF_LINES)
    if found:
        leave(DIFFERS)
    if fmt == "text":
        click.echo(f"{count(len(clients), 'client')} up to date")
