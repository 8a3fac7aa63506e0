"""Typed JMESPath to Python expressions: over an output's attributes, or over an operation's arguments.

A client has no interpreter: ``Table.TableStatus`` becomes
``output.table.table_status if output.table is not None else None``. What is null in JMESPath is None, with one
difference: the length of null, an error there, is null.

How parts that may be None are put together is in :mod:`~lapsmith.python.jmespath.guarded`, what a member is in Python
in :mod:`~lapsmith.python.jmespath.access`, and projections are in :mod:`~lapsmith.python.jmespath.loops`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from lapsmith.ir import jmespath
from lapsmith.ir import model as ir
from lapsmith.python.jmespath.access import Access, Arguments, Attributes, Fields, Nameless
from lapsmith.python.jmespath.guarded import Code, Level, Scope, all_of, condition
from lapsmith.python.jmespath.loops import Loops
from lapsmith.python.text import literal
from lapsmith.python.view import Parameter

__all__ = ["Fields", "check", "items_of_output", "over_input", "over_output"]

_RESERVED = ("items_of", "keys_of", "len", "list", "member_of", "output", "self", "values")


def over_output(node: jmespath.Node, fields: Fields) -> str:
    """Return the expression of a node's value, given ``output``. Raises ExpressionError for what cannot be compiled."""
    return _checked(_Compiler(Attributes(fields)).emit(node, Code("output")).value)


def items_of_output(node: jmespath.Node, fields: Fields) -> str:
    """Return an expression of a node's items, given ``output``; null has none.

    They are the items of a list, the pairs of a map, and what is neither is one item. Raises ExpressionError for what
    cannot be compiled.
    """
    return _checked(_Compiler(Attributes(fields)).items(node, Code("output")))


def over_input(node: jmespath.Node, root: Callable[[ir.Member], str]) -> str:
    """Return the expression of a node's value, given an operation's arguments.

    ``root`` gives the expression of an argument. Below it values are structures or mappings, read through ``items_of``,
    ``keys_of`` and ``member_of`` of the runtime's ``paths``, so the expression is None-safe and as good as untyped.
    Raises ExpressionError for what cannot be compiled.
    """
    return _checked(_Compiler(Arguments(root)).emit(node, Code("")).value)


def check(node: jmespath.Node) -> None:
    """Raise ExpressionError for what cannot be compiled over an output, whatever is None in it."""

    def fields(structure: str | None) -> Mapping[str, Parameter]:
        return Nameless()

    for compiled in (over_output, items_of_output):
        compiled(node, fields)


def _checked(code: Code) -> str:
    """Return the source. What would need an assignment where Python allows none is refused."""
    try:
        compile(code.source, "<jmespath>", "eval")
    except SyntaxError:
        message = "a value that is looked at twice, inside a projection, cannot be compiled"
        raise jmespath.ExpressionError(message) from None
    return code.source


