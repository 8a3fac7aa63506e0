"""``lapsmith bind`` as a command: what it finds, says, writes, and leaves alone."""

from __future__ import annotations

import gzip
import json
import re
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml as pyyaml
from bind.command import TINY, described, names, prose, run, with_prose
from click.testing import CliRunner, Result
from corpus import models
from corpus.lean import compile_lean
from lapsmith import cli
from lapsmith.bind import files


def content(text: str) -> object:
    """What a file says, but for where it came from."""
    text = re.sub(r"(botocore/[\d.]+|file)/kinesis", "ORIGIN", text)
    return pyyaml.safe_load(text) if text.startswith("#") else text


class TestModel:
    def test_it_is_found_by_name_and_version(self, spec: Callable[[str], Path]) -> None:
        result = run(str(spec("kinesis")))
        assert result.exit_code == 0, result.output
        lines = result.output.splitlines()
        assert re.fullmatch(r"model: botocore/[\d.]+/kinesis/2013-12-02, protocol json-1.1", lines[0])
        assert re.match(r"bound: (\d+) of \1 endpoints \(", lines[1])
        assert lines[-1] == f"next: lapsmith generate {Path.cwd() / 'kinesis'} -o generated/kinesis"

    def test_a_path_says_the_same(self, spec: Callable[[str], Path], tmp_path: Path) -> None:
        folder = spec("kinesis")
        model = models.path("kinesis")
        assert run(str(folder)).exit_code == 0
        for path in (model, model.parent, model.parent.parent):
            assert run(str(folder), "--model", str(path), "-o", "other/bindings.yaml").exit_code == 0
            for name in ("bindings.yaml", "types.lap", "endpoint-rules.json"):
                here, there = ((f / name).read_text() for f in (folder, tmp_path / "other"))
                assert content(here) == content(there)
        assert str(tmp_path) not in (tmp_path / "other" / "bindings.yaml").read_text()

    def test_plain_and_packed_models_have_one_digest(self, tiny: Path) -> None:
        digests = set()
        for data, name in ((lambda b: b, "service-2.json"), (gzip.compress, "service-2.json.gz")):
            folder = tiny.parent / name.replace(".", "-")
            folder.mkdir()
            (folder / name).write_bytes(data(json.dumps(described()).encode()))
            (tiny / "tiny.lap").write_text(prose())
            assert run(str(tiny), "--model", str(folder), "-o", f"{folder.name}/bindings.yaml").exit_code == 0
            (tiny / "tiny.lap").write_text(compile_lean(TINY))
            digests.add(re.search(r"sha256: (\w{64})", (folder / "bindings.yaml").read_text())[1])  # type: ignore[index]
        assert len(digests) == 1

    @pytest.mark.parametrize(
        ("header", "said", "hint"),
        [
            (
                "@api Amazon Kinesis\n@version 1999-01-01",
                "the spec is of version 1999-01-01",
                "botocore:kinesis/2013-12-02",
            ),
            (
                "@api Kinesis Media",
                "is called 'Kinesis Media'",
                "botocore:kinesis-video-media/",
            ),
            (
                "@api Nothing Like It",
                "is called 'Nothing Like It'",
                "--model PATH",
            ),
            ("@version 2013-12-02", "no @api line", "--model botocore:NAME"),
        ],
    )
    def test_what_is_not_found_is_asked_for(self, tmp_path: Path, header: str, said: str, hint: str) -> None:
        (tmp_path / "a.lap").write_text(f"@lap v0.3\n{header}\n@endpoint POST /\n@end\n")
        result = run(str(tmp_path / "a.lap"))
        assert result.exit_code == 2
        assert said in result.output
        assert hint in result.output
        assert names(tmp_path) == {"a.lap"}

    @pytest.mark.parametrize(
        ("model", "said"),
        [
            ("botocore:kinesi", "did you mean 'kinesis'?"),
            ("botocore:kinesis/2000-01-01", "it has: 2013-12-02"),
            ("nowhere/service-2.json", "there is no service model at nowhere/service-2.json"),
            ("tiny", "tiny does not hold a service-2.json"),
        ],
    )
    def test_a_model_that_is_not_there(self, tiny: Path, model: str, said: str) -> None:
        result = run(str(tiny), "--model", model)
        assert result.exit_code == 2
        assert said in result.output
        assert names(tiny) == {"tiny.lap"}

    def test_without_botocore_it_says_what_to_install(self, tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "botocore", None)
        result = run(str(tiny))
        assert result.exit_code == 2
        assert "pip install 'lapsmith[bind]'" in result.output

    def test_another_service_is_not_bound(self, spec: Callable[[str], Path]) -> None:
        result = run(str(spec("schemas")), "--model", "botocore:kinesis")
        assert result.exit_code == 2
        assert "no endpoint of the spec is an operation of" in result.output

    @pytest.mark.parametrize("service", ["codecatalyst", "account-access-runtime"])
    def test_what_takes_bearer_tokens_only_is_refused(self, spec: Callable[[str], Path], service: str) -> None:
        folder = spec(service)
        result = run(str(folder))
        assert result.exit_code == 2
        said = "the service takes requests with smithy.api#httpBearerAuth, and lapsmith signs with SigV4"
        assert said in result.output
        assert names(folder) == set()

    def test_protocols(self, spec: Callable[[str], Path]) -> None:
        folder = spec("cloudwatch")
        for protocol, spoken in (("rpc-v2-cbor", "rpc-v2-cbor"), ("json", "json-1.0"), ("json-1.0", "json-1.0")):
            assert run(str(folder), "--protocol", protocol).exit_code == 0
            assert f"protocol: {spoken}" in (folder / "bindings.yaml").read_text()
        assert "it speaks: json-1.0, rpc-v2-cbor" in run(str(folder), "--protocol", "rest-json").output
        refused = run(str(spec("sdb")))
        assert refused.exit_code == 2
        assert "lapsmith signs with SigV4" in refused.output


