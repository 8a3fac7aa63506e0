"""Typed JMESPath to Python expressions: over an output's attributes, or over an operation's arguments.

A client has no interpreter: ``Table.TableStatus`` becomes
``output.table.table_status if output.table is not None else None``. What is null in JMESPath is None, with one
difference: the length of null, an error there, is null.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Protocol

from lapsmith.ir import jmespath
from lapsmith.ir import model as ir
from lapsmith.python import names
from lapsmith.python.text import literal
from lapsmith.python.view import Parameter

Fields = Callable[[str | None], Mapping[str, Parameter]]
"""Member -> attribute: of the structure with that name, or of the output (None)."""

_RESERVED = ("items_of", "keys_of", "len", "list", "member_of", "output", "self", "values")
_REFERENCE = re.compile(r"\w+(\.\w+|\[-?\d+\])*")
_CONDITIONAL, _OR, _AND, _NOT, _COMPARISON, _ATOM = range(6)


@dataclass(frozen=True, slots=True)
class Code:
    """A Python expression.

    Where one of ``guards`` does not hold, the value is None and ``source`` must not be evaluated; where all do, it is
    that of ``source``, which may be None if ``nullable``. ``level`` is how tightly the source binds.
    """

    source: str
    nullable: bool = False
    guards: tuple[str, ...] = ()
    level: int = _ATOM

    def at(self, level: int) -> str:
        """Return the source in parentheses, unless it binds at least so tightly."""
        return self.source if self.level >= level else f"({self.source})"

    @property
    def value(self) -> Code:
        """The same value without guards."""
        if not self.guards:
            return self
        source = f"{self.at(_OR)} if {' and '.join(self.guards)} else None"
        return Code(source, nullable=True, level=_CONDITIONAL)


def over_output(node: jmespath.Node, fields: Fields) -> str:
    """Return the expression of a node's value, given ``output``. Raises ExpressionError for what cannot be compiled."""
    return _checked(_Compiler(_Attributes(fields)).emit(node, Code("output")).value)


def items_of_output(node: jmespath.Node, fields: Fields) -> str:
    """Return an expression of a node's items, given ``output``; null has none.

    They are the items of a list, the pairs of a map, and what is neither is one item. Raises ExpressionError for what
    cannot be compiled.
    """
    return _checked(_Compiler(_Attributes(fields)).items(node, Code("output")))


def over_input(node: jmespath.Node, root: Callable[[ir.Member], str]) -> str:
    """Return the expression of a node's value, given an operation's arguments.

    ``root`` gives the expression of an argument. Below it values are structures or mappings, read through ``items_of``,
    ``keys_of`` and ``member_of`` of the runtime's ``paths``, so the expression is None-safe and as good as untyped.
    Raises ExpressionError for what cannot be compiled.
    """
    return _checked(_Compiler(_Arguments(root)).emit(node, Code("")).value)


def check(node: jmespath.Node) -> None:
    """Raise ExpressionError for what cannot be compiled over an output, whatever is None in it."""

    def fields(structure: str | None) -> Mapping[str, Parameter]:
        return _Nameless()

    for compiled in (over_output, items_of_output):
        compiled(node, fields)


class _Nameless(dict[str, Parameter]):
    """Attributes that may all be None, under the names of their members."""

    def __missing__(self, name: str) -> Parameter:
        member = ir.Member(name, ir.DocumentType(), False, ir.Location.BODY, name)
        return Parameter(names.snake_case(name), "Any", False, name, member)


def _checked(code: Code) -> str:
    """Return the source. What would need an assignment where Python allows none is refused."""
    try:
        compile(code.source, "<jmespath>", "eval")
    except SyntaxError:
        message = "a value that is looked at twice, inside a projection, cannot be compiled"
        raise jmespath.ExpressionError(message) from None
    return code.source


class _Access(Protocol):
    """How members and items are reached."""

    def field(self, of: Code, node: jmespath.Field) -> Code: ...
    def each(self, source: str) -> str: ...
    def name(self, node: jmespath.Field) -> str: ...


class _Attributes:
    """Members are attributes of typed structures, and known to be None or not."""

    def __init__(self, fields: Fields) -> None:
        self._fields = fields

    def field(self, of: Code, node: jmespath.Field) -> Code:
        found = self._parameter(node)
        nullable = found.annotation.endswith("| None") or found.annotation == "Any"
        return Code(f"{of.source}.{found.name}", nullable, of.guards)

    def each(self, source: str) -> str:
        return f"{source} or ()"

    def name(self, node: jmespath.Field) -> str:
        return self._parameter(node).name

    def _parameter(self, node: jmespath.Field) -> Parameter:
        owner = node.of.type
        return self._fields(owner.name if isinstance(owner, ir.StructureRef) else None)[node.member.name]


