"""What cannot work is said at its place, with what to do."""

from __future__ import annotations

import pytest
from ir.building import BOUND, build, errors

SPEC = """
@endpoint POST /a/{Id}/{Kind}
@required {Id: str, Kind: str, Data: bytes, More: bytes, Part: Part{A: str}, Tags: map<str,str>, When: str(timestamp)}
@optional {Note: str}
@returns(200) {Out: bytes, Size: int, Stream: Events{One: Part{A: str}, Two: str, Bad: Broken{M: str}}}
"""
LABELS = "Id: {in: label}, Kind: {in: label}"


def check(inputs: str, outputs: str = "", rest: str = "") -> list[tuple[str, str]]:
    """Errors of one operation with these bindings, which are all on line 5; `rest` starts on line 6."""
    line = f"operations:\n  Do: {{at: 'POST /a/{{Id}}/{{Kind}}', in: {{{inputs}}}, out: {{{outputs}}}}}\n"
    found = errors(build(SPEC, BOUND + line + rest))
    assert all(place.startswith(("bindings:", "spec:")) for place, _ in found)
    return [(place.split(":")[0], code) for place, code in found]


BODY = "Data: {in: body}, More: {in: body}"


def test_bindings_without_mistakes() -> None:
    assert check(f"{LABELS}, {BODY}", "Stream: {in: body}") == []


@pytest.mark.parametrize(
    ("inputs", "outputs", "code"),
    [
        ("Idd: {in: label}", "", "unknown-member"),
        ("", "Ou: {in: payload}", "unknown-member"),
        (f"{LABELS}, Note: {{in: label}}", "", "label-not-in-path"),
        ("Id: {in: label}, Kind: {in: label, name: Id}", "", "duplicate-label"),
        (f"{LABELS}, Part: {{in: header}}", "", "wrong-kind"),
        (f"{LABELS}, Part: {{in: query}}", "", "wrong-kind"),
        (f"{LABELS}, Tags: {{in: payload}}", "", "wrong-kind"),
        (f"{LABELS}, Note: {{in: header-map}}", "", "wrong-kind"),
        (f"{LABELS}, Note: {{timestamp: http-date}}", "", "wrong-kind"),
        (f"{LABELS}, Note: {{in: payload, streaming: true}}", "", "wrong-kind"),
        (f"{LABELS}, Data: {{in: payload, sized: true}}", "", "wrong-kind"),
        (f"{LABELS}, Note: {{in: header, name: 'X Y'}}", "", "bad-header-name"),
        (f'{LABELS}, Note: {{in: header, name: "X\\r\\nY"}}', "", "bad-header-name"),
        (f"{LABELS}, Note: {{in: header, name: Content-Length}}", "", "reserved-header"),
        (f"{LABELS}, Note: {{in: header, name: host}}", "", "reserved-header"),
        (f"{LABELS}, Note: {{member: Data}}", "", "duplicate-member"),
        (f"{LABELS}, Note: {{in: header, name: A}}, When: {{in: header, name: a}}", "", "duplicate-wire-name"),
        (f"{LABELS}, Part: {{in: events}}", "", "input-event-stream"),
        (LABELS, "Size: {in: header}, Out: {in: status}, Stream: {in: body}", "wrong-kind"),
        (LABELS, "Out: {in: events}", "not-an-event-stream"),
        (LABELS, "Stream: {in: events}", "event-not-structure"),
    ],
)
def test_bindings_that_cannot_be(inputs: str, outputs: str, code: str) -> None:
    assert code in {found for _, found in check(inputs, outputs)}


def test_two_payloads_and_members_beside_a_payload() -> None:
    found = check(f"{LABELS}, Data: {{in: payload}}, More: {{in: payload}}, Note: {{in: header}}")
    assert ("bindings", "two-payloads") in found
    # Part, Tags and When are left to inference, which would put them where no room is.
    assert found.count(("spec", "payload-and-body")) == 3


