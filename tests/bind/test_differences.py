"""What ``bind`` says and writes where spec and model are of different days."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from bind.command import run
from bind.deriving import derive, model, operation, structure
from corpus.lean import compile_lean
from lapsmith import lap
from lapsmith.bind import locate
from lapsmith.bind.errors import BindError


def described(case: str = "lower", **members: Any) -> dict[str, Any]:
    """A model whose body members are called otherwise on the wire than in the model."""
    found = model()
    names = {"Colour": "colour", "Weight": "weight"} if case == "lower" else {"Colour": "c", "Weight": "w"}
    into = {name: {"shape": "Text", "locationName": wire} for name, wire in names.items()}
    into["Id"] = {"shape": "Text", "location": "uri", "locationName": "id"}
    operation(found, "PaintThing", "/things/{id}", into=structure(into | members, required=["Id"]))
    return found


NEW = {"Gloss": {"shape": "Text", "locationName": "gloss"}}


class TestNamesOnTheWire:
    def test_they_follow_the_operation_s_other_members(self, tmp_path: Path) -> None:
        content, bound = derive(tmp_path, described(), compile_lean(described(**NEW)))
        assert content["operations"]["PaintThing"]["in"]["Gloss"] == {"name": "gloss"}
        assert bound.derived.unnamed == []
        assert b"please check" in bound.contents["bindings.yaml"]

    def test_where_there_is_no_rule_a_warning_says_so(self, tmp_path: Path) -> None:
        content, bound = derive(tmp_path, described("short"), compile_lean(described("short", **NEW)))
        assert "Gloss" not in content["operations"]["PaintThing"]["in"]
        assert bound.derived.unnamed == [("PaintThing", "in", ("Gloss",))]

    def test_what_is_called_as_in_the_spec_needs_no_entry(self, tmp_path: Path) -> None:
        plain = model("json", jsonVersion="1.0", targetPrefix="Tiny")
        operation(plain, "GetThing", into=structure({"A": {"shape": "Text"}}), out=structure({"B": {"shape": "Text"}}))
        spec = compile_lean(plain).replace("B: str?", "B: str?, C: str?")
        content, bound = derive(tmp_path, plain, spec)
        assert "out" not in content["operations"]["GetThing"]
        assert (bound.derived.unknown, bound.derived.unnamed) == ([("GetThing", "out", ("C",))], [])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A spec and a model that differ in every way that is told."""
    monkeypatch.chdir(tmp_path)
    found = described(Gone={"shape": "Text"})
    operation(found, "LostThing", "/lost", into=structure({"A": {"shape": "Text"}}))
    operation(found, "ListThings", "/things", out=structure({"Names": {"shape": "Texts"}}))
    (tmp_path / "service-2.json").write_text(json.dumps(found))
    spec = described(**NEW)
    spec["shapes"]["PaintThingInput"]["required"].append("Colour")
    operation(spec, "ListThings", "/things/", out=structure({"Names": {"shape": "Texts"}}))
    operation(spec, "NewThing", "/new", into=structure({"A": {"shape": "Text"}}))
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / "tiny.lap").write_text(compile_lean(spec))
    return tmp_path / "tiny"


class TestReport:
    def test_differences_are_told_by_name(self, folder: Path) -> None:
        said = run(str(folder), "--model", str(folder.parent)).output
        assert "missing from the spec: 1 operation of the model: LostThing" in said
        assert "missing from the spec: 1 member of the model\n  PaintThing, in: Gone\n" in said
        assert "1 path of the spec and the model differ in the slash at the end; the spec's are sent" in said
        assert "  ListThings: the model has /things\n" in said
        assert "inferred: 1 member of the spec that the model does not have\n  PaintThing, in: Gloss\n" in said
        assert "required by the spec, optional in the model: 1 member (--notes)\n" in said
        assert "PaintThing, in: Colour" not in said
        noted = run(str(folder), "--model", str(folder.parent), "--notes").output
        assert "required by the spec, optional in the model: 1 member\n  PaintThing, in: Colour\n" in noted

    def test_nothing_is_counted_that_is_not_there(self, folder: Path) -> None:
        found = json.loads((folder.parent / "service-2.json").read_text())
        (folder / "tiny.lap").write_text(compile_lean(found).replace("Gone: str, ", "").replace(", Gone: str", ""))
        said = run(str(folder), "--model", str(folder.parent)).output
        assert "missing from the spec: 1 member of the model" in said
        assert not re.search(r"\b0 ", said)

    def test_completeness_can_be_asked_for(self, folder: Path) -> None:
        assert run(str(folder), "--model", str(folder.parent)).exit_code == 0
        result = run(str(folder), "--model", str(folder.parent), "--check-complete")
        assert result.exit_code == 1
        assert f"1 endpoint of {folder} not bound (--check-complete)" in result.output
        assert (folder / "bindings.yaml").is_file()
        found = json.loads((folder.parent / "service-2.json").read_text())
        (folder / "tiny.lap").write_text(compile_lean(found))
        assert run(str(folder), "--model", str(folder.parent), "--check-complete").exit_code == 0

    def test_errors_that_the_model_lacks_are_kept(self, folder: Path) -> None:
        spec = (folder / "tiny.lap").read_text()
        (folder / "tiny.lap").write_text(
            spec.replace("\n@returns", "\n@returns", 1).replace(
                "@endpoint POST /things/{id}\n", "@endpoint POST /things/{id}\n", 1
            )
        )
        text = (folder / "tiny.lap").read_text()
        head, tail = text.split("@endpoint POST /things/{id}\n")
        block, rest = tail.split("\n\n", 1)
        (folder / "tiny.lap").write_text(
            f"{head}@endpoint POST /things/{{id}}\n{block}\n@errors {{400:PaintIsDry}}\n\n{rest}"
        )
        run(str(folder), "--model", str(folder.parent))
        inspected = lap.parse((folder / "tiny.lap").read_text(), "tiny.lap")
        assert not inspected.has_errors


class TestSearch:
    def test_a_renamed_service_is_found_by_its_operations(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from corpus import models

        text = compile_lean(models.load("schemas")).replace("@api Schemas", "@api Amazon Chart Registry")
        document = lap.parse(text, "spec.lap").document
        with pytest.raises(BindError, match="the spec's operations are those of another") as caught:
            locate.find(document, None)
        assert "--model botocore:schemas/2019-12-02" in (caught.value.hint or "")

    def test_the_newest_api_version_is_first(self) -> None:
        text = "@lap v0.3\n@api Amazon CloudFront\n@version 1999-01-01\n@endpoint GET /x\n@end\n"
        with pytest.raises(BindError) as caught:
            locate.find(lap.parse(text, "spec.lap").document, None)
        listed = re.findall(r"cloudfront/(\S+)", caught.value.hint or "")
        assert listed[:3] == sorted(listed[:3], reverse=True)
        assert len(listed) > 3
        unversioned = lap.parse(text.replace("@version 1999-01-01\n", ""), "spec.lap").document
        found = locate.find(unversioned, None)
        assert found.origin is not None
        assert found.origin.endswith(f"cloudfront/{listed[0]}")
        old = locate.find(unversioned, f"botocore:cloudfront/{listed[2]}")
        assert old.newer == f"botocore:cloudfront/{listed[0]}"

    def test_retired_services_are_hinted_at(self) -> None:
        text = "@lap v0.3\n@api AWS Mobile\n@version 2017-07-01\n@endpoint GET /x\n@end\n"
        with pytest.raises(BindError) as caught:
            locate.find(lap.parse(text, "spec.lap").document, None)
        assert "AWS has retired" in (caught.value.hint or "")
