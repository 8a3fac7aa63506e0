"""Facts of requests, members and waiters that only bindings can say."""

from __future__ import annotations

import pytest
from lapsmith.bindings import loads
from lapsmith.bindings.model import OperationBinding
from lapsmith.diagnostics import Diagnostic


def operation(text: str) -> OperationBinding:
    loaded = loads(f"lapsmith: 1\noperations: {{Op: {{at: POST /, {text}}}}}\n".encode(), "b.yaml")
    assert loaded.diagnostics == ()
    assert loaded.bindings is not None
    return loaded.bindings.operations["Op"]


def problems(text: str) -> tuple[Diagnostic, ...]:
    return loads(f"lapsmith: 1\n{text}\n".encode(), "b.yaml").diagnostics


def test_a_location_alone_is_a_whole_member_binding() -> None:
    found = operation("in: {Name: label, Max: query, Code: {in: body, name: code}}").input
    assert {name: entry.location and entry.location.value for name, entry in found.items()} == {
        "Name": "label",
        "Max": "query",
        "Code": "body",
    }


def test_member_flags() -> None:
    member = operation("in: {Token: {in: header, token: true, json: true, sparse: true, sensitive: true}}").input[
        "Token"
    ]
    facts = (member.token, member.json, member.sparse, member.sensitive)
    assert [fact and fact.value for fact in facts] == [True, True, True, True]


def test_requests() -> None:
    found = operation(
        'host: "{Id}.", auth: unsigned-payload, compress: gzip, body: none, endpoint: '
        '{Type: {is: control}, Flag: {is: true}, Names: {is: [a, b]}, Arns: {from: "keys(Items)"}}'
    )
    assert (found.host and found.host.value, found.auth and found.auth.value) == ("{Id}.", "unsigned-payload")
    assert found.compress
    assert found.compress.value == "gzip"
    assert found.body
    assert found.body.value == "none"
    literals = {name: entry.literal and entry.literal.value for name, entry in found.endpoint.items()}
    assert literals == {"Type": "control", "Flag": True, "Names": ("a", "b"), "Arns": None}
    assert found.endpoint["Arns"].path
    assert found.endpoint["Arns"].path.value == "keys(Items)"


def test_pages() -> None:
    pages = operation('pages: {in: [T], out: [N], items: ["A.B[]"], limit: Max, more: IsTruncated}').pages
    assert pages is not None
    assert (pages.limit and pages.limit.value, pages.more and pages.more.value) == ("Max", "IsTruncated")
    assert [fact.value for fact in pages.items] == ["A.B[]"]


def test_acceptors() -> None:
    loaded = loads(
        b"lapsmith: 1\nwaiters: {W: {operation: Get, accept: ["
        b"{path: A.B, is: UP}, {all: 'X[].Y', is: true, state: retry}, {any: 'X[].Y', is: 3, state: failure}, "
        b"{status: 404, state: retry}, {error: NotFound}, {error: true, state: failure}]}}\n",
        "b.yaml",
    )
    assert loaded.diagnostics == ()
    assert loaded.bindings is not None
    found = loaded.bindings.waiters["W"].accept
    assert [(a.matcher, a.argument and a.argument.value, a.expected.value, a.state) for a in found] == [
        ("path", "A.B", "UP", "success"),
        ("all", "X[].Y", True, "retry"),
        ("any", "X[].Y", 3, "failure"),
        ("status", None, 404, "retry"),
        ("error", None, "NotFound", "success"),
        ("error", None, True, "failure"),
    ]


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("operations: {O: {at: POST /, auth: never}}", "bad-value", "cannot be 'never'"),
        ("operations: {O: {at: POST /, compress: zip}}", "bad-value", "'gzip'"),
        ("operations: {O: {at: POST /, in: {A: nowhere}}}", "bad-value", "cannot be 'nowhere'"),
        ("operations: {O: {at: POST /, endpoint: {P: {is: a, from: B}}}}", "missing-key", "'is' or 'from'"),
        ("operations: {O: {at: POST /, endpoint: {P: {}}}}", "missing-key", "'is' or 'from'"),
        ("waiters: {W: {operation: O, accept: [{is: A}]}}", "missing-key", "path, all, any, status, error"),
        ("waiters: {W: {operation: O, accept: [{path: A}]}}", "missing-key", "'is'"),
        ("waiters: {W: {operation: O, accept: [{path: A, error: B, is: C}]}}", "missing-key", "one of"),
        ("waiters: {W: {operation: O, accept: [{status: up}]}}", "wrong-type", "whole number"),
        ("waiters: {W: {operation: O, accept: [{error: A, state: maybe}]}}", "bad-value", "cannot be 'maybe'"),
        ("shapes: {S: {documnet: true}}", "unknown-key", "documnet"),
    ],
)
def test_mistakes_are_named(text: str, code: str, said: str) -> None:
    (found,) = problems(text)
    assert found.code == code
    assert said in f"{found.message} {found.hint}"


def test_flags_of_shapes_and_members_of_those_names() -> None:
    loaded = loads(b"lapsmith: 1\nshapes: {D: {document: true}, E: {document: event-payload, union: body}}\n", "b.yaml")
    assert loaded.diagnostics == ()
    assert loaded.bindings is not None
    shapes = loaded.bindings.shapes
    assert shapes["D"].document is not None
    assert shapes["D"].document.value is True
    assert list(shapes["E"].members) == ["document", "union"]
    assert (shapes["E"].document, shapes["E"].union) == (None, None)


def test_an_endpoint_parameter_is_a_mapping() -> None:
    found = problems("operations: {O: {at: POST /, endpoint: {P: yes}}}")
    assert {item.code for item in found} == {"missing-key", "wrong-type"}


def test_fixed_headers() -> None:
    loaded = loads(b"lapsmith: 1\nservice: {headers: {Accept: application/json}}\n", "b.yaml")
    assert loaded.diagnostics == ()
    assert loaded.bindings is not None
    assert loaded.bindings.service is not None
    assert {k: v.value for k, v in loaded.bindings.service.headers.items()} == {"Accept": "application/json"}
