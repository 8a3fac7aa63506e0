"""Directives, documents, and what is said about files that are not as they should be."""

from __future__ import annotations

from dataclasses import fields as dataclass_fields
from dataclasses import is_dataclass
from pathlib import Path as FilePath

import pytest
from lap.documents import HEAD, codes, endpoint, errors, names, places, read
from lapsmith.diagnostics import Severity, Span, render
from lapsmith.lap import parse, parse_types
from lapsmith.lap.tree import (
    Directive,
    Document,
    Endpoint,
    ErrorCase,
    Field,
    ListOf,
    Named,
    Path,
    Placeholder,
    Returns,
    Scalar,
    TocEntry,
    TypeDef,
)

SEED = FilePath(__file__).parents[2] / "specs/sagemaker-runtime/references/api-spec.lap"

EVERYTHING = """\
@lap v0.3
# Machine-readable.
@api Things & Co
@base https://api.example.com/v1
@version 2026-01-01
@auth Bearer bearer
@common_fields {trace: str # for us}
@endpoints 2
@hint download_for_search
@toc things(1), thing(x)(1)

@type Thing {id: str, tags: [Tag]?}

@group things
@endpoint POST /things
@desc Make a thing
@auth Basic
@body → Thing
@required {id: str}
@optional {dry: bool=False}
@returns(201) {thing: Thing?{id: str}} # Made
@errors {400: bad, 409}
@example_request {"id": "x"}
@endgroup

# gone soon
@endpoint GET /things/{id}
@returns(200)

@end
"""


def test_every_directive() -> None:
    parsed = parse(EVERYTHING, "t.lap")
    assert parsed.diagnostics == ()
    assert parsed.source == EVERYTHING
    thing = Scalar("str")
    assert parsed.document == Document(
        lap="v0.3",
        api="Things & Co",
        base="https://api.example.com/v1",
        version="2026-01-01",
        auth="Bearer bearer",
        common_fields=(Field("trace", Scalar("str"), comment="for us"),),
        declared_endpoints=2,
        hint="download_for_search",
        toc=(TocEntry("things", 1), TocEntry("thing(x)", 1)),
        types=(TypeDef("Thing", (Field("id", thing), Field("tags", ListOf(Named("Tag"), True)))),),
        endpoints=(
            Endpoint(
                method="POST",
                path=Path("/things", "/things", None, None, ()),
                desc="Make a thing",
                auth="Basic",
                body="Thing",
                required=(Field("id", thing),),
                optional=(Field("dry", Scalar("bool"), default="False"),),
                returns=(
                    Returns("201", (Field("thing", Named("Thing", None, (), (Field("id", thing),), True)),), "Made"),
                ),
                errors=(ErrorCase("400", None, "bad"), ErrorCase("409", None, None)),
                example_request='{"id": "x"}',
                group="things",
            ),
            Endpoint(
                method="GET",
                path=Path("/things/{id}", "/things/{id}", None, None, (Placeholder("id"),)),
                returns=(Returns("200", None, None),),
                comments=("gone soon",),
            ),
        ),
        comments=("Machine-readable.",),
        ended=True,
    )  # fmt: skip


