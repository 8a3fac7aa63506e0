"""Services whose endpoints are all ``POST /``: operations are told apart by their bound names."""

from __future__ import annotations

from pathlib import Path

from diff.api import write
from diff.test_changes import changes, keys

CASE = Path(__file__).parents[1] / "golden" / "json_rpc"
FILES = {name: (CASE / name).read_text() for name in ("spec.lap", "types.lap", "bindings.yaml")}


def test_the_order_of_endpoints_and_of_members_means_nothing(tmp_path: Path) -> None:
    head, *endpoints = FILES["spec.lap"].removesuffix("@end\n").split("@endpoint ")
    moved = head + "".join(f"@endpoint {text}" for text in reversed(endpoints)) + "@end\n"
    moved = moved.replace("{StartTableName: str, Limit: int}", "{Limit: int, StartTableName: str}")
    assert moved.count("@endpoint POST /\n") == 4
    old, new = write(tmp_path / "old", FILES), write(tmp_path / "new", FILES | {"spec.lap": moved})
    assert changes(old, new) == []


def test_changes_are_told_of_the_operation_that_they_are_in(tmp_path: Path) -> None:
    spec = (
        FILES["spec.lap"]
        .replace("Projection: [str]", "Projection: [int]")
        .replace("Limit: int", "Limit: int, All: bool")
    )
    types = FILES["types.lap"].replace("NULL: bool?", "NULL: bool?, SS: [str]?")
    bindings = FILES["bindings.yaml"].replace("target: Tables_20120810", "target: Tables_2")
    new = write(tmp_path / "new", {"spec.lap": spec, "types.lap": types, "bindings.yaml": bindings})
    assert keys(changes(write(tmp_path / "old", FILES), new)) == {
        ("parameter-type", "major", "get_item(projection=)"),
        ("parameter-added", "minor", "list_tables(all=)"),
        ("attribute-added", "minor", "AttributeValue.ss"),
        ("wire", "patch", "Tables"),
    }
