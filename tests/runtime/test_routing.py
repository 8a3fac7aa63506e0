"""Where calls go and how they are signed there: endpoint rules, host prefixes, operations that are signed otherwise."""

from __future__ import annotations

import gzip
import pickle
from collections.abc import Mapping
from typing import Any, ClassVar

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compress import maybe_compress_request
from botocore.config import Config as BotocoreConfig
from botocore.credentials import Credentials as BotocoreCredentials
from msgspec import structs
from msgspec.structs import replace
from runtime.codec.request_text import host_label
from runtime.errors import InvalidInput
from runtime.message.http import HTTPRequest, Request, Response
from runtime.settings.config import Config, ServiceInfo, resolve_config
from runtime.settings.endpoint import parse_endpoint_url
from runtime.settings.routing import EndpointRules, ResolvedEndpoint, Route, Router
from runtime.signing.sigv4 import Credentials

from . import calls
from .calls import KEYS, OPERATION, REQUEST, play
from .calls import ok as success

CALLS: list[dict[str, Any]] = []


def resolve(**settings: Any) -> ResolvedEndpoint:
    """Rules that put what they are given into the endpoint's name, and remember it."""
    CALLS.append(settings)
    if settings.get("table") == "refused":
        raise InvalidInput("no endpoint for this table")
    host = ".".join(
        str(value) for name, value in sorted(settings.items()) if isinstance(value, str) and name != "custom"
    )
    schemes = settings.get("schemes")
    properties: Mapping[str, Any] = {} if schemes is None else {"authSchemes": SCHEMES[schemes]}
    return ResolvedEndpoint(settings.get("custom", f"https://{host}.example"), properties, HEADERS)


HEADERS = {"x-by-rules": ["one", "two"]}
SCHEMES = {
    "sigv4": [{"name": "sigv4", "signingName": "other", "signingRegion": "moon-1", "disableDoubleEncoding": True}],
    "both": [{"name": "sigv4a", "signingRegionSet": ["*"]}, {"name": "sigv4"}],
    "sigv4a": [{"name": "sigv4a", "signingRegionSet": ["*"]}],
    "s3express": [{"name": "sigv4-s3express", "signingName": "s3express"}],
    "none": [],
}
BUILT_INS = {
    "region": "AWS::Region",
    "fips": "AWS::UseFIPS",
    "dual_stack": "AWS::UseDualStack",
    "custom": "SDK::Endpoint",
    "mode": "AWS::Auth::AccountIdEndpointMode",
    "unheard": "AWS::Of::Tomorrow",
}
FIXED = EndpointRules(resolve, BUILT_INS)
VARYING = EndpointRules(
    resolve, {"region": "AWS::Region"}, {"Table": "table", "Schemes": "schemes", "Tables": "tables"}
)
BY_ACCOUNT = EndpointRules(resolve, {"region": "AWS::Region", "account": "AWS::Auth::AccountId"})


@pytest.fixture(autouse=True)
def _forget() -> None:
    CALLS.clear()


def service(rules: EndpointRules) -> ServiceInfo:
    return replace(calls.SERVICE, rules=rules)


def config(rules: EndpointRules, environ: Mapping[str, str] | None = None, **settings: Any) -> Config:
    home = {"AWS_CONFIG_FILE": "/nowhere", "AWS_SHARED_CREDENTIALS_FILE": "/nowhere"}
    arguments = {"region": "eu-west-1"} | settings
    return resolve_config(service(rules), environ=home | dict(environ or {}), **arguments)


def sent(rules: EndpointRules, operation: Any = OPERATION, request: Request = REQUEST, **settings: Any) -> HTTPRequest:
    (found,) = play(
        [success()], service=service(rules), config=config(rules, **settings), operation=operation, request=request
    ).sent
    return found


def header(request: HTTPRequest, name: str) -> list[str]:
    return [value for key, value in request.headers if key.lower() == name.lower()]


def scope(request: HTTPRequest) -> str:
    (authorization,) = header(request, "Authorization")
    return authorization.partition("Credential=")[2].partition(",")[0].partition("/")[2]


def test_settings_are_given_to_the_rules_once() -> None:
    found = config(FIXED)
    assert CALLS == [{"region": "eu-west-1", "fips": False, "dual_stack": False, "mode": "preferred"}]
    for _ in range(3):
        play([success()], service=service(FIXED), config=found)
    assert len(CALLS) == 1
    assert isinstance(found.route, Route)
    assert found.endpoint == parse_endpoint_url("https://preferred.eu-west-1.example")