def test_the_shipped_spec() -> None:
    parsed = parse(SEED.read_bytes(), str(SEED))
    assert parsed.diagnostics == ()
    invoke, invoke_async, stream = parsed.document.endpoints
    assert (parsed.document.api, parsed.document.declared_endpoints) == ("Amazon SageMaker Runtime", 3)
    assert names(invoke.required) == ["EndpointName", "Body"]
    assert len(invoke_async.optional) == 6
    assert [case.status for case in stream.errors] == ["500", "500"]
    assert [case.name for case in stream.errors] == [None, None]
    assert stream.errors[1].text is not None
    assert stream.errors[1].text.endswith("error, exception or failure. Try your request again.")
    fields = stream.returns[0].fields
    assert fields is not None
    assert names(fields) == ["Body", "ContentType", "InvokedProductionVariant", "CustomAttributes"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(end: str) -> None:
    text = EVERYTHING.replace("\n", end)
    parsed = parse(text.encode(), "t.lap")
    assert parsed.document == parse(EVERYTHING, "t.lap").document
    assert parsed.document.endpoints[1].span.line == 27
    assert parsed.diagnostics == ()


def test_byte_order_mark() -> None:
    for text in ("\ufeff" + EVERYTHING, ("\ufeff" + EVERYTHING).encode()):
        parsed = parse(text, "t.lap")
        assert parsed.diagnostics == ()
        assert parsed.document.lap == "v0.3"
        assert parsed.document.span.column == 1


@pytest.mark.parametrize("character", ["\u2028", "\u2029", "\x0b", "\x0c", "\x1c", "\x85", "\u00a0"])
def test_only_lf_and_cr_end_lines(character: str) -> None:
    text = f"a{character}b"
    found = endpoint(f"@desc {text}\n@required {{x: str # {text}, y: int}}")
    assert (found.desc, found.required[0].comment) == (text, text)
    assert found.required[1].span.line == 7


def test_indented_directives() -> None:
    text = "\n".join("\t " + line for line in EVERYTHING.split("\n"))
    parsed = parse(text, "t.lap")
    assert parsed.document == parse(EVERYTHING, "t.lap").document
    assert parsed.document.endpoints[1].span.column == 3


def test_every_node_has_a_span() -> None:
    def check(node: object) -> int:
        if isinstance(node, tuple):
            return sum(check(item) for item in node)
        span = getattr(node, "span", None)
        if not is_dataclass(node) or not isinstance(span, Span):
            return 0
        assert span.file == "t.lap", node
        assert 1 <= span.line <= span.end_line
        assert span.column >= 1
        return 1 + sum(check(getattr(node, item.name)) for item in dataclass_fields(node))

    assert check(parse(EVERYTHING, "t.lap").document) > 25


def test_spans_cover_the_source() -> None:
    parsed = parse(EVERYTHING, "t.lap")
    lines = parsed.source.split("\n")
    first = parsed.document.endpoints[0]
    assert (first.span.line, first.span.end_line) == (15, 23)
    case = first.errors[0].span
    assert lines[case.line - 1][case.column - 1 : case.end_column - 1] == "400: bad"
    toc = parsed.document.toc[1].span
    assert lines[toc.line - 1][toc.column - 1 : toc.end_column - 1] == "thing(x)(1)"
    holder = parsed.document.endpoints[1].path.placeholders[0].span
    assert lines[holder.line - 1][holder.column - 1 : holder.end_column - 1] == "{id}"
    type_ = parsed.document.types[0].name_span
    assert lines[type_.line - 1][type_.column - 1 : type_.end_column - 1] == "Thing"


@pytest.mark.parametrize(
    ("raw", "path", "query", "fragment", "placeholders"),
    [
        ("/a/{b}/c", "/a/{b}/c", None, None, [("b", False)]),
        ("/a/{b+}", "/a/{b+}", None, None, [("b", True)]),
        ("/a/{b*}/{+c}", "/a/{b*}/{+c}", None, None, [("b", True), ("c", True)]),
        ("/a?WithTags", "/a", "WithTags", None, []),
        ("/a/{b}?find=X&c={d}#e", "/a/{b}", "find=X&c={d}", "e", [("b", False)]),
        ("/a/{b}#add?x", "/a/{b}", None, "add?x", [("b", False)]),
        ("/{{server}}/v1/{{id}}", "/{{server}}/v1/{{id}}", None, None, [("server", False), ("id", False)]),
        ("{{server}}/v1", "{{server}}/v1", None, None, [("server", False)]),
        ("/c(x={x},y={y})/z", "/c(x={x},y={y})/z", None, None, [("x", False), ("y", False)]),
        ("/@connections/{a-b.c}", "/@connections/{a-b.c}", None, None, [("a-b.c", False)]),
        ("/a/{id:[0-9]+}", "/a/{id:[0-9]+}", None, None, [("id:[0-9]+", False)]),
        ("/bots/$LATEST:run", "/bots/$LATEST:run", None, None, []),
        ("/a b/{c", "/a b/{c", None, None, []),
        ("/", "/", None, None, []),
    ],
)
def test_path(
    raw: str, path: str, query: str | None, fragment: str | None, placeholders: list[tuple[str, bool]]
) -> None:
    parsed = parse(f"@lap v0.3\n@api x\n@endpoints 1\n@endpoint PUT {raw}\n@end", "t.lap")
    assert parsed.diagnostics == ()
    found = parsed.document.endpoints[0].path
    assert (found.raw, found.path, found.query, found.fragment) == (raw, path, query, fragment)
    assert [(item.name, item.greedy) for item in found.placeholders] == placeholders


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("@returns(200)", Returns("200", None, None)),
        ("@returns(200) Just text, {with} braces", Returns("200", None, "Just text, {with} braces")),
        ("@returns(2XX) # text", Returns("2XX", None, "# text")),
        ("@returns(default) → Thing", Returns("default", None, "→ Thing")),
        ("@returns(200) {}", Returns("200", (), None)),
        (
            "@returns(200) {a: str} # ok {b}, c: d",
            Returns("200", (Field("a", Scalar("str")),), "ok {b}, c: d"),
        ),
        (
            "@returns(200) {a: str # x, y} # ok",
            Returns("200", (Field("a", Scalar("str"), comment="x, y"),), "ok"),
        ),
        ("@returns (200) {a: str}", Returns("200", (Field("a", Scalar("str")),), None)),
        ("@returns(200) {a: str} Done", Returns("200", (Field("a", Scalar("str")),), "Done")),
        ("@returns(200) {a: str # x\n# y} # ok", Returns("200", (Field("a", Scalar("str"), comment="x y"),), "ok")),
        ("@returns(200) {a: str} # } @errors x", Returns("200", (Field("a", Scalar("str")),), "} @errors x")),
        ("@returns(200) {", Returns("200", None, "{")),
        ('@returns(200) { "a": 1 Successful', Returns("200", None, '{ "a": 1 Successful')),
        ("@returns(200) {id} was deleted", Returns("200", None, "{id} was deleted")),
        ('@returns(200) {"status": "ok"}', Returns("200", None, '{"status": "ok"}')),
        ("@returns(200) {} empty", Returns("200", None, "{} empty")),
        ("@returns(200) {} # empty", Returns("200", (), "empty")),
    ],
)
def test_returns(line: str, expected: Returns) -> None:
    assert endpoint(line).returns == (expected,)


