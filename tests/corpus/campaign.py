"""Every AWS service that lapsmith can speak to (and sign for), through every step from its model to an imported client.

Each spec is compiled with lapsh, bound, generated, compiled and imported; some clients are type-checked. Run it as
``make campaign ARGS="--jobs 4"``. Prints counts, the slowest services and every failure; the exit code is 1 if there
was one. More jobs change nothing but the time.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

import click
from corpus import clients, models
from corpus.lean import compile_lean
from corpus.services import Target
from lapsmith.generation import pipeline
from lapsmith.generation.analysis import analyse
from lapsmith.ir.model import Service
from lapsmith.project import inputs

STEPS = ("compile", "bind", "generate", "import")
SLOWEST = 10


@dataclass
class Result:
    """What became of one service. ``named``: bind had to be told the model. ``failure`` says where it ended."""

    service: str
    operations: int = 0
    generated: int = 0
    named: bool = False
    seconds: dict[str, float] = field(default_factory=dict)
    failure: str | None = None

    @property
    def total(self) -> float:
        """Seconds of all steps."""
        return sum(self.seconds.values())


def run(service: str, folder: Path) -> Result:
    """Take one service through every step; ``folder/lap/<service>.lap`` is what lapsh made of it."""
    result = Result(service)
    target = Target(service)
    try:
        for step in (_compile, _bind, _generate, _import):
            begun = time.perf_counter()
            step(target, folder, result)
            result.seconds[step.__name__.strip("_")] = time.perf_counter() - begun
    except Exception as error:
        ended_in = STEPS[len(result.seconds)]
        result.failure = f"{ended_in}: {type(error).__name__}: {error}\n{traceback.format_exc(limit=-2)}"
    return result


def _compile(target: Target, folder: Path, result: Result) -> None:
    model = models.load(target.service)
    result.operations = len(model["operations"])
    text = (folder / "lap" / f"{target.service}.lap").read_text(encoding="utf-8")
    if text != compile_lean(model):
        raise AssertionError("corpus.lean writes another spec than lapsh does")


def _bind(target: Target, folder: Path, result: Result) -> None:
    spec = folder / "specs" / target.service
    try:
        clients.bound(target, spec, find=True)
    except RuntimeError:
        # Several models may have the spec's name and version; then the user says which.
        result.named = True
        clients.bound(target, spec)


def _generate(target: Target, folder: Path, result: Result) -> None:
    client = clients.configuration(target, folder / "specs" / target.service, folder / target.package)
    read = inputs.read_inputs(client)
    analysis = analyse(client, read)
    result.generated = _check_order(target, analysis.require())
    for path, content in pipeline.render(analysis, read, client).files.items():
        (client.output / path).parent.mkdir(parents=True, exist_ok=True)
        (client.output / path).write_bytes(content)


def _check_order(target: Target, service: Service) -> int:
    """Check that operations come in the model's order, as the endpoints do; return how many there are."""
    order = {name: index for index, name in enumerate(models.load(target.service)["operations"])}
    found = [order[operation.name] for operation in service.operations]
    if found != sorted(found):
        raise AssertionError("endpoints are bound to each other's operations")
    return len(found)


def _import(target: Target, folder: Path, result: Result) -> None:
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        for path in sorted((folder / target.package).rglob("*.py")):
            parts = path.relative_to(folder).with_suffix("").parts
            importlib.import_module(".".join(part for part in parts if part != "__init__"))
    finally:
        sys.path.remove(str(folder))
        for name in [name for name in sys.modules if name.partition(".")[0] == target.package]:
            del sys.modules[name]


def compile_all(services: Sequence[str], lapsh: Path, folder: Path) -> None:
    """Compile the specs of all services with lapsh, in one process."""
    (folder / "lap").mkdir()
    with tempfile.TemporaryDirectory() as scratch:
        for service in services:
            (Path(scratch) / f"{service}.json").write_text(json.dumps(models.load(service)), encoding="utf-8")
        names = [str(Path(scratch) / f"{service}.json") for service in services]
        subprocess.run([str(lapsh), str(Path(__file__).with_name("lapsh.py")), str(folder / "lap"), *names], check=True)


