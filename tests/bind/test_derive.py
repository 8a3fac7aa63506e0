"""What is derived of each trait, from small models; and what the IR then says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from bind.deriving import built, derive, model, operation, structure
from corpus.lean import compile_lean
from lapsmith.bind.sources import read
from lapsmith.ir.model import EventUnion, ListType, StreamEnd, StringType, Structure


def test_types_that_specs_do_not_know(tmp_path: Path) -> None:
    """They are any value in specs; in the path, the query and headers that is text."""
    found = model()
    found["shapes"] |= {"Short": {"type": "short"}, "Letter": {"type": "character"}, "Byte": {"type": "byte"}}
    found["shapes"]["Bytes"] = {"type": "list", "member": {"shape": "Byte"}}
    members = {
        "Id": {"shape": "Short", "location": "uri", "locationName": "Id"},
        "Grade": {"shape": "Letter", "location": "header", "locationName": "x-grade"},
        "Offsets": {"shape": "Bytes", "location": "querystring", "locationName": "offset"},
    }
    answer = {"Level": {"shape": "Short", "location": "header", "locationName": "x-level"}}
    into = structure(members, required=["Id"])
    operation(found, "SetThing", "/things/{Id}", into=into, out=structure(answer))
    _, bound = derive(tmp_path, found)
    (bound_operation,) = built(bound).operations
    assert {member.name: member.type for member in (*bound_operation.input, *bound_operation.output)} == {
        "Id": StringType(),
        "Grade": StringType(),
        "Offsets": ListType(StringType()),
        "Level": StringType(),
    }


def test_where_members_travel(tmp_path: Path) -> None:
    found = model()
    members = {
        "Id": {"shape": "Text", "location": "uri", "locationName": "thingId"},
        "Filter": {"shape": "TextMap", "location": "querystring"},
        "Max": {"shape": "Number", "location": "querystring", "locationName": "max-results"},
        "Meta": {"shape": "TextMap", "location": "headers", "locationName": "x-meta-"},
        "When": {"shape": "Time", "location": "header", "locationName": "x-when"},
        "Token": {"shape": "Text", "idempotencyToken": True},
        "Names": {"shape": "SparseTexts", "locationName": "names"},
        "Times": {"shape": "Times"},
        "At": {"shape": "Time", "timestampFormat": "rfc822"},
    }
    answer = {
        "Status": {"shape": "Number", "location": "statusCode"},
        "Body": {"shape": "Bytes", "streaming": True},
        "Note": {"shape": "Text", "location": "header", "locationName": "x-note", "jsonvalue": True},
    }
    into = structure(members, required=["Id"])
    operation(
        found,
        "PutThing",
        "/things/{thingId}",
        into=into,
        out=structure(answer, payload="Body"),
        http={"responseCode": 201},
    )
    content, bound = derive(tmp_path, found)
    assert content["operations"]["PutThing"] == {
        "at": "POST /things/{thingId}",
        "in": {
            "Id": {"in": "label", "name": "thingId"},
            "Filter": "query-map",
            "max-results": {"member": "Max", "in": "query"},
            "Meta": {"in": "header-map", "name": "x-meta-"},
            "x-when": {"member": "When", "in": "header"},
            "Token": {"in": "body", "token": True},
            "Names": {"in": "body", "name": "names", "sparse": True},
            "Times": {"in": "body", "timestamp": "date-time"},
            "At": {"in": "body", "timestamp": "http-date"},
        },
        "out": {
            "Status": "status",
            "Body": {"in": "payload", "streaming": True},
            "Note": {"in": "header", "name": "x-note", "json": True},
        },
        "status": 201,
    }
    (one,) = built(bound).operations
    assert {member.name for member in one.input} == set(members)
    assert next(member for member in one.input if member.name == "Names").type == ListType(StringType(), sparse=True)


def test_an_answer_has_no_url(tmp_path: Path) -> None:
    found = model()
    members = {
        "Id": {"shape": "Text", "location": "uri", "locationName": "thingId"},
        "Page": {"shape": "Number", "location": "querystring", "locationName": "page"},
        "Tags": {"shape": "TextMap", "location": "querystring"},
    }
    operation(found, "PutThing", "/things/{thingId}", into=structure(members), out=structure(members))
    content, bound = derive(tmp_path, found)
    assert content["operations"]["PutThing"]["out"] == {
        "Id": {"in": "body", "name": "thingId"},
        "Page": {"in": "body", "name": "page"},
        "Tags": "body",
    }
    assert [member.location.value for member in built(bound).operations[0].input] == ["label", "query", "query-map"]


def test_places_that_the_shape_says(tmp_path: Path) -> None:
    """A member of its own has the traits of its shape; those of the member come first."""
    found = model()
    found["shapes"] |= {
        "Trace": {"type": "string", "location": "header", "locationName": "x-trace"},
        "All": {**found["shapes"]["TextMap"], "location": "headers"},
    }
    members = {"One": {"shape": "Trace"}, "Two": {"shape": "Trace", "locationName": "x-two"}, "Rest": {"shape": "All"}}
    operation(found, "GetThing", out=structure(members))
    content, _ = derive(tmp_path, found)
    assert content["operations"]["GetThing"]["out"] == {
        "One": {"in": "header", "name": "x-trace"},
        "Two": {"in": "header", "name": "x-two"},
        "Rest": {"in": "header-map", "name": ""},
    }


def test_a_payload_that_the_operation_names(tmp_path: Path) -> None:
    found = model()
    both = structure({"Body": {"shape": "Bytes"}})
    operation(found, "SendThing", into=both)
    found["operations"]["SendThing"]["input"]["payload"] = "Body"
    operation(found, "KeepThing", "/keep")
    found["operations"]["KeepThing"]["input"] = {"shape": "SendThingInput"}
    content, _ = derive(tmp_path, found)
    places = {name: entry["in"]["Body"] for name, entry in content["operations"].items()}
    assert places == {"SendThing": "payload", "KeepThing": "body"}


def test_a_document_needs_no_members(tmp_path: Path) -> None:
    found = model("json")
    found["shapes"]["Anything"] = {"type": "structure", "document": True}
    operation(found, "SetThing", into=structure({"Value": {"shape": "Anything"}}))
    spec = compile_lean({**found, "shapes": found["shapes"] | {"Anything": structure({}, document=True)}})
    content, _ = derive(tmp_path, found, spec)
    assert content["shapes"]["Anything"] == {"document": True}


def test_errors_that_no_operation_lists(tmp_path: Path) -> None:
    """Such an error may come from any operation; one that another operation lists comes with that operation."""
    found = model()
    found["shapes"] |= {name: structure({}, exception=True) for name in ("Listed", "Unlisted")}
    operation(found, "One", "/one")
    operation(found, "Two", "/two", errors=[{"shape": "Listed"}])
    whole = compile_lean(found)
    only_one = whole[: whole.index("@group two")] if "@group two" in whole else whole
    assert set(derive(tmp_path, found)[0]["errors"]) == {"Listed", "Unlisted"}
    assert set(derive(tmp_path, found, only_one)[0]["errors"]) == {"Unlisted"}


@pytest.mark.parametrize(("protocol", "body"), [("smithy-rpc-v2-cbor", "none"), ("json", None), ("rest-json", None)])
def test_cbor_tells_no_input_from_an_empty_one(tmp_path: Path, protocol: str, body: str | None) -> None:
    found = model(protocol)
    operation(found, "None", "/none")
    operation(found, "Empty", "/empty", into=structure({}))
    operation(found, "Full", "/full", into=structure({"A": {"shape": "Text"}}))
    content, bound = derive(tmp_path, found)
    assert {name: entry.get("body") for name, entry in content["operations"].items()} == {
        "None": body,
        "Empty": None,
        "Full": None,
    }
    assert [one.name for one in built(bound).operations if one.bodiless] == (["None"] if body else [])


def test_a_label_that_was_renamed_since(tmp_path: Path) -> None:
    found = model()
    into = structure({"Id": {"shape": "Text", "location": "uri", "locationName": "thingId"}}, required=["Id"])
    operation(found, "GetThing", "/things/{thingId}", into=into)
    old = compile_lean(found).replace("/things/{thingId}", "/things/{id}/")
    content, bound = derive(tmp_path, found, old)
    assert content["operations"]["GetThing"]["in"] == {"Id": {"in": "label", "name": "id"}}
    assert built(bound).operations[0].input[0].wire_name == "id"


def test_rpc_members_say_only_what_differs(tmp_path: Path) -> None:
    found = model("json")
    into = structure(
        {"Plain": {"shape": "Text"}, "Odd": {"shape": "Text", "locationName": "odd"}, "T": {"shape": "IsoTime"}}
    )
    operation(found, "DoIt", into=into)
    content, _ = derive(tmp_path, found)
    assert content["service"] == {
        "id": "Tiny",
        "class": "TinyService",
        "protocol": "json-1.0",
        "target": "Tiny_2020",
        "signing": "tinysigning",
    }
    assert content["operations"]["DoIt"]["in"] == {"Odd": {"name": "odd"}, "T": {"timestamp": "date-time"}}


def test_cbor_has_no_timestamp_formats(tmp_path: Path) -> None:
    found = model("json", protocols=["json", "smithy-rpc-v2-cbor"])
    operation(found, "DoIt", into=structure({"T": {"shape": "IsoTime"}}))
    content, _ = derive(tmp_path, found, protocol="rpc-v2-cbor")
    assert "in" not in content["operations"]["DoIt"]
    assert (content["service"]["protocol"], content["service"]["target"]) == ("rpc-v2-cbor", "Tiny_2020")


def test_query_compatible_errors(tmp_path: Path) -> None:
    found = model("json", awsQueryCompatible={})
    found["shapes"] |= {
        "Gone": structure(
            {"Message": {"shape": "Text"}}, exception=True, error={"code": "Tiny.Gone", "httpStatusCode": 404}
        ),
        "Busy": structure({}, exception=True, retryable={"throttling": True}),
        "Shaky": structure({}, exception=True, fault=True, retryable={}),
        "Gone2": structure({}, exception=True, error={"code": "Tiny.Gone"}),
    }
    operation(
        found, "DoIt", into=structure({}), errors=[{"shape": name} for name in ("Gone", "Busy", "Shaky", "Gone2")]
    )
    content, bound = derive(tmp_path, found)
    assert content["service"]["query_compatible"] is True
    assert content["errors"] == {
        "Busy": {"retry": "throttle"},
        "Gone": {"status": 404, "code": "Tiny.Gone"},
        "Gone2": {},
        "Shaky": {"status": 500, "retry": "transient"},
    }
    assert content["operations"]["DoIt"]["errors"] == ["Gone", "Busy", "Shaky", "Gone2"]
    assert built(bound).errors["Gone"].code == "Tiny.Gone"


def test_shapes(tmp_path: Path) -> None:
    found = model()
    found["shapes"] |= {
        "Choice": structure({"A": {"shape": "Text"}, "Any": {"shape": "Doc"}}, union=True),
        "Doc": structure({}, document=True),
        "Deep": structure(
            {
                "Wire": {"shape": "Text", "locationName": "wire"},
                "Choices": {"shape": "Choices"},
                "Again": {"shape": "Deep"},
                "T": {"shape": "IsoTime"},
                "Token": {"shape": "Text", "idempotencyToken": True},
            },
            required=["Wire"],
        ),
        "Choices": {"type": "list", "member": {"shape": "Choice"}, "sparse": True},
    }
    operation(found, "DoIt", "/do", into=structure({"Deep": {"shape": "Deep"}}))
    content, bound = derive(tmp_path, found)
    assert content["shapes"] == {
        "Choice": {"union": True},
        "Deep": {"Wire": {"name": "wire"}, "T": {"timestamp": "date-time"}, "Token": {"token": True}},
        "Doc": {"document": True},
    }
    types = bound.contents["types.lap"].decode()
    assert "@type Deep {Wire: str, Choices: [Choice?]?, Again: Deep?, T: str(timestamp)?, Token: str?}" in types
    assert {"Choice", "Deep"} <= set(built(bound).shapes)


def test_what_is_sensitive(tmp_path: Path) -> None:
    """Whether the trait stands on the member, its shape, its holder, or in lists and maps of it."""
    found = model()
    found["shapes"] |= {
        "Secret": {"type": "string", "sensitive": True},
        "Secrets": {"type": "list", "member": {"shape": "Secret"}},
        "SecretKeys": {"type": "map", "key": {"shape": "Secret"}, "value": {"shape": "Text"}},
        "Loop": {"type": "list", "member": {"shape": "Loop"}},
        "Whole": structure({"A": {"shape": "Text"}, "B": {"shape": "Open"}}, sensitive=True),
        "Open": structure({"A": {"shape": "Text", "sensitive": True}, "B": {"shape": "Text"}}),
    }
    members = {
        "Own": {"shape": "Text", "sensitive": True},
        "Shape": {"shape": "Secret"},
        "Items": {"shape": "Secrets"},
        "Keys": {"shape": "SecretKeys"},
        "Loop": {"shape": "Loop"},
        "Whole": {"shape": "Whole"},
        "Open": {"shape": "Open"},
    }
    operation(found, "DoIt", "/do", into=structure(members), out=structure(members))
    content, bound = derive(tmp_path, found)
    hidden = {"in": "body", "sensitive": True}
    plain = dict.fromkeys(members, "body")
    assert content["operations"]["DoIt"]["in"] == plain
    assert content["operations"]["DoIt"]["out"] == plain | dict.fromkeys(("Own", "Shape", "Items", "Keys"), hidden)
    assert content["shapes"] == {
        "Open": {"A": {"sensitive": True}},
        "Whole": {"A": {"sensitive": True}, "B": {"sensitive": True}},
    }
    (bound_operation,) = built(bound).operations
    assert [member.name for member in bound_operation.output if member.sensitive] == ["Own", "Shape", "Items", "Keys"]


@pytest.mark.parametrize(("numbers", "entry"), [("Text", {"attribute_value": True}), ("Bytes", None)])
def test_attribute_values_are_known_by_their_members(tmp_path: Path, numbers: str, entry: object) -> None:
    found = model()
    scalars = {"S": "Text", "N": numbers, "B": "Bytes", "NULL": "Flag", "BOOL": "Flag"}
    held = {"SS": "Texts", "NS": "Texts", "BS": "Blobs", "M": "Values", "L": "ValueList"}
    found["shapes"] |= {
        "Value": structure({name: {"shape": shape} for name, shape in (scalars | held).items()}),
        "Flag": {"type": "boolean"},
        "Texts": {"type": "list", "member": {"shape": "Text"}},
        "Blobs": {"type": "list", "member": {"shape": "Bytes"}},
        "Values": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Value"}},
        "ValueList": {"type": "list", "member": {"shape": "Value"}},
    }
    operation(found, "DoIt", "/do", into=structure({"Item": {"shape": "Values"}}))
    content, bound = derive(tmp_path, found)
    assert content.get("shapes", {}).get("Value") == entry
    shape = built(bound).shapes["Value"]
    assert isinstance(shape, Structure)
    assert shape.attribute_value is (entry is not None)


def test_events(tmp_path: Path) -> None:
    found = model()
    found["shapes"] |= {
        "Stream": structure({"Part": {"shape": "Part"}, "Broken": {"shape": "Broken"}}, eventstream=True),
        "Part": structure(
            {"Data": {"shape": "Bytes", "eventpayload": True}, "Kind": {"shape": "Text", "eventheader": True}},
            event=True,
        ),
        "Broken": structure({"Message": {"shape": "Text"}}, exception=True, fault=True),
    }
    operation(found, "Watch", "/watch", out=structure({"Events": {"shape": "Stream"}}, payload="Events"))
    content, _ = derive(tmp_path, found)
    assert content["operations"]["Watch"]["out"] == {"Events": "events"}
    assert content["shapes"]["Part"] == {"Data": "event-payload", "Kind": "event-header"}
    # It comes after the status of the answer.
    assert content["errors"] == {"Broken": {}}


@pytest.mark.parametrize(("service_id", "known"), [("Lambda", True), ("Other", False)])
def test_what_no_model_says_of_the_end_of_a_stream(tmp_path: Path, service_id: str, known: bool) -> None:
    found = model(serviceId=service_id)
    stream = "InvokeWithResponseStreamResponseEvent"
    found["shapes"] |= {
        "Done": structure({"ErrorCode": {"shape": "Text"}}, event=True),
        stream: structure({"InvokeComplete": {"shape": "Done"}}, eventstream=True),
    }
    operation(found, "Watch", "/watch", out=structure({"Events": {"shape": stream}}, payload="Events"))
    content, bound = derive(tmp_path, found)
    end = {"InvokeComplete": {"end": {"code": "ErrorCode"}}}
    assert content.get("shapes", {}) == ({stream: end} if known else {})
    union = built(bound).shapes[stream]
    assert isinstance(union, EventUnion)
    assert union.end == (StreamEnd("InvokeComplete", "ErrorCode") if known else None)


def test_requests(tmp_path: Path) -> None:
    found = model()
    into = structure(
        {"Account": {"shape": "Text", "hostLabel": True, "contextParam": {"name": "AccountId"}}}, required=["Account"]
    )
    operation(
        found,
        "One",
        "/one",
        into=into,
        endpoint={"hostPrefix": "{Account}."},
        authtype="none",
        requestcompression={"encodings": ["gzip"]},
        staticContextParams={"Control": {"value": True}, "Kinds": {"value": ["a", "b"]}},
        operationContextParams={"Arns": {"path": "Account.Arn"}, "Missing": {"path": "Nowhere[*].Arn"}},
    )
    operation(found, "Two", "/two", into=structure({"Body": {"shape": "Bytes"}}, payload="Body"), unsignedPayload=True)
    content, _ = derive(tmp_path, found)
    one, two = content["operations"]["One"], content["operations"]["Two"]
    assert (one["host"], one["auth"], one["compress"]) == ("{Account}.", "none", "gzip")
    assert one["endpoint"] == {
        "Control": {"is": True},
        "Kinds": {"is": ["a", "b"]},
        "Arns": {"from": "Account.Arn"},
        "AccountId": {"from": "Account"},
    }
    assert two["auth"] == "unsigned-payload"


@pytest.mark.parametrize(
    ("name", "traits", "retry"),
    [
        ("ListThings", {}, "safe"),
        ("BatchGetThings", {}, "safe"),
        ("GetawayDriver", {}, None),
        ("Listen", {}, None),
        ("StartThing", {}, None),
        ("StartThing", {"readonly": True}, "safe"),
        ("DeleteThing", {"idempotent": True}, "safe"),
        ("ListThings", {"http": {"method": "GET"}}, None),
    ],
)
def test_what_is_safe_to_send_again(tmp_path: Path, name: str, traits: dict[str, Any], retry: str | None) -> None:
    found = model()
    operation(found, name, "/x", **traits)
    content, bound = derive(tmp_path, found)
    assert content["operations"][name].get("retry") == retry
    guessed = retry == "safe" and not traits
    assert (b"retry: safe  # by its name" in bound.contents["bindings.yaml"]) == guessed


def test_pages_and_waiters_of_what_is_generated(tmp_path: Path) -> None:
    found = model()
    into = structure({"Next": {"shape": "Text"}, "Max": {"shape": "Number"}})
    out = structure({"Next": {"shape": "Text"}, "Things": {"shape": "Texts"}, "More": {"shape": "Text"}})
    for name in ("ListThings", "ListOthers"):
        operation(found, name, f"/{name}", into=into, out=out)
    page = {
        "input_token": "Next",
        "output_token": "Next",
        "result_key": ["Things", "Lost"],
        "limit_key": "Max",
        "more_results": "More",
    }
    beside = {
        "paginators-1": {"pagination": {"ListThings": page, "ListOthers": {**page, "input_token": "Lost"}}},
        "waiters-2": {
            "waiters": {
                "ThingsThere": {
                    "operation": "ListThings",
                    "delay": 5,
                    "maxAttempts": 3,
                    "acceptors": [
                        {"matcher": "pathAny", "argument": "Things[]", "expected": "x", "state": "success"},
                        {"matcher": "error", "expected": "Gone", "state": "failure"},
                        {"matcher": "status", "expected": 404, "state": "retry"},
                    ],
                },
                "Blind": {
                    "operation": "ListThings",
                    "acceptors": [{"matcher": "path", "argument": "Lost", "expected": 1, "state": "success"}],
                },
                "Homeless": {"operation": "Gone", "acceptors": []},
            }
        },
    }
    content, bound = derive(tmp_path, found, beside=beside)
    assert content["operations"]["ListThings"]["pages"] == {
        "in": ["Next"],
        "out": ["Next"],
        "items": ["Things"],
        "limit": "Max",
        "more": "More",
    }
    assert "pages" not in content["operations"]["ListOthers"]
    assert content["waiters"] == {
        "ThingsThere": {
            "operation": "ListThings",
            "delay": 5,
            "attempts": 3,
            "accept": [
                {"any": "Things[]", "is": "x"},
                {"error": "Gone", "state": "failure"},
                {"status": 404, "state": "retry"},
            ],
        }
    }
    assert set(built(bound).waiters) == {"ThingsThere"}


def test_what_only_one_of_them_has(tmp_path: Path) -> None:
    found = model()
    operation(found, "DoIt", "/do", into=structure({"Here": {"shape": "Text"}, "New": {"shape": "Text"}}))
    operation(found, "Unlisted", "/do/more", into=structure({}))
    spec = (
        compile_lean(found)
        .replace("{Here: str, New: str}", "{Here: str, Old: str}")
        .replace("@endpoints 2", "@endpoints 1")
    )
    at = spec.index("@endpoint POST", spec.index("@endpoint POST") + 1)
    content, bound = derive(tmp_path, found, spec[:at] + "@end\n")
    assert list(content["operations"]) == ["DoIt"]
    assert bound.derived.unknown == [("DoIt", "in", ("Old",))]
    assert bound.derived.absent == [("DoIt", "in", ("New",))]
    assert [operation.name for operation in bound.matching.missing] == ["Unlisted"]
    whole, extended = derive(tmp_path, found, spec[:at] + "@end\n", everything=True)
    assert list(whole["operations"]) == ["DoIt", "Unlisted"]
    assert b"@optional {Here: str, Old: str, New: str}" in extended.contents["references/api-spec.lap"]


def test_a_model_from_before_there_were_rules(tmp_path: Path) -> None:
    found = model()
    operation(found, "DoIt", "/do")
    content, bound = derive(tmp_path, found)
    assert content["endpoint"] == {"host": "tiny.{region}.{dnsSuffix}"}
    assert b"# the model has no endpoint rules; please check" in bound.contents["bindings.yaml"]
    assert "endpoint-rules.json" not in bound.contents


def test_extras_are_merged(tmp_path: Path) -> None:
    found = model()
    operation(found, "DoIt", "/do")
    extra = {"merge": {"operations": {"DoIt": {"readonly": True, "http": {"responseCode": 202}}}}}
    content, _ = derive(tmp_path, found, beside={"service-2.sdk-extras": extra})
    assert content["operations"]["DoIt"] == {"at": "POST /do", "retry": "safe", "status": 202}
    merged = read(tmp_path / "service-2.json").service.content
    assert merged["operations"]["DoIt"]["http"] == {
        "method": "POST",
        "requestUri": "/do",
        "responseCode": 202,
    }
