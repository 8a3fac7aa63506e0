"""What `lapsmith inspect` prints."""

from __future__ import annotations

import json
from typing import Any

from ir.building import BOUND, build, real, service
from lapsmith import inspection, lap
from lapsmith.ir.model import Service

ODD = """
@base https://e.example
@endpoint POST /a/{k}?Kind=x&Flag
@required {k: str, t: Thing{A: [str(a/b/c/d/e/f)], B: map<str,num(f32)>}, x: str(timestamp), \x1b[31mred: int(i64)}
@returns(204) Nothing
@errors {410:Gone: It was here.}
"""


def table(service: Service, width: int = inspection.WIDTH) -> list[str]:
    return inspection.ir(service, "table", width=width).split("\n")


def test_the_real_service_in_a_table() -> None:
    lines = table(real().require())
    assert lines[0].split() == ["service", "Amazon", "SageMaker", "Runtime", "2017-05-13", "from"]
    at = lines.index("InvokeEndpointAsync  POST /endpoints/{EndpointName}/async-invocations -> 202")
    assert lines[at + 1] == "-" * len(lines[at])
    assert "status: bindings:" in lines[at + 2]
    assert lines[at + 3] == "  retry   not repeated once sent (default: not-idempotent)"
    assert lines[at + 4] == "  errors  InternalFailure, ServiceUnavailable, ValidationError"
    assert lines[at + 5] == "  input"
    assert lines[at + 6].split() == ["member", "type", "req", "in", "wire", "name", "from"]
    assert lines[at + 7].split()[:5] == ["EndpointName", "str", "yes", "label", "EndpointName"]


def test_columns_stand_under_their_headings() -> None:
    lines = table(real().require())
    at = next(number for number, line in enumerate(lines) if line.startswith("    member"))
    start = lines[at].index("wire name")
    rows = lines[at + 1 : at + 12]
    assert all(row[start - 2 : start] == "  " and row[start] != " " for row in rows)
    assert rows[2][start:].split()[0] == "Content-Type"


def test_tables_keep_to_the_width_and_lose_nothing() -> None:
    service = real().require()
    for width in (60, 80, 100, 120, 200):
        lines = table(service, width)
        assert max(map(len, lines)) <= max(width, 99), width  # A heading is never broken; the longest has 99.
        squeezed = "".join("".join(lines).split())
        for operation in service.operations:
            assert operation.name in squeezed
    assert max(len(line) for line in table(service)) <= 120


def test_says_which_rule_inferred_what() -> None:
    text = "\n".join(table(build(ODD).require()))
    assert "rule label-exact-name" in text
    assert "body-by-default (3)" in text
    assert "spec = spec" in text


def test_types_are_spelled_neutrally() -> None:
    text = "\n".join(table(build(ODD).require()))
    for spelled in ("[str(a/b/c/d/... 2 more)]", "map<str, float32>", "timestamp", "int64", "Thing"):
        assert spelled in text
    assert "POST /a/{k}?Kind=x&Flag -> 204" in text


def test_enums_and_who_says_so() -> None:
    bound = (
        f"{BOUND}operations:\n  Do: {{at: POST /a, in: {{Hue: {{in: body, enum: Hue}}}}}}\n"
        'enums:\n  Hue: [red, "bl\\eue"]\n  Other: [x]\n'
    )
    lines = table(service("@endpoint POST /a\n@required {Hue: str}\n", bound))
    rows = [line.split() for line in lines]
    assert ["Hue", "str(Hue)", "yes", "body", "Hue", "spec:4", "bindings:5"] in rows
    at = rows.index(["enum", "known", "values", "from"])
    assert (lines[at - 1], rows[at + 1 : at + 3]) == ("enums", [["Hue", "red,", "bl\\x1bue", "bindings:7"], []])


def test_control_characters_never_reach_a_terminal() -> None:
    spec = lap.parse("@lap v0.3\n@api E\x9b1m\n@endpoint GET /a\n@optional {a: str # x\x1b]0;y\x07}\n@end\n", "spec")
    for text in ("\n".join(table(build(ODD).require())), inspection.tree(spec.document)):
        assert all(character.isprintable() for character in text.replace("\n", ""))
    assert "\\x1b" in inspection.tree(spec.document)


def test_json_is_complete() -> None:
    service = real().require()
    read: Any = json.loads(inspection.ir(service, "json"))["service"]
    assert read["signing"] == {"name": "sagemaker", "s3": False}
    operation = read["operations"][0]
    assert [part["kind"] if isinstance(part, dict) else part for part in operation["uri"]["segments"]] == [
        "/endpoints/",
        "label",
        "/invocations",
    ]
    member = operation["input"][2]
    assert (member["name"], member["type"], member["location"]) == (
        "ContentType",
        {"kind": "string", "enum": [], "name": None},
        "header",
    )
    assert set(member["origins"]) == {"name", "type", "required", "location", "wire_name"}
    assert member["origins"]["location"]["source"] == "bindings"
    assert set(member["origins"]["location"]["span"]) == {"file", "line", "column", "end_line", "end_column"}
    assert read["shapes"]["ResponseStream"]["kind"] == "event-union"


def test_diagnostics_can_be_added() -> None:
    built = build(ODD)
    read: Any = json.loads(inspection.ir(built.require(), "json", diagnostics=built.diagnostics))
    assert len(read["diagnostics"]) == len(built.diagnostics)
    text = inspection.ir(built.require(), diagnostics=built.diagnostics)
    assert f"diagnostics ({len(built.diagnostics)})" in text


def test_the_tree() -> None:
    text = (
        "@lap v0.3\n@api Echo\n@hint h\n@toc a(1)\n@new thing\n@common_fields {c: str}\n@type T {x: str=1 # Why.}\n"
        "@endpoint GET /a/{k}\n@desc Does it.\n@required {k!: T{x: [map{y: int}]}}\n@returns(2XX) Fine\n"
        "@errors {404:Gone: It was.}\n@end\n"
    )
    document = lap.parse(text, "spec").document
    shown = inspection.tree(document)
    for part in (
        "@api",
        "Echo",
        "@new",
        "@type T",
        "GET /a/{k}  (line 8)",
        "Does it.",
        "k!",
        "returns 2XX",
        "error 404",
    ):
        assert part in shown
    assert "        y" in shown
    read: Any = json.loads(inspection.tree(document, "json"))["document"]
    assert read["endpoints"][0]["required"][0]["type"]["kind"] == "named"
    assert read["endpoints"][0]["span"]["line"] == 8


def test_files() -> None:
    contents: dict[str, str | bytes] = {"b.py": b"x = 1\ny = 2\n", "a.py": "é\n"}
    lines = inspection.files(contents).split("\n")
    assert [line.split()[:3] for line in lines[:4]] == [
        ["file", "lines", "bytes"],
        ["a.py", "1", "3"],
        ["b.py", "2", "12"],
        ["total", "3", "15"],
    ]


def test_same_input_same_text() -> None:
    first, second = real().require(), real().require()
    for fmt in ("table", "json"):
        assert inspection.ir(first, fmt) == inspection.ir(second, fmt)
