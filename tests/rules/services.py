"""The endpoint rules of every AWS service: as botocore evaluates them, and compiled."""

from __future__ import annotations

import functools
import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import botocore
from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import EndpointProviderError
from lapsmith.ir.rules import RuleSet
from lapsmith.ir.rules_reader import read_rules
from lapsmith.python.names import snake_case
from lapsmith.python.render import render_rules
from runtime.errors import InvalidInput

DATA = Path(botocore.__file__).parent / "data"
FILES = sorted(DATA.glob("*/*/endpoint-rule-set-1.json.gz"))
PARTITIONS: list[dict[str, Any]] = json.loads((DATA / "partitions.json").read_text())["partitions"]
REGIONS = [region for partition in PARTITIONS for region in partition["regions"]]
SOME_REGIONS = [region for partition in PARTITIONS for region in list(partition["regions"])[:2]]
"""A few of each partition, pseudo Regions among them."""

COMMON = frozenset(("Region", "UseFIPS", "UseDualStack", "Endpoint"))
"""The parameters that nearly all rule sets have, and nothing but."""

Values = Mapping[str, Any]
Answer = tuple[str, Any, Any]
"""URL, properties and headers; or ``error`` and a message."""


def file_of(service: str) -> Path:
    """Return the rules of a service's latest model."""
    return max(DATA.glob(f"{service}/*/endpoint-rule-set-1.json.gz"))


def name_of(file: Path) -> str:
    """Return the service and the model's date."""
    return f"{file.parts[-3]}-{file.parts[-2]}"


def raw(file: Path) -> bytes:
    """Return the JSON text of rules."""
    with gzip.open(file, "rb") as stream:
        return stream.read()


@functools.cache
def read(file: Path) -> RuleSet:
    """Read rules, which must go well."""
    found = read_rules(raw(file), name_of(file))
    assert found.rules is not None, found.diagnostics
    assert found.diagnostics == ()
    return found.rules


def compiled(rules: RuleSet) -> Compiled:
    """Compile rules, and import the module."""
    source = render_rules(rules, "a service").replace("from ._runtime", "from runtime")
    module = ModuleType("endpoint_rules")
    exec(compile(source, "_endpoint_rules.py", "exec"), vars(module))
    return Compiled(rules, module)


class Compiled:
    """Compiled rules."""

    def __init__(self, rules: RuleSet, module: ModuleType) -> None:
        self._keywords = {each.name: snake_case(each.name) for each in rules.parameters}
        self.rules = module.RULES

    def answer(self, values: Values) -> Answer:
        """Return what the rules say for values of their parameters."""
        try:
            found = self.rules.resolve(**{self._keywords[name]: value for name, value in values.items()})
        except InvalidInput as error:
            return "error", str(error), None
        return found.url, dict(found.properties), dict(found.headers)


class Oracle:
    """The same rules in botocore's engine."""

    def __init__(self, data: bytes) -> None:
        self._rules = EndpointProvider(json.loads(data), {"partitions": PARTITIONS}).ruleset

    def answer(self, values: Values) -> Answer:
        """Return what the engine says. It knows lists as tuples only, and trips over a URL without a host."""
        given = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
        try:
            found = self._rules.evaluate(given)
        except (EndpointProviderError, TypeError) as error:
            return "error", getattr(error, "kwargs", {}).get("msg", ""), None
        return ("error", "", None) if found is None else (found.url, found.properties, found.headers)


def agree(ours: Answer, theirs: Answer) -> bool:
    """Whether two answers are equal; messages about what is missing are each engine's own."""
    if ours[0] == theirs[0] == "error":
        own = not theirs[1] or theirs[1].startswith(("Cannot find value", "Both values must be"))
        return own or ours == theirs
    return ours == theirs


def settings(rules: RuleSet, regions: list[str]) -> list[dict[str, Any]]:
    """Return every combination of the client's settings, as far as the rules have a use for them."""
    names = {each.name for each in rules.parameters} & COMMON
    combinations: list[dict[str, Any]] = [{}]
    for name, values in (
        ("Region", [*regions, "us-new-9", "moon"]),
        ("UseFIPS", [False, True]),
        ("UseDualStack", [False, True]),
        ("Endpoint", [None, "https://example.com:8443/path"]),
    ):
        if name in names:
            combinations = [each | ({} if v is None else {name: v}) for each in combinations for v in values]
    return combinations
