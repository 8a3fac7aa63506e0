"""Type expressions, defaults, and everything else that one field can hold."""

from __future__ import annotations

import pytest
from lap.documents import codes, field, fields, names, read
from lapsmith.lap.tree import Field, ListOf, MapOf, Named, Scalar, Type


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("str", Scalar("str")),
        ("int(i64)", Scalar("int", format="i64")),
        ("num(f32)?", Scalar("num", format="f32", nullable=True)),
        ("str(timestamp)", Scalar("str", format="timestamp")),
        ("str(a/b c/d)", Scalar("str", enum=("a", "b c", "d"))),
        ("str(a / b)", Scalar("str", enum=("a", "b"))),
        ("str(a, b/c)", Scalar("str", enum=("a, b", "c"))),
        ("str(a (old)/b)", Scalar("str", enum=("a (old)", "b"))),
        ("str(:)/:()", Scalar("str", enum=(":)", ":("))),
        ("str(token)(code/implicit)", Scalar("str", format="token", enum=("code", "implicit"))),
        ("str(a/b)(c/d)", Scalar("str", format="a/b", enum=("c", "d"))),
        ("enum(a/b)", Scalar("enum", enum=("a", "b"))),
        ("enum(only)", Scalar("enum", enum=("only",))),
        ("str()", Scalar("str", format="")),
        ("str(^[a-z]{1,9}$)", Scalar("str", format="^[a-z]{1,9}$")),
        ("EndpointConfig", Named("EndpointConfig")),
        ("google.type.Money", Named("google.type.Money")),
        ("S?{P: bytes?}", Named("S", children=(Field("P", Scalar("bytes", nullable=True)),), nullable=True)),
        ("Stream{Part: bytes}?", Named("Stream", children=(Field("Part", Scalar("bytes")),), nullable=True)),
        ("map{}", Scalar("map", children=())),
        ("map {a: str}", Scalar("map", children=(Field("a", Scalar("str")),))),
        ("map{a: str}(x/y)", Scalar("map", enum=("x", "y"), children=(Field("a", Scalar("str")),))),
        ("map<str,int>", MapOf(Scalar("str"), Scalar("int"))),
        ("map<str, [Tag?]>?", MapOf(Scalar("str"), ListOf(Named("Tag", nullable=True)), nullable=True)),
        ("map<str,map<str,map<str,X>>>", MapOf(Scalar("str"), MapOf(Scalar("str"), MapOf(Scalar("str"), Named("X"))))),
        ("[[str]?]", ListOf(ListOf(Scalar("str"), nullable=True))),
        ("[str](a/b)", ListOf(Scalar("str", enum=("a", "b")))),
        ("[str(uuid)](a/b)", ListOf(Scalar("str", format="uuid", enum=("a", "b")))),
        ("[Tag]?{Key: str}", ListOf(Named("Tag", children=(Field("Key", Scalar("str")),)), nullable=True)),
        ("[map{a: str}]", ListOf(Scalar("map", children=(Field("a", Scalar("str")),)))),
        ("map<str,Tag>{Key: str}", MapOf(Scalar("str"), Named("Tag", children=(Field("Key", Scalar("str")),)))),
        ("str??", Scalar("str", nullable=True)),
    ],
)  # fmt: skip
def test_type(text: str, expected: Type) -> None:
    found = fields(f"before: int, it: {text}, after: bool")
    assert found == (Field("before", Scalar("int")), Field("it", expected), Field("after", Scalar("bool")))


@pytest.mark.parametrize(
    "text",
    [
        "string or null",
        "array<str>",
        "(empty)",
        "[str",
        "map<str>",
        "[str]x",
        "str(a)(b)(c)",
        "{'type': 'x', 'n': 1}",
        "[]",
    ],
)
def test_text_that_is_no_type_is_kept_and_spares_its_neighbours(text: str) -> None:
    parsed = read(f"@required {{before: int, it: {text}, after: bool}}")
    before, it, after = parsed.document.endpoints[0].required
    assert (before.name, it.name, after.name) == ("before", "it", "after")
    assert it.type == Scalar(text)
    assert codes(parsed) == ["odd-type"]


@pytest.mark.parametrize("inside", ["a: , b: str", "a:, b: str", "a, b: str", "a: # text, b: str"])
def test_missing_type_is_any(inside: str) -> None:
    parsed = read(f"@required {{{inside}}}")
    first, second = parsed.document.endpoints[0].required
    assert (first.name, first.type, second.name) == ("a", Scalar("any"), "b")
    assert codes(parsed) == ["missing-type"]


