"""What a socket receives from a generated client is what it receives from botocore."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from itertools import islice

import pytest
from botocore.model import OperationModel
from corpus.services import Target
from differential.conftest import Pair
from differential.depth import Depths
from differential.each import each
from differential.inputs import arguments
from differential.oracle import KEY_ID, REGION, SECRET, Oracle, Sent
from differential.wire import compare_sent, nothing
from hypothesis import strategies as st

from ..runtime.loopback import Server, answering, response  # noqa: TID252

# Between them: labels, queries, headers, header maps, blobs and texts as bodies, documents, tokens.
TARGETS = ("lambda", "dataexchange", "dynamodb", "kms", "eventbridgev2", "partnercentral-revenue-measurement")
MOST = 40
# What only the HTTP libraries add, each its own.
HOP = ("accept-encoding", "connection")


@pytest.mark.parametrize("service", TARGETS)
def test_sockets_receive_the_same(
    pair: Callable[[Target], Pair], service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject, stubbed = pair(Target(service))
    depths = Depths()
    monkeypatch.setenv("AWS_DISABLE_HOST_PREFIX_INJECTION", "true")
    operations = {name: op for name, op in stubbed.operations().items() if not op.has_event_stream_output}
    empty = nothing(next(iter(operations.values())), stubbed.protocol)
    with Server(answering(response(empty))) as server:
        url = f"http://127.0.0.1:{server.port}"
        credentials = subject.package.Credentials(KEY_ID, SECRET)
        kind = getattr(subject.package, subject.names.client)
        with (
            closing(Oracle(Target(service), url)) as oracle,
            kind(region=REGION, credentials=credentials, endpoint_url=url, max_attempts=1) as client,
        ):

            def check(operation: OperationModel, data: st.DataObject) -> None:
                given = data.draw(arguments(operation, depths, full=data.draw(st.booleans())))
                server.requests.clear()
                oracle.send(operation, given)
                method = getattr(client, subject.names.methods[operation.name])
                subject.finish(method(**subject.arguments(operation, given, typed=False)))
                expected, sent = map(received, server.requests)
                compare_sent(operation, oracle.protocol, sent, expected)

            assert each(dict(islice(operations.items(), MOST)), check) > 0


def received(request: bytes) -> Sent:
    """Take apart the bytes of a request."""
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, version = first.split(" ")
    assert version == "HTTP/1.1"
    fields = [line.split(": ", 1) for line in lines]
    headers = {name.lower(): value for name, value in fields if name.lower() not in HOP}
    assert len({name.lower() for name, _ in fields}) == len(fields), "a header came twice"
    path, _, query = target.partition("?")
    return Sent(method, headers["host"], path, query, headers, body)
