"""The only place where a name from a spec becomes a Python identifier.

One rule resolves every collision: a name that is taken (by a keyword, by a name the generated code uses itself, or by
another of the spec's names) gets a trailing underscore, and after that a number: ``list_``, ``list_2``, ``list_3``.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Iterable

_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_PLURAL_ACRONYM = re.compile(r"(?<=[A-Z]{2})s(?![a-z])")


def words(name: str) -> list[str]:
    """Split a name at case changes, digits and punctuation: ``RequestTTLSeconds`` -> request, ttl, seconds.

    Digits stay with the word before them (``Ipv6Address`` -> ipv6, address); characters outside ASCII letters and
    digits only separate.
    """
    found: list[str] = []
    end = -1
    for match in _WORDS.finditer(_PLURAL_ACRONYM.sub("S", name)):
        word = match.group().lower()
        if word.isdigit() and found and match.start() == end:
            found[-1] += word
        else:
            found.append(word)
        end = match.end()
    return found


def snake_case(name: str) -> str:
    """``EndpointName`` -> ``endpoint_name``; always an ASCII identifier, though it may be a keyword."""
    joined = "_".join(words(name)) or "member"
    return f"n{joined}" if joined[0].isdigit() else joined


def pascal_case(name: str) -> str:
    """``sagemaker-runtime`` -> ``SagemakerRuntime``; a name so spelled already is kept."""
    if name.isascii() and name.isidentifier() and name[0].isupper() and "_" not in name:
        return name
    joined = "".join(word[:1].upper() + word[1:] for word in words(name)) or "Shape"
    return f"N{joined}" if joined[0].isdigit() else joined


class Namespace:
    """The names of one scope: what is taken, and the rule that finds a free one."""

    def __init__(self, reserved: Iterable[str] = ()) -> None:
        self._taken = set(reserved)
        self._tries: dict[str, int] = {}

    def claim(self, name: str, *others: str) -> str:
        """Take ``name``, or the first spelling of it that is free, and return it.

        ``others`` are formats of names that come with it, such as ``Async{}``: they must be free, and are taken, too.
        """
        tried = self._tries.get(name, 0)
        given = name if tried < 2 else f"{name}_{tried}"
        while not self._is_free(given, others):
            tried += 1
            given = f"{name}_" if tried == 1 else f"{name}_{tried}"
        self._tries[name] = tried
        self._taken |= {given, *(other.format(given) for other in others)}
        return given

    def _is_free(self, name: str, others: Iterable[str]) -> bool:
        return not keyword.iskeyword(name) and self._taken.isdisjoint((name, *(o.format(name) for o in others)))


def member_names(names: Iterable[str], reserved: Iterable[str]) -> dict[str, str]:
    """Give each of the spec's member names a snake_case attribute name; unique, and none of ``reserved``."""
    return _assign(names, snake_case, Namespace(reserved))


def class_names(names: Iterable[str], namespace: Namespace) -> dict[str, str]:
    """Give each of the spec's shape names a class name that is free in ``namespace``."""
    return _assign(names, pascal_case, namespace)


def _assign(names: Iterable[str], spell: Callable[[str], str], namespace: Namespace) -> dict[str, str]:
    return {name: namespace.claim(spell(name)) for name in dict.fromkeys(names)}
