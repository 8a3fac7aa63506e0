"""``types.lap``: every structure that the bound operations reach, their errors and events included."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from lapsmith import lap
from lapsmith.bind import spelling
from lapsmith.bind.model import Shape
from lapsmith.lap.tree import Document, Field, TypeDef


def reach(roots: Iterable[Shape]) -> dict[str, Shape]:
    """All structures that ``roots`` are or hold, by name, sorted."""
    seen: set[str] = set()
    found: dict[str, Shape] = {}
    left = list(roots)
    while left:
        shape = left.pop()
        if shape.name in seen:
            continue
        seen.add(shape.name)
        if shape.type == "structure":
            found[shape.name] = shape
        left += [member.shape for member in shape.references]
    return dict(sorted(found.items()))


def write(shapes: Mapping[str, Shape], api: str | None, version: str | None, comment: str) -> str:
    """LAP text of the structures. Documents, which are any value, have no members."""
    types = tuple(TypeDef(name, _fields(shape)) for name, shape in shapes.items())
    document = Document("v0.3", api, version=version, types=types, comments=(comment,), ended=True)
    return lap.write(document)


def _fields(shape: Shape) -> tuple[Field, ...]:
    required = set(shape.required)
    return tuple(
        Field(name, replace(spelling.type_of(member.shape, sparse=True), nullable=name not in required))
        for name, member in shape.members.items()
    )