class _Compiler:
    """Compiles one expression. ``current`` is everywhere the code of ``@``."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._scope = Scope(_RESERVED)
        self._loops = Loops(self.emit, self._truth, access, self._scope)

    def items(self, node: jmespath.Node, current: Code) -> Code:
        """Return code of a node's items that can be looped over."""
        return self._loops.items(node, current)

    def emit(self, node: jmespath.Node, current: Code) -> Code:
        """Return the code of a node."""
        match node:
            case jmespath.Current():
                return current
            case jmespath.Let(_, value, body):
                return self.emit(body, self.emit(value, current))
            case jmespath.Literal(_, value):
                return Code(literal(value), nullable=value is None)
            case jmespath.Field():
                return self._field(node, current)
            case jmespath.Index():
                return self._index(node, current)
            case jmespath.Slice():
                return self._slice(node, current)
            case jmespath.Select():
                return self._select(node, current)
            case jmespath.Call():
                return self._call(node, current)
            case jmespath.Compare(_, "==" | "!="):
                return self._equal(node, current)
            case jmespath.Compare():
                return self._ordered(node, current)
            case jmespath.And():
                return self._and(node, current)
            case jmespath.Or():
                return self._or(node, current)
            case jmespath.Not(_, operand):
                return Code(f"not {self._truth(operand, current).at(Level.ATOM)}", level=Level.NOT)
            case _:
                return self._loops.value(node, current)

    # Parts of a value

    def _field(self, node: jmespath.Field, current: Code) -> Code:
        owner = self.emit(node.of, current)
        return self._access.field(self._scope.present(owner) if self._access.typed else owner, node)

    def _index(self, node: jmespath.Index, current: Code) -> Code:
        code, index = self.emit(node.of, current), node.index
        at_an_end = index in (0, -1)
        if not (at_an_end and code.is_reference):
            code = self._scope.bound(self._scope.present(code))
        # A list that is not empty is true, and so is not None.
        long_enough = code.source if at_an_end else f"len({code.source}) {'>' if index >= 0 else '>='} {abs(index)}"
        sparse = isinstance(node.of.type, ir.ListType) and node.of.type.sparse
        nullable = sparse or not self._access.typed
        return Code(f"{code.source}[{index}]", nullable, self._scope.guards(code, long_enough))

    def _slice(self, node: jmespath.Slice, current: Code) -> Code:
        code = self._scope.present(self.emit(node.of, current))
        bounds = ":".join("" if bound is None else str(bound) for bound in (node.start, node.stop))
        step = "" if node.step is None else f":{node.step}"
        return replace(code, source=f"{code.at(Level.ATOM)}[{bounds}{step}]")

    def _select(self, node: jmespath.Select, current: Code) -> Code:
        code = self._scope.present(current)
        values = [self.emit(item, current).value.at(Level.OR) for item in node.items]
        return Code(f"[{', '.join(values)}]", guards=code.guards)

    # Functions

    def _call(self, node: jmespath.Call, current: Code) -> Code:
        subject = self._scope.present(self.emit(node.arguments[0], current))
        match node.name, [self.emit(argument, current) for argument in node.arguments[1:]]:
            case "length", []:
                return Code(f"len({subject.source})", guards=subject.guards)
            case "keys", []:
                return Code(self._access.keys(subject.source), guards=subject.guards)
            case "values", []:
                return Code(f"list({subject.at(Level.ATOM)}.values())", guards=subject.guards)
            case "contains", [part]:
                # A list may hold None, a text holds only text.
                in_list = isinstance(node.arguments[0].type, ir.ListType)
                part = part.value if in_list else self._scope.present(part)
                source = f"{part.at(Level.ATOM)} in {subject.at(Level.ATOM)}"
                return Code(source, guards=_guards_of(subject, part), level=Level.COMPARISON)
            case name, [affix]:
                affix = self._scope.present(affix)
                source = f"{subject.at(Level.ATOM)}.{name.replace('_', '')}({affix.source})"
                return Code(source, guards=_guards_of(subject, affix))
        raise AssertionError(node.name)

    # Conditions

    def _equal(self, node: jmespath.Compare, current: Code) -> Code:
        left, right = self.emit(node.left, current), self.emit(node.right, current).value
        operator = _equality(node)
        if node.operator == "==" and _is_value(node.right) and left.has_boolean_guards:
            # None equals no such value, so that the guards are part of the comparison.
            conditions = [*left.guards, f"{left.at(Level.ATOM)} {operator} {right.at(Level.ATOM)}"]
            return Code(" and ".join(conditions), level=Level.AND if left.guards else Level.COMPARISON)
        source = f"{left.value.at(Level.ATOM)} {operator} {right.at(Level.ATOM)}"
        return Code(source, level=Level.COMPARISON)

    def _ordered(self, node: jmespath.Compare, current: Code) -> Code:
        left, right = (
            self._scope.present(side) for side in (self.emit(node.left, current), self.emit(node.right, current))
        )
        source = f"{left.at(Level.ATOM)} {node.operator} {right.at(Level.ATOM)}"
        return Code(source, guards=self._scope.guards(left, *right.guards), level=Level.COMPARISON)

    def _and(self, node: jmespath.And, current: Code) -> Code:
        first = self._scope.present(self.emit(node.left, current))
        with self._scope.knowing(first.guards):
            second = self.emit(node.right, current).value
        if jmespath.always_true(node.left.type):
            return replace(second, guards=first.guards)
        source = f"{first.at(Level.NOT)} and {second.at(Level.NOT)}"
        return Code(source, second.nullable, first.guards, Level.AND)

    def _or(self, node: jmespath.Or, current: Code) -> Code:
        first, second = self.emit(node.left, current), self.emit(node.right, current).value
        if not jmespath.always_true(node.left.type):
            return Code(f"{first.value.at(Level.AND)} or {second.at(Level.AND)}", second.nullable, level=Level.OR)
        present = self._scope.present(first)
        if not present.guards:
            return first
        return replace(present.otherwise(second.at(Level.OR)), nullable=second.nullable)

    def _truth(self, node: jmespath.Node, current: Code) -> Code:
        """Return the condition that a node's value is true."""
        return all_of(self._conditions(node, current))

    def _conditions(self, node: jmespath.Node, current: Code) -> list[Code]:
        """Return the conditions that together say whether a node's value is true."""
        match node:
            case jmespath.And(_, left, right):
                first = self._conditions(left, current)
                with self._scope.knowing(code.source for code in first):
                    return [*first, *self._conditions(right, current)]
            case jmespath.Or(_, left, right):
                sides = (self._truth(side, current) for side in (left, right))
                return [Code(" or ".join(side.at(Level.AND) for side in sides), level=Level.OR)]
            case jmespath.Compare(_, "==", left, jmespath.Literal(_, value)) if value is not None:
                code = self.emit(left, current)
                return [*map(condition, code.guards), condition(f"{code.at(Level.ATOM)} == {literal(value)}")]
        code = self.emit(node, current)
        if jmespath.always_true(node.type):
            return [*map(condition, self._scope.present(code).guards)] or [Code("True")]
        return [*map(condition, code.guards), replace(code, guards=())]


def _guards_of(*codes: Code) -> tuple[str, ...]:
    return tuple(dict.fromkeys(guard for code in codes for guard in code.guards))


def _is_value(node: jmespath.Node) -> bool:
    return isinstance(node, jmespath.Literal) and node.value is not None


def _equality(node: jmespath.Compare) -> str:
    """Return the operator: None is compared by identity."""
    if any(isinstance(side.type, jmespath.Null) for side in (node.left, node.right)):
        return "is" if node.operator == "==" else "is not"
    return node.operator
