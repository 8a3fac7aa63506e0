"""Statements of endpoint rules -> functions that fit on a screen."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass

from lapsmith.ir.rules import RuleParameter
from lapsmith.python.names import Namespace
from lapsmith.python.rules.statements import Statement, height
from lapsmith.python.rules.syntax import assigned, call, compare, name, names, when
from lapsmith.python.rules.values import ANNOTATIONS, Values

_SCREEN = 50
"""Lines that a function may have, about."""

_WORTHWHILE = 6
"""Lines that are worth a function of their own."""

_Body = tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the module. ``parameters`` are names and annotations."""

    name: str
    parameters: tuple[tuple[str, str], ...]
    returns: str
    lines: tuple[str, ...]


@dataclass(slots=True)
class _Draft:
    """A function whose body can still be cut."""

    parameters: tuple[tuple[str, str], ...]
    closed: bool
    body: _Body

    @property
    def returns(self) -> str:
        return "ResolvedEndpoint" if self.closed else "ResolvedEndpoint | None"

    @property
    def lines(self) -> tuple[str, ...]:
        lines = tuple(line for each in self.body for line in each.render(4))
        return lines if self.closed or not self.body[-1].body else (*lines, "    return None")


@dataclass(frozen=True, slots=True)
class _Shape:
    """What two pieces of code have in common that differ in nothing but names, and what one takes from outside."""

    key: tuple[object, ...]
    parameters: tuple[tuple[str, str], ...]


class Functions:
    """Cuts the statements of a rule set into functions."""

    def __init__(self, parameters: Sequence[RuleParameter], values: Values, names: Namespace) -> None:
        self._names = names
        self._kinds = {name: kind for (_, kind), name in values.spelled.items()}
        self._optional = {values.name(each.name, each.kind) for each in parameters if each.optional}
        self._made: dict[tuple[object, ...], str] = {}
        self._labels: Counter[str] = Counter()
        self._drafts: dict[str, _Draft] = {}

    def cut(self, body: Sequence[Statement]) -> tuple[_Body, tuple[Function, ...]]:
        """Return what is left of a function's body, and the functions that the rest of it became."""
        main = _Draft((), True, tuple(body))
        waiting = [main]
        while waiting:
            draft = waiting.pop(0)
            known = set(self._drafts)
            draft.body = self._shrunk(draft.body, closed=draft.closed)
            waiting += [each for name, each in self._drafts.items() if name not in known]
        made = {name: Function(name, each.parameters, each.returns, each.lines) for name, each in self._drafts.items()}
        return main.body, tuple(made[name] for name in _called(main.body, self._drafts))

    def _shrunk(self, body: _Body, *, closed: bool) -> _Body:
        while height(body) > _SCREEN:
            chosen = _candidate(body)
            if chosen is None:
                return self._halved(body, closed=closed)
            chosen.body = (self._call(chosen.body, chosen.label, closed=chosen.closed),)
        return body

    def _halved(self, body: _Body, *, closed: bool) -> _Body:
        """Keep the first statements, and move the others into a function."""
        kept = 1
        while kept < len(body) - 1 and height(body[: kept + 1]) < _SCREEN - _WORTHWHILE:
            kept += 1
        rest = body[kept:]
        if not rest:
            return body
        return (*body[:kept], self._call(rest, "otherwise", closed=closed, last=True))

    def _call(self, body: _Body, label: str, *, closed: bool, last: bool = False) -> Statement:
        """Make a function of statements, unless there is one like it already, and return its call.

        ``last``: nothing comes after it.
        """
        shape = self._shape(body, closed=closed)
        if shape.key not in self._made:
            made = self._made[shape.key] = self._name(label or "part")
            self._drafts[made] = _Draft(shape.parameters, closed, body)
        called = call(self._made[shape.key], *(name(parameter) for parameter, _ in shape.parameters))
        if closed or last:
            return Statement(ast.Return(called), before=body[0].before, calls=True)
        result = (Statement(ast.Return(name("found"))),)
        found = compare(assigned("found", called), ast.IsNot())
        return Statement(when(found), result, before=body[0].before, calls=True)

    def _name(self, label: str) -> str:
        self._labels[label] += 1
        count = self._labels[label]
        return self._names.claim(f"_{label}" if count == 1 else f"_{label}_{count}")

    def _shape(self, body: _Body, *, closed: bool) -> _Shape:
        tree = _tree(body)
        numbers: dict[str, int] = {}
        free: list[str] = []
        for node in names(tree):
            if node.id in self._kinds:
                if node.id not in numbers and isinstance(node.ctx, ast.Load):
                    free.append(node.id)
                node.id = str(numbers.setdefault(node.id, len(numbers)))
        parameters = tuple((each, self._annotation(each, body[0].before)) for each in free)
        kinds = tuple(self._kinds[each] for each in numbers)
        key = (ast.dump(tree), kinds, tuple(annotation for _, annotation in parameters), closed)
        return _Shape(key, parameters)

    def _annotation(self, name: str, known: frozenset[str]) -> str:
        kind = ANNOTATIONS[self._kinds[name]]
        return f"{kind} | None" if name in self._optional and name not in known else kind


def _candidate(body: _Body) -> Statement | None:
    """The ``if`` with the largest body that fits into a function; where none fits, the one with the smallest."""
    fitting: Statement | None = None
    larger: Statement | None = None
    size, least = _WORTHWHILE - 1, 0
    waiting = list(reversed(body))
    while waiting:
        statement = waiting.pop()
        lines = height(statement.body)
        if size < lines <= _SCREEN and not statement.body[0].calls:
            fitting, size = statement, lines
        elif lines > _SCREEN:
            waiting += reversed(statement.body)
            if larger is None or lines < least:
                larger, least = statement, lines
    return fitting or larger


def _tree(body: Sequence[Statement]) -> ast.Module:
    """A copy of statements, each ``if`` with what is below it."""
    return ast.Module([_nested(each) for each in body], [])


def _nested(statement: Statement) -> ast.stmt:
    node = deepcopy(statement.node)
    if isinstance(node, ast.If):
        node.body = [_nested(each) for each in statement.body]
    return node


def _called(body: Sequence[Statement], drafts: Mapping[str, _Draft]) -> list[str]:
    """The functions that statements call, and those that they call, in the order in which a reader meets them."""
    found: list[str] = []
    for node in names(_tree(body)):
        if node.id in drafts and node.id not in found:
            inner = _called(drafts[node.id].body, drafts)
            found += [node.id, *(each for each in inner if each not in found)]
    return list(dict.fromkeys(found))
