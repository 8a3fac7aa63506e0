"""JMESPath, read at generation: an expression is parsed, checked against the members that it names, and typed.

The grammar is https://jmespath.org/specification.html. Generated clients hold no interpreter, so what cannot be typed
is refused here: functions other than ``length``, ``keys``, ``values``, ``contains``, ``starts_with`` and ``ends_with``,
multi-select hashes, expression references, and steps into documents.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lapsmith.diagnostics import suggest
from lapsmith.ir.model import (
    BlobType,
    BooleanType,
    DocumentType,
    FloatType,
    IntegerType,
    ListType,
    MapType,
    Member,
    Shape,
    StringType,
    Structure,
    StructureRef,
    TimestampType,
    Type,
)

_LONGEST = 1000
"""More than five times the longest expression in AWS's models; the parser's recursion is bounded by it."""


class ExpressionError(ValueError):
    """An expression is no JMESPath, names what is not there, or cannot be compiled."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Root:
    """The type of what an expression is evaluated on: an operation's input or output."""

    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class Mixed:
    """The type of what has one of several types: good for a condition and nothing else."""


@dataclass(frozen=True, slots=True)
class Null:
    """The type of the literal null."""


Kind = Type | Root | Mixed | Null


@dataclass(frozen=True, slots=True)
class Node:
    """A part of an expression; ``type`` is that of its value, which may be null whatever the type."""

    type: Kind


@dataclass(frozen=True, slots=True)
class Current(Node):
    """``@``: what the innermost projection, filter or :class:`Let` is at."""


@dataclass(frozen=True, slots=True)
class Field(Node):
    """A member of a structure, or of the input or output (``of`` is a :class:`Root` then)."""

    of: Node
    member: Member


@dataclass(frozen=True, slots=True)
class Index(Node):
    """One item of a list; a negative index counts from the end."""

    of: Node
    index: int


@dataclass(frozen=True, slots=True)
class Slice(Node):
    """Some of the items of a list, as Python's slices choose them."""

    of: Node
    start: int | None
    stop: int | None
    step: int | None


@dataclass(frozen=True, slots=True)
class Flatten(Node):
    """The items of the lists in a list."""

    of: Node


@dataclass(frozen=True, slots=True)
class Values(Node):
    """The values of a map."""

    of: Node


@dataclass(frozen=True, slots=True)
class Filter(Node):
    """The items of a list for which ``condition`` holds; it is evaluated on the item."""

    of: Node
    condition: Node


@dataclass(frozen=True, slots=True)
class Project(Node):
    """``body`` of each item of a list, without nulls."""

    of: Node
    body: Node


