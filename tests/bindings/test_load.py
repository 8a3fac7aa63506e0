"""YAML in, bindings or placed errors out."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from lapsmith import bindings
from lapsmith.bindings import Loaded
from lapsmith.diagnostics import Severity, render

REAL = (Path(__file__).parents[2] / "specs/sagemaker-runtime/bindings.yaml").read_bytes()

SMALL = """\
lapsmith: 1
service: {id: Echo, signing: echo}
operations:
  Say:
    at: POST /say/{Name}
    in:
      Name: {in: label}
"""


def load(text: str | bytes, over: str | None = None) -> Loaded:
    data = text.encode() if isinstance(text, str) else text
    return bindings.loads(data, "b.yaml", overrides=None if over is None else (over.encode(), "o.yaml"))


def said(loaded: Loaded) -> list[tuple[str, str, str | None]]:
    return [(str(item.span), item.code, item.hint) for item in loaded.diagnostics]


def test_loads_the_real_thing_without_a_word() -> None:
    loaded = load(REAL)
    assert loaded.diagnostics == ()
    assert loaded.bindings is not None
    assert loaded.bindings.service is not None
    assert loaded.bindings.service.read_timeout is not None
    assert loaded.bindings.service.read_timeout.value == 70
    assert loaded.source == REAL.decode()


def test_facts_know_their_place() -> None:
    found = load(SMALL).bindings
    assert found is not None
    operation = found.operations["Say"]
    assert str(operation.span) == "b.yaml:4:3"
    assert str(operation.at.span) == "b.yaml:5:9"
    assert (operation.at.method, operation.at.path) == ("POST", "/say/{Name}")
    member = operation.input["Name"]
    assert member.location is not None
    assert str(member.location.span) == "b.yaml:7:18"


@pytest.mark.parametrize(
    ("text", "place", "code", "hint"),
    [
        ("lapsmith: 1\nservise: {}\n", "b.yaml:2:1", "unknown-key", "did you mean 'service'?"),
        ("lapsmith: 1\nservice: {protocl: rest-json}\n", "b.yaml:2:11", "unknown-key", "did you mean 'protocol'?"),
        ("lapsmith: 1\nservice: {protocol: restjson}\n", "b.yaml:2:21", "bad-value", "did you mean 'rest-json'?"),
        ("lapsmith: 1\nlapsmith: 1\n", "b.yaml:2:1", "duplicate-key", "it is first at b.yaml:1:1; keep one of them"),
        ("service: {}\n", "b.yaml:1:1", "missing-key", "add 'lapsmith:'"),
        ("", "b.yaml:1:1", "missing-key", "add 'lapsmith:'"),
        ("lapsmith: 2\n", "b.yaml:1:11", "bindings-version", "this lapsmith reads version 1"),
        ("lapsmith: one\n", "b.yaml:1:11", "wrong-type", "such as 1"),
        ("- lapsmith\n", "b.yaml:1:1", "wrong-type", "it starts with 'lapsmith: 1'"),
        ("lapsmith: 1\nservice: x\n", "b.yaml:2:10", "wrong-type", None),
        ("lapsmith: 1\nservice: {id: 12}\n", "b.yaml:2:15", "wrong-type", "put it in quotes"),
        ("lapsmith: 1\nservice: {read_timeout: 0}\n", "b.yaml:2:25", "bad-value", None),
        ("lapsmith: 1\nservice: {read_timeout: .nan}\n", "b.yaml:2:25", "wrong-type", "such as 70 or 1.5"),
        ("lapsmith: 1\nservice: {read_timeout: 86401}\n", "b.yaml:2:25", "bad-value", None),
        ("lapsmith: 1\nservice: {read_timeout: 070}\n", "b.yaml:2:25", "wrong-type", "such as 70 or 1.5"),
        ("lapsmith: 1\nservice: {signing: ''}\n", "b.yaml:2:20", "wrong-type", "give it a name, or delete it"),
        *(
            (f'lapsmith: 1\nservice: {{{key}: "{text}"}}\n', f"b.yaml:2:{13 + len(key)}", "bad-value", hint)
            for key, hint in (
                ("id", "AWS's are of letters, digits and spaces"),
                ("target", "AWS's are of letters, digits, '.', '_' and '-'"),
                ("signing", "AWS's are of letters, digits, '.', '_' and '-'"),
            )
            for text in (" ", "a/b", "é", "a\\r\\nb")
        ),
        (
            "lapsmith: 1\nservice: {signing: a b}\n",
            "b.yaml:2:20",
            "bad-value",
            "AWS's are of letters, digits, '.', '_' and '-'",
        ),
        (
            "lapsmith: 1\nservice: {headers: {X-A: 'é'}}\n",
            "b.yaml:2:26",
            "bad-value",
            "printable ASCII goes, with no space at either end",
        ),
        ("lapsmith: 1\nservice: {headers: {X-A: a, x-a: b}}\n", "b.yaml:2:29", "duplicate-key", "keep one of them"),
        ("lapsmith: 1\nendpoint: x\n", "b.yaml:2:11", "wrong-type", None),
        ("lapsmith: 1\nendpoint: {host: {}}\n", "b.yaml:2:18", "missing-key", 'write one such as aws, or "*"'),
        ("lapsmith: 1\nservice:\n  <<: {id: X}\n", "b.yaml:3:3", "yaml-alias", "write it out"),
        ("lapsmith: 1\nservice:\n\tid: X\n", "b.yaml:3:1", "yaml-syntax", "this is a tab: indent with spaces"),
        (
            "lapsmith: 1\nservice:\n  id: X\n  protocol rest-json\n  # Why.\n  s3: true\n",
            "b.yaml:4:3",
            "yaml-syntax",
            None,
        ),
        ("lapsmith: 1\nservice: {id: X\n\n", "b.yaml:2:10", "yaml-syntax", None),
        ("lapsmith: 1\nservice: {s3: 1}\n", "b.yaml:2:15", "wrong-type", None),
        ("lapsmith: 1\nerrors: {E: {status: 999}}\n", "b.yaml:2:22", "bad-value", None),
        ("lapsmith: 1\nerrors: {E: {retry: nevr}}\n", "b.yaml:2:21", "bad-value", "did you mean 'never'?"),
        ("lapsmith: 1\nerrors: {'': {}}\n", "b.yaml:2:10", "unknown-key", "give it a name"),
        ("lapsmith: 1\noperations: {A: {}}\n", "b.yaml:2:17", "missing-key", "add 'at:'"),
        (
            "lapsmith: 1\noperations: {A: {at: POST}}\n",
            "b.yaml:2:22",
            "bad-value",
            "write the method and the path as in the spec, such as: POST /endpoints/{Name}",
        ),
        (
            "lapsmith: 1\noperations: {A: {at: GET /, in: {X: {in: hedder}}}}\n",
            "b.yaml:2:42",
            "bad-value",
            "did you mean 'header'?",
        ),
        (
            "lapsmith: 1\noperations: {A: {at: GET /, errors: [E, E]}}\n",
            "b.yaml:2:41",
            "duplicate-name",
            "keep one of them",
        ),
        ("lapsmith: 1\nshapes: {S: {unoin: true}}\n", "b.yaml:2:14", "unknown-key", "did you mean 'union'?"),
        ("lapsmith: 1\nendpoint: {fips: a.b}\n", "b.yaml:2:11", "missing-key", "add 'host:'"),
        (
            "lapsmith: 1\nendpoint: {host: 'x.{regoin}.aws'}\n",
            "b.yaml:2:18",
            "bad-host",
            "did you mean 'region'?",
        ),
        (
            "lapsmith: 1\nendpoint: {host: 'https://x.aws/'}\n",
            "b.yaml:2:18",
            "bad-host",
            "write only the host, in lower case: no scheme, port or path",
        ),
        (
            "lapsmith: 1\nendpoint: {rules: ../../etc/passwd}\n",
            "b.yaml:2:19",
            "bad-value",
            "for instance endpoint-rules.json",
        ),
        ("a: &x 1\nb: *x\n", "b.yaml:1:4", "yaml-alias", "write it out"),
        ("a: !!python/object:os.system x\n", "b.yaml:1:4", "yaml-tag", "remove the tag"),
        ("---\na: 1\n---\nb: 1\n", "b.yaml:3:1", "yaml-documents", "keep one document in the file"),
        ("? [a]\n: 1\n", "b.yaml:1:3", "wrong-type", "put it in quotes"),
        ("a: 'b\n", "b.yaml:1:4", "yaml-syntax", None),
        ("a: 1\n b: 2\n", "b.yaml:2:3", "yaml-syntax", None),
        ("a: \x07\n", "b.yaml:1:4", "control-character", "remove it"),
        (b"a: 1\nb: \xff\n", "b.yaml:2:4", "not-utf-8", "save the file as UTF-8"),
    ],
)
def test_says_what_is_wrong_where_and_what_to_do(text: str | bytes, place: str, code: str, hint: str | None) -> None:
    loaded = load(text)
    assert loaded.bindings is None
    assert said(loaded) == [(place, code, hint)]
    assert render(loaded.diagnostics, loaded.sources).startswith(f"{place}: error[{code}]: ")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("servce: {}", "the top level has no key 'servce'"),
        ("service: {read_timeout: .inf}", "'read_timeout' of 'service' must be a number in decimal, not '.inf'"),
        ("service: {read_timeout: 1:30}", "'read_timeout' of 'service' must be a number in decimal, not '1:30'"),
        ("errors: {E: {status: 0x190}}", "'status' of error E must be a whole number in decimal, not '0x190'"),
        ("errors: {E: {status: -1}}", "'status' of error E must be between 100 and 599, not -1"),
    ],
)
def test_a_message_does_not_contradict_itself(text: str, message: str) -> None:
    assert [item.message for item in load(f"lapsmith: 1\n{text}\n").diagnostics] == [message]


def test_reports_all_errors_of_a_run() -> None:
    loaded = load("lapsmith: 1\nservise: {}\nerrors: {E: {status: many, cod: X}}\n")
    assert [code for _, code, _ in said(loaded)] == ["unknown-key", "wrong-type", "unknown-key"]


def test_yaml_words_are_names_where_names_are_wanted() -> None:
    loaded = load("lapsmith: 1\noperations: {On: {at: GET /, in: {No: {member: Yes}, 1: {name: 2}}, errors: [Off]}}\n")
    assert loaded.bindings is not None
    operation = loaded.bindings.operations["On"]
    assert list(operation.input) == ["No", "1"]
    assert operation.input["No"].member is not None
    assert operation.input["No"].member.value == "Yes"
    assert operation.errors is not None
    assert [fact.value for fact in operation.errors] == ["Off"]


def test_columns_count_characters_not_bytes() -> None:
    assert said(load("lapsmith: 1\nerrors: {E: {doc: '𝒳é', retri: x}}\n"))[0][0] == "b.yaml:2:25"


def test_reads_the_derived_form() -> None:
    loaded = load(
        "lapsmith: 1\n"
        "derived: {model: botocore/1.44.5/dynamodb/2012-08-10, sha256: 00ff}\n"
        "service: {id: DynamoDB, class: DynamoDB, protocol: json-1.0, target: DynamoDB_20120810, signing: dynamodb}\n"
        "endpoint: {rules: endpoint-rules.json}\n"
        "operations:\n"
        "  Query:\n"
        "    at: POST /\n"
        "    pin: {in: [TableName], out: [Count, Items, LastEvaluatedKey], desc: 12345678, by: names}\n"
        "    retry: safe\n"
        "    pages: {in: [ExclusiveStartKey], out: [LastEvaluatedKey], items: [Items]}\n"
        "waiters:\n"
        "  TableExists: {operation: DescribeTable, delay: 20, attempts: 25,"
        " accept: [{path: Table.TableStatus, is: ACTIVE}]}\n"
        "shapes: {AttributeValue: {union: true, L: {in: body}}}\n"
    )
    assert loaded.diagnostics == ()
    found = loaded.bindings
    assert found is not None
    pin = found.operations["Query"].pin
    assert pin is not None
    assert pin.desc is not None
    assert pin.desc.value == "12345678"
    pages = found.operations["Query"].pages
    assert pages is not None
    assert pages.items[0].value == "Items"
    waiter = found.waiters["TableExists"]
    assert (waiter.delay.value if waiter.delay else None, waiter.accept[0].expected.value) == (20, "ACTIVE")
    union = found.shapes["AttributeValue"].union
    assert union is not None
    assert union.value is True
    assert list(found.shapes["AttributeValue"].members) == ["L"]


def test_a_member_may_be_called_union() -> None:
    found = load("lapsmith: 1\nshapes: {S: {union: {member: Union}}}\n").bindings
    assert found is not None
    assert found.shapes["S"].union is None
    assert list(found.shapes["S"].members) == ["union"]


def test_overrides_are_laid_over_and_null_deletes() -> None:
    over = "service: {signing: other}\noperations: {Say: {at: PUT /say, in: {Name: null, Word: {in: query}}}}\n"
    loaded = load(SMALL, over)
    assert loaded.diagnostics == ()
    found = loaded.bindings
    assert found is not None
    assert found.service is not None
    assert found.service.id is not None
    assert found.service.signing is not None
    assert str(found.service.id.span) == "b.yaml:2:15"
    assert str(found.service.signing.span) == "o.yaml:1:20"
    assert list(found.operations["Say"].input) == ["Word"]
    assert found.operations["Say"].at.method == "PUT"
    assert found.overrides_file == "o.yaml"
    assert str(found.operations["Say"].span) == "b.yaml:4:3"


def test_overrides_replace_lists_and_change_kinds() -> None:
    base = "lapsmith: 1\nendpoint: {host: a.b, fips: {aws: c.d}}\noperations: {A: {at: GET /, errors: [X, Y]}}\n"
    found = load(base, "endpoint: {fips: e.f}\noperations: {A: {errors: [Z]}}\n").bindings
    assert found is not None
    assert found.endpoint is not None
    assert found.endpoint.fips is not None
    assert found.operations["A"].errors is not None
    assert {name: fact.value for name, fact in found.endpoint.fips.templates.items()} == {"*": "e.f"}
    assert [fact.value for fact in found.operations["A"].errors] == ["Z"]


def test_deleting_what_is_not_there_is_a_mistake() -> None:
    loaded = load(SMALL, "shapes: {Sya: null}\n")
    assert said(loaded) == [("o.yaml:1:10", "unknown-key", None)]


def test_an_override_of_a_misspelt_operation_is_a_mistake() -> None:
    loaded = load(SMALL, "operations: {Sya: {retry: safe}}\n")
    assert said(loaded) == [("o.yaml:1:14", "unknown-operation", "did you mean 'Say'?")]
    unlike = load(SMALL, "operations: {Whisper: {retry: safe}}\n")
    assert "say where it is" in str(said(unlike)[0][2])
    assert load(SMALL, "operations: {Whisper: {at: GET /w}}\n").bindings is not None


def test_an_operation_that_overrides_remove_is_still_known() -> None:
    found = load(SMALL, "operations: {Say: null, Gone: null}\n").bindings
    assert found is not None
    assert "Say" not in found.operations
    assert found.removed["Say"].binding is not None
    assert found.removed["Gone"].binding is None


def test_a_null_outside_of_overrides_is_a_wrong_type() -> None:
    assert said(load("lapsmith: 1\nservice: {id: ~}\n"))[0][1] == "wrong-type"


@pytest.mark.parametrize("text", ["[" * 100_000, "{a: " * 100_000, "- " * 100_000, "? " * 100_000, "a:\n" * 10_000])
def test_hostile_nesting_ends_soon_and_with_a_place(text: str) -> None:
    start = time.monotonic()
    loaded = load(text)
    assert loaded.bindings is None
    assert loaded.diagnostics
    assert time.monotonic() - start < 5


def test_a_billion_laughs_are_refused_at_the_first() -> None:
    text = "a: &a [x, x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)}, *{chr(97 + i)}]\n" for i in range(9)
    )
    assert said(load(text)) == [("b.yaml:1:4", "yaml-alias", "write it out")]


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "b.yaml"
    path.write_bytes(b"#" * (16 * 2**20 + 1))
    assert [item.code for item in bindings.load(path, "b.yaml").diagnostics] == ["file-too-large"]


def test_a_file_that_cannot_be_read_is_a_diagnostic(tmp_path: Path) -> None:
    loaded = bindings.load(tmp_path / "none.yaml", "spec/none.yaml")
    assert [(str(item.span), item.code) for item in loaded.diagnostics] == [("spec/none.yaml:1:1", "unreadable")]


def test_load_reads_both_files(tmp_path: Path) -> None:
    base, over = tmp_path / "b.yaml", tmp_path / "o.yaml"
    base.write_bytes(b"\xef\xbb\xbf" + SMALL.replace("\n", "\r\n").encode())
    over.write_text("service: {signing: null}\n")
    loaded = bindings.load(base, "b.yaml", overrides=(over, "o.yaml"))
    assert loaded.diagnostics == ()
    assert loaded.bindings is not None
    assert loaded.bindings.service is not None
    assert loaded.bindings.service.signing is None
    assert set(loaded.sources) == {"b.yaml", "o.yaml"}


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
@settings(max_examples=examples(150), deadline=None)
def test_never_raises(data: bytes) -> None:
    loaded = load(data)
    assert loaded.bindings is not None or any(item.severity is Severity.ERROR for item in loaded.diagnostics)


@given(st.integers(0, len(REAL)), st.integers(0, 60), st.sampled_from(["", "~", "{", "]", ": ", "\n", "x", "[a, b]"]))
@settings(max_examples=examples(150), deadline=None)
def test_never_raises_on_damaged_bindings(at: int, cut: int, put: str) -> None:
    loaded = load(REAL[:at] + put.encode() + REAL[at + cut :])
    for item in loaded.diagnostics:
        assert item.span.file == "b.yaml"
        assert item.span.line >= 1
    render(loaded.diagnostics, loaded.sources)
