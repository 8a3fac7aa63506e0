"""Which binding lands on which endpoint."""

from __future__ import annotations

import pytest
from ir.building import BOUND, build, errors, service
from lapsmith.ir.pins import description_digest

RPC = (
    "lapsmith: 1\n"
    "service: {id: Echo, class: Echo, protocol: json-1.0, target: Echo_1, signing: echo}\n"
    "endpoint: {host: 'echo.{region}.{dnsSuffix}'}\n"
)
SPEC = """
@auth AWS SigV4
@endpoint POST /
@desc Gets one.
@required {Key: str, Table: str}
@optional {Consistent: bool}
@returns(200) {Item: str?}
@endpoint POST /
@desc Gets all.
@required {Table: str}
@returns(200) {Items: [str]?, Next: str?}
@endpoint POST /
@desc Deletes a thing.
@required {Name: str}
@endpoint POST /
@desc Starts a thing.
@required {Name: str}
"""
GET = "  Get: {at: POST /, pin: {in: [Key, Table], out: [Item]}}\n"
ALL = "  All: {at: POST /, pin: {in: [Table], out: [Items, Next]}}\n"
DELETE = f"  Delete: {{at: POST /, pin: {{in: [Name], out: [], desc: '{description_digest('Deletes a thing.')}'}}}}\n"
START = f"  Start: {{at: POST /, pin: {{in: [Name], out: [], desc: '{description_digest('Starts  a thing.')}'}}}}\n"


def test_pins_find_their_endpoints_in_any_order() -> None:
    found = service(SPEC, RPC + "operations:\n" + START + ALL + GET + DELETE)
    assert [operation.name for operation in found.operations] == ["Get", "All", "Delete", "Start"]
    assert {member.location for operation in found.operations for member in operation.input} == {"body"}
    assert found.operations[0].input[0].origins["location"].rule == "rpc-body"


def test_an_endpoint_that_grew_passes_with_a_note() -> None:
    grown = SPEC.replace("{Items: [str]?,", "{Items: [str]?, Count: int?,").replace(
        "{Key: str,", "{Key: str, Zone: str,"
    )
    built = build(grown, RPC + "operations:\n" + GET + ALL + DELETE + START)
    assert [operation.name for operation in built.require().operations] == ["Get", "All", "Delete", "Start"]
    assert [(str(item.span), item.code) for item in built.diagnostics if item.code == "pin-grew"] == [
        ("bindings:5:21", "pin-grew"),
        ("bindings:6:21", "pin-grew"),
    ]


def test_a_binding_is_never_shifted_onto_a_neighbour() -> None:
    edited = SPEC.replace("{Key: str, Table: str}", "{Id: str, Table: str}")
    built = build(edited, RPC + "operations:\n" + GET + ALL + DELETE + START)
    assert ("bindings:5:21", "pin-mismatch") in errors(built)
    (wrong,) = (item for item in built.diagnostics if item.code == "pin-mismatch")
    assert "bind the operations anew" in (wrong.hint or "")


def test_endpoints_that_look_alike_need_descriptions() -> None:
    vague = [line.partition(", desc")[0] + "}}\n" for line in (DELETE, START)]
    built = build(SPEC, RPC + "operations:\n" + GET + ALL + "".join(vague))
    assert [code for _, code in errors(built)] == ["pin-ambiguous", "pin-ambiguous"]


def test_two_bindings_cannot_both_have_the_one_endpoint_that_fits() -> None:
    built = build(SPEC, RPC + "operations:\n" + GET + GET.replace("Get", "Fetch"))
    assert [code for _, code in errors(built)][:2] == ["pin-ambiguous", "pin-ambiguous"]


def test_a_binding_without_pin_cannot_choose_among_several() -> None:
    built = build(SPEC, RPC + "operations: {Get: {at: POST /}}\n")
    assert errors(built) == [("bindings:4:24", "needs-pin"), ("spec:4:1", "unbound-endpoint")]