@dataclass(frozen=True, slots=True)
class Let(Node):
    """``body``, evaluated on ``value``: a pipe or a dot."""

    value: Node
    body: Node


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """A text, number, boolean or null."""

    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Compare(Node):
    """``== != < <= > >=``; ordering anything but numbers gives null."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class And(Node):
    """``left`` where it is false (null, or an empty text, list or map, or false), else ``right``."""

    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Or(Node):
    """``left`` where it is true, else ``right``."""

    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Not(Node):
    """Whether the operand is false."""

    operand: Node


@dataclass(frozen=True, slots=True)
class Call(Node):
    """A function of the specification."""

    name: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Select(Node):
    """A multi-select list: one value for each item, nulls included."""

    items: tuple[Node, ...]


def read(expression: str, members: Iterable[Member], shapes: Mapping[str, Shape]) -> Node:
    """Parse an expression and type it as evaluated on ``members``, whose structures are in ``shapes``.

    Raises:
        ExpressionError: it is no JMESPath, names a member that is not there, or cannot be compiled.
    """
    if len(expression) > _LONGEST:
        raise ExpressionError(f"the expression has {len(expression)} characters; {_LONGEST} are read")
    try:
        return _Reader(shapes).node(_parsed(expression), Current(Root(tuple(members))))
    except RecursionError:
        raise ExpressionError("the expression is nested too deeply") from None


def _parsed(expression: str) -> Any:
    # Only some specs need the library, and `lapsmith --help` none.
    import jmespath
    from jmespath.exceptions import JMESPathError

    try:
        return jmespath.compile(expression).parsed
    except JMESPathError as error:
        said = str(error).partition("\n")[0].rstrip(" :.").removesuffix(", for expression")
        raise ExpressionError(f"'{expression}' is no JMESPath: {said[:1].lower()}{said[1:]}") from None


def same(left: Kind, right: Kind) -> bool:
    """Whether values of two types can be equal: all numbers are alike, and so are texts with other known values."""
    numbers = (IntegerType, FloatType)
    match left, right:
        case ListType(item), ListType(other):
            return same(item, other)
        case MapType(_, value), MapType(_, other):
            return same(value, other)
        case StructureRef(), StructureRef():
            return left == right
        case _:
            return type(left) is type(right) or (isinstance(left, numbers) and isinstance(right, numbers))


def always_true(kind: Kind) -> bool:
    """Whether every value of a type that is not null counts as true; 0 does, unlike in Python."""
    return isinstance(kind, IntegerType | FloatType | TimestampType | BlobType)


def is_number(kind: Kind) -> bool:
    return isinstance(kind, IntegerType | FloatType)


def _is_scalar(kind: Kind) -> bool:
    return isinstance(kind, StringType | BooleanType | IntegerType | FloatType)


def describe(kind: Kind) -> str:
    """Return a type as messages name it."""
    match kind:
        case ListType(item):
            return f"a list of {describe(item)}"
        case StructureRef(name):
            return f"the structure {name}"
        case Root():
            return "the whole input or output"
        case _:
            return _NAMES[type(kind)]


_NAMES: Mapping[type[object], str] = {
    StringType: "text",
    IntegerType: "a number",
    FloatType: "a number",
    BooleanType: "a boolean",
    BlobType: "bytes",
    TimestampType: "a timestamp",
    DocumentType: "a document",
    MapType: "a map",
    Mixed: "of several types",
    Null: "null",
}

_BOOLEAN = BooleanType()
_NUMBER = IntegerType(64)
_TEXT = StringType()


class _Reader:
    """Types the parser's tree. ``current`` is what ``@`` stands for."""

    def __init__(self, shapes: Mapping[str, Shape]) -> None:
        self._shapes = shapes

    def node(self, tree: Any, current: Node) -> Node:
        read: Callable[[Any, Node], Node] | None = getattr(self, f"_{tree['type']}", None)
        if read is None:
            raise ExpressionError(f"the JMESPath construct '{tree['type'].replace('_', ' ')}' cannot be compiled")
        return read(tree, current)

    def _identity(self, tree: Any, current: Node) -> Node:
        return current

    _current = _identity

    def _field(self, tree: Any, current: Node) -> Node:
        name: str = tree["value"]
        match current.type:
            case Root(members):
                owner = "the operation"
            case StructureRef(structure) if isinstance(shape := self._shapes.get(structure), Structure):
                members, owner = shape.members, structure
            case MapType():
                raise ExpressionError(f"'{name}' is a key of a map, and which keys a map has is not known")
            case _:
                raise ExpressionError(f"'{name}' cannot be read from {describe(current.type)}")
        found = next((member for member in members if member.name == name), None)
        if found is None:
            raise ExpressionError(f"{owner} has no member '{name}'", suggest(name, (m.name for m in members)))
        return Field(found.type, current, found)

    def _subexpression(self, tree: Any, current: Node) -> Node:
        value, *rest = tree["children"]
        node = self.node(value, current)
        for child in rest:
            body = self.node(child, Current(node.type))
            node = Let(body.type, node, body)
        return node

    _pipe = _subexpression
    _index_expression = _subexpression

    def _index(self, tree: Any, current: Node) -> Node:
        return Index(_item(current), current, tree["value"])

    def _slice(self, tree: Any, current: Node) -> Node:
        start, stop, step = tree["children"]
        if step == 0:
            raise ExpressionError("the step of a slice cannot be 0")
        _item(current)
        return Slice(current.type, current, start, stop, step)

    def _projection(self, tree: Any, current: Node) -> Node:
        source, body = tree["children"]
        return self._project(self.node(source, current), body)

    def _value_projection(self, tree: Any, current: Node) -> Node:
        source, body = tree["children"]
        node = self.node(source, current)
        if not isinstance(node.type, MapType):
            raise ExpressionError(f"'*' takes the values of a map, and this is {describe(node.type)}")
        return self._project(Values(ListType(node.type.value, node.type.sparse), node), body)

    def _filter_projection(self, tree: Any, current: Node) -> Node:
        source, body, comparator = tree["children"]
        node = self.node(source, current)
        condition = self._condition(comparator, Current(_item(node)))
        return self._project(Filter(node.type, node, condition), body)

    def _project(self, source: Node, body: Any) -> Node:
        node = self.node(body, Current(_item(source)))
        return Project(ListType(_plain(node, "in a list")), source, node)

    def _flatten(self, tree: Any, current: Node) -> Node:
        node = self.node(tree["children"][0], current)
        item = _item(node)
        return Flatten(item if isinstance(item, ListType) else node.type, node)

    def _literal(self, tree: Any, current: Node) -> Node:
        value = tree["value"]
        kinds: Mapping[type[object], Kind] = {
            str: _TEXT,
            bool: _BOOLEAN,
            int: _NUMBER,
            float: FloatType(),
            type(None): Null(),
        }
        kind = kinds.get(type(value))
        if kind is None:
            raise ExpressionError("a literal that is a list or an object cannot be compiled")
        return Literal(kind, value)

    def _comparator(self, tree: Any, current: Node) -> Node:
        left, right = (self.node(child, current) for child in tree["children"])
        operator: str = _OPERATORS[tree["value"]]
        kinds = f"{describe(left.type)} and {describe(right.type)}"
        if operator in ("==", "!="):
            null = isinstance(left.type, Null) or isinstance(right.type, Null)
            if not null and not (_is_scalar(left.type) and _is_scalar(right.type)):
                raise ExpressionError(f"'{operator}' compares {kinds}, and only scalars can be compared")
            if not null and not same(left.type, right.type):
                raise ExpressionError(f"'{operator}' compares {kinds}, which are never equal")
        elif not (is_number(left.type) and is_number(right.type)):
            raise ExpressionError(f"'{operator}' compares {kinds}, and only numbers have an order")
        return Compare(_BOOLEAN, operator, left, right)

    def _and_expression(self, tree: Any, current: Node) -> Node:
        left, right = self._both(tree, current)
        # Of a number only null is false, so that what is left is null or the right side.
        return And(right.type if always_true(left.type) else _common(left, right), left, right)

    def _or_expression(self, tree: Any, current: Node) -> Node:
        left, right = self._both(tree, current)
        return Or(_common(left, right), left, right)

    def _both(self, tree: Any, current: Node) -> tuple[Node, Node]:
        left, right = tree["children"]
        return self._condition(left, current), self.node(right, current)

    def _not_expression(self, tree: Any, current: Node) -> Node:
        return Not(_BOOLEAN, self._condition(tree["children"][0], current))

    def _condition(self, tree: Any, current: Node) -> Node:
        """Read what is used as a condition. A structure is true unless empty, which its class does not show."""
        node = self.node(tree, current)
        if isinstance(node.type, StructureRef | Root | DocumentType):
            raise ExpressionError(f"{describe(node.type)} cannot be a condition")
        return node

    def _multi_select_list(self, tree: Any, current: Node) -> Node:
        items = [self.node(child, current) for child in tree["children"]]
        kinds = [_plain(item, "in a multi-select list") for item in items]
        for kind in kinds[1:]:
            if not same(kind, kinds[0]):
                what = f"{describe(kinds[0])} and {describe(kind)}"
                raise ExpressionError(f"a multi-select list of {what} cannot be compiled")
        return Select(ListType(kinds[0], sparse=True), tuple(items))

    def _function_expression(self, tree: Any, current: Node) -> Node:
        name: str = tree["value"]
        if name not in _FUNCTIONS:
            raise ExpressionError(f"the JMESPath function '{name}' cannot be compiled", suggest(name, _FUNCTIONS))
        arguments = tuple(self.node(child, current) for child in tree["children"])
        count, result = _FUNCTIONS[name]
        if len(arguments) != count:
            raise ExpressionError(f"{name}() takes {count} argument{'s' if count > 1 else ''}, not {len(arguments)}")
        return Call(result(name, [argument.type for argument in arguments]), name, arguments)


