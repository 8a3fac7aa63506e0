"""``lapsmith watch``."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lapsmith.cli.clients import config_option, jobs_option, load_config, named_clients, notes_option, plan_all
from lapsmith.cli.generate import write_all
from lapsmith.cli.terminal import count, explain
from lapsmith.diagnostics import LapsmithError
from lapsmith.project.config import FILE_NAME, ClientConfig, ConfigError, find, load

if TYPE_CHECKING:
    from lapsmith.project.watching import State


@click.command("watch")
@click.argument("names", metavar="[CLIENT...]", nargs=-1)
@jobs_option
@config_option
@notes_option
def command(names: tuple[str, ...], jobs: int | None, config_path: Path | None, notes: bool) -> None:
    """Generate the clients of [tool.lapsmith.clients], all or those named, again whenever an input of theirs changes.

    Inputs are the files of the specs' folders and the pyproject.toml. Errors are shown, and generation goes on with the
    next change. Ctrl-C ends it.
    """
    from lapsmith.project import watching

    path = config_path or find(Path.cwd())
    if path is None:
        raise ConfigError(f"no {FILE_NAME} here or above; give --config FILE")
    path = path.absolute()
    watched = _Watched(path, names)
    try:
        changes = watching.changes(watched.look)
        _generate(path, names, jobs=jobs, notes=notes)
        click.echo(f"watching {count(len(watched.look()), 'file')}; Ctrl-C ends it")
        for changed in changes:
            if sys.stdout.isatty():
                click.clear()
            listed = ", ".join(watching.shown(item, path.parent) for item in changed)
            click.echo(f"{time.strftime('%H:%M:%S')} changed: {listed}")
            _generate(path, names, jobs=jobs, notes=notes)
    except KeyboardInterrupt:
        # The way to end it, so no failure.
        click.echo("\nstopped")


def _generate(path: Path, names: tuple[str, ...], *, jobs: int | None, notes: bool) -> None:
    """One run, in a context of its own: what it leaves with is not what the watch leaves with."""
    context = click.get_current_context()
    try:
        with click.Context(context.command, parent=context.parent, info_name="generate"):
            clients = named_clients(load_config(path), names)
            write_all(plan_all(clients, force=False, trust_manifest=True, notes=notes, jobs=jobs))
    except (LapsmithError, OSError) as error:
        explain(error)
    except click.exceptions.Exit:
        # What was wrong has been said.
        pass


class _Watched:
    """The files to look at. While the configuration has errors, those of its last good state."""

    def __init__(self, path: Path, names: tuple[str, ...]) -> None:
        self._path = path
        self._names = names
        self._own: State | None = None
        self._clients: tuple[ClientConfig, ...] = ()

    def look(self) -> State:
        """The state of all inputs; the configuration is read again when its own has changed."""
        from lapsmith.project import watching

        own = watching.state([self._path])
        if own != self._own:
            self._own = own
            self._read()
        return watching.state((self._path, *watching.inputs_of(self._clients)))

    def _read(self) -> None:
        try:
            self._clients = load(self._path).select(self._names)
        except (LapsmithError, OSError):
            # Generation says what is wrong with it.
            pass
