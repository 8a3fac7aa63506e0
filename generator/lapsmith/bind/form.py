"""The form of the files that make up a service model: what each key that is read holds, as data.

Keys that nothing here names are AWS's own affair. All that comes after this check can take the files at their word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value that is looked at as a whole; ``what`` says in words what it must be."""

    what: str
    accepts: Callable[[object], bool]


@dataclass(frozen=True, slots=True)
class Record:
    """An object with known keys, of which some are ``needed``."""

    keys: Mapping[str, Form] = field(default_factory=dict)
    needed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entries:
    """An object with names as keys, and values of one form."""

    value: Form
    name: Leaf | None = None


@dataclass(frozen=True, slots=True)
class Items:
    """A list with items of one form."""

    item: Form


Form = Leaf | Record | Entries | Items


def problems(value: object, form: Form, path: str = "") -> Iterator[str]:
    """Say where a value does not have a form: ``operations.Get.http.method must be text, and is 5``."""
    if isinstance(form, Leaf):
        if not form.accepts(value):
            yield _problem(path, form.what, value)
    elif isinstance(form, Items):
        if not isinstance(value, list):
            yield _problem(path, "a list", value)
            return
        for index, item in enumerate(value):
            yield from problems(item, form.item, f"{path}[{index}]")
    elif not isinstance(value, dict):
        yield _problem(path, "an object", value)
    elif isinstance(form, Entries):
        for name, item in value.items():
            if form.name and not form.name.accepts(name):
                yield f"{_joined(path, name)} must be called {form.name.what}"
            else:
                yield from problems(item, form.value, _joined(path, name))
    else:
        for key in form.needed:
            if key not in value:
                yield f"{_joined(path, key)} is missing: it must be {_words(form.keys[key])}"
        for key, inner in form.keys.items():
            if key in value:
                yield from problems(value[key], inner, _joined(path, key))


def _problem(path: str, what: str, value: object) -> str:
    return f"{path or 'the file'} must be {what}, and is {_told(value)}"


def _joined(path: str, name: str) -> str:
    shown = name if re.fullmatch(r"[\w-]{1,80}", name) else _told(name)
    return f"{path}.{shown}" if path else shown


def _words(form: Form) -> str:
    if isinstance(form, Leaf):
        return form.what
    return "a list" if isinstance(form, Items) else "an object"


def _told(value: object) -> str:
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    shown = repr(value) if isinstance(value, str) else str(value)
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"


def _text(what: str, pattern: str) -> Leaf:
    fits = re.compile(pattern)
    return Leaf(what, lambda value: isinstance(value, str) and fits.fullmatch(value) is not None)


def _number(what: str, least: int, most: int) -> Leaf:
    return Leaf(what, lambda value: type(value) is int and least <= value <= most)


def _one_of(*words: str) -> Leaf:
    return Leaf(f"one of {', '.join(words)}", lambda value: value in words if isinstance(value, str) else False)


_TEXT = Leaf("text", lambda value: isinstance(value, str))
_FLAG = Leaf("true or false", lambda value: isinstance(value, bool))
_NAME = _text("a name of letters, digits and _", r"[A-Za-z_][A-Za-z0-9_]*")
_WORD = _text("a word", r"[A-Za-z0-9_.#:/-]+")
_WIRE_NAME = _text("a name without spaces", r"[A-Za-z0-9_.:$@/#-]*")
_TEXT_OR_TEXTS = Leaf(
    "text or a list of texts",
    lambda value: all(isinstance(item, str) for item in (value if isinstance(value, list) else [value])),
)
_LITERAL = Leaf(
    "text, true, false or a list of texts", lambda value: isinstance(value, bool) or _TEXT_OR_TEXTS.accepts(value)
)
_NAMESPACE = Leaf(
    "a URI, or an object with a prefix and a URI",
    lambda value: (
        all(isinstance(item, str) for item in value.values()) and "uri" in value
        if isinstance(value, dict)
        else isinstance(value, str)
    ),
)
_EXPECTED = Leaf("text, a whole number, true or false", lambda value: isinstance(value, str | int))

