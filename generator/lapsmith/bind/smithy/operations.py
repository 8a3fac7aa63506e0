"""Operations of a Smithy model, in the form of botocore's."""

from __future__ import annotations

from collections.abc import Iterator

from lapsmith.bind.smithy.ast import UNIT, Ast, traits
from lapsmith.bind.smithy.service import namespace, schemes
from lapsmith.bind.smithy.shapes import Shapes, fact, is_body
from lapsmith.bind.sources import Json

_COPIED = {
    "smithy.rules#staticContextParams": "staticContextParams",
    "smithy.rules#operationContextParams": "operationContextParams",
    "smithy.api#requestCompression": "requestcompression",
    "aws.protocols#httpChecksum": "httpChecksum",
}
_MARKS = {
    "smithy.api#idempotent": "idempotent",
    "smithy.api#readonly": "readonly",
    "aws.auth#unsignedPayload": "unsignedPayload",
    "smithy.api#httpChecksumRequired": "httpChecksumRequired",
}


def operations(ast: Ast, shapes: Shapes) -> Json:
    """Return the ``operations`` of a ``service-2.json``, and have ``shapes`` translate all that they reach."""
    return {name: _operation(name, shape, ast, shapes) for name, shape in ast.operations().items()}


def _operation(name: str, shape: Json, ast: Ast, shapes: Shapes) -> Json:
    said = traits(shape)
    found: Json = {"name": name, "http": _http(said)}
    for part in ("input", "output"):
        target = ast.target(shape[part], f"{name}.{part}") if part in shape else UNIT
        if target != UNIT:
            found[part] = {"shape": shapes.name(target)}
    _wrap(name, found, shape, ast)
    if errors := list(_errors(name, shape, ast, shapes)):
        found["errors"] = errors
    found |= {ours: said[theirs] for theirs, ours in _COPIED.items() if theirs in said}
    found |= {ours: True for theirs, ours in _MARKS.items() if theirs in said}
    if prefix := said.get("smithy.api#endpoint", {}).get("hostPrefix"):
        found["endpoint"] = {"hostPrefix": prefix}
    found |= _auth(said, ast)
    fact(found, "documentation", said.get("smithy.api#documentation"))
    return found


def _wrap(name: str, found: Json, shape: Json, ast: Ast) -> None:
    """Name the elements around the members in XML: ``NameResult`` in query's answers, a body's root in REST's."""
    protocols = traits(ast.service)
    if "aws.protocols#awsQuery" in protocols and "output" in found:
        found["output"]["resultWrapper"] = f"{name}Result"
    if "aws.protocols#restXml" in protocols and "input" in found:
        identity = ast.target(shape["input"], f"{name}.input")
        if any(is_body(said) for _, _, said in ast.members(identity)):
            root = traits(ast.shape(identity)).get("smithy.api#xmlName") or found["input"]["shape"]
            found["input"] |= {"locationName": root, **namespace(ast)}


def _errors(name: str, shape: Json, ast: Ast, shapes: Shapes) -> Iterator[Json]:
    """Yield those of the operation, then those that every operation of the service has."""
    seen = set()
    # The runtime of AWS's SDKs deals with the error that ends a discovered endpoint; botocore's models leave it out.
    discovery = traits(ast.service).get("aws.api#clientEndpointDiscovery", {}).get("error")
    for reference in (*shape.get("errors", ()), *ast.service.get("errors", ())):
        identity = ast.target(reference, f"an error of {name}")
        target = shapes.name(identity)
        if identity != discovery and target not in seen:
            seen.add(target)
            yield {"shape": target}


def _http(said: Json) -> Json:
    """Protocols that bind nothing to HTTP send ``POST /``."""
    bound = said.get("smithy.api#http")
    if not isinstance(bound, dict):
        return {"method": "POST", "requestUri": "/"}
    found: Json = {"method": bound.get("method"), "requestUri": bound.get("uri")}
    if bound.get("code", 200) != 200:
        found["responseCode"] = bound["code"]
    return found


def _auth(said: Json, ast: Ast) -> Json:
    """What the operation does not share with the service: no signature, or other schemes."""
    if "smithy.api#auth" not in said and "smithy.api#optionalAuth" not in said:
        return {}
    chosen = schemes(ast, said)
    if not chosen or "smithy.api#optionalAuth" in said:
        return {"authtype": "none", "auth": ["smithy.api#noAuth"]}
    return {"auth": chosen}
