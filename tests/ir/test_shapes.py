"""Types, and the structures that copies of a name make together."""

from __future__ import annotations

import pytest
from ir.building import BOUND, build, errors, only, service
from lapsmith.ir.model import (
    BlobType,
    BooleanType,
    DocumentType,
    FloatType,
    IntegerType,
    ListType,
    Location,
    MapType,
    Source,
    StringType,
    Structure,
    StructureRef,
    TimestampFormat,
    TimestampType,
    Type,
)

ROOT = "@base https://echo.example\n@endpoint POST /a\n"
STR = StringType()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("str", STR),
        ("str(uuid)", STR),
        ("str(date)", STR),
        ("str(a/b)", StringType(("a", "b"))),
        ("enum(a/b)", StringType(("a", "b"))),
        ("str(timestamp)", TimestampType()),
        ("str(date-time)", TimestampType(TimestampFormat.DATE_TIME)),
        ("str(binary)", BlobType()),
        ("int", IntegerType(32)),
        ("int(int32)", IntegerType(32)),
        ("int(i64)", IntegerType(64)),
        ("int(int64)", IntegerType(64)),
        ("num", FloatType(64)),
        ("num(f32)", FloatType(32)),
        ("num(float)", FloatType(32)),
        ("num(double)", FloatType(64)),
        ("num(integer)", IntegerType(64)),
        ("number", FloatType(64)),
        ("bool", BooleanType()),
        ("bytes", BlobType()),
        ("file", BlobType()),
        ("any", DocumentType()),
        ("map", DocumentType()),
        ("[str]", ListType(STR)),
        ("[[map]]", ListType(ListType(DocumentType()))),
        ("map<str,int>", MapType(STR, IntegerType())),
        ("map<str,[any]>", MapType(STR, ListType(DocumentType()))),
        ("Nowhere", DocumentType()),
        ("Thing{A: str}", StructureRef("Thing")),
        ("[Thing]{A: str}", ListType(StructureRef("Thing"))),
        ("map{a: str}", StructureRef("PostAInputX")),
    ],
)
def test_types(text: str, kind: Type) -> None:
    (x, _) = only(ROOT + f"@required {{x: {text}, y: int}}").input
    assert x.type == kind


def test_undefined_types_are_noted_once_and_refused_when_strict() -> None:
    spec = ROOT + "@required {a: Nowhere, b: [Nowhere]}"
    noted = [str(i.span) for i in build(spec).diagnostics if "Nowhere" in i.message]
    assert noted == ["spec:5:15"]
    assert ("spec:5:15", "inferred") in errors(build(spec, strict=True))


def test_copies_of_a_structure_complete_each_other() -> None:
    spec = """
    @base https://echo.example
    @endpoint GET /a
    @returns(200) {t: Tree{Name: str, Left: Tree?}}
    @endpoint GET /b
    @returns(200) {t: [Tree]{Name: str, Right: Tree?{Name: str, Size: int, Any: any}}, u: Tree{Any: str}}
    """
    (tree,) = service(spec).shapes.values()
    assert isinstance(tree, Structure)
    assert {member.name: (member.type, member.required) for member in tree.members} == {
        "Name": (STR, True),
        "Left": (StructureRef("Tree"), False),
        "Right": (StructureRef("Tree"), False),
        "Size": (IntegerType(), True),
        "Any": (STR, True),
    }


def test_types_lap_wins_over_inline_copies() -> None:
    spec = "@base https://e.example\n@endpoint GET /a\n@returns(200) {t: Thing{A: any, New: str}}"
    shapes = service(spec, None, "@type Thing {A: [Part], B: int? # How many.}\n@type Part {X: bytes}").shapes
    found = shapes["Thing"]
    assert isinstance(found, Structure)
    assert list(shapes) == ["Part", "Thing"]
    assert [(member.name, member.type, member.required, member.doc) for member in found.members] == [
        ("A", ListType(StructureRef("Part")), True, None),
        ("B", IntegerType(), False, "How many."),
        ("New", STR, True, None),
    ]
    assert [member.origins["type"].source for member in found.members] == [Source.TYPES, Source.TYPES, Source.SPEC]


@pytest.mark.parametrize(
    ("inline", "defined"),
    [
        ("str", "Part"),
        ("str", "int"),
        ("[str]", "str"),
        ("bytes", "str"),
        ("Other", "Part"),
        ("[Part]", "Part"),
        ("map<str,int>", "map<str,bool>"),
        ("bool", "map"),
    ],
)
def test_types_that_cannot_both_be_true(inline: str, defined: str) -> None:
    types = f"@type Thing {{A: {defined}}}\n@type Part {{X: int}}\n@type Other {{Y: int}}"
    built = build(ROOT + f"@required {{t: Thing{{A: {inline}}}, b: int}}", BOUND, types)
    assert errors(built) == [("spec:5:24", "type-conflict")]
    (conflict,) = (item for item in built.diagnostics if item.code == "type-conflict")
    assert "at types:1:17: both cannot be true" in conflict.message


