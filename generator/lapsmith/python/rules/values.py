"""Values and conditions of endpoint rules as Python expressions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from lapsmith.ir.rules import (
    Attribute,
    Call,
    Constant,
    Expression,
    Item,
    Kind,
    Property,
    Reference,
    RuleParameter,
    Template,
)
from lapsmith.python.names import Namespace, snake_case
from lapsmith.python.rules.branches import Test, compared_text, test_of
from lapsmith.python.text import literal

ANNOTATIONS = {
    Kind.STRING: "str",
    Kind.BOOLEAN: "bool",
    Kind.INTEGER: "int",
    Kind.STRINGS: "Sequence[str]",
    Kind.PARTITION: "Partition",
    Kind.ARN: "Arn",
    Kind.URL: "URL",
}

_FUNCTIONS = {
    "uriEncode": "uri_encode",
    "parseURL": "parse_url",
    "isValidHostLabel": "is_valid_host_label",
    "split": "split",
    "substring": "substring",
    "aws.partition": "partition",
    "aws.parseArn": "parse_arn",
    "aws.isVirtualHostableS3Bucket": "is_virtual_hostable_s3_bucket",
}
_KEYWORDS = {
    "isValidHostLabel": {1: "allow_subdomains"},
    "aws.isVirtualHostableS3Bucket": {1: "allow_subdomains"},
    "substring": {3: "reverse"},
}
IMPORTED = frozenset(
    (
        *_FUNCTIONS.values(),
        *("coalesce", "item"),
        *("Arn", "EndpointRules", "InvalidInput", "Partition", "ResolvedEndpoint", "RULES", "Sequence", "URL"),
    )
)
"""The names of the module itself."""


class Values:
    """Spells values. A name of the rules becomes one Python name for each kind of value that it has."""

    def __init__(self, parameters: Sequence[RuleParameter], names: Namespace) -> None:
        self._names = names
        self.spelled = {(each.name, each.kind): names.claim(snake_case(each.name)) for each in parameters}

    def name(self, name: str, kind: Kind) -> str:
        """Return the Python name of a parameter, or of what a condition assigned."""
        if (name, kind) not in self.spelled:
            self.spelled[name, kind] = self._names.claim(snake_case(name))
        return self.spelled[name, kind]

    def value(self, value: Expression) -> str:
        """Return the source of a value."""
        match value:
            case Constant(constant):
                return literal(constant)
            case Reference(name, kind):
                return self.name(name, kind)
            case Template():
                return self._template(value)
            case Attribute(inner, name):
                return f"{self.value(inner)}.{snake_case(name)}"
            case Item(inner, index):
                return f"item({self.value(inner)}, {index})"
            case Call("ite", (condition, yes, no)):
                return f"({self.value(yes)} if {self.value(condition)} else {self.value(no)})"
            case Call("coalesce", arguments):
                *first, last = map(self.value, arguments)
                return "".join(f"coalesce({each}, " for each in first) + last + ")" * len(first)
            case Call(function, arguments) if function in _FUNCTIONS:
                return f"{_FUNCTIONS[function]}({', '.join(self._arguments(function, arguments))})"
            case _:
                return f"({self.test(test_of(value))})"

    def _arguments(self, function: str, arguments: Sequence[Expression]) -> Iterator[str]:
        keywords = _KEYWORDS.get(function, {})
        for index, argument in enumerate(arguments):
            if (keyword := keywords.get(index)) != "reverse":
                yield f"{keyword}={self.value(argument)}" if keyword else self.value(argument)
            elif argument != Constant(False):
                yield f"reverse={self.value(argument)}"

    def _template(self, template: Template) -> str:
        if template.text is not None:
            return literal(template.text)
        if len(template.parts) == 1:
            return self.value(cast("Expression", template.parts[0]))
        parts = (
            _inside_braces(part) if isinstance(part, str) else "{" + self.value(part) + "}" for part in template.parts
        )
        return f'f"{"".join(parts)}"'

    def property(self, value: Property) -> str:
        """Return the source of a property of an endpoint."""
        if isinstance(value, Template):
            return self.value(value)
        if isinstance(value, tuple):
            return f"[{', '.join(map(self.property, value))}]"
        if isinstance(value, Mapping):
            return "{" + ", ".join(f"{literal(key)}: {self.property(item)}" for key, item in value.items()) + "}"
        return literal(value)

    def tests(self, tests: Sequence[Test | str]) -> str:
        """Return the source of conditions that must all hold; texts are conditions that are spelled already."""
        spelled: list[str] = []
        index = 0
        while index < len(tests):
            source, count = self._joined(tests[index:])
            spelled.append(source)
            index += count
        return " and ".join(spelled)

    def _joined(self, tests: Sequence[Test | str]) -> tuple[str, int]:
        """Spell the first conditions as one where Python has a shorter way, and say how many they are."""
        first = tests[0]
        if isinstance(first, str):
            return first, 1
        checked, second = _checked(first), tests[1] if len(tests) > 1 else None
        if isinstance(second, Test) and checked is not None:
            if checked == second.value:
                return (self.value(checked) if second.holds else f"{self.value(checked)} is False"), 2
            compared = compared_text(second.value)
            if second.holds and compared is not None and compared[0] == checked:
                return self.test(second), 2
        excluded: list[str] = []
        subject = _excluded(first)
        for test in tests:
            found = _excluded(test)
            if subject is None or found is None or found[0] != subject[0]:
                break
            excluded.append(literal(found[1]))
        if subject is not None and len(excluded) > 1:
            return f"{self.value(subject[0])} not in ({', '.join(excluded)})", len(excluded)
        return self.test(first), 1

    def test(self, test: Test) -> str:
        """Return the source of one condition."""
        value = test.value
        match value:
            case Call("isSet", (inner,)):
                return f"{self.value(inner)} {'is not' if test.holds else 'is'} None"
            case Call("stringEquals" | "booleanEquals", (first, second)):
                if isinstance(first, Template) and first.text is not None:
                    first, second = second, first
                return f"{self.value(first)} {'==' if test.holds else '!='} {self.value(second)}"
            case _ if value.kind is not Kind.BOOLEAN:
                return f"{self.value(value)} {'is not' if test.holds else 'is'} None"
            case _:
                return self.value(value) if test.holds else f"not {self.value(value)}"


def _checked(test: Test) -> Expression | None:
    """The name that the test finds to have a value."""
    if not (isinstance(test.value, Call) and test.value.function == "isSet" and test.holds):
        return None
    found = test.value.arguments[0]
    return Reference(found.name, found.kind) if isinstance(found, Reference) else None


def _excluded(test: Test | str) -> tuple[Expression, str] | None:
    """The value, and the text that it must not be."""
    return None if isinstance(test, str) or test.holds else compared_text(test.value)


def _inside_braces(text: str) -> str:
    """Escape text for an f-string in double quotes."""
    escaped = text.encode("unicode_escape").decode("ascii").replace('"', '\\"')
    return escaped.replace("{", "{{").replace("}", "}}")