def test_several_returns() -> None:
    found = endpoint("@returns(200) {a: str}\n@returns(204)\n@returns(2XX) More")
    assert [(item.status, item.text) for item in found.returns] == [
        ("200", None),
        ("204", None),
        ("2XX", "More"),
    ]


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("400", [("400", None, None)]),
        ("400, 404, default", [("400", None, None), ("404", None, None), ("default", None, None)]),
        ("500: text, with, 3 numbers 500 maybe", [("500", None, "text, with, 3 numbers 500 maybe")]),
        ("500: Error, 2 parts., 500: Another.", [("500", None, "Error, 2 parts."), ("500", None, "Another.")]),
        ("500:ModelError: It failed., 429:TooMany", [("500", "ModelError", "It failed."), ("429", "TooMany", None)]),
        ("4XX: a, 5xx: b", [("4XX", None, "a"), ("5xx", None, "b")]),
        ("400: bad, 401, 404: gone", [("400", None, "bad"), ("401", None, None), ("404", None, "gone")]),
        ("400: one of 400, 401, or 404", [("400", None, "one of 400, 401, or 404")]),
        ("400: 1, 000, 000 at most", [("400", None, "1, 000, 000 at most")]),
        ("400: see {id}, a}b", [("400", None, "see {id}, a}b")]),
        ("400:`bad_request`: no", [("400", "`bad_request`", "no")]),
        ("400:some text", [("400", None, "some text")]),
        ("400: Name: text", [("400", None, "Name: text")]),
        ("Not Found: text", [("Not Found", None, "text")]),
        ("400:", [("400", None, None)]),
        ("\n  400: a\n    b,\n  404: c,\n", [("400", None, "a b"), ("404", None, "c")]),
        ("404: a\n# b", [("404", None, "a b")]),
        ("400, 10001, 4001", [("400", None, None), ("10001", None, None), ("4001", None, None)]),
        ("400, 40X, 5XX", [("400", None, None), ("40X", None, None), ("5XX", None, None)]),
        ("400: a, 500-599: b", [("400", None, "a"), ("500-599", None, "b")]),
        ("400: a, 40X: b, 0: c", [("400", None, "a"), ("40X", None, "b"), ("0", None, "c")]),
        ("400: a, 0 of 3", [("400", None, "a, 0 of 3")]),
        ("400: Bad (invalid, 404: x), 500: e", [("400", None, "Bad (invalid, 404: x)"), ("500", None, "e")]),
        ("400: a :), 404: b", [("400", None, "a :)"), ("404", None, "b")]),
        ("403:[No](https: //x.example/403). It", [("403", None, "[No](https://x.example/403). It")]),
        ("400: use {x} @desc foo, 404: gone", [("400", None, "use {x} @desc foo"), ("404", None, "gone")]),
        ("", []),
    ],
)  # fmt: skip
def test_errors(inside: str, expected: list[tuple[str, str | None, str | None]]) -> None:
    found = endpoint(f"@errors {{{inside}}}\n@returns(200)")
    assert [(case.status, case.name, case.text) for case in found.errors] == expected