def test_rpc_endpoints_without_binding_are_left_out_never_guessed() -> None:
    built = build(SPEC, RPC + "operations:\n" + GET + ALL)
    assert [operation.name for operation in built.require().operations] == ["Get", "All"]
    (told,) = (item for item in built.diagnostics if item.code == "unbound-endpoint")
    assert told.severity == "warning"
    assert told.message.startswith("left out: 2 endpoints such as POST / have no binding (lines 13, 16)")
    strict = build(SPEC, RPC + "operations:\n" + GET + ALL, strict=True)
    assert errors(strict) == [("spec:13:1", "unbound-endpoint")]
    some = build(SPEC, RPC + "operations:\n" + GET + ALL, operations=("Get", "All"))
    assert [item.severity for item in some.diagnostics if item.code == "unbound-endpoint"] == ["note"]


def test_what_is_not_wanted_may_be_unplaced() -> None:
    bound = RPC + "operations:\n" + GET + ALL.replace("Table", "Tables") + DELETE + START
    assert errors(build(SPEC, bound)) == [("bindings:6:21", "pin-mismatch")]
    built = build(SPEC, bound, operations=("*", "!All"))
    assert [operation.name for operation in built.require().operations] == ["Get", "Delete", "Start"]
    assert [item.severity for item in built.diagnostics if item.code == "pin-mismatch"] == ["note"]
    rest = build("@endpoint GET /a", BOUND + "operations: {A: {at: GET /a, pin: {in: [q]}}}\n", operations=("!A",))
    assert errors(rest) == [("spec:1:1", "no-operations")]


def test_one_plain_post_to_the_root_is_no_rpc() -> None:
    spec = "@base https://echo.example\n@endpoint POST /\n@required {a: str}"
    assert service(spec).operations[0].name == "PostRoot"
    assert errors(build(spec + "\n@endpoint POST /\n@required {b: str}")) == [("spec:4:1", "unbound-endpoint")]


def test_a_single_endpoint_must_still_fit_its_pin() -> None:
    spec = "@endpoint GET /a\n@required {q: str}"
    assert service(spec, BOUND + "operations: {A: {at: GET /a, pin: {in: [q], out: []}}}\n").operations[0].name == "A"
    built = build(spec, BOUND + "operations: {A: {at: GET /a, pin: {in: [r], out: []}}}\n")
    assert errors(built) == [("bindings:4:30", "pin-mismatch")]


@pytest.mark.parametrize(
    ("at", "hint"),
    [("POST /thing", "did you mean 'POST /things'?"), ("PUT /things", "did you mean 'POST /things'?")],
)
def test_an_endpoint_that_the_spec_lacks(at: str, hint: str) -> None:
    built = build("@endpoint POST /things", BOUND + f"operations: {{A: {{at: {at}}}}}\n")
    assert errors(built) == [("bindings:4:22", "unknown-endpoint")]
    assert built.diagnostics[0].hint == hint


def test_two_operations_on_one_endpoint() -> None:
    built = build("@endpoint GET /a", BOUND + "operations:\n  A: {at: GET /a}\n  B: {at: GET /a}\n")
    assert errors(built) == [("bindings:6:11", "endpoint-bound-twice")]
    assert "bindings:5:11" in (built.diagnostics[0].hint or "")


def test_a_binding_whose_members_are_another_endpoint_s() -> None:
    spec = """
    @endpoint PUT /users/{Id}
    @required {Id: str, Name: str}
    @endpoint PUT /groups/{Id}
    @required {Id: str, Owner: str}
    """
    bound = BOUND + "operations: {A: {at: 'PUT /groups/{Id}', in: {Id: {in: label}, Name: {in: body}}}}\n"
    built = build(spec, bound)
    assert errors(built) == [("bindings:4:22", "wrong-endpoint")]
    (wrong,) = (item for item in built.diagnostics if item.code == "wrong-endpoint")
    assert "(Name ...) belong to PUT /users/{Id}" in wrong.message
    assert wrong.hint == "bind it at 'PUT /users/{Id}' (spec:3:1)"
