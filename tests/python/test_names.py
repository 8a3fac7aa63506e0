"""Names from a spec as Python identifiers: always valid, unique, stable, and never one that is taken."""

from __future__ import annotations

import ast
import keyword
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lapsmith.python import names, reserved
from lapsmith.python.rules.values import IMPORTED
from runtime.client import AsyncClient, SyncClient
from runtime.errors import ServiceError
from runtime.shapes.structures import Output
from runtime.stream.events import AsyncPayloadStream, PayloadStream

CLIENT_TEMPLATES = Path(__file__).parents[2] / "templates" / "client"
TAKEN = [
    "class",
    "None",
    "list",
    "self",
    "json",
    "Any",
    "Request",
    "request_id",
    "metadata",
    "str",
    "__init__",
    "match",
]
NAMES = st.text(max_size=12) | st.sampled_from(TAKEN) | st.from_regex(r"[A-Za-z0-9_.:/@$ -]{0,12}", fullmatch=True)
SETS = [
    reserved.PARAMETER_NAMES,
    reserved.OUTPUT_NAMES,
    reserved.STREAM_NAMES,
    reserved.ERROR_NAMES,
    reserved.METHOD_NAMES,
]


@pytest.mark.parametrize(
    ("name", "snake", "pascal"),
    [
        ("EndpointName", "endpoint_name", "EndpointName"),
        ("X-Amzn-SageMaker-RequestTTLSeconds", "x_amzn_sage_maker_request_ttl_seconds", None),
        ("sagemaker-runtime", "sagemaker_runtime", "SagemakerRuntime"),
        ("KMSKeyARNs", "kms_key_arns", "KMSKeyARNs"),
        ("Ipv6Address", "ipv6_address", "Ipv6Address"),
        ("BOOL", "bool", "BOOL"),
        ("2fast", "n2_fast", "N2Fast"),
        ("ключ", "member", "Shape"),
        ("", "member", "Shape"),
        ("__proto__", "proto", "Proto"),
        ("a.b[c]/d e", "a_b_c_d_e", "ABCDE"),
        ("ﬁle", "le", "Le"),
    ],
)
def test_spelling(name: str, snake: str, pascal: str | None) -> None:
    assert names.snake_case(name) == snake
    assert pascal is None or names.pascal_case(name) == pascal


def check(given: dict[str, str], wanted: list[str], taken: frozenset[str]) -> None:
    assert list(given) == list(dict.fromkeys(wanted))
    assert len(set(given.values())) == len(given)
    for name in given.values():
        assert name.isascii()
        assert name.isidentifier()
        assert not keyword.iskeyword(name)
        assert name not in taken
        assert not name.startswith("_")


@settings(deadline=None)
@given(wanted=st.lists(NAMES, max_size=8), taken=st.sampled_from(SETS))
def test_member_names_are_free_identifiers(wanted: list[str], taken: frozenset[str]) -> None:
    found = names.member_names(wanted, taken)
    check(found, wanted, taken)
    assert names.member_names(wanted, taken) == found


@settings(deadline=None)
@given(wanted=st.lists(NAMES, max_size=8))
def test_class_names_are_free_identifiers(wanted: list[str]) -> None:
    found = names.class_names(wanted, names.Namespace(reserved.CLASS_NAMES))
    check(found, wanted, reserved.CLASS_NAMES)
    assert all(name[0].isupper() for name in found.values())


@settings(deadline=None)
@given(wanted=st.lists(NAMES, max_size=8), more=st.lists(NAMES, max_size=4))
def test_names_that_come_later_change_nothing(wanted: list[str], more: list[str]) -> None:
    before = names.member_names(wanted, reserved.OUTPUT_NAMES)
    after = names.member_names([*wanted, *more], reserved.OUTPUT_NAMES)
    assert {name: after[name] for name in before} == before


@settings(deadline=None)
@given(wanted=st.lists(NAMES, max_size=6), other=NAMES)
def test_a_name_depends_only_on_names_spelled_alike(wanted: list[str], other: str) -> None:
    alike = {names.snake_case(name).rstrip("_0123456789") for name in wanted}
    if names.snake_case(other).rstrip("_0123456789") in alike:
        return
    before = names.member_names(wanted, reserved.OUTPUT_NAMES)
    after = names.member_names([other, *wanted], reserved.OUTPUT_NAMES)
    assert {name: after[name] for name in before} == before