class _Arguments:
    """Members are arguments; those below, whatever the caller made them."""

    def __init__(self, root: Callable[[ir.Member], str]) -> None:
        self._root = root

    def field(self, of: Code, node: jmespath.Field) -> Code:
        if isinstance(node.of.type, jmespath.Root):
            return Code(self._root(node.member), nullable=not node.member.required)
        return Code(f"member_of({of.source}, {literal(node.member.wire_name)})", nullable=True, guards=of.guards)

    def each(self, source: str) -> str:
        return f"items_of({source})"

    def name(self, node: jmespath.Field) -> str:
        return names.snake_case(node.member.name)


@dataclass(frozen=True, slots=True)
class _Loop:
    """The clauses of a comprehension, and its item. ``guards`` are what must hold for there to be a list at all.

    ``whole`` is the list that is looped over, as long as nothing is chosen from it.
    """

    clauses: tuple[str, ...]
    item: Code
    guards: tuple[str, ...] = ()
    whole: Code | None = None


class _Compiler:
    def __init__(self, access: _Access) -> None:
        self._access = access
        self._names = names.Namespace(_RESERVED)
        self._known: set[str] = set()

    def emit(self, node: jmespath.Node, current: Code) -> Code:
        """Return the code of a node; ``current`` is that of ``@``."""
        match node:
            case jmespath.Current():
                return current
            case jmespath.Let(_, value, body):
                return self.emit(body, self.emit(value, current))
            case jmespath.Field(_, of):
                owner = self.emit(of, current)
                untyped = isinstance(self._access, _Arguments)
                return self._access.field(owner if untyped else self._present(owner), node)
            case jmespath.Index():
                return self._index(node, current)
            case jmespath.Slice(_, of, start, stop, step):
                code = self._present(self.emit(of, current))
                bounds = ":".join("" if bound is None else str(bound) for bound in (start, stop))
                return replace(code, source=f"{code.at(_ATOM)}[{bounds}{'' if step is None else f':{step}'}]")
            case jmespath.Literal(_, value):
                return Code(literal(value), nullable=value is None)
            case jmespath.Select(_, items):
                code = self._present(current)
                values = [self.emit(item, current).value.at(_OR) for item in items]
                return Code(f"[{', '.join(values)}]", guards=code.guards)
            case jmespath.Call(_, name, arguments):
                return self._call(name, arguments, current)
            case jmespath.Compare():
                return self._compare(node, current)
            case jmespath.And(_, left, right):
                return self._and(left, right, current)
            case jmespath.Or(_, left, right):
                return self._or(left, right, current)
            case jmespath.Not(_, operand):
                condition = _joined(self._conditions(operand, current))
                return Code(f"not {condition.at(_ATOM)}", level=_NOT)
            case _:
                return self._list(node, current)

    def items(self, node: jmespath.Node, current: Code) -> Code:
        """Return code that can be looped over: what is null has no items."""
        if isinstance(node, jmespath.Project):
            return self._comprehension(self._loop(node, current, exact=False))
        code = self.emit(node, current)
        match node.type:
            case ir.ListType():
                return self._or_empty(code, "()")
            case ir.MapType():
                return Code(f"{self._or_empty(code, '{}').at(_ATOM)}.items()")
            case _:
                one = self._present(code)
                return self._or_empty(Code(f"({one.source},)", guards=one.guards), "()")

    def _present(self, code: Code) -> Code:
        """Return the code with a guard against None."""
        if not code.nullable:
            return code
        if _REFERENCE.fullmatch(code.source):
            return replace(code, nullable=False, guards=self._guards(code, f"{code.source} is not None"))
        name = self._names.claim("value")
        return Code(name, guards=self._guards(code, f"({name} := {code.source}) is not None"))

    def _guards(self, code: Code, *more: str) -> tuple[str, ...]:
        """Return the guards of the code and ``more``, without those that are known to hold."""
        return tuple(dict.fromkeys(guard for guard in (*code.guards, *more) if guard not in self._known))

    @contextmanager
    def _knowing(self, guards: tuple[str, ...]) -> Iterator[None]:
        new = set(guards) - self._known
        self._known |= new
        yield
        self._known -= new

    def _index(self, node: jmespath.Index, current: Code) -> Code:
        code, index = self.emit(node.of, current), node.index
        if index not in (0, -1) or not _REFERENCE.fullmatch(code.source):
            code = self._bound(self._present(code))
        long_enough = f"len({code.source}) {'>' if index >= 0 else '>='} {abs(index)}"
        guard = code.source if index in (0, -1) else long_enough
        sparse = isinstance(node.of.type, ir.ListType) and node.of.type.sparse
        untyped = isinstance(self._access, _Arguments)
        return Code(f"{code.source}[{index}]", sparse or untyped, self._guards(code, guard))

    def _bound(self, code: Code) -> Code:
        """Return the code with its value in a variable, since it is used more than once."""
        if _REFERENCE.fullmatch(code.source):
            return code
        name = self._names.claim("items")
        return Code(name, guards=self._guards(code, f"({name} := {code.source}) is not None"))

    def _call(self, name: str, arguments: tuple[jmespath.Node, ...], current: Code) -> Code:
        optional = name == "contains" and isinstance(arguments[0].type, ir.ListType)
        codes = [self._present(self.emit(arguments[0], current))]
        for argument in arguments[1:]:
            code = self.emit(argument, current)
            codes.append(code.value if optional else self._present(code))
        guards = tuple(dict.fromkeys(guard for code in codes for guard in code.guards))
        first, last = codes[0], codes[-1]
        match name:
            case "length":
                return Code(f"len({first.source})", guards=guards)
            case "keys":
                untyped = isinstance(self._access, _Arguments)
                return Code(f"{'keys_of' if untyped else 'list'}({first.source})", guards=guards)
            case "values":
                return Code(f"list({first.at(_ATOM)}.values())", guards=guards)
            case "contains":
                return Code(f"{last.at(_ATOM)} in {first.at(_ATOM)}", guards=guards, level=_COMPARISON)
            case _:
                return Code(f"{first.at(_ATOM)}.{name.replace('_', '')}({last.source})", guards=guards)

    def _compare(self, node: jmespath.Compare, current: Code) -> Code:
        left, right = self.emit(node.left, current), self.emit(node.right, current)
        if node.operator in ("==", "!="):
            source = right.value.at(_ATOM)
            other = node.right.value if isinstance(node.right, jmespath.Literal) else None
            if node.operator == "==" and other is not None and _is_plain(left.guards):
                conditions = [*left.guards, f"{left.at(_ATOM)} {_equality(node)} {source}"]
                return Code(" and ".join(conditions), level=_AND if left.guards else _COMPARISON)
            return Code(f"{left.value.at(_ATOM)} {_equality(node)} {source}", level=_COMPARISON)
        left, right = self._present(left), self._present(right)
        source = f"{left.at(_ATOM)} {node.operator} {right.at(_ATOM)}"
        return Code(source, guards=self._guards(left, *right.guards), level=_COMPARISON)

    def _and(self, left: jmespath.Node, right: jmespath.Node, current: Code) -> Code:
        first = self._present(self.emit(left, current))
        with self._knowing(first.guards):
            second = self.emit(right, current).value
        if jmespath.always_true(left.type):
            return replace(second, guards=first.guards)
        source = f"{first.at(_NOT)} and {second.at(_NOT)}"
        return Code(source, second.nullable, first.guards, _AND)

    def _or(self, left: jmespath.Node, right: jmespath.Node, current: Code) -> Code:
        first, second = self.emit(left, current), self.emit(right, current).value
        if jmespath.always_true(left.type):
            present = self._present(first)
            if not present.guards:
                return first
            condition = " and ".join(present.guards)
            source = f"{present.at(_OR)} if {condition} else {second.at(_OR)}"
            return Code(source, second.nullable, level=_CONDITIONAL)
        return Code(f"{first.value.at(_AND)} or {second.at(_AND)}", second.nullable, level=_OR)

    def _conditions(self, node: jmespath.Node, current: Code) -> list[Code]:
        """Return the conditions that together say whether a node's value is true."""
        match node:
            case jmespath.And(_, left, right):
                first = self._conditions(left, current)
                with self._knowing(tuple(code.source for code in first)):
                    return [*first, *self._conditions(right, current)]
            case jmespath.Or(_, left, right):
                sides = [_joined(self._conditions(side, current)) for side in (left, right)]
                return [Code(" or ".join(side.at(_AND) for side in sides), level=_OR)]
            case jmespath.Compare(_, "==", left, jmespath.Literal(_, value)) if value is not None:
                code = self.emit(left, current)
                equal = Code(f"{code.at(_ATOM)} == {literal(value)}", level=_COMPARISON)
                return [*map(_guard, code.guards), equal]
        code = self.emit(node, current)
        if jmespath.always_true(node.type):
            return [*map(_guard, self._present(code).guards)] or [Code("True")]
        return [*map(_guard, code.guards), replace(code, guards=())]

    def _list(self, node: jmespath.Node, current: Code) -> Code:
        return self._comprehension(self._loop(node, current, exact=True))

    def _comprehension(self, loop: _Loop) -> Code:
        if loop.whole is not None:
            return replace(loop.whole, nullable=False, guards=loop.guards)
        return Code(f"[{loop.item.at(_OR)} {' '.join(loop.clauses)}]", guards=loop.guards)

    def _loop(self, node: jmespath.Node, current: Code, *, exact: bool) -> _Loop:
        """Return the loop over a list. Null is no list: ``exact`` says so in guards, else it has no items."""
        match node:
            case jmespath.Project(_, of, body):
                loop = self._loop(of, current, exact=exact)
                code = self.emit(body, loop.item)
                conditions = self._present_conditions(code)
                whole = loop.whole if isinstance(body, jmespath.Current) and not conditions else None
                clauses = (*loop.clauses, *conditions)
                return _Loop(clauses, Code(code.source, level=code.level), loop.guards, whole)
            case jmespath.Filter(_, of, condition):
                loop = self._loop(of, current, exact=exact)
                found = _joined(self._conditions(condition, loop.item))
                return _Loop((*loop.clauses, f"if {found.at(_OR)}"), loop.item, loop.guards)
            case jmespath.Flatten(_, of):
                loop = self._loop(of, current, exact=exact)
                if not isinstance(of.type, ir.ListType) or not isinstance(of.type.item, ir.ListType):
                    return loop
                inner = self._access.each(loop.item.at(_AND)) if loop.item.nullable else loop.item.at(_OR)
                variable = self._variable(of, sparse=of.type.item.sparse)
                return _Loop((*loop.clauses, f"for {variable.source} in {inner}"), variable, loop.guards)
            case jmespath.Values(_, of):
                code = self.emit(of, current)
                code = self._present(code) if exact else self._or_empty(code, "{}")
                code = replace(code, source=f"{code.at(_ATOM)}.values()", level=_ATOM)
                variable = self._variable(of, sparse=isinstance(of.type, ir.MapType) and of.type.sparse)
                whole = Code(f"list({code.source})")
            case _:
                code = self.emit(node, current)
                code = self._present(code) if exact else self._or_empty(code, "()")
                variable = self._variable(node, sparse=isinstance(node.type, ir.ListType) and node.type.sparse)
                whole = replace(code, guards=())
        return _Loop((f"for {variable.source} in {code.at(_OR)}",), variable, code.guards, whole)

    def _present_conditions(self, code: Code) -> tuple[str, ...]:
        conditions = [*code.guards, *([f"{code.at(_ATOM)} is not None"] if code.nullable else [])]
        return (f"if {' and '.join(conditions)}",) if conditions else ()

    def _variable(self, of: jmespath.Node, *, sparse: bool) -> Code:
        """Return the variable that stands for an item of ``of``."""
        is_argument = isinstance(of, jmespath.Field) and isinstance(of.of.type, jmespath.Root)
        untyped = isinstance(self._access, _Arguments) and not is_argument
        return Code(self._names.claim(_singular(self._name(of))), nullable=sparse or untyped)

    def _or_empty(self, code: Code, empty: str) -> Code:
        """Return code of a list or map that may be None as something that can be looped over."""
        source, level = code.source, code.level
        if code.nullable:
            source = self._access.each(code.at(_AND)) if empty == "()" else f"{code.at(_AND)} or {empty}"
            level = _OR
        if not code.guards:
            return Code(source, level=level)
        return Code(f"{source} if {' and '.join(code.guards)} else {empty}", level=_CONDITIONAL)

    def _name(self, node: jmespath.Node) -> str:
        """Return what a list is called, for the names of its items."""
        match node:
            case jmespath.Field():
                return self._access.name(node)
            case jmespath.Let(_, _, body) | jmespath.Project(_, _, body) if not isinstance(body, jmespath.Current):
                return self._name(body)
            case jmespath.Project(_, of) | jmespath.Filter(_, of) | jmespath.Flatten(_, of) | jmespath.Let(_, of):
                return self._name(of)
            case _:
                return ""