def test_settings_of_the_environment() -> None:
    config(FIXED, {"AWS_USE_FIPS_ENDPOINT": "true", "AWS_USE_DUALSTACK_ENDPOINT": "true"})
    assert CALLS[-1] == {"region": "eu-west-1", "fips": True, "dual_stack": True, "mode": "preferred"}


@pytest.mark.parametrize("argument", [True, False])
def test_a_custom_endpoint_goes_through_the_rules_without_fips_and_dual_stack(argument: bool) -> None:
    url = "http://localhost:8000/path"
    environ = {"AWS_USE_FIPS_ENDPOINT": "true", "AWS_USE_DUALSTACK_ENDPOINT": "true"}
    found = config(FIXED, environ, endpoint_url=url) if argument else config(FIXED, environ | {"AWS_ENDPOINT_URL": url})
    assert CALLS[-1] == {
        "region": "eu-west-1",
        "fips": False,
        "dual_stack": False,
        "mode": "preferred",
        "custom": url,
    }
    assert found.endpoint == parse_endpoint_url(url)


def test_a_bad_custom_endpoint_is_refused_by_its_name() -> None:
    with pytest.raises(InvalidInput, match=r"^AWS_ENDPOINT_URL must begin with"):
        config(VARYING, {"AWS_ENDPOINT_URL": "localhost"})
    with pytest.raises(InvalidInput, match=r"^use_fips=True cannot be had at a custom endpoint"):
        config(VARYING, endpoint_url="http://x", use_fips=True)


@pytest.mark.parametrize("value", ["required", "DISABLED", "preferred"])
def test_account_id_endpoint_mode(value: str) -> None:
    config(FIXED, {"AWS_ACCOUNT_ID_ENDPOINT_MODE": value})
    assert CALLS[-1]["mode"] == value.lower()


def test_an_unknown_account_id_endpoint_mode_is_refused() -> None:
    with pytest.raises(InvalidInput, match="AWS_ACCOUNT_ID_ENDPOINT_MODE must be one of preferred, disabled, required"):
        config(FIXED, {"AWS_ACCOUNT_ID_ENDPOINT_MODE": "maybe"})


def test_parameters_of_operations_decide_for_each_call() -> None:
    found = config(VARYING)
    assert found.endpoint is None
    assert isinstance(found.route, Router)
    hosts = [found.route.find({"Table": name, "Unknown": "x"}, None).endpoint.host for name in ("a", "b", "a")]
    assert hosts == ["eu-west-1.a.example", "eu-west-1.b.example", "eu-west-1.a.example"]
    assert len(CALLS) == 2
    assert found.route.find({"Table": None}, None).endpoint.host == "eu-west-1.example"


def test_what_is_remembered_is_bounded() -> None:
    found = config(VARYING).route
    assert isinstance(found, Router)
    for index in range(1000):
        found.find({"Table": f"t{index}", "Tables": [f"t{index}"]}, None)
    assert len(found._found) <= 256


@pytest.mark.parametrize("value", [5, {"a": "b"}, ["a", None], [["a"]], b"a", 1.5])
def test_values_that_are_no_text_are_refused(value: Any) -> None:
    route = config(VARYING).route
    assert isinstance(route, Router)
    with pytest.raises(InvalidInput, match="Table is made of must be a string"):
        route.find({"Table": value}, None)


def test_an_error_of_the_rules_is_raised_before_anything_is_sent() -> None:
    request = structs.replace(REQUEST, endpoint_parameters={"Table": "refused"})
    played = play([], service=service(VARYING), config=config(VARYING), request=request)
    assert isinstance(played.error, InvalidInput)
    assert str(played.error) == "no endpoint for this table"


def test_the_account_of_the_credentials() -> None:
    route = config(BY_ACCOUNT).route
    assert isinstance(route, Router)
    assert route.find({}, "123456789012").endpoint.host == "123456789012.eu-west-1.example"
    assert route.find({}, None).endpoint.host == "eu-west-1.example"
    calls.KEYS, kept = Credentials("AKID", "secret", account_id="42"), calls.KEYS
    try:
        assert sent(BY_ACCOUNT).host == "42.eu-west-1.example"
    finally:
        calls.KEYS = kept