def test_text_over_several_lines() -> None:
    found = endpoint(
        "@desc First line\n  second\n    deeper\n\n  # not a comment, it is indented\n  last\n\n"
        "@returns(200) Some\ntext"
    )
    assert found.desc == "First line\nsecond\n  deeper\n\n# not a comment, it is indented\nlast"
    assert found.returns[0].text == "Some\ntext"
    assert found.comments == ()


def test_comment_lines() -> None:
    text = HEAD + "# one\n@desc text\n# two\nmore\n@required {a: str}\n#three\n\n@end\n"
    parsed = parse("# first\n" + text, "t.lap")
    (found,) = parsed.document.endpoints
    assert (found.desc, found.comments) == ("text\nmore", ("one", "two"))
    assert parsed.document.comments == ("first", "three")


def test_comment_after_a_block_is_kept() -> None:
    found = endpoint("@required {a: str} # said of it\n@errors {400} # and this\n@returns(200)")
    assert found.comments == ("said of it", "and this")
    assert names(found.required) == ["a"]


def test_unknown_directives_are_kept() -> None:
    text = (
        HEAD.replace("@endpoints", "@endpoins 7\n@endpoints")
        + "@x-retry never\n  ever\n@requird {a: str}\n@erros_of {}\n\n@end\n"
    )
    parsed = parse(text, "t.lap")
    assert parsed.document.unknown == (Directive("endpoins", "7"),)
    # A name with a dash is no directive, so the line goes on from the one before.
    assert parsed.document.endpoints[0].unknown == (Directive("requird", "{a: str}"), Directive("erros_of", "{}"))
    notes = [item for item in parsed.diagnostics if item.code == "unknown-directive"]
    assert [(item.severity, item.hint) for item in notes] == [(Severity.NOTE, "did you mean '@errors'?")]
    typos = [item for item in parsed.diagnostics if item.code.startswith("misspelt")]
    assert [(item.code, item.hint) for item in typos] == [
        ("misspelt-directive", "did you mean '@endpoints'?"),
        ("misspelt-directive", "did you mean '@required'?"),
    ]
    assert parsed.diagnostics[:2] == tuple(typos)


