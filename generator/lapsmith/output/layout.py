"""What of a Python file a formatter leaves alone, so that a file that was only laid out anew is not taken for edited.

Formatters change white space, quotes, parentheses, trailing commas and the order of imports. What they keep is the
syntax tree, up to the order of imports and the indentation of docstrings, and the comments.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import io
import tokenize
from collections.abc import Iterable, Iterator

_PLACES = frozenset({"lineno", "col_offset", "end_lineno", "end_col_offset", "ctx", "type_comment", "kind"})


def fingerprint(content: bytes) -> str | None:
    """A digest that stays the same when a formatter goes over the file; None for what is no Python.

    It does not depend on the version of Python that computes it.
    """
    try:
        tree = ast.parse(content)
        comments = sorted(_comments(content.decode("utf-8")))
    except (SyntaxError, ValueError, RecursionError, MemoryError, tokenize.TokenError):
        return None
    total = hashlib.sha256()
    for part in (*_statements(tree.body), *comments):
        total.update(part.encode("utf-8", "backslashreplace") + b"\0")
    return total.hexdigest()


def _comments(text: str) -> Iterator[str]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield "".join(token.string.split())


def _statements(body: Iterable[ast.stmt]) -> Iterator[str]:
    """Statements one by one; imports that follow one another in the order of what they import."""
    imports: list[str] = []
    for statement in body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            imports += _imported(statement)
            continue
        yield from sorted(imports)
        imports.clear()
        yield _dump(statement)
    yield from sorted(imports)


def _imported(statement: ast.Import | ast.ImportFrom) -> Iterator[str]:
    source = f"{'.' * statement.level}{statement.module or ''}" if isinstance(statement, ast.ImportFrom) else "import"
    for alias in statement.names:
        yield f"{source} {alias.name} {alias.asname or alias.name}"


def _dump(node: object) -> str:
    """A node as text. Fields that are empty are left out: versions of Python differ in which of those there are."""
    if isinstance(node, list):
        if node and isinstance(node[0], ast.stmt):
            return f"[{','.join(_statements(node))}]"
        return f"[{','.join(map(_dump, node))}]"
    if not isinstance(node, ast.AST):
        return repr(node)
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
        return f"text:{_unindented(node.value.value)!r}"
    fields = (
        f"{name}={_dump(value)}"
        for name, value in ast.iter_fields(node)
        if name not in _PLACES and value is not None and value != []
    )
    return f"{type(node).__name__}({','.join(fields)})"


def _unindented(docstring: str) -> str:
    return "\n".join(line.rstrip() for line in inspect.cleandoc(docstring).split("\n")).strip()
