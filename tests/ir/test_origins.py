"""Every fact says where it came from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from ir.building import build, real
from lapsmith.ir import model
from lapsmith.ir.model import Origin, Service, Source

_NODES = (
    model.Member,
    model.Structure,
    model.EventUnion,
    model.Error,
    model.Operation,
    model.Service,
    model.HostTemplates,
)

INFERRED = """
@base https://echo.example/v1
@common_fields {trace: str}
@endpoint POST /things/{id}/{what}?Kind=a&Flag#x
@required {Id: str, X-Key: str, Thing: Thing{A: str, B: [Thing]}, Inner: map{x: int, y: [map{z: any}]}}
@optional {Unknown: Nowhere}
@returns(201) {Data: bytes}
@errors {404:NotFound: Not there, 500: broken}
@endpoint GET /things
@optional {page: int, filter: map}
@returns(200) {Items: [Thing], Next: str?}
"""


def promised(node: type) -> tuple[set[str], set[str]]:
    """The facts that a class promises to have origins for, by its docstring, and those that it has where stated."""
    found = re.search(r"Facts with origins:\s+``([^`]+)``(?:, and\s+``([^`]+)``\s+where)?", node.__doc__ or "")
    assert found, node
    return set(found[1].split()), set((found[2] or "").split())


def nodes(root: Any) -> Iterator[Any]:
    """Every dataclass below ``root``, itself included."""
    if isinstance(root, Mapping):
        for value in root.values():
            yield from nodes(value)
    elif isinstance(root, tuple | list):
        for value in root:
            yield from nodes(value)
    elif is_dataclass(root):
        yield root
        for field in fields(root):
            if field.name != "origins":
                yield from nodes(getattr(root, field.name))


def check(service: Service) -> set[type]:
    """Check all origins; return the classes that were met."""
    met = set()
    for node in nodes(service):
        if not hasattr(node, "origins"):
            continue
        met.add(type(node))
        always, stated = promised(type(node))
        assert always <= set(node.origins) <= always | stated, node
        for fact, origin in node.origins.items():
            assert hasattr(node, fact)
            check_origin(origin)
    return met


def check_origin(origin: Origin) -> None:
    assert (origin.rule is not None) == (origin.source in (Source.INFERRED, Source.DEFAULT))
    assert (origin.span is not None) == (origin.source is not Source.DEFAULT)


def test_every_fact_of_the_real_spec_has_one() -> None:
    assert check(real().require()) == set(_NODES)


def test_every_inferred_fact_has_one() -> None:
    built = build(INFERRED)
    service = built.require()
    assert check(service) == set(_NODES) - {model.EventUnion, model.HostTemplates}


def test_every_inference_is_reported_where_it_was_made() -> None:
    built = build(INFERRED)
    noted = {(item.span, item.message.rpartition("(rule ")[2].rstrip(")")) for item in built.diagnostics}
    inferred = {
        (origin.span, origin.rule)
        for node in nodes(built.require())
        for origin in getattr(node, "origins", {}).values()
        if origin.source is Source.INFERRED
    }
    assert inferred
    assert inferred <= noted


def test_strict_makes_each_inference_an_error() -> None:
    lenient, strict = build(INFERRED), build(INFERRED, strict=True)
    notes = [item.span for item in lenient.diagnostics if item.code == "inferred"]
    wrong = [item.span for item in strict.diagnostics if item.code == "inferred" and item.severity == "error"]
    assert notes == wrong
    assert strict.service is None
