"""The command line: options to calls, what was found to exit codes. One module for each command.

0: done, or nothing to do. 1: ``check`` found a difference, or ``diff`` what it should fail on. 2: an error.
130: interrupted.
"""

from __future__ import annotations

from typing import Any

import click

import lapsmith
from lapsmith.cli import bind, check, demo, diff, generate, inspect
from lapsmith.cli.terminal import ERROR, INTERRUPTED, complain, report
from lapsmith.config import ConfigError
from lapsmith.diagnostics import DiagnosticError


class _Command(click.Group):
    """Turns what a user can cause into a message and an exit code; anything else is a bug and keeps its traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        from lapsmith.output import OutputError

        try:
            result = super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("\nlapsmith: interrupted", err=True)
            ctx.exit(INTERRUPTED)
        except DiagnosticError as error:
            report(error.diagnostics, error.sources, notes=False)
        except (ConfigError, OutputError) as error:
            complain(str(error))
        except BrokenPipeError:
            raise
        except OSError as error:
            where = f": {error.filename}" if error.filename else ""
            complain(f"{error.strerror or error}{where}")
        else:
            return result
        return ctx.exit(ERROR)


@click.group(cls=_Command, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(lapsmith.__version__, prog_name="lapsmith")
def main() -> None:
    """Generate typed, self-contained Python clients for AWS services from LAP API descriptions."""


for _module in (generate, check, bind, diff, inspect, demo):
    main.add_command(_module.command)