def test_groups_may_be_repeated() -> None:
    text = "@lap v0.3\n@api x\n@endpoints 4\n@group a\n@endpoint GET /1\n@endpoint GET /2\n@endgroup\n"
    text += "@endpoint GET /3\n@group a\n@endpoint GET /4\n@endgroup\n@end\n"
    parsed = parse(text, "t.lap")
    assert parsed.diagnostics == ()
    assert [item.group for item in parsed.document.endpoints] == ["a", "a", None, "a"]


def test_multi_line_braces_with_names_like_directives() -> None:
    found = endpoint("@required {\n@type: str,\n@id: str # see\n@someone there\n}\n@returns(200)")
    assert [(item.name, item.comment) for item in found.required] == [
        ("@type", None),
        ("@id", "see @someone there"),
    ]


def test_a_whole_document_inside_of_a_desc_stays_there() -> None:
    inside = "file = {the @required {id: any} @returns(200) ok @errors {500: x}  @endpoint GET /y @desc z"
    found = endpoint(f"@desc {inside}\n@required {{b: str}}")
    assert (found.desc, names(found.required)) == (inside, ["b"])


def test_directives_on_one_line() -> None:
    parsed = read(
        "@required {a: str # file = {the, b: str} @optional {c: str} @returns(200) ok @errors {500: x} @endpoint GET /y"
    )
    (found,) = parsed.document.endpoints
    assert not errors(parsed)
    assert [(item.name, item.comment) for item in found.required] == [("a", "file = {the"), ("b", None)]
    assert (names(found.optional), found.returns[0].text, found.errors[0].text) == (["c"], "ok", "x")
    assert [item.severity for item in parsed.diagnostics if item.code == "joined-lines"] == ["note"] * 3 + ["warning"]


@pytest.mark.parametrize(
    "comment",
    ["see {id} @returns the thing", "use {x} @type foo", "{x} @auth y", "{x} @version 2", "see {x} @end of it"],
)
def test_a_directive_name_in_prose_is_prose(comment: str) -> None:
    found = endpoint(f"@optional {{a: str # {comment}, b: int}}")
    assert [(item.name, item.comment) for item in found.optional] == [("a", comment), ("b", None)]
    assert found.returns == ()


def test_end_in_a_comment_does_not_end_the_file() -> None:
    found = endpoint("@optional {a: str # up to the\n@end of text, b: str}\n@returns(200)")
    assert [(item.name, item.comment) for item in found.optional] == [("a", "up to the @end of text"), ("b", None)]


def test_the_last_line_of_a_list_may_look_like_a_comment() -> None:
    found = endpoint("@optional {b: int, a: str # Text\n## Heading}\n# use {x} here\n@returns(200)")
    assert [(item.name, item.comment) for item in found.optional] == [("b", None), ("a", "Text ## Heading")]
    assert found.comments == ("use {x} here",)
    found = endpoint("@required {a: str}\n# see {x} and }\n@returns(200)")
    assert (names(found.required), found.comments) == (["a"], ("see {x} and }",))


def test_an_empty_path_is_the_root() -> None:
    parsed = parse("@lap v0.3\n@api x\n@endpoints 1\n@endpoint GET \n@end", "t.lap")
    assert not errors(parsed)
    assert parsed.document.endpoints[0].path == Path("/", "/", None, None, ())


