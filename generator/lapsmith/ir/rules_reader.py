"""``endpoint-rules.json`` to :class:`~lapsmith.ir.rules.RuleSet`. Whatever is wrong is a diagnostic at its place.

The specification's static checks are made here: names are defined before they are used and never twice, functions get
what they take, and a value that may be missing is used only after a condition made sure of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from lapsmith.diagnostics import Diagnostic, Diagnostics, Span, suggest
from lapsmith.ir.json_text import locate, read_json
from lapsmith.ir.rules import (
    ATTRIBUTES,
    SIGNATURES,
    Attribute,
    Call,
    Condition,
    Constant,
    EndpointRule,
    ErrorRule,
    Expression,
    Item,
    Kind,
    Need,
    Property,
    Reference,
    Rule,
    RuleParameter,
    RuleSet,
    Step,
    Template,
    TreeRule,
)

_MAX_DEPTH = 64
"""Trees and expressions in each other; the deepest rules of AWS have 20 levels."""

_PARAMETER_KINDS = {"string": Kind.STRING, "boolean": Kind.BOOLEAN, "stringarray": Kind.STRINGS}
_FUNCTIONS = (*SIGNATURES, "isSet", "getAttr", "coalesce", "ite")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_VERSION = re.compile(r"1\.[0-9]+")
_STEP = re.compile(r"([A-Za-z][A-Za-z0-9]*)?(?:\[(-?[0-9]{1,4})\])?")
_PIECE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_WORDS = {
    dict: "an object",
    list: "a list",
    str: "a string",
    bool: "true or false",
    int: "a number",
    type(None): "null",
}

_Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Read:
    """The rule set, or None after errors; what there is to say; and the text that spans point into."""

    rules: RuleSet | None
    diagnostics: tuple[Diagnostic, ...]
    source: str


def read_rules(data: bytes, file: str) -> Read:
    """Read a rule set. ``file`` is how messages name it. Never raises for what the file holds."""
    diagnostics = Diagnostics()
    text, value = read_json(data, file, diagnostics)
    rules = None
    if not diagnostics.has_errors:
        reader = _Reader(text, file, diagnostics)
        try:
            rules = reader.rule_set(value)
        except _Stop:
            rules = None
    return Read(None if diagnostics.has_errors else rules, diagnostics.sorted(), text)


class _Stop(Exception):
    """What stands here cannot be read on; it has been reported."""


@dataclass(slots=True)
class _Scope:
    """What the names mean at one place: their kinds, and which of them may be missing."""

    kinds: dict[str, Kind]
    missing: set[str]

    def copy(self) -> _Scope:
        return _Scope(dict(self.kinds), set(self.missing))


@dataclass(slots=True)
class _Reader:
    text: str
    file: str
    diagnostics: Diagnostics
    needs: list[Need] = field(default_factory=list[Need])

    def rule_set(self, value: Any) -> RuleSet:
        root = self._object(value, (), "the rule set", ("version", "parameters", "rules"))
        version = root["version"]
        if not isinstance(version, str) or not _VERSION.fullmatch(version):
            hint = "the versions 1.0 and later of Smithy's rules engine can be read"
            raise self._refused(("version",), "rules-version", "this is not a known version of endpoint rules", hint)
        parameters = tuple(self._parameters(root["parameters"]))
        kinds = {each.name: each.kind for each in parameters}
        missing = {each.name for each in parameters if each.optional}
        rules = self._rules(root["rules"], ("rules",), _Scope(kinds, missing), 0)
        return RuleSet(version, parameters, rules)

    def _parameters(self, value: Any) -> Iterator[RuleParameter]:
        for name, entry in self._object(value, ("parameters",), "'parameters'").items():
            path = ("parameters", name)
            if not _NAME.fullmatch(name):
                self._error(path, "bad-name", f"'{name}' cannot be a parameter's name")
                continue
            spec = self._object(entry, path, f"the parameter {name}", ("type",))
            kind = _PARAMETER_KINDS.get(str(spec["type"]).lower())
            if kind is None:
                self._error((*path, "type"), "bad-value", f"the type of {name} must be string, boolean or stringArray")
                continue
            yield RuleParameter(
                name,
                kind,
                self._optional(spec, path, "builtIn", str),
                bool(self._optional(spec, path, "required", bool)),
                self._default(spec, path, kind),
            )

    def _optional(self, spec: Mapping[str, Any], path: _Path, key: str, kind: type) -> Any:
        value = spec.get(key)
        if value is not None and not isinstance(value, kind):
            self._error((*path, key), "wrong-type", f"'{key}' must be {_WORDS[kind]}, not {_what(value)}")
            return None
        return value

    def _default(self, spec: Mapping[str, Any], path: _Path, kind: Kind) -> str | bool | tuple[str, ...] | None:
        value = spec.get("default")
        if value is None:
            return None
        if kind is Kind.STRINGS and isinstance(value, list):
            items: list[Any] = value
            if all(isinstance(item, str) for item in items):
                return tuple(items)
        elif isinstance(value, bool if kind is Kind.BOOLEAN else str) and kind is not Kind.STRINGS:
            return value
        self._error((*path, "default"), "wrong-type", f"the default must be a {kind}, not {_what(value)}")
        return None

    def _rules(self, value: Any, path: _Path, scope: _Scope, depth: int) -> tuple[Rule, ...]:
        items = self._list(value, path, "the rules")
        if depth > _MAX_DEPTH:
            raise self._refused(path, "rules-depth", f"rules are nested more than {_MAX_DEPTH} levels deep")
        if not items:
            self._error(path, "no-rules", "there is no rule here")
        return tuple(self._each(items, path, lambda item, at: self._rule(item, at, scope.copy(), depth)))

    def _each(self, items: list[Any], path: _Path, read: Callable[[Any, _Path], Rule]) -> Iterator[Rule]:
        """Read each rule; one that cannot be read does not keep the others from being looked at."""
        for index, item in enumerate(items):
            try:
                yield read(item, (*path, index))
            except _Stop:
                continue

    def _rule(self, value: Any, path: _Path, scope: _Scope, depth: int) -> Rule:
        rule = self._object(value, path, "a rule", ("type",))
        kind = rule["type"]
        needed = (
            {"endpoint": "endpoint", "error": "error", "tree": "rules"}.get(kind) if isinstance(kind, str) else None
        )
        if needed is None:
            raise self._refused((*path, "type"), "bad-value", "a rule is of the type endpoint, error or tree")
        if needed not in rule:
            raise self._refused(path, "missing-key", f"this {kind} rule has no '{needed}'")
        conditions = self._conditions(rule.get("conditions", []), (*path, "conditions"), scope)
        at = (*path, needed)
        if kind == "tree":
            return TreeRule(conditions, self._rules(rule[needed], at, scope, depth + 1))
        if kind == "error":
            message = self._present(rule[needed], at, Kind.STRING, scope)
            return ErrorRule((*conditions, *self._take_needs()), message)
        return self._endpoint(rule[needed], at, conditions, scope)

    def _endpoint(self, value: Any, path: _Path, conditions: tuple[Step, ...], scope: _Scope) -> EndpointRule:
        endpoint = self._object(value, path, "an endpoint", ("url",))
        url = self._present(endpoint["url"], (*path, "url"), Kind.STRING, scope)
        properties = self._object(endpoint.get("properties", {}), (*path, "properties"), "'properties'")
        headers = self._object(endpoint.get("headers", {}), (*path, "headers"), "'headers'")
        read = {key: self._property(item, (*path, "properties", key), scope, 0) for key, item in properties.items()}
        sent = {key: self._header(items, (*path, "headers", key), scope) for key, items in headers.items()}
        return EndpointRule((*conditions, *self._take_needs()), url, read, sent)

    def _header(self, value: Any, path: _Path, scope: _Scope) -> tuple[Expression, ...]:
        items = self._list(value, path, "a header's values")
        return tuple(self._present(item, (*path, at), Kind.STRING, scope) for at, item in enumerate(items))

    def _property(self, value: Any, path: _Path, scope: _Scope, depth: int) -> Property:
        if depth > _MAX_DEPTH:
            raise self._refused(path, "rules-depth", f"properties are nested more than {_MAX_DEPTH} levels deep")
        if isinstance(value, bool | int):
            return value
        if isinstance(value, str):
            return self._template(value, path, scope)
        if isinstance(value, list):
            return tuple(self._property(item, (*path, at), scope, depth + 1) for at, item in enumerate(value))
        if isinstance(value, dict):
            entries = cast("dict[str, Any]", value).items()
            return {key: self._property(item, (*path, key), scope, depth + 1) for key, item in entries}
        raise self._refused(path, "wrong-type", f"a property cannot be {_what(value)}")

    def _conditions(self, value: Any, path: _Path, scope: _Scope) -> tuple[Step, ...]:
        """Read conditions in order; ``scope`` then knows what they assign and make sure of."""
        found: list[Step] = []
        for index, item in enumerate(self._list(value, path, "'conditions'")):
            at = (*path, index)
            assign = self._object(item, at, "a condition", ("fn",)).get("assign")
            expression = self._expression(item, at, scope, 0)
            if assign is not None:
                self._assign(assign, expression.kind, (*at, "assign"), scope)
            found += [*self._take_needs(), Condition(expression, assign)]
            scope.missing.discard(_made_sure_of(expression))
        return tuple(found)

    def _take_needs(self) -> list[Need]:
        needs, self.needs = self.needs, []
        return needs

    def _assign(self, name: Any, kind: Kind, path: _Path, scope: _Scope) -> None:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise self._refused(path, "bad-name", f"{name!r} cannot be assigned to: it is no name")
        if name in scope.kinds:
            self._error(path, "duplicate-name", f"'{name}' has a value here already, and none is given a second one")
        scope.kinds[name] = kind
        scope.missing.discard(name)

    def _present(self, value: Any, path: _Path, kind: Kind, scope: _Scope, depth: int = 0) -> Expression:
        """Read an expression of a kind that must not be missing."""
        return self._ensured(self._typed(value, path, kind, scope, depth), path, scope)

    def _typed(self, value: Any, path: _Path, kind: Kind, scope: _Scope, depth: int) -> Expression:
        found = self._expression(value, path, scope, depth)
        if found.kind is not kind:
            self._error(path, "wrong-type", f"this must be a {kind}, but is a {found.kind}")
        return found

    def _ensured(self, found: Expression, path: _Path, scope: _Scope) -> Expression:
        """Return the expression as one that has a value: parameters are noted as needed, all else is an error."""
        if isinstance(found, Reference) and found.optional:
            self.needs.append(Need(found))
            scope.missing.discard(found.name)
            return Reference(found.name, found.kind)
        if found.optional:
            hint = "assign it in a condition of its own, which fails where there is no value"
            raise self._refused(path, "maybe-missing", "this value may be missing here", hint)
        return found

    def _expression(self, value: Any, path: _Path, scope: _Scope, depth: int) -> Expression:
        if depth > _MAX_DEPTH:
            raise self._refused(path, "rules-depth", f"expressions are nested more than {_MAX_DEPTH} levels deep")
        if isinstance(value, bool | int):
            return Constant(value)
        if isinstance(value, str):
            return self._template(value, path, scope)
        entry = self._object(value, path, "a value")
        if isinstance(entry.get("ref"), str):
            return self._reference(entry["ref"], path, scope)
        if isinstance(entry.get("fn"), str):
            return self._call(entry, path, scope, depth)
        raise self._refused(
            path, "wrong-type", "a value is a string, a number, true, false, or an object with 'ref' or 'fn'"
        )

    def _reference(self, name: str, path: _Path, scope: _Scope) -> Reference:
        kind = scope.kinds.get(name)
        if kind is None:
            raise self._refused(path, "unknown-name", f"nothing is called '{name}' here", suggest(name, scope.kinds))
        return Reference(name, kind, name in scope.missing)

    def _call(self, entry: Mapping[str, Any], path: _Path, scope: _Scope, depth: int) -> Expression:
        name = entry["fn"]
        values = self._list(entry.get("argv"), (*path, "argv"), f"'argv' of {name}")
        at = [(*path, "argv", index) for index in range(len(values))]
        if name == "getAttr":
            return self._get_attr(values, path, scope, depth)
        signature = SIGNATURES.get(name)
        if signature is not None:
            self._count(name, values, len(signature.arguments), path)
            wanted = zip(values, at, signature.arguments, strict=True)
            read = self._typed if signature.lenient else self._present
            arguments = tuple(read(item, place, kind, scope, depth + 1) for item, place, kind in wanted)
            self._check_split(name, arguments, path)
            return Call(name, arguments, signature.result, signature.optional)
        if name not in _FUNCTIONS:
            message = f"there is no function '{name}'"
            raise self._refused((*path, "fn"), "unknown-function", message, suggest(name, _FUNCTIONS))
        found = tuple(self._expression(item, place, scope, depth + 1) for item, place in zip(values, at, strict=True))
        if name == "isSet":
            self._count(name, values, 1, path)
            return Call(name, found, Kind.BOOLEAN)
        if name == "ite":
            self._count(name, values, 3, path)
            self._present(values[0], at[0], Kind.BOOLEAN, scope, depth + 1)
            return Call(name, found, self._common(found[1:], path), any(item.optional for item in found[1:]))
        if len(found) < 2:
            raise self._refused(path, "bad-call", "coalesce takes two values or more")
        return Call(name, found, self._common(found, path), all(item.optional for item in found))

    def _count(self, name: str, values: list[Any], wanted: int, path: _Path) -> None:
        if len(values) != wanted:
            raise self._refused((*path, "argv"), "bad-call", f"{name} takes {wanted} arguments, not {len(values)}")

    def _check_split(self, name: str, arguments: tuple[Expression, ...], path: _Path) -> None:
        if name != "split":
            return
        _, delimiter, limit = arguments
        if isinstance(delimiter, Template) and delimiter.text == "":
            self._error((*path, "argv", 1), "bad-call", "the delimiter of split must not be empty")
        if not (isinstance(limit, Constant) and limit.value >= 0):
            self._error((*path, "argv", 2), "bad-call", "the limit of split is a number from 0")

    def _common(self, found: tuple[Expression, ...], path: _Path) -> Kind:
        kinds = {item.kind for item in found}
        if len(kinds) > 1:
            self._error(path, "wrong-type", "all values must be of one type, not " + " and ".join(sorted(kinds)))
        return found[-1].kind

    def _get_attr(self, values: list[Any], path: _Path, scope: _Scope, depth: int) -> Expression:
        self._count("getAttr", values, 2, path)
        at = (*path, "argv", 0)
        found = self._ensured(self._expression(values[0], at, scope, depth + 1), at, scope)
        if not isinstance(values[1], str) or not values[1]:
            raise self._refused(
                (*path, "argv", 1), "wrong-type", f"the path of getAttr must be text, not {_what(values[1])}"
            )
        return self._follow(found, values[1].split("."), (*path, "argv", 1))

    def _follow(self, value: Expression, steps: list[str], path: _Path) -> Expression:
        """Apply a getAttr path, which has keys, and an index at its end at most."""
        for step in steps:
            match = _STEP.fullmatch(step)
            if match is None or not step or value.optional:
                raise self._refused(path, "bad-path", f"'{'.'.join(steps)}' is no path to a value")
            key, index = match.groups()
            if key is not None:
                known = ATTRIBUTES.get(value.kind, {})
                if key not in known:
                    message = f"a {value.kind} has no attribute '{key}'"
                    raise self._refused(path, "unknown-attribute", message, suggest(key, known))
                value = Attribute(value, key, known[key])
            if index is not None:
                if value.kind is not Kind.STRINGS:
                    raise self._refused(path, "bad-path", f"a {value.kind} has no items")
                value = Item(value, int(index))
        return value

    def _template(self, text: str, path: _Path, scope: _Scope) -> Template:
        parts: list[str | Expression] = []
        end = 0
        for match in _PIECE.finditer(text):
            parts.append(text[end : match.start()])
            end = match.end()
            piece = match.group()
            if piece in ("{{", "}}"):
                parts.append(piece[0])
            elif match.group(1) is None:
                raise self._refused(
                    path, "bad-template", f"a brace that opens or closes nothing: write '{piece * 2}' for a brace"
                )
            else:
                parts.append(self._placeholder(match.group(1), path, scope))
        return Template(_joined([*parts, text[end:]]))

    def _placeholder(self, text: str, path: _Path, scope: _Scope) -> Expression:
        name, *steps = text.split("#")
        found = self._ensured(self._reference(name, path, scope), path, scope)
        if steps:
            found = self._follow(found, [part for step in steps for part in step.split(".")], path)
        if found.kind is not Kind.STRING:
            self._error(path, "wrong-type", f"'{{{text}}}' is a {found.kind}, which cannot stand in a text")
        return self._ensured(found, path, scope)

    def _object(self, value: Any, path: _Path, what: str, needed: tuple[str, ...] = ()) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self._refused(path, "wrong-type", f"{what} must be an object, not {_what(value)}")
        found = cast("dict[str, Any]", value)
        for key in needed:
            if key not in found:
                raise self._refused(path, "missing-key", f"{what} has no '{key}'")
        return found

    def _list(self, value: Any, path: _Path, what: str) -> list[Any]:
        if not isinstance(value, list):
            raise self._refused(path, "wrong-type", f"{what} must be a list, not {_what(value)}")
        return value

    def _error(self, path: _Path, code: str, message: str, hint: str | None = None) -> None:
        self.diagnostics.error(self._span(path), code, message, hint)

    def _refused(self, path: _Path, code: str, message: str, hint: str | None = None) -> _Stop:
        self._error(path, code, message, hint)
        return _Stop()

    def _span(self, path: _Path) -> Span:
        return locate(self.text, path, self.file)


def _made_sure_of(expression: Expression) -> str:
    """The name that has a value wherever a condition on ``expression`` holds; empty for none."""
    while isinstance(expression, Call) and expression.function == "isSet":
        expression = expression.arguments[0]
    return expression.name if isinstance(expression, Reference) else ""


def _joined(parts: list[str | Expression]) -> tuple[str | Expression, ...]:
    """Join neighbouring texts, and leave out empty ones."""
    joined: list[str | Expression] = []
    for part in parts:
        last = joined[-1] if joined else None
        if isinstance(part, str) and isinstance(last, str):
            joined[-1] = last + part
        elif part != "":
            joined.append(part)
    return tuple(joined) or ("",)


def _what(value: Any) -> str:
    return _WORDS.get(type(value), "a number")