def test_derived_types_give_way_to_the_spec() -> None:
    types = "@type Thing {A: Part}\n@type Part {X: int}"
    spec = ROOT + "@required {t: Thing{A: [str]}, b: int}"
    derived = BOUND + "derived: {model: botocore/1/echo/2020-01-01, sha256: aa}\n"
    built = build(spec, derived, types)
    (conflict,) = (item for item in built.diagnostics if item.code == "type-conflict")
    assert conflict.severity == "warning"
    assert "'Thing.A' is [str] here and Part at types:1:17: the spec's is taken" in conflict.message
    assert "types" not in (conflict.hint or "")
    assert built.require().shapes["Thing"].members[0].type == ListType(StringType())


@pytest.mark.parametrize(
    ("inline", "defined"),
    [
        ("any", "Part"),
        ("map", "Part"),
        ("str", "str(timestamp)"),
        ("int", "num"),
        ("Alias", "str"),
        ("[any]", "[Part]"),
    ],
)
def test_types_that_can(inline: str, defined: str) -> None:
    types = f"@type Thing {{A: {defined}}}\n@type Part {{X: int}}"
    assert build(ROOT + f"@required {{t: Thing{{A: {inline}}}, b: int}}", None, types).service is not None


def test_anonymous_structures_are_named_by_their_place() -> None:
    spec = """
    @base https://echo.example
    @endpoint GET /a
    @returns(200) {data: map{items: [map{x: int}], items_x: map{y: int}}, GetADataItems: map{z: int}}
    """
    assert list(service(spec).shapes) == ["GetAData", "GetADataItems", "GetADataItemsX", "GetAGetADataItems"]


def test_anonymous_names_do_not_collide_with_defined_ones() -> None:
    spec = """
    @base https://e.example
    @type GetAData {q: str}
    @endpoint GET /a
    @returns(200) {data: map{x: int}, d: GetAData}
    """
    assert list(service(spec).shapes) == ["GetAData", "GetAData2"]


def test_a_body_s_type_gives_the_members() -> None:
    spec = """
    @base https://e.example
    @type NewPet {name: str, tag: str?}
    @endpoint POST /pets/{id}
    @required {id: str}
    @body → NewPet
    """
    members = only(spec).input
    assert [(member.name, member.location, member.required) for member in members] == [
        ("id", Location.LABEL, True),
        ("name", Location.BODY, True),
        ("tag", Location.BODY, False),
    ]


def test_a_body_of_an_unknown_type_is_any_value() -> None:
    built = build("@base https://e.example\n@endpoint POST /pets\n@body → NewPet")
    (member,) = built.require().operations[0].input
    assert (member.name, member.type) == ("NewPet", DocumentType())
    assert [item.message for item in built.diagnostics if "NewPet is not defined" in item.message]


def test_odd_names_stay_as_they_are() -> None:
    names = ["page[number]", "$filter", "@odata.type", "a.b", "x:y", "1st", "class"]
    fields = ", ".join(f"{name}: str" for name in names)
    spec = f"@base https://e.example\n@endpoint POST /a\n@required {{{fields}}}"
    assert [(member.name, member.wire_name) for member in only(spec).input] == [(name, name) for name in names]


def test_bindings_of_shapes() -> None:
    spec = ROOT + "@required {t: Thing{A: str(timestamp), B: str}, u: U{X: str?, Y: int?}}"
    bound = BOUND + "shapes: {Thing: {A: {name: a, timestamp: http-date}, B: {member: Bee}}, U: {union: true}}\n"
    shapes = service(spec, bound).shapes
    thing, union = shapes["Thing"], shapes["U"]
    assert isinstance(thing, Structure)
    assert isinstance(union, Structure)
    assert [(member.name, member.wire_name, member.type) for member in thing.members] == [
        ("A", "a", TimestampType(TimestampFormat.HTTP_DATE)),
        ("Bee", "B", STR),
    ]
    assert (thing.union, union.union) == (False, True)


def test_streamed_payloads() -> None:
    bound = BOUND + "operations: {A: {at: POST /a, out: {Body: {in: payload, streaming: true}}}}\n"
    assert only(ROOT + "@returns(200) {Body: bytes}", bound).output[0].type == BlobType(streaming=True)


