"""Branches of endpoint rules -> statements, and statements -> functions that fit on a screen."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lapsmith.ir.rules import Call, Condition, EndpointRule, ErrorRule, Kind, Need, Reference, RuleParameter, Step
from lapsmith.python.names import Namespace, snake_case, words
from lapsmith.python.rule_branches import Branch, Facts, Result, Test, test_of
from lapsmith.python.rule_values import ANNOTATIONS, Values
from lapsmith.python.text import LINE_LENGTH, literal

_SCREEN = 50
"""Lines that a function may have, about."""

_WORTHWHILE = 6
"""Lines that are worth a function of their own."""


@dataclass(slots=True)
class Statement:
    """A statement, and for an ``if`` what is below it.

    ``known`` are the Python names that have a value in the body though they may be missing elsewhere; ``label`` is what
    a function made of the body is called; ``closed``: the body ends in a result whatever happens; ``otherwise`` is the
    source of the opposite ``if``, where that is as plain.
    """

    source: str
    body: tuple[Statement, ...] = ()
    known: frozenset[str] = frozenset()
    label: str = ""
    closed: bool = False
    otherwise: str | None = None

    @property
    def lines(self) -> int:
        """About how many lines it takes."""
        width = len(self.source)
        own = 1 if width < LINE_LENGTH - 16 else 2 + width // (LINE_LENGTH - 24)
        return own + sum(each.lines for each in self.body)

    def render(self, indent: int) -> Iterator[str]:
        """Yield its lines; black breaks those that are too long."""
        yield " " * indent + self.source
        for each in self.body:
            yield from each.render(indent + 4)


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the module. ``parameters`` are names and annotations."""

    name: str
    parameters: tuple[tuple[str, str], ...]
    returns: str
    lines: tuple[str, ...]


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
        message = literal(f"the endpoint depends on {parameter.name}, which is not given")
        spelled = self._values.name(parameter.name, parameter.kind)
        return Statement(f"if {spelled} is None:", (Statement(f"raise InvalidInput({message})"),))

    def _steps(self, steps: Sequence[Step], body: Result | tuple[Branch, ...], facts: Facts) -> Block:
        """Return the statements for ``body`` under ``steps``: one ``if``, unless a statement has to go between."""
        tests: list[Test | str] = []
        label = ""
        for index, step in enumerate(steps):
            if isinstance(step, Need):
                test = Test(Call("isSet", (step.parameter,), Kind.BOOLEAN))
                if facts.decide(test) is None:
                    return self._when(
                        tests, label, self._after_need(step, test, steps[index + 1 :], body, facts), facts
                    )
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
                tests.append(self._assigning(step, step.assign))
                label = f"with_{snake_case(step.assign)}"
            else:
                rest = self._steps(steps[index + 1 :], body, facts)
                source = f"{self._values.name(step.assign, step.value.kind)} = {self._values.value(step.value)}"
                statements = (Statement(source), *rest.statements) if rest.statements else ()
                return self._when(tests, label, Block(statements, rest.closed), facts)
        if isinstance(body, tuple):
            return self._when(tests, label, self.block(body, facts.copy()), facts)
        return self._when(tests, label, Block((self._result(body),), closed=True), facts)

    def _after_need(
        self, need: Need, test: Test, steps: Sequence[Step], body: Result | tuple[Branch, ...], facts: Facts
    ) -> Block:
        facts.learn(test)
        rest = self._steps(steps, body, facts)
        if not rest.statements:
            return Block()
        return Block((self.need(need.parameter), *rest.statements), rest.closed, (test, *rest.learned))

    def _when(self, tests: Sequence[Test | str], label: str, inner: Block, facts: Facts) -> Block:
        if not tests or not inner.statements:
            return inner
        names = self._values.spelled.items()
        known = frozenset(spelled for (name, kind), spelled in names if facts.has_value(name, kind))
        statement = Statement(f"if {self._values.tests(tests)}:", inner.statements, known, label, inner.closed)
        only = tests[0]
        if len(tests) == 1 and isinstance(only, Test) and inner.closed:
            statement.otherwise = f"if {self._values.test(only.negated())}:"
            return Block((statement,), learned=(only.negated(),))
        return Block((statement,))

    def _assigning(self, step: Condition, name: str) -> str:
        assigned = f"({self._values.name(name, step.value.kind)} := {self._values.value(step.value)})"
        return f"{assigned} is not None" if step.value.optional else assigned

    def _result(self, rule: Result) -> Statement:
        if isinstance(rule, ErrorRule):
            return Statement(f"raise InvalidInput({self._values.value(rule.message)})")
        return Statement(f"return ResolvedEndpoint({', '.join(self._endpoint(rule))})")

    def _endpoint(self, rule: EndpointRule) -> Iterator[str]:
        yield self._values.value(rule.url)
        if rule.properties:
            yield f"properties={self._values.property(rule.properties)}"
        if rule.headers:
            headers = (
                f"{literal(name)}: [{', '.join(map(self._values.value, items))}]"
                for name, items in rule.headers.items()
            )
            yield f"headers={{{', '.join(headers)}}}"