def test_spans_of_the_preamble() -> None:
    document = parse(EVERYTHING, "t.lap").document
    spans = (document.api_span, document.base_span, document.auth_span)
    assert [span and (span.line, span.column) for span in spans] == [(3, 1), (4, 1), (6, 1)]
    assert parse("@lap v0.3\n@end", "t.lap").document.auth_span is None


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        (HEAD + "@returns(200) {a: str, b: Str", "unclosed-brace", (6, 15)),
        (HEAD + "@returns(200) {a: str, b: map{c: str}\n\n@end\n", "unclosed-brace", (6, 15)),
        (HEAD + "@required {a: str # text {x} and\n@returns(200)\n@end\n", "unclosed-brace", (6, 11)),
        (HEAD + "@required {\n  a: str,\n  b: map{\n\n@returns(200)\n@end\n", "unclosed-brace", (8, 9)),
        (HEAD + "@errors {400: bad {x} and", "unclosed-brace", (6, 9)),
        (HEAD + "@required\n@end\n", "missing-braces", (6, 1)),
        (HEAD + "@required a: str\n@end\n", "missing-braces", (6, 1)),
        (HEAD + "@returns(200)", "missing-end", (6, 14)),
        (HEAD + "@endpoint GET /x\n@end", "endpoint-count", (3, 1)),
        (HEAD.replace("@endpoints 1", "@endpoints 2") + "@end", "endpoint-count", (3, 1)),
        (HEAD.replace("@endpoints 1", "@endpoints many") + "@end", "bad-count", (3, 1)),
        (HEAD.replace("@endpoints 1", "@endpoints " + "9" * 5000) + "@end", "bad-count", (3, 1)),
        (HEAD.replace("@lap v0.3", "") + "@end", "missing-lap", (1, 1)),
        (HEAD.replace("POST /things", "/things") + "@end", "bad-endpoint", (5, 1)),
        (HEAD.replace("POST /things", "") + "@end", "bad-endpoint", (5, 1)),
        (HEAD + "@returns(200) {", "missing-end", (6, 16)),
        (HEAD + "@end\n@type {a: str}", "missing-end", None),
        ("@type {a: str}", "bad-type", (1, 1)),
        ("", "missing-lap", (1, 1)),
        ("<html>not found</html>", "missing-lap", (1, 1)),
    ],
)
def test_error(text: str, code: str, place: tuple[int, int] | None) -> None:
    parsed = parse(text, "t.lap")
    if place is None:
        assert code not in codes(parsed)
        assert "after-end" in codes(parsed)
        return
    assert code in [item.code for item in errors(parsed)]
    assert places(parsed, code) == [place]
    assert parsed.has_errors


@pytest.mark.parametrize(
    ("body", "code", "place"),
    [
        ("@required {a: str}, b: int}", "stray-brace", (6, 18)),
        ("@required {a: str} b: int", "stray-text", (6, 19)),
        ("@endpoint GETT /x", "unknown-method", (6, 1)),
        ("@required {a: str}\n@required {b: str}", "duplicate-directive", (7, 1)),
        ("@desc", "empty-directive", (6, 1)),
        ("@returns {a: str}", "missing-status", (6, 1)),
        ("@base a\n@base b", "duplicate-directive", (7, 1)),
        ("@desc: text", "directive-colon", (6, 6)),
        ("@endgroup", "stray-endgroup", (6, 1)),
        ("@group x\n@endpoint GET /x", "unclosed-group", (9, 1)),
        ("@group", "empty-directive", (6, 1)),
        ("@toc a(1), b", "bad-toc", (6, 12)),
        ("@endpoint GET ", "missing-path", (6, 1)),
        ("@lap v9", "duplicate-directive", (6, 1)),
        ("@endgroup\nlost", "stray-text", (7, 1)),
    ],
)
def test_warning(body: str, code: str, place: tuple[int, int]) -> None:
    parsed = read(body)
    assert places(parsed, code) == [place]
    assert {item.severity for item in parsed.diagnostics if item.code == code} == {Severity.WARNING}


def test_duplicate_directives_are_put_together() -> None:
    found = endpoint("@required {a: str}\n@desc one\n@required {b: str}\n@desc two\n@errors {400}\n@errors {500}")
    assert (names(found.required), found.desc, len(found.errors)) == (["a", "b"], "one\ntwo", 2)


