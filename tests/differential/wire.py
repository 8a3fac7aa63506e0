"""Comparison of requests: what a generated client sends against what botocore sends."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree

import cbor2
import pytest
from botocore.exceptions import BotoCoreError
from botocore.model import OperationModel
from differential.oracle import Answer, Oracle, Sent
from differential.subject import Subject
from differential.xml_answers import XML
from runtime.stream.eventstream import encode_message

# Who sends, when, with which signature, and the length, which is compared with the body itself.
OWN = {
    "amz-sdk-invocation-id",
    "amz-sdk-request",
    "authorization",
    "content-length",
    "host",
    "user-agent",
    "x-amz-date",
}


# Requests that botocore changes in code of its own, of which its models know nothing.
CHANGED = {
    ("ec2", "CopySnapshot"): "botocore adds a presigned URL",
    ("ec2", "GetConsoleOutput"): "botocore reads a text as base64, and replaces what is not UTF-8 in it",
    **dict.fromkeys(
        [
            *(
                (service, name)
                for service in ("docdb", "neptune", "rds")
                for name in ("CopyDBClusterSnapshot", "CreateDBCluster")
            ),
            ("rds", "CopyDBSnapshot"),
            ("rds", "CreateDBInstanceReadReplica"),
            ("rds", "StartDBInstanceAutomatedBackupsReplication"),
        ],
        "botocore adds a presigned URL",
    ),
    ("cloudsearchdomain", "Search"): "botocore turns the GET of the model into a POST with a form",
    ("machinelearning", "Predict"): "botocore sends it to the host that an argument names",
}
# Services that botocore signs for the region of its list of endpoints, which is older than the rules for hosts.
SIGNED_ELSEWHERE = {"health"}
# Hashes of a body that botocore adds where the caller gives none: arguments of the operation in a generated client.
HASHED = {
    ("glacier", "UploadArchive"): {"x-amz-content-sha256", "x-amz-sha256-tree-hash"},
    ("glacier", "UploadMultipartPart"): {"x-amz-content-sha256", "x-amz-sha256-tree-hash"},
}


def compare_requests(
    subject: Subject, oracle: Oracle, operation: OperationModel, given: dict[str, Any], *, typed: bool
) -> None:
    """Call both clients with the same arguments, and compare what they send; or see both refuse."""
    answer = Answer(200, [], nothing(operation, oracle.protocol))
    if is_changed(operation):
        subject.finish(subject.call(operation, given, answer, typed=typed)[1])
        return
    try:
        expected, _ = oracle.call(operation, given, answer)
    except BotoCoreError:
        with pytest.raises(subject.package.InvalidInput):
            subject.call(operation, given, answer, typed=typed)
        return
    sent, output = subject.call(operation, given, answer, typed=typed)
    subject.finish(output)
    compare_sent(operation, oracle.protocol, sent, expected)


def is_changed(operation: OperationModel) -> bool:
    """Say whether botocore makes another request of an operation than its model says."""
    return (operation.service_model.service_name, operation.name) in CHANGED


def compare_sent(operation: OperationModel, protocol: str, sent: Sent, expected: Sent) -> None:
    """Compare two requests."""
    equal("method", sent.method, expected.method)
    equal("host", sent.host, expected.host)
    equal("path", sent.path, expected.path)
    equal("query", pairs(sent.query), pairs(expected.query))
    mine, theirs = headers(operation, sent), headers(operation, expected)
    for name in HASHED.get((operation.service_model.service_name, operation.name), set()) - mine.keys():
        theirs.pop(name, None)
    payload = payload_of(operation)
    if payload is not None and payload.type_name in ("blob", "string"):
        # botocore leaves the type of such a body to the caller; Smithy 2.0, "httpPayload", has defaults.
        if "content-type" not in theirs:
            mine.pop("content-type", None)
        equal("body", sent.body, expected.body)
    else:
        values = decoded(protocol, sent.body), decoded(protocol, expected.body)
        assert same(*values), f"body: {values[0]!r}, but botocore sends {values[1]!r}"
    if protocol == "rest-xml" and "content-type" not in theirs:
        # botocore leaves it out; Smithy 2.0, "AWS restXml protocol", has one.
        mine.pop("content-type", None)
    equal("headers", mine, theirs)
    signs_alike = operation.service_model.service_name not in SIGNED_ELSEWHERE
    if signs_alike and (operation.auth_type != "none" or "authorization" in sent.headers):
        # botocore signs even what wants no signature where the endpoint says how it would have to be done.
        equal("scope of the signature", scope(sent), scope(expected))
    equal("content-length", int(sent.headers.get("content-length", 0)), len(sent.body))


def scope(sent: Sent) -> list[str]:
    """Return region and service of a signature; empty for a request that is not signed."""
    value = sent.headers.get("authorization", "")
    return value.partition("Credential=")[2].split(",")[0].split("/")[2:]


def equal(what: str, mine: object, theirs: object) -> None:
    """Fail where two parts of a request differ."""
    assert mine == theirs, f"{what}: {mine!r}, but botocore sends {theirs!r}"


def nothing(operation: OperationModel, protocol: str) -> bytes:
    """Return the smallest body of an answer to an operation."""
    if protocol in XML:
        wrapper = f"{operation.name}Result" if operation.output_shape else "Empty"
        return (
            b""
            if protocol == "rest-xml"
            else f"<{operation.name}Response><{wrapper}/></{operation.name}Response>".encode()
        )
    empty = b"\xa0" if "cbor" in protocol else b"{}"
    if not operation.has_event_stream_output:
        return empty
    if protocol == "rest-json":
        return b""
    return encode_message({":message-type": "event", ":event-type": "initial-response"}, empty)


def payload_of(operation: OperationModel) -> Any:
    """Return the shape of the member that is the request's body, if one is."""
    shape = operation.input_shape
    name = shape.serialization.get("payload") if shape else None
    return shape.members[name] if name else None


def pairs(query: str) -> list[str]:
    """Return the pairs of a query, sorted: their order has no meaning, and botocore may leave an empty one."""
    return sorted(filter(None, query.split("&")))


def headers(operation: OperationModel, sent: Sent) -> dict[str, str]:
    """Return the headers that matter; white space after the commas of a list does not (RFC 9110, section 5.6.1)."""
    members = operation.input_shape.members.values() if operation.input_shape else ()
    lists = {str(m.serialization.get("name")).lower() for m in members if m.type_name == "list"}
    kept = {name: value for name, value in sent.headers.items() if name not in OWN}
    return {k: ",".join(part.strip() for part in v.split(",")) if k in lists else v for k, v in kept.items()}


def decoded(protocol: str, body: bytes) -> Any:
    """Return the value that a body holds."""
    if not body:
        return None
    if "cbor" in protocol:
        return cbor2.loads(body)
    if protocol == "rest-xml":
        return tree(ElementTree.fromstring(body))
    if protocol in XML:
        # As they are encoded; their order has no meaning.
        return sorted(body.decode().split("&"))
    return json.loads(body)


def tree(element: ElementTree.Element) -> Any:
    """Return an element as plain data: elements in it in their order.

    botocore sends carriage returns as they are, which a parser takes for the end of a line; ours arrive.
    """
    inner = [tree(child) for child in element]
    text = (element.text or "").replace("\r\n", "\n").replace("\r", "\n")
    return [element.tag, sorted(element.attrib.items()), inner or text]


def same(left: Any, right: Any) -> bool:
    """Equality for which NaN is NaN, and true is not 1."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, float) and isinstance(right, float):
        return left == right or (left != left and right != right)
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)
