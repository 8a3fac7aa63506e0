"""A generated client as the subject: called with botocore's arguments, its answers given by a stub."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from botocore.model import OperationModel
from corpus.clients import Names
from corpus.services import Target
from differential.oracle import KEY_ID, REGION, SECRET, Answer, Sent

BASE64 = {("autoscaling", "CreateLaunchConfiguration"): "UserData", ("ec2", "RunInstances"): "UserData"}
"""Texts of the model that botocore sends in base64: bytes in generated clients."""


class _Transport:
    """Hands each request to the stub of the current call: no answer outlives the call that it was meant for."""

    def __init__(self, kind: Callable[[], Any]) -> None:
        self._kind = kind
        self._stub = kind()

    def renewed(self) -> Any:
        """Return a new stub, to which the next requests go."""
        self._stub = self._kind()
        return self._stub

    def send(self, request: Any, timeout: Any) -> Any:
        """Let the stub answer."""
        return self._stub.send(request, timeout)

    def close(self) -> None:
        """Do nothing: there is no connection."""


class Subject:
    """The generated client of one service."""

    def __init__(self, target: Target, names: Names) -> None:
        self.names = names
        self._speaks_xml = importlib.util.find_spec(f"{target.package}._xml") is not None
        self.package = importlib.import_module(target.package)
        self.types = importlib.import_module(f"{target.package}.types")
        self.errors = importlib.import_module(f"{target.package}.errors")
        self._transport = _Transport(importlib.import_module(f"{target.package}.testing").StubTransport)
        credentials = self.package.Credentials(KEY_ID, SECRET)
        kind = getattr(self.package, names.client)
        self.client = kind(region=REGION, credentials=credentials, transport=self._transport, max_attempts=1)

    def call(self, operation: OperationModel, arguments: Mapping[str, Any], answer: Answer, *, typed: bool) -> Any:
        """Call an operation with botocore's arguments; return the request that was sent, and the output or the error.

        ``typed`` passes structures as instances of their classes instead of plain dicts.
        """
        stub = self._transport.renewed()
        stub.respond(answer.body, status=answer.status, headers=dict(answer.headers))
        given = self.arguments(operation, arguments, typed=typed)
        try:
            output = getattr(self.client, self.names.methods[operation.name])(**given)
        except self.package.ServiceError as error:
            output = error
        return _sent(stub.requests[0]), output

    def finish(self, output: Any) -> None:
        """End an output that may be a stream."""
        if hasattr(output, "close"):
            output.close()

    def arguments(self, operation: OperationModel, given: Mapping[str, Any], *, typed: bool) -> dict[str, Any]:
        """Return the keyword arguments for botocore's arguments."""
        spelled = self.names.arguments[operation.name]
        members = operation.input_shape.members if operation.input_shape else {}
        convert = self._typed if typed else self._plain
        # botocore makes up some members, of which no spec knows.
        values = {name: convert(members[name], value) for name, value in given.items() if name in spelled}
        encoded = BASE64.get((operation.service_model.service_name, operation.name))
        return {spelled[name]: value.encode() if name == encoded else value for name, value in values.items()}

    def _typed(self, shape: Any, value: Any) -> Any:
        match shape.type_name:
            case "structure" if not shape.is_document_type:
                kind = getattr(self.types, self.names.structures[shape.name])
                spelled = {field.encode_name: field.name for field in msgspec.structs.fields(kind)}
                return kind(
                    **{spelled[self._key(shape, k)]: self._typed(shape.members[k], v) for k, v in value.items()}
                )
            case "list":
                return [self._typed(shape.member, item) for item in value]
            case "map":
                return {key: self._typed(shape.value, item) for key, item in value.items()}
            case _:
                return value

    def _plain(self, shape: Any, value: Any) -> Any:
        """Return a value with the names that are documented: those on the wire or, in XML, those of the API."""
        match shape.type_name:
            case "structure" if not shape.is_document_type:
                return {self._key(shape, name): self._plain(shape.members[name], item) for name, item in value.items()}
            case "list":
                return [self._plain(shape.member, item) for item in value]
            case "map":
                return {key: self._plain(shape.value, item) for key, item in value.items()}
            case _:
                return value

    def _key(self, shape: Any, name: str) -> str:
        return name if self._speaks_xml else str(shape.members[name].serialization.get("name", name))


def _sent(request: Any) -> Sent:
    path, _, query = request.target.partition("?")
    host = request.host if request.port is None else f"{request.host}:{request.port}"
    headers = {name.lower(): value for name, value in request.headers}
    assert len(headers) == len(request.headers), "a header was sent twice"
    return Sent(request.method, host, path, query, headers, request.body)