def test_one_rule_for_every_collision() -> None:
    found = names.member_names(
        ["class", "Class", "CLASS", "list", "List", "foo", "Foo", "foo_2"], reserved.OUTPUT_NAMES
    )
    assert found == {
        "class": "class_",
        "Class": "class_2",
        "CLASS": "class_3",
        "list": "list_",
        "List": "list_2",
        "foo": "foo",
        "Foo": "foo_",
        "foo_2": "foo_2",
    }


def test_a_name_and_what_comes_with_it_are_free_together() -> None:
    namespace = names.Namespace({"AsyncTransport"})
    assert namespace.claim("Transport", "Async{}") == "Transport_"
    assert namespace.claim("AsyncTransport_") == "AsyncTransport__"


@pytest.mark.parametrize("spell", [names.snake_case, names.pascal_case])
@pytest.mark.parametrize("unit", ["A", "a", "Ab", "1", "é", "-", "As", "A1", "_", "AAa1"])
def test_long_names_take_linear_time(spell: Callable[[str], str], unit: str) -> None:
    start = time.process_time()
    assert spell(unit * 200_000).isidentifier()
    assert time.process_time() - start < 3


def test_many_collisions_take_linear_time() -> None:
    start = time.process_time()
    found = names.member_names((f"a{'.' * n}" for n in range(3000)), reserved.OUTPUT_NAMES)
    assert len(set(found.values())) == 3000
    assert max(map(len, found.values())) < 10
    assert time.process_time() - start < 3


def public(*classes: type[Any]) -> set[str]:
    return {name for cls in classes for name in dir(cls) if not name.startswith("_")}


def test_attributes_of_the_runtime_are_reserved() -> None:
    assert public(Output) <= reserved.OUTPUT_NAMES
    assert public(PayloadStream, AsyncPayloadStream) | set(PayloadStream.__annotations__) <= reserved.STREAM_NAMES | {
        "_payload"
    }
    assert public(ServiceError) | set(vars(ServiceError("x"))) <= reserved.ERROR_NAMES
    assert public(SyncClient, AsyncClient) <= reserved.METHOD_NAMES


def imported_by_templates() -> dict[str, set[str]]:
    """The names that each client template imports."""
    found: dict[str, set[str]] = {}
    for path in CLIENT_TEMPLATES.glob("*.jinja"):
        # A module or function that depends on the protocol stands for itself.
        plain = re.sub(
            r"^from .*$", lambda line: re.sub(r"\{\{.*?\}\}", "chosen", line[0]), path.read_text(), flags=re.M
        )
        plain = re.sub(r"\{[%#].*?[%#]\}|^.*\{\{.*$", "", plain, flags=re.MULTILINE)
        plain = re.sub(r"from \S+ import \(\s*\)", "", plain)
        blocks = re.findall(r"^(?:from \S+ import \([^)]*\)|from \S+ import [^(\n]+|import .+)$", plain, re.MULTILINE)
        nodes = [node for block in blocks for node in ast.parse(block).body]
        aliases = [alias for node in nodes if isinstance(node, ast.Import | ast.ImportFrom) for alias in node.names]
        found[path.name] = {alias.asname or alias.name for alias in aliases} - {"chosen"}
    return found


def test_what_generated_modules_import_is_reserved() -> None:
    imported = imported_by_templates()
    assert {"decode_body", "Request", "UNSET"} <= imported["_operations.py.jinja"]
    # Endpoint rules have names of their own, and none of the spec's.
    assert imported.pop("_endpoint_rules.py.jinja") - {"annotations"} <= IMPORTED
    for template, found in imported.items():
        classes = {name for name in found if name[:1].isupper()} - {"TYPE_CHECKING"}
        assert classes <= reserved.CLASS_NAMES, template
    functions = {name for name in imported["_operations.py.jinja"] if not name[:1].isupper()} - {"annotations"}
    assert {"decode_body", "encode_body", "parse_error"} <= functions <= reserved.PARAMETER_NAMES
    assert {name for name in functions if name.startswith(("build_", "parse_"))} <= reserved.HELPER_NAMES
    bodies = {"types.py.jinja": reserved.STRUCTURE_NAMES, "errors.py.jinja": reserved.ERROR_NAMES}
    for template, taken in bodies.items():
        used = {name for name in imported[template] if name.islower()} - {"annotations", "decode_json"}
        assert used <= taken, template
