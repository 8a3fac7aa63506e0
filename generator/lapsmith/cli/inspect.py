"""``lapsmith inspect``."""

from __future__ import annotations

from pathlib import Path

import click

from lapsmith.cli.clients import config_option, inspected_client
from lapsmith.cli.terminal import ERROR, leave, report
from lapsmith.diagnostics import Severity
from lapsmith.inputs import read_inputs


@click.command("inspect")
@click.argument("target", metavar="SPEC|CLIENT")
@click.option("--stage", type=click.Choice(["tree", "ir", "files"]), default="ir", show_default=True)
@click.option("--format", "fmt", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.option("--operation", "operations", metavar="PATTERN", multiple=True, help="Only these operations of a SPEC.")
@click.option("--strict", is_flag=True, help="Inferences are errors.")
@config_option
def command(
    target: str, stage: str, fmt: str, operations: tuple[str, ...], strict: bool, config_path: Path | None
) -> None:
    """Show what was read, what it means and where each fact comes from, or the files that would be written."""
    from lapsmith import analysis as analysing
    from lapsmith import inspection, pipeline

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
        click.echo(inspection.files(rendered.files, fmt), nl=False)
    report(analysis.diagnostics, analysis.sources, notes=True)
    if any(item.severity is Severity.ERROR for item in analysis.diagnostics):
        leave(ERROR)
