"""What a Smithy model says of the service as a whole: protocols, signing, versions, endpoint rules."""

from __future__ import annotations

from lapsmith.bind.smithy.ast import Ast, local, traits
from lapsmith.bind.sources import Json

PROTOCOLS = {
    "smithy.protocols#rpcv2Cbor": "smithy-rpc-v2-cbor",
    "aws.protocols#awsJson1_0": "json",
    "aws.protocols#awsJson1_1": "json",
    "aws.protocols#restJson1": "rest-json",
    "aws.protocols#restXml": "rest-xml",
    "aws.protocols#awsQuery": "query",
    "aws.protocols#ec2Query": "ec2",
}
"""Protocol traits, and what botocore's models call the protocol."""

_XML = ("aws.protocols#restXml", "aws.protocols#awsQuery", "aws.protocols#ec2Query")
_ORDER = ("smithy-rpc-v2-cbor", "json", "rest-json", "rest-xml", "query", "ec2")
_SCHEMES = ("aws.auth#sigv4", "aws.auth#sigv4a", "smithy.api#httpBearerAuth")


def metadata(ast: Ast) -> Json:
    """Return the ``metadata`` of a ``service-2.json``."""
    said = traits(ast.service)
    service = said.get("aws.api#service", {})
    offered = [protocol for trait, protocol in PROTOCOLS.items() if trait in said]
    if not offered:
        raise ast.error("its service has no protocol of AWS's")
    protocols = sorted(set(offered), key=_ORDER.index)
    version = str(ast.service.get("version", ""))
    found: Json = {
        "apiVersion": version,
        "auth": schemes(ast, {}),
        "endpointPrefix": service.get("endpointPrefix") or service.get("arnNamespace") or local(ast.service_id).lower(),
        "protocol": protocols[0],
        "protocols": protocols,
        "serviceFullName": said.get("smithy.api#title") or service.get("sdkId") or local(ast.service_id),
        "serviceId": service.get("sdkId") or local(ast.service_id),
        # Names the client's class. botocore's models have abbreviations of their own here, where the names differ.
        "serviceAbbreviation": service.get("sdkId") or local(ast.service_id),
        "uid": service.get("docId") or f"{service.get('arnNamespace', 'service')}-{version}",
    }
    found |= _signing(said, found["endpointPrefix"])
    if "json" in protocols:
        found["jsonVersion"] = "1.0" if "aws.protocols#awsJson1_0" in said else "1.1"
    if {"json", "smithy-rpc-v2-cbor"} & set(protocols):
        found["targetPrefix"] = local(ast.service_id)
    if space := namespace(ast):
        found["xmlNamespace"] = space["xmlNamespace"]["uri"]
    if "aws.protocols#awsQueryCompatible" in said:
        found["awsQueryCompatible"] = {}
    return found


def _signing(said: Json, prefix: str) -> Json:
    found = {"signatureVersion": "v4"} if "aws.auth#sigv4" in said else {}
    name = said.get("aws.auth#sigv4", {}).get("name")
    if name and name != prefix:
        found["signingName"] = name
    return found


def namespace(ast: Ast) -> Json:
    """The XML namespace of the service, as a trait; nothing where its protocols have no XML."""
    said = traits(ast.service)
    found = said.get("smithy.api#xmlNamespace") if any(protocol in said for protocol in _XML) else None
    return {"xmlNamespace": found} if isinstance(found, dict) and "uri" in found else {}


def schemes(ast: Ast, operation: Json) -> list[str]:
    """The authentication schemes of an operation, or without one of the service, in the order of preference."""
    said = traits(ast.service)
    chosen = operation.get("smithy.api#auth", said.get("smithy.api#auth"))
    return list(chosen) if chosen is not None else [scheme for scheme in _SCHEMES if scheme in said]


def rules(ast: Ast) -> Json:
    """Return the endpoint rule set, or nothing where the model has none."""
    found = traits(ast.service).get("smithy.rules#endpointRuleSet", {})
    return dict(found) if isinstance(found, dict) else {}
