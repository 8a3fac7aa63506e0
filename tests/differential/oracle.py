"""botocore as the oracle: real clients of it, whose requests are caught and whose responses are made up."""

from __future__ import annotations

import functools
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import botocore
import botocore.session
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel
from corpus.services import Target

REGION = "us-west-2"
KEY_ID, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
Headers = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Sent:
    """A request as it goes to the socket. ``headers`` are by lower-case name."""

    method: str
    host: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """A response to give."""

    status: int
    headers: Headers
    body: bytes


class Oracle:
    """botocore's client of one service. With an ``endpoint_url`` it really sends, and there only."""

    def __init__(self, target: Target, endpoint_url: str | None = None) -> None:
        config = Config(
            parameter_validation=False,
            retries={"total_max_attempts": 1},
            ignore_configured_endpoint_urls=True,
            inject_host_prefix=endpoint_url is None,
        )
        self._client = _session(target.protocol).create_client(
            target.service,
            REGION,
            aws_access_key_id=KEY_ID,
            aws_secret_access_key=SECRET,
            config=config,
            endpoint_url=endpoint_url,
        )
        if endpoint_url is None:
            self._client.meta.events.register("before-send", self._answer)
        self.model: ServiceModel = self._client.meta.service_model
        self._next: Answer | None = None
        self._sent: AWSPreparedRequest | None = None

    @property
    def protocol(self) -> str:
        """The protocol that the client speaks, by botocore's name."""
        return str(self.model.resolved_protocol)

    def operations(self) -> dict[str, OperationModel]:
        """Return the operations that a client has, in the model's order; botocore sends no event streams."""
        operations = {name: self.model.operation_model(name) for name in self.model.operation_names}
        return {name: op for name, op in operations.items() if not op.has_event_stream_input}

    def call(self, operation: OperationModel, arguments: dict[str, Any], answer: Answer) -> tuple[Sent, Any]:
        """Call an operation; return the request that was sent, and the output or the error.

        Raises BotoCoreError for arguments that botocore refuses, and where it would need a SigV4a signature.
        """
        self._next, self._sent = answer, None
        try:
            output = getattr(self._client, botocore.xform_name(operation.name))(**arguments)
        except ClientError as error:
            output = error
        assert self._sent is not None
        return _sent(self._sent), output

    def send(self, operation: OperationModel, arguments: dict[str, Any]) -> None:
        """Call an operation over the network."""
        getattr(self._client, botocore.xform_name(operation.name))(**arguments)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _answer(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        assert self._next is not None
        self._sent = request
        return AWSResponse(request.url, self._next.status, dict(self._next.headers), _Raw(self._next.body))


class _Raw(io.BytesIO):
    """A response body as botocore reads it: whole, or piece by piece."""

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        """Yield the body in pieces."""
        yield from iter(lambda: self.read(7), b"")


@functools.cache
def _session(protocol: str | None) -> botocore.session.Session:
    """One session for all clients: it has read the partitions and endpoints once."""
    session = botocore.session.Session()
    session.register_component("data_loader", _Loader(protocol))
    return session


class _Loader(Loader):  # type: ignore[misc]
    """Reads models as generated clients see them.

    They offer one protocol only, if one is named, and no endpoint discovery: that is botocore's own doing, where
    generated clients call the Region's endpoint.
    """

    def __init__(self, protocol: str | None) -> None:
        super().__init__()
        self._protocol = protocol

    def load_service_model(self, service_name: str, type_name: str, api_version: str | None = None) -> Any:
        """Read a file of a model."""
        loaded = super().load_service_model(service_name, type_name, api_version)
        if type_name == "service-2":
            for operation in loaded["operations"].values():
                operation.pop("endpointdiscovery", None)
                operation.pop("endpointoperation", None)
            if self._protocol:
                name = f"smithy-{self._protocol}" if self._protocol.startswith("rpc") else self._protocol
                loaded["metadata"] |= {"protocols": [name], "protocol": name}
        return loaded


def _sent(request: AWSPreparedRequest) -> Sent:
    url = urlsplit(request.url)
    body = request.body
    if hasattr(body, "read"):
        body = body.read()
    headers = {name.lower(): _text(value) for name, value in request.headers.items()}
    data = body.encode() if isinstance(body, str) else bytes(body or b"")
    return Sent(request.method, url.netloc, url.path, url.query, headers, data)


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
