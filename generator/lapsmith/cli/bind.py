"""``lapsmith bind``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lapsmith.cli.terminal import DIFFERS, ERROR, complain, count, leave, report
from lapsmith.diagnostics import LapsmithError, Severity
from lapsmith.project.config import ClientConfig, ConfigError, find, load, path_inside, spec_only
from lapsmith.project.inputs import BINDINGS, OVERRIDES, folder_of, read_inputs

if TYPE_CHECKING:
    from lapsmith.bindings.model import OperationBinding


@click.command("bind")
@click.argument("spec", metavar="SPEC")
@click.option("--model", metavar="MODEL", help="botocore:NAME[/API-VERSION], or the path of a service-2.json.")
@click.option(
    "--protocol",
    metavar="NAME",
    help="Use this protocol instead of the service's default.",
)
@click.option(
    "-o",
    "output",
    metavar="PLACE",
    help="The folder that the files go into, or the path of bindings.yaml.",
)
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="Add what the model has and the spec lacks: writes a spec of its own beside the bindings, so it needs -o.",
)
@click.option("--check-complete", "complete", is_flag=True, help="Exit with 1 if an endpoint of SPEC stayed unbound.")
@click.option("--notes", is_flag=True, help="List every difference between SPEC and the model by name.")
def command(
    spec: str,
    model: str | None,
    protocol: str | None,
    output: str | None,
    everything: bool,
    complete: bool,
    notes: bool,
) -> None:
    """Derive how a SPEC goes over the wire from AWS's service model.

    SPEC is a folder as in specs/SERVICE, or a .lap file. Without --model, the model in the installed botocore that has
    the spec's name and version is taken. Writes bindings.yaml, types.lap and endpoint-rules.json into the spec's
    folder. What you want otherwise goes into overrides.yaml, which is read and never written.
    """
    from lapsmith import bind
    from lapsmith.bind import report as reporting
    from lapsmith.generation.analysis import parse

    client = spec_only(Path(spec), operations=("*",), strict=False)
    analysis = parse(read_inputs(client))
    report([item for item in analysis.diagnostics if item.severity is not Severity.NOTE], analysis.sources, notes=False)
    if any(item.severity is Severity.ERROR for item in analysis.diagnostics):
        leave(ERROR)
    if everything and output is None:
        raise click.UsageError("--all writes a spec of its own, with what SPEC lacks; say where: -o FOLDER.")
    target = _beside(spec, folder_of(client)) if output is None else _placed(output)
    try:
        bound = bind.bind(
            analysis.document,
            model_name=model,
            protocol=protocol,
            decided=_decided(target.with_name(OVERRIDES)),
            everything=everything,
        )
        written = bind.write(bound, target)
    except bind.BindError as error:
        complain(str(error))
        leave(ERROR)
    for line in reporting.lines(bound, notes=notes):
        click.echo(line)
    names = ", ".join(path.name for path in written.changed)
    place = path_inside(target.parent, Path.cwd()) or str(target.parent)
    click.echo(f"wrote {names} in {place}" if written.changed else f"unchanged: {place}")
    if written.removed:
        click.echo(f"removed {written.removed.name}, which the bindings no longer use")
    if written.kept:
        click.echo(written.kept)
    beside = folder_of(client)
    if everything or (beside is not None and beside.resolve() == target.parent.resolve()):
        folder = str(target.parent) if everything else spec
        click.echo(reporting.next_step(bound, folder, _client_of(target.parent)))
    else:
        click.echo(f"next: copy the spec into {place}; bindings are read from the folder of their spec")
    if complete and bound.matching.unbound:
        complain(f"{count(len(bound.matching.unbound), 'endpoint')} of {spec} not bound (--check-complete)")
        leave(DIFFERS)


def _placed(output: str) -> Path:
    """``-o FOLDER``, or the path of the bindings themselves."""
    path = Path(output)
    return path if path.suffix in (".yaml", ".yml") and not path.is_dir() else path / BINDINGS


def _client_of(folder: Path) -> str | None:
    """The configured client that is made of the spec in a folder, if there is one."""
    config = find(Path.cwd())
    clients: Mapping[str, ClientConfig] = {}
    # What is wrong with a configuration is said by the commands that need it.
    with suppress(LapsmithError, OSError):
        clients = load(config).clients if config else {}
    for name, client in clients.items():
        with suppress(LapsmithError, OSError):
            place = folder_of(client)
            if place is not None and place.resolve() == folder.resolve():
                return name
    return None


def _beside(spec: str, folder: Path | None) -> Path:
    if folder is None:
        raise ConfigError(
            f"'{spec}' shares its folder with other specs; give it one of its own, or say where: -o FOLDER"
        )
    return folder / BINDINGS


def _decided(overrides: Path) -> Sequence[OperationBinding]:
    from lapsmith.bind import decisions

    return decisions.read(overrides.read_bytes(), overrides.name) if overrides.is_file() else ()