def test_headers_of_the_rules_are_sent_and_signed() -> None:
    found = sent(FIXED)
    assert header(found, "x-by-rules") == ["one", "two"]
    assert "x-by-rules" in header(found, "Authorization")[0]


def test_the_rules_say_for_whom_requests_are_signed() -> None:
    def signed(schemes: str) -> str:
        return scope(sent(VARYING, request=structs.replace(REQUEST, endpoint_parameters={"Schemes": schemes})))

    assert signed("sigv4").endswith("/moon-1/other/aws4_request")
    assert signed("both").endswith("/eu-west-1/example/aws4_request")
    assert signed("none").endswith("/eu-west-1/example/aws4_request")
    route = config(VARYING).route
    assert isinstance(route, Router)
    assert not route.find({"Schemes": "sigv4"}, None).double_encode
    assert route.find({"Schemes": "both"}, None).double_encode


def test_paths_may_be_signed_as_they_are_sent() -> None:
    def signature(path: str, *, double_encode: bool) -> str:
        settings = replace(calls.CONFIG, route=replace(calls.ROUTE, double_encode=double_encode))
        (request,) = play([success()], request=Request("GET", path), config=settings).sent
        assert request.target == path
        return header(request, "Authorization")[0].partition("Signature=")[2]

    assert signature("/a%20b", double_encode=True) != signature("/a%20b", double_encode=False)
    assert signature("/ab", double_encode=True) == signature("/ab", double_encode=False)


@pytest.mark.parametrize(("schemes", "name"), [("sigv4a", "sigv4a"), ("s3express", "sigv4-s3express")])
def test_signatures_that_cannot_be_made_are_an_error(schemes: str, name: str) -> None:
    route = config(VARYING).route
    assert isinstance(route, Router)
    with pytest.raises(InvalidInput, match=f"takes signatures of the kind {name} only"):
        route.find({"Schemes": schemes}, None)
    unsigned = Router(VARYING, {"region": "eu-west-1"}, None, None)
    assert unsigned.find({"Schemes": schemes}, None).signing_name is None


@pytest.mark.parametrize("rules", [FIXED, VARYING])
def test_settings_can_be_pickled(rules: EndpointRules) -> None:
    found = config(rules)
    if isinstance(found.route, Router):
        found.route.find({"Table": "a"}, None)
    copy = pickle.loads(pickle.dumps(found))
    assert copy == replace(found, route=copy.route)
    if not isinstance(copy.route, Router):
        assert copy.route == found.route
    else:
        assert copy.route._found == {}
        assert copy.route.find({"Table": "b"}, None).endpoint.host == "eu-west-1.b.example"


PREFIXED = structs.replace(REQUEST, host_prefix="data.")


def test_host_prefixes_go_before_custom_endpoints_too() -> None:
    assert sent(FIXED, request=PREFIXED).host == "data.preferred.eu-west-1.example"
    found = sent(FIXED, request=PREFIXED, endpoint_url="http://localhost:8000/x")
    assert (found.host, found.port, header(found, "Host")) == ("data.localhost", 8000, ["data.localhost:8000"])


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://[::1]"])
def test_host_prefixes_cannot_go_before_addresses(url: str) -> None:
    found = config(FIXED, endpoint_url=url)
    played = play([], service=service(FIXED), config=found, request=PREFIXED)
    assert isinstance(played.error, InvalidInput)
    assert "AWS_DISABLE_HOST_PREFIX_INJECTION=true" in str(played.error)
    assert sent(FIXED, request=PREFIXED, endpoint_url=url, environ={"AWS_DISABLE_HOST_PREFIX_INJECTION": "true"})


@pytest.mark.parametrize("value", ["a", "a-b", "1", "a.b", "A", "-a-"])
def test_labels_of_hosts(value: str) -> None:
    assert host_label(value, "name") == value


@pytest.mark.parametrize(
    "value", [None, "", "a b", "a/b", "a:1", "a@b", "\u00e9", "a\n", ".a", "a..b", "a" * 64, "a#a?"]
)
def test_what_cannot_be_part_of_a_host_is_refused(value: Any) -> None:
    with pytest.raises(InvalidInput, match=r"^name "):
        host_label(value, "name")


