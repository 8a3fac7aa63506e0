"""Compiled expressions against the jmespath library: every expression that AWS's models have, and drawn ones."""

from __future__ import annotations

import gzip
import re
from typing import Any

import jmespath as oracle
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jmespath.exceptions import JMESPathError
from lapsmith.ir import jmespath
from lapsmith.ir import model as ir
from lapsmith.python.jmespath.compiler import items_of_output, over_input, over_output
from paging import models
from paging.drawing import WORDS, Drawer
from runtime.shapes import paths


def _plain(value: Any) -> Any:
    """Return a typed value as something that can be compared: its repr shows all that it holds."""
    return repr(value)


@pytest.mark.slow
@pytest.mark.parametrize("folder", models.folders(), ids=lambda folder: f"{folder.parent.name}-{folder.name}")
def test_every_expression_of_a_service(folder: Any) -> None:
    model = models.Model(folder)
    for operation, expression in dict.fromkeys(models.expressions(model)):
        node = models.read(model, operation, expression)
        compiled = eval(f"lambda output: {over_output(node, model.fields(operation))}")
        tree = oracle.compile(expression)
        drawer = Drawer(model.shapes, [expression], f"{model.name} {operation} {expression}")
        members = model.outputs(operation)
        for _ in range(12):
            document = drawer.members(members)
            output = models.typed(document, members, model)
            try:
                expected = tree.search(document)
            except JMESPathError:
                assert compiled(output) in (None, False), (expression, document)
                continue
            assert _plain(compiled(output)) == _plain(_attributes(expected, node.type, model)), (expression, document)
            if isinstance(node.type, ir.ListType):
                items = eval(f"lambda output: {items_of_output(node, model.fields(operation))}")
                assert _plain(list(items(output))) == _plain(_attributes(expected or [], node.type, model))


def _attributes(value: Any, kind: jmespath.Kind, model: models.Model) -> Any:
    if value is None or isinstance(kind, jmespath.Root | jmespath.Mixed | jmespath.Null):
        return value
    return models.value_of(value, kind, model)


# A small schema on which anything can be asked.

_TEXT, _NUMBER, _FLAG = ir.StringType(), ir.IntegerType(), ir.BooleanType()


def _member(name: str, kind: ir.Type) -> ir.Member:
    return ir.Member(name, kind, False, ir.Location.BODY, name)


_ROW = (
    _member("Name", _TEXT),
    _member("Count", _NUMBER),
    _member("Flag", _FLAG),
    _member("Tags", ir.ListType(_TEXT)),
    _member("Grid", ir.ListType(ir.ListType(_NUMBER))),
    _member("Holes", ir.ListType(_TEXT, sparse=True)),
    _member("Words", ir.MapType(_TEXT, _TEXT)),
    _member("Row", ir.StructureRef("Row")),
    _member("Rows", ir.ListType(ir.StructureRef("Row"))),
    _member("Table", ir.MapType(_TEXT, ir.StructureRef("Row"))),
)
_SHAPES: dict[str, ir.Shape] = {"Row": ir.Structure("Row", _ROW)}


class _Schema(models.Model):
    def __init__(self) -> None:
        self.shapes = _SHAPES

    def outputs(self, operation: str) -> tuple[ir.Member, ...]:
        return _ROW


_SCHEMA = _Schema()

_words = st.sampled_from(WORDS)
_counts = st.integers(0, 2)


def _rows(rows: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {},
        optional={
            "Name": _words,
            "Count": _counts,
            "Flag": st.booleans(),
            "Tags": st.lists(_words, max_size=3),
            "Grid": st.lists(st.lists(_counts, max_size=2), max_size=2),
            "Holes": st.lists(st.none() | _words, max_size=3),
            "Words": st.dictionaries(_words, _words, max_size=2),
            "Row": rows,
            "Rows": st.lists(rows, max_size=2),
            "Table": st.dictionaries(_words, rows, max_size=2),
        },
    )


_documents = st.recursive(_rows(st.just({})), _rows, max_leaves=6)

# Expressions by the type of their value, on a Row. What a pipe or a projection leaves open is closed by parentheses.


def _form(pattern: str, *parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*parts).map(lambda found: pattern.format(*found))


