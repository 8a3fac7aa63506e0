"""The command line: options to calls, what was found to exit codes.

0: done, or nothing to do. 1: ``check`` found a difference. 2: an error. 130: interrupted.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import lapsmith
from lapsmith.config import FILE_NAME, ClientConfig, Config, ConfigError, find, load, single_client, spec_only
from lapsmith.diagnostics import Diagnostic, DiagnosticError, Severity
from lapsmith.diagnostics import render as render_diagnostics

if TYPE_CHECKING:
    from lapsmith.pipeline import Analysis, Plan

OK, DIFFERS, ERROR, INTERRUPTED = 0, 1, 2, 130
_DIFF_LINES = 200


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
            _report(error.diagnostics, error.sources, notes=False)
        except (ConfigError, OutputError) as error:
            _complain(str(error))
        except BrokenPipeError:
            raise
        except OSError as error:
            where = f": {error.filename}" if error.filename else ""
            _complain(f"{error.strerror or error}{where}")
        else:
            return result
        return ctx.exit(ERROR)


@click.group(cls=_Command, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(lapsmith.__version__, prog_name="lapsmith")
def main() -> None:
    """Generate typed, self-contained Python clients for AWS services from LAP API descriptions."""


_config_option = click.option(
    "--config",
    "config_path",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The pyproject.toml to use.",
)
_notes_option = click.option("--notes", is_flag=True, help="Show notes too, not only errors and warnings.")


@main.command()
@click.argument("targets", metavar="[CLIENT... | SPEC]", nargs=-1)
@click.option("-o", "output", metavar="DIR", type=click.Path(path_type=Path), help="The client's folder, for a SPEC.")
@click.option("--operation", "operations", metavar="PATTERN", multiple=True, help="Only these operations of a SPEC.")
@click.option("--strict", is_flag=True, help="Inferences about a SPEC are errors.")
@click.option("--force", is_flag=True, help="Overwrite files that were edited or are not lapsmith's.")
@click.option("--diff", "show_diff", is_flag=True, help="Show what would change; write nothing.")
@_config_option
@_notes_option
def generate(
    targets: tuple[str, ...],
    output: Path | None,
    operations: tuple[str, ...],
    strict: bool,
    force: bool,
    show_diff: bool,
    config_path: Path | None,
    notes: bool,
) -> None:
    """Write the clients of [tool.lapsmith.clients], all or those named; or with -o the client of one SPEC.

    SPEC is a folder as in specs/SERVICE, or a .lap file. DIR's last part is the name of the package.
    """
    config: Config | None = None
    clients: tuple[ClientConfig, ...]
    if output is not None:
        clients = (_client_of_spec(targets, output, operations, strict, config_path),)
    else:
        if operations or strict:
            raise click.UsageError(f"--operation and --strict go with SPEC -o DIR; clients set them in {FILE_NAME}.")
        config = _load_config(config_path)
        clients = _named_clients(config, targets)
    plans = _plan_all(clients, force=force, trust_manifest=True, notes=notes)
    if show_diff:
        for plan in plans:
            _show_diff(plan, limit=None)
        return
    _write_all(plans, force=force)
    for plan in plans:
        _show_requirements(plan, config)


@main.command()
@click.argument("names", metavar="[CLIENT...]", nargs=-1)
@_config_option
@_notes_option
def check(names: tuple[str, ...], config_path: Path | None, notes: bool) -> None:
    """Fail with a diff if what is on disk differs from what would be generated.

    Also fails if a client needs a package that the project does not declare.
    """
    config = _load_config(config_path)
    plans = _plan_all(_named_clients(config, names), force=False, trust_manifest=False, notes=notes)
    stale = [plan for plan in plans if plan.difference and (plan.difference.changes or plan.difference.blocked)]
    for plan in stale:
        _show_diff(plan, limit=_DIFF_LINES)
    if stale:
        names_of_stale = " ".join(plan.client.name for plan in stale)
        click.echo(f"lapsmith: not up to date: {names_of_stale}; run: lapsmith generate {names_of_stale}", err=True)
    lacking = [_show_missing(plan, config) for plan in plans]
    if stale or any(lacking):
        click.get_current_context().exit(DIFFERS)
    click.echo(f"{_count(len(plans), 'client')} up to date")


@main.command()
@click.argument("target", metavar="SPEC|CLIENT")
@click.option("--stage", type=click.Choice(["tree", "ir", "files"]), default="ir", show_default=True)
@click.option("--format", "fmt", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.option("--operation", "operations", metavar="PATTERN", multiple=True, help="Only these operations of a SPEC.")
@click.option("--strict", is_flag=True, help="Inferences are errors.")
@_config_option
def inspect(
    target: str, stage: str, fmt: str, operations: tuple[str, ...], strict: bool, config_path: Path | None
) -> None:
    """Show what was read, what it means and where each fact comes from, or the files that would be written."""
    from lapsmith import inspection, pipeline

    client = _inspected_client(target, operations, strict, config_path)
    inputs = pipeline.read_inputs(client)
    analysis = pipeline.parse(inputs) if stage == "tree" else pipeline.analyse(client, inputs)
    # People read diagnostics on stderr, with the source; programs get them in the JSON.
    within = analysis.diagnostics if fmt == "json" else ()
    if stage == "tree":
        click.echo(inspection.tree(analysis.document, fmt, diagnostics=within), nl=False)
    elif analysis.service is not None and stage == "ir":
        click.echo(inspection.ir(analysis.service, fmt, diagnostics=within), nl=False)
    elif analysis.service is not None:
        rendered = pipeline.render(analysis, inputs, package=client.package)
        click.echo(inspection.files(rendered.files, fmt), nl=False)
    _report(analysis.diagnostics, analysis.sources, notes=True)
    if _has_errors(analysis):
        click.get_current_context().exit(ERROR)


@main.command()
def demo() -> None:
    """Generate a client, and call and stream from a local endpoint that verifies its signatures."""
    try:
        from lapsmith.demo import run

        code = run()
    except ModuleNotFoundError as error:
        package = (error.name or "lapsmith").partition(".")[0]
        if package == "lapsmith":
            raise
        _complain(f"the demo needs {package}: pip install 'lapsmith[demo]'")
        code = ERROR
    click.get_current_context().exit(code)


def _load_config(path: Path | None) -> Config:
    found = path or find(Path.cwd())
    if found is None:
        raise ConfigError(f"no {FILE_NAME} here or above; give --config FILE, or generate SPEC -o DIR")
    config = load(found)
    if not config.clients:
        raise ConfigError(
            f"{found} has no [tool.lapsmith.clients]; add [tool.lapsmith.clients.NAME] with spec and output"
        )
    return config


def _named_clients(config: Config, names: Sequence[str]) -> tuple[ClientConfig, ...]:
    for name in names:
        if name not in config.clients and _looks_like_path(name):
            raise click.UsageError(f"'{name}' is a SPEC, which needs -o DIR; without -o, name clients of {FILE_NAME}.")
    return config.select(names)


def _looks_like_path(text: str) -> bool:
    return "/" in text or "\\" in text or text.endswith(".lap") or Path(text).exists()


def _client_of_spec(
    targets: Sequence[str], output: Path, operations: tuple[str, ...], strict: bool, config_path: Path | None
) -> ClientConfig:
    if len(targets) != 1:
        raise click.UsageError(f"-o DIR goes with exactly one SPEC, and there are {len(targets)}.")
    if config_path is not None:
        raise click.UsageError("--config goes with the clients that it lists, not with SPEC -o DIR.")
    return single_client(Path(targets[0]), output, operations=operations or ("*",), strict=strict)


def _inspected_client(target: str, operations: tuple[str, ...], strict: bool, config_path: Path | None) -> ClientConfig:
    """A configured client if there is one by that name, else the spec at that path."""
    found = config_path or find(Path.cwd())
    if found is not None and (config_path or target.isidentifier()):
        config = load(found)
        if target in config.clients or not _looks_like_path(target):
            client = config.select([target])[0]
            operations = operations or client.operations
            return replace(client, operations=operations, strict=strict or client.strict)
    return spec_only(Path(target), operations=operations or ("*",), strict=strict)


def _plan_all(clients: Iterable[ClientConfig], *, force: bool, trust_manifest: bool, notes: bool) -> list[Plan]:
    """Plan every client, so that all that is wrong with any of them is shown. Exits if anything is."""
    from lapsmith import pipeline
    from lapsmith.output import OutputError

    plans: list[Plan] = []
    failed = False
    for client in clients:
        try:
            plan = pipeline.plan(client, force=force, trust_manifest=trust_manifest)
        except DiagnosticError as error:
            failed = True
            _report(error.diagnostics, error.sources, notes=notes)
        except (ConfigError, OutputError) as error:
            failed = True
            _complain(f"{client.name}: {error}")
        else:
            plans.append(plan)
            _report(plan.diagnostics, plan.sources, notes=notes)
    if failed:
        click.get_current_context().exit(ERROR)
    return plans


def _write_all(plans: Sequence[Plan], *, force: bool) -> None:
    from lapsmith.output import refusal, write

    refusals = [(plan, refusal(plan.difference, force=force)) for plan in plans if plan.difference]
    for plan, reason in refusals:
        if reason:
            _complain(f"{plan.display}: {reason}")
    if any(reason for _, reason in refusals):
        click.get_current_context().exit(ERROR)
    for plan in plans:
        if plan.difference is None or not plan.difference.changes:
            click.echo(f"{plan.client.name}: unchanged")
            continue
        write(plan.difference, force=force)
        deleted = sum(change.after is None for change in plan.difference.changes)
        written = len(plan.difference.changes) - deleted
        also = f", deleted {_count(deleted, 'file')}" if deleted else ""
        click.echo(f"{plan.client.name}: wrote {_count(written, 'file')}{also} in {plan.display}")


def _show_diff(plan: Plan, *, limit: int | None) -> None:
    from lapsmith.output import unified_diff

    if plan.difference is None:
        return
    for reason in plan.difference.blocked:
        click.echo(f"{plan.display}: {reason}", err=True)
    for change in plan.difference.changes:
        verb = "missing" if change.before is None else "to be deleted" if change.after is None else "differs"
        click.echo(f"{plan.display}/{change.path}: {verb}", err=True)
    lines = unified_diff(plan.difference, plan.display)
    for line in lines if limit is None else itertools.islice(lines, limit):
        click.echo(line)
    if rest := sum(1 for _ in lines):
        click.echo(f"… {rest} more lines: lapsmith generate --diff {plan.client.name}")


def _show_requirements(plan: Plan, config: Config | None) -> None:
    if plan.requirements:
        click.echo(f"{plan.client.name} needs: {', '.join(plan.requirements)}")
    if config is not None:
        _show_missing(plan, config)


def _show_missing(plan: Plan, config: Config) -> bool:
    """Say which requirements the project does not declare, and whether there are any."""
    missing = config.missing(plan.requirements)
    if missing:
        wanted = ", ".join(f'"{item}"' for item in missing)
        click.echo(
            f"lapsmith: {config.path.name} lacks what {plan.client.name} needs; "
            f"add to [project] dependencies: {wanted}",
            err=True,
        )
    return bool(missing)


def _report(found: Iterable[Diagnostic], sources: Mapping[str, str] | None, *, notes: bool) -> None:
    """Diagnostics to stderr. Notes are counted unless asked for."""
    found = tuple(found)
    shown = [item for item in found if notes or item.severity is not Severity.NOTE]
    if shown:
        click.echo(render_diagnostics(shown, sources or {}), err=True)
    if hidden := len(found) - len(shown):
        click.echo(f"{_count(hidden, 'note')} (--notes shows them)", err=True)


def _has_errors(analysis: Analysis) -> bool:
    return any(item.severity is Severity.ERROR for item in analysis.diagnostics)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _complain(message: str) -> None:
    click.echo(f"lapsmith: error: {message}", err=True)
