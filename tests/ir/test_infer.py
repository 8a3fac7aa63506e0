"""The named rules for REST operations without bindings."""

from __future__ import annotations

import pytest
from ir.building import BOUND, build, errors, only, places, service
from lapsmith.ir.model import BlobType, Label, ListType, Location, Source, StringType, Uri

ROOT = "@base https://echo.example\n"


def test_rules_in_their_order() -> None:
    spec = """
    @base https://echo.example
    @endpoint POST /users/{UserId}/{group-name}/{name}
    @required {UserId: str, GroupName: str, FolderName: str, X-Trace: str, Accept: str, Title: str}
    @optional {If-Match: str, Accepted: bool, x: str}
    """
    assert places(only(spec).input) == {
        "UserId": ("label", "UserId", "label-exact-name"),
        "GroupName": ("label", "group-name", "label-normalized-name"),
        "FolderName": ("label", "name", "label-partial-name"),
        "X-Trace": ("header", "X-Trace", "header-like-name"),
        "Accept": ("header", "Accept", "header-like-name"),
        "Title": ("body", "Title", "body-by-default"),
        "If-Match": ("header", "If-Match", "header-like-name"),
        "Accepted": ("body", "Accepted", "body-by-default"),
        "x": ("body", "x", "body-by-default"),
    }


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
def test_methods_without_a_body_have_queries(method: str) -> None:
    found = places(
        only(f"{ROOT}@endpoint {method} /a/{{k}}\n@required {{k: str, q: str}}\n@optional {{p: [str]}}").input
    )
    assert found == {
        "k": ("label", "k", "label-exact-name"),
        "q": ("query", "q", "query-by-method"),
        "p": ("query", "p", "query-by-method"),
    }


def test_labels_by_position_only_where_nothing_else_could_be_meant() -> None:
    get = only(ROOT + "@endpoint GET /a/{one}/b/{two}\n@required {first: str, second: int}")
    assert places(get.input) == {
        "first": ("label", "one", "label-position"),
        "second": ("label", "two", "label-position"),
    }
    post = only(ROOT + "@endpoint POST /a/{one}\n@required {first: str}")
    assert places(post.input) == {
        "first": ("body", "first", "body-by-default"),
        "one": ("label", "one", "placeholder-without-member"),
    }
    aws = only(
        "@auth AWS SigV4\n@endpoint POST /a/{one}\n@required {first: str, l: [str]}",
        BOUND.replace("id: Echo", "id: Echo, signing: echo"),
    )
    assert places(aws.input)["first"] == ("label", "one", "label-position")


def test_a_placeholder_without_member_becomes_a_required_one() -> None:
    operation = only(ROOT + "@endpoint GET /{{server}}/api/{id+}")
    assert operation.uri == Uri(("/", Label("server"), "/api/", Label("id", greedy=True)))
    assert [(member.name, member.type, member.required) for member in operation.input] == [
        ("server", StringType(), True),
        ("id", StringType(), True),
    ]


def test_common_fields_are_optional_members_of_each_endpoint() -> None:
    spec = """
    @base https://echo.example
    @common_fields {w: any, v: int}
    @endpoint GET /a/{w}
    @endpoint GET /b
    @required {v: str}
    """
    first, second = service(spec).operations
    assert [(member.name, member.location, member.required) for member in first.input] == [
        ("w", Location.LABEL, True),
        ("v", Location.QUERY, False),
    ]
    assert first.input[0].origins["required"].rule == "label-is-required"
    assert [(member.name, member.required, member.type) for member in second.input] == [
        ("v", True, StringType()),
        ("w", False, StringType()),
    ]


def test_bytes_that_are_alone_are_the_body() -> None:
    alone = only(ROOT + "@endpoint PUT /a/{k}\n@required {k: str, Data: bytes, X-A: str}\n@returns(200) {Out: bytes}")
    assert places(alone.input)["Data"] == ("payload", "Data", "sole-blob-payload")
    assert places(alone.output) == {"Out": ("payload", "Out", "sole-blob-payload")}
    accompanied = only(
        ROOT + "@endpoint PUT /a\n@required {Data: bytes, Name: str}\n@returns(200) {Out: bytes, N: int}"
    )
    assert {place[0] for place in places(accompanied.input).values()} == {"body"}
    assert {place[2] for place in places(accompanied.output).values()} == {"output-body-by-default"}


def test_each_member_gets_one_note_and_it_is_the_final_one() -> None:
    built = build(ROOT + "@endpoint PUT /a\n@required {Data: bytes}")
    said = [item.message for item in built.diagnostics if "Data" in item.message]
    assert said == ["PutA: 'Data' travels as payload (rule sole-blob-payload)"]


