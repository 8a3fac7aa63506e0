"""Writing, and the way there and back."""

from __future__ import annotations

from pathlib import Path as FilePath

import pytest
from examples import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lap.documents import HEAD, errors, read
from lap.test_parser import EVERYTHING, SEED
from lapsmith.lap import parse, parse_types, write
from lapsmith.lap.tree import (
    Directive,
    Document,
    Endpoint,
    ErrorCase,
    Field,
    ListOf,
    MapOf,
    Named,
    Path,
    Returns,
    Scalar,
    TocEntry,
    Type,
    TypeDef,
)


@pytest.mark.parametrize("path", [SEED], ids=lambda path: path.name)
def test_a_registry_file_is_written_as_it_was(path: FilePath) -> None:
    text = path.read_text(encoding="utf-8")
    assert write(parse(text, "").document).rstrip() == text.rstrip()


def test_layout() -> None:
    assert write(parse(EVERYTHING, "").document) == EVERYTHING.replace("}\n@endgroup", "}\n\n@endgroup")


@pytest.mark.parametrize(
    ("body", "written"),
    [
        ("@returns(200) {a: map<str, X>?: any}", "@returns(200) {a: map<str,X>?}"),
        ("@required {page[n]: int=1: any # p}", "@required {page[n]: int=1 # p}"),
        (
            "@required {\n  a: str, # text\n  b: map {\n    c: int\n  }\n}",
            "@required {a: str # text, b: map{c: int}}",
        ),
        ("@optional {a: str # x\n@returns(200)}", None),
        ("@errors {\n  400: a\n    b,\n  500:N: t\n}", "@errors {400: a b, 500:N: t}"),
        ("@desc one\n    two\n      three", "@desc one\n  two\n    three"),
        ("@body Thing", "@body → Thing"),
        ("@required {a, b: str}", "@required {a: any, b: str}"),
        ("@returns(200) {}", "@returns(200) {}"),
        ("@required {a: [str](x/y)}", "@required {a: [str(x/y)]}"),
        ("@required {a: Tag{b: str}?}", "@required {a: Tag?{b: str}}"),
    ],
)
def test_canonical_form(body: str, written: str | None) -> None:
    text = write(read(body).document)
    if written is not None:
        assert text == f"{HEAD}{written}\n\n@end\n"
    assert write(parse(text, "").document) == text


def test_a_list_that_is_ambiguous_on_one_line_is_spread() -> None:
    body = (
        "@optional {\n  a: str # The a,\n  b: foo,\n  c: map{\n    d: str # one,\n    e: foo\n  }=x\n}\n@returns(200)"
    )
    document = read(body).document
    text = write(document)
    assert parse(text, "").document == document
    assert text == HEAD + (
        "@optional {\n  # The a\n  a: str,\n  b: foo,\n  c: map{\n    # one\n    d: str,\n    e: foo,\n  }=x,\n  #\n}\n"
        "@returns(200)\n\n@end\n"
    )


@pytest.mark.parametrize("comment", ["x } @returns(500) y", "see {x} @errors {400}"])
def test_a_comment_never_becomes_a_directive(comment: str) -> None:
    document = _endpoint(required=(Field("a", Scalar("str"), comment=comment), Field("b", Scalar("int"))))
    assert parse(write(document), "").document == document


def test_types_alone() -> None:
    text = "# derived\n@type A {b: B?}\n@type B {c: str # text}\n"
    document = parse_types(text, "").document
    assert write(document) == "# derived\n\n@type A {b: B?}\n@type B {c: str # text}\n"
    assert parse_types(write(document), "").document == document


def _endpoint(**values: object) -> Document:
    found = Endpoint("GET", Path("/x", "/x", None, None, ()), **values)  # type: ignore[arg-type]
    return Document("v0.3", "x", declared_endpoints=1, endpoints=(found,), ended=True)


def test_lines_that_would_be_directives_join_the_line_before() -> None:
    document = _endpoint(desc="one\n@returns(500) evil\n# two\n@mention: three")
    (found,) = parse(write(document), "").document.endpoints
    assert (found.desc, found.returns) == ("one @returns(500) evil\n# two\n@mention: three", ())


@pytest.mark.parametrize(
    "comment",
    [
        "x, evil: str",
        "x, evil: int} # ",
        "{ x, evil: str # y }",
        "line\nother, evil: bool",
        "x}, evil: map{a: str}",
    ],
)
def test_a_comment_never_becomes_a_field(comment: str) -> None:
    document = _endpoint(required=(Field("a", Scalar("str"), comment=comment), Field("b", Scalar("int"))))
    parsed = parse(write(document), "")
    (found,) = parsed.document.endpoints
    assert not errors(parsed)
    assert [item.name for item in found.required] == ["a", "b"]
    assert "evil" in (found.required[0].comment or "")