@pytest.mark.parametrize(
    ("text", "default"),
    [
        ("int(int32)=100", "100"),
        ("int=10, 20", "10, 20"),
        ("str(x/y)=hello, world", "hello, world"),
        ("bool=False", "False"),
        ("str=", ""),
        ("str = x", "x"),
        ("str=a b", "a b"),
        ("str=a, b", "a, b"),
        ("str=,", ","),
        ("str=#", "#"),
        ("str=0123456789#*", "0123456789#*"),
        ("str=None", "None"),
        ("str(1/2)=2", "2"),
        ("str?=x", "x"),
        ("[str]=['US', 'CA']", "['US', 'CA']"),
        ("map={'a': 1, 'b': {}}", "{'a': 1, 'b': {}}"),
        ("str={", "{"),
        ("str=(", "("),
        ("str=https://x.y/{z}?a=b", "https://x.y/{z}?a=b"),
        ("str=application/json; charset=utf-8", "application/json; charset=utf-8"),
    ],
)
@pytest.mark.parametrize("comment", [None, "text, with (one) {brace}"])
def test_default(text: str, default: str, comment: str | None) -> None:
    remark = "" if comment is None else f" # {comment}"
    it, after = fields(f"it: {text}{remark}, after: int=1")
    assert (it.default, it.comment, after.name, after.default) == (default, comment, "after", "1")


@pytest.mark.parametrize(
    "name",
    [
        "a", "Content-Type", "$filter", "@odata.type", "2fa", "a.b", "header:X-Id", "page[size]", "filter[a][$eq]",
        "ids[]", "api/key", "Release Date", "Publishing/Release Date", "name (optional)", "a,b", "C#", "Größe",
        "#text", "...", "http://schema.org/name", "metadata->id", "{id}", "a{b", "-x", "名前", "x" * 500,
    ],
)  # fmt: skip
def test_name(name: str) -> None:
    found = fields(f"before: int, {name}: str, after: bool")
    assert names(found) == ["before", name, "after"]
    assert found[1].type == Scalar("str")


@pytest.mark.parametrize(
    "name",
    [
        "id", "page[size]", "Release Date", "name (optional)", "a,b", "C#", "$filter", "header:X-Id", ":operation",
        "{id}", "<name>", '"q"', "it's", "#channel", "%foo", "x;y", "a{b}", "one two three four five six seven",
    ],
)  # fmt: skip
def test_name_after_a_comment(name: str) -> None:
    found = fields(f"before: int # text, with a comma, {name}: str # more, and more, after: bool")
    assert names(found) == ["before", name, "after"]
    assert [item.comment for item in found] == ["text, with a comma", "more, and more", None]


def test_required_mark() -> None:
    found = fields("a!: str, b: map{c!: int, d: int}, e[f]!: any")
    assert [item.marked_required for item in found] == [True, False, True]
    assert names(found) == ["a", "b", "e[f]"]
    assert isinstance(found[1].type, Scalar)
    assert found[1].type.children == (
        Field("c", Scalar("int"), marked_required=True),
        Field("d", Scalar("int")),
    )


def test_no_space_after_colon_or_comma() -> None:
    assert fields("a:str,b:[int],c:Tag") == (
        Field("a", Scalar("str")),
        Field("b", ListOf(Scalar("int"))),
        Field("c", Named("Tag")),
    )


@pytest.mark.parametrize(
    "comment",
    [
        "one, two, three",
        "ends with a comma,",
        "see {id}",
        "the format `bytes={start}-{end}`, see there",
        "JSON such as {id: str, name: str}, or not",
        '{"a": "b", "c": [1, 2]}',
        "an empty object (`{}`)",
        "an unbalanced { brace",
        "an unbalanced } brace",
        "a smile :) and a frown :(",
        "# a heading",
        "issue #4, and #5",
        "Note: this, that, default: None, default: ASC",
        "values: a, b, c",
        "e.g. x-hints: [jpg?dimensions=32x32][jpg]`  Additionally, more",
        "prose, for example: any of them",
        'it\'s, well, "quoted"',
        "a=b, c=d",
    ],
)
def test_comment_is_kept_whole(comment: str) -> None:
    found = fields(f"before: int, it: str # {comment}, after: map{{x: str}} # last {{one}}, end: bool")
    assert names(found) == ["before", "it", "after", "end"]
    assert found[1].comment == comment
    assert found[2].comment == "last {one}"


@pytest.mark.parametrize("comment", ["an unbalanced { brace", "an unbalanced } brace", "{", "}", "}{", "file = {the"])
def test_lone_brace_in_the_last_comment(comment: str) -> None:
    parsed = read(f"@required {{it: str # {comment}}}\n@optional {{other: int}}")
    (found,) = parsed.document.endpoints
    assert (found.required[0].comment, names(found.optional)) == (comment, ["other"])
    assert codes(parsed) == ["lone-brace"]