def test_what_a_url_cannot_hold_is_text_there() -> None:
    spec = ROOT + "@endpoint GET /a/{k}\n@required {k: any, page: map{n: int}, tags: [map], raw: bytes}"
    operation = only(spec)
    kinds = {member.name: member.type for member in operation.input}
    assert kinds == {
        "k": StringType(),
        "page": StringType(),
        "tags": ListType(StringType()),
        "raw": StringType(),
    }
    assert {member.origins["type"].rule for member in operation.input} == {"text-in-url"}


def test_bindings_beat_every_rule() -> None:
    bound = BOUND + "operations: {Put: {at: PUT /a, in: {Data: {in: body}, X-A: {in: query, name: a}}}}\n"
    operation = only("@endpoint PUT /a\n@required {Data: bytes, X-A: str}", bound)
    assert places(operation.input) == {"Data": ("body", "Data", None), "X-A": ("query", "a", None)}
    assert operation.input[0].origins["location"].source is Source.BINDINGS
    assert isinstance(operation.input[0].type, BlobType)


def test_names_from_method_and_path() -> None:
    spec = """
    @base https://echo.example
    @endpoint GET /users/{user-id}/posts
    @endpoint GET /users/{userId}/posts
    @endpoint PUT /files/{id}#add_shared_link
    @endpoint POST /tagging?Operation=Tag
    @endpoint GET /
    @endpoint GET /.well-known/a(b={c})
    """
    assert [operation.name for operation in service(spec).operations] == [
        "GetUsersByUserIdPosts",
        "GetUsersByUserIdPosts2",
        "PutFilesByIdAddSharedLink",
        "PostTaggingOperationTag",
        "GetRoot",
        "GetWellKnownABByC",
    ]


def test_names_of_bindings_are_taken_first() -> None:
    bound = BOUND + "operations: {GetA: {at: GET /b}}\n"
    assert [operation.name for operation in service("@endpoint GET /a\n@endpoint GET /b", bound).operations] == [
        "GetA2",
        "GetA",
    ]


def test_the_query_of_a_path_is_fixed_but_for_placeholders() -> None:
    operation = only(ROOT + "@endpoint GET /a?kind=x%20y&flag&page={n}&size={s}\n@required {n: int}")
    assert operation.uri.query == (("kind", "x y"), ("flag", None))
    assert places(operation.input) == {
        "n": ("query", "page", "query-placeholder"),
        "s": ("query", "size", "placeholder-without-member"),
    }


def test_a_fragment_is_noted_and_not_sent() -> None:
    built = build(ROOT + "@endpoint GET /a#b")
    assert built.require().operations[0].uri == Uri(("/a",))
    assert [item.code for item in built.diagnostics] == ["inferred"] * 3 + ["fragment", "inferred"]


def test_literal_path_text_is_made_fit_for_a_url() -> None:
    operation = only(ROOT + "@endpoint GET /é/{k}/a%2Fb/c%d/é(x)@:y")
    assert operation.uri.segments == ("/%C3%A9/", Label("k"), "/a%2Fb/c%25d/%C3%A9(x)@:y")


@pytest.mark.parametrize(
    ("returns", "status", "source"),
    [
        ("@returns(204)", 204, Source.SPEC),
        ("@returns(2XX) {a: str}", 200, Source.DEFAULT),
        ("@returns(404) {a: str}", 200, Source.DEFAULT),
        ("@returns(200) Fine\n@returns(201) {a: str}", 201, Source.SPEC),
        ("", 200, Source.DEFAULT),
    ],
)
def test_status(returns: str, status: int, source: Source) -> None:
    operation = only(f"{ROOT}@endpoint GET /a\n{returns}")
    assert (operation.status, operation.origins["status"].source) == (status, source)


@pytest.mark.parametrize(
    ("method", "bound", "safe"),
    [
        ("GET", "", True),
        ("PUT", "", True),
        ("DELETE", "", True),
        ("POST", "", False),
        ("PATCH", "", False),
        ("POST", ", retry: safe", True),
        ("PUT", ", retry: unsafe", False),
    ],
)
def test_retry_safety(method: str, bound: str, safe: bool) -> None:
    bindings = BOUND + f"operations: {{A: {{at: {method} /a{bound}}}}}\n"
    assert only(f"@endpoint {method} /a", bindings).retry_safe is safe


def test_strict_leaves_nothing_to_inference() -> None:
    spec = "@endpoint GET /a/{k}\n@required {k: str}\n@returns(200) {o: str}"
    bound = BOUND + "operations: {A: {at: 'GET /a/{k}', in: {k: {in: label}}, out: {o: {in: body}}}}\n"
    assert build(spec, bound, strict=True).service is not None
    assert errors(build(spec, bound.replace(", out: {o: {in: body}}", ""), strict=True)) == [("spec:5:16", "inferred")]