def run_all(services: Sequence[str], folder: Path, jobs: int) -> list[Result]:
    """Run every service, so many at a time, with a progress bar on a terminal; results are in the order of names."""
    bar = click.progressbar(length=len(services), label="services", file=sys.stderr, hidden=not sys.stderr.isatty())
    results = {}
    with ProcessPoolExecutor(jobs) as pool, bar:
        for done in as_completed([pool.submit(run, service, folder) for service in services]):
            results[done.result().service] = done.result()
            bar.update(1)
    return [results[service] for service in services]


def type_check(services: Sequence[str], folder: Path) -> Iterator[str]:
    """Check clients with mypy --strict and pyright's strict mode; yield what they find."""
    packages = [Target(service).package for service in services]
    settings = {"include": packages, "typeCheckingMode": "strict", "pythonVersion": "3.11"}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    chosen = [word for package in packages for word in ("-p", package)]
    strict = ["--strict", "--python-version", "3.11", "--config-file", "", "--cache-dir", str(folder / ".mypy_cache")]
    for command in (
        [sys.executable, "-m", "mypy", *strict, *chosen],
        [sys.executable, "-m", "pyright", "--pythonpath", sys.executable],
    ):
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        if done.returncode:
            yield f"{command[2]}: {done.stdout[-4000:]}{done.stderr[-1000:]}"


def report(results: Sequence[Result], checked: Sequence[str], findings: Sequence[str]) -> Iterator[str]:
    """Return the lines of the report."""
    failed = [result for result in results if result.failure]
    operations, generated = (sum(getattr(result, name) for result in results) for name in ("operations", "generated"))
    yield f"{len(results)} services, {operations} operations; {len(failed)} services failed"
    left = {result.service: result.operations - result.generated for result in results if not result.failure}
    shown = ", ".join(f"{service} {count}" for service, count in left.items() if count)
    yield f"{generated} operations generated, {sum(left.values())} left out: {shown or 'none'}"
    yield f"models that had to be named: {', '.join(r.service for r in results if r.named) or 'none'}"
    for step in STEPS:
        yield f"{step}: {sum(result.seconds.get(step, 0.0) for result in results):.1f} s"
    slowest = sorted(results, key=lambda result: -result.total)[:SLOWEST]
    yield f"the slowest: {', '.join(f'{result.service} {result.total:.1f} s' for result in slowest)}"
    yield f"type-checked: {', '.join(checked) or 'none'}; {'clean' if not findings else 'with findings'}"
    yield from findings
    yield from (f"FAILED {result.service}: {result.failure}" for result in failed)


@click.command()
@click.argument("lapsh", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--jobs", type=click.IntRange(1), default=os.cpu_count() or 1, show_default=True, help="Services at a time."
)
@click.option("--only", multiple=True, help="Only these services.")
@click.option("--sample", type=click.IntRange(0), default=12, show_default=True, help="How many to type-check.")
def main(lapsh: Path, jobs: int, only: tuple[str, ...], sample: int) -> None:
    """Run the campaign; LAPSH is the Python of an environment that has lapsh."""
    services = only or [name for name in models.services() if models.takes_signatures(models.load(name))]
    with tempfile.TemporaryDirectory(prefix="campaign-") as scratch:
        folder = Path(scratch)
        compile_all(services, lapsh, folder)
        results = run_all(services, folder, jobs)
        passed = [result.service for result in results if not result.failure]
        checked = passed[:: max(1, len(passed) // sample)][:sample] if sample else []
        findings = list(type_check(checked, folder)) if checked else []
    click.echo("\n".join(report(results, checked, findings)))
    sys.exit(1 if findings or len(passed) < len(results) else 0)


if __name__ == "__main__":
    main()
