"""The command line: options to calls, what was found to exit codes. One module for each command.

0: done, or nothing to do. 1: ``check`` found a difference, or ``diff`` what it should fail on. 2: an error.
130: interrupted.
"""

from __future__ import annotations

from typing import Any

import click

from lapsmith.cli import add, bind, check, demo, diff, generate, inspect, update, watch
from lapsmith.cli.terminal import ERROR, INTERRUPTED, explain
from lapsmith.diagnostics import LapsmithError
from lapsmith.version import __version__


class _Command(click.Group):
    """Turns what a user can cause into a message and an exit code; anything else is a bug and keeps its traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("\nlapsmith: interrupted", err=True)
            ctx.exit(INTERRUPTED)
        except BrokenPipeError:
            raise
        except (LapsmithError, OSError) as error:
            explain(error)
            return ctx.exit(ERROR)


@click.group(cls=_Command, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="lapsmith")
def main() -> None:
    """Generate typed, self-contained Python clients for AWS services from LAP API descriptions."""


for _module in (add, generate, check, bind, diff, inspect, demo, watch):
    main.add_command(_module.command)
for _command in (update.outdated, update.update):
    main.add_command(_command)
