"""Requests that the client built of checked parts are not checked again; whatever was altered since is."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace
from runtime.errors import InvalidInput
from runtime.message.http import HTTPRequest
from runtime.settings.routing import EndpointRules, ResolvedEndpoint, Router
from runtime.wire.checks import check_request
from runtime.wire.h1 import encode_head

from .calls import ok, play


def built() -> HTTPRequest:
    return play([ok()]).sent[0]


def test_what_the_client_built_is_what_it_would_accept() -> None:
    request = built()
    assert not request.needs_check
    check_request(replace(request))
    encode_head(request)


@pytest.mark.parametrize(
    "change",
    [
        {"target": "/a b"},
        {"method": "GE T"},
        {"host": "example.test/x"},
        {"port": 0},
        {"body": b"longer than the Content-Length"},
        {"headers": [("Host", "x"), ("X-Injected", "a\r\nb: c")]},
    ],
)
def test_an_altered_request_is_checked(change: dict[str, Any]) -> None:
    altered = replace(built(), **change)
    assert altered.needs_check
    with pytest.raises(InvalidInput):
        check_request(altered)


def test_headers_that_are_added_in_place_are_checked() -> None:
    request = built()
    request.headers.append(("X-Injected", "a\r\nb: c"))
    with pytest.raises(InvalidInput, match="control character"):
        encode_head(request)


@pytest.mark.parametrize("value", ["a\r\nb: c", "a\nb: c", "a\rb"])
def test_line_ends_that_are_put_in_place_of_a_value_are_refused(value: str) -> None:
    request = built()
    request.headers[-1] = ("X-Injected", value)
    with pytest.raises(InvalidInput, match="must not contain line ends"):
        encode_head(request)


def test_headers_of_endpoint_rules_are_checked_where_they_are_resolved() -> None:
    def resolve(**_: Any) -> ResolvedEndpoint:
        return ResolvedEndpoint("https://example.test", {}, {"x-by-rules": ["a\r\nb: c"]})

    with pytest.raises(InvalidInput, match="x-by-rules that the service's endpoint rules give"):
        Router(EndpointRules(resolve), {}, None, None).find({}, None)