def test_defaults_and_comments_are_documentation() -> None:
    (member,) = only(ROOT + "@optional {limit: int=20 # At most.}").input
    assert member.doc == "At most.\n\nDefault: 20"


def test_a_member_that_is_there_twice() -> None:
    built = build(ROOT + "@required {a: str, a: int}\n@optional {a: bool}")
    (member,) = built.require().operations[0].input
    assert member.type == STR
    assert [(i.code, str(i.span)) for i in built.diagnostics if i.severity == "warning"] == [
        ("duplicate-member", "spec:5:20"),
        ("duplicate-member", "spec:6:12"),
    ]


def test_errors_that_only_the_spec_names() -> None:
    spec = """
    @base https://e.example
    @type Gone {When: str}
    @endpoint GET /a
    @errors {410:Gone: It was here., 500: broken}
    """
    found = service(spec)
    (error,) = found.errors.values()
    assert (error.name, error.code, error.status, error.doc) == ("Gone", "Gone", 410, "It was here.")
    assert [member.name for member in error.members] == ["When"]
    assert found.operations[0].errors == ("Gone",)


def test_statuses_of_aws_specs_are_placeholders() -> None:
    signed = BOUND.replace("id: Echo", "id: Echo, signing: echo")
    spec = "@auth AWS SigV4\n@endpoint GET /a\n@errors {400:Gone: It was here.}"
    assert service(spec, signed).errors["Gone"].status is None
    bound = service(spec, signed + "errors: {Gone: {status: 410, code: gone.fishing}}\n").errors["Gone"]
    assert (bound.status, bound.code, bound.doc) == (410, "gone.fishing", "It was here.")


def test_two_errors_with_one_code() -> None:
    built = build("@endpoint GET /a", BOUND + "errors: {A: {code: X}, X: {}}\n")
    assert errors(built) == [("bindings:4:24", "duplicate-code")]


ATTRIBUTE = "Value{S: str?, N: str?, B: bytes?, SS: [str]?, NS: [str]?, BS: [bytes]?, NULL: bool?, BOOL: bool?, "
ATTRIBUTE += "M: map<str,Value>?, L: [Value]?}"


def test_attribute_values_are_unions_with_the_members_that_dynamodb_gives_them() -> None:
    bound = BOUND + "shapes: {Value: {attribute_value: true}}\n"
    shape = service(ROOT + f"@required {{v: {ATTRIBUTE}}}", bound).shapes["Value"]
    assert isinstance(shape, Structure)
    assert (shape.union, shape.attribute_value) == (True, True)
    wrong = ATTRIBUTE.replace("N: str", "N: num").replace("NULL: bool?, ", "")
    built = build(ROOT + f"@required {{v: {wrong}}}", bound)
    (error,) = [item for item in built.diagnostics if item.code == "wrong-kind"]
    assert error.message.startswith("shape Value is no attribute value: N, NULL must have the types")
    assert error.span.file == "bindings"


DERIVED = BOUND + "derived: {model: botocore/1/echo/2020-01-01, sha256: aa}\n"


@pytest.mark.parametrize(
    ("spec", "over", "says"),
    [
        ("@required {t: Lost}", None, "define it in the spec: @type Lost {...}; or"),
        ("@required {t: Lost}", "shapes: {Los: {document: true}}", "define it in the spec: @type Los {...}; or"),
        ("@required {t: str}", "shapes: {Elsewhere: {document: true}}", "define it in the spec: @type Elsewhere"),
        ("@required {t: str}", "operations: {X: {at: POST /a, errors: [E]}}", "under 'errors' in overrides.yaml"),
        ("@required {t: str}", "operations: {X: {at: POST /a, in: {t: {enum: E}}}}", "under 'enums' in overrides"),
    ],
)
def test_hints_under_derived_bindings_name_no_derived_file(spec: str, over: str | None, says: str) -> None:
    built = build(ROOT + spec, DERIVED, over=over, strict=True)
    hints = [item.hint for item in built.diagnostics if item.hint]
    assert any(says in hint for hint in hints), hints
    assert not any("types.lap" in hint or "bindings.yaml" in hint for hint in hints), hints


@pytest.mark.parametrize("derived", [True, False])
def test_an_event_that_is_not_defined(derived: bool) -> None:
    spec = ROOT + "@returns(200) {Out: Events{Gone: Lost}}"
    bound = (DERIVED if derived else BOUND) + "operations: {X: {at: POST /a, out: {Out: {in: events}}}}"
    (found,) = (item for item in build(spec, bound).diagnostics if item.code == "event-not-structure")
    assert found.hint is not None
    assert found.hint.startswith(f"define it in {'the spec' if derived else 'types.lap'}: @type Lost {{...}}")
