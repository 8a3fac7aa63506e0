"""What cannot be generated is an error that names the operation to leave out."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from lapsmith.diagnostics import Severity, Span
from lapsmith.ir import model as ir
from lapsmith.python import unsupported

PLACE = Span("spec.lap", 7, 3, 7, 9)
FALLBACK = Span("spec.lap", 1, 1, 1, 1)


def member(kind: ir.Type, location: ir.Location, wire: str = "x") -> ir.Member:
    return ir.Member("X", kind, False, location, wire, origins={"type": ir.Origin(ir.Source.SPEC, PLACE)})


def service(sent: tuple[ir.Member, ...] = (), returned: tuple[ir.Member, ...] = (), *shapes: ir.Shape) -> ir.Service:
    operation = ir.Operation("Do", "POST", ir.Uri(("/",)), sent, returned, (), 200, False)
    return ir.Service(
        name="S",
        id="S",
        class_name="S",
        api_version=None,
        protocol=ir.Protocol.REST_JSON,
        signing=None,
        target=None,
        hosts=None,
        base_url=None,
        read_timeout=None,
        operations=(operation,),
        shapes={shape.name: shape for shape in shapes},
        errors={},
    )


QUOTED = ir.Structure("Quoted", (member(ir.StringType(), ir.Location.BODY, 'a"b'),))
EVENT = ir.Structure("Event", (member(ir.StringType(), ir.Location.EVENT_HEADER),))
UNION = ir.EventUnion("Union", {"e": "Event"}, {})

GAPS = {
    "payload list": service((member(ir.ListType(ir.StringType()), ir.Location.PAYLOAD),)),
    "events, sent": service((member(ir.StructureRef("Union"), ir.Location.EVENTS),), (), UNION),
    "quotes in a name, sent": service((member(ir.StructureRef("Quoted"), ir.Location.BODY),), (), QUOTED),
    "quotes in a name, returned": service((), (member(ir.StringType(), ir.Location.BODY, "a\\b"),)),
    "numbers in headers": service((), (member(ir.MapType(ir.StringType(), ir.IntegerType()), ir.Location.HEADER_MAP),)),
    "union as a structure": service((), (member(ir.StructureRef("Union"), ir.Location.BODY),), UNION, EVENT),
    "structure as a union": service((), (member(ir.StructureRef("Quoted"), ir.Location.EVENTS),), QUOTED),
}


@pytest.mark.parametrize("gap", GAPS)
def test_a_gap_is_an_error_with_a_place_and_a_way_out(gap: str) -> None:
    found = unsupported(GAPS[gap], FALLBACK).items
    assert found
    for item in found:
        assert (item.severity, item.code, item.span) == (Severity.ERROR, "unsupported-member", PLACE)
        assert re.match(r"Do: 'X' (is|has)\b.* cannot be generated yet$", item.message)
        assert item.hint
        assert '"!Do"' in item.hint


def test_a_service_without_operations_is_refused() -> None:
    (found,) = unsupported(replace(service(), operations=()), FALLBACK).items
    assert (found.severity, found.code) == (Severity.ERROR, "no-operations")


def test_recursive_structures_are_no_gap() -> None:
    node = ir.Structure("Node", (member(ir.ListType(ir.StructureRef("Node")), ir.Location.BODY),))
    inputs = (member(ir.StructureRef("Node"), ir.Location.BODY),)
    assert unsupported(service(inputs, inputs, node), FALLBACK).items == []
