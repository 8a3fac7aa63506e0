"""Branches of endpoint rules -> statements."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from lapsmith.ir.rules import (
    Attribute,
    Call,
    ErrorRule,
    Kind,
    Need,
    Reference,
    Step,
)
from lapsmith.python.names import snake_case, words
from lapsmith.python.rules import syntax
from lapsmith.python.rules.branches import Branch, Facts, Result, Test, test_of
from lapsmith.python.rules.syntax import (
    assigned,
    assignment,
    call,
    compare,
    constant,
    read_names,
    refusal,
    source,
    when,
)
from lapsmith.python.rules.values import Values

_LONG = 5
"""Lines that are too many to be below an ``if`` that a plain result can go before."""


@dataclass
class Statement:
    """A statement, and for an ``if`` what is below it.

    Attributes:
        node: the statement, without its body.
        body: the statements below it.
        before: the Python names that have a value before it, though they may be missing elsewhere.
        label: what the ``if`` is about.
        closed: the body ends in a result whatever happens.
        otherwise: the condition of the opposite ``if``, where that is as plain.
        calls: it is but the call of a function that was made of other statements.
    """

    node: ast.stmt
    body: tuple[Statement, ...] = ()
    before: frozenset[str] = frozenset()
    label: str = ""
    closed: bool = False
    otherwise: ast.expr | None = None
    calls: bool = False

    def lines(self, indent: int) -> int:
        """About how many lines it takes when black has broken those that are too long."""
        return syntax.height(self.node, indent) + height(self.body, indent + 4)

    @cached_property
    def names(self) -> frozenset[str]:
        """The names that it uses, its body included."""
        return read_names(self.node).union(*(each.names for each in self.body))

    def render(self, indent: int) -> Iterator[str]:
        """Yield its lines; black breaks those that are too long."""
        yield " " * indent + source(self.node)
        for each in self.body:
            yield from each.render(indent + 4)


def height(body: Sequence[Statement], indent: int = 4) -> int:
    """About how many lines statements take."""
    return sum(each.lines(indent) for each in body)


@dataclass(frozen=True, slots=True)
class _Assigned:
    """A condition that gives its value a name."""

    name: str
    value: ast.expr
    optional: bool

    def condition(self, used: set[str]) -> ast.expr:
        """Return the condition; only a name that is used is given."""
        value = assigned(self.name, self.value) if self.name in used else self.value
        return compare(value, ast.IsNot()) if self.optional else value


@dataclass(frozen=True, slots=True)
class Block:
    """Statements. ``closed``: they end in a result whatever happens. ``learned``: what holds where they do not."""

    statements: tuple[Statement, ...] = ()
    closed: bool = False
    learned: tuple[Test, ...] = ()


class Statements:
    """Turns branches into statements."""

    def __init__(self, values: Values) -> None:
        self._values = values

    def block(self, branches: Sequence[Branch], facts: Facts) -> Block:
        """Return the statements of branches in turn."""
        found: list[Statement] = []
        for branch in branches:
            block = self._steps(branch.steps, branch.body, facts.copy())
            found += block.statements
            if block.closed:
                return Block(_guarded(found), closed=True)
            for test in block.learned:
                facts.learn(test)
        return Block(tuple(found))

    def need(self, parameter: Reference) -> Statement:
        """Return the statement that there is no endpoint without the parameter."""
        message = f"the endpoint depends on {parameter.name}, which is not given"
        missing = compare(self._values.value(parameter), ast.Is())
        return Statement(when(missing), (Statement(refusal(constant(message))),))

    def _steps(self, steps: Sequence[Step], body: Result | tuple[Branch, ...], facts: Facts) -> Block:
        """Return the statements for ``body`` under ``steps``: one ``if``, unless a statement has to go between."""
        tests: list[Test | _Assigned] = []
        label, before = "", self._known(facts)
        for index, step in enumerate(steps):
            if isinstance(step, Need):
                test = Test(Call("isSet", (step.parameter,), Kind.BOOLEAN))
                if facts.decide(test) is None:
                    inner = self._after_need(step, test, steps[index + 1 :], body, facts)
                    return self._when(tests, label, inner, before)
            elif step.assign is None:
                test = test_of(step.value)
                decided = facts.decide(test)
                if decided is False:
                    return Block()
                if decided is None:
                    tests.append(test)
                    label = _label(test) or label
                    facts.learn(test)
            elif step.value.optional or step.value.kind is Kind.BOOLEAN:
                name = self._values.name(step.assign, step.value.kind)
                tests.append(_Assigned(name, self._values.value(step.value), step.value.optional))
                label = f"with_{snake_case(step.assign)}"
            else:
                name = self._values.name(step.assign, step.value.kind)
                first = Statement(assignment(name, self._values.value(step.value)), before=self._known(facts))
                rest = self._steps(steps[index + 1 :], body, facts)
                used = any(name in each.names for each in rest.statements)
                statements = (first, *rest.statements) if used else rest.statements
                return self._when(tests, label, Block(statements, rest.closed), before)
        if isinstance(body, tuple):
            return self._when(tests, label, self.block(body, facts.copy()), before)
        result = Statement(self._result(body), before=self._known(facts))
        return self._when(tests, label, Block((result,), closed=True), before)

    def _after_need(
        self, need: Need, test: Test, steps: Sequence[Step], body: Result | tuple[Branch, ...], facts: Facts
    ) -> Block:
        first = self.need(need.parameter)
        first.before = self._known(facts)
        facts.learn(test)
        rest = self._steps(steps, body, facts)
        if not rest.statements:
            return Block()
        return Block((first, *rest.statements), rest.closed, (test, *rest.learned))

    def _when(self, tests: Sequence[Test | _Assigned], label: str, inner: Block, before: frozenset[str]) -> Block:
        if not tests or not inner.statements:
            return inner
        test = self._values.tests(self._conditions(tests, inner.statements))
        statement = Statement(when(test), inner.statements, before, label, inner.closed)
        only = tests[0]
        if len(tests) == 1 and isinstance(only, Test) and inner.closed:
            statement.otherwise = self._values.test(only.negated())
            return Block((statement,), learned=(only.negated(),))
        return Block((statement,))

    def _conditions(self, tests: Sequence[Test | _Assigned], inner: Sequence[Statement]) -> list[Test | ast.expr]:
        """Make conditions of assignments, leaving the name out where nothing uses it."""
        found: list[Test | ast.expr] = []
        used = {name for statement in inner for name in statement.names}
        for test in reversed(tests):
            condition = test.condition(used) if isinstance(test, _Assigned) else self._values.test(test)
            found.append(condition if isinstance(test, _Assigned) else test)
            used |= read_names(condition)
        return found[::-1]

    def _known(self, facts: Facts) -> frozenset[str]:
        spelled = self._values.spelled.items()
        return frozenset(found for (name, kind), found in spelled if facts.has_value(name, kind))

    def _result(self, rule: Result) -> ast.stmt:
        if isinstance(rule, ErrorRule):
            return refusal(self._values.value(rule.message))
        options: dict[str, ast.expr] = {}
        if rule.properties:
            options["properties"] = self._values.property(rule.properties)
        if rule.headers:
            lists: list[ast.expr] = [
                ast.List(list(map(self._values.value, items)), ast.Load()) for items in rule.headers.values()
            ]
            options["headers"] = ast.Dict(list(map(constant, rule.headers)), lists)
        return ast.Return(call("ResolvedEndpoint", self._values.value(rule.url), **options))


def _guarded(found: list[Statement]) -> tuple[Statement, ...]:
    """Put a short last resort first, so that the long way to a result needs no ``if`` around it."""
    if len(found) < 2:
        return tuple(found)
    *before, main, last = found
    if main.otherwise is None or last.body or height(main.body) < _LONG:
        return tuple(found)
    return (*before, Statement(when(main.otherwise), (last,), main.before), *main.body)


def _label(test: Test) -> str:
    """Name a branch by its condition."""
    match test.value:
        case Call("stringEquals", arguments):
            texts = [text for item in arguments if (text := getattr(item, "text", None)) and words(text)]
            return f"{'for' if test.holds else 'except'}_{'_'.join(words(texts[0]))}" if texts else ""
        case Call("isValidHostLabel", (Reference(name) | Attribute(_, name), *_)):
            return f"with_{'valid' if test.holds else 'invalid'}_{snake_case(name)}"
        case Call("isSet", (Reference(name),)) | Reference(name) | Attribute(_, name):
            return f"{'with' if test.holds else 'without'}_{snake_case(name).removeprefix('use_')}"
        case _:
            return ""
