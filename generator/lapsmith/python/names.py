"""The only place where a name from a spec becomes a Python identifier.

One rule resolves every collision: a name that is taken (by a keyword, by a name the generated code uses itself, or by
another member) gets a trailing underscore, and another one until it is free.
"""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Callable, Iterable

_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_PLURAL_ACRONYM = re.compile(r"(?<=[A-Z]{2})s(?![a-z])")

ANNOTATION_NAMES = frozenset({"Any", "bool", "bytes", "datetime", "dict", "float", "int", "list", "object", "str"})
"""Names that annotations in generated code use: a member so called would change what a later annotation means."""

PARAMETER_NAMES = ANNOTATION_NAMES | {"isinstance", "json", "self"}
"""Names that a method or builder has itself."""

OUTPUT_NAMES = ANNOTATION_NAMES | {"json", "metadata", "property", "with_metadata"}
"""Attributes of every output."""

STREAM_NAMES = OUTPUT_NAMES | {
    "aclose",
    "close",
    "iter_bytes",
    "iter_json",
    "iter_lines",
    "iter_sse",
    "iter_text",
    "output",
    "staticmethod",
}
"""Attributes of every event stream, besides those of an output."""

ERROR_NAMES = ANNOTATION_NAMES | {
    "add_note",
    "args",
    "attempts",
    "code",
    "message",
    "operation",
    "request_id",
    "retry",
    "retryable",
    "status",
    "wire_members",
    "with_traceback",
}
"""Attributes of every service error."""

METHOD_NAMES = frozenset({"aclose", "close", "with_options"})
"""Methods of every client."""

_CLASS_NAMES = frozenset(name for name in dir(builtins) if name[:1].isupper())


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


def free(name: str, taken: Iterable[str]) -> str:
    """Apply the rule: add underscores until ``name`` is neither a keyword nor in ``taken``."""
    taken = taken if isinstance(taken, set | frozenset) else frozenset(taken)
    while keyword.iskeyword(name) or name in taken:
        name += "_"
    return name


def member_names(names: Iterable[str], reserved: frozenset[str]) -> dict[str, str]:
    """Give each of the spec's member names a snake_case attribute name; unique, and none of ``reserved``."""
    return _assign(names, snake_case, reserved)


def class_names(names: Iterable[str], reserved: frozenset[str]) -> dict[str, str]:
    """Give each of the spec's shape names a class name; unique, no builtin's, and none of ``reserved``."""
    return _assign(names, pascal_case, reserved | _CLASS_NAMES)


def _assign(names: Iterable[str], spell: Callable[[str], str], reserved: frozenset[str]) -> dict[str, str]:
    taken = set(reserved)
    given: dict[str, str] = {}
    for name in names:
        if name not in given:
            given[name] = free(spell(name), taken)
            taken.add(given[name])
    return given
