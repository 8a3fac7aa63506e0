"""What is derived of how requests are signed and of their bodies."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from bind.deriving import built, derive, model, operation, structure
from lapsmith import bind, bindings, ir, lap
from lapsmith.ir.model import BlobType


@pytest.mark.parametrize(
    ("service", "traits", "auth"),
    [
        (["aws.auth#sigv4"], {}, None),
        (["aws.auth#sigv4a", "aws.auth#sigv4"], {}, None),
        (["aws.auth#sigv4", "smithy.api#httpBearerAuth"], {}, None),
        (["smithy.api#noAuth"], {}, "none"),
        (["aws.auth#sigv4"], {"auth": ["smithy.api#noAuth"], "authtype": "none"}, "none"),
        (["aws.auth#sigv4"], {"authtype": "none"}, "none"),
        (["aws.auth#sigv4"], {"auth": ["aws.auth#sigv4", "smithy.api#noAuth"]}, None),
        (["aws.auth#sigv4"], {"auth": ["aws.auth#sigv4a", "smithy.api#noAuth"]}, "none"),
        (["smithy.api#noAuth"], {"auth": ["aws.auth#sigv4"]}, None),
        (["aws.auth#sigv4"], {"authtype": "v4-unsigned-body"}, "unsigned-payload"),
        (["aws.auth#sigv4"], {"auth": ["aws.auth#sigv4"], "unsignedPayload": True}, "unsigned-payload"),
        (["aws.auth#sigv4"], {"authtype": "none", "unsignedPayload": True}, "none"),
        (["aws.auth#sigv4"], {"auth": ["smithy.api#httpBearerAuth"]}, "other"),
        (["aws.auth#sigv4"], {"auth": ["aws.auth#sigv4a"]}, "other"),
        (["aws.auth#sigv4"], {"authtype": "bearer"}, "other"),
    ],
)
def test_signatures(tmp_path: Path, service: list[str], traits: dict[str, Any], auth: str | None) -> None:
    found = model(auth=service)
    operation(found, "DoIt", "/do", **traits)
    content, bound = derive(tmp_path, found)
    assert content["operations"]["DoIt"].get("auth") == auth
    if auth == "other":
        asked = ", ".join(traits.get("auth", ["smithy.api#httpBearerAuth"]))
        line = f"auth: other  # {asked}; lapsmith signs with SigV4 (aws.auth#sigv4) only"
        assert line in bound.contents["bindings.yaml"].decode()


def test_what_clients_cannot_sign_is_left_out_by_whoever_generates(tmp_path: Path) -> None:
    found = model()
    operation(found, "DoIt", "/do", auth=["smithy.api#httpBearerAuth"])
    operation(found, "SignIt", "/sign")
    _, bound = derive(tmp_path, found)
    bindings_text, types_text = bound.contents["bindings.yaml"], bound.contents["types.lap"]
    loaded, types = bindings.loads(bindings_text, "b.yaml"), lap.parse_types(types_text, "types.lap")
    whole = ir.build(bound.document, loaded.bindings, types.document)
    (error,) = (item for item in whole.diagnostics if item.code == "auth-unsupported")
    assert whole.service is None
    assert error.message == "operation DoIt does not take SigV4 signatures, and clients make no others"
    assert error.hint is not None
    assert 'operations = ["*", "!DoIt"]' in error.hint
    rest = ir.build(bound.document, loaded.bindings, types.document, operations=("*", "!DoIt")).require()
    assert [op.name for op in rest.operations] == ["SignIt"]


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ({"auth": ["smithy.api#httpBearerAuth"]}, "the service takes requests with smithy.api#httpBearerAuth, and"),
        ({"auth": ["aws.auth#sigv4a", "smithy.api#httpBasicAuth"]}, "aws.auth#sigv4a, smithy.api#httpBasicAuth, and"),
        ({"signatureVersion": "bearer"}, "smithy.api#httpBearerAuth, and lapsmith signs with SigV4"),
        ({"signatureVersion": "v2"}, "signature version v2, and lapsmith signs with SigV4"),
        ({"signatureVersion": "v9"}, "signature version v9, and"),
    ],
)
def test_a_service_that_takes_no_sigv4_is_refused(tmp_path: Path, metadata: dict[str, Any], said: str) -> None:
    found = model(**metadata)
    operation(found, "DoIt", "/do")
    with pytest.raises(bind.BindError, match=re.escape(said)):
        derive(tmp_path, found)


def test_a_service_that_does_not_say_how_it_is_signed_is_refused(tmp_path: Path) -> None:
    found = model()
    del found["metadata"]["signatureVersion"]
    operation(found, "DoIt", "/do")
    with pytest.raises(bind.BindError, match="does not say how requests are signed"):
        derive(tmp_path, found)


def test_a_body_of_known_length(tmp_path: Path) -> None:
    found = model()
    found["shapes"]["Part"] = {"type": "blob", "streaming": True, "requiresLength": True}
    operation(found, "PutPart", "/part", into=structure({"Data": {"shape": "Part"}}, payload="Data"))
    content, bound = derive(tmp_path, found)
    assert content["operations"]["PutPart"]["in"] == {"Data": {"in": "payload", "streaming": True, "sized": True}}
    assert built(bound).operations[0].input[0].type == BlobType(streaming=True, sized=True)


@pytest.mark.parametrize("protocol", ["rpc-v2-cbor", "json-1.0"])
def test_no_input_is_not_an_empty_one(tmp_path: Path, protocol: str) -> None:
    found = model("json", protocols=["json", "smithy-rpc-v2-cbor"])
    operation(found, "Nothing", out=structure({"A": {"shape": "Text"}}))
    operation(found, "Empty", into=structure({}), out=structure({"B": {"shape": "Text"}}))
    content, bound = derive(tmp_path, found, protocol=protocol)
    bodies = {name: entry.get("body") for name, entry in content["operations"].items()}
    # JSON sends an empty object in either case.
    assert bodies == {"Empty": None, "Nothing": "none" if protocol == "rpc-v2-cbor" else None}
    assert {op.name: op.bodiless for op in built(bound).operations} == {
        "Nothing": protocol == "rpc-v2-cbor",
        "Empty": False,
    }
