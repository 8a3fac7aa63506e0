"""Where the id of a request is found: in headers first, and in the body where protocols have it there."""

from __future__ import annotations

import pytest
import sts
from runtime.call.retry import retry_kind
from runtime.codec.xml_errors import is_error
from runtime.errors import ServiceError
from runtime.message.http import Headers, Response
from sts.testing import StubTransport

ANSWER = b"<R><GetCallerIdentityResult/><ResponseMetadata><RequestId>body</RequestId></ResponseMetadata></R>"
ERROR = b"<ErrorResponse><Error><Code>Odd</Code></Error><RequestId>body</RequestId></ErrorResponse>"


@pytest.mark.parametrize(("headers", "expected"), [({}, "body"), ({"x-amzn-RequestId": "header"}, "header")])
def test_ids_of_outputs_and_errors(headers: dict[str, str], expected: str) -> None:
    stub = StubTransport()
    client = sts.STS(region="eu-west-1", credentials=sts.ANONYMOUS, transport=stub, max_attempts=1)
    stub.respond(ANSWER, headers=headers)
    assert client.get_caller_identity().metadata.request_id == expected
    stub.respond(ERROR, status=400, headers=headers)
    with pytest.raises(sts.STSError) as caught:
        client.get_caller_identity()
    assert (caught.value.code, caught.value.request_id) == ("Odd", expected)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"<Error><Code>InternalError</Code></Error>", True),
        (b'<?xml version="1.0"?>\n<!-- late --><Error xmlns="u"></Error>', True),
        (b"<Errors/>", False),
        (b"<CopyObjectResult><Error/></CopyObjectResult>", False),
        (b"", False),
    ],
)
def test_errors_under_a_good_status(body: bytes, expected: bool) -> None:
    assert is_error(Response(200, Headers(), body)) is expected


def test_they_are_like_a_500() -> None:
    assert retry_kind(ServiceError(code="InternalError", status=200)) == "transient"
