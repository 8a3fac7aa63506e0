"""AWS service model to bindings: read the model, match the spec's endpoints with its operations, derive.

The only room that sees AWS models. What it writes is all that generation needs of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lapsmith.bind import derive, files, locate, matching, model, rules, sources, types, yaml
from lapsmith.bind.derive import RULES_FILE, Derived
from lapsmith.bind.errors import BindError
from lapsmith.bind.matching import Matching
from lapsmith.lap.tree import Document

__all__ = ["BindError", "Bound", "bind", "write"]

BINDINGS_FILE, TYPES_FILE = "bindings.yaml", "types.lap"
_BLOCKS = ("operations", "waiters", "shapes", "errors")


@dataclass(frozen=True, slots=True)
class Bound:
    """What ``bind`` found: which endpoint is which operation, and the files, by their usual names."""

    origin: str
    protocol: str
    matching: Matching
    derived: Derived
    contents: dict[str, bytes]


def bind(document: Document, *, model_name: str | None = None, protocol: str | None = None) -> Bound:
    """Bind a spec to an AWS service model.

    ``model_name`` is ``botocore:NAME[/API-VERSION]`` or a path; None finds the installed botocore's by the spec's name
    and version. ``protocol`` is one that the service offers, by its name in bindings (``json`` means either version of
    it); None takes the one that botocore would. Raises BindError.
    """
    path, origin = locate.find(document, model_name)
    service = model.load(sources.read(path, origin))
    found = matching.match(document, service)
    if not found.matches:
        raise BindError(
            f"no endpoint of the spec is an operation of {origin}", "is it the same service? give --model botocore:NAME"
        )
    derived = derive.derive(document, service, found, protocol)
    return Bound(origin, derived.content["service"]["protocol"], found, derived, _contents(document, service, derived))


def _contents(document: Document, service: model.Model, derived: Derived) -> dict[str, bytes]:
    header = f"{files.HEADER}{service.origin}. Do not edit:"
    head = (
        f"{header} bind writes it anew.\n"
        "# Corrections go into overrides.yaml, which has the same keys and is laid over this file.\n"
    )
    text = head + yaml.dump(derived.content, _BLOCKS)
    typed = types.write(derived.shapes, document.api, document.version, f"{header} bind writes it anew."[2:])
    contents = {BINDINGS_FILE: text.encode(), TYPES_FILE: typed.encode()}
    return contents | ({RULES_FILE: rules.write(service.rules)} if service.rules else {})


def write(bound: Bound, bindings: Path) -> tuple[Path, ...]:
    """Write the files, with the bindings at the path ``bindings`` and the others beside; return those that changed.

    All of them are written, or none. Raises BindError where there is a file that bind did not write.
    """
    paths = {name: bindings if name == BINDINGS_FILE else bindings.with_name(name) for name in bound.contents}
    files.check(paths)
    return files.write({paths[name]: data for name, data in bound.contents.items()})
