"""How compiled JMESPath reaches members and items: as attributes of an output, or as what callers gave."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from lapsmith.ir import jmespath
from lapsmith.ir import model as ir
from lapsmith.python import names
from lapsmith.python.jmespath.guarded import Code
from lapsmith.python.text import literal
from lapsmith.python.view import Parameter

Fields = Callable[[str | None], Mapping[str, Parameter]]
"""Member -> attribute: of the structure with that name, or of the output (None)."""


class Access(Protocol):
    """How members and items are reached.

    Where values are ``typed``, it is known which may be None, and only those are guarded. Where they are not, anything
    may be, and the functions that read it take None.
    """

    typed: bool

    def field(self, owner: Code, node: jmespath.Field) -> Code:
        """Return the code of a member of ``owner``."""
        ...

    def items(self, source: str) -> str:
        """Return an expression of the items of what may be None."""
        ...

    def keys(self, source: str) -> str:
        """Return an expression of the keys of a map, as a list."""
        ...

    def name(self, node: jmespath.Field) -> str:
        """Return what Python calls a member."""
        ...


class Attributes:
    """Members are attributes of typed structures, and known to be None or not."""

    typed = True

    def __init__(self, fields: Fields) -> None:
        self._fields = fields

    def field(self, owner: Code, node: jmespath.Field) -> Code:
        found = self._parameter(node)
        nullable = found.annotation.endswith("| None") or found.annotation == "Any"
        return Code(f"{owner.source}.{found.name}", nullable, owner.guards)

    def items(self, source: str) -> str:
        return f"{source} or ()"

    def keys(self, source: str) -> str:
        return f"list({source})"

    def name(self, node: jmespath.Field) -> str:
        return self._parameter(node).name

    def _parameter(self, node: jmespath.Field) -> Parameter:
        owner = node.of.type
        return self._fields(owner.name if isinstance(owner, ir.StructureRef) else None)[node.member.name]


class Arguments:
    """Members are arguments; those below, whatever the caller made them."""

    typed = False

    def __init__(self, root: Callable[[ir.Member], str]) -> None:
        self._root = root

    def field(self, owner: Code, node: jmespath.Field) -> Code:
        if is_argument(node):
            return Code(self._root(node.member), nullable=not node.member.required)
        source = f"member_of({owner.source}, {literal(node.member.wire_name)})"
        return Code(source, nullable=True, guards=owner.guards)

    def items(self, source: str) -> str:
        return f"items_of({source})"

    def keys(self, source: str) -> str:
        return f"keys_of({source})"

    def name(self, node: jmespath.Field) -> str:
        return names.snake_case(node.member.name)


def is_argument(node: jmespath.Node) -> bool:
    """Whether a node is a member of the input or output itself."""
    return isinstance(node, jmespath.Field) and isinstance(node.of.type, jmespath.Root)


class Nameless(dict[str, Parameter]):
    """Attributes that may all be None, under the names of their members."""

    def __missing__(self, name: str) -> Parameter:
        member = ir.Member(name, ir.DocumentType(), False, ir.Location.BODY, name)
        return Parameter(names.snake_case(name), "Any", False, name, member)