_text: st.SearchStrategy[str] = st.deferred(
    lambda: st.one_of(
        st.sampled_from(("Name", "'ACTIVE'", "''", "Words.* | [0]")).map("({})".format),
        _form("(({}).Name)", _row),
        _form("(({})[{}])", _list, st.sampled_from(["0", "1", "-1", "-2"])),
        _form("({} | [0])", _list),
        _form("({} || {})", _text, _text),
        _form("({} && {})", st.one_of(_text, _number), _text),
    )
)
_number: st.SearchStrategy[str] = st.deferred(
    lambda: st.one_of(
        st.sampled_from(("Count", "`0`", "`1`", "Grid[0][0]", "Grid[] | [0]", "Grid[*][-1] | [0]")).map("({})".format),
        _form("length({})", st.one_of(_list, _text, _row_list, st.sampled_from(("Words", "Table", "Grid")))),
        _form("({} || {})", _number, _number),
        _form("({} && {})", _number, _number),
        _form("(({}).Count)", _row),
    )
)
_flag: st.SearchStrategy[str] = st.deferred(
    lambda: st.one_of(
        st.just("Flag"),
        _form("({} {} {})", _text, st.sampled_from(("==", "!=")), _text),
        _form("({} {} {})", _number, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), _number),
        _form("({} {} `null`)", st.one_of(_text, _number, _list, _flag), st.sampled_from(("==", "!="))),
        _form("(!({}))", _anything),
        _form("({} && {})", _flag, _flag),
        _form("({} || {})", _flag, _flag),
        _form("contains({}, {})", st.one_of(_text, _list), _text),
        _form("{}({}, {})", st.sampled_from(("starts_with", "ends_with")), _text, _text),
        _form("(({}).Flag)", _row),
    )
)
_list: st.SearchStrategy[str] = st.deferred(
    lambda: st.one_of(
        st.sampled_from(("Tags", "Tags[]", "Holes[]", "Holes[1:]", "Words.*", "keys(Words)", "values(Words)")),
        st.sampled_from(("Table.*.Name", "Rows[].Tags[]", "Rows[*].Tags[]", "Rows[].Rows[].Name")),
        _form("(({})[].Name)", _row_list),
        _form("(({})[?{}].Name)", _row_list, _anything),
        _form("(({})[].[{}, Name][])", _row_list, _text),
        _form("(({})[::-1] | [])", _list),
        _form("({} || {})", _list, _list),
    )
).map("({})".format)
_row_list: st.SearchStrategy[str] = st.deferred(
    lambda: st.one_of(
        st.sampled_from(("Rows", "(Table.*)", "values(Table)", "(Rows[].Rows[])", "(Rows[*].Row)", "(Row.Rows[1:])")),
        _form("(({})[?{}])", _row_list, _anything),
        _form("({} || {})", _row_list, _row_list),
    )
)
_row: st.SearchStrategy[str] = st.deferred(
    lambda: st.one_of(st.just("Row"), _form("(({})[-1])", _row_list), _form("(({}).Row)", _row))
)
_anything: st.SearchStrategy[str] = st.one_of(_text, _number, _flag, _list, _row_list)


# The documents that are drawn may be large, and how they print does not matter.
@pytest.mark.filterwarnings("ignore:Generating overly large repr")
@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(expression=_anything.filter(lambda text: len(text) < 200), document=_documents)
def test_drawn_expressions(expression: str, document: dict[str, Any]) -> None:
    node = jmespath.read(expression, _ROW, _SHAPES)
    try:
        source = over_output(node, _SCHEMA.fields(""))
    except jmespath.ExpressionError:
        return
    value = eval(f"lambda output: {source}")(models.typed(document, _ROW, _SCHEMA))
    try:
        expected = oracle.search(expression, document)
    except (JMESPathError, TypeError):
        return
    if not isinstance(node.type, jmespath.Mixed | jmespath.Root):
        assert _plain(value) == _plain(_attributes(expected, node.type, _SCHEMA)), source


# How it looks, and what is refused.


def _over_output(expression: str) -> str:
    return over_output(jmespath.read(expression, _ROW, _SHAPES), _SCHEMA.fields(""))


@pytest.mark.parametrize(
    ("expression", "source"),
    [
        ("Name", "output.name"),
        ("Row.Row.Name", "output.row.row.name if output.row is not None and output.row.row is not None else None"),
        ("Rows[-1].Name", "output.rows[-1].name if output.rows else None"),
        ("Rows[2]", "output.rows[2] if output.rows is not None and len(output.rows) > 2 else None"),
        ("length(Tags) > `0`", "len(output.tags) > 0 if output.tags is not None else None"),
        ("length(Tags) == `0`", "output.tags is not None and len(output.tags) == 0"),
        ("Name || 'none'", "output.name or 'none'"),
        (
            "Rows[?Count > `1` && Flag].Name | [0]",
            "items[0] if output.rows is not None and (items := [row.name for row in output.rows "
            "if row.count is not None and row.count > 1 and row.flag if row.name is not None]) is not None "
            "and items else None",
        ),
    ],
)
def test_compiled_expressions_read_like_python(expression: str, source: str) -> None:
    assert _over_output(expression) == source


