"""A matching to bindings: the content of ``bindings.yaml``, and the structures of ``types.lap``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lapsmith.bind import conventions, members, paging, quirks, rules, signing, streams, types, xml
from lapsmith.bind.errors import BindError
from lapsmith.bind.matching import ORDER, Match, Matching
from lapsmith.bind.members import Facts
from lapsmith.bind.model import SPOKEN, TARGETED, Member, Model, Operation, Shape
from lapsmith.bind.pins import Pins
from lapsmith.bind.yaml import Noted, Word
from lapsmith.lap.tree import Document, Endpoint
from lapsmith.project.inputs import RULES

_READS = re.compile(r"(?:Batch)?(?:Get|Describe|List|Search|Query|Scan|Lookup|Head)(?=[A-Z0-9]|\Z)")
_SAFE_METHODS = frozenset(("GET", "HEAD", "PUT", "DELETE", "OPTIONS"))


Members = tuple[str, str, tuple[str, ...]]
"""Names of members, behind their operation and side (``in`` or ``out``)."""


@dataclass(slots=True)
class Derived:
    """What is written, and what there is to say about it.

    Members are listed by operation and side: ``unknown`` are those of the spec that the model lacks, ``absent`` those
    of the model that the spec lacks, ``loosened`` those that only the spec requires. ``unnamed`` are unknown ones whose
    name on the wire nothing tells. ``slashes`` are operations whose path ends in a slash on one side only.
    """

    content: dict[str, Any]
    shapes: Mapping[str, Shape]
    unknown: list[Members] = field(default_factory=list)
    absent: list[Members] = field(default_factory=list)
    loosened: list[Members] = field(default_factory=list)
    unnamed: list[Members] = field(default_factory=list)
    slashes: list[Operation] = field(default_factory=list)
    guessed: list[str] = field(default_factory=list)


def derive(document: Document, model: Model, matching: Matching, protocol: str | None) -> Derived:
    """Derive the bindings of all matched endpoints. Raises BindError for a model of a protocol that is not spoken."""
    return _Deriver(document, model, matching, check_protocol(model, protocol)).derive(matching)


def check_protocol(model: Model, wanted: str | None) -> str:
    """The protocol to derive bindings for. Raises BindError for a service that no client can be generated of."""
    offered = model.protocols
    spoken = ", ".join(offered)
    if not offered:
        names = ", ".join(model.metadata.get("protocols") or [model.metadata["protocol"]])
        raise BindError(
            f"the service speaks {names}, and lapsmith cannot generate clients for that protocol yet",
            f"it can for: {', '.join(SPOKEN.values())}",
        )
    if wanted is None:
        return offered[0]
    # json: whichever version the service speaks.
    found = [name for name in offered if name == wanted or name.partition("-1")[0] == wanted]
    if not found:
        raise BindError(f"the service does not speak {wanted}", f"it speaks: {spoken}")
    return found[0]


class _Deriver:
    def __init__(self, document: Document, model: Model, matching: Matching, protocol: str) -> None:
        self._document = document
        self._model = model
        self._protocol = protocol
        self._quirks = quirks.SERVICES.get(model.text("serviceId") or "", quirks.NONE)
        self._facts = Facts(protocol, self._quirks)
        self._is_rest = self._facts.is_rest
        self._version = document.version
        self._pins = Pins(document, matching)
        self._errors: dict[str, Shape] = {}
        self._roots: list[Shape] = []
        self._generated: dict[str, set[str]] = {}
        self._result = Derived({}, {})

    def derive(self, matching: Matching) -> Derived:
        operations = {match.operation.name: self._operation(match) for match in matching.matches}
        self._errors |= {shape.name: shape for shape in _unlisted(self._model)}
        reached = types.reach([*self._roots, *self._errors.values()])
        shapes = {name: entry for name, shape in reached.items() if (entry := self._shape(shape))}
        thrown = {name: shape for name, shape in reached.items() if shape.is_exception}
        sections: dict[str, object] = {
            "lapsmith": 1,
            "derived": {"model": self._model.origin, "sha256": Word(self._model.sha256)},
            "service": self._service(),
            "endpoint": self._endpoint(),
            "operations": dict(sorted(operations.items())),
            "waiters": paging.waiters(self._model.waiters, self._generated),
            "shapes": shapes,
            "errors": self._described(thrown),
            "enums": dict(sorted(self._facts.enums.items())),
        }
        self._result.shapes = reached
        self._result.content = {key: value for key, value in sections.items() if value}
        return self._result

    def _shape(self, shape: Shape) -> dict[str, object]:
        return self._facts.of_shape(shape) | streams.ends(self._model.text("serviceId"), shape)

    def _service(self) -> dict[str, object]:
        model = self._model
        identity = model.text("serviceId") or model.text("serviceFullName") or "Service"
        service: dict[str, object] = {"id": identity, "class": _class_name(model), "protocol": self._protocol}
        if self._protocol in TARGETED:
            service["target"] = model.metadata["targetPrefix"]
        version = model.text("apiVersion")
        if xml.speaks_xml(self._protocol) and not self._is_rest and version != self._version:
            service["version"] = version
        service["signing"] = model.text("signingName") or model.metadata["endpointPrefix"]
        service |= self._quirks.service
        if "awsQueryCompatible" in model.metadata and self._protocol in TARGETED:
            service["query_compatible"] = True
        return service

    def _endpoint(self) -> dict[str, object]:
        if self._model.rules:
            return {"rules": RULES}
        # Models from before there were rule sets: the rule that all of them followed.
        prefix = self._model.metadata["endpointPrefix"]
        return {"host": Noted(f"{prefix}.{{region}}.{{dnsSuffix}}", "the model has no endpoint rules; please check")}

    def _operation(self, match: Match) -> dict[str, object]:
        operation, endpoint = match.operation, match.endpoint
        inputs, outputs = members.inputs(operation, endpoint), members.outputs(operation, endpoint)
        self._note(match, inputs, outputs)
        self._roots += [member.shape for member in (*inputs.values(), *outputs.values())]
        self._errors |= {error.name: error for error in operation.errors}
        taken, given = _names(inputs), _names(outputs)
        self._generated[operation.name] = given
        entry: dict[str, object] = {"at": f"{endpoint.method} {endpoint.path.raw}"}
        pin = self._pins.of(endpoint, match.by)
        if pin is not None:
            entry["pin"] = Noted(pin, "order alone; please check") if match.by == ORDER else pin
        entry |= self._request(operation, taken)
        facts = {
            "in": self._facts.of_input(operation, endpoint, inputs) | self._called(match, "in", inputs),
            "out": self._facts.of_output(operation, outputs) | self._called(match, "out", outputs),
            "errors": list(dict.fromkeys(error.name for error in operation.errors)),
            "retry": self._retry(operation, inputs),
            "poll": "long" if operation.name in self._quirks.long_polls else None,
            "status": operation.status if operation.status != 200 else None,
            "pages": paging.pages(self._model.paginators.get(operation.name), taken, given),
        }
        return entry | {key: value for key, value in facts.items() if value}

    def _note(self, match: Match, inputs: Mapping[str, Member], outputs: Mapping[str, Member]) -> None:
        """Keep where spec and model differ."""
        operation, endpoint, result = match.operation, match.endpoint, self._result
        if endpoint.path.path.endswith("/") != operation.uri.partition("?")[0].endswith("/"):
            result.slashes.append(operation)
        sides = (("in", inputs, operation.input), ("out", outputs, operation.output))
        for side, found, shape in sides:
            known = {member.name for member in found.values()}
            absent = tuple(name for name in shape.members if name not in known) if shape else ()
            for listed, names in ((result.unknown, _unknown(endpoint, side, found)), (result.absent, absent)):
                if names:
                    listed.append((operation.name, side, names))
        loosened = tuple(field.name for field in endpoint.required if _is_optional(operation, inputs.get(field.name)))
        if loosened:
            result.loosened.append((operation.name, "in", loosened))

    def _called(self, match: Match, side: str, found: Mapping[str, Member]) -> dict[str, object]:
        """Entries for members that the model does not have."""
        operation, endpoint = match.operation, match.endpoint
        named, unnamed = conventions.entries(self._facts, operation, endpoint, side, _unknown(endpoint, side, found))
        if unnamed:
            self._result.unnamed.append((operation.name, side, unnamed))
        return named

    def _request(self, operation: Operation, taken: set[str]) -> dict[str, object]:
        """How requests differ from those of the service's other operations."""
        entry: dict[str, object] = {}
        prefix = operation.traits.get("endpoint", {}).get("hostPrefix")
        if prefix:
            entry["host"] = prefix
        auth = signing.of_operation(self._model, operation)
        if auth:
            entry["auth"] = auth
        if "gzip" in operation.traits.get("requestcompression", {}).get("encodings", ()):
            entry["compress"] = "gzip"
        if self._protocol == "rpc-v2-cbor" and operation.input is None:
            entry["body"] = "none"
        url = self._quirks.urls.get(operation.name)
        if url in taken:
            entry["url"] = url
        written = xml.of_operation(operation, self._protocol)
        if written:
            entry["xml"] = written
        parameters = rules.parameters(operation, taken)
        return entry | ({"endpoint": parameters} if parameters else {})

    def _retry(self, operation: Operation, inputs: Mapping[str, Member]) -> object:
        """``safe`` where neither the method nor an idempotency token says so already."""
        has_token = any(member.trait("idempotencyToken") is True for member in inputs.values())
        if operation.method in _SAFE_METHODS or has_token:
            return None
        if operation.name in self._quirks.safe:
            return "safe"
        if operation.traits.get("readonly") is True or operation.traits.get("idempotent") is True:
            return "safe"
        if not _READS.match(operation.name):
            return None
        self._result.guessed.append(operation.name)
        return Noted("safe", "by its name")

    def _described(self, thrown: Mapping[str, Shape]) -> dict[str, object]:
        streams = (shape for shape in types.reach(self._roots).values() if shape.is_stream)
        # What ends a stream comes after the status.
        in_streams = {member.shape.name for stream in streams for member in stream.members.values()}
        codes = set(thrown)
        entries: dict[str, object] = {}
        for name, shape in thrown.items():
            error = shape.traits.get("error", {})
            entry: dict[str, object] = {}
            status = error.get("httpStatusCode")
            if status is None and shape.traits.get("fault") is True and name not in in_streams:
                status = 500
            if status is not None:
                entry["status"] = status
            retryable = shape.traits.get("retryable")
            if name in self._quirks.errors:
                entry["retry"] = self._quirks.errors[name]
            elif retryable is not None:
                entry["retry"] = "throttle" if retryable.get("throttling") else "transient"
            code = error.get("code", "")
            # A code can belong to one error only; what others share is what they are told apart by.
            if code not in (name, "") and code not in codes:
                entry["code"] = code
            codes.add(str(entry.get("code", name)))
            entries[name] = entry
        return entries


