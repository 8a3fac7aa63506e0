"""``lapsmith bind``."""

from __future__ import annotations

from pathlib import Path

import click

from lapsmith.cli.terminal import ERROR, complain, leave, report
from lapsmith.config import ConfigError, spec_only
from lapsmith.diagnostics import Severity
from lapsmith.inputs import BINDINGS, folder_of, read_inputs


@click.command("bind")
@click.argument("spec", metavar="SPEC")
@click.option(
    "--model", metavar="MODEL", help="botocore:NAME, botocore:NAME/API-VERSION or the path of a service-2.json."
)
@click.option(
    "--protocol", metavar="NAME", help="Another protocol that the service offers: rest-json, json, rpc-v2-cbor."
)
@click.option(
    "-o",
    "output",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Where bindings.yaml goes; the rest beside it.",
)
def command(spec: str, model: str | None, protocol: str | None, output: Path | None) -> None:
    """Derive how a SPEC goes over the wire from AWS's service model.

    SPEC is a folder as in specs/SERVICE, or a .lap file. Without --model the installed botocore's model of the spec's
    name and version is taken. Writes bindings.yaml, types.lap and endpoint-rules.json into the spec's folder. What you
    want otherwise goes into overrides.yaml, which is never touched.
    """
    from lapsmith import bind
    from lapsmith.analysis import parse
    from lapsmith.bind import report as reporting

    client = spec_only(Path(spec), operations=("*",), strict=False)
    analysis = parse(read_inputs(client))
    report(analysis.diagnostics, analysis.sources, notes=False)
    if any(item.severity is Severity.ERROR for item in analysis.diagnostics):
        leave(ERROR)
    target = output or _beside(spec, folder_of(client))
    try:
        bound = bind.bind(analysis.document, model_name=model, protocol=protocol)
        changed = bind.write(bound, target)
    except bind.BindError as error:
        complain(str(error))
        leave(ERROR)
    for line in reporting.lines(bound):
        click.echo(line)
    names = ", ".join(path.name for path in changed)
    click.echo(f"wrote {names} in {target.parent}" if changed else f"unchanged: {target.parent}")
    click.echo(reporting.next_step(bound, spec))


def _beside(spec: str, folder: Path | None) -> Path:
    if folder is None:
        raise ConfigError(
            f"the folder of '{spec}' holds several specs; give it a folder of its own, or say where: -o FILE"
        )
    return folder / BINDINGS