_OPERATORS = {"eq": "==", "ne": "!=", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}


def _item(node: Node) -> Type:
    if not isinstance(node.type, ListType):
        raise ExpressionError(f"{describe(node.type)} has no items: it is no list")
    return node.type.item


def _plain(node: Node, where: str) -> Type:
    if isinstance(node.type, Root | Mixed | Null):
        raise ExpressionError(f"{describe(node.type)} {where} cannot be compiled")
    return node.type


def _common(left: Node, right: Node) -> Kind:
    """The type of what is one or the other."""
    if isinstance(left.type, Null):
        return right.type
    return left.type if isinstance(right.type, Null) or same(left.type, right.type) else Mixed()


def _length(name: str, kinds: Sequence[Kind]) -> Kind:
    if not isinstance(kinds[0], StringType | ListType | MapType):
        raise ExpressionError(f"{describe(kinds[0])} has no length")
    return _NUMBER


def _of_map(name: str, kinds: Sequence[Kind]) -> Kind:
    if not isinstance(kinds[0], MapType):
        raise ExpressionError(f"{name}() takes a map, not {describe(kinds[0])}")
    return ListType(_TEXT) if name == "keys" else ListType(kinds[0].value, kinds[0].sparse)


def _contains(name: str, kinds: Sequence[Kind]) -> Kind:
    whole, part = kinds
    kind = whole.item if isinstance(whole, ListType) else whole
    if not isinstance(whole, ListType | StringType) or not same(kind, part):
        raise ExpressionError(f"contains() cannot look for {describe(part)} in {describe(whole)}")
    return _BOOLEAN


def _affix(name: str, kinds: Sequence[Kind]) -> Kind:
    for kind in kinds:
        if not isinstance(kind, StringType):
            raise ExpressionError(f"{name}() takes text, not {describe(kind)}")
    return _BOOLEAN


_FUNCTIONS: Mapping[str, tuple[int, Callable[[str, Sequence[Kind]], Kind]]] = {
    "length": (1, _length),
    "keys": (1, _of_map),
    "values": (1, _of_map),
    "contains": (2, _contains),
    "starts_with": (2, _affix),
    "ends_with": (2, _affix),
}
