"""Typed reading of YAML nodes: each function reports what is wrong and returns None, or what is left that is
right.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TypeVar

from lapsmith.bindings.model import Fact
from lapsmith.bindings.yaml_nodes import MappingNode, Node, ScalarNode, SequenceNode, describe
from lapsmith.diagnostics import Diagnostics, Span, suggest

T = TypeVar("T")
_TRUE = frozenset(("true", "yes", "on"))
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,18})?")
_DAY = 86_400
_SHOWN = 40


@dataclass(slots=True)
class Section:
    """A mapping with a fixed set of keys. Reading a key by the wrong type reports it and gives None."""

    where: str
    span: Span
    entries: dict[str, tuple[ScalarNode, Node]]
    diagnostics: Diagnostics
    is_mapping: bool = True

    @classmethod
    def of(cls, node: Node, where: str, keys: Collection[str], diagnostics: Diagnostics) -> Section:
        """Open ``node``, reporting keys other than ``keys``. A node that is no mapping counts as an empty
        one.
        """
        entries = dict(mapping(node, where, diagnostics))
        for name in [name for name in entries if name not in keys]:
            unknown_key(entries.pop(name)[0], where, keys, diagnostics)
        return cls(where, node.span, entries, diagnostics, isinstance(node, MappingNode))

    def node(self, key: str) -> Node | None:
        found = self.entries.get(key)
        return found[1] if found else None

    def key_span(self, key: str) -> Span:
        return self.entries[key][0].span

    def require(self, *keys: str) -> bool:
        """Report each of ``keys`` that is missing, unless there is no mapping for it to be in, which was reported."""
        if not self.is_mapping:
            return False
        missing = [key for key in keys if key not in self.entries]
        for key in missing:
            self.diagnostics.error(self.span, "missing-key", f"{self.where} needs the key '{key}'", f"add '{key}:'")
        return not missing

    def _read(self, key: str, read: Callable[[Node, str, Diagnostics], Fact[T] | None]) -> Fact[T] | None:
        node = self.node(key)
        return None if node is None else read(node, f"'{key}' of {self.where}", self.diagnostics)

    def text(self, key: str) -> Fact[str] | None:
        return self._read(key, text)

    def word(self, key: str) -> Fact[str] | None:
        return self._read(key, word)

    def prefix(self, key: str) -> Fact[str] | None:
        return self._read(key, prefix)

    def boolean(self, key: str) -> Fact[bool] | None:
        return self._read(key, boolean)

    def value(self, key: str) -> Fact[str | bool | int] | None:
        return self._read(key, value)

    def integer(self, key: str, low: int, high: int) -> Fact[int] | None:
        fact = self._read(key, integer)
        return None if fact is None or not self._in_range(key, fact, low, high) else fact

    def seconds(self, key: str) -> Fact[float] | None:
        fact = self._read(key, number)
        if fact is None or 0 < fact.value <= _DAY:
            return fact
        message = f"'{key}' of {self.where} must be a number of seconds above 0, and at most {_DAY}, a day"
        self.diagnostics.error(fact.span, "bad-value", message)
        return None

    def choice(self, key: str, choices: Sequence[str]) -> Fact[str] | None:
        fact = self.word(key)
        if fact is None or fact.value in choices:
            return fact
        message = f"'{key}' of {self.where} cannot be '{fact.value}'"
        hint = suggest(fact.value, choices) or "use one of: " + ", ".join(choices)
        self.diagnostics.error(fact.span, "bad-value", message, hint)
        return None

    def words(self, key: str) -> tuple[Fact[str], ...] | None:
        node = self.node(key)
        return None if node is None else words(node, f"'{key}' of {self.where}", self.diagnostics)

    def _in_range(self, key: str, fact: Fact[int], low: int, high: int) -> bool:
        if low <= fact.value <= high:
            return True
        message = f"'{key}' of {self.where} must be between {low} and {high}, not {fact.value}"
        self.diagnostics.error(fact.span, "bad-value", message)
        return False


def unknown_key(key: ScalarNode, where: str, keys: Collection[str], diagnostics: Diagnostics) -> None:
    """Report a key that the schema does not have."""
    hint = suggest(key.text, keys) or "known keys: " + ", ".join(keys)
    diagnostics.error(key.span, "unknown-key", f"{where} has no key '{key.text}'", hint)


def wrong_type(node: Node, where: str, wanted: str, diagnostics: Diagnostics, hint: str | None = None) -> None:
    """Report a node of the wrong kind."""
    diagnostics.error(node.span, "wrong-type", f"{where} must be {wanted}, not {describe(node)}", hint)


def mapping(node: Node, where: str, diagnostics: Diagnostics) -> dict[str, tuple[ScalarNode, Node]]:
    """The entries of a mapping; none after the error when it is something else."""
    if isinstance(node, MappingNode):
        return node.entries
    wrong_type(node, where, "a mapping", diagnostics)
    return {}


def text(node: Node, where: str, diagnostics: Diagnostics) -> Fact[str] | None:
    """Text that is not empty. A bare number or yes/no is refused, since its spelling may be an accident of
    YAML.
    """
    if isinstance(node, ScalarNode) and node.kind == "str" and node.text:
        return Fact(node.text, node.span)
    quote = isinstance(node, ScalarNode) and node.kind not in ("null", "str")
    if isinstance(node, ScalarNode) and not node.text:
        diagnostics.error(node.span, "wrong-type", f"{where} is empty", "give it a text, or delete the key")
    else:
        wrong_type(node, where, "text", diagnostics, "put it in quotes" if quote else None)
    return None


def word(node: Node, where: str, diagnostics: Diagnostics) -> Fact[str] | None:
    """A name, as it is spelled: ``No`` and ``1`` are names here."""
    if isinstance(node, ScalarNode) and node.kind != "null" and node.text:
        return Fact(node.text, node.span)
    if isinstance(node, ScalarNode) and not node.text:
        diagnostics.error(node.span, "wrong-type", f"{where} is empty", "give it a name, or delete it")
    else:
        wrong_type(node, where, "a name", diagnostics)
    return None


def prefix(node: Node, where: str, diagnostics: Diagnostics) -> Fact[str] | None:
    """What names begin with, which may be nothing: ``""``."""
    if isinstance(node, ScalarNode) and node.kind == "str" and not node.text:
        return Fact("", node.span)
    return word(node, where, diagnostics)


def boolean(node: Node, where: str, diagnostics: Diagnostics) -> Fact[bool] | None:
    """``true`` or ``false``."""
    if isinstance(node, ScalarNode) and node.kind == "bool":
        return Fact(node.text.lower() in _TRUE, node.span)
    wrong_type(node, where, "true or false", diagnostics)
    return None


def value(node: Node, where: str, diagnostics: Diagnostics) -> Fact[str | bool | int] | None:
    """A text, a yes/no value or a whole number, as YAML takes it."""
    if isinstance(node, ScalarNode) and node.kind == "bool":
        return Fact(node.text.lower() in _TRUE, node.span)
    if isinstance(node, ScalarNode) and node.kind == "int" and _is_decimal(node.text):
        return Fact(int(node.text), node.span)
    if isinstance(node, ScalarNode) and node.kind == "str":
        return Fact(node.text, node.span)
    wrong_type(node, where, "a text, a whole number, true or false", diagnostics, "put it in quotes")
    return None


def integer(node: Node, where: str, diagnostics: Diagnostics) -> Fact[int] | None:
    """A decimal whole number of at most 18 digits."""
    if isinstance(node, ScalarNode) and node.kind == "int" and _is_decimal(node.text.removeprefix("-")):
        return Fact(int(node.text), node.span)
    _not_decimal(node, where, "a whole number", "such as 1", diagnostics)
    return None


def _is_decimal(digits: str) -> bool:
    return digits.isascii() and digits.isdigit() and len(digits) <= 18 and (digits == "0" or digits[0] != "0")


def number(node: Node, where: str, diagnostics: Diagnostics) -> Fact[float] | None:
    """A number; ``1.5`` and ``70`` alike."""
    if isinstance(node, ScalarNode) and node.kind in ("int", "float") and _DECIMAL.fullmatch(node.text):
        return Fact(float(node.text), node.span)
    _not_decimal(node, where, "a number", "such as 70 or 1.5", diagnostics)
    return None


def _not_decimal(node: Node, where: str, wanted: str, hint: str, diagnostics: Diagnostics) -> None:
    """Report what is no decimal number. YAML has others, which are shown as spelled: ``070`` is 56, ``1:30`` is 90."""
    is_number = isinstance(node, ScalarNode) and node.kind in ("int", "float")
    found = f"'{_cut(node.text)}'" if isinstance(node, ScalarNode) and is_number else describe(node)
    diagnostics.error(node.span, "wrong-type", f"{where} must be {wanted} in decimal, not {found}", hint)


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def words(node: Node, where: str, diagnostics: Diagnostics) -> tuple[Fact[str], ...] | None:
    """A list of names, each once."""
    if not isinstance(node, SequenceNode):
        wrong_type(node, where, "a list of names", diagnostics, "write it as [First, Second]")
        return None
    seen: dict[str, Fact[str]] = {}
    for item in node.items:
        fact = word(item, f"an entry of {where}", diagnostics)
        if fact is None:
            continue
        if fact.value in seen:
            diagnostics.error(fact.span, "duplicate-name", f"'{fact.value}' is twice in {where}", "keep one of them")
        seen.setdefault(fact.value, fact)
    return tuple(seen.values())