def test_parentheses_over_two_errors_are_kept() -> None:
    document = _endpoint(errors=(ErrorCase("404", None, "(one"), ErrorCase("200", None, "two)")))
    assert parse(write(document), "").document == document


def test_error_text_never_becomes_another_error() -> None:
    document = _endpoint(errors=(ErrorCase("400", None, "x, 500: evil"), ErrorCase("404", None, None)))
    (found,) = parse(write(document), "").document.endpoints
    assert [case.status for case in found.errors] == ["400", "404"]


# Documents as the registry has them: prose with commas, numbers, balanced braces and lone parentheses.
words = st.sampled_from(
    ["a", "the", "id,", "see", "{id}", "(one", "two)", "`x={y}-{z}`,", "3,", "500", "it's", "#4", "é😀", "e.g.", "a/b",
     "=", '{"a": 1, "b": 2}', "http://x.y/{z}", "Note:", "this.", "\u2028", "@home", "?", "<b>", "[c]", "\\"]
)  # fmt: skip
prose = st.lists(words, min_size=1, max_size=8).map(" ".join).map(lambda text: text.rstrip(","))
paragraphs = st.lists(prose, min_size=1, max_size=3).map("\n".join).filter(lambda text: "\n@" not in text)
plain_names = st.from_regex(r"[A-Za-z_$][A-Za-z0-9_.$-]{0,8}", fullmatch=True)
odd_names = st.sampled_from(
    [
        "page[size]",
        "filter[a][$eq]",
        "Release Date",
        "header:X-Id",
        "@odata.type",
        "2fa",
        "api/key",
        "C#",
        "Größe",
        "a,b",
    ]
)
field_names = plain_names | odd_names
type_names = st.from_regex(r"[A-Z][a-z]{1,6}[A-Z][a-z]{1,6}", fullmatch=True)
formats = st.sampled_from(["i64", "timestamp", "date-time", "^[a-z]{1,9}$", "RFC 3339, strict", "a (b)"])
enums = st.lists(st.sampled_from(["a", "b c", "1", "x-y", "A_B", "é", "d, e", "f (g)"]), min_size=2, max_size=4).map(
    tuple
)
defaults = st.sampled_from(
    ["1", "", "None", "False", "['US', 'CA']", "{'a': 1, 'b': {}}", "a b", "#", "x, y", "https://x/{y}", ","]
)


def _fields(types: st.SearchStrategy[Type], depth: int) -> st.SearchStrategy[Field]:
    return st.builds(
        Field,
        name=field_names,
        type=types,
        default=st.none() | (defaults if depth == 0 else st.none()),
        comment=st.none() | prose,
        marked_required=st.booleans(),
    ).filter(_is_sayable)


def _is_sayable(item: Field) -> bool:
    """Leave out what is ambiguous in LAP itself.

    A number's default ends at the first comma and space. ``, Some Words: Name`` in prose is prose.
    """
    number = isinstance(item.type, Scalar) and item.type.name in ("int", "num", "bool") and not item.type.enum
    return not (number and "," in (item.default or "")) and not (" " in item.name and isinstance(item.type, Named))


def _types(depth: int) -> st.SearchStrategy[Type]:
    scalars = st.builds(
        Scalar,
        name=st.sampled_from(["str", "int", "num", "bool", "bytes", "any", "map", "file"]),
        format=st.none() | formats,
        enum=st.just(()) | enums,
        nullable=st.booleans(),
    )
    if depth > 2:
        return scalars
    inner = _types(depth + 1)
    children = st.lists(_fields(inner, depth + 1), max_size=3).map(tuple)
    return st.one_of(
        scalars,
        st.builds(Named, name=type_names, children=st.none() | children, nullable=st.booleans()),
        st.builds(Scalar, name=st.just("map"), children=children, nullable=st.booleans()),
        st.builds(ListOf, item=inner, nullable=st.booleans()),
        st.builds(MapOf, key=st.just(Scalar("str")), value=inner, nullable=st.booleans()),
    )


