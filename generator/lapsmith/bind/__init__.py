"""AWS service model to bindings: read the model, match the spec's endpoints with its operations, derive.

The only room that sees AWS models. What it writes is all that generation needs of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lapsmith.bind import (
    compiling,
    decisions,
    derive,
    extend,
    files,
    locate,
    matching,
    model,
    proof,
    rules,
    signing,
    smithy,
    sources,
    types,
    yaml,
)
from lapsmith.bind.derive import Derived
from lapsmith.bind.errors import BindError
from lapsmith.bind.matching import Matching
from lapsmith.bindings.model import OperationBinding
from lapsmith.lap.tree import Document
from lapsmith.project.inputs import BINDINGS, RULES, TYPES, USUAL

__all__ = ["BindError", "Bound", "bind", "compile_service", "write"]

_BLOCKS = ("operations", "waiters", "shapes", "errors", "enums")


@dataclass(frozen=True, slots=True)
class Bound:
    """What ``bind`` found: which endpoint is which operation, and the files, by their usual names.

    ``origin`` is what the bindings call the model, ``shown`` also has its path, where one was given.
    ``newer`` names the latest API version of the service, where that is another.
    ``document`` is the spec that they go with: the one that was given, or (then it is one of the files) that with all
    that the model has.
    """

    origin: str
    shown: str
    protocol: str
    document: Document
    matching: Matching
    derived: Derived
    contents: dict[str, bytes]
    newer: str | None = None


def bind(
    document: Document,
    *,
    model_name: str | None = None,
    protocol: str | None = None,
    decided: Sequence[OperationBinding] = (),
    everything: bool = False,
) -> Bound:
    """Bind a spec to an AWS service model.

    ``model_name`` is ``botocore:NAME[/API-VERSION]`` or a path; None finds the installed botocore's by the spec's name
    and version. ``protocol`` is one that the service offers, by its name in bindings (``json`` means either version of
    it); None takes the one that botocore would. ``decided`` are operations that a person has placed. With
    ``everything`` the spec is extended by what it lacks of the model. Raises BindError.
    """
    located = locate.find(document, model_name)
    service = model.load(smithy.read(sources.read(located.path)), located.origin)
    # Nothing else is worth a word about a service that cannot be generated.
    derive.check_protocol(service, protocol)
    signing.check(service)
    found = matching.match(document, service, decisions.place(decided, document))
    if not found.matches:
        raise BindError(
            f"no endpoint of the spec is an operation of {service.origin}",
            "is it the same service? give --model botocore:NAME",
        )
    contents: dict[str, bytes] = {}
    if everything:
        text, document, found = extend.extend(document, found, _comment(service))
        contents[USUAL] = text.encode()
    derived = derive.derive(document, service, found, protocol)
    contents |= _contents(document, service, derived)
    proof.prove(contents, document, found)
    shown = service.origin if located.origin else f"{model_name} ({service.origin})"
    spoken = derived.content["service"]["protocol"]
    return Bound(service.origin, shown, spoken, document, found, derived, contents, located.newer)


def compile_service(model_name: str, *, protocol: str | None = None, prose: bool = True) -> Bound:
    """Make the spec of an AWS service from its model, with the bindings that go with it.

    ``model_name`` and ``protocol`` are as in :func:`bind`. Without ``prose`` the spec has facts only. Raises BindError.
    """
    located = locate.find(Document(lap=None, api=None), model_name)
    service = model.load(smithy.read(sources.read(located.path)), located.origin)
    derive.check_protocol(service, protocol)
    signing.check(service)
    text, document, found = compiling.compile_model(service, prose=prose)
    derived = derive.derive(document, service, found, protocol)
    contents = {USUAL: text.encode(), **_contents(document, service, derived)}
    proof.prove(contents, document, found)
    spoken = derived.content["service"]["protocol"]
    return Bound(service.origin, service.origin, spoken, document, found, derived, contents)


def _comment(service: model.Model) -> str:
    return f"{files.HEADER}{service.origin}. Do not edit: bind writes it anew."


def _contents(document: Document, service: model.Model, derived: Derived) -> dict[str, bytes]:
    head = (
        f"# {_comment(service)}\n"
        "# Corrections go into overrides.yaml, which has the same keys and is laid over this file.\n"
    )
    text = head + yaml.dump(derived.content, _BLOCKS)
    typed = types.write(derived.shapes, document.api, document.version, _comment(service))
    contents = {BINDINGS: text.encode(), TYPES: typed.encode()}
    return contents | ({RULES: rules.write(service.rules)} if service.rules else {})


@dataclass(frozen=True, slots=True)
class Written:
    """Which files were written because they changed, which one was removed, and a word on one that was not."""

    changed: tuple[Path, ...]
    removed: Path | None
    kept: str | None


def write(bound: Bound, bindings: Path) -> Written:
    """Write the files, with the bindings at the path ``bindings`` and the others beside.

    A rule set from an earlier run that the bindings no longer use is removed. All of this is done, or nothing. Raises
    BindError where there is a file that bind did not write.
    """
    paths = {name: bindings if name == BINDINGS else bindings.parent / name for name in bound.contents}
    files.check(paths)
    removed, kept = files.stale(bindings, bound.contents)
    changed = files.write({paths[name]: data for name, data in bound.contents.items()}, removed)
    return Written(changed, removed, kept)