@pytest.mark.parametrize("comment", ["x {", "x } y", "x } {"])
def test_lone_brace_in_a_nested_comment(comment: str) -> None:
    parsed = read(f"@required {{a: map{{b: str # {comment}, c: int}}, d: str}}")
    a, d = parsed.document.endpoints[0].required
    assert a.type == Scalar("map", children=(Field("b", Scalar("str"), comment=comment), Field("c", Scalar("int"))))
    assert d == Field("d", Scalar("str"))
    assert codes(parsed) == ["lone-brace"]


def test_braces_in_two_comments_are_no_pair() -> None:
    found = fields("a: str # starts with {, b: str # ends with }, c: int")
    assert [(item.name, item.comment) for item in found] == [
        ("a", "starts with {"),
        ("b", "ends with }"),
        ("c", None),
    ]


def test_comments_at_every_level() -> None:
    found = fields("a: map{b: str # inner, one, c: [map{d: int # innermost}] # list} # outer, e: str")
    assert names(found) == ["a", "e"]
    assert found[0].comment == "outer"
    a = found[0].type
    assert isinstance(a, Scalar)
    assert a.children is not None
    assert [item.comment for item in a.children] == ["inner, one", "list"]


@pytest.mark.parametrize(
    ("after", "is_field"),
    [
        ("limit: int", True),
        ("Config: EndpointConfig", True),
        ("tag: Tag", True),
        ("kind: Kind # text", True),
        ("tags: [Tag]", True),
        ("body: map{a: str}", True),
        ("type: any", True),
        ("state: unheard-of # text", True),
        ("default: None", False),
        ("default: ASC", False),
        ("order: Ascending", False),
        ("note: this is text", False),
        ("see: https://example.com", False),
        ("x: 5", False),
        ("a{b: str", False),
        ("one of several kinds of things there are: any", False),
        ("kind: String", True),
        ("size: int64", True),
        ("tags: string[]", True),
        ("tags: [uuid]", True),
        ("at: uri", True),
        ("id: UUID", True),
        ("data: blob", True),
        ("ref: #/definitions/Foo", True),
        ("default: String", False),
        ("then: stop", False),
    ],
)
def test_what_starts_a_field_in_a_comment(after: str, is_field: bool) -> None:
    found = fields(f"a: str # text, {after}")
    assert len(found) == (2 if is_field else 1)
    if not is_field:
        assert found[0].comment == f"text, {after}"


def test_a_defined_type_is_no_prose() -> None:
    parsed = read("@type ASC {x: str}\n@required {a: str # text, default: ASC}")
    assert parsed.document.types[0].name == "ASC"
    parsed = read("@required {a: str # text, default: ASC}\n@type ASC {x: str}")
    assert names(parsed.document.endpoints[0].required) == ["a", "default"]


def test_several_lines() -> None:
    found = fields(
        """
  # what it is called
  name: str, # trailing, other: int
  nested: map{
    inner: int # no comma after this
    list: [str]
  }?,
  text: str=a b # over several
         # lines {with} braces, and commas
  last!: bool,
"""
    )
    assert names(found) == ["name", "nested", "text", "last"]
    name, nested, text, last = found
    assert name.comment == "what it is called trailing, other: int"
    assert nested.type == Scalar(
        "map",
        children=(
            Field("inner", Scalar("int"), comment="no comma after this"),
            Field("list", ListOf(Scalar("str"))),
        ),
        nullable=True,
    )
    assert (text.default, text.comment) == ("a b", "over several lines {with} braces, and commas")
    assert last.marked_required


def test_a_line_of_prose_is_no_field() -> None:
    found = fields("a: str # an example is\nyear: int, b: str")
    assert [(item.name, item.comment) for item in found] == [("a", "an example is year: int"), ("b", None)]


def test_an_odd_word_is_a_type_on_a_line_of_its_own() -> None:
    found = fields("\n  a: str # The a,\n  b: foo,\n  c: str=x, y,\n  d: foo\n")
    assert [(item.name, item.default, item.comment) for item in found] == [
        ("a", None, "The a"),
        ("b", None, None),
        ("c", "x, y", None),
        ("d", None, None),
    ]


def test_spans_of_fields_and_types() -> None:
    found = field("naïve😀: map<str, Tag> # text")
    assert (found.span.line, found.span.column, found.span.end_column) == (6, 12, 40)
    assert (found.name_span.column, found.name_span.end_column) == (12, 18)
    assert isinstance(found.type, MapOf)
    assert (found.type.span.column, found.type.span.end_column) == (20, 33)
    assert (found.type.value.span.column, found.type.value.span.end_column) == (29, 32)


def test_tabs_count_one_column() -> None:
    parsed = read("@required\t{\ta: str,\tb: int}")
    assert [item.span.column for item in parsed.document.endpoints[0].required] == [13, 21]
