"""What ``lapsh`` would write of an operation: the names and types of its members, and its description.

Specs of the public registry were written by its rules: a member of the query string or of a header goes by its name on
the wire, a path parameter and everything else by its name in the model; structures go by their names, cycles of lists
and maps are ``any``, and descriptions lose their HTML tags.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from lapsmith.bind.model import Member, Operation, Shape
from lapsmith.lap.tree import ListOf, MapOf, Named, Scalar, Type

_SCALARS: Mapping[str, Scalar] = {
    "string": Scalar("str"),
    "integer": Scalar("int"),
    "long": Scalar("int", "i64"),
    "boolean": Scalar("bool"),
    "double": Scalar("num", "f64"),
    "float": Scalar("num", "f32"),
    "timestamp": Scalar("str", "timestamp"),
    "blob": Scalar("bytes"),
}
# Types that lapsh does not know; AWS's JSON services hardly use them.
_OTHER: Mapping[str, Scalar] = {
    "character": Scalar("str"),
    "short": Scalar("int"),
    "byte": Scalar("int"),
    "biginteger": Scalar("int", "i64"),
    "bigdecimal": Scalar("num", "f64"),
}
_LABEL = re.compile(r"\{(\w+)\}")
_TAG = re.compile(r"<[^>]+>")


@dataclass(frozen=True, slots=True)
class Spelled:
    """A member as a spec has it: its name there, whether it is required, the member, and whether the path has it."""

    name: str
    required: bool
    member: Member
    in_path: bool = False


def inputs(operation: Operation) -> dict[str, Spelled]:
    """Input members by the name that a spec gives them. Where two share one, the first keeps it."""
    shape = operation.input
    if shape is None:
        return {}
    labels = set(_LABEL.findall(operation.uri))
    found: dict[str, Spelled] = {}
    for name, member in shape.members.items():
        in_path = member.location == "uri" or name in labels
        on_wire = member.location in ("querystring", "header") and not in_path
        spelled = Spelled(member.wire_name if on_wire else name, in_path or name in shape.required, member, in_path)
        found.setdefault(spelled.name, spelled)
    return found


def outputs(operation: Operation) -> dict[str, Spelled]:
    """Output members by name."""
    shape = operation.output
    if shape is None:
        return {}
    return {name: Spelled(name, name in shape.required, member) for name, member in shape.members.items()}


def type_of(shape: Shape, *, sparse: bool = False, seen: frozenset[str] = frozenset()) -> Type:
    """The LAP type of a shape. With ``sparse``, items that may be null are marked so."""
    if shape.name in seen:
        return Scalar("any")
    inner = seen | {shape.name}
    null = sparse and shape.traits.get("sparse") is True
    if shape.type == "list" and shape.item:
        return ListOf(_nullable(type_of(shape.item.shape, sparse=sparse, seen=inner), null))
    if shape.type == "map" and shape.key and shape.item:
        value = _nullable(type_of(shape.item.shape, sparse=sparse, seen=inner), null)
        return MapOf(type_of(shape.key.shape, seen=inner), value)
    if shape.type == "structure":
        return Named(shape.name)
    return _SCALARS.get(shape.type) or _OTHER.get(shape.type) or Scalar("any")


def _nullable(kind: Type, null: bool) -> Type:
    return replace(kind, nullable=True) if null else kind


def description(operation: Operation) -> str:
    """The operation's prose without HTML, white space folded."""
    return fold(_TAG.sub("", html.unescape(operation.documentation)))


def fold(text: str | None) -> str:
    """Fold white space."""
    return " ".join((text or "").split())