_TRAITS: Mapping[str, Form] = {
    "location": _one_of("uri", "querystring", "header", "headers", "statusCode"),
    "locationName": _WIRE_NAME,
    "timestampFormat": _one_of("unixTimestamp", "iso8601", "rfc822"),
    "enum": Items(_TEXT),
    **dict.fromkeys(("queryName", "resultWrapper"), _WIRE_NAME),
    "xmlNamespace": _NAMESPACE,
    **dict.fromkeys(("flattened", "xmlAttribute"), _FLAG),
    "contextParam": Record({"name": _NAME}, ("name",)),
    **dict.fromkeys(
        ("idempotencyToken", "jsonvalue", "sparse", "streaming", "requiresLength", "eventpayload", "eventheader"), _FLAG
    ),
}
_REFERENCE = Record({"shape": _TEXT, "payload": _TEXT, **_TRAITS}, ("shape",))
_SHAPE = Record(
    {
        "type": _TEXT,
        "members": Entries(_REFERENCE, _NAME),
        **dict.fromkeys(("member", "key", "value"), _REFERENCE),
        "required": Items(_TEXT),
        "payload": _TEXT,
        "error": Record({"code": _WIRE_NAME, "httpStatusCode": _number("a status from 100 to 599", 100, 599)}),
        "retryable": Record({"throttling": _FLAG}),
        **dict.fromkeys(("union", "document", "exception", "fault", "eventstream", "event"), _FLAG),
        **_TRAITS,
    },
    ("type",),
)
_OPERATION = Record(
    {
        "http": Record(
            {
                "method": _text("an HTTP method", r"[A-Za-z]+"),
                "requestUri": _text("a path that begins with /", r"/[!-~]*"),
                "responseCode": _number("a status from 200 to 299", 200, 299),
            },
            ("method", "requestUri"),
        ),
        "input": _REFERENCE,
        "output": _REFERENCE,
        "errors": Items(_REFERENCE),
        "documentation": _TEXT,
        "auth": Items(_WORD),
        "authtype": _WORD,
        "endpoint": Record({"hostPrefix": _text("what can go before a host", r"[A-Za-z0-9{}.-]+")}),
        "requestcompression": Record({"encodings": Items(_TEXT)}),
        "staticContextParams": Entries(Record({"value": _LITERAL}, ("value",)), _NAME),
        "operationContextParams": Entries(Record({"path": _TEXT}, ("path",)), _NAME),
        **dict.fromkeys(("unsignedPayload", "readonly", "idempotent"), _FLAG),
    },
    ("http",),
)
_METADATA = Record(
    {
        "apiVersion": _WORD,
        "serviceId": _TEXT,
        "serviceFullName": _TEXT,
        "serviceAbbreviation": _TEXT,
        "endpointPrefix": _WORD,
        "signingName": _WORD,
        "targetPrefix": _WORD,
        "jsonVersion": _one_of("1.0", "1.1"),
        "protocol": _WORD,
        "protocols": Items(_WORD),
        "signatureVersion": _WORD,
        "auth": Items(_WORD),
        "awsQueryCompatible": Record(),
    },
    ("protocol", "endpointPrefix"),
)
SERVICE = Record(
    {"metadata": _METADATA, "operations": Entries(_OPERATION, _NAME), "shapes": Entries(_SHAPE, _NAME)},
    ("metadata", "operations", "shapes"),
)
"""``service-2.json``."""

PAGINATORS = Record(
    {
        "pagination": Entries(
            Record(
                {
                    **dict.fromkeys(("input_token", "output_token", "result_key"), _TEXT_OR_TEXTS),
                    **dict.fromkeys(("limit_key", "more_results"), _TEXT),
                }
            )
        )
    }
)
"""``paginators-1.json``."""

_ACCEPTOR = Record(
    {"matcher": _TEXT, "expected": _EXPECTED, "state": _TEXT, "argument": _TEXT}, ("matcher", "expected", "state")
)
WAITERS = Record(
    {
        "waiters": Entries(
            Record(
                {
                    "operation": _TEXT,
                    "delay": _number("a number of seconds", 1, 86_400),
                    "maxAttempts": _number("a number from 1 to 10000", 1, 10_000),
                    "acceptors": Items(_ACCEPTOR),
                },
                ("operation", "acceptors"),
            ),
            _NAME,
        )
    }
)
"""``waiters-2.json``."""
