"""Generation as actions of a build system: each a command, the files that it reads and the files that it writes.

A command reads nothing else of the project, looks at no clock and no environment, and writes nothing else: it gives the
same bytes in a folder that holds only its inputs.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lapsmith.generation import batch
from lapsmith.generation.batch import Failure
from lapsmith.generation.pipeline import Plan
from lapsmith.output import manifest
from lapsmith.output.manifest import blob_id, digest_of
from lapsmith.project.config import ClientConfig
from lapsmith.project.inputs import read_inputs

MNEMONIC = "LapsmithGenerate"


@dataclass(frozen=True, slots=True)
class Action:
    """One command. ``inputs`` maps paths to git's blob ids, ``outputs`` to SHA-256 digests.

    Paths are relative to the folder to run in: the project's root, or for a spec on its own the working directory.
    """

    clients: tuple[str, ...]
    arguments: tuple[str, ...]
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    requirements: tuple[str, ...]


def of_project(config: Path, clients: Sequence[ClientConfig]) -> Iterator[Action | Failure]:
    """The actions of clients of a pyproject.toml; those that share a runtime are one action."""
    read = {config.absolute(): blob_id(config.read_bytes())}
    arguments = ("lapsmith", "generate", "--config", config.name)
    yield from _actions(clients, config.absolute().parent, read, lambda names: (*arguments, *names))


def of_spec(client: ClientConfig, spec: str, options: Sequence[str]) -> Iterator[Action | Failure]:
    """The action of ``lapsmith generate SPEC -o DIR``, to run in the working directory."""
    arguments = ("lapsmith", "generate", spec, "-o", _relative(client.output, Path.cwd()), *options)
    project = client.root / "pyproject.toml"
    # It is not read, but the files are named relative to where it is.
    read = {project: blob_id(project.read_bytes())} if project.is_file() else {}
    yield from _actions([client], Path.cwd(), read, lambda names: arguments)


def _actions(
    clients: Sequence[ClientConfig],
    base: Path,
    read: Mapping[Path, str],
    arguments: Callable[[Sequence[str]], tuple[str, ...]],
) -> Iterator[Action | Failure]:
    groups: dict[Path, list[Plan]] = {}
    for outcome in batch.plan_each(clients, force=True, jobs=1):
        if isinstance(outcome, Failure):
            yield outcome
        else:
            groups.setdefault(_runtime_folder(outcome), []).append(outcome)
    for plans in groups.values():
        names = tuple(plan.client.name for plan in plans if not plan.serves)
        inputs = dict(read)
        outputs: dict[Path, str] = {}
        for plan in plans:
            inputs |= _inputs(plan)
            outputs |= {plan.client.output / path: digest for path, digest in plan.manifest.outputs.items()}
            outputs[plan.client.output / manifest.FILE_NAME] = digest_of(plan.manifest.dump())
        needs = sorted({item for plan in plans for item in plan.requirements})
        yield Action(names, arguments(names), _named(inputs, base), _named(outputs, base), tuple(needs))


def _runtime_folder(plan: Plan) -> Path:
    return plan.client.output if plan.serves else plan.client.runtime_folder


def _inputs(plan: Plan) -> dict[Path, str]:
    if plan.serves:
        package = plan.client.output.parent / "__init__.py"
        return {package: blob_id(package.read_bytes())}
    paths = read_inputs(plan.client).paths
    return {paths[name]: blob for name, blob in plan.manifest.inputs.items()}


def _named(files: Mapping[Path, str], base: Path) -> dict[str, str]:
    return dict(sorted((_relative(path, base), value) for path, value in files.items()))


def _relative(path: Path, base: Path) -> str:
    return Path(os.path.relpath(path.resolve(), base.resolve())).as_posix()
