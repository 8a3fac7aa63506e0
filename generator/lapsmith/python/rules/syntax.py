"""Python as ``ast`` nodes: made briefly, measured, and spelled.

``ast.unparse`` is not used, because versions of Python differ in how it spells f-strings, and the same rules must give
the same bytes everywhere.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from lapsmith.python.text import LINE_LENGTH, literal

_OPERATORS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.NotIn: "not in",
}
_NONE = ast.Constant(None)


def name(identifier: str) -> ast.Name:
    """A name that is read."""
    return ast.Name(identifier, ast.Load())


def constant(value: str | bool | int | None) -> ast.Constant:
    """A literal."""
    return ast.Constant(value)


def call(function: str, *arguments: ast.expr, **keywords: ast.expr) -> ast.Call:
    """A call of a function by its name."""
    return ast.Call(name(function), list(arguments), [ast.keyword(key, value) for key, value in keywords.items()])


def compare(left: ast.expr, operator: ast.cmpop, right: ast.expr = _NONE) -> ast.Compare:
    """A comparison; with None where nothing else is given."""
    return ast.Compare(left, [operator], [right])


def assigned(identifier: str, value: ast.expr) -> ast.NamedExpr:
    """A value that gets a name on the way."""
    return ast.NamedExpr(ast.Name(identifier, ast.Store()), value)


def all_of(conditions: Sequence[ast.expr]) -> ast.expr:
    """The condition that all of some hold."""
    return conditions[0] if len(conditions) == 1 else ast.BoolOp(ast.And(), list(conditions))


def assignment(identifier: str, value: ast.expr) -> ast.Assign:
    """A statement that gives a value a name."""
    return ast.Assign([ast.Name(identifier, ast.Store())], value)


def when(test: ast.expr) -> ast.If:
    """The head of an ``if``."""
    return ast.If(test, [], [])


def refusal(message: ast.expr) -> ast.Raise:
    """The statement that there is no endpoint."""
    return ast.Raise(call("InvalidInput", message))


def source(node: ast.AST) -> str:
    """The source of an expression or of a statement, of an ``if`` its head; black does the layout."""
    match node:
        case ast.If(test=test):
            return f"if {source(test)}:"
        case ast.Return(value=ast.expr() as value):
            return f"return {source(value)}"
        case ast.Raise(exc=ast.expr() as error):
            return f"raise {source(error)}"
        case ast.Assign(targets=[target], value=value):
            return f"{source(target)} = {source(value)}"
        case ast.BoolOp(values=values):
            return " and ".join(_inside(each, in_condition=True) for each in values)
        case ast.UnaryOp(operand=operand):
            return f"not {_inside(operand)}"
        case ast.Compare(left=left, ops=[operator], comparators=[right]):
            return f"{_inside(left)} {_OPERATORS[type(operator)]} {_inside(right)}"
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return f"({_inside(body)} if {_inside(test)} else {_inside(orelse)})"
        case ast.NamedExpr(target=target, value=value):
            return f"({source(target)} := {_inside(value)})"
        case _:
            return _atom(node)


def _atom(node: ast.AST) -> str:
    match node:
        case ast.Name(id=identifier):
            return identifier
        case ast.Constant(value=value):
            return literal(value)
        case ast.Attribute(value=inner, attr=attribute):
            return f"{_inside(inner)}.{attribute}"
        case ast.keyword(arg=key, value=value):
            return f"{key}={_inside(value)}"
        case ast.Call(func=function, args=arguments, keywords=keywords):
            return f"{source(function)}({', '.join(map(_inside, [*arguments, *keywords]))})"
        case ast.List(elts=items):
            return f"[{', '.join(map(_inside, items))}]"
        case ast.Tuple(elts=items):
            return f"({', '.join(map(_inside, items))})"
        case ast.Dict(keys=keys, values=values):
            pairs = (f"{source(key)}: {_inside(value)}" for key, value in zip(keys, values, strict=True) if key)
            return f"{{{', '.join(pairs)}}}"
        case ast.JoinedStr(values=parts):
            return f'f"{"".join(map(_part, parts))}"'
        case _:
            raise TypeError(f"no source for {node!r}")


def _inside(node: ast.AST, *, in_condition: bool = False) -> str:
    """The source of what stands in something else: in parentheses where it would not hold together."""
    loose = isinstance(node, ast.BoolOp) or (isinstance(node, ast.UnaryOp | ast.Compare) and not in_condition)
    return f"({source(node)})" if loose else source(node)


def _part(part: ast.expr) -> str:
    """A part of an f-string in double quotes."""
    if isinstance(part, ast.FormattedValue):
        return f"{{{_inside(part.value)}}}"
    assert isinstance(part, ast.Constant)
    assert isinstance(part.value, str)
    escaped = part.value.encode("unicode_escape").decode("ascii").replace('"', '\\"')
    return escaped.replace("{", "{{").replace("}", "}}")


# Heights are asked for anew after every cut; the other statements are still the same.
@lru_cache(maxsize=10_000)
def height(node: ast.AST, indent: int) -> int:
    """About how many lines a node takes when black has broken it."""
    # The parentheses of ``:=`` are on lines of their own then.
    width = len(source(node)) - (2 if isinstance(node, ast.NamedExpr) else 0)
    if width + indent <= LINE_LENGTH:
        return 1
    parts = list(_parts(node))
    return 2 + sum(height(part, indent + 4) for part in parts) if parts else 1


def _parts(node: ast.AST) -> Iterator[ast.AST]:
    """What black puts on lines of their own when it breaks a node."""
    match node:
        case ast.If(test=ast.BoolOp(values=values)) | ast.BoolOp(values=values):
            yield from values
        case ast.If(test=ast.NamedExpr() as inner) | ast.Compare(left=ast.NamedExpr() as inner):
            yield inner
        case ast.If(test=inner) | ast.Return(value=ast.expr() as inner) | ast.Raise(exc=ast.expr() as inner):
            yield from _parts(inner)
        case ast.Assign(value=inner) | ast.keyword(value=inner) | ast.NamedExpr(value=inner):
            yield from _parts(inner)
        case ast.UnaryOp(operand=inner) | ast.Attribute(value=inner):
            yield from _parts(inner)
        case ast.Call(args=arguments, keywords=keywords):
            yield from (*arguments, *keywords)
        case ast.List(elts=items) | ast.Tuple(elts=items):
            yield from items
        case ast.Dict(keys=keys, values=values):
            # An entry is as wide as a keyword is.
            yield from (ast.keyword(f"{source(key)}:", value) for key, value in zip(keys, values, strict=True) if key)
        case ast.Compare(left=left, comparators=[right]):
            yield from (*_parts(left), *_parts(right))
        case ast.IfExp(test=test, body=body, orelse=orelse):
            yield from (body, test, orelse)


def names(node: ast.AST) -> Iterator[ast.Name]:
    """Every name in a node, in the order in which it is read."""
    if isinstance(node, ast.Name):
        yield node
    # A conditional expression is written in another order than its fields have.
    inside: Iterable[ast.AST] = ast.iter_child_nodes(node)
    for child in (node.body, node.test, node.orelse) if isinstance(node, ast.IfExp) else inside:
        yield from names(child)


def read_names(node: ast.AST) -> frozenset[str]:
    """The names that a node reads."""
    return frozenset(each.id for each in names(node) if isinstance(each.ctx, ast.Load))
