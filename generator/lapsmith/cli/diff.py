"""``lapsmith diff``."""

from __future__ import annotations

import click

from lapsmith.cli.terminal import DIFFERS, leave, report


@click.command("diff")
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.option(
    "--fail-on",
    type=click.Choice(["major", "minor", "patch"]),
    help="Exit with 1 if there is any change at least this severe.",
)
@click.option("--format", "fmt", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True)
@click.option("--docs", is_flag=True, help="List changes of documentation in the text, too.")
@click.option("--operation", "operations", metavar="PATTERN", multiple=True, help="Only these operations.")
@click.option("--notes", is_flag=True, help="Show notes about both sides, not only warnings.")
def command(
    old: str, new: str, fail_on: str | None, fmt: str, docs: bool, operations: tuple[str, ...], notes: bool
) -> None:
    """Say what changed from the API OLD to the API NEW, and what that means for code that calls the client.

    Each is a folder as in specs/SERVICE, a .lap file, or git:REV:PATH. A major change breaks callers, a minor one
    gives them more, after a patch their code and its results are as before.
    """
    from lapsmith.api.comparing import compare_sides
    from lapsmith.apidiff import Impact
    from lapsmith.apidiff import report as reports

    found = compare_sides(old, new, operations=operations or ("*",), by_option=True)
    report(found.diagnostics, found.sources, notes=notes)
    if fmt == "json":
        click.echo(reports.to_json(found.changes), nl=False)
    elif fmt == "markdown":
        click.echo(reports.markdown(found.changes), nl=False)
    else:
        click.echo(reports.text(found.changes, documentation=docs), nl=False)
    if fail_on and found.verdict and found.verdict.rank >= Impact(fail_on).rank:
        leave(DIFFERS)