def test_what_an_output_payload_leaves_over_must_be_bound() -> None:
    built = build("@endpoint GET /a\n@returns(200) {Out: bytes, Type: str?}", BOUND + _get("out: {Out: {in: payload}}"))
    assert errors(built) == [("spec:4:28", "payload-and-body")]
    (wrong,) = (item for item in built.diagnostics if item.code == "payload-and-body")
    assert wrong.hint == "bind it to a header, for instance: {in: header, name: ...}"


def _get(rest: str) -> str:
    return f"operations:\n  Get: {{at: GET /a, {rest}}}\n"


def test_unknown_names_get_suggestions() -> None:
    built = build(
        "@endpoint GET /a\n@required {Endpoint: str}\n@returns(200) {Part: Part{Bytes: bytes?}}",
        BOUND
        + "operations:\n  Get: {at: GET /a, in: {Endpiont: {in: query}}, errors: [ModelEror]}\n"
        + "shapes: {Parrt: {}, Part: {Byts: {name: b}}}\nerrors: {ModelError: {}}\n"
        + "waiters: {W: {operation: Gett, accept: []}}\n",
    )
    assert [(str(i.span), i.code, i.hint) for i in built.diagnostics if i.severity == "error"] == [
        ("bindings:5:26", "unknown-member", "did you mean 'Endpoint'?"),
        ("bindings:5:59", "unknown-error", "did you mean 'ModelError'?"),
        ("bindings:6:10", "unknown-shape", "did you mean 'Part'?"),
        ("bindings:6:28", "unknown-member", "did you mean 'Bytes'?"),
        ("bindings:8:26", "unknown-operation", "did you mean 'Get'?"),
    ]


def test_events_have_one_payload_and_only_events_have_any() -> None:
    spec = """
    @endpoint GET /a
    @returns(200) {Stream: Events{One: One{A: bytes?, B: bytes?, C: str?}}, X-Other: str?}
    @endpoint GET /b
    @returns(200) {Other: Other{A: bytes?}}
    """
    operations = (
        "operations:\n  A: {at: GET /a, out: {Stream: {in: events}, X-Other: {in: header}}}\n  B: {at: GET /b}\n"
    )
    shapes = "shapes:\n  One: {A: {in: event-payload}, B: {in: event-payload}}\n  Other: {A: {in: event-payload}}\n"
    assert errors(build(spec, BOUND + operations + shapes)) == [
        ("bindings:8:41", "two-payloads"),
        ("bindings:9:19", "not-an-event"),
        ("spec:4:62", "payload-and-body"),
    ]


def ending(shapes: str, spec: str = "One: One{Code: str?, N: int?}, Two: Two{A: str?}") -> list[tuple[str, str]]:
    """Errors of bindings that say how a stream ends; ``shapes`` is on line 6."""
    operation = "operations: {A: {at: GET /a, out: {Stream: {in: events}}}}\n"
    return errors(build(f"@endpoint GET /a\n@returns(200) {{Stream: Events{{{spec}}}}}", BOUND + operation + shapes))


def test_one_event_ends_a_stream_and_strings_tell_why() -> None:
    assert ending("shapes: {Events: {One: {end: {code: Code}}}}") == []
    assert ending("shapes: {Events: {One: {end: {}}}}") == []
    assert ending("shapes: {Events: {On: {end: {}}}}") == [("bindings:5:19", "unknown-member")]
    assert ending("shapes: {Events: {One: {end: {}}, Two: {end: {}}}}") == [("bindings:5:41", "two-ends")]
    assert ending("shapes: {Events: {One: {end: {code: Cod}}}}") == [("bindings:5:37", "unknown-member")]
    assert ending("shapes: {Events: {One: {end: {message: N}}}}") == [("bindings:5:40", "wrong-kind")]
    assert ending("shapes: {One: {Code: {end: {}}}}") == [("bindings:5:23", "not-an-event")]


def test_endpoint_rules_must_be_there() -> None:
    bound = "lapsmith: 1\nservice: {id: E, class: E, protocol: rest-json}\nendpoint: {rules: endpoint-rules.json}\n"
    assert errors(build("@endpoint GET /a", bound)) == [("bindings:3:19", "endpoint-rules-missing")]
    assert errors(build("@endpoint GET /a", bound.replace("rules.json", "rulez.json"))) == [
        ("bindings:3:19", "endpoint-rules-missing")
    ]


