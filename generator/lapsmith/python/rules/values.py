"""Values and conditions of endpoint rules as Python expressions."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from functools import reduce
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
from lapsmith.python.rules.syntax import all_of, call, compare, constant, name

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

    def value(self, value: Expression) -> ast.expr:
        """Return a value."""
        match value:
            case Constant(found):
                return constant(found)
            case Reference(found, kind):
                return name(self.name(found, kind))
            case Template():
                return self._template(value)
            case Attribute(inner, attribute):
                return ast.Attribute(self.value(inner), snake_case(attribute), ast.Load())
            case Item(inner, index):
                return call("item", self.value(inner), constant(index))
            case Call("ite", (condition, yes, no)):
                return ast.IfExp(self.value(condition), self.value(yes), self.value(no))
            case Call("coalesce", arguments):
                *first, last = map(self.value, arguments)
                return reduce(lambda rest, each: call("coalesce", each, rest), reversed(first), last)
            case Call(function, arguments) if function in _FUNCTIONS:
                return self._call(function, arguments)
            case _:
                return self.test(test_of(value))

    def _call(self, function: str, arguments: Sequence[Expression]) -> ast.expr:
        given = _KEYWORDS.get(function, {})
        plain = [self.value(each) for index, each in enumerate(arguments) if index not in given]
        keywords = {
            given[index]: self.value(each)
            for index, each in enumerate(arguments)
            if index in given and (given[index] != "reverse" or each != Constant(False))
        }
        return call(_FUNCTIONS[function], *plain, **keywords)

    def _template(self, template: Template) -> ast.expr:
        if template.text is not None:
            return constant(template.text)
        if len(template.parts) == 1:
            return self.value(cast("Expression", template.parts[0]))
        return ast.JoinedStr(
            [
                constant(part) if isinstance(part, str) else ast.FormattedValue(self.value(part), -1)
                for part in template.parts
            ]
        )

    def property(self, value: Property) -> ast.expr:
        """Return a property of an endpoint."""
        if isinstance(value, Template):
            return self.value(value)
        if isinstance(value, tuple):
            return ast.List(list(map(self.property, value)), ast.Load())
        if isinstance(value, Mapping):
            return ast.Dict(list(map(constant, value)), list(map(self.property, value.values())))
        return constant(value)

    def tests(self, tests: Sequence[Test | ast.expr]) -> ast.expr:
        """Return the condition that all of some hold; expressions are conditions already."""
        found: list[ast.expr] = []
        index = 0
        while index < len(tests):
            condition, count = self._joined(tests[index:])
            found.append(condition)
            index += count
        return all_of(found)

    def _joined(self, tests: Sequence[Test | ast.expr]) -> tuple[ast.expr, int]:
        """Make the first conditions one where Python has a shorter way, and say how many they are."""
        first = tests[0]
        if isinstance(first, ast.expr):
            return first, 1
        checked, second = _checked(first), tests[1] if len(tests) > 1 else None
        if isinstance(second, Test) and checked is not None:
            if checked == second.value:
                value = self.value(checked)
                return (value if second.holds else compare(value, ast.Is(), constant(False))), 2
            compared = compared_text(second.value)
            if second.holds and compared is not None and compared[0] == checked:
                return self.test(second), 2
        excluded: list[ast.expr] = []
        subject = _excluded(first)
        for test in tests:
            found = _excluded(test)
            if subject is None or found is None or found[0] != subject[0]:
                break
            excluded.append(constant(found[1]))
        if subject is not None and len(excluded) > 1:
            return compare(self.value(subject[0]), ast.NotIn(), ast.Tuple(excluded, ast.Load())), len(excluded)
        return self.test(first), 1

    def test(self, test: Test) -> ast.expr:
        """Return one condition."""
        value = test.value
        match value:
            case Call("isSet", (inner,)):
                return compare(self.value(inner), ast.IsNot() if test.holds else ast.Is())
            case Call("stringEquals" | "booleanEquals", (first, second)):
                if isinstance(first, Template) and first.text is not None:
                    first, second = second, first
                return compare(self.value(first), ast.Eq() if test.holds else ast.NotEq(), self.value(second))
            case _ if value.kind is not Kind.BOOLEAN:
                return compare(self.value(value), ast.IsNot() if test.holds else ast.Is())
            case _:
                return self.value(value) if test.holds else ast.UnaryOp(ast.Not(), self.value(value))


def _checked(test: Test) -> Expression | None:
    """The name that the test finds to have a value."""
    if not (isinstance(test.value, Call) and test.value.function == "isSet" and test.holds):
        return None
    found = test.value.arguments[0]
    return Reference(found.name, found.kind) if isinstance(found, Reference) else None


def _excluded(test: Test | ast.expr) -> tuple[Expression, str] | None:
    """The value, and the text that it must not be."""
    return None if isinstance(test, ast.expr) or test.holds else compared_text(test.value)