def test_a_malformed_spec(tiny: Path) -> None:
    (tiny / "tiny.lap").write_text("@lap v0.3\n@api Amazon Tiny Service\n@endpoint POST\n@end\n")
    result = run(str(tiny), "--model", str(tiny.parent))
    assert result.exit_code == 2
    assert "tiny.lap:3:" in result.output


class TestFiles:
    def test_bound_again_nothing_changes(self, spec: Callable[[str], Path]) -> None:
        folder = spec("schemas")
        assert "wrote bindings.yaml, types.lap, endpoint-rules.json in" in run(str(folder)).output
        before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir() if path.is_file()}
        assert "unchanged: schemas\n" in run(str(folder)).output
        assert before == {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in folder.iterdir() if p.is_file()}

    @pytest.mark.parametrize("name", ["bindings.yaml", "types.lap", "endpoint-rules.json"])
    def test_files_of_others_are_left_alone(self, spec: Callable[[str], Path], name: str) -> None:
        folder = spec("schemas")
        (folder / name).write_text("# by hand\n")
        result = run(str(folder))
        assert result.exit_code == 2
        assert f"{name} was not written by lapsmith bind, so it is not replaced" in result.output
        assert "overrides.yaml" in result.output
        assert names(folder) == {name}
        assert (folder / name).read_text() == "# by hand\n"

    def test_the_header_names_the_model_and_its_digest(self, spec: Callable[[str], Path]) -> None:
        folder = spec("schemas")
        run(str(folder))
        text = (folder / "bindings.yaml").read_text()
        assert text.startswith(f"# {files.HEADER}botocore/")
        assert re.search(r"model: botocore/[\d.]+/schemas/2019-12-02\n  sha256: [0-9a-f]{64}\n", text)

    def test_a_failure_leaves_everything_as_it_was(
        self, spec: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder = spec("schemas")
        run(str(folder))
        for name in ("bindings.yaml", "types.lap"):
            path = folder / name
            path.write_text(path.read_text() + "# old\n")
        before = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
        replace = Path.replace

        def failing(self: Path, target: Path) -> Path:
            if Path(target).name == "types.lap":
                raise OSError(28, "No space left on device", str(target))
            return replace(self, target)

        monkeypatch.setattr(Path, "replace", failing)
        result = run(str(folder))
        assert result.exit_code == 2
        assert "No space left on device" in result.output
        assert before == {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}

    def test_a_spec_among_others_needs_a_place(self, tmp_path: Path) -> None:
        for name in ("a.lap", "b.lap"):
            (tmp_path / name).write_text(compile_lean(models.load("schemas")))
        result = run(str(tmp_path / "a.lap"))
        assert result.exit_code == 2
        assert "or say where: -o FOLDER" in result.output
        assert run(str(tmp_path / "a.lap"), "-o", str(tmp_path / "out" / "bindings.yaml")).exit_code == 0
        assert names(tmp_path / "out") == {"bindings.yaml", "types.lap", "endpoint-rules.json"}


class TestRules:
    """``--model PATH`` where no rule set is beside the model."""

    @pytest.fixture
    def bare(self, spec: Callable[[str], Path], tmp_path: Path) -> tuple[str, ...]:
        folder, path = spec("schemas"), models.path("schemas")
        (tmp_path / "models").mkdir()
        (tmp_path / "models" / path.name).write_bytes(path.read_bytes())
        return str(folder), "--model", str(tmp_path / "models")

    def test_that_the_host_is_taken_from_the_prefix_is_said(self, bare: tuple[str, ...]) -> None:
        said = "there are no endpoint rules beside the model, so it is schemas.{region}.{dnsSuffix} in every Region"
        assert said in run(*bare).output
        assert said not in run(bare[0]).output

    def test_the_rule_set_of_an_earlier_run_is_removed(self, bare: tuple[str, ...]) -> None:
        folder = Path(bare[0])
        run(bare[0])
        assert names(folder) == {"bindings.yaml", "types.lap", "endpoint-rules.json"}
        assert "removed endpoint-rules.json, which the bindings no longer use" in run(*bare).output
        assert names(folder) == {"bindings.yaml", "types.lap"}
        assert "removed" not in run(*bare).output
        assert run(bare[0]).exit_code == 0
        assert names(folder) == {"bindings.yaml", "types.lap", "endpoint-rules.json"}

    def test_one_that_bind_did_not_write_is_kept_and_not_replaced(self, bare: tuple[str, ...]) -> None:
        rules = Path(bare[0]) / "endpoint-rules.json"
        rules.write_text("{}")
        for _ in range(2):
            assert "kept endpoint-rules.json, which bind did not write" in run(*bare).output
            assert rules.read_text() == "{}"
        refused = run(bare[0])
        assert refused.exit_code == 2
        assert "endpoint-rules.json was not written by lapsmith bind" in refused.output
        assert rules.read_text() == "{}"

    def test_one_that_overrides_name_is_kept(self, bare: tuple[str, ...]) -> None:
        folder = Path(bare[0])
        run(bare[0])
        (folder / "overrides.yaml").write_text("endpoint: {host: null, rules: endpoint-rules.json}\n")
        assert "kept endpoint-rules.json, which overrides.yaml names" in run(*bare).output
        inspected = CliRunner().invoke(cli.main, ["inspect", str(folder)])
        assert inspected.exit_code == 0, inspected.output

    def test_a_failure_keeps_it(self, bare: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
        folder = Path(bare[0])
        run(bare[0])
        before = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
        unlink = Path.unlink

        def failing(self: Path, missing_ok: bool = False) -> None:
            if self.name == "endpoint-rules.json":
                raise PermissionError(13, "Permission denied", str(self))
            unlink(self, missing_ok)

        monkeypatch.setattr(Path, "unlink", failing)
        assert run(*bare).exit_code == 2
        assert before == {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}

    def test_the_model_s_path_is_shown_and_not_written(self, bare: tuple[str, ...], tmp_path: Path) -> None:
        first = run(*bare).output.splitlines()[0]
        assert first == f"model: {bare[2]} (file/schemas/2019-12-02), protocol rest-json"
        for path in Path(bare[0]).iterdir():
            assert path.is_dir() or str(tmp_path) not in path.read_text()
        assert "{model: file/schemas/2019-12-02, sha256: " in (Path(bare[0]) / "bindings.yaml").read_text()


class TestPlaces:
    def test_a_folder_is_as_good_as_a_file(self, spec: Callable[[str], Path], tmp_path: Path) -> None:
        folder = spec("schemas")
        (tmp_path / "there").mkdir()
        for place in ("there", "new/folder", "file/bindings.yaml"):
            result = run(str(folder), "-o", place)
            assert result.exit_code == 0, result.output
            target = tmp_path / place.removesuffix("/bindings.yaml")
            assert names(target) == {"bindings.yaml", "types.lap", "endpoint-rules.json"}
            said = f"next: copy the spec into {target.relative_to(tmp_path)}; bindings are read from the folder of"
            assert said in result.output

    @pytest.mark.parametrize(
        ("service", "name"),
        [
            ("dynamodb", "dynamodb"),
            ("cloudtrail", "cloudtrail"),
            ("sagemaker-featurestore-runtime", "sagemaker_featurestore_runtime"),
            ("lambda", "aws_lambda"),
        ],
    )
    def test_the_package_is_called_as_botocore_calls_the_service(
        self, spec: Callable[[str], Path], service: str, name: str
    ) -> None:
        assert run(str(spec(service))).output.splitlines()[-1].endswith(f" -o generated/{name}")

    def test_the_client_that_is_configured_is_named(self, spec: Callable[[str], Path], tmp_path: Path) -> None:
        folder = spec("schemas")
        (tmp_path / "pyproject.toml").write_text(
            '[tool.lapsmith.clients.gone]\nspec = "nowhere"\noutput = "src/gone"\n'
            '[tool.lapsmith.clients.registry]\nspec = "schemas"\noutput = "src/registry"\n'
        )
        assert run(str(folder)).output.splitlines()[-1] == "next: lapsmith generate registry"
        generated = CliRunner().invoke(cli.main, ["generate", "registry"])
        assert generated.exit_code == 0, generated.output
        (tmp_path / "pyproject.toml").write_text("[tool.lapsmith\n")
        assert run(str(folder)).output.splitlines()[-1].endswith(" -o generated/schemas")


class TestDecisions:
    def test_what_cannot_be_told_is_asked_and_can_be_answered(self, tiny: Path) -> None:
        model = described()
        (tiny.parent / "service-2.json").write_text(json.dumps(model))
        (tiny / "tiny.lap").write_text(
            prose().replace("@required {Name: str}", "@desc Does it.\n@required {Name: str}", 1)
        )
        first = run(str(tiny), "--model", str(tiny.parent))
        assert first.exit_code == 0, first.output
        assert "not bound: 2 endpoints" in first.output
        assert "may be StartThing, StopThing" in first.output
        asked = first.output.partition("with the right names:\n")[2].partition("\nretry")[0].splitlines()
        answer = "\n".join(line[2:] for line in asked).replace("NAME", "StopThing", 1).replace("NAME", "StartThing", 1)
        (tiny / "overrides.yaml").write_text(answer)
        second = run(str(tiny), "--model", str(tiny.parent))
        assert "bound: 3 of 3 endpoints (1 by their members, 2 as overrides.yaml says)" in second.output
        assert "by: hand" in (tiny / "bindings.yaml").read_text()
        assert (tiny / "overrides.yaml").read_text() == answer
        inspected = CliRunner().invoke(cli.main, ["inspect", str(tiny), "--format", "json"])
        described_in_order = [item["name"] for item in json.loads(inspected.stdout)["service"]["operations"]]
        assert described_in_order == ["StopThing", "StartThing", "ListThings"]

    def test_an_operation_that_the_model_lacks(self, tiny: Path) -> None:
        model = described()
        del model["operations"]["StopThing"]
        (tiny.parent / "service-2.json").write_text(json.dumps(model))
        new = "@endpoint POST /\n@required {Shelf: str}\n@returns(200) {Emptied: int?}\n"
        (tiny / "tiny.lap").write_text(added(with_prose(model), new))
        first = run(str(tiny), "--model", str(tiny.parent))
        assert "nothing like it" in first.output
        left = generate(tiny)
        assert left.exit_code == 0
        assert "warning[unbound-endpoint]: left out: the endpoint POST / has no binding" in left.output
        settle(tiny, snippet(first.output), "EmptyShelf")
        again = run(str(tiny), "--model", str(tiny.parent))
        assert "not bound" not in again.output
        assert "def empty_shelf(" in sync_client(tiny)

    def test_a_rest_operation_that_the_model_lacks(self, spec: Callable[[str], Path]) -> None:
        folder = spec("schemas")
        lap = folder / "references" / "api-spec.lap"
        lap.write_text(
            added(lap.read_text(), "@endpoint GET /v1/shelves/{Shelf}\n@required {Shelf: str}\n@optional {max: int}\n")
        )
        first = run(str(folder))
        assert "GET /v1/shelves/{Shelf} (schemas/references/api-spec.lap:" in first.output
        warned = (
            "warning[unbound-endpoint]: GET /v1/shelves/{Shelf} has no binding: its name and all about it is inferred"
        )
        assert warned in generate(folder).output
        settle(folder, snippet(first.output), "GetShelf")
        assert "unbound-endpoint" not in generate(folder).output
        assert "not bound" not in run(str(folder)).output
        assert "def get_shelf(self, *, shelf: str, max: int | None = None" in sync_client(folder)

    def test_a_path_that_has_moved_is_told_and_can_be_kept(self, spec: Callable[[str], Path]) -> None:
        folder = spec("schemas")
        lap = folder / "references" / "api-spec.lap"
        lap.write_text(
            lap.read_text().replace("@endpoint POST /v1/discover\n", "@endpoint GET /v0/discover/{Events}\n")
        )
        first = run(str(folder))
        assert "nothing like it there, but GetDiscoveredSchema is now at POST /v1/discover" in first.output
        settle(folder, snippet(first.output), None)
        assert "bound: 31 of 31 endpoints (30 by method and path, 1 as overrides.yaml says)" in run(str(folder)).output
        # What the model says of a body is not said of this request; what it says of texts is.
        binding = pyyaml.safe_load((folder / "bindings.yaml").read_text())["operations"]["GetDiscoveredSchema"]
        assert binding["at"] == "GET /v0/discover/{Events}"
        assert binding["in"] == {"Type": {"enum": "Type"}}
        assert "def get_discovered_schema(" in sync_client(folder)

    def test_what_generate_says_of_an_unbound_endpoint_works(self, tiny: Path) -> None:
        model = described()
        del model["operations"]["StopThing"]
        (tiny.parent / "service-2.json").write_text(json.dumps(model))
        (tiny / "tiny.lap").write_text(with_prose(model))
        run(str(tiny), "--model", str(tiny.parent))
        settle(tiny, "operations: {}", None)
        for number, new in enumerate(["@required {Shelf: str}", "@required {Shelf: str}\n@optional {By: [str]}"]):
            (tiny / "tiny.lap").write_text(added((tiny / "tiny.lap").read_text(), f"@endpoint POST /\n{new}\n"))
            told = re.search(r"say what it is in overrides.yaml: (operations: .*)", generate(tiny).output)
            assert told, number
            entry = pyyaml.safe_load(told[1].replace("NAME", f"EmptyShelf{number}"))["operations"]
            known = pyyaml.safe_load((tiny / "overrides.yaml").read_text())["operations"] or {}
            (tiny / "overrides.yaml").write_text(pyyaml.safe_dump({"operations": known | entry}))
            assert f"def empty_shelf{number}(" in sync_client(tiny)

    def test_an_operation_whose_members_are_the_same_is_a_candidate_whatever_its_description(self, tiny: Path) -> None:
        model = described()
        notice = "<important> <p>Shelf lighting is no longer available.</p> </important> "
        model["operations"]["PutShelfLighting"] = {
            "name": "PutShelfLighting",
            "http": {"method": "POST", "requestUri": "/"},
            "input": {"shape": "LightInput"},
            "documentation": f"{notice}<p>Adds or updates an inline document that is stored in the library.</p>",
        }
        members = {"Shelf": {"shape": "Text"}, "Document": {"shape": "Text"}}
        model["shapes"]["LightInput"] = {"type": "structure", "required": list(members), "members": members}
        (tiny.parent / "service-2.json").write_text(json.dumps(model))
        text = with_prose(model)
        text = re.sub(r"@desc [^\n]*(Adds or updates [^\n<]*)[^\n]*", r"@desc \1", text)
        (tiny / "tiny.lap").write_text(text)
        first = run(str(tiny), "--model", str(tiny.parent))
        assert "not bound: 1 endpoint\n" in first.output
        assert ": may be PutShelfLighting\n" in first.output
        asked = pyyaml.safe_load(snippet(first.output))["operations"]
        told = re.search(r"say what it is in overrides.yaml: (operations: .*)", generate(tiny).output)
        assert told
        assert pyyaml.safe_load(told[1])["operations"]["NAME"] == asked["PutShelfLighting"]
        settle(tiny, snippet(first.output), None)
        assert "not bound" not in run(str(tiny), "--model", str(tiny.parent)).output
        assert "def put_shelf_lighting(" in sync_client(tiny)

    def test_malformed_overrides_are_shown(self, tiny: Path) -> None:
        (tiny / "overrides.yaml").write_text("operations: {StopThing: {at: nowhere}}\n")
        result = run(str(tiny), "--model", str(tiny.parent))
        assert result.exit_code == 2
        assert "overrides.yaml:1:" in result.output
        assert names(tiny) == {"tiny.lap", "overrides.yaml"}


def added(text: str, endpoint: str) -> str:
    """A spec with one more endpoint at its end."""
    count = int(re.search(r"@endpoints (\d+)", text)[1])  # type: ignore[index]
    return text.replace(f"@endpoints {count}", f"@endpoints {count + 1}").replace("\n@end\n", f"\n{endpoint}\n@end\n")


def snippet(output: str) -> str:
    """What bind says to put into overrides.yaml."""
    found = re.search(r"with the right names:\n((?:  .*\n)+)", output)
    assert found, output
    return textwrap.dedent(found[1])


def settle(folder: Path, text: str, name: str | None) -> None:
    """Put a snippet into overrides.yaml, with its name filled in."""
    (folder / "overrides.yaml").write_text(text.replace("NAME", name) if name else text)


def generate(folder: Path) -> Result:
    return CliRunner().invoke(cli.main, ["generate", str(folder), "-o", str(folder.parent / "client")])


def sync_client(folder: Path) -> str:
    """The generated methods, with white space folded."""
    result = generate(folder)
    assert result.exit_code == 0, result.output
    return " ".join((folder.parent / "client" / "_sync.py").read_text().split()).replace("( self", "(self")


class TestAll:
    def test_it_needs_a_place_of_its_own(self, spec: Callable[[str], Path]) -> None:
        folder = spec("schemas")
        assert "say where: -o FOLDER." in run(str(folder), "--all").output
        result = run(str(folder), "--all", "-o", str(folder / "bindings.yaml"))
        assert result.exit_code == 2
        assert "api-spec.lap was not written by lapsmith bind" in result.output

    def test_what_the_spec_lacks_is_added(self, spec: Callable[[str], Path], tmp_path: Path) -> None:
        folder = spec("schemas")
        path = folder / "references" / "api-spec.lap"
        whole = path.read_text()
        head, *blocks = re.split(r"(?=^@endpoint )", whole, flags=re.MULTILINE)
        lacking = [block.replace("Tags: map<str,str>, ", "") for block in blocks if "DELETE /v1/" not in block]
        path.write_text(head.replace("@endpoints 31", f"@endpoints {len(lacking)}") + "".join(lacking) + "\n@end\n")
        result = run(str(folder), "--all", "-o", "whole/bindings.yaml")
        assert result.exit_code == 0, result.output
        assert re.search(
            r"bound: 31 of 31 endpoints \(2\d by method and path, \d added from the model\)", result.output
        )
        assert "that the spec lacks" not in result.output
        described_now = (tmp_path / "whole" / "references" / "api-spec.lap").read_text()
        assert described_now.count("@endpoint DELETE /v1/") == whole.count("@endpoint DELETE /v1/")
        inspected = CliRunner().invoke(cli.main, ["inspect", str(tmp_path / "whole"), "--strict"])
        assert inspected.exit_code == 0, inspected.output
        assert run(str(tmp_path / "whole"), "--all", "-o", "whole/bindings.yaml").exit_code == 0