field_lists = st.lists(_fields(_types(0), 0), max_size=4).map(tuple)
statuses = st.sampled_from(["200", "404", "5XX", "default"])
error_cases = st.builds(
    ErrorCase,
    status=statuses,
    name=st.none() | type_names | st.sampled_from(["ns.Error", "not_found", "A1"]),
    text=st.none() | prose.filter(lambda text: ":" not in text and "500" not in text),
)
unknown = st.builds(Directive, name=st.sampled_from(["x", "retry_after"]), text=st.just("") | paragraphs)
comments = st.lists(prose, max_size=2).map(tuple)


def _read_path(raw: str) -> Path:
    return parse(f"@endpoint GET {raw}", "").document.endpoints[0].path


endpoints = st.builds(
    Endpoint,
    method=st.sampled_from(["GET", "POST", "SUB"]),
    path=st.sampled_from(["/", "/a/{b}", "/a/{b+}?c=d#e", "/{{s}}/x(y={y},z={z})", "/a b"]).map(_read_path),
    desc=st.none() | paragraphs,
    auth=st.none() | st.just("ApiKey X in header"),
    body=st.none() | type_names,
    required=field_lists,
    optional=field_lists,
    returns=st.lists(
        st.builds(
            Returns,
            status=statuses,
            fields=st.none(),
            text=st.none() | paragraphs.filter(lambda text: text[0] != "{"),
        )
        | st.builds(Returns, status=statuses, fields=field_lists, text=st.none() | paragraphs),
        max_size=2,
    ).map(tuple),
    errors=st.lists(error_cases, max_size=3).map(tuple),
    example_request=st.none() | st.just('{"a": {"b": [1, "c, d: str"]}}'),
    group=st.none() | st.sampled_from(["g", "h i"]),
    unknown=st.lists(unknown, max_size=2).map(tuple),
    comments=comments,
)
toc_entries = st.builds(TocEntry, name=st.sampled_from(["a", "b(c)", "{{s}}", "d, e"]), count=st.integers(0, 99))
documents = st.builds(
    Document,
    lap=st.just("v0.3"),
    api=prose,
    base=st.none() | st.just("https://x.y/{z}"),
    version=st.none() | st.just("2026-01-01"),
    auth=st.none() | prose,
    common_fields=field_lists,
    declared_endpoints=st.integers(0, 9),
    hint=st.none() | st.just("download_for_search"),
    toc=st.lists(toc_entries, max_size=3).map(tuple),
    types=st.lists(st.builds(TypeDef, name=type_names, fields=field_lists), max_size=2).map(tuple),
    endpoints=st.lists(endpoints, max_size=3).map(tuple),
    unknown=st.lists(unknown, max_size=1).map(tuple),
    comments=comments,
    ended=st.just(True),
)  # fmt: skip

QUICK = settings(max_examples=examples(60), deadline=None, suppress_health_check=list(HealthCheck))


@QUICK
@given(documents)
def test_documents_survive(document: Document) -> None:
    text = write(document)
    parsed = parse(text, "")
    assert [item for item in errors(parsed) if item.code != "endpoint-count"] == []
    assert parsed.document == document
    assert write(parsed.document) == text


hostile = st.text(st.sampled_from("ab ,{}()[]#:!?=<>@/\n\"'\\|*") | st.characters(), max_size=30)


@QUICK
@given(st.lists(st.tuples(plain_names, hostile), min_size=1, max_size=4))
def test_hostile_comments_leave_the_fields_alone(pairs: list[tuple[str, str]]) -> None:
    found = tuple(
        Field(name, Scalar("map", children=(Field("in", Scalar("str"), comment=text),)), comment=text)
        for name, text in pairs
    )
    document = _endpoint(required=found)
    text = write(document)
    again = parse(text, "").document
    assert write(again) == text
    assert [item.name for item in again.endpoints[0].required] == [name for name, _ in pairs]


@QUICK
@given(st.text(max_size=200) | st.text(st.sampled_from("ab ,{}()[]<>#:!?=@\n"), max_size=200), st.sampled_from(
    ["", HEAD, HEAD + "@required {", HEAD + "@returns(200) {a: str", HEAD + "@errors {", HEAD + "@desc "]
))  # fmt: skip
def test_any_text_is_read_and_settles(text: str, before: str) -> None:
    parsed = parse(before + text, "t.lap")
    written = write(parsed.document)
    assert write(parse(written, "").document) == written


@QUICK
@given(st.binary(max_size=200))
def test_any_bytes_are_read(data: bytes) -> None:
    parsed = parse(data, "t.lap")
    assert parsed.has_errors
    assert all(item.span.line >= 1 and item.span.column >= 1 for item in parsed.diagnostics)
