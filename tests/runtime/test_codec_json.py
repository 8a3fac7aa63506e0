"""awsJson1.0 and 1.1: requests, outputs and errors, compared with botocore's."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from runtime.codec.json import JSONRPC
from runtime.errors import InvalidInput, InvalidResponse, ServiceError
from runtime.message.http import Headers, Request, Response

from .everything import (
    TYPES,
    ThingOutput,
    botocore_parsed,
    botocore_request,
    on_the_wire,
    operation,
    plain,
    things,
)


class Limit(ServiceError):
    """An error with a member."""

    wire_code = "Limit"
    wire_members = {"Most": ("most", int | None)}  # noqa: RUF012 - as generated code has it
    most: int | None = None


RPC = JSONRPC(target="Things_20200101", version="1.1", errors={"Limit": Limit}, service_error=ServiceError)
PUT_THING = RPC.operation("PutThing", TYPES, ThingOutput, retry_safe=True)
MODEL = operation("json")
_many = settings(deadline=None)


def parts(request: Request) -> dict[str, Any]:
    return {
        "method": request.method,
        "url_path": request.path,
        "headers": {name.lower(): value for name, value in request.headers},
        "body": json.loads(request.body),
    }


def parts_of_botocore(request: dict[str, Any]) -> dict[str, Any]:
    return {
        "method": request["method"],
        "url_path": request["url_path"],
        "headers": {name.lower(): value for name, value in request["headers"].items()},
        "body": json.loads(request["body"]),
    }


@_many
@given(things())
def test_requests_are_botocores(values: dict[str, Any]) -> None:
    request = PUT_THING.request(on_the_wire(values))
    assert plain(parts(request)) == plain(parts_of_botocore(botocore_request(MODEL, values)))
    assert request.query == ""


@pytest.mark.parametrize("query_compatible", [False, True])
@pytest.mark.parametrize("members", [None, {}])
def test_an_empty_input_is_an_empty_object(members: dict[str, Any] | None, query_compatible: bool) -> None:
    model = operation("json", query_compatible=query_compatible, no_input=members is None)
    rpc = JSONRPC(
        target="Things_20200101",
        version="1.1",
        errors={},
        service_error=ServiceError,
        query_compatible=query_compatible,
    )
    request = rpc.operation("PutThing", members, ThingOutput).request({})
    assert parts(request) == parts_of_botocore(botocore_request(model, {} if members is None else {"Id": ""})) | {
        "body": {}
    }


def test_versions_and_options() -> None:
    rpc = JSONRPC(target="T", version="1.0", errors={}, service_error=ServiceError)
    get = rpc.operation("Get", {"A": str}, ThingOutput, retry_safe=True, auth="none")
    assert (get.name, get.retry_safe, get.auth, get.compress) == ("Get", True, "none", False)
    assert get.request({"A": None}, host_prefix="a.", endpoint_parameters={"B": 1}) == Request(
        "POST",
        "/",
        headers=[("X-Amz-Target", "T.Get"), ("Content-Type", "application/x-amz-json-1.0")],
        body=b"{}",
        host_prefix="a.",
        endpoint_parameters={"B": 1},
    )


def test_requests_do_not_share_their_headers() -> None:
    first, second = PUT_THING.request({"Id": ""}), PUT_THING.request({"Id": ""})
    first.headers.append(("X", "y"))
    assert ("X", "y") not in second.headers


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"^Inner\.Whole must be an integer, not str$"):
        PUT_THING.request({"Id": "", "Inner": {"Id": "", "Whole": "1"}})


def answer(body: bytes, status: int = 200, **headers: str) -> Response:
    return Response(status, Headers((name.replace("_", "-"), value) for name, value in headers.items()), body)


@_many
@given(things())
def test_outputs_are_botocores(values: dict[str, Any]) -> None:
    body = PUT_THING.request(on_the_wire(values)).body
    parsed = botocore_parsed(MODEL, body)
    del parsed["ResponseMetadata"]
    assert plain(PUT_THING.parse(answer(body))) == plain(on_the_wire(parsed))


def test_outputs_that_cannot_be_read() -> None:
    assert PUT_THING.parse(answer(b"")) == ThingOutput()
    with pytest.raises(InvalidResponse, match=r"the response body cannot be read"):
        PUT_THING.parse(answer(b"<html/>"))


# Errors

CODES = st.sampled_from(
    ["Limit", "com.things#Limit", "com.things#Limit:http://x/", "Limit:http://x/", "Other", "a.b#Other"]
)
BODIES = st.fixed_dictionaries(
    {"__type": CODES},
    optional={"message": st.text(), "Message": st.text(), "Most": st.integers(-9, 9), "New": st.booleans()},
)
QUERY_ERRORS = st.sampled_from([None, "Old.Limit;Sender", "Old.Limit;Receiver", "", ";Sender", "Old.Limit", "a;b;c"])


@_many
@given(BODIES, QUERY_ERRORS, st.sampled_from([400, 403, 500, 503]))
def test_errors_are_botocores(document: dict[str, Any], query_error: str | None, status: int) -> None:
    body = json.dumps(document).encode()
    headers = {} if query_error is None else {"x_amzn_query_error": query_error}
    expected = botocore_parsed(MODEL, body, status, **headers)["Error"]
    error = PUT_THING.parse_error(answer(body, status, **headers), PUT_THING.errors, PUT_THING.service_error)
    assert (error.code, error.message) == (expected["Code"], expected["Message"])
    modelled = expected.get("QueryErrorCode", expected["Code"]) == "Limit"
    assert type(error) is (Limit if modelled else ServiceError)
    if isinstance(error, Limit):
        assert error.most == document.get("Most")


@pytest.mark.parametrize(
    ("body", "headers", "code"),
    [
        (b'{"__type": "Limit", "code": "Other"}', {"x_amzn_ErrorType": "Other"}, "Limit"),
        (b"{}", {"x_amzn_ErrorType": "com.things#Limit:http://x/"}, "Limit"),
        (b'{"code": "Limit"}', {}, "Limit"),
        (b'{"__type": 7, "Code": "Limit"}', {}, "Limit"),
        (b"", {}, "HTTP418"),
        (b"<html>", {}, "HTTP418"),
        (b'{"__type": ""}', {}, "HTTP418"),
        (b'{"__type": null}', {"x_amzn_query_error": "Old;Sender"}, "Old"),
    ],
)
def test_codes_in_other_places(body: bytes, headers: dict[str, str], code: str) -> None:
    error = PUT_THING.parse_error(answer(body, 418, **headers), PUT_THING.errors, PUT_THING.service_error)
    assert error.code == code


def test_a_modelled_error_may_be_known_by_its_code_of_then() -> None:
    response = answer(b'{"__type": "New"}', 400, x_amzn_query_error="Old.Limit;Sender")
    error = PUT_THING.parse_error(response, {"Old.Limit": Limit}, ServiceError)
    assert (type(error), error.code) == (Limit, "Old.Limit")
