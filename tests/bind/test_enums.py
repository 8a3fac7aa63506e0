"""Known values of texts, from the service model to the IR: all that botocore's models list, for every member."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import botocore.model
import pytest
from bind.deriving import built, derive, model, operation, structure
from corpus import clients, models, services
from corpus.lean import compile_lean
from corpus.services import Target
from lapsmith import bindings, lap
from lapsmith.generation.analysis import analyse
from lapsmith.ir import build
from lapsmith.ir import model as ir
from lapsmith.project.inputs import read_inputs

TARGETS = services.read()
# One that has enums in each place, one whose members restrict shapes of any text, and a few more.
FEW = {"apigatewayv2", "codeartifact", "dynamodb", "kinesis"}
Values = tuple[Any, ...]


def _ours(kind: ir.Type) -> Values:
    """The known values of a type: a text's, or those of all parts that can hold texts."""
    match kind:
        case ir.ListType(item):
            return ("list", _ours(item))
        case ir.MapType(key, value):
            return ("map", _ours(key), _ours(value))
        case ir.StringType(values):
            return values
        case _:
            return ()


def _theirs(shape: Any, depth: int = 0) -> Values:
    if shape.type_name == "list" and depth < 8:
        return ("list", _theirs(shape.member, depth + 1))
    if shape.type_name == "map" and depth < 8:
        return ("map", _theirs(shape.key), _theirs(shape.value, depth + 1))
    return tuple(shape.enum) if shape.type_name == "string" else ()


def _compared(service: ir.Service, theirs: botocore.model.ServiceModel) -> Iterator[tuple[str, Values, Values]]:
    """Where a member is, its known values in the IR, and those in the model."""
    holders: list[tuple[str, tuple[ir.Member, ...], Any]] = []
    for op in service.operations:
        found = theirs.operation_model(op.name)
        holders += [(f"{op.name} in", op.input, found.input_shape), (f"{op.name} out", op.output, found.output_shape)]
    shapes = [shape for shape in service.shapes.values() if isinstance(shape, ir.Structure)]
    holders += [(shape.name, shape.members, theirs.shape_for(shape.name)) for shape in shapes]
    holders += [(name, error.members, theirs.shape_for(name)) for name, error in service.errors.items()]
    for where, members, shape in holders:
        for member in members:
            yield f"{where}: {member.name}", _ours(member.type), _theirs(shape.members[member.name])


@pytest.mark.parametrize(
    "target",
    [pytest.param(each, marks=() if each.service in FEW else pytest.mark.slow, id=str(each)) for each in TARGETS],
)
def test_every_member_has_the_values_that_botocore_lists(target: Target, tmp_path: Path) -> None:
    clients.bound(target, tmp_path / "spec")
    client = clients.configuration(target, tmp_path / "spec", tmp_path / "client")
    service = analyse(client, read_inputs(client)).require()
    theirs = botocore.model.ServiceModel(models.load(target.service))
    compared = list(_compared(service, theirs))
    assert compared
    assert [item for item in compared if item[1] != item[2]] == []
    listed = {shape.name: shape.enum for shape in map(theirs.shape_for, theirs.shape_names) if _is_enum(shape)}
    for name, enum in service.enums.items():
        assert list(enum.values) == listed.get(name, list(enum.values)), name
        assert name in listed or "." in name


def _is_enum(shape: Any) -> bool:
    return shape.type_name == "string" and bool(shape.enum)


def _content(tmp_path: Path, members: Mapping[str, Any], shapes: Mapping[str, Any]) -> dict[str, Any]:
    found = model()
    found["shapes"] |= shapes
    operation(found, "Put", into=structure(dict(members)), out=structure({"Hue": {"shape": "Hue"}}))
    content, bound = derive(tmp_path, found)
    built(bound)
    return content


HUE = {"Hue": {"type": "string", "enum": ["yes", "1", "a, b", "Red"]}}


def test_places(tmp_path: Path) -> None:
    shapes = HUE | {
        "Hues": {"type": "list", "member": {"shape": "Hue"}},
        "HueLists": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Hues"}},
        "ByHue": {"type": "map", "key": {"shape": "Hue"}, "value": {"shape": "Number"}},
        "HueByHue": {"type": "map", "key": {"shape": "Hue"}, "value": {"shape": "Hue"}},
        "Inner": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "ByHue"}},
        "Held": structure({"Hue": {"shape": "Hue"}, "Note": {"shape": "Text", "enum": ["own"]}}),
    }
    names = ("Hue", "Hues", "HueLists", "ByHue", "HueByHue", "Inner", "Held")
    content = _content(tmp_path, {name: {"shape": name} for name in names}, shapes)
    assert content["operations"]["Put"]["in"] == {
        "Hue": {"in": "body", "enum": "Hue"},
        "Hues": {"in": "body", "enum": "Hue"},
        "HueLists": {"in": "body", "enum": "Hue"},
        "ByHue": {"in": "body", "enum": {"keys": "Hue"}},
        "HueByHue": {"in": "body", "enum": {"keys": "Hue", "values": "Hue"}},
        "Inner": {"in": "body", "enum": {"values": {"keys": "Hue"}}},
        "Held": "body",
    }
    assert content["shapes"] == {"Held": {"Hue": {"enum": "Hue"}, "Note": {"enum": "Held.Note"}}}
    assert content["enums"] == {"Held.Note": ["own"], "Hue": ["yes", "1", "a, b", "Red"]}


def test_what_no_operation_reaches_is_left_out(tmp_path: Path) -> None:
    content = _content(tmp_path, {"Name": {"shape": "Text"}}, HUE | {"Other": {"type": "string", "enum": ["x"]}})
    assert list(content["enums"]) == ["Hue"]


def test_a_spec_may_lose_a_member_of_which_only_values_are_known(tmp_path: Path) -> None:
    found = model("json")
    found["shapes"] |= HUE
    members = {"Name": {"shape": "Text"}, "Hue": {"shape": "Hue"}, "Shade": {"shape": "Hue"}}
    operation(found, "Put", into=structure(members, required=["Name"]), out=structure({}))
    _, bound = derive(tmp_path, found)
    spec = compile_lean(found)
    assert spec.count(", Shade: str") == 1
    document = lap.parse(spec.replace(", Shade: str", ""), "spec.lap").document
    (one,) = built(replace(bound, document=document)).operations
    assert {member.name: _ours(member.type) for member in one.input} == {"Name": (), "Hue": tuple(HUE["Hue"]["enum"])}
    over = b"operations: {Put: {in: {Shaed: {enum: Hue}}}}"
    loaded = bindings.loads(bound.contents["bindings.yaml"], "bindings.yaml", overrides=(over, "overrides.yaml"))
    told = build(document, loaded.bindings).diagnostics
    assert [item.code for item in told if item.span.file == "overrides.yaml"] == ["unknown-member"]


def test_a_list_that_holds_itself(tmp_path: Path) -> None:
    shapes = HUE | {"Endless": {"type": "list", "member": {"shape": "Endless"}}}
    found = model()
    found["shapes"] |= shapes
    operation(found, "Put", into=structure({"Hue": {"shape": "Hue"}}), out=structure({"All": {"shape": "Endless"}}))
    content, _ = derive(tmp_path, found, compile_lean(found))
    assert content["operations"]["Put"]["out"] == {"All": "body"}
