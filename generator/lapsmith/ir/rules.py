"""Endpoint rule sets as typed, frozen trees: what ``endpoint-rules.json`` says, checked.

Source: Smithy 2.0, "Rules engine specification" (versions 1.0 and 1.1) and "Rules engine standard library", with AWS's
additions ("AWS rules engine library functions"). :mod:`lapsmith.ir.rules_reader` reads the JSON.

Where the specification has a matched tree without a matching rule end in an error, AWS's Python SDK goes on to the
rules after the tree; so do these trees.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """The types of values in rules."""

    STRING = "string"
    BOOLEAN = "boolean"
    INTEGER = "integer"
    STRINGS = "list of strings"
    PARTITION = "partition"
    ARN = "ARN"
    URL = "URL"


ATTRIBUTES: Mapping[Kind, Mapping[str, Kind]] = {
    Kind.PARTITION: {
        "name": Kind.STRING,
        "dnsSuffix": Kind.STRING,
        "dualStackDnsSuffix": Kind.STRING,
        "supportsFIPS": Kind.BOOLEAN,
        "supportsDualStack": Kind.BOOLEAN,
        "implicitGlobalRegion": Kind.STRING,
    },
    Kind.ARN: {
        "partition": Kind.STRING,
        "service": Kind.STRING,
        "region": Kind.STRING,
        "accountId": Kind.STRING,
        "resourceId": Kind.STRINGS,
    },
    Kind.URL: {
        "scheme": Kind.STRING,
        "authority": Kind.STRING,
        "path": Kind.STRING,
        "normalizedPath": Kind.STRING,
        "isIp": Kind.BOOLEAN,
    },
}
"""The attributes of structured values."""


@dataclass(frozen=True, slots=True)
class Signature:
    """What a function takes and gives; an ``optional`` result may be missing, which fails a condition.

    ``lenient``: the arguments may be missing, too.
    """

    arguments: tuple[Kind, ...]
    result: Kind
    optional: bool = False
    lenient: bool = False


SIGNATURES: Mapping[str, Signature] = {
    "not": Signature((Kind.BOOLEAN,), Kind.BOOLEAN),
    "booleanEquals": Signature((Kind.BOOLEAN, Kind.BOOLEAN), Kind.BOOLEAN),
    "stringEquals": Signature((Kind.STRING, Kind.STRING), Kind.BOOLEAN),
    "isValidHostLabel": Signature((Kind.STRING, Kind.BOOLEAN), Kind.BOOLEAN),
    "parseURL": Signature((Kind.STRING,), Kind.URL, optional=True),
    "substring": Signature((Kind.STRING, Kind.INTEGER, Kind.INTEGER, Kind.BOOLEAN), Kind.STRING, optional=True),
    "split": Signature((Kind.STRING, Kind.STRING, Kind.INTEGER), Kind.STRINGS),
    "uriEncode": Signature((Kind.STRING,), Kind.STRING),
    "aws.partition": Signature((Kind.STRING,), Kind.PARTITION, lenient=True),
    "aws.parseArn": Signature((Kind.STRING,), Kind.ARN, optional=True),
    "aws.isVirtualHostableS3Bucket": Signature((Kind.STRING, Kind.BOOLEAN), Kind.BOOLEAN),
}
"""The functions whose types are fixed. AWS's older rule sets ask for the partition of a Region that may be missing.

``isSet``, ``getAttr``, ``coalesce`` and ``ite`` take any type.
"""


@dataclass(frozen=True, slots=True)
class Constant:
    """A boolean or an integer."""

    value: bool | int

    @property
    def kind(self) -> Kind:
        return Kind.BOOLEAN if isinstance(self.value, bool) else Kind.INTEGER

    @property
    def optional(self) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class Reference:
    """A parameter, or what a condition assigned. ``optional``: it may be missing here."""

    name: str
    kind: Kind
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Template:
    """Text with values in it; ``("https://", Reference(...), ".example")``."""

    parts: tuple[str | Expression, ...]

    @property
    def kind(self) -> Kind:
        return Kind.STRING

    @property
    def optional(self) -> bool:
        return False

    @property
    def text(self) -> str | None:
        """The whole text where nothing has to be filled in."""
        if all(isinstance(part, str) for part in self.parts):
            return "".join(part for part in self.parts if isinstance(part, str))
        return None


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of a structured value."""

    value: Expression
    name: str
    kind: Kind

    @property
    def optional(self) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a list; missing where the list is shorter. A negative ``index`` counts from the end."""

    value: Expression
    index: int

    @property
    def kind(self) -> Kind:
        return Kind.STRING

    @property
    def optional(self) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class Call:
    """A function of the standard library with its arguments."""

    function: str
    arguments: tuple[Expression, ...]
    kind: Kind
    optional: bool = False


Expression = Constant | Reference | Template | Attribute | Item | Call


@dataclass(frozen=True, slots=True)
class Condition:
    """It holds where its value is neither missing nor false; ``assign`` then names the value."""

    value: Expression
    assign: str | None = None


@dataclass(frozen=True, slots=True)
class Need:
    """What comes after uses this parameter as if it were always there: without it, there is no endpoint."""

    parameter: Reference


Step = Condition | Need


Property = str | bool | int | Template | tuple["Property", ...] | Mapping[str, "Property"]
"""A value among an endpoint's properties: JSON, with templates for strings."""


@dataclass(frozen=True, slots=True)
class EndpointRule:
    """Requests go to ``url``. ``properties`` has the ``authSchemes``; ``headers`` are to be sent."""

    conditions: tuple[Step, ...]
    url: Expression
    properties: Mapping[str, Property] = field(default_factory=dict)
    headers: Mapping[str, tuple[Expression, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ErrorRule:
    """There is no endpoint, for the reason that ``message`` gives."""

    conditions: tuple[Step, ...]
    message: Expression


@dataclass(frozen=True, slots=True)
class TreeRule:
    """The first of ``rules`` that matches decides."""

    conditions: tuple[Step, ...]
    rules: tuple[Rule, ...]


Rule = EndpointRule | ErrorRule | TreeRule


@dataclass(frozen=True, slots=True)
class RuleParameter:
    """A parameter. ``built_in`` names the client's own setting that it is, such as ``AWS::Region``.

    A ``required`` one without ``default`` must be given; all others are ``default`` or missing.
    """

    name: str
    kind: Kind
    built_in: str | None = None
    required: bool = False
    default: str | bool | tuple[str, ...] | None = None

    @property
    def optional(self) -> bool:
        return self.default is None and not self.required


@dataclass(frozen=True, slots=True)
class RuleSet:
    """A service's endpoint rules. ``version`` is that of the specification."""

    version: str
    parameters: tuple[RuleParameter, ...]
    rules: tuple[Rule, ...]
