"""Clients of the listed services: compiled, bound and generated once, and kept between runs of the tests."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import botocore
from click.testing import CliRunner
from corpus import models
from corpus.lean import compile_lean
from corpus.services import Target
from lapsmith import bind
from lapsmith.cli import main
from lapsmith.generation import pipeline
from lapsmith.generation.analysis import analyse
from lapsmith.generation.identity import generator_digest
from lapsmith.ir import model as ir
from lapsmith.project import inputs
from lapsmith.project.config import ClientConfig
from lapsmith.python import names, reserved
from lapsmith.python.spelling import Spelling


@dataclass(frozen=True)
class Names:
    """How a client spells what botocore names. Keys are botocore's names of operations, members and shapes."""

    client: str
    methods: dict[str, str] = field(default_factory=dict)
    arguments: dict[str, dict[str, str]] = field(default_factory=dict)
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    structures: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


def digest() -> str:
    """Return a digest of all that the clients depend on: ``bind``, the generator, this package, and botocore."""
    own = hashlib.sha256(f"{generator_digest()} {botocore.__version__}".encode())
    for package in (Path(bind.__file__).parent, Path(__file__).parent):
        for path in sorted(package.glob("*.py")):
            own.update(path.read_bytes())
    return own.hexdigest()[:16]


def bound(target: Target, folder: Path, *, find: bool = False) -> str:
    """Write the spec folder of a service: LAP text, and what ``lapsmith bind`` derives. Return what that printed.

    With ``find`` it has to find the model by itself.
    """
    references = folder / "references"
    references.mkdir(parents=True, exist_ok=True)
    (references / "api-spec.lap").write_text(compile_lean(models.load(target.service)), encoding="utf-8")
    options = [] if find else ["--model", f"botocore:{target.service}"]
    options += ["--protocol", target.protocol] if target.protocol else []
    result = CliRunner().invoke(main, ["bind", str(folder), *options])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    if result.exit_code:
        raise RuntimeError(f"lapsmith bind {folder.name} {' '.join(options)}: {result.output}")
    return result.output


def configuration(target: Target, spec: Path, output: Path) -> ClientConfig:
    """Return the configuration of a service's client, with every operation that can be generated."""
    operations = ("*", *map("!{}".format, sending_events(target)))
    return ClientConfig(target.package, spec.parent, spec, output, operations=operations)


def generated(target: Target, spec: Path, output: Path) -> Names:
    """Generate the client of a spec folder and write it to ``output`` (all of it, in one move)."""
    client = configuration(target, spec, output)
    read = inputs.read_inputs(client)
    analysis = analyse(client, read)
    rendered = pipeline.render(analysis, read, client)
    scratch = output.with_name(f"{output.name}.new")
    shutil.rmtree(scratch, ignore_errors=True)
    for path, content in rendered.files.items():
        (scratch / path).parent.mkdir(parents=True, exist_ok=True)
        (scratch / path).write_bytes(content)
    spelled = spell(analysis.require())
    (scratch / "names.json").write_text(json.dumps(asdict(spelled)), encoding="utf-8")
    scratch.replace(output)
    return spelled


def sending_events(target: Target) -> list[str]:
    """Return the operations that send event streams, which neither botocore's clients nor ours have."""
    model = models.load(target.service)
    found = []
    for name, operation in model["operations"].items():
        shape = model["shapes"].get(operation.get("input", {}).get("shape"), {})
        if any(model["shapes"][member["shape"]].get("eventstream") for member in shape.get("members", {}).values()):
            found.append(name)
    return found


def client_of(target: Target, folder: Path) -> Names:
    """Make the client ``folder/<package>``, unless it is there."""
    output = folder / target.package
    if not output.is_dir():
        spec = folder / "specs" / str(target)
        bound(target, spec)
        return generated(target, spec, output)
    kept: dict[str, Any] = json.loads((output / "names.json").read_text(encoding="utf-8"))
    return Names(**kept)


def spell(service: ir.Service) -> Names:
    """Return how the client of a service spells everything."""
    spelling = Spelling(service)
    arguments, outputs = {}, {}
    for op in service.operations:
        taken = reserved.PARAMETER_NAMES | {spelling.builders.get(op.name, "")}
        arguments[op.name] = names.member_names((m.name for m in op.input), taken)
        streamed = op.name in spelling.streams
        beside = reserved.STREAM_NAMES if streamed else reserved.OUTPUT_NAMES
        outputs[op.name] = names.member_names((m.name for m in op.output), beside)
    return Names(
        client=spelling.client,
        methods=dict(spelling.methods),
        arguments=arguments,
        outputs=outputs,
        structures=dict(spelling.structures),
        errors=dict(spelling.errors),
    )
