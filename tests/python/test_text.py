"""Foreign text in Python source: what comes back out of it is what went in."""

from __future__ import annotations

import ast
import time
import tokenize
from io import BytesIO

import pytest
from examples import examples
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lapsmith.python import docs, text
from lapsmith.python.format import format_source

NASTY = [
    '"""',
    '""""',
    '\\"""',
    '"',
    "'''",
    "\\",
    "\\\\",
    "\\N{BULLET}",
    "\\x41\\u0041",
    "{x}",
    "{{ 7 * 7 }}",
    "{% raw %}",
    "\u2028",
    "\u202e",
    "\x00",
    "\ud800",
    "\r",
    "\n",
    "\t",
    "\x0c",
    "#",
    "`",
    ". ",
    ".  Next",
    "   ",
]
PROSE = st.lists(st.sampled_from(NASTY) | st.text(max_size=6), max_size=12).map("".join)


def docstring_of(source: str) -> str:
    module = ast.parse(source)
    (node,) = module.body if not isinstance(module.body[0], ast.FunctionDef) else module.body[0].body
    assert isinstance(node, ast.Expr)
    assert isinstance(node.value, ast.Constant)
    assert isinstance(node.value.value, str)
    return node.value.value


def flat(value: str) -> list[str]:
    return value.split()


@settings(deadline=None)
@given(prose=PROSE, indent=st.sampled_from([0, 4, 8]))
@example(prose='ends with a quote"', indent=4)
@example(prose="ends with a backslash\\", indent=0)
@example(prose='"""', indent=4)
@example(prose="", indent=4)
def test_a_docstring_says_what_the_prose_says(prose: str, indent: int) -> None:
    blocks = text.paragraphs(prose)
    source = text.docstring(blocks, indent)
    found = docstring_of(f"{' ' * indent}{source}".lstrip())
    assert flat(found) == flat(" ".join(blocks))
    expected = "".join(c if c.isprintable() else " " for c in prose)
    assert flat(" ".join(blocks)) == flat(expected)


@settings(deadline=None, max_examples=examples(30))
@given(prose=PROSE)
@example(prose='"quoted"')
@example(prose="a\\")
def test_a_docstring_survives_the_formatter(prose: str) -> None:
    blocks = text.paragraphs(prose)
    source = format_source(f"def f():\n    {text.docstring(blocks, 4)}\n", "x.py")
    assert flat(docstring_of(source)) == flat(" ".join(blocks))


@settings(deadline=None)
@given(entries=st.lists(st.tuples(st.from_regex("[a-z_]{1,8}", fullmatch=True), PROSE), min_size=1, max_size=4))
def test_a_section_says_what_its_entries_say(entries: list[tuple[str, str]]) -> None:
    said = [(name, " ".join(text.paragraphs(prose))) for name, prose in entries]
    found = docstring_of(text.docstring([text.section("Args", said)], 0))
    assert flat(found) == flat("Args: " + " ".join(f"{name}: {prose}" for name, prose in said))


@settings(deadline=None)
@given(
    st.text(st.characters())
    | st.binary()
    | st.integers()
    | st.booleans()
    | st.none()
    | st.floats(allow_nan=False).filter(lambda number: abs(number) != float("inf"))
)
def test_a_literal_is_its_value(value: object) -> None:
    source = text.literal(value)
    assert source.isascii()
    assert "\n" not in source
    found = ast.literal_eval(source)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [], (1,), object()])
def test_what_has_no_literal_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="no literal"):
        text.literal(value)


@settings(deadline=None)
@given(
    source=st.lists(st.sampled_from([*NASTY, "coding", "coding:", "coding=", "utf-7", "-*-"]), max_size=6).map("".join)
)
@example(source="-*- coding: utf-7 -*-")
@example(source="a\nimport os")
@example(source="vim: set fileencoding=latin-1")
def test_a_comment_is_a_comment(source: str) -> None:
    written = f"# Generated from {text.comment(source)}. Do not edit.\nx = 1\n".encode()
    assert tokenize.detect_encoding(BytesIO(written).readline)[0] == "utf-8"
    tree = ast.parse(written)
    assert [type(node) for node in tree.body] == [ast.Assign]


@given(name=PROSE)
def test_a_name_between_backticks_stays_there(name: str) -> None:
    assert "`" not in docs.code(name)
    assert "\n" not in docs.code(name)


@pytest.mark.parametrize("unit", ["word ", "x", '"', "\\", ".  A", "   ", "{% %}", "\u202e", ". "])
def test_long_prose_takes_linear_time(unit: str) -> None:
    start = time.process_time()
    blocks = text.paragraphs(unit * 100_000)
    ast.parse(text.docstring(blocks, 4))
    ast.parse(text.docstring([text.section("Args", [("x", " ".join(blocks))])], 4))
    assert time.process_time() - start < 5


def test_runs_of_spaces_are_paragraphs() -> None:
    assert text.paragraphs("One.  Two is.  three   four.\nFive:  Six") == [
        "One.",
        "Two is. three",
        "four.",
        "Five:",
        "Six",
    ]
    assert text.paragraphs(None) == []
    assert text.paragraphs(" \t ") == []
