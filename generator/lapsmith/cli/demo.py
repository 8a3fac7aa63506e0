"""``lapsmith demo``."""

from __future__ import annotations

import click

from lapsmith.cli.terminal import ERROR, complain, leave


@click.command("demo")
def command() -> None:
    """Generate a client, and call and stream from a local endpoint that verifies its signatures."""
    try:
        from lapsmith.demo import run

        code = run()
    except ModuleNotFoundError as error:
        package = (error.name or "lapsmith").partition(".")[0]
        if package == "lapsmith":
            raise
        complain(f"the demo needs {package}: pip install 'lapsmith[demo]'")
        code = ERROR
    leave(code)
