"""The hand-written bindings of SageMaker Runtime against what ``bind`` derives of the same spec, fact by fact."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from itertools import product
from pathlib import Path

import botocore
import pytest
from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import EndpointProviderError
from lapsmith import bind, bindings, ir, lap
from lapsmith.ir.model import Service
from lapsmith.ir.rules_reader import read_rules
from runtime.errors import InvalidInput
from runtime.settings.endpoint import Hosts, resolve_endpoint

SPEC = Path(__file__).parents[2] / "specs" / "sagemaker-runtime"

# Compared by the hosts that they lead to.
ENDPOINTS = ("hosts", "endpoint_rules")
PROSE = ("doc", "origins")


@pytest.fixture(scope="module")
def services() -> tuple[Service, Service]:
    """The service by hand, and as it is derived."""
    spec = lap.parse((SPEC / "references/api-spec.lap").read_bytes(), "api-spec.lap")
    by_hand = bindings.load(SPEC / "bindings.yaml", "bindings.yaml")
    typed = lap.parse_types((SPEC / "types.lap").read_bytes(), "types.lap")
    bound = bind.bind(spec.document)
    derived = bindings.loads(bound.contents["bindings.yaml"], "derived.yaml")
    types = lap.parse_types(bound.contents["types.lap"], "derived.lap")
    rules = read_rules(bound.contents["endpoint-rules.json"], "endpoint-rules.json")
    assert [*derived.diagnostics, *types.diagnostics, *rules.diagnostics] == []
    return (
        ir.build(spec.document, by_hand.bindings, typed.document, strict=True).require(),
        ir.build(spec.document, derived.bindings, types.document, rules.rules, strict=True).require(),
    )


def facts(node: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Every fact of an IR but prose, by a path of attributes and names."""
    if isinstance(node, Mapping):
        parts = [(str(key), value) for key, value in node.items()]
    elif isinstance(node, tuple):
        parts = [(getattr(item, "name", str(index)), item) for index, item in enumerate(node)]
    elif is_dataclass(node):
        parts = [(field.name, getattr(node, field.name)) for field in fields(node)]
        parts = [(name, value) for name, value in parts if name not in PROSE]
        yield f"{path}.is", type(node).__name__
    else:
        yield path, str(node) if isinstance(node, str) else node
        return
    yield f"{path}.count", len(parts)
    for name, value in parts:
        yield from facts(value, f"{path}.{name}" if path else name)


def test_facts_are_equal(services: tuple[Service, Service]) -> None:
    by_hand, derived = (dict(facts(service)) for service in services)
    differing = {
        path: (by_hand.get(path), derived.get(path))
        for path in {**by_hand, **derived}
        if by_hand.get(path) != derived.get(path) and path.partition(".")[0] not in ENDPOINTS
    }
    assert differing == {}


def test_every_fact_is_looked_at(services: tuple[Service, Service]) -> None:
    found = dict(facts(services[0]))
    assert found["operations.InvokeEndpoint.input.TargetModel.wire_name"] == "X-Amzn-SageMaker-Target-Model"
    assert found["operations.InvokeEndpointAsync.status"] == 202
    assert found["shapes.PayloadPart.members.Bytes.location"] == "event-payload"
    assert found["shapes.ResponseStream.errors.ModelStreamError"] == "ModelStreamError"
    assert found["errors.ModelError.members.OriginalStatusCode.type.is"] == "IntegerType"
    assert len(found) > 400


def test_hosts_by_hand_are_where_the_derived_rules_lead(services: tuple[Service, Service]) -> None:
    by_hand, derived = services
    assert by_hand.hosts is not None
    assert derived.hosts is None
    hosts = Hosts(by_hand.hosts.default, by_hand.hosts.fips, by_hand.hosts.dualstack, by_hand.hosts.fips_dualstack)
    spec = lap.parse((SPEC / "references/api-spec.lap").read_bytes(), "api-spec.lap")
    rules = json.loads(bind.bind(spec.document).contents["endpoint-rules.json"])
    partitions = json.loads((Path(botocore.__file__).parent / "data" / "partitions.json").read_text())
    oracle = EndpointProvider(rules, partitions)
    regions = [region for partition in partitions["partitions"] for region in partition["regions"]]
    compared = 0
    for region, fips, dualstack in product(regions, (False, True), (False, True)):
        try:
            found = oracle.resolve_endpoint(Region=region, UseFIPS=fips, UseDualStack=dualstack).url
        except EndpointProviderError:
            with pytest.raises(InvalidInput):
                resolve_endpoint(hosts, region, fips=fips, dualstack=dualstack)
            continue
        assert resolve_endpoint(hosts, region, fips=fips, dualstack=dualstack) == found
        compared += 1
    assert compared > 100