def test_stray_brace_spares_the_fields_after_it() -> None:
    assert names(endpoint("@required {a: map{b: str}}, c: int, d: str}").required) == ["a", "c", "d"]


def test_misplaced_directives_are_kept() -> None:
    parsed = parse("@lap v0.3\n@api x\n@desc About it all\n@endpoints 0\n@end", "t.lap")
    assert parsed.document.unknown == (Directive("desc", "About it all"),)
    assert codes(parsed) == ["misplaced-directive"]


def test_text_before_and_after_the_document() -> None:
    parsed = parse("hello\n" + EVERYTHING + "\nmore\n@endpoint GET /z\n", "t.lap")
    assert len(parsed.document.endpoints) == 2
    assert codes(parsed) == ["stray-text", "stray-text", "after-end"]


def test_method_is_upper_case_and_suggested() -> None:
    parsed = parse("@lap v0.3\n@api x\n@endpoints 2\n@endpoint get /x\n@endpoint DELTE /y\n@end", "t.lap")
    assert [item.method for item in parsed.document.endpoints] == ["GET", "DELTE"]
    assert [item.hint for item in parsed.diagnostics] == ["did you mean 'DELETE'?"]


@pytest.mark.parametrize("method", ["SUB", "PUB", "EVENT", "UNARY", "BIDI-STREAM", "TRACE"])
def test_methods_of_other_protocols(method: str) -> None:
    parsed = parse(f"@lap v0.3\n@api x\n@endpoints 1\n@endpoint {method} user/{{id}}\n@end", "t.lap")
    assert parsed.diagnostics == ()
    assert parsed.document.endpoints[0].path.raw == "user/{id}"


def test_early_versions_have_no_end() -> None:
    parsed = parse("@lap v0.1\n@api x\n@base /graphql\n\ntype A{b:str}\n", "t.lap")
    assert not errors(parsed)
    assert "missing-end" in codes(parsed)


def test_text_after_the_version_is_no_part_of_it() -> None:
    parsed = parse(EVERYTHING.replace("v0.3", "v0.3\nHello", 1), "t.lap")
    (found,) = parsed.diagnostics
    assert (found.code, found.message) == (
        "stray-text",
        "the text after the first line of '@lap' belongs to no directive; it is ignored",
    )


def test_newer_version_is_a_warning() -> None:
    parsed = parse(EVERYTHING.replace("v0.3", "v0.4"), "t.lap")
    assert codes(parsed) == ["lap-version"]


def test_types_alone() -> None:
    text = "# derived\n@type A {b: B?, m: map<str,A>?}\n@type B {\n  c: str # text\n}\n"
    parsed = parse_types(text, "types.lap")
    assert parsed.diagnostics == ()
    assert [(item.name, names(item.fields)) for item in parsed.document.types] == [
        ("A", ["b", "m"]),
        ("B", ["c"]),
    ]
    assert parsed.document.types[1].name_span.line == 3
    assert parsed.document.comments == ("derived",)
    assert "missing-end" in codes(parse(text, "types.lap"))


def test_diagnostics_are_sorted_and_print_their_place() -> None:
    parsed = parse(HEAD + "@returns(200) {a: nonsense type, b: Str\n@required {c: str}\n@optionl {}", "specs/t.lap")
    assert list(parsed.diagnostics) == sorted(parsed.diagnostics, key=lambda item: item.sort_key)
    printed = render(parsed.diagnostics, {"specs/t.lap": parsed.source})
    assert printed.startswith("specs/t.lap:8:1: warning[misspelt-directive]")
    assert (
        "specs/t.lap:6:15: error[unclosed-brace]: this '{' is never closed\n"
        "  @returns(200) {a: nonsense type, b: Str\n"
        "                ^\n"
        "  hint: close it"
    ) in printed
    assert "did you mean '@optional'?" in printed
