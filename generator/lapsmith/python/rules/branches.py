"""Endpoint rules, straightened: as few branches as say the same, each condition tested as few times as possible."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from lapsmith.ir.rules import (
    Call,
    Constant,
    EndpointRule,
    ErrorRule,
    Expression,
    Kind,
    Reference,
    Rule,
    Step,
    Template,
    TreeRule,
)

Result = EndpointRule | ErrorRule


@dataclass(frozen=True, slots=True)
class Branch:
    """Where all steps hold, a result, or the first of some branches that has one."""

    steps: tuple[Step, ...]
    body: Result | tuple[Branch, ...]


def straighten(rules: Iterable[Rule]) -> tuple[Branch, ...]:
    """Drop trees that decide nothing, and let neighbours that begin with the same conditions share them."""
    return _shared([branch for rule in rules for branch in _flattened(rule)])


def _flattened(rule: Rule) -> tuple[Branch, ...]:
    if not isinstance(rule, TreeRule):
        return (Branch(rule.conditions, replace(rule, conditions=())),)
    inner = tuple(branch for child in rule.rules for branch in _flattened(child))
    return _under(rule.conditions, inner)


def _under(steps: tuple[Step, ...], inner: tuple[Branch, ...]) -> tuple[Branch, ...]:
    if not steps:
        return inner
    if len(inner) == 1:
        return (Branch(steps + inner[0].steps, inner[0].body),)
    return (Branch(steps, inner),)


def _shared(branches: Sequence[Branch]) -> tuple[Branch, ...]:
    found: list[Branch] = []
    for first, group in groupby(branches, key=lambda branch: branch.steps[:1]):
        alike = list(group)
        if first and len(alike) > 1:
            rest = [part for branch in alike for part in _without_first(branch)]
            found += _under(first, _shared(rest))
        else:
            found += [_inside(branch) for branch in alike]
    return tuple(found)


def _without_first(branch: Branch) -> tuple[Branch, ...]:
    steps = branch.steps[1:]
    if not steps and isinstance(branch.body, tuple):
        return branch.body
    return (replace(branch, steps=steps),)


def _inside(branch: Branch) -> Branch:
    if not isinstance(branch.body, tuple):
        return branch
    inner = _shared(branch.body)
    return _under(branch.steps, inner)[0] if branch.steps else Branch((), inner)


@dataclass(frozen=True, slots=True)
class Test:
    """A condition in one form, whichever way the rules put it: ``holds`` is whether ``value`` must hold or must not."""

    value: Expression
    holds: bool = True

    def negated(self) -> Test:
        """The opposite."""
        return replace(self, holds=not self.holds)


def test_of(value: Expression) -> Test:
    """Strip ``not``, and comparisons with true and false."""
    holds = True
    while isinstance(value, Call):
        if value.function == "not":
            value, holds = value.arguments[0], not holds
        elif value.function == "booleanEquals" and any(isinstance(item, Constant) for item in value.arguments):
            first, second = value.arguments
            constant, other = (first, second) if isinstance(first, Constant) else (second, first)
            value, holds = other, holds == (constant == Constant(True))
        else:
            break
    return Test(value, holds)


def compared_text(value: Expression) -> tuple[Expression, str] | None:
    """What is compared with a text, and the text; None for all other conditions."""
    if not isinstance(value, Call) or value.function != "stringEquals":
        return None
    first, second = value.arguments
    if isinstance(second, Template) and second.text is not None:
        return first, second.text
    return (second, first.text) if isinstance(first, Template) and first.text is not None else None


class Facts:
    """What is known at one place of the code: which conditions hold, and which do not."""

    def __init__(self) -> None:
        self._known: dict[Expression, bool] = {}
        self._texts: dict[Expression, str] = {}

    def copy(self) -> Facts:
        """Return facts to add to for a branch."""
        found = Facts()
        found._known, found._texts = dict(self._known), dict(self._texts)
        return found

    def learn(self, test: Test) -> None:
        """Note that the test holds."""
        self._known[test.value] = test.holds
        compared = compared_text(test.value)
        if compared is not None and test.holds:
            self._texts[compared[0]] = compared[1]

    def know(self, name: str, kind: Kind) -> None:
        """Note that a name has a value."""
        self._known[_is_set(name, kind)] = True

    def has_value(self, name: str, kind: Kind) -> bool:
        """Whether the name is known to have a value."""
        return self._known.get(_is_set(name, kind), False)

    def decide(self, test: Test) -> bool | None:
        """Whether the test holds; None: the code has to find out."""
        value = test.value
        known = self._known.get(value)
        compared = compared_text(value)
        if known is None and compared is not None and compared[0] in self._texts:
            known = self._texts[compared[0]] == compared[1]
        elif known is None and isinstance(value, Constant):
            known = value.value is not False
        elif known is None and isinstance(value, Call) and value.function == "isSet":
            known = None if value.arguments[0].optional else True
        elif known is None and value.kind is not Kind.BOOLEAN and not value.optional:
            known = True
        return None if known is None else known == test.holds


def _is_set(name: str, kind: Kind) -> Expression:
    return Call("isSet", (Reference(name, kind, optional=True),), Kind.BOOLEAN)
