"""What operations set in the endpoint rules, through botocore's client and ours: the same place, the same signer."""

from __future__ import annotations

from typing import Any

import botocore.session
import jmespath
import pytest
from botocore.exceptions import BotoCoreError
from runtime.errors import InvalidInput
from runtime.settings.config import ServiceInfo, resolve_config
from runtime.settings.routing import Route

from .services import COMMON, FILES, compiled, file_of, read

# S3's clients have settings of their own (addressing styles and the like), which are not those of the rules.
SERVICES = sorted(
    {f.parts[-3] for f in FILES if {each.name for each in read(f).parameters} - COMMON} - {"s3", "s3control"}
)
ACCOUNT = "123456789012"

VALUES: dict[str, tuple[Any, ...]] = {
    "StreamARN": (f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/one", "no ARN"),
    "ConsumerARN": (f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/one/consumer/two:1525898737",),
    "StreamArn": (f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/t/stream/2015-05-11T21:21:33.291",),
    "KvsARN": (f"arn:aws:cloudfront::{ACCOUNT}:key-value-store/one",),
    "EventBusArn": (f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/one",),
    "EndpointId": ("abc123.456def", "bad_id"),
    "TableName": ("orders", f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/orders"),
    "RequestItems": ({f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/orders": {}, "b": {}}, {}),
    "TransactItems": (
        [{"Get": {"TableName": f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/orders"}}],
        [{"Put": {"TableName": "orders"}}, {"Delete": {"TableName": "other"}}],
    ),
    "TableCreationParameters": ({"TableName": "orders"},),
}
SETTINGS: tuple[dict[str, str], ...] = (
    {},
    {"AWS_USE_FIPS_ENDPOINT": "true"},
    {"AWS_USE_DUALSTACK_ENDPOINT": "true"},
    {"AWS_ACCOUNT_ID_ENDPOINT_MODE": "required"},
    {"AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled"},
    {"AWS_ENDPOINT_URL": "http://localhost:8000/path"},
    {"AWS_DEFAULT_REGION": "cn-north-1", "AWS_REGION": "cn-north-1"},
)


def paths(model: Any) -> dict[str, str]:
    """The parameters that an operation takes from somewhere in its input."""
    return {name: entry["path"] for name, entry in dict(model.operation_context_parameters or {}).items()}


def inputs(model: Any) -> list[dict[str, Any]]:
    """A few inputs of an operation, as far as its endpoint depends on them."""
    members = [each.member_name for each in model.context_parameters]
    members += [member for path in paths(model).values() for member in VALUES if member in path]
    found: list[dict[str, Any]] = [] if paths(model) else [{}]
    for member in members:
        found += [{member: value} for value in VALUES.get(member, (f"a-{member.lower()}",))]
    return found


def parameters(model: Any, arguments: dict[str, Any]) -> dict[str, Any]:
    """What our generated code gives to the endpoint rules for an input."""
    found = {each.name: each.value for each in model.static_context_parameters}
    found |= {each.name: arguments.get(each.member_name) for each in model.context_parameters}
    return found | {name: jmespath.search(path, arguments) for name, path in paths(model).items()}


@pytest.mark.parametrize("environ", SETTINGS, ids=str)
@pytest.mark.parametrize("name", SERVICES)
def test_operations_go_where_botocore_sends_them(
    name: str, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, value in ({"AWS_DEFAULT_REGION": "us-east-1", "AWS_REGION": "us-east-1"} | environ).items():
        monkeypatch.setenv(variable, value)
    session = botocore.session.Session()
    session.set_credentials("AKIDEXAMPLE", "secret", account_id=ACCOUNT)
    theirs: Any = session.create_client(name)
    model = theirs.meta.service_model
    rules = compiled(read(file_of(name))).rules
    service = ServiceInfo(name, None, model.signing_name, None, None, None, name, rules=rules)
    route = resolve_config(service).route
    compared = 0
    for operation in model.operation_names[:60]:
        operation_model = model.operation_model(operation)
        for arguments in inputs(operation_model):
            compared += 1
            ours = our_answer(route, parameters(operation_model, arguments))
            expected = their_answer(theirs, operation_model, arguments)
            assert ours == expected, (operation, arguments)
    assert compared >= 3


def our_answer(route: Any, given: dict[str, Any]) -> Any:
    try:
        found: Route = route if isinstance(route, Route) else route.find(given, ACCOUNT)
    except InvalidInput as error:
        return "sigv4a" if "takes signatures of the kind" in str(error) else "error"
    place = f"{found.endpoint.scheme}://{found.endpoint.netloc}{found.endpoint.path}"
    return place, dict(found.headers), found.signing_name, found.signing_region


def their_answer(client: Any, operation: Any, arguments: dict[str, Any]) -> Any:
    context: dict[str, Any] = {}
    try:
        url, headers, _ = client._resolve_endpoint_ruleset(operation, arguments, context)
    except BotoCoreError as error:
        return "sigv4a" if "crt" in str(error) or "signature" in str(error).lower() else "error"
    signing = context.get("signing", {})
    name = signing.get("signing_name", client.meta.service_model.signing_name)
    return url, headers, name, signing.get("region", client.meta.region_name)
