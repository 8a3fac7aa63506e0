"""``lapsmith outdated`` and ``lapsmith update``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lapsmith.cli.clients import config_option, load_config, named_clients
from lapsmith.cli.terminal import DIFFERS, ERROR, complain, leave
from lapsmith.diagnostics import LapsmithError
from lapsmith.project.config import ClientConfig

if TYPE_CHECKING:
    from lapsmith.acquire.updating import Update

_registry_option = click.option(
    "--registry", "registry_url", metavar="URL", help="LAP registry to ask (default: $LAP_REGISTRY, else LAP's own)."
)


@click.command("outdated")
@click.argument("clients", metavar="[CLIENT...]", nargs=-1)
@_registry_option
@config_option
def outdated(clients: tuple[str, ...], registry_url: str | None, config_path: Path | None) -> None:
    """Say which clients have a newer spec or model at their source: one line a client.

    Exits with 1 if any has, and with 2 if any could not be looked up. Clients whose spec came from a file are noted.
    """
    from lapsmith.acquire.updating import NoSource

    found = failed = False
    for client, update, error in _looked_up(clients, registry_url, config_path, force=True):
        if isinstance(error, NoSource):
            click.echo(f"lapsmith: {error}", err=True)
        elif update is None:
            failed = True
            complain(str(error))
        elif update.changed:
            found = True
            click.echo(f"{client.name}: {_step(update)}; run: lapsmith update {client.name}")
        else:
            click.echo(f"{client.name}: up to date ({update.after.version or update.after.origin})")
    leave(ERROR if failed else DIFFERS if found else 0)


@click.command("update")
@click.argument("clients", metavar="[CLIENT...]", nargs=-1)
@click.option("--diff", "diff_only", is_flag=True, help="Show what would change in the API; write nothing.")
@click.option("--force", is_flag=True, help="Discard edits of files that came from the source.")
@_registry_option
@config_option
def update(
    clients: tuple[str, ...], diff_only: bool, force: bool, registry_url: str | None, config_path: Path | None
) -> None:
    """Fetch the specs of clients again, say what changed for callers, and write specs and clients.

    All clients are looked up first: if one cannot be, nothing is written.

    \b
    Examples:
      lapsmith update --diff
      lapsmith update bedrock_runtime
    """
    from lapsmith.acquire import updating
    from lapsmith.apidiff import report

    looked_up = list(_looked_up(clients, registry_url, config_path, force=force))
    # A client from a file stops only the update that names it.
    notes = () if clients else tuple(error for _, _, error in looked_up if isinstance(error, updating.NoSource))
    for note in notes:
        click.echo(f"lapsmith: {note}", err=True)
    errors = [error for _, _, error in looked_up if error is not None and error not in notes]
    for error in errors:
        complain(str(error))
    if errors:
        leave(ERROR)
    for client, found, _ in looked_up:
        if found is None:
            continue
        if not found.changed:
            click.echo(f"{client.name}: up to date")
            continue
        for line in found.notes:
            click.echo(line)
        click.echo(f"{client.name}: {_step(found)}")
        changes = updating.compare(found).changes
        click.echo(report.text(changes) if changes else report.conclusion(()))
        if not diff_only:
            _write(found, config_path)


def _write(found: Update, config_path: Path | None) -> None:
    from lapsmith.acquire import updating
    from lapsmith.api import generating

    with updating.written(found):
        source = load_config(config_path).path
        generation = generating.generate(source, clients=[found.client.name])
    written = sum(len(item.changes) for item in generation.folders)
    click.echo(f"{found.client.name}: wrote {', '.join(sorted(found.changed))} and {written} files of the client")


def _looked_up(
    names: Sequence[str], registry_url: str | None, config_path: Path | None, *, force: bool
) -> Iterator[tuple[ClientConfig, Update | None, LapsmithError | None]]:
    """Look up the clients with a lock, or those named."""
    from lapsmith.acquire import lock, updating
    from lapsmith.project.inputs import folder_of

    for client in named_clients(load_config(config_path), names):
        try:
            folder = folder_of(client)
            if not names and (folder is None or not (folder / lock.FILE_NAME).is_file()):
                continue
            yield client, updating.look_up(client, registry_url=registry_url, force=force), None
        except LapsmithError as error:
            yield client, None, error


def _step(found: Update) -> str:
    before, after = found.before.version, found.after.version
    if before and after and before != after:
        return f"{before} -> {after}"
    return f"{found.after.origin} has another content now"
