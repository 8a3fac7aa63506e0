"""Small models, and what is derived of them."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml as pyyaml
from corpus.lean import compile_lean
from lapsmith import bind, bindings, ir, lap
from lapsmith.ir.model import Service

BASE: dict[str, Any] = {
    "metadata": {
        "apiVersion": "2020-01-01",
        "endpointPrefix": "tiny",
        "protocol": "rest-json",
        "serviceFullName": "Amazon Tiny Service",
        "serviceId": "Tiny",
        "signingName": "tinysigning",
        "signatureVersion": "v4",
    },
    "operations": {},
    "shapes": {
        "Text": {"type": "string"},
        "Number": {"type": "integer"},
        "Bytes": {"type": "blob"},
        "Time": {"type": "timestamp"},
        "IsoTime": {"type": "timestamp", "timestampFormat": "iso8601"},
        "Texts": {"type": "list", "member": {"shape": "Text"}},
        "SparseTexts": {"type": "list", "member": {"shape": "Text"}, "sparse": True},
        "Times": {"type": "list", "member": {"shape": "IsoTime"}},
        "TextMap": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Text"}},
    },
}


def model(protocol: str = "rest-json", **extra: Any) -> dict[str, Any]:
    """The base model; JSON-RPC and CBOR with what they need."""
    found = deepcopy(BASE)
    found["metadata"] |= {"protocol": protocol} | extra
    if protocol != "rest-json":
        found["metadata"] |= {"jsonVersion": "1.0", "targetPrefix": "Tiny_2020"}
    return found


def structure(members: dict[str, Any], **traits: Any) -> dict[str, Any]:
    return {"type": "structure", "members": members, **traits}


def operation(
    found: dict[str, Any],
    name: str,
    uri: str = "/",
    *,
    into: dict[str, Any] | None = None,
    out: Any = None,
    **traits: Any,
) -> None:
    """Add an operation to a model, with an input and an output structure."""
    entry: dict[str, Any] = {
        "name": name,
        "http": {"method": "POST", "requestUri": uri, **traits.pop("http", {})},
        **traits,
    }
    for side, described in (("input", into), ("output", out)):
        if described is not None:
            found["shapes"][f"{name}{side.title()}"] = described
            entry[side] = {"shape": f"{name}{side.title()}"}
    found["operations"][name] = entry


def derive(
    tmp_path: Path,
    described: dict[str, Any],
    spec: str | None = None,
    beside: dict[str, Any] | None = None,
    **options: Any,
) -> tuple[dict[str, Any], bind.Bound]:
    """The content of the bindings of a model's own lean spec, or of another one."""
    (tmp_path / "service-2.json").write_text(json.dumps(described))
    for name, content in (beside or {}).items():
        (tmp_path / f"{name}.json").write_text(json.dumps(content))
    document = lap.parse(spec or compile_lean(described), "spec.lap").document
    bound = bind.bind(document, model_name=str(tmp_path), **options)
    content: dict[str, Any] = pyyaml.safe_load(bound.contents["bindings.yaml"])
    return content, bound


def built(bound: bind.Bound) -> Service:
    """The IR of a bound spec; it must be without inferences."""
    loaded = bindings.loads(bound.contents["bindings.yaml"], "bindings.yaml")
    types = lap.parse_types(bound.contents["types.lap"], "types.lap")
    assert [*loaded.diagnostics, *types.diagnostics] == []
    return ir.build(bound.document, loaded.bindings, types.document, strict=True).require()
