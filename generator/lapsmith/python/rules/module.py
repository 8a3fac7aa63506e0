"""Endpoint rules -> one plain Python function, with helpers where it would not fit on a screen."""

from __future__ import annotations

from dataclasses import dataclass

from lapsmith.ir.rules import Reference, RuleParameter, RuleSet
from lapsmith.python.docs import code
from lapsmith.python.names import Namespace
from lapsmith.python.rules.branches import Facts, straighten
from lapsmith.python.rules.functions import Function, Functions
from lapsmith.python.rules.statements import Statement, Statements
from lapsmith.python.rules.syntax import constant, refusal
from lapsmith.python.rules.values import ANNOTATIONS, IMPORTED, Values
from lapsmith.python.text import docstring, literal, section

RESOLVE = "resolve_endpoint"
_NO_RULE = "no endpoint rule of the service applies to these settings"


@dataclass(frozen=True, slots=True)
class RuleArgument:
    """A keyword of the function. ``name`` is the parameter's in the rules, ``default`` is source text."""

    keyword: str
    name: str
    annotation: str
    default: str
    built_in: str | None


@dataclass(frozen=True, slots=True)
class RulesView:
    """The module: the function's arguments and lines, and its helpers."""

    arguments: tuple[RuleArgument, ...]
    lines: tuple[str, ...]
    helpers: tuple[Function, ...]

    @property
    def docstring(self) -> str:
        """The docstring of the function."""
        entries = [(each.keyword, _meaning(each)) for each in self.arguments]
        raised = [("InvalidInput", "the service has no endpoint for these settings.")]
        sections = [section("Args", entries)] if entries else []
        return docstring(["Return the endpoint for these settings.", *sections, section("Raises", raised)], 4)

    @property
    def built_ins(self) -> tuple[RuleArgument, ...]:
        """The arguments that the client's settings are for."""
        return tuple(each for each in self.arguments if each.built_in is not None)

    @property
    def parameters(self) -> tuple[RuleArgument, ...]:
        """The arguments that operations set."""
        return tuple(each for each in self.arguments if each.built_in is None)


def compile_rules(rules: RuleSet) -> RulesView:
    """Compile a rule set."""
    names = Namespace((*IMPORTED, RESOLVE, "found"))
    values = Values(rules.parameters, names)
    statements = Statements(values)
    facts = Facts()
    body: list[Statement] = []
    for each in rules.parameters:
        if each.required and each.default is None:
            facts.know(each.name, each.kind)
            body.append(statements.need(Reference(each.name, each.kind)))
    block = statements.block(straighten(rules.rules), facts)
    body += block.statements
    if not block.closed:
        body.append(Statement(refusal(constant(_NO_RULE))))
    left, helpers = Functions(rules.parameters, values, names).cut(body)
    lines = tuple(line for each in left for line in each.render(4))
    return RulesView(tuple(_argument(each, values) for each in rules.parameters), lines, helpers)


def _meaning(argument: RuleArgument) -> str:
    of = f"the setting ``{code(argument.built_in)}``" if argument.built_in else "set by operations"
    return f"``{code(argument.name)}`` in the rules, {of}."


def _argument(parameter: RuleParameter, values: Values) -> RuleArgument:
    default = parameter.default
    if isinstance(default, tuple):
        spelled = "(" + "".join(f"{literal(item)}, " for item in default) + ")"
    else:
        spelled = literal(default)
    annotation = ANNOTATIONS[parameter.kind]
    return RuleArgument(
        values.name(parameter.name, parameter.kind),
        parameter.name,
        f"{annotation} | None" if default is None else annotation,
        spelled,
        parameter.built_in,
    )