def test_operations_without_signature_need_no_credentials() -> None:
    operation = structs.replace(OPERATION, auth="none")
    played = play([success()], operation=operation)
    assert played.refreshed == []
    assert header(played.sent[0], "Authorization") == []
    assert header(played.sent[0], "X-Amz-Date") == []


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_payloads_that_are_not_signed(scheme: str) -> None:
    route = replace(calls.ROUTE, endpoint=parse_endpoint_url(f"{scheme}://example.test"))
    operation = structs.replace(OPERATION, auth="unsigned-payload")
    (request,) = play([success()], operation=operation, config=replace(calls.CONFIG, route=route)).sent
    assert header(request, "X-Amz-Content-SHA256") == ["UNSIGNED-PAYLOAD"]
    theirs = AWSRequest("POST", f"{scheme}://example.test/things", {"Content-Type": "text/plain"}, b"thing")
    theirs.headers["Content-Length"] = "5"
    theirs.context["payload_signing_enabled"] = False
    (date,) = header(request, "X-Amz-Date")
    theirs.context["timestamp"] = date
    theirs.headers["X-Amz-Date"] = date
    theirs.headers["X-Amz-Content-SHA256"] = "UNSIGNED-PAYLOAD"
    keys = BotocoreCredentials(KEYS.access_key_id, KEYS.secret_access_key)
    auth = SigV4Auth(keys, "example", "eu-west-1")
    signature = auth.signature(auth.string_to_sign(theirs, auth.canonical_request(theirs)), theirs)
    assert header(request, "Authorization")[0].endswith(f"Signature={signature}")


COMPRESSING = structs.replace(OPERATION, compress=True)


class _Compressible:
    """The part of a botocore operation model that compression looks at."""

    request_compression: ClassVar[Any] = {"encodings": ["gzip"]}
    has_streaming_input = False


@pytest.mark.parametrize("size", [0, 1, 10_239, 10_240, 50_000])
@pytest.mark.parametrize("encoding", [None, "aws-chunked"])
@pytest.mark.parametrize(
    "environ", [{}, {"AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES": "1"}, {"AWS_DISABLE_REQUEST_COMPRESSION": "true"}]
)
def test_bodies_are_compressed_as_botocore_does(size: int, encoding: str | None, environ: dict[str, str]) -> None:
    headers = [("Content-Encoding", encoding)] if encoding else []
    request = structs.replace(REQUEST, headers=headers, body=b"x" * size)
    ours = sent(FIXED, COMPRESSING, request, environ=environ)
    theirs: dict[str, Any] = {"headers": dict(headers), "body": request.body}
    smallest = int(environ.get("AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES", 10240))
    settings = BotocoreConfig(
        request_min_compression_size_bytes=smallest,
        disable_request_compression="AWS_DISABLE_REQUEST_COMPRESSION" in environ,
    )
    maybe_compress_request(settings, theirs, _Compressible)
    # AWS's own protocol tests have a space after the comma of the list, and botocore has none.
    assert header(ours, "Content-Encoding") == [
        v.replace(",", ", ") for v in [theirs["headers"].get("Content-Encoding")] if v
    ]
    assert header(ours, "Content-Length") == [str(len(ours.body))]
    is_compressed = theirs["body"] != request.body
    assert isinstance(ours.body, bytes)
    assert (gzip.decompress(ours.body) if is_compressed else ours.body) == request.body


def test_compression_gives_the_same_bytes_each_time() -> None:
    request = structs.replace(REQUEST, body=b"abc" * 10_000)
    assert sent(FIXED, COMPRESSING, request).body == sent(FIXED, COMPRESSING, request).body
    assert sent(FIXED, OPERATION, request).body == request.body


@pytest.mark.parametrize("value", ["0", "-1", "1048577", "many", ""])
def test_bad_sizes_are_refused(value: str) -> None:
    environ = {"AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES": value}
    if value:
        with pytest.raises(InvalidInput, match="AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES must be a number from 1"):
            config(FIXED, environ)
    else:
        assert config(FIXED, environ).min_compression_size == 10_240


def test_a_response_is_read_as_ever() -> None:
    played = play([Response(200, success().headers, b"fine")], service=service(VARYING), config=config(VARYING))
    assert played.output is not None
    assert played.output.body == b"fine"
