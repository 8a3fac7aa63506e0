"""The repository's own spec and bindings, against botocore's service model and endpoint rules."""

from __future__ import annotations

import re
from typing import Any

import botocore.session
import pytest
from botocore.endpoint_provider import EndpointProvider, RuleSetEndpoint
from botocore.exceptions import EndpointProviderError
from botocore.model import OperationModel, ServiceModel, Shape
from ir.building import SPEC_FOLDER, real
from lapsmith import bindings, ir, lap
from lapsmith.ir.model import (
    BlobType,
    EventUnion,
    HostTemplates,
    IntegerType,
    Location,
    Member,
    Operation,
    RetryKind,
    Service,
    StringType,
    Structure,
    StructureRef,
    Type,
)

_LOCATIONS = {None: "body", "uri": "label", "querystring": "query", "header": "header"}
_TYPES: dict[str, type] = {"string": StringType, "integer": IntegerType, "blob": BlobType, "structure": StructureRef}


@pytest.fixture(scope="module")
def service() -> Service:
    return real().require()


@pytest.fixture(scope="module")
def aws() -> ServiceModel:
    return botocore.session.get_session().get_service_model("sagemaker-runtime")


def test_needs_no_inference_and_no_remark() -> None:
    assert real().diagnostics == ()


def test_service(service: Service, aws: ServiceModel) -> None:
    assert service.id == aws.service_id
    assert service.name == aws.metadata["serviceFullName"]
    assert service.api_version == aws.api_version
    assert service.protocol == aws.metadata["protocol"]
    assert service.signing is not None
    assert (service.signing.name, service.signing.s3) == (aws.signing_name, False)
    assert service.class_name == "SageMakerRuntime"
    assert service.read_timeout == 70


def test_has_every_operation(service: Service, aws: ServiceModel) -> None:
    assert [operation.name for operation in service.operations] == aws.operation_names


def test_methods_paths_statuses_and_errors(service: Service, aws: ServiceModel) -> None:
    for operation in service.operations:
        model = aws.operation_model(operation.name)
        path = "".join(part if isinstance(part, str) else f"{{{part.name}}}" for part in operation.uri.segments)
        assert (operation.method, path) == (model.http["method"], model.http["requestUri"])
        assert operation.uri.query == ()
        assert operation.status == model.http.get("responseCode", 200)
        assert list(operation.errors) == [shape.name for shape in model.error_shapes]
        assert operation.retry_safe is False


def test_every_member_is_where_aws_has_it(service: Service, aws: ServiceModel) -> None:
    for operation in service.operations:
        model: OperationModel = aws.operation_model(operation.name)
        assert model.input_shape is not None
        assert model.output_shape is not None
        _compare(operation.input, model.input_shape)
        _compare(operation.output, model.output_shape)


def _compare(members: tuple[Member, ...], shape: Any) -> None:
    assert members
    for member in members:
        theirs: Shape = shape.members[member.name]
        location = _LOCATIONS[theirs.serialization.get("location")]
        if shape.serialization.get("payload") == member.name:
            location = "events" if theirs.serialization.get("eventstream") else "payload"
        assert (member.name, member.location.value) == (member.name, location)
        assert member.wire_name == theirs.serialization.get("name", member.name)
        assert isinstance(member.type, _TYPES[theirs.type_name])


def test_what_is_required_is_the_spec_s_affair(service: Service, aws: ServiceModel) -> None:
    """AWS has made InputLocation optional since the spec was taken; all else must agree."""
    for operation in service.operations:
        model = aws.operation_model(operation.name)
        ours = {member.name for member in operation.input if member.required}
        assert model.input_shape is not None
        assert ours - {"InputLocation"} == set(model.input_shape.required_members)
        assert {m.name for m in operation.output if m.required} == set(model.output_shape.required_members)


def test_bindings_leave_no_member_of_the_spec_unbound(service: Service) -> None:
    parsed = lap.parse((SPEC_FOLDER / "references/api-spec.lap").read_bytes(), "spec")
    for operation, endpoint in zip(service.operations, parsed.document.endpoints, strict=True):
        assert len(operation.input) == len(endpoint.required) + len(endpoint.optional)
        assert len(operation.output) == len(endpoint.returns[0].fields or ())


def test_errors(service: Service, aws: ServiceModel) -> None:
    theirs = {shape.name: shape for shape in aws.error_shapes}
    assert set(service.errors) == set(theirs)
    for error in service.errors.values():
        shape = theirs[error.name]
        assert error.code == shape.error_code
        assert error.status == shape.metadata.get("error", {}).get("httpStatusCode")
        assert [member.name for member in error.members] == list(shape.members)
        for member in error.members:
            assert isinstance(member.type, _TYPES[shape.members[member.name].type_name])
            assert member.doc
        assert error.doc


