"""Shapes of a Smithy model, in the form of botocore's: types, members, and the traits that ``bind`` reads."""

from __future__ import annotations

from typing import Any

from lapsmith.bind.smithy.ast import PRELUDE, Ast, local, traits
from lapsmith.bind.smithy.service import namespace
from lapsmith.bind.sources import Json

_TYPES = {
    "union": "structure",
    "document": "structure",
    "set": "list",
    "enum": "string",
    "intEnum": "integer",
    "bigInteger": "biginteger",
    "bigDecimal": "bigdecimal",
}
_TIMES = {"date-time": "iso8601", "epoch-seconds": "unixTimestamp", "http-date": "rfc822"}
_MARKS = {
    "smithy.api#idempotencyToken": "idempotencyToken",
    "smithy.api#requiresLength": "requiresLength",
    "smithy.api#sensitive": "sensitive",
    "smithy.api#sparse": "sparse",
    "smithy.api#eventPayload": "eventpayload",
    "smithy.api#eventHeader": "eventheader",
    "smithy.api#hostLabel": "hostLabel",
    "smithy.api#xmlAttribute": "xmlAttribute",
    "smithy.api#xmlFlattened": "flattened",
    "smithy.api#deprecated": "deprecated",
}
_LOCATIONS = {
    "smithy.api#httpHeader": "header",
    "smithy.api#httpPrefixHeaders": "headers",
    "smithy.api#httpQuery": "querystring",
    "smithy.api#httpQueryParams": "querystring",
    "smithy.api#httpLabel": "uri",
    "smithy.api#httpResponseCode": "statusCode",
}
_REST = ("aws.protocols#restJson1", "aws.protocols#restXml")


class Shapes:
    """Translates each shape that is asked for, once, and all that it refers to."""

    def __init__(self, ast: Ast) -> None:
        self._ast = ast
        self._names: dict[str, str] = {}
        self._done: dict[str, Json] = {}
        self._waiting: list[str] = []
        said = traits(ast.service)
        self._is_json = "aws.protocols#restJson1" in said
        self._binds_http = any(protocol in said for protocol in _REST)
        self._namespace = namespace(ast) if "aws.protocols#restXml" in said else {}
        self._events: set[str] = set()

    def name(self, identity: str) -> str:
        """The name of the shape in botocore's form; the shape is translated later."""
        if identity not in self._names:
            renamed = self._ast.service.get("rename", {}).get(identity) or local(identity)
            taken = set(self._names.values())
            while renamed in taken:
                renamed = f"{renamed}_"
            self._names[identity] = renamed
            self._waiting.append(identity)
        return self._names[identity]

    def translated(self) -> dict[str, Json]:
        """All shapes that were asked for, with those that they reach."""
        while self._waiting:
            identity = self._waiting.pop()
            self._done[self._names[identity]] = self._shape(identity)
        for shape in (self._done[self._names[identity]] for identity in self._events):
            if not shape.get("exception"):
                shape["event"] = True
        return self._done

    def _shape(self, identity: str) -> Json:
        if identity in PRELUDE:
            kind = PRELUDE[identity]
            return {"type": _TYPES.get(kind, kind), **({"document": True} if kind == "document" else {})}
        shape = self._ast.shape(identity)
        kind, said = shape["type"], traits(shape)
        found: Json = {"type": _TYPES.get(kind, kind), **self._shared(said)}
        if kind in ("structure", "union"):
            self._members(identity, found)
        elif kind in ("list", "set"):
            found["member"] = self._reference(identity, shape.get("member"), "member")
        elif kind == "map":
            found["key"] = self._reference(identity, shape.get("key"), "key")
            found["value"] = self._reference(identity, shape.get("value"), "value")
        elif kind == "enum":
            found["enum"] = [inner.get("smithy.api#enumValue", name) for name, _, inner in self._ast.members(identity)]
        if kind in ("document", "union"):
            found[kind] = True
        if values := said.get("smithy.api#enum"):
            found["enum"] = [item["value"] for item in values]
        self._streaming(identity, kind, said, found)
        _error(said, found)
        return found

    def _members(self, identity: str, found: Json) -> None:
        members, required = {}, []
        for name, target, said in self._ast.members(identity):
            members[name] = self._member(name, target, said)
            if "smithy.api#required" in said:
                required.append(name)
            if "smithy.api#httpPayload" in said and self._binds_http:
                found["payload"] = name
        found["members"] = members
        if required:
            found["required"] = required

    def _reference(self, identity: str, member: Any, part: str) -> Json:
        target = self._ast.target(member, f"{identity}${part}")
        return self._member("", target, traits(member))

    def _member(self, name: str, target: str, said: Json) -> Json:
        found: Json = {"shape": self.name(target), **self._shared(said)}
        for trait, location in _LOCATIONS.items() if self._binds_http else ():
            if trait in said:
                found["location"] = location
                value = said[trait]
                fact(found, "locationName", name if location == "uri" else value if isinstance(value, str) else None)
        spelled = said.get("smithy.api#jsonName" if self._is_json else "smithy.api#xmlName")
        if "location" not in found:
            fact(found, "locationName", spelled)
        fact(found, "queryName", said.get("aws.protocols#ec2QueryName"))
        if "smithy.api#httpPayload" in said and self._ast.shape(target)["type"] in ("structure", "union"):
            found = {**self._namespace, **found}
        is_json = traits(self._ast.shape(target)).get("smithy.api#mediaType") == "application/json"
        if is_json and found.get("location") == "header":
            found["jsonvalue"] = True
        if parameter := said.get("smithy.rules#contextParam"):
            found["contextParam"] = parameter
        return found

    def _shared(self, said: Json) -> Json:
        """Traits that shapes and members have alike."""
        found: Json = {ours: True for theirs, ours in _MARKS.items() if theirs in said}
        if (form := said.get("smithy.api#timestampFormat")) is not None:
            found["timestampFormat"] = _TIMES.get(form, form)
        if namespace := said.get("smithy.api#xmlNamespace"):
            found["xmlNamespace"] = namespace
        fact(found, "documentation", said.get("smithy.api#documentation"))
        return found

    def _streaming(self, identity: str, kind: str, said: Json, found: Json) -> None:
        if "smithy.api#streaming" not in said:
            return
        if kind != "union":
            found["streaming"] = True
            return
        # A union of events is a structure with the mark of a stream.
        found.pop("union", None)
        found["eventstream"] = True
        self._events.update(target for _, target, _ in self._ast.members(identity))


def is_body(said: Json) -> bool:
    """Whether a member with these traits is part of a body, next to others."""
    return "smithy.api#httpPayload" not in said and not any(trait in said for trait in _LOCATIONS)


def _error(said: Json, found: Json) -> None:
    kind = said.get("smithy.api#error")
    if kind is None:
        return
    code = said.get("aws.protocols#awsQueryError", {})
    error: Json = {}
    fact(error, "code", code.get("code"))
    fact(error, "httpStatusCode", said.get("smithy.api#httpError") or code.get("httpResponseCode"))
    if kind == "client" and error:
        error["senderFault"] = True
    if error:
        found["error"] = error
    found["exception"] = True
    if kind == "server":
        found["fault"] = True
    if (retryable := said.get("smithy.api#retryable")) is not None:
        found["retryable"] = {"throttling": bool(retryable.get("throttling"))}


def fact(found: Json, key: str, value: object) -> None:
    """Set what is known."""
    if value is not None:
        found[key] = value