def _guard(source: str) -> Code:
    return Code(source, level=_COMPARISON)


def _joined(conditions: list[Code]) -> Code:
    if len(conditions) == 1:
        return conditions[0]
    return Code(" and ".join(condition.at(_NOT) for condition in conditions), level=_AND)


def _is_plain(guards: tuple[str, ...]) -> bool:
    """Whether all guards are booleans, so that they can stand in a value."""
    return all(guard.endswith(" is not None") for guard in guards)


def _equality(node: jmespath.Compare) -> str:
    """Return the operator: None is compared by identity."""
    if any(isinstance(side.type, jmespath.Null) for side in (node.left, node.right)):
        return "is" if node.operator == "==" else "is not"
    return node.operator


_ENDINGS = (("sses", "ss"), ("xes", "x"), ("uses", "us"), ("ies", "y"), ("s", ""))
_LONG = 16


def _singular(name: str) -> str:
    """Return a name for one of ``name``: ``instances`` -> ``instance``; of a long one only the last word."""
    name = name.rstrip("_")
    if len(name) > _LONG:
        name = name.rpartition("_")[2]
    for ending, end in _ENDINGS:
        if name.endswith(ending) and len(name) > len(ending) + 1 and not name.endswith("ss"):
            return name.removesuffix(ending) + end
    return "item"
