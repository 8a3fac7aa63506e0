"""Documents that a service may answer with: drawn at random, but the same ones in every run."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from typing import Any

import jmespath
from lapsmith.ir import model as ir

WORDS = ("", "ACTIVE", "FAILED", "x")


class Drawer:
    """Draws well-formed documents with the members that some expressions name, and texts that they compare with."""

    def __init__(self, shapes: Mapping[str, ir.Shape], expressions: Iterable[str], seed: str) -> None:
        self._shapes = shapes
        trees = [jmespath.compile(expression).parsed for expression in expressions]
        self._names = {name for tree in trees for name in _values(tree, "field")}
        self.texts = sorted({str(text) for tree in trees for text in _values(tree, "literal")}.union(WORDS))
        self.random = random.Random(seed)

    def members(self, members: tuple[ir.Member, ...], depth: int = 0) -> dict[str, Any]:
        """Return a document with some of the members."""
        chosen = [m for m in members if m.name in self._names and (m.required or self.random.random() < 0.8)]
        return {member.name: self._value(member.type, depth) for member in chosen}

    def _value(self, kind: ir.Type, depth: int) -> Any:
        draw = self.random
        count = draw.randrange(3) if depth < 6 else 0
        match kind:
            case ir.ListType(item):
                return [self._value(item, depth + 1) for _ in range(count)]
            case ir.MapType(_, item):
                return {f"key{number}": self._value(item, depth + 1) for number in range(count)}
            case ir.StructureRef(name):
                shape = self._shapes[name]
                assert isinstance(shape, ir.Structure)
                return self.members(shape.members, depth + 1)
            case ir.IntegerType() | ir.FloatType():
                return draw.choice((0, 1, 2))
            case ir.BooleanType():
                return draw.random() < 0.5
            case ir.BlobType():
                return draw.choice((b"", b"x"))
            case _:
                return draw.choice(self.texts)


def _values(tree: Any, kind: str) -> set[Any]:
    """Return the values of all nodes of a kind in an expression."""
    found = {tree["value"]} if tree["type"] == kind else set()
    return found.union(*(_values(child, kind) for child in tree["children"] if isinstance(child, dict)))