def _guarded(found: list[Statement]) -> tuple[Statement, ...]:
    """Put a short last resort first, so that the long way to a result needs no ``if`` around it."""
    if len(found) < 2:
        return tuple(found)
    *before, main, last = found
    if main.otherwise is None or last.body or main.lines < _WORTHWHILE:
        return tuple(found)
    return (*before, Statement(main.otherwise, (last,)), *main.body)


def _label(test: Test) -> str:
    """Name a branch by its condition."""
    match test.value:
        case Call("isSet", (Reference(name),)):
            return f"{'with' if test.holds else 'without'}_{snake_case(name)}"
        case Call("stringEquals", arguments) if test.holds:
            texts = [text for item in arguments if (text := getattr(item, "text", None))]
            return f"for_{'_'.join(words(texts[0]))}" if texts and words(texts[0]) else ""
        case Reference(name):
            return f"{'with' if test.holds else 'without'}_{snake_case(name).removeprefix('use_')}"
        case _:
            return ""


class Functions:
    """Cuts the statements of a rule set into functions."""

    def __init__(self, parameters: Sequence[RuleParameter], values: Values, names: Namespace) -> None:
        self._values = values
        self._names = names
        self._optional = {values.name(each.name, each.kind) for each in parameters if each.optional}
        self._made: dict[tuple[object, ...], str] = {}
        self._found: dict[str, Function] = {}

    def cut(self, body: Sequence[Statement]) -> tuple[Function, ...]:
        """Move parts of a function's body into functions of their own until it fits on a screen; return those."""
        self._shrink(body)
        return tuple(self._found[name] for name in _called(_source(body), self._found))

    def _shrink(self, body: Sequence[Statement]) -> None:
        while sum(each.lines for each in body) > _SCREEN:
            chosen = self._largest(body, _SCREEN)
            if chosen is None:
                break
            self._extract(chosen)

    def _largest(self, body: Sequence[Statement], limit: int) -> Statement | None:
        """The largest ``if`` whose body fits into a function, if there is one that is worth it."""
        best: Statement | None = None
        size = _WORTHWHILE - 1
        waiting = list(reversed(body))
        while waiting:
            statement = waiting.pop()
            lines = sum(each.lines for each in statement.body)
            if size < lines <= limit:
                best, size = statement, lines
            elif lines > limit:
                waiting += reversed(statement.body)
        return best

    def _extract(self, statement: Statement) -> None:
        source = _source(statement.body)
        spelled = {name: kind for (_, kind), name in self._values.spelled.items()}
        parameters = tuple(
            (name, self._annotation(name, spelled[name], statement.known)) for name in _free(source, spelled)
        )
        returns = "ResolvedEndpoint" if statement.closed else "ResolvedEndpoint | None"
        key = (source, parameters, returns)
        if key not in self._made:
            name = self._names.claim(f"_{statement.label or 'part'}")
            lines = tuple(line for each in statement.body for line in each.render(4))
            self._made[key] = name
            self._found[name] = Function(
                name, parameters, returns, lines if statement.closed else (*lines, "    return None")
            )
        call = f"{self._made[key]}({', '.join(name for name, _ in parameters)})"
        if statement.closed:
            statement.body = (Statement(f"return {call}"),)
        else:
            statement.body = (Statement(f"if (found := {call}) is not None:", (Statement("return found"),)),)

    def _annotation(self, name: str, kind: Kind, known: frozenset[str]) -> str:
        missing = name in self._optional and name not in known
        return f"{ANNOTATIONS[kind]} | None" if missing else ANNOTATIONS[kind]


def _source(body: Sequence[Statement]) -> str:
    return "\n".join(line for each in body for line in each.render(0))


def _free(source: str, names: dict[str, Kind]) -> list[str]:
    """The names that the statements take from outside, in the order of their first use."""
    found = [node for node in ast.walk(ast.parse(_wrapped(source))) if isinstance(node, ast.Name) and node.id in names]
    bound = {node.id for node in found if isinstance(node.ctx, ast.Store)}
    used = sorted((node for node in found if node.id not in bound), key=lambda node: (node.lineno, node.col_offset))
    return list(dict.fromkeys(node.id for node in used))


def _wrapped(source: str) -> str:
    """A ``return`` can be parsed only in a function."""
    return "def _():\n" + "\n".join(f"    {line}" for line in source.split("\n"))


def _called(source: str, functions: dict[str, Function]) -> list[str]:
    """The functions that the source calls, and those that they call, in the order in which a reader meets them."""
    found: list[str] = []
    for node in sorted(
        (node for node in ast.walk(ast.parse(_wrapped(source))) if isinstance(node, ast.Name) and node.id in functions),
        key=lambda node: (node.lineno, node.col_offset),
    ):
        if node.id not in found:
            inner = _called("\n".join(functions[node.id].lines), functions)
            found += [node.id, *(name for name in inner if name not in found)]
    return list(dict.fromkeys(found))
