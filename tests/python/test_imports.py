"""Import blocks: what is used is kept, what is not is gone, and the order is isort's."""

from __future__ import annotations

import ast

from hypothesis import given, settings
from hypothesis import strategies as st
from lapsmith.python.imports import tidy_imports

IMPORTS = {
    "Any": "from typing import Any",
    "datetime": "from datetime import datetime",
    "msgspec": "import msgspec",
    "UNSET": "from msgspec import UNSET",
    "Request": "from ._runtime.message.http import Request",
    "quote_label": "from ._runtime.codec.request_text import quote_label",
    "Alias": "from ._runtime.testing.stub import Stub as Alias",
    "Thing": "from .types import Thing",
}


def imported(source: str) -> set[str]:
    nodes = [node for node in ast.parse(source).body if isinstance(node, ast.Import | ast.ImportFrom)]
    return {alias.asname or alias.name for node in nodes for alias in node.names}


@settings(deadline=None)
@given(
    order=st.permutations(sorted(IMPORTS)),
    used=st.sets(st.sampled_from(sorted(IMPORTS))),
    stored=st.sets(st.sampled_from(sorted(IMPORTS))),
)
def test_exactly_what_is_used_is_kept(order: list[str], used: set[str], stored: set[str]) -> None:
    lines = ['"""Doc."""', "", "from __future__ import annotations", ""]
    lines += [IMPORTS[name] for name in order]
    lines += ["", "class C:", *(f"    {name}: int = 0" for name in sorted(stored - used)), "    y: int = 1", ""]
    lines += [f"def f_{name}(x: {name}) -> None: ..." for name in sorted(used)]
    source = tidy_imports("\n".join(lines))
    assert imported(source) == used | {"annotations"}
    assert "".join(source.split()).endswith("".join("".join(lines[lines.index("class C:") :]).split()))
    assert tidy_imports(source).split() == source.split()


def test_groups_and_order() -> None:
    source = (
        '"""Doc."""\n\nfrom __future__ import annotations\n\n'
        "from .types import B, A, b\nfrom ._runtime.x import (c, D, E_F)\nfrom msgspec import UNSET\nimport msgspec\n"
        "from typing import Any\nfrom collections.abc import Mapping\n\n"
        "x: tuple[A, B, b, c, D, E_F, UNSET, msgspec.X, Any, Mapping]\n"
    )
    assert tidy_imports(source).partition("\nx:")[0].rstrip() == (
        '"""Doc."""\n\nfrom __future__ import annotations\n\n'
        "from collections.abc import Mapping\nfrom typing import Any\n\n"
        "import msgspec\nfrom msgspec import UNSET\n\n"
        "from ._runtime.x import E_F, D, c\nfrom .types import A, B, b"
    )


def test_line_separators_inside_strings_are_no_lines() -> None:
    source = '"""One\u2028two\x0c."""\nimport msgspec\nfrom typing import Any\n\nx = msgspec\n'
    assert [line for line in tidy_imports(source).split("\n") if line] == [
        '"""One\u2028two\x0c."""',
        "import msgspec",
        "x = msgspec",
    ]


def test_a_module_without_imports_is_left_alone() -> None:
    assert tidy_imports("x = 1\n") == "x = 1\n"