def test_signing() -> None:
    plain, aws = "@endpoint GET /a", "@auth AWS SigV4\n@endpoint GET /a"
    signed = BOUND.replace("id: Echo", "id: Echo, signing: echo")
    assert build(plain, BOUND).require().signing is None
    assert errors(build(aws, BOUND)) == [("spec:3:1", "signing-name-missing")]
    for spec in (plain, aws):
        signing = build(spec, signed).require().signing
        assert signing is not None
        assert (signing.name, signing.s3) == ("echo", False)
    other = build("@auth OAuth2\n@endpoint GET /a", BOUND)
    assert other.require().signing is None
    assert [(i.severity, i.code) for i in other.diagnostics if i.severity == "warning"] == [
        ("warning", "auth-unsupported")
    ]


def test_s3_rules_need_a_signing_name() -> None:
    built = build("@endpoint GET /a", BOUND.replace("id: Echo", "id: Echo, s3: true"))
    assert errors(built) == [("bindings:2:25", "signing-name-missing")]


def test_targets_belong_to_json_rpc() -> None:
    missing = BOUND.replace("rest-json", "json-1.1")
    assert ("bindings:2:1", "target-missing") in errors(build("@endpoint POST /", missing))
    unused = build("@endpoint GET /a", BOUND.replace("id: Echo", "id: Echo, target: T"))
    assert [item.code for item in unused.diagnostics if item.severity == "warning"] == ["target-unused"]


@pytest.mark.parametrize(
    ("base", "url", "codes"),
    [
        ("https://a.example/v1/", "https://a.example/v1", []),
        ("/v1", None, ["bad-base"]),
        ("ftp://a.example", None, ["bad-base"]),
        ("https://[", None, ["bad-base"]),
        (None, None, ["no-host"]),
    ],
)
def test_base_url(base: str | None, url: str | None, codes: list[str]) -> None:
    built = build((f"@base {base}\n" if base else "") + "@endpoint GET /a")
    assert built.require().base_url == url
    assert [item.code for item in built.diagnostics if item.severity == "warning"] == codes


@pytest.mark.parametrize(
    ("patterns", "names"),
    [
        (("*",), {"GetA", "GetB", "PutA"}),
        (("Get*",), {"GetA", "GetB"}),
        (("*", "!Get*"), {"PutA"}),
        (("!PutA",), {"GetA", "GetB"}),
        (("*A", "!GetA", "GetB"), {"PutA", "GetB"}),
    ],
)
def test_patterns(patterns: tuple[str, ...], names: set[str]) -> None:
    spec = "@base https://a.example\n@endpoint GET /a\n@endpoint GET /b\n@endpoint PUT /a"
    built = build(spec, operations=patterns)
    assert {operation.name for operation in built.require().operations} == names


@pytest.mark.parametrize(
    ("patterns", "code", "hint"),
    [
        (("GetAA",), "no-such-operation", "did you mean 'GetA'?"),
        (("*", "!Gett*"), "no-such-operation", "did you mean 'GetA'?"),
        (("!*",), "no-operations", None),
    ],
)
def test_patterns_that_match_nothing(patterns: tuple[str, ...], code: str, hint: str | None) -> None:
    built = build("@base https://a.example\n@endpoint GET /a", operations=patterns)
    assert (code, hint) in [(item.code, item.hint) for item in built.diagnostics]
    assert built.service is None


def test_what_is_left_out_is_not_checked() -> None:
    spec = "@endpoint GET /a\n@endpoint POST /b\n@required {Stream: S{E: E{A: str}}}"
    bound = BOUND + "operations:\n  A: {at: GET /a}\n  B: {at: POST /b, in: {Stream: {in: events}}}\n"
    assert errors(build(spec, bound)) == [("bindings:6:38", "input-event-stream")]
    assert build(spec, bound, operations=("*", "!B")).service is not None
