"""How far an endpoint of a spec is from an operation of a model: the fewer edits between the two, the nearer.

A spec and a model of one service are rarely of the same day. Between two days AWS adds optional members, output
members and errors, rewords prose, and seldom takes anything away. The distance counts such edits, so that an operation
that changed in the usual way stays nearer to its endpoint than an operation that merely looks alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property, lru_cache

from lapsmith.bind import spelling
from lapsmith.bind.matching import prose as texts
from lapsmith.bind.model import Operation
from lapsmith.bind.spelling import Spelled
from lapsmith.lap.tree import Endpoint, Field, ListOf, MapOf, Type


class Change(Enum):
    """How the members of an endpoint differ from those of an operation."""

    NONE = "none"
    # Both have the same, but not what is required.
    REQUIRED = "required"
    # All that only one side has is the endpoint's, or the operation's.
    GREW = "grew"
    SHRANK = "shrank"
    RETYPED = "retyped"
    BOTH = "both"


@dataclass(frozen=True)
class Signature:
    """What spec and model both tell of an operation, which only the model names. Types are spelled."""

    inputs: Mapping[str, str]
    required: frozenset[str]
    outputs: Mapping[str, str]
    errors: frozenset[str]
    description: str
    name: str = ""
    # Later models have another operation that differs in nothing but its prose.
    is_twin: bool = False

    @cached_property
    def words(self) -> frozenset[str]:
        return frozenset(self.description.lower().replace(".", " ").replace(",", " ").split())

    @cached_property
    def verb(self) -> str:
        """What the operation does, by its name."""
        return texts.verb(self.name)

    def is_witnessed(self, endpoint: Signature) -> bool:
        """Whether all that the operation's name says it is about is in the names of the endpoint's members."""
        return texts.are_in(texts.things_of(self.name), " ".join((*endpoint.inputs, *endpoint.outputs)))


def of_endpoint(endpoint: Endpoint) -> Signature:
    """The signature of an endpoint of the spec."""
    returned = [field for returns in endpoint.returns for field in returns.fields or ()]
    return Signature(
        inputs=_types((*endpoint.required, *endpoint.optional)),
        required=frozenset(field.name for field in endpoint.required),
        outputs=_types(returned),
        errors=frozenset(case.name for case in endpoint.errors if case.name),
        description=spelling.fold(endpoint.desc),
    )


@lru_cache(maxsize=4096)
def of_operation(operation: Operation) -> Signature:
    """The signature of an operation of the model."""
    inputs, outputs = spelling.inputs(operation), spelling.outputs(operation)
    return Signature(
        inputs=_spelled(inputs),
        required=frozenset(name for name, item in inputs.items() if item.required),
        outputs=_spelled(outputs),
        errors=frozenset(error.name for error in operation.errors),
        description=spelling.description(operation),
        name=operation.name,
    )


def _types(fields: Iterable[Field]) -> dict[str, str]:
    return {field.name: spell(field.type) for field in fields}


def _spelled(members: Mapping[str, Spelled]) -> dict[str, str]:
    return {name: spell(spelling.type_of(item.member.shape)) for name, item in members.items()}


def spell(kind: Type) -> str:
    """A type on one line, without what specs say beside it (formats, enums, inline fields)."""
    if isinstance(kind, ListOf):
        return f"[{spell(kind.item)}]"
    if isinstance(kind, MapOf):
        return f"map<{spell(kind.key)},{spell(kind.value)}>"
    return kind.name


def distance(endpoint: Signature, operation: Signature) -> float:
    """How unlikely it is that the two are one operation on two days, as a sum over the edits between them.

    Each edit counts the negative decimal logarithm of how often AWS makes it within some years: 2 is one operation in a
    hundred. Edits of one kind are often made together, so each further one says less.
    """
    a, b = endpoint, operation
    cost = _members(a, b) + _retyped(a.inputs, b.inputs) + _retyped(a.outputs, b.outputs) + prose(a, b)
    loosened = (a.required ^ b.required) & a.inputs.keys() & b.inputs.keys()
    cost += _edits(len(loosened), 2, 0.5, 4)
    return cost + _edits(len(a.errors ^ b.errors), 1.2, 0.1, 1.6) if a.errors else cost


def _members(a: Signature, b: Signature) -> float:
    """Members that only one side has. Time runs one way: members on both sides mean that some were taken away."""
    in_a, in_b = a.inputs.keys() - b.inputs.keys(), b.inputs.keys() - a.inputs.keys()
    out_a, out_b = a.outputs.keys() - b.outputs.keys(), b.outputs.keys() - a.outputs.keys()
    breaking = len(in_a & a.required) + len(in_b & b.required)
    here = len(in_a - a.required) + len(out_a)
    there = len(in_b - b.required) + len(out_b)
    # An answer without members hardly ever gets some.
    bare = 1.5 if (out_a or out_b) and not (a.outputs and b.outputs) else 0.0
    grown = _edits(max(here, there), 1.3, 0.3, 2.2) + _edits(min(here, there), 2.5, 0.5, 5)
    return grown + _edits(breaking, 3, 1, 9) + bare


def _retyped(a: Mapping[str, str], b: Mapping[str, str]) -> float:
    return _edits(sum(a[name] != b[name] for name in a.keys() & b.keys()), 2, 1, 6)


def _edits(count: int, first: float, more: float, most: float) -> float:
    return min(first + (count - 1) * more, most) if count else 0.0


def prose(endpoint: Signature, operation: Signature) -> float:
    """-2 where the prose is the same, to 4.5 where it has no word in common; 0 where either has none."""
    a, b = endpoint.description, operation.description
    if not a or not b:
        return 0.0
    if texts.same(a, b):
        return -2.0
    return 4.5 - 6.5 * len(endpoint.words & operation.words) / len(endpoint.words | operation.words)


def change(endpoint: Signature, operation: Signature) -> Change:
    """How the members differ."""
    a, b = endpoint, operation
    if any(a.inputs[name] != b.inputs[name] for name in a.inputs.keys() & b.inputs.keys()):
        return Change.RETYPED
    if any(a.outputs[name] != b.outputs[name] for name in a.outputs.keys() & b.outputs.keys()):
        return Change.RETYPED
    here = a.inputs.keys() - b.inputs.keys() or a.outputs.keys() - b.outputs.keys()
    there = b.inputs.keys() - a.inputs.keys() or b.outputs.keys() - a.outputs.keys()
    if here or there:
        return Change.BOTH if here and there else Change.GREW if here else Change.SHRANK
    return Change.NONE if a.required == b.required else Change.REQUIRED


def is_answerless(endpoint: Signature, operation: Signature) -> bool:
    """Whether neither has an answer with members."""
    return not endpoint.outputs and not operation.outputs


def takes_more(endpoint: Signature, operation: Signature) -> bool:
    """Whether the endpoint takes what the operation does not."""
    return bool(endpoint.inputs.keys() - operation.inputs.keys())


def is_on_one_thing(endpoint: Signature) -> bool:
    """Whether all that an endpoint takes is one text, and tokens that make it safe to send again."""
    told = [kind for name, kind in endpoint.inputs.items() if not name.lower().endswith("token")]
    return told == ["str"]
