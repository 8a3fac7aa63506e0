"""lapsmith as a library: what ``from lapsmith import generate, load`` gives.

The same as the commands, with typed results instead of text, and exceptions instead of exit codes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lapsmith.api.running import Run
from lapsmith.diagnostics import Diagnostic, LapsmithError
from lapsmith.generation.analysis import analyse
from lapsmith.generation.batch import Failure
from lapsmith.generation.pipeline import Plan
from lapsmith.output.folder import Change
from lapsmith.output.manifest import FILE_NAME
from lapsmith.project import config
from lapsmith.project.config import ClientConfig, Config, ConfigError
from lapsmith.project.inputs import read_inputs

if TYPE_CHECKING:
    from lapsmith.ir.model import Service


class GenerationError(LapsmithError):
    """Clients could not be generated, and nothing was written. ``failures`` says for each what is wrong with it.

    The text is what the command prints: diagnostics with their place, source line and hint.
    """

    def __init__(self, failures: Sequence[Failure]) -> None:
        self.failures = tuple(failures)
        super().__init__("\n".join(str(failure.error) for failure in failures))


@dataclass(frozen=True, slots=True)
class Generated:
    """A folder that belongs to lapsmith: a client, or a runtime that clients share.

    ``name`` is the client's; ``serves`` are the names of those that share a runtime, and empty for a client.
    ``files`` are all its files, relative to ``folder``, and ``changes`` those that were written, replaced or deleted
    (or would be), with their contents. ``inputs`` are the files that it was made from, relative to the project's root
    (to the spec's folder, where that lies elsewhere). ``requirements`` are what the client needs to run, in PEP 508's
    form, and ``missing`` those of them that the project's pyproject.toml does not declare.
    """

    name: str
    folder: Path
    inputs: tuple[str, ...]
    files: tuple[str, ...]
    changes: tuple[Change, ...]
    diagnostics: tuple[Diagnostic, ...]
    requirements: tuple[str, ...]
    missing: tuple[str, ...] = ()
    serves: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Generation:
    """What one run did, or would do: the ``folders`` in the order of the configuration."""

    folders: tuple[Generated, ...]

    @property
    def clients(self) -> tuple[Generated, ...]:
        """The folders that are clients."""
        return tuple(item for item in self.folders if not item.serves)

    @property
    def is_current(self) -> bool:
        """Whether there was nothing to change."""
        return not any(item.changes for item in self.folders)


def generate(
    source: str | Path | None = None,
    output: str | Path | None = None,
    *,
    clients: Iterable[str] = (),
    operations: Sequence[str] = ("*",),
    strict: bool = False,
    force: bool = False,
    dry_run: bool = False,
    jobs: int = 1,
) -> Generation:
    """Generate clients, and return what was written.

    With ``output``, ``source`` is a spec (a folder as in ``specs/SERVICE``, or a .lap file), and its client is written
    to the folder ``output``, whose name is that of the package; ``operations`` and ``strict`` are as in the
    configuration. Without it, ``source`` is a pyproject.toml or a folder that has one (None: the nearest), and the
    clients of its ``[tool.lapsmith.clients]`` are generated: all, or those that ``clients`` names, together with those
    that share a runtime with them.

    ``force`` overwrites files that were edited or are not lapsmith's. ``dry_run`` writes nothing. ``jobs`` is the
    number of processes; with more than one, a script needs the ``if __name__ == "__main__"`` of multiprocessing.

    Raises :class:`GenerationError` if anything is wrong with any client, and then nothing has been written;
    ``DiagnosticError`` or ``ConfigError`` if it is the configuration that is wrong; ``OutputError`` if a folder cannot
    be written to, which leaves that folder as it was.
    """
    project: Config | None = None
    if output is None:
        project = config.load(_pyproject(source))
        chosen = project.select(clients)
    elif source is None:
        raise ConfigError("an output folder goes with a spec")
    else:
        chosen = (config.single_client(Path(source), Path(output), operations=tuple(operations), strict=strict),)
    with Run(chosen, force=force, jobs=jobs) as run:
        for _ in run.plan():
            pass
        if failures := run.failures or run.refusals(force=force or dry_run):
            raise GenerationError(failures)
        done = run.plans if dry_run else run.write()
        return Generation(tuple(_generated(plan, project) for plan in done))


def load(spec: str | Path, *, operations: Sequence[str] = ("*",), strict: bool = False) -> Service:
    """Read a spec and the bindings that go with it, and return what they say: operations, shapes, errors, waiters.

    ``spec`` is a folder as in ``specs/SERVICE``, or a .lap file. Every fact in the :class:`~lapsmith.ir.model.Service`
    knows where it comes from (``origins``). Raises ``DiagnosticError`` for what is wrong with the files, with all of
    it at once, and ``ConfigError`` if there is no spec.
    """
    client = config.spec_only(Path(spec), operations=tuple(operations), strict=strict)
    return analyse(client, read_inputs(client)).require()


def _pyproject(source: str | Path | None) -> Path:
    if source is None:
        found = config.find(Path.cwd())
        if found is None:
            raise ConfigError(f"no {config.FILE_NAME} here or above")
        return found
    path = Path(source)
    path = path / config.FILE_NAME if path.is_dir() else path
    if not path.is_file():
        raise ConfigError(f"there is no '{path}'")
    return path


def _generated(plan: Plan, project: Config | None) -> Generated:
    return Generated(
        name=plan.client.name,
        folder=plan.client.output,
        inputs=tuple(sorted(plan.manifest.inputs)),
        files=tuple(sorted((*plan.manifest.outputs, FILE_NAME))),
        changes=plan.difference.changes if plan.difference else (),
        diagnostics=plan.diagnostics,
        requirements=plan.requirements,
        missing=project.missing(plan.requirements) if project else (),
        serves=plan.serves,
    )


__all__ = ["Change", "ClientConfig", "Failure", "Generated", "Generation", "GenerationError", "generate", "load"]
