"""Which clients a command is about, and the plans for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lapsmith.cli.terminal import ERROR, Progress, complain, leave, report
from lapsmith.diagnostics import DiagnosticError
from lapsmith.project.config import (
    FILE_NAME,
    ClientConfig,
    Config,
    ConfigError,
    find,
    load,
    shadowed,
    single_client,
    spec_only,
)

if TYPE_CHECKING:
    from lapsmith.api.running import Run
    from lapsmith.generation.batch import Failure
    from lapsmith.generation.update import ApiUpdate

config_option = click.option(
    "--config",
    "config_path",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The pyproject.toml to use.",
)
notes_option = click.option("--notes", is_flag=True, help="Show notes too, not only errors and warnings.")

jobs_option = click.option(
    "--jobs",
    metavar="N",
    type=click.IntRange(min=1),
    help="Processes to render clients in; without it as many as there are processors, when there are clients enough.",
)


def load_config(path: Path | None) -> Config:
    """The configuration at ``path``, else the nearest; it has clients."""
    found = path or find(Path.cwd())
    if found is None:
        raise ConfigError(f"no {FILE_NAME} here or above; give --config FILE, or generate SPEC -o DIR")
    config = load(found)
    if not config.clients:
        raise ConfigError(
            f"{found} has no [tool.lapsmith.clients]; add [tool.lapsmith.clients.NAME] with spec and output"
        )
    return config


def named_clients(config: Config, names: Sequence[str]) -> tuple[ClientConfig, ...]:
    """The clients of those names, all when there are none."""
    for name in names:
        if name not in config.clients and looks_like_path(name):
            raise click.UsageError(f"'{name}' is a SPEC, which needs -o DIR; without -o, name clients of {FILE_NAME}.")
    return config.select(names)


def looks_like_path(text: str) -> bool:
    """Whether an argument means a spec rather than a client."""
    return "/" in text or "\\" in text or text.endswith(".lap") or Path(text).exists()


def client_of_spec(
    targets: Sequence[str], output: Path, operations: tuple[str, ...], strict: bool, config_path: Path | None
) -> ClientConfig:
    """The client that ``generate SPEC -o DIR`` writes."""
    if len(targets) != 1:
        raise click.UsageError(f"-o DIR goes with exactly one SPEC, and there are {len(targets)}.")
    if config_path is not None:
        raise click.UsageError("--config goes with the clients that it lists, not with SPEC -o DIR.")
    return single_client(Path(targets[0]), output, operations=operations or ("*",), strict=strict, by_option=True)


def inspected_client(target: str, operations: tuple[str, ...], strict: bool, config_path: Path | None) -> ClientConfig:
    """A configured client if there is one by that name, else the spec at that path."""
    config = configured(target, config_path)
    if config is not None:
        client = config.select([target])[0]
        chosen = operations or client.operations
        return replace(client, operations=chosen, strict=strict or client.strict, by_option=bool(operations))
    return spec_only(Path(target), operations=operations or ("*",), strict=strict, by_option=True)


def configured(target: str, config_path: Path | None) -> Config | None:
    """The configuration, if ``target`` means a client of it rather than a spec."""
    found = config_path or find(Path.cwd())
    if found is not None and (config_path or target.isidentifier()):
        config = load(found)
        if target in config.clients or not looks_like_path(target):
            return config
    return None


def plan_all(
    clients: Sequence[ClientConfig], *, force: bool, trust_manifest: bool, notes: bool, jobs: int | None = None
) -> Run:
    """Plan every client, so that all that is wrong with any of them is shown. Exits if anything is."""
    from lapsmith.api.running import Run
    from lapsmith.generation.batch import Failure

    run = click.get_current_context().with_resource(Run(clients, force=force, trust_manifest=trust_manifest, jobs=jobs))
    for client in clients:
        warn_of_shadows(client)
    with Progress(len(clients)) as progress:
        for outcome in run.plan():
            if isinstance(outcome, Failure):
                progress.clear()
                show_failure(outcome, notes=notes)
            else:
                if outcome.diagnostics:
                    progress.clear()
                report(outcome.diagnostics, outcome.sources, notes=notes, client=outcome.client.name)
            if isinstance(outcome, Failure) or not outcome.serves:
                progress.advance(outcome.client.name)
    if run.failures:
        leave(ERROR)
    return run


def warn_of_shadows(client: ClientConfig) -> None:
    """Warn of a package's name that is taken. Inside a package it would not be, so that it is no error."""
    if hidden := shadowed(client):
        message = f"with the folder around it on sys.path, the package '{client.package}' hides {hidden}"
        click.echo(f"lapsmith: warning: {client.name}: {message}; give it another name", err=True)


def show_failure(failure: Failure, *, notes: bool) -> None:
    """Say what is wrong with a client, and what changed in its API where only the bindings do not fit."""
    from lapsmith.generation.pipeline import OutdatedError

    if isinstance(failure.error, DiagnosticError):
        report(failure.error.diagnostics, failure.error.sources, notes=notes, client=failure.client.name)
        if isinstance(failure.error, OutdatedError) and failure.error.update:
            show_update(failure.client.name, failure.error.update, err=True)
    else:
        complain(f"{failure.client.name}: {failure.error}")


def show_update(name: str, update: ApiUpdate, *, err: bool = False) -> None:
    """Say what has become of the API since the client was generated last."""
    from lapsmith.apidiff import report as reports

    if update.changes is None:
        click.echo(f"{name}: what changed in the API is not known: {update.reason}", err=err)
    elif not update.changes:
        click.echo(f"{name}: {reports.conclusion(())}", err=err)
    else:
        click.echo(f"{name}: the API changed since the client was generated:\n", err=err)
        click.echo(reports.text(update.changes), err=err)
