"""Lists of JMESPath as loops of Python.

``Tables[?Open].Name`` becomes ``[table.name for table in output.tables if table.open]``: a projection adds a condition
against None, a filter its condition, a flattening another ``for``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from lapsmith.ir import jmespath
from lapsmith.ir import model as ir
from lapsmith.python.jmespath.access import Access, is_argument
from lapsmith.python.jmespath.guarded import Code, Level, Scope

Emit = Callable[[jmespath.Node, Code], Code]
"""The code of a node, given that of ``@``."""

_ENDINGS = (("sses", "ss"), ("xes", "x"), ("uses", "us"), ("ies", "y"), ("s", ""))
_LONG = 16


@dataclass(frozen=True, slots=True)
class _Loop:
    """The clauses of a comprehension, and its item. ``guards`` are what must hold for there to be a list at all.

    ``whole`` is the list that is looped over, as long as nothing is chosen from it.
    """

    clauses: tuple[str, ...]
    item: Code
    guards: tuple[str, ...] = ()
    whole: Code | None = None

    def then(self, *clauses: str, item: Code | None = None) -> _Loop:
        """Return the loop with more clauses, and with another item if one is given."""
        return _Loop((*self.clauses, *clauses), item or self.item, self.guards)

    @property
    def code(self) -> Code:
        """The list that the loop makes."""
        if self.whole is not None:
            return replace(self.whole, nullable=False, guards=self.guards)
        return Code(f"[{self.item.at(Level.OR)} {' '.join(self.clauses)}]", guards=self.guards)


class Loops:
    """Compiles lists. ``emit`` compiles what is no list, and ``truth`` what is a condition."""

    def __init__(self, emit: Emit, truth: Emit, access: Access, scope: Scope) -> None:
        self._emit = emit
        self._truth = truth
        self._access = access
        self._scope = scope

    def value(self, node: jmespath.Node, current: Code) -> Code:
        """Return code of a list that is as JMESPath has it: of null, null."""
        return self._loop(node, current, exact=True).code

    def items(self, node: jmespath.Node, current: Code) -> Code:
        """Return code that can be looped over: what is null has no items."""
        if isinstance(node, jmespath.Project):
            return self._loop(node, current, exact=False).code
        code = self._emit(node, current)
        match node.type:
            case ir.ListType():
                return self._list_or_empty(code)
            case ir.MapType():
                return Code(f"{self._map_or_empty(code).at(Level.ATOM)}.items()")
            case _:
                one = self._scope.present(code)
                return self._list_or_empty(Code(f"({one.source},)", guards=one.guards))

    def _loop(self, node: jmespath.Node, current: Code, *, exact: bool) -> _Loop:
        """Return the loop over a list. Null is no list: ``exact`` says so in guards, else it has no items."""
        match node:
            case jmespath.Project(_, of, body):
                return self._projected(self._loop(of, current, exact=exact), body)
            case jmespath.Filter(_, of, condition):
                loop = self._loop(of, current, exact=exact)
                return loop.then(f"if {self._truth(condition, loop.item).at(Level.OR)}")
            case jmespath.Flatten(_, of):
                return self._flattened(self._loop(of, current, exact=exact), of)
            case jmespath.Values(_, of):
                code = self._emit(of, current)
                code = self._scope.present(code) if exact else self._map_or_empty(code)
                values = replace(code, source=f"{code.at(Level.ATOM)}.values()", level=Level.ATOM)
                return self._over(values, of, Code(f"list({values.source})"))
            case _:
                code = self._emit(node, current)
                code = self._scope.present(code) if exact else self._list_or_empty(code)
                return self._over(code, node, replace(code, guards=()))

    def _over(self, code: Code, of: jmespath.Node, whole: Code) -> _Loop:
        """Return the loop over what ``code`` is the code of; ``of`` is the list or map that it comes from."""
        variable = self._variable(of, of.type)
        return _Loop((f"for {variable.source} in {code.at(Level.OR)}",), variable, code.guards, whole)

    def _projected(self, loop: _Loop, body: jmespath.Node) -> _Loop:
        """Return the loop over ``body`` of each item, without nulls."""
        code = self._emit(body, loop.item)
        conditions = [*code.guards, *([f"{code.at(Level.ATOM)} is not None"] if code.nullable else [])]
        item = Code(code.source, level=code.level)
        if conditions:
            return loop.then(f"if {' and '.join(conditions)}", item=item)
        return replace(loop, item=item, whole=loop.whole if isinstance(body, jmespath.Current) else None)

    def _flattened(self, loop: _Loop, of: jmespath.Node) -> _Loop:
        """Return the loop over the items of the items, where those are lists."""
        if not isinstance(of.type, ir.ListType) or not isinstance(of.type.item, ir.ListType):
            return loop
        inner = self._access.items(loop.item.at(Level.AND)) if loop.item.nullable else loop.item.at(Level.OR)
        variable = self._variable(of, of.type.item)
        return loop.then(f"for {variable.source} in {inner}", item=variable)

    def _variable(self, of: jmespath.Node, kind: jmespath.Kind) -> Code:
        """Return the variable that stands for an item of ``of``, a list or map of that type."""
        sparse = isinstance(kind, ir.ListType | ir.MapType) and kind.sparse
        known = self._access.typed or is_argument(of)
        return Code(self._scope.variable(_singular(self._name(of))), nullable=sparse or not known)

    def _list_or_empty(self, code: Code) -> Code:
        if code.nullable:
            code = replace(code, source=self._access.items(code.at(Level.AND)), level=Level.OR)
        return replace(code.otherwise("()"), nullable=False)

    def _map_or_empty(self, code: Code) -> Code:
        if code.nullable:
            code = replace(code, source=f"{code.at(Level.AND)} or {{}}", level=Level.OR)
        return replace(code.otherwise("{}"), nullable=False)

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


def _singular(name: str) -> str:
    """Return a name for one of ``name``: ``instances`` -> ``instance``; of a long one only the last word."""
    name = name.rstrip("_")
    if len(name) > _LONG:
        name = name.rpartition("_")[2]
    for ending, end in _ENDINGS:
        if name.endswith(ending) and len(name) > len(ending) + 1 and not name.endswith("ss"):
            return name.removesuffix(ending) + end
    return "item"
