"""``lapsmith inspect``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lapsmith.cli.clients import config_option, configured, inspected_client, load_config, show_failure
from lapsmith.cli.terminal import ERROR, leave, report
from lapsmith.diagnostics import Severity
from lapsmith.project.config import single_client
from lapsmith.project.inputs import read_inputs

if TYPE_CHECKING:
    from lapsmith.generation.actions import Action
    from lapsmith.generation.batch import Failure


@click.command("inspect")
@click.argument("target", metavar="[SPEC|CLIENT]", required=False)
@click.option("--stage", type=click.Choice(["tree", "ir", "files"]), default="ir", show_default=True)
@click.option("--format", "fmt", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.option("--operation", "operations", metavar="PATTERN", multiple=True, help="Only these operations of a SPEC.")
@click.option("--strict", is_flag=True, help="Inferences are errors.")
@config_option
def command(
    target: str | None, stage: str, fmt: str, operations: tuple[str, ...], strict: bool, config_path: Path | None
) -> None:
    """Show what was read, what it means and where each fact comes from, or the files that would be written.

    The stage "files" shows as JSON, and for all clients if none is named, the commands of a build system: what each
    reads and what it writes.
    """
    from lapsmith import inspection
    from lapsmith.generation import analysis as analysing
    from lapsmith.generation import pipeline

    if stage == "files" and (fmt == "json" or target is None):
        _show_actions(_actions(target, operations, strict, config_path), fmt)
        return
    if target is None:
        raise click.UsageError("name a SPEC or a CLIENT; only --stage files goes without.")
    client = inspected_client(target, operations, strict, config_path)
    inputs = read_inputs(client)
    analysis = analysing.parse(inputs) if stage == "tree" else analysing.analyse(client, inputs)
    # People read diagnostics on stderr, with the source; programs get them in the JSON.
    within = analysis.diagnostics if fmt == "json" else ()
    if stage == "tree":
        click.echo(inspection.tree(analysis.document, fmt, diagnostics=within), nl=False)
    elif analysis.service is not None and stage == "ir":
        click.echo(inspection.ir(analysis.service, fmt, diagnostics=within), nl=False)
    elif analysis.service is not None:
        rendered = pipeline.render(analysis, inputs, client)
        click.echo(inspection.files(rendered.files), nl=False)
    report(analysis.diagnostics, analysis.sources, notes=True)
    if any(item.severity is Severity.ERROR for item in analysis.diagnostics):
        leave(ERROR)


def _actions(
    target: str | None, operations: tuple[str, ...], strict: bool, config_path: Path | None
) -> Iterable[Action | Failure]:
    from lapsmith.generation import actions

    config = load_config(config_path) if target is None else configured(target, config_path)
    if config is not None:
        if operations or strict:
            raise click.UsageError(f"--operation and --strict go with a SPEC; clients set them in {config.path.name}.")
        chosen = config.select([target] if target else [])
        return actions.of_project(config.path, [client for client in config.clients.values() if client in chosen])
    assert target is not None
    name = inspected_client(target, operations, strict, config_path).package
    client = single_client(Path(target), Path(name), operations=operations or ("*",), strict=strict, by_option=True)
    options = [part for pattern in operations for part in ("--operation", pattern)] + ["--strict"] * strict
    return actions.of_spec(client, target, options)


def _show_actions(found: Iterable[Action | Failure], fmt: str) -> None:
    from lapsmith import inspection
    from lapsmith.generation.batch import Failure

    outcomes = list(found)
    failures = [item for item in outcomes if isinstance(item, Failure)]
    for failure in failures:
        show_failure(failure, notes=True)
    if failures:
        leave(ERROR)
    click.echo(inspection.actions((item for item in outcomes if not isinstance(item, Failure)), fmt), nl=False)