def test_what_errors_mean_for_sending_again(service: Service) -> None:
    kinds = {name: error.retry for name, error in service.errors.items()}
    assert kinds == {
        "InternalDependencyException": None,
        "InternalFailure": None,
        "InternalStreamFailure": None,
        "ModelError": RetryKind.NEVER,
        "ModelNotReadyException": RetryKind.THROTTLE,
        "ModelStreamError": RetryKind.NEVER,
        "ServiceUnavailable": RetryKind.THROTTLE,
        "ValidationError": RetryKind.NEVER,
    }


def test_event_stream(service: Service, aws: ServiceModel) -> None:
    theirs = aws.shape_for("ResponseStream")
    union = service.shapes["ResponseStream"]
    assert isinstance(union, EventUnion)
    assert set(union.events) == {name for name, shape in theirs.members.items() if shape.serialization.get("event")}
    assert set(union.errors) == set(theirs.members) - set(union.events)
    part = service.shapes[union.events["PayloadPart"]]
    assert isinstance(part, Structure)
    (member,) = part.members
    assert theirs.members["PayloadPart"].members["Bytes"].serialization["eventpayload"] is True
    assert (member.name, member.location, member.type) == ("Bytes", Location.EVENT_PAYLOAD, BlobType())


_LOADER = botocore.session.get_session().get_component("data_loader")
_PARTITIONS = _LOADER.load_data("partitions")
_REGIONS = [(p["id"], region) for p in _PARTITIONS["partitions"] for region in sorted(p["regions"])[:3]]


@pytest.mark.parametrize("dualstack", [False, True])
@pytest.mark.parametrize("fips", [False, True])
def test_hosts_are_those_of_the_endpoint_rules(service: Service, fips: bool, dualstack: bool) -> None:
    rules = _LOADER.load_service_model("sagemaker-runtime", "endpoint-rule-set-1")
    provider = EndpointProvider(rules, _PARTITIONS)
    assert service.hosts is not None
    compared = 0
    for partition, region in _REGIONS:
        try:
            endpoint: RuleSetEndpoint = provider.resolve_endpoint(Region=region, UseFIPS=fips, UseDualStack=dualstack)
        except EndpointProviderError:
            continue
        assert f"https://{_host(service.hosts, partition, region, fips, dualstack)}" == endpoint.url
        compared += 1
    assert compared >= 10


def _host(hosts: HostTemplates, partition: str, region: str, fips: bool, dualstack: bool) -> str:
    forms = {
        (False, False): hosts.default,
        (True, False): hosts.fips,
        (False, True): hosts.dualstack,
        (True, True): hosts.fips_dualstack,
    }
    form = forms[fips, dualstack]
    (outputs,) = (p["outputs"] for p in _PARTITIONS["partitions"] if p["id"] == partition)
    values = {"region": region, **outputs}
    return re.sub(r"\{(\w+)\}", lambda found: str(values[found[1]]), form.get(partition, form["*"]))


def test_the_spec_alone_cannot_be_signed_for() -> None:
    parsed = lap.parse((SPEC_FOLDER / "references/api-spec.lap").read_bytes(), "spec")
    built = ir.build(parsed.document)
    assert built.service is None
    assert [item.code for item in built.diagnostics if item.severity == "error"] == ["signing-name-missing"]


def test_overrides_show_as_such() -> None:
    parsed = lap.parse((SPEC_FOLDER / "references/api-spec.lap").read_bytes(), "spec")
    data = (SPEC_FOLDER / "bindings.yaml").read_bytes()
    over = b"service: {read_timeout: 300}\noperations: {InvokeEndpoint: {in: {Accept: {member: Wanted}}}}\n"
    loaded = bindings.loads(data, "b", overrides=(over, "o"))
    service = ir.build(parsed.document, loaded.bindings).require()
    assert service.read_timeout == 300
    assert (service.origins["read_timeout"].source, str(service.origins["read_timeout"].span)) == (
        "overrides",
        "o:1:25",
    )
    assert service.origins["signing"].source == "bindings"
    operation: Operation = service.operations[0]
    (member,) = (member for member in operation.input if member.name == "Wanted")
    assert (member.origins["name"].source, member.origins["location"].source) == ("overrides", "bindings")


def test_types_of_members(service: Service) -> None:
    kinds: dict[str, Type] = {member.name: member.type for member in service.operations[1].input}
    assert kinds["RequestTTLSeconds"] == IntegerType(32)
