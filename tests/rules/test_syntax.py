"""The source of ``ast`` nodes: Python reads it back as the same nodes."""

from __future__ import annotations

import ast

from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from lapsmith.python.rules import syntax

_NAMES = st.sampled_from(["region", "use_fips", "found"])
_TEXTS = st.text(max_size=6)
_OPERATORS = st.sampled_from([ast.Eq(), ast.NotEq(), ast.Is(), ast.IsNot(), ast.NotIn()])
_LEAVES = st.one_of(
    _NAMES.map(syntax.name), st.one_of(_TEXTS, st.booleans(), st.none(), st.integers(0, 9)).map(syntax.constant)
)


def _more(inner: st.SearchStrategy[ast.expr]) -> st.SearchStrategy[ast.expr]:
    several = st.lists(inner, min_size=2, max_size=3)
    plain = st.builds(syntax.call, _NAMES, _NAMES.map(syntax.name))
    parts = st.tuples(st.text(min_size=1, max_size=4).map(syntax.constant), plain)
    return st.one_of(
        st.builds(lambda name, arguments, value: syntax.call(name, *arguments, key=value), _NAMES, several, inner),
        st.builds(syntax.compare, inner, _OPERATORS, inner),
        st.builds(syntax.assigned, _NAMES, inner),
        several.map(syntax.all_of),
        inner.map(lambda operand: ast.UnaryOp(ast.Not(), operand)),
        st.builds(ast.IfExp, inner, inner, inner),
        several.map(lambda items: ast.List(items, ast.Load())),
        several.map(lambda items: ast.Tuple(items, ast.Load())),
        st.builds(lambda key, value: ast.Dict([syntax.constant(key)], [value]), _TEXTS, inner),
        _NAMES.map(lambda name: ast.Attribute(syntax.name(name), "region", ast.Load())),
        parts.map(lambda pair: ast.JoinedStr([pair[0], ast.FormattedValue(pair[1], -1)])),
    )


EXPRESSIONS = st.recursive(_LEAVES, _more, max_leaves=12)


@settings(max_examples=examples(300), deadline=None)
@given(EXPRESSIONS)
def test_python_reads_an_expression_back(node: ast.expr) -> None:
    text = syntax.source(node)
    assert text.isascii()
    assert ast.dump(ast.parse(f"({text})", mode="eval").body) == ast.dump(node)


@settings(max_examples=examples(100), deadline=None)
@given(EXPRESSIONS)
def test_python_reads_statements_back(node: ast.expr) -> None:
    statements = (syntax.when(node), syntax.assignment("found", node), syntax.refusal(node), ast.Return(node))
    for statement in statements:
        text = syntax.source(statement)
        (read,) = ast.parse(f"{text} pass" if isinstance(statement, ast.If) else text).body
        if isinstance(read, ast.If):
            read.body = []
        if isinstance(read, ast.Assign):
            read.targets = statement.targets if isinstance(statement, ast.Assign) else []
        assert ast.dump(read) == ast.dump(statement)


@settings(max_examples=examples(100), deadline=None)
@given(EXPRESSIONS)
def test_names_come_in_the_order_in_which_they_are_read(node: ast.expr) -> None:
    read = [each for each in ast.walk(ast.parse(f"({syntax.source(node)})")) if isinstance(each, ast.Name)]
    read.sort(key=lambda each: each.col_offset)
    assert [each.id for each in syntax.names(node)] == [each.id for each in read]
