"""Python expressions over values that may be None.

Where ``table`` may be None, ``output.table.name`` must not be evaluated. It is kept as that source beside the guard
``output.table is not None``. What is made of it, such as ``len(output.table.name)``, takes the guard over, and only a
value that is complete says what it is without: ``len(output.table.name) if output.table is not None else None``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import IntEnum

from lapsmith.python.names import Namespace

_REFERENCE = re.compile(r"\w+(\.\w+|\[-?\d+\])*")
_NOT_NONE = " is not None"


class Level(IntEnum):
    """How tightly an expression binds: Python's operators, the loosest first."""

    CONDITIONAL = 0
    OR = 1
    AND = 2
    NOT = 3
    COMPARISON = 4
    ATOM = 5


@dataclass(frozen=True, slots=True)
class Code:
    """A Python expression.

    Where one of ``guards`` does not hold, the value is None and ``source`` must not be evaluated; where all do, it is
    that of ``source``, which may be None if ``nullable``.
    """

    source: str
    nullable: bool = False
    guards: tuple[str, ...] = ()
    level: Level = Level.ATOM

    def at(self, level: Level) -> str:
        """Return the source in parentheses, unless it binds at least so tightly."""
        return self.source if self.level >= level else f"({self.source})"

    def otherwise(self, value: str) -> Code:
        """Return the code without guards: where they do not hold, it is ``value``."""
        if not self.guards:
            return self
        source = f"{self.at(Level.OR)} if {' and '.join(self.guards)} else {value}"
        return Code(source, nullable=True, level=Level.CONDITIONAL)

    @property
    def value(self) -> Code:
        """The same value without guards."""
        return self.otherwise("None")

    @property
    def is_reference(self) -> bool:
        """Whether the source is a name, an attribute or an item, which may well be evaluated twice."""
        return _REFERENCE.fullmatch(self.source) is not None

    @property
    def has_boolean_guards(self) -> bool:
        """Whether all guards are booleans and not just true or false, so that they can be part of a value."""
        return all(guard.endswith(_NOT_NONE) for guard in self.guards)


def condition(source: str) -> Code:
    """Return a guard as code."""
    return Code(source, level=Level.COMPARISON)


def all_of(conditions: list[Code]) -> Code:
    """Return the condition that all of some hold."""
    if len(conditions) == 1:
        return conditions[0]
    return Code(" and ".join(one.at(Level.NOT) for one in conditions), level=Level.AND)


class Scope:
    """What is there while an expression is put together: the names that are taken, and the guards that hold."""

    def __init__(self, reserved: Iterable[str]) -> None:
        self._names = Namespace(tuple(reserved))
        self._known: set[str] = set()

    def variable(self, name: str) -> str:
        """Return a variable of that name, or of one like it."""
        return self._names.claim(name)

    def present(self, code: Code) -> Code:
        """Return the code with a guard against None."""
        if not code.nullable:
            return code
        if code.is_reference:
            return replace(code, nullable=False, guards=self.guards(code, code.source + _NOT_NONE))
        return self._assigned(code, "value")

    def bound(self, code: Code) -> Code:
        """Return the code with its value in a variable, since it is used more than once."""
        return code if code.is_reference else self._assigned(code, "items")

    def guards(self, code: Code, *more: str) -> tuple[str, ...]:
        """Return the guards of the code and ``more``, without those that are known to hold."""
        return tuple(dict.fromkeys(guard for guard in (*code.guards, *more) if guard not in self._known))

    @contextmanager
    def knowing(self, guards: Iterable[str]) -> Iterator[None]:
        """What is put together meanwhile is evaluated only where ``guards`` hold."""
        new = set(guards) - self._known
        self._known |= new
        yield
        self._known -= new

    def _assigned(self, code: Code, name: str) -> Code:
        variable = self.variable(name)
        return Code(variable, guards=self.guards(code, f"({variable} := {code.source}){_NOT_NONE}"))