def _unlisted(model: Model) -> Iterable[Shape]:
    """Errors that no operation lists: any may answer with them."""
    listed = {error.name for operation in model.operations.values() for error in operation.errors}
    streams = (shape for shape in model.shapes.values() if shape.is_stream)
    listed |= {member.shape.name for stream in streams for member in stream.members.values()}
    return (shape for name, shape in model.shapes.items() if shape.is_exception and name not in listed)


def _unknown(endpoint: Endpoint, side: str, found: Mapping[str, Member]) -> tuple[str, ...]:
    """The names of the spec's members that the model does not have."""
    fields = [*endpoint.required, *endpoint.optional]
    if side == "out":
        fields = [field for returns in endpoint.returns for field in returns.fields or ()]
    return tuple(dict.fromkeys(field.name for field in fields if field.name not in found))


def _is_optional(operation: Operation, member: Member | None) -> bool:
    """Whether the model has a member, and does not require it. Paths require theirs without saying so."""
    if member is None or operation.input is None or member.location == "uri":
        return False
    return member.name not in operation.input.required


def _names(found: Mapping[str, Member]) -> set[str]:
    return {member.name for member in found.values()}


def _class_name(model: Model) -> str:
    """The service's name as Amazon's SDKs for Python spell it."""
    name = model.text("serviceAbbreviation") or model.text("serviceFullName") or model.text("serviceId") or ""
    name = re.sub(r"[^A-Za-z0-9]+", "", name.replace("Amazon", "").replace("AWS", ""))
    return name if name[:1].isalpha() else f"Service{name}"
