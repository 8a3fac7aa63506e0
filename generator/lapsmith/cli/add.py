"""``lapsmith add``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from lapsmith.cli.terminal import ERROR, complain, count, leave
from lapsmith.project.config import FILE_NAME, find


@click.command("add")
@click.argument("source", metavar="SOURCE")
@click.option("--as", "name", metavar="NAME", help="Name of the spec's folder and of the package.")
@click.option("--init", is_flag=True, help="Write a pyproject.toml here if there is none.")
@click.option("--protocol", metavar="NAME", help="Use this protocol instead of the service's default.")
@click.option(
    "--registry", "registry_url", metavar="URL", help="LAP registry to ask (default: $LAP_REGISTRY, else LAP's own)."
)
def command(source: str, name: str | None, init: bool, protocol: str | None, registry_url: str | None) -> None:
    """Add the client of an API to this project: spec, bindings, configuration and code, in one step.

    \b
    SOURCE is one of
      aws:NAME          an AWS service, compiled from botocore's model
      registry:NAME     an API in LAP's registry; a plain NAME means the same
      PATH              a skill's folder or JSON, a .lap file, a Smithy model
      -                 a skill or a spec on standard input

    \b
    Examples:
      lapsmith add aws:bedrock-runtime
      lapsmith add sagemaker-runtime --as llm
      lapsmith add models/transcribe-streaming.json --init
    """
    from lapsmith.acquire import acquire, adding, project
    from lapsmith.bind.errors import BindError

    pyproject = find(Path.cwd())
    if pyproject is None and not init:
        pyproject = Path.cwd() / FILE_NAME
        complain(f"no {FILE_NAME} here or above; with --init this would be written to '{pyproject.name}':")
        click.echo(project.new_project(pyproject.parent), err=True)
        leave(ERROR)
    try:
        found = acquire(source, registry_url=registry_url, protocol=protocol)
        added = adding.add(found, pyproject or Path.cwd() / FILE_NAME, name=name, protocol=protocol)
    except BindError as error:
        complain(str(error))
        leave(ERROR)
    for line in added.notes:
        click.echo(line)
    for operation, why in added.excluded.items():
        click.echo(f"lapsmith: warning: left out {operation}: {why}", err=True)
    click.echo(f"{added.package}: wrote the spec in {added.spec} and {count(added.files, 'file')} in {added.output}")
    if added.declared:
        click.echo(f"added to [project] dependencies: {', '.join(added.declared)}")
    quoted = " ".join(f"'{item}'" for item in added.requirements)
    click.echo(f"install what it needs: {Path(sys.executable).name} -m pip install {quoted}\n")
    click.echo(added.example, nl=False)