def test_what_is_never_none_is_not_compared_with_none() -> None:
    """Type checkers complain of it; required members have stand-ins."""
    tags = ir.Member("Tags", ir.ListType(_TEXT), True, ir.Location.BODY, "Tags")
    node = jmespath.read("length(Tags) > `0`", (tags,), {})
    assert over_output(node, lambda structure: _SCHEMA.parameters((tags,))) == "len(output.tags) > 0"


@pytest.mark.parametrize(
    ("expression", "message", "hint"),
    [
        ("Nmae", "the operation has no member 'Nmae'", "did you mean 'Name'?"),
        ("Rows[].Nmae", "Row has no member 'Nmae'", "did you mean 'Name'?"),
        ("Name.First", "'First' cannot be read from text", None),
        ("Words.First", "'First' is a key of a map, and which keys a map has is not known", None),
        ("Name[0]", "text has no items: it is no list", None),
        ("Count == 'one'", "'==' compares a number and text, which are never equal", None),
        ("Row == Row", "'==' compares the structure Row and the structure Row, and only scalars can be compared", None),
        ("Name > `1`", "'>' compares text and a number, and only numbers have an order", None),
        ("sort(Tags)", "the JMESPath function 'sort' cannot be compiled", None),
        ("lenght(Tags)", "the JMESPath function 'lenght' cannot be compiled", "did you mean 'length'?"),
        ("{a: Name}", "the JMESPath construct 'multi select dict' cannot be compiled", None),
        ("Rows[?Row].Name", "the structure Row cannot be a condition", None),
        ("Row" * 400, "the expression has 1200 characters; 1000 are read", None),
        ("!" * 900 + "Name", "the expression is nested too deeply", None),
    ],
)
def test_what_cannot_be_compiled_is_refused(expression: str, message: str, hint: str | None) -> None:
    with pytest.raises(jmespath.ExpressionError) as caught:
        jmespath.read(expression, _ROW, _SHAPES)
    assert (caught.value.message, caught.value.hint) == (message, hint)


@pytest.mark.parametrize("expression", ["", "Name.", "Na me", "`x", "length("])
def test_what_is_no_jmespath_is_refused(expression: str) -> None:
    with pytest.raises(jmespath.ExpressionError, match=f"^'{re.escape(expression)}' is no JMESPath: [a-z].*[^:.]$"):
        jmespath.read(expression, _ROW, _SHAPES)


# Over arguments: what AWS's models say of DynamoDB, and anything that a caller may pass.


class _Get(msgspec.Struct):
    table_name: str | None = msgspec.field(name="TableName", default=None)


class _TransactItem(msgspec.Struct):
    get: _Get | None = msgspec.field(name="Get", default=None)
    put: _Get | None = msgspec.field(name="Put", default=None)


def _input_expressions() -> list[tuple[models.Model, str, str]]:
    found = []
    for folder in models.newest("service-2"):
        if b"operationContextParams" not in gzip.decompress((folder / "service-2.json.gz").read_bytes()):
            continue
        model = models.Model(folder)
        for operation in model.service.operation_names:
            declared = model.data["operations"][operation].get("operationContextParams", {})
            found += [(model, operation, parameter["path"]) for parameter in declared.values()]
    return found


def _arguments(expression: str, model: models.Model, operation: str) -> Any:
    node = jmespath.read(expression, model.inputs(operation), model.shapes)
    source = over_input(node, lambda member: f"arguments.get({member.name!r})")
    return lambda arguments: eval(source, {**vars(paths), "arguments": arguments})


def test_every_expression_over_an_input() -> None:
    found = _input_expressions()
    assert len(found) >= 5
    for model, operation, expression in found:
        compiled = _arguments(expression, model, operation)
        tree = oracle.compile(expression)
        drawer = Drawer(model.shapes, [expression], expression)
        for _ in range(50):
            document = drawer.members(model.inputs(operation))
            try:
                expected = tree.search(document)
            except JMESPathError:
                expected = None
            assert compiled(document) == expected, (expression, document)


def test_arguments_may_be_structures_or_anything() -> None:
    (folder,) = [folder for folder in models.folders() if folder.parent.name == "dynamodb"]
    model = models.Model(folder)
    gets = _arguments("TransactItems[*].Get.TableName", model, "TransactGetItems")
    items = [_TransactItem(get=_Get("a")), {"Get": {"TableName": "b"}}, {"Get": _Get("c")}, _TransactItem(), 7, "Get"]
    assert gets({"TransactItems": items}) == ["a", "b", "c"]
    assert gets({"TransactItems": "text"}) == []
    assert _arguments("keys(RequestItems)", model, "BatchGetItem")({"RequestItems": 7}) == []
